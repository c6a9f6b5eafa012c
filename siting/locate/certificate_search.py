"""Certificates for plain plans: branch and bound whose every step is decided in the whole numbers of the checker."""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import numpy as np

from siting.domain.certificates import CertificateNode, CertifiedModel
from siting.domain.nouns import Floats, Ints
from siting.locate.certificate import (
    PRICE_BITS,
    Certificate,
    CertificateError,
    Relaxation,
    bound_of,
    most_open,
    nearest_of,
    packed,
    relaxations,
    unit_bits,
)
from siting.locate.covering.instance import CoveringInstance
from siting.locate.covering.lagrangian import (
    first_multipliers,
    slack_value,
    subgradient_ascent,
    subgradient_descent,
    subgradient_from,
)
from siting.locate.covering.lscp import coverage_target
from siting.locate.covering.reduction import Reduction, reduced, restricted
from siting.locate.deadline import Deadline
from siting.locate.median.instance import FREE, INSIDE, OUTSIDE, States, instance_of, weighted
from siting.locate.median.instance import reduced as reduced_median
from siting.locate.median.lagrangian import Rounds, ascend
from siting.locate.problem import Bools, Effort, MaximalCovering, Model, PMedian, Problem, SetCovering

# A node that is still being made (:class:`siting.domain.certificates.CertificateNode`), changed in place.
_Tree = dict[str, Any]

# Steps of the subgradient method at the root, and at other nodes.
_STEPS: Final = (1_000, 120)
_LENGTHS: Final = ((0.5, 0.0005), (0.1, 0.001))
# Nodes are expanded until the certificate has so many characters, or so many nodes.
_MOST_CHARACTERS: Final = 1_000_000
_MOST_NODES: Final = 1_000
# With more points multipliers are rounded to 2^-10, about a thousandth: they need less space.
_FEW_POINTS: Final = 2_000
_KEPT_BITS: Final = 10
# A node is bounded again while at least this share of its free sites was fixed.
_WORTHWHILE: Final = 0.1
# A gap below this part of the objective is no gap.
_NO_GAP: Final = 1e-9
# Sums stay below 2^60: people, times and costs get as many bits as fit, at most these.
_ROOM_BITS: Final = 60
_FINEST_BITS: Final = 20
# Multipliers of set covering may be so many times all costs: where few people too many are left out.
_PRICES: Final = 2.0**14

# For the states of the sites, initial multipliers by point, the number of steps and the goal of the bound: better
# multipliers by point, and the price of leaving a person out.
Multipliers = tuple[Floats, float]
Stops = Callable[[], bool]
Maker = Callable[[States, Floats | None, int, float, Stops], Multipliers]


def certificate_of(problem: Problem, model: Model, chosen: Ints, effort: Effort) -> Certificate | None:
    """Return a certificate for a plan, as strong as its size allows.

    Parameters
    ----------
    problem : Problem
        The problem.
    model : Model
        The model. Only plain problems of maximal covering, of set covering without shares by unit, and of the p-median
        with a time for those beyond have certificates.
    chosen : ndarray of int
        The open sites of the plan without the kept ones; branches that cannot be better than it are closed.
    effort : Effort
        When to stop early; the certificate then proves a weaker bound.

    Returns
    -------
    Certificate or None
        None for other models and problems.
    """
    maker = _maker(problem, model)
    if maker is None:
        return None
    name, make, bits = maker
    fine = {"mclp": bits[0], "p_median": sum(bits), "lscp": 0}[name]
    shift = max(fine - _KEPT_BITS, 0) if len(problem.people) > _FEW_POINTS else 0
    blank = Certificate(name, bits, 0, (), shift, (), {})
    deadline, goal = Deadline(effort), _goal(problem, model, blank, chosen)
    search = _Search(problem, model, blank, make, goal, deadline.should_stop)
    try:
        search.run()
    except KeyboardInterrupt:
        search.stop()
    return search.certificate()


