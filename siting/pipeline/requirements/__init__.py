"""Requirements on a plan: what the chosen clauses require of each place, and what each site adds to it.

:mod:`~siting.pipeline.requirements.wanted` selects the clauses, :mod:`~siting.pipeline.requirements.offers` tells what
each site offers, and :mod:`~siting.pipeline.requirements.making` turns both into linear requirements, with the
arithmetic of the check.
"""

from siting.pipeline.requirements.making import Unjudged, requirements_of
from siting.pipeline.requirements.offers import Offers, offers_of
from siting.pipeline.requirements.wanted import DEFAULT_KINDS, Wanted, wanted_of

__all__ = ["DEFAULT_KINDS", "Offers", "Unjudged", "Wanted", "offers_of", "requirements_of", "wanted_of"]
