"""Requirements on a plan: what chosen clauses ask of each place, and what each site would add to it.

:mod:`~siting.pipeline.requirements.wanted` says which clauses, :mod:`~siting.pipeline.requirements.offers` what each
site offers, and :mod:`~siting.pipeline.requirements.making` makes linear requirements of both by the arithmetic of the
check.
"""

from siting.pipeline.requirements.making import Unjudged, requirements_of
from siting.pipeline.requirements.offers import Offers, offers_of
from siting.pipeline.requirements.wanted import Wanted, wanted_of

__all__ = ["Offers", "Unjudged", "Wanted", "offers_of", "requirements_of", "wanted_of"]
