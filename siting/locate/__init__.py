"""Candidates × people not yet covered → a choice of sites, and a proof of how good it is.

:func:`propose_covering` is the maximal covering model: an instance (:mod:`~siting.locate.instance`) is
reduced without loss, a greedy choice (:mod:`~siting.locate.greedy`) gives the first plan, and HiGHS
(:mod:`~siting.locate.exact`) proves it or betters it.
"""

from siting.locate.covering import propose_covering

__all__ = ["propose_covering"]