def _maker(problem: Problem, model: Model) -> tuple[CertifiedModel, Maker, tuple[int, int]] | None:
    """Return the name of the relaxation, what makes multipliers, and the units; None without a certificate."""
    if not problem.is_plain:
        return None
    total = float(problem.value.sum())
    match model:
        case MaximalCovering():
            return "mclp", _of_covering(problem), (_bits(total), 0)
        case SetCovering(unit_share=None):
            costs = problem.rules.costs if model.by_cost else None
            money = float(problem.sites if costs is None else costs.sum())
            return "lscp", _of_least_cost(problem, model), (_bits(float(problem.people.sum())), _bits(money * _PRICES))
        case PMedian(beyond_s=float()):
            assert model.beyond_s is not None  # noqa: S101
            # Whole people need no fractions: the times get them.
            people = 0 if np.all(problem.value == np.rint(problem.value)) else _FINEST_BITS
            seconds = max(min(_ROOM_BITS - _size(total * model.beyond_s) - people, _FINEST_BITS), 0)
            return "p_median", _of_median(problem, model.beyond_s), (people, seconds)
        case _:
            return None


def _size(most: float) -> int:
    """Return how many bits the whole part of a number has."""
    return max(math.ceil(math.log2(max(most, 1.0))), 0) + 1


def _bits(most: float) -> int:
    return max(min(_ROOM_BITS - _size(most), _FINEST_BITS), 0)


def _goal(problem: Problem, model: Model, blank: Certificate, chosen: Ints) -> int:
    """Return the bound, maximised, at which nothing is better than the plan."""
    if isinstance(model, SetCovering):
        costs = problem.rules.costs if model.by_cost else None
        cost = np.ones(problem.sites) if costs is None else costs
        units = cost * 2.0 ** blank.bits[1]
        step = int(np.gcd.reduce(np.floor(units).astype(np.int64))) if np.all(cost == np.rint(cost)) else 1
        value = int(np.floor(units[chosen]).sum())
        return -(value - max(step - 1, int(_NO_GAP * value)))
    # All points free of charge: the constant is then the value of what the open sites add.
    best = relaxations(problem, model, _tight(problem, model, blank, chosen))[0]
    value = bound_of(best, _mask(problem, chosen), np.zeros(problem.sites, dtype=np.bool_), problem.sites)
    return value + int(_NO_GAP * abs(value))


def _tight(problem: Problem, model: Model, blank: Certificate, chosen: Ints) -> Certificate:
    """Return multipliers for which the relaxation at a choice equals its value."""
    if isinstance(model, MaximalCovering):
        weight = np.ceil(problem.value * 2.0 ** blank.bits[0])
        paid = np.where(problem.reached_by(chosen), 0.0, weight).astype(np.int64)
    else:
        assert isinstance(model, PMedian)  # noqa: S101
        assert model.beyond_s is not None  # noqa: S101
        near = np.minimum(nearest_of(problem, chosen), model.beyond_s)
        people, seconds = blank.bits
        paid = np.floor(problem.value * 2.0**people).astype(np.int64) * np.floor(near * 2.0**seconds).astype(np.int64)
    return replace(blank, multipliers=(paid,), prices=(0,))


def _mask(problem: Problem, sites: Ints) -> Bools:
    opened = np.zeros(problem.sites, dtype=np.bool_)
    opened[sites] = True
    return opened


# --- search -----------------------------------------------------------------------------------------------------------


@dataclass(order=True)
class _Node:
    """An open node: ``worst`` is minus its bound; ``by`` the set of multipliers that bounds it, ``tree`` its place."""

    worst: int
    number: int
    state: States = field(compare=False)
    by: int = field(compare=False)
    tree: _Tree = field(compare=False)


