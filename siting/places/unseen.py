"""The most people in the part of a unit that the population grids do not cover (methods, definition 8)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from siting.domain.nouns import Demand, Floats
from siting.places.people import WHO


def unseen_people(
    cells: pd.DataFrame,
    shares: Mapping[str, csr_array],
    grid_share: Mapping[str, Floats],
    ids: Mapping[str, pd.Index],
    cell_m2: Floats,
    accepted: float,
) -> dict[str, pd.DataFrame]:
    """Return the most people outside the grids, for each unit whose share outside is accepted.

    They are assumed to be at most as many as in the densest known part of the unit of the same size.

    Parameters
    ----------
    cells : pandas.DataFrame
        ``residents`` and ``elderly`` of the cells.
    shares : mapping of str to scipy.sparse.csr_array
        By level, shape (units, cells): share of each cell in each unit.
    grid_share : mapping of str to ndarray
        By level, the share of each unit with known people.
    ids : mapping of str to pandas.Index
        By level, the units.
    cell_m2 : ndarray
        Area of each cell.
    accepted : float
        The largest share outside; 0 accepts none.

    Returns
    -------
    dict of str to pandas.DataFrame
        By level, ``residents`` and ``elderly``, NaN for units that the grids cover completely, or too little.
    """
    found = {}
    for level, units in ids.items():
        table = pd.DataFrame(np.nan, index=units, columns=list(WHO))
        outside = 1.0 - grid_share[level]
        for row in np.flatnonzero((outside > 1.0 - Demand.WHOLE) & (outside <= accepted)).tolist():
            part = shares[level][[row]].tocsr()
            area = part.data * cell_m2[part.indices]
            known = float(area.sum())
            missing = known * outside[row] / (1.0 - outside[row])
            for who in WHO:
                people = part.data * cells[who].to_numpy()[part.indices]
                table.loc[units[row], who] = densest(people, area, missing)
        found[level] = table
    return found


def densest(people: Floats, area: Floats, size: float) -> float:
    """Return how many people live in the densest area of a given size.

    Parameters
    ----------
    people, area : ndarray
        People and area of the pieces of ground.
    size : float
        The size of the area; beyond all pieces there are no people.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.places.unseen import densest
    >>> densest(np.array([10.0, 90.0, 0.0]), np.array([100.0, 100.0, 100.0]), 150.0)
    95.0
    """
    dense = np.divide(people, area, out=np.zeros_like(people), where=area > 0)
    order = np.argsort(-dense, kind="stable")
    taken = np.clip(size - (np.cumsum(area[order]) - area[order]), 0.0, area[order])
    return float(dense[order] @ taken)
