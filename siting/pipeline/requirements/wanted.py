"""The clauses to which a plan is held, at which levels, and in which order."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from siting.domain.governing import Pair, governing, same_measure
from siting.domain.nouns import Assessment
from siting.domain.requirements import linear_clauses, unfit_clauses
from siting.domain.standards import Clause

# A plan is held to these, each at its own levels, where the scenario names no clauses.
_DEFAULT_KINDS: Final = ("land_per_person", "service_circle", "unit_coverage")


class Wanted(NamedTuple):
    """A clause that a plan is held to.

    Parameters
    ----------
    clause : Clause
        The clause.
    level : str
        The level at which it shall hold.
    rank : int
        Its place among what is relaxed; levels that were named together have one.
    """

    clause: Clause
    level: str
    rank: int


def wanted_of(standing: Assessment, names: Sequence[str] = ()) -> tuple[Wanted, ...]:
    """Return the clauses to which a plan is held, mandatory ones first, otherwise in the order given.

    Levels of one name have one rank; ``ID@LEVEL`` has a rank of its own.

    Parameters
    ----------
    standing : Assessment
        The check, which says which levels there are.
    names : sequence of str
        Ids of clauses, each at its own levels, or ``ID@LEVEL`` for one level (``residential_area`` is held to land
        within reach). None: the governing land clause, the service circle and the coverage of units, of standards that
        are not there for comparison.

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
    asked = [name.partition("@") for name in names] or [(key, "", "") for key in _default(theirs, _levels(standing))]
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


def _default(pairs: Sequence[Pair], levels: Sequence[str]) -> Iterator[str]:
    """Yield the ids of what governs land, the circle and the coverage of units at some of its own levels."""
    for kind in _DEFAULT_KINDS:
        for _, clause in pairs:
            own = [each for each in levels if clause.kind == kind and each in clause.levels]
            if any(clause is one for level in own for one in governing(same_measure(pairs, clause), level)):
                yield clause.id
