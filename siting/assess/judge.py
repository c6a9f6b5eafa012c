"""Verdicts: each clause in force for each place."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from siting.assess.ledger import LEDGER_KINDS, UNIT_KINDS, Rows, figures_of, missing_of
from siting.assess.units import Judged, judge_each, judge_units
from siting.domain import clauses
from siting.domain.called import place_names
from siting.domain.governing import Pair, governing, same_measure
from siting.domain.measures import MEASURES, Span, counts_elderly, elderly_age_of, judge
from siting.domain.nouns import Inputs, Note
from siting.domain.old_estates import asks_for_old
from siting.domain.register import REGISTER, is_kept, was_finished
from siting.domain.scenario import LandBasis, Scenario
from siting.domain.standards import Clause, Standard
from siting.domain.tables import CHECK_COLUMNS
from siting.domain.unit_kinds import asked_kinds, names_kinds_of
from siting.domain.villages import perhaps_spared, spared
from siting.listing import listed

# Both minimum values are always shown side by side, whichever governs.
FLOORS = {"01": 0.1, "02": 0.2}


@dataclass(frozen=True)
class Rules:
    """The clauses in force that give verdicts, and those that name remedies."""

    land: tuple[Pair, ...]
    circle: tuple[Pair, ...]
    ledger: tuple[Pair, ...]
    units: tuple[Pair, ...]
    estates: tuple[Pair, ...]
    register: tuple[Pair, ...]
    remedies: tuple[Pair, ...]
    compared: frozenset[str] = frozenset()

    def floor(self, level: str) -> float:
        """Return the minimum of land that governs a level, m² per person; NaN if there is none.

        Standards for comparison govern only if no other does.
        """
        pairs = [pair for pair in self.land if self._decides(pair)] or self.land
        numbers = [clause.number for clause in governing(pairs, level) if clause.number is not None]
        return max(numbers, default=float("nan"))

    def binds(self, level: str, clause: Clause, scenario: Scenario) -> bool:
        """Tell whether a clause applies to a level, governs there, and is due."""
        every = (*self.land, *self.circle, *self.ledger, *self.units, *self.estates, *self.register)
        judged = [pair for pair in every if self._decides(pair)]
        governs = any(clause is one for one in governing(same_measure(judged, clause), level))
        return level in clause.levels and governs and _due(clause, scenario)

    def _decides(self, pair: Pair) -> bool:
        return self.compared.isdisjoint((pair[0].id, pair[1].id))


@dataclass(frozen=True)
class Check:
    """A clause judged for a place: a row of the table of checks.

    ``basis`` names what the place's figures are compared with, ``people`` how many persons it has; ``missing`` lists
    the records that would decide. ``binding`` is None if it is unknown whether the clause binds. ``extent`` is the
    area for which the check is made.
    """

    level: str
    id: int | str
    clause: Clause
    standard: Standard
    method: str
    binding: bool | None
    basis: str
    unit: str | None
    people: float
    finding: clauses.Finding
    missing: list[str]
    reason: str | None
    extent: str = ""
    for_comparison: bool = False

    def set_aside(self, reason: str) -> "Check":
        """Return the check of a clause that does not apply to the place, and why."""
        return replace(self, finding=clauses.not_applicable(), missing=[], reason=reason, binding=False)

    def perhaps(self, undecided: Iterable[str]) -> "Check":
        """Return the check of a clause of which it is unknown whether it applies: records that would decide lack."""
        finding = clauses.perhaps_asked(self.finding, ceiling=self.clause.comparison == "at_most")
        return replace(self, finding=finding, missing=[*self.missing, *undecided], reason="records_missing")


def rules_of(standards: Iterable[Standard], compared: frozenset[str] = frozenset()) -> Rules:
    """Sort the clauses of the standards in force; clauses that only encourage or permit give no verdict.

    Standards and clauses that are ``compared`` (by id) are judged, but never bind, and do not govern.
    """
    pairs = [(standard, clause) for standard in standards for clause in standard.clauses]

    def of(*kinds: str) -> tuple[Pair, ...]:
        return tuple(pair for pair in pairs if pair[1].gives_verdict and pair[1].kind in kinds)

    return Rules(
        land=of("land_per_person"),
        circle=of("service_circle"),
        ledger=of(*LEDGER_KINDS),
        units=of(*UNIT_KINDS),
        estates=of("estate_provision"),
        register=of(*REGISTER),
        remedies=tuple(pair for pair in pairs if pair[1].kind == "remedy"),
        compared=compared,
    )


def land_checks(
    level: str, figures: pd.DataFrame, rules: Rules, basis: LandBasis, scenario: Scenario
) -> Iterator[Check]:
    """Judge every land clause for the places of a level.

    ``figures`` holds ``basis`` (people), ``low``, ``high`` (m²), ``missing``, ``method`` and ``whole`` (whether the
    grid covers the place completely).
    """
    for standard, clause in rules.land:
        binding = rules.binds(level, clause, scenario) and _at_its_horizon(clause, basis, scenario)
        keys = "basis basis_high low high missing method whole"
        for place, people, most, low, high, missing, method, whole in _rows(figures, keys):
            finding = (
                clauses.unknown()
                if np.isnan(people)
                else clauses.land_per_person(clause.number or 0.0, people, low, high, people_high=most)
            )
            yield Check(
                level=level,
                id=place,
                clause=clause,
                standard=standard,
                method=method,
                binding=binding,
                basis=basis,
                unit="m2",
                people=people,
                finding=finding,
                missing=missing if finding.verdict != "met" else [],
                reason="grid_incomplete"
                if not whole and (np.isnan(people + low) or _by_people(finding, missing, people, most))
                else _land_reason(finding, low, missing),
            )


def circle_checks(level: str, figures: pd.DataFrame, rules: Rules, scenario: Scenario) -> Iterator[Check]:
    """Judge the service circle for the places of a level that ``circle.levels`` names.

    Villages are reported, and do not bind unless the scenario says so (:func:`siting.domain.villages.spared`);
    ``binding`` is None for a unit that may be a village.
    ``figures`` holds ``elderly``, ``elderly_covered``, ``kind``, ``reason`` (of most of the uncovered), ``whole``, how
    many may be covered (``elderly_perhaps``) and by which facilities (``unsaid``).
    """
    if level not in scenario.circle.levels:
        return
    complete = scenario.facilities.complete
    for standard, clause in rules.circle:
        binds = rules.binds(level, clause, scenario)
        kinds = figures["kind"] if "kind" in figures else pd.Series(None, index=figures.index, dtype="object")
        binding = pd.Series(binds & ~spared(clause, kinds, scenario), index=figures.index, dtype="object")
        if binds:
            binding[perhaps_spared(clause, kinds, scenario)] = None
        keys = "elderly elderly_high elderly_covered elderly_perhaps unsaid reason whole"
        for place, elderly, most, covered, perhaps, unsaid, uncovered_by, whole in _rows(figures, keys):
            placed = whole or not np.isnan(covered)
            known = placed and not np.isnan(elderly)
            finding = (
                clauses.service_circle(
                    scenario.circle.pass_share,
                    elderly,
                    0.0 if np.isnan(covered) else covered,
                    perhaps=perhaps,
                    unseen=most - elderly,
                    complete=complete,
                )
                if known
                else clauses.unknown()
            )
            yield Check(
                level=level,
                id=place,
                clause=clause,
                standard=standard,
                method="walking",
                binding=binding[place],
                basis="elderly",
                unit="share",
                people=elderly,
                finding=finding,
                missing=unsaid if known and finding.verdict == "no_data" else [],
                reason=_circle_reason(finding, uncovered_by, known=known, complete=complete)
                if placed and not (complete and _by_people(finding, unsaid, elderly, most))
                else "grid_incomplete",
            )


def village_notes(checks: pd.DataFrame, rules: Rules, inputs: Inputs) -> Iterator[Note]:
    """Return notes on villages where the circle is reported but does not bind, and on units that may be villages."""
    units, named = inputs.units.get("community"), {clause.id for _, clause in rules.circle}
    judged = checks[checks["clause_id"].isin(named) & (checks["level"] == "community")]
    if units is None or judged.empty:
        return
    counts = [int(spared(clause, units["kind"], inputs.scenario).sum()) for _, clause in rules.circle]
    if max(counts):
        yield Note("villages_spared", {"count": max(counts)})
    perhaps = place_names(units)[perhaps_spared(rules.circle[0][1], units["kind"], inputs.scenario)]
    if len(perhaps):
        yield Note("kinds_unsaid", {"count": len(perhaps), "ids": listed([*perhaps])})


def part_notes(standards: Iterable[Standard]) -> Iterator[Note]:
    """Return notes on standards in force of which only a part is known."""
    numbers = [standard.number for standard in standards if standard.unseen_zh]
    if numbers:
        yield Note("standards_in_part", {"numbers": ", ".join(numbers)})


def age_notes(checks: pd.DataFrame, rules: Rules, inputs: Inputs) -> Iterator[Note]:
    """Return notes on the age from which the elderly are counted, and on judged clauses that use another age."""
    if inputs.population.elderly is None:
        return
    age = inputs.population.elderly_age
    yield Note("elderly_counted_from", {"age": age})
    judged = set(checks["clause_id"])
    for asked in (60, 65):
        named = [
            f"{standard.number} {clause.article}"
            for standard, clause in (*rules.circle, *rules.ledger)
            if clause.id in judged and counts_elderly(clause) and elderly_age_of(clause) == asked != age
        ]
        if named:
            yield Note("elderly_of_other_age", {"age": age, "asked": asked, "clauses": "; ".join(named)})


def ledger_checks(
    level: str, figures: pd.DataFrame, facilities: Sequence[Rows], rules: Rules, scenario: Scenario
) -> Iterator[Check]:
    """Judge the clauses on beds, operators, staff and the like for the places of a level.

    Shares are judged at the clause's own levels and at the district, counts only at its own levels. ``facilities``
    holds those of each place; ``figures`` holds ``elderly`` and ``whole``.
    """
    for standard, clause in rules.ledger:
        if level not in clause.levels and (level != "district" or MEASURES[clause.kind].whole is None):
            continue
        people = _rows(figures, "elderly elderly_high whole")
        for (place, elderly, most, whole), rows in zip(people, facilities, strict=True):
            counted = {**figures_of(clause, rows), "elderly": Span(elderly, most)}
            nobody_known = clause.kind == "beds_per_1000" and np.isnan(elderly)
            finding = clauses.unknown() if nobody_known else judge(clause, counted)
            missing = missing_of(clause, rows) if finding.verdict == "no_data" else []
            binding = rules.binds(level, clause, scenario)
            check = _check("ledger", level, place, standard, clause, finding, missing, binding=binding)
            of_people = clause.kind == "beds_per_1000" and _by_people(finding, missing, elderly, most)
            reason = "grid_incomplete" if not whole and (nobody_known or of_people) else check.reason
            yield replace(check, people=elderly, reason=reason)


def unit_checks(
    level: str,
    figures: pd.DataFrame,
    units: Mapping[object, pd.DataFrame] | pd.DataFrame,
    given: Container[str],
    rules: Rules,
    scenario: Scenario,
) -> Iterator[Check]:
    """Judge what every unit must have: a facility, home care, a teaching point; two levels are judged separately.

    ``units`` are those of :func:`siting.assess.units.units_of_places`, ``given`` the levels with a layer; ``figures``
    holds ``whole`` and ``elderly``.
    """
    for standard, clause in rules.units:
        own = level in clause.levels and clause.kind == "unit_coverage"
        if not own and level != "district":
            continue
        binding = rules.binds(level, clause, scenario) or (clause.kind == "university_share" and _due(clause, scenario))
        of_places: Iterable[Iterable[Judged]]
        if isinstance(units, pd.DataFrame):
            own_units = units.loc[figures.index]
            each_one = judge_each(clause, own_units, level, given=given, complete=scenario.facilities.complete)
            of_places = ((judged,) for judged in each_one)
        else:
            of_places = (
                judge_units(clause, units[place], level, given=given, complete=scenario.facilities.complete)
                for place in figures.index
            )
        for place, judged in zip(figures.index, of_places, strict=True):
            for each in judged:
                check = _check("units", level, place, standard, clause, each.finding, each.missing, binding=binding)
                unshared = check.reason == "records_missing" and each.unshared
                reason = _unshared_reason(figures.loc[place]) if unshared else check.reason
                yield replace(check, basis=each.basis, reason=reason)


def of_their_kinds(level: str, checks: Iterable[Check], kinds: pd.Series) -> Iterator[Check]:
    """Yield checks; a clause on land or on the ledger that names kinds of units does not apply to units of other kinds.

    For a unit without a kind it is unknown whether the clause applies, so it has no certain gap; if no unit of the
    level has a kind (``kinds``), the clause applies to all. Kinds of another level say nothing here (乡镇 and 街道 of a
    district). Clauses that count units consider the kinds themselves.
    """
    told = bool(kinds.notna().any())
    asked: dict[str, pd.Series] = {}
    for check in checks:
        clause = check.clause
        looks = level in clause.levels and (clause.kind == "land_per_person" or clause.kind in LEDGER_KINDS)
        if not (looks and names_kinds_of(clause, level)):
            yield check
            continue
        is_asked = asked.setdefault(clause.id, asked_kinds(clause, kinds))[check.id]
        unsaid = pd.isna(is_asked)
        if (unsaid or is_asked) and not (unsaid and told and check.finding.verdict == "gap"):
            yield check
        elif unsaid:
            yield check.perhaps([f"{check.id}: kind"])
        else:
            yield check.set_aside("other_kind")


def as_far_as_known(checks: pd.DataFrame) -> pd.DataFrame:
    """Return the checks that bind, or may bind: a gap of which that is unknown is ``no_data``."""
    unsaid = checks["binding"].isna()
    verdict = checks["verdict"].mask(unsaid & checks["verdict"].eq("gap"), "no_data")
    return checks.assign(verdict=verdict)[unsaid | checks["binding"].eq(other=True)]


def estate_checks(figures: pd.DataFrame, rules: Rules, scenario: Scenario, *, old_told: bool) -> Iterator[Check]:
    """Judge the premises that new and old estates provide against the scenario's figures.

    ``figures`` holds ``status``, ``old_estate``, ``households`` and ``provided_m2``. If nothing tells which estates are
    old (``old_told``), clauses on old ones are not judged.
    """
    for standard, clause in rules.estates:
        of_old = asks_for_old(clause)
        if of_old and not old_told:
            continue
        per_100 = scenario.provision.m2_per_100_households
        per_100 = (scenario.provision.old_m2_per_100_households or per_100) if of_old else per_100
        wanted, decides = (True, "old_estate") if of_old else (clause.applies_to or "new", "status")
        for place, status, households, provided in _rows(figures, f"{decides} households provided_m2"):
            finding, missing = clauses.not_applicable(), []
            if pd.isna(status) or status == wanted:
                needed = {decides: status, "households": households, "provided_m2": provided}
                missing = [f"{place}: {name}" for name, value in needed.items() if pd.isna(value)]
                if per_100 is None or missing:
                    finding = clauses.unknown()
                else:
                    counted = {"households": households, "provided_m2": provided, "m2_per_100_households": per_100}
                    finding = judge(clause, {name: Span.exactly(value) for name, value in counted.items()})
            binding = rules.binds("residential_area", clause, scenario)
            check = _check("estate", "residential_area", place, standard, clause, finding, missing, binding=binding)
            yield replace(check, unit="m2")


def register_checks(estates: pd.DataFrame, rules: Rules, scenario: Scenario) -> Iterator[Check]:
    """Judge the register of new estates; without a register nothing is judged.

    ``estates`` holds ``status`` and the columns of :mod:`siting.domain.register`.
    """
    if not is_kept(estates):
        return
    rows = estates.to_dict("records")
    for standard, clause in rules.register:
        binding = rules.binds("residential_area", clause, scenario)
        for place, estate in zip(estates.index, rows, strict=True):
            finding: clauses.Finding = clauses.not_applicable()
            missing: list[str] = []
            finished, days = was_finished(estate, standard.from_day)
            if finished:
                check = _check("register", "residential_area", place, standard, clause, finding, missing, binding=False)
                yield replace(check, reason="before_document")
                continue
            if pd.isna(estate["status"]):
                finding, missing = clauses.unknown(), [f"{place}: status"]
            elif estate["status"] == (clause.applies_to or "new"):
                span, blank = REGISTER[clause.kind](estate)
                finding = judge(clause, {MEASURES[clause.kind].part: span})
                missing = [f"{place}: {name}" for name in blank] if finding.verdict == "no_data" else []
                if finished is None and finding.verdict == "gap":
                    finding = clauses.perhaps_asked(finding, ceiling=clause.comparison == "at_most")
                    missing = [f"{place}: {name}" for name in days]
            yield _check("register", "residential_area", place, standard, clause, finding, missing, binding=binding)


def of_urban_estates(checks: Iterable[Check], villages: pd.Series, holders: pd.Series) -> Iterator[Check]:
    """Yield checks of residential areas; a clause on urban ones does not apply to those in villages.

    If it is unknown whether a residential area is in a village (``villages``), it has no certain gap; ``holders`` are
    the communities whose kinds decide.
    """
    for check in checks:
        verdict = check.finding.verdict
        village = villages[check.id] if check.clause.urban and verdict != "not_applicable" else False
        if pd.isna(village) and verdict == "gap":
            home = holders[check.id]
            yield check.perhaps([f"{check.id}: community" if pd.isna(home) else f"{home}: kind"])
        elif pd.isna(village) or not village:
            yield check
        else:
            yield check.set_aside("outside_urban")


def _check(
    method: str,
    level: str,
    place: int | str,
    standard: Standard,
    clause: Clause,
    finding: clauses.Finding,
    missing: list[str],
    *,
    binding: bool,
) -> Check:
    """Return a check of a clause that uses no land basis and no walking time."""
    return Check(
        level=level,
        id=place,
        clause=clause,
        standard=standard,
        method=method,
        binding=binding,
        basis=MEASURES[clause.kind].whole or MEASURES[clause.kind].part,
        unit=clause.unit,
        people=np.nan,
        finding=finding,
        missing=missing,
        reason=_ledger_reason(clause, finding, missing),
    )


def _ledger_reason(clause: Clause, finding: clauses.Finding, missing: list[str]) -> str | None:
    if finding.verdict == "gap" and clause.kind == "estate_provision" and not asks_for_old(clause):
        return "acceptance_blocked"
    if finding.verdict == "gap" and clause.kind in REGISTER:
        return "behind_housing" if clause.kind == "estate_in_step" else "divided"
    if finding.verdict == "gap":
        return "above_limit" if clause.comparison == "at_most" else "below_requirement"
    if finding.verdict == "no_data":
        return "records_missing" if missing else "data_absent"
    return "nothing_counted" if finding.verdict == "not_applicable" else None


def checks_table(checks: Iterable[Check]) -> pd.DataFrame:
    """Return the checks as a table with ``CHECK_COLUMNS``, indexed by (level, id)."""
    found = [*checks]
    ends = [clauses.shortfall_ends(each.finding, ceiling=each.clause.comparison == "at_most") for each in found]
    table = pd.DataFrame(
        [
            {
                "id": each.id,
                "clause_id": each.clause.id,
                "standard_id": each.standard.id,
                "kind": each.clause.kind,
                "method": each.method,
                "level": each.level,
                "force": each.clause.force,
                "binding": each.binding,
                "extent": each.extent,
                "for_comparison": each.for_comparison,
                "basis": each.basis,
                "required": each.finding.required,
                "required_high": each.finding.most_required,
                "provided_low": each.finding.provided_low,
                "provided_high": each.finding.provided_high,
                "shortfall": each.finding.shortfall,
                "shortfall_low": least,
                "shortfall_high": most,
                "unit": each.unit,
                "people": each.people,
                "verdict": each.finding.verdict,
                "reason": each.reason,
                "missing": each.missing,
            }
            for each, (least, most) in zip(found, ends, strict=True)
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
    """Tell whether a clause's target year has come; before it, the clause shows progress and does not bind."""
    head = scenario.scenario
    year = head.date.year if head.horizon == "current" else head.horizon
    return clause.target_year is None or clause.target_year <= year


