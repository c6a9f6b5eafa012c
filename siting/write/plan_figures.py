"""Charts of the studies of a plan: the curve, the build order, fairness, and alternatives."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from siting.text import Lang, say
from siting.write.figures import Chart, brief, choose_font, dress

_BLUE, _ORANGE, _GREY, _PALE, _INK = "#3b6e8f", "#d1793b", "#8a8f94", "#f1f2f3", "#44494d"
_LIGHT: Final = "#c9d8e2"
# A smaller gap in percentage points is a rounding error.
_PROVED: Final = 1e-6
# Up to this many points of a curve are drawn as dots; more would hide the line.
_DOTS: Final = 60
# More labels than this would overlap.
_LABELS: Final = 30
# With more sites than this, those that stay in every plan are left out of the matrix.
_LINES: Final = 40


def draw_curve(
    table: pd.DataFrame,
    lang: Lang,
    *,
    by: str = "stations",
    plan_at: float | None = None,
    plan_share: float | None = None,
) -> Chart:
    """Draw the covered share against the number of stations or the money, with the gap to the bound.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each point, as from :func:`siting.locate.series.coverage_curve`: ``limit``, ``covered_share``,
        ``value_share``, ``bound_share`` (of value) and ``status``. With weights the weighted share is drawn, and the
        axis says so.
    lang : {"zh", "en"}
        Language; English where no font has Chinese characters.
    by : {"stations", "budget"}, default "stations"
        The limited quantity; money is in yuan.
    plan_at : float, optional
        The limit of the plan that is marked.
    plan_share : float, optional
        What the plan covers; the value of the curve if absent.
    """
    font, lang = choose_font(lang)
    figure = Chart(figsize=(7.5, 4.4), layout="constrained")
    axes = figure.subplots()
    known = table.dropna(subset=["value_share"]).sort_values("limit")
    scale = 1.0 if by == "stations" else 1e-4
    x = known["limit"].to_numpy(dtype=np.float64) * scale
    share = 100 * known["value_share"].to_numpy(dtype=np.float64)
    bound = 100 * known["bound_share"].to_numpy(dtype=np.float64)
    finite = np.isfinite(bound)
    # If everything is proved there is no band to explain.
    label = say("series.band", lang) if (bound[finite] > share[finite] + _PROVED).any() else None
    axes.fill_between(x, share, bound, where=finite.tolist(), color=_ORANGE, alpha=0.35, lw=0, label=label)
    axes.plot(x, share, color=_BLUE, label=say("series.best", lang), zorder=2)
    if len(known) <= _DOTS:
        proved = (known["status"] == "optimal").to_numpy()
        axes.plot(x[~proved], share[~proved], "o", color=_BLUE, markersize=4, markerfacecolor="white", zorder=3)
        axes.plot(x[proved], share[proved], "o", color=_BLUE, markersize=4, label=say("series.proved", lang), zorder=3)
    if plan_at is not None:
        _mark_plan(axes, x, share, plan_at * scale, lang, own=plan_share)
    weighted = not np.allclose(known["value_share"], known["covered_share"], atol=1e-9)
    axes.set_xlabel(say("series.stations" if by == "stations" else "series.money", lang))
    axes.set_ylabel(say("series.value_share" if weighted else "series.persons_share", lang))
    axes.set_title(
        say("series.curve_title_stations" if by == "stations" else "series.curve_title_money", lang), loc="left"
    )
    if by == "stations":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter(_thousands)
    axes.margins(x=0.02)
    axes.legend(frameon=False, loc="lower right")
    dress(figure, (axes,), font)
    return figure


def _mark_plan(
    axes: Axes, x: np.ndarray, share: np.ndarray, at: float, lang: Lang, *, own: float | None = None
) -> None:
    """Mark the plan at its coverage, otherwise on the curve, between two points at the height of the lower one.

    A plan for maximal covering is on the curve; a plan of another model may be below it.
    """
    below = np.flatnonzero(x <= at)
    if not below.size:
        return
    height = float(share[below[-1]]) if own is None else 100 * own
    bottom = axes.get_ylim()[0]
    axes.vlines(at, bottom, height, color=_GREY, linestyle=":", linewidth=1.0, zorder=1)
    axes.set_ylim(bottom=bottom)
    label = say("series.this_plan", lang, share=f"{height:.1f} %")
    axes.plot(at, height, "D", color=_ORANGE, markersize=7, label=label, zorder=4)


def draw_order(
    table: pd.DataFrame, lang: Lang, *, names: Mapping[int, str] | None = None, walked: bool = False
) -> Chart:
    """Draw the coverage as stations are built one by one, against the best plans with as many, and the loss.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each station, as from :func:`siting.locate.series.build_order`: ``rank``, ``row``, ``gain``,
        ``cumulative``, ``best`` and ``loss_share`` (NaN if the best was not computed).
    lang : {"zh", "en"}
        Language.
    names : mapping, optional
        The name of each site, written at the axis for up to 30 stations.
    walked : bool, default False
        Whether the figures are walking time (person-seconds, drawn in hours) instead of persons covered.
    """
    font, lang = choose_font(lang)
    figure = Chart(figsize=(7.5, 5.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    steps = table[table["rank"] > 0]
    rank = steps["rank"].to_numpy()
    scale = 1 / 3600 if walked else 1.0
    best = steps.dropna(subset=["best"])
    upper.plot(best["rank"], best["best"] * scale, "--", color=_GREY, label=say("series.order_free", lang), zorder=1)
    label = say("series.order_walked" if walked else "series.order_covered", lang)
    style = "o-" if len(steps) <= _DOTS else "-"
    upper.plot(rank, steps["cumulative"] * scale, style, color=_BLUE, markersize=5, label=label, zorder=2)
    upper.set_ylabel(say("series.walked_axis" if walked else "series.covered_axis", lang))
    upper.yaxis.set_major_formatter(_thousands)
    upper.set_title(say("series.order_title", lang), loc="left")
    upper.legend(frameon=False)
    if not walked:
        upper.set_ylim(bottom=0)
    _loss_bars(lower, rank, 100 * steps["loss_share"].to_numpy(dtype=np.float64), lang)
    if names is not None and len(steps) <= _LABELS:
        labels = (
            [f"{place} {brief(names[row])}" for place, row in zip(rank, steps["row"], strict=True)] if font else rank
        )
        lower.set_xticks(rank, labels, rotation=40 if font else 0, ha="right" if font else "center", fontsize=9)
    else:
        lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    lower.set_xlabel(say("series.order_axis", lang))
    dress(figure, (upper, lower), font)
    return figure


def _loss_bars(axes: Axes, rank: np.ndarray, loss: np.ndarray, lang: Lang) -> None:
    axes.bar(rank, np.nan_to_num(loss), color=_ORANGE, width=0.6)
    axes.set_ylabel(say("series.loss_axis", lang))
    most = float(np.nanmax(loss, initial=0.0))
    axes.set_ylim(0, max(1.35 * most, 1.0))
    if most == 0:
        axes.text(0.5, 0.5, say("series.no_loss", lang), transform=axes.transAxes, ha="center", va="center", color=_INK)
    if len(rank) <= _LABELS:
        for place, part in zip(rank, loss, strict=True):
            if math.isfinite(part) and part > 0:
                axes.annotate(f"{part:.1f}", (place, part), (0, 2), textcoords="offset points", ha="center", fontsize=8)


def draw_lorenz(
    before: pd.DataFrame, after: pd.DataFrame, lang: Lang, *, gini: tuple[float, float] | None = None
) -> Chart:
    """Draw the Lorenz curves before and after a plan.

    Parameters
    ----------
    before, after : pandas.DataFrame
        ``people_share`` and ``served_share``, as :func:`siting.locate.fairness.lorenz` gives them; empty where nobody
        is covered.
    lang : {"zh", "en"}
        Language.
    gini : tuple of float, optional
        The Gini coefficients before and after; computed from the curves if absent.
    """
    font, lang = choose_font(lang)
    figure = Chart(figsize=(5.6, 5.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 100], [0, 100], "--", color=_GREY, linewidth=1.0, label=say("series.lorenz_even", lang))
    coefficients = gini or (_gini_of(before), _gini_of(after))
    for key, curve, colour, coefficient in (
        ("series.before", before, _ORANGE, coefficients[0]),
        ("series.after", after, _BLUE, coefficients[1]),
    ):
        if len(curve):
            x, y = 100 * curve["people_share"], 100 * curve["served_share"]
            dot = "o" if len(curve) <= _LABELS else ""
            axes.plot(x, y, color=colour, marker=dot, markersize=3.5, label=say(key, lang, gini=f"{coefficient:.3f}"))
    if before.empty and after.empty:
        axes.text(50, 40, say("series.nobody", lang), ha="center")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.set_aspect("equal")
    axes.set_xlabel(say("series.lorenz_people", lang))
    axes.set_ylabel(say("series.lorenz_served", lang))
    axes.set_title(say("series.lorenz_title", lang), loc="left")
    axes.legend(frameon=False, loc="upper left")
    dress(figure, (axes,), font)
    return figure


def draw_phases(phases: pd.DataFrame, lang: Lang) -> Chart:
    """Draw the coverage at the end of each year of a plan with phases, and below it the money of each phase.

    Parameters
    ----------
    phases : pandas.DataFrame
        ``year``, ``covered_share``, ``covered_share_without``, ``cost_cny``, ``subsidy_cny`` and ``budget_cny`` (yuan;
        NaN if unknown), as :attr:`siting.results.Plan.phases` has them. Without costs and budgets there is no money.
    lang : {"zh", "en"}
        Language.
    """
    font, lang = choose_font(lang)
    money = phases[["cost_cny", "budget_cny"]].notna().any().any()
    figure = Chart(figsize=(7.5, 5.4 if money else 3.6), layout="constrained")
    panels = figure.subplots(2 if money else 1, 1, sharex=True, squeeze=False, height_ratios=(3, 2) if money else None)
    year = phases["year"].to_numpy(dtype=np.float64)
    upper = panels[0, 0]
    for key, look, colour in (("covered_share", "o-", _BLUE), ("covered_share_without", "s--", _GREY)):
        share = 100 * phases[key].to_numpy(dtype=np.float64)
        upper.plot(year, share, look, color=colour, markersize=5, label=say(f"series.phases_{key}", lang))
    upper.set_ylabel(say("figure.coverage_share", lang))
    upper.set_ylim(bottom=0)
    upper.set_title(say("series.phases_title", lang), loc="left")
    upper.legend(frameon=False, loc="best")
    if money:
        _money_bars(panels[1, 0], phases, lang)
    lowest = panels[-1, 0]
    lowest.set_xticks(year, [f"{each:.0f}" for each in year])
    lowest.set_xlabel(say("series.phases_axis", lang))
    dress(figure, tuple(panels[:, 0]), font)
    return figure


def _money_bars(axes: Axes, phases: pd.DataFrame, lang: Lang) -> None:
    """Draw the cost of each phase, which part of it subsidies pay, and its budget; in 10,000 yuan."""
    year, scale = phases["year"].to_numpy(dtype=np.float64), 1e-4
    width = 0.4 * float(np.diff(year).min(initial=2.0))
    cost, subsidy, budget = (
        phases[key].to_numpy(dtype=np.float64) * scale for key in ("cost_cny", "subsidy_cny", "budget_cny")
    )
    axes.bar(year, np.nan_to_num(cost), width, color=_LIGHT, edgecolor=_BLUE, label=say("series.phases_cost", lang))
    if np.nansum(subsidy) > 0:
        axes.bar(year, np.nan_to_num(subsidy), width, color=_BLUE, label=say("series.phases_subsidy", lang))
    limited = np.isfinite(budget)
    if limited.any():
        label = say("series.phases_budget", lang)
        axes.hlines(budget[limited], (year - width)[limited], (year + width)[limited], color=_ORANGE, label=label)
    axes.set_ylabel(say("series.money", lang))
    axes.yaxis.set_major_formatter(_thousands)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="best")


def _gini_of(curve: pd.DataFrame) -> float:
    if curve.empty:
        return math.nan
    area = np.trapezoid(curve["served_share"].to_numpy(), curve["people_share"].to_numpy())
    return max(1.0 - 2.0 * float(area), 0.0)


def draw_alternatives(plans: pd.DataFrame, lang: Lang, *, names: Mapping[int, str] | None = None) -> Chart:
    """Draw plans against sites: which sites of the plan stay in its alternatives, and which others are added.

    Parameters
    ----------
    plans : pandas.DataFrame
        One row for each plan, the first the plan itself: ``chosen`` (sites) and ``loss_share``, as from
        :func:`siting.locate.series.alternatives`.
    lang : {"zh", "en"}
        Language.
    names : mapping, optional
        The name of each site; numbers if absent.
    """
    font, lang = choose_font(lang)
    chosen = [set(rows) for rows in plans["chosen"]]
    # Sites of the plan first, sorted by how often they stay; then the others.
    kept = {row: sum(row in rows for rows in chosen[1:]) for row in set().union(*chosen)}
    rows = sorted(kept, key=lambda row: (row not in chosen[0], -kept[row], row))
    in_all = [row for row in rows if all(row in plan for plan in chosen)] if len(rows) > _LINES else []
    rows = rows[len(in_all) :]
    figure = Chart(figsize=(3.2 + 0.9 * len(plans), 1.9 + 0.3 * max(len(rows), 1)), layout="constrained")
    axes = figure.subplots()
    own = [_BLUE if row in chosen[0] else _ORANGE for row in rows]
    tiles = [[colour if row in plan else _PALE for plan in chosen] for row, colour in zip(rows, own, strict=True)]
    shares = [say("series.stays", lang, kept=kept[row], of=len(plans) - 1) for row in rows]
    heads = [say("series.plan", lang)]
    heads += [
        f"{say('series.alternative', lang, number=number)}\n{_how_good(loss, lang)}"
        for number, loss in enumerate(plans["loss_share"].iloc[1:], start=1)
    ]
    if len(plans) > 1:
        heads.append(say("series.stays_head", lang))
    labels = [brief(names[row]) if names is not None and font is not None else str(row) for row in rows]
    _board(axes, tiles, shares if len(plans) > 1 else [], heads, labels)
    figure.suptitle(say("series.alternatives_title", lang), x=0.01, ha="left", fontsize=12)
    marks = [
        Patch(color=_BLUE, label=say("series.in_plan", lang)),
        Patch(color=_ORANGE, label=say("series.not_in_plan", lang)),
    ]
    if in_all:
        marks.append(Patch(color="none", label=say("series.in_all", lang, count=len(in_all))))
    figure.legend(handles=marks, loc="outside lower left", frameon=False, fontsize=9, ncols=1)
    dress(figure, (axes,), font)
    return figure


def draw_stability(table: pd.DataFrame, lang: Lang, *, names: Mapping[int, str] | None = None) -> Chart:
    """Draw at which walking speeds each site of a plan is chosen too.

    Parameters
    ----------
    table : pandas.DataFrame
        The result of :func:`siting.locate.series.stability`: ``row``, a column for each speed (m/s), ``stays_at``.
    lang : {"zh", "en"}
        Language.
    names : mapping, optional
        The name of each site; numbers if absent.
    """
    font, lang = choose_font(lang)
    speeds = [column for column in table if isinstance(column, float)]
    # Sites that stay at most speeds come first.
    table = table.sort_values(["stays_at", "row"], ascending=[False, True])
    figure = Chart(figsize=(3.4 + 0.9 * len(speeds), 1.7 + 0.3 * max(len(table), 1)), layout="constrained")
    axes = figure.subplots()
    tiles = [[_BLUE if stays else _PALE for stays in row] for row in table[speeds].to_numpy(dtype=np.bool_)]
    shares = [say("series.stays", lang, kept=kept, of=len(speeds)) for kept in table["stays_at"]]
    heads = [*(f"{speed} m/s" for speed in speeds), say("series.stays_at_head", lang)]
    rows = table["row"].tolist()
    labels = [brief(names[row]) if names is not None and font is not None else str(row) for row in rows]
    _board(axes, tiles, shares, heads, labels)
    figure.suptitle(say("series.stability_title", lang), x=0.01, ha="left", fontsize=12)
    dress(figure, (axes,), font)
    return figure


def _board(
    axes: Axes, tiles: Sequence[Sequence[str]], shares: Sequence[str], heads: Sequence[str], labels: Sequence[str]
) -> None:
    """Draw a line of coloured tiles for each label, with their total behind."""
    for line, colours in enumerate(tiles):
        for column, colour in enumerate(colours):
            axes.add_patch(Rectangle((column - 0.45, line - 0.4), 0.9, 0.8, color=colour, linewidth=0))
    for line, share in enumerate(shares):
        axes.text(len(heads) - 1, line, share, va="center", ha="center", fontsize=9, color=_INK)
    axes.set_xticks(np.arange(len(heads)), heads, fontsize=9)
    axes.set_yticks(np.arange(len(labels)), labels, fontsize=9)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_xlim(-0.55, len(heads) - 0.45)
    axes.set_ylim(max(len(labels), 1) - 0.45, -0.55)
    axes.spines[["left", "bottom"]].set_visible(False)


def _how_good(loss: float, lang: Lang) -> str:
    """Return how much worse or better a plan is."""
    if round(abs(loss), 5) == 0:
        return say("series.same", lang)
    return say("series.worse" if loss > 0 else "series.better", lang, share=f"{100 * abs(loss):.2f} %")


def _thousands(value: float, _: object) -> str:
    return f"{value:,.0f}"
