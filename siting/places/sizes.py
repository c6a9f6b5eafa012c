"""The sites of a choice: one for each candidate and size that fits it, and those of facilities that may change."""

from collections.abc import Collection
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.domain.nouns import Floats, Ints
from siting.domain.plots import doubtful_plots, least_of_plot
from siting.places.candidates import candidate_costs, place_order
from siting.places.facilities import counted_land, land_span
from siting.places.placed import BY_PLAN

Bools = NDArray[np.bool_]
# The columns of sites, beside ``geometry``.
SITE_COLUMNS: Final = (
    *("candidate_id", "size", "tier", "land_m2", "floor_area_m2", "capacity", "beds", "cost_cny"),
    *("place", "generated", "facility", "standing", "occupied"),
)
# Words of ``for`` that do not name a kind of candidate.
GENERATED: Final = "generated"
EXISTING: Final = "existing"
# From small to large: a facility is never made smaller.
_TIERS: Final = ("station", "centre", "institution")
_MEASURES: Final = ("land_m2", "floor_area_m2", "capacity", "beds")
# Units are converted in binary fractions: this tolerance makes 2 亩 equal to 2 亩.
_ROUNDING: Final = 1.0 + 1e-9


def sized_candidates(
    candidates: gpd.GeoDataFrame,
    sizes: pd.DataFrame | None,
    *,
    capacity: float | None = None,
    preferred: pd.Series | None = None,
) -> gpd.GeoDataFrame:
    """Return one row for each candidate and size that fits it.

    A size is offered to the kind of candidate that its ``for`` names, to generated candidates (``generated``), or to
    all (blank); sizes of ``existing`` are not offered. It fits if it needs no more land and floor area than the
    candidate has, as far as both are known. A candidate that no size fits keeps its own size: its own land, floor area
    and cost; so does one that a plan placed at a point (:func:`siting.places.with_placed`).

    A size without land, floor area or cost takes the candidate's own: land as :func:`siting.places.counted_land` counts
    it for the floor area. A size's cost, ``cost_cny`` + ``cost_cny_per_m2`` × floor area, replaces the capital cost; a
    leased candidate pays its rent in addition.

    Parameters
    ----------
    candidates : geopandas.GeoDataFrame
        Points indexed by id, with the columns of candidates and ``generated``.
    sizes : pandas.DataFrame or None
        ``SIZE_COLUMNS``; None if the scenario has no table of sizes.
    capacity : float, optional
        How many elderly a size without a capacity serves; NaN (no limit) if absent.
    preferred : pandas.Series, optional
        The layers of each candidate, from :func:`siting.places.preferred_layers`.

    Returns
    -------
    geopandas.GeoDataFrame
        ``SITE_COLUMNS`` and ``geometry``, on a RangeIndex; ``size`` is NA for a candidate's own size. In canonical
        order: by :func:`siting.places.place_order`, which ``place`` numbers from 0, then the cheaper first, then less
        land, then by name; unknown values come last. ``facility``, ``standing`` and ``occupied`` are false.
    """
    by_plan = stated_by_plan(candidates)
    offered = meant_for(candidates, sizes) & ~by_plan[:, None]
    fits = offered & _room(candidates, sizes)
    site, size = np.nonzero(fits)
    alone = np.flatnonzero(~fits.any(axis=1))
    site, size = np.concatenate([site, alone]), np.concatenate([size, np.full(len(alone), -1)])
    own, table = candidates.iloc[site], _taken(sizes, size)
    floor = table["floor_area_m2"].fillna(_numbers(own, "floor_area_m2"))
    rows = pd.DataFrame(
        {
            "candidate_id": own.index.to_numpy(dtype=object),
            "size": table["size"],
            "tier": table["tier"].fillna("station"),
            "land_m2": table["land_m2"].fillna(_own_land(own, floor)),
            "floor_area_m2": floor,
            "capacity": table["capacity"].fillna(np.nan if capacity is None else capacity),
            "beds": table["beds"],
            "cost_cny": _costs(own, table, floor),
            "place": place_order(candidates, preferred)[site],
            "generated": own["generated"].to_numpy(dtype=bool),
            "facility": False,
            "standing": False,
            "occupied": False,
        }
    )
    for name in ("tier", "beds") if by_plan.any() else ():
        rows[name] = rows[name].where(~by_plan[site], own[name].reset_index(drop=True))
    return _in_order(rows, own)


def stated_by_plan(candidates: pd.DataFrame) -> Bools:
    """Tell which candidates a plan placed at a point, in the size that it states."""
    if BY_PLAN not in candidates:
        return np.zeros(len(candidates), dtype=bool)
    return candidates[BY_PLAN].to_numpy(dtype=bool)


