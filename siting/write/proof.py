"""How it is told what a plan proves."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import pandas as pd

from siting.domain.nouns import Selection
from siting.text import Lang, say
from siting.units import SECONDS_PER_MINUTE

# What is told in lines names no more places than these.
_MOST_NAMED: Final = 5


class StageText(NamedTuple):
    """The words of one objective of a model: what it is, its value, its bound, and the optimality gap."""

    name: str
    objective: str
    bound: str
    gap: str


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _minutes(value: float) -> str:
    return f"{value / SECONDS_PER_MINUTE:,.1f}"


_TOLD: Final[dict[str, Callable[[float], str]]] = {
    "seconds": lambda value: _whole(value / SECONDS_PER_MINUTE),
    "worst_s": _minutes,
    "least_share": lambda value: f"{value:.1%}",
    "shortfall": lambda value: f"{value:,.3f}",
}


def stage_texts(selection: Selection, lang: Lang) -> list[StageText]:
    """Return the words of each objective of a plan, in order.

    Parameters
    ----------
    selection : Selection
        What was chosen, with its stages; none of an infeasible request.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    list of StageText
        Persons, stations and yuan as whole numbers, walking in person-minutes or minutes, shares in percent; a dash for
        what is not known.
    """

    def told(name: str, value: float) -> str:
        return _TOLD.get(name, _whole)(value) if math.isfinite(value) else "–"

    return [
        StageText(
            say(f"proof.stage.{stage.name}", lang),
            told(stage.name, stage.objective),
            told(stage.name, stage.bound),
            f"{stage.gap:.2%}" if math.isfinite(stage.gap) else "–",
        )
        for stage in selection.stages
    ]


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
    if blocked["unreached_elderly"] > 0:
        most = apart.join(f"{key} {_whole(people)}" for key, people in [*blocked["unreached_in"].items()][:_MOST_NAMED])
        people = _whole(blocked["unreached_elderly"])
        lines.append(say("proof.line.unreached", lang, people=people, units=most))
    for name, least in blocked["least"].items():
        what = say(f"proof.rule.{name}", lang)
        lines.append(say("proof.line.least", lang, what=what, value=_whole(least["value"])))
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
        value = f"{row['shortfall']:,.4g} / {row['required']:,.4g}"
        level = row["level"]
        place = f"{say(f'level.{level}', lang)} {row['id']}"
        lines.append("  " + say("proof.line.shortfall", lang, clause=row["clause_id"], place=place, value=value))
    return lines
