"""People, facilities and candidates put into places."""

from siting.places.candidates import (
    candidate_costs,
    place_order,
    preferred_layers,
    screen_candidates,
    station_ids,
    with_stations,
)
from siting.places.demand import FINE_TO_COARSE, land_basis, make_demand
from siting.places.facilities import counted_land, home_units, open_facilities
from siting.places.nesting import holding_units

__all__ = [
    "FINE_TO_COARSE",
    "candidate_costs",
    "counted_land",
    "holding_units",
    "home_units",
    "land_basis",
    "make_demand",
    "open_facilities",
    "place_order",
    "preferred_layers",
    "screen_candidates",
    "station_ids",
    "with_stations",
]
