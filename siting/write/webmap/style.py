"""Colours, classes and line styles: ColorBrewer schemes that colour-blind readers can distinguish."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from siting.write.webmap.wording import Words, missing, number, percent, plain, words

Style = dict[str, Any]

INK: Final = "#22303c"
PAPER: Final = "#fbfaf6"
NO_DATA: Final = "#c9c9c6"
BEFORE: Final = "#2166ac"
AFTER: Final = "#b2427a"

# ColorBrewer BrBG: brown below the minimum values, teal above; white would be at 0.1.
_REACH: Final = ("#8c510a", "#bf812d", "#dfb85f", "#80cdc1", "#01665e")
_REACH_EDGES: Final = (0.05, 0.1, 0.2)
# ColorBrewer Purples, darkest where fewest are covered; places that pass are teal.
_SHARE: Final = ("#54278f", "#756bb1", "#9e9ac8", "#cbc9e2")
_SHARE_MET: Final = "#35978f"
_SHARE_EDGES: Final = (0.0, 0.25, 0.5, 0.75)
# ColorBrewer BrBG, the brown half: darkest where nothing is there.
_CLAUSE: Final = ("#543005", "#8c510a", "#bf812d", "#dfb85f", "#f4e2b0")
_CLAUSE_EDGES: Final = (0.25, 0.5, 0.75)
_CLAUSE_RANGES: Final = (("0%", "25%"), ("25%", "50%"), ("50%", "75%"), ("75%", "100%"))
# ColorBrewer YlOrRd.
_DENSITY: Final = ("#fff0b0", "#fecc5c", "#fd8d3c", "#e31a1c", "#800026")
DENSITY_COVERED: Final = "#9fc3cf"
VERDICT_COLOURS: Final[Mapping[str, str]] = {
    "met": "#35978f",
    "gap": "#d8842a",
    "no_data": NO_DATA,
    "not_applicable": "#efeeea",
}


@dataclass(frozen=True)
class Step:
    """One class of a choropleth: its key, colour and label."""

    key: str
    colour: str
    label: Words


def reach_steps() -> tuple[Step, ...]:
    """Return the classes of land within reach per person relative to the minimum values 0.1 and 0.2."""
    half, low, high = _REACH_EDGES
    labels = (
        words("map.legend.reach_none"),
        words("map.legend.range", low="0", high=half),
        words("map.legend.range", low=half, high=low),
        words("map.legend.reach_met_low", low=low, high=high),
        words("map.legend.reach_met_both", low=high),
    )
    steps = [Step(f"reach{i}", colour, label) for i, (colour, label) in enumerate(zip(_REACH, labels, strict=True))]
    return (*steps, _no_data("reach"))


def reach_key(land_per_person: float) -> str:
    """Return the class of a ratio; a minimum that is met exactly is met.

    Examples
    --------
    >>> from siting.write.webmap.style import reach_key
    >>> [reach_key(ratio) for ratio in (0, 0.01, 0.0999, 0.1, 0.2, float("nan"))]
    ['reach0', 'reach1', 'reach2', 'reach3', 'reach4', 'reach_no_data']
    """
    if missing(land_per_person):
        return "reach_no_data"
    if land_per_person <= 0:
        return "reach0"
    return f"reach{1 + sum(land_per_person >= edge for edge in _REACH_EDGES)}"


def share_steps(pass_share: float) -> tuple[Step, ...]:
    """Return the classes of the covered share below the pass mark, and the class that passes."""
    steps = []
    for i, (low, high) in enumerate(pairwise([*_share_edges(pass_share), pass_share])):
        label = words("map.legend.range", low=_round_percent(low), high=_round_percent(high))
        steps.append(Step(f"share{i}", _SHARE[i], label))
    passed = Step("share_pass", _SHARE_MET, words("map.legend.pass", low=_round_percent(pass_share)))
    return (*steps, passed, _no_data("share"))


def share_key(share: float, pass_share: float) -> str:
    """Return the class of a covered share; the pass mark reached exactly passes.

    Examples
    --------
    >>> from siting.write.webmap.style import share_key
    >>> [share_key(share, 0.9) for share in (0.0, 0.25, 0.89, 0.9, float("nan"))]
    ['share0', 'share1', 'share3', 'share_pass', 'share_no_data']
    """
    if missing(share):
        return "share_no_data"
    if share >= pass_share - 1e-9:
        return "share_pass"
    return f"share{sum(share >= edge for edge in _share_edges(pass_share)) - 1}"


def verdict_steps() -> tuple[Step, ...]:
    """Return the four verdicts."""
    return tuple(Step(f"verdict_{key}", colour, words(f"verdict.{key}")) for key, colour in VERDICT_COLOURS.items())


def verdict_key(verdict: object) -> str:
    """Return the class of a verdict; none is ``no_data``."""
    return f"verdict_{verdict if verdict in VERDICT_COLOURS else 'no_data'}"


def clause_steps() -> tuple[Step, ...]:
    """Return the classes of a clause: how much of what is required there is, met, and not judged."""
    labels = [words("map.legend.clause_none")]
    labels += [words("map.legend.range", low=low, high=high) for low, high in _CLAUSE_RANGES]
    steps = [Step(f"clause{i}", colour, label) for i, (colour, label) in enumerate(zip(_CLAUSE, labels, strict=True))]
    judged = [
        Step(f"clause_{key}", VERDICT_COLOURS[key], words(f"verdict.{key}"))
        for key in ("met", "no_data", "not_applicable")
    ]
    return (*steps, *judged)


def clause_class(required: float, provided: float, *, at_most: bool) -> int:
    """Return the class of a clause that is not met: 0 for nothing, then by quarters of what is required.

    For a limit that is exceeded the share is the limit divided by what there is.

    Examples
    --------
    >>> from siting.write.webmap.style import clause_class
    >>> [clause_class(80.0, there, at_most=False) for there in (0.0, 19.0, 20.0, 79.9)]
    [0, 1, 2, 4]
    >>> clause_class(0.5, 0.8, at_most=True)
    3
    """
    part, whole = (required, provided) if at_most else (provided, required)
    if missing(part) or missing(whole) or part <= 0 or whole <= 0:
        return 0
    return 1 + min(sum(part / whole >= edge for edge in _CLAUSE_EDGES), len(_CLAUSE_EDGES))


def density_edges(high: float) -> tuple[float, ...]:
    """Choose the lower edges of five classes of persons per hectare: round, each about double the last.

    ``high`` is a high value, but not an outlier: the last class holds it.

    Examples
    --------
    >>> from siting.write.webmap.style import density_edges
    >>> density_edges(48.0), density_edges(0.4)
    ((0.0, 2.0, 5.0, 10.0, 20.0), (0.0, 0.02, 0.05, 0.1, 0.2))
    """
    if high <= 0 or not math.isfinite(high):
        return (0.0,)
    exponent = math.floor(math.log10(high)) + 1
    ladder = [round(step * 10.0**power, 9) for power in range(exponent - 4, exponent + 1) for step in (1, 2, 5)]
    return (0.0, *[edge for edge in ladder if edge <= high / 1.5][-(len(_DENSITY) - 1) :])


def density_steps(edges: tuple[float, ...]) -> tuple[Step, ...]:
    """Return the classes of uncovered elderly per hectare, after the class with all covered."""
    texts = [f"{edge:g}" for edge in edges]
    labels = [words("map.legend.range", low=low or "0", high=high) for low, high in pairwise(texts)]
    labels.append(words("map.legend.at_least", low=texts[-1]) if len(texts) > 1 else plain("> 0"))
    steps = [
        Step(f"density{i}", colour, label) for i, (colour, label) in enumerate(zip(_DENSITY, labels, strict=False))
    ]
    return (Step("density_covered", DENSITY_COVERED, words("map.legend.grid_covered")), *steps)


def on_paper(steps: tuple[Step, ...], opacity: float) -> tuple[Step, ...]:
    """Return classes with the colours that they have where they are drawn on paper with some opacity.

    Examples
    --------
    >>> from siting.write.webmap.style import Step, on_paper
    >>> from siting.write.webmap.wording import plain
    >>> on_paper((Step("a", "#000000", plain("a")),), 0.5)[0].colour
    '#7e7d7b'
    """
    return tuple(replace(step, colour=_mixed(step.colour, opacity)) for step in steps)


def _mixed(colour: str, opacity: float) -> str:
    pairs = zip(rgba(colour)[:3], rgba(PAPER)[:3], strict=True)
    return "#" + "".join(f"{round(own * opacity + paper * (1 - opacity)):02x}" for own, paper in pairs)


def path_styles(steps: tuple[Step, ...], *, opacity: float) -> dict[str, Style]:
    """Return the Leaflet path style of each class."""
    return {
        step.key: {
            "fillColor": step.colour,
            "fillOpacity": opacity,
            "color": "#ffffff" if opacity > 0.6 else INK,  # noqa: PLR2004 - white edges between strong fills
            "weight": 0.7,
            "opacity": 0.9,
        }
        for step in steps
    }


def rgba(colour: str, alpha: int = 255) -> tuple[int, int, int, int]:
    """Return a hex colour as bytes.

    Examples
    --------
    >>> from siting.write.webmap.style import rgba
    >>> rgba("#ff8000", 10)
    (255, 128, 0, 10)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16), alpha


def _share_edges(pass_share: float) -> tuple[float, ...]:
    """Return the lower edges of the classes that fail: round quarters, or quarters of a low pass mark."""
    if pass_share > _SHARE_EDGES[-1]:
        return _SHARE_EDGES
    return tuple(edge * pass_share for edge in _SHARE_EDGES)


def _no_data(prefix: str) -> Step:
    return Step(f"{prefix}_no_data", NO_DATA, words("map.legend.no_data"))


def _round_percent(share: float) -> str:
    return percent(share, 0) if number(share * 100) == number(share * 100, 1).removesuffix(".0") else percent(share)
