"""Undeclared values that mean no data, and values that are impossible in a raster.

``docs/data.md`` has the rules and their sources.
"""

from collections import Counter
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from siting.domain.nouns import Bools, Floats

# The content of a raster's cells: for "classes" no value means no data by convention.
Kind = Literal["people", "heights", "friction", "classes"]

# Values that producers use for "no data", and sometimes forget to declare: WorldPop, ESRI, GHS-POP, least integers.
_LEAST: Final = (-32767.0, -32768.0, -2147483648.0)
_VOIDS: Final[dict[Kind, tuple[float, ...]]] = {
    "people": (-99999.0, -9999.0, -200.0, *_LEAST),
    # -200 m is a height.
    "heights": (-99999.0, -9999.0, *_LEAST),
    "friction": (-99999.0, -9999.0, *_LEAST),
    "classes": (),
}
# No measured value here comes near it; the fill values of programs lie beyond: 1e20 (climate models), 9.97e36 (NetCDF),
# and the greatest floats of 32 and 64 bits, with either sign, also written with few digits.
_BEYOND: Final = 1e20
# The highest density ever: Kowloon Walled City had at most 50,000 persons on 2.6 ha, 19,000 per hectare.
MOST_PER_HA: Final = 20_000.0
# Metres from the deepest trench (-10,935) to the highest peak (8,849), with a margin.
HEIGHTS_M: Final = (-11_000.0, 9_000.0)
# Greatest values of integer types: a cell with one of them has no data if that value is impossible.
_GREATEST: Final = tuple(float(np.iinfo(f"{sign}int{bits}").max) for bits in (8, 16, 32, 64) for sign in ("", "u"))
# Values that often mean no data in population files of any type: greatest values of integer types, and rows of nines.
# 127 is too common a count.
_SUSPECTS: Final = (9999.0, 99_999.0, 999_999.0, *(value for value in _GREATEST if value > np.iinfo("int8").max))

# Values from this part of the greatest on are just below it.
NEAR_GREATEST: Final = 0.9
# So many times as many cells hold the greatest value as the most frequent one just below: a heap, and no tail.
_SPIKE: Final = 3


def void_conventional(values: Floats, cells: NDArray[np.generic], kind: Kind, found: Counter[float]) -> None:
    """Replace the values that mean no data by convention, in any cell.

    Parameters
    ----------
    values : numpy.ndarray
        Cells as float64, scaled; changed in place.
    cells : numpy.ndarray
        The same cells as in the file.
    kind : {"people", "heights", "friction", "classes"}
        What they are.
    found : Counter
        Receives the values and how many cells held each.
    """
    if kind == "classes":
        return
    raw = cells.astype(np.float64)
    # What scale and offset make a count of is one.
    suspect = np.flatnonzero((values < 0) | (np.abs(raw) >= _BEYOND))
    if not len(suspect):
        return
    raw = raw.ravel()[suspect]
    known = np.isfinite(raw) & (np.isin(raw, _VOIDS[kind]) | (np.abs(raw) >= _BEYOND) | _is_least(raw, cells, kind))
    # Values that the file or the scenario declares are already handled.
    known &= ~np.isnan(values.ravel()[suspect])
    found.update(raw[known].tolist())
    values.ravel()[suspect[known]] = np.nan


def _is_least(raw: Floats, cells: NDArray[np.generic], kind: Kind) -> Bools:
    """Tell which cells hold the least value of a signed type; -128 is a possible elevation."""
    signed = cells.dtype.kind == "i" and not (kind == "heights" and cells.dtype.itemsize == 1)
    least = float(np.iinfo(cells.dtype.name).min) if signed else np.nan
    return np.asarray(raw == least)


def void_greatest(values: Floats, impossible: Bools, scale: float, offset: float, found: Counter[float]) -> None:
    """Treat greatest values of integer types as no data if a cell cannot hold them.

    Parameters
    ----------
    values : numpy.ndarray
        Cells as float64, scaled; changed in place.
    impossible : numpy.ndarray
        Which cells hold impossible values.
    scale, offset : float
        The scaling of the file's own numbers.
    found : Counter
        Receives the values as in the file, and how many cells held each.
    """
    for greatest in _GREATEST:
        # A 32-bit float cannot represent these numbers exactly.
        for written in sorted({greatest, float(np.float32(greatest))}):
            held = impossible & (values == written * scale + offset)
            if held.any():
                found[written] += int(held.sum())
                values[held] = np.nan


def suspects(dtype: np.dtype[np.generic]) -> tuple[float, ...]:
    """Return the values that may mean no data if they are the greatest of a file, as its type represents them.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.read.people.voids import suspects
    >>> 127.0 in suspects(np.dtype("int8")), 127.0 in suspects(np.dtype("int16")), 255.0 in suspects(np.dtype("int16"))
    (True, False, True)
    """
    if dtype.kind != "f":
        return (float(np.iinfo(dtype.name).max), *_SUSPECTS)
    return tuple(float(value) for value in np.array(_SUSPECTS).astype(dtype) if np.isfinite(value))


def too_frequent(values: Floats, greatest: float, near: float) -> int:
    """Return how many cells hold the greatest value of a file, if the values just below it do not explain so many.

    Numbers of people become rarer towards their greatest. A greatest value in several cells means no data, or capped
    numbers, if these cells are more than twice as many as all cells just below it, or more than three times as many
    as those with the most frequent value there (in dense areas many cells are just below it).

    Parameters
    ----------
    values : numpy.ndarray
        Cells, scaled.
    greatest, near : float
        The greatest value, and the least of the values just below it, with the same scaling.

    Returns
    -------
    int
        0 if nothing is suspicious.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.read.people.voids import too_frequent
    >>> too_frequent(np.array([3.0, 250.0, 250.0, 255.0, 255.0]), 255.0, 229.5)
    0
    >>> too_frequent(np.array([3.0, 200.0, 200.0, 255.0, 255.0]), 255.0, 229.5)
    2
    >>> too_frequent(np.array([*range(230, 255), 255.0, 255.0, 255.0, 255.0]), 255.0, 229.5)
    4
    """
    if there := _standing_out(values, greatest, near):
        return there
    # Two heaps side by side (254 and 255) do not explain each other.
    many, beside = int((values == greatest).sum()), int((values == greatest - 1).sum())
    return many if min(many, beside) > 1 and _standing_out(values[values < greatest], greatest - 1, near - 1) else 0


def _standing_out(values: Floats, greatest: float, near: float) -> int:
    """Return how many cells hold a value, if those just below it do not explain so many; otherwise 0."""
    there = int((values == greatest).sum())
    below = values[(values >= near) & (values < greatest)]
    _, counts = np.unique(below, return_counts=True)
    return there if there > max(1, min(2 * len(below), _SPIKE * counts.max(initial=0))) else 0
