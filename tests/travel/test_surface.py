"""Walks over open ground: by hand, against skimage, and against networkx on the same raster written out as a graph."""

import math
from itertools import product
from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from skimage.graph import MCP_Geometric

from siting.domain.nouns import Access, Floats, Grid, OpenGround, Raster
from siting.domain.scenario import Direction, Walking
from siting.domain.walkers import WALKERS
from siting.travel import Surface, prepare_surface, walk_to
from siting.travel.open_ground import stand
from siting.travel.slope import tobler_ratio
from siting.travel.surface import CostSurface, Crossed, Neighbours, cross
from tests.helpers import METRIC, X0, Y0, facilities, raster
from tests.travel.test_walking import people

INF = math.inf
LEVEL = np.zeros((0, 0), dtype=np.float32)
DIRECTIONS: tuple[Direction, ...] = ("from_facility", "to_facility", "slower", "both_ways")


def ground(pace: ArrayLike, height: ArrayLike | None = None, cell_m: tuple[float, float] = (10.0, 10.0)) -> CostSurface:
    heights = LEVEL if height is None else np.array(height, dtype=np.float32)
    return CostSurface(np.array(pace, dtype=np.float32), heights, cell_m)


def times(found: Crossed, shape: tuple[int, ...], source: int = 0) -> Floats:
    seconds = np.full(shape, INF)
    part = slice(found.start[source], found.start[source + 1])
    seconds.ravel()[found.cell[part]] = found.seconds[part]
    return seconds


def walked(where: CostSurface, row: int, column: int, limit: float = 1e4, **how: Any) -> Floats:
    found = cross(where, (np.array([row]), np.array([column])), np.array([limit]), **how)
    return times(found, where.pace.shape)


def step_seconds(where: CostSurface, here: tuple[int, int], move: tuple[int, int]) -> float:
    """Return what a step costs, inf where it cannot be taken."""
    there = (here[0] + move[0], here[1] + move[1])
    cells = [here, there]
    if max(map(abs, move)) == 2:
        # A tenth of the step before and after its middle.
        cells += [tuple(round(h + m * part) for h, m in zip(here, move, strict=True)) for part in (0.4, 0.6)]
    elif all(move) and np.isinf([where.pace[there[0], here[1]], where.pace[here[0], there[1]]]).all():
        return INF
    metres = math.hypot(move[0] * where.cell_m[0], move[1] * where.cell_m[1])
    cost = metres * float(np.mean([where.pace[cell] for cell in cells], dtype=np.float64))
    if where.height.size:
        slope = (float(where.height[there]) - float(where.height[here])) / metres
        cost /= 1.0 if math.isnan(slope) else float(tobler_ratio(np.array([min(max(slope, -0.45), 0.45)]))[0])
    return cost


def graph_times(where: CostSurface, source: tuple[int, ...], neighbours: int, *, back: bool = False) -> Floats:
    """Write every step out as an edge, and ask networkx."""
    graph, seconds = nx.DiGraph(), np.full(where.pace.shape, INF)
    moves = [move for move in product((-2, -1, 0, 1, 2), repeat=2) if math.hypot(*move) in {1, math.sqrt(2)}]
    if neighbours == 16:
        moves += [move for move in product((-2, -1, 1, 2), repeat=2) if abs(move[0]) != abs(move[1])]
    for here in np.ndindex(where.pace.shape):
        for move in moves:
            there = (here[0] + move[0], here[1] + move[1])
            if min(there) >= 0 and there[0] < seconds.shape[0] and there[1] < seconds.shape[1]:
                cost = step_seconds(where, (here[0], here[1]), move)
                graph.add_edge(*((there, here) if back else (here, there)), weight=cost)
    if np.isfinite(where.pace[source]):
        graph.add_node(source)
        for cell, value in nx.single_source_dijkstra_path_length(graph, source).items():
            seconds[cell] = value
    return seconds


