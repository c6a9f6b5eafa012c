"""People become demand: one point for each populated cell, with exact totals."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import csr_array

from siting.domain.called import place_names
from siting.domain.nouns import Demand, Floats, Grid, Ints, Note, PeopleLayer, Population, Raster
from siting.domain.partly import shared_out
from siting.domain.scenario import FINE_TO_COARSE, LandBasis, Level, PopulationSection
from siting.listing import listed
from siting.places.account import Account
from siting.places.calibration import FACTOR_COLUMNS, UnitsOf, calibrate, empty_units
from siting.places.cells import Held, cell_centres, people_shares, touched_cells
from siting.places.extent import covered_shares
from siting.places.gridding import Gridded, on_one_grid
from siting.places.groups import with_groups
from siting.places.growth import grow_people
from siting.places.people import WHO, People, derive, groups_of
from siting.places.spread import residential_weights, spread_people
from siting.places.unseen import unseen_people


def land_basis(section: PopulationSection, *, planned: bool) -> LandBasis:
    """Return the people by which land per person is computed (methods, definition 1).

    Parameters
    ----------
    section : PopulationSection
        What the scenario gives.
    planned : bool
        Whether the planned residents of a planned horizon are used.

    Returns
    -------
    str
        The scenario's own ``land_basis``; otherwise residents if they are given or can be derived through
        ``elderly_share``; otherwise the elderly, as the grid counts them.

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
    assert section.elderly is not None  # noqa: S101 - the scenario requires one of them
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
    """Turn population grids and layers into demand cells, with the share of each cell in each place.

    All are put on one grid with exact sums (:func:`siting.places.gridding.on_one_grid`). Missing residents or elderly
    are derived through ``elderly_share``, or stay NaN. Then people are calibrated to the table of
    ``population.calibrate``, projected to the horizon by ``population.growth`` and, if asked for, moved into
    residential areas.

    Parameters
    ----------
    population : Population
        Persons per cell, or of points or areas.
    places : mapping of str to geopandas.GeoDataFrame
        Polygons of every level, indexed by id; the levels other than ``residential_area`` are the reporting units.
    crs : pyproj.CRS
        Working CRS, metres.
    basis : str
        Land basis: whether residents or elderly fill the column ``basis``.
    elderly_share : float, optional
        Elderly ÷ residents.
    context_m : float
        Populated cells outside all units are kept as context up to this distance from the bounds of the units, metres.
    spread : bool
        Move each unit's people (of the finest level) into its residential areas; totals do not change.

    Returns
    -------
    Demand
        In its ``account`` read + calibrated + grown = inside + outside.

    Raises
    ------
    AssertionError
        The account does not balance within 1e-9: an error of the program, not of the data.
    """
    gridded = on_one_grid(population, places, crs, context_m)
    units = {level: frame for level, frame in places.items() if level != "residential_area"}
    grid_share = covered_shares(list(given_grids(population)), places, crs, unknown_ground(population))
    beyond_grids = list(_beyond_grids(population, places, grid_share, crs))
    cells, beyond = _cells(gridded, population, places, crs, context_m)
    shares = {
        level: people_shares(gridded.grid, frame.geometry, cells.index.to_numpy(), gridded.ground)
        for level, frame in places.items()
    }
    people = derive(People(cells, beyond, {}), elderly_share)
    if population.calibrate is not None:
        people = _with_spill(people, population, gridded, places, crs)
    account = Account.of(people)
    notes, factors = gridded.notes, pd.DataFrame(columns=list(FACTOR_COLUMNS))
    if population.calibrate is not None:
        level = population.calibrate
        of = UnitsOf(level, units[level], shares[level], grid_share[level], _figures_by(population))
        people, factors, told = calibrate(people, of, elderly_share)
        account, notes = account.calibrated_to(people), (*notes, *told)
    if population.growth is not None:
        ids = {each: frame.index for each, frame in places.items()}
        people, told = grow_people(people, population.growth, shares, ids, elderly_share)
        account, notes = account.grown_to(people), (*notes, *told)
    account = account.placed(people, gridded)
    if spread and len(places.get("residential_area", ())):
        finest = next(level for level in FINE_TO_COARSE if level in units)
        homes = residential_weights(gridded.grid, units[finest], places["residential_area"], cells.index)
        before, people = people, _spread(people, shares[finest], homes)
        account = account.spread_to(before, people)
    cells = with_groups(people.cells, population.groups)
    cells["basis"] = cells["elderly"] if basis.startswith("elderly") else cells["residents"]
    return Demand(
        grid=gridded.grid,
        cells=cells,
        place_ids={level: frame.index for level, frame in places.items()},
        shares=shares,
        grid_share=grid_share,
        account=account.told(),
        elderly_derived="elderly" in people.derived,
        residents_derived="residents" in people.derived,
        factors=factors,
        unseen=unseen_of(population, cells, units, shares, grid_share),
        notes=(*notes, *beyond_grids, *account.outside_notes(people.derived)),
    )


