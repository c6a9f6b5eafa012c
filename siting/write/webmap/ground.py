"""The base of the map, from the scenario's own layers: land, water, network, borders, excluded areas, circles."""

from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from siting.domain.nouns import Assessment, Proposal
from siting.write.webmap import icons
from siting.write.webmap.geometry import LINE_BUDGET, Feature, feature, features, geometries, merged_lines, same
from siting.write.webmap.names import draw_names, names_by_level, street_names
from siting.write.webmap.overlay import relief
from siting.write.webmap.parts import Drawing, Image, LegendRow, MapLayer, Names, Vector
from siting.write.webmap.places import UNIT_LEVELS, at_level
from siting.write.webmap.popups import Popups
from siting.write.webmap.style import AFTER, BEFORE, INK, PAPER, Style
from siting.write.webmap.wording import number, words

# Kinds of the network, how each is drawn, and its sample in the legend.
_WAYS: Final[dict[str, tuple[str, Style]]] = {
    "street": ("street", {"color": "#a9a294", "weight": 1.0, "opacity": 0.9}),
    "path": ("path", {"color": "#b9b2a4", "weight": 0.6, "opacity": 0.85}),
    "crossing": ("path", {"color": "#b9b2a4", "weight": 0.6, "opacity": 0.85}),
    "stairs": ("stairs", {"color": "#8f6f4f", "weight": 1.1, "opacity": 0.9, "dashArray": "1.5 2"}),
    "footbridge": ("bridge", {"color": "#5d5a54", "weight": 1.6, "opacity": 0.9}),
    "bridge": ("bridge", {"color": "#5d5a54", "weight": 2.0, "opacity": 0.95}),
    "tunnel": ("tunnel", {"color": "#8f8b83", "weight": 1.2, "opacity": 0.9, "dashArray": "5 3"}),
}
_BASE: Final[dict[str, Style]] = {
    "water": {"fillColor": "#b7d3e2", "fillOpacity": 1.0, "color": "#8db6cc", "weight": 0.7},
    "green": {"fillColor": "#cfdec3", "fillOpacity": 0.75, "color": "#b4caa4", "weight": 0.4},
    "line": {"color": "#9a9488", "weight": 1.2, "opacity": 0.9, "fill": False},
}
_BORDERS: Final[dict[str, Style]] = {
    "city": {"color": INK, "weight": 3.0, "opacity": 0.85, "fill": False},
    "district": {"color": INK, "weight": 2.4, "opacity": 0.8, "fill": False},
    "planning": {"color": "#4d5b66", "weight": 1.3, "opacity": 0.8, "fill": False, "dashArray": "6 3 1.5 3"},
    "street": {"color": "#4d5b66", "weight": 1.5, "opacity": 0.85, "fill": False},
    "community": {"color": "#6d7880", "weight": 0.7, "opacity": 0.8, "fill": False, "dashArray": "3 2.5"},
}
_CIRCLE_M: Final = 5.0
_LINE_M: Final = 2.0
_MINOR: Final = frozenset({"path", "crossing"})


def draw_ground(
    assessment: Assessment, proposal: Proposal | None, popups: Popups, *, by_level: bool = False
) -> Drawing:
    """Return the layers that are drawn below the findings, the switchable ones first.

    Names are those of streets, or, ``by_level``, of the two finest levels of units.
    """
    names = names_by_level(assessment) if by_level else [street_names(assessment, proposal)]
    layers = [
        _borders(assessment, names),
        *draw_names(assessment),
        _excluded(assessment, popups),
        _network(assessment),
        *_basemap(assessment),
    ]
    layers += [_paper(assessment), _relief(assessment)]
    styles = {f"way_{kind}": look for kind, (_, look) in _WAYS.items()}
    styles |= {f"base_{kind}": look for kind, look in _BASE.items()}
    styles |= {f"border_{level}": look for level, look in _BORDERS.items()}
    styles["excluded"] = {
        "hatch": True,
        "weight": 0.8,
        "color": "#8a5a5a",
        "opacity": 0.8,
        "fillOpacity": 1,
    }
    styles["paper"] = {"fillColor": PAPER, "fillOpacity": 1, "stroke": False}
    return Drawing(tuple(layer for layer in layers if layer is not None), styles, {})