@st.composite
def grounds(draw: st.DrawFn, *, sloped: bool) -> tuple[CostSurface, tuple[int, int]]:
    shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 8)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pace = rng.uniform(0.8, 4.0, shape)
    pace[rng.random(shape) < draw(st.sampled_from([0.0, 0.2, 0.4]))] = INF
    height = None
    if sloped:
        height = rng.uniform(0.0, draw(st.sampled_from([1.0, 8.0, 40.0])), shape)
        height[rng.random(shape) < 0.1] = np.nan
    cell_m = draw(st.sampled_from([(10.0, 10.0), (30.0, 20.0)]))
    source = (draw(st.integers(0, shape[0] - 1)), draw(st.integers(0, shape[1] - 1)))
    return ground(pace, height, cell_m), source


# --- against other hands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("cell_m", [(30.0, 30.0), (20.0, 35.0)])
def test_on_the_flat_with_8_neighbours_times_are_those_of_skimage(seed: int, cell_m: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    pace = rng.uniform(1.0, 2.5, (70, 90)).astype(np.float32)
    pace[rng.random(pace.shape) < 0.3] = INF
    pace[35, 45] = 1.0
    costs = np.where(np.isinf(pace), -1.0, pace).astype(np.float64)
    theirs, _ = MCP_Geometric(costs, sampling=cell_m).find_costs([(35, 45)])
    found = cross(
        ground(pace, cell_m=cell_m), (np.array([35]), np.array([45])), np.array([900.0]), neighbours=8, squeeze=True
    )
    assert found.cell.tolist() == np.flatnonzero(theirs.ravel() <= 900.0).tolist()
    assert len(found.cell) > 400
    assert found.seconds == pytest.approx(theirs.ravel()[found.cell], abs=1e-4)


@given(grounds(sloped=True), st.sampled_from([8, 16]), st.sampled_from(DIRECTIONS[:2]))
def test_uphill_and_down_times_are_those_of_the_same_raster_as_a_graph(
    case: tuple[CostSurface, tuple[int, int]], neighbours: Neighbours, direction: Direction
) -> None:
    where, source = case
    ours = walked(where, *source, neighbours=neighbours, direction=direction)
    back = direction == "to_facility"
    assert ours == pytest.approx(graph_times(where, source, neighbours, back=back), abs=1e-3)


@given(grounds(sloped=True), st.floats(10.0, 400.0))
def test_directions_combine_both_ways_and_limits_cut_what_is_beyond(
    case: tuple[CostSurface, tuple[int, int]], limit: float
) -> None:
    where, source = case
    away, home = graph_times(where, source, 16), graph_times(where, source, 16, back=True)
    for direction, wanted in zip(DIRECTIONS, (away, home, np.maximum(away, home), (away + home) / 2), strict=True):
        ours = walked(where, *source, limit, direction=direction)
        sure = np.abs(wanted - limit) > 0.01
        assert ours[sure] == pytest.approx(np.where(wanted <= limit, wanted, INF)[sure], abs=1e-3)


# --- by hand -----------------------------------------------------------------------------------------------------


def test_a_knight_walks_a_quarter_of_its_step_in_each_of_four_cells() -> None:
    # From the first cell to the last: √5 × 10 m, at a mean of (1 + 1.2 + 1.4 + 1) ÷ 4 s/m.
    where = ground([[1, 1.2, INF], [INF, 1.4, 1]])
    assert walked(where, 0, 0)[1, 2] == pytest.approx(10 * math.sqrt(5) * 1.15, abs=1e-4)
    # Else 10 m to the side and √2 × 10 m over the corner, both at 1.1 s/m.
    side_and_corner = 10 * (1 + math.sqrt(2)) * 1.1
    assert walked(where, 0, 0, neighbours=8)[1, 2] == pytest.approx(side_and_corner, abs=1e-4)
    # So it is where one of the two in between is a barrier.
    assert walked(ground([[1, 1.2, 1], [INF, INF, 1]]), 0, 0)[1, 2] == pytest.approx(side_and_corner, abs=1e-4)
    assert walked(ground([[1, 1.2, INF], [INF, INF, 1]]), 0, 0)[1, 2] == INF


def test_up_a_slope_takes_longer_than_down() -> None:
    # 10 % over 10 m: up at exp(−3.5 · 0.10) of the speed, down as fast as on the flat.
    where = ground([[1, 1]], [[0, 1]])
    assert walked(where, 0, 0)[0, 1] == pytest.approx(10 * math.exp(0.35), abs=1e-4)
    assert walked(where, 0, 1)[0, 0] == pytest.approx(10.0, abs=1e-4)
    assert walked(where, 0, 0, direction="to_facility")[0, 1] == pytest.approx(10.0, abs=1e-4)
    assert walked(where, 0, 0, direction="both_ways")[0, 1] == pytest.approx(5 + 5 * math.exp(0.35), abs=1e-4)
    # A cliff counts as 45 %; ground without a height as level.
    assert walked(ground([[1, 1]], [[0, 90]]), 0, 0)[0, 1] == pytest.approx(10 * math.exp(3.5 * 0.45), abs=1e-3)
    assert walked(ground([[1, 1]], [[0, np.nan]]), 0, 0)[0, 1] == pytest.approx(10.0, abs=1e-4)


@pytest.mark.parametrize("neighbours", [8, 16])
def test_a_line_of_barriers_that_meet_at_corners_is_tight(neighbours: Neighbours) -> None:
    pace = np.ones((9, 9))
    np.fill_diagonal(pace, INF)
    seconds = walked(ground(pace), 0, 8, neighbours=neighbours)
    assert np.isinf(seconds[np.tril_indices(9)]).all()
    assert np.isfinite(seconds[np.triu_indices(9, 1)]).all()
    assert np.isfinite(walked(ground(pace), 0, 8, neighbours=neighbours, squeeze=True)[8, 0])


def test_a_river_is_crossed_only_at_its_bridge() -> None:
    pace = np.ones((5, 41))
    pace[2] = INF
    assert np.isinf(walked(ground(pace), 0, 0)[3:]).all()
    pace[2, 40] = 1.0
    seconds = walked(ground(pace), 0, 0)
    # 40 cells along, over, and 40 back; corners are cut.
    assert 750.0 < seconds[4, 0] < 840.0
    assert seconds[4, 0] == pytest.approx(graph_times(ground(pace), (0, 0), 16)[4, 0], abs=1e-3)


def test_a_source_on_a_barrier_or_nowhere_reaches_nothing() -> None:
    where = ground([[1, INF, 1]])
    found = cross(where, (np.array([0, 0, -1]), np.array([0, 1, -1])), np.full(3, 60.0))
    assert np.diff(found.start).tolist() == [1, 0, 0]
    none = cross(where, (np.zeros(0, dtype=int), np.zeros(0, dtype=int)), np.zeros(0))
    assert none.start.tolist() == [0]


@pytest.mark.parametrize("pace", [0.0, -1.0, np.nan])
def test_paces_that_are_not_above_0_are_refused(pace: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        walked(ground([[1, pace]]), 0, 0)


def test_a_pace_beyond_all_counting_is_as_good_as_a_barrier() -> None:
    assert walked(ground([[1, 1e30, 1]]), 0, 0).tolist() == [[0.0, INF, INF]]


# --- laws --------------------------------------------------------------------------------------------------------


@given(grounds(sloped=True), st.data())
def test_a_barrier_more_never_shortens_a_time(case: tuple[CostSurface, tuple[int, int]], data: st.DataObject) -> None:
    where, source = case
    rows, columns = where.pace.shape
    cell = data.draw(st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)))
    pace = where.pace.copy()
    pace[cell] = INF
    for direction in DIRECTIONS:
        before = walked(where, *source, direction=direction)
        assert (walked(where._replace(pace=pace), *source, direction=direction) >= before).all()


