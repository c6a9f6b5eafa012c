"""The total costs of a plan, in the same form for every output."""

import math
from collections.abc import Mapping

from siting.domain.nouns import Proposal
from siting.text import Lang, say
from siting.text.numbers import number
from siting.write.unmet import Told


def plan_costs(proposal: Proposal) -> Mapping[str, float]:
    """Return the total cost of stations and changed facilities, yuan.

    Parameters
    ----------
    proposal : Proposal
        The plan.

    Returns
    -------
    dict
        ``cost_cny``, the sum of the known costs (NaN without any), and ``unknown``, the number of sites without a known
        cost; ``subsidy_cny`` (eligible) and ``subsidy_conditional_cny``, one-off money for the stations;
        ``net_cost_cny``, the cost less the eligible subsidy.
    """
    stations, changes = proposal.stations, proposal.changes
    costs = [*stations["cost_cny"], *(changes["cost_cny"] if len(changes) else ())]
    known = [cost for cost in costs if math.isfinite(cost)]
    gross = math.fsum(known) if known else math.nan
    money = {name: float(stations[name].sum()) for name in ("subsidy_cny", "subsidy_conditional_cny")}
    return {
        "cost_cny": gross,
        **money,
        "net_cost_cny": gross - money["subsidy_cny"],
        "unknown": len(costs) - len(known),
    }


def cost_texts(proposal: Proposal, lang: Lang) -> list[Told]:
    """Return lines on the total costs of a plan; empty if no cost is known, or nothing is proposed."""
    costs = plan_costs(proposal)
    if not proposal.selection.stages or math.isnan(costs["cost_cny"]):
        return []
    least = "≥ " if costs["unknown"] else ""
    words = {key: number(figure) for key, figure in costs.items()}
    lines = [say("cli.costs", lang, **words | {key: least + words[key] for key in ("cost_cny", "net_cost_cny")})]
    if costs["subsidy_conditional_cny"]:
        lines.append(say("cli.costs_conditional", lang, **words))
    return [Told(line) for line in lines]