def _with_spill(
    people: People, population: Population, gridded: Gridded, places: Mapping[str, gpd.GeoDataFrame], crs: CRS
) -> People:
    """Return people with the part of border cells that no area reaches, of who is given by areas that are the units."""
    figures, share = population.figures, people.cells["inside"].to_numpy()
    own = [who for who in gridded.grounds if who in WHO and figures is not None and figures[who].notna().any()]
    if gridded.ground is not None or not own:
        return people
    area, cells = _study_area(places, crs), people.cells.index.to_numpy()
    inside = {who: people_shares(gridded.grid, area, cells, gridded.grounds[who]).toarray()[0] for who in own}
    return replace(people, spill={who: (there - share).clip(min=0.0) for who, there in inside.items()})


def unseen_of(
    population: Population,
    cells: pd.DataFrame,
    units: Mapping[str, gpd.GeoDataFrame],
    shares: Mapping[str, csr_array],
    grid_share: Mapping[str, Floats],
) -> dict[str, pd.DataFrame]:
    """Return how many people may live beyond the grids, for units in which the scenario accepts that."""
    if population.outside_at_most <= 0:
        return {}
    # The area of a square of that size; only the comparison between cells matters.
    cell_m2 = 2.0 * cells["half_diagonal_m"].to_numpy() ** 2
    ids = {level: frame.index for level, frame in units.items()}
    return unseen_people(cells, shares, grid_share, ids, cell_m2, population.outside_at_most)


def _figures_by(population: Population) -> Mapping[str, str]:
    """Return which layers give the numbers of units: the table of their level, or the layer of the people itself."""
    figures = population.figures
    by_areas = [who for who in WHO if figures is not None and figures[who].notna().any()]
    return {who: f"population.{who}" if who in by_areas else f"units.{population.calibrate}.people" for who in WHO}


def unknown_ground(population: Population) -> gpd.GeoSeries | None:
    """Return the area in which no population layer knows how many people live."""
    layers = [each for each in (population.residents, population.elderly) if isinstance(each, PeopleLayer)]
    ground = [each.unknown for each in layers if each.unknown is not None]
    return gpd.GeoSeries(pd.concat(ground)) if ground else None


def given_grids(population: Population, leave_out: Container[str] | None = None) -> Iterator[Grid]:
    """Return the population grids; by default those beyond which nobody lives."""
    out = population.nobody_outside if leave_out is None else leave_out
    for who, each in (("residents", population.residents), ("elderly", population.elderly)):
        if isinstance(each, Raster) and who not in out:
            yield each.grid


def _beyond_grids(
    population: Population, places: Mapping[str, gpd.GeoDataFrame], counted: Mapping[str, Floats], crs: CRS
) -> Iterator[Note]:
    """Tell which units extend beyond grids outside which, as the scenario says, nobody lives."""
    if not population.nobody_outside:
        return
    covered = covered_shares(list(given_grids(population, ())), places, crs)
    named = [
        shared_out(name, share)
        for level, frame in places.items()
        for name, share, all_in in zip(place_names(frame), covered[level], counted[level], strict=True)
        if level != "residential_area" and share < Demand.WHOLE <= all_in
    ]
    if named:
        yield Note("grid_nobody_outside", {"count": len(named), "ids": listed(named)})


