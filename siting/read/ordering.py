"""The order of records, determined by their contents and never by their position in a file."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siting.domain.nouns import Ints


def content_order(shapes: NDArray[np.object_], columns: Iterable[Iterable[Any]] = ()) -> Ints:
    """Return the order of records from west to east; those with equal bounding boxes by shape, then by the rest.

    Parameters
    ----------
    shapes : numpy.ndarray
        The geometry of each record, None if there is none.
    columns : iterable of iterable
        The other contents of the records, column by column.

    Returns
    -------
    numpy.ndarray
        Row numbers. Completely equal records may be in either order.

    Examples
    --------
    >>> import numpy as np
    >>> from shapely import Point
    >>> from siting.read.ordering import content_order
    >>> content_order(np.array([Point(2, 0), Point(1, 5), Point(1, 5)]), [["a", "c", "b"]]).tolist()
    [2, 1, 0]
    """
    bounds = shapely.bounds(shapes)
    order = np.lexsort(bounds.T[::-1]).astype(np.int64)
    before, after = bounds[order][:-1], bounds[order][1:]
    alike = ((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1)
    runs = [run for run in np.split(np.arange(len(order)), np.flatnonzero(~alike) + 1) if len(run) > 1]
    if runs:
        rows = order[np.concatenate(runs)]
        rest = zip(shapely.to_wkb(shapes[rows]), *(_texts(column, rows) for column in columns), strict=True)
        keys = dict(zip(rows.tolist(), ((shape or b"", *others) for shape, *others in rest), strict=True))
        for run in runs:
            order[run] = sorted(order[run].tolist(), key=keys.__getitem__)
    return order


def _texts(column: Iterable[Any], rows: Ints) -> list[str]:
    # Rows of a text table are slow one by one, and fast together.
    cells = column.tolist() if isinstance(column, (pd.Series, pd.Index)) else list(column)
    return [repr(cells[row]) for row in rows.tolist()]
