"""Attachment: the nearest point of the nearest edge that may be joined, by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siting.domain.nouns import Network
from siting.domain.scenario import Walking
from siting.domain.walkers import WALKERS
from siting.travel import WalkingNetwork, prepare_network, walk_to
from siting.travel.network import attach
from tests.helpers import CORNER, METRIC, Y0, facilities, network


def prepared(streets: Network) -> WalkingNetwork:
    return prepare_network(streets, None, WALKERS["elder"], METRIC)


def xy(*points: tuple[float, float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(points, dtype=float).reshape(-1, 2) + CORNER


def people(points: Sequence[tuple[float, float]], half_diagonal: float = 0.0) -> pd.DataFrame:
    places = xy(*points)
    return pd.DataFrame({"x": places[:, 0], "y": places[:, 1], "half_diagonal_m": half_diagonal})


MAIN = ([(0, 0), (2000, 0)], "street")


def test_a_point_joins_the_nearest_point_of_the_nearest_edge_at_walking_speed() -> None:
    joined = attach(prepared(network([MAIN, ([(0, 0), (0, 500)], "path")])), xy((300, 80), (50, 200)), np.full(2, 200))
    assert joined.edge.tolist() == [0, 1]
    assert joined.position_m.tolist() == [300.0, 200.0]
    assert joined.leg_s.tolist() == [100.0, 62.5]


@pytest.mark.parametrize("kind", ["bridge", "footbridge", "tunnel", "stairs"])
def test_nobody_joins_a_span_or_stairs(kind: str) -> None:
    streets = network([MAIN, ([(2000, 0), (2000, 500)], kind)])
    joined = attach(prepared(streets), xy((1990, 100), (1990, 300)), np.full(2, 200))
    assert joined.edge.tolist() == [0, -1]


def test_the_limit_is_inclusive_and_reaches_beyond_the_half_diagonal() -> None:
    street = prepared(network([MAIN]))
    assert attach(street, xy((500, 200), (500, 200.001)), np.full(2, 200.0)).edge.tolist() == [0, -1]
    site = facilities({"a": ((500, 0), {})})
    access = walk_to(street, site, np.array([True]), people([(500, 250), (500, 251)], 50.0), Walking())
    assert access.cells["reason"].tolist() == ["covered", "off_network"]


def test_components_shorter_than_a_kilometre_are_left_out_first() -> None:
    scrap, whole = ([(0, 100), (999, 100)], "path"), ([(0, -100), (1000, -100)], "path")
    street = prepared(network([MAIN, scrap, whole]))
    joined = attach(street, xy((500, 90), (500, -90)), np.full(2, 200))
    assert street.geometry[joined.edge[0]].bounds[1] == Y0
    assert street.geometry[joined.edge[1]].bounds[1] == Y0 - 100
    assert [(note.code, note.values["count"], note.values["edges"]) for note in street.notes] == [
        ("components_left_out", 1, 1)
    ]


def test_length_of_a_component_counts_all_its_edges() -> None:
    halves = [([(0, 100), (500, 100)], "path"), ([(500, 100), (1000, 100)], "path")]
    assert len(prepared(network([MAIN, *halves])).u) == 3


def test_a_network_of_scraps_holds_nobody() -> None:
    street = prepared(network([([(0, 0), (300, 0)], "street")]))
    access = walk_to(street, facilities({"a": ((0, 0), {})}), np.array([True]), people([(100, 0)]), Walking())
    assert access.cells["reason"].tolist() == ["off_network"]
    assert access.cells["beside_scraps"].tolist() == [True]
    assert access.unattached.tolist() == ["a"]


def test_left_out_as_too_short_is_not_too_far() -> None:
    scraps = ([(0, 1000), (400, 1000)], "street"), ([(0, 3000), (400, 3000)], "stairs")
    street = prepared(network([MAIN, *scraps]))
    site = facilities({"a": ((500, 0), {})})
    places = people([(200, 1100), (200, 1300), (200, 3050), (200, 150)], 0.0)
    cells = walk_to(street, site, np.array([True]), places, Walking()).cells
    assert cells["reason"].tolist() == ["off_network"] * 3 + ["covered"]
    # Nobody would have joined stairs, and the second is too far from anything.
    assert cells["beside_scraps"].tolist() == [True, False, False, False]


@given(st.integers(0, 10_000))
def test_attachment_as_brute_force_over_all_edges(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = ["street", "path", "stairs", "bridge"]
    lines = [(rng.uniform(0, 1000, (3, 2)).tolist(), kinds[rng.integers(4)]) for _ in range(12)]
    streets = network([MAIN, *([tuple(map(tuple, line)), kind] for line, kind in lines)])
    street = prepared(streets)
    points, limit = rng.uniform(-200, 1200, (20, 2)), rng.uniform(0, 300, 20)
    joined = attach(street, points + CORNER, limit)
    shapes = [
        shape for shape, may in zip(street.geometry, street.open_to_joining, strict=True) if may and shape.length > 0
    ]
    for i, place in enumerate(shapely.points(points + CORNER)):
        away = [shape.distance(place) for shape in shapes]
        best = int(np.argmin(away))
        if away[best] > limit[i]:
            assert joined.edge[i] == -1
        else:
            assert street.geometry[joined.edge[i]].equals(shapes[best])
            assert joined.leg_s[i] == pytest.approx(away[best] / 0.8)
            assert joined.position_m[i] == pytest.approx(shapes[best].project(place))


def test_read_only_arrays_pass() -> None:
    street = prepared(network([MAIN]))
    places = xy((1, 1))
    places.flags.writeable = False
    limit = np.full(1, 200.0)
    limit.flags.writeable = False
    assert attach(replace(street), places, limit).edge.tolist() == [0]


def test_the_fastest_edge_may_take_less_than_a_second() -> None:
    # The second edge is half a metre long and takes 0.2 s one way; the speed on the flat is 0.8 m/s.
    way = prepared(network([MAIN, ([(2000, 0), (2000, 0.5)], "street")]))
    short = way.seconds.start[1] + np.arange(way.seconds.pieces[1] + 1)
    back = way.seconds.back.copy()
    back[short] = np.linspace(0.0, 0.2, len(short))
    assert way.fastest == pytest.approx(0.8)
    assert replace(way, seconds=replace(way.seconds, back=back)).fastest == pytest.approx(2.5)
