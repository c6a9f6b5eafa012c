"""The funding that standards promise to sites, each where it applies."""

from typing import Final, Literal

import geopandas as gpd
import pandas as pd

from siting import places
from siting.assess.funding import funding_lines
from siting.assess.funding import funding_summary as funding_summary
from siting.domain.jurisdiction import districts_of, grounds_of
from siting.domain.nouns import Assessment
from siting.domain.villages import are_villages

# The levels that decide: the district of a site, and whether it is in a village.
_ASKED: Final = ("district", "street", "community")


def sites_with_funding(assessment: Assessment, what: Literal["facility", "candidate"]) -> gpd.GeoDataFrame:
    """Return the candidates, or the facilities that count, with those that are yet to open on an unknown date."""
    if what == "candidate":
        return assessment.inputs.candidates
    if assessment.undated is None:
        return assessment.facilities
    coming = assessment.undated[assessment.undated["status"] != "closing"]
    return gpd.GeoDataFrame(pd.concat([assessment.facilities, coming]), crs=assessment.facilities.crs)


def promised(
    assessment: Assessment, sites: gpd.GeoDataFrame, what: Literal["facility", "candidate", "station"]
) -> pd.DataFrame:
    """Return the funding lines of sites under the standards in force, limited to where these apply."""
    inputs = assessment.inputs
    homes = places.home_units(sites, {level: frame for level, frame in inputs.units.items() if level in _ASKED})
    law = assessment.jurisdiction
    grounds = grounds_of(law, inputs, sites, districts_of(law, homes))
    table = pd.DataFrame(sites.drop(columns="geometry"))
    if "community" in inputs.units:
        table["rural"] = homes["community"].map(are_villages(inputs.units["community"]["kind"])).astype("boolean")
    return funding_lines(inputs.standards, table, what=what, grounds=grounds)
