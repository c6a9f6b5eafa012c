"""Which facilities count, how much land each counts, and in which unit."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.domain.plots import OWN_PLOT_FAR, least_of_plot
from siting.domain.scenario import FINE_TO_COARSE, Head, Tier
from siting.places.nesting import largest_overlap

_SIZES: Final = ("land_m2", "floor_area_m2", "building_floor_area_m2", "far")


def open_facilities(facilities: gpd.GeoDataFrame, head: Head) -> gpd.GeoDataFrame:
    """Return the facilities that count at the scenario's horizon (methods, horizon).

    At ``current``: existing or closing, opened by the date or blank, closing after the date or blank. At a year H:
    existing, under construction or planned, opened by the end of H or blank, not closed by then; a closing one counts
    only when its closing day is given and lies after H.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        With ``status``, ``opens``, ``closes``.
    head : Head
        Date and horizon of the scenario.

    Returns
    -------
    geopandas.GeoDataFrame
        The rows that count.
    """
    if head.horizon == "current":
        statuses, moment = ["existing", "closing"], pd.Timestamp(head.date)
    else:
        statuses = ["existing", "under_construction", "planned", "closing"]
        moment = pd.Timestamp(dt.date(head.horizon, 12, 31))
    opens, closes = pd.to_datetime(facilities["opens"]), pd.to_datetime(facilities["closes"])
    keeps = closes.isna() | (closes > moment)
    if head.horizon != "current":
        keeps &= (facilities["status"] != "closing") | closes.notna()
    mask = facilities["status"].isin(statuses) & (opens.isna() | (opens <= moment)) & keeps
    return facilities[mask.to_numpy(dtype=bool)]


def undated_facilities(facilities: gpd.GeoDataFrame, head: Head) -> gpd.GeoDataFrame:
    """Return the facilities of which it is not known whether they count at the scenario's horizon.

    At a planned year those that are closing without a day: they may be open then, or not.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        With ``status``, ``opens``, ``closes``.
    head : Head
        Date and horizon of the scenario.

    Returns
    -------
    geopandas.GeoDataFrame
        None of those that :func:`open_facilities` returns.
    """
    closing = ((facilities["status"] == "closing") & facilities["closes"].isna()).to_numpy(dtype=bool)
    if head.horizon == "current":
        return facilities.iloc[:0]
    opens = pd.to_datetime(facilities["opens"])
    by_then = (opens.isna() | (opens <= pd.Timestamp(dt.date(head.horizon, 12, 31)))).to_numpy(dtype=bool)
    return facilities[closing & by_then]


def counted_land(facilities: pd.DataFrame) -> pd.Series:
    """Return the land in m² that each facility counts; NaN where it is missing.

    An own plot counts whole; in a shared building the plot × floor area ÷ the building's floor area; without a plot
    floor area ÷ FAR. Facilities of one site together count at most its plot, which is shared out in proportion. A plot
    that is doubtful (:func:`siting.domain.plots.least_of_plot`) counts whole here: see :func:`land_span`.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Facilities that count, with the columns ``land_m2``, ``floor_area_m2``, ``building_floor_area_m2``, ``far``,
        ``site_id``.

    Returns
    -------
    pandas.Series
        Square metres, on the facilities' index.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.places import counted_land
    >>> table = pd.DataFrame({"land_m2": [600.0, 600.0, None], "floor_area_m2": [100.0, 100.0, 500.0],
    ...     "building_floor_area_m2": [None, None, None], "far": [None, None, 2.5], "site_id": ["s", "s", None]})
    >>> counted_land(table).tolist()
    [300.0, 300.0, 200.0]
    """
    land, floor, building, far = (pd.to_numeric(facilities[name]).astype("float64") for name in _SIZES)
    # Much land for the floor area, and a FAR: it says how large the buildings on the plot are.
    building = building.fillna((far * land).where(floor < OWN_PLOT_FAR * land))
    share = (floor / building).clip(upper=1.0).where(building.notna(), 1.0)
    counted = (land * share).where(land.notna(), floor / far)
    site = _sites(facilities)
    plot = land.groupby(site).transform("max")
    together = counted.groupby(site).transform("sum")
    # Where a neighbour gives the site's whole plot, a record without land adds nothing to it.
    counted = counted.mask(counted.isna() & (together >= plot), 0.0)
    return (counted * (plot / together).clip(upper=1.0).fillna(1.0)).rename("land_m2")


def land_span(facilities: pd.DataFrame, at_most: Mapping[Tier, float]) -> pd.DataFrame:
    """Return the land in m² that each facility counts at least and at most (methods, 2 and 10).

    Both are the counted land where the record says it. A doubtful plot counts the share at least that is sure
    (:func:`siting.domain.plots.least_of_plot`), and at most what the others of its site leave of the plot. Those that
    may stand on one plot (:func:`siting.places.plots.with_plots`) count at least what they would there. Where land is
    missing it is at most what the scenario gives for the tier.

    Parameters
    ----------
    facilities : pandas.DataFrame
        As for :func:`counted_land`, with ``tier``; perhaps with ``plot``.
    at_most : mapping of str to float
        By tier the most land of a facility of which it is missing; of others there is no limit.

    Returns
    -------
    pandas.DataFrame
        ``land_m2`` (NaN where it is missing) and ``land_high_m2``, on the facilities' index.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.places import land_span
    >>> table = pd.DataFrame({"land_m2": [3600.0, 3600.0], "floor_area_m2": [1100.0, 380.0],
    ...     "building_floor_area_m2": [4400.0, None], "far": None, "site_id": "s", "tier": "station"})
    >>> land_span(table, {}).to_numpy().tolist()
    [[900.0, 900.0], [0.0, 2700.0]]
    """
    least = least_of_plot(facilities)
    most = facilities["tier"].map(lambda tier: at_most.get(tier, np.inf)).astype("float64")
    low, high = _land_ends(facilities, least, most)
    if "plot" in facilities and facilities["plot"].notna().any():
        together = facilities.assign(site_id=facilities["plot"].fillna(facilities["site_id"]))
        others = _land_ends(together, least, most)
        # What is missing apart stays so: the neighbour's plot may be another.
        low, high = low.where(~(others[0] < low), others[0]), high.where(~(others[1] > high), others[1])
    return pd.DataFrame({"land_m2": low, "land_high_m2": high})


def _land_ends(facilities: pd.DataFrame, least: pd.Series, most: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return what facilities count at least and at most if what is said of sites is all that there is to say."""
    doubtful = least < 1.0
    sure = counted_land(facilities[~doubtful]).reindex(facilities.index).mask(doubtful, 0.0)
    land = pd.to_numeric(facilities["land_m2"]).astype("float64")
    site = _sites(facilities)
    left = land.groupby(site).transform("max") - sure.groupby(site).transform("sum")
    asked = land.where(doubtful, 0.0)
    share = (left / asked.groupby(site).transform("sum").where(doubtful)).clip(0.0, 1.0)
    high = sure.fillna(most).mask(doubtful, asked * share)
    return sure.mask(doubtful, (asked * least).clip(upper=high)), high


