"""Good choices: greedily, by exchanging one row for another, and by annealing such exchanges."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.reduction import Cover, Numbers
from siting.locate.covering.state import State, close_row, open_row, shared, state_of

# Steps of a xorshift generator of 64 bits (Marsaglia 2003); the seed must not be zero.
Random = NDArray[np.uint64]
_A, _B, _C = np.uint64(13), np.uint64(7), np.uint64(17)
_SHIFT: Final = np.uint64(32)
_UNIT: Final = 2.0**-32
# What looking at one exchange counts, in entries of lists.
_LOOK: Final = 8


def fill(cover: Cover, state: State, stations: int, stops: Callable[[], bool] | None = None) -> None:
    """Open what adds most, again and again, until so many rows are open or nothing adds; ties to the lower row.

    Where ``stops`` says so, fewer are open.
    """
    by_turns(lambda work: bool(_filled(cover, state, stations, work)), stops)


@compiled
def _filled(cover: Cover, state: State, stations: int, work: int) -> bool:
    end = state.touched[0] + work
    while state.size[0] < stations:
        if state.touched[0] >= end:
            return True
        best, most = -1, 0.0
        state.touched[0] += len(state.worth)
        for row in range(len(state.worth)):
            if state.place[row] < 0 and state.worth[row] > most:
                best, most = row, state.worth[row]
        if best < 0:
            return False
        open_row(cover, state, best)
    return False


def descend(cover: Cover, state: State, noise: float, stops: Callable[[], bool] | None = None) -> None:
    """Exchange an open row for a closed one, as long as that covers more, or until ``stops`` says so."""
    # How many rows were looked at since the last exchange, and the row whose turn it is.
    place = np.zeros(2, dtype=np.int64)
    by_turns(lambda work: bool(_descended(cover, state, noise, place, work)), stops)


@compiled
def _descended(cover: Cover, state: State, noise: float, place: Ints, work: int) -> bool:
    rows = len(state.worth)
    also = np.zeros(rows)
    touched = np.empty(rows, np.int32)
    idle, row, end = place[0], place[1], state.touched[0] + work
    while idle < rows and state.size[0] > 0:
        if state.touched[0] >= end:
            place[0], place[1] = idle, row
            return True
        idle += 1
        if state.place[row] < 0 and state.worth[row] > noise:
            out, better = _worst(cover, state, row, also, touched)
            if better > noise:
                close_row(cover, state, out)
                open_row(cover, state, row)
                idle = 0
        row = row + 1 if row + 1 < rows else 0
    return False


@compiled
def _worst(cover: Cover, state: State, row: int, also: Floats, touched: Numbers) -> tuple[int, float]:
    """Return the open row that is missed least once a closed row is open, and what the exchange betters."""
    many = 0
    state.touched[0] += cover.start[row + 1] - cover.start[row] + state.size[0]
    for at in range(cover.start[row], cover.start[row + 1]):
        group = cover.group[at]
        if state.times[group] == 1:
            owner = state.owner[group]
            if also[owner] == 0.0:
                touched[many] = owner
                many += 1
            also[owner] += cover.weight[group]
    out, least = -1, np.inf
    for place in range(state.size[0]):
        other = state.chosen[place]
        loss = state.worth[other] - also[other]
        if loss < least or (loss == least and other > out):
            out, least = other, loss
    for other in touched[:many]:
        also[other] = 0.0
    return out, state.worth[row] - least


@compiled
def draw(random: Random) -> np.uint64:
    """Return the next 32 random bits."""
    bits = random[0]
    bits ^= bits << _A
    bits ^= bits >> _B
    bits ^= bits << _C
    random[0] = bits
    return np.uint64(bits >> _SHIFT)


@compiled
def below(random: Random, limit: int) -> int:
    """Return a random whole number below a limit."""
    return int((draw(random) * np.uint64(limit)) >> _SHIFT)


def anneal(
    cover: Cover,
    state: State,
    random: Random,
    proposals: int,
    heats: tuple[float, float],
    best: Numbers,
    tally: Floats,
    stops: Callable[[], bool] | None = None,
) -> None:
    """Exchange rows at random, worse ones too as long as it is hot (Kirkpatrick, Gelatt & Vecchi 1983).

    Parameters
    ----------
    cover, state : Cover, State
        The problem, and the choice from which to start, of some rows but not all; it is changed.
    random : Random
        One number that is not zero; it is changed.
    proposals : int
        How many exchanges to look at.
    heats : tuple of float
        First and last heat, in the unit of the weights; it falls by the same factor at each proposal.
    best : Numbers
        Takes the open rows of each choice that betters ``tally[1]``.
    tally : Floats
        By how much the choice covers more than at the start of all, and by how much the best one did; both are changed.
    stops : callable, optional
        Whether to stop before so many were looked at.
    """
    # The heat, and how many exchanges were looked at.
    pace, cooling = np.array([heats[0], 0.0]), (heats[1] / heats[0]) ** (1.0 / proposals)
    state.touched[0] += _LOOK * proposals
    limits = (cooling, proposals)
    by_turns(lambda work: bool(_annealed(cover, state, random, limits, best, (tally, pace), work)), stops)


@compiled
def _annealed(
    cover: Cover,
    state: State,
    random: Random,
    limits: tuple[float, int],
    best: Numbers,
    known: tuple[Floats, Floats],
    work: int,
) -> bool:
    (cooling, proposals), (tally, pace) = limits, known
    rows, size = len(state.worth), state.size[0]
    heat, done, end = pace[0], int(pace[1]), state.touched[0] + work
    while done < proposals and state.touched[0] < end:
        heat *= cooling
        done += 1
        out = state.chosen[below(random, size)]
        # Mostly a row that covers some group which the other covers too, now and then any.
        reach = cover.start[out + 1] - cover.start[out]
        near = below(random, 8) > 0 and reach > 0
        if near:
            group = cover.group[cover.start[out] + below(random, reach)]
            begin = cover.row_start[group]
            row = cover.row[begin + below(random, cover.row_start[group + 1] - begin)]
        else:
            row = np.int32(below(random, rows))
        if state.place[row] >= 0:
            continue
        # What is lost at most is drawn first: then few exchanges need to be looked at more closely.
        least = heat * np.log((np.float64(draw(random)) + 0.5) * _UNIT)
        better = state.worth[row] - state.worth[out]
        if better < least:
            if near:
                better += shared(cover, state, row, out)
            if better < least:
                continue
        close_row(cover, state, out)
        tally[0] += state.worth[row] - state.worth[out]
        open_row(cover, state, row)
        if tally[0] > tally[1]:
            tally[1] = tally[0]
            best[:size] = state.chosen[:size]
    pace[0], pace[1] = heat, done
    return done < proposals


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
