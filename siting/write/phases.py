"""The words for a plan with phases: what opens in each year and what it does, and what other plans lose."""

import math
from collections.abc import Iterator

from siting.domain.nouns import Proposal
from siting.text import Lang, say
from siting.text.numbers import number, percent
from siting.write.unmet import Told

# Smaller differences of elderly-years are rounding errors.
_EQUAL = 1e-6


def phase_texts(proposal: Proposal, lang: Lang) -> list[Told]:
    """Return a line for each phase, and one for each of the two plans that are made without phases.

    Parameters
    ----------
    proposal : Proposal
        The plan; no lines if it has no phases.
    lang : {"zh", "en"}
        Language.
    """
    if proposal.phases is None:
        return []
    return [*_phases(proposal, lang), *_others(proposal, lang)]


def _phases(proposal: Proposal, lang: Lang) -> Iterator[Told]:
    assert proposal.phases is not None  # noqa: S101 - the caller has checked it
    for row in proposal.phases.to_dict("records"):
        told = {name: number(row[name]) for name in ("elderly", "cost_cny", "subsidy_cny")}
        shares = {"without": percent(row["covered_share_without"]), "share": percent(row["covered_share"])}
        key = "none" if row["stations"] == 0 else "phase" if math.isnan(row["cost_cny"]) else "phase_with_cost"
        # A year is no number with separators.
        year, stations = str(row["year"]), int(row["stations"])
        yield Told(say(f"phases.{key}", lang, year=year, stations=stations, **told, **shares))


def _others(proposal: Proposal, lang: Lang) -> Iterator[Told]:
    best = proposal.selection.objective
    for name, value in proposal.other_plans.items():
        loss = best - value
        key = "not_feasible" if math.isnan(value) else "equal" if loss <= _EQUAL * abs(best) else "less"
        told = {"value": number(value), "loss": number(loss), "share": percent(loss / best if best else 0.0)}
        yield Told(say(f"phases.{key}", lang, plan=say(f"phases.other.{name}", lang), **told))
