"""The unit that contains each place."""

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.scenario import FINE_TO_COARSE


def holding_units(places: dict[str, gpd.GeoDataFrame]) -> dict[str, pd.Series]:
    """Return for every place of every level the id of the next coarser unit that holds most of its area.

    Parameters
    ----------
    places : dict of str to geopandas.GeoDataFrame
        Polygons of each level, indexed by id, in one metric CRS.

    Returns
    -------
    dict of str to pandas.Series
        By level, on the index of its places; NA if no unit of a coarser level meets the place.
    """
    given = [level for level in ("residential_area", *FINE_TO_COARSE) if level in places]
    coarser = dict(zip(given, [*given[1:], None], strict=True))
    return {
        level: pd.Series(None, index=places[level].index, dtype="object")
        if (above := coarser[level]) is None
        else largest_overlap(places[level], places[above])
        for level in given
    }


def largest_overlap(places: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> pd.Series:
    """Return for every place the unit that holds most of its area; NA if none meets it."""
    ordered = units.sort_index()
    place, unit = ordered.sindex.query(places.geometry, predicate="intersects")
    shapes, areas = places.geometry.to_numpy()[place], ordered.geometry.to_numpy()[unit]
    overlap = gpd.GeoSeries(shapes).intersection(gpd.GeoSeries(areas)).area.to_numpy()
    place, unit, overlap = place[overlap > 0], unit[overlap > 0], overlap[overlap > 0]
    best = np.lexsort((unit, -overlap, place))
    first = pd.Series(ordered.index.to_numpy()[unit[best]], index=place[best])
    first = first[~first.index.duplicated()]
    return pd.Series(first.reindex(range(len(places))).to_numpy(), index=places.index, dtype="object")
