"""Covered shares of the persons of each unit, as constraints and as values."""

from typing import Final

import numpy as np
from scipy.sparse import csr_array, hstack

from siting.domain.nouns import Floats, Ints
from siting.locate.milp.assignment import ServiceVariables
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.problem import Problem
from siting.locate.tolerances import ROW_TOLERANCE

# Shares are counted in 1024ths, so that the row tolerance of HiGHS is well below a billionth of a share.
SHARE: Final = 1024.0


def unit_floors(problem: Problem, service: ServiceVariables, share: float) -> ConstraintBlock:
    """Return the constraints that ask for a share of the persons of every unit."""
    totals, populated = unit_totals(problem)
    rows = unit_share_rows(service, problem.sites, totals)[populated]
    low = SHARE * (share - service.base_units[populated] / totals[populated])
    return ConstraintBlock("unit_share", csr_array(rows), low, np.full(len(populated), np.inf), ROW_TOLERANCE * SHARE)


def unit_share_rows(service: ServiceVariables, sites: int, totals: Floats) -> csr_array:
    """Return, for each unit, the share of its persons that each variable serves (see :data:`SHARE`)."""
    matrix = csr_array(service.units.multiply((SHARE / totals)[:, None]))
    return csr_array(hstack([csr_array((len(totals), sites)), matrix], format="csr"))


def least_share(problem: Problem, service: ServiceVariables, shares: Floats) -> float:
    """Return the least covered share of all units, at most 1, for given values of the service variables."""
    totals, populated = unit_totals(problem)
    covered = service.base_units + service.units @ shares
    return float(min(1.0, np.min(covered[populated] / totals[populated], initial=1.0)))


def unit_totals(problem: Problem) -> tuple[Floats, Ints]:
    """Return the persons of each unit (1 for an empty one), and the units that are not empty."""
    if problem.units is None:
        message = "shares of units need units"
        raise ValueError(message)
    totals = np.asarray(problem.units.sum(axis=1)).ravel().astype(np.float64)
    return np.where(totals > 0, totals, 1.0), np.flatnonzero(totals > 0).astype(np.int64)
