"""Plans: choose sites, and measure before and after in the same way."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from pydantic import ValidationError

from siting import places
from siting.assess.funding import net_costs
from siting.assess.remedies import recovered
from siting.assess.withholding import listed_people, withheld_plan
from siting.domain.called import called, place_names
from siting.domain.nouns import (
    Assessment,
    Blocked,
    Bools,
    Floats,
    Ints,
    Least,
    Note,
    Progress,
    Proposal,
    Selection,
    Stage,
    quiet,
)
from siting.domain.plan_models import SETTINGS_OF_MODELS, TRAITS
from siting.domain.scenario import PlanOptions, Scenario, idle_settings, with_lattice
from siting.domain.totals import Totals
from siting.errors import Faults, InputError
from siting.listing import listed
from siting.locate.infeasibility import LONGEST, explain_infeasible
from siting.locate.milp import Compliance
from siting.locate.phases import PhasedSolution
from siting.locate.problem import Effort, Solution, Solver
from siting.locate.solve import solve
from siting.locate.stations import ranked_by_gain, stations_table
from siting.pipeline.asking import Question, ask, at_cut_offs, longest_of
from siting.pipeline.certifying import certified, is_proved, with_bound
from siting.pipeline.complying import complying
from siting.pipeline.evenness import evenness
from siting.pipeline.ground import PreparedScenario, WalkerOf, may_cover, measure, prepare
from siting.pipeline.networking import links_of, networking
from siting.pipeline.paying import promised
from siting.pipeline.phasing import Year, phases_table, phasing, ranked_by_phase, years_of
from siting.pipeline.standing import served_today, staying
from siting.pipeline.starting import compared_with_start, start_of
from siting.pipeline.uncertainty import robust_solver, robustness_of, uncertain_problem_of
from siting.read.plan import read_plan
from siting.read.scenario import scenario_faults

# Steps of the progress bar during the proof: from no bound to an optimal one.
_STEPS: Final = 1000


@dataclass(frozen=True)
class Planned:
    """A plan, the prepared scenario, the question that it answers, and the solution of its problem."""

    proposal: Proposal
    ground: PreparedScenario
    question: Question
    solution: Solution


def propose(
    scenario: Scenario,
    *,
    forced: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    candidates: Literal["generate"] | None = None,
    start: Path | None = None,
    progress: Progress | None = None,
    walker_of: WalkerOf | None = None,
    divided: Callable[[Question, PreparedScenario], Solver] | None = None,
    **options: object,
) -> Planned:
    """Choose sites by a model, and measure before and after in the same way; ``options`` are keys of ``[plan]``.

    The search starts from the choice of the plan's file ``start``, with which the result is compared. ``walker_of``
    makes what computes the walks, and ``divided`` what solves the problem, if both are done in parts.
    """
    report = progress or quiet
    # Read before all else: a wrong file should not wait for the walks.
    file = None if start is None else read_plan(start).until(scenario.scenario.horizon)
    scenario = _with_candidates(scenario, candidates)
    named = _named(scenario.plan, _ids(forced), _ids(forbidden))
    plan = merge_options(scenario.plan, **named, **options)
    ground = prepare(scenario, report, walker_of=walker_of)
    before = measure(ground, ground.facilities, report)
    _refuse_data(ground, before, plan)
    question = ask(ground, plan, report)
    effort = effort_of(plan, report)
    years = years_of(question, ground, report) if plan.model == "phased" else ()
    uncertain = uncertain_problem_of(question, ground, report)
    solver, notes = solver_of(question, ground, before, report, years)
    solver = solver if uncertain is None else robust_solver(question, uncertain)
    solver = solver if divided is None else divided(question, ground)
    begun = start_of(file, start, ground, question, sure=uncertain is None)
    solution = solver(question.problem, question.model, replace(effort, start=begun))
    report("solve", _STEPS, _STEPS)
    # After Ctrl-C no further search starts.
    asks = solution.status in ("infeasible", "unknown") and solution.stopped_by != "interrupt"
    blocked = _blocked(question, ground, effort, report) if asks else None
    if blocked is not None and blocked.rules and blocked.proved:
        solution = replace(solution, status="infeasible")
    shortfalls = solution.shortfalls if isinstance(solution, Compliance) and solution.status == "relaxed" else None
    sites = question.sites_of(solution.chosen)
    certificate, stage = certified(question, solution, effort, report)
    solution = with_bound(solution, stage)
    today = served_today(question, replace(effort, report=None))
    selection = _selection(question, solution, sites, today)
    # As it is verified: by the people newly covered.
    optimal = stage is not None and is_proved(_newly(stage, today))
    selection = replace(selection, certificate=certificate, certified=optimal)
    links = links_of(question, ground, solution)
    notes = (*notes, *compared_with_start(question, begun, solution, start, share=scenario.scenario.share))
    proposal = laid_out(ground, question, before, selection, report, standing=sites, notes=notes, links=links)
    proposal = replace(proposal, blocked=blocked, shortfalls=shortfalls)
    if uncertain is not None and solution.stages and solution.stopped_by != "interrupt":
        proposal = replace(proposal, robustness=robustness_of(question, uncertain, solution, effort, report))
    if isinstance(solution, PhasedSolution) and solution.stages:
        proposal = replace(proposal, phases=phases_table(years, proposal.stations), other_plans=solution.other_plans)
    return Planned(withheld_plan(proposal) if scenario.scenario.share else proposal, ground, question, solution)


def _named(plan: PlanOptions, forced: tuple[str, ...], forbidden: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the forced and forbidden sites of the scenario and of the call; the call takes precedence."""
    return {
        "forced": tuple(dict.fromkeys([*(key for key in plan.forced if key not in forbidden), *forced])),
        "forbidden": tuple(dict.fromkeys([*(key for key in plan.forbidden if key not in forced), *forbidden])),
    }


