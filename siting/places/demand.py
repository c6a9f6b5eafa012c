"""People become demand: one point a populated cell, conserved to the last person."""

from collections.abc import Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import csr_array

from siting.domain.nouns import Demand, Floats, Grid, Population, Raster
from siting.domain.scenario import LandBasis, PopulationSection
from siting.places.cells import bring_to, cell_centres, cell_shares, grow_values, touched_cells
from siting.places.extent import covered_shares
from siting.places.spread import residential_weights, spread_people

# Grids whose corners differ by less than this share of a cell are one grid.
_SAME_CELL = 1e-3
FINE_TO_COARSE = ("community", "street", "planning", "district", "city")


def land_basis(section: PopulationSection, *, planned: bool) -> LandBasis:
    """Return whose heads count for land per person (methods, definition 1).

    Parameters
    ----------
    section : PopulationSection
        What the scenario gives.
    planned : bool
        Whether the planned residents of a planned horizon are used.

    Returns
    -------
    str
        The scenario's own ``land_basis``; else residents where they are given or can be derived through
        ``elderly_share``; else the elderly, as the grid counts them.

    Examples
    --------
    >>> from siting.domain.scenario import PeopleSource, PopulationSection
    >>> from siting.places import land_basis
    >>> grid = PeopleSource(pattern="e_{age}.tif", from_age=65, unit="persons per cell")
    >>> land_basis(PopulationSection(elderly=grid), planned=False)
    'elderly65'
    >>> land_basis(PopulationSection(elderly=grid, elderly_share=0.2), planned=False)
    'resident_current'
    """
    if section.land_basis is not None:
        return section.land_basis
    residents = section.planned_residents or section.residents if planned else section.residents
    if residents is not None or section.elderly_share is not None:
        return "resident_planned" if planned else "resident_current"
    assert section.elderly is not None  # noqa: S101 - the scenario refuses to give neither
    return "elderly65" if section.elderly.from_age == 65 else "elderly60"  # noqa: PLR2004


def make_demand(
    population: Population,
    places: Mapping[str, gpd.GeoDataFrame],
    crs: CRS,
    *,
    basis: LandBasis,
    elderly_share: float | None,
    context_m: float,
    spread: bool = False,
) -> Demand:
    """Turn population grids into demand cells and find how they lie in places.

    The elderly grid's geometry rules, else the residents'; the other is brought to it by exact area fractions, sums
    kept. What one grid lacks is derived through ``elderly_share`` or stays NaN.

    Parameters
    ----------
    population : Population
        Persons per cell.
    places : mapping of str to geopandas.GeoDataFrame
        Polygons of every level, indexed by id; the levels other than ``residential_area`` are the reporting units.
    crs : pyproj.CRS
        Working CRS, metres.
    basis : str
        Land basis: whether residents or elderly fill the column ``basis``.
    elderly_share : float, optional
        Elderly ÷ residents.
    context_m : float
        Populated cells outside every unit are kept as context up to this distance from the units' bounds, metres.
    spread : bool
        Move each unit's people (of the finest level) into its residential areas, totals unchanged.

    Returns
    -------
    Demand
        ``account`` holds ``{residents,elderly}_{read,inside,outside}``; read = inside + outside.
    """
    grid, residents, elderly = _one_grid(population)
    residents, elderly = _derive(residents, elderly, elderly_share)
    shape = grid.shape
    filled = [np.zeros(shape) if values is None else np.nan_to_num(values) for values in (residents, elderly)]
    wanted = np.flatnonzero((filled[0] > 0) | (filled[1] > 0))
    residential = places.get("residential_area")
    if residential is not None and len(residential):
        # Estates on ground that the grid calls empty (new ones, say) are walked from all the same.
        wanted = np.union1d(wanted, touched_cells(grid, residential.geometry))
    units = {level: frame for level, frame in places.items() if level != "residential_area"}
    all_units = gpd.GeoSeries(pd.concat([frame.geometry for frame in units.values()]), crs=crs)
    study_area = gpd.GeoSeries([all_units.union_all()], crs=crs)
    cells = cell_centres(grid, wanted, crs)
    cells["inside"] = cell_shares(grid, study_area, wanted).toarray()[0].clip(0.0, 1.0)
    for name, values, given in zip(("residents", "elderly"), filled, (residents, elderly), strict=True):
        cells[name] = values.ravel()[wanted] if given is not None else np.nan
    account = _account(cells)
    cells = cells[_near(cells, study_area.total_bounds, context_m)]
    shares = {
        level: _at_most_one(cell_shares(grid, frame.geometry, cells.index.to_numpy()))
        for level, frame in places.items()
    }
    if spread and residential is not None and len(residential):
        finest = next(level for level in FINE_TO_COARSE if level in units)
        weights = residential_weights(grid, units[finest], residential, cells.index)
        for name in ("residents", "elderly"):
            if cells[name].notna().any():
                cells[name] = spread_people(cells[name].to_numpy(), shares[finest], weights, cells["inside"].to_numpy())
    cells["basis"] = cells["elderly"] if basis.startswith("elderly") else cells["residents"]
    return Demand(
        grid=grid,
        cells=cells,
        place_ids={level: frame.index for level, frame in places.items()},
        shares=shares,
        grid_share=covered_shares([each.grid for each in _given(population)], places, crs),
        account=account,
        elderly_derived=population.elderly is None and elderly is not None,
        residents_derived=population.residents is None and residents is not None,
    )


