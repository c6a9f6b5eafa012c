"""Charts of a gap report, of a plan and of a comparison of settings."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Final

import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from siting.domain.nouns import Assessment, Proposal
from siting.text import Lang, say
from siting.write.proof import stage_texts
from siting.write.sensitivity import setting_text, walker_text
from siting.write.wrapping import wrapped

_FONTS: Final = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Heiti SC",
    "WenQuanYi Micro Hei",
)


class Chart(Figure):
    """A figure that is displayed in a notebook, whatever the notebook's settings are."""

    def _repr_png_(self) -> bytes:
        page = BytesIO()
        FigureCanvasAgg(self)
        self.savefig(page, format="png")
        return page.getvalue()


# Latin letters of a footnote in an inch.
_COLUMNS_PER_INCH: Final = 15
# The most characters of a name in a chart.
_LONGEST_NAME: Final = 40
_BLUE, _ORANGE, _GREY = "#3b6e8f", "#d1793b", "#8a8f94"


def draw_gaps(assessment: Assessment, lang: Lang) -> Chart:
    """Draw land per person by unit against both minimum values, and the elderly by minutes on foot.

    Without a Chinese font on the machine the texts are in English, and ids replace names.
    """
    font, lang = choose_font(lang)
    figure = Chart(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    _land_bars(left, assessment, lang, names=font is not None)
    _minutes_histogram(right, assessment, lang)
    dress(figure, (left, right), font)
    if assessment.inputs.scenario.scenario.share:
        footnote(figure, "warning.people_rounded", lang)
    return figure


def draw_plan(proposal: Proposal, lang: Lang) -> Chart:
    """Draw spatial coverage as stations are added in rank order; with the bound, if that is one of people covered."""
    font, lang = choose_font(lang)
    figure = Chart(figsize=(7.5, 4.4), layout="constrained")
    axes = figure.subplots()
    totals, selection = proposal.before.totals, proposal.selection
    gained = np.concatenate([[0.0], np.cumsum(selection.gains)])
    share = 100 * (totals["elderly_covered"] + gained) / totals["elderly"]
    axes.plot(np.arange(len(share)), share, "o-", color=_BLUE, label=say("figure.coverage", lang))
    first = next(iter(stage_texts(proposal, lang)), None)
    limit = 100 * (totals["elderly_covered"] + selection.bound) / totals["elderly"]
    # Elsewhere the bound is one of minutes, of years, of weighted people or of those that sites can serve.
    if first is not None and first.key == "proof.stage.covered" and np.isfinite(limit):
        axes.axhline(limit, color=_GREY, linestyle="--", label=say("figure.bound", lang))
    axes.set_xlabel(say("figure.stations", lang))
    axes.set_ylabel(say("figure.coverage_share", lang))
    axes.set_title(say("figure.plan_title", lang), loc="left")
    axes.legend(frameon=False)
    dress(figure, (axes,), font)
    if proposal.before.inputs.scenario.scenario.share:
        footnote(figure, "warning.people_rounded", lang)
    return figure


def draw_sensitivity(table: pd.DataFrame, minutes: float, lang: Lang) -> Chart:
    """Draw the share of the elderly covered under each setting, as dots, compared with the scenario's own.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`siting.assess.sensitivity.sensitivity_table`.
    minutes : float
        The cut-off.
    lang : {"zh", "en"}
        Language.
    """
    font, lang = choose_font(lang)
    rows = table.assign(share=100 * table["covered_share"])
    groups = [(varied, _dot_rows(rows[rows["varied"] == varied], lang)) for varied in rows["varied"].unique()]
    heights = [len(lines) + 0.6 for _, lines in groups]
    figure = Chart(figsize=(9, 1.3 + 0.4 * sum(heights)), layout="constrained")
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    figure.suptitle(say("sensitivity.title", lang, minutes=f"{minutes:g}"), x=0.01, ha="left", fontsize=12)
    own = float(rows.loc[rows["own"], "share"].iloc[0])
    for axes, (varied, lines) in zip(panels, groups, strict=True):
        _dots(axes, lines)
        axes.axvline(own, color=_GREY, linestyle="--", linewidth=1.0, zorder=0)
        axes.set_title(say(f"sensitivity.varied.{varied}", lang), loc="left", fontsize=10)
    known = rows["share"].dropna()
    if len(known):
        panels[-1].set_xlim(max(0.0, known.min() // 10 * 10 - 5), min(102.0, (known.max() // 10 + 1) * 10 + 5))
    else:
        panels[0].text(0.5, 0.5, say("sensitivity.unknown", lang), transform=panels[0].transAxes, ha="center")
    panels[-1].set_xlabel(say("sensitivity.axis", lang))
    marks = [
        Line2D([], [], color=_GREY, linestyle="--", label=say("sensitivity.own_share", lang, share=f"{own:.1f} %"))
    ]
    for key, face in (("sensitivity.slope_on", _BLUE), ("sensitivity.slope_off", "white")):
        marks.append(Line2D([], [], marker="o", linestyle="", color=_BLUE, markerfacecolor=face, label=say(key, lang)))
    figure.legend(handles=marks, loc="outside lower right", ncols=len(marks), frameon=False, fontsize=9)
    dress(figure, tuple(panels), font)
    return figure


def _dot_rows(rows: pd.DataFrame, lang: Lang) -> dict[str, pd.DataFrame]:
    """Return the rows of one line of the chart, by its label; walkers with and without slopes share a line."""
    walkers = (rows["varied"] == "walker_slope").all()
    labels = [(walker_text if walkers else setting_text)(row, lang) for row in rows.to_dict("records")]
    return {str(label): group for label, group in rows.groupby(np.array(labels, dtype=object), sort=False)}


def _dots(axes: Axes, lines: Mapping[str, pd.DataFrame]) -> None:
    for y, group in enumerate(lines.values()):
        shares = group["share"].to_numpy(dtype=np.float64)
        axes.plot(shares, np.full(len(shares), y), color=_BLUE, linewidth=1.2, zorder=1)
        right = int(np.argmax(np.nan_to_num(shares)))
        for place, (share, slope, optimistic) in enumerate(
            zip(shares, group["slope"], group["note"] == "optimistic", strict=True)
        ):
            colour = _ORANGE if optimistic else _BLUE
            axes.plot(share, y, "o", color=colour, markerfacecolor=colour if slope else "white", zorder=2)
            if np.isfinite(share):
                # Beside the dot, on the side away from the other dot of its line.
                side, align = (8, "left") if place == right else (-8, "right")
                axes.annotate(
                    f"{share:.1f}", (share, y), (side, 0), textcoords="offset points", ha=align, va="center", fontsize=9
                )
    axes.set_yticks(np.arange(len(lines)), list(lines))
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def _land_bars(axes: Axes, assessment: Assessment, lang: Lang, *, names: bool) -> None:
    places = assessment.places
    level = "street" if (places["level"] == "street").any() else places["level"].iloc[-1]
    units = places[places["level"] == level]
    basis = str(assessment.totals["land_basis"])
    per = "land_m2_per_elderly" if basis.startswith("elderly") else "land_m2_per_resident"
    y = np.arange(len(units))
    axes.barh(y, units[per].fillna(0.0), color=_BLUE)
    axes.set_yticks(y, [brief(name) for name in units["name" if names else "id"]])
    axes.invert_yaxis()
    for floor, colour in ((0.1, _GREY), (0.2, _ORANGE)):
        axes.axvline(floor, color=colour, linestyle="--", linewidth=1.2, label=f"{floor} m²")
    axes.set_xlabel(say("figure.land_axis", lang, basis=say(f"basis.{basis}", lang)))
    axes.set_title(say("figure.land_title", lang), loc="left")
    axes.legend(frameon=False)


def _minutes_histogram(axes: Axes, assessment: Assessment, lang: Lang) -> None:
    cells, minutes = assessment.cells, assessment.inputs.scenario.walking.minutes
    longest = assessment.inputs.scenario.walking.max_minutes
    reached = cells["minutes_to_nearest"].notna()
    axes.hist(
        cells["minutes_to_nearest"][reached],
        weights=cells["elderly"][reached].fillna(0.0),
        bins=np.arange(0.0, longest + 2.5, 2.5).tolist(),
        color=_BLUE,
    )
    axes.axvline(minutes, color=_ORANGE, linestyle="--", label=say("figure.cut_off", lang, minutes=f"{minutes:g}"))
    axes.set_xlabel(say("figure.minutes_axis", lang))
    axes.set_ylabel(say("figure.elderly_axis", lang))
    axes.set_title(say("figure.minutes_title", lang), loc="left")
    axes.legend(frameon=False)


def choose_font(lang: Lang) -> tuple[str | None, Lang]:
    """Return a font with Chinese characters and the language; without such a font, English."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    found = next((name for name in _FONTS if name in installed), None)
    return (found, lang) if found else (None, "en")


def footnote(figure: Figure, key: str, lang: Lang) -> None:
    """Write a text of the catalogue below a figure, wrapped to its width; in English without a Chinese font."""
    font, lang = choose_font(lang)
    told = "\n".join(wrapped(say(key, lang), int(figure.get_figwidth() * _COLUMNS_PER_INCH)))
    text = figure.supxlabel(told, x=0.01, ha="left", fontsize=8, color=_GREY)
    if font is not None:
        text.set_fontfamily([font, "DejaVu Sans"])


def brief(name: object) -> str:
    """Return a name short enough to leave room for the chart."""
    text = str(name)
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def dress(figure: Figure, axes: Sequence[Axes], font: str | None) -> None:
    """Style a figure: no box, one font; a dollar sign in a name is a dollar sign, never a formula."""
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
    for text in figure.findobj(Text):
        text.set_parse_math(False)
        if font is not None:
            text.set_fontfamily([font, "DejaVu Sans"])
