"""The chapters of the volume: sentences and tables made from the figures of a run, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from siting.domain.standards import Standard
from siting.text import LANGS, Lang, knows, say
from siting.write.clauses import SIGNS, amount_text, from_text, premises_text, unit_text
from siting.write.report.passages import Passage, ends, joined, unmarked
from siting.write.report.phase_chapter import phases_chapter
from siting.write.report.plan_passages import PlanTeller
from siting.write.report.plan_sheets import named_document, unit_names
from siting.write.report.records import Record, Records
from siting.write.report.sheets import level_of_whole
from siting.write.report.source_sheets import told_notes
from siting.write.report.telling import Chapter, Teller

_WORST: Final = 5
# Rows of the tables at the end; the workbook has all of them.
_LISTED: Final = 50
_UPPER: Final = ("city", "district", "planning", "street", "community", "residential_area")
_TIERS: Final = ("institution", "centre", "station")
_WHOLE: Final = frozenset({"m2", "beds", "facilities", "people"})


def chapters(records: Records, standards: Sequence[Standard], lang: Lang) -> dict[str, Chapter | None]:
    """Return the chapters of the volume by name; None for one that has nothing to tell.

    Parameters
    ----------
    records : Records
        The files of the report.
    standards : sequence of Standard
        The standards in force.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    dict
        ``basis``, ``present``, ``assessment``, ``needs``, ``targets``, ``layout`` (with a plan), ``phases`` (with a
        plan that has phases), ``funding``, ``method`` and ``appendix``. Each has ``title``, ``paragraphs`` and tables:
        lists of rows, whose cells have names. Texts are passages.
    """
    writer = _Writer(records, lang, standards)
    made = {
        "basis": writer.basis(),
        "present": writer.present(),
        "assessment": writer.assessment(),
        "needs": writer.needs(),
        "targets": writer.targets(),
        "layout": writer.layout(),
        "phases": phases_chapter(records, lang),
        "funding": writer.funding(),
        "method": writer.method(),
        "appendix": writer.appendix(),
    }
    numbers = iter(say("report.volume.numbers", lang).split())
    planned = records.gaps.at("scenario").text("horizon") != "current"
    keys = {name: "horizon" if name == "present" and planned else name for name in made}
    return {
        name: None if chapter is None else _titled(keys[name], chapter, numbers, lang) for name, chapter in made.items()
    }


def _titled(name: str, chapter: Chapter, numbers: Iterator[str], lang: Lang) -> Chapter:
    title = say(f"report.volume.chapter.{name}", lang)
    numbered = title if name == "appendix" else f"{next(numbers)}{title}"
    return {"title": unmarked(numbered), **chapter}


def _asked(check: Record) -> tuple[str, ...]:
    """Return what tells a requirement from others: the same members in a check and in a row of the audit."""
    return tuple(check.text(key) for key in ("clause_id", "level", "basis", "extent"))


@dataclass(frozen=True)
class _Writer(Teller):
    standards: Sequence[Standard]

    # --- the chapters -------------------------------------------------------------------------------------------------

    def basis(self) -> Chapter:
        """Tell what is assessed, and on which documents."""
        head = self.records.gaps.at("scenario")
        counts = self.records.lists.at("counts", "places").values
        kinds = [
            self.tell(f"count.{level}", count=self.one(self.records.lists.at("counts", "places", level), "all"))
            for level in ("street", "planning", "community", "residential_area")
            if level in counts
        ]
        horizon = head.text("horizon")
        current = horizon == "current"
        when = say(
            f"report.horizon.{'current' if current else 'year'}", self.lang, **({} if current else {"year": horizon})
        )
        told = [
            self.tell("scope", title=head.text("title"), date=head.text("date"), horizon=when),
            self._within(joined(kinds, self.comma)) if kinds else None,
            self.tell("documents"),
        ]
        documents = [
            self.row(number=each.number, title=each.title, issuer=each.issuer, since=from_text(each, self.lang))
            for each in self.standards
        ]
        return self.chapter(told, documents=documents)

    def present(self) -> Chapter:
        """Tell of the people, the facilities, the land and the circles."""
        totals, held = self.records.totals, self.records.lists.at("counts", "facilities")
        definitions = self.records.gaps.at("definitions")
        elderly_basis = totals.text("land_basis").startswith("elderly")
        per = "land_m2_per_elderly" if elderly_basis else "land_m2_per_resident"
        tiers = [self.tell(f"tier.{tier}", count=self.one(held, tier)) for tier in _TIERS if held.values[tier]]
        told = [
            self._people(totals),
            self.tell("facilities", count=self.one(held, "all"), tiers=joined(tiers, self.comma)) if tiers else None,
            self.tell("beds", beds=self.one(held, "beds"), nursing=self.one(held, "nursing_beds"))
            if held.values["beds"]
            else None,
            self.tell("beds_unsaid", count=self.one(held, "beds_unsaid")) if held.values["beds_unsaid"] else None,
            self.tell(
                "land",
                land=self.ends(totals, "land_provided_m2"),
                per=self.ends(totals, per, "rate"),
                basis=say(f"basis.{totals.text('land_basis')}", self.lang),
            ),
            self.tell(
                "coverage",
                minutes=self.one(definitions, "minutes", "plain"),
                covered=self.ends(totals, "elderly_covered"),
                share=self.ends(totals, "covered_share", "share"),
                uncovered=self.ends(totals, "elderly_uncovered"),
            )
            if totals.values["covered_share"] is not None
            else None,
            self._reasons(totals),
        ]
        return self.chapter(told, streets=[self._unit_row(place) for place in self.main_units])

    def assessment(self) -> Chapter | None:
        """Tell what each clause requires, what was measured, and the verdict."""
        rows = self._judged()
        if not rows:
            return None
        counts = self.records.lists.at("counts", "audit")
        told_of, rest = ("all", "met", "gap", "no_data"), counts.values["not_applicable"]
        told = [
            *(unmarked(warning.text(self.lang)) for warning in self.records.gaps.each("warnings")),
            self.tell("verdicts_and_rest" if rest else "verdicts", **{key: self.one(counts, key) for key in told_of}),
            *(self._unmet(row) for row in rows if row.at("bound").values["gap"]),
        ]
        return self.chapter(told, clauses=[self._clause_row(row) for row in rows])

    def needs(self) -> Chapter | None:
        """Tell where people are not covered: the worst units and residential areas first."""
        units = sorted(self.main_units, key=lambda place: -(place.values["elderly_uncovered"] or 0.0))
        short = [place for place in units if place.values["elderly_uncovered"]]
        listed = list(self.records.lists.each("gap_list"))
        if not short and not listed:
            return None
        told = []
        if short:
            uncovered = self.ends(self.records.totals, "elderly_uncovered")
            told.append(self.tell("uncovered", uncovered=uncovered, level=self.main_level))
        told += [self._worst_unit(place) for place in short[:_WORST]]
        if listed:
            counts = self.records.lists.at("counts", "places", "residential_area")
            told.append(self.tell("estates", **{key: self.one(counts, key) for key in ("all", "gap", "no_data")}))
            worst = [row for row in listed if self.estates_by_id[row.text("id")].values["elderly_uncovered"]]
            told += [self.tell("worst_estates"), *map(self._worst_estate, worst[:_WORST])] if worst else []
        return self.chapter(told, streets=[self._need_row(place) for place in units])

    def targets(self) -> Chapter | None:
        """Tell of the clauses upon the whole: the target, the present, and what the plan makes of it."""
        whole = level_of_whole(self.records)
        if whole is None:
            return None
        after = self._place_after(whole)
        rows = [self._target_row(check, after) for check in self._of_whole(whole)]
        told = [self.tell("targets") if after is None else self.tell("targets_with_plan")]
        return self.chapter(told, rows=rows) | {"with_plan": after is not None} if rows else None

    def layout(self) -> Chapter | None:
        """Tell of the proposed stations, and what stays short with them."""
        plan, after = self.records.plan, self.records.totals_after
        if plan is None or after is None:
            return None
        stations = self.records.stations
        if not stations:
            status = say(f"plan_status.{plan.text('status')}", self.lang)
            return self.chapter([self.tell("no_station", status=status)], stations=[])
        before = plan.at("totals_before")
        told = [
            self.tell(
                "stations",
                count=self.one(self.records.lists.at("counts"), "stations"),
                before=self.ends(before, "covered_share", "share"),
                after=self.ends(after, "covered_share", "share"),
                new=self.one(stations[-1], "elderly_cumulative"),
            ),
            self.tell("proof", status=say(f"plan_status.{plan.text('status')}", self.lang)),
            self.tell("certified") if plan.text("proof") == "certificate" else None,
            *PlanTeller(self.records, self.lang, plan, self.units, self._documents()).passages(),
            self.tell("uncovered_after", uncovered=self.ends(after, "elderly_uncovered"), level=self.main_level),
            *(self._still_short(place) for place in self._short_after()[:_WORST]),
            self.tell(
                "land_after",
                gap_01=self.ends(after, "land_gap_01_m2"),
                gap_02=self.ends(after, "land_gap_02_m2"),
            ),
        ]
        return self.chapter(told, stations=[self._station_row(row) for row in stations])

    def _within(self, kinds: Passage) -> Passage:
        """Tell the area; one that nobody has named has no name of its own."""
        unnamed = self.place in {say(key, lang) for key in ("whole.area", "report.volume.area") for lang in LANGS}
        return (
            self.tell("within_unnamed", kinds=kinds) if unnamed else self.tell("within", place=self.place, kinds=kinds)
        )

    def _documents(self) -> dict[str, str]:
        """Return the number and article of each clause in force."""
        return {clause.id: f"{each.number} {clause.article}" for each in self.standards for clause in each.clauses}

    def funding(self) -> Chapter | None:
        """Tell what the plan costs, and which money the documents promise under which conditions."""
        lines = list(self.records.lists.each("funding"))
        told: list[Passage | None] = []
        if self.records.plan is not None and self.records.plan.at("costs").values["cost_cny"] is not None:
            costs = self.records.plan.at("costs")
            keys = ("cost_cny", "subsidy_cny", "net_cost_cny")
            told.append(self.tell("costs", **{key: self.one(costs, key) for key in keys}))
            if costs.values["unknown"]:
                told.append(self.tell("costs_unknown", count=self.one(costs, "unknown")))
        told.append(self.tell("funding") if lines else None)
        return self.chapter(told, lines=list(self._funding_rows(lines))) if any(told) else None

    def method(self) -> Chapter:
        """Tell how it was computed, from which data, and what is to be known of them."""
        definitions = self.records.gaps.at("definitions")
        account = self.records.totals.at("people_account")
        mode = say(f"sensitivity.mode.{definitions.text('mode')}", self.lang)
        walker = definitions.text("walker")
        who = say(f"walker.{walker}", self.lang) if knows(f"walker.{walker}") else walker
        told = [
            self.tell(
                "walking",
                mode=mode,
                walker=who,
                speed=self.one(definitions, "speed_m_per_s", "plain"),
                minutes=self.one(definitions, "minutes", "plain"),
                direction=say(f"direction.{definitions.text('direction')}", self.lang),
                slope=say(f"report.volume.slope.{'with' if definitions.values['slope'] else 'without'}", self.lang),
            ),
            self.tell("pass_share", share=self.one(definitions, "pass_share", "share")),
            *(
                self._account(who, account.at(who))
                for who in ("residents", "elderly")
                if account.at(who).values["read"]
            ),
            self.tell("traced"),
        ]
        layers = [
            self.row(name=row.text("name"), file=row.text("file"), rows=self.one(row, "rows_used"), crs=row.text("crs"))
            for row in self.records.lists.at("layers").each(self.lang)
        ]
        notes = [unmarked(note) for note in told_notes(self.records, self.lang)]
        return self.chapter(told, layers=layers, notes=notes)

    def appendix(self) -> Chapter:
        """Give the lists that are too long for the chapters."""
        gaps = list(self.records.lists.each("gap_list"))
        note = self.tell("first_rows") if len(gaps) > _LISTED else None
        return self.chapter(
            [note],
            communities=[self._need_row(place) for place in self.records.places("community")],
            gaps=[self._gap_row(row) for row in gaps[:_LISTED]],
        )

    # --- rows of tables -----------------------------------------------------------------------------------------------

    def _unit_row(self, place: Record) -> dict[str, Passage]:
        held = self.held.get(f"{place.text('level')}/{place.text('id')}", place)
        counts = {tier: self.one(held, tier) for tier in (*_TIERS, "beds")}
        return self.row(
            name=place.text("name"),
            residents=self.ends(place, "residents"),
            elderly=self.ends(place, "elderly"),
            **counts,
            share=self.ends(place, "covered_share", "share"),
        )

    def _need_row(self, place: Record) -> dict[str, Passage]:
        held = self.held.get(f"{place.text('level')}/{place.text('id')}", place)
        return self.row(
            name=place.text("name"),
            elderly=self.ends(place, "elderly"),
            uncovered=self.ends(place, "elderly_uncovered"),
            share=self.ends(place, "covered_share", "share"),
            minutes=self.one(place, "minutes_to_nearest", "tenth"),
            gap_01=self.ends(place, "land_gap_01_m2"),
            gap_02=self.ends(place, "land_gap_02_m2"),
            without=self.one(held, "communities_without"),
            verdict=self.verdict(place),
        )

    def _clause_row(self, row: Record) -> dict[str, Passage]:
        clause = row.text("clause_id")
        return self.row(
            source=named_document(self.standards, clause),
            name=self.indicator(row),
            level=say(f"level.{row.text('level')}", self.lang),
            amount=self.amount(clause),
            measured=self._measured(row),
            binding=say("table.yes" if row.values["binding"] else "table.no", self.lang),
            verdict=self.verdict(row),
            reason=self._why(row) or "–",
        )

    def _target_row(self, check: Record, after: Record | None) -> dict[str, Passage]:
        then = None if after is None else self._same_check(check, after)
        clause = check.text("clause_id")
        return self.row(
            name=say(f"clause_kind.{check.text('kind')}", self.lang),
            basis=say(f"basis.{check.text('basis')}", self.lang) if check.text("basis") else "",
            source=named_document(self.standards, clause),
            amount=self.amount(clause),
            required=self._required(check),
            now=self.quantity(check, "provided_low", "provided_high"),
            verdict=self.verdict(check),
            after=unmarked("–") if then is None else self.quantity(then, "provided_low", "provided_high"),
            verdict_after=unmarked("–") if then is None else self.verdict(then),
        )

    def _required(self, check: Record) -> Passage:
        """Return what a clause requires, with the sign that tells a floor from a ceiling."""
        told = self.quantity(check, "required", "required_high")
        sign = self.signs.get(check.text("clause_id"), "")
        # An interval that is open at one end has a sign of its own.
        bare = bool(told.pieces) and not isinstance(told.pieces[0], str)
        return Passage((sign, *told.pieces)) if sign and bare else told

    def _station_row(self, row: Record) -> dict[str, Passage]:
        tenure = row.text("tenure")
        return self.row(
            rank=self.one(row, "rank"),
            name=self.sites.get(row.text("id"), "") or row.text("candidate_id"),
            candidate=row.text("candidate_id"),
            community=self.units.get(row.text("unit_id"), row.text("unit_id")),
            new=self.one(row, "elderly_new"),
            share=self.ends(row, "covered_share_after", "share"),
            floor=self.one(row, "floor_area_m2"),
            land=self.one(row, "land_m2"),
            tenure=say(f"tenure.{tenure}", self.lang) if tenure else "–",
            cost=self.one(row, "cost_cny"),
        )

    def _gap_row(self, row: Record) -> dict[str, Passage]:
        place = self.estates_by_id[row.text("id")]
        nearest = row.text("nearest") or row.text("nearest_id") or "–"
        return self.row(
            rank=self.one(row, "rank"),
            name=f"{place.text('name')}（{place.text('id')}）" if place.text("name") else place.text("id"),
            unit=self.units.get(place.text("unit_id"), ""),
            uncovered=self.ends(place, "elderly_uncovered"),
            minutes=self.one(place, "minutes_to_nearest", "tenth"),
            nearest=nearest,
            reason=self.codes(place, "reason", "reason"),
            remedies=self.codes(place, "remedies", "remedy"),
            premises=premises_text(place.text("remedy_candidates")),
            verdict=self.verdict(place),
        )

    def _funding_rows(self, lines: Sequence[Record]) -> Iterator[dict[str, Passage]]:
        """Yield a row for each clause: what it pays, who receives it, and under which conditions."""
        by_clause: dict[tuple[str, str], list[Record]] = {}
        for line in lines:
            by_clause.setdefault((line.text("clause_id"), line.text("line")), []).append(line)
        join = say("table.and", self.lang)
        for (clause, kind), held in by_clause.items():
            group = next(each for each in ("funding_line", "clause_kind") if knows(f"{each}.{kind}"))
            sites = dict.fromkeys(self.sites.get(line.text("site_id"), "") or line.text("site_id") for line in held)
            told = dict.fromkeys(text for line in held for text in line.values.get(f"conditions_{self.lang}") or ())
            amounts = [
                self.tell("amount", amount=self.one(line, "amount_cny"))
                for line in held
                if line.values["amount_cny"] is not None
            ]
            payer = held[0].text("payer")
            yield self.row(
                source=named_document(self.standards, clause),
                line=say(f"{group}.{kind}", self.lang),
                payer=say(f"payer.{payer}", self.lang) if payer else "–",
                sites=join.join(sites),
                amounts=joined(amounts, join) if amounts else unmarked("–"),
                conditions=join.join(told) or "–",
            )

    # --- sentences ----------------------------------------------------------------------------------------------------

    def _account(self, who: str, account: Record) -> Passage:
        """Tell how people pass from the files to the units."""
        keys = ("read", "inside", "outside")
        told = [self.tell(f"account_{who}", **{key: self.one(account, key) for key in keys})]
        if account.values["calibrated"]:
            told.append(self.tell("calibrated", count=self.one(account, "calibrated")))
        if account.values["grown"]:
            told.append(self.tell("grown", count=self.one(account, "grown")))
        return joined(told, "")

    def _people(self, totals: Record) -> Passage:
        """Tell how many people there are, as far as there are data on them."""
        known = {key: self.ends(totals, key) for key in ("residents", "elderly") if totals.values[key] is not None}
        part = self.records.on_grid_alone
        if "elderly" not in known:
            return self.tell("only_residents_on_grid" if part else "only_residents", people=known["residents"])
        if "residents" not in known:
            return self.tell("only_elderly_on_grid" if part else "only_elderly", people=known["elderly"])
        return self.tell("people_on_grid" if part else "people", **known)

    def _reasons(self, totals: Record) -> Passage | None:
        reasons = totals.at("uncovered_by_reason")
        told = [
            self.tell("reason", count=self.one(reasons, key), reason=say(f"reason.{key}", self.lang))
            for key, people in reasons.values.items()
            if people
        ]
        return self.tell("reasons", reasons=joined(told, self.comma)) if told else None

    def _unmet(self, row: Record) -> Passage:
        return self.tell(
            "unmet",
            source=named_document(self.standards, row.text("clause_id")),
            name=self.indicator(row),
            level=say(f"level.{row.text('level')}", self.lang),
            measured=self._measured(row) if row.values["places"] == 1 else self._counted(row.at("bound")),
        )

    def _measured(self, row: Record) -> Passage:
        """Return what was measured at a level: of one place its figure, of several how many are met."""
        if row.values["places"] == 1:
            return self.quantity(row, "measured_low", "measured_high")
        return self._counted(row)

    def _counted(self, counts: Record) -> Passage:
        """Return how many places are met, and how many are not."""
        told = [
            self.tell(f"of_places.{key}", count=self.one(counts, key))
            for key in ("met", "gap", "no_data", "not_applicable")
            if counts.values[key]
        ]
        return self.tell("places", count=self.one(counts, "places"), verdicts=joined(told, self.comma))

    def _why(self, row: Record) -> str:
        """Return the reasons of the places that have the verdict of a level; blank if all are met."""
        found = self.reasons.get(_asked(row), {})
        codes = found.get(row.text("verdict"), ()) if row.text("verdict") in ("gap", "no_data") else ()
        told = [say(f"reason.{code}", self.lang) if knows(f"reason.{code}") else code for code in codes]
        return say("table.and", self.lang).join(told)

    @cached_property
    def reasons(self) -> Mapping[tuple[str, ...], Mapping[str, Mapping[str, None]]]:
        """The reasons of checks, by requirement and verdict; each once, in the order of places."""
        found: dict[tuple[str, ...], dict[str, dict[str, None]]] = {}
        for level in _UPPER:
            for place in self.records.places(level):
                for check in place.each("checks"):
                    held = found.setdefault(_asked(check), {}).setdefault(check.text("verdict"), {})
                    held.update(dict.fromkeys(code for code in check.text("reason").split(";") if code))
        return found

    def _worst_unit(self, place: Record) -> Passage:
        return self.tell(
            "worst_unit",
            name=place.text("name"),
            uncovered=self.ends(place, "elderly_uncovered"),
            share=self.ends(place, "covered_share", "share"),
            minutes=self.one(place, "minutes_to_nearest", "tenth"),
            gap=self.ends(place, "land_gap_02_m2"),
        )

    def _worst_estate(self, row: Record) -> Passage:
        place = self.estates_by_id[row.text("id")]
        return self.tell(
            "worst_estate",
            name=place.text("name") or place.text("id"),
            unit=self.units.get(place.text("unit_id"), place.text("unit_id")),
            uncovered=self.ends(place, "elderly_uncovered"),
            minutes=self.one(place, "minutes_to_nearest", "tenth"),
            remedies=self.codes(place, "remedies", "remedy") or "–",
        )

    def _still_short(self, place: Record) -> Passage:
        return self.tell(
            "still_short",
            name=place.text("name"),
            uncovered=self.ends(place, "elderly_uncovered"),
            share=self.ends(place, "covered_share", "share"),
        )

    # --- what they are made of ----------------------------------------------------------------------------------------

    @property
    def place(self) -> str:
        whole = level_of_whole(self.records)
        return say("report.volume.area", self.lang) if whole is None else whole.text("name") or whole.text("id")

    @cached_property
    def main_units(self) -> list[Record]:
        """Streets; without them the finest level of units that there is."""
        levels = ("street", "planning", "community", "district", "city")
        return next((places for level in levels if (places := self.records.places(level))), [])

    @property
    def main_level(self) -> str:
        """The level of the main units, in words."""
        return say(f"level.{self.main_units[0].text('level')}", self.lang) if self.main_units else ""

    @cached_property
    def held(self) -> Mapping[str, Record]:
        return self.records.lists.keyed("units", ("level", "id"))

    @cached_property
    def estates_by_id(self) -> Mapping[str, Record]:
        return {place.text("id"): place for place in self.records.places("residential_area")}

    @cached_property
    def signs(self) -> Mapping[str, str]:
        """The signs of the clauses; the pass share of a circle, which no clause states, is a floor."""
        clauses = (clause for each in self.standards for clause in each.clauses)
        return {clause.id: SIGNS[clause.comparison or "at_least"] for clause in clauses}

    @cached_property
    def units(self) -> Mapping[str, str]:
        return unit_names(self.records)

    def _judged(self) -> list[Record]:
        order = ("gap", "no_data", "met", "not_applicable", "")
        rows = [row for row in self.records.lists.each("audit") if row.values["level"]]
        return sorted(rows, key=lambda row: (order.index(row.text("verdict")), not row.values["binding"]))

    def _of_whole(self, whole: Record) -> list[Record]:
        checks = [check for check in whole.each("checks") if not check.values["for_comparison"]]
        return [check for check in checks if check.text("verdict") != "not_applicable"]

    def _place_after(self, place: Record) -> Record | None:
        found = self.records.places(place.text("level"), after=True)
        return next((each for each in found if each.text("id") == place.text("id")), None)

    @staticmethod
    def _same_check(check: Record, after: Record) -> Record | None:
        wanted = _asked(check)
        return next((each for each in after.each("checks") if _asked(each) == wanted), None)

    def _short_after(self) -> list[Record]:
        level = self.main_units[0].text("level") if self.main_units else ""
        places = [place for place in self.records.places(level, after=True) if place.values["elderly_uncovered"]]
        return sorted(places, key=lambda place: -place.values["elderly_uncovered"])

    def quantity(self, record: Record, low: str, high: str) -> Passage:
        """Return a figure of a check, with its unit; both ends if records lack data."""
        unit = record.text("unit")
        cells = record.cell(low), record.cell(high)
        values = [float(cell.value or 0) for cell in cells if cell.is_number]
        whole = unit in _WHOLE or all(value.is_integer() for value in values)
        form = "share" if unit == "share" else "whole" if whole else "tenth"
        told = ends(*cells, form, most=1.0 if unit == "share" else float("inf"))
        if unit in ("share", "") or not told.figures:
            return told
        return Passage((*told.pieces, f" {unit_text(unit, told.figures[-1].text, self.lang)}"))

    def indicator(self, row: Record) -> str:
        """Return what a clause is about, and what it counts."""
        kind = say(f"clause_kind.{row.text('kind')}", self.lang)
        basis = say(f"basis.{row.text('basis')}", self.lang) if row.text("basis") else ""
        return say("report.volume.of", self.lang, kind=kind, basis=basis) if basis else kind

    def amount(self, clause_id: str) -> str:
        clauses = (clause for each in self.standards for clause in each.clauses if clause.id == clause_id)
        return next((amount_text(clause, self.lang) for clause in clauses), "") or "–"

    def verdict(self, record: Record) -> str:
        return say(f"verdict.{record.text('verdict')}", self.lang) if record.text("verdict") else "–"

    def codes(self, record: Record, key: str, group: str) -> str:
        found = [code for code in record.text(key).split(";") if code]
        told = [say(f"{group}.{code}", self.lang) if knows(f"{group}.{code}") else code for code in found]
        return say("table.and", self.lang).join(told)
