"""Certificates for plans: branch and bound whose every step is decided in the whole numbers of the checker."""

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
    Served,
    bound_of,
    counts_whole,
    first_limits,
    has_certificate,
    money_bits,
    nearest_of,
    packed,
    relaxations,
    site_limits,
    unit_bits,
    value_of,
)
from siting.locate.certificate_multipliers import Maker, Stops, maker_of
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.median.instance import FREE, INSIDE, OUTSIDE, States
from siting.locate.problem import Effort, MaximalCovering, Model, PMedian, Problem, SetCovering

# A node that is still being made (:class:`siting.domain.certificates.CertificateNode`), changed in place.
_Tree = dict[str, Any]

# Steps of the subgradient method at the root, and at other nodes.
_STEPS: Final = (1_000, 120)
# Nodes are expanded until the certificate has so many characters, or so many nodes.
_MOST_CHARACTERS: Final = 1_000_000
_MOST_NODES: Final = 1_000
# Nodes nested deeper are not expanded: JSON is read and written by recursion.
_DEEPEST: Final = 500
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
# The goal of a plan with capacity is a sum of floats: with finer units its rounding is small.
_SERVED_BITS: Final = 28
# Multipliers of set covering may be so many times all costs: where few people too many are left out.
_PRICES: Final = 2.0**14


def certificate_of(
    problem: Problem,
    model: Model,
    chosen: Ints,
    effort: Effort,
    served: Served | None = None,
    told: Callable[[float], None] | None = None,
) -> Certificate | None:
    """Return a certificate for a plan, as strong as its size allows.

    Parameters
    ----------
    problem : Problem
        The problem.
    model : Model
        The model. Only maximal covering, set covering without shares by unit, and the p-median with a time for those
        beyond have certificates.
    chosen : ndarray of int
        The open sites of the plan without the kept ones; branches that cannot be better than it are closed.
    effort : Effort
        When to stop early; the certificate then proves a weaker bound.
    served : Served or None
        With capacity: which site serves which people in the plan.
    told : callable, optional
        Called with the part of the largest certificate that is made.

    Returns
    -------
    Certificate or None
        None for other models, and where facilities that stay have a capacity limit.
    """
    found = _units(problem, model)
    if found is None:
        return None
    name, bits = found
    fine = {"mclp": bits[0], "p_median": sum(bits), "lscp": 0}[name]
    shift = max(fine - _KEPT_BITS, 0) if len(problem.people) > _FEW_POINTS else 0
    blank = Certificate(name, bits, 0, (), shift, (), {}, served)
    deadline, goal = Deadline(effort), _goal(problem, model, blank, chosen)
    search = _Search(problem, model, blank, maker_of(problem, model), goal, deadline.should_stop)
    with Interruptible():
        search.run(told or (lambda _: None))
    search.stop()
    return search.certificate()


def _units(problem: Problem, model: Model) -> tuple[CertifiedModel, tuple[int, int]] | None:
    """Return the name of the relaxation and the units; None without a certificate."""
    if not has_certificate(problem):
        return None
    total = float(problem.value.sum())
    finest = _FINEST_BITS if problem.rules.capacity is None else _SERVED_BITS
    match model:
        case MaximalCovering():
            return "mclp", (_bits(max(total, float(problem.people.sum())), finest), 0)
        case SetCovering(unit_share=None):
            costs = problem.rules.costs if model.by_cost else None
            money = float(problem.sites if costs is None else costs.sum())
            return "lscp", (_bits(float(problem.people.sum())), _bits(money * _PRICES))
        case PMedian(beyond_s=float()):
            assert model.beyond_s is not None  # noqa: S101
            # Whole people need no fractions: the times get them.
            people = 0 if _is_whole(problem.value) and _is_whole(problem.rules.capacity) else _FINEST_BITS
            seconds = max(min(_ROOM_BITS - _size(total * model.beyond_s) - people, _FINEST_BITS), 0)
            return "p_median", (people, seconds)
        case _:
            return None


def _is_whole(values: Floats | None) -> bool:
    finite = np.zeros(0) if values is None else values[np.isfinite(values)]
    return bool(np.all(finite == np.rint(finite)))


