"""A choice of rows, and what every row is worth beside it, kept up to date as rows are opened and closed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from siting.compiled import compiled
from siting.domain.nouns import Floats
from siting.locate.covering.reduction import Cover, Numbers
from siting.locate.problem import Bools


class State(NamedTuple):
    """A choice of rows.

    ``times[g]`` open rows cover group g, and the sum of their numbers is ``owner[g]``: where one row covers it alone,
    that is the row. ``worth[r]`` is what row r would add if it is closed, and what would be lost without it if it is
    open. ``chosen[:size[0]]`` are the open rows, ``place[r]`` is where row r stands there (-1: closed). ``touched[0]``
    counts the entries of lists that were looked at: work that is the same on every machine.
    """

    times: Numbers
    owner: NDArray[np.int64]
    worth: Floats
    chosen: Numbers
    place: Numbers
    size: NDArray[np.int64]
    touched: NDArray[np.int64]


def empty(cover: Cover) -> State:
    """Return the choice of nothing."""
    rows, groups = len(cover.start) - 1, len(cover.weight)
    worth = np.add.reduceat(np.append(cover.weight[cover.group], 0.0), cover.start[:-1]) if rows else np.zeros(0)
    worth[np.diff(cover.start) == 0] = 0.0
    numbers = (np.zeros(rows, dtype=np.int32), np.full(rows, -1, dtype=np.int32))
    counts = (np.zeros(1, np.int64), np.zeros(1, np.int64))
    return State(np.zeros(groups, np.int32), np.zeros(groups, np.int64), worth, *numbers, *counts)


def state_of(cover: Cover, chosen: Numbers) -> State:
    """Return the state of a choice."""
    state = empty(cover)
    open_all(cover, state, chosen)
    return state


@compiled
def open_row(cover: Cover, state: State, row: int) -> None:
    """Open a closed row."""
    touched = cover.start[row + 1] - cover.start[row]
    for at in range(cover.start[row], cover.start[row + 1]):
        group = cover.group[at]
        count = state.times[group]
        if count == 0:
            weight = cover.weight[group]
            touched += cover.row_start[group + 1] - cover.row_start[group]
            for other in cover.row[cover.row_start[group] : cover.row_start[group + 1]]:
                if other != row:
                    state.worth[other] -= weight
        elif count == 1:
            state.worth[state.owner[group]] -= cover.weight[group]
        state.times[group] = count + 1
        state.owner[group] += row
    state.place[row] = state.size[0]
    state.chosen[state.size[0]] = row
    state.size[0] += 1
    state.touched[0] += touched


@compiled
def close_row(cover: Cover, state: State, row: int) -> None:
    """Close an open row."""
    touched = cover.start[row + 1] - cover.start[row]
    for at in range(cover.start[row], cover.start[row + 1]):
        group = cover.group[at]
        count = state.times[group]
        state.times[group] = count - 1
        state.owner[group] -= row
        if count == 1:
            weight = cover.weight[group]
            touched += cover.row_start[group + 1] - cover.row_start[group]
            for other in cover.row[cover.row_start[group] : cover.row_start[group + 1]]:
                if other != row:
                    state.worth[other] += weight
        elif count == 2:  # noqa: PLR2004 - from two to one
            state.worth[state.owner[group]] += cover.weight[group]
    last, place = state.chosen[state.size[0] - 1], state.place[row]
    state.chosen[place], state.place[last] = last, place
    state.place[row] = -1
    state.size[0] -= 1
    state.touched[0] += touched


@compiled
def open_all(cover: Cover, state: State, rows: Numbers) -> None:
    """Open closed rows."""
    for row in rows:
        open_row(cover, state, row)


@compiled
def shared(cover: Cover, state: State, closed: int, opened: int) -> float:
    """Return what an open row covers alone and a closed row covers too."""
    total = 0.0
    state.touched[0] += cover.start[closed + 1] - cover.start[closed]
    for at in range(cover.start[closed], cover.start[closed + 1]):
        group = cover.group[at]
        if state.times[group] == 1 and state.owner[group] == opened:
            total += cover.weight[group]
    return total


@compiled
def covered_by(cover: Cover, rows: Numbers) -> Bools:
    """Return which groups some rows cover."""
    covered = np.zeros(len(cover.weight), np.bool_)
    for row in rows:
        for at in range(cover.start[row], cover.start[row + 1]):
            covered[cover.group[at]] = True
    return covered
