"""The view of a batch: its parts, and the report and plan of the whole."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from siting.results.plan import Plan
from siting.results.report import GapReport
from siting.text.numbers import number, percent

if TYPE_CHECKING:
    from siting.pipeline.batch import BatchResult, SharedPlan


class Batch:
    """What a batch found.

    Parameters
    ----------
    found : BatchResult
        The result of :func:`siting.batch`.
    """

    def __init__(self, found: "BatchResult") -> None:
        self._found = found

    def __repr__(self) -> str:
        """Return the number of parts, their elderly and how many are covered."""
        parts = self.parts
        elderly, covered = float(parts["elderly"].sum()), float(parts["elderly_covered"].sum())
        share = percent(covered / elderly) if elderly > 0 else "?"
        return f"<Batch: {len(parts)} parts, {number(elderly)} elderly, {share} covered>"

    @property
    def parts(self) -> pd.DataFrame:
        """One row for each part.

        ``part``, ``name``, ``residents``, ``elderly``, ``elderly_covered``, ``covered_share``, ``places``,
        ``places_with_gap`` and ``stations`` (new ones of the plan); blank where a part does not know it.
        """
        return self._found.parts.copy()

    @property
    def report(self) -> GapReport | None:
        """The gap report of the whole; None for a folder of scenarios, whose reports are merged as files."""
        return None if self._found.assessment is None else GapReport(self._found.assessment)

    @property
    def plan(self) -> Plan | None:
        """The plan of the whole, if the parts are those of one scenario and stations were asked for."""
        return None if self._found.planned is None else Plan(self._found.planned)

    @property
    def shared(self) -> "SharedPlan | None":
        """What all stations newly cover, the proved bound, and the price of a station; None without a plan."""
        return self._found.plan

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the whole, and the folders of the parts."""
        return tuple(self._found.files)
