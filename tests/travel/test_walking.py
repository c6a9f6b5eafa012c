"""Walking times: by hand, and against networkx on networks split at every point that joins them."""

import itertools
import math
from collections.abc import Sequence
from typing import Any, get_args

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siting.domain.nouns import Access, Network, Raster
from siting.domain.scenario import Direction, Walking
from siting.domain.walkers import WALKERS
from siting.travel import prepare_network, walk_to
from tests.helpers import CORNER, METRIC, X0, Y0, facilities, network, raster

Points = Sequence[tuple[float, float]]


def people(points: Points, half_diagonal: float = 0.0) -> pd.DataFrame:
    places = np.array(points, dtype=float).reshape(-1, 2) + CORNER
    return pd.DataFrame(
        {"x": places[:, 0], "y": places[:, 1], "half_diagonal_m": half_diagonal}, index=pd.RangeIndex(len(points)) * 7
    )


def walk(
    streets: Network | None,
    sites: Points,
    cells: Points,
    *,
    terrain: Raster | None = None,
    counting: list[bool] | None = None,
    **walking: Any,
) -> Access:
    street = None if streets is None else prepare_network(streets, terrain, WALKERS["elder"], METRIC)
    frame = facilities({f"s{i}": (place, {}) for i, place in enumerate(sites)})
    counts = np.array([True] * len(sites) if counting is None else counting, dtype=bool)
    return walk_to(street, frame, counts, people(cells), Walking(**walking))


def minutes(access: Access) -> list[float]:
    return (access.cells["seconds"] / 60).tolist()


# A street of 2 km in pieces of 100 m.
STREET = network([[(100.0 * i, 0.0), (100.0 * (i + 1), 0.0)] for i in range(20)])


def test_walks_follow_the_street_and_both_legs() -> None:
    # 60 m to the street, 480 m along it, 120 m from it: 660 m ÷ 0.8 m/s = 825 s.
    access = walk(STREET, [(20, 60)], [(500, 120)])
    assert access.cells["seconds"].tolist() == pytest.approx([825.0])
    assert access.cells["nearest"].tolist() == ["s0"]


def test_the_cut_off_is_inclusive_at_exactly_fifteen_minutes() -> None:
    # 720 m ÷ 0.8 m/s = 900 s.
    access = walk(STREET, [(0, 0)], [(720, 0), (720.01, 0)])
    assert access.cells["reason"].tolist() == ["covered", "beyond_circle"]
    assert access.within.of(0)[0].tolist() == [0]
    straight = walk(None, [(0, 0)], [(720, 0), (0, 720.01)], mode="straight_line")
    assert straight.cells["reason"].tolist() == ["covered", "beyond_circle"]
    assert straight.within.of(0)[0].tolist() == [0]


def test_the_longest_time_sought_is_inclusive_too() -> None:
    # 20 minutes are 960 m.
    access = walk(STREET, [(0, 0)], [(960, 0), (961, 0)], max_minutes=20)
    assert access.cells["reason"].tolist() == ["beyond_circle", "beyond_max_minutes"]
    assert minutes(access) == pytest.approx([20.0, math.inf])


def test_a_cell_at_the_site_has_a_real_time_of_zero() -> None:
    for access in (walk(STREET, [(300, 0)], [(300, 0)]), walk(None, [(300, 0)], [(300, 0)], mode="straight_line")):
        cells, seconds = access.within.of(0)
        assert (cells.tolist(), seconds.tolist()) == ([0], [0.0])
        assert access.cells["seconds"].tolist() == [0.0]
        assert access.cells["nearest"].tolist() == ["s0"]
        assert access.cells["reason"].tolist() == ["covered"]


def test_two_points_of_one_edge_walk_along_it_either_way() -> None:
    street = network([[(0, 0), (2000, 0)]])
    access = walk(street, [(1000, 40)], [(600, 0), (1400, 80), (1000, 40)])
    # The site's own leg is walked out and back even to the cell beside it.
    assert access.cells["seconds"].tolist() == pytest.approx([440 / 0.8, 520 / 0.8, 80 / 0.8])


def test_two_points_of_one_edge_may_be_quicker_round_the_block() -> None:
    # A loop of 2,000 m from the corner back to it, and a chord that joins its ends at once.
    street = network([[(0, 0), (1000, 0), (1000, 10), (0, 10)], [(0, 0), (0, 10)]])
    access = walk(street, [(0, 0)], [(10, 10)])
    assert access.cells["seconds"].tolist() == pytest.approx([20 / 0.8])