def test_the_result_does_not_hang_on_threads_or_on_other_sources() -> None:
    rng = np.random.default_rng(4)
    pace, height = rng.uniform(1, 3, (120, 90)), rng.uniform(0, 20, (120, 90))
    pace[rng.random(pace.shape) < 0.1] = INF
    where = ground(pace, height)
    sources = (rng.integers(0, 120, 37), rng.integers(0, 90, 37))
    limit = rng.uniform(0.0, 500.0, 37)
    one, *others = (cross(where, sources, limit, direction="slower", threads=threads) for threads in (1, 2, 3, 64))
    for other in others:
        assert all(np.array_equal(*pair) for pair in zip(vars(one).values(), vars(other).values(), strict=True))
    for source in (0, 17, 36):
        alone = walked(where, sources[0][source], sources[1][source], limit[source], direction="slower")
        assert np.array_equal(times(one, pace.shape, source), alone)


# --- between points ----------------------------------------------------------------------------------------------


def surface(
    slowness: ArrayLike, cell: float = 10.0, *, terrain: Raster | None = None, slopes_within: bool = False
) -> Surface:
    """Return open ground whose lower left corner is that of all tests."""
    values = np.array(slowness, dtype=np.float32)
    move = Affine(cell, 0, X0, 0, -cell, Y0 + cell * values.shape[0])
    grid = Grid(move, (values.shape[0], values.shape[1]), METRIC)
    return prepare_surface(OpenGround(grid, values, slopes_within), terrain, WALKERS["elder"])