class _Search:
    """Best-first branch and bound; ``goal`` is the bound at which a node is closed."""

    def __init__(
        self, problem: Problem, model: Model, blank: Certificate, make: Maker, goal: int, stops: Stops
    ) -> None:
        self.problem, self.model, self.blank, self.make, self.goal, self.stops = (
            problem,
            model,
            blank,
            make,
            goal,
            stops,
        )
        self.most = most_open(problem, model)
        self.sets: list[Ints] = []
        self.prices: list[int] = []
        self.relaxed: list[Relaxation] = []
        self.floats: list[Floats] = []
        self.tree: _Tree = {}
        self.open: list[_Node] = []
        self.worst = goal
        self.made = 0
        # The sets that the tree uses, and the length of one.
        self.used: set[int] = set()
        self.long = 0

    def run(self) -> None:
        """Expand the node with the weakest bound until none is open, or the certificate is large enough."""
        forced = self.problem.rules.forced
        state = np.where(self.problem.open_to_choice, FREE, OUTSIDE).astype(np.int8)
        if forced is not None:
            state[forced & ~self.problem.kept] = INSIDE
        self._push(state, self._bound(state, None, _STEPS[0]), self.tree)
        while self.open and self.made < _MOST_NODES and not self.stops():
            if self._size() > _MOST_CHARACTERS:
                break
            node = heapq.heappop(self.open)
            try:
                self._expand(node)
            except KeyboardInterrupt:
                # What was begun below the node is dropped: its own bound holds.
                node.tree.clear()
                heapq.heappush(self.open, node)
                raise
        self.stop()

    def _size(self) -> int:
        """Return about how many characters the certificate has if the search stops now, with two more sets."""
        self.long = self.long or len(packed(self.sets[0] >> self.blank.shift))
        return (len(self.used | {node.by for node in self.open}) + 2) * self.long + 40 * self.made

    def stop(self) -> None:
        """Close the open nodes with the bounds that they have."""
        for node in self.open:
            node.tree["by"] = node.by
            self.worst = max(self.worst, -node.worst)
        self.open = []

    def certificate(self) -> Certificate | None:
        """Return the certificate with the sets of multipliers that it uses; None if there is none."""
        if not self.sets:
            return None
        used: list[int] = []
        tree = _renumbered(self.tree, used)
        sign = 1 if self.blank.model == "mclp" else -1
        return Certificate(
            self.blank.model,
            self.blank.bits,
            sign * self.worst,
            tuple(self.sets[each] for each in used),
            self.blank.shift,
            tuple(self.prices[each] for each in used),
            cast("CertificateNode", tree),
        )

    def _push(self, state: States, by: int, tree: _Tree) -> None:
        bound = self._bound_of(by, state)
        if bound <= self.goal:
            self._use(by, tree)
            return
        heapq.heappush(self.open, _Node(-bound, self.made, state, by, tree))
        self.made += 1

    def _bound_of(self, by: int, state: States) -> int:
        return bound_of(self.relaxed[by], state == INSIDE, state == FREE, self.most)

    def _bound(self, state: States, hint: Floats | None, steps: int) -> int:
        """Make multipliers for a node, in whole numbers; return the number of the set."""
        bits = unit_bits(self.blank)
        found, price = self.make(state, hint, steps, self.goal / 2.0**bits, self.stops)
        units = np.rint(found * 2.0 ** (bits - self.blank.shift)) * 2.0**self.blank.shift
        priced = price * 2.0 ** (bits - self.blank.bits[0] + PRICE_BITS)
        one = self._with(np.where(units > 0, units, 0.0), max(priced, 0.0))
        self.sets += one.multipliers
        self.prices += one.prices
        self.floats.append(found)
        return len(self.sets) - 1

    def _with(self, units: Floats, price: float) -> Certificate:
        """Return a set of multipliers in whole numbers; zeros if exact sums of them would be too large."""
        try:
            if max(units.max(initial=0.0), price) > 2.0**_ROOM_BITS:
                raise CertificateError(code="large")  # noqa: TRY301
            one = replace(self.blank, multipliers=(units.astype(np.int64),), prices=(round(price),))
            self.relaxed += relaxations(self.problem, self.model, one)
        except CertificateError:
            return self._with(np.zeros_like(units), 0.0)
        return one

    def _expand(self, node: _Node) -> None:
        state, by, tree = node.state, node.by, node.tree
        while True:
            shut, must = self._fixed(by, state)
            if len(shut) + len(must):
                state = state.copy()
                state[shut], state[must] = OUTSIDE, INSIDE
                then: _Tree = {}
                tree.update({"shut": shut.tolist(), "open": must.tolist(), "then": then})
                self._use(by, tree)
                tree = then
            free = int((state == FREE).sum())
            again = self._bound(state, self.floats[by], _STEPS[1])
            by = again if self._bound_of(again, state) <= self._bound_of(by, state) else by
            if self._bound_of(by, state) <= self.goal or not free:
                self._close(state, by, tree)
                return
            if len(shut) + len(must) <= _WORTHWHILE * free:
                break
        gain = np.where(state == FREE, self.relaxed[by].gain, np.iinfo(np.int64).min)
        site = int(np.argmax(gain))
        tree["site"] = site
        for side, where in ((INSIDE, "open"), (OUTSIDE, "closed")):
            child, tree[where] = state.copy(), {}
            child[site] = side
            self._push(child, by, tree[where])

    def _close(self, state: States, by: int, tree: _Tree) -> None:
        self._use(by, tree)
        self.worst = max(self.worst, self._bound_of(by, state))

    def _use(self, by: int, tree: _Tree) -> None:
        tree["by"] = by
        self.used.add(by)

    def _fixed(self, by: int, state: States) -> tuple[Ints, Ints]:
        """Return the free sites that no better choice opens, and those that every better choice opens."""
        opened, free = state == INSIDE, state == FREE
        shut, must = [], []
        for site in np.flatnonzero(free):
            one = opened.copy()
            one[site] = True
            if bound_of(self.relaxed[by], one, free, self.most) <= self.goal:
                shut.append(site)
                continue
            less = free.copy()
            less[site] = False
            if bound_of(self.relaxed[by], opened, less, self.most) <= self.goal:
                must.append(site)
        return np.array(shut, dtype=np.int64), np.array(must, dtype=np.int64)