def _ids(given: Iterable[str]) -> tuple[str, ...]:
    """Return ids as a tuple; a single string is one id, not a sequence of letters."""
    return (given,) if isinstance(given, str) else tuple(given)


def solver_of(
    question: Question, ground: PreparedScenario, before: Assessment, progress: Progress, years: Sequence[Year] = ()
) -> tuple[Solver, tuple[Note, ...]]:
    """Return the solver for a question, with notes on what it ignores; ``years`` are those of a plan with phases."""
    if years:
        return phasing(years, ground), ()
    if question.plan.model in ("compliance", "network"):
        ways = {"compliance": complying, "network": networking}
        solver, notes = ways[question.plan.model](question, ground, before, progress)
        return staying(question, solver), notes
    notes = ()
    if question.left_out:
        names = place_names(ground.inputs.units[question.level])[list(question.left_out)]
        notes = (Note("units_beyond_reach", {"count": len(question.left_out), "ids": ", ".join(names)}),)
    return staying(question, solve), notes


def _beyond_reach(question: Question, ground: PreparedScenario) -> tuple[Note, ...]:
    """Return a note on the people that no site can reach: a share of all people counts them too."""
    problem = question.problem
    sites = np.flatnonzero(problem.open_to_choice)
    beyond = np.flatnonzero(~problem.reached_by(sites)).astype(np.int64)
    if not len(beyond):
        return ()
    people, where = _where(question, ground, beyond)
    names = ground.inputs.units[question.level]["name"]
    told = [f"{names.get(key, key)} {persons:,.0f}" for key, persons in where.items()]
    return (Note("people_beyond_reach", {"people": f"{people:,.0f}", "units": listed(told, before_mark=" ")}),)


def effort_of(plan: PlanOptions, progress: Progress | None = None) -> Effort:
    """Return when to stop; a progress bar shows how close the bound is."""
    effort = Effort(max_nodes=plan.max_nodes, time_limit_s=plan.time_limit_s, seed=plan.seed)
    if progress is None:
        return effort

    def told(objective: float, bound: float) -> None:
        apart = abs(bound - objective) / max(abs(objective), 1e-12)
        near = 1.0 - min(apart, 1.0) if np.isfinite(apart) else 0.0
        progress("solve", min(round(_STEPS * near), _STEPS - 1), _STEPS)

    progress("solve", 0, _STEPS)
    return replace(effort, report=told)


def merge_options(plan: PlanOptions, **given: Any) -> PlanOptions:
    """Return the options of the scenario's plan, overridden by those of the call.

    A number of stations or a budget in the call replaces both of the scenario's. Another model that needs neither drops
    them too. Settings of the scenario that the call's model does not use are left out.
    """
    told = {name: value for name, value in given.items() if value is not None}
    model = told.get("model", plan.model)
    switches = model != plan.model
    unsized = switches and model in TRAITS and not TRAITS[model].bounded_by
    replaces = unsized or bool({"stations", "budget_cny"} & told.keys())
    size = {"stations": None, "budget_cny": None} if replaces else {}
    own = plan.model_dump(exclude_unset=True, exclude=_left_out(plan, model))
    # A setting of the call is validated against the model, whether the call or the scenario names the model.
    named = {"model": model} if switches or SETTINGS_OF_MODELS & told.keys() else {}
    try:
        return PlanOptions.model_validate({**own, **size, **told, **named})
    except ValidationError as error:
        raw = {"plan": told}
        wrong = [each | {"loc": ("plan", *each["loc"])} for each in error.errors(include_url=False)]
        raise InputError(scenario_faults(wrong, raw, "")) from error


def _left_out(plan: PlanOptions, model: str) -> set[str]:
    """Return the scenario's settings that the model does not use, if the scenario does not name that model itself."""
    named = next((each for each in TRAITS if each == model), None)
    if named is None or (named == plan.model and "model" in plan.model_fields_set):
        return set()
    return {*idle_settings(plan, named)}


def _unused(own: PlanOptions, plan: PlanOptions) -> tuple[Note, ...]:
    """Return a note on the settings of the scenario that the model does not use."""
    idle = [*_left_out(own, plan.model)]
    idle = sorted(idle) + (["closable"] if plan.closable and not plan.closing else [])
    return (Note("plan_settings_unused", {"names": ", ".join(idle), "model": plan.model}),) if idle else ()


