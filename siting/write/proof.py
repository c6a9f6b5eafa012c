"""How it is told what a plan proves."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import pandas as pd

from siting.domain.nouns import Proposal
from siting.text import Lang, say
from siting.units import SECONDS_PER_MINUTE

# What is told in lines names no more places than these.
_MOST_NAMED: Final = 5
_NOISE: Final = 1e-6
# Requirements of so much (land, beds) are told as whole numbers, smaller ones (shares) with decimals.
_WHOLE_FROM: Final = 1000
# Objectives in which weights make one person count as several.
_WEIGHTED: Final = frozenset({"covered", "beyond", "seconds"})
# Objectives that count whom sites serve.
_SERVED: Final = frozenset({"covered", "beyond", "least_share"})
# Rules for which it matters whom no candidate reaches.
_ASK_FOR_REACH: Final = frozenset({"share", "unit_share", "reach"})


class StageText(NamedTuple):
    """The words of one objective of a model: what it is (and their key), its value, its bound, the optimality gap."""

    key: str
    name: str
    objective: str
    bound: str
    gap: str


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _amount(value: float) -> str:
    return _whole(value) if abs(value) >= _WHOLE_FROM else f"{value:.4g}"


def _minutes(value: float) -> str:
    return f"{value / SECONDS_PER_MINUTE:,.1f}"


_TOLD: Final[dict[str, Callable[[float], str]]] = {
    "seconds": lambda value: _whole(value / SECONDS_PER_MINUTE),
    "worst_s": _minutes,
    "least_share": lambda value: f"{value:.1%}",
    "shortfall": lambda value: f"{value:,.3f}",
}


def stage_texts(proposal: Proposal, lang: Lang) -> list[StageText]:
    """Return the words of each objective of a plan, in order.

    Parameters
    ----------
    proposal : Proposal
        The plan, with its stages; none of an infeasible request.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    list of StageText
        Persons, stations and yuan as whole numbers, walking in person-minutes or minutes, shares in percent; a dash for
        what is not known. What counts persons says where some count more than others, and where sites have a capacity,
        so that not all who are covered are served.
    """
    weighted, limited = bool(proposal.request.get("weights")), _has_capacity(proposal)

    def key_of(name: str) -> str:
        served = "_served" if limited and name in _SERVED else ""
        return f"proof.stage.{name}{served}" + ("_weighted" if weighted and name in _WEIGHTED else "")

    def told(name: str, value: float) -> str:
        return _TOLD.get(name, _whole)(value) if math.isfinite(value) else "–"

    return [
        StageText(
            key_of(stage.name),
            say(key_of(stage.name), lang),
            told(stage.name, stage.objective),
            told(stage.name, stage.bound),
            f"{stage.gap:.2%}" if math.isfinite(stage.gap) else "–",
        )
        for stage in proposal.selection.stages
    ]


def _has_capacity(proposal: Proposal) -> bool:
    asked = {"capacity", "existing_capacity"} & proposal.request.keys()
    return bool(asked) or bool(proposal.stations["capacity"].notna().any())


def blocked_texts(blocked: Mapping[str, Any] | None, lang: Lang) -> list[str]:
    """Return sentences that say why no choice keeps to a request, and what would do; none where there is a plan.

    Parameters
    ----------
    blocked : mapping or None
        ``Proposal.blocked``.
    lang : {"zh", "en"}
        Language.
    """
    if blocked is None:
        return []
    apart = "、" if lang == "zh" else ", "
    lines = []
    if blocked["rules"]:
        rules = apart.join(say(f"proof.rule.{rule}", lang) for rule in blocked["rules"])
        lines.append(say("proof.line.blocked", lang, rules=rules))
    named = [name for name in ("units", "stuck") if blocked[name]]
    lines += [say(f"proof.line.{name}", lang, ids=apart.join(blocked[name])) for name in named]
    if blocked["unreached_elderly"] > 0 and (not blocked["rules"] or _ASK_FOR_REACH & {*blocked["rules"]}):
        most = apart.join(f"{key} {_whole(people)}" for key, people in [*blocked["unreached_in"].items()][:_MOST_NAMED])
        people = _whole(blocked["unreached_elderly"])
        lines.append(say("proof.line.unreached", lang, people=people, units=most))
    for name, least in blocked["least"].items():
        what = say(f"proof.rule.{name}", lang)
        # Rounded down it would not do.
        lines.append(say("proof.line.least", lang, what=what, value=_whole(math.ceil(least["value"] - _NOISE))))
    if blocked["remedies"]:
        rules = apart.join(say(f"proof.rule.{rule}", lang) for rule in blocked["remedies"])
        lines.append(say("proof.line.remedies", lang, rules=rules))
    return lines


def shortfall_texts(shortfalls: pd.DataFrame | None, lang: Lang) -> list[str]:
    """Return lines on what a relaxed plan leaves short, the largest parts of what is required first.

    Parameters
    ----------
    shortfalls : pandas.DataFrame or None
        ``Proposal.shortfalls``; no lines of None.
    lang : {"zh", "en"}
        Language.
    """
    if shortfalls is None or shortfalls.empty:
        return []
    lines = [say("proof.line.shortfalls", lang, count=len(shortfalls))]
    for row in shortfalls.head(_MOST_NAMED).to_dict("records"):
        value = f"{_amount(row['shortfall'])} / {_amount(row['required'])}"
        level = row["level"]
        place = f"{say(f'level.{level}', lang)} {row['id']}"
        lines.append("  " + say("proof.line.shortfall", lang, clause=row["clause_id"], place=place, value=value))
    return lines
