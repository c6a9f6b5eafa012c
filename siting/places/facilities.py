"""Which facilities count, how much land each counts for, and in which unit."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.domain.plots import OWN_PLOT_FAR, least_of_plot, unsized_plots
from siting.domain.scenario import FINE_TO_COARSE, Head, Tier
from siting.places.nesting import largest_overlap

_BEDS: Final = ("beds", "nursing_beds", "new_beds")
_SIZES: Final = ("land_m2", "floor_area_m2", "building_floor_area_m2", "far")


def open_facilities(facilities: gpd.GeoDataFrame, head: Head) -> gpd.GeoDataFrame:
    """Return the facilities that count at the scenario's horizon (methods, horizon).

    At ``current``: existing or closing, opening date blank or reached, closing date blank or later. At a year H:
    existing, under construction or planned, opened by the end of H, not closed by then. Without a date an existing
    facility is open; a closing facility and one that is not yet built are those of :func:`undated_facilities`.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        With ``status``, ``opens``, ``closes``.
    head : Head
        Date and horizon of the scenario.

    Returns
    -------
    geopandas.GeoDataFrame
        The rows that count, with the beds of :func:`with_beds_of_stations`.
    """
    if head.horizon == "current":
        mask = facilities["status"].isin(("existing", "closing")) & _within(facilities, pd.Timestamp(head.date))
    else:
        mask = _within(facilities, _end_of(head.horizon)) & ~_date_missing(facilities)
    return with_beds_of_stations(facilities[mask.to_numpy(dtype=bool)])


def undated_facilities(facilities: gpd.GeoDataFrame, head: Head) -> gpd.GeoDataFrame:
    """Return the facilities that may or may not count at the scenario's horizon.

    At a planned year these are closing facilities without a closing date, and those under construction or planned
    without an opening date: they may be open then, or not.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        With ``status``, ``opens``, ``closes``.
    head : Head
        Date and horizon of the scenario.

    Returns
    -------
    geopandas.GeoDataFrame
        None of those of :func:`open_facilities`, with the beds of :func:`with_beds_of_stations`.
    """
    if head.horizon == "current":
        return facilities.iloc[:0]
    mask = _within(facilities, _end_of(head.horizon)) & _date_missing(facilities)
    return with_beds_of_stations(facilities[mask.to_numpy(dtype=bool)])


def with_beds_of_stations(facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return facilities in which a station that gives no number of beds has none (methods, 10).

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        With ``tier``, and perhaps ``beds``, ``nursing_beds`` and ``new_beds``. If one of these is above zero, the
        station has beds: its blanks stay.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows.
    """
    names = [name for name in _BEDS if name in facilities]
    counts = facilities[names].astype("Float64").fillna(0.0)
    bare = (facilities["tier"] == "station").to_numpy(dtype=bool) & (counts <= 0).all(axis=1).to_numpy(dtype=bool)
    if not bare.any():
        return facilities
    return facilities.assign(**{name: facilities[name].mask(bare & facilities[name].isna(), 0) for name in names})


def _end_of(year: int) -> pd.Timestamp:
    return pd.Timestamp(dt.date(year, 12, 31))


def _within(facilities: pd.DataFrame, moment: pd.Timestamp) -> pd.Series:
    """Return whether no date that is given says that a facility is not open at a moment."""
    opens, closes = pd.to_datetime(facilities["opens"]), pd.to_datetime(facilities["closes"])
    return (opens.isna() | (opens <= moment)) & (closes.isna() | (closes > moment))


def _date_missing(facilities: pd.DataFrame) -> pd.Series:
    """Return whether a facility will close, or open, on a date that is not given."""
    status = facilities["status"]
    coming = status.isin(("under_construction", "planned"))
    return ((status == "closing") & facilities["closes"].isna()) | (coming & facilities["opens"].isna())


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
    # Much land for the floor area, and a FAR: the FAR gives the size of the buildings on the plot.
    building = building.fillna((far * land).where(floor < OWN_PLOT_FAR * land))
    share = (floor / building).clip(upper=1.0).where(building.notna(), 1.0)
    counted = (land * share).where(land.notna(), floor / far)
    site = _sites(facilities)
    plot = land.groupby(site).transform("max")
    together = counted.groupby(site).transform("sum")
    # If a neighbour gives the whole plot of the site, a record without land adds nothing to it.
    counted = counted.mask(counted.isna() & (together >= plot), 0.0)
    return (counted * (plot / together).clip(upper=1.0).fillna(1.0)).rename("land_m2")


def land_span(facilities: pd.DataFrame, at_most: Mapping[Tier, float]) -> pd.DataFrame:
    """Return the least and the most land in m² that each facility may count for (methods, 2 and 10).

    If the record states the land, both are the counted land. A doubtful plot counts for at least its sure share
    (:func:`siting.domain.plots.least_of_plot`), and for at most what the others of its site leave of the plot; so does
    a plot shared in an unknown proportion (:func:`siting.domain.plots.unsized_plots`). Facilities that may be on one
    plot (:func:`siting.places.plots.with_plots`) count for at least what they would count for on it. If land is
    missing, the most is what the scenario gives for the tier.

    Parameters
    ----------
    facilities : pandas.DataFrame
        As for :func:`counted_land`, with ``tier``; perhaps with ``plot``.
    at_most : mapping of str to float
        The most land of a facility without land, by tier; without limit for other tiers.

    Returns
    -------
    pandas.DataFrame
        ``land_m2`` (NaN if it is missing) and ``land_high_m2``, on the facilities' index.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.places import land_span
    >>> table = pd.DataFrame({"land_m2": [3600.0, 3600.0], "floor_area_m2": [1100.0, 380.0],
    ...     "building_floor_area_m2": [4400.0, None], "far": None, "site_id": "s", "tier": "station"})
    >>> land_span(table, {}).to_numpy().tolist()
    [[900.0, 900.0], [0.0, 2700.0]]
    """
    least = least_of_plot(facilities).mask(unsized_plots(facilities), 0.0)
    most = facilities["tier"].map(lambda tier: at_most.get(tier, np.inf)).astype("float64")
    low, high = _land_ends(facilities, least, most)
    if "plot" in facilities and facilities["plot"].notna().any():
        together = facilities.assign(site_id=facilities["plot"].fillna(facilities["site_id"]))
        others = _land_ends(together, least, most)
        # Land that is missing without the shared plot stays missing: the neighbour's plot may be another one.
        low, high = low.where(~(others[0] < low), others[0]), high.where(~(others[1] > high), others[1])
    return pd.DataFrame({"land_m2": low, "land_high_m2": high})


