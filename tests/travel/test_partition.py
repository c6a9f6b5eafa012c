"""Walks split into parts of the area are the undivided walks: the same times, nearest sites, circles and reasons."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.domain.nouns import Bools, Ints, Network, OpenGround, Raster
from siting.domain.scenario import Walking
from siting.domain.walkers import WALKERS
from siting.travel import StraightLines, Surface, WalkingNetwork, prepare_network, prepare_surface
from siting.travel.access import Walked, reach_s, walk
from siting.travel.adding import Known, added
from siting.travel.cache import digest, packed, unpacked
from siting.travel.partition import join_walks, split_walks, walk_part
from siting.travel.ways import Prepared
from tests.helpers import METRIC, X0, Y0, facilities, network, raster

MODES = ("network", "surface", "straight_line")
SPEEDS = WALKERS["elder"]


def hills(rng: np.random.Generator) -> Raster:
    return raster(rng.uniform(0.0, 12.0, (32, 32)).cumsum(axis=1) / 4.0)


def streets(rng: np.random.Generator) -> Network:
    """A lattice of streets with gaps, stairs and a part of its own, 3 km wide."""
    lines = []
    for row in range(0, 3000, 300):
        for column in range(0, 3000, 300):
            for right, up in ((300, 0), (0, 300)):
                if rng.random() < 0.8:
                    kind = "stairs" if rng.random() < 0.1 else "street"
                    lines.append(([(column, row), (column + right, row + up)], kind))
    # An island of its own that is long enough to be kept, and a scrap that is not.
    lines.append(([(3400, 0), (3400, 1500)], "street"))
    lines.append(([(3700, 2000), (3700, 2300)], "street"))
    return network(lines)


def prepared(mode: str, rng: np.random.Generator) -> Prepared:
    if mode == "network":
        return prepare_network(streets(rng), hills(rng), SPEEDS, METRIC)
    if mode == "surface":
        slowness = np.where(rng.random((96, 128)) < 0.15, np.inf, rng.uniform(1.0, 3.0, (96, 128))).astype(np.float32)
        grid = replace(raster(np.zeros((96, 128)), cell=30.0).grid, crs=METRIC)
        return prepare_surface(OpenGround(grid, slowness), hills(rng), SPEEDS)
    return StraightLines(SPEEDS.flat)


def same(one: Walked, other: Walked) -> bool:
    arrays = ("start", "target", "seconds", "nearest", "nearest_s", "second", "second_s")
    if one.beside_scraps is None or other.beside_scraps is None:
        beside = one.beside_scraps is other.beside_scraps
    else:
        beside = np.array_equal(one.beside_scraps, other.beside_scraps)
    return (
        all(np.array_equal(getattr(one.reach, name), getattr(other.reach, name)) for name in arrays)
        and np.array_equal(one.attached, other.attached)
        and np.array_equal(one.circled, other.circled)
        and bool(np.all(shapely.equals_exact(one.circles, other.circles, 1e-6)))
        and one.reasons.tolist() == other.reasons.tolist()
        and one.notes == other.notes
        and beside
    )


@pytest.mark.parametrize("mode", MODES)
@given(
    seed=st.integers(0, 10_000),
    direction=st.sampled_from(["to_facility", "from_facility", "slower", "both_ways"]),
    minutes=st.sampled_from([4.0, 9.0]),
    side=st.sampled_from([700.0, 1500.0, 5000.0]),
)
@settings(max_examples=12)
def test_split_and_joined_walks_are_the_undivided_ones(
    mode: str, seed: int, direction: str, minutes: float, side: float
) -> None:
    """No figure depends on where the borders of the parts are, and every part goes through a file unchanged."""
    rng = np.random.default_rng(seed)
    ways = prepared(mode, rng)
    walking = Walking(mode=mode, minutes=minutes, max_minutes=2 * minutes, direction=direction)
    places = rng.uniform(0, 3800, (12, 2))
    sites = facilities({f"s{at}": (tuple(place), {}) for at, place in enumerate(places.tolist())})
    counting = rng.random(12) < 0.7
    cutoff = rng.choice([minutes * 60.0, minutes * 90.0], 12)
    xy = rng.uniform(0, 3800, (150, 2)) + np.array([X0, Y0])
    cells = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "half_diagonal_m": 20.0})

    def part_of(points: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Ints:
        column, row = np.floor((points - np.array([X0, Y0])) / side).astype(np.int64).T
        return np.asarray(100 * row + column)

    whole = walk(ways, sites, counting, cells, walking, cutoff_s=cutoff)
    at = shapely.get_coordinates(sites.geometry.to_numpy())
    parts = []
    for _, part in split_walks(ways, sites, counting, cells, walking, (part_of(at), part_of(xy)), cutoff_s=cutoff):
        again = unpacked(packed(part))
        assert digest(again) == digest(part)
        parts.append((again.rows, unpacked(packed(walk_part(again)))))
    assert same(join_walks(ways, len(sites), len(cells), parts), whole)


@pytest.mark.parametrize("mode", MODES)
@given(
    seed=st.integers(0, 10_000),
    direction=st.sampled_from(["to_facility", "from_facility", "slower", "both_ways"]),
    circles=st.booleans(),
)
@settings(max_examples=12)
def test_walks_of_more_sites_are_added_to_those_that_are_known(
    mode: str,
    seed: int,
    direction: str,
    circles: bool,  # noqa: FBT001
) -> None:
    """As all sites walked together: the two nearest with ties, circles, and who is cut off."""
    rng = np.random.default_rng(seed)
    ways = prepared(mode, rng)
    walking = Walking(mode=mode, minutes=6.0, max_minutes=12.0, direction=direction)
    places = rng.choice(np.arange(0.0, 3800.0, 150.0), (14, 2))
    sites = facilities({f"s{at}": (tuple(place), {}) for at, place in enumerate(places.tolist())})
    counting = rng.random(14) < 0.7
    cutoff = rng.choice([360.0, 500.0], 14)
    counting[:1], cutoff[:1] = True, 500.0
    xy = rng.choice(np.arange(0.0, 3800.0, 75.0), (150, 2)) + np.array([X0, Y0])
    cells = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "half_diagonal_m": 20.0})
    known = np.concatenate([[True], rng.random(13) < 0.6])
    order = np.argsort(rng.random(14), kind="stable")
    sites, counting, cutoff, known = sites.iloc[order], counting[order], cutoff[order], known[order]
    base = walk(ways, sites[known], counting[known], cells, walking, cutoff_s=cutoff[known], circles=circles)
    asked = Known.of(base, sites[known], counting[known], cells, walking, cutoff[known], circles=circles)
    rows = asked.rows_in(sites, counting, cells, walking, cutoff, circles=circles)
    assert rows is not None
    longest = float(reach_s(counting, walking, cutoff)[1].max())
    more = walk(
        *(ways, sites[~known], counting[~known], cells, walking),
        cutoff_s=cutoff[~known],
        circles=circles,
        scale_s=longest,
    )
    whole = walk(ways, sites, counting, cells, walking, cutoff_s=cutoff, circles=circles)
    assert same(added(base, more, rows, sites, walking), whole)


def test_other_people_settings_or_sites_are_walked_again() -> None:
    ways = StraightLines(1.0)
    sites = facilities({"a": ((0, 0), {}), "b": ((500, 0), {})})
    cells = pd.DataFrame({"x": [X0 + 100.0], "y": [Y0], "half_diagonal_m": 1.0})
    counting, walking = np.ones(2, dtype=bool), Walking(mode="straight_line")
    base = walk(ways, sites, counting, cells, walking)
    known = Known.of(base, sites, counting, cells, walking, None, circles=True)

    def rows(**other: Any) -> Ints | None:
        asked = {"sites": sites, "counting": counting, "cells": cells, "walking": walking, "cutoff_s": None}
        return known.rows_in(**{**asked, "circles": True, **other})

    assert rows() is not None
    assert rows(circles=False) is None
    assert rows(cells=cells.assign(x=0.0)) is None
    assert rows(walking=Walking(mode="straight_line", minutes=10.0)) is None
    assert rows(counting=np.array([True, False])) is None
    assert rows(sites=facilities({"a": ((1, 0), {}), "b": ((500, 0), {})})) is None
    assert rows(sites=sites.iloc[:1], counting=counting[:1]) is None
    longer = np.array([900.0, 900.0, 90_000.0])
    three = facilities({"a": ((0, 0), {}), "b": ((500, 0), {}), "c": ((900, 0), {})})
    assert rows(sites=three, counting=np.ones(3, dtype=bool), cutoff_s=longer) is None


def test_a_part_has_only_the_ways_that_it_needs() -> None:
    rng = np.random.default_rng(1)
    ways = prepared("network", rng)
    assert isinstance(ways, WalkingNetwork)
    sites = facilities({"near": ((100, 100), {}), "far": ((2900, 2900), {})})
    cells = pd.DataFrame({"x": [X0 + 150.0, X0 + 2900.0], "y": [Y0 + 100.0, Y0 + 2800.0], "half_diagonal_m": 20.0})
    both = np.array([0, 1])
    walking = Walking(mode="network", minutes=3.0, max_minutes=3.0)
    for part, found in split_walks(ways, sites, np.ones(2, dtype=bool), cells, walking, (both, both)):
        assert isinstance(found.ways, WalkingNetwork)
        assert found.rows.site.tolist() == [part]
        assert found.rows.cell.tolist() == [part]
        assert 0 < len(found.ways.u) < len(ways.u) / 2


def test_an_area_without_sites_or_cells_has_no_parts_and_reaches_nothing() -> None:
    sites, cells = facilities({}), pd.DataFrame({"x": [], "y": [], "half_diagonal_m": []})
    nobody: Bools = np.zeros(0, dtype=np.bool_)
    none = np.zeros(0, dtype=np.int64)
    ways = StraightLines(1.0)
    walking = Walking(mode="straight_line")
    assert list(split_walks(ways, sites, nobody, cells, walking, (none, none))) == []
    found = join_walks(ways, 0, 0, [])
    assert found.reach.start.tolist() == [0]
    assert isinstance(found, Walked)


def test_surfaces_and_straight_lines_are_kept_whole_through_arrays() -> None:
    rng = np.random.default_rng(2)
    for mode in MODES:
        ways = prepared(mode, rng)
        assert isinstance(ways, WalkingNetwork | Surface | StraightLines)
        assert digest(unpacked(packed(ways))) == digest(ways)
