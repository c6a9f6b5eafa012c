"""Compliance: the cheapest sites and sizes such that chosen clauses hold together.

:mod:`~siting.locate.compliance.asking` says which clauses, :mod:`~siting.locate.compliance.offers` what each site would
bring, :mod:`~siting.locate.compliance.making` makes rows of both by the arithmetic of the check,
:mod:`~siting.locate.compliance.system` lays them out over what may be chosen, and
:mod:`~siting.locate.compliance.comply` holds a plan to them.
"""

from siting.locate.compliance.asking import Wanted, wanted_of
from siting.locate.compliance.comply import Compliance, Outcome, comply
from siting.locate.compliance.making import Unjudged, requirements_of
from siting.locate.compliance.offers import Offers, offers_of

__all__ = [
    "Compliance",
    "Offers",
    "Outcome",
    "Unjudged",
    "Wanted",
    "comply",
    "offers_of",
    "requirements_of",
    "wanted_of",
]
