"""Charts of a gap report and of a plan."""

from collections.abc import Sequence
from io import BytesIO
from typing import Final

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from siting.domain.nouns import Assessment, Proposal
from siting.text import Lang, say

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
    """A figure that shows itself in a notebook, whatever the notebook's settings."""

    def _repr_png_(self) -> bytes:
        page = BytesIO()
        FigureCanvasAgg(self)
        self.savefig(page, format="png")
        return page.getvalue()


_BLUE, _ORANGE, _GREY = "#3b6e8f", "#d1793b", "#8a8f94"


def draw_gaps(assessment: Assessment, lang: Lang) -> Chart:
    """Draw land per person by unit against both floors, and the elderly by minutes on foot.

    Without a Chinese font on the machine the texts are in English and names give way to ids.
    """
    font, lang = choose_font(lang)
    figure = Chart(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    _land_bars(left, assessment, lang, names=font is not None)
    _minutes_histogram(right, assessment, lang)
    dress(figure, (left, right), font)
    return figure


def draw_plan(proposal: Proposal, lang: Lang) -> Chart:
    """Draw spatial coverage as stations are added in rank order, with the bound."""
    font, lang = choose_font(lang)
    figure = Chart(figsize=(7.5, 4.4), layout="constrained")
    axes = figure.subplots()
    totals, selection = proposal.before.totals, proposal.selection
    gained = np.concatenate([[0.0], np.cumsum(selection.gains)])
    share = 100 * (totals["elderly_covered"] + gained) / totals["elderly"]
    axes.plot(np.arange(len(share)), share, "o-", color=_BLUE, label=say("figure.coverage", lang))
    limit = 100 * (totals["elderly_covered"] + selection.bound) / totals["elderly"]
    if np.isfinite(limit):
        axes.axhline(limit, color=_GREY, linestyle="--", label=say("figure.bound", lang))
    axes.set_xlabel(say("figure.stations", lang))
    axes.set_ylabel(say("figure.coverage_share", lang))
    axes.set_title(say("figure.plan_title", lang), loc="left")
    axes.legend(frameon=False)
    dress(figure, (axes,), font)
    return figure


def _land_bars(axes: Axes, assessment: Assessment, lang: Lang, *, names: bool) -> None:
    places = assessment.places
    level = "street" if (places["level"] == "street").any() else places["level"].iloc[-1]
    units = places[places["level"] == level]
    basis = str(assessment.totals["land_basis"])
    per = "land_m2_per_elderly" if basis.startswith("elderly") else "land_m2_per_resident"
    y = np.arange(len(units))
    axes.barh(y, units[per].fillna(0.0), color=_BLUE)
    axes.set_yticks(y, units["name" if names else "id"].astype(str))
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


def dress(figure: Figure, axes: Sequence[Axes], font: str | None) -> None:
    """Give a figure the house's look: no box, one font."""
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
    if font is not None:
        for text in figure.findobj(lambda artist: hasattr(artist, "set_fontfamily")):
            text.set_fontfamily([font, "DejaVu Sans"])  # type: ignore[attr-defined]
