"""A network of tiers: stations, centres and institutions chosen together, and the parent that leads each of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.domain.requirements import Requirement
from siting.locate.deadline import Deadline, keeps_first_plan
from siting.locate.milp.compliance import (
    ROW_SCALE,
    Compliance,
    gains_of,
    outcomes_of,
    required_sites,
    shortfall_objective,
)
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.evaluate import Evaluation, better_of, evaluate
from siting.locate.milp.formulation import DependentVariables, LexicographicMilp
from siting.locate.milp.greedy import site_limits
from siting.locate.milp.lexicographic import solve_from
from siting.locate.milp.models import covered_objective, service_variables
from siting.locate.milp.objectives import Objective
from siting.locate.milp.requirements import RequirementSystem, system_of
from siting.locate.milp.ties import without_redundant
from siting.locate.problem import Bools, Effort, Problem, Solution
from siting.locate.tolerances import SUM_TOLERANCE

# The first plan tries so many of the best sites before it stops.
_TRIALS: Final = 8


@dataclass(frozen=True)
class ParentLinks:
    """Which facilities and sites may lead which.

    Parameters
    ----------
    children, parents : tuple of ndarray of int
        For each child (parent) the sites of the problem, in all sizes in which they are one: it exists if one of them
        is open. An empty array is an existing facility.
    room : ndarray
        The most children that each parent can lead beside those it leads today; inf without a limit.
    pairs : ndarray of int
        Shape (pairs, 2): a child and a parent that may lead it; each pair once.
    metres : ndarray
        The distance of each pair, in whole metres.
    """

    children: tuple[Ints, ...]
    parents: tuple[Ints, ...]
    room: Floats
    pairs: Ints
    metres: Floats

    @property
    def existing(self) -> Bools:
        """Which children are existing facilities."""
        return np.array([not len(each) for each in self.children], dtype=np.bool_)

    def led(self, opened: Bools) -> tuple[Bools, Bools]:
        """Return which pairs are linked, and which children are left without a parent, for given open sites.

        Fewest new children are left, then fewest existing ones, then the sum of distances is least.
        """
        linked, left = np.zeros(len(self.pairs), dtype=np.bool_), _there(self.children, opened)
        child = np.flatnonzero(left)
        room = np.where(_there(self.parents, opened), np.minimum(self.room, len(child)), 0.0).astype(np.int64)
        parent = np.flatnonzero(room > 0)
        if not len(child) or not len(parent):
            return linked, left
        # Only of those that exist: all children by all parents of a municipality would not fit into memory.
        here = np.flatnonzero(left[self.pairs[:, 0]] & (room[self.pairs[:, 1]] > 0))
        row, column = np.searchsorted(child, self.pairs[here, 0]), np.searchsorted(parent, self.pairs[here, 1])
        number = np.full((len(child), len(parent)), -1)
        number[row, column] = here
        pair = np.repeat(number, room[parent], axis=1)
        # Whole numbers: every sum is exact.
        alone = float(self.metres.max(initial=0.0)) * len(child) + 1.0
        left_alone = np.where(self.existing[child], alone, alone * (len(child) + 1.0))
        never = left_alone.max() * (len(child) + 1.0)
        cost = np.where(pair >= 0, np.append(self.metres, never)[pair], never)
        own = np.full((len(child), len(child)), never)
        np.fill_diagonal(own, left_alone)
        rows, columns = linear_sum_assignment(np.hstack([cost, own]))
        with_parent = columns < pair.shape[1]
        linked[pair[rows[with_parent], columns[with_parent]]] = True
        left[child[rows[with_parent]]] = False
        return linked, left


@dataclass(frozen=True)
class Network(Compliance):
    """A network of tiers; see :class:`~siting.locate.milp.compliance.Compliance`.

    ``stages`` are the sums of shortfalls of each rank, then ``"unled"``, the existing children without a parent, and
    ``"covered"``. ``links`` are the chosen pairs, by their number in ``ParentLinks.pairs``.
    """

    links: tuple[int, ...] = ()


@keeps_first_plan
def design_network(
    problem: Problem, requirements: Sequence[Requirement], links: ParentLinks, effort: Effort
) -> Network:
    r"""Choose sites of all tiers together: clauses first, then parents for existing stations, then most people.

    With :math:`x_j` = 1 if site j is open, :math:`z_{ck}` = 1 if parent k leads child c, :math:`S_c` and :math:`P_k`
    their sites, and :math:`K_k` the room of a parent:

    .. math::

        & \sum_k z_{ck} + u_c = \sum_{j \in S_c} x_j, \quad u_c = 0 && \text{new children} \\
        & \sum_k z_{ck} + u_c = 1, \quad 0 \le u_c \le 1 && \text{existing children} \\
        & z_{ck} \le \sum_{j \in P_k} x_j, \quad \sum_c z_{ck} \le K_k \sum_{j \in P_k} x_j && \text{new parents} \\
        & \sum_c z_{ck} \le K_k && \text{existing parents}

    beside the rules of the problem, the shortfalls of the clauses
    (:func:`~siting.locate.milp.compliance.compliance_milp`) and who is served
    (:func:`~siting.locate.milp.models.maximal_covering`). The shortfalls of each rank are minimised in turn, then
    :math:`\sum_c u_c`, then the people newly covered are maximised. For fixed sites the links are a transportation
    problem with whole numbers, so z need not be integer. The links of the plan are the shortest in total for its sites.

    Parameters
    ----------
    problem : Problem
        Sites of all tiers with their rules; its times are those of the sites that count for the circle.
    requirements : sequence of Requirement
        Clauses, each for one place.
    links : ParentLinks
        The allowed pairs of child and parent.
    effort : Effort
        When to stop.

    Returns
    -------
    Network
        ``status`` is ``"optimal"`` or ``"feasible"``, ``"relaxed"`` if a clause is short, and ``"infeasible"`` if the
        rules conflict, or if no forced site can have a parent.

    Notes
    -----
    Hierarchical location with links between the levels: Narula, S. C. (1984), Hierarchical location-allocation
    problems: a classification scheme, European Journal of Operational Research 15, 93-99. Şahin, G. and Süral, H.
    (2007), A review of hierarchical facility location models, Computers & Operations Research 34, 2310-2331.

    Examples
    --------
    A station (site 0) covers 60 persons and needs a centre (site 1), which covers 20. With two sites both open.

    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.milp.network import ParentLinks, design_network
    >>> from siting.locate.problem import Effort, Problem, Rules
    >>> problem = Problem(csr_array(np.eye(2) * 60.0), np.array([60.0, 20.0]), Rules(stations=2))
    >>> links = ParentLinks((np.array([0]),), (np.array([1]),), np.array([5.0]), np.array([[0, 0]]), np.array([300.0]))
    >>> found = design_network(problem, [], links, Effort())
    >>> found.chosen.tolist(), found.objective, found.links
    ([0, 1], 80.0, (0,))
    """
    system = system_of(problem, requirements)
    milp = network_milp(problem, system, links)
    deadline = Deadline(effort)
    first = _first_plan(milp, system, deadline.should_stop)
    found = solve_from(milp, first, deadline.left(report=effort.report))
    opened = milp.opened(found.chosen) > 0
    told = {each.name: getattr(found, each.name) for each in fields(Solution)}
    if found.stages and system.shortfalls(opened).any():
        told["status"] = "relaxed"
    clauses = (*system.clauses, *((),) * (len(found.stages) - system.stages)) if found.stages else ()
    linked = np.flatnonzero(links.led(opened)[0]).tolist() if found.stages else []
    outcomes = outcomes_of(problem, requirements, opened)
    return Network(**told, outcomes=outcomes, clauses=clauses, links=tuple(linked))


def network_milp(problem: Problem, system: RequirementSystem, links: ParentLinks) -> LexicographicMilp:
    """Return the program of :func:`design_network`.

    Its variables are the sites, who is served, the groups and the shortfalls of the requirements, the pairs, and the
    children without a parent.
    """
    service = service_variables(problem, by_unit=False)
    first = problem.sites + service.variables
    groups, needs, pairs = system.reach.shape[0], len(system.deficit), len(links.pairs)
    at = np.cumsum([first, groups, needs, pairs, len(links.children)])
    width = int(at[-1])
    dependent = DependentVariables(
        lower=np.concatenate([np.zeros(groups), system.least, np.zeros(pairs + len(links.children))]),
        upper=np.concatenate(
            [np.ones(groups), np.maximum(system.deficit, system.least), np.ones(pairs), links.existing.astype(float)]
        ),
        tolerance=np.concatenate([np.zeros(groups), system.slack, np.zeros(pairs + len(links.children))]),
        of=lambda opened, _: _dependents(system, links, opened > 0),
    )
    unled = np.zeros(width)
    unled[int(at[3]) :] = links.existing
    covered = covered_objective(problem, service, more=width - first)
    objectives = [shortfall_objective(system, rank, int(at[1]), width) for rank in range(system.stages)]
    objectives += [Objective("unled", "min", unled, step=1.0)] if links.existing.any() else []
    rows = _Rows(width)
    return LexicographicMilp(
        problem,
        service,
        (
            *_requirement_rows(rows, system, (int(at[0]), int(at[1]))),
            *_link_rows(rows, links, (int(at[2]), int(at[3]))),
        ),
        (*objectives, covered),
        dependent=dependent,
    )


def _dependents(system: RequirementSystem, links: ParentLinks, opened: Bools) -> Floats:
    linked, left = links.led(opened)
    short = np.maximum(system.raw(opened), system.least)
    return np.concatenate([system.reached(opened), short, linked.astype(np.float64), left.astype(np.float64)])


class _Rows:
    """Makes constraint blocks over a fixed number of variables."""

    def __init__(self, width: int) -> None:
        self.width = width

    def of(self, parts: Sequence[tuple[Ints, Ints, Floats]], low: Floats, high: Floats) -> ConstraintBlock:
        """Return the rows with the sum of the given entries: row, variable and coefficient."""
        row, column, value = (np.concatenate([np.zeros(0), *each]) for each in zip(*parts, strict=True))
        matrix = csr_array((value, (row.astype(np.int64), column.astype(np.int64))), shape=(len(low), self.width))
        return ConstraintBlock(None, matrix, low, high)


def _requirement_rows(rows: _Rows, system: RequirementSystem, at: tuple[int, int]) -> list[ConstraintBlock]:
    """Return the requirements with their shortfalls, and which groups the open sites reach."""
    add, worth, reach = (_entries(each) for each in (system.add, system.worth, system.reach))
    needs, groups = np.arange(len(system.deficit)), np.arange(system.reach.shape[0])
    need = [
        (add[0], add[1], add[2] * ROW_SCALE),
        (worth[0], worth[1] + at[0], worth[2] * ROW_SCALE),
        (needs, needs + at[1], np.full(len(needs), ROW_SCALE)),
    ]
    reached = [(reach[0], reach[1], -reach[2]), (groups, groups + at[0], np.ones(len(groups)))]
    return [
        rows.of(need, system.deficit * ROW_SCALE, np.full(len(needs), np.inf)),
        rows.of(reached, np.full(len(groups), -np.inf), np.zeros(len(groups))),
    ]


def _entries(matrix: csr_array) -> tuple[Ints, Ints, Floats]:
    """Return row, column and value of the stored entries."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return row, matrix.indices.astype(np.int64), matrix.data.astype(np.float64)


