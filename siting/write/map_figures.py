"""Maps for print: where elderly people live, facilities and service circles, and who lives outside them."""

import math
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from siting.crs import transform_points
from siting.domain.nouns import Assessment, Floats, Proposal
from siting.text import Lang, say
from siting.write.figures import Chart, choose_font, dress

_LINES: Final = (("district", 1.4), ("city", 1.4), ("street", 0.9), ("planning", 0.7), ("community", 0.3))
_EDGE, _CIRCLE, _STATION, _INK = "#6b747b", "#3b6e8f", "#c2410c", "#1f2a33"
_TIERS: Final = {"institution": ("s", "#6b4c9a"), "centre": ("D", "#1f5fa8"), "station": ("o", "#3b6e8f")}
# Outlines are simplified by metres that nobody sees at the size of a page.
_SIMPLER_M: Final = 10.0
_HECTARE: Final = 10_000.0
_TOP: Final = 0.98
_KM: Final = 1000.0


def draw_density(assessment: Assessment, lang: Lang) -> Chart:
    """Draw the elderly people per hectare, and the facilities that count.

    Parameters
    ----------
    assessment : Assessment
        The gap report.
    lang : {"zh", "en"}
        Language; English without a Chinese font on the machine.
    """
    figure, axes, font, lang = _page(assessment, lang)
    cells = assessment.cells
    _cells(axes, assessment, cells["elderly"], "YlOrBr", say("report.map.density", lang), figure)
    marks = _facilities(axes, assessment.facilities, lang)
    _finish(figure, axes, assessment, marks, font, lang)
    return figure


def draw_coverage(assessment: Assessment, lang: Lang, proposal: Proposal | None = None) -> Chart:
    """Draw the service circles, the elderly people outside them, and with a plan its stations.

    Parameters
    ----------
    assessment : Assessment
        The gap report; with a plan the one after it.
    lang : {"zh", "en"}
        Language; English without a Chinese font on the machine.
    proposal : Proposal, optional
        The plan.
    """
    figure, axes, font, lang = _page(assessment, lang)
    cells = assessment.cells
    outside = cells["elderly"].where(cells["covered"] == 0.0)
    _cells(axes, assessment, outside, "OrRd", say("report.map.outside", lang), figure)
    if len(assessment.circles):
        assessment.circles.geometry.simplify(_SIMPLER_M).plot(
            ax=axes, facecolor=_CIRCLE, edgecolor=_CIRCLE, alpha=0.28, linewidth=0.5, aspect=None, zorder=2
        )
    marks: list[Any] = [Patch(facecolor=_CIRCLE, alpha=0.28, edgecolor=_CIRCLE, label=say("report.map.circle", lang))]
    known = assessment.facilities if proposal is None else proposal.before.facilities
    marks += _facilities(axes, known, lang)
    if proposal is not None and len(proposal.stations):
        x, y = _xy(proposal.stations)
        axes.plot(x, y, "*", color=_STATION, markersize=12, markeredgecolor="white", zorder=6)
        marks.append(_mark("*", _STATION, say("report.map.station", lang), size=11))
    _finish(figure, axes, assessment, marks, font, lang)
    return figure


def draw_tiers(assessment: Assessment, lang: Lang, proposal: Proposal | None = None) -> Chart:
    """Draw institutions, centres and stations, with a line from each to the one that leads it.

    Parameters
    ----------
    assessment : Assessment
        The gap report.
    lang : {"zh", "en"}
        Language; English without a Chinese font on the machine.
    proposal : Proposal, optional
        The plan: its stations, and the centres that are to lead them.
    """
    figure, axes, font, lang = _page(assessment, lang)
    facilities = assessment.facilities
    spots = dict(zip(facilities.index, zip(*_xy(facilities), strict=True), strict=True))
    led = [(key, parent) for key, parent in facilities["parent_id"].items() if parent in spots]
    stations = None if proposal is None or proposal.stations.empty else proposal.stations
    if stations is not None:
        spots |= dict(zip(stations.index, zip(*_xy(stations), strict=True), strict=True))
        led += [(key, parent) for key, parent in stations["parent_id"].items() if parent in spots]
    if proposal is not None and proposal.links is not None:
        # Existing stations get a parent too.
        own = proposal.links[~proposal.links["child_id"].isin(proposal.stations.index)]
        led += list(zip(own["child_id"], own["parent_id"], strict=True))
    lines = [(spots[key], spots[parent]) for key, parent in led]
    axes.add_collection(LineCollection(lines, colors=_EDGE, linewidths=0.8, zorder=4))
    marks: list[Any] = [Line2D([], [], color=_EDGE, linewidth=0.8, label=say("report.map.leads", lang))]
    alone = facilities[(facilities["tier"] != "institution") & ~facilities.index.isin([key for key, _ in led])]
    if len(alone):
        x, y = _xy(alone)
        axes.plot(x, y, "o", color="none", markersize=12, markeredgecolor=_STATION, linestyle="", zorder=4)
        marks.append(
            Line2D([], [], marker="o", color="none", markeredgecolor=_STATION, markersize=10,
                   label=say("report.map.orphan", lang))
        )  # fmt: skip
    marks += _facilities(axes, facilities, lang)
    if stations is not None:
        x, y = _xy(stations)
        axes.plot(x, y, "*", color=_STATION, markersize=12, markeredgecolor="white", linestyle="", zorder=6)
        marks.append(_mark("*", _STATION, say("report.map.station", lang), size=11))
    _finish(figure, axes, assessment, marks, font, lang)
    return figure


