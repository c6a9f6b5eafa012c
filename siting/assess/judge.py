"""Verdicts: each clause in force upon each place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from siting.domain import clauses
from siting.domain.scenario import LandBasis, Scenario
from siting.domain.standards import Clause, Standard
from siting.domain.tables import CHECK_COLUMNS

# Both floors always stand side by side, whichever governs.
FLOORS = {"01": 0.1, "02": 0.2}


@dataclass(frozen=True)
class Rules:
    """The clauses in force that give verdicts, and those that name remedies."""

    land: tuple[tuple[Standard, Clause], ...]
    circle: tuple[tuple[Standard, Clause], ...]
    remedies: tuple[tuple[Standard, Clause], ...]

    def governing(self, level: str) -> Clause | None:
        """Return the land clause that governs a level (methods, definition 15).

        Among the clauses that speak of the level (of any, where none does) the later of one body, and among bodies the
        stricter.
        """
        speaking = [pair for pair in self.land if level in pair[1].levels] or self.land
        latest: dict[str, tuple[Standard, Clause]] = {}
        for standard, clause in speaking:
            other = latest.get(standard.issuer)
            if other is None or other[0].in_force < standard.in_force:
                latest[standard.issuer] = (standard, clause)
        return max((clause for _, clause in latest.values()), key=lambda clause: clause.number or 0.0, default=None)

    def floor(self, level: str) -> float:
        """Return the land floor that governs a level, m² per person; NaN where there is none."""
        clause = self.governing(level)
        return float("nan") if clause is None or clause.number is None else clause.number


def rules_of(standards: Iterable[Standard]) -> Rules:
    """Sort the clauses of the standards in force by kind; what only encourages or permits gives no verdict."""
    pairs = [(standard, clause) for standard in standards for clause in standard.clauses]

    def of(kind: str) -> tuple[tuple[Standard, Clause], ...]:
        return tuple(pair for pair in pairs if pair[1].kind == kind)

    def judged(kind: str) -> tuple[tuple[Standard, Clause], ...]:
        return tuple(pair for pair in of(kind) if pair[1].force in ("mandatory", "target"))

    return Rules(judged("land_per_person"), judged("service_circle"), of("remedy"))


def land_checks(
    level: str, figures: pd.DataFrame, rules: Rules, basis: LandBasis, scenario: Scenario
) -> Iterator[dict[str, Any]]:
    """Judge every land clause upon the places of a level.

    ``figures`` holds ``basis`` (people), ``low``, ``high`` (m²), ``missing`` and ``method``.
    """
    for standard, clause in rules.land:
        binding = (
            clause is rules.governing(level)
            and level in clause.levels
            and _at_its_horizon(clause, basis, scenario)
            and _due(clause, scenario)
        )
        for place, people, low, high, missing, method in _rows(figures, "basis low high missing method"):
            finding = (
                clauses.unknown()
                if np.isnan(people)
                else clauses.land_per_person(clause.number or 0.0, people, low, high)
            )
            yield {
                "level": level,
                "id": place,
                "clause": clause,
                "standard": standard,
                "method": method,
                "binding": binding,
                "basis": basis,
                "unit": "m2",
                "people": people,
                "finding": finding,
                "missing": missing if finding.verdict != "met" else [],
                "reason": _land_reason(finding, low, missing),
            }


def circle_checks(level: str, figures: pd.DataFrame, rules: Rules, scenario: Scenario) -> Iterator[dict[str, Any]]:
    """Judge the service circle upon the places of a level that ``circle.levels`` names.

    ``figures`` holds ``elderly``, ``elderly_covered`` and ``reason`` (of most of the uncovered).
    """
    if level not in scenario.circle.levels:
        return
    complete = scenario.facilities.complete
    for standard, clause in rules.circle:
        for place, elderly, covered, uncovered_by in _rows(figures, "elderly elderly_covered reason"):
            known = not np.isnan(elderly)
            finding = (
                clauses.service_circle(
                    scenario.circle.pass_share, elderly, 0.0 if np.isnan(covered) else covered, complete=complete
                )
                if known
                else clauses.unknown()
            )
            yield {
                "level": level,
                "id": place,
                "clause": clause,
                "standard": standard,
                "method": "walking",
                "binding": level in clause.levels and _due(clause, scenario),
                "basis": "elderly",
                "unit": "share",
                "people": elderly,
                "finding": finding,
                "missing": [],
                "reason": _circle_reason(finding, uncovered_by, known=known),
            }


def checks_table(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Lay the checks out as a table with ``CHECK_COLUMNS``, indexed by (level, id)."""
    table = pd.DataFrame(
        [
            {
                "id": row["id"],
                "clause_id": row["clause"].id,
                "standard_id": row["standard"].id,
                "kind": row["clause"].kind,
                "method": row["method"],
                "level": row["level"],
                "force": row["clause"].force,
                "binding": row["binding"],
                "basis": row["basis"],
                "required": row["finding"].required,
                "provided_low": row["finding"].provided_low,
                "provided_high": row["finding"].provided_high,
                "shortfall": row["finding"].shortfall,
                "unit": row["unit"],
                "people": row["people"],
                "verdict": row["finding"].verdict,
                "reason": row["reason"],
                "missing": row["missing"],
            }
            for row in rows
        ],
        columns=["id", *(column.key for column in CHECK_COLUMNS)],
    )
    index = pd.MultiIndex.from_frame(table[["level", "id"]])
    return table.drop(columns="id").set_index(index)


def _at_its_horizon(clause: Clause, basis: LandBasis, scenario: Scenario) -> bool:
    if clause.horizon == "planned":
        return scenario.scenario.horizon != "current" and basis == "resident_planned"
    return not basis.startswith("elderly")


def _due(clause: Clause, scenario: Scenario) -> bool:
    """Tell whether a clause's target year has come; a later one is progress and does not bind."""
    head = scenario.scenario
    year = head.date.year if head.horizon == "current" else head.horizon
    return clause.target_year is None or clause.target_year <= year


def _rows(figures: pd.DataFrame, keys: str) -> Iterator[tuple[Any, ...]]:
    """Yield each place's id and some of its figures."""
    return zip(figures.index, *(figures[key].tolist() for key in keys.split()), strict=True)


def _land_reason(finding: clauses.Finding, low: float, missing: list[str]) -> str | None:
    if finding.verdict == "gap":
        return "land_short" if low > 0 else "land_none"
    if finding.verdict == "no_data":
        return "land_missing" if missing else "facilities_incomplete"
    return "no_people" if finding.verdict == "not_applicable" else None


def _circle_reason(finding: clauses.Finding, uncovered: str | None, *, known: bool) -> str | None:
    if not known:
        return "no_elderly_data"
    if finding.verdict == "no_data":
        return "facilities_incomplete"
    if finding.verdict == "not_applicable":
        return "no_people"
    return uncovered if finding.verdict == "gap" else None
