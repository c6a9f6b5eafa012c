"""The program of compliance: all requirements as rows, and what each may fall short."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array, vstack

from siting.domain.nouns import Floats
from siting.locate.compliance.system import System
from siting.locate.highs import Milp, Run, minimise
from siting.locate.milp.constraints import ConstraintBlock, stacked
from siting.locate.problem import Bools, Effort, Problem

# HiGHS keeps to rows within 1e-9: in rows of this size that is less than the slack of a clause.
_SCALE: Final = 16.0


@dataclass(frozen=True)
class Stages:
    r"""The rows that all stages share; columns are rows x, groups y and shortfalls s.

    .. math::

        & \sum_j a_{mj} x_j + \sum_g w_{mg} y_g + s_m \ge d_m, \quad l_m \le s_m \le d_m && \forall m \\
        & y_g \le \sum_{j \in N(g)} x_j, \quad 0 \le y_g \le 1 && \forall g \\
        & \sum_{m \in M_k} s_m \le S_k && \forall k \text{ settled} \\
        & \text{the rules over } x

    ``unit`` is that of the cost which is minimised, ``abs_gap`` the gap (in that unit) that proves it.
    """

    problem: Problem
    system: System
    blocks: tuple[ConstraintBlock, ...]
    unit: float
    abs_gap: float

    def over(self, *, rows: Floats | None = None, needs: Floats | None = None) -> Floats:
        """Return a cost over all columns."""
        system = self.system
        by_row = np.zeros(self.problem.sites) if rows is None else rows
        by_need = np.zeros(len(system.deficit)) if needs is None else needs
        return np.concatenate([by_row, np.zeros(system.reach.shape[0]), by_need])

    def minimise(self, cost: Floats, effort: Effort, seconds: float, opened: Bools | None, caps: Floats | None) -> Run:
        """Minimise a cost.

        Parameters
        ----------
        cost : ndarray
            Of :meth:`over`.
        effort : Effort
            What else limits the search; ``report`` is told in ``unit``.
        seconds : float
            How long to search.
        opened : ndarray of bool or None
            Rows with which the search begins.
        caps : ndarray or None
            What the first stages may fall short; None: nothing may.
        """
        told = effort.report
        report = None if told is None else (lambda found, bound: told(found * self.unit, bound * self.unit))
        own = replace(effort, time_limit_s=seconds, report=report)
        start = None if opened is None else self._point(opened)
        return minimise(self.program(cost, caps), own, start=start, abs_gap=self.abs_gap)

    def _point(self, opened: Bools) -> Floats:
        short = np.maximum(self.system.raw(opened), self.system.least)
        return np.concatenate([opened.astype(np.float64), self.system.reached(opened), short])

    def program(self, cost: Floats, caps: Floats | None) -> Milp:
        """Return the program that minimises a cost, of :meth:`over`; ``caps`` as in :meth:`minimise`."""
        system, kept = self.system, self.problem.kept.astype(np.float64)
        rows, groups, needs = self.problem.sites, system.reach.shape[0], len(system.deficit)
        width = rows + groups + needs
        settled = 0 if caps is None else len(caps)
        mine = csr_array((system.stage[None, :] == np.arange(settled)[:, None]).astype(np.float64))
        need = csr_array(block_array([[system.add, system.worth, eye_array(needs)]], format="csr"))
        need.data = np.asarray(need.data, dtype=np.float64) * _SCALE
        link = block_array([[-system.reach, eye_array(groups), csr_array((groups, needs))]], format="csr")
        cap = block_array([[csr_array((settled, rows)), csr_array((settled, groups)), mine]], format="csr")
        rules, low, high = stacked(self.blocks, width)
        floor = np.zeros(needs) if caps is None else system.least
        ceiling = np.zeros(needs) if caps is None else np.maximum(system.deficit, system.least)
        return Milp(
            cost=cost,
            matrix=csr_array(vstack([need, link, cap, rules], format="csr")),
            row_low=np.concatenate([system.deficit * _SCALE, np.full(groups + settled, -np.inf), low]),
            row_high=np.concatenate(
                [np.full(needs, np.inf), np.zeros(groups), np.zeros(0) if caps is None else caps, high]
            ),
            lower=np.concatenate([kept, np.zeros(groups), floor]),
            upper=np.concatenate([kept + self.problem.open_to_choice, np.ones(groups), ceiling]),
            integer=np.arange(width) < rows,
        )
