"""Straight lines far out: limits of a day's drive, coordinates of millions of metres, many pairs."""

import tracemalloc

import numpy as np
import pytest

from siting.travel.kernel import TOLERANCE_S
from siting.travel.straight import walk_straight
from siting.travel.walks import Limits

# 24 hours at 15 m/s, the most that a scenario may ask for, is 1,296 km.
FARTHEST_M = 24 * 3600 * 15.0


@pytest.mark.parametrize("radius_m", [500.0, 5e4, 3e5, FARTHEST_M])
@pytest.mark.parametrize("corner", [(0.0, 0.0), (4e5, 3.28e6), (-9.9e6, 9.9e6)])
def test_all_pairs_by_hand(radius_m: float, corner: tuple[float, float]) -> None:
    rng = np.random.default_rng(1)
    targets = np.array(corner) + rng.uniform(0, 1e6, (400, 2))
    # Some stand at a target, some at the very limit from one.
    angle = rng.uniform(0, 2 * np.pi, 10)
    edge = targets[:10] + radius_m * np.column_stack([np.cos(angle), np.sin(angle)])
    sites = np.concatenate([targets[:5], edge, np.array(corner) + rng.uniform(0, 1e6, (10, 2))])
    pace = 1 / 15.0
    keep = np.full(len(sites), radius_m * pace)
    counting = rng.random(len(sites)) < 0.6
    found = walk_straight(sites, targets, pace, Limits(keep, keep, counting, rng.permutation(len(sites))))
    seconds = np.array([[np.hypot(*(target - site)) * pace for target in targets] for site in sites])
    inside = seconds <= keep[:, None] + TOLERANCE_S
    assert inside[range(5, 15), range(10)].all()
    for site, row in enumerate(found.rows(np.arange(len(sites)))):
        assert row.tolist() == np.flatnonzero(inside[site]).tolist()
    assert found.seconds.tolist() == seconds[inside].tolist()
    near = np.sort(np.where(inside & counting[:, None], seconds, np.inf), axis=0)
    np.testing.assert_array_equal(found.nearest_s, near[0])
    np.testing.assert_array_equal(found.second_s, near[1])
    reached = found.nearest >= 0
    np.testing.assert_array_equal(seconds[found.nearest[reached], np.flatnonzero(reached)], near[0][reached])


def test_pairs_take_little_more_memory_than_they_are_kept_in() -> None:
    rng = np.random.default_rng(2)
    sites, targets = (rng.uniform(0, 1e6, (count, 2)) for count in (40, 5_000))
    limits = Limits.plain(len(sites), 1e8)
    tracemalloc.start()
    found = walk_straight(sites, targets, 1.25, limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.target) == 40 * 5_000
    # Rows site by site, and all of them together: twice a number and a time a pair.
    assert peak < 45 * len(found.target)


def test_nobody_and_nowhere() -> None:
    limits = Limits.plain(0, 900.0)
    found = walk_straight(np.empty((0, 2)), np.zeros((3, 2)), 1.25, limits)
    assert (len(found.target), found.start.tolist(), found.nearest.tolist()) == (0, [0], [-1, -1, -1])
    found = walk_straight(np.zeros((2, 2)), np.empty((0, 2)), 1.25, Limits.plain(2, 900.0))
    assert (len(found.target), found.start.tolist(), len(found.nearest)) == (0, [0, 0, 0], 0)