def _land_ends(facilities: pd.DataFrame, least: pd.Series, most: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the least and the most land of facilities if the stated sites are complete."""
    doubtful = least < 1.0
    sure = counted_land(facilities[~doubtful]).reindex(facilities.index).mask(doubtful, 0.0)
    land = pd.to_numeric(facilities["land_m2"]).astype("float64")
    site = _sites(facilities)
    left = land.groupby(site).transform("max") - sure.groupby(site).transform("sum")
    asked = land.where(doubtful, 0.0)
    # Each has its sure share, if the site has room for all of them; what is left is shared out.
    low = asked * least
    low = low * (left / low.groupby(site).transform("sum")).clip(0.0, 1.0).fillna(1.0)
    room = (left - low.groupby(site).transform("sum")).clip(lower=0.0)
    spare = asked - low
    share = (room / spare.groupby(site).transform("sum")).clip(0.0, 1.0).fillna(0.0)
    return sure.mask(doubtful, low), sure.fillna(most).mask(doubtful, low + spare * share)


def more_land(facilities: pd.DataFrame, perhaps: pd.DataFrame, at_most: Mapping[Tier, float]) -> pd.Series:
    """Return the most land in m² that facilities add if they count too; on a common site no more than its plot.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Facilities that count, as for :func:`land_span`.
    perhaps : pandas.DataFrame
        Facilities that may count.
    at_most : mapping of str to float
        As for :func:`land_span`.

    Returns
    -------
    pandas.Series
        On the index of ``perhaps``; infinite without a limit.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.places import more_land
    >>> table = pd.DataFrame({"land_m2": [700.0, 700.0, 200.0], "floor_area_m2": None, "building_floor_area_m2": None,
    ...     "far": None, "site_id": ["z", "z", None], "tier": "station"})
    >>> more_land(table.iloc[:1], table.iloc[1:], {}).tolist()
    [0.0, 200.0]
    """
    both = pd.concat([facilities, perhaps]).drop(columns="plot", errors="ignore")
    alone, together = (land_span(each, at_most)["land_high_m2"] for each in (both.loc[facilities.index], both))
    site, own = _sites(both), together.loc[perhaps.index]
    before = alone.groupby(site.loc[facilities.index]).sum()
    added = together.groupby(site).sum().sub(before, fill_value=0.0)
    shared = own / own.groupby(site.loc[perhaps.index]).transform("sum")
    more = pd.Series(added.reindex(site.loc[perhaps.index]).to_numpy(), own.index) * shared.fillna(0.0)
    return more.clip(lower=0.0).where(np.isfinite(own), np.inf).rename("land_high_m2")


def _sites(facilities: pd.DataFrame) -> pd.Series:
    """Return the name of each facility's site: its ``site_id``, otherwise its own id."""
    own = "own " + facilities.index.to_series().astype("str")
    return ("site " + facilities["site_id"].astype("str")).where(facilities["site_id"].notna(), own)


def may_serve(facilities: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which facilities may count for the service circle although the ledger does not say so.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        With ``tier`` and ``serves_community``.

    Returns
    -------
    ndarray of bool
        True for institutions for which the ledger does not say whether they serve their community.
    """
    unsaid = facilities["serves_community"].isna() & (facilities["tier"] == "institution")
    return unsaid.to_numpy(dtype=bool)


def home_units(facilities: gpd.GeoDataFrame, units: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Return the unit of each level in which each facility counts; NA if there is none.

    The first of these that exists: (1) the unit that the facility names; (2) if it names a finer unit but does not lie
    in that unit, or lies in no unit of this level, the unit that holds most of the finer unit, so that what counts in a
    community also counts in its street and district; (3) the unit whose interior contains its point; (4) on a border,
    the first by id. A facility of the surroundings counts in no unit. A facility that was located by its street alone
    counts in no community except one that it names.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        With the columns ``LEVEL_id`` that name units, if there are any; perhaps with ``context`` and ``located_by``.
    units : mapping of str to geopandas.GeoDataFrame
        Polygons of each level, indexed by id, in the same CRS.

    Returns
    -------
    pandas.DataFrame
        Index of the facilities; one column for each level.
    """
    homes = pd.DataFrame(index=facilities.index)
    points = facilities.geometry.representative_point()
    finer: str | None = None
    # The unit of the finer level that a facility names, or that holds the named one; and whether the facility lies in
    # it.
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
    """Return the units that hold most of the finer units that facilities name."""
    if finer is None or told.isna().all():
        return pd.Series(None, index=told.index, dtype="object")
    return told.map(largest_overlap(finer[finer.index.isin(told.dropna())], units)).astype("object")