def draw_circles(assessment: Assessment, proposal: Proposal | None) -> Drawing:
    """Return the service circles before and, with a plan, after."""
    if proposal is None and assessment.circles.empty:
        return Drawing((), {}, {})
    minutes = number(assessment.inputs.scenario.walking.minutes, 0)
    title = "map.layer.circles_only" if proposal is None else "map.layer.circles_before"
    layers = [
        MapLayer(
            key="circles_before",
            group="circles",
            title=words(title, minutes=minutes),
            parts=(_shapes_before(assessment),),
            show=False,
            sample=icons.outline(BEFORE, BEFORE, 0.16),
            legend=(LegendRow(icons.outline(BEFORE, BEFORE, 0.16), words("map.legend.circle")),),
        )
    ]
    if proposal is not None:
        layers.append(_circles_after(assessment, proposal))
    styles: dict[str, Style] = {
        "ground_before": {"fillColor": BEFORE, "fillOpacity": 0.16, "stroke": False},
        "circle_before": {"color": BEFORE, "weight": 1.0, "opacity": 0.75, "fill": False},
        "ground_after": {"fillColor": AFTER, "fillOpacity": 0.2, "stroke": False},
        "circle_after": {"color": AFTER, "weight": 1.8, "opacity": 0.9, "fill": False, "dashArray": "6 3"},
        "ground_kept": {"fillColor": BEFORE, "fillOpacity": 0.1, "color": BEFORE, "weight": 0.8, "opacity": 0.6},
    }
    return Drawing(tuple(layers), styles, {})


def _circles_after(assessment: Assessment, proposal: Proposal) -> MapLayer:
    return MapLayer(
        key="circles_after",
        group="circles",
        title=words("map.layer.circles_after"),
        parts=(_shapes_after(assessment, proposal.after),),
        show=False,
        sample=icons.outline(AFTER, AFTER, 0.2),
        legend=(
            LegendRow(icons.outline(AFTER, AFTER, 0.2, "5 2.5"), words("map.legend.circle_new")),
            LegendRow(icons.outline(BEFORE, BEFORE, 0.1), words("map.legend.circle_kept")),
        ),
    )


def _shapes_before(assessment: Assessment) -> Vector:
    crs, circles = assessment.inputs.crs, assessment.circles
    found = feature(_ground_of(circles), crs, {"s": "ground_before"}, tolerance_m=_CIRCLE_M)
    found += features(circles, crs, same({"s": "circle_before"}), tolerance_m=_CIRCLE_M)
    return Vector(found, "circles")


def _shapes_after(before: Assessment, after: Assessment) -> Vector:
    crs, served = after.inputs.crs, _ground_of(before.circles)
    new = after.circles[~after.circles.index.isin(before.circles.index)]
    found = feature(served, crs, {"s": "ground_kept"}, tolerance_m=_CIRCLE_M)
    found += feature(shapely.difference(_ground_of(new), served), crs, {"s": "ground_after"}, tolerance_m=_CIRCLE_M)
    found += features(new, crs, same({"s": "circle_after"}), tolerance_m=_CIRCLE_M)
    return Vector(found, "circles")


def _ground_of(circles: gpd.GeoDataFrame) -> BaseGeometry:
    return shapely.union_all(shapely.make_valid(geometries(circles)))


def _paper(assessment: Assessment) -> MapLayer | None:
    for level in UNIT_LEVELS:
        units = at_level(assessment, level)
        if len(units):
            ground = shapely.union_all(shapely.make_valid(geometries(units)))
            return _always(
                "paper", Vector(feature(ground, assessment.inputs.crs, {"s": "paper"}, tolerance_m=4.0), "paper")
            )
    return None


def _always(key: str, part: Vector | Image) -> MapLayer:
    return MapLayer(key, "", words("map.panel"), (part,))


def _relief(assessment: Assessment) -> MapLayer | None:
    if assessment.inputs.terrain is None:
        return None
    image = relief(assessment.inputs.terrain)
    return MapLayer("relief", "ground", words("map.layer.relief"), (image,)) if image else None


def _basemap(assessment: Assessment) -> list[MapLayer]:
    inputs = assessment.inputs
    found: dict[str, list[Feature]] = {}
    for name, frame in sorted(inputs.basemap.items()):
        kind = inputs.scenario.basemap[name].style
        shapes = features(frame, inputs.crs, same({"s": f"base_{kind}"}), tolerance_m=3.0)
        found.setdefault(kind, []).extend(shapes)
    # Green areas are drawn below the findings; water and lines stay readable above the colours of units.
    drawn = [(kind, "base" if kind == "green" else "water") for kind in ("green", "water", "line") if kind in found]
    if not drawn:
        return []
    parts = tuple(Vector(found[kind], pane) for kind, pane in drawn)
    legend = tuple(LegendRow(_base_sample(kind), words(f"map.legend.{kind}")) for kind, _ in drawn)
    return [MapLayer("basemap", "ground", words("map.layer.basemap"), parts, legend=legend)]


