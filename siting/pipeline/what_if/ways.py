"""The ways from residential areas to their nearest facilities, for a map that draws them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.domain.nearest import nearest_facilities
from siting.domain.nouns import Assessment
from siting.pipeline.ground import PreparedScenario
from siting.travel import WalkingNetwork
from siting.travel.routes import lines_to
from siting.units import SECONDS_PER_MINUTE

_AREA = "residential_area"


def ways_of(ground: PreparedScenario, assessment: Assessment) -> gpd.GeoDataFrame:
    """Return the way from each residential area to the facility that is nearest to most of its elderly people.

    Parameters
    ----------
    ground : PreparedScenario
        The network.
    assessment : Assessment
        A gap report; nothing but the ways is walked again.

    Returns
    -------
    geopandas.GeoDataFrame
        Lines in the working CRS by the id of the area: from the cell where most of these people live to the facility,
        with ``facility``, ``minutes`` (those of the check for this cell) and ``metres``. Areas without such a cell are
        missing; without a network there are none.
    """
    empty = gpd.GeoDataFrame({"facility": [], "minutes": [], "metres": []}, geometry=[], crs=assessment.inputs.crs)
    if not isinstance(ground.network, WalkingNetwork) or _AREA not in assessment.demand.shares:
        return empty
    begins = _begins(assessment)
    if begins.empty:
        return empty
    walking = assessment.inputs.scenario.walking
    far = walking.max_minutes * SECONDS_PER_MINUTE
    own, facilities = assessment.demand.cells.loc[begins["cell"]], assessment.facilities
    sites = shapely.get_coordinates(facilities.geometry.to_numpy())
    lines = lines_to(
        ground.network,
        own[["x", "y"]].to_numpy(dtype=np.float64),
        own["half_diagonal_m"].to_numpy(dtype=np.float64),
        (sites, facilities.index.get_indexer(pd.Index(begins["facility"])).astype(np.int64)),
        walking,
        far,
    )
    told = zip(begins.index, begins["facility"], begins["minutes"], lines, strict=True)
    rows = [(area, facility, minutes, each[1], each[0]) for area, facility, minutes, each in told if each is not None]
    table = pd.DataFrame(rows, columns=["area", "facility", "minutes", "metres", "geometry"]).set_index("area")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=assessment.inputs.crs).sort_index()


def _begins(assessment: Assessment) -> pd.DataFrame:
    """Return by area its facility, the cell from which most people walk there, and the minutes of this cell."""
    demand, nearest = assessment.demand, nearest_facilities(assessment, _AREA)
    shares = demand.shares[_AREA].tocoo()
    found = assessment.cells[["nearest", "minutes_to_nearest"]].reindex(demand.cells.index).iloc[shares.col]
    table = pd.DataFrame(
        {
            "area": demand.place_ids[_AREA].to_numpy()[shares.row],
            "facility": found["nearest"].astype("object").to_numpy(),
            "cell": found.index.to_numpy(),
            "minutes": found["minutes_to_nearest"].to_numpy(),
            "people": np.nan_to_num(demand.cells["elderly"].to_numpy(dtype=np.float64))[shares.col] * shares.data,
            "area_share": shares.data,
        }
    ).dropna(subset=["facility", "minutes"])
    table = table[table["facility"] == table["area"].map(nearest)]
    table = table[table["facility"].isin(assessment.facilities.index)]
    ordered = table.sort_values(["area", "people", "area_share", "cell"], ascending=[True, False, False, True])
    return ordered.drop_duplicates("area").set_index("area")