def _size(most: float) -> int:
    """Return how many bits the whole part of a number has."""
    return max(math.ceil(math.log2(max(most, 1.0))), 0) + 1


def _bits(most: float, finest: int = _FINEST_BITS) -> int:
    return max(min(_ROOM_BITS - _size(most), finest), 0)


def _goal(problem: Problem, model: Model, blank: Certificate, chosen: Ints) -> int:
    """Return the bound, maximised, at which nothing is better than the plan."""
    if isinstance(model, SetCovering):
        costs = problem.rules.costs if model.by_cost else None
        cost = problem.counted.astype(np.float64) if costs is None else costs
        units = cost * 2.0 ** blank.bits[1]
        step = int(np.gcd.reduce(np.floor(units).astype(np.int64))) if np.all(cost == np.rint(cost)) else 1
        value = int(np.floor(units[chosen]).sum())
        return -(value - max(step - 1, int(_NO_GAP * value)))
    if problem.rules.capacity is not None:
        return _goal_served(problem, model, blank, chosen)
    # All points free of charge: the constant is then the value of what the open sites add.
    best = relaxations(problem, model, _tight(problem, model, blank, chosen))[0]
    value = int(best.constant + sum(best.gain[chosen].tolist()))
    return value + _no_gap(problem, model, blank, value)


def _no_gap(problem: Problem, model: Model, blank: Certificate, value: float) -> int:
    """Return by how much a bound may exceed a plan that it proves: less than a person where people are whole."""
    if isinstance(model, MaximalCovering) and counts_whole(problem):
        return (1 << blank.bits[0]) - 1
    return int(_NO_GAP * abs(value))


def _goal_served(problem: Problem, model: Model, blank: Certificate, chosen: Ints) -> int:
    """Return the bound at which nothing is better than a plan with capacity, as far as rounded terms tell."""
    value, points = value_of(problem, model, chosen, blank.served), len(problem.people)
    people, seconds = blank.bits
    if isinstance(model, PMedian):
        assert model.beyond_s is not None  # noqa: S101
        rounded = float(problem.value.sum()) * 2.0**-seconds + model.beyond_s * points * 2.0**-people
        return math.floor((rounded * (people > 0) + _NO_GAP * value - value) * 2.0 ** (people + seconds))
    if counts_whole(problem):
        return (round(value) << people) + _no_gap(problem, model, blank, value)
    return math.floor((value + _NO_GAP * value) * 2.0**people) + points


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


# --- search -----------------------------------------------------------------------------------------------------------


