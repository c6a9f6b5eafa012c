"""What is seen of the map's layers: their colours where their geometry lies, by the pixels of a picture."""

import io
from typing import Any

import geopandas as gpd
import numpy as np
from PIL import Image

from siting.results import Plan

# The layer, latitude and longitude, and the colour there.
Spot = tuple[str, tuple[float, float], tuple[float, ...]]

WATER = (0xB7, 0xD3, 0xE2)
PAPER = (0xFB, 0xFA, 0xF6)
# Land within reach above 0: below 0.05, 0.1, 0.2, and above.
NONE = (0x8C, 0x51, 0x0A)
REACH = ((0xBF, 0x81, 0x2D), (0xDF, 0xB8, 0x5F), (0x80, 0xCD, 0xC1), (0x01, 0x66, 0x5E))


def spots_of(plan: Plan) -> list[Spot]:
    """Return points inside shapes of two layers, with the colour of each."""
    inputs = plan.before.assessment.inputs
    areas = plan.before.assessment.places.loc["residential_area"]
    found: list[tuple[str, Any, tuple[float, ...]]] = []
    for shape, land in zip(areas.geometry, areas["land_reach_m2_per_person"], strict=True):
        if np.isfinite(land):
            colour = REACH[sum(land >= edge for edge in (0.05, 0.1, 0.2))] if land > 0 else NONE
            found.append(("areas", shape.representative_point(), _over(colour, 0.78)))
    water = gpd.GeoSeries([inputs.basemap["water"].union_all()], crs=inputs.crs)
    inside = water.sample_points(60, rng=7).explode()
    found += [("water", point, WATER) for point in inside if water.iloc[0].boundary.distance(point) > 40]
    moved = gpd.GeoSeries([point for _, point, _ in found], crs=inputs.crs).to_crs(4326)
    return [(name, (point.y, point.x), colour) for (name, _, colour), point in zip(found, moved, strict=True)]


def look(page: Any, spots: list[Spot], scale: int, *, least: int) -> None:
    """Find the colour of each layer where its shapes lie and nothing else covers them."""
    page.wait_for_timeout(150)
    shown = page.evaluate(
        """(points) => points.map((at) => {
            const frame = map_main.getContainer().getBoundingClientRect();
            const point = map_main.latLngToContainerPoint(at);
            const [x, y] = [point.x + frame.left, point.y + frame.top];
            const named = [...document.querySelectorAll(".leaflet-names-pane span")].some((name) => {
                const box = name.getBoundingClientRect();
                return x > box.left - 4 && x < box.right + 4 && y > box.top - 4 && y < box.bottom + 4;
            });
            const top = document.elementFromPoint(x, y);
            return top && !named && top.closest(".map") && !top.closest(".mark, .leaflet-control") ? [x, y] : null;
        })""",
        [at for _, at, _ in spots],
    )
    pixels = pixels_of(page.screenshot())
    seen: dict[str, list[bool]] = {}
    for (name, _, colour), point in zip(spots, shown, strict=True):
        if point:
            found = pixels[int(point[1] * scale), int(point[0] * scale)]
            seen.setdefault(name, []).append(bool(np.abs(found - np.array(colour)).max() <= 24))
    assert sum(map(len, seen.values())) >= least
    for name, right in seen.items():
        # Lines of the network and of borders cross some of them.
        assert np.mean(right) >= 0.8, (name, right)


def _over(colour: tuple[int, int, int], opacity: float) -> tuple[float, ...]:
    return tuple(opacity * front + (1 - opacity) * back for front, back in zip(colour, PAPER, strict=True))


def pixels_of(png: bytes) -> Any:
    """Return the colours of a picture."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
