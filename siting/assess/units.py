"""What every unit must have: which units of a place have a facility or share one, home care, a teaching point."""

from collections.abc import Iterator, Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.assess.ledger import unit_words
from siting.domain import clauses
from siting.domain.clauses import Finding
from siting.domain.measures import Span, judge
from siting.domain.nouns import Bools, Note
from siting.domain.scenario import Scenario
from siting.domain.standards import Clause

_UNIT_LEVELS: Final = ("community", "street")
# A note names no more places than these.
_MOST_NAMED: Final = 10
_COLUMN: Final = {"unit_coverage": "facility", "service_coverage": "served", "university_share": "teaching_point"}


def units_of_places(
    level: str,
    frame: gpd.GeoDataFrame,
    units: Mapping[str, gpd.GeoDataFrame],
    holders: Mapping[str, pd.Series],
    having: Mapping[str, pd.DataFrame],
) -> dict[object, pd.DataFrame]:
    """Return for each place of a level the units that count towards it.

    A street or community counts itself; a district the streets and communities that it holds, directly or through the
    units between.

    Parameters
    ----------
    level : str
        Level of the places.
    frame : geopandas.GeoDataFrame
        The places.
    units : mapping of str to geopandas.GeoDataFrame
        Units of every level.
    holders : mapping of str to pandas.Series
        By level, the unit that holds each.
    having : mapping of str to pandas.DataFrame
        By level, ``facility``, ``shared`` and ``disabled_care`` of each unit.

    Returns
    -------
    dict
        By place, a table of units with ``level``, ``kind``, ``facility``, ``shared``, ``disabled_care``, ``served``,
        ``teaching_point``.
    """
    tables = {
        name: units[name].reindex(columns=["kind", "served", "teaching_point"]).assign(level=name).join(having[name])
        for name in (*_UNIT_LEVELS, "district")
        if name in units
    }
    if level != "district":
        own = tables.get(level)
        return {} if own is None else {place: own.loc[[place]] for place in frame.index}
    found: dict[object, list[pd.DataFrame]] = {place: [tables["district"].loc[[place]]] for place in frame.index}
    for name in _UNIT_LEVELS:
        if name in tables:
            above = _held_by(name, holders, units)
            for place, rows in tables[name].groupby(above):
                found[place].append(rows)
    return {place: pd.concat(parts) for place, parts in found.items()}


def having_of(facilities: gpd.GeoDataFrame, homes: pd.Series, units: pd.Index, giving: Bools) -> pd.DataFrame:
    """Tell of each unit whether a facility stands in it, and whether one cares for the destitute disabled.

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

    Returns
    -------
    pandas.DataFrame
        By unit ``facility``, ``other_tiers`` (facilities stand in it, but none that gives it one), ``disabled_care``,
        and ``shared``, false throughout: who shares is told by :func:`siting.assess.sharing.sharing_of`.
    """
    caring = facilities["disabled_destitute"].astype("boolean")
    surely, perhaps = (
        set(homes[mask.to_numpy(dtype=bool)].dropna()) for mask in (caring.fillna(value=False), caring.isna())
    )
    care = [True if unit in surely else None if unit in perhaps else False for unit in units]
    return pd.DataFrame(
        {
            "facility": units.isin(homes[giving].dropna()),
            "other_tiers": units.isin(homes.dropna()) & ~units.isin(homes[giving].dropna()),
            "shared": pd.array(np.zeros(len(units), dtype=bool), dtype="boolean"),
            "disabled_care": pd.array(care, dtype="boolean"),
        },
        index=units,
    )


def tier_notes(having: Mapping[str, pd.DataFrame], scenario: Scenario) -> Iterator[Note]:
    """Tell that units need a facility of a tier, and which have facilities of other tiers alone."""
    if not scenario.circle.by_tier:
        return
    told: dict[str, str | int] = {}
    for level, plural in (("street", "streets"), ("community", "communities")):
        alone = [] if level not in having else having[level].index[having[level]["other_tiers"]].astype(str).tolist()
        more = ["…"] if len(alone) > _MOST_NAMED else []
        told |= {plural: len(alone), f"{level}_ids": ", ".join([*alone[:_MOST_NAMED], *more]) or "–"}
    yield Note("facilities_by_tier", told)


def judge_units(clause: Clause, units: pd.DataFrame, level: str, *, complete: bool) -> tuple[Finding, list[str]]:
    """Judge a clause upon the units that count towards a place, and name those of which nothing is known.

    A layer of units that says nothing of home care or teaching points leaves ``no_data``; where the ledger may be
    incomplete a unit without a facility may have one. A community that is served by a shared facility has one, as far
    as the clause is on facilities.
    """
    if clause.of == "disabled_care":
        rows, column = units[units["level"] == level], "disabled_care"
    else:
        column = {"unit_coverage": "facility", "service_coverage": "served", "university_share": "teaching_point"}[
            clause.kind
        ]
        rows = units[units["level"].isin(_classes(clause, units))]
    words = unit_words(clause)
    if words and column != "disabled_care":
        if len(rows) and rows["kind"].isna().all():
            return clauses.unknown(), []
        rows = rows[rows["kind"].isin(words).to_numpy(dtype=bool)]
    has = rows[column].astype("boolean")
    if column == "facility":
        has |= rows["shared"].astype("boolean")
    unknown = has.isna()
    low = float((has.fillna(value=False)).sum())
    high = low + float(unknown.sum()) if complete or column in ("served", "teaching_point") else float(len(rows))
    part = {"unit_coverage": "covered", "service_coverage": "served", "university_share": "with_point"}[clause.kind]
    finding = judge(clause, {part: Span(low, high), "units": Span.exactly(float(len(rows)))})
    return finding, sorted(map(str, rows.index[unknown.to_numpy(dtype=bool)]))


def _classes(clause: Clause, units: pd.DataFrame) -> tuple[str, ...]:
    """Return the levels of the units that a clause counts; home care counts communities and villages."""
    named = tuple(level for level in clause.levels if level in _UNIT_LEVELS)
    if named:
        return named
    return ("community",) if (units["level"] == "community").any() else ("street",)


def _held_by(level: str, holders: Mapping[str, pd.Series], units: Mapping[str, gpd.GeoDataFrame]) -> pd.Series:
    """Follow the holders of a level's units up to the district."""
    above = holders[level]
    for name in ("street", "planning"):
        if name in units and name != level and above.isin(units[name].index).any():
            above = above.map(holders[name])
    return above