@dataclass(order=True)
class _Node:
    """An open node: ``worst`` is minus its bound; ``by`` the set of multipliers that bounds it, ``tree`` its place.

    ``depth`` is the number of nodes around it.
    """

    worst: int
    number: int
    state: States = field(compare=False)
    by: int = field(compare=False)
    tree: _Tree = field(compare=False)
    depth: int = field(compare=False)


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
        self.limits = site_limits(problem, model)
        # The bits of what prices are for: people left out, or money under a budget.
        costs = problem.rules.costs
        self.price_bits = blank.bits[0] if isinstance(model, SetCovering) or costs is None else money_bits(costs)
        self.sets: list[Ints] = []
        self.prices: list[int] = []
        self.relaxed: list[Relaxation] = []
        self.floats: list[Floats] = []
        self.tree: _Tree = {}
        self.open: list[_Node] = []
        self.worst = goal
        self.made = 0
        # The sets that the tree uses, and the packed lengths of sets and of which site serves which people.
        self.used: set[int] = set()
        self.lengths: dict[int, int] = {}
        self.served_long = sum(len(packed(each)) for each in blank.served or ())

    def run(self, told: Callable[[float], None]) -> None:
        """Expand the node with the weakest bound until none is open, or the certificate is large enough."""
        opened, free = first_limits(self.problem, self.limits)
        state = np.where(opened, INSIDE, np.where(free, FREE, OUTSIDE)).astype(np.int8)
        self._push(state, self._bound(state, None, _STEPS[0]), self.tree, 0)
        while self.open and self.made < _MOST_NODES and not self.stops():
            told(max(self._size() / _MOST_CHARACTERS, self.made / _MOST_NODES))
            # No other node has a weaker bound: the certificate's would stay.
            if self._size() > _MOST_CHARACTERS or self.open[0].depth > _DEEPEST:
                break
            node = heapq.heappop(self.open)
            try:
                self._expand(node)
            except KeyboardInterrupt:
                # What was begun below the node is dropped: its own bound holds.
                node.tree.clear()
                heapq.heappush(self.open, node)
                raise

    def _size(self) -> int:
        """Return about how many characters the certificate has if the search stops now, with two more sets."""
        used = self.used | {node.by for node in self.open}
        for by in used - self.lengths.keys():
            self.lengths[by] = len(packed(self.sets[by] >> self.blank.shift))
        lengths = [self.lengths[by] for by in used]
        return self.served_long + sum(lengths) + 2 * max(lengths) + 40 * self.made

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
            self.blank.served,
        )

    def _push(self, state: States, by: int, tree: _Tree, depth: int) -> None:
        bound = self._bound_of(by, state)
        if bound <= self.goal:
            self._use(by, tree)
            return
        heapq.heappush(self.open, _Node(-bound, self.made, state, by, tree, depth))
        self.made += 1

    def _bound_of(self, by: int, state: States) -> int:
        return bound_of(self.relaxed[by], state == INSIDE, state == FREE, self.limits)

    def _opening(self, state: States, site: int) -> States:
        """Return the states where a site is open as well, and those that it excludes are closed."""
        free = self.limits.beside(state == INSIDE, state == FREE, site)
        found = np.where((state == FREE) & ~free, OUTSIDE, state).astype(np.int8)
        found[site] = INSIDE
        return found

    def _bound(self, state: States, hint: Floats | None, steps: int) -> int:
        """Make multipliers for a node, in whole numbers; return the number of the set."""
        bits = unit_bits(self.blank)
        found, price = self.make(state, hint, steps, self.goal / 2.0**bits, self.stops)
        units = np.rint(found * 2.0 ** (bits - self.blank.shift)) * 2.0**self.blank.shift
        priced = price * 2.0 ** (bits - self.price_bits + PRICE_BITS)
        one = self._with(np.where(units > 0, units, 0.0), max(priced, 0.0))
        self.sets += one.multipliers
        self.prices += one.prices
        self.floats.append(found)
        return len(self.sets) - 1

    def _with(self, units: Floats, price: float) -> Certificate:
        """Return a set of multipliers in whole numbers; zeros if exact sums of them would be too large."""
        try:
            if not max(units.max(initial=0.0), price) <= 2.0**_ROOM_BITS:
                raise CertificateError(code="large")  # noqa: TRY301
            one = replace(self.blank, multipliers=(units.astype(np.int64),), prices=(round(price),))
            self.relaxed += relaxations(self.problem, self.model, one)
        except CertificateError:
            return self._with(np.zeros_like(units), 0.0)
        return one

    def _expand(self, node: _Node) -> None:
        state, by, tree, depth = node.state, node.by, node.tree, node.depth + 1
        while True:
            shut, must = self._fixed(by, state)
            if len(shut) + len(must):
                state = state.copy()
                state[shut] = OUTSIDE
                for site in must.tolist():
                    state = self._opening(state, site)
                then: _Tree = {}
                tree.update({"shut": shut.tolist(), "open": must.tolist(), "then": then})
                self._use(by, tree)
                tree, depth = then, depth + 1
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
        closed = state.copy()
        closed[site] = OUTSIDE
        for child, where in ((self._opening(state, site), "open"), (closed, "closed")):
            tree[where] = {}
            self._push(child, by, tree[where], depth)

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
            if bound_of(self.relaxed[by], one, free, self.limits) <= self.goal:
                shut.append(site)
                continue
            less = free.copy()
            less[site] = False
            if bound_of(self.relaxed[by], opened, less, self.limits) <= self.goal:
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
