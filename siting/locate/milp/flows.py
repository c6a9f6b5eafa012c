"""Who may be served by whom, for the search of rows: groups with the same sites taken as one."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints


@dataclass(frozen=True)
class Flows:
    """Areas (groups that the same sites may serve, taken as one), sites, and the pairs of the two.

    ``persons`` are those of each area, ``capacity`` of each site. Pairs stand by area, then by site: those of area a
    are ``site[start[a]:start[a + 1]]``; the areas of site j are ``area[place[j]:place[j + 1]]``. ``pair_of`` is the
    pair of each column of the programme, which counts ``column_persons`` when it is 1.
    """

    persons: Floats
    capacity: Floats
    start: Ints
    site: Ints
    place: Ints
    area: Ints
    pair_of: Ints
    column_persons: Floats

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.site)

    @property
    def pair_area(self) -> Ints:
        """The area of each pair."""
        return np.repeat(np.arange(len(self.persons)), np.diff(self.start))

    def of(self, shares: Floats) -> Floats:
        """Return the persons of each pair from the shares of the columns."""
        flows = np.bincount(self.pair_of, weights=np.maximum(shares, 0.0) * self.column_persons, minlength=self.pairs)
        return flows.astype(np.float64)


def flows_of(group: Ints, row: Ints, persons: Floats, capacity: Floats) -> Flows:
    """Merge the groups that the same rows may serve.

    Parameters
    ----------
    group, row : ndarray of int
        Of each column: the group, and the row that may serve it; each pair once.
    persons : ndarray
        Persons of the group of each column.
    capacity : ndarray
        Persons whom each row can serve at most; inf without limit.

    Returns
    -------
    Flows
        Areas in the order of their first group.
    """
    order = np.lexsort((row, group))
    names, number = np.unique(group, return_inverse=True)
    bounds = np.searchsorted(number[order], np.arange(len(names) + 1))
    data, width = row[order].tobytes(), row.itemsize
    keys: dict[bytes, int] = {}
    spans = pairwise((bounds * width).tolist())
    area_of = np.fromiter((keys.setdefault(data[a:b], len(keys)) for a, b in spans), dtype=np.int64, count=len(names))
    first = np.unique(area_of, return_index=True)[1]
    lengths = np.diff(bounds)[first]
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    site = np.concatenate([row[order[bounds[each] : bounds[each + 1]]] for each in first] or [row[:0]])
    place = np.arange(len(order)) - bounds[number[order]]
    pair_of = np.zeros(len(group), dtype=np.int64)
    pair_of[order] = start[area_of[number[order]]] + place
    people = np.zeros(len(names))
    people[number] = persons
    ones = csr_array((np.ones(len(site)), site.copy(), start), shape=(len(first), len(capacity))).tocsc()
    return Flows(
        persons=np.bincount(area_of, weights=people, minlength=len(first)).astype(np.float64),
        capacity=capacity,
        start=start,
        site=site.astype(np.int64),
        place=ones.indptr.astype(np.int64),
        area=ones.indices.astype(np.int64),
        pair_of=pair_of,
        column_persons=persons,
    )