def walk(over: Surface, sites: list[tuple[float, float]], cells: list[tuple[float, float]], **walking: Any) -> Access:
    frame = facilities({f"s{i}": (place, {}) for i, place in enumerate(sites)})
    return walk_to(over, frame, np.ones(len(sites), dtype=bool), people(cells), Walking(mode="surface", **walking))


def test_people_walk_to_the_centre_over_the_ground_and_from_the_centre() -> None:
    over = surface(np.ones((3, 30)))
    # (5, 5) to (95, 5) is 90 m between centres, 3 and 4 m of legs: 97 m ÷ 0.8 m/s.
    access = walk(over, [(5, 8)], [(95, 1)])
    assert access.cells["seconds"].tolist() == pytest.approx([97 / 0.8], abs=1e-3)
    assert access.cells["nearest"].tolist() == ["s0"]
    assert access.cells["reason"].tolist() == ["covered"]


def test_within_one_cell_people_walk_straight_at_its_pace() -> None:
    slow = surface([[2.0, 1.0]], cell=1000.0)
    access = walk(slow, [(100, 100)], [(100, 130)])
    assert access.cells["seconds"].tolist() == pytest.approx([30 * 2 / 0.8], abs=1e-3)


def test_the_nearest_two_are_found_and_ties_break_by_place() -> None:
    over = surface(np.ones((1, 101)))
    access = walk(over, [(905, 5), (105, 5), (555, 5)], [(505, 5), (155, 5)], minutes=1)
    assert access.cells["nearest"].tolist() == ["s2", "s1"]
    assert access.cells["second"].tolist() == ["s1", "s2"]
    assert access.cells["seconds"].tolist() == pytest.approx([62.5, 62.5], abs=1e-3)
    assert access.cells["second_seconds"].tolist() == pytest.approx([500.0, 500.0], abs=1e-3)
    assert access.cells["reason"].tolist() == ["beyond_circle", "beyond_circle"]
    # The row of the nearest is not kept: it lies beyond the cut-off.
    assert len(access.within.cell) == 0


def test_points_on_a_barrier_walk_from_the_nearest_open_cell_within_the_limit() -> None:
    slowness = np.ones((1, 60))
    slowness[0, 10:50] = INF
    over = surface(slowness)
    standing = stand(over, np.array([[X0 + 120, Y0 + 5], [X0 + 300, Y0 + 5], [X0 - 15, Y0 + 5]]), np.full(3, 20.0))
    assert standing.column.tolist() == [9, -1, 0]
    # 120 m to the centre at 95 m; −15 m to that at 5 m.
    assert standing.leg_s[[0, 2]] == pytest.approx([25 / 0.8, 20 / 0.8])
    access = walk(over, [(120, 5), (300, 5)], [(5, 5), (555, 5), (300, 5)], attach_limit_m=20)
    assert access.unattached.tolist() == ["s1"]
    assert access.cells["seconds"].tolist() == pytest.approx([(25 + 90) / 0.8, INF, INF], abs=1e-3)
    assert access.cells["reason"].tolist() == ["covered", "cut_off", "off_network"]