def _rows(figures: pd.DataFrame, keys: str) -> Iterator[tuple[Any, ...]]:
    """Yield each place's id and some of its figures."""
    return zip(figures.index, *(figures[key].tolist() for key in keys.split()), strict=True)


def _by_people(finding: clauses.Finding, missing: list[str], people: float, most: float) -> bool:
    """Tell whether nothing can be decided only because people are known as an interval."""
    return finding.verdict == "no_data" and not missing and most > people and finding.provided_high < np.inf


def _land_reason(finding: clauses.Finding, low: float, missing: list[str]) -> str | None:
    if finding.verdict == "gap":
        return "land_short" if low > 0 else "land_none"
    if finding.verdict == "no_data":
        return "land_missing" if missing else "facilities_incomplete"
    return "no_people" if finding.verdict == "not_applicable" else None


def _unshared_reason(figures: pd.Series) -> str:
    """Return why it is unknown whether a place shares a facility."""
    if not figures["whole"]:
        return "grid_incomplete"
    return "no_elderly_data" if np.isnan(figures["elderly"]) else "records_missing"


def _circle_reason(finding: clauses.Finding, uncovered: str | None, *, known: bool, complete: bool) -> str | None:
    if not known:
        return "no_elderly_data"
    if finding.verdict == "no_data":
        return "records_missing" if complete else "facilities_incomplete"
    if finding.verdict == "not_applicable":
        return "no_people"
    return uncovered if finding.verdict == "gap" else None