def _given(population: Population) -> Iterator[Raster]:
    yield from (each for each in (population.residents, population.elderly) if isinstance(each, Raster))


def _one_grid(population: Population) -> tuple[Grid, Floats | None, Floats | None]:
    first, second = (each if isinstance(each, Raster) else None for each in (population.elderly, population.residents))
    if first is None or second is None:
        only = first or second
        assert only is not None  # noqa: S101 - a population holds at least one grid
        values = only.values
        return (only.grid, None, values) if first is not None else (only.grid, values, None)
    if _same(first.grid, second.grid):
        return first.grid, second.values, first.values
    moved, grown = bring_to(second.values, second.grid, first.grid)
    return grown, moved, grow_values(first.values, first.grid, grown)


def _same(one: Grid, other: Grid) -> bool:
    if one.shape != other.shape or one.crs != other.crs:
        return False
    # Compared at both corners, so that cells which differ a little do not drift apart across the grid.
    a, b, (rows, columns) = one.transform, other.transform, one.shape
    drift = (a.c - b.c, a.f - b.f, a.c - b.c + columns * (a.a - b.a), a.f - b.f + rows * (a.e - b.e))
    return float(max(map(abs, drift))) < _SAME_CELL * abs(float(a.a))


def _derive(
    residents: Floats | None, elderly: Floats | None, share: float | None
) -> tuple[Floats | None, Floats | None]:
    if share is None:
        return residents, elderly
    if residents is None and elderly is not None:
        return elderly / share, elderly
    if elderly is None and residents is not None:
        return residents, residents * share
    return residents, elderly


def _near(cells: pd.DataFrame, bounds: Floats, margin_m: float) -> NDArray[np.bool_]:
    """Tell which cells lie inside a unit, or near enough to the units to matter to them."""
    west, south, east, north = bounds
    across = cells["x"].between(west - margin_m, east + margin_m)
    along = cells["y"].between(south - margin_m, north + margin_m)
    return ((cells["inside"] > 0) | (across & along)).to_numpy()


def _at_most_one(shares: csr_array) -> csr_array:
    # Fractions of float32 coverage may exceed one by rounding.
    shares.data = shares.data.clip(0.0, 1.0)
    return shares


def _account(cells: pd.DataFrame) -> dict[str, float]:
    account: dict[str, float] = {}
    for name in ("residents", "elderly"):
        people = cells[name].to_numpy()
        read, within = float(people.sum()), float(people @ cells["inside"].to_numpy())
        account |= {f"{name}_read": read, f"{name}_inside": within, f"{name}_outside": read - within}
    return account
