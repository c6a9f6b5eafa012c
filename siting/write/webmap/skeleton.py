"""The skeleton of the map, which folium creates: map, panes, groups of layers and pictures.

folium and branca render every text that they are given as a Jinja2 template, so a name in the data could run code on
the reader's machine. They only get literals, names that :func:`as_name` accepts, and numbers; ``python -m
tools.check_templates`` enforces it. Data are drawn by the page's own script from JSON.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, Final

import folium
import numpy as np
from numpy.typing import NDArray

from siting.write.webmap.parts import PANES, Image, MapLayer

MAX_ZOOM: Final = 19
_NAME: Final = re.compile(r"[a-z][a-z0-9_ -]*")


def as_name(text: str) -> str:
    """Return an internal name unchanged: lower-case letters, digits, spaces, hyphens and underscores.

    No template engine interprets these characters.

    Raises
    ------
    ValueError
        The text is not such a name: it may come from data.

    Examples
    --------
    >>> from siting.write.webmap.skeleton import as_name
    >>> as_name("area_reach")
    'area_reach'
    """
    if not _NAME.fullmatch(text):
        message = f"not a name that may reach a template engine: {text!r}"
        raise ValueError(message)
    return text


def as_numbers(values: Any) -> list[Any]:  # noqa: ANN401 - numbers, or lists of them
    """Return numbers as nested lists of floats; other values are refused."""
    found: list[Any] = np.asarray(values, dtype=np.float64).tolist()
    return found


def as_bytes(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture as an array of bytes."""
    return np.asarray(rgba, dtype=np.uint8)


def group_name(layer: MapLayer) -> str:
    """Return the name of a layer's group among the page's global variables."""
    return f"feature_group_{as_name(layer.key)}"


def skeleton(layers: Iterable[MapLayer], shown: Sequence[Sequence[float]]) -> str:
    """Return the script that creates the map ``map_main``: its panes, an empty group for each layer, and the pictures.

    Parameters
    ----------
    layers : iterable of MapLayer
        The layers in order; only the pictures among their parts are drawn.
    shown : sequence
        ``[[south, west], [north, east]]`` in degrees: the page's script fits it into what is seen of the map.

    Returns
    -------
    str
        JavaScript; the same layers give the same text.
    """
    middle = np.mean(shown, axis=0)
    page_map = _named(
        folium.Map(
            location=as_numbers(middle),
            tiles=None,
            zoom_control=True,
            attributionControl=False,
            zoomSnap=0.1,
            zoomDelta=0.5,
        ),
        "main",
    )
    page_map.options["max_zoom"] = MAX_ZOOM
    for name, (z_index, pointer) in PANES.items():
        pane = folium.map.CustomPane(as_name(name), z_index=int(z_index), pointer_events=bool(pointer))
        _named(pane, name).add_to(page_map)
    pictures = count(1)
    for layer in layers:
        group = folium.FeatureGroup(name=as_name(layer.key), show=bool(layer.show))
        _named(group, layer.key).add_to(page_map)
        for part in layer.parts:
            if isinstance(part, Image):
                _named(_picture(part), f"picture_{next(pictures)}").add_to(group)
    page_map.render()
    script: str = page_map.get_root().script.render()
    return script


def _picture(part: Image) -> Any:  # noqa: ANN401 - folium has no types
    return folium.raster_layers.ImageOverlay(
        as_bytes(part.rgba),
        as_numbers(part.bounds),
        opacity=float(part.opacity),
        alt=as_name(part.alt),
        pixelated=False,
        pane=as_name(part.pane),
        class_name=as_name(part.css),
    )


def _named(element: Any, name: str) -> Any:  # noqa: ANN401 - folium has no types
    """Give an element a fixed id: folium creates random ones, and the same input must give the same bytes."""
    element._id = as_name(name)  # noqa: SLF001 - folium offers no other way
    return element
