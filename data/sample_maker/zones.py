"""The district and its streets and communities: shares of ground that meet without gap or overlap."""

from dataclasses import dataclass

import numpy as np
import shapely
from rasterio import features
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from scipy.spatial import KDTree

from . import config
from .grid import Bools, Floats, Grid, Ints, biggest, plain_line, polygons, smooth_ring, stage_rng
from .roads import Course
from .terrain import Land

DIAGONAL = np.sqrt(2.0)
LARGEST_BLOCK_M2 = 3e5


@dataclass(frozen=True)
class Community:
    """A community or village with its ground."""

    code: str
    name: str
    kind: str
    street: int  # place in config.STREETS
    ground: shapely.Polygon


@dataclass(frozen=True)
class Zones:
    """The nested shares of the district."""

    district: shapely.Polygon
    streets: list[shapely.Polygon]
    communities: list[Community]


def outline(land: Land) -> shapely.Polygon:
    """Draw the district's edge."""
    grid, rng = land.grid, stage_rng(7)
    x, y = grid.centres()
    x = x + 130 * grid.noise(rng, 900) + 75 * grid.noise(rng, 300) + 45 * grid.noise(rng, 130)
    y = y + 130 * grid.noise(rng, 900) + 75 * grid.noise(rng, 300) + 45 * grid.noise(rng, 130)
    reach = (np.abs(x - 6080) / 5620) ** 4.4 + (np.abs(y - 4950) / 4640) ** 4.4
    labels, count = ndimage.label(reach < 1)
    sizes = ndimage.sum_labels(np.ones(grid.shape), labels, range(1, count + 1))
    body = ndimage.binary_fill_holes(labels == 1 + int(np.argmax(sizes)))
    raw = biggest(shapely.unary_union(_raster_parts(grid, np.asarray(body, np.int64), 1)))
    ring = shapely.get_coordinates(raw.exterior.simplify(14).segmentize(40))
    return biggest(shapely.Polygon(np.round(smooth_ring(ring), 1)).buffer(0).simplify(3))


def _raster_parts(grid: Grid, labels: Ints, value: int) -> list[shapely.Polygon]:
    found = features.shapes((labels == value).astype(np.uint8), mask=labels == value, transform=grid.transform)
    return [part for geometry, _ in found for part in polygons(shapely.geometry.shape(geometry))]


def _graph(cost: Floats) -> sparse.csr_matrix:
    """Link each cell to its eight neighbours at the mean cost of the two."""
    rows, columns = cost.shape
    number = np.arange(rows * columns).reshape(rows, columns)
    starts, ends, prices = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, rows - down), slice(max(0, -right), columns - max(0, right)))
        there = (slice(down, rows), slice(max(0, right), columns + min(0, right)))
        starts.append(number[here].ravel())
        ends.append(number[there].ravel())
        length = DIAGONAL if down and right else 1.0
        prices.append((cost[here] + cost[there]).ravel() * length / 2)
    size = rows * columns
    triple = (np.concatenate(prices), (np.concatenate(starts), np.concatenate(ends)))
    return sparse.csr_matrix(triple, shape=(size, size))


def _grow(cost: Floats, seeds: Ints) -> Ints:
    """Give each cell the number of the seed that reaches it most cheaply."""
    _, _, source = csgraph.dijkstra(
        _graph(cost), directed=False, indices=seeds, min_only=True, return_predecessors=True
    )
    place = np.full(cost.size + 1, -1)
    place[seeds] = np.arange(len(seeds))
    return np.asarray(place[source].reshape(cost.shape))


def _whole(labels: Ints, inside: Bools) -> Ints:
    """Smooth a partition's edges and leave each share in one piece."""
    scores = np.stack(
        [ndimage.gaussian_filter((labels == value).astype(np.float32), 1.2) for value in range(int(labels.max()) + 1)]
    )
    smooth = np.where(inside, np.argmax(scores, axis=0), -1)
    good = np.zeros(labels.shape, bool)
    for value in range(int(labels.max()) + 1):
        parts, count = ndimage.label(smooth == value)
        sizes = ndimage.sum_labels(np.ones(labels.shape), parts, range(1, count + 1))
        good |= parts == 1 + int(np.argmax(sizes))
    nearest = ndimage.distance_transform_edt(~good, return_distances=False, return_indices=True)
    return np.where(inside, smooth[tuple(nearest)], -1)