def test_of_parallel_edges_the_quicker_is_walked() -> None:
    bow = [[(0, 0), (250, 800), (500, 0)], [(0, 0), (500, 0)], [(500, 0), (1500, 0)]]
    for lines in (bow, [bow[1], bow[0], bow[2]], [bow[0][::-1], bow[1], bow[2]]):
        assert walk(network(lines), [(0, 0)], [(600, 0)]).cells["seconds"].tolist() == pytest.approx([750.0])


def test_a_ring_on_itself_is_walked_the_shorter_way_round() -> None:
    ring = [[(0, 0), (400, 0), (400, 400), (0, 400), (0, 0)], [(0, 0), (-100, 0)]]
    access = walk(network(ring), [(-100, 0)], [(0, 300), (400, 100), (300, 0)])
    assert access.cells["seconds"].tolist() == pytest.approx([400 / 0.8, 600 / 0.8, 400 / 0.8])


def test_reasons_of_those_who_are_not_covered() -> None:
    # Two streets that do not meet; the facility stands on the first.
    streets = network([[(0, 0), (4000, 0)], [(0, 1000), (2000, 1000)]])
    cells = [(100, 0), (1000, 0), (3900, 0), (100, 1000), (100, 500)]
    access = walk(streets, [(0, 0)], cells)
    reasons = ["covered", "beyond_circle", "beyond_max_minutes", "cut_off", "off_network"]
    assert access.cells["reason"].tolist() == reasons
    assert access.cells["nearest"].tolist() == ["s0", "s0", None, None, None]


def test_a_component_is_served_only_by_a_facility_that_counts() -> None:
    streets = network([[(0, 0), (2000, 0)], [(0, 1000), (2000, 1000)]])
    access = walk(streets, [(0, 0), (0, 1000)], [(100, 1000)], counting=[True, False])
    assert access.cells["reason"].tolist() == ["cut_off"]
    assert access.within.of(1)[0].tolist() == [0]


def test_facilities_that_do_not_count_are_never_the_nearest() -> None:
    access = walk(STREET, [(0, 0), (500, 0)], [(500, 0)], counting=[True, False])
    assert access.cells["nearest"].tolist() == ["s0"]
    assert access.circles.index.tolist() == ["s0"]


def test_a_site_has_its_own_cut_off_but_the_circle_keeps_the_common_one() -> None:
    street = prepare_network(STREET, None, WALKERS["elder"], METRIC)
    sites = facilities({"a": ((0, 0), {})})
    access = walk_to(
        street, sites, np.array([True]), people([(720, 0), (960, 0), (970, 0)]), Walking(), cutoff_s=np.array([1200.0])
    )
    assert access.within.of(0)[0].tolist() == [0, 1]
    assert access.cells["reason"].tolist() == ["covered", "beyond_circle", "beyond_circle"]


def test_a_site_off_the_network_reaches_nobody_and_is_listed() -> None:
    access = walk(STREET, [(0, 0), (500, 201)], [(500, 0)])
    assert access.unattached.tolist() == ["s1"]
    assert access.within.of(1)[0].tolist() == []
    assert access.circles.index.tolist() == ["s0"]


@pytest.mark.parametrize("sites", [[], [(0, 900)]])
def test_without_a_facility_on_the_network_everybody_is_cut_off(sites: Points) -> None:
    access = walk(STREET, sites, [(0, 0), (0, 900)])
    assert access.cells["reason"].tolist() == ["cut_off", "off_network"]
    assert np.isinf(access.cells["seconds"]).all()
    assert len(access.circles) == 0


def test_without_a_facility_straight_lines_reach_nobody() -> None:
    access = walk(None, [], [(0, 0)], mode="straight_line")
    assert access.cells["reason"].tolist() == ["beyond_max_minutes"]


def test_straight_lines_take_the_detour_and_no_direction() -> None:
    access = walk(None, [(0, 0)], [(300, 400)], mode="straight_line", detour=1.3)
    assert access.cells["seconds"].tolist() == pytest.approx([500 * 1.3 / 0.8])
    reach = 720 / 1.3
    assert access.circles.area.iloc[0] == pytest.approx(math.pi * reach**2, rel=0.01)


def test_ties_of_the_nearest_break_by_place_whatever_the_order_of_rows() -> None:
    there, back = walk(STREET, [(0, 0), (200, 0)], [(100, 0)]), walk(STREET, [(200, 0), (0, 0)], [(100, 0)])
    assert (there.cells["nearest"].tolist(), back.cells["nearest"].tolist()) == (["s0"], ["s1"])


