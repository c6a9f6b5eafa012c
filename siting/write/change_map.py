"""The map of a comparison: places coloured by the change of a figure, or by what it was before and after."""

from collections.abc import Iterator, Mapping
from html import escape
from importlib import resources
from typing import Any, Final

import geopandas as gpd
import numpy as np

from siting.crs import WGS84
from siting.domain.changes import Changes
from siting.domain.intervals import ENDS
from siting.text import Lang, say
from siting.write import changes as words
from siting.write.html import as_json
from siting.write.webmap.geometry import features
from siting.write.webmap.inline import script, style

# The levels from the coarsest, and the figures; 1 where more is better, -1 where less is, 0 where neither is.
_LEVELS: Final = ("city", "district", "planning", "street", "community", "residential_area")
_FIGURES: Final[Mapping[str, int]] = {
    "covered_share": 1,
    "elderly_uncovered": -1,
    "minutes_to_nearest": -1,
    "land_m2_per_resident": 1,
    "land_m2_per_elderly": 1,
    "land_gap_01_m2": -1,
    "land_gap_02_m2": -1,
    "residents": 0,
    "elderly": 0,
}
_FIGURES_AND_ENDS: Final = frozenset(_FIGURES) | {
    end for key in _FIGURES if key in ENDS for end in (ENDS[key].low, ENDS[key].high)
}
_SIDES: Final = ("change", "before", "after")
# Metres by which outlines are simplified.
_SIMPLER_M: Final = 5.0
# From less to more, or worse to better; and one colour from little to much. Both tell apart without red and green.
_DIVERGING: Final = ("#b35806", "#f1a340", "#fee0b6", "#d8daeb", "#998ec3", "#542788")
_SEQUENTIAL: Final = ("#f7f4e9", "#d9e0e8", "#a9bfd3", "#6d94b5", "#3b6e8f", "#1f4460")
_WORDS: Final = ("unknown", "only_old", "only_new", "same", "parts", "before", "after", "change")

STYLE: Final = """
.map-part{margin:1em 0 2em}
.map-part form{display:flex;flex-wrap:wrap;gap:.5em 1.5em;margin:.5em 0}
.map-part label{display:flex;gap:.5em;align-items:center}
.map-part select{font:inherit;padding:.2em .4em;max-width:18em}
#change-map{height:34em;max-height:80vh;border:1px solid #b8c0c6;background:#fff}
#change-legend{list-style:none;display:flex;flex-wrap:wrap;gap:.3em 1.2em;margin:.6em 0;padding:0;font-size:.9em}
#change-legend li{display:flex;gap:.4em;align-items:center}
#change-legend svg{flex:none}
.leaflet-popup-content table{margin:0;font-size:13px}
.leaflet-popup-content caption{font-weight:600}
@media print{.map-part form{display:none}#change-map{break-inside:avoid}}
"""


def parts_of_page(changes: Changes, lang: Lang) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """Return the markup, the style sheets and the scripts of the map; None if no place has a shape.

    Parameters
    ----------
    changes : Changes
        The comparison.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    tuple of str, tuple and tuple, or None
        Texts of the data are in JSON beside the map, which its script shows as text.
    """
    levels = {level: found for level in _LEVELS if (found := _level(changes, level, lang))}
    if not levels:
        return None
    known = {figure for places in levels.values() for place in places for figure in place["properties"]["figures"]}
    data = {
        "levels": [{"key": level, "name": say(f"level.{level}", lang)} for level in levels],
        "figures": [
            {"key": key, "name": words.figure_name(key, lang), "better": better, "share": key == "covered_share"}
            for key, better in _FIGURES.items()
            if key in known
        ],
        "places": levels,
        "words": {key: say(f"change.map.{key}", lang) for key in _WORDS},
        "first": words.level_of_places(changes),
        "colours": {"diverging": _DIVERGING, "sequential": _SEQUENTIAL},
    }
    choices = "".join(
        f'<label>{escape(say(f"change.map.{key}", lang))}<select id="change-{key}"></select></label>'
        for key in ("figure", "level", "side")
    )
    sides = "".join(f'<option value="{key}">{escape(say(f"change.map.{key}", lang))}</option>' for key in _SIDES)
    choices = choices.replace('<select id="change-side">', f'<select id="change-side">{sides}')
    title = escape(say("change.map.title", lang))
    markup = (
        f'<section class="map-part"><h2>{title}</h2><form>{choices}</form>'
        f'<div id="change-map" role="application" aria-label="{title}"></div><ul id="change-legend"></ul></section>'
        f'<script type="application/json" id="change-data">{as_json(data)}</script>'
    )
    own = (resources.files("siting.write.webmap") / "static" / "changes.js").read_text(encoding="utf-8")
    return markup, (style("leaflet/leaflet.css"), STYLE), (script("leaflet/leaflet.js"), own)


def _level(changes: Changes, level: str, lang: Lang) -> list[dict[str, Any]]:
    """Return the places of a level as features, with their figures as numbers and as texts."""
    places = changes.places[changes.places.index.get_level_values("level") == level]
    places = gpd.GeoDataFrame(places[places.geometry.notna()])
    if places.empty:
        return []
    table = changes.table[(changes.table["level"] == level) & changes.table["figure"].isin(list(_FIGURES_AND_ENDS))]
    rows = {str(key): words.by_figure(group) for key, group in table.groupby("id", sort=False)}
    ids = places.index.get_level_values("id").astype(str).tolist()
    names, only = places["name"].tolist(), places["only_in"].tolist()
    metric = places.to_crs(places.estimate_utm_crs() or WGS84)

    def properties(row: int) -> dict[str, Any]:
        name = names[row] if isinstance(names[row], str) else ids[row]
        told = dict(_figures(changes, rows.get(ids[row], {}), lang))
        return {"id": ids[row], "name": name, "only": only[row] if isinstance(only[row], str) else "", "figures": told}

    return features(metric, WGS84, properties, tolerance_m=_SIMPLER_M, shared_borders=level != "residential_area")


def _figures(changes: Changes, rows: Mapping[str, Mapping[Any, Any]], lang: Lang) -> Iterator[tuple[str, Any]]:
    """Yield the figures of a place: numbers and texts before, after and of the change, and the parts of the change."""
    for figure in _FIGURES:
        row = rows.get(figure)
        if row is None:
            continue
        numbers = {side: _number(row[side]) for side in _SIDES}
        if numbers["before"] is None and numbers["after"] is None:
            continue
        texts = {side: words.figure_at(rows, figure, side) for side in ("before", "after")}
        texts["change"] = words.change_text(figure, float(row["change"]))
        parts = [
            [words.part_text(key, lang), words.change_text(figure, float(row[f"by_{key}"]))]
            for key in (changes.differ if changes.is_split else ())
            if np.isfinite(row[f"by_{key}"]) and row[f"by_{key}"]
        ]
        yield figure, {"numbers": numbers, "texts": texts, "parts": parts}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
