"""The scenario's people, places, sites and walks, gathered for a page that measures any choice of sites."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.assess.figures import people_figures
from siting.domain.nouns import Assessment, Demand, Progress, Proposal, quiet
from siting.domain.scenario import PlanOptions, asked
from siting.domain.standards import Clause, Standard
from siting.domain.unit_kinds import asked_kinds
from siting.domain.what_if import (
    UnitClause,
    WhatIf,
    WhatIfChoices,
    WhatIfGroup,
    WhatIfLevel,
    WhatIfPeople,
    WhatIfPlans,
    WhatIfReach,
    WhatIfRules,
    column_of,
)
from siting.pipeline.ground import PreparedScenario, areas_of, demand_of, prepared
from siting.pipeline.what_if.options import Options, options_of, plots_of
from siting.pipeline.what_if.proving import proof_of
from siting.pipeline.what_if.streets import streets_of
from siting.pipeline.what_if.walking import catchments, cut_offs, walks
from siting.pipeline.what_if.ways import ways_of
from siting.write.geojson import facts

_COUNTED: Final = (None, "facility", "community_facility")


def what_if(
    assessment: Assessment, proposal: Proposal | None = None, progress: Progress | None = None
) -> WhatIf | None:
    """Gather what a page needs to measure any choice of sites as the check does.

    Parameters
    ----------
    assessment : Assessment
        The check without a plan.
    proposal : Proposal, optional
        A plan of the same scenario, shown beside the choice.
    progress : callable, optional
        Called as ``(stage, done, total)``.

    Returns
    -------
    WhatIf or None
        None if there is nothing to choose or nobody elderly is known, if a standard excludes an area that is measured
        apart, if a page could not hold the cells or the walks, or if the results are to be passed on: from sums of any
        choice a reader could tell what is withheld.
    """
    alone = assessment.outside is not None or assessment.inputs.scenario.scenario.share
    if alone or assessment.demand.cells["elderly"].isna().all():
        return None
    report = progress or quiet
    narrow = prepared(assessment.inputs, report)
    sites = len(narrow.facilities) + len(narrow.permitted)
    minutes, own = cut_offs(narrow, sites)
    if not sites or not minutes:
        return None
    ground = replace(narrow, demand=_wide(narrow, max(minutes), report))
    given = {} if proposal is None else asked(proposal.request)
    options = options_of(ground, assessment, _enlarging(ground, given))
    reach = walks(ground, options, minutes, report)
    planned = _planned(options, proposal)
    scenario = ground.inputs.scenario
    groups = _groups(ground, given.get("weights", scenario.plan.weights))
    return WhatIf(
        reach=WhatIfReach(reach.minutes, own, reach.start, reach.cell, reach.step),
        people=WhatIfPeople(
            grid=ground.demand.grid,
            cells=ground.demand.cells[["elderly", "inside", "basis", *map(column_of, groups)]].fillna(0.0),
            groups=groups,
            levels=_levels(ground, assessment),
            whole=_whole(assessment),
        ),
        choices=WhatIfChoices(
            sites=options.sites,
            options=options.table,
            fixed=catchments(ground, options, report),
            plots=plots_of(ground),
            funding=options.funding,
        ),
        rules=WhatIfRules(
            clauses=_unit_clauses(ground),
            pass_share=scenario.circle.pass_share,
            shared_from=scenario.circle.shared_from,
            complete=scenario.facilities.complete,
            unsaid=_unsaid(ground),
        ),
        plans=WhatIfPlans(
            today=tuple(range(len(ground.facilities))),
            planned=planned,
            unshown=planned is None and proposal is not None and bool(proposal.selection.stages),
            request={
                "stations": given.get("stations", scenario.plan.stations),
                "budget_cny": given.get("budget_cny", scenario.plan.budget_cny),
            },
            proof=None if proposal is None else proof_of(narrow, proposal, report),
        ),
        facts=facts(ground.inputs),
        streets=streets_of(ground, reach.minutes),
        ways=_ways(narrow, assessment, proposal),
    )


def _whole(assessment: Assessment) -> dict[str, float]:
    """Return the people and the minimum of the whole, as the check counts them."""
    totals = assessment.totals
    by_elderly = totals["land_basis"].startswith("elderly")
    return {
        "elderly": totals["elderly"],
        "elderly_high": totals["elderly_high"],
        "land_floor": totals["land_floor"],
        "basis": totals["elderly"] if by_elderly else totals["residents"],
        "basis_high": totals["elderly_high"] if by_elderly else totals["residents_high"],
    }


def _ways(
    ground: PreparedScenario, assessment: Assessment, proposal: Proposal | None
) -> dict[Literal["today", "plan"], gpd.GeoDataFrame]:
    """Return the ways to the nearest facilities, and with the plan those that lead elsewhere then."""
    today = ways_of(ground, assessment)
    if proposal is None or not proposal.selection.stages:
        return {"today": today}
    after = ways_of(ground, proposal.after)
    same = after["facility"] == today["facility"].reindex(after.index)
    return {"today": today, "plan": after[~same]}


def _enlarging(ground: PreparedScenario, given: Mapping[str, Any]) -> PlanOptions:
    """Return the request with all facilities that the scenario or the plan would enlarge."""
    own = ground.inputs.scenario.plan
    return own.model_copy(update={"upgradable": tuple(dict.fromkeys([*own.upgradable, *given.get("upgradable", ())]))})


def _groups(ground: PreparedScenario, weights: Mapping[str, float]) -> dict[str, WhatIfGroup]:
    cells = ground.demand.cells
    lived = cells["inside"].to_numpy(dtype=np.float64) > 0
    columns = cells.columns[cells.columns.str.startswith(column_of(""))]
    names = {column.removeprefix(column_of("")): cells[column].to_numpy(dtype=np.float64) for column in columns}
    return {
        name: WhatIfGroup(bool(np.isfinite(people[lived]).all()), float(weights.get(name, 1.0)))
        for name, people in names.items()
    }


def _wide(ground: PreparedScenario, minutes: float, progress: Progress) -> Demand:
    """Return the demand with the surroundings of the longest cut-off."""
    scenario = ground.inputs.scenario
    if minutes <= scenario.walking.minutes:
        return ground.demand
    walking = scenario.walking.model_copy(update={"minutes": minutes})
    inputs = replace(ground.inputs, scenario=scenario.model_copy(update={"walking": walking}))
    return demand_of(inputs, ground.basis, progress)


def _levels(ground: PreparedScenario, assessment: Assessment) -> dict[str, WhatIfLevel]:
    scenario = ground.inputs.scenario
    judged = any(clause.kind == "service_circle" and clause.gives_verdict for _, clause in _clauses(ground))
    found = {}
    for level, frame in areas_of(ground.inputs).items():
        if not len(frame):
            continue
        people = people_figures(level, frame, ground.demand, ground.basis)
        estates = level == "residential_area"
        located = people["whole"] | people["in_part"]
        table = people[["elderly", "elderly_high", "basis", "basis_high", "in_part"]].assign(
            name=frame["name"].reindex(people.index) if "name" in frame else None,
            land_floor=assessment.places.loc[level]["land_floor"].reindex(people.index),
            circle_known=located | (people["elderly"].notna() & estates),
            reach_known=(located | (people["basis"].notna() & estates)) & ~people["in_part"],
            circle=judged and level in scenario.circle.levels,
        )
        found[level] = WhatIfLevel(table, ground.demand.shares[level])
    return found


def _clauses(ground: PreparedScenario) -> list[tuple[Standard, Clause]]:
    return [(standard, clause) for standard in ground.inputs.standards for clause in standard.clauses]


def _unit_clauses(ground: PreparedScenario) -> tuple[UnitClause, ...]:
    """Return the clauses by which each street or community must have a facility."""
    units = ground.inputs.units
    found = []
    for standard, clause in _clauses(ground):
        if clause.kind != "unit_coverage" or not clause.gives_verdict or clause.of not in _COUNTED:
            continue
        for level in [each for each in clause.levels if each in ("street", "community") and each in units]:
            kinds = units[level]["kind"] if "kind" in units[level] else pd.Series(None, units[level].index)
            asked = asked_kinds(clause, kinds)
            if clause.unit_kinds and kinds.isna().all():
                continue
            counts, may = (
                np.asarray(asked.fillna(value=blank).to_numpy(dtype=bool), dtype=np.bool_) for blank in (False, True)
            )
            found.append(UnitClause(clause.id, standard.id, level, clause.of == "community_facility", counts, may))
    return tuple(found)


def _unsaid(ground: PreparedScenario) -> tuple[str, ...]:
    """Name the facilities of which it is unknown whether they count."""
    blank = ground.facilities["serves_community"].isna() & (ground.facilities["tier"] == "institution")
    undated = [] if ground.undated is None else [*ground.undated.index]
    return tuple(map(str, [*ground.facilities.index[blank.to_numpy(dtype=bool)], *undated]))


def _planned(options: Options, proposal: Proposal | None) -> tuple[int, ...] | None:
    """Return the options that are open with the plan; None without one, or if it enlarges what no option enlarges."""
    if proposal is None or not proposal.selection.stages:
        return None
    sites, table = options.sites, options.table
    kinds, ids = (sites[name].to_numpy()[table["site"].to_numpy()] for name in ("kind", "id"))
    changed = set(map(str, proposal.changes.index))
    sizes = [None if pd.isna(size) else str(size) for size in table["size"]]
    rows_of = {(str(ids[row]), sizes[row]): row for row in range(len(table)) if kinds[row] == "facility"}
    stays = [row for (key, size), row in rows_of.items() if size is None and key not in changed]
    for key, change in proposal.changes[proposal.changes["action"] == "enlarge"].iterrows():
        row = rows_of.get((str(key), None if pd.isna(change["size"]) else str(change["size"])))
        if row is None:
            return None
        stays.append(row)
    for key, size in zip(proposal.stations["candidate_id"], proposal.stations["size"], strict=True):
        rows = [row for row in range(len(table)) if kinds[row] == "candidate" and ids[row] == str(key)]
        wanted = None if pd.isna(size) else str(size)
        stays.append(next((row for row in rows if sizes[row] == wanted), rows[0]))
    return tuple(sorted(stays))