@pytest.mark.parametrize("place", [(300, 0), (300, 150), (0, 0)])
def test_a_circle_contains_its_facility_and_the_street_within_the_time(place: tuple[float, float]) -> None:
    access = walk(STREET, [place], [(0, 0)])
    circle = access.circles.geometry.iloc[0]
    assert circle.is_valid
    assert circle.contains(shapely.Point(X0 + place[0], Y0 + place[1]))
    left = 720 - place[1]
    assert circle.covers(shapely.LineString([(X0 + place[0], Y0), (X0 + place[0] + left - 60, Y0)]))
    assert not circle.covers(shapely.Point(X0 + place[0] + left + 100, Y0))


def incline(percent: float) -> Raster:
    """A plane that climbs eastwards."""
    return raster([[percent / 100 * 30 * column for column in range(-1, 72)]] * 9, 30.0, left=-45.0, bottom=-135.0)


UP, DOWN = 1 / (0.8 * math.exp(-3.5 * 0.20 + 0.175)), 1 / (0.8 * math.exp(-3.5 * 0.10 + 0.175))


@pytest.mark.parametrize(
    ("direction", "pace"),
    [("from_facility", UP), ("to_facility", DOWN), ("slower", UP), ("both_ways", (UP + DOWN) / 2)],
)
def test_the_four_directions_on_a_hill_of_fifteen_percent(direction: str, pace: float) -> None:
    # The facility stands at the foot; the people live above it.
    access = walk(STREET, [(0, 0)], [(350, 0)], terrain=incline(15), direction=direction)
    assert access.cells["seconds"].tolist() == pytest.approx([350 * pace])


@pytest.mark.parametrize("counting", [True, False])
def test_the_mean_of_both_ways_decides_even_where_one_way_is_beyond_the_limit(counting: bool) -> None:  # noqa: FBT001
    # 460 m at 15 %: 972 s up, 685 s down, 828 s in the mean.
    access = walk(
        network([[(20.0 * i, 0.0), (20.0 * (i + 1), 0.0)] for i in range(100)]),
        [(0, 0)],
        [(460, 0)],
        terrain=incline(15),
        direction="both_ways",
        counting=[counting],
        max_minutes=15,
    )
    assert access.within.of(0)[0].tolist() == [0]


# --- against networkx -------------------------------------------------------------------------------------------------

KINDS = ("street", "path", "crossing", "stairs", "footbridge")
CELL = 30.0


def _random_lines(rng: np.random.Generator) -> list[tuple[list[tuple[float, float]], str]]:
    """A jittered lattice with gaps, bows beside streets, rings and a scrap."""
    side = 4
    node = {
        (i, j): (300 * i + rng.uniform(-90, 90), 300 * j + rng.uniform(-90, 90))
        for i in range(side)
        for j in range(side)
    }
    lines: list[tuple[list[tuple[float, float]], str]] = []
    spanned: set[tuple[int, int]] = set()
    for (i, j), here in node.items():
        for other in ((i + 1, j), (i, j + 1)):
            if other in node and rng.random() < 0.75:
                kind = str(rng.choice(KINDS, p=[0.5, 0.2, 0.1, 0.1, 0.1]))
                # Spans that meet share a grade, which the reference does not know; slope has its own tests.
                if kind == "footbridge" and {(i, j), other} & spanned:
                    kind = "path"
                spanned |= {(i, j), other} if kind == "footbridge" else set()
                lines.append(([here, node[other]] if rng.random() < 0.5 else [node[other], here], kind))
                if rng.random() < 0.2:
                    bow = tuple(np.mean([here, node[other]], axis=0) + rng.uniform(-60, 60, 2))
                    lines.append(([here, bow, node[other]], "path"))
        if rng.random() < 0.15:
            ring = [here] + [(here[0] + dx, here[1] + dy) for dx, dy in ((70, 10), (80, 90), (-10, 80))] + [here]
            lines.append((ring, "path"))
    lines.append(([(1500.0, 0.0), (1700.0, 50.0)], "street"))
    return lines


