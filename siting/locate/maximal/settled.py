"""Ties that a search leaves open: among choices that cover alike, the one whose rows stand first."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Ints
from siting.locate.maximal.state import State, close_row, open_row, state_of
from siting.locate.reduction import Cover


def settled(cover: Cover, chosen: Ints, noise: float, stops: Callable[[], bool] | None = None) -> Ints:
    """Exchange open rows, one for one, for equals that stand before them; close those that add nothing.

    Where somebody says stop, or after Ctrl-C, some of that is left undone.

    Parameters
    ----------
    cover : Cover
        The problem; its rows stand in the order that breaks ties.
    chosen : ndarray of int
        The open rows.
    noise : float
        Sums that differ by no more are the same.
    stops : callable, optional
        Whether to leave it at what was done so far.

    Returns
    -------
    ndarray of int
        As many rows or fewer, ascending, that cover no less. Where two would have to be exchanged for two at once, they
        stay.
    """
    state = state_of(cover, np.sort(chosen).astype(np.int32))
    # The row whose turn it is, and whether any was changed since the last one was looked at.
    place = np.array([len(state.worth) - 1, 0])
    with suppress(KeyboardInterrupt):
        by_turns(lambda work: bool(_settle(cover, state, noise, place, work)), stops)
    return np.flatnonzero(state.place >= 0).astype(np.int64)


@compiled
def _settle(cover: Cover, state: State, noise: float, place: Ints, work: int) -> bool:
    """Exchange and close, the last row first, until so much work is done; tell whether anything is left."""
    end = state.touched[0] + work
    while True:
        if place[0] < 0:
            if place[1] == 0:
                return False
            place[0], place[1] = len(state.worth) - 1, 0
        if state.touched[0] >= end:
            return True
        row = place[0]
        place[0] -= 1
        if state.place[row] < 0:
            continue
        worth = state.worth[row]
        close_row(cover, state, row)
        instead = row
        for other in range(row):
            if state.place[other] < 0 and state.worth[other] >= worth - noise:
                instead = other
                break
        state.touched[0] += instead
        if instead != row or worth <= noise:
            place[1] = 1
        if worth > noise:
            open_row(cover, state, instead)
