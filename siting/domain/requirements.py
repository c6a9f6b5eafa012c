"""Clauses as linear rows: what a place needs, what stands there, and what each site would add.

The check judges what is provided against what is required. Where what is provided is a sum over facilities, a plan can
be held to the same clause as a linear row; the arithmetic is that of :mod:`siting.domain.clauses` and
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

# Kinds of clauses that a new facility can only bring nearer to being met, by an amount of its own.
LINEAR_KINDS: Final = frozenset({"land_per_person", "service_circle", "beds_per_1000", "beds_total", "unit_coverage"})

# Levels whose units must each have a facility.
UNIT_LEVELS: Final = ("community", "street")

# What a clause counts that looks at such units.
BASIS_OF_UNITS: Final = {"street": "streets", "community": "communities"}


@dataclass(frozen=True)
class Sharing:
    """Members of a place of whom each counts once, however many open rows reach it.

    ``reach`` has shape (rows, members of all places), stored where a row reaches a member; ``members`` are those of
    the place, each once, without those who are reached already, and ``worth`` is what each adds once it is reached, in
    the unit of the clause.
    """

    reach: csr_array
    members: Ints
    worth: Floats


@dataclass(frozen=True)
class Requirement:
    """One clause upon one place, as a linear row over the rows of a problem.

    With x_j = 1 where row j is open and y_i = 1 where an open row reaches member i, the clause is met when

        provided + Σ_j add_j x_j + Σ_i worth_i y_i ≥ required.

    Parameters
    ----------
    clause, level, place : str
        Which clause, upon which place.
    force : str
        ``mandatory`` or ``target``.
    kind : str
        What is provided: land in the place, land within reach of its people, a share of people covered, beds, a
        facility.
    required, provided : float
        What must be provided in all, and what stands already, in the unit in which the clause is judged.
    add : ndarray
        What each row adds when it is open, shape (rows,), not negative.
    sharing : Sharing or None
        Who counts once.
    rank : int
        Where not all can be met, those of a lower rank go first; those of one rank are relaxed together.
    basis : str
        What is counted, where a clause counts streets and communities apart; else blank.
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
        """Return what is provided in all with some rows open, shape (rows,)."""
        found = self.provided + float(self.add[opened].sum())
        if self.sharing is None:
            return found
        reached = np.zeros(self.sharing.reach.shape[1], dtype=np.bool_)
        for row in np.flatnonzero(opened):
            reached[self.sharing.reach.indices[slice(*self.sharing.reach.indptr[row : row + 2])]] = True
        return found + float(self.sharing.worth[reached[self.sharing.members]].sum())

    def finding(self, opened: NDArray[np.bool_]) -> Finding:
        """Judge the clause with some rows open, by what is known to be provided."""
        return clauses.at_least(self.required, self.provided_by(opened))


def linear_clauses(standards: Sequence[Standard]) -> list[Pair]:
    """Return the clauses to which a plan can be held, in the order of the documents.

    Those of the :data:`LINEAR_KINDS` that give a verdict; but no new facility is known to care for the destitute
    disabled.
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
    """Return those of some names (``ID`` or ``ID@LEVEL``) that name no clause to which a plan can be held."""
    fit = {clause.id for _, clause in linear_clauses(standards)}
    return tuple(name for name in names if name.partition("@")[0] not in fit)


def part_worth(clause: Clause, whole: float = 1.0) -> float:
    """Return by how much one unit of the part raises what a clause compares.

    Parameters
    ----------
    clause : Clause
        Of one of the :data:`LINEAR_KINDS`.
    whole : float
        The whole with which the part is compared; without meaning where the kind has none.

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
    """Return shares × people by place and cell; by area alone where a place holds nobody on the grid."""
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
        Where people are.

    Returns
    -------
    cells, served, part : ndarray
        Cells, the share of each cell's people whom it serves, and the share of its land per person that falls to the
        people of the cell: those of a cell on a border are taken for mixed, so each has the district's part of it.
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