def test_times_between_points_are_those_between_cells_and_their_legs() -> None:
    rng = np.random.default_rng(9)
    slowness = rng.uniform(1.0, 3.0, (40, 50))
    slowness[rng.random(slowness.shape) < 0.2] = INF
    hills = raster(rng.uniform(0, 30, (42, 52)), 10.0, left=-10, bottom=-10)
    over = surface(slowness, terrain=hills)
    open_cells = np.argwhere(np.isfinite(slowness))[rng.permutation(int(np.isfinite(slowness).sum()))[:30]]
    offsets = rng.uniform(0.05, 9.95, (30, 2))
    points = np.stack([open_cells[:, 1] * 10 + offsets[:, 0], (39 - open_cells[:, 0]) * 10 + offsets[:, 1]], axis=1)
    sites, cells = points[:6], points[6:]
    starts = [tuple(cell) for cell in open_cells[:6]]
    ways = [(graph_times(over.ground, at, 16), graph_times(over.ground, at, 16, back=True)) for at in starts]
    for direction in DIRECTIONS:
        access = walk(over, list(map(tuple, sites)), list(map(tuple, cells)), direction=direction, minutes=5)
        for site, (away, home) in enumerate(ways):
            whole = {
                "from_facility": away,
                "to_facility": home,
                "slower": np.maximum(away, home),
                "both_ways": (away + home) / 2,
            }[direction]
            pace = over.ground.pace[tuple(open_cells.T)].astype(np.float64)
            legs = np.hypot(*(offsets - 5).T) * pace
            wanted = whole[tuple(open_cells[6:].T)] + legs[site] + legs[6:]
            reached, seconds = access.within.of(site)
            assert reached.tolist() == np.flatnonzero(wanted <= 300.0).tolist()
            assert seconds == pytest.approx(wanted[reached], abs=1e-3)


def test_circles_hold_the_cells_reached_the_site_and_the_people_covered() -> None:
    slowness = np.ones((60, 60))
    slowness[:, 30] = INF
    slowness[5, 30] = 1.0
    over = surface(slowness)
    grid = [(10.0 * i + 2, 10.0 * j + 3) for i in range(60) for j in range(60)]
    access = walk(over, [(250, 300)], grid, minutes=5)
    circle = access.circles.geometry.iloc[0]
    assert circle.is_valid
    places = np.array(grid) + np.array([X0, Y0])
    inside = shapely.contains_xy(circle, places)
    assert np.flatnonzero(inside).tolist() == access.within.cell.tolist()
    assert shapely.contains_xy(circle, X0 + 250, Y0 + 300)
    # 240 m in the open at 0.8 m/s; a share of a circle to the west of the river.
    assert 0.8 * math.pi * 240**2 / 2 < circle.area < math.pi * 240**2


def test_terrain_is_brought_to_the_cells_and_friction_holds_it_already() -> None:
    ramp = raster(np.tile(np.arange(12.0), (5, 1)), 10.0, left=-10, bottom=-10)
    sloped = surface(np.ones((3, 10)), terrain=ramp)
    assert sloped.ground.height[1] == pytest.approx(np.arange(1.0, 11.0))
    assert sloped.notes == ()
    friction = surface(np.ones((3, 10)), terrain=ramp, slopes_within=True)
    assert friction.ground.height.size == 0
    assert [note.code for note in friction.notes] == ["surface_slopes_within"]


def test_a_bridge_is_level_whatever_lies_below() -> None:
    values, spans = np.ones((1, 12), dtype=np.float32), np.zeros((1, 12), dtype=bool)
    spans[0, 5:7] = True
    gorge = raster(np.where(spans, -30.0, 0.0).repeat(3, axis=0), 10.0, bottom=-10)
    grid = Grid(Affine(10.0, 0, X0, 0, -10.0, Y0 + 10), (1, 12), METRIC)
    over = prepare_surface(OpenGround(grid, values, spans=spans), gorge, WALKERS["elder"])
    assert walked(over.ground, 0, 0)[0, 11] == pytest.approx(110 / 0.8, abs=1e-3)
    assert over.notes == ()
    below = prepare_surface(OpenGround(grid, values), gorge, WALKERS["elder"])
    assert walked(below.ground, 0, 0)[0, 11] > 200.0


