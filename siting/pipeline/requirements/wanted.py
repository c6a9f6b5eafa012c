"""The clauses that a plan must meet, at which levels, and in which order."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from siting.domain.governing import Pair, governing, same_measure
from siting.domain.nouns import Assessment
from siting.domain.requirements import linear_clauses, unfit_clauses
from siting.domain.standards import Clause

# If the scenario names no clauses, a plan must meet these, each at its own levels.
DEFAULT_KINDS: Final = ("land_per_person", "service_circle", "unit_coverage")


class Wanted(NamedTuple):
    """A clause that a plan must meet.

    Parameters
    ----------
    clause : Clause
        The clause.
    level : str
        The level at which it must be met.
    rank : int
        Its priority when clauses are relaxed; levels that were named together have the same rank.
    """

    clause: Clause
    level: str
    rank: int


def wanted_of(
    standing: Assessment, names: Sequence[str] = (), kinds: Sequence[str] = DEFAULT_KINDS
) -> tuple[Wanted, ...]:
    """Return the clauses that a plan must meet, mandatory ones first, otherwise in the given order.

    All levels of one name have the same rank; ``ID@LEVEL`` has its own rank.

    Parameters
    ----------
    standing : Assessment
        The check, which tells which levels exist.
    names : sequence of str
        Ids of clauses, each at its own levels, or ``ID@LEVEL`` for one level (for ``residential_area``: land within
        reach). None: the governing clauses of ``kinds``, from standards that are not only compared.
    kinds : sequence of str
        Kinds of clauses: land per person, the service circle and the coverage of units, if not given.

    Returns
    -------
    tuple of Wanted
        Each clause and level once.

    Raises
    ------
    ValueError
        A name is one of :func:`~siting.domain.requirements.unfit_clauses`.
    """
    pairs = linear_clauses(standing.inputs.standards)
    theirs = [pair for pair in pairs if pair[0].id not in standing.jurisdiction.compared]
    wrong = unfit_clauses(standing.inputs.standards, names)
    if wrong:
        message = f"no plan can be held to {', '.join(wrong)}"
        raise ValueError(message)
    known = {clause.id: clause for _, clause in pairs}
    asked = [name.partition("@") for name in names] or [
        (key, "", "") for key in _default(theirs, _levels(standing), kinds)
    ]
    asked.sort(key=lambda each: known[each[0]].force != "mandatory")
    found: dict[tuple[str, str], Wanted] = {}
    for rank, (key, _, level) in enumerate(asked):
        clause = known[key]
        own = [each for each in _levels(standing) if each in clause.levels] or list(clause.levels)
        for each in [level] if level else own:
            found.setdefault((key, each), Wanted(clause, each, rank))
    return tuple(found.values())


def _levels(standing: Assessment) -> tuple[str, ...]:
    return tuple(standing.inputs.units)


def _default(pairs: Sequence[Pair], levels: Sequence[str], kinds: Sequence[str]) -> Iterator[str]:
    """Yield the ids of the clauses of some kinds that govern at some of their own levels."""
    for kind in kinds:
        for _, clause in pairs:
            own = [each for each in levels if clause.kind == kind and each in clause.levels]
            if any(clause is one for level in own for one in governing(same_measure(pairs, clause), level)):
                yield clause.id