def _with_candidates(scenario: Scenario, asked: Literal["generate"] | None) -> Scenario:
    """Return a scenario with a source of candidates."""
    faults = Faults()
    if asked is None and scenario.candidates is None:
        faults.add("plan_without_candidates")
    elif asked is not None and scenario.candidates is not None:
        faults.add("plan_candidates_given", field="candidates")
    faults.stop_if_any()
    return scenario if asked is None else with_lattice(scenario)


def _refuse_data(ground: PreparedScenario, before: Assessment, plan: PlanOptions) -> None:
    faults = Faults()
    if np.isnan(before.totals["elderly"]):
        faults.add("plan_without_elderly")
    sites = places.plan_sites(ground.inputs, ground.permitted, plan)
    faults.found += places.plan_faults(ground.inputs, ground.refused, sites, plan)
    faults.stop_if_any()


def _blocked(question: Question, ground: PreparedScenario, effort: Effort, progress: Progress) -> Blocked:
    """Return why no choice satisfies the request, and the least stations, money, minutes or capacity that would do."""
    cutoff_s = longest_of(question.plan, ground)
    found = explain_infeasible(
        question.problem,
        question.model,
        replace(effort, report=None),
        at=at_cut_offs(question, ground, LONGEST * cutoff_s, progress),
        cutoff_s=cutoff_s,
    )
    units = ground.demand.place_ids[question.level]
    least = {name: getattr(found, name) for name in ("stations", "budget", "capacity")}
    if found.stations is not None and question.plan.stations is not None:
        # Facilities that may be closed count in the rule, but not in the number that the user gives.
        closable = (question.problem.rules.stations or 0) - question.plan.stations
        least["stations"] = replace(found.stations, value=found.stations.value - closable)
    # The longest walk of p_center is a setting of its own.
    least["max_minutes" if question.plan.model == "p_center" else "minutes"] = found.minutes
    people, where = _where(question, ground, found.unreached)
    return Blocked(
        rules=tuple(found.rules),
        remedies=tuple(found.remedies),
        proved=found.proved,
        least={name: Least(each.value, each.proved) for name, each in least.items() if each},
        unreached_elderly=people,
        unreached_in=where,
        level=question.level,
        units=tuple(str(units[unit]) for unit in found.units),
        stuck=tuple(str(question.sites["candidate_id"].iloc[site]) for site in question.sites_of(found.stuck)),
    )


def _where(question: Question, ground: PreparedScenario, points: Ints) -> tuple[float, dict[str, float]]:
    """Return the elderly at the given points, in total and by unit of the plan's level, the most first."""
    cells = question.points[points]
    # The share of a unit is a share of all people of a cell, inside and outside the units.
    persons = np.asarray(ground.demand.shares[question.level][:, cells] @ question.elderly[cells]).ravel()
    ids = ground.demand.place_ids[question.level]
    order = np.argsort(-persons, kind="stable")
    return math.fsum(question.people[cells]), {
        str(ids[unit]): float(persons[unit]) for unit in order if persons[unit] > 0
    }


def _selection(question: Question, solution: Solution, sites: Ints, today: float) -> Selection:
    """Return the chosen new stations, best first, and the people that each one adds."""
    new = sites[~question.is_facility[sites]]
    opens = None
    if isinstance(solution, PhasedSolution) and solution.stages:
        order, gains, opens = ranked_by_phase(question, solution)
    else:
        order, gains = ranked_by_gain(question.circle, question.problem_sites(new), solution.chosen)
    names = [stage.name for stage in solution.stages]
    return Selection(
        chosen=question.sites_of(order),
        gains=gains,
        status=solution.status,
        stages=tuple(_newly(stage, today) for stage in solution.stages),
        stopped_by=solution.stopped_by,
        solver=solution.solver,
        first_objective=solution.first_objective - (today if names[-1:] == ["covered"] else 0.0),
        clauses=solution.clauses if isinstance(solution, Compliance) else (),
        served=_loads(solution, order),
        opens=opens,
    )


def _loads(solution: Solution, sites: Ints) -> Floats | None:
    """Return the persons that each site serves; None without capacity."""
    return None if solution.served is None else np.asarray(solution.served[sites].sum(axis=1), dtype=np.float64).ravel()


def _newly(stage: Stage, today: float) -> Stage:
    """Return a stage that counts newly covered people: those that changeable facilities cover today are not new."""
    if stage.name != "covered":
        return stage
    return replace(stage, objective=stage.objective - today, bound=stage.bound - today)


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
        *_unused(inputs.scenario.plan, question.plan),
    )
    even = evenness(before, after, question.level, question.left_out) if selection.stages else None
    # If there is no plan, the explanation of the infeasibility tells this.
    beyond = _beyond_reach(question, ground) if selection.stages and TRAITS[question.plan.model].by_share else ()
    told = (*more, *sites, *notes, *beyond, *(_unseen_notes(ground) if selection.stages else ()))
    return Proposal(
        stations, ground.refused, selection, question.plan, before, after, told, changes, fairness=even, links=links
    )


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
