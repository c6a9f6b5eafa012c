"""Any model with any rules as a lexicographic mixed-integer program.

:mod:`~siting.locate.milp.constraints` turns the rules into constraints on the sites,
:mod:`~siting.locate.milp.assignment` and :mod:`~siting.locate.milp.assignment` hold the variables of who is served,
:mod:`~siting.locate.milp.objectives` the objectives, :mod:`~siting.locate.milp.models`,
:mod:`~siting.locate.milp.p_center`, :mod:`~siting.locate.milp.compliance` and :mod:`~siting.locate.milp.network` the
models (the last two with the clauses of :mod:`~siting.locate.milp.requirements`).
:mod:`~siting.locate.milp.greedy` finds a first plan, :mod:`~siting.locate.milp.relaxation` strengthens the linear
relaxation by the cuts of :mod:`~siting.locate.milp.capacity_cuts`, :mod:`~siting.locate.milp.lexicographic` solves
stage by stage, and :mod:`~siting.locate.milp.evaluate` evaluates every choice exactly.
"""

from siting.locate.milp.compliance import Compliance, Outcome, comply
from siting.locate.milp.solve import solve_milp

__all__ = ["Compliance", "Outcome", "comply", "solve_milp"]
