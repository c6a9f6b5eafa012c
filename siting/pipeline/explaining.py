"""Why a place is covered or not."""

import numpy as np
import pandas as pd

from siting import places
from siting.assess.explain import (
    candidates_table,
    find_subject,
    gains_of,
    perhaps_table,
    standing_of,
    uncovered_people,
)
from siting.assess.figures import perhaps_covered
from siting.assess.withholding import withheld_explanation, withheld_report
from siting.domain.explained import Explained
from siting.domain.nouns import Progress, quiet
from siting.domain.scenario import Scenario
from siting.pipeline.ground import measure, prepare, unsaid_times, walk
from siting.travel.routes import minutes_to, way_to_nearest


def explain(scenario: Scenario, what: str | tuple[float, float], progress: Progress | None = None) -> Explained:
    """Read a scenario's layers and explain why one place is covered or not."""
    ground = prepare(scenario, progress or quiet)
    inputs, demand, facilities = ground.inputs, ground.demand, ground.facilities
    subject = find_subject(inputs, what)
    counting = places.in_circle(facilities, scenario)
    access = walk(inputs, demand, ground.ways, facilities, counting, progress or quiet)
    figures = None
    if subject.is_area:
        measured = measure(ground, facilities, progress or quiet)
        rows = (withheld_report(measured) if scenario.scenario.share else measured).places
        figures = rows.drop(columns="geometry").loc[[(subject.level, subject.id)]].to_dict("records")[0]
    unsaid = unsaid_times(ground, facilities, progress or quiet)
    standing = standing_of(subject, inputs, demand, access, ground.basis, perhaps_covered(demand, unsaid))
    # For a facility, the nearest other facility is sought.
    itself = (facilities.index == subject.id) & (subject.level == "facility")
    circle = facilities[counting & ~itself]
    serves = bool((counting & itself).any()) if subject.level == "facility" else None
    way = way_to_nearest(ground.network, standing.spot, circle, scenario.walking)
    refused = inputs.candidates.loc[ground.refused.index.unique()]
    barred = walk(inputs, demand, ground.ways, refused, np.zeros(len(refused), dtype=bool), progress or quiet)
    gained = (standing.uncovered, uncovered_people(demand, access, standing.who))
    asked = inputs.facilities.loc[[] if unsaid is None else list(unsaid.site_ids)]
    minutes = scenario.walking.minutes
    explained = Explained(
        inputs=inputs,
        subject=subject,
        standing=standing,
        way=way,
        candidates=candidates_table(
            inputs.candidates,
            pd.concat([gains_of(each.within, *gained) for each in (ground.reached, barred)]),
            minutes_to(ground.network, standing.spot, inputs.candidates, scenario.walking),
            ground.refused,
            minutes,
            lived=bool(standing.people.any()),
        ),
        perhaps=perhaps_table(
            asked,
            pd.Series(dtype="float64") if unsaid is None else gains_of(unsaid, *gained)["here"],
            minutes_to(ground.network, standing.spot, asked, scenario.walking),
            minutes,
        ),
        serves=serves,
        figures=figures,
        joined=subject.id not in access.unattached or subject.level != "facility",
    )
    return withheld_explanation(explained) if scenario.scenario.share else explained
