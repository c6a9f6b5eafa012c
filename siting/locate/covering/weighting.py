"""Local search for full cover: groups that stay uncovered gain weight from step to step."""

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
from siting.locate.tolerances import INTEGER_TOLERANCE

# The work of one turn, in list entries.
_WORK_TURN: Final = 50_000_000


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
        self._choice = _begun(self._lists, begin, seed)
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
def _begun(lists: CoverLists, begin: Bools, seed: int) -> Choice:
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
