"""The chapter of the volume on the phases of a plan: what opens in each year, what it does, and its money."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from siting.text import Lang, say
from siting.write.report.passages import Passage, joined
from siting.write.report.records import Record, Records
from siting.write.report.telling import Chapter, Teller

_MONEY: Final = ("budget_cny", "cost_cny", "subsidy_cny", "subsidy_conditional_cny", "net_cost_cny")


def phases_chapter(records: Records, lang: Lang) -> Chapter | None:
    """Return the chapter on the phases of a plan; None for a plan without phases.

    Parameters
    ----------
    records : Records
        The files of the report.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    dict or None
        ``paragraphs``, ``years`` (what opens in each phase, and the coverage at its end) and ``money`` (the costs and
        funding of what opens in it; empty where no cost and no budget is known).
    """
    plan = records.plan
    phases = [] if plan is None else list(plan.each("phases") if plan.values.get("phases") else ())
    if plan is None or not phases or not records.stations:
        return None
    return _Writer(records, lang, plan, tuple(phases)).written()


@dataclass(frozen=True)
class _Writer(Teller):
    plan: Record
    phases: tuple[Record, ...]

    def written(self) -> Chapter:
        """Return the chapter."""
        first, last = (self.one(self.phases[at], "year", "plain") for at in (0, -1))
        several = len(self.phases) > 1
        told = [
            self.tell("in_phases", first=first, last=last) if several else self.tell("in_one_phase", year=last),
            self.tell("at_year_end"),
            *map(self._phase, self.phases),
            self.tell("budgets") if any(phase.values["budget_cny"] is not None for phase in self.phases) else None,
            self._aim(),
        ]
        known = any(phase.values[key] for phase in self.phases for key in _MONEY)
        money = [self._money_row(phase) for phase in self.phases] if known else []
        return self.chapter(told, years=[self._year_row(phase) for phase in self.phases], money=money)

    # --- sentences ----------------------------------------------------------------------------------------------------

    def _phase(self, phase: Record) -> Passage:
        """Tell what opens in a phase, what it costs, and how many people it covers."""
        return self.tell(
            "phase",
            year=self.one(phase, "year", "plain"),
            opens=joined(self._opens(phase), say("report.volume.then", self.lang)),
            elderly=self.one(phase, "elderly"),
            covered=self.one(phase, "elderly_covered"),
            share=self.one(phase, "covered_share", "share"),
            without=self.one(phase, "covered_share_without", "share"),
        )

    def _opens(self, phase: Record) -> Iterator[Passage]:
        if phase.values["stations"]:
            yield self.tell("phase_opens", count=self.one(phase, "stations"))
        else:
            yield self.tell("phase_opens_none")
        if phase.values["stations_limit"] is not None:
            yield self.tell("phase_limit", limit=self.one(phase, "stations_limit"))
        if phase.values["stations"]:
            yield from self._costs(phase)

    def _costs(self, phase: Record) -> Iterator[Passage]:
        if phase.values["cost_cny"] is None:
            yield self.tell("phase_cost_unknown")
            return
        yield self.tell("phase_cost", cost=self.one(phase, "cost_cny"))
        if phase.values["subsidy_cny"]:
            yield self.tell("phase_subsidy", subsidy=self.one(phase, "subsidy_cny"))

    def _aim(self) -> Passage | None:
        """Tell what the order of building is the best for, and what two plans that are made without phases reach."""
        if self.plan.values["objective"] is None:
            return None
        request = self.plan.at("request")
        key = "elderly_years_weighted" if request.values.get("weights") else "elderly_years"
        told = [
            self.tell("phase_aim", name=say(f"proof.stage.{key}", self.lang), value=self.one(self.plan, "objective"))
        ]
        if request.values.get("discount_rate"):
            told.append(self.tell("phase_discount", rate=self.one(request, "discount_rate", "share")))
        others = self.plan.at("other_plans")
        for name, value in others.values.items():
            if value is None:
                told.append(self.tell(f"other_not_feasible.{name}"))
            else:
                told.append(self.tell(f"other.{name}", value=self.one(others, name)))
        return self.tell("phase_order", told=joined(told, say("report.volume.semicolon", self.lang)))

    def _names(self, phase: Record) -> str:
        """Return the stations that open in a phase, in rank order."""
        opening = (row for row in self.records.stations if row.values["opens_year"] == phase.values["year"])
        return self.comma.join(self.sites.get(row.text("id"), "") or row.text("candidate_id") for row in opening)

    # --- rows of tables -----------------------------------------------------------------------------------------------

    def _year_row(self, phase: Record) -> dict[str, Passage]:
        return self.row(
            year=self.one(phase, "year", "plain"),
            stations=self.one(phase, "stations"),
            names=self._names(phase) or "–",
            elderly=self.one(phase, "elderly"),
            covered=self.one(phase, "elderly_covered"),
            without=self.one(phase, "covered_share_without", "share"),
            share=self.one(phase, "covered_share", "share"),
        )

    def _money_row(self, phase: Record) -> dict[str, Passage]:
        money = {key.removesuffix("_cny"): self.one(phase, key) for key in _MONEY}
        return self.row(year=self.one(phase, "year", "plain"), **money)
