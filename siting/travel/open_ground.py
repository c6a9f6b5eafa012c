"""Walks over open ground between points: the cell of each point, times, service circles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from siting.compiled import compiled
from siting.domain.nouns import Floats, Grid, Ints, Note, OpenGround, Raster
from siting.domain.scenario import Direction, Walking
from siting.domain.walkers import WalkerSpeeds
from siting.travel.circles import Shapes, sided
from siting.travel.kernel import asked
from siting.travel.slope import STEEPEST, sample_heights
from siting.travel.surface import CostSurface, Crossed, Ends, Seeds, cross, finest_ticks, in_ticks, reach_ends
from siting.travel.walks import Limits, Reach, in_rows
from siting.units import SECONDS_PER_MINUTE

# Sites whose circles are drawn together.
_CHUNK: Final = 64
# Cells whose elevations are sampled together.
_STRIP: Final = 1_000_000
# Points whose cells are sought in one call, so that Ctrl-C does not wait long.
_AT_ONCE: Final = 20_000


@dataclass(frozen=True)
class Surface:
    """Open ground measured for one walker.

    Parameters
    ----------
    ground : CostSurface
        Paces and elevations of the cells.
    grid : Grid
        Where the cells lie, in the working CRS.
    part : ndarray of int
        The number of the connected area of each cell; nobody can walk between two areas (0: barrier).
    speed : float
        The walker's speed on a flat street, m/s.
    notes : tuple of Note
        Notes on what was repaired or assumed.
    """

    ground: CostSurface
    grid: Grid
    part: NDArray[np.int32]
    speed: float
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Standing:
    """The positions of points on a surface.

    The cell (row and column, -1: none) where they begin, seconds to its centre, and metres down and right from the
    corner of the surface.
    """

    row: Ints
    column: Ints
    leg_s: Floats
    down_m: Floats
    right_m: Floats

    def take(self, rows: Sequence[int] | Ints | NDArray[np.bool_]) -> "Standing":
        """Return some of the points."""
        return Standing(
            self.row[rows], self.column[rows], self.leg_s[rows], self.down_m[rows], self.right_m[rows]
        )  # fmt: skip


def prepare_surface(ground: OpenGround, terrain: Raster | None, speeds: WalkerSpeeds) -> Surface:
    """Measure open ground for a walker.

    Parameters
    ----------
    ground : OpenGround
        On a grid of the working CRS.
    terrain : Raster or None
        Elevations, interpolated to the centres of the cells (bilinear). None walks on the flat, and so does a surface
        that already contains the cost of slopes. Bridges are walked as level.
    speeds : WalkerSpeeds
        The walker.

    Returns
    -------
    Surface
        With notes on cells without elevations (walked flat), on slopes beyond ±45 % (walked as such), and on a friction
        surface that makes the terrain unused.
    """
    pace = (ground.slowness / speeds.flat).astype(np.float32)
    move, notes = ground.grid.transform, list[Note]()
    height = np.zeros((0, 0), dtype=np.float32)
    if terrain is not None and ground.slopes_within:
        notes.append(Note("surface_slopes_within"))
    elif terrain is not None:
        height = _heights(ground.grid, terrain)
        below = pace
        if ground.spans is not None:
            # The terrain below a bridge is not the walking surface.
            height[ground.spans] = np.nan
            below = np.where(ground.spans, np.float32(np.inf), pace)
        notes += _height_notes(below, height, (-move.e, move.a))
    part, _ = ndimage.label(np.isfinite(pace))
    return Surface(
        CostSurface(pace, height, (-move.e, move.a), np.inf if speeds.max_slope is None else speeds.max_slope),
        ground.grid,
        part.astype(np.int32),
        speeds.flat,
        tuple(notes),
    )


def _heights(grid: Grid, terrain: Raster) -> NDArray[np.float32]:
    rows, columns = grid.shape
    height = np.empty(grid.shape, dtype=np.float32)
    for lines in np.array_split(np.arange(rows), max(1, rows * columns // _STRIP)):
        line, place = np.meshgrid(lines + 0.5, np.arange(columns) + 0.5, indexing="ij")
        xy = np.stack(
            [grid.transform.c + place * grid.transform.a, grid.transform.f + line * grid.transform.e], axis=-1
        )
        height[lines] = sample_heights(terrain, xy.reshape(-1, 2), grid.crs).reshape(len(lines), columns)
    return height


def _height_notes(pace: NDArray[np.float32], height: NDArray[np.float32], cell_m: tuple[float, float]) -> list[Note]:
    walked = np.isfinite(pace)
    unknown, steps, steep = int((walked & np.isnan(height)).sum()), 0, 0
    for axis in (0, 1):
        first, last = (slice(None, -1), slice(1, None))
        one, other = ((slice(None), part) if axis else (part, slice(None)) for part in (first, last))
        both = walked[one] & walked[other]
        steps += int(both.sum())
        steep += int((np.abs(height[other] - height[one])[both] > STEEPEST * cell_m[axis]).sum())
    notes = []
    if unknown:
        notes.append(Note("surface_without_height", {"share": f"{unknown / max(1, int(walked.sum())):.1%}"}))
    if steep:
        notes.append(Note("surface_too_steep", {"count": steep, "share": f"{steep / steps:.1%}"}))
    return notes


def stand(surface: Surface, xy: Floats, limit_m: Floats) -> Standing:
    """Put points into the cells that contain them; points on a barrier or outside go to the nearest open cell.

    Parameters
    ----------
    surface : Surface
        The surface.
    xy : ndarray
        Shape (points, 2), metres of the working CRS.
    limit_m : ndarray
        The largest distance to the edge of the nearest open cell for each point that is in none, metres (inclusive). Of
        equally near cells the one with the nearer centre is taken, then the northernmost, then the westernmost.

    Returns
    -------
    Standing
        The way to the centre is straight, at the pace of the cell.
    """
    move, ground = surface.grid.transform, surface.ground
    down, right = move.f - xy[:, 1], xy[:, 0] - move.c
    limit = np.asarray(limit_m, dtype=np.float64)
    parts = [slice(begin, begin + _AT_ONCE) for begin in range(0, max(len(xy), 1), _AT_ONCE)]
    found = [_nearest_open(ground.pace, ground.cell_m, down[part], right[part], limit[part]) for part in parts]
    row, column, metres = (np.concatenate(each) for each in zip(*found, strict=True))
    leg = np.full(len(xy), np.inf)
    on = row >= 0
    leg[on] = metres[on] * ground.pace[row[on], column[on]]
    return Standing(row, column, leg, down, right)


@compiled
def _nearest_open(
    pace: NDArray[np.float32], cell_m: tuple[float, float], down: Floats, right: Floats, limit_m: Floats
) -> tuple[Ints, Ints, Floats]:
    """Return row, column and metres to the centre of the open cell that contains each point or is nearest to it."""
    rows, columns = np.full(len(down), -1), np.full(len(down), -1)
    metres, (tall, wide) = np.full(len(down), np.inf), cell_m
    for point in range(len(down)):
        y, x, far, nearest = down[point], right[point], limit_m[point], np.inf
        row, column = int(np.floor(y / tall)), int(np.floor(x / wide))
        if 0 <= row < pace.shape[0] and 0 <= column < pace.shape[1] and pace[row, column] < np.inf:
            rows[point], columns[point] = row, column
            metres[point] = np.hypot((row + 0.5) * tall - y, (column + 0.5) * wide - x)
            continue
        top, left = max(0, int(np.ceil((y - far) / tall)) - 1), max(0, int(np.ceil((x - far) / wide)) - 1)
        bottom, last = int(np.floor((y + far) / tall)) + 1, int(np.floor((x + far) / wide)) + 1
        bottom, last = min(pace.shape[0], bottom), min(pace.shape[1], last)
        for line in range(top, bottom):
            for place in range(left, last):
                if not pace[line, place] < np.inf:
                    continue
                gap = np.hypot(
                    max(0.0, line * tall - y, y - (line + 1) * tall), max(0.0, place * wide - x, x - (place + 1) * wide)
                )
                centre = np.hypot((line + 0.5) * tall - y, (place + 0.5) * wide - x)
                if gap <= far and (gap < nearest or (gap == nearest and centre < metres[point])):
                    nearest, metres[point] = gap, centre
                    rows[point], columns[point] = line, place
    return rows, columns, metres


def parts_of(surface: Surface, standing: Standing) -> Ints:
    """Return the number of the connected area of each point; -1 for points without a cell."""
    return np.where(standing.row >= 0, surface.part[standing.row, standing.column], -1).astype(np.int64)


def walk_surface(surface: Surface, sites: Standing, targets: Standing, direction: Direction, limits: Limits) -> Reach:
    """Compute walks over open ground between sites and targets.

    Parameters
    ----------
    surface : Surface
        The ground.
    sites, targets : Standing
        Points without a cell reach nothing and are not reached.
    direction : str
        The time that counts.
    limits : Limits
        How far each site walks, and which count.

    Returns
    -------
    Reach
        The way leads through the centres of cells; between points of one cell it is straight.
    """
    per_second = finest_ticks(limits.scale, direction)
    order = np.argsort(limits.rank, kind="stable")
    doors = sites.take(order)
    seeds = Seeds(doors.row, doors.column, in_ticks(doors.leg_s, per_second), doors.down_m, doors.right_m)
    cell = np.where(targets.row >= 0, targets.row * surface.grid.shape[1] + targets.column, -1)
    number = np.argsort(cell, kind="stable")
    number = number[cell[number] >= 0]
    people = targets.take(number)
    ends = Ends(cell[number], number, in_ticks(people.leg_s, per_second), people.down_m, people.right_m)
    ask = asked(limits.longest_s[order], per_second, keep_s=limits.keep_s[order], counting=limits.counting[order])
    found = reach_ends(surface.ground, seeds, ends, ask, per_second, direction, targets=len(targets.row))
    return in_rows(found, order, per_second, len(targets.row))


def crossed_circles(
    surface: Surface, sites: Standing, xy: Floats, walking: Walking, cells: Floats, covered: Sequence[Ints]
) -> Shapes:
    """Return the area from which each site is reached within ``walking.minutes``: the cells whose centres are reached.

    The border is then adjusted so that demand points are on the side that their times require.

    Parameters
    ----------
    surface : Surface
        The ground.
    sites, xy
        The sites, each in a cell, and their coordinates; ``xy`` has shape (sites, 2), metres.
    walking : Walking
        Cut-off and direction.
    cells : ndarray
        Shape (cells, 2): the demand points, metres.
    covered : sequence of ndarray of int
        The rows of ``cells`` that each site reaches in time.

    Returns
    -------
    ndarray of object
        One polygon or multipolygon for each site; it contains the site.
    """
    circles = np.empty(len(xy), dtype=object)
    for chunk in np.array_split(np.arange(len(xy)), max(1, -(-len(xy) // _CHUNK))):
        mine = sites.take(chunk)
        limit = np.full(len(chunk), walking.minutes * SECONDS_PER_MINUTE)
        found = cross(
            surface.ground, (mine.row, mine.column), limit, direction=walking.direction, leg_s=mine.leg_s
        )  # fmt: skip
        for place, site in enumerate(chunk):
            ground = _joined(surface.grid, found, place)
            corners = np.reshape([*shapely.bounds(ground)], (-1, 2))
            far = np.abs(np.concatenate([cells[covered[site]], xy[site][None, :], corners]) - xy[site])
            circles[site] = sided(ground, xy[site], cells, covered[site], float(np.nanmax(far)))
    return circles


def _joined(grid: Grid, found: Crossed, source: int) -> shapely.Geometry:
    """Return the cells that a source reaches as one shape: adjacent cells of each row are joined, then the rows."""
    cell = found.cell[found.start[source] : found.start[source + 1]]
    if not len(cell):
        return shapely.Polygon()
    row, column = np.divmod(cell, grid.shape[1])
    begins = np.flatnonzero(np.concatenate([[True], (np.diff(cell) != 1) | (column[1:] == 0)]))
    ends = np.append(begins[1:], len(cell)) - 1
    move = grid.transform
    west, east = move.c + column[begins] * move.a, move.c + (column[ends] + 1) * move.a
    north = move.f + row[begins] * move.e
    return shapely.union_all(shapely.box(west, north + move.e, east, north))
