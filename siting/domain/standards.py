"""Standards and their clauses: cited, dated data."""

import datetime as dt
from typing import Literal

from pydantic import Field

from siting.domain.scenario import Level, Section

Force = Literal["mandatory", "target", "encouraged", "permitted"]
ClauseKind = Literal["land_per_person", "service_circle", "remedy"]
Remedy = Literal["purchase", "swap", "lease", "renewal", "reclaim_state_idle", "build_with_estate"]


class Clause(Section):
    """One testable requirement of a standard, or one remedy that it names.

    ``number`` is in ``unit``: m² per person for land, minutes for the circle. ``levels`` are those at which the clause
    itself speaks; a check elsewhere is an assessment and does not bind. ``target_year`` is None where the text
    states none.
    """

    id: str
    kind: ClauseKind
    article: str
    quote: str
    number: float | None = None
    unit: str | None = None
    levels: tuple[Level | Literal["residential_area"], ...] = ()
    horizon: Literal["current", "planned"] = "current"
    force: Force
    target_year: int | None = None
    applies_to: Literal["existing", "new"] | None = None
    remedies: tuple[Remedy, ...] = ()
    note_zh: str = ""
    note_en: str = ""
    examples: tuple["Example", ...] = ()


class Example(Section):
    """A worked example in literal numbers, executed by the tests."""

    people: float
    provided: float
    required: float
    shortfall: float
    verdict: Literal["met", "gap"]


class Standard(Section):
    """A published rule set."""

    id: str
    number: str
    title: str
    issuer: str
    jurisdiction: str
    issued: dt.date
    in_force: dt.date
    repealed: dt.date | None = None
    source: str
    clauses: tuple[Clause, ...] = Field(min_length=1)

    def applies(self, date: dt.date) -> bool:
        """Tell whether the standard is in force at a date (both ends by the calendar day)."""
        return self.in_force <= date and (self.repealed is None or date < self.repealed)
