"""The page: folium's map, our panel and switches, and everything that they need inside one file."""

import json
import math
import re
from collections.abc import Mapping
from html import escape
from importlib import resources
from itertools import count
from pathlib import Path
from string import Template
from typing import Any, Final

import folium
from branca.element import Element
from folium.utilities import JsCode

from siting.domain.nouns import Assessment, Proposal
from siting.text import Lang, say
from siting.version import __version__
from siting.write.files import write_text
from siting.write.webmap.geometry import bounds, geometries
from siting.write.webmap.ground import draw_circles, draw_ground
from siting.write.webmap.inline import SCHEME, inline
from siting.write.webmap.legend import legend
from siting.write.webmap.overlay import cell_data, draw_grid
from siting.write.webmap.panel import heading, panel
from siting.write.webmap.parts import PANES, Drawing, Image, MapLayer, Vector, together
from siting.write.webmap.places import UNIT_LEVELS, at_level, draw_places
from siting.write.webmap.popups import Popups
from siting.write.webmap.sites import draw_sites
from siting.write.webmap.wording import plain, words

_VIEWPORT: Final = re.compile(r'<meta name="viewport".*?/>', re.DOTALL)
_MAX_ZOOM: Final = 19
_TILES_Z: Final = 200
# Room that the card of layers takes from the right of the map, in pixels.
_CARD: Final = 270


def write_map(
    path: str | Path,
    assessment: Assessment,
    proposal: Proposal | None = None,
    *,
    lang: Lang = "zh",
    tiles: str | None = None,
) -> None:
    """Write the interactive map as one HTML file that opens without a network.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; written whole or not at all.
    assessment : Assessment
        What was found; with a plan, the state before it.
    proposal : Proposal, optional
        The plan: its stations and the state after it.
    lang : {"zh", "en"}
        Language that the page opens in; it holds both.
    tiles : str, optional
        URL template of map tiles to draw under everything else. The page then needs a network for them, and says so.
    """
    write_text(Path(path), map_html(assessment, proposal, lang=lang, tiles=tiles))


def map_html(
    assessment: Assessment, proposal: Proposal | None = None, *, lang: Lang = "zh", tiles: str | None = None
) -> str:
    """Return the interactive map as the text of one HTML file.

    Parameters
    ----------
    assessment : Assessment
        What was found; with a plan, the state before it.
    proposal : Proposal, optional
        The plan: its stations and the state after it.
    lang : {"zh", "en"}
        Language that the page opens in; it holds both.
    tiles : str, optional
        URL template of map tiles to draw under everything else.

    Returns
    -------
    str
        The page; the same input gives the same bytes.
    """
    popups = Popups()
    popups.learn(assessment.inputs.standards)
    cells = cell_data(assessment, popups)
    # Where no choice does what is asked there is nothing "after the plan".
    made = proposal if proposal is not None and proposal.selection.stages else None
    drawing = together(
        draw_sites(assessment, proposal, popups),
        draw_places(assessment, made, popups),
        draw_circles(assessment, made),
        draw_grid(assessment, clickable=cells is not None),
        draw_ground(assessment, proposal, popups),
    )
    shown = _extent(assessment)
    layers = (*drawing.layers, _tiles_layer()) if tiles else drawing.layers
    data = {**_data(assessment, drawing, popups, shown), "cells": cells}
    header, body, script = _folium(drawing, shown, tiles)
    title = words("map.page_title", title=plain(assessment.inputs.scenario.scenario.title))
    page = Template(_static("page.html")).substitute(
        lang="zh-CN" if lang == "zh" else "en",
        language=lang,
        title=escape(title.of(lang)),
        style=_static("page.css"),
        header=header,
        data=_json(data),
        helpers=_static("page.js"),
        heading=heading(assessment, proposal),
        panel=panel(assessment, proposal),
        legend=legend(layers),
        body=body,
        script=script,
        base=_base(tiles),
        **_labels(lang),
    )
    return inline(page)


def _labels(lang: Lang) -> dict[str, str]:
    return {
        "t_switch": words("map.switch_language").html(),
        "t_switch_name": escape(say("map.switch_language_name", lang)),
        "t_layers": words("map.layers").html(),
        "t_panel": words("map.panel").html(),
        "t_hide": escape(say("map.hide_panel", lang)),
        "t_fold": escape(say("map.toggle_layers", lang)),
        "t_map": escape(say("map.map_name", lang)),
        "t_review": words("map.review_number").html(),
        "t_made": words("map.made_with", version=__version__).html(),
    }


def _base(tiles: str | None) -> str:
    return words("map.base_own").html() if tiles is None else words("map.base_tiles", url=tiles).html()


def _tiles_layer() -> MapLayer:
    # Only the switch: folium makes the layer itself.
    return MapLayer("tiles", "ground", words("map.layer.tiles"), (Vector([], "base"),))


