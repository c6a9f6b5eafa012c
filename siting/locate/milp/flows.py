"""Which site can serve which area, for the separation of cuts: groups with the same sites merge into one area."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints


@dataclass(frozen=True)
class Flows:
    """Areas (merged groups that the same sites can serve), sites, and the pairs of the two.

    ``persons`` has the persons of each area, ``capacity`` that of each site. Pairs are ordered by area, then by site:
    area a has the sites ``site[start[a]:start[a + 1]]``, site j the areas ``area[place[j]:place[j + 1]]``. ``pair_of``
    is the pair of each assignment variable, which counts ``variable_persons`` at 1.
    """

    persons: Floats
    capacity: Floats
    start: Ints
    site: Ints
    place: Ints
    area: Ints
    pair_of: Ints
    variable_persons: Floats

    @property
    def pairs(self) -> int:
        """The number of pairs."""
        return len(self.site)

    @property
    def pair_area(self) -> Ints:
        """The area of each pair."""
        return np.repeat(np.arange(len(self.persons)), np.diff(self.start))

    def of(self, shares: Floats) -> Floats:
        """Return the persons of each pair from the values of the assignment variables."""
        flows = np.bincount(self.pair_of, weights=np.maximum(shares, 0.0) * self.variable_persons, minlength=self.pairs)
        return flows.astype(np.float64)


def flows_of(group: Ints, site: Ints, persons: Floats, capacity: Floats) -> Flows:
    """Merge the groups that the same sites can serve.

    Parameters
    ----------
    group, site : ndarray of int
        The group and the site of each assignment variable; each pair once.
    persons : ndarray
        Persons of the group of each variable.
    capacity : ndarray
        The most persons that each site can serve; inf without limit.

    Returns
    -------
    Flows
        Areas in the order of their first group.
    """
    order = np.lexsort((site, group))
    names, number = np.unique(group, return_inverse=True)
    bounds = np.searchsorted(number[order], np.arange(len(names) + 1))
    data, width = site[order].tobytes(), site.itemsize
    keys: dict[bytes, int] = {}
    spans = pairwise((bounds * width).tolist())
    area_of = np.fromiter((keys.setdefault(data[a:b], len(keys)) for a, b in spans), dtype=np.int64, count=len(names))
    first = np.unique(area_of, return_index=True)[1]
    lengths = np.diff(bounds)[first]
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    sites = np.concatenate([site[order[bounds[each] : bounds[each + 1]]] for each in first] or [site[:0]])
    place = np.arange(len(order)) - bounds[number[order]]
    pair_of = np.zeros(len(group), dtype=np.int64)
    pair_of[order] = start[area_of[number[order]]] + place
    people = np.zeros(len(names))
    people[number] = persons
    ones = csr_array((np.ones(len(sites)), sites.copy(), start), shape=(len(first), len(capacity))).tocsc()
    return Flows(
        persons=np.bincount(area_of, weights=people, minlength=len(first)).astype(np.float64),
        capacity=capacity,
        start=start,
        site=sites.astype(np.int64),
        place=ones.indptr.astype(np.int64),
        area=ones.indices.astype(np.int64),
        pair_of=pair_of,
        variable_persons=persons,
    )
