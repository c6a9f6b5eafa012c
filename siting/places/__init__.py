"""People, facilities and candidates put into places."""

from siting.places.candidates import screen_candidates
from siting.places.demand import land_basis, make_demand
from siting.places.facilities import counted_land, home_units, open_facilities
from siting.places.nesting import holding_units

__all__ = [
    "counted_land",
    "holding_units",
    "home_units",
    "land_basis",
    "make_demand",
    "open_facilities",
    "screen_candidates",
]