def _renumbered(node: _Tree, used: list[int]) -> _Tree:
    """Return a tree whose sets of multipliers are numbered in the order of their use."""
    found: _Tree = {}
    for key, value in node.items():
        if key == "by":
            if value not in used:
                used.append(value)
            found[key] = used.index(value)
        else:
            found[key] = _renumbered(value, used) if isinstance(value, dict) else value
    return found


# --- multipliers ------------------------------------------------------------------------------------------------------


def _shared(found: Reduction, weight: Floats, multipliers: Floats) -> Floats:
    """Return multipliers of groups as multipliers of their points, in proportion to the weights of the points."""
    inside = found.group_of >= 0
    total = np.bincount(found.group_of[inside], weights=weight[inside], minlength=len(multipliers))
    shared = np.zeros(len(weight))
    group = found.group_of[inside]
    shared[inside] = multipliers[group] * weight[inside] / total[group]
    return shared


def _gathered(found: Reduction, values: Floats) -> Floats:
    """Return values of points added up by group."""
    inside = found.group_of >= 0
    return np.bincount(found.group_of[inside], weights=values[inside], minlength=found.groups).astype(np.float64)


def _reached(found: Reduction, sites: Ints) -> Bools:
    """Return the groups that some of the sites, by their original numbers, cover."""
    return found.cover.covered(np.searchsorted(found.sites, sites[np.isin(sites, found.sites)]))