def sized_facilities(
    facilities: gpd.GeoDataFrame,
    sizes: pd.DataFrame | None,
    *,
    upgradable: Collection[str] = (),
    closable: Collection[str] = (),
    existing_capacity: float | None = None,
) -> gpd.GeoDataFrame:
    """Return the sites of the facilities that a plan may enlarge or close.

    Each has one site in its present size (``standing``, cost 0). A facility that may be enlarged has one more for each
    larger size of ``existing``. A size is larger if, as far as both values are known, tier, land, floor area, capacity
    and beds do not fall and at least one grows; if no value can be compared, it counts as larger. Values that a size
    does not give do not change; its cost is ``cost_cny`` + ``cost_cny_per_m2`` × floor area. Sizes without ``for`` are
    for candidates and enlarge nothing.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        Points of all counted facilities (they share the land of their sites), with the columns of facilities.
    sizes : pandas.DataFrame or None
        ``SIZE_COLUMNS``.
    upgradable, closable : collection of str
        Ids; ids of other facilities have no row.
    existing_capacity : float, optional
        How many elderly a facility serves; NaN (no limit) if absent.

    Returns
    -------
    geopandas.GeoDataFrame
        As returned by :func:`sized_candidates`, with the facility's id as ``candidate_id`` and ``facility`` true; the
        present size comes first. ``occupied`` is true if one site of the place must stay open, for a facility that may
        not be closed.
    """
    named = facilities.index.isin([*upgradable, *closable])
    land = land_span(facilities, {})
    own = facilities.assign(land_m2=land["land_m2"].where(land["land_m2"] == land["land_high_m2"]))[named]
    own = own.assign(capacity=np.nan if existing_capacity is None else existing_capacity)
    larger = _larger(own, sizes) & own.index.isin([*upgradable])[:, None]
    site, size = np.nonzero(larger)
    site, size = np.concatenate([np.arange(len(own)), site]), np.concatenate([np.full(len(own), -1), size])
    taken, table = own.iloc[site], _taken(sizes, size)
    standing = size < 0
    measures = {name: table[name].fillna(_numbers(taken, name)) for name in _MEASURES}
    rows = pd.DataFrame(
        {
            "candidate_id": taken.index.to_numpy(dtype=object),
            "size": table["size"],
            "tier": table["tier"].fillna(pd.Series(taken["tier"].to_numpy())),
            **measures,
            "cost_cny": np.where(standing, 0.0, _stated_cost(table, measures["floor_area_m2"])),
            "place": place_order(own)[site],
            "generated": False,
            "facility": True,
            "standing": standing,
            "occupied": ~taken.index.isin([*closable]),
        }
    )
    return _in_order(rows, taken)


