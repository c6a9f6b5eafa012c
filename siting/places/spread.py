"""People moved into the residential areas of their unit, with unchanged totals (methods, definition 8)."""

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from scipy.sparse.linalg import MatrixRankWarning, spsolve
from shapely import Polygon

from siting.domain.nouns import Floats, Grid
from siting.places.cells import cell_shares

# Persons per person: far below the precision of a report.
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


def spread_people(
    people: Floats, groups: Floats, shares: csr_array, weights: csr_array, inside: Floats
) -> tuple[Floats, Floats]:
    """Move people, and the groups among them, within their units in proportion to weights; totals of units are kept.

    With S the share of each cell in each unit, P the people and W the weights, the new people are P' = Σ_u a_u W_u,
    where the factors a solve Σ_k S_uk P'_k = Σ_k S_uk P_k for every unit u. Cells on a border belong to several units,
    so a simple distribution would move people across it. A unit without weight keeps its own pattern.

    Among the people that a unit gives to its cells, a group has the same share in all of them, chosen so that each unit
    keeps the group's total; if a unit keeps its own pattern, each cell keeps its share. Groups that make up all people
    still do so afterwards. If no such shares between 0 and 1 exist (border cells that hold most of a unit), the unit's
    own share is used, and people of a group may move across the border.

    Parameters
    ----------
    people : ndarray
        Persons per cell.
    groups : ndarray
        Shape (cells, groups): persons of each group among the people of each cell.
    shares, weights : scipy.sparse.csr_array
        Shape (units, cells): share of the cell's area in the unit, and weight of the cell for the unit.
    inside : ndarray
        Share of each cell in the study area; people in parts of cells that no unit contains keep their pattern.

    Returns
    -------
    people, groups : ndarray
        After the move; no value is negative, and cells outside all units keep their people.
    """
    rest = csr_array((inside - np.asarray(shares.sum(axis=0)).ravel()).clip(min=0.0)[None, :])
    shares = csr_array(vstack([shares, rest]))
    weights = csr_array(vstack([weights, csr_array(rest.shape)]))
    totals = shares @ people
    held = np.asarray(shares.sum(axis=0)).ravel()
    own = csr_array(shares.multiply(np.divide(people, held, out=np.zeros_like(people), where=held > 0)[None, :]))
    keeps = np.asarray(weights.sum(axis=1)).ravel() <= 0
    while not keeps.all():
        pattern = csr_array(_rows(own, keeps) + _rows(weights, ~keeps))
        factors = _solve(csr_array(shares @ pattern.T), totals)
        moved = np.where(held > 0, pattern.T @ factors, people)
        off = np.abs(shares @ moved - totals) > _TOLERANCE * max(1.0, totals.sum())
        at_fault = (off | (factors < -_TOLERANCE)) & ~keeps
        if not off.any() and not at_fault.any() and (moved >= -_TOLERANCE).all():
            handed = csr_array(pattern.multiply(factors[:, None]))
            return moved.clip(0.0, None), _spread_groups(people, groups, shares, handed, keeps)
        # Homes that lie almost completely in a neighbour's cells cannot take a unit's people: the unit keeps its
        # pattern.
        keeps |= at_fault if at_fault.any() else True
    return people, groups


def _spread_groups(
    people: Floats, groups: Floats, shares: csr_array, handed: csr_array, keeps: NDArray[np.bool_]
) -> Floats:
    """Move groups with the people that each unit gives to its cells, shape (units, cells)."""
    if not groups.shape[1]:
        return groups
    within = np.divide(groups, people[:, None], out=np.zeros_like(groups), where=people[:, None] > 0)
    stays = np.asarray(_rows(handed, keeps).sum(axis=0)).ravel()[:, None] * within
    totals = shares @ groups
    system = csr_array(shares @ handed.T)
    part = np.column_stack([_solve(system, column) for column in (totals - shares @ stays).T])
    moved = stays + handed.T @ part
    crowd = np.asarray(handed.sum(axis=0)).ravel()[:, None]
    if (moved < -_TOLERANCE).any() or (moved > crowd + _TOLERANCE).any():
        heads = (shares @ people)[:, None]
        part = np.divide(totals, heads, out=np.zeros_like(totals), where=(heads > 0) & ~keeps[:, None])
        moved = stays + handed.T @ part
    touched = np.asarray(shares.sum(axis=0)).ravel()[:, None] > 0
    return np.where(touched, moved.clip(0.0, None), groups)


def _solve(system: csr_array, totals: Floats) -> Floats:
    """Solve for the factors of the units that have a pattern; the others get none."""
    factors = np.zeros(len(totals))
    settled = np.flatnonzero(system.diagonal() > 0)
    with warnings.catch_warnings():
        # A singular system gives factors that are not finite; the affected units keep their own pattern.
        warnings.simplefilter("ignore", MatrixRankWarning)
        found = spsolve(system[settled][:, settled].tocsc(), totals[settled])
    factors[settled] = np.nan_to_num(found, nan=-1.0, posinf=-1.0, neginf=-1.0)
    return factors


def _rows(matrix: csr_array, mask: NDArray[np.bool_]) -> csr_array:
    """Keep some rows of a matrix and clear the others."""
    return csr_array(matrix.multiply(mask[:, None].astype(np.float64)))
