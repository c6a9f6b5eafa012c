"""Local search if some groups may stay uncovered: simulated annealing below the best known cost."""

from collections.abc import Callable
from typing import Final

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.choice import (
    Choice,
    ChosenList,
    CoverLists,
    choice_from,
    chosen_list,
    leaver,
    lists_of,
    swap,
)
from siting.locate.covering.instance import CoveringInstance
from siting.locate.problem import Bools
from siting.locate.tolerances import INTEGER_TOLERANCE, SUM_TOLERANCE

# First and last temperature, in costs of an average site.
_HOT: Final = 0.2
_COLD: Final = 0.01
# Proposals between two checks of the stopping criterion.
_TURN: Final = 500_000
# The work of examining one exchange, in list entries.
_LOOK: Final = 8


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
        choice, held, lowest = _begun(lists, self._now, self.best, self._seed + self._done)
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
def _begun(lists: CoverLists, begin: Bools, best: Bools, seed: int) -> tuple[Choice, ChosenList, float]:
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
