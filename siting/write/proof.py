"""The words for what a plan proves."""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from siting.domain.nouns import Proposal, Verification
from siting.domain.withheld import rounded_stage
from siting.text import Lang, knows, say
from siting.text.numbers import UNKNOWN, number, percent
from siting.units import SECONDS_PER_MINUTE
from siting.write.clauses import clause_reference

# Objectives with weights, in which one person may count as several.
_WEIGHTED: Final = frozenset({"covered", "elderly_years", "beyond", "seconds"})
# Objectives that count the people that sites serve.
_SERVED: Final = frozenset({"covered", "beyond", "least_share"})


class StageText(NamedTuple):
    """The words of one objective of a model: its name (and key), its value, its bound, the optimality gap.

    ``sense`` is ``"max"`` or ``"min"``: whether the bound is above or below.
    """

    key: str
    name: str
    objective: str
    bound: str
    gap: str
    sense: str


def _minutes(value: float) -> str:
    return number(value / SECONDS_PER_MINUTE, 1)


_TOLD: Final[dict[str, Callable[[float], str]]] = {
    "seconds": lambda value: number(value / SECONDS_PER_MINUTE),
    "worst_s": _minutes,
    "least_share": percent,
    "shortfall": lambda value: number(value, 3),
}


def stage_texts(proposal: Proposal, lang: Lang) -> list[StageText]:
    """Return the words of each objective of a plan, in order.

    Parameters
    ----------
    proposal : Proposal
        The plan, with its stages; none for an infeasible request.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    list of StageText
        Persons, stations and yuan as whole numbers, walking in person-minutes or minutes, shares in percent; a dash for
        unknown values. Objectives that count persons are marked if there are weights, or if sites have a capacity, so
        that not all covered people are served.
    """
    weighted, limited = bool(proposal.request.weights), _has_capacity(proposal)
    # A plan's file has them exact, for its certificate.
    share = proposal.before.inputs.scenario.scenario.share
    stages = [(stage, rounded_stage(stage) if share else stage) for stage in proposal.selection.stages]

    def key_of(name: str) -> str:
        served = "_served" if limited and name in _SERVED else ""
        return f"proof.stage.{name}{served}" + ("_weighted" if weighted and name in _WEIGHTED else "")

    def told(name: str, value: float) -> str:
        if not math.isfinite(value):
            return UNKNOWN
        told, unit = _told(name, value), f"proof.unit.{name}"
        return say(unit, lang, value=told) if knows(unit) else told

    return [
        StageText(
            key_of(stage.name),
            _with_clauses(proposal, place, say(key_of(stage.name), lang), lang),
            told(stage.name, shown.objective),
            told(stage.name, shown.bound),
            percent(stage.gap, 2),
            stage.sense,
        )
        for place, (stage, shown) in enumerate(stages)
    ]


def certificate_text(proposal: Proposal, lang: Lang) -> str | None:
    """Return what the certificate of a plan is good for; None without one."""
    if proposal.selection.certificate is None:
        return None
    return say("proof.certified.yes" if proposal.selection.certified else "proof.certified.bound", lang)


def verification_texts(found: Verification, lang: Lang) -> list[str]:
    """Return what the check of a certificate found."""
    if found.stage is None:
        told = {key: number(value, 2) if isinstance(value, float) else value for key, value in found.values.items()}
        return [say("proof.verified.not", lang, reason=say(f"proof.refuted.{found.refuted}", lang, **told))]
    stage = found.stage
    told = {key: _told(stage.name, value) for key, value in (("objective", stage.objective), ("bound", stage.bound))}
    words = {"name": say(f"proof.stage.{stage.name}", lang), "gap": percent(stage.gap, 2)}
    told = {key: say(f"proof.unit.{stage.name}", lang, value=value) for key, value in told.items()}
    return [say(f"proof.verified.{stage.sense}", lang, **words, **told), say("proof.verified.how", lang)]


def _told(name: str, value: float) -> str:
    return _TOLD.get(name, number)(value)


def _with_clauses(proposal: Proposal, place: int, name: str, lang: Lang) -> str:
    """Return the name of an objective, with its clauses."""
    selection = proposal.selection
    named = selection.clauses[place] if place < len(selection.clauses) else ()
    if not named:
        return name
    join = "、" if lang == "zh" else ", "
    told = (clause_reference(proposal.before.inputs.standards, *each.split("@"), lang=lang) for each in named)
    return say("proof.stage_of", lang, stage=name, clauses=join.join(dict.fromkeys(told)))


def _has_capacity(proposal: Proposal) -> bool:
    request = proposal.request
    limited = request.capacity is not None or request.existing_capacity is not None
    return limited or bool(proposal.stations["capacity"].notna().any())
