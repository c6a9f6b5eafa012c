"""The state of a choice of sites: the gain of each site, updated as sites are opened and closed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from siting.compiled import compiled
from siting.domain.nouns import Floats
from siting.locate.covering.cover import Cover, Numbers
from siting.locate.problem import Bools


class State(NamedTuple):
    """A choice of sites.

    ``times[g]`` open sites cover group g, and the sum of their numbers is ``owner[g]``: if only one site covers it,
    that is the site. ``gain[r]`` is the gain of site r if it is closed, and the loss without it if it is open.
    ``chosen[:size[0]]`` are the open sites, ``place[r]`` its position there (-1: closed). ``touched[0]`` counts the
    list entries that were read: work that is the same on every machine.
    """

    times: Numbers
    owner: NDArray[np.int64]
    gain: Floats
    chosen: Numbers
    place: Numbers
    size: NDArray[np.int64]
    touched: NDArray[np.int64]


def empty(cover: Cover) -> State:
    """Return the empty choice."""
    sites, groups = len(cover.start) - 1, len(cover.weight)
    gain = np.add.reduceat(np.append(cover.weight[cover.group], 0.0), cover.start[:-1]) if sites else np.zeros(0)
    gain[np.diff(cover.start) == 0] = 0.0
    numbers = (np.zeros(sites, dtype=np.int32), np.full(sites, -1, dtype=np.int32))
    counts = (np.zeros(1, np.int64), np.zeros(1, np.int64))
    return State(np.zeros(groups, np.int32), np.zeros(groups, np.int64), gain, *numbers, *counts)


def state_of(cover: Cover, chosen: Numbers) -> State:
    """Return the state of a choice."""
    state = empty(cover)
    open_all(cover, state, chosen)
    return state


@compiled
def open_site(cover: Cover, state: State, site: int) -> None:
    """Open a closed site."""
    touched = cover.start[site + 1] - cover.start[site]
    for at in range(cover.start[site], cover.start[site + 1]):
        group = cover.group[at]
        count = state.times[group]
        if count == 0:
            weight = cover.weight[group]
            touched += cover.group_start[group + 1] - cover.group_start[group]
            for other in cover.site[cover.group_start[group] : cover.group_start[group + 1]]:
                if other != site:
                    state.gain[other] -= weight
        elif count == 1:
            state.gain[state.owner[group]] -= cover.weight[group]
        state.times[group] = count + 1
        state.owner[group] += site
    state.place[site] = state.size[0]
    state.chosen[state.size[0]] = site
    state.size[0] += 1
    state.touched[0] += touched


@compiled
def close_site(cover: Cover, state: State, site: int) -> None:
    """Close an open site."""
    touched = cover.start[site + 1] - cover.start[site]
    for at in range(cover.start[site], cover.start[site + 1]):
        group = cover.group[at]
        count = state.times[group]
        state.times[group] = count - 1
        state.owner[group] -= site
        if count == 1:
            weight = cover.weight[group]
            touched += cover.group_start[group + 1] - cover.group_start[group]
            for other in cover.site[cover.group_start[group] : cover.group_start[group + 1]]:
                if other != site:
                    state.gain[other] += weight
        elif count == 2:  # noqa: PLR2004 - from two to one
            state.gain[state.owner[group]] += cover.weight[group]
    last, place = state.chosen[state.size[0] - 1], state.place[site]
    state.chosen[place], state.place[last] = last, place
    state.place[site] = -1
    state.size[0] -= 1
    state.touched[0] += touched


@compiled
def open_all(cover: Cover, state: State, sites: Numbers) -> None:
    """Open closed sites."""
    for site in sites:
        open_site(cover, state, site)


@compiled
def shared(cover: Cover, state: State, closed: int, opened: int) -> float:
    """Return the weight that an open site covers alone and a closed site covers too."""
    total = 0.0
    state.touched[0] += cover.start[closed + 1] - cover.start[closed]
    for at in range(cover.start[closed], cover.start[closed + 1]):
        group = cover.group[at]
        if state.times[group] == 1 and state.owner[group] == opened:
            total += cover.weight[group]
    return total


@compiled
def covered_by(cover: Cover, sites: Numbers) -> Bools:
    """Return which groups some sites cover."""
    covered = np.zeros(len(cover.weight), np.bool_)
    for site in sites:
        for at in range(cover.start[site], cover.start[site + 1]):
            covered[cover.group[at]] = True
    return covered