def joined_sites(facilities: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the sites of facilities, then those of candidates: ties go to existing facilities.

    Parameters
    ----------
    facilities, candidates : geopandas.GeoDataFrame
        The results of :func:`sized_facilities` and :func:`sized_candidates`, in one CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        On a RangeIndex; places of candidates are numbered after those of facilities.
    """
    if not len(facilities):
        return candidates
    moved = candidates.assign(place=candidates["place"] + int(facilities["place"].max()) + 1)
    both = pd.concat([facilities, moved], ignore_index=True) if len(moved) else facilities
    return gpd.GeoDataFrame(both, crs=facilities.crs)


def meant_for(candidates: gpd.GeoDataFrame, sizes: pd.DataFrame | None) -> Bools:
    """Return, shape (candidates, sizes), which sizes are offered to which candidates, whether they fit or not."""
    if sizes is None:
        return np.zeros((len(candidates), 0), dtype=bool)
    offered_to, kind = _words(sizes["for"]), _words(candidates["kind"])
    made = candidates["generated"].to_numpy(dtype=bool)
    by_kind = (kind[:, None] == offered_to) & ~made[:, None] & ~np.isin(offered_to, ("", GENERATED, EXISTING))
    offered: Bools = (offered_to == "") | (made[:, None] & (offered_to == GENERATED)) | by_kind
    return offered


def _room(candidates: gpd.GeoDataFrame, sizes: pd.DataFrame | None) -> Bools:
    """Return, shape (candidates, sizes), whether a size needs no more than the candidate has; unknown values fit."""
    if sizes is None:
        return np.zeros((len(candidates), 0), dtype=bool)
    has = {"floor_area_m2": _numbers(candidates, "floor_area_m2")}
    plots = _numbers(candidates, "land_m2").where(doubtful_plots(candidates.reset_index(drop=True)))
    has["land_m2"] = plots.fillna(_own_land(candidates, has["floor_area_m2"]))
    fits = np.ones((len(candidates), len(sizes)), dtype=bool)
    for name, most in has.items():
        fits &= ~(_numbers(sizes, name).to_numpy() > most.to_numpy()[:, None] * _ROUNDING)
    return fits


def _larger(facilities: gpd.GeoDataFrame, sizes: pd.DataFrame | None) -> Bools:
    """Return, shape (facilities, sizes), which sizes are larger than the facilities are."""
    if sizes is None:
        return np.zeros((len(facilities), 0), dtype=bool)
    shape = (len(facilities), len(sizes))
    grows, shrinks, compared = (np.zeros(shape, dtype=bool) for _ in range(3))
    for name in _MEASURES:
        ours, theirs = _numbers(facilities, name).to_numpy()[:, None], _numbers(sizes, name).to_numpy()
        grows |= theirs > ours * _ROUNDING
        shrinks |= theirs * _ROUNDING < ours
        compared |= ~np.isnan(ours + theirs)
    # If the records of a facility hold no value to compare, the user knows that the size is larger.
    says = sizes[list(_MEASURES)].notna().any(axis=1).to_numpy(dtype=bool)
    grows |= says & ~compared
    tier = {name: rank for rank, name in enumerate(_TIERS)}
    now = facilities["tier"].map(tier).fillna(len(_TIERS)).to_numpy(dtype=float)[:, None]
    then = sizes["tier"].map(tier).to_numpy(dtype=float)
    larger: Bools = (grows | (then > now)) & ~shrinks & ~(then < now) & (_words(sizes["for"]) == EXISTING)
    return larger


def _taken(sizes: pd.DataFrame | None, size: Ints) -> pd.DataFrame:
    """Return rows of the table of sizes by number, blank for -1, on a RangeIndex."""
    names = ("size", "tier", *_MEASURES, "cost_cny", "cost_cny_per_m2")
    if sizes is None:
        sizes = pd.DataFrame({name: pd.Series(dtype=object if name in ("size", "tier") else float) for name in names})
    taken = sizes.reset_index(drop=True).reindex(size)[list(names)].reset_index(drop=True)
    return taken.astype({name: "float64" for name in names if name not in ("size", "tier")})


def _stated_cost(table: pd.DataFrame, floor: pd.Series) -> pd.Series:
    """Return the costs of the sizes; NaN if they are missing, or are per m² of an unknown floor area."""
    fixed, rate = table["cost_cny"], table["cost_cny_per_m2"]
    return fixed.where(rate.isna(), fixed.fillna(0.0) + rate * floor)


def _costs(own: gpd.GeoDataFrame, table: pd.DataFrame, floor: pd.Series) -> Floats:
    silent = table["cost_cny"].isna() & table["cost_cny_per_m2"].isna()
    capital = _stated_cost(table, floor).where(~silent, _numbers(own, "capital_cost_cny"))
    return candidate_costs(own.assign(capital_cost_cny=capital.to_numpy())).to_numpy()


def _own_land(own: gpd.GeoDataFrame, floor: pd.Series) -> pd.Series:
    """Return the counted land of candidates with the given floor area, each as its own site, on a RangeIndex.

    NaN if it is missing, or if no part of a doubtful plot is sure; otherwise the sure part.
    """
    own = own.reset_index(drop=True)
    taken = counted_land(own.assign(floor_area_m2=floor.to_numpy(), site_id=None))
    least, (plot, far) = least_of_plot(own), (_numbers(own, name) for name in ("land_m2", "far"))
    by_ratio = (floor.reset_index(drop=True) / far).clip(upper=plot)
    return taken.mask(least < 1.0, by_ratio.where(least > 0.0))


def _numbers(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as float64 on a RangeIndex, NaN for missing values."""
    return pd.to_numeric(table[name]).astype("float64").reset_index(drop=True)


def _words(cells: pd.Series) -> NDArray[np.object_]:
    return cells.astype(object).where(cells.notna(), "").to_numpy()


def _in_order(rows: pd.DataFrame, own: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rows in canonical order, with the number of their place."""
    _, name = np.unique(_words(rows["size"]).astype(str), return_inverse=True)
    land, cost = (rows[column].fillna(np.inf).to_numpy() for column in ("land_m2", "cost_cny"))
    order = np.lexsort((name, land, cost, ~rows["standing"].to_numpy(dtype=bool), rows["place"].to_numpy()))
    kinds = {"beds": "Int64", "place": "int64"} | dict.fromkeys(SITE_COLUMNS[-4:], "bool")
    table = rows[list(SITE_COLUMNS)].astype(kinds).iloc[order].reset_index(drop=True)
    return gpd.GeoDataFrame(table, geometry=own.geometry.to_numpy()[order], crs=own.crs)