def _cells(
    gridded: Gridded,
    population: Population,
    places: Mapping[str, gpd.GeoDataFrame],
    crs: CRS,
    context_m: float,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the relevant cells with their people, and how many people live beyond them."""
    grid, people = gridded.grid, gridded.people
    wanted = np.unique(np.concatenate([held.cell for held in people.values()]))
    areas = list(_walked_from(places, population.calibrate, gridded, wanted))
    if areas:
        wanted = np.union1d(wanted, touched_cells(grid, gpd.GeoSeries(pd.concat(areas), crs=crs)))
    study_area = _study_area(places, crs)
    cells = cell_centres(grid, wanted, crs)
    cells["inside"] = people_shares(grid, study_area, wanted, gridded.ground).toarray()[0]
    for name in dict.fromkeys([*WHO, *people]):
        cells[name] = _persons(people[name], wanted) if name in people else np.nan
    near = _near(cells, study_area.total_bounds, context_m)
    beyond = {who: gridded.beyond.get(who, np.nan) + float(cells[who].to_numpy()[~near].sum()) for who in WHO}
    return cells[near], beyond


def _study_area(places: Mapping[str, gpd.GeoDataFrame], crs: CRS) -> gpd.GeoSeries:
    """Return the ground of all units as one polygon."""
    units = [frame.geometry for level, frame in places.items() if level != "residential_area"]
    return gpd.GeoSeries([gpd.GeoSeries(pd.concat(units), crs=crs).union_all()], crs=crs)


def _walked_from(
    places: Mapping[str, gpd.GeoDataFrame], calibrated: Level | None, gridded: Gridded, populated: Ints
) -> Iterator[gpd.GeoSeries]:
    """Return the places whose cells are needed although nobody may live there yet."""
    residential = places.get("residential_area")
    if residential is not None and len(residential):
        # Residential areas in cells without people (new ones, for example) need walking times too.
        yield residential.geometry
    if calibrated is not None:
        # Units without people in the grid get those of the table, in cells that were empty.
        units = places[calibrated]
        shares = people_shares(gridded.grid, units.geometry, populated, gridded.ground)
        given = [shares @ _persons(gridded.people[who], populated) for who in WHO if who in gridded.people]
        empty = np.any([empty_units(units, held) for held in given], axis=0)
        if empty.any():
            yield units[empty].geometry


def _persons(held: Held, cells: Ints) -> Floats:
    """Return the persons of all needed cells, which include those of ``held``."""
    persons = np.zeros(len(cells))
    persons[np.searchsorted(cells, held.cell)] = held.people
    return persons


def _spread(people: People, shares: csr_array, weights: csr_array) -> People:
    """Move residents and elderly into residential areas, and groups together with the elderly."""
    cells, inside = people.cells.copy(), people.cells["inside"].to_numpy()
    names = groups_of(cells)
    for who in WHO:
        if not people.known(who):
            continue
        before = cells[who].to_numpy()
        groups = cells[names].to_numpy() if who == "elderly" else np.zeros((len(cells), 0))
        after, groups = spread_people(before, groups, shares, weights, inside)
        # Fractions are 32-bit floats; the error of the solution is corrected, so that no people are created or lost.
        even = float(inside @ before) / float(inside @ after) if inside @ after > 0 else 1.0
        cells[who] = np.where(inside > 0, after * even, after)
        if who == "elderly" and names:
            cells[names] = np.where(inside[:, None] > 0, groups * even, groups)
    return replace(people, cells=cells)


def _near(cells: pd.DataFrame, bounds: Floats, margin_m: float) -> NDArray[np.bool_]:
    """Tell which cells lie inside a unit, or near enough to the units to be relevant."""
    west, south, east, north = bounds
    across = cells["x"].between(west - margin_m, east + margin_m)
    along = cells["y"].between(south - margin_m, north + margin_m)
    return ((cells["inside"] > 0) | (across & along)).to_numpy()