def _link_rows(rows: _Rows, links: ParentLinks, at: tuple[int, int]) -> list[ConstraintBlock]:
    """Return that each child has one parent, that parents are open, and how many children each can lead."""
    child, parent = links.pairs[:, 0], links.pairs[:, 1]
    pair, children = np.arange(len(links.pairs)), np.arange(len(links.children))
    one = np.ones(len(pair))
    exists = links.existing.astype(np.float64)
    led = [
        (child, pair + at[0], one),
        (children, children + at[1], np.ones(len(children))),
        _sites(links.children, -np.ones(len(children))),
    ]
    new = np.array([len(each) > 0 for each in links.parents], dtype=np.bool_)
    within = np.flatnonzero(new[parent])
    opens = [links.parents[each] for each in parent[within].tolist()]
    is_open = [(np.arange(len(within)), within + at[0], np.ones(len(within))), _sites(opens, -np.ones(len(within)))]
    limited = np.flatnonzero(np.isfinite(links.room))
    row_of = np.full(len(links.parents), -1)
    row_of[limited] = np.arange(len(limited))
    mine = np.flatnonzero(row_of[parent] >= 0)
    room = links.room[limited]
    most = [
        (row_of[parent[mine]], mine + at[0], np.ones(len(mine))),
        _sites([links.parents[each] for each in limited.tolist()], -room),
    ]
    return [
        rows.of(led, exists, exists),
        rows.of(is_open, np.full(len(within), -np.inf), np.zeros(len(within))),
        rows.of(most, np.full(len(limited), -np.inf), np.where(new[limited], 0.0, room)),
    ]


