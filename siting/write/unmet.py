"""Why there is no plan, what a plan leaves short of its clauses, and how evenly it serves units, in sentences."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from siting.domain.nouns import Assessment, Blocked, Proposal
from siting.domain.standards import Clause, Standard
from siting.text import Lang, say
from siting.text.numbers import number, percent
from siting.write.audited import quantity
from siting.write.clauses import amount_text, force_text

# The most places that lines name.
_MOST_NAMED: Final = 5
_NOISE: Final = 1e-6
# Rules for which it matters which people no candidate reaches.
_ASK_FOR_REACH: Final = frozenset({"share", "unit_share", "reach"})
# Levels at which a clause on unit coverage requires a facility in the unit itself.
_OF_ONE_FACILITY: Final = frozenset({"community", "street"})


class Told(NamedTuple):
    """A line, and its indentation below others."""

    text: str
    depth: int = 0


def unmet_texts(proposal: Proposal, lang: Lang) -> list[Told]:
    """Return lines on why there is no plan and what would do, or on what a relaxed plan leaves short.

    Parameters
    ----------
    proposal : Proposal
        The plan; ``blocked`` and ``shortfalls`` are given with the names from its check before.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    list of Told
        Empty for a plan that meets the request. For an infeasible request: the conflicting rules, the units that fall
        short, the people that no candidate reaches, the least that would do and what may be relaxed. For a relaxed
        plan: each clause with its document, article and words, and below it the places with the largest shortfalls.
    """
    return [*_blocked(proposal, lang), *_shortfalls(proposal, lang)]


def _blocked(proposal: Proposal, lang: Lang) -> Iterator[Told]:
    blocked = proposal.blocked
    if blocked is None:
        if proposal.selection.status == "unknown":
            yield Told(say("proof.line.nothing_found", lang))
        return
    if blocked.rules:
        yield Told(say("proof.line.blocked", lang, rules=_rules(blocked.rules, lang)))
    else:
        ended = "no_reason" if proposal.selection.stopped_by == "proved" else "nothing_found"
        yield Told(say(f"proof.line.{ended}", lang))
    if blocked.units:
        yield Told(say("proof.line.units", lang, ids=_named(proposal, blocked.level, blocked.units, lang)))
    if blocked.stuck:
        names = proposal.before.inputs.candidates["name"]
        yield Told(say("proof.line.stuck", lang, ids=_join((_both(names, key, lang) for key in blocked.stuck), lang)))
    if blocked.unreached_elderly > 0 and (not blocked.rules or _ASK_FOR_REACH & {*blocked.rules}):
        yield Told(_unreached(proposal, blocked, lang))
    for name, least in blocked.least.items():
        # Rounded down it would be infeasible.
        value = f"{math.ceil(least.value - _NOISE):,.0f}"
        unproved = "" if least.proved else say("proof.least.unproved", lang)
        yield Told(say(f"proof.least.{name}", lang, value=value) + unproved)
    if blocked.remedies:
        yield Told(say("proof.line.remedies", lang, rules=_rules(blocked.remedies, lang)))
    if not blocked.proved:
        yield Told(say("proof.line.unproved", lang))


def _unreached(proposal: Proposal, blocked: Blocked, lang: Lang) -> str:
    people, everybody = blocked.unreached_elderly, float(proposal.before.totals["elderly"])
    most = [
        f"{_place(proposal, blocked.level, key, lang)} {number(persons)}"
        for key, persons in [*blocked.unreached_in.items()][:_MOST_NAMED]
    ]
    part = percent(people / everybody if everybody > 0 else None)
    key = "unreached" if most else "unreached_nowhere"
    return say(f"proof.line.{key}", lang, people=number(people), part=part, units=_join(most, lang))


def _shortfalls(proposal: Proposal, lang: Lang) -> Iterator[Told]:
    short = proposal.shortfalls
    if short is None or short.empty:
        return
    clauses = {clause.id: (each, clause) for each in proposal.before.inputs.standards for clause in each.clauses}
    yield Told(say("proof.line.shortfalls", lang, clauses=short["clause_id"].nunique(), count=len(short)))
    for key, rows in short.groupby("clause_id", sort=False):
        cited = clauses.get(str(key))
        yield Told(_cited(str(key), cited, len(rows), lang), 1)
        if cited is not None and cited[1].quote:
            yield Told(f"“{cited[1].quote}”", 2)
        for row in rows.head(_MOST_NAMED).to_dict("records"):
            yield Told(_short_of(proposal, {str(name): value for name, value in row.items()}, lang), 2)
        if len(rows) > _MOST_NAMED:
            yield Told(say("proof.line.more_places", lang, count=len(rows) - _MOST_NAMED), 2)


def _cited(key: str, cited: tuple[Standard, Clause] | None, count: int, lang: Lang) -> str:
    """Return where a clause is and what it requires, and in how many places it falls short."""
    if cited is None:
        return say("proof.line.clause_unknown", lang, id=key, count=count)
    standard, clause = cited
    asks = " ".join(filter(None, (say(f"clause_kind.{clause.kind}", lang), amount_text(clause, lang))))
    article = say("map.popup.article", lang, article=clause.article)
    return say(
        "proof.line.clause",
        lang,
        number=standard.number,
        article=article,
        id=key,
        asks=asks,
        force=force_text(clause, lang),
        count=count,
    )


def _short_of(proposal: Proposal, row: Mapping[str, Any], lang: Lang) -> str:
    """Return what is provided for a clause in a place, what is required, and the shortfall."""
    kind, unit = _kind_and_unit(proposal.after, row)
    level = str(row["level"])
    place = f"{say(f'level.{level}', lang)} {_place(proposal, level, row['id'], lang)}"
    if kind == "unit_coverage" and level in _OF_ONE_FACILITY:
        by_tier = proposal.after.inputs.scenario.standards.coverage == "by_tier"
        return say(f"proof.line.no_facility{f'_{level}' if by_tier else ''}", lang, place=place)
    told = {name: _figure(float(row[name]), unit, lang) for name in ("provided", "required", "shortfall")}
    return say("proof.line.shortfall", lang, place=place, **told)


def _kind_and_unit(assessment: Assessment, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the kind of a clause, and its unit in a place."""
    checks = assessment.checks
    index = checks.index
    here = (checks["clause_id"] == row["clause_id"]).to_numpy() & (index.get_level_values("level") == row["level"])
    here &= index.get_level_values("id").astype(str) == str(row["id"])
    if not here.any():
        return "", ""
    found = checks[here].iloc[0]
    return str(found["kind"]), str(found["unit"])


