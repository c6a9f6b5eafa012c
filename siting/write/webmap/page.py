"""The page: the map, the panel and switches, and everything that they need, in one file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from siting.domain.called import record_names
from siting.domain.nouns import Assessment, Proposal
from siting.domain.what_if import WhatIf
from siting.text import Lang, say
from siting.version import __version__
from siting.write.files import write_text
from siting.write.html import as_json, document
from siting.write.webmap.code import BESIDE, scripts, static, styles
from siting.write.webmap.geometry import bounds, compact, geometries
from siting.write.webmap.ground import draw_circles, draw_ground
from siting.write.webmap.legend import legend
from siting.write.webmap.links import draw_links
from siting.write.webmap.overlay import cell_data, draw_grid
from siting.write.webmap.packing import pressed
from siting.write.webmap.panel import heading, panel, review_number, sources
from siting.write.webmap.parts import CANVASES, LEVELS, Drawing, MapLayer, Names, Vector, together
from siting.write.webmap.places import AREA, UNIT_LEVELS, WAY_STYLES, at_level, draw_places, way_data
from siting.write.webmap.popups import Popups
from siting.write.webmap.sites import draw_sites
from siting.write.webmap.skeleton import MAX_ZOOM, group_name, skeleton
from siting.write.webmap.tiles import source
from siting.write.webmap.what_if import held, held_solver, solver_line, tabs, waiting_texts
from siting.write.webmap.wording import plain, words

_WHY: Final = ("gap", "gap_bare", "over", "over_bare", "met", "open", "open_bare", "bare")
_LISTED: Final = ("proposed", "facility", AREA, *UNIT_LEVELS)
# Columns of the table of an index; it is sorted by the first, the largest first.
_LISTED_IN_INDEX: Final = ("elderly_uncovered", "covered_share", "land_gap_02_m2")
_ON_PAPER: Final = ("print", "a3_landscape", "a4_landscape", "a4_portrait", "north", "legend", "sources", "stations")


@dataclass(frozen=True)
class InFolder:
    """What a page has as one of several in a folder.

    Parameters
    ----------
    aside : str
        Our own markup for the top of the panel.
    index : bool
        It shows the whole by units of several levels, and leads to the other pages; otherwise it shows one part.
    leads : mapping of str to str
        Addresses of other pages, by the keys of the popups that lead to them.
    """

    aside: str
    index: bool = False
    leads: Mapping[str, str] = field(default_factory=dict)


def write_map(
    path: str | Path,
    assessment: Assessment,
    proposal: Proposal | None = None,
    *,
    lang: Lang = "zh",
    tiles: str | None = None,
    what_if: WhatIf | None = None,
    solver: bool = True,
) -> None:
    """Write the interactive map as one HTML file that opens without a network.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; written completely or not at all.
    assessment : Assessment
        The results; with a plan, the state before it.
    proposal : Proposal, optional
        The plan: its stations and the state after it.
    lang : {"zh", "en"}
        The initial language of the page; it contains both.
    tiles : str, optional
        URL template of map tiles that are drawn under everything else. The page then needs a network for them, and says
        so.
    what_if : WhatIf, optional
        What the reader may change (:func:`siting.pipeline.what_if.what_if`); without it the page only shows.
    solver : bool
        Whether the page can solve such a choice again (HiGHS, 1.6 MB).
    """
    page = map_html(assessment, proposal, lang=lang, tiles=tiles, what_if=what_if, solver=solver)
    write_text(Path(path), page)


def map_html(
    assessment: Assessment,
    proposal: Proposal | None = None,
    *,
    lang: Lang = "zh",
    tiles: str | None = None,
    what_if: WhatIf | None = None,
    solver: bool = False,
    folder: InFolder | None = None,
) -> str:
    """Return the interactive map as the text of one HTML file.

    Parameters
    ----------
    assessment : Assessment
        The results; with a plan, the state before it.
    proposal : Proposal, optional
        The plan: its stations and the state after it.
    lang : {"zh", "en"}
        The initial language of the page; it contains both.
    tiles : str, optional
        URL template of map tiles to draw under everything else.
    what_if : WhatIf, optional
        What the reader may change; without it the page only shows.
    solver : bool
        Whether the page can solve such a choice again (HiGHS, 1.6 MB).
    folder : InFolder, optional
        What it has as a page of a folder: there its styles and scripts are files beside it, and it has no what-if.

    Returns
    -------
    str
        The page; the same input gives the same bytes.
    """
    inputs = assessment.inputs
    popups = Popups(names=record_names(inputs.facilities, inputs.residential_areas, inputs.units.values()))
    popups.learn(assessment.inputs.standards)
    index, part = (folder is not None and folder.index), (folder is not None and not folder.index)
    cells = cell_data(assessment, popups, part=part)
    # If no choice satisfies the request there is no state "after the plan".
    made = proposal if proposal is not None and proposal.selection.stages else None
    ways = {} if what_if is None else what_if.ways
    drawing = together(
        draw_sites(assessment, proposal, popups),
        draw_places(assessment, made, popups, ways, by_level=index),
        *([] if index else [draw_circles(assessment, made)]),
        draw_links(assessment, made),
        draw_grid(assessment, clickable=cells is not None, part=part),
        draw_ground(assessment, proposal, popups, by_level=index),
    )
    shown = _extent(assessment)
    layers = (*drawing.layers, _tiles_layer()) if tiles else drawing.layers
    solves = solver and what_if is not None and not assessment.inputs.candidates.empty
    lines = {"ways": way_data(ways, inputs.crs), "way_styles": WAY_STYLES} if ways else {}
    more = {**lines, "cells": cells, "tiles": _tiles(tiles), "extent": shown, "what_if": waiting_texts()}
    data = {**_data(assessment, drawing, popups), **more, **({} if folder is None else _led(folder))}
    title = words("map.page_title", title=plain(assessment.inputs.scenario.scenario.title))
    body = Template(static("page.html")).substitute(
        data=as_json({"packed": pressed(as_json(data).encode("utf-8"))}),
        held="" if what_if is None else held(what_if, assessment) + (held_solver() if solves else ""),
        **tabs(shown=what_if is not None),
        heading=heading(assessment, proposal),
        panel=("" if folder is None else folder.aside) + panel(assessment, proposal, part=part),
        legend=legend(layers),
        t_review=review_number(assessment),
        base=_base(tiles),
        sources=sources(assessment),
        made=solver_line(shown=solves),
        **_labels(lang),
    )
    return document(
        lang=lang,
        title=title.of(lang),
        body=body,
        styles=() if folder else styles(),
        scripts=(*(() if folder else scripts()), skeleton(drawing.layers, shown), "siting.start(map_main);"),
        images=() if tiles is None else source(tiles),
        workers=solves,
        beside=BESIDE if folder else None,
    )


def _led(folder: InFolder) -> dict[str, Any]:
    """Return the data of a page that leads to others: their addresses, and the columns of its table."""
    if not folder.index:
        return {}
    return {"leads": dict(folder.leads), "lead": words("map.parts.open").pair(), "listed": list(_LISTED_IN_INDEX)}


def _labels(lang: Lang) -> dict[str, str]:
    return {
        "t_switch": words("map.switch_language").html(),
        "t_switch_name": escape(say("map.switch_language_name", lang)),
        "t_layers": words("map.layers").html(),
        "t_loading": words("map.loading").html(),
        "t_broken": words("map.broken").html(),
        "t_panel": words("map.panel").html(),
        "t_hide": escape(say("map.hide_panel", lang)),
        "t_sheet": escape(say("map.sheet_peek", lang)),
        "t_find": escape(say("map.find", lang)),
        "t_table": words("map.list").html(),
        "t_table_name": escape(say("map.list", lang)),
        "t_fold": escape(say("map.toggle_layers", lang)),
        "t_map": escape(say("map.map_name", lang)),
        **{f"t_{name}": words(f"map.print.{name}").html() for name in _ON_PAPER},
        "t_made": words("map.made_with", version=__version__).html(),
    }


def _base(tiles: str | None) -> str:
    return words("map.base_own").html() if tiles is None else words("map.base_tiles", url=tiles).html()


def _tiles_layer() -> MapLayer:
    # Only the switch: the page's script creates the layer itself.
    return MapLayer("tiles", "ground", words("map.layer.tiles"), (Vector([], "base"),))


def _tiles(tiles: str | None) -> dict[str, Any] | None:
    return None if tiles is None else {"url": tiles, "most": MAX_ZOOM}


def _extent(assessment: Assessment) -> list[list[float]]:
    inputs = assessment.inputs
    for frame in (*(at_level(assessment, level) for level in UNIT_LEVELS), assessment.places, inputs.facilities):
        if len(frame) and math.isfinite(frame.total_bounds.sum()):
            return bounds(geometries(frame), inputs.crs)
    return [[-60.0, -180.0], [75.0, 180.0]]


def _data(assessment: Assessment, drawing: Drawing, popups: Popups) -> dict[str, Any]:
    labels = {
        name: words(f"map.{name}").pair()
        for name in (
            "switch_language_name",
            "hide_panel",
            "show_panel",
            "sheet_peek",
            "sheet_half",
            "sheet_full",
            "toggle_layers",
            "zoom_in",
            "zoom_out",
            "close_popup",
            "map_name",
            "find_hint",
            "nothing_found",
            "column_name",
        )
    }
    headings = {
        name: words(f"map.popup.{name}").pair()
        for name in ("clauses", "all_clauses", "binding", "not_binding", "binding_unsaid")
    }
    title = words("map.page_title", title=plain(assessment.inputs.scenario.scenario.title))
    return {
        "title": title.pair(),
        "labels": {**labels, **headings},
        "why": {name: words(f"map.why.{name}").pair() for name in _WHY},
        "levels": {name: words(f"map.table.{name}").pair() for name in _LISTED},
        "styles": drawing.styles,
        "icons": drawing.icons,
        "groups": {layer.key: group_name(layer) for layer in drawing.layers if layer.group},
        "canvases": list(CANVASES),
        "parts": [_part(layer, part) for layer in drawing.layers for part in layer.parts if isinstance(part, Vector)],
        "names": [_names(layer, part) for layer in drawing.layers for part in layer.parts if isinstance(part, Names)],
        **popups.as_data(),
    }


def _part(layer: MapLayer, part: Vector) -> dict[str, Any]:
    """Return features for the page's script, with the canvas on which they are drawn."""
    level = LEVELS[part.level]
    styles = [each["properties"]["s"] for each in part.features]
    return {
        "group": group_name(layer),
        "pane": level.pane,
        "level": level.order,
        "interactive": level.clicks,
        **(
            {"like": f"feature_group_{part.like}", "styles": styles}
            if part.like
            else {"features": compact(part.features)}
        ),
    }


def _names(layer: MapLayer, part: Names) -> dict[str, Any]:
    shown = {"kind": part.kind, "rank": part.rank, "names": part.names, **({"from": part.least} if part.least else {})}
    return {"group": group_name(layer), **shown}
