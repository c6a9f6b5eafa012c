"""People moved into the residential areas of their unit, totals unchanged (methods, definition 8)."""

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack
from scipy.sparse.linalg import MatrixRankWarning, spsolve
from shapely import Polygon

from siting.domain.nouns import Floats, Grid
from siting.places.cells import cell_shares

# Persons per person: far below what a report shows.
_TOLERANCE = 1e-9


def residential_weights(
    grid: Grid, units: gpd.GeoDataFrame, residential: gpd.GeoDataFrame, cells: pd.Index
) -> csr_array:
    """Return the share of each cell that is residential area of each unit, shape (units, cells)."""
    areas = gpd.GeoDataFrame(geometry=residential.geometry.to_numpy(), crs=units.crs)
    named = gpd.GeoDataFrame({"unit": np.arange(len(units))}, geometry=units.geometry.to_numpy(), crs=units.crs)
    pieces = gpd.overlay(areas, named, how="intersection", keep_geom_type=True).dissolve("unit")
    by_unit = dict(zip(pieces.index, pieces.geometry, strict=True))
    shapes = gpd.GeoSeries([by_unit.get(unit, Polygon()) for unit in named["unit"]], crs=units.crs)
    return cell_shares(grid, shapes, cells.to_numpy())


def spread_people(people: Floats, shares: csr_array, weights: csr_array, inside: Floats) -> Floats:
    """Move people within their units in proportion to weights, so that every unit keeps its total.

    With S the share of each cell in each unit, P the people and W the weights, the new people are P' = Σ_u a_u W_u,
    where the factors a solve Σ_k S_uk P'_k = Σ_k S_uk P_k for every unit u: cells on a border belong to several
    units, and a plain share-out would leak across it. A unit without weight keeps its own pattern.

    Parameters
    ----------
    people : ndarray
        Persons per cell.
    shares, weights : scipy.sparse.csr_array
        Shape (units, cells): share of the cell's area in the unit, and weight of the cell for the unit.
    inside : ndarray
        Share of each cell in the study area; people of its parts that no unit holds keep their pattern.

    Returns
    -------
    ndarray
        Persons per cell; nobody is negative, and cells outside every unit keep theirs.
    """
    rest = csr_array((inside - np.asarray(shares.sum(axis=0)).ravel()).clip(min=0.0)[None, :])
    shares = csr_array(vstack([shares, rest]))
    weights = csr_array(vstack([weights, csr_array(rest.shape)]))
    totals = shares @ people
    held = np.asarray(shares.sum(axis=0)).ravel()
    own = csr_array(shares.multiply(np.divide(people, held, out=np.zeros_like(people), where=held > 0)[None, :]))
    keeps = np.asarray(weights.sum(axis=1)).ravel() <= 0
    while not keeps.all():
        pattern = _rows(own, keeps) + _rows(weights, ~keeps)
        factors = _solve(csr_array(shares @ pattern.T), totals)
        moved = np.where(held > 0, pattern.T @ factors, people)
        off = np.abs(shares @ moved - totals) > _TOLERANCE * max(1.0, totals.sum())
        at_fault = (off | (factors < -_TOLERANCE)) & ~keeps
        if not off.any() and not at_fault.any() and (moved >= -_TOLERANCE).all():
            return moved.clip(0.0, None)
        # Homes that lie almost wholly in a neighbour's cells cannot take a unit's people: it keeps its own pattern.
        keeps |= at_fault if at_fault.any() else True
    return people


def _solve(system: csr_array, totals: Floats) -> Floats:
    """Solve for the factors of the units that have a pattern; the others get none."""
    factors = np.zeros(len(totals))
    settled = np.flatnonzero(system.diagonal() > 0)
    with warnings.catch_warnings():
        # A singular system shows in factors that are not finite, and the units at fault keep their own pattern.
        warnings.simplefilter("ignore", MatrixRankWarning)
        found = spsolve(system[settled][:, settled].tocsc(), totals[settled])
    factors[settled] = np.nan_to_num(found, nan=-1.0, posinf=-1.0, neginf=-1.0)
    return factors


def _rows(matrix: csr_array, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> csr_array:
    """Keep some rows of a matrix and empty the others."""
    return csr_array(matrix.multiply(mask[:, None].astype(np.float64)))