def test_steps_steeper_than_a_walker_can_are_not_taken() -> None:
    steep = ground([[1, 1, 1, 1]], [[0, 1, 1.5, 1.5]])._replace(steepest=0.1)
    assert np.isfinite(walked(steep, 0, 0)).all()
    less = steep._replace(steepest=0.09)
    for direction in DIRECTIONS:
        assert np.isfinite(walked(less, 0, 3, direction=direction)).tolist() == [[False, True, True, True]]
    assert surface(np.ones((3, 3))).ground.steepest == INF
    grid = Grid(Affine(10.0, 0, X0, 0, -10.0, Y0 + 10), (1, 2), METRIC)
    wheels = prepare_surface(OpenGround(grid, np.ones((1, 2), dtype=np.float32)), None, WALKERS["wheelchair"])
    assert wheels.ground.steepest == WALKERS["wheelchair"].max_slope


def test_ground_without_heights_and_cliffs_are_told() -> None:
    cliff = np.zeros((3, 8))
    cliff[:, 4:] = 50.0
    notes = surface(np.ones((3, 10)), terrain=raster(cliff, 10.0)).notes
    assert [note.code for note in notes] == ["surface_without_height", "surface_too_steep"]
    assert notes[1].values["count"] == 3


def test_without_sites_nobody_is_reached() -> None:
    access = walk(surface(np.ones((3, 3))), [], [(5, 5)])
    assert access.cells["reason"].tolist() == ["cut_off"]
    assert len(access.circles) == 0


def test_pieces_of_ground_are_those_between_which_nobody_walks() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        slowness = np.ones((7, 7))
        slowness[rng.random((7, 7)) < 0.45] = INF
        over = surface(slowness)
        for row, column in np.argwhere(np.isfinite(slowness)):
            reached: NDArray[np.bool_] = np.isfinite(walked(over.ground, row, column))
            assert np.array_equal(reached, over.part == over.part[row, column])


@given(st.integers(0, 10**6))
def test_the_nearest_open_cell_is_that_of_all_cells(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slowness = np.where(rng.random((5, 7)) < 0.25, 1.0, INF)
    over = surface(slowness)
    # From 30 m outside the grid to 30 m beyond; whole metres, so that there are equal distances.
    points = rng.integers([-30, -30], [101, 81], (12, 2)).astype(float)
    limit = rng.integers(0, 40, 12).astype(float)
    found = stand(over, np.array([X0, Y0]) + points, limit)
    cells = [(line, place) for line in range(5) for place in range(7) if slowness[line, place] < INF]
    for (x, y), far, row, column in zip(points, limit, found.row, found.column, strict=True):
        down = 50.0 - y

        def near(cell: tuple[int, int], x: float = x, down: float = down) -> tuple[float, float, tuple[int, int]]:
            top, left = 10.0 * cell[0], 10.0 * cell[1]
            gap = math.hypot(max(0.0, top - down, down - top - 10), max(0.0, left - x, x - left - 10))
            return gap, math.hypot(top + 5 - down, left + 5 - x), cell

        inside = math.floor(down / 10), math.floor(x / 10)
        best = min(map(near, cells), default=(INF, INF, (-1, -1)))
        expected = inside if inside in cells else best[2] if best[0] <= far else (-1, -1)
        assert (row, column) == expected


def test_a_circle_leaves_out_the_cell_between_two_cells_that_are_reached() -> None:
    # The middle column is closed; people walk round it through the second row.
    over = surface([[1.0, INF, 1.0], [1.0, 1.0, 1.0]])
    access = walk(over, [(5, 15)], [(5, 15)])
    (circle,) = access.circles.geometry
    assert circle.area == pytest.approx(5 * 100.0)
    assert not circle.contains(shapely.Point(X0 + 15, Y0 + 15))
