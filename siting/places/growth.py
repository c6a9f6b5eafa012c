"""People projected to the horizon by the factors of their units (methods, definition 8)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Growth, Note
from siting.listing import listed
from siting.places.people import WHO, People, derive


def grow_people(
    people: People,
    growth: Growth,
    shares: Mapping[str, csr_array],
    place_ids: Mapping[str, pd.Index],
    elderly_share: float | None = None,
) -> tuple[People, tuple[Note, ...]]:
    """Multiply people by the factors of their units.

    With f the factor of unit u and S the share of cell k in it, the people of a cell become P'_k = P_k · (1 + Σ_u S_uk
    (f_u − 1)). So a cell that several units share grows by the mean of their factors, by area, and parts in no unit do
    not change. Units that overlap share a cell in proportion. NaN counts as 1. A single factor (``growth.level`` None)
    also applies beyond the cells.

    Derived people without a factor of their own grow with the people that they are derived from.

    Parameters
    ----------
    people : People
        Before growth.
    growth : Growth
        Factors, not negative.
    shares, place_ids : mapping
        How cells lie in the places of each level, and their ids.
    elderly_share : float, optional
        Elderly ÷ residents, for derived people.

    Returns
    -------
    people : People
        Groups grow with the elderly of their cell.
    notes : tuple of Note
        The numbers before and after, and the units without a factor.
    """
    factors = growth.factors.reindex(columns=list(WHO)).astype("float64")
    if growth.level is not None:
        factors = factors.reindex(place_ids[growth.level])
    follows = {who for who in people.derived if factors[who].isna().all()}
    grown = people
    for who in WHO:
        if not people.known(who) or who in follows:
            continue
        each = factors[who].fillna(1.0).to_numpy()
        if growth.level is None:
            grown = grown.with_cells(who, grown.cells[who].to_numpy() * each[0])
            grown = grown.with_beyond(who, grown.beyond[who] * float(each[0]))
        else:
            by_cell = cell_factors(shares[growth.level], each)
            grown = grown.with_cells(who, grown.cells[who].to_numpy() * by_cell)
    if follows:
        grown = derive(grown, elderly_share)
    return grown, tuple(_notes(people, grown, factors, follows))


def cell_factors(shares: csr_array, factors: Floats) -> Floats:
    """Return the factor of each cell: the mean of its units' factors by area, 1 for parts in no unit.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.places.growth import cell_factors
    >>> cell_factors(csr_array([[1.0, 0.5, 0.5], [0.0, 0.5, 0.0]]), np.array([1.5, 2.0])).tolist()
    [1.5, 1.75, 1.25]
    """
    crowd = np.maximum(np.asarray(shares.sum(axis=0)).ravel(), 1.0)
    return np.asarray(1.0 + (shares.T @ (factors - 1.0)) / crowd, dtype=np.float64)


def _notes(before: People, after: People, factors: pd.DataFrame, follows: set[str]) -> list[Note]:
    figures = {
        f"{who}_{when}": f"{people.total(who):,.0f}" if people.known(who) else "?"
        for when, people in (("before", before), ("after", after))
        for who in WHO
    }
    notes = [Note("people_grown", figures)]
    asked = [who for who in WHO if before.known(who) and who not in follows and factors[who].notna().any()]
    # Reading the table reports units without any rate, and rates of unknown units.
    blank = factors.index[factors[asked].isna().any(axis=1) & factors.notna().any(axis=1)]
    if len(blank):
        notes.append(Note("growth_blank", {"count": len(blank), "ids": listed(blank.tolist())}))
    return notes
