"""The map of the extents of the layers, which ``siting inspect`` draws."""

from itertools import cycle
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from siting.crs import WGS84
from siting.domain.nouns import Inputs
from siting.text import Lang, say
from siting.write.account import SIDES, is_unit, layer_frame
from siting.write.figures import Chart, brief, choose_font, dress
from siting.write.naming import layer_name

_GROUND, _EDGE = "#eef1ea", "#8a8f94"
_COLOURS: Final = ("#3b6e8f", "#d1793b", "#5b8c5a", "#8e5ea2", "#b5485d", "#4aa3a2", "#8a6d3b", "#5c6bc0")
_DASHES: Final = ("-", "--", "-.", ":")
_COARSEST: Final = ("city", "district", "planning", "street", "community")
_POINTS: Final = {"facilities": "o", "candidates": "^", "context.facilities": "s"}
# Degrees by which outlines are simplified: not visible at the size of this map.
_SIMPLER: Final = 2e-4
# A rectangle is enlarged by this share of the whole, so that equal ones do not hide each other.
_STEP: Final = 0.008
_STEEPEST: Final = 85.0


def draw_extents(layers: pd.DataFrame, inputs: Inputs | None, lang: Lang) -> Chart:
    """Draw the extents of the layers, in WGS84 degrees: units as areas, ledgers as points, others as rectangles.

    Parameters
    ----------
    layers : pandas.DataFrame
        The result of :func:`siting.write.account.layers_table`.
    inputs : Inputs or None
        The inputs; without them units and ledgers are rectangles too.
    lang : {"zh", "en"}
        Language; English without a Chinese font on the machine.

    Returns
    -------
    Chart
        One figure with its legend beside the map.
    """
    font, lang = choose_font(lang)
    figure = Chart(figsize=(9, 5.6), layout="constrained")
    axes = figure.subplots()
    known = layers[layers[list(SIDES)].notna().all(axis=1)]
    handles = _ground(axes, known, inputs, lang) + _others(axes, known, inputs, lang)
    _frame(axes, known)
    axes.set_xlabel(say("inspect.longitude", lang))
    axes.set_ylabel(say("inspect.latitude", lang))
    axes.set_title(say("inspect.map_title" if len(known) else "inspect.no_extent", lang), loc="left")
    if handles:
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=9)
    dress(figure, (axes,), font)
    return figure


def _ground(axes: Axes, known: pd.DataFrame, inputs: Inputs | None, lang: Lang) -> list[Any]:
    """Draw the units: the coarsest level filled, the finer ones as outlines."""
    handles: list[Any] = []
    coarsest = {f"units.{level}": number for number, level in enumerate(_COARSEST)}
    keys = sorted((key for key in known["key"] if is_unit(key)), key=lambda key: coarsest[key])
    for key, width in zip(keys, np.linspace(1.2, 0.5, len(keys)), strict=True):
        frame = None if inputs is None else layer_frame(inputs, key)
        if frame is None or frame.empty:
            row = known[known["key"] == key].iloc[0]
            axes.add_patch(_box(row, 0.0, facecolor=_GROUND, edgecolor=_EDGE, linewidth=1.2, zorder=0))
        else:
            shapes = frame.geometry.to_crs(WGS84).simplify(_SIMPLER)
            shapes.plot(ax=axes, facecolor=_GROUND, edgecolor=_EDGE, linewidth=width, zorder=0, aspect=None)
        handles.append(Patch(facecolor=_GROUND, edgecolor=_EDGE, linewidth=width, label=brief(layer_name(key, lang))))
    return handles


def _others(axes: Axes, known: pd.DataFrame, inputs: Inputs | None, lang: Lang) -> list[Any]:
    handles: list[Any] = []
    others = known[[not is_unit(key) for key in known["key"]]]
    looks = zip(cycle(_COLOURS), (dash for dash in cycle(_DASHES) for _ in _COLOURS), strict=False)
    span = float((known[["east", "north"]].max().to_numpy() - known[["west", "south"]].min().to_numpy()).max())
    for number, (row, (colour, dash)) in enumerate(zip(others.to_dict("records"), looks, strict=False)):
        key = row["key"]
        name = brief(layer_name(key, lang, None if inputs is None else inputs.scenario))
        frame = layer_frame(inputs, key) if inputs is not None and key in _POINTS else None
        if frame is not None and len(frame):
            places = frame.geometry.representative_point().to_crs(WGS84)
            style: dict[str, Any] = {
                "color": colour,
                "marker": _POINTS[key],
                "linestyle": "none",
                "markeredgecolor": "white",
            }
            axes.plot(places.x, places.y, markersize=5, markeredgewidth=0.5, zorder=3, **style)
            handles.append(Line2D([], [], markersize=6, label=name, **style))
            continue
        look: dict[str, Any] = {"linestyle": dash, "linewidth": 1.3}
        axes.add_patch(_box(row, number * _STEP * span / 4, fill=False, zorder=2, edgecolor=colour, **look))
        handles.append(Line2D([], [], color=colour, label=name, **look))
    return handles


def _box(row: Any, grown: float, **style: Any) -> Rectangle:  # noqa: ANN401 - a row of the table
    width, height = row["east"] - row["west"], row["north"] - row["south"]
    return Rectangle((row["west"] - grown, row["south"] - grown), width + 2 * grown, height + 2 * grown, **style)


def _frame(axes: Axes, known: pd.DataFrame) -> None:
    """Show everything with a margin, with equal scales to the north and to the east."""
    if known.empty:
        return
    west, south = known[["west", "south"]].min()
    east, north = known[["east", "north"]].max()
    margin = 0.06 * max(east - west, north - south, 1e-4)
    axes.set_xlim(west - margin, east + margin)
    axes.set_ylim(south - margin, north + margin)
    middle = np.clip((south + north) / 2, -_STEEPEST, _STEEPEST)
    axes.set_aspect(float(1 / np.cos(np.radians(middle))))
    axes.ticklabel_format(useOffset=False)
    axes.locator_params(nbins=6)
