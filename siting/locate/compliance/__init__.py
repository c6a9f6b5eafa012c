"""Compliance: the cheapest sites and sizes such that the requirements of chosen clauses are met together.

:mod:`~siting.locate.compliance.system` states the requirements in matrices over the sites that may be chosen,
:mod:`~siting.locate.compliance.greedy` finds a first plan, and :mod:`~siting.locate.compliance.comply` minimises the
cost, or the shortfalls rank by rank.
"""

from siting.locate.compliance.comply import Compliance, Outcome, comply

__all__ = ["Compliance", "Outcome", "comply"]
