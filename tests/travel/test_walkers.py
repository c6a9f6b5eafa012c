"""Walkers: who they are, what they cannot use, stairs, lifts, escalators and crossings, by hand."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from siting.domain.nouns import Network, Raster
from siting.domain.scenario import Direction, Walking
from siting.domain.walkers import WALKERS, WalkerSpeeds
from siting.errors import InputError
from siting.pipeline import check
from siting.read import read_scenario
from siting.read.ground.osm_tags import kind
from siting.travel import prepare_network, walk_to
from siting.travel.network import Attachment, WalkingNetwork, attach
from siting.travel.slope import edge_seconds
from siting.travel.walks import Limits, walk_between
from tests.drawing import examples
from tests.helpers import CORNER, METRIC, facilities, network, raster, scenario
from tests.read.case import Case

ELDER, WHEELCHAIR = WALKERS["elder"], WALKERS["wheelchair"]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def totals(
    length: float, kind_: str, walker: WalkerSpeeds = ELDER, terrain: Raster | None = None
) -> tuple[float, float]:
    """Seconds along one edge, there and back."""
    seconds, _ = edge_seconds(network([([(0, 0), (length, 0)], kind_)]).edges, METRIC, terrain, walker)
    there, back = seconds.totals
    return float(there[0]), float(back[0])


def ground(heights: list[float], cell: float = 30.0) -> Raster:
    """Heights at 0, cell, 2 cells … metres east of the corner."""
    return raster([heights] * 3, cell, left=-cell / 2, bottom=-1.5 * cell)


# --- who --------------------------------------------------------------------------------------------------------------


def test_built_in_walkers_have_speeds_and_sources() -> None:
    assert {name: walker.flat for name, walker in WALKERS.items()} == {
        "elder": 0.8,
        "frail": 0.6,
        "fit": 1.0,
        "wheelchair": 0.69,
    }
    assert all(len(walker.source) > 20 for walker in WALKERS.values())
    assert (WHEELCHAIR.max_slope, WHEELCHAIR.stairs_up, WHEELCHAIR.escalator) == (
        pytest.approx(0.08333, abs=1e-5),
        0,
        None,
    )


OWN = 'flat_m_s = 0.7\nmax_slope = 0.1\nstairs_up_m_s = 0.2\ncrossing_wait_s = 20\nsource = "survey"'


def test_a_scenario_may_bring_a_walker_of_its_own(case: Case) -> None:
    case.sections |= {"walking": 'walker = "stick"', "walkers.stick": OWN}
    found = read_scenario(case.path()).walker
    assert found == WalkerSpeeds(0.7, 0.2, 0.0, "survey", 0.1, 20.0, 30.0, None)
    assert scenario().walker == ELDER


@pytest.mark.parametrize(
    ("sections", "code", "field", "expected"),
    [
        ({"walking": 'walker = "slow"'}, "unknown_walker", "walking.walker", "elder, frail, fit, wheelchair"),
        (
            {"walking": 'walker = "slow"', "walkers.stick": OWN},
            "unknown_walker",
            "walking.walker",
            "elder, frail, fit, wheelchair, stick",
        ),
        ({"walkers.elder": OWN}, "walker_name_taken", None, ""),
        ({"walkers.stick": OWN.replace("survey", " ")}, "walker_without_source", "walkers.stick", ""),
        ({"walkers.stick": "flat_m_s = 0.7"}, "missing_key", "walkers.stick.source", ""),
        ({"walkers.stick": OWN.replace("0.7", "0")}, "out_of_range", "walkers.stick.flat_m_s", "≥ 0.01"),
        ({"walking": "walker = 3"}, "not_a_choice", "walking.walker", "elder, frail, fit, wheelchair"),
    ],
)
def test_what_is_wrong_with_a_walker_is_told(
    case: Case, sections: dict[str, str], code: str, field: str | None, expected: str
) -> None:
    case.sections |= sections
    with pytest.raises(InputError) as caught:
        read_scenario(case.path())
    (fault,) = caught.value.faults
    assert (fault.code, fault.field, fault.expected) == (code, field, expected)
    assert "{" not in caught.value.message("zh")


@pytest.mark.parametrize("mode", ["network", "straight_line"])
def test_the_speed_of_an_own_walker_decides(case: Case, mode: str) -> None:
    covered = {}
    for speed in (0.3, 0.6, 1.2):
        case.sections |= {
            "walking": f'walker = "own"\nmode = "{mode}"\nminutes = 5',
            "walkers.own": f'flat_m_s = {speed}\nsource = "s"',
        }
        covered[speed] = float(check(read_scenario(case.path())).cells["covered"].sum())
    assert covered[0.3] < covered[0.6] < covered[1.2]


# --- kinds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"highway": "steps"}, "stairs"),
        ({"highway": "steps", "conveying": "no"}, "stairs"),
        ({"highway": "steps", "conveying": "yes"}, "escalator"),
        ({"highway": "steps", "conveying": "reversible"}, "escalator"),
        ({"highway": "steps", "conveying": "forward"}, "escalator_forward"),
        ({"highway": "steps", "conveying": "backward", "bridge": "yes"}, "escalator_backward"),
        ({"highway": "elevator"}, "lift"),
        ({"highway": "footway", "conveying": "yes"}, "path"),
    ],
)
def test_kinds_of_osm(tags: dict[str, str], found: str) -> None:
    assert kind(tags) == found


@pytest.mark.parametrize(
    ("kind_", "there", "back"),
    [("escalator", 67.082, 67.082), ("escalator_forward", 67.082, math.inf), ("escalator_backward", math.inf, 67.082)],
)
def test_escalators_run_at_half_a_metre_a_second_along_their_slope(kind_: str, there: float, back: float) -> None:
    # 30 m of run and 15 m of rise are 33.541 m.
    assert totals(30, kind_, terrain=ground([0.0, 15.0, 30.0])) == pytest.approx((there, back), abs=1e-3)


def test_lifts_cost_the_wait_the_rise_and_the_floor_on_both_sides() -> None:
    cliff = ground([0.0, 40.0, 40.0])
    assert totals(30, "lift", terrain=cliff) == pytest.approx((30 / 0.8 + 30 + 40,) * 2)
    assert totals(30, "lift", WHEELCHAIR, cliff) == pytest.approx((30 / 0.69 + 30 + 40,) * 2)
    # Without a rise that the terrain knows the ride is 20 s.
    for flat in (None, ground([0.0, 2.0, 2.0]), ground([np.nan] * 3)):
        assert totals(30, "lift", terrain=flat) == pytest.approx((30 / 0.8 + 30 + 20,) * 2)


def test_the_wait_at_a_crossing_is_paid_once_an_edge() -> None:
    patient = replace(ELDER, crossing_wait=45.0)
    assert totals(100, "crossing", patient) == pytest.approx((170.0, 170.0))
    # In three pieces of terrain too.
    assert totals(100, "crossing", patient, ground([0.0] * 5)) == pytest.approx((170.0, 170.0))
    assert totals(100, "street", patient) == totals(100, "crossing") == (125.0, 125.0)


def test_a_crossing_is_waited_at_once_however_it_is_cut() -> None:
    patient = replace(ELDER, crossing_wait=45.0)

    def waits(*lines: tuple[list[tuple[float, float]], str]) -> list[float]:
        edges = network(lines).edges
        seconds, _ = edge_seconds(edges, METRIC, None, patient)
        return (seconds.totals[0] - edges["length_m"].to_numpy() / 0.8).round(6).tolist()

    # As OpenStreetMap has it: the crossing shares a node with the street.
    over = ([(0, 0), (10, 0)], "crossing"), ([(15, 1), (10, 0)], "crossing")
    street = ([(10, -50), (10, 0)], "street"), ([(10, 0), (10, 50)], "street")
    first = 10 / (10 + math.hypot(5, 1))
    assert waits(*over, *street) == pytest.approx([45 * first, 45 * (1 - first), 0, 0])
    # At a corner another crossing begins, unless nothing else is there.
    corner = ([(0, 0), (10, 0)], "crossing"), ([(10, 0), (10, 10)], "crossing")
    assert waits(*corner, ([(10, 0), (20, -20)], "path")) == pytest.approx([45, 45, 0])
    assert waits(*corner) == pytest.approx([22.5, 22.5])
    # Two that cross each other amid the streets are two.
    arms = [([(0, 0), place], "crossing") for place in ((10, 0), (0, 10), (-10, 0), (0, -10))]
    assert waits(*arms) == pytest.approx([22.5] * 4)


def test_stairs_that_are_climbed_but_not_descended() -> None:
    climber = replace(ELDER, stairs_down=0.0)
    rising, falling = ground([0.0, 15.0, 30.0]), ground([30.0, 15.0, 0.0])
    up = math.hypot(30, 15) / 0.485
    assert totals(30, "stairs", climber, rising) == (pytest.approx(up), math.inf)
    assert totals(30, "stairs", climber, falling) == (math.inf, pytest.approx(up))
    # Level stairs are taken for stairs up.
    assert totals(30, "stairs", climber) == pytest.approx((30 / 0.485,) * 2)


# --- what is not used -------------------------------------------------------------------------------------------------


def prepared(streets: Network, terrain: Raster | None = None, walker: WalkerSpeeds = WHEELCHAIR) -> Any:
    return prepare_network(streets, terrain, walker, METRIC)


def test_one_in_twelve_is_rolled_and_a_little_more_is_not() -> None:
    street = network([([(0, 0), (1200, 0)], "street")])
    ramp = [30.0 / 12 * i for i in range(42)]
    assert len(prepared(street, ground(ramp)).u) == 1
    steeper = prepared(street, ground([1.001 * height for height in ramp]))
    assert len(steeper.u) == 0
    # 40 pieces of 30 m are all too steep.
    (note,) = steeper.notes
    assert (note.code, dict(note.values)) == (
        "edges_not_walked",
        {"count": 1, "km": "1.2", "steep_km": "1.2", "other_km": "0.0"},
    )
    assert len(prepared(street, ground([1.5 * height for height in ramp]), ELDER).u) == 1


def test_a_street_is_cut_at_its_steep_piece_and_nobody_joins_that() -> None:
    # 600 m level, 30 m at 20 %, 570 m level; pieces of 30 m.
    hill = ground([0.0] * 21 + [6.0] * 21)
    street = network([([(0, 0), (1200, 0)], "street")])
    ways = prepared(street, hill)
    assert sorted(ways.seconds.length_m.tolist()) == pytest.approx([570.0, 600.0])
    assert ways.seconds.totals[0].tolist() == pytest.approx((ways.seconds.length_m / 0.69).tolist())
    assert len(set(ways.component.tolist())) == 2
    assert ways.nodes == 4
    points = np.array([[590.0, 50.0], [610.0, 50.0], [625.0, 50.0]]) + CORNER
    joined = attach(ways, points, np.full(3, 200.0))
    place = shapely.get_coordinates(shapely.line_interpolate_point(ways.geometry[joined.edge], joined.position_m))
    assert (place - CORNER)[:, 0].tolist() == pytest.approx([590.0, 600.0, 630.0])
    cells = pd.DataFrame({"x": points[[0, 2], 0], "y": points[[0, 2], 1], "half_diagonal_m": 0.0})
    access = walk_to(ways, facilities({"a": ((0, 0), {})}), np.array([True]), cells, Walking(walker="wheelchair"))
    assert access.cells["reason"].tolist() == ["beyond_circle" if 640 / 0.69 > 900 else "covered", "cut_off"]
    whole = walk_to(prepared(street, hill, ELDER), facilities({"a": ((0, 0), {})}), np.array([True]), cells, Walking())
    assert whole.cells["reason"].tolist() == ["covered", "covered"]


def test_a_wheelchair_takes_the_lift_and_not_the_stairs() -> None:
    # From the lower street to the upper: stairs beside the site, a lift 300 m away.
    streets = network(
        [
            ([(0, 0), (300, 0)], "street"),
            ([(300, 0), (1500, 0)], "street"),
            ([(0, 50), (300, 50)], "street"),
            ([(300, 50), (1500, 50)], "street"),
            ([(0, 0), (0, 50)], "stairs"),
            ([(300, 0), (300, 50)], "lift"),
        ]
    )
    cells = pd.DataFrame({"x": [CORNER[0]], "y": [CORNER[1] + 50], "half_diagonal_m": 0.0})
    site = facilities({"a": ((0, 0), {})})
    by_lift = walk_to(prepared(streets), site, np.array([True]), cells, Walking(minutes=30))
    assert by_lift.cells["seconds"].tolist() == pytest.approx([650 / 0.69 + 30 + 20])
    by_stairs = walk_to(prepared(streets, None, ELDER), site, np.array([True]), cells, Walking(minutes=30))
    assert by_stairs.cells["seconds"].tolist() == pytest.approx([50 / 0.485])
    assert [note.code for note in prepared(streets).notes] == ["slope_limit_without_heights", "edges_not_walked"]


@pytest.mark.parametrize(
    ("direction", "seconds"),
    [
        ("from_facility", 50 / 0.5),
        ("to_facility", 3050 / 0.8),
        ("slower", 3050 / 0.8),
        ("both_ways", (50 / 0.5 + 3050 / 0.8) / 2),
    ],
)
def test_an_escalator_that_runs_one_way_is_gone_round_the_other_way(direction: Direction, seconds: float) -> None:
    streets = network(
        [
            ([(0, 0), (1500, 0)], "street"),
            ([(1500, 0), (1500, 50)], "street"),
            ([(1500, 50), (0, 50)], "street"),
            ([(0, 0), (0, 50)], "escalator_forward"),
        ]
    )
    ways = prepared(streets, None, ELDER)
    site, there = (attach(ways, np.array([place]) + CORNER, np.array([1.0])) for place in ((0.0, 0.0), (0.0, 50.0)))
    found = walk_between(ways, site, there, direction, Limits.plain(1, 9000.0))
    assert found.seconds.tolist() == pytest.approx([seconds])


def joined_at(ways: WalkingNetwork, points: Attachment) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return where points join the network, metres from the corner; nowhere (NaN) if they do not."""
    lines = ways.geometry[points.edge]
    there = shapely.get_coordinates(shapely.line_interpolate_point(lines, points.position_m)).reshape(-1, 2)
    return np.where(points.edge[:, None] >= 0, there - CORNER, np.nan)


