"""Residential areas and units as layers, coloured by the results."""

import itertools
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from siting.domain.nearest import nearest_facilities
from siting.domain.nouns import Assessment, Proposal
from siting.write.webmap import icons, style
from siting.write.webmap.geometry import Properties, compact, features
from siting.write.webmap.parts import Drawing, MapLayer, Vector, legend_of
from siting.write.webmap.popups import PLACE_ROWS, Popups, checks_of
from siting.write.webmap.style import Step
from siting.write.webmap.wording import Words, missing, number, words

AREA: Final = "residential_area"
# From the largest to the smallest, in the order of the list.
UNIT_LEVELS: Final = ("city", "district", "planning", "street", "community")
_CHOICE: Final = "areas"
_COVERAGE: Final = "coverage"
_ON_NEAREST: Final = ("nearest_facility", "minutes_to_nearest")
# Ways to nearest facilities, today's and the plan's (:class:`siting.domain.what_if.WhatIf`).
Ways = Mapping[Literal["today", "plan"], gpd.GeoDataFrame]
WAY_STYLES: Final[Mapping[str, style.Style]] = {
    "today": {"color": style.BEFORE, "weight": 3.5, "opacity": 0.95, "dashArray": "7 5", "fill": False},
    "plan": {"color": style.AFTER, "weight": 3.5, "opacity": 0.95, "dashArray": "2 6", "fill": False},
}


class _Colouring(NamedTuple):
    key: str
    title: str
    keys: list[str]
    steps: tuple[Step, ...]
    caption: Words | None


def draw_places(
    assessment: Assessment,
    proposal: Proposal | None,
    popups: Popups,
    ways: Ways | None = None,
    *,
    by_level: bool = False,
) -> Drawing:
    """Return the choropleths of the residential areas, and each level of units with its verdicts.

    ``by_level`` the units of each level are also coloured by coverage, before and after.
    """
    after = proposal.after if proposal is not None else None
    _tell_places(assessment, after, popups, ways or {})
    coverage = _coverage_by_level(assessment, after) if by_level else _coverage_of_units(assessment)
    layers = [*_areas(assessment, after), *coverage, *_units(assessment)]
    share = style.share_steps(assessment.inputs.scenario.circle.pass_share)
    styles = style.path_styles((*style.reach_steps(), *share, *style.verdict_steps()), opacity=0.78)
    styles |= style.path_styles(style.clause_steps(), opacity=0.82)
    of_units = [(style.verdict_steps(), 0.5), (style.clause_steps(), 0.7)]
    of_units += [(share, 0.7)] if at_level(assessment, AREA).empty else []
    if by_level:
        # Nothing lies under the colours of an index, so they can be those of its legend.
        of_units[-1] = (style.on_paper(share, 0.7), 1.0)
    for steps, opacity in of_units:
        styles |= {f"unit_{key}": look for key, look in style.path_styles(steps, opacity=opacity).items()}
    return Drawing(tuple(layers), styles, {})


def at_level(assessment: Assessment, level: str) -> gpd.GeoDataFrame:
    """Return the places of a level, indexed by id; empty without the level."""
    places = assessment.places
    return places[places.index.get_level_values(0) == level].droplevel(0)


def place_key(level: str, place_id: object) -> str:
    """Return the key of a place's popup."""
    return f"{level}/{place_id}"


def _tell_places(assessment: Assessment, after: Assessment | None, popups: Popups, ways: Ways) -> None:
    checks = checks_of(assessment)
    later = _records(after) if after is not None else {}
    for of, records in ((assessment, found := _records(assessment)), (after, later)):
        for place, key in ({} if of is None else _nearest(of)).items():
            records.get(place, {})["nearest_facility"] = key
    for place, record in found.items():
        level, place_id = place
        popups.add(
            place_key(level, place_id),
            place_id if missing(record.get("name")) else record["name"],
            _kind(level, record),
            _with_way(_rows(popups, record, later.get(place)), popups, ways, place),
            verdict=record.get("verdict"),
            checks=[popups.check(check) for check in checks.get(place, ())],
        )


def _nearest(assessment: Assessment) -> dict[Any, str]:
    """Return by (level, id) the popup of the facility that is nearest to most elderly people there."""
    if "nearest" not in assessment.cells:
        return {}
    known = set(assessment.inputs.facilities.index)
    return {
        (level, place): f"{'facility' if key in known else 'proposed'}/{key}"
        for level in (AREA, "community")
        for place, key in nearest_facilities(assessment, level).items()
    }


