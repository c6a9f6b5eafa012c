"""Clauses as linear constraints: what a place requires, what exists there, and what each site adds.

The check compares what is provided with what is required. If what is provided is a sum over facilities, the clause can
be a linear constraint of a plan. The arithmetic is that of :mod:`siting.domain.clauses` and
:mod:`siting.domain.measures`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.domain import clauses
from siting.domain.clauses import Finding
from siting.domain.governing import Pair
from siting.domain.measures import MEASURES
from siting.domain.nouns import Demand, Floats, Ints
from siting.domain.standards import Clause, Force, Standard

RequirementKind = Literal["land", "land_reach", "covered_share", "beds", "facility"]

# Kinds of clauses for which a new facility can only raise what is provided, by an amount of its own.
LINEAR_KINDS: Final = frozenset({"land_per_person", "service_circle", "beds_per_1000", "beds_total", "unit_coverage"})

# Levels whose units must each have a facility.
UNIT_LEVELS: Final = ("community", "street")

# What a clause on such units counts.
BASIS_OF_UNITS: Final = {"street": "streets", "community": "communities"}


@dataclass(frozen=True)
class Sharing:
    """Members of a place that count once each, however many open sites reach them.

    ``reach`` has shape (sites, members of all places), stored if a site reaches a member. ``members`` are those of the
    place, each once, without those that are reached already. ``worth`` is what each adds once it is reached, in the
    unit of the clause.
    """

    reach: csr_array
    members: Ints
    worth: Floats


@dataclass(frozen=True)
class Requirement:
    """One clause for one place, as a linear constraint over the sites of a problem.

    With x_j = 1 if site j is open and y_i = 1 if an open site reaches member i, the clause is met when

        provided + Σ_j add_j x_j + Σ_i worth_i y_i ≥ required.

    Parameters
    ----------
    clause, level, place : str
        Which clause, for which place.
    force : str
        ``mandatory`` or ``target``.
    kind : str
        What is provided: land in the place, land within reach of its people, a share of people covered, beds, a
        facility.
    required, provided : float
        What must be provided in total, and what is provided already, in the unit in which the clause is judged.
    add : ndarray
        What each site adds if it is open, shape (sites,), not negative.
    sharing : Sharing or None
        The members that count once.
    rank : int
        If not all requirements can be met, lower ranks are met first; requirements of one rank are relaxed together.
    basis : str
        What is counted, if a clause counts streets and communities separately; otherwise blank.
    """

    clause: str
    level: str
    place: str
    force: Force
    kind: RequirementKind
    required: float
    provided: float
    add: Floats
    sharing: Sharing | None = None
    rank: int = 0
    basis: str = ""

    def provided_by(self, opened: NDArray[np.bool_]) -> float:
        """Return what is provided in total with the open sites, shape (sites,)."""
        found = self.provided + float(self.add[opened].sum())
        if self.sharing is None:
            return found
        reached = np.zeros(self.sharing.reach.shape[1], dtype=np.bool_)
        for site in np.flatnonzero(opened):
            reached[self.sharing.reach.indices[slice(*self.sharing.reach.indptr[site : site + 2])]] = True
        return found + float(self.sharing.worth[reached[self.sharing.members]].sum())

    def finding(self, opened: NDArray[np.bool_]) -> Finding:
        """Judge the clause with the open sites, by what is known to be provided."""
        return clauses.at_least(self.required, self.provided_by(opened))


def linear_clauses(standards: Sequence[Standard]) -> list[Pair]:
    """Return the clauses that a plan can be required to meet, in the order of the documents.

    These are the clauses of :data:`LINEAR_KINDS` that give a verdict. Clauses on care for the destitute disabled are
    excluded: it is not known whether a new facility gives such care.
    """
    return [
        (standard, clause)
        for standard in standards
        for clause in standard.clauses
        if clause.gives_verdict
        and clause.kind in LINEAR_KINDS
        and clause.of in (None, "facility", "community_facility")
        if clause.kind != "unit_coverage" or {*clause.levels} & {*UNIT_LEVELS}
    ]


def unfit_clauses(standards: Sequence[Standard], names: Sequence[str]) -> tuple[str, ...]:
    """Return those of the given names (``ID`` or ``ID@LEVEL``) whose clause a plan cannot be required to meet."""
    fit = {clause.id for _, clause in linear_clauses(standards)}
    return tuple(name for name in names if name.partition("@")[0] not in fit)


def part_worth(clause: Clause, whole: float = 1.0) -> float:
    """Return by how much one unit of the part raises the compared value of a clause.

    Parameters
    ----------
    clause : Clause
        Of one of the :data:`LINEAR_KINDS`.
    whole : float
        The whole with which the part is compared; ignored if the kind has none.

    Examples
    --------
    >>> from siting.domain.requirements import part_worth
    >>> from siting.read import standard
    >>> beds = next(each for each in standard("yubei-2018-40").clauses if each.kind == "beds_per_1000")
    >>> part_worth(beds, 2000.0)
    0.5
    """
    measure = MEASURES[clause.kind]
    return 1.0 if measure.whole is None else measure.scale / whole


def weights(shares: csr_array, people: Floats) -> csr_array:
    """Return shares × people by place and cell; by area alone for a place without people on the grid."""
    by_people = shares.multiply(np.nan_to_num(people)[None, :]).tocsr()
    empty = np.asarray(by_people.sum(axis=1)).ravel() <= 0
    return csr_array(by_people + shares.multiply(empty[:, None].astype(float)).tocsr())


def district_catchment(unit: object, demand: Demand) -> tuple[Ints, Floats, Floats]:
    """Return the catchment of an institution that reaches its whole district (methods, definition 3).

    Parameters
    ----------
    unit : object
        Its district; all units where there is no layer of districts.
    demand : Demand
        The population cells.

    Returns
    -------
    cells, served, part : ndarray
        Cells; the share of each cell's people that it serves; and the share of its land per person that the people of
        the cell have. The people of a cell on a border are assumed mixed, so each of them has the district's part of
        it.
    """
    ids = demand.place_ids.get("district")
    inside = demand.cells["inside"].to_numpy()
    if ids is None:
        cells = np.flatnonzero(inside > 0)
        served = inside[cells]
    elif unit in ids:
        row = demand.shares["district"][ids.get_indexer(pd.Index([unit]))]
        cells, served = row.indices.astype(np.int64), row.data
    else:
        cells, served = np.zeros(0, dtype=np.int64), np.zeros(0)
    part = np.divide(served, inside[cells], out=np.ones_like(served), where=inside[cells] > 0)
    return cells, served, part
