"""Requirements over the rows that may be chosen, each scaled to what it lacks as a part of what it requires."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array

from siting.domain import clauses
from siting.domain.nouns import Floats, Ints
from siting.domain.requirements import Requirement, Sharing
from siting.locate.problem import Bools, Problem


@dataclass(frozen=True)
class System:
    r"""The requirements that are not met yet, in parts of what they require.

    With :math:`x_j` = 1 where row j is open and :math:`y_g = \min(1, \sum_{j \in N(g)} x_j)`, requirement m falls
    short by

    .. math:: s_m = \max(0,\; d_m - \sum_j a_{mj} x_j - \sum_g w_{mg} y_g)

    Parameters
    ----------
    add : csr_array
        :math:`a`, shape (requirements, rows), each at most :math:`d_m`; of rows that may be chosen only.
    worth : csr_array
        :math:`w`, shape (requirements, groups): who counts once, merged by who reaches them.
    reach : csr_array
        :math:`N`, shape (groups, rows), ones. Members whom the rows of one place alone reach, or who suffice alone,
        stand in ``add``.
    deficit, slack : ndarray
        :math:`d`, what is lacking, above the slack within which a clause is met nevertheless.
    stage : ndarray of int
        The place of each requirement's rank among the ranks that there are, from 0 without gaps.
    least : ndarray
        What each falls short whatever is chosen: with all rows open, of each place the best.
    clauses : tuple of tuple of str
        Of each stage the clauses that it stands for and their levels, as ``ID@LEVEL``.
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
        """How many clauses are not met yet."""
        return int(self.stage.max(initial=-1)) + 1

    def reached(self, opened: Bools) -> Floats:
        """Return 1 for each group that an open row reaches, else 0."""
        found: Floats = np.minimum(self.reach @ opened.astype(np.float64), 1.0)
        return found

    def raw(self, opened: Bools) -> Floats:
        """Return what each requirement lacks of what it requires, negative where more is provided."""
        found: Floats = self.deficit - self.add @ opened.astype(np.float64) - self.worth @ self.reached(opened)
        return found

    def shortfalls(self, opened: Bools) -> Floats:
        """Return what each requirement falls short; 0 where it is met as the check says."""
        return _met(self.raw(opened), self.slack)

    def values(self, opened: Bools) -> Floats:
        """Return the sum of shortfalls of each stage."""
        return self.by_stage(self.shortfalls(opened))

    def by_stage(self, each: Floats) -> Floats:
        """Add figures of the requirements up by stage."""
        return np.bincount(self.stage, weights=each, minlength=self.stages).astype(np.float64)


def system_of(problem: Problem, requirements: Sequence[Requirement]) -> System:
    """Lay requirements out over the rows of a problem.

    Requirements that say the same upon the same place, as two documents may, stand once, at the first's stage.
    """
    may, place = problem.open_to_choice, problem.rules.place
    left = _lacking(requirements)
    groups: dict[bytes, int] = {}
    own = [np.where(may, each.add, 0.0) / each.required for each in left]
    pairs: list[tuple[int, int, float]] = []
    for number, each in enumerate(left):
        for rows, heads in _sharing_of(each, may):
            alone = len(rows) == 1 or (place is not None and len(np.unique(place[rows])) == 1)
            if alone or heads >= each.required - each.provided:
                own[number][rows] += heads / each.required
            else:
                group = groups.setdefault(rows.tobytes(), len(groups))
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
    return System(add, worth, reach, deficit, slack, stage.astype(np.int64), least, named)


def _met(raw: Floats, slack: Floats) -> Floats:
    found: Floats = np.where(raw <= slack, 0.0, raw)
    return found


def _lacking(requirements: Sequence[Requirement]) -> list[Requirement]:
    """Return the requirements that are not met by what stands, each once."""
    found: dict[tuple[object, ...], Requirement] = {}
    for each in sorted(requirements, key=lambda one: one.rank):
        if _lacks(each):
            shared = None if each.sharing is None else _who_reaches(each.sharing)
            key = (each.level, each.place, each.kind, each.required, each.provided, each.add.tobytes(), shared)
            found.setdefault(key, each)
    return list(found.values())


def _named(requirements: Sequence[Requirement], rank: int) -> tuple[str, ...]:
    """Return the clauses of one rank that something falls short of, with their levels."""
    short = (each for each in requirements if each.rank == rank and _lacks(each))
    return tuple(dict.fromkeys(f"{each.clause}@{each.level}" for each in short))


def _lacks(each: Requirement) -> bool:
    return each.required - each.provided > clauses.slack(each.required)


def _who_reaches(sharing: Sharing) -> bytes:
    """Return who counts how much, and which rows reach whom, as a key."""
    columns = csc_array(sharing.reach[:, sharing.members])
    columns.sort_indices()
    return b"".join(each.tobytes() for each in (columns.indptr, columns.indices, sharing.worth))


def _sharing_of(each: Requirement, may: Bools) -> list[tuple[Ints, float]]:
    """Return the sets of rows that reach some members, and what those members are worth together."""
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
    """Return a matrix of the columns and values of each row."""
    start = np.concatenate([[0], np.cumsum([len(each) for each in columns])]).astype(np.int64)
    empty = np.zeros(0)
    at = np.concatenate([empty, *columns]).astype(np.int64)
    return csr_array((np.concatenate([empty, *values]), at, start), shape=(len(columns), width))


def _best_of_places(add: csr_array, place: Ints | None) -> Floats:
    """Add up what the rows provide, of each place the one that provides most."""
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