def _figure(value: float, unit: str, lang: Lang) -> str:
    return quantity(value, unit, lang) if unit else f"{value:,.4g}"


def fairness_texts(proposal: Proposal, lang: Lang) -> list[Told]:
    """Return lines on how evenly the units of a plan's level are covered, before and after.

    Parameters
    ----------
    proposal : Proposal
        The plan, with ``fairness``; no lines without.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    list of Told
        The Gini coefficients; for a fair plan first the unit with the least share, before and after.
    """
    fairness = proposal.fairness
    if fairness is None:
        return []
    level = say(f"level.{fairness.level}", lang)
    lines = []
    if proposal.request.model == "fair":
        lines.append(
            say(
                "proof.line.least_unit",
                lang,
                level=level,
                before=_least(proposal, fairness.level, fairness.least_before, fairness.least_share_before, lang),
                after=_least(proposal, fairness.level, fairness.least_after, fairness.least_share_after, lang),
            )
        )
    ginis = {"before": number(fairness.gini_before, 3), "after": number(fairness.gini_after, 3)}
    lines.append(say("proof.line.fair", lang, level=level, **ginis))
    return [Told(line) for line in lines]


def _least(proposal: Proposal, level: str, units: Sequence[str], share: float, lang: Lang) -> str:
    """Return the units with the least share, and the share."""
    named = _named(proposal, level, units[:_MOST_NAMED], lang)
    if len(units) > _MOST_NAMED:
        named = say("proof.line.and_more", lang, names=named, count=len(units))
    return f"{named} {percent(share)}"


def change_texts(proposal: Proposal, lang: Lang) -> list[Told]:
    """Return lines on the facilities that a plan closes or enlarges, by name."""
    names, changes = proposal.before.inputs.facilities["name"], proposal.changes
    lines = []
    for action in ("close", "enlarge") if len(changes) else ():
        keys = changes.index[changes["action"] == action]
        if len(keys):
            told = _join((_both(names, key, lang) for key in keys), lang)
            lines.append(Told(say(f"proof.line.{action}", lang, ids=told)))
    return lines


def _rules(rules: Iterable[str], lang: Lang) -> str:
    return _join((say(f"proof.rule.{rule}", lang) for rule in rules), lang)


def _named(proposal: Proposal, level: str | None, keys: Iterable[object], lang: Lang) -> str:
    return _join((_place(proposal, level, key, lang) for key in keys), lang)


def _place(proposal: Proposal, level: str | None, key: object, lang: Lang) -> str:
    """Return the name of a place with its id; only the id if it has no name."""
    places = proposal.before.places
    here = places["id"].astype(str).to_numpy() == str(key)
    if level is not None:
        here &= (places["level"] == level).to_numpy()
    names = places["name"][here]
    return _both(pd.Series(names.to_numpy()[:1], index=[str(key)][: len(names)], dtype="object"), str(key), lang)


def _both(names: pd.Series, key: object, lang: Lang) -> str:
    name = names.get(key)
    if not isinstance(name, str) or not name or name == str(key):
        return str(key)
    return f"{name}（{key}）" if lang == "zh" else f"{name} ({key})"


def _join(texts: Iterable[str], lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(texts)
