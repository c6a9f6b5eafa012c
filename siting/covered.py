"""The exact share of each cell of a regular grid that polygons cover."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Smaller shares are rounding errors: for a hectare this is a tenth of a square centimetre.
_NOTHING: Final = 1e-9
# Vertices processed at a time; each may meet several grid lines.
_BATCH: Final = 1_000_000


@dataclass(frozen=True)
class Coverage:
    """One entry for each polygon and partly covered cell: polygon (position), cell number, share of the cell.

    Ordered by polygon, then cell; shares in (0, 1].
    """

    polygon: Ints
    cell: Ints
    share: Floats


def covered_shares(polygons: NDArray[np.object_], transform: Affine, shape: tuple[int, int]) -> Coverage:
    """Return the share of each cell that each polygon covers.

    Each edge is cut at the grid lines. A piece covers, in its own cell, the part east of it, and in all cells farther
    east its whole height; upward and downward edges have opposite signs, so that the sum is the inside. No decision
    depends on a comparison of coordinates: repeated points, spikes and vertices on grid lines are harmless.

    Parameters
    ----------
    polygons : ndarray of object
        Polygons and multipolygons in the grid's CRS; None and empty ones cover nothing, and neither do those with
        coordinates that are not finite, because they are outside the grid's CRS.
    transform : affine.Affine
        The transform of a north-up grid.
    shape : tuple of int
        Rows and columns of the grid; the area beyond is not covered.

    Returns
    -------
    Coverage
        Shares exact to one part in 2²⁴. If parts of one polygon overlap, a cell counts once.

    Examples
    --------
    >>> import numpy as np
    >>> import shapely
    >>> from affine import Affine
    >>> from siting.covered import covered_shares
    >>> found = covered_shares(np.array([shapely.box(50, 0, 200, 100)]), Affine(100, 0, 0, 0, -100, 100), (1, 3))
    >>> found.cell.tolist(), found.share.tolist()
    ([0, 1], [0.5, 1.0])
    """
    corners, owner = shapely.get_coordinates(polygons, return_index=True)
    lost = np.unique(owner[~np.isfinite(corners).all(axis=1)])
    if len(lost):
        polygons = polygons.copy()
        polygons[lost] = None
    sizes = np.cumsum(shapely.get_num_coordinates(polygons))
    first, found = 0, []
    while first < len(polygons):
        before = sizes[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(sizes, before + _BATCH, side="right")))
        part = _covered(polygons[first:last], transform, shape)
        found.append(Coverage(part.polygon + first, part.cell, part.share))
        first = last
    return Coverage(
        np.concatenate([part.polygon for part in found] or [np.zeros(0, np.int64)]),
        np.concatenate([part.cell for part in found] or [np.zeros(0, np.int64)]),
        np.concatenate([part.share for part in found] or [np.zeros(0)]),
    )


def _covered(polygons: NDArray[np.object_], transform: Affine, shape: tuple[int, int]) -> Coverage:
    columns = shape[1]
    met = _met(_pieces(_edges(polygons, transform), shape), shape)
    new_row = _changes(met.owner, met.row)
    # What the pieces further west leave covered; each row starts at 0.
    total = np.cumsum(met.height)
    begin = np.maximum.accumulate(np.where(new_row, np.arange(len(total)), 0))
    until = total - (total - met.height)[begin]
    # All cells between two cells with pieces are covered alike; beyond the last of a row, none.
    following = np.where(np.append(new_row[1:], True), met.column + 1, np.append(met.column[1:], 0))
    gap = np.where(until > _NOTHING, following - met.column - 1, 0)
    run = np.repeat(np.arange(len(gap)), gap)
    first = met.row * columns + met.column
    polygon = np.concatenate([met.owner, met.owner[run]])
    cell = np.concatenate([first, first[run] + 1 + np.arange(len(run)) - np.repeat(np.cumsum(gap) - gap, gap)])
    share = np.concatenate([np.where(met.column < columns, until - met.taken, 0.0), until[run]])
    kept = np.flatnonzero(share > _NOTHING)
    kept = kept[np.lexsort((cell[kept], polygon[kept]))]
    # In steps of 2⁻²⁴, so that a share does not depend on the order in which its pieces were added.
    rounded = np.minimum(share[kept], 1.0).astype(np.float32).astype(np.float64)
    return Coverage(polygon[kept], cell[kept], rounded)


@dataclass(frozen=True)
class _Lines:
    """Straight lines in units of cells, x east and y south, and the polygon of each."""

    owner: Ints
    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats


@dataclass(frozen=True)
class _Met:
    """Cells that edges meet, ordered by polygon, row and column: the height of their pieces, and the area west of them.

    Parts west of the grid are counted in its first column, with width 0; parts east of it in one column after its last.
    """

    owner: Ints
    row: Ints
    column: Ints
    height: Floats
    taken: Floats


def _edges(polygons: NDArray[np.object_], transform: Affine) -> _Lines:
    """Return the edges of all rings, shells in one direction, holes in the other; horizontal edges enclose nothing."""
    parts, owner = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    first = np.searchsorted(ring, np.arange(len(rings)))
    x, y = (corners[:, 0] - transform.c) / transform.a, (corners[:, 1] - transform.f) / transform.e
    # By signed area, which spikes and repeated points do not change.
    dx, dy = x - x[first[ring]], y - y[first[ring]]
    edge = np.flatnonzero(ring[1:] == ring[:-1])
    doubled = np.bincount(ring[edge], dx[edge] * dy[edge + 1] - dx[edge + 1] * dy[edge], minlength=len(rings))
    hole = np.append(False, part[1:] == part[:-1])[: len(rings)]
    turned = (doubled > 0) != hole
    edge = edge[y[edge + 1] != y[edge]]
    start, end = edge + turned[ring[edge]], edge + ~turned[ring[edge]]
    return _Lines(owner[part[ring[edge]]].astype(np.int64), x[start], y[start], x[end], y[end])


def _pieces(edges: _Lines, shape: tuple[int, int]) -> _Lines:
    """Cut edges at the grid lines, so that each piece lies in one cell, or beyond the grid."""
    every = np.arange(len(edges.owner))
    across, across_x, across_at = _crossings(edges.x0, edges.x1, shape[1])
    along, along_y, along_at = _crossings(edges.y0, edges.y1, shape[0])
    of = np.concatenate([every, across, along, every])
    at = np.concatenate([np.zeros(len(every)), across_at, along_at, np.ones(len(every))])
    # Coordinates on grid lines are exact, so that the pieces of a row begin and end with it.
    along_x = edges.x0[along] + along_at * (edges.x1 - edges.x0)[along]
    across_y = edges.y0[across] + across_at * (edges.y1 - edges.y0)[across]
    x = np.concatenate([edges.x0, across_x, along_x, edges.x1])
    y = np.concatenate([edges.y0, across_y, along_y, edges.y1])
    order = np.lexsort((at, of))
    of, x, y = of[order], x[order], y[order]
    first = np.flatnonzero(of[1:] == of[:-1])
    return _Lines(edges.owner[of[first]], x[first], y[first], x[first + 1], y[first + 1])


def _crossings(start: Floats, end: Floats, most: int) -> tuple[Ints, Floats, Floats]:
    """Return where edges cross the lines 0 to ``most``: edge, line, and the share of the edge before it."""
    low = np.clip(np.floor(np.minimum(start, end)) + 1, 0, most + 1)
    high = np.clip(np.ceil(np.maximum(start, end)) - 1, -1, most)
    count = np.maximum(high - low + 1, 0).astype(np.int64)
    edge = np.repeat(np.arange(len(count), dtype=np.int64), count)
    line: Floats = np.repeat(low - (np.cumsum(count) - count), count) + np.arange(len(edge), dtype=np.float64)
    return edge, line, (line - start[edge]) / (end - start)[edge]


def _met(pieces: _Lines, shape: tuple[int, int]) -> _Met:
    """Add pieces up, cell by cell."""
    rows, columns = shape
    row = np.floor((pieces.y0 + pieces.y1) / 2)
    inside = np.flatnonzero((row >= 0) & (row < rows))
    owner, row = pieces.owner[inside], row[inside].astype(np.int64)
    middle = (pieces.x0 + pieces.x1)[inside].clip(0, 2 * columns) / 2
    height = (pieces.y1 - pieces.y0)[inside]
    column = np.floor(middle).astype(np.int64)
    order = np.lexsort((column, row, owner))
    owner, row, column = owner[order], row[order], column[order]
    new = np.flatnonzero(_changes(owner, row, column))
    if not len(new):
        return _Met(owner, row, column, height, height)
    heights = np.add.reduceat(height[order], new)
    taken = np.add.reduceat((height * (middle - np.floor(middle)))[order], new)
    return _Met(owner[new], row[new], column[new], heights, taken)


def _changes(*keys: Ints) -> NDArray[np.bool_]:
    """Tell which entries of sorted keys differ from the one before; the first does."""
    changed = np.ones(len(keys[0]), dtype=np.bool_)
    changed[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return changed