def _page(assessment: Assessment, lang: Lang) -> tuple[Chart, Axes, str | None, Lang]:
    font, lang = choose_font(lang)
    figure = Chart(figsize=(7.0, 5.5), layout="constrained")
    axes = figure.subplots()
    for level, width in _LINES:
        if level in assessment.inputs.units:
            lines = assessment.inputs.units[level].geometry.simplify(_SIMPLER_M).boundary
            lines.plot(ax=axes, color=_EDGE, linewidth=width, aspect=None, zorder=3)
    return figure, axes, font, lang


def _cells(axes: Axes, assessment: Assessment, people: pd.Series, colours: str, label: str, figure: Chart) -> None:
    """Draw persons per hectare of the cells of the grid; cells without anybody stay blank."""
    grid = assessment.demand.grid
    row, column = np.divmod(people.index.to_numpy(), grid.shape[1])
    shown = people.to_numpy(dtype=np.float64)
    if not len(shown) or not (np.nan_to_num(shown) > 0).any():
        return
    top, left = int(row.min()), int(column.min())
    values = np.full((int(row.max()) - top + 1, int(column.max()) - left + 1), np.nan)
    values[row - top, column - left] = np.where(shown > 0, shown, np.nan)
    down, right = np.mgrid[top : top + values.shape[0] + 1, left : left + values.shape[1] + 1].astype(np.float64)
    step = grid.transform
    x = step.a * right + step.b * down + step.c
    y = step.d * right + step.e * down + step.f
    east, north = transform_points(x.ravel(), y.ravel(), grid.crs, assessment.inputs.crs)
    east, north = np.asarray(east).reshape(x.shape), np.asarray(north).reshape(x.shape)
    area = abs((east[0, 1] - east[0, 0]) * (north[1, 0] - north[0, 0])) / _HECTARE
    hectares = area if area > 0 else 1.0
    # One scale for all maps of a report, whoever is shown.
    everybody = assessment.cells["elderly"].to_numpy(dtype=np.float64) / hectares
    drawn = axes.pcolormesh(
        east,
        north,
        values / hectares,
        cmap=colours,
        vmin=0.0,
        vmax=float(np.nanquantile(everybody, _TOP)) or None,
        zorder=1,
        rasterized=True,
    )
    figure.colorbar(drawn, ax=axes, shrink=0.5, pad=0.01, label=label, extend="max")


def _facilities(axes: Axes, facilities: gpd.GeoDataFrame, lang: Lang) -> list[Any]:
    marks = []
    for tier, (shape, colour) in _TIERS.items():
        found = facilities[(facilities["tier"] == tier).to_numpy(dtype=bool)]
        if len(found):
            x, y = _xy(found)
            axes.plot(x, y, shape, color=colour, markersize=6, markeredgecolor="white", linestyle="", zorder=5)
            marks.append(_mark(shape, colour, say(f"tier.{tier}", lang)))
    return marks


def _xy(points: gpd.GeoDataFrame) -> tuple[Floats, Floats]:
    shapes = points.geometry.to_numpy()
    return shapely.get_x(shapes), shapely.get_y(shapes)


def _mark(shape: str, colour: str, label: str, *, size: float = 6) -> Line2D:
    return Line2D(
        [], [], marker=shape, color=colour, linestyle="", markersize=size, markeredgecolor="white", label=label
    )


def _finish(figure: Chart, axes: Axes, assessment: Assessment, marks: list[Any], font: str | None, lang: Lang) -> None:
    """Set the frame to the units, with a scale, the north and room for the number of the map's approval."""
    frames = [frame for frame in assessment.inputs.units.values() if len(frame)]
    west, south, east, north = np.array([frame.total_bounds for frame in frames]).T
    bounds = float(west.min()), float(south.min()), float(east.max()), float(north.max())
    margin = 0.02 * max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    axes.set_xlim(bounds[0] - margin, bounds[2] + margin)
    axes.set_ylim(bounds[1] - margin, bounds[3] + margin)
    axes.set_aspect("equal")
    axes.set(xlabel="", ylabel="")
    axes.set_xticks([])
    axes.set_yticks([])
    _scale(axes, bounds)
    axes.annotate(
        "N", (0.035, 0.97), (0.035, 0.90), xycoords="axes fraction", ha="center", va="center", color=_INK,
        arrowprops={"arrowstyle": "-|>", "color": _INK},
    )  # fmt: skip
    figure.legend(handles=marks, loc="outside lower center", ncols=len(marks), frameon=False, fontsize=9)
    axes.text(1.0, -0.015, say("report.map.approval", lang), transform=axes.transAxes, ha="right", va="top", fontsize=8)
    dress(figure, (axes,), font)
    axes.spines[["left", "bottom"]].set_visible(False)


def _scale(axes: Axes, bounds: tuple[float, float, float, float]) -> None:
    """Draw a bar of a round length, about a fifth of the width."""
    width = (bounds[2] - bounds[0]) / 5
    power = 10.0 ** math.floor(math.log10(width))
    length = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= width)
    x, y = bounds[0], bounds[1] - 0.005 * (bounds[3] - bounds[1])
    axes.plot([x, x + length], [y, y], color=_INK, linewidth=3, solid_capstyle="butt", zorder=6)
    told = f"{length / _KM:g} km" if length >= _KM else f"{length:g} m"
    axes.annotate(told, (x + length, y), (5, 0), textcoords="offset points", va="center", fontsize=8, color=_INK)
