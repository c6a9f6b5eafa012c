"""The mixed-integer program of compliance: requirements as constraints, with a shortfall variable each."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array, vstack

from siting.domain.nouns import Floats
from siting.locate.compliance.system import RequirementSystem
from siting.locate.highs import Milp, Run, minimise
from siting.locate.milp.constraints import ConstraintBlock, stacked
from siting.locate.problem import Bools, Effort, Problem

# HiGHS satisfies rows within 1e-9: in rows of this scale that is less than the slack of a clause.
_SCALE: Final = 16.0


@dataclass(frozen=True)
class ComplianceMilp:
    r"""The constraints that all stages share; the variables are sites x, groups y and shortfalls s.

    .. math::

        & \sum_j a_{mj} x_j + \sum_g w_{mg} y_g + s_m \ge d_m, \quad l_m \le s_m \le d_m && \forall m \\
        & y_g \le \sum_{j \in N(g)} x_j, \quad 0 \le y_g \le 1 && \forall g \\
        & \sum_{m \in M_k} s_m \le S_k && \forall k \text{ fixed} \\
        & \text{the rules over } x

    ``unit`` is the unit of the minimised cost, ``abs_gap`` the absolute gap (in that unit) that proves optimality.
    """

    problem: Problem
    system: RequirementSystem
    blocks: tuple[ConstraintBlock, ...]
    unit: float
    abs_gap: float

    def over(self, *, sites: Floats | None = None, requirements: Floats | None = None) -> Floats:
        """Return the costs of all variables."""
        system = self.system
        by_site = np.zeros(self.problem.sites) if sites is None else sites
        by_requirement = np.zeros(len(system.deficit)) if requirements is None else requirements
        return np.concatenate([by_site, np.zeros(system.reach.shape[0]), by_requirement])

    def minimise(
        self, cost: Floats, effort: Effort, seconds: float, opened: Bools | None, fixed_shortfalls: Floats | None
    ) -> Run:
        """Minimise a cost.

        Parameters
        ----------
        cost : ndarray
            The result of :meth:`over`.
        effort : Effort
            The other limits of the search; ``report`` receives values in ``unit``.
        seconds : float
            The time limit.
        opened : ndarray of bool or None
            The sites of the start.
        fixed_shortfalls : ndarray or None
            The sum of shortfalls that each earlier stage may have; None: no shortfall is allowed.
        """
        told = effort.report
        report = None if told is None else (lambda found, bound: told(found * self.unit, bound * self.unit))
        own = replace(effort, time_limit_s=seconds, report=report)
        start = None if opened is None else self._point(opened)
        return minimise(self.program(cost, fixed_shortfalls), own, start=start, abs_gap=self.abs_gap)

    def _point(self, opened: Bools) -> Floats:
        short = np.maximum(self.system.raw(opened), self.system.least)
        return np.concatenate([opened.astype(np.float64), self.system.reached(opened), short])

    def program(self, cost: Floats, fixed_shortfalls: Floats | None) -> Milp:
        """Return the program that minimises a cost of :meth:`over`; ``fixed_shortfalls`` as in :meth:`minimise`."""
        system, kept = self.system, self.problem.kept.astype(np.float64)
        sites, groups, requirements = self.problem.sites, system.reach.shape[0], len(system.deficit)
        width = sites + groups + requirements
        fixed = 0 if fixed_shortfalls is None else len(fixed_shortfalls)
        mine = csr_array((system.stage[None, :] == np.arange(fixed)[:, None]).astype(np.float64))
        need = csr_array(block_array([[system.add, system.worth, eye_array(requirements)]], format="csr"))
        need.data = np.asarray(need.data, dtype=np.float64) * _SCALE
        link = block_array([[-system.reach, eye_array(groups), csr_array((groups, requirements))]], format="csr")
        cap = block_array([[csr_array((fixed, sites)), csr_array((fixed, groups)), mine]], format="csr")
        rules, low, high = stacked(self.blocks, width)
        floor = np.zeros(requirements) if fixed_shortfalls is None else system.least
        ceiling = np.zeros(requirements) if fixed_shortfalls is None else np.maximum(system.deficit, system.least)
        return Milp(
            cost=cost,
            matrix=csr_array(vstack([need, link, cap, rules], format="csr")),
            row_low=np.concatenate([system.deficit * _SCALE, np.full(groups + fixed, -np.inf), low]),
            row_high=np.concatenate(
                [
                    np.full(requirements, np.inf),
                    np.zeros(groups),
                    np.zeros(0) if fixed_shortfalls is None else fixed_shortfalls,
                    high,
                ]
            ),
            lower=np.concatenate([kept, np.zeros(groups), floor]),
            upper=np.concatenate([kept + self.problem.open_to_choice, np.ones(groups), ceiling]),
            integer=np.arange(width) < sites,
        )
