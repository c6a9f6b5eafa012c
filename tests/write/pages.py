"""What the tests of the map ask of a page: its shapes lie on canvases, so they are found by their coordinates."""

from typing import Any

from pyproj import Transformer

from tests.write.conftest import METRIC

TO_DEGREES = Transformer.from_crs(METRIC, 4326, always_xy=True)
# The shapes of a layer that is switched on.
_SHAPES = """(key) => {
    const group = window[`feature_group_${key}`];
    const found = [];
    if (map_main.hasLayer(group)) group.eachLayer((part) => part.eachLayer((shape) => found.push(shape)));
    return found;
}"""
FILLS = f"(key) => ({_SHAPES})(key).map((shape) => shape.options.fillColor)"


def shapes(page: Any, layer: str) -> int:
    """Return how many shapes of a layer are on the map."""
    found: int = page.evaluate(f"(key) => ({_SHAPES})(key).length", layer)
    return found


def at(page: Any, x: float, y: float) -> tuple[float, float]:
    """Return where on the screen a point of the working CRS lies."""
    lon, lat = TO_DEGREES.transform(x, y)
    left, top = page.evaluate(
        """([lat, lon]) => {
            const point = map_main.latLngToContainerPoint([lat, lon]);
            const frame = map_main.getContainer().getBoundingClientRect();
            return [point.x + frame.left, point.y + frame.top];
        }""",
        [lat, lon],
    )
    return left, top
