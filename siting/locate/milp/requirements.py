"""The requirements of clauses as matrices over the sites that may be chosen, each scaled by what it requires."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array

from siting.domain import clauses
from siting.domain.nouns import Floats, Ints
from siting.domain.requirements import Requirement, Sharing
from siting.locate.problem import Bools, Problem


@dataclass(frozen=True)
class RequirementSystem:
    r"""The requirements that are not met yet, each divided by what it requires.

    With :math:`x_j` = 1 if site j is open and :math:`y_g = \min(1, \sum_{j \in N(g)} x_j)`, the shortfall of
    requirement m is

    .. math:: s_m = \max(0,\; d_m - \sum_j a_{mj} x_j - \sum_g w_{mg} y_g)

    Parameters
    ----------
    add : csr_array
        :math:`a`, shape (requirements, sites), each at most :math:`d_m`; only of sites that may be chosen.
    worth : csr_array
        :math:`w`, shape (requirements, groups): what each group adds once it is reached. Members with the same sites
        form a group.
    reach : csr_array
        :math:`N`, shape (groups, sites), ones. Members that only the sites of one place reach, or that are enough by
        themselves, are in ``add`` instead.
    deficit, slack : ndarray
        :math:`d`, what is lacking, and the slack: a clause counts as met if what is lacking is not above it.
    stage : ndarray of int
        The stage of each requirement: its rank among the ranks in use, from 0 without gaps.
    least : ndarray
        The shortfall that remains with every choice: with all sites open, of each place the best.
    clauses : tuple of tuple of str
        For each stage its clauses and their levels, as ``ID@LEVEL``.
    """

    add: csr_array
    worth: csr_array
    reach: csr_array
    deficit: Floats
    slack: Floats
    stage: Ints
    least: Floats
    clauses: tuple[tuple[str, ...], ...]

    @property
    def stages(self) -> int:
        """The number of clauses that are not met yet."""
        return int(self.stage.max(initial=-1)) + 1

    def reached(self, opened: Bools) -> Floats:
        """Return 1 for each group that an open site reaches, else 0."""
        found: Floats = np.minimum(self.reach @ opened.astype(np.float64), 1.0)
        return found

    def raw(self, opened: Bools) -> Floats:
        """Return what each requirement lacks, divided by what it requires; negative if more is provided."""
        found: Floats = self.deficit - self.add @ opened.astype(np.float64) - self.worth @ self.reached(opened)
        return found

    def shortfalls(self, opened: Bools) -> Floats:
        """Return the shortfall of each requirement; 0 if the check would judge it as met."""
        return _met(self.raw(opened), self.slack)

    def values(self, opened: Bools) -> Floats:
        """Return the sum of shortfalls of each stage."""
        return self.by_stage(self.shortfalls(opened))

    def by_stage(self, each: Floats) -> Floats:
        """Add up the values of the requirements by stage."""
        return np.bincount(self.stage, weights=each, minlength=self.stages).astype(np.float64)


def system_of(problem: Problem, requirements: Sequence[Requirement]) -> RequirementSystem:
    """Return the matrices of the requirements over the sites of a problem.

    Equal requirements on the same place, as two documents may state them, appear once, at the stage of the first.
    """
    may, place = problem.open_to_choice, problem.rules.place
    left = _lacking(requirements)
    groups: dict[bytes, int] = {}
    own = [np.where(may, each.add, 0.0) / each.required for each in left]
    pairs: list[tuple[int, int, float]] = []
    for number, each in enumerate(left):
        for sites, heads in _sharing_of(each, may):
            alone = len(sites) == 1 or (place is not None and len(np.unique(place[sites])) == 1)
            if alone or heads >= each.required - each.provided:
                own[number][sites] += heads / each.required
            else:
                group = groups.setdefault(sites.tobytes(), len(groups))
                pairs.append((number, group, heads / each.required))
    required = np.array([each.required for each in left], dtype=np.float64)
    deficit = np.array([(each.required - each.provided) / each.required for each in left], dtype=np.float64)
    slack = np.array([clauses.slack(each.required) for each in left], dtype=np.float64) / required
    add = _packed([np.flatnonzero(each) for each in own], [each[each > 0] for each in own], may.size)
    add.data = np.minimum(add.data, np.repeat(deficit, np.diff(add.indptr)))
    value = np.array([heads for _, _, heads in pairs], dtype=np.float64)
    where = np.array([pair[:2] for pair in pairs], dtype=np.int64).reshape(-1, 2)
    worth = csr_array((value, (where[:, 0], where[:, 1])), shape=(len(left), len(groups)))
    sets = [np.frombuffer(key, dtype=np.int64) for key in groups]
    reach = _packed(sets, [np.ones(len(each)) for each in sets], may.size)
    ranks, stage = np.unique(np.array([each.rank for each in left], dtype=np.int64), return_inverse=True)
    most = _best_of_places(add, place) + np.asarray(worth.sum(axis=1)).ravel()
    least = _met(deficit - most, slack)
    named = tuple(_named(requirements, int(rank)) for rank in ranks)
    return RequirementSystem(add, worth, reach, deficit, slack, stage.astype(np.int64), least, named)


def _met(raw: Floats, slack: Floats) -> Floats:
    found: Floats = np.where(raw <= slack, 0.0, raw)
    return found


def _lacking(requirements: Sequence[Requirement]) -> list[Requirement]:
    """Return the requirements that the standing facilities do not meet, each once."""
    found: dict[tuple[object, ...], Requirement] = {}
    for each in sorted(requirements, key=lambda one: one.rank):
        if _lacks(each):
            shared = None if each.sharing is None else _who_reaches(each.sharing)
            key = (each.level, each.place, each.kind, each.required, each.provided, each.add.tobytes(), shared)
            found.setdefault(key, each)
    return list(found.values())


def _named(requirements: Sequence[Requirement], rank: int) -> tuple[str, ...]:
    """Return the clauses of one rank that are not met somewhere, with their levels."""
    short = (each for each in requirements if each.rank == rank and _lacks(each))
    return tuple(dict.fromkeys(f"{each.clause}@{each.level}" for each in short))


def _lacks(each: Requirement) -> bool:
    return each.required - each.provided > clauses.slack(each.required)


def _who_reaches(sharing: Sharing) -> bytes:
    """Return as a key what each member counts and which sites reach it."""
    columns = csc_array(sharing.reach[:, sharing.members])
    columns.sort_indices()
    return b"".join(each.tobytes() for each in (columns.indptr, columns.indices, sharing.worth))


def _sharing_of(each: Requirement, may: Bools) -> list[tuple[Ints, float]]:
    """Return the sets of sites that reach some members, and the total worth of those members."""
    if each.sharing is None or not len(each.sharing.members):
        return []
    columns = csc_array(each.sharing.reach[:, each.sharing.members])
    worth: dict[bytes, list[float]] = {}
    for at, value in enumerate(each.sharing.worth):
        found = np.sort(columns.indices[slice(*columns.indptr[at : at + 2])].astype(np.int64))
        found = found[may[found]]
        if len(found) and value > 0:
            worth.setdefault(found.tobytes(), []).append(float(value))
    return [(np.frombuffer(key, dtype=np.int64), float(np.sum(values))) for key, values in worth.items()]


def _packed(columns: list[Ints], values: list[Floats], width: int) -> csr_array:
    """Return a sparse matrix from the columns and values of each row."""
    start = np.concatenate([[0], np.cumsum([len(each) for each in columns])]).astype(np.int64)
    empty = np.zeros(0)
    at = np.concatenate([empty, *columns]).astype(np.int64)
    return csr_array((np.concatenate([empty, *values]), at, start), shape=(len(columns), width))


def _best_of_places(add: csr_array, place: Ints | None) -> Floats:
    """Add up what the sites provide; of each place only the site that provides most."""
    if place is None:
        return np.asarray(add.sum(axis=1), dtype=np.float64).ravel()
    at = np.repeat(np.arange(add.shape[0]), np.diff(add.indptr))
    best: dict[tuple[int, int], float] = {}
    for m, where, value in zip(at.tolist(), place[add.indices].tolist(), add.data.tolist(), strict=True):
        best[m, where] = max(best.get((m, where), 0.0), value)
    total = np.zeros(add.shape[0])
    for (m, _), value in best.items():
        total[m] += value
    return total
