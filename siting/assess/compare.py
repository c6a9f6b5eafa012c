"""Two standards side by side: what each says about a measure, which governs, and where they conflict."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from siting.domain.measures import MEASURES
from siting.domain.standards import Clause, ClauseLevel, Standard

# one, other: the rule of that standard; all: neither replaces the other; both: each in its own place; none: not in
# force.
Governs = Literal["one", "other", "all", "both", "none"]
_ORDER: Final = {"at_least": 1.0, "at_most": -1.0}


@dataclass(frozen=True)
class Measured:
    """What two standards say about one measure: a kind of clause, with its denominator or class, at a level.

    ``one`` and ``other`` hold the clauses of each, empty if it says nothing. ``laxer`` tells that the rule of the lower
    body requires less than that of the higher body, which is a conflict.
    """

    kind: str
    of: str | None
    level: ClauseLevel
    one: tuple[Clause, ...]
    other: tuple[Clause, ...]
    governs: Governs
    laxer: bool


@dataclass(frozen=True)
class Conflict:
    """Two clauses that contradict each other, as recorded in the catalogue."""

    one: Clause
    other: Clause


@dataclass(frozen=True)
class Comparison:
    """Two standards compared at a date."""

    one: Standard
    other: Standard
    date: dt.date
    measures: tuple[Measured, ...]
    conflicts: tuple[Conflict, ...]


def compare(one: Standard, other: Standard, date: dt.date) -> Comparison:
    """Compare two standards.

    Parameters
    ----------
    one, other : Standard
        The standards.
    date : datetime.date
        The date for which it is told which clause governs: among documents of one body the later one; the lower body's
        if it is stricter; the higher body's if the lower one's is laxer.

    Returns
    -------
    Comparison
        One row for each measure, in the order of ``one``, then those in ``other`` alone; and the conflicts recorded in
        the catalogue.

    Examples
    --------
    >>> import datetime as dt
    >>> from siting.assess.compare import compare
    >>> from siting.read import standard
    >>> found = compare(standard("cq-2017-162"), standard("cq-2019-129"), dt.date(2026, 1, 1))
    >>> land = next(each for each in found.measures if each.kind == "land_per_person")
    >>> land.level, land.one[0].number, land.other[0].number, land.governs
    ('district', 0.1, 0.2, 'other')
    """
    ones, others = _measures(one), _measures(other)
    rows = []
    for key in dict.fromkeys((*ones, *others)):
        kind, of, level = key
        said, answered = ones.get(key, ()), others.get(key, ())
        governs = _governs(one, other, said, answered, date)
        laxer = governs != "none" and _laxer(one, other, said, answered)
        rows.append(Measured(kind, of, level, said, answered, governs, laxer))
    return Comparison(one, other, date, tuple(rows), tuple(_conflicts(one, other)))


def _measures(standard: Standard) -> Mapping[tuple[str, str | None, ClauseLevel], tuple[Clause, ...]]:
    """Group the measuring clauses, and the remedies, by what they measure."""
    found: dict[tuple[str, str | None, ClauseLevel], tuple[Clause, ...]] = {}
    for clause in standard.clauses:
        if clause.kind in MEASURES or clause.kind == "remedy":
            for level in clause.levels:
                # Remedies for old and for new areas have different purposes.
                key = (clause.kind, clause.of or (clause.applies_to if clause.kind == "remedy" else None), level)
                found[key] = (*found.get(key, ()), clause)
    return found


def _conflicts(one: Standard, other: Standard) -> Iterable[Conflict]:
    theirs = {clause.id: clause for clause in other.clauses}
    for clause in one.clauses:
        backward = (each.id for each in other.clauses if clause.id in each.conflicts_with)
        for key in dict.fromkeys((*clause.conflicts_with, *backward)):
            if key in theirs:
                yield Conflict(clause, theirs[key])


def _governs(
    one: Standard, other: Standard, said: tuple[Clause, ...], answered: tuple[Clause, ...], date: dt.date
) -> Governs:
    speaks, answers = bool(said) and one.applies(date), bool(answered) and other.applies(date)
    if not (speaks and answers):
        return "one" if speaks else "other" if answers else "none"
    if not _nested(one, other):
        return "both"
    sterner, milder = _strictest(said), _strictest(answered)
    if sterner is None or milder is None:
        return "all"
    if one.issuer == other.issuer:
        return "one" if one.from_day > other.from_day else "other"
    difference = _stricter_by(sterner, milder)
    if difference == 0:
        return "all"
    # A stricter rule of the lower body governs; a laxer one does not.
    return "one" if difference > 0 else "other"


def _nested(one: Standard, other: Standard) -> bool:
    """Tell whether both may apply to the same place."""
    return one.jurisdiction.startswith(other.jurisdiction) or other.jurisdiction.startswith(one.jurisdiction)


def _strictest(clauses: tuple[Clause, ...]) -> Clause | None:
    """Return the strictest clause that has a number and gives a verdict."""
    numbered = [clause for clause in clauses if clause.number is not None and clause.gives_verdict]
    return max(numbered, key=_strictness, default=None)


def _strictness(clause: Clause) -> float:
    return _ORDER.get(clause.comparison or "", 0.0) * (clause.number or 0.0)


def _stricter_by(one: Clause, other: Clause) -> float:
    """Return by how much one clause requires more than the other (negative: less)."""
    return _strictness(one) - _strictness(other)


def _laxer(one: Standard, other: Standard, said: tuple[Clause, ...], answered: tuple[Clause, ...]) -> bool:
    mine, theirs = _strictest(said), _strictest(answered)
    if mine is None or theirs is None or not _nested(one, other) or one.issuer == other.issuer:
        return False
    lower_is_one = len(one.jurisdiction) > len(other.jurisdiction)
    lower, higher = (mine, theirs) if lower_is_one else (theirs, mine)
    return _stricter_by(lower, higher) < 0