class Reference:
    """Walking times by networkx, on a directed graph split wherever a point joins it."""

    def __init__(self, streets: Network, tilt: tuple[float, float] | None) -> None:
        self.tilt = tilt
        whole = nx.MultiGraph()
        for row in streets.edges.itertuples():
            whole.add_edge(row.u, row.v, row=row)
        self.edges: list[Any] = []
        self.component: list[int] = []
        for number, nodes in enumerate(nx.connected_components(whole)):
            rows = [data["row"] for _, _, data in whole.subgraph(nodes).edges(data=True)]
            if math.fsum(row.geometry.length for row in rows) >= 1000:
                self.edges += rows
                self.component += [number] * len(rows)
        self.points: list[tuple[int, float, float]] = []

    def join(self, x: float, y: float, limit: float) -> int | None:
        """Join a point; return its number, or None if it is too far."""
        place = shapely.Point(x, y)
        away = [
            (row.geometry.distance(place), i)
            for i, row in enumerate(self.edges)
            if row.kind in ("street", "path", "crossing")
        ]
        if not away or min(away)[0] > limit:
            return None
        distance, i = min(away)
        self.points.append((i, self.edges[i].geometry.project(place), distance / 0.8))
        return len(self.points) - 1

    def height(self, x: float, y: float) -> float:
        return 0.0 if self.tilt is None else self.tilt[0] * (x - X0) + self.tilt[1] * (y - Y0)

    def clock(self, row: Any, position: float) -> tuple[float, float]:
        """Seconds from the start of an edge to a position, and from there back."""
        line, length = row.geometry, row.geometry.length
        single = self.tilt is None or row.kind in ("stairs", "footbridge")
        count = 1 if single else max(1, math.floor(length / CELL))
        there = back = 0.0
        for piece in range(count):
            start, end = piece / count * length, (piece + 1) / count * length
            part = min(max((position - start) / (end - start), 0.0), 1.0)
            a, b = line.interpolate(start), line.interpolate(end)
            rise, run = self.height(b.x, b.y) - self.height(a.x, a.y), end - start
            if row.kind == "stairs":
                along = math.sqrt(run**2 + rise**2)
                there += part * along / (0.485 if rise >= 0 else 0.595)
                back += part * along / (0.595 if rise > 0 else 0.485)
            else:
                there += part * run / (0.8 * min(1.0, math.exp(-3.5 * abs(rise / run + 0.05)) / math.exp(-0.175)))
                back += part * run / (0.8 * min(1.0, math.exp(-3.5 * abs(-rise / run + 0.05)) / math.exp(-0.175)))
        return there, back

    def graph(self) -> nx.DiGraph:
        graph = nx.DiGraph()

        def arc(a: Any, b: Any, seconds: float) -> None:
            if not graph.has_edge(a, b) or graph[a][b]["weight"] > seconds:
                graph.add_edge(a, b, weight=seconds)

        for i, row in enumerate(self.edges):
            stops = sorted((position, ("point", n)) for n, (edge, position, _) in enumerate(self.points) if edge == i)
            # The two ends of a ring are one node: a stop without a point keeps its arcs apart.
            half = row.geometry.length / 2
            stops = sorted([*stops, (half, ("half", i))], key=lambda stop: stop[0])
            chain = [(0.0, ("node", row.u)), *stops, (row.geometry.length, ("node", row.v))]
            for (start, a), (end, b) in itertools.pairwise(chain):
                (there_a, back_a), (there_b, back_b) = self.clock(row, start), self.clock(row, end)
                arc(a, b, there_b - there_a)
                arc(b, a, back_b - back_a)
        for n, (_, _, leg) in enumerate(self.points):
            arc(("door", n), ("point", n), leg)
            arc(("point", n), ("door", n), leg)
        return graph

    def seconds(self, site: int, cells: list[int], direction: str) -> list[float]:
        graph = self.graph()
        out = nx.single_source_dijkstra_path_length(graph, ("door", site))
        home = nx.single_source_dijkstra_path_length(graph.reverse(), ("door", site))
        combined = []
        for cell in cells:
            there, back = out.get(("door", cell), math.inf), home.get(("door", cell), math.inf)
            combined.append(
                {
                    "from_facility": there,
                    "to_facility": back,
                    "slower": max(there, back),
                    "both_ways": (there + back) / 2,
                }[direction]
            )
        return combined


def _plane(tilt: tuple[float, float]) -> Raster:
    x, y = np.meshgrid(-285 + CELL * np.arange(80), 1785 - CELL * np.arange(75))
    return raster(tilt[0] * x + tilt[1] * y, CELL, left=-300.0, bottom=1800 - CELL * 75)