@example(seed=9)  # a place that the walkers join some metres apart
@example(seed=13)  # two ways equally near to the site, of which one walker cannot use the first
@settings(deadline=None, max_examples=examples(20))
@given(st.integers(0, 10_000))
def test_who_can_use_less_never_arrives_earlier(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = ["street", "path", "stairs", "crossing", "lift", "escalator", "escalator_backward", "bridge"]
    side, rows = 150.0, 6
    lines = [
        ([(i * side, j * side), ((i + 1 - k) * side, (j + k) * side)], kinds[rng.choice(8, p=[0.5] + [0.5 / 7] * 7)])
        for i in range(rows)
        for j in range(rows)
        for k in (0, 1)
    ]
    heights = rng.uniform(0, 12, (rows * 6, rows * 6))
    terrain = raster(heights, 30.0, left=-60, bottom=-60)
    streets = network(lines)
    free = replace(WHEELCHAIR, stairs_up=0.4, stairs_down=0.5, escalator=0.5, max_slope=None)
    places = rng.uniform(0, rows * side, (30, 2)) + CORNER
    seconds = {}
    for walker in (free, replace(free, max_slope=0.06, stairs_up=0.0, stairs_down=0.0, escalator=None)):
        ways = prepared(streets, terrain, walker)
        ends = [shapely.get_coordinates(shapely.get_point(ways.geometry, at)).reshape(-1, 2) for at in (0, -1)]
        assert np.abs(ends[0] - ways.node_xy[ways.u]).max(initial=0.0) < 1e-6
        assert np.abs(ends[1] - ways.node_xy[ways.v]).max(initial=0.0) < 1e-6
        assert shapely.length(ways.geometry) == pytest.approx(ways.seconds.length_m)
        assert not any(np.isnan(part).any() for part in ways.seconds.totals)
        # From node to node, over what is left.
        nodes = {tuple(xy): i for i, xy in enumerate(ways.node_xy.round(3).tolist())}
        doors = [nodes.get((CORNER[0] + x, CORNER[1] + y)) for x, y in ((0.0, 0.0), (450.0, 450.0))]
        assert None not in doors
        found = attach(ways, places, np.full(30, 200.0))
        site = attach(ways, np.array([[0.0, 0.0]]) + CORNER, np.array([400.0]))
        times = np.full(30, np.inf)
        walked = walk_between(ways, site, found, "slower", Limits.plain(1, 20_000.0))
        times[walked.target] = walked.seconds
        assert not np.isnan(times).any()
        seconds[walker.max_slope] = (times, joined_at(ways, found), joined_at(ways, site))
    (fast, near, near_site), (slow, far, far_site) = seconds.values()
    # Where both join at the same places, the way of one who can use less is never shorter.
    same = (np.abs(near - far).max(axis=1) < 1e-6) & (np.abs(near_site - far_site).max() < 1e-6)
    assert (slow[same] >= fast[same] - 1e-3).all()


def test_kinds_are_those_that_reading_knows(case: Case) -> None:
    frame = gpd.read_file(case.folder / "walk.gpkg")
    frame["kind"] = ["自动扶梯", "电梯", "escalator_forward"]
    frame.to_file(case.folder / "walk.gpkg")
    found = case.read().network
    assert found is not None
    assert sorted(found.edges["kind"]) == ["escalator", "escalator_forward", "lift"]
