"""The parts of a layer of the map, before it becomes part of a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from siting.write.webmap.geometry import Feature
from siting.write.webmap.style import Step, Style
from siting.write.webmap.wording import Words

# Panes from the bottom up; those marked False ignore the pointer. Each pane of shapes is one canvas: browsers drop
# layers where many full-size pictures lie over one another.
PANES: Final[dict[str, tuple[int, bool]]] = {
    "paper": (205, False),
    "relief": (210, False),
    "ground": (220, False),
    "grid": (255, False),
    "findings": (260, True),
    "names": (300, False),
    "candidates": (590, True),
    "facilities": (600, True),
    "stations": (620, True),
}
# Canvases from the bottom up; the last takes the pointer for all of them.
CANVASES: Final = ("paper", "ground", "findings")


class Level(NamedTuple):
    """The canvas on which shapes are drawn, their order on it, and whether they can be clicked."""

    pane: str
    order: int = 0
    clicks: bool = False


LEVELS: Final[Mapping[str, Level]] = {
    "paper": Level("paper"),
    "base": Level("ground", 0),
    "units": Level("ground", 1, clicks=True),
    "water": Level("ground", 2),
    "network": Level("ground", 3),
    "areas": Level("findings", 0, clicks=True),
    "excluded": Level("findings", 1, clicks=True),
    "circles": Level("findings", 2),
    "borders": Level("findings", 3),
    "candidates": Level("candidates", clicks=True),
    "facilities": Level("facilities", clicks=True),
    "stations": Level("stations", clicks=True),
}


@dataclass(frozen=True)
class Vector:
    """Features at a level; with ``like`` those of that layer in other styles, one style a feature."""

    features: list[Feature]
    level: str
    like: str = ""


@dataclass(frozen=True)
class Names:
    """Names on the map: ``[latitude, longitude, text]`` each; those of a smaller rank are placed first.

    They are shown from the zoom ``least`` on.
    """

    names: list[list[Any]]
    kind: str
    rank: int
    least: float = 0.0


@dataclass(frozen=True)
class Image:
    """A picture in Web Mercator: RGBA bytes, its bounds ``[[south, west], [north, east]]``, its CSS class."""

    rgba: NDArray[np.uint8]
    bounds: list[list[float]]
    pane: str
    css: str
    alt: str
    opacity: float = 1.0


@dataclass(frozen=True)
class LegendRow:
    """One line of a legend: a sample (our own markup) and its meaning."""

    sample: str
    label: Words


@dataclass(frozen=True)
class MapLayer:
    """A switch of the panel and what it shows.

    Layers of one ``choice`` exclude one another; an empty layer of a choice means *none of them*. ``compact`` puts the
    legend on one line. ``by_clause`` is the legend while the reader colours verdicts by one clause.
    """

    key: str
    group: str
    title: Words
    parts: tuple[Vector | Image | Names, ...]
    show: bool = True
    choice: str = ""
    sample: str = ""
    caption: Words | None = None
    legend: tuple[LegendRow, ...] = ()
    compact: bool = False
    by_clause: tuple[LegendRow, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """Layers with the styles and icons that their features name."""

    layers: tuple[MapLayer, ...]
    styles: dict[str, Style]
    icons: dict[str, dict[str, Any]]


def legend_of(steps: tuple[Step, ...], sample: Any) -> tuple[LegendRow, ...]:  # noqa: ANN401 - colour → markup
    """Return the legend of a choropleth."""
    return tuple(LegendRow(sample(step.colour), step.label) for step in steps)


def together(*drawings: Drawing) -> Drawing:
    """Put drawings one after the other."""
    styles: dict[str, Style] = {}
    icons: dict[str, dict[str, Any]] = {}
    for drawing in drawings:
        styles |= drawing.styles
        icons |= drawing.icons
    return Drawing(tuple(layer for drawing in drawings for layer in drawing.layers), styles, icons)
