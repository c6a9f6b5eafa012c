"""What every unit must have: which units of a place have or share a facility, home care, a teaching point."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import compress
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.assess.ledger import ends
from siting.domain import clauses
from siting.domain.called import place_names
from siting.domain.clauses import Finding
from siting.domain.measures import MEASURES, REST, Span, judge
from siting.domain.nouns import Bools, Inputs, Note
from siting.domain.requirements import BASIS_OF_UNITS
from siting.domain.shared import SHARING_LEVEL
from siting.domain.standards import Clause
from siting.domain.unit_kinds import asked_kinds
from siting.listing import listed

_UNIT_LEVELS: Final = ("community", "street")
_FACILITIES: Final = ("facility", "community_facility")
_COLUMN: Final = {"unit_coverage": "facility", "service_coverage": "served", "university_share": "teaching_point"}


def units_of_places(
    level: str,
    frame: gpd.GeoDataFrame,
    units: Mapping[str, gpd.GeoDataFrame],
    holders: Mapping[str, pd.Series],
    having: Mapping[str, pd.DataFrame],
) -> dict[object, pd.DataFrame] | pd.DataFrame:
    """Return the units that count towards the places of a level.

    A street or community counts itself; a district counts the streets and communities in it, directly or through units
    between.

    Parameters
    ----------
    level : str
        Level of the places.
    frame : geopandas.GeoDataFrame
        The places.
    units : mapping of str to geopandas.GeoDataFrame
        Units of every level.
    holders : mapping of str to pandas.Series
        By level, the unit that contains each.
    having : mapping of str to pandas.DataFrame
        By level what each unit has (:func:`having_of`).

    Returns
    -------
    dict or pandas.DataFrame
        Units with ``level``, ``kind``, ``served``, ``teaching_point``, and the columns of ``having``: of districts by
        place; of streets or communities one table, in which each place is its own unit.
    """
    tables = {
        name: units[name].reindex(columns=["kind", "served", "teaching_point"]).assign(level=name).join(having[name])
        for name in (*_UNIT_LEVELS, "district")
        if name in units
    }
    if level != "district":
        return tables.get(level, {})
    found: dict[object, list[pd.DataFrame]] = {place: [tables["district"].loc[[place]]] for place in frame.index}
    for name in _UNIT_LEVELS:
        if name in tables:
            above = _held_by(name, holders, units)
            for place, rows in tables[name].groupby(above):
                found[place].append(rows)
    return {place: pd.concat(parts) for place, parts in found.items()}


def having_of(
    facilities: gpd.GeoDataFrame, homes: pd.Series, units: pd.Index, giving: Bools, perhaps: pd.DataFrame
) -> pd.DataFrame:
    """Tell for each unit whether a facility is in it, and whether one cares for the destitute disabled.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        Facilities that count.
    homes : pandas.Series
        The unit in which each counts.
    units : pandas.Index
        The units of that level.
    giving : ndarray of bool
        Which of the facilities give a unit its facility (:func:`siting.domain.tiers.gives_facility`).
    perhaps : pandas.DataFrame
        Which ``facility`` may count in which ``unit``; for all facilities that may count, also without a known home.

    Returns
    -------
    pandas.DataFrame
        By unit ``facility`` (blank if one may count), ``community_facility`` (a facility that is not an institution, or
        an institution that serves its community; blank if unknown), ``other_tiers`` (there are facilities, but none of
        the required tier), ``disabled_care``, and ``shared``, false throughout:
        :func:`siting.assess.sharing.sharing_of` tells which units share.
    """
    caring = facilities["disabled_destitute"].astype("boolean")
    surely, mays = (
        set(homes[mask.to_numpy(dtype=bool)].dropna()) for mask in (caring.fillna(value=False), caring.isna())
    )
    may = perhaps["facility"]
    cares, gives = (
        caring[may].fillna(value=True).to_numpy(dtype=bool),
        giving[facilities.index.get_indexer(pd.Index(may))],
    )
    mays |= set(perhaps.loc[cares, "unit"])
    given = set(perhaps.loc[gives, "unit"])
    care = [True if unit in surely else None if unit in mays else False for unit in units]
    serves = facilities["serves_community"].astype("boolean").mask(facilities["tier"] != "institution", other=True)
    near, unsaid = (
        units.isin(homes[giving & mask.to_numpy(dtype=bool)].dropna())
        for mask in (serves.fillna(value=False), serves.isna())
    )
    serves_not = (~serves.fillna(value=True))[may].to_numpy(dtype=bool)
    unsaid |= units.isin(set(perhaps.loc[gives & ~serves_not, "unit"]))
    serving = pd.Series(near, index=units, dtype="boolean").mask(unsaid & ~near)
    has = units.isin(homes[giving].dropna())
    return pd.DataFrame(
        {
            "facility": pd.Series(has, index=units, dtype="boolean").mask(units.isin(given) & ~has),
            "community_facility": serving,
            "other_tiers": units.isin(homes.dropna()) & ~units.isin(homes[giving].dropna()),
            "shared": pd.array(np.zeros(len(units), dtype=bool), dtype="boolean"),
            "disabled_care": pd.array(care, dtype="boolean"),
        },
        index=units,
    )


def tier_notes(having: Mapping[str, pd.DataFrame], inputs: Inputs) -> Iterator[Note]:
    """Return notes on how unit coverage is interpreted, and on units with only facilities that do not count.

    By tier these are facilities of other tiers, otherwise institutions that are not known to serve their community.
    """
    read_in_two_ways = any(clause.readings for standard in inputs.standards for clause in standard.clauses)
    if not read_in_two_ways or not {"street", "community"} & having.keys():
        return
    by_tier = inputs.scenario.standards.coverage == "by_tier"
    told: dict[str, str | int] = {}
    for level, plural in (("street", "streets"), ("community", "communities")):
        alone = _alone(having[level], inputs.units[level], by_tier=by_tier) if level in having else []
        told |= {plural: len(alone), f"{level}_ids": listed(alone) or "–"}
    if not any(told.get(plural) for plural in ("streets", "communities")):
        yield Note("facilities_by_tier_all" if by_tier else "facilities_any_all", {})
        return
    yield Note("facilities_by_tier" if by_tier else "facilities_any", told)


def _alone(having: pd.DataFrame, units: pd.DataFrame, *, by_tier: bool) -> list[str]:
    """Name the units that have facilities, but none that counts."""
    counts = having["community_facility"].fillna(value=False).astype(bool)
    alone = having["other_tiers"] if by_tier else having["facility"].fillna(value=False).astype(bool) & ~counts
    return place_names(units)[having.index[alone.to_numpy(dtype=bool)]].tolist()


@dataclass(frozen=True)
class Judged:
    """The result of a clause for the units of one level.

    ``basis`` names the level, ``missing`` the units with too little data, with the column if it is their own.
    ``unshared`` tells that for some units it is unknown whether they share a facility.
    """

    basis: str
    finding: Finding
    missing: list[str]
    unshared: bool = False


def judge_units(
    clause: Clause, units: pd.DataFrame, level: str, *, given: Container[str], complete: bool
) -> Iterator[Judged]:
    """Judge a clause for the units that count towards a place; if it names two levels, for each separately.

    Parameters
    ----------
    clause : Clause
        Of a kind that counts units.
    units : pandas.DataFrame
        The units of the place (:func:`units_of_places`).
    level : str
        Level of the place.
    given : container of str
        Levels with a layer; other levels are unknown.
    complete : bool
        Whether the ledger is complete: otherwise a unit without a facility may have one.

    Yields
    ------
    Judged
        One for each level that the clause counts there, in its order. If a layer has no data on home care or teaching
        points, the result is ``no_data``. A community that is served by a shared facility has one, for clauses on
        facilities.
    """
    if clause.of == "disabled_care":
        yield _judged(clause, units[units["level"] == level], "disabled_care", "units", complete=complete)
        return
    for counted in _levels_counted(clause, level):
        rows, basis = units[units["level"] == counted], BASIS_OF_UNITS[counted]
        if counted not in given or (clause.unit_kinds and len(rows) and rows["kind"].isna().all()):
            # For a unit without a kind it is unknown whether the clause applies; a layer may have no kinds at all.
            named = sorted(f"{unit}: kind" for unit in rows.index) if counted in given else []
            yield Judged(basis, clauses.unknown(), named)
            continue
        asked = asked_kinds(clause, rows["kind"]) if clause.unit_kinds else None
        column = "community_facility" if clause.of == "community_facility" else _COLUMN[clause.kind]
        yield _judged(clause, rows, column, basis, asked=asked, complete=complete)


def judge_each(
    clause: Clause, units: pd.DataFrame, level: str, *, given: Container[str], complete: bool
) -> Iterator[Judged]:
    """Judge a clause for each unit of a level by itself, in their order; see :func:`judge_units`."""
    basis = "units" if clause.of == "disabled_care" else BASIS_OF_UNITS[level]
    column = "community_facility" if clause.of == "community_facility" else _COLUMN[clause.kind]
    column = "disabled_care" if clause.of == "disabled_care" else column
    kinds = bool(clause.unit_kinds) and clause.of != "disabled_care"
    found = _states(units, column, asked_kinds(clause, units["kind"]) if kinds else None, complete=complete)
    unsaid = units["kind"].isna().to_numpy() if kinds else np.zeros(len(units), dtype=np.bool_)
    ends_of = np.column_stack([found.counts, found.may_count, found.has, found.may_have])
    known: dict[tuple[bool, ...], Finding] = {}
    for row, (unit, blank) in enumerate(zip(units.index, unsaid, strict=True)):
        if blank or level not in given:
            yield Judged(basis, clauses.unknown(), [f"{unit}: kind"] if level in given else [])
            continue
        key = tuple(ends_of[row].tolist())
        if key not in known:
            known[key] = judge(clause, found.part(row).figures(clause))
        missing = [found.named[row]] if found.lacking[row] else []
        yield Judged(basis, known[key], missing, unshared=bool(found.unshared[row]))


@dataclass(frozen=True)
class _States:
    """Which units count, and which have what a clause asks for, surely and perhaps; and what leaves it open."""

    counts: Bools
    may_count: Bools
    has: Bools
    may_have: Bools
    lacking: Bools
    unshared: Bools
    named: list[str]

    def part(self, row: int) -> "_States":
        """Return one unit."""
        one = slice(row, row + 1)
        ends_of = (self.counts[one], self.may_count[one], self.has[one], self.may_have[one])
        return _States(*ends_of, self.lacking[one], self.unshared[one], self.named[one])

    def figures(self, clause: Clause) -> dict[str, Span]:
        """Count the units."""
        return {
            MEASURES[clause.kind].part: _span(self.counts & self.has, self.may_count & self.may_have),
            REST: _span(self.counts & ~self.may_have, self.may_count & ~self.has),
            "units": _span(self.counts, self.may_count),
        }


def _states(rows: pd.DataFrame, column: str, asked: pd.Series | None, *, complete: bool) -> _States:
    """Return the states of units, of which only those that are ``asked`` count (blank: perhaps; None: all)."""
    has, may_have = ends(rows[column].astype("boolean"))
    if column in _FACILITIES:
        shares, may_share = ends(rows["shared"].astype("boolean"))
        has, may_have = has | shares, may_have | may_share
    counts, may_count = (np.ones(len(rows), dtype=np.bool_),) * 2 if asked is None else ends(asked)
    unknown = has != may_have
    unshared = may_count & unknown & (column in _FACILITIES and complete)
    lacking = may_count & ((counts != may_count) | unknown)
    if not complete and column in (*_FACILITIES, "disabled_care"):
        may_have = np.ones(len(rows), dtype=np.bool_)
    unasked = may_count & (counts != may_count)
    # Whether a unit has a facility is a matter of facilities; the other columns are its own.
    own = "" if column in (*_FACILITIES, "disabled_care") else f": {column}"
    named = [f"{unit}: kind" if blank else f"{unit}{own}" for unit, blank in zip(rows.index, unasked, strict=True)]
    return _States(counts, may_count, has, may_have, lacking, unshared, named)


def _judged(
    clause: Clause, rows: pd.DataFrame, column: str, basis: str, *, asked: pd.Series | None = None, complete: bool
) -> Judged:
    found = _states(rows, column, asked, complete=complete)
    missing = sorted(compress(found.named, found.lacking))
    return Judged(basis, judge(clause, found.figures(clause)), missing, unshared=bool(found.unshared.any()))


def _span(sure: Bools, may: Bools) -> Span:
    """Count what is surely so, and what may be so."""
    return Span(float(sure.sum()), float(may.sum()))


def _levels_counted(clause: Clause, level: str) -> tuple[str, ...]:
    """Return the levels of the units that a clause counts in a place; home care counts communities and villages."""
    named = tuple(each for each in clause.levels if each in _UNIT_LEVELS)
    if level in named:
        return (level,)
    return named or (SHARING_LEVEL,)


def _held_by(level: str, holders: Mapping[str, pd.Series], units: Mapping[str, gpd.GeoDataFrame]) -> pd.Series:
    """Follow the parents of a level's units up to the district."""
    above = holders[level]
    for name in ("street", "planning"):
        if name in units and name != level and above.isin(units[name].index).any():
            above = above.map(holders[name])
    return above
