"""Evenly spaced lines along and across the slopes: the courses of streets."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from . import config
from .grid import Bools, Floats, Grid
from .terrain import Land

STEP_M = 12.0
CLOSEST = 0.56  # a line ends where it comes nearer to its neighbour than this part of the spacing
STAMP_M = 10.0  # cell of the grid that notes where lines run
SHARPEST = np.cos(np.radians(38))  # a line ends where its course would turn more in one step

Point = tuple[float, float]


def course_field(land: Land, rng: np.random.Generator, smooth: float = 110.0) -> Floats:
    """Give the direction of the contours, of the river near it, and of planned grids, in radians."""
    grid = land.grid
    soft = ndimage.gaussian_filter(land.height, 130 / grid.cell)
    down, right = np.gradient(soft, grid.cell)
    contour = np.arctan2(right, -down)
    weight = np.hypot(down, right) / 0.06
    near = 1.6 * np.exp(-np.maximum(land.bank, 0) / 260)
    cos = weight * np.cos(2 * contour) + near * np.cos(2 * land.flow)
    sin = weight * np.sin(2 * contour) + near * np.sin(2 * land.flow)
    x, y = grid.centres()
    for town in config.TOWNS:
        if town.grid_turn is not None:
            reach = ((x - town.x) / (1.5 * town.reach_x)) ** 2 + ((y - town.y) / (1.5 * town.reach_y)) ** 2
            pull = 1.8 * np.exp(-0.5 * reach**2)
            turn = np.radians(2 * town.grid_turn)
            cos, sin = cos + pull * np.cos(turn), sin + pull * np.sin(turn)
    cos = ndimage.gaussian_filter(cos, smooth / grid.cell)
    sin = ndimage.gaussian_filter(sin, smooth / grid.cell)
    return np.asarray(0.5 * np.arctan2(sin, cos) + 0.07 * grid.noise(rng, 90))


@dataclass
class Tracer:
    """Draws one level of the network: lines along the course (family 0) and across it (family 1)."""

    grid: Grid
    course: Floats
    spacing: Floats  # metres between parallel lines, on the grid
    allowed: Bools
    rng: np.random.Generator
    longest: tuple[float, float] = (1e9, 1e9)  # shortest and longest limit of a line's length
    stamps: Grid = field(init=False)
    taken: list[Bools] = field(init=False)
    close: list[Bools] = field(init=False)
    _discs: dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare the notes of where lines run."""
        self.stamps = Grid.over(STAMP_M)
        self.taken = [np.zeros(self.stamps.shape, bool) for _ in range(2)]
        self.close = [np.zeros(self.stamps.shape, bool) for _ in range(2)]

    def _cell(self, grid: Grid, point: Point) -> tuple[int, int]:
        row = int((point[1] - grid.y0) / grid.cell)
        column = int((point[0] - grid.x0) / grid.cell)
        return min(max(row, 0), grid.rows - 1), min(max(column, 0), grid.columns - 1)

    def _disc(self, radius: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        reach = max(1, round(radius / STAMP_M))
        if reach not in self._discs:
            rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
            inside = rows**2 + columns**2 <= reach**2
            self._discs[reach] = (rows[inside], columns[inside])
        return self._discs[reach]

    def _stamp(self, notes: Bools, point: Point, radius: float) -> None:
        row, column = self._cell(self.stamps, point)
        rows, columns = self._disc(radius)
        notes[np.clip(rows + row, 0, self.stamps.rows - 1), np.clip(columns + column, 0, self.stamps.columns - 1)] = (
            True
        )

    def note(self, line: Floats, family: int | None = None) -> None:
        """Remember a line, so that others of its family keep their distance."""
        along = np.gradient(line, axis=0)
        direction = np.arctan2(along[:, 1], along[:, 0])
        for (x, y), angle in zip(line, direction, strict=True):
            cell = self._cell(self.grid, (x, y))
            kin = family if family is not None else int(abs(np.cos(angle - self.course[cell])) < np.sqrt(0.5))
            spacing = float(self.spacing[cell])
            self._stamp(self.taken[kin], (x, y), 0.97 * spacing)
            self._stamp(self.close[kin], (x, y), CLOSEST * spacing)

    def _heading(self, point: Point, family: int) -> Point:
        angle = float(self.course[self._cell(self.grid, point)]) + family * np.pi / 2
        return float(np.cos(angle)), float(np.sin(angle))

    def _free(self, point: Point, family: int) -> bool:
        return bool(
            self.allowed[self._cell(self.grid, point)] and not self.close[family][self._cell(self.stamps, point)]
        )

    def _run(self, start: Point, family: int, sign: float, limit: float) -> list[Point]:
        """Follow the course one way until something stops the line."""
        heading = self._heading(start, family)
        before = (sign * heading[0], sign * heading[1])
        point = start
        points: list[Point] = []
        pace = max(24.0, 0.5 * float(self.spacing[self._cell(self.grid, start)]))
        seen = {(int(start[0] // pace), int(start[1] // pace)): 0}
        lag = int(2.5 * pace / STEP_M)  # steps after which a line may not come back to its own course
        for step in range(int(limit / STEP_M)):
            ahead = self._heading(point, family)
            turn = ahead[0] * before[0] + ahead[1] * before[1]
            if abs(turn) < SHARPEST:
                break
            way = 1.0 if turn > 0 else -1.0
            before = (
                0.5 * before[0] + 0.5 * way * ahead[0],
                0.5 * before[1] + 0.5 * way * ahead[1],
            )
            point = (point[0] + STEP_M * before[0], point[1] + STEP_M * before[1])
            cell = (int(point[0] // pace), int(point[1] // pace))
            if not self._free(point, family) or step - seen.get(cell, step) > lag:
                break
            seen.setdefault(cell, step)
            points.append(point)
        return points

    def _line(self, start: Point, family: int) -> Floats:
        limit = float(self.rng.uniform(*self.longest)) / 2 if self.longest[1] < 1e8 else 8000.0
        back = self._run(start, family, -1.0, limit)
        return np.array([*back[::-1], start, *self._run(start, family, 1.0, limit)])

    def _offspring(self, line: Floats, family: int) -> list[tuple[Point, int]]:
        """Offer starts beside a line, at the spacing."""
        found: list[tuple[Point, int]] = []
        along = np.gradient(line, axis=0)
        for (x, y), (dx, dy) in zip(line[::4], along[::4], strict=True):
            gap = 1.02 * float(self.spacing[self._cell(self.grid, (x, y))])
            size = float(np.hypot(dx, dy))
            found += [((x - side * gap * dy / size, y + side * gap * dx / size), family) for side in (1, -1)]
        return found

    def _accept(self, start: Point, family: int) -> Floats | None:
        if self.taken[family][self._cell(self.stamps, start)] or not self._free(start, family):
            return None
        line = self._line(start, family)
        length = STEP_M * (len(line) - 1)
        return line if length > 0.9 * self.spacing[self._cell(self.grid, start)] else None

    def draw(self, seeds: Floats) -> list[tuple[Floats, int]]:
        """Draw lines from the seeds, and from starts beside the lines drawn."""
        drawn: list[tuple[Floats, int]] = []
        for x, y in seeds:
            waiting: deque[tuple[Point, int]] = deque([((x, y), 0), ((x, y), 1)])
            while waiting:
                start, family = waiting.popleft()
                line = self._accept(start, family)
                if line is None:
                    continue
                self.note(line, family)
                drawn.append((line, family))
                waiting.extend(self._offspring(line, family))
        return drawn
