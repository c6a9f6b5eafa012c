"""Local search over the state of a choice: greedy choice, interchange, constraint weighting, simulated annealing.

For a number of sites: :func:`fill`, :func:`interchange` and :func:`anneal`. For least cost, such that at most the slack
of an instance is uncovered: :func:`greedy_choice`, :class:`WeightingSearch` for full cover, :class:`Annealing`
otherwise. Ties of both are broken by :func:`break_ties`.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import Cover, CoveringInstance, Numbers
from siting.locate.covering.state import State, close_site, open_site, opened, shared, state_of
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.generator import State as Generator
from siting.locate.generator import draw, random_state, uniform
from siting.locate.problem import Bools
from siting.locate.tolerances import INTEGER_TOLERANCE, SUM_TOLERANCE

# The work of examining one exchange, in list entries.
_LOOK: Final = 8
# How much the price of cost changes at each move around a budget.
_PRICE_STEP: Final = 2e-5
# The work of one turn of constraint weighting, in list entries.
_WORK_TURN: Final = 50_000_000
# First and last temperature of annealing for least cost, in costs of an average site.
_HOT: Final = 0.2
_COLD: Final = 0.01
# Proposals of annealing for least cost between two checks of the stopping criterion.
_TURN: Final = 500_000


def fill(
    cover: Cover,
    state: State,
    stations: int | None = None,
    slack: float = -np.inf,
    should_stop: Callable[[], bool] | None = None,
    *,
    budget: float = np.inf,
) -> None:
    """Open the site with the greatest gain for its cost, repeatedly; ties to the lower site.

    Parameters
    ----------
    cover, state : Cover, State
        The problem, and the choice, which is changed.
    stations : int, optional
        The largest number of open sites.
    slack : float, default -inf
        Whether it is enough that so much is uncovered; otherwise sites are opened as long as one adds something.
    should_stop : callable, optional
        Whether to stop with fewer sites.
    budget : float, default inf
        The most that all open sites may cost together.
    """
    most = cover.sites if stations is None else stations
    by_turns(lambda work: bool(_filled(cover, state, (most, budget), slack, work)), should_stop)


@compiled
def _filled(cover: Cover, state: State, limit: tuple[int, float], slack: float, work: int) -> bool:
    (stations, budget), end = limit, state.touched[0] + work
    while state.size[0] < stations and state.sums[0] > slack:
        if state.touched[0] >= end:
            return True
        best, most = -1, 0.0
        state.touched[0] += len(state.gain)
        left = budget - state.sums[1]
        for site in range(len(state.gain)):
            if state.place[site] < 0 and state.gain[site] > 0 and cover.cost[site] <= left:
                gain = state.gain[site] / cover.cost[site] if cover.cost[site] > 0 else np.inf
                if gain > most:
                    best, most = site, gain
        if best < 0:
            return False
        open_site(cover, state, best)
    return False


def greedy_choice(instance: CoveringInstance, begin: Bools, priority: Floats) -> Bools:
    """Return a feasible choice, greedily from an initial one; redundant sites are then closed, the dearest first."""
    cover, state = instance.cover, state_of(instance.cover, np.flatnonzero(begin), priority)
    fill(cover, state, slack=instance.slack)
    order, place = _dearest_first(cover.cost), np.zeros(1, np.int64)
    by_turns(lambda work: bool(_lightened(cover, state, order, instance.slack, place, work)))
    return state.place >= 0


@compiled
def _dearest_first(cost: Floats) -> Ints:
    return np.argsort(-cost)


@compiled
def _lightened(cover: Cover, state: State, order: Ints, slack: float, place: Ints, work: int) -> bool:
    """Close sites in order, from a position in it on, as long as at most the slack is uncovered."""
    end = state.touched[0] + work
    while place[0] < len(order):
        if state.touched[0] >= end:
            return True
        site = order[place[0]]
        if state.place[site] >= 0:
            close_site(cover, state, site)
            if state.sums[0] > slack:
                open_site(cover, state, site)
        place[0] += 1
    return False


def break_ties(
    cover: Cover,
    chosen: Ints,
    slack: float,
    should_stop: Callable[[], bool] | None = None,
    deadline: Deadline | None = None,
) -> Ints:
    """Exchange sites, one for one, for sites of lower number that do as well, and close sites that add nothing.

    Parameters
    ----------
    cover : Cover
        Sites and groups; the order of the sites breaks ties.
    chosen : ndarray of int
        The open sites.
    slack : float
        The largest weight of uncovered groups together.
    should_stop : callable, optional
        Whether to stop; after that, or after Ctrl-C, the exchanges made so far are kept.
    deadline : Deadline, optional
        Is stopped by Ctrl-C too.

    Returns
    -------
    ndarray of int
        Sites that cost no more together, ascending. Exchanges of two sites for two at once are not tried.
    """
    state = state_of(cover, chosen)
    # The current site, and whether any site was changed since the last one was examined.
    place = np.array([cover.sites - 1, 0])
    with Interruptible(deadline):
        by_turns(lambda work: bool(_break_ties(cover, state, slack, place, work)), should_stop)
    return opened(state)


@compiled
def _break_ties(cover: Cover, state: State, slack: float, place: Ints, work: int) -> bool:
    cost, end = cover.cost, state.touched[0] + work
    while True:
        if place[0] < 0:
            if place[1] == 0:
                return False
            place[0], place[1] = len(cost) - 1, 0
        if state.touched[0] >= end:
            return True
        site = place[0]
        place[0] -= 1
        if state.place[site] < 0:
            continue
        close_site(cover, state, site)
        excess = state.sums[0] - slack
        if excess <= 0:
            place[1] = 1
            continue
        lower = 0
        while lower < site:
            # Sums of whole weights are exact; for others the slack is above their rounding errors.
            if state.place[lower] < 0 and cost[lower] <= cost[site] and state.gain[lower] >= excess:
                break
            lower += 1
        state.touched[0] += lower
        open_site(cover, state, lower)
        if lower < site:
            place[1] = 1


# --- for a number of sites --------------------------------------------------------------------------------------------


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


def anneal(
    cover: Cover,
    state: State,
    random: Generator,
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
    random : ndarray of uint64
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
def _neighbour(cover: Cover, random: Generator, out: int) -> tuple[int, bool]:
    """Return usually a site that covers some group of a given site (and true), sometimes any site."""
    reach = cover.start[out + 1] - cover.start[out]
    near = draw(random, 8) > 0 and reach > 0
    if not near:
        return draw(random, len(cover.start) - 1), False
    group = cover.group[cover.start[out] + draw(random, reach)]
    begin = cover.group_start[group]
    return int(cover.site[begin + draw(random, cover.group_start[group + 1] - begin)]), True


@compiled
def _annealed(
    cover: Cover,
    state: State,
    random: Generator,
    limits: tuple[float, int],
    best: Numbers,
    known: tuple[Floats, Floats],
    work: int,
) -> bool:
    (cooling, proposals), (tally, pace) = limits, known
    size = state.size[0]
    temperature, done, end = pace[0], int(pace[1]), state.touched[0] + work
    while done < proposals and state.touched[0] < end:
        temperature *= cooling
        done += 1
        out = state.chosen[draw(random, size)]
        site, near = _neighbour(cover, random, out)
        if state.place[site] >= 0:
            continue
        # The largest acceptable loss is drawn first: then few exchanges need a full examination.
        least = temperature * np.log(uniform(random))
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


def anneal_within(
    cover: Cover,
    state: State,
    random: Generator,
    limits: tuple[float, float],
    schedule: tuple[int, float, float],
    should_stop: Callable[[], bool] | None = None,
) -> Bools:
    """Exchange, open and close sites at random around a budget, and return the best choice within it.

    A site's cost counts at a price, which rises while the choice is over the budget and falls while it is within
    (strategic oscillation; Glover 1977).

    Parameters
    ----------
    cover, state : Cover, State
        The problem, and the initial choice within the budget; it is changed.
    random : ndarray of uint64
        A non-zero number; it is changed.
    limits : tuple of float
        The most that the open sites may cost together, and the initial price of a unit of cost, in weight.
    schedule : tuple of int and float
        The number of moves to examine, and the first and last temperature, in the unit of the weights.
    should_stop : callable, optional
        Whether to stop before all were examined.
    """
    (budget, price), (proposals, hot, cold) = limits, schedule
    best = state.place >= 0
    # The temperature, the price, the least uncovered weight, and the moves examined.
    pace = np.array([hot, price, state.sums[0], 0.0])
    state.touched[0] += _LOOK * proposals
    given = (budget, float(cover.cost.max(initial=0.0)), (cold / hot) ** (1.0 / proposals), proposals)
    by_turns(lambda work: bool(_annealed_within(cover, state, random, given, best, pace, work)), should_stop)
    return best


@compiled
def _exchange(cover: Cover, state: State, out: int, site: int) -> None:
    """Close a site and open another; -1: none."""
    if out >= 0:
        close_site(cover, state, out)
    if site >= 0:
        open_site(cover, state, site)


@compiled
def _annealed_within(
    cover: Cover,
    state: State,
    random: Generator,
    limits: tuple[float, float, float, int],
    best: Bools,
    pace: Floats,
    work: int,
) -> bool:
    budget, widest, cooling, proposals = limits
    cost = cover.cost
    temperature, price, least, done, end = pace[0], pace[1], pace[2], int(pace[3]), state.touched[0] + work
    while done < proposals and state.touched[0] < end:
        temperature *= cooling
        done += 1
        price *= 1.0 + _PRICE_STEP if state.sums[1] > budget else 1.0 - _PRICE_STEP
        if state.size[0] == 0:
            return False
        out = state.chosen[draw(random, state.size[0])]
        site, near = _neighbour(cover, random, out)
        # 0: a site enters, 1: a site leaves, else they are exchanged.
        kind = draw(random, 8)
        if state.place[site] >= 0 and kind != 1:
            continue
        better, more = 0.0, 0.0
        if kind != 1:
            better, more = state.gain[site] - price * cost[site], cost[site]
        if kind != 0:
            better, more = better - state.gain[out] + price * cost[out], more - cost[out]
        needed = temperature * np.log(uniform(random))
        if better < needed and near and kind > 1:
            better += shared(cover, state, site, out)
        if better < needed or state.sums[1] + more > budget + widest:
            continue
        _exchange(cover, state, out if kind != 0 else -1, site if kind != 1 else -1)
        if state.sums[1] <= budget and state.sums[0] < least:
            least = state.sums[0]
            best[:] = state.place >= 0
    pace[0], pace[1], pace[2], pace[3] = temperature, price, least, done
    return done < proposals


# --- for least cost ---------------------------------------------------------------------------------------------------


class WeightingSearch:
    """Exchanges in turns, from a choice of sites to one that covers all groups and is cheaper if possible.

    Sites enter greedily until all groups are covered. Then, for the number of ``steps``, sites with the least loss
    leave and others that cover an uncovered group enter, always below the best known cost; uncovered groups gain
    priority (the scheme of Gao, Weise & Li 2015, with costs). Turns have about equal work, and the result does not
    depend on them.

    Parameters
    ----------
    instance : CoveringInstance
        The instance; choosing all sites covers all groups.
    begin : ndarray of bool
        The initial sites.
    steps : int
        The number of exchanges.
    seed : int
        Random seed.
    """

    def __init__(self, instance: CoveringInstance, begin: Bools, steps: int, seed: int) -> None:
        self._cover, self._steps = instance.cover, steps
        self._random = random_state(seed)
        self._state = state_of(self._cover, np.flatnonzero(begin), np.ones(instance.groups), listed=True)
        fill(self._cover, self._state, slack=0.0)
        # Among sites that have not moved yet, ties go to the first in the list.
        size = int(self._state.size[0])
        self._state.chosen[:size] = opened(self._state)
        self._state.place[self._state.chosen[:size]] = np.arange(size)
        self.best = self._state.place >= 0
        self._moves = _Moves(np.zeros(instance.sites, dtype=np.int64), np.ones(instance.sites, dtype=np.bool_))
        self._least = 1.0 - INTEGER_TOLERANCE if instance.whole else 0.0
        # The best cost, the site that entered last, the steps done, and the work of this turn.
        self._pace = np.array([np.inf, -1.0, 0.0, 0.0])

    def turn(self, should_stop: Callable[[], bool] | None = None) -> bool:
        """Run one turn, which ends early if ``should_stop`` says so; tell whether any is left."""
        left = True
        self._pace[3] = 0.0

        def exchange(work: int) -> bool:
            nonlocal left
            limits = (self._least, self._steps, min(int(self._pace[3]) + work, _WORK_TURN))
            left = bool(_exchanged(self._cover, self._state, self._moves, self._random, self.best, self._pace, limits))
            return left and self._pace[3] < _WORK_TURN

        by_turns(exchange, should_stop)
        return left


class _Moves(NamedTuple):
    """When each site last moved, and whether it may return."""

    since: Ints
    may: Bools


@compiled
def _moved(cover: Cover, site: int, step: int, since: Ints, may: Bools) -> int:
    """Record a site's move: it may not return before a site that shares a group with it moves (Cai & Su 2011).

    Returns how many sites were examined.
    """
    since[site] = step
    looked = 0
    for at in range(cover.start[site], cover.start[site + 1]):
        each = cover.group[at]
        for place in range(cover.group_start[each], cover.group_start[each + 1]):
            may[cover.site[place]] = True
        looked += cover.group_start[each + 1] - cover.group_start[each]
    may[site] = False
    return looked


@compiled
def _enterer(cover: Cover, state: State, since: Ints, may: Bools, random: Generator) -> int:
    """Return the site of some uncovered group with the highest gain for its cost, ties to the one that moved first."""
    best, most = -1, 0.0
    each = state.missing[draw(random, state.size[1])]
    for at in range(cover.group_start[each], cover.group_start[each + 1]):
        site = cover.site[at]
        gain = state.gain[site] / cover.cost[site] if cover.cost[site] > 0 else np.inf
        if may[site] and (best < 0 or gain > most or (gain == most and since[site] < since[best])):
            best, most = site, gain
    return best


@compiled
def _exchanged(
    cover: Cover,
    state: State,
    moves: _Moves,
    random: Generator,
    best: Bools,
    pace: Floats,
    limits: tuple[float, int, int],
) -> bool:
    """Exchange sites until so much work is done in all; tell whether steps are left."""
    since, may = moves
    least, steps, work = limits
    lowest, last, step, looked = pace[0], int(pace[1]), int(pace[2]), int(pace[3])
    while step <= steps and looked < work:
        step += 1
        while state.size[1] == 0:
            if state.sums[1] < lowest:
                best[:] = state.place >= 0
                lowest = state.sums[1]
            out = _leaver(cover, state, since, -1)
            if out < 0:
                return False
            close_site(cover, state, out)
            looked += state.size[0] + _moved(cover, out, step, since, may)
        out = _leaver(cover, state, since, last)
        if out >= 0:
            close_site(cover, state, out)
            looked += state.size[0] + _moved(cover, out, step, since, may)
        while state.size[1] > 0:
            site = _enterer(cover, state, since, may, random)
            if site < 0 or state.sums[1] + cover.cost[site] > lowest - least:
                break
            open_site(cover, state, site)
            looked += _moved(cover, site, step, since, may)
            may[site] = True
            last = site
            for group in state.missing[: state.size[1]]:
                state.weight[group] += 1.0
                for place in range(cover.group_start[group], cover.group_start[group + 1]):
                    state.gain[cover.site[place]] += 1.0
                looked += cover.group_start[group + 1] - cover.group_start[group]
    pace[0], pace[1], pace[2], pace[3] = lowest, last, step, looked
    return step <= steps


@compiled
def _leaver(cover: Cover, state: State, since: Ints, but: int) -> int:
    """Return the chosen site with the least loss for its cost, ties to the one that moved first; -1 without one."""
    best, least = -1, np.inf
    for site in state.chosen[: state.size[0]]:
        if site != but:
            lost = state.gain[site] / cover.cost[site] if cover.cost[site] > 0 else state.gain[site] * np.inf
            if best < 0 or lost < least or (lost == least and since[site] < since[best]):
                best, least = site, lost
    return best


class Annealing:
    """Annealing in turns, from hot to cold (Kirkpatrick, Gelatt & Vecchi 1983).

    In each step one site leaves and another enters: one that shares a group with it, or one that covers an uncovered
    group. The cost stays below that of the incumbent. A unit of uncovered weight counts ``unit_value``. If at most the
    slack is uncovered, the choice becomes the new incumbent, and sites leave until more is uncovered.

    Parameters
    ----------
    instance : CoveringInstance
        The instance.
    best : ndarray of bool
        A feasible choice.
    unit_value : float
        The cost of a unit of uncovered weight.
    steps : int
        The number of exchanges to propose.
    seed : int
        Random seed.
    """

    def __init__(self, instance: CoveringInstance, best: Bools, unit_value: float, steps: int, seed: int) -> None:
        self.best = best.copy()
        self._now = best
        self._instance, self._unit_value, self._random = instance, unit_value, random_state(seed)
        self._turns = max(1, round(steps / _TURN))
        self._steps = -(-steps // self._turns)
        self._done = 0

    def turn(self, should_stop: Callable[[], bool] | None = None) -> bool:
        """Run one turn, which ends early if ``should_stop`` says so; tell whether any is left."""
        instance, cover = self._instance, self._instance.cover
        dear = float(cover.cost.mean())
        temperatures = [dear * _HOT * (_COLD / _HOT) ** (turn / self._turns) for turn in (self._done, self._done + 1)]
        below = 1.0 - INTEGER_TOLERANCE if instance.whole else SUM_TOLERANCE * instance.cost_of(self.best)
        limits = (
            instance.slack,
            below,
            self._unit_value,
            (temperatures[1] / temperatures[0]) ** (1.0 / max(self._steps, 1)),
        )
        state = state_of(cover, np.flatnonzero(self._now), listed=True)
        # The temperature, the lowest cost, and the steps done.
        pace = np.array([temperatures[0], instance.cost_of(self.best), 0.0])
        by_turns(
            lambda work: bool(
                _annealed_costs(cover, state, self._random, self.best, pace, (*limits, self._steps), work)
            ),
            should_stop,
        )
        self._now = state.place >= 0
        self._done += 1
        return self._done < self._turns


@compiled
def _proposed(cover: Cover, state: State, random: Generator) -> tuple[int, int]:
    """Return a site to leave, one of the least useful, and one to enter."""
    cost, score = cover.cost, state.gain
    out = state.chosen[draw(random, state.size[0])]
    for _ in range(2):
        other = state.chosen[draw(random, state.size[0])]
        if score[other] * cost[out] < score[out] * cost[other]:
            out = other
    if draw(random, 2) == 0:
        first = cover.start[out]
        each = np.int64(cover.group[first + draw(random, cover.start[out + 1] - first)])
    else:
        each = state.missing[draw(random, state.size[1])]
    first = cover.group_start[each]
    return out, cover.site[first + draw(random, cover.group_start[each + 1] - first)]


@compiled
def _worse(cover: Cover, state: State, pair: tuple[int, int], unit_value: float, room: float) -> tuple[float, bool]:
    """Return how much worse a choice is after an exchange (inf: not allowed), and whether no site needs to leave."""
    out, into = pair
    cost = cover.cost
    state.touched[0] += _LOOK
    if state.place[into] >= 0:
        return np.inf, False
    if cost[into] <= room:
        return cost[into] - unit_value * state.gain[into], True
    if cost[into] - cost[out] <= room:
        more_uncovered = state.gain[out] - state.gain[into] - shared(cover, state, into, out)
        return unit_value * more_uncovered + cost[into] - cost[out], False
    return np.inf, False


@compiled
def _record(cover: Cover, state: State, best: Bools, lowest: float, slack: float) -> float:
    """Accept a choice that leaves at most the slack uncovered, and let sites leave until more is uncovered."""
    since = np.zeros(len(cover.cost), np.int64)
    state.touched[0] += len(since)
    while state.sums[0] <= slack:
        state.touched[0] += state.size[0]
        if state.sums[1] < lowest:
            best[:] = state.place >= 0
            lowest = state.sums[1]
        if state.size[0] == 0:
            return lowest
        close_site(cover, state, _leaver(cover, state, since, -1))
    return lowest


@compiled
def _annealed_costs(
    cover: Cover,
    state: State,
    random: Generator,
    best: Bools,
    pace: Floats,
    limits: tuple[float, float, float, float, int],
    work: int,
) -> bool:
    """Anneal until so much work is done; tell whether steps are left."""
    slack, below, unit_value, cooling, steps = limits
    temperature, lowest, step = pace[0], pace[1], int(pace[2])
    end = state.touched[0] + work
    while step < steps and state.touched[0] < end:
        temperature *= cooling
        if state.sums[0] <= slack:
            lowest = _record(cover, state, best, lowest, slack)
        if state.size[0] == 0:
            return False
        out, into = _proposed(cover, state, random)
        worse, alone = _worse(cover, state, (out, into), unit_value, lowest - below - state.sums[1])
        if worse <= 0 or uniform(random) < np.exp(-worse / temperature):
            if not alone:
                close_site(cover, state, out)
            open_site(cover, state, into)
        step += 1
    pace[0], pace[1], pace[2] = temperature, lowest, step
    return step < steps
