"""The money that standards promise sites, each where it holds."""

from typing import Literal

import geopandas as gpd
import pandas as pd

from siting import places
from siting.assess.funding import funding_lines
from siting.domain.jurisdiction import grounds_of
from siting.domain.nouns import Assessment


def promised(
    assessment: Assessment, sites: gpd.GeoDataFrame, what: Literal["facility", "candidate", "station"]
) -> pd.DataFrame:
    """Return the funding lines of sites under the standards in force, as far as these hold where the sites stand."""
    inputs, level = assessment.inputs, "district"
    homes = places.home_units(sites, {level: inputs.units[level]} if level in inputs.units else {})
    districts = homes.get(level, pd.Series(None, index=sites.index, dtype="object"))
    grounds = grounds_of(assessment.jurisdiction, inputs, sites, districts)
    table = pd.DataFrame(sites.drop(columns="geometry"))
    return funding_lines(inputs.standards, table, what=what, grounds=grounds)
