"""The words for a network of tiers: which parents get which children."""

from collections.abc import Iterator

import pandas as pd

from siting.domain.nouns import Proposal
from siting.text import Lang, say
from siting.text.numbers import number
from siting.write.unmet import Told

# The most parents that lines name.
_MOST_NAMED = 8


def link_texts(proposal: Proposal, lang: Lang) -> list[Told]:
    """Return how many children get a parent and how far it is, and a line for each parent.

    Parameters
    ----------
    proposal : Proposal
        The plan; no lines if it is no network.
    lang : {"zh", "en"}
        Language.
    """
    return [] if proposal.links is None else list(_links(proposal, proposal.links, lang))


def _links(proposal: Proposal, links: pd.DataFrame, lang: Lang) -> Iterator[Told]:
    if links.empty:
        yield Told(say("links.none", lang))
        return
    existing = int((~links["child_id"].isin(proposal.stations.index)).sum())
    told = {"mean": number(links["distance_m"].mean()), "far": number(links["distance_m"].max())}
    yield Told(say("links.some", lang, count=len(links), existing=existing, **told))
    names = _names(proposal)
    groups = list(links.groupby("parent_id", sort=False))
    join = "、" if lang == "zh" else ", "
    for parent, rows in groups[:_MOST_NAMED]:
        children = join.join(names[key] for key in rows["child_id"])
        yield Told(say("links.parent", lang, parent=names[str(parent)], children=children), 1)
    if len(groups) > _MOST_NAMED:
        yield Told(say("links.more", lang, count=len(groups) - _MOST_NAMED), 1)


def _names(proposal: Proposal) -> dict[str, str]:
    """Return the name of each facility and station with its id."""
    both = pd.concat([proposal.before.inputs.facilities["name"], proposal.stations["name"]])
    return {str(key): str(key) if pd.isna(name) else f"{name} ({key})" for key, name in both.items()}
