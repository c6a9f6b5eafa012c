"""The part of a scenario's places outside an area that a standard excludes (methods, 15)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from siting.domain.nouns import Bools, Demand, Inputs
from siting.places.cells import cell_shares
from siting.places.demand import given_grids, unknown_ground, unseen_of
from siting.places.extent import covered_shares
from siting.places.nesting import holding_units

_OWN: Final = ("own_residents", "own_elderly")
# These places are not cut: each belongs to the side that holds most of it, like a place in two units.
_OF_ONE: Final = ("residential_area", "community", "street", "planning")
_HALF: Final = 0.5
# A remaining share below this comes from a border that was drawn twice.
_HAIR: Final = 1e-6


@dataclass(frozen=True)
class Outside:
    """The places and the people outside an area, and the area itself.

    Parameters
    ----------
    area : shapely.geometry.base.BaseGeometry
        In the working CRS.
    places : mapping of str to geopandas.GeoDataFrame
        Residential areas and units by level; units are cut at the area's border.
    demand : Demand
        The cells of the whole scenario, of which only the share outside the area lies in places.
    holders : mapping of str to pandas.Series
        By level, the unit that contains each of these places.
    """

    area: BaseGeometry
    places: Mapping[str, gpd.GeoDataFrame]
    demand: Demand
    holders: Mapping[str, pd.Series]

    def holds(self, points: gpd.GeoDataFrame) -> Bools:
        """Tell which sites are outside the area; a site on its border is.

        Parameters
        ----------
        points : geopandas.GeoDataFrame
            Sites in the working CRS.

        Returns
        -------
        ndarray of bool
            One for each site, in their order.
        """
        return ~shapely.contains(self.area, points.geometry.representative_point().to_numpy())


def outside_of(area: gpd.GeoDataFrame, inputs: Inputs, demand: Demand) -> Outside:
    """Remove an area from the places of a scenario.

    Parameters
    ----------
    area : geopandas.GeoDataFrame
        Polygons in the working CRS.
    inputs : Inputs
        The inputs of the scenario.
    demand : Demand
        The population cells; their account is that of the whole scenario.

    Returns
    -------
    Outside
        Residential areas with most of their area outside, uncut; communities, streets and planning units with most of
        their area outside, and districts and cities with any area outside, all without the excluded area. The people
        that a table gives for a unit are unknown after it is cut.
    """
    ground = shapely.union_all(area.geometry.to_numpy())
    places = {
        "residential_area": inputs.residential_areas[_left(inputs.residential_areas, ground) >= _HALF],
        **{level: _cut(level, frame, ground) for level, frame in inputs.units.items()},
    }
    crs, cells = inputs.crs, demand.cells.index.to_numpy()
    shares = {level: cell_shares(demand.grid, frame.geometry, cells) for level, frame in places.items()}
    for each in shares.values():
        each.data = each.data.clip(0.0, 1.0)
    units = [frame.geometry for level, frame in places.items() if level != "residential_area"]
    study_area = gpd.GeoSeries([gpd.GeoSeries(pd.concat(units), crs=crs).union_all()], crs=crs)
    inside = cell_shares(demand.grid, study_area, cells).toarray()[0].clip(0.0, 1.0)
    some = any(map(len, places.values()))
    given = list(given_grids(inputs.population)) if some else []
    unknown = unknown_ground(inputs.population) if some else None
    share = covered_shares(given, places, crs, unknown)
    levels = {level: frame for level, frame in places.items() if level != "residential_area"}
    left = replace(
        demand,
        cells=demand.cells.assign(inside=inside),
        place_ids={level: frame.index for level, frame in places.items()},
        shares=shares,
        grid_share=share,
        unseen=unseen_of(inputs.population, demand.cells, levels, shares, share),
    )
    return Outside(ground, places, left, holding_units(places))


def _left(frame: gpd.GeoDataFrame, area: BaseGeometry) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the share of each place's area that lies outside the excluded area."""
    shapes = frame.geometry.to_numpy()
    whole = shapely.area(shapes)
    inside = np.zeros(len(shapes))
    touched = np.flatnonzero(shapely.intersects(shapes, area))
    inside[touched] = shapely.area(shapely.intersection(shapes[touched], area))
    return 1.0 - np.divide(inside, whole, out=np.zeros(len(shapes)), where=whole > 0)


def _cut(level: str, frame: gpd.GeoDataFrame, area: BaseGeometry) -> gpd.GeoDataFrame:
    """Return the remaining units, each without the excluded area."""
    left = _left(frame, area)
    kept = left >= _HALF if level in _OF_ONE else left > _HAIR
    found, cut = frame[kept].copy(), left[kept] < 1.0 - _HAIR
    shapes = found.geometry.to_numpy().copy()
    shapes[cut] = shapely.difference(shapes[cut], area)
    found = found.set_geometry(gpd.GeoSeries(shapes, index=found.index, crs=frame.crs))
    for name in _OWN:
        if name in found:
            found[name] = found[name].mask(cut)
    return found
