"""Compliance: the cheapest sites and sizes such that the requirements of chosen clauses are met together.

:mod:`~siting.locate.compliance.system` lays the requirements out over the sites that may be chosen, and
:mod:`~siting.locate.compliance.comply` minimises cost, or shortfalls rank by rank.
"""

from siting.locate.compliance.comply import Compliance, Outcome, comply

__all__ = ["Compliance", "Outcome", "comply"]
