"""What the volume tells of a plan beside its stations: objectives, unmet clauses, links, what is promised."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from siting.text import say
from siting.write.report.passages import Passage
from siting.write.report.records import Record
from siting.write.report.telling import Teller

# The most places and links that are told one by one; the plan's file has all.
_MOST: Final = 12
# The objectives that are told with their bounds, and how their figures are written.
_STAGES: Final = {"shortfall": "plain", "unled": "whole", "promised": "whole", "covered": "whole"}
_PROMISE: Final = {
    **dict.fromkeys(("at_least", "mean", "worst", "promised", "given_at_least", "given_mean", "held_out"), "whole"),
    **dict.fromkeys(("share", "held_share", "confidence"), "share"),
}


@dataclass(frozen=True)
class PlanTeller(Teller):
    """Tells of one plan; ``units`` are the names of units, ``documents`` those of the clauses by id."""

    plan: Record
    units: Mapping[str, str]
    documents: Mapping[str, str]

    def passages(self) -> Iterator[Passage]:
        """Yield the sentences; none for a plan that its stations and its status tell wholly."""
        several = self.plan.values.get("links") is not None or self.plan.values.get("robustness") is not None
        if several:
            yield from self._objectives()
        yield from self._promise()
        yield from self._unmet()
        yield from self._links()

    def _objectives(self) -> Iterator[Passage]:
        for stage in self.plan.each("stages"):
            name, rises = stage.text("name"), stage.text("sense") == "max"
            if name in _STAGES:
                yield self.tell(
                    "objective_max" if rises else "objective_min",
                    name=say(f"proof.stage.{name}", self.lang),
                    objective=self.one(stage, "objective", _STAGES[name]),
                    bound=self.one(stage, "bound", _STAGES[name]),
                )

    def _promise(self) -> Iterator[Passage]:
        if self.plan.values.get("robustness") is None:
            return
        found = self.plan.at("robustness")
        figures = {key: self.one(found, key, form) for key, form in _PROMISE.items()}
        yield self.tell("robust_promise", **figures)
        yield self.tell("robust_price", **figures)

    def _unmet(self) -> Iterator[Passage]:
        rows = list(self.plan.each("shortfalls")) if self.plan.values.get("shortfalls") else []
        if rows:
            yield self.tell("unmet_clauses")
        for row in rows[:_MOST]:
            key = row.text("id")
            yield self.tell(
                "unmet_clause",
                place=self.units.get(key, key),
                document=self.documents.get(row.text("clause_id"), row.text("clause_id")),
                provided=self.one(row, "provided", "plain"),
                required=self.one(row, "required", "plain"),
            )
        if len(rows) > _MOST:
            yield self.tell("unmet_more")

    def _links(self) -> Iterator[Passage]:
        rows = list(self.plan.each("links")) if self.plan.values.get("links") else []
        if rows:
            yield self.tell("links")
        for row in rows[:_MOST]:
            ends = {end: self._facility(row, end) for end in ("child", "parent")}
            yield self.tell("link", **ends, distance=self.one(row, "distance_m"))
        if len(rows) > _MOST:
            yield self.tell("links_more")

    def _facility(self, row: Record, end: str) -> str:
        """Return the name and tier of a child or parent."""
        key, tier = row.text(f"{end}_id"), say(f"tier.{row.text(f'{end}_tier')}", self.lang)
        return f"{self.sites.get(key, '') or key}（{tier}）"
