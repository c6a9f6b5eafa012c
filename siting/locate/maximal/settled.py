"""Ties that a search leaves open: among choices that cover alike, the one whose rows stand first."""

import numpy as np

from siting.compiled import compiled
from siting.domain.nouns import Ints
from siting.locate.maximal.state import State, close_row, open_row, state_of
from siting.locate.reduction import Cover


def settled(cover: Cover, chosen: Ints, noise: float) -> Ints:
    """Exchange open rows, one for one, for equals that stand before them; close those that add nothing.

    Parameters
    ----------
    cover : Cover
        The problem; its rows stand in the order that breaks ties.
    chosen : ndarray of int
        The open rows.
    noise : float
        Sums that differ by no more are the same.

    Returns
    -------
    ndarray of int
        As many rows or fewer, ascending, that cover no less. Where two would have to be exchanged for two at once, they
        stay.
    """
    state = state_of(cover, np.sort(chosen).astype(np.int32))
    while _settle(cover, state, noise):
        pass
    return np.flatnonzero(state.place >= 0).astype(np.int64)


@compiled
def _settle(cover: Cover, state: State, noise: float) -> bool:
    """Exchange and close once, the last row first; tell whether anything changed."""
    changed = False
    for row in range(len(state.worth) - 1, -1, -1):
        if state.place[row] < 0:
            continue
        worth = state.worth[row]
        close_row(cover, state, row)
        instead = row
        for other in range(row):
            if state.place[other] < 0 and state.worth[other] >= worth - noise:
                instead = other
                break
        changed |= instead != row
        if worth > noise:
            open_row(cover, state, instead)
        else:
            changed = True
    return changed