def _sites(facilities: pd.DataFrame) -> pd.Series:
    """Return what names the site of each facility: its ``site_id``, else itself."""
    own = "own " + facilities.index.to_series().astype("str")
    return ("site " + facilities["site_id"].astype("str")).where(facilities["site_id"].notna(), own)


def may_serve(facilities: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which facilities may count for the service circle, though the ledger does not say that they do.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        With ``tier`` and ``serves_community``.

    Returns
    -------
    ndarray of bool
        True for institutions of which it is not said whether they serve their community.
    """
    unsaid = facilities["serves_community"].isna() & (facilities["tier"] == "institution")
    return unsaid.to_numpy(dtype=bool)


def home_units(facilities: gpd.GeoDataFrame, units: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Return the unit of each level in which each facility counts; NA where there is none.

    The unit that it names; else, where it names a finer unit but does not lie in it, or in no unit of this level, the
    one that holds most of that finer unit, so that what counts in a community counts in its street and district too;
    else the one whose interior holds its point; else, on a border, the first by id. One of the surroundings counts in
    no unit, and one that was placed by its street alone in no community but that it names.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        With the columns ``LEVEL_id`` that name units, where there are any; perhaps with ``context`` and
        ``located_by``.
    units : mapping of str to geopandas.GeoDataFrame
        Polygons of each level, indexed by id, in the same CRS.

    Returns
    -------
    pandas.DataFrame
        Index of the facilities; one column a level.
    """
    homes = pd.DataFrame(index=facilities.index)
    points = facilities.geometry.representative_point()
    finer: str | None = None
    # The unit of the finer level that a facility names, or that holds the one that it names; whether it lies there.
    told, lies = pd.Series(None, index=facilities.index, dtype="object"), np.zeros(len(facilities), dtype=np.bool_)
    for level in (level for level in FINE_TO_COARSE if level in units):
        found = _by_point(points, units[level])
        if level == "community" and "located_by" in facilities:
            found = found.mask((facilities["located_by"] == "street").to_numpy(dtype=bool))
        above = _held_in(told, None if finer is None else units[finer], units[level])
        above = above.mask(lies & found.notna().to_numpy())
        named = facilities.get(f"{level}_id")
        if named is not None:
            above = named.astype("object").where(named.notna(), above)
        homes[level] = above.where(above.notna(), found)
        finer, told = level, homes[level].where(told.notna() | above.notna())
        lies = (told == found).to_numpy(dtype=bool)
    homes = homes[list(units)]
    if "context" not in facilities:
        return homes
    around = facilities["context"].to_numpy(dtype=bool)
    return pd.DataFrame({level: column.mask(around) for level, column in homes.items()}, index=homes.index)


def _by_point(points: gpd.GeoSeries, units: gpd.GeoDataFrame) -> pd.Series:
    """Return the unit in which each point lies: interior before border, then by id."""
    ordered = units.sort_index()
    point, unit = ordered.sindex.query(points, predicate="intersects")
    interior = ordered.geometry.to_numpy()[unit]
    inside = np.fromiter(
        (area.contains(place) for area, place in zip(interior, points.to_numpy()[point], strict=True)),
        dtype=bool,
        count=len(point),
    )
    order = np.lexsort((unit, ~inside, point))
    first = pd.Series(ordered.index.to_numpy()[unit[order]], index=point[order])
    first = first[~first.index.duplicated()]
    return pd.Series(first.reindex(range(len(points))).to_numpy(), index=points.index, dtype="object")


def _held_in(told: pd.Series, finer: gpd.GeoDataFrame | None, units: gpd.GeoDataFrame) -> pd.Series:
    """Return the units that hold most of the finer ones that facilities name."""
    if finer is None or told.isna().all():
        return pd.Series(None, index=told.index, dtype="object")
    return told.map(largest_overlap(finer[finer.index.isin(told.dropna())], units)).astype("object")
