"""Which rule governs if several documents have rules on the same measure (methods, definition 15)."""

from collections.abc import Iterable, Sequence

from siting.domain.standards import Clause, Standard

Pair = tuple[Standard, Clause]


def same_measure(pairs: Iterable[Pair], clause: Clause) -> list[Pair]:
    """Return the clauses with rules on the same measure: of one kind, with one denominator or class."""
    return [pair for pair in pairs if (pair[1].kind, pair[1].of) == (clause.kind, clause.of)]


def governing(pairs: Sequence[Pair], level: str) -> list[Clause]:
    """Return the clauses of one measure that govern a level.

    They are chosen among the clauses for the level (among all, if none is for the level): the later document of one
    body, and among bodies the stricter number. If one document states the same twice, both govern.

    Parameters
    ----------
    pairs : sequence of (Standard, Clause)
        Clauses of one measure, each with its standard.
    level : str
        Level of the places.

    Examples
    --------
    >>> from siting.domain.governing import governing
    >>> from siting.read import standard
    >>> both = [standard("cq-2017-162"), standard("cq-2019-129")]
    >>> pairs = [(one, clause) for one in both for clause in one.clauses if clause.kind == "land_per_person"]
    >>> [clause.number for clause in governing(pairs, "district")]
    [0.2]
    """
    speaking = [pair for pair in pairs if level in pair[1].levels] or list(pairs)
    latest: dict[str, Standard] = {}
    for standard, _ in speaking:
        other = latest.get(standard.issuer)
        if other is None or other.from_day < standard.from_day:
            latest[standard.issuer] = standard
    left = [clause for standard, clause in speaking if latest[standard.issuer].id == standard.id]
    strictness = {clause.id: _strictness(clause) for clause in left}
    most = max(strictness.values(), default=0.0)
    return [clause for clause in left if strictness[clause.id] == most]


def _strictness(clause: Clause) -> float:
    """Order numbers by strictness: a minimum by its height, a maximum by how low it is."""
    number = clause.number or 0.0
    return -number if clause.comparison == "at_most" else number
