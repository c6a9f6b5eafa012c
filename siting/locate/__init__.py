"""Candidates × people not yet covered → a choice of sites, and a proof of how good it is.

:func:`propose_covering` is the maximal covering model: an instance (:mod:`~siting.locate.instance`) is
reduced without loss, a greedy choice (:mod:`~siting.locate.greedy`) gives the first plan, and HiGHS
(:mod:`~siting.locate.exact`) proves it or betters it.
"""

from siting.locate.covering import propose_covering
from siting.locate.stations import gains_in_order, stations_table

__all__ = ["gains_in_order", "propose_covering", "stations_table"]