def _base_sample(kind: str) -> str:
    look = _BASE[kind]
    if kind == "line":
        return icons.stroke(str(look["color"]), float(look["weight"]))
    return icons.swatch(str(look["fillColor"]), edge=str(look["color"]))


def _network(assessment: Assessment) -> MapLayer | None:
    network = assessment.inputs.network
    if network is None or network.edges.empty:
        return None
    lines, thinned = _within_budget(_lines_by_kind(network.edges))
    title = words("map.layer.network")
    if not lines:
        return MapLayer("network", "ground", title, (), show=False, caption=words("map.legend.left_out"))
    found: list[Feature] = []
    for kind, line in lines.items():
        found += feature(line, assessment.inputs.crs, {"s": f"way_{kind}"}, tolerance_m=_LINE_M)
    samples = {_WAYS[kind][0]: _WAYS[kind][1] for kind in lines}
    return MapLayer(
        key="network",
        group="ground",
        title=title,
        parts=(Vector(found, "network"),),
        caption=words("map.legend.thinned") if thinned else None,
        legend=tuple(LegendRow(_way_sample(look), words(f"map.legend.{kind}")) for kind, look in samples.items()),
    )


def _way_sample(look: Style) -> str:
    return icons.stroke(look["color"], look["weight"] + 0.4, look.get("dashArray", ""))


def _lines_by_kind(edges: gpd.GeoDataFrame) -> dict[str, BaseGeometry]:
    kinds = np.asarray([kind if kind in _WAYS else "path" for kind in edges["kind"]])
    shapes = geometries(edges)
    return {kind: merged_lines(shapes[kinds == kind], _LINE_M) for kind in _WAYS if (kinds == kind).any()}


def _within_budget(lines: dict[str, BaseGeometry]) -> tuple[dict[str, BaseGeometry], bool]:
    """Leave out the small ways of a too large network, then all of it; tell whether any was left out."""
    for minor in (frozenset[str](), _MINOR, _MINOR | {"stairs"}):
        kept = {kind: line for kind, line in lines.items() if kind not in minor}
        if sum(shapely.get_num_coordinates(line) for line in kept.values()) <= LINE_BUDGET:
            return kept, len(kept) < len(lines)
    return {}, True


def _borders(assessment: Assessment, names: Sequence[Names]) -> MapLayer | None:
    crs = assessment.inputs.crs
    found: list[Feature] = []
    legend: list[LegendRow] = []
    for level in reversed(UNIT_LEVELS):
        units = at_level(assessment, level)
        if units.empty:
            continue
        edges = shapely.union_all(shapely.boundary(geometries(units)))
        found += feature(shapely.line_merge(edges), crs, {"s": f"border_{level}"}, tolerance_m=3.0)
        look = _BORDERS[level]
        sample = icons.stroke(look["color"], look["weight"], look.get("dashArray", ""))
        legend.insert(0, LegendRow(sample, words(f"map.legend.border_{level}")))
    if not found:
        return None
    parts: tuple[Vector | Names, ...] = (Vector(found, "borders"), *names)
    return MapLayer("borders", "ground", words("map.layer.borders"), parts, legend=tuple(legend))


def _beyond(permitted: gpd.GeoDataFrame, assessment: Assessment) -> gpd.GeoDataFrame:
    """Return the area of the units outside the area in which building is permitted."""
    whole = shapely.box(*assessment.places.total_bounds)
    rest = shapely.difference(whole, shapely.union_all(permitted.geometry.to_numpy()))
    return gpd.GeoDataFrame(geometry=[rest], crs=permitted.crs)


def _excluded(assessment: Assessment, popups: Popups) -> MapLayer | None:
    inputs = assessment.inputs
    found: list[Feature] = []
    for name, frame in sorted(inputs.exclusions.items()):
        layer = inputs.scenario.constraints.exclude[name]
        ground = frame if layer.side == "inside" else _beyond(frame, assessment)
        key = popups.add(f"excluded/{name}", layer.clause, words("map.popup.excluded"), [])
        found += features(ground, inputs.crs, same({"s": "excluded", "k": key}), tolerance_m=3.0)
    if not found:
        return None
    return MapLayer(
        key="excluded",
        group="ground",
        title=words("map.layer.excluded"),
        parts=(Vector(found, "excluded"),),
        show=False,
        sample=icons.hatch(),
    )
