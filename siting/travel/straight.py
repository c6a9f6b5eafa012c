"""Walks in straight lines: optimistic, for want of a network."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from siting.domain.nouns import Floats, Ints
from siting.travel.kernel import TOLERANCE_S
from siting.travel.walks import Limits, Reach


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
    """Walk in straight lines between sites and targets.

    Parameters
    ----------
    sites, targets : ndarray
        Shapes (sites, 2) and (targets, 2), metres.
    pace : float
        Seconds a metre, the detour included.
    limits : Limits
        How far each site walks, and which count.
    """
    keep_m = (limits.keep_s + TOLERANCE_S) / pace
    tree = cKDTree(targets)
    rows = [np.sort(tree.query_ball_point(site, far)) for site, far in zip(sites, keep_m, strict=True)]
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    target = np.concatenate([*rows, []]).astype(np.int64)
    site = np.repeat(np.arange(len(sites)), lengths)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    seconds = np.hypot(*(targets[target] - sites[site]).T) * pace
    (first, first_s), (second, second_s) = _nearest_two(sites, targets, pace, limits)
    return Reach(start, target, seconds, first, first_s, second, second_s)


def _nearest_two(
    sites: Floats, targets: Floats, pace: float, limits: Limits
) -> tuple[tuple[Ints, Floats], tuple[Ints, Floats]]:
    """Return the nearest and the second nearest counting site of each target, by rank where they are equally near."""
    counting = np.flatnonzero(limits.counting)
    counting = counting[np.argsort(limits.rank[counting], kind="stable")]
    first, second = np.full(len(targets), -1), np.full(len(targets), -1)
    first_s, second_s = np.full(len(targets), np.inf), np.full(len(targets), np.inf)
    # By rank, so that of equally near ones the earlier stays.
    for site in counting:
        seconds = np.hypot(*(targets - sites[site]).T) * pace
        seconds[seconds > limits.longest_s[site] + TOLERANCE_S] = np.inf
        closer, closer_than_second = seconds < first_s, seconds < second_s
        demoted = np.where(closer, first, np.where(closer_than_second, site, second))
        demoted_s = np.where(closer, first_s, np.where(closer_than_second, seconds, second_s))
        second, second_s = demoted, demoted_s
        first, first_s = np.where(closer, site, first), np.where(closer, seconds, first_s)
    return (first, first_s), (second, second_s)
