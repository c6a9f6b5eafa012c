"""People become demand: one point a populated cell, conserved to the last person."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from scipy.sparse import csr_array

from siting.domain.nouns import Demand, Floats, Grid, Population
from siting.domain.scenario import LandBasis, PopulationSection
from siting.places.cells import bring_to, cell_centres, cell_shares, grow_values


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
    >>> from siting.domain.scenario import GridSource, PopulationSection
    >>> from siting.places import land_basis
    >>> grid = GridSource(pattern="e_{age}.tif", from_age=65, unit="persons per cell")
    >>> land_basis(PopulationSection(elderly=grid), planned=False)
    'elderly65'
    >>> land_basis(PopulationSection(elderly=grid, elderly_share=0.2), planned=False)
    'resident_current'
    """
    if section.land_basis is not None:
        return section.land_basis
    if section.residents is not None or section.elderly_share is not None:
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

    Returns
    -------
    Demand
        ``account`` holds ``{residents,elderly}_{read,inside,outside}``; read = inside + outside.
    """
    grid, residents, elderly = _one_grid(population)
    residents, elderly = _derive(residents, elderly, elderly_share)
    shape = grid.shape
    filled = [np.zeros(shape) if values is None else np.nan_to_num(values) for values in (residents, elderly)]
    populated = np.flatnonzero((filled[0] > 0) | (filled[1] > 0))
    units = [frame for level, frame in places.items() if level != "residential_area"]
    study_area = gpd.GeoSeries([_union(units)], crs=crs)
    inside = cell_shares(grid, study_area, populated).toarray()[0].clip(0.0, 1.0)
    cells = cell_centres(grid, populated, crs)
    for name, values, given in zip(("residents", "elderly"), filled, (residents, elderly), strict=True):
        cells[name] = values.ravel()[populated] if given is not None else np.nan
    cells["basis"] = cells["elderly"] if basis.startswith("elderly") else cells["residents"]
    cells["inside"] = inside
    account = _account(cells)
    west, south, east, north = study_area.total_bounds
    near = (inside > 0) | (
        cells["x"].between(west - context_m, east + context_m)
        & cells["y"].between(south - context_m, north + context_m)
    ).to_numpy()
    cells = cells[near]
    return Demand(
        grid=grid,
        cells=cells,
        place_ids={level: frame.index for level, frame in places.items()},
        shares={
            level: _inside_only(cell_shares(grid, frame.geometry, cells.index.to_numpy()))
            for level, frame in places.items()
        },
        account=account,
        elderly_derived=population.elderly is None and elderly is not None,
        residents_derived=population.residents is None and residents is not None,
    )


def _one_grid(population: Population) -> tuple[Grid, Floats | None, Floats | None]:
    first, second = population.elderly, population.residents
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
    return (
        one.shape == other.shape and one.transform.almost_equals(other.transform, 1e-6) and one.crs == other.crs
    )


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


def _union(frames: list[gpd.GeoDataFrame]) -> object:
    return pd.concat([frame.geometry for frame in frames]).union_all()


def _inside_only(shares: csr_array) -> csr_array:
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
