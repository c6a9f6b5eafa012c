"""The proposal of a plan: its stations, what they change, and the check before and after."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from siting import places
from siting.assess.funding import net_costs
from siting.assess.remedies import recovered
from siting.assess.withholding import listed_people
from siting.domain.called import called, place_names
from siting.domain.nouns import Assessment, Bools, Floats, Ints, Note, Progress, Proposal, Selection
from siting.domain.plan_models import TRAITS
from siting.domain.totals import Totals
from siting.listing import listed
from siting.locate.stations import ranked_by_gain, stations_table
from siting.pipeline.asking import Question, people_at
from siting.pipeline.evenness import evenness
from siting.pipeline.ground import PreparedScenario, may_cover, measure
from siting.pipeline.paying import promised
from siting.pipeline.requesting import unused_settings


def laid_out(
    ground: PreparedScenario,
    question: Question,
    before: Assessment,
    selection: Selection,
    progress: Progress,
    *,
    standing: Ints,
    notes: tuple[Note, ...] = (),
    links: pd.DataFrame | None = None,
) -> Proposal:
    """Assemble the proposal of a plan, and measure its result.

    ``standing`` are the facilities that stay open in the plan, by their rows in ``sites``: closable ones that are not
    closed, and enlarged ones by the row of their new size. ``links`` are the parents in a network.
    """
    inputs = ground.inputs
    chosen = stations_of(ground, question.sites.iloc[selection.chosen])
    changes = _changes(question, standing)
    changes = changes if selection.stages else changes.iloc[:0]
    facilities = places.changed_facilities(ground.facilities, changes)
    after = measure(ground, places.with_stations(facilities, chosen), progress)
    homes = places.home_units(chosen, inputs.units)
    finest = next((level for level in places.FINE_TO_COARSE if level in homes), None)
    stations = stations_table(
        chosen,
        after.facilities.loc[places.station_ids(chosen.index)],
        selection,
        unit=None if finest is None else homes[finest],
        centres=facilities[facilities["tier"] == "centre"],
        before=_totals_without(selection, before, after) if len(changes) else before.totals,
        perhaps=_perhaps_left(question, selection, standing, after, may_cover(ground, facilities, progress)),
        preferred=places.preferred_layers(chosen, inputs.preferences),
        recovered=recovered(before.places, before.demand, (ground.permitted, ground.reached.within), inputs),
    )
    if links is not None:
        stations["parent_id"] = links.set_index("child_id")["parent_id"].reindex(stations.index)
    lines = promised(before, stations, "station")
    paid = lines.groupby("site_id")[["clause_id", "line", "status", "amount_cny"]]
    by_station = {key: rows.to_dict("records") for key, rows in paid}
    stations["funding"] = pd.Series([by_station.get(key, []) for key in stations.index], index=stations.index)
    off_network = called(ground.permitted, ground.reached.unattached)
    for name, figures in net_costs(stations["cost_cny"], lines).items():
        stations[str(name)] = figures
    more = (Note("candidates_off_network", {"ids": ", ".join(off_network)}),) if off_network else ()
    sites = (
        *places.plan_notes(inputs, ground.permitted, question.sites),
        *unused_settings(inputs.scenario.plan, question.plan),
    )
    even = evenness(before, after, question.level, question.left_out) if selection.stages else None
    # If there is no plan, the explanation of the infeasibility tells this.
    beyond = _beyond_reach(question, ground) if selection.stages and TRAITS[question.plan.model].by_share else ()
    told = (*more, *sites, *notes, *beyond, *(_unseen_notes(ground) if selection.stages else ()))
    return Proposal(
        stations, ground.refused, selection, question.plan, before, after, told, changes, fairness=even, links=links
    )


def _beyond_reach(question: Question, ground: PreparedScenario) -> tuple[Note, ...]:
    """Return a note on the people that no site can reach: a share of all people counts them too."""
    problem = question.problem
    sites = np.flatnonzero(problem.open_to_choice)
    beyond = np.flatnonzero(~problem.reached_by(sites)).astype(np.int64)
    if not len(beyond):
        return ()
    people, where = people_at(question, ground, beyond)
    names = ground.inputs.units[question.level]["name"]
    told = [f"{names.get(key, key)} {persons:,.0f}" for key, persons in where.items()]
    return (Note("people_beyond_reach", {"people": f"{people:,.0f}", "units": listed(told, before_mark=" ")}),)


def _unseen_notes(ground: PreparedScenario) -> tuple[Note, ...]:
    """Return a note on units with unknown people: a plan can neither cover them nor count them as covered."""
    named = [
        f"{place_names(ground.inputs.units[level])[str(key)]} (≤ {elderly:,.0f})"
        for level, people in ground.demand.unseen.items()
        for key, elderly in listed_people(
            people["elderly"].dropna(), share=ground.inputs.scenario.scenario.share
        ).items()
    ]
    return (Note("plan_of_known_people", {"count": len(named), "ids": listed(named)}),) if named else ()


def _perhaps_left(question: Question, selection: Selection, standing: Ints, after: Assessment, may: Bools) -> Floats:
    """Return how many people beyond the known covered ones may be covered, once each station is built.

    People that a station covers may have been covered before, if ``may`` says so of their cell.
    """
    circle = question.circle
    perhaps = replace(circle, people=np.where(may[question.points], circle.people, 0.0))
    new = question.problem_sites(selection.chosen)
    _, gains = ranked_by_gain(perhaps, new, question.problem_sites(standing), keep_order=True)
    left = after.totals["elderly_covered_high"] - after.totals["elderly_covered"]
    return np.asarray(left + np.cumsum(gains[::-1])[::-1] - gains, dtype=np.float64)


def _totals_without(selection: Selection, before: Assessment, after: Assessment) -> Totals:
    """Return the totals with the facilities as the plan leaves them, but without its stations."""
    covered = after.totals["elderly_covered"] - float(selection.gains.sum())
    return {**before.totals, "elderly_covered": covered}


def stations_of(ground: PreparedScenario, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the candidates of some sites with what would be built there, in the order of the sites."""
    chosen = ground.permitted.loc[sites["candidate_id"]].copy()
    sized = sites["size"].notna().to_numpy()
    for name in ("land_m2", "floor_area_m2"):
        own = pd.to_numeric(chosen[name]).astype("float64").to_numpy()
        chosen[name] = np.where(sized, sites[name].to_numpy(dtype=np.float64), own)
    # A size states how much land it uses, whatever the building is.
    chosen["building_floor_area_m2"] = chosen["building_floor_area_m2"].where(~sized, chosen["floor_area_m2"])
    columns = ("size", "tier", "capacity", "beds", "cost_cny", "generated")
    return chosen.assign(**{name: sites[name].to_numpy() for name in columns})


def _changes(question: Question, standing: Ints) -> pd.DataFrame:
    """Return the facilities that a plan closes or enlarges, by id."""
    named = question.sites[question.is_facility]
    stays = question.sites.iloc[standing][question.is_facility[standing]].set_index("candidate_id")
    closed = pd.Index(named["candidate_id"].unique()).difference(stays.index, sort=False)
    enlarged = stays[~stays["standing"]].drop(columns="geometry")
    columns = ["action", "size", "tier", "land_m2", "floor_area_m2", "beds", "cost_cny"]
    gone = pd.DataFrame({"action": "close", "cost_cny": 0.0}, index=closed)
    rows = [frame for frame in (gone, enlarged.assign(action="enlarge")) if len(frame)]
    table = pd.concat(rows) if rows else gone
    return table.reindex(columns=columns).rename_axis("id")
