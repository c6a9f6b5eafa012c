"""Local search for set covering, in turns: constraint weighting for full cover, simulated annealing otherwise."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.choice import (
    Choice,
    ChosenList,
    CoverLists,
    choice_from,
    chosen_list,
    complete,
    leaver,
    lists_of,
    swap,
)
from siting.locate.covering.instance import CoveringInstance
from siting.locate.problem import Bools
from siting.locate.tolerances import INTEGER_TOLERANCE, SUM_TOLERANCE

# The work of one turn, in list entries.
_WORK_TURN: Final = 50_000_000
# First and last temperature, in costs of an average site.
_HOT: Final = 0.2
_COLD: Final = 0.01
# Proposals between two checks of the stopping criterion.
_TURN: Final = 500_000
# The work of examining one exchange, in list entries.
_LOOK: Final = 8


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
        self._lists, self._steps = lists_of(instance), steps
        self._choice = _weighting_begun(self._lists, begin, seed)
        complete(self._lists, self._choice, 0.0)
        self._held, self.best = chosen_list(self._choice), self._choice.chosen.copy()
        self._moves = _Moves(np.zeros(instance.sites, dtype=np.int64), np.ones(instance.sites, dtype=np.bool_))
        self._least = 1.0 - INTEGER_TOLERANCE if instance.whole else 0.0
        # The best cost, the site that entered last, the steps done, and the work of this turn.
        self._state = np.array([np.inf, -1.0, 0.0, 0.0])

    def turn(self, should_stop: Callable[[], bool] | None = None) -> bool:
        """Run one turn, which ends early if ``should_stop`` says so; tell whether any is left."""
        left, now = True, (self._choice, self._held, self._moves)
        self._state[3] = 0.0

        def exchange(work: int) -> bool:
            nonlocal left
            limits = (self._least, self._steps, min(int(self._state[3]) + work, _WORK_TURN))
            left = bool(_exchanged(self._lists, now, self.best, self._state, limits))
            return left and self._state[3] < _WORK_TURN

        by_turns(exchange, should_stop)
        return left


class _Moves(NamedTuple):
    """When each site last moved, and whether it may return."""

    since: Ints
    may: Bools


@compiled
def _moved(lists: CoverLists, site: int, step: int, since: Ints, may: Bools) -> int:
    """Record a site's move: it may not return before a site that shares a group with it moves (Cai & Su 2011).

    Returns how many sites were examined.
    """
    since[site] = step
    looked = 0
    for at in range(lists.start[site], lists.start[site + 1]):
        each = lists.group[at]
        for place in range(lists.group_start[each], lists.group_start[each + 1]):
            may[lists.site[place]] = True
        looked += lists.group_start[each + 1] - lists.group_start[each]
    may[site] = False
    return looked


@compiled
def _enterer(lists: CoverLists, choice: Choice, since: Ints, may: Bools) -> int:
    """Return the site of some uncovered group with the highest gain for its cost, ties to the one that moved first."""
    best, most = -1, 0.0
    each = choice.missing[np.random.randint(choice.tally[0])]  # noqa: NPY002 - the generator of the compiler
    for at in range(lists.group_start[each], lists.group_start[each + 1]):
        site = lists.site[at]
        gain = choice.score[site] / lists.cost[site] if lists.cost[site] > 0 else np.inf
        if may[site] and (best < 0 or gain > most or (gain == most and since[site] < since[best])):
            best, most = site, gain
    return best


@compiled
def _weighting_begun(lists: CoverLists, begin: Bools, seed: int) -> Choice:
    """Return the initial choice."""
    np.random.seed(seed)  # noqa: NPY002 - the generator of the compiler
    groups = len(lists.weight)
    choice: Choice = choice_from(lists, begin, np.ones(groups), np.ones(groups, np.bool_))
    return choice


@compiled
def _exchanged(
    lists: CoverLists,
    now: tuple[Choice, ChosenList, _Moves],
    best: Bools,
    state: Floats,
    limits: tuple[float, int, int],
) -> bool:
    """Exchange sites until so much work is done in all; tell whether steps are left."""
    choice, held, (since, may) = now
    least, steps, work = limits
    lowest, last, step, looked = state[0], int(state[1]), int(state[2]), int(state[3])
    while step <= steps and looked < work:
        step += 1
        while choice.tally[0] == 0:
            if choice.sums[1] < lowest:
                best[:] = choice.chosen
                lowest = choice.sums[1]
            out = leaver(lists, choice, held, since, -1)
            if out < 0:
                return False
            swap(lists, choice, held, out)
            looked += held.many[0] + _moved(lists, out, step, since, may)
        out = leaver(lists, choice, held, since, last)
        if out >= 0:
            swap(lists, choice, held, out)
            looked += held.many[0] + _moved(lists, out, step, since, may)
        while choice.tally[0] > 0:
            site = _enterer(lists, choice, since, may)
            if site < 0 or choice.sums[1] + lists.cost[site] > lowest - least:
                break
            swap(lists, choice, held, site)
            looked += _moved(lists, site, step, since, may)
            may[site] = True
            last = site
            for at in range(choice.tally[0]):
                each = choice.missing[at]
                choice.priority[each] += 1.0
                for place in range(lists.group_start[each], lists.group_start[each + 1]):
                    choice.score[lists.site[place]] += 1.0
                looked += lists.group_start[each + 1] - lists.group_start[each]
    state[0], state[1], state[2], state[3] = lowest, last, step, looked
    return step <= steps


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
        self._core, self._unit_value, self._seed = instance, unit_value, seed
        self._turns = max(1, round(steps / _TURN))
        self._steps = -(-steps // self._turns)
        self._done = 0

    def turn(self, should_stop: Callable[[], bool] | None = None) -> bool:
        """Run one turn, which ends early if ``should_stop`` says so; tell whether any is left."""
        instance, lists = self._core, lists_of(self._core)
        dear = float(instance.cost.mean())
        temperatures = [dear * _HOT * (_COLD / _HOT) ** (turn / self._turns) for turn in (self._done, self._done + 1)]
        below = 1.0 - INTEGER_TOLERANCE if instance.whole else SUM_TOLERANCE * float(instance.cost[self.best].sum())
        limits = (
            instance.slack,
            below,
            self._unit_value,
            (temperatures[1] / temperatures[0]) ** (1.0 / max(self._steps, 1)),
        )
        choice, held, lowest = _annealing_begun(lists, self._now, self.best, self._seed + self._done)
        mark, state = np.full(instance.groups, -1, dtype=np.int64), np.array([temperatures[0], lowest, 0.0])

        def anneal(work: int) -> bool:
            return bool(_annealed(lists, (choice, held, mark), self.best, state, limits, self._steps, work))

        by_turns(anneal, should_stop)
        self._now = choice.chosen
        self._done += 1
        return self._done < self._turns


@compiled
def _proposed(lists: CoverLists, choice: Choice, held: ChosenList) -> tuple[int, int]:
    """Return a site to leave, one of the least useful, and one to enter."""
    cost, score = lists.cost, choice.score
    out = held.site[np.random.randint(held.many[0])]  # noqa: NPY002 - the generator of the compiler
    for _ in range(2):
        other = held.site[np.random.randint(held.many[0])]  # noqa: NPY002
        if score[other] * cost[out] < score[out] * cost[other]:
            out = other
    if np.random.random() < 0.5:  # noqa: NPY002, PLR2004 - a coin toss
        each = np.int64(lists.group[np.random.randint(lists.start[out], lists.start[out + 1])])  # noqa: NPY002
    else:
        each = choice.missing[np.random.randint(choice.tally[0])]  # noqa: NPY002
    return out, lists.site[np.random.randint(lists.group_start[each], lists.group_start[each + 1])]  # noqa: NPY002


@compiled
def _more_uncovered(lists: CoverLists, choice: Choice, out: int, into: int, mark: Ints, stamp: int) -> float:
    """Return how much more weight is uncovered after an exchange."""
    for at in range(lists.start[out], lists.start[out + 1]):
        mark[lists.group[at]] = stamp
    choice.tally[1] += lists.start[out + 1] - lists.start[out] + lists.start[into + 1] - lists.start[into]
    common = 0.0
    for at in range(lists.start[into], lists.start[into + 1]):
        each = lists.group[at]
        if choice.times[each] == 1 and mark[each] == stamp:
            common += lists.weight[each]
    return float(choice.score[out] - choice.score[into] - common)


@compiled
def _worse(
    lists: CoverLists, choice: Choice, pair: tuple[int, int], unit_value: float, room: float, mark: Ints, stamp: int
) -> tuple[float, bool]:
    """Return how much worse a choice is after an exchange (inf: not allowed), and whether no site needs to leave."""
    out, into = pair
    cost = lists.cost
    choice.tally[1] += _LOOK
    if choice.chosen[into]:
        return np.inf, False
    if cost[into] <= room:
        return cost[into] - unit_value * choice.score[into], True
    if cost[into] - cost[out] <= room:
        return unit_value * _more_uncovered(lists, choice, out, into, mark, stamp) + cost[into] - cost[out], False
    return np.inf, False


@compiled
def _record(lists: CoverLists, choice: Choice, held: ChosenList, best: Bools, lowest: float, slack: float) -> float:
    """Accept a choice that leaves at most the slack uncovered, and let sites leave until more is uncovered."""
    since = np.zeros(len(lists.cost), np.int64)
    choice.tally[1] += len(since)
    while choice.sums[0] <= slack:
        choice.tally[1] += held.many[0]
        if choice.sums[1] < lowest:
            best[:] = choice.chosen
            lowest = choice.sums[1]
        if held.many[0] == 0:
            return lowest
        swap(lists, choice, held, leaver(lists, choice, held, since, -1))
    return lowest


@compiled
def _annealing_begun(lists: CoverLists, begin: Bools, best: Bools, seed: int) -> tuple[Choice, ChosenList, float]:
    """Return the initial choice, and the cost of the best one."""
    np.random.seed(seed)  # noqa: NPY002 - the generator of the compiler
    choice: Choice = choice_from(lists, begin, lists.weight, np.ones(len(lists.weight), np.bool_))
    return choice, chosen_list(choice), lists.cost[best].sum()


@compiled
def _annealed(
    lists: CoverLists,
    now: tuple[Choice, ChosenList, Ints],
    best: Bools,
    state: Floats,
    limits: tuple[float, float, float, float],
    steps: int,
    work: int,
) -> bool:
    """Anneal until so much work is done, and continue from ``state``: temperature, lowest cost, steps done."""
    (choice, held, mark), (slack, below, unit_value, cooling) = now, limits
    temperature, lowest, step = state[0], state[1], int(state[2])
    end = choice.tally[1] + work
    while step < steps and choice.tally[1] < end:
        temperature *= cooling
        if choice.sums[0] <= slack:
            lowest = _record(lists, choice, held, best, lowest, slack)
        if held.many[0] == 0:
            return False
        pair = _proposed(lists, choice, held)
        room = lowest - below - choice.sums[1]
        worse, alone = _worse(lists, choice, pair, unit_value, room, mark, step)
        if worse <= 0 or np.random.random() < np.exp(-worse / temperature):  # noqa: NPY002
            if not alone:
                swap(lists, choice, held, pair[0])
            swap(lists, choice, held, pair[1])
        step += 1
    state[0], state[1], state[2] = temperature, lowest, step
    return step < steps
