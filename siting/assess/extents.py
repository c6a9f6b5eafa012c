"""Where each standard applies: in its own districts, and without the places that it excludes (methods, 15)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from siting.assess.judge import Check, Rules, rules_of
from siting.domain.nouns import Assessment, Inputs, Jurisdiction, Note
from siting.domain.standards import Standard

# The area for which a check is made.
WHOLE: Final = "whole"
OUTSIDE: Final = "without_area"


def without_area(standards: Iterable[Standard]) -> frozenset[str]:
    """Return the ids of the clauses that do not apply to the places that their standard excludes."""
    return frozenset(clause.id for each in standards for clause in each.clauses if clause.without_excluded)


def grouped(
    level: str, places: pd.Index, standards: Sequence[Standard], law: Jurisdiction, compared: frozenset[str]
) -> Iterator[tuple[pd.Index, Rules]]:
    """Yield the groups of places of a level in which the same standards hold, with their rules.

    Parameters
    ----------
    level : str
        Level of the places.
    places : pandas.Index
        Their ids.
    standards : sequence of Standard
        The standards in force.
    law : Jurisdiction
        Which standards hold where.
    compared : frozenset of str
        The standards and clauses that are only for comparison.
    """
    if not law.elsewhere:
        yield places, rules_of(standards, compared)
        return
    beyond = pd.DataFrame({key: law.beyond(key, level).reindex(places) for key in law.elsewhere}, index=places)
    for found, rows in beyond.groupby(list(beyond.columns), sort=False):
        gone = {key for key, out in zip(beyond.columns, found, strict=True) if out}
        yield rows.index, rules_of([each for each in standards if each.id not in gone], compared)


def not_theirs(level: str, checks: Iterable[Check], law: Jurisdiction, judged: pd.Index) -> Iterator[Check]:
    """Yield the checks of standards in places where they do not hold, as not applicable."""
    for check in checks:
        key = check.standard.id
        if key in law.elsewhere and check.id not in judged[~law.beyond(key, level).reindex(judged).to_numpy()]:
            yield check.set_aside("other_jurisdiction")


def upon_whole(check: Check, compared: frozenset[str]) -> Check:
    """Return a check for the whole area; a check for comparison, by its standard or clause, does not bind."""
    beside = not compared.isdisjoint((check.standard.id, check.clause.id))
    return replace(check, extent=WHOLE, for_comparison=beside, binding=False if beside else check.binding)


def joined(checks: pd.DataFrame, outside: Assessment | None, inputs: Inputs) -> pd.DataFrame:
    """Return the checks for the whole area, and those of standards with an excluded area for the rest of it.

    The check for the rest is decisive if the clause says so; otherwise it stands beside the one for the whole, for
    comparison.
    """
    if outside is None:
        return checks
    own = outside.checks["standard_id"].isin([each.id for each in inputs.standards if each.excludes])
    left = outside.checks[own.to_numpy(dtype=bool)].assign(extent=OUTSIDE)
    beside = ~left["clause_id"].isin(without_area(inputs.standards))
    left = left.assign(for_comparison=beside, binding=left["binding"].mask(beside, other=False))
    return pd.concat([each for each in (checks, left) if len(each)] or [checks])


def extent_notes(inputs: Inputs, outside: Assessment | None, whole: pd.Series) -> Iterator[Note]:
    """Return a note on the area that standards exclude, with its people and facilities, or that it is not given.

    ``whole`` holds ``residents``, ``elderly`` and ``facilities`` of the whole area.
    """
    asking = [each for each in inputs.standards if each.excludes and any(one.gives_verdict for one in each.clauses)]
    named = {
        "standards": ", ".join(each.number for each in asking),
        "places": "、".join(dict.fromkeys(place for each in asking for place in each.excludes)),
    }
    if inputs.exclude_area is None:
        if asking:
            yield Note("area_not_given", named)
    elif not asking:
        yield Note("area_asked_by_none")
    elif outside is None:
        yield Note("area_empty", named)
    else:
        left = {
            name: f"{whole[name] - outside.totals[name]:,.0f}" if pd.notna(whole[name]) else "?"
            for name in ("residents", "elderly")
        }
        count = int(whole["facilities_counted"] - outside.totals["facilities_counted"])
        yield Note("area_left_out", named | left | {"count": count})
