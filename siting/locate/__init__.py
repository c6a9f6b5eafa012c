"""Sites × people → a choice of sites, and a proof of how good it is.

:mod:`~siting.locate.problem` holds the nouns: a problem, what is asked, and what was found.
:func:`~siting.locate.solve.solve` is the one door. Plain problems go to the kernels that were written for them:
:mod:`~siting.locate.maximal` (most people covered), :mod:`~siting.locate.set_cover` (fewest sites for a share),
:mod:`~siting.locate.median` (least walking) and :mod:`~siting.locate.center` (smallest worst walk). What they cannot
take (capacity, spacing, sizes, fair shares …) goes to :mod:`~siting.locate.milp`, and from there to HiGHS behind
:mod:`~siting.locate.highs`. :mod:`~siting.locate.compliance` seeks what clauses ask for,
:mod:`~siting.locate.infeasibility.explain` says why a request cannot be met, and :mod:`~siting.locate.series` lays many plans side
by side.
"""