def _of_covering(problem: Problem) -> Maker:
    """Return what makes multipliers of maximal covering by subgradient descent."""
    found = reduced(problem.under(forced=None), dominated=False)
    unreached = problem.value * (found.group_of < 0)
    stations = most_open(problem, MaximalCovering())

    def make(state: States, hint: Floats | None, steps: int, goal: float, stops: Stops) -> Multipliers:
        opened, free = np.flatnonzero(state == INSIDE), np.flatnonzero(state[found.sites] == FREE)
        reached = _reached(found, opened)
        cover, label = restricted(found.cover, free, ~reached)
        # A group that no free site covers pays all that it counts: it cannot be covered.
        paid = np.where(reached, 0.0, found.cover.weight)
        many, inside = min(stations - len(opened), len(free)), label >= 0
        if many > 0 and inside.any():
            begin = 0.5 * cover.weight
            if hint is not None:
                gathered = _gathered(found, hint)[inside]
                begin = np.bincount(label[inside], gathered, len(cover.weight)).astype(np.float64)
            start = subgradient_from(np.minimum(begin, cover.weight))
            target = goal - float(found.cover.weight[reached].sum())
            subgradient_descent(cover, many, target, (steps, *_LENGTHS[hint is not None]), start, stops)
            paid[inside] = start.best[label[inside]] * found.cover.weight[inside] / cover.weight[label[inside]]
        return _shared(found, problem.value, paid) + unreached, 0.0

    return make


def _of_least_cost(problem: Problem, model: SetCovering) -> Maker:
    """Return what makes multipliers of set covering by subgradient ascent, and the price of leaving people out."""
    free_problem = problem.under(forced=None)
    wanted = coverage_target(free_problem, model.share)
    found = reduced(free_problem, value=problem.people, dominated=False)
    costs = problem.rules.costs if model.by_cost else None
    cost = (np.ones(problem.sites) if costs is None else costs)[wanted.free]
    instance = CoveringInstance(wanted.instance.cover._replace(cost=cost), wanted.instance.slack, whole=False)
    unreached = problem.people * ((found.group_of < 0) & ~problem.reached_by(np.zeros(0, dtype=np.int64)))
    # The instance counts people in units of its own.
    unit = float(instance.cover.weight.sum()) / max(float(found.cover.weight.sum()), 1e-300)

    def make(state: States, hint: Floats | None, steps: int, goal: float, stops: Stops) -> Multipliers:
        opened, free = np.flatnonzero(state == INSIDE), np.flatnonzero(state[wanted.free] == FREE)
        open_groups, coverable = ~_reached(found, opened), instance.cover.covered(free)
        lost, left = np.flatnonzero(open_groups & ~coverable), np.flatnonzero(open_groups & coverable)
        weight = instance.cover.weight
        slack, paid = instance.slack - float(weight[lost].sum()), np.zeros(found.groups)
        if slack < 0:
            # Too many people can no longer be covered: a high price of leaving them out proves it.
            price = (1.0 - 2.0 * goal) / -slack
        else:
            part = instance.part(free, left, slack)
            price = 0.0
            if len(left):
                ascent = first_multipliers(part)
                if hint is not None:
                    ascent.now[:] = _gathered(found, hint)[left]
                spent = len(opened) if costs is None else math.fsum(costs[opened])
                subgradient_ascent(part, ascent, max(-goal - spent, 0.0), steps, stops)
                paid[left] = np.maximum(ascent.best, 0.0)
                price = slack_value(paid[left][~part.must], part.cover.weight[~part.must], part.slack)[1]
        paid[lost] = price * weight[lost]
        return _shared(found, problem.people, paid) + price * unit * unreached, price * unit

    return make


def _of_median(problem: Problem, beyond_s: float) -> Maker:
    """Return what makes multipliers of the p-median by subgradient ascent."""
    everything = np.arange(problem.sites)
    instance = instance_of(weighted(problem, beyond_s), problem.kept, everything)
    stations = most_open(problem, PMedian(beyond_s))

    def make(state: States, hint: Floats | None, steps: int, goal: float, stops: Stops) -> Multipliers:
        part, _ = reduced_median(instance, state)
        many = max(stations - int((state == INSIDE).sum()), 0)
        begin = part.base.copy() if hint is None else np.minimum(hint, part.base)
        rounds = Rounds(steps, 0.5, 8 if hint is not None else 20)
        found = ascend(part, many, begin, -goal, rounds, stops)
        return found.multipliers, 0.0

    return make