def _barriers(land: Land, roads: list[Course]) -> Floats:
    """Make ground dear where people expect a boundary: water, crests, main roads."""
    cost = 1 + 0.9 * np.abs(land.grid.noise(stage_rng(8), 90)) + 5 * (land.ridge / 150) ** 2
    cost += 24 * (land.bank < 15) + 9 * (land.stream < 10)
    for level, price in ((2, 5.0), (1, 12.0)):
        lines = [(item.line, 1.0) for item in roads if item.level == level]
        cost = np.where(land.grid.burn(lines, touched=True) > 0, price, cost)
    return cost


def share_streets(land: Land, district: shapely.Polygon, roads: list[Course]) -> Ints:
    """Tell each cell's street, -1 outside the district."""
    inside, cost, faces = land.grid.mask(district), _barriers(land, roads), _block_numbers(land, roads)
    places, owner = [], []
    for number, plan in enumerate(config.STREETS):
        places += list(plan.seeds)
        owner += [number] * len(plan.seeds)
    places.append((config.ISLAND[0], config.ISLAND[1]))
    owner.append(len(config.STREETS) - 1)
    row, column = land.grid.index(*np.array(places, float).T)
    grown = _grow(cost, row * land.grid.columns + column)
    return _whole(_snapped(np.where(inside, np.asarray(owner)[grown], -1), faces), inside)