def _rows(popups: Popups, record: Mapping[str, Any], after: Mapping[str, Any] | None) -> list[list[Any]]:
    # If residents are the basis, land within reach per person is already the land per resident.
    by_elderly = record.get("land_method") == "reach" and str(record.get("land_basis")).startswith("elderly")
    keys = [key for key in PLACE_ROWS if key != "land_reach_m2_per_person" or by_elderly]
    return popups.rows(keys, {**record, "edge_effect": record.get("edge_effect") or None}, after)


def _with_way(
    rows: list[list[Any]],
    popups: Popups,
    ways: Ways,
    place: Any,  # noqa: ANN401 - level and id
) -> list[list[Any]]:
    """Return the lines with one more, after those on the nearest facility, on the way that is drawn with the popup.

    It tells minutes and metres, and those of the plan's way beside them.
    """
    level, place_id = place
    told = {
        when: _way_words(table.loc[place_id])
        for when, table in ways.items()
        if level == AREA and place_id in table.index
    }
    if not told:
        return rows
    line = popups.told("map.popup.way", told.get("today") or Words("–", "–"), told.get("plan"))
    at = 1 + max((row for row, (key, *_) in enumerate(rows) if key in _ON_NEAREST), default=len(rows) - 1)
    return [*rows[:at], line, *rows[at:]]


def _way_words(way: pd.Series) -> Words:
    metres, minutes = number(float(way["metres"]), 0), number(float(way["minutes"]), 1)
    return words("map.popup.way_value", minutes=minutes, metres=metres)


def way_data(ways: Ways, crs: CRS) -> dict[str, Any]:
    """Return the ways for the page's script, by the key of the area's popup: whole steps of 10⁻⁵ degrees."""
    found: dict[str, dict[str, Any]] = {}
    for when, table in ways.items():
        areas = table.index
        drawn = features(table, crs, tolerance_m=2.0)
        for area, each in zip(areas, compact(drawn), strict=True):
            found.setdefault(place_key(AREA, area), {})[when] = each["c"]
    return found


def _records(assessment: Assessment) -> dict[Any, dict[str, Any]]:
    table = pd.DataFrame(assessment.places.drop(columns=assessment.places.geometry.name))
    rows = ({str(key): value for key, value in record.items()} for record in table.to_dict("records"))
    return dict(zip(assessment.places.index, rows, strict=True))


def _kind(level: str, record: Mapping[str, Any]) -> Words:
    kind = record.get("kind")
    named = words(f"level.{level}")
    if missing(kind):
        return named
    detail = words(f"status.{kind}")
    return Words(f"{named.zh} · {detail.zh}", f"{named.en} · {detail.en}")


def _areas(assessment: Assessment, after: Assessment | None) -> list[MapLayer]:
    areas = at_level(assessment, AREA)
    if areas.empty:
        return []
    layers = [_area_layer(assessment, areas, colouring) for colouring in _colourings(assessment, areas, after)]
    none = MapLayer("area_none", "areas", words("map.layer.area_none"), (), show=False, choice=_CHOICE)
    return [*layers, none]


def _colourings(assessment: Assessment, areas: gpd.GeoDataFrame, after: Assessment | None) -> list[_Colouring]:
    mark = assessment.inputs.scenario.circle.pass_share
    share_steps = style.share_steps(mark)
    share_caption = words("map.legend.share_unit")
    reach = [style.reach_key(ratio) for ratio in areas["land_reach_m2_per_person"]]
    found = [
        _Colouring(
            "area_reach",
            "area_reach",
            reach,
            style.reach_steps(),
            words("map.legend.reach_unit", basis=_basis(assessment)),
        ),
        _Colouring(
            "area_covered",
            "area_covered_only" if after is None else "area_covered",
            [style.share_key(share, mark) for share in areas["covered_share"]],
            share_steps,
            share_caption,
        ),
    ]
    if after is not None:
        shares = at_level(after, AREA)["covered_share"].reindex(areas.index)
        keys = [style.share_key(share, mark) for share in shares]
        found.append(_Colouring("area_covered_after", "area_covered_after", keys, share_steps, share_caption))
    verdicts = [style.verdict_key(verdict) for verdict in areas["verdict"]]
    return [*found, _Colouring("area_verdict", "area_verdict", verdicts, style.verdict_steps(), None)]


def _basis(assessment: Assessment) -> Words:
    return words(f"basis.{assessment.totals.get('land_basis') or 'resident_current'}")


