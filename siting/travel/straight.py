"""Walks in straight lines: optimistic, used if there is no network."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from siting.domain.nouns import Floats, Ints
from siting.travel.kernel import TOLERANCE_S
from siting.travel.walks import Limits, Reach

# If a circle contains a larger share of the targets than this, it is faster without the tree.
_MANY: Final = 0.02
# Rounding may add this much to a radius: the seconds decide, not the tree.
_ROUNDING: Final = 1.0 + 1e-9


@dataclass(frozen=True)
class StraightLines:
    """Walking in straight lines.

    Parameters
    ----------
    speed : float
        The walker's on the flat, m/s.
    """

    speed: float


def walk_straight(sites: Floats, targets: Floats, pace: float, limits: Limits) -> Reach:
    """Compute walks in straight lines between sites and targets.

    Parameters
    ----------
    sites, targets : ndarray
        Shapes (sites, 2) and (targets, 2), metres.
    pace : float
        Seconds per metre, with the detour.
    limits : Limits
        How far each site walks, and which count.
    """
    keep_s = limits.keep_s + TOLERANCE_S
    tree = cKDTree(targets)
    inside = tree.query_ball_point(sites, keep_s / pace * _ROUNDING, return_length=True)
    rows, times = [], []
    # One site at a time: only the returned pairs are kept in memory.
    for site, metres, keep, count in zip(sites, keep_s / pace * _ROUNDING, keep_s, inside, strict=True):
        some = None
        if count <= _MANY * len(targets):
            some = np.array(tree.query_ball_point(site, metres, return_sorted=True), dtype=np.int64)
        seconds = np.hypot(*((targets if some is None else targets[some]) - site).T) * pace
        near = np.flatnonzero(seconds <= keep)
        rows.append(near if some is None else some[near])
        times.append(seconds[near])
    start = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    target = np.concatenate([*rows, np.empty(0, dtype=np.int64)])
    seconds = np.concatenate([*times, np.empty(0)])
    (first, first_s), (second, second_s) = _nearest_two(sites, targets, pace, limits)
    return Reach(start, target, seconds, first, first_s, second, second_s)


def _nearest_two(
    sites: Floats, targets: Floats, pace: float, limits: Limits
) -> tuple[tuple[Ints, Floats], tuple[Ints, Floats]]:
    """Return the nearest and second nearest counting site of each target; ties by rank."""
    counting = np.flatnonzero(limits.counting)
    counting = counting[np.argsort(limits.rank[counting], kind="stable")]
    first, second = np.full(len(targets), -1), np.full(len(targets), -1)
    first_s, second_s = np.full(len(targets), np.inf), np.full(len(targets), np.inf)
    # In order of rank, so that of equally near sites the earlier one stays.
    for site in counting:
        seconds = np.hypot(*(targets - sites[site]).T) * pace
        seconds[seconds > limits.longest_s[site] + TOLERANCE_S] = np.inf
        closer, closer_than_second = seconds < first_s, seconds < second_s
        demoted = np.where(closer, first, np.where(closer_than_second, site, second))
        demoted_s = np.where(closer, first_s, np.where(closer_than_second, seconds, second_s))
        second, second_s = demoted, demoted_s
        first, first_s = np.where(closer, site, first), np.where(closer, seconds, first_s)
    return (first, first_s), (second, second_s)