@given(
    st.integers(0, 100_000),
    st.sampled_from(get_args(Direction)),
    st.one_of(st.none(), st.tuples(st.floats(-0.15, 0.15), st.floats(-0.15, 0.15))),
    st.sampled_from([18, 30]),
)
def test_times_as_networkx(seed: int, direction: str, tilt: tuple[float, float] | None, longest: int) -> None:
    rng = np.random.default_rng(seed)
    streets = network(_random_lines(rng))
    # The mean of both ways near its limit has a test of its own.
    longest = 600 if direction == "both_ways" else longest
    counts = [True, True, True, True, direction == "both_ways"]
    sites, cells = rng.uniform(-150, 1100, (5, 2)), rng.uniform(-300, 1250, (25, 2))
    access = walk(
        streets,
        [tuple(place) for place in sites],
        [tuple(place) for place in cells],
        terrain=None if tilt is None else _plane(tilt),
        direction=direction,
        max_minutes=longest,
        counting=counts,
    )
    reference = Reference(streets, tilt)
    doors = [reference.join(X0 + x, Y0 + y, 200.0) for x, y in sites]
    people_doors = [reference.join(X0 + x, Y0 + y, 200.0) for x, y in cells]
    joined = [i for i, door in enumerate(people_doors) if door is not None]
    nearest = np.full(len(cells), np.inf)
    for row, door in enumerate(doors):
        found, seconds = access.within.of(row)
        if door is None:
            assert len(found) == 0
            continue
        expected = np.full(len(cells), np.inf)
        expected[joined] = reference.seconds(door, [people_doors[i] for i in joined], direction)
        got = np.full(len(cells), np.inf)
        got[found] = seconds
        clear = np.abs(expected - 900) > 1e-3
        assert np.flatnonzero((got <= 901) & clear).tolist() == np.flatnonzero((expected < 900) & clear).tolist()
        assert seconds == pytest.approx(expected[found], abs=1e-3)
        if counts[row]:
            nearest = np.minimum(nearest, expected)
    limit = longest * 60
    got = access.cells["seconds"].to_numpy()
    clear = np.abs(nearest - limit) > 1e-3
    assert got[clear & (nearest < limit)] == pytest.approx(nearest[clear & (nearest < limit)], abs=1e-3)
    assert np.isinf(got[clear & (nearest > limit)]).all()
    served = {
        reference.component[reference.points[door][0]]
        for door, counts_here in zip(doors, counts, strict=True)
        if counts_here and door is not None
    }
    for i, reason in enumerate(access.cells["reason"]):
        door = people_doors[i]
        if door is None:
            assert reason == "off_network"
        elif np.isinf(nearest[i]):
            assert reason == ("cut_off" if reference.component[reference.points[door][0]] not in served else reason)
            assert reason in ("cut_off", "beyond_max_minutes")
        elif abs(nearest[i] - 900) > 1e-3 and abs(nearest[i] - limit) > 1e-3:
            expected_reason = "covered" if nearest[i] < 900 else "beyond_circle"
            assert reason == (expected_reason if nearest[i] < limit else "beyond_max_minutes")


def test_order_of_sites_and_of_cells_changes_no_time() -> None:
    rng = np.random.default_rng(11)
    streets = network(_random_lines(rng))
    sites = [tuple(place) for place in rng.uniform(0, 1000, (6, 2))]
    cells = [tuple(place) for place in rng.uniform(0, 1000, (30, 2))]
    one, other = walk(streets, sites, cells), walk(streets, sites[::-1], cells[::-1])
    assert other.cells["seconds"].to_numpy()[::-1] == pytest.approx(one.cells["seconds"].to_numpy(), abs=1e-6)
    assert other.cells["reason"].tolist()[::-1] == one.cells["reason"].tolist()


def test_more_sites_than_one_batch_give_the_times_of_each_alone() -> None:
    rng = np.random.default_rng(5)
    streets = network(_random_lines(rng))
    sites = [tuple(place) for place in rng.uniform(0, 1000, (70, 2))]
    cells = [tuple(place) for place in rng.uniform(0, 1000, (15, 2))]
    together = walk(streets, sites, cells)
    for row in (0, 31, 32, 33, 64, 69):
        alone = walk(streets, [sites[row]], cells)
        assert together.within.of(row)[0].tolist() == alone.within.of(0)[0].tolist()
        assert together.within.of(row)[1] == pytest.approx(alone.within.of(0)[1], abs=1e-9)