def _extent(assessment: Assessment) -> list[list[float]]:
    inputs = assessment.inputs
    for frame in (*(at_level(assessment, level) for level in UNIT_LEVELS), assessment.places, inputs.facilities):
        if len(frame) and math.isfinite(frame.total_bounds.sum()):
            return bounds(geometries(frame), inputs.crs)
    return [[-60.0, -180.0], [75.0, 180.0]]


def _data(assessment: Assessment, drawing: Drawing, popups: Popups, shown: list[list[float]]) -> dict[str, Any]:
    labels = {
        name: words(f"map.{name}").pair()
        for name in (
            "switch_language_name",
            "hide_panel",
            "show_panel",
            "toggle_layers",
            "zoom_in",
            "zoom_out",
            "close_popup",
            "map_name",
        )
    }
    headings = {
        name: words(f"map.popup.{name}").pair()
        for name in ("clauses", "required", "provided", "shortfall", "binding", "not_binding")
    }
    title = words("map.page_title", title=plain(assessment.inputs.scenario.scenario.title))
    return {
        "title": title.pair(),
        "labels": {**labels, **headings},
        "styles": drawing.styles,
        "icons": drawing.icons,
        "layers": {layer.key: _group_name(layer) for layer in drawing.layers if layer.group}
        | {"tiles": "tile_layer_tiles"},
        "bounds": shown,
        **popups.as_data(),
    }


def _folium(drawing: Drawing, shown: list[list[float]], tiles: str | None) -> tuple[str, str, str]:
    """Return folium's markup for the head and the body, and its script."""
    fresh = count(1)
    middle = [(shown[0][axis] + shown[1][axis]) / 2 for axis in (0, 1)]
    page_map = _named(
        folium.Map(
            location=middle,
            tiles=None,
            zoom_control=True,
            attributionControl=False,
            zoomSnap=0.1,
            zoomDelta=0.5,
        ),
        "main",
    )
    page_map.options["max_zoom"] = _MAX_ZOOM
    page_map.default_js = [("leaflet_js", f"{SCHEME}leaflet/leaflet.js")]
    page_map.default_css = [("leaflet_css", f"{SCHEME}leaflet/leaflet.css")]
    for name, (z_index, pointer) in PANES.items():
        pane = folium.map.CustomPane(name, z_index=z_index, pointer_events=pointer)
        _named(pane, name).add_to(page_map)
    if tiles is not None:
        # A blank attribution: the panel's foot names the source, and it must not be read as markup.
        _named(folium.TileLayer(tiles, attr=" ", name="tiles", max_zoom=_MAX_ZOOM), "tiles").add_to(page_map)
    for layer in drawing.layers:
        group = _named(folium.FeatureGroup(name=layer.key, show=layer.show), layer.key).add_to(page_map)
        for part in layer.parts:
            _named(_element(part), str(next(fresh))).add_to(group)
    fit = folium.FitBounds(shown, padding_top_left=(16, 16), padding_bottom_right=(_CARD, 16))
    _named(fit, "all").add_to(page_map)
    page_map.render()
    figure = page_map.get_root()
    # The page has a viewport of its own, which lets people zoom in.
    header = _VIEWPORT.sub("", figure.header.render())
    return header, figure.html.render(), figure.script.render()


def _element(part: Vector | Image) -> Element:
    if isinstance(part, Image):
        return folium.raster_layers.ImageOverlay(
            part.rgba,
            part.bounds,
            opacity=part.opacity,
            alt=part.alt,
            pixelated=False,
            pane=part.pane,
            class_name=f"picture-{part.css}",
        )
    options: dict[str, Any] = {
        "style": JsCode("siting.style"),
        "point_to_layer": JsCode("siting.point"),
        "pane": part.pane,
        "interactive": PANES[part.pane][1],
        "bubbling_mouse_events": False,
    }
    if part.canvas:
        options["renderer"] = JsCode(f"L.canvas({{pane: {json.dumps(part.pane)}, padding: 0.5}})")
    collection = {"type": "FeatureCollection", "features": part.features}
    return folium.GeoJson(collection, on_each_feature=JsCode("siting.each"), smooth_factor=0.6, **options)


def _named(element: Any, name: str) -> Any:  # noqa: ANN401 - folium has no types
    """Give an element a fixed id: folium draws random ones, and the same input must give the same bytes."""
    element._id = name  # noqa: SLF001 - folium offers no other way
    return element


def _group_name(layer: MapLayer) -> str:
    return f"feature_group_{layer.key}"


def _json(data: Mapping[str, Any]) -> str:
    """Return data as JSON that no markup can break out of."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _static(name: str) -> str:
    return (resources.files("siting.write.webmap") / "static" / name).read_text(encoding="utf-8")
