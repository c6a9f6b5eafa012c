"""The state of a choice of sites: what each site would gain or lose, updated as sites are opened and closed."""

from typing import NamedTuple

import numpy as np

from siting.compiled import compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import Cover, Numbers


class State(NamedTuple):
    """A choice of sites.

    ``weight`` is what each group counts here: its weight in the cover, or a priority that changes during the search.
    ``times[g]`` open sites cover group g, and the sum of their numbers is ``owner[g]``: if only one site covers it,
    that is the site. ``gain[r]`` is the gain of site r if it is closed, and the loss without it if it is open.
    ``chosen[:size[0]]`` are the open sites, ``place[r]`` its position there (-1: closed). ``missing[:size[1]]`` are the
    uncovered groups and ``where`` their positions; both are empty if they are not listed. ``sums`` are the weight of
    the uncovered groups, by the cover, and the cost of the open sites. ``touched[0]`` counts the list entries that were
    read: work that is the same on every machine.
    """

    weight: Floats
    times: Numbers
    owner: Ints
    gain: Floats
    chosen: Numbers
    place: Numbers
    size: Ints
    missing: Numbers
    where: Numbers
    sums: Floats
    touched: Ints


def state_of(cover: Cover, chosen: Ints | Numbers, priority: Floats | None = None, *, listed: bool = False) -> State:
    """Return the state of a choice.

    Parameters
    ----------
    cover : Cover
        Sites and groups.
    chosen : ndarray of int
        The open sites, in the order in which they are listed.
    priority : ndarray, optional
        What each group counts; its weight if absent.
    listed : bool, default False
        Whether uncovered groups are listed.
    """
    weight = cover.weight if priority is None else priority
    gain = np.add.reduceat(np.append(weight[cover.group], 0.0), cover.start[:-1]) if cover.sites else np.zeros(0)
    gain[np.diff(cover.start) == 0] = 0.0
    missing = np.arange(cover.groups if listed else 0, dtype=np.int32)
    state = State(
        weight=weight,
        times=np.zeros(cover.groups, dtype=np.int32),
        owner=np.zeros(cover.groups, dtype=np.int64),
        gain=gain,
        chosen=np.zeros(cover.sites, dtype=np.int32),
        place=np.full(cover.sites, -1, dtype=np.int32),
        size=np.array([0, len(missing)]),
        missing=missing,
        where=missing.copy(),
        sums=np.array([cover.weight.sum(), 0.0]),
        touched=np.zeros(1, dtype=np.int64),
    )
    _open_all(cover, state, chosen.astype(np.int32))
    return state


def empty(cover: Cover) -> State:
    """Return the empty choice."""
    return state_of(cover, np.zeros(0, dtype=np.int32))


def opened(state: State) -> Ints:
    """Return the open sites, ascending."""
    return np.sort(state.chosen[: state.size[0]]).astype(np.int64)


@compiled
def open_site(cover: Cover, state: State, site: int) -> None:
    """Open a closed site."""
    touched = cover.start[site + 1] - cover.start[site]
    for at in range(cover.start[site], cover.start[site + 1]):
        group = cover.group[at]
        count = state.times[group]
        if count == 0:
            weight = state.weight[group]
            touched += cover.group_start[group + 1] - cover.group_start[group]
            for other in cover.site[cover.group_start[group] : cover.group_start[group + 1]]:
                if other != site:
                    state.gain[other] -= weight
            state.sums[0] -= cover.weight[group]
            if len(state.missing) > 0:
                state.size[1] -= 1
                last, place = state.missing[state.size[1]], state.where[group]
                state.missing[place], state.where[last] = last, place
        elif count == 1:
            state.gain[state.owner[group]] -= state.weight[group]
        state.times[group] = count + 1
        state.owner[group] += site
    state.place[site] = state.size[0]
    state.chosen[state.size[0]] = site
    state.size[0] += 1
    state.sums[1] += cover.cost[site]
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
            weight = state.weight[group]
            touched += cover.group_start[group + 1] - cover.group_start[group]
            for other in cover.site[cover.group_start[group] : cover.group_start[group + 1]]:
                if other != site:
                    state.gain[other] += weight
            state.sums[0] += cover.weight[group]
            if len(state.missing) > 0:
                state.missing[state.size[1]], state.where[group] = group, state.size[1]
                state.size[1] += 1
        elif count == 2:  # noqa: PLR2004 - from two to one
            state.gain[state.owner[group]] += state.weight[group]
    last, place = state.chosen[state.size[0] - 1], state.place[site]
    state.chosen[place], state.place[last] = last, place
    state.place[site] = -1
    state.size[0] -= 1
    state.sums[1] -= cover.cost[site]
    state.touched[0] += touched


@compiled
def _open_all(cover: Cover, state: State, sites: Numbers) -> None:
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
            total += state.weight[group]
    return total