def _spread_seeds(points: Floats, weight: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Find centres that share the weight of the points (Lloyd's method)."""
    centres = points[rng.choice(len(points), count, replace=False, p=weight / weight.sum())]
    for _ in range(14):
        _, near = KDTree(centres).query(points)
        load = np.bincount(near, weight, count)
        moved = [np.bincount(near, weight * axis, count) / np.maximum(load, 1e-9) for axis in points.T]
        centres = np.where(load[:, None] > 0, np.stack(moved, axis=1), centres)
    _, home = KDTree(points).query(centres)
    return np.asarray(points[home])


def _snapped(labels: Ints, faces: Ints) -> Ints:
    """Give each block to the share that holds most of it, so that boundaries run along roads."""
    count = int(labels.max()) + 1
    held = (faces > 0) & (labels >= 0)
    votes = np.bincount(faces[held] * count + labels[held], minlength=(int(faces.max()) + 1) * count)
    winner = np.argmax(votes.reshape(-1, count), axis=1)
    return np.where(held, winner[faces], labels)


def _block_numbers(land: Land, roads: list[Course]) -> Ints:
    """Give the blocks between roads their numbers on the grid, 0 outside them."""
    net = shapely.unary_union([item.line for item in roads if item.level in {1, 2}], grid_size=0.01)
    faces = [face for face in polygons(shapely.polygonize([net])) if face.area < LARGEST_BLOCK_M2]
    return land.grid.burn([(face, float(number)) for number, face in enumerate(faces, start=1)]).astype(np.int64)


def _split(land: Land, load: Floats, streets: Ints, roads: list[Course]) -> tuple[Ints, list[int]]:
    """Split each street among its communities; also tell each community's street."""
    rng, grid = stage_rng(9), land.grid
    cost, faces = _barriers(land, roads), _block_numbers(land, roads)
    ferry = int(grid.at(streets, *config.ISLAND[:2]))
    x, y = grid.centres()
    labels = np.full(grid.shape, -1)
    owner: list[int] = []
    for number, plan in enumerate(config.STREETS):
        count = len(plan.communities) + len(plan.villages)
        mine = streets == number
        soil = mine & land.dry
        points = np.c_[x[soil], y[soil]]
        weight = load[soil] ** 0.8 + 1.6
        seeds = _spread_seeds(points, weight, count, rng)
        if number == ferry:  # the island is a village of its own
            away = np.hypot(*(seeds - config.ISLAND[:2]).T)
            seeds[np.argmin(away)] = config.ISLAND[:2]
        row, column = grid.index(*seeds.T)
        own = np.where(mine, cost, 1e4)
        grown = _grow(own, row * grid.columns + column)
        shares = _snapped(np.where(mine, grown, -1), faces)
        labels = np.where(mine, _whole(shares, mine) + len(owner), labels)
        owner += [number] * count
    return labels, owner


def _arcs(land: Land, labels: Ints, district: shapely.Polygon) -> list[shapely.LineString]:
    """Draw the inner boundaries as smooth lines that share their ends."""
    parts = [part for value in range(int(labels.max()) + 1) for part in _raster_parts(land.grid, labels, value)]
    net = shapely.line_merge(shapely.unary_union([part.boundary for part in parts]))
    rim = district.boundary.buffer(land.grid.cell * 1.2)
    smooth = []
    for arc in shapely.get_parts(net):
        if rim.covers(arc):
            continue
        dense = shapely.get_coordinates(arc.simplify(13).segmentize(30))
        soft = ndimage.gaussian_filter1d(dense, 1.3, axis=0, mode="nearest")
        soft[[0, -1]] = dense[[0, -1]]
        smooth.append(plain_line(soft, 2.5))
    return smooth


def _faces(arcs: list[shapely.LineString], district: shapely.Polygon) -> list[shapely.Polygon]:
    """Cut the district along the arcs, those that end at its rim led over it."""
    longer = []
    for arc in arcs:
        points = shapely.get_coordinates(arc)
        for end, inner in ((0, 1), (-1, -2)):
            if district.boundary.distance(shapely.Point(points[end])) < 60:
                along = points[end] - points[inner]
                points[end] = points[end] + along / np.hypot(*along) * 60
        longer.append(shapely.LineString(points))
    net = shapely.unary_union([*longer, district.boundary], grid_size=0.05)
    return [face for face in polygons(shapely.polygonize([net])) if district.contains(face.point_on_surface())]


def _names(plan: config.StreetPlan, people: Floats) -> list[tuple[str, str, str]]:
    """Give code, name and kind to a street's communities: villages are the smallest."""
    order = np.argsort(people, kind="stable")
    villages, communities = order[: len(plan.villages)], order[len(plan.villages) :][::-1]
    found = [("", "", "")] * len(order)
    for place, member in enumerate(villages):
        found[member] = (f"{plan.code}{201 + place:03d}", plan.villages[place] + "村", "村")
    for place, member in enumerate(communities):
        found[member] = (f"{plan.code}{1 + place:03d}", plan.communities[place] + "社区", "社区")
    return found


def divide(land: Land, load: Floats, district: shapely.Polygon, streets: Ints, roads: list[Course]) -> Zones:
    """Divide the streets into communities by the people (per hectare) expected, and draw all of them."""
    labels, owner = _split(land, load, streets, roads)
    count = len(owner)
    shares: list[list[shapely.Polygon]] = [[] for _ in range(count)]
    nearest = ndimage.distance_transform_edt(labels < 0, return_distances=False, return_indices=True)
    filled = labels[tuple(nearest)]
    for face in _faces(_arcs(land, labels, district), district):
        held = land.grid.mask(face)
        votes = np.bincount(filled[held], minlength=count) if held.any() else None
        here = face.point_on_surface()
        value = int(np.argmax(votes)) if votes is not None else int(land.grid.at(filled, here.x, here.y))
        shares[value].append(face)
    grounds = [biggest(shapely.coverage_union_all(faces)) for faces in shares]
    people = np.asarray(ndimage.sum_labels(load, labels, range(count)))
    ferry = next(place for place, ground in enumerate(grounds) if ground.contains(shapely.Point(config.ISLAND[:2])))
    people[ferry] = 0.0  # the island's share takes the first village name of its town
    communities = []
    for number, plan in enumerate(config.STREETS):
        mine = [place for place in range(count) if owner[place] == number]
        for place, facts in zip(mine, _names(plan, people[mine]), strict=True):
            communities.append(Community(*facts, number, grounds[place]))
    grounds = [
        biggest(shapely.coverage_union_all([item.ground for item in communities if item.street == number]))
        for number in range(len(config.STREETS))
    ]
    return Zones(biggest(shapely.coverage_union_all(grounds)), grounds, communities)
