"""Reporting units: the layers of the levels, levels that are the union of another, and missing kinds."""

from collections.abc import Iterable, Mapping
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from siting.domain.scenario import Level, Scenario, UnitLayer
from siting.domain.standards import Standard
from siting.domain.tables import UNIT_COLUMNS
from siting.domain.unit_kinds import kind_of_word
from siting.read.extent_unit import extent_levels, made_unit
from siting.read.geometry.pieces import usable
from siting.read.log import LayerLog, Log, listed, quoted
from siting.read.names import kind_of
from siting.read.tables.converters import TEXT_DTYPE
from siting.read.tables.finish import absent

# The levels whose names of units end in kinds.
_NAMED_BY_KIND: Final = ("street", "community")


def check_unions(scenario: Scenario, log: Log) -> None:
    """Note a fault for each level that is the union of a level without its own layer."""
    with_layer = [level for level, unit in scenario.units.items() if not unit.is_made]
    for level, unit in scenario.units.items():
        if unit.union_of is not None and unit.union_of not in with_layer:
            log.layer(f"units.{level}").fault(
                "union_without_layer", field="union_of", found=unit.union_of, expected=listed(with_layer)
            )
    if not with_layer and not extent_levels(scenario):
        log.layer("units").fault("no_units")


def with_unions(scenario: Scenario, layers: Mapping[str, gpd.GeoDataFrame], crs: CRS) -> dict[str, gpd.GeoDataFrame]:
    """Return the units of every level, in the scenario's order.

    Parameters
    ----------
    scenario : Scenario
        Tells which levels are unions.
    layers : mapping of str to geopandas.GeoDataFrame
        The levels that have a layer, in the working CRS.
    crs : pyproj.CRS
        The working CRS.
    """
    return {
        level: layers[level] if unit.union_of is None else _union(level, unit, scenario, layers, crs)
        for level, unit in scenario.units.items()
        if not unit.of_extent
    }


def _union(
    level: Level, unit: UnitLayer, scenario: Scenario, layers: Mapping[str, gpd.GeoDataFrame], crs: CRS
) -> gpd.GeoDataFrame:
    """Return the only row of a union: its id is the level's name unless ``defaults`` gives one."""
    members = None if unit.union_of is None else layers.get(unit.union_of)
    if members is None:
        return absent(UNIT_COLUMNS, crs)
    # Refused units cannot be merged; their fault is already reported.
    members = members[usable(members.geometry.to_numpy())]
    if members.empty:
        return absent(UNIT_COLUMNS, crs)
    return made_unit(scenario, level, shapely.union_all(members.geometry.to_numpy()), crs, names=members["name"])


def with_kinds(level: Level, units: gpd.GeoDataFrame, standards: Iterable[Standard], log: LayerLog) -> gpd.GeoDataFrame:
    """Return units with the known kinds: those of the layer, or the endings of all names if it has none.

    Parameters
    ----------
    level : str
        Level of the units; the kind of districts is left unchanged.
    units : geopandas.GeoDataFrame
        The level's table.
    standards : iterable of Standard
        Kinds that their clauses name are known words.
    log : LayerLog
        Takes the notes ``kinds_understood`` (words that were interpreted as a kind), ``kinds_unknown`` (words for no
        kind, which are blank from then on) and ``kinds_from_names``.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from siting.read.log import Log
    >>> from siting.read.reporting_units import with_kinds
    >>> units = gpd.GeoDataFrame({"name": ["凤鸣", "石桥村"], "kind": ["居委会", "农场"]}, index=["1", "2"])
    >>> with_kinds("community", units, [], Log().layer("units.community"))["kind"].tolist()
    ['社区', nan]
    """
    if level not in _NAMED_BY_KIND or units.empty:
        return units
    units = _with_known_kinds(level, units, standards, log)
    if units["kind"].notna().any() or units["name"].isna().any():
        return units
    # 新村 is a housing estate as often as a community or village.
    kinds = [None if str(name).strip().endswith("新村") else kind_of(str(name), level) for name in units["name"]]
    if None in kinds:
        return units
    log.note("kinds_from_names", count=len(kinds), kinds=listed(sorted({str(kind) for kind in kinds})))
    return units.assign(kind=pd.Series(kinds, index=units.index, dtype=TEXT_DTYPE))


def _with_known_kinds(
    level: Level, units: gpd.GeoDataFrame, standards: Iterable[Standard], log: LayerLog
) -> gpd.GeoDataFrame:
    """Return units with the kinds of documents; other words are noted, and become blank."""
    own = {kind for each in standards for clause in each.clauses for kind in clause.unit_kinds}
    counts = units["kind"].value_counts(sort=True)
    found = {str(word): word if word in own else kind_of_word(str(word)) for word in counts.index}
    read = [f"{word} → {kind} ({counts[word]})" for word, kind in found.items() if kind not in (None, word)]
    lost = [f"{word} ({counts[word]})" for word, kind in found.items() if kind is None]
    if read:
        log.note("kinds_understood", words=listed(read))
    if lost:
        count = int(sum(counts[word] for word, kind in found.items() if kind is None))
        first = next(word for word, kind in found.items() if kind is None)
        log.note("kinds_unknown", count=count, words=listed(lost), section=f"units.{level}", first=quoted(first))
    if not read and not lost:
        return units
    return units.assign(kind=units["kind"].map(found, na_action="ignore").astype(TEXT_DTYPE))


def tell_kinds(chosen: Iterable[Standard], units: Mapping[str, gpd.GeoDataFrame], log: Log) -> None:
    """Note the levels without any kinds of units, if clauses on coverage apply only to some kinds."""
    for level, frame in units.items():
        asking = [
            f"{each.number} {clause.id}"
            for each in chosen
            for clause in each.clauses
            if clause.kind == "unit_coverage" and clause.unit_kinds and level in clause.levels
        ]
        if asking and len(frame) and frame["kind"].isna().all():
            log.layer(f"units.{level}").note(
                "unit_kinds_missing", section=f"units.{level}", count=len(frame), clauses=listed(asking)
            )
