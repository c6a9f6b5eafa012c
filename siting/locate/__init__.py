"""Candidate sites and people → a choice of sites, with a proof of optimality or a gap.

:mod:`~siting.locate.problem` holds the nouns: a problem, what is asked, and what was found.
:func:`~siting.locate.solve.solve` solves every problem. Problems without special rules go to their own solvers:
:mod:`~siting.locate.covering` (most people covered; fewest sites for a share; smallest worst walk) and
:mod:`~siting.locate.median` (least walking). All other problems (capacity, spacing, sizes, fair shares …) go to
:mod:`~siting.locate.milp`, and from there to HiGHS behind :mod:`~siting.locate.highs`; so do plans that meet clauses
(:func:`~siting.locate.milp.compliance.comply`).
:mod:`~siting.locate.infeasibility` explains why a request cannot be met, and :mod:`~siting.locate.series` compares many
plans.
"""
