"""The chart of a comparison: how each part moves coverage and land per person, and a map of the change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.lines import Line2D

from siting.domain.changes import Changes
from siting.domain.nouns import Floats
from siting.text import Lang, say
from siting.text.numbers import signless_zero
from siting.write import changes as words
from siting.write.figures import Chart, choose_font, dress

_BLUE, _ORANGE, _GREY, _PALE, _INK = "#3b6e8f", "#d1793b", "#8a8f94", "#e9ebed", "#44494d"


def draw_changes(changes: Changes, lang: Lang, *, titled: bool = True) -> Chart:
    """Draw the parts of the changes of spatial coverage and land per person, above maps of both changes by unit.

    Parameters
    ----------
    changes : Changes
        The comparison.
    lang : {"zh", "en"}
        Language; English where no font has Chinese characters.
    titled : bool
        Whether the title names both checks.

    Returns
    -------
    Chart
        With maps only if any unit has a known change.
    """
    font, lang = choose_font(lang)
    main = words.main_figures(changes).set_index("figure")
    land = next(key for key in ("land_m2_per_resident", "land_m2_per_elderly") if key in main.index)
    level = words.level_of_places(changes)
    maps = {} if level is None else {key: _changes_of_units(changes, level, key) for key in ("covered_share", land)}
    mapped = any(units is not None for units in maps.values())
    figure = Chart(figsize=(11, 4.6 + 4.4 * mapped), layout="constrained")
    panels = figure.subplots(1 + mapped, 2, squeeze=False)
    for above, key in zip(panels[0], ("covered_share", land), strict=True):
        _waterfall(above, changes, main.loc[[key]].to_dict("records")[0], _Scale.of(key), lang)
    for below, (key, units) in zip(panels[-1], maps.items() if mapped else (), strict=False):
        _map(below, units, _Scale.of(key), str(level), lang)
    if font is not None and titled:
        figure.suptitle(words.head_text(changes, lang), x=0.01, ha="left", fontsize=12)
    dress(figure, tuple(panels.ravel()), font)
    return figure


@dataclass(frozen=True)
class _Scale:
    """How a figure is drawn: what it is multiplied by, its decimals, its texts, and the least span of a map."""

    factor: float
    digits: int
    axis: str
    title: str
    least: float

    @classmethod
    def of(cls, figure: str) -> "_Scale":
        if figure == "covered_share":
            return cls(100.0, 1, "share_axis", "share_map", 1.0)
        kind = "land_of_elderly" if figure == "land_m2_per_elderly" else "land"
        return cls(1.0, 3, f"{kind}_axis", f"{kind}_map", 0.01)

    def text(self, value: float, *, sign: bool = False) -> str:
        """Return a scaled value."""
        return signless_zero(f"{value:{'+' if sign else ''}z.{self.digits}f}")


def _waterfall(axes: Axes, changes: Changes, row: Mapping[Any, Any], scale: _Scale, lang: Lang) -> None:
    """Draw before, the step of each block that differs, and after; whiskers span each step over all orders."""
    keys = list(changes.differ) if changes.is_split else []
    parts = [scale.factor * float(row[f"by_{key}"]) for key in keys]
    before, after = (scale.factor * float(row[key]) for key in ("before", "after"))
    axes.set_ylabel(say(f"change.{scale.axis}", lang))
    names = [say("change.before", lang), *(words.part_text(key, lang) for key in keys), say("change.after", lang)]
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.6, len(names) - 0.4)
    if not np.isfinite([before, after]).all():
        axes.text(0.5, 0.5, say("change.unknown", lang), transform=axes.transAxes, ha="center", color=_INK)
        return
    drawn = [before, after]
    if np.isfinite(parts).all():
        levels = before + np.concatenate([[0.0], np.cumsum(parts)])
        _steps(axes, parts, levels, scale)
        ends = _whiskers(axes, changes, row, levels, scale, lang)
        drawn += [*levels, *ends]
    for at, value in ((0, before), (len(names) - 1, after)):
        axes.plot([at - 0.3, at + 0.3], [value, value], color=_INK, linewidth=3, solid_capstyle="butt")
        axes.annotate(scale.text(value), (at, value), (0, 6), textcoords="offset points", ha="center", fontsize=10)
    # Bars are steps between two levels, so the axis need not begin at zero.
    low, high = min(drawn), max(drawn)
    margin = 0.18 * (high - low) or 0.1 * abs(high) or 1.0
    axes.set_ylim(low - margin, high + margin)


def _steps(axes: Axes, parts: Sequence[float], levels: Floats, scale: _Scale) -> None:
    for at, (part, level) in enumerate(zip(parts, levels, strict=False), start=1):
        axes.bar(at, part, bottom=level, width=0.56, color=_BLUE if part >= 0 else _ORANGE)
        top = (at, max(level, level + part))
        axes.annotate(scale.text(part, sign=True), top, (0, 4), textcoords="offset points", ha="center", fontsize=9)
    for at, level in enumerate(levels):
        # A step of nothing is a line through its place.
        first = at if at == 0 or parts[at - 1] else at - 0.56
        axes.plot([first + 0.28, at + 0.72], [level, level], color=_GREY, linewidth=0.8, linestyle=":", zorder=0)


def _whiskers(
    axes: Axes, changes: Changes, row: Mapping[Any, Any], levels: Floats, scale: _Scale, lang: Lang
) -> list[float]:
    """Draw from the least to the greatest value of each step where they differ; return the drawn ends."""
    drawn: list[float] = []
    for at, key in enumerate(changes.differ if changes.all_orders else (), start=1):
        ends = [levels[at - 1] + scale.factor * float(row[f"by_{key}_{name}"]) for name in ("least", "greatest")]
        if np.isfinite(ends).all() and ends[0] < ends[1]:
            axes.plot([at + 0.36] * 2, ends, color=_INK, linewidth=1.4, marker="_")
            drawn += ends
    if drawn:
        mark = Line2D([], [], color=_INK, linewidth=1.4, marker="_", label=say("change.whisker", lang))
        axes.legend(handles=[mark], frameon=False, fontsize=9, loc="best")
    return drawn


def _changes_of_units(changes: Changes, level: str, figure: str) -> gpd.GeoDataFrame | None:
    """Return the units of a level with ``value``, the change of a figure; None if none is known."""
    places = changes.places[changes.places.index.get_level_values("level") == level]
    rows = changes.table[(changes.table["level"] == level) & (changes.table["figure"] == figure)]
    values = rows.set_index("id")["change"].reindex(places.index.get_level_values("id"))
    found = places.assign(value=_Scale.of(figure).factor * values.to_numpy())
    return found if found["value"].notna().any() and found.geometry.notna().all() else None


def _map(axes: Axes, units: gpd.GeoDataFrame | None, scale: _Scale, level: str, lang: Lang) -> None:
    axes.set_axis_off()
    axes.set_title(say(f"change.{scale.title}", lang, level=say(f"level.{level}", lang)), loc="left", fontsize=11)
    if units is None:
        axes.text(0.5, 0.5, say("change.unknown", lang), transform=axes.transAxes, ha="center", color=_INK)
        return
    most = max(scale.least, float(units["value"].abs().max()))
    norm, colours = TwoSlopeNorm(0.0, -most, most), LinearSegmentedColormap.from_list("", [_ORANGE, "white", _BLUE])
    missing = {"color": _PALE, "hatch": "///", "edgecolor": _GREY}
    units.plot("value", ax=axes, cmap=colours, norm=norm, edgecolor=_GREY, linewidth=0.6, missing_kwds=missing)
    axes.figure.colorbar(ScalarMappable(norm, colours), ax=axes, shrink=0.75)
