"""People, facilities and candidates in their places."""

from siting.domain.scenario import FINE_TO_COARSE
from siting.domain.tiers import in_circle
from siting.places.candidates import (
    candidate_costs,
    changed_facilities,
    place_order,
    preferred_layers,
    screen_candidates,
    station_ids,
    with_stations,
)
from siting.places.demand import land_basis, make_demand
from siting.places.draws import draw_factors, with_factors
from siting.places.facilities import (
    counted_land,
    home_units,
    land_span,
    may_serve,
    more_land,
    open_facilities,
    undated_facilities,
)
from siting.places.generated import with_generated
from siting.places.nesting import holding_units
from siting.places.outside import Outside, outside_of
from siting.places.placed import with_placed
from siting.places.plots import with_plots
from siting.places.released import released, with_unseen, without_sources
from siting.places.request import plan_faults, plan_level, plan_notes, plan_sites
from siting.places.sizes import joined_sites, sized_candidates, sized_facilities

__all__ = [
    "FINE_TO_COARSE",
    "Outside",
    "candidate_costs",
    "changed_facilities",
    "counted_land",
    "draw_factors",
    "holding_units",
    "home_units",
    "in_circle",
    "joined_sites",
    "land_basis",
    "land_span",
    "make_demand",
    "may_serve",
    "more_land",
    "open_facilities",
    "outside_of",
    "place_order",
    "plan_faults",
    "plan_level",
    "plan_notes",
    "plan_sites",
    "preferred_layers",
    "released",
    "screen_candidates",
    "sized_candidates",
    "sized_facilities",
    "station_ids",
    "undated_facilities",
    "with_factors",
    "with_generated",
    "with_placed",
    "with_plots",
    "with_stations",
    "with_unseen",
    "without_sources",
]