def _area_layer(assessment: Assessment, areas: gpd.GeoDataFrame, colouring: _Colouring) -> MapLayer:
    def properties(row: int) -> Properties:
        return {"s": colouring.keys[row], "k": place_key(AREA, areas.index[row])}

    # The shapes of the first colouring serve the others too.
    like = "" if colouring.key == "area_reach" else "area_reach"

    return MapLayer(
        key=colouring.key,
        group="areas",
        title=words(f"map.layer.{colouring.title}"),
        parts=(Vector(features(areas, assessment.inputs.crs, properties), "areas", like),),
        show=colouring.key == "area_reach",
        by_clause=legend_of(style.clause_steps(), icons.swatch) if colouring.key == "area_verdict" else (),
        choice=_CHOICE,
        caption=colouring.caption,
        legend=legend_of(colouring.steps, icons.swatch),
    )


def _coverage_of_units(assessment: Assessment) -> list[MapLayer]:
    """Return the coverage of the finest units, for maps without residential areas."""
    drawn = [units for level in UNIT_LEVELS if len(units := at_level(assessment, level))]
    if len(at_level(assessment, AREA)) or not drawn:
        return []
    units, mark = drawn[-1], assessment.inputs.scenario.circle.pass_share

    def properties(row: int) -> Properties:
        key = style.share_key(units["covered_share"].iloc[row], mark)
        return {"s": f"unit_{key}", "k": place_key(str(units["level"].iloc[row]), units.index[row])}

    found = features(units, assessment.inputs.crs, properties, tolerance_m=4.0, shared_borders=True)
    return [
        MapLayer(
            key="units_covered",
            group="units",
            title=words("map.layer.area_covered_only"),
            parts=(Vector(found, "units"),),
            caption=words("map.legend.share_unit"),
            legend=legend_of(style.share_steps(mark), icons.swatch),
        )
    ]


def _coverage_by_level(assessment: Assessment, after: Assessment | None) -> list[MapLayer]:
    """Return the coverage of the units of each level, before and after; the finest level is shown, before."""
    mark = assessment.inputs.scenario.circle.pass_share
    levels = [level for level in reversed(UNIT_LEVELS) if len(at_level(assessment, level))]
    states = [("covered", assessment), *([("covered_after", after)] if after is not None else [])]
    layers: list[MapLayer] = []
    for (when, state), level in itertools.product(states, levels):
        units = at_level(assessment, level)
        shares = at_level(state, level)["covered_share"].reindex(units.index)
        keys = [f"unit_{style.share_key(share, mark)}" for share in shares]

        def properties(row: int, level: str = level, ids: pd.Index = units.index, keys: list[str] = keys) -> Properties:
            return {"s": keys[row], "k": place_key(level, ids[row])}

        found = features(units, assessment.inputs.crs, properties, tolerance_m=4.0, shared_borders=True)
        title = f"{when}_before" if after is not None and when == "covered" else when
        like = "" if when == "covered" else f"covered_{level}"
        layers.append(
            MapLayer(
                key=f"{when}_{level}",
                group="coverage",
                title=words(f"map.layer.{title}", level=words(f"level.{level}")),
                parts=(Vector(found, "units", like),),
                show=not layers,
                choice=_COVERAGE,
                caption=words("map.legend.share_unit"),
                legend=legend_of(style.on_paper(style.share_steps(mark), 0.7), icons.swatch),
            )
        )
    none = MapLayer("covered_none", "coverage", words("map.layer.area_none"), (), show=False, choice=_COVERAGE)
    return [*layers, none]


def _units(assessment: Assessment) -> list[MapLayer]:
    layers = []
    for level in UNIT_LEVELS:
        units = at_level(assessment, level)
        if units.empty:
            continue

        def properties(row: int, level: str = level, units: gpd.GeoDataFrame = units) -> Properties:
            key = style.verdict_key(units["verdict"].iloc[row])
            return {"s": f"unit_{key}", "k": place_key(level, units.index[row])}

        found = features(units, assessment.inputs.crs, properties, tolerance_m=4.0, shared_borders=True)
        layers.append(
            MapLayer(
                key=f"unit_{level}",
                group="units",
                title=words("map.layer.units", level=words(f"level.{level}")),
                parts=(Vector(found, "units"),),
                show=False,
                legend=legend_of(style.verdict_steps(), icons.swatch),
                by_clause=legend_of(style.clause_steps(), icons.swatch),
            )
        )
    return layers
