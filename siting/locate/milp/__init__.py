"""Every model with every rule, as mixed-integer programmes of named rows.

:mod:`~siting.locate.milp.constraints` turns the rules into rows over the sites,
:mod:`~siting.locate.milp.coverage` and :mod:`~siting.locate.milp.assignment` say who is served,
:mod:`~siting.locate.milp.models`, :mod:`~siting.locate.milp.unit_shares` and
:mod:`~siting.locate.milp.p_center` what is asked; :mod:`~siting.locate.milp.greedy` finds a first plan and
:mod:`~siting.locate.milp.lexicographic` the best one.
"""

from siting.locate.milp.solve import solve_milp

__all__ = ["solve_milp"]
