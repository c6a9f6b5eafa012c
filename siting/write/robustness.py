"""The words for a robust plan: what it promises, what robustness costs, and which sites most populations choose."""

from collections.abc import Iterator

import pandas as pd

from siting.domain.nouns import Proposal, Robustness
from siting.listing import listed
from siting.text import Lang, say
from siting.text.numbers import number, percent
from siting.write.unmet import Told

# The most sites that a line names.
_MOST_NAMED = 8


def robust_texts(proposal: Proposal, lang: Lang) -> list[Told]:
    """Return what a robust plan does in other populations; no lines for other plans.

    Parameters
    ----------
    proposal : Proposal
        The plan.
    lang : {"zh", "en"}
        Language.
    """
    return [] if proposal.robustness is None else list(_robust(proposal, proposal.robustness, lang))


def _robust(proposal: Proposal, found: Robustness, lang: Lang) -> Iterator[Told]:
    persons = ("at_least", "mean", "worst", "given_at_least", "given_mean", "promised")
    told = {name: number(getattr(found, name)) for name in persons}
    told |= {name: percent(getattr(found, name), 1) for name in ("held_share", "confidence")}
    told |= {"share": percent(found.share, 0), "held_out": number(found.held_out), "draws": str(found.draws)}
    for key in ("promise", "tried", "price"):
        yield Told(say(f"robust.{key}", lang, **told))
    names = pd.Series(proposal.before.inputs.candidates["name"])
    chosen = set(proposal.stations["candidate_id"])
    join = "、" if lang == "zh" else ", "
    for key, sites in (
        ("chosen", [key for key in found.chosen_in if key in chosen]),
        ("others", [key for key in found.chosen_in if key not in chosen]),
    ):
        if sites:
            parts = [f"{names.get(each, each)} ({each}) {percent(found.chosen_in[each], 0)}" for each in sites]
            yield Told(say(f"robust.{key}", lang, sites=listed(parts, _MOST_NAMED, join=join, before_mark=" ")), 1)