def _sites(sets: Sequence[Ints], value: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the entries of the sites of each row, all with the value of the row."""
    long = np.array([len(each) for each in sets], dtype=np.int64)
    row = np.repeat(np.arange(len(sets)), long)
    return row, np.concatenate([np.zeros(0, dtype=np.int64), *sets]), value[row]


def _there(sets: Sequence[Ints], opened: Bools) -> Bools:
    """Tell which children or parents exist with the given open sites."""
    return np.array([not len(each) or bool(opened[each].any()) for each in sets], dtype=np.bool_)


def _first_plan(
    milp: LexicographicMilp, system: RequirementSystem, should_stop: Callable[[], bool]
) -> Evaluation | None:
    """Open the required sites, then site by site the one with the highest gain that can have a parent.

    Returns
    -------
    Evaluation or None
        None if the required sites alone break a rule; another choice may still satisfy all.
    """
    problem, limits = milp.problem, site_limits(milp)
    costs = np.zeros(problem.sites) if problem.rules.costs is None else problem.rules.costs
    plan = evaluate(milp, np.flatnonzero(required_sites(problem, limits, costs) & ~problem.kept))
    groups = milp.service.groups
    reach = csr_array((np.ones(len(groups.site)), groups.site, groups.start), shape=(groups.count, problem.sites))
    while plan is not None and not should_stop():
        opened = milp.opened(plan.chosen) > 0
        may = limits.allowed(opened, limits.slack(opened))
        unserved = groups.value * (reach @ opened.astype(np.float64) == 0)
        found = None
        for gains in (*_lacking(system, opened), reach.T @ unserved):
            ranked = np.argsort(-np.where(may, gains, 0.0), kind="stable")[:_TRIALS]
            for site in ranked[np.where(may, gains, 0.0)[ranked] > SUM_TOLERANCE].tolist():
                trial = evaluate(milp, np.sort(np.append(plan.chosen, site)))
                if trial is not None and better_of(milp, plan, trial) is trial:
                    found = trial
                    break
            if found is not None:
                break
        if found is None:
            break
        plan = found
    return None if plan is None else without_redundant(milp, plan)


def _lacking(system: RequirementSystem, opened: Bools) -> list[Floats]:
    """Return for each stage that is short by how much each site lowers its shortfalls."""
    lacks, found = system.shortfalls(opened), []
    for stage in range(system.stages):
        wanted = np.flatnonzero((system.stage == stage) & (lacks > 0))
        if len(wanted):
            add, worth = csr_array(system.add[wanted]), csr_array(system.worth[wanted])
            found.append(gains_of(add, worth, system, opened, lacks[wanted]))
    return found
