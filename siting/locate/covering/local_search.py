"""Local search for maximal covering: greedy choice, interchange of two sites, simulated annealing of exchanges."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.cover import Cover, Numbers
from siting.locate.covering.state import State, close_site, open_site, shared

# Steps of a xorshift generator of 64 bits (Marsaglia 2003); the seed must not be zero.
Random = NDArray[np.uint64]
_A, _B, _C = np.uint64(13), np.uint64(7), np.uint64(17)
_SHIFT: Final = np.uint64(32)
_UNIT: Final = 2.0**-32
# The work of examining one exchange, in list entries.
_LOOK: Final = 8


def fill(cover: Cover, state: State, stations: int, should_stop: Callable[[], bool] | None = None) -> None:
    """Open the site that adds most, repeatedly, until so many sites are open or none adds; ties to the lower site.

    If ``should_stop`` says so, fewer are open.
    """
    by_turns(lambda work: bool(_filled(cover, state, stations, work)), should_stop)


@compiled
def _filled(cover: Cover, state: State, stations: int, work: int) -> bool:
    end = state.touched[0] + work
    while state.size[0] < stations:
        if state.touched[0] >= end:
            return True
        best, most = -1, 0.0
        state.touched[0] += len(state.gain)
        for site in range(len(state.gain)):
            if state.place[site] < 0 and state.gain[site] > most:
                best, most = site, state.gain[site]
        if best < 0:
            return False
        open_site(cover, state, best)
    return False


def interchange(cover: Cover, state: State, noise: float, should_stop: Callable[[], bool] | None = None) -> None:
    """Exchange an open site for a closed one, as long as that covers more, or until ``should_stop`` says so."""
    # How many sites were examined since the last exchange, and the current site.
    place = np.zeros(2, dtype=np.int64)
    by_turns(lambda work: bool(_interchange_steps(cover, state, noise, place, work)), should_stop)


@compiled
def _interchange_steps(cover: Cover, state: State, noise: float, place: Ints, work: int) -> bool:
    sites = len(state.gain)
    also = np.zeros(sites)
    touched = np.empty(sites, np.int32)
    idle, site, end = place[0], place[1], state.touched[0] + work
    while idle < sites and state.size[0] > 0:
        if state.touched[0] >= end:
            place[0], place[1] = idle, site
            return True
        idle += 1
        if state.place[site] < 0 and state.gain[site] > noise:
            out, better = _worst(cover, state, site, also, touched)
            if better > noise:
                close_site(cover, state, out)
                open_site(cover, state, site)
                idle = 0
        site = site + 1 if site + 1 < sites else 0
    return False


@compiled
def _worst(cover: Cover, state: State, site: int, also: Floats, touched: Numbers) -> tuple[int, float]:
    """Return the open site with the least loss once a closed site is open, and the gain of the exchange."""
    many = 0
    state.touched[0] += cover.start[site + 1] - cover.start[site] + state.size[0]
    for at in range(cover.start[site], cover.start[site + 1]):
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
        loss = state.gain[other] - also[other]
        if loss < least or (loss == least and other > out):
            out, least = other, loss
    for other in touched[:many]:
        also[other] = 0.0
    return out, state.gain[site] - least


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
    temperatures: tuple[float, float],
    best: Numbers,
    tally: Floats,
    should_stop: Callable[[], bool] | None = None,
) -> None:
    """Exchange sites at random, also for worse ones while the temperature is high (Kirkpatrick, Gelatt & Vecchi 1983).

    Parameters
    ----------
    cover, state : Cover, State
        The problem, and the initial choice, of some sites but not all; it is changed.
    random : Random
        A non-zero number; it is changed.
    proposals : int
        The number of exchanges to examine.
    temperatures : tuple of float
        First and last temperature, in the unit of the weights; it falls by the same factor at each proposal.
    best : Numbers
        Receives the open sites of each choice that improves ``tally[1]``.
    tally : Floats
        How much more the choice covers than at the very start, and how much more the best one did; both are changed.
    should_stop : callable, optional
        Whether to stop before all were examined.
    """
    # The temperature, and the number of exchanges examined.
    pace, cooling = np.array([temperatures[0], 0.0]), (temperatures[1] / temperatures[0]) ** (1.0 / proposals)
    state.touched[0] += _LOOK * proposals
    limits = (cooling, proposals)
    by_turns(lambda work: bool(_annealed(cover, state, random, limits, best, (tally, pace), work)), should_stop)


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
    sites, size = len(state.gain), state.size[0]
    temperature, done, end = pace[0], int(pace[1]), state.touched[0] + work
    while done < proposals and state.touched[0] < end:
        temperature *= cooling
        done += 1
        out = state.chosen[below(random, size)]
        # Usually a site that covers some group of the other site, sometimes any site.
        reach = cover.start[out + 1] - cover.start[out]
        near = below(random, 8) > 0 and reach > 0
        if near:
            group = cover.group[cover.start[out] + below(random, reach)]
            begin = cover.group_start[group]
            site = cover.site[begin + below(random, cover.group_start[group + 1] - begin)]
        else:
            site = np.int32(below(random, sites))
        if state.place[site] >= 0:
            continue
        # The largest acceptable loss is drawn first: then few exchanges need a full examination.
        least = temperature * np.log((np.float64(draw(random)) + 0.5) * _UNIT)
        better = state.gain[site] - state.gain[out]
        if better < least:
            if near:
                better += shared(cover, state, site, out)
            if better < least:
                continue
        close_site(cover, state, out)
        tally[0] += state.gain[site] - state.gain[out]
        open_site(cover, state, site)
        if tally[0] > tally[1]:
            tally[1] = tally[0]
            best[:size] = state.chosen[:size]
    pace[0], pace[1] = temperature, done
    return done < proposals
