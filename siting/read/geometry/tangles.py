"""Polygons whose borders cross so often that an overlay would take minutes."""

from typing import Final

import numpy as np
import shapely

from siting.domain.nouns import Floats, Ints
from siting.read.geometry.shapes import Shapes

# Borders are examined in sections with this many vertices, each by its bounding box.
_CORNERS: Final = 32
# The most pairs of sections of two polygons that may meet: comparing them takes seconds. Along a shared border a
# section meets two or three, and this many for each are no problem for layers of any size.
_MOST_PAIRS: Final = 500_000
_PAIRS_EACH: Final = 10
# The most vertices in the boxes of other polygons, each counted once for each box: comparing them takes ten seconds.
# With neighbours a vertex lies in two or three.
_MOST_CORNERS: Final = 10_000_000
_BOXES_EACH: Final = 8
# Sections that are looked up together, so that the results fit into memory.
_AT_ONCE: Final = 256


def are_tangled(shapes: Shapes) -> bool:
    """Tell whether the borders of polygons cross each other too often to be compared.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Valid polygons in a metric CRS.

    Examples
    --------
    >>> import numpy as np
    >>> from shapely import box
    >>> from siting.read.geometry.tangles import are_tangled
    >>> are_tangled(np.array([box(0, 0, 100, 100), box(100, 0, 200, 100), box(50, 0, 150, 100)]))
    False
    """
    if not len(shapes):
        return False
    boxes, owner, corners = _stretches(shapes)
    every, alone = np.ones(len(boxes), dtype=np.int64), np.arange(len(shapes))
    return _meet(
        (boxes, owner, every), (boxes, owner), most=max(2 * _MOST_PAIRS, 2 * _PAIRS_EACH * len(boxes))
    ) or _meet((boxes, owner, corners), (shapes, alone), most=max(_MOST_CORNERS, _BOXES_EACH * int(corners.sum())))


def _meet(ones: tuple[Shapes, Ints, Ints], others: tuple[Shapes, Ints], *, most: int) -> bool:
    """Tell whether these boxes meet more than the given number of boxes of others; each counts with its weight."""
    boxes, owner, worth = ones
    tree, met = shapely.STRtree(others[0]), 0
    for first in range(0, len(boxes), _AT_ONCE):
        one, other = tree.query(boxes[first : first + _AT_ONCE])
        met += int(worth[first + one][others[1][other] != owner[first + one]].sum())
        if met > most:
            return True
    return False


def _stretches(shapes: Shapes) -> tuple[Shapes, Ints, Ints]:
    """Return the boxes of all sections of border, the polygon of each, and their number of vertices."""
    rings, whose = shapely.get_rings(shapes, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    begun = np.concatenate([[0], np.flatnonzero(np.diff(ring)) + 1])
    place = np.arange(len(xy)) - np.repeat(begun, np.diff(np.append(begun, len(xy))))
    start = np.flatnonzero(place % _CORNERS == 0)
    low, high = np.minimum.reduceat(xy, start), np.maximum.reduceat(xy, start)
    # A section ends where the next one of its ring begins.
    goes_on = np.flatnonzero(ring[start[1:]] == ring[start[:-1]])
    end: Floats = xy[start[goes_on + 1]]
    low[goes_on], high[goes_on] = np.minimum(low[goes_on], end), np.maximum(high[goes_on], end)
    boxes: Shapes = np.asarray(shapely.box(*low.T, *high.T), dtype=object)
    return boxes, whose[ring[start]].astype(np.int64), np.diff(np.append(start, len(xy)))
