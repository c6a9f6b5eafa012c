"""The request of a plan as a location problem: people, walking times, sites and rules."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from siting import places
from siting.domain.nouns import Access, Floats, Ints, Progress, Times
from siting.domain.plan_models import TRAITS
from siting.domain.scenario import Level, PlanOptions
from siting.locate.problem import (
    FairCovering,
    MaximalCovering,
    Model,
    PCenter,
    PMedian,
    Problem,
    Rules,
    SetCovering,
)
from siting.pipeline.ground import PreparedScenario, walk
from siting.pipeline.spacing import apart
from siting.units import SECONDS_PER_MINUTE

Bools = NDArray[np.bool_]

# Fewer persons than this are rounding errors.
_NOBODY: Final = 0.5


@dataclass(frozen=True)
class Question:
    """A request as a location problem, with the meaning of its sites and points.

    The sites of ``problem`` are first the ``standing`` facilities that stay as they are, then the rows of ``sites``
    (see :data:`siting.places.sizes.SITE_COLUMNS`). Its points are the populated cells ``points`` (positions in
    ``Demand.cells``), and ``level`` is the level of its units. ``reach`` has the times from the rows of ``sites`` to
    all cells. ``circle`` is the problem with the cut-off of the service circle, its people persons (weights are
    separate), since people farther away are not covered in any model; ``in_circle`` tells which rows of ``sites`` count
    for it. ``people`` and ``elderly`` are those of all cells: the elderly within the units, and all of them.
    ``left_out`` are units that a fair plan ignores, because no site can reach their people.
    """

    plan: PlanOptions
    problem: Problem
    model: Model
    sites: gpd.GeoDataFrame
    standing: int
    points: Ints
    level: Level
    reach: csr_array
    circle: Problem
    in_circle: Bools
    people: Floats
    elderly: Floats
    left_out: tuple[str, ...] = ()

    def problem_sites(self, sites: Ints) -> Ints:
        """Return the sites of the problem for some rows of ``sites``."""
        return np.asarray(sites, dtype=np.int64) + self.standing

    def sites_of(self, sites: Ints) -> Ints:
        """Return the rows of ``sites`` for some sites of the problem; standing facilities that stay are left out."""
        found = np.asarray(sites, dtype=np.int64) - self.standing
        return found[found >= 0]

    @property
    def is_facility(self) -> Bools:
        """Which rows of ``sites`` are facilities that may change; the others are candidates."""
        return self.sites["facility"].to_numpy(dtype=np.bool_)

    @property
    def changeable(self) -> Ints:
        """The sites of the problem that are facilities which may change, in their present size."""
        return self.problem_sites(np.flatnonzero(self.sites["facility"] & self.sites["standing"]))


def ask(ground: PreparedScenario, plan: PlanOptions, progress: Progress, *, within_s: float | None = None) -> Question:
    """Return a request as a location problem.

    Parameters
    ----------
    ground : PreparedScenario
        People, travel, facilities and permitted candidates.
    plan : PlanOptions
        The request; its faults were refused before.
    progress : Progress
        Receives the progress of the walks.
    within_s : float, optional
        Another cut-off in seconds, instead of the scenario's (or of the longest time that the model compares).

    Returns
    -------
    Question
        Its sites are in canonical order, so that ties do not depend on the order of files.
    """
    cells = ground.demand.cells
    elderly = np.nan_to_num(cells["elderly"].to_numpy(dtype=np.float64))
    people = np.nan_to_num((cells["elderly"] * cells["inside"]).to_numpy(dtype=np.float64))
    points = np.flatnonzero(people > 0)
    sites = places.plan_sites(ground.inputs, ground.permitted, plan)
    longest_s = within_s or longest_of(plan, ground)
    stands, reach = _walked(ground, plan, sites, longest_s, progress)
    in_circle = _serves_circle(ground, sites)
    serving = _only(reach, in_circle)
    level = places.plan_level(ground.inputs, plan)
    value = _weights(ground, plan, people)[points]
    # Requested shares are shares of the weighted people; a fair plan compares persons.
    counted = value if TRAITS[plan.model].by_share else people[points]
    living = elderly[points] * (counted / people[points])
    units = csr_array(ground.demand.shares[level][:, points].multiply(living[None, :]))
    problem = Problem(
        times=csr_array(vstack([stands, serving], format="csr")[:, points]),
        people=counted,
        rules=_rules(ground, plan, sites, in_circle, stands.shape[0], level),
        weights=value if plan.weights and not TRAITS[plan.model].by_share else None,
        units=units,
    )
    unbound = plan.model == "fair" and plan.unit_share is None
    beyond = _beyond_reach(problem, units) if unbound else np.zeros(0, dtype=np.int64)
    ids = ground.demand.place_ids[level]
    left_out = tuple(str(ids[unit]) for unit in beyond)
    if left_out:
        problem = replace(problem, units=_without(units, beyond))
    persons = TRAITS[plan.model].by_share and bool(plan.weights)
    circle = replace(problem, people=people[points], weights=problem.people) if persons else problem
    cutoff_s = ground.inputs.scenario.walking.minutes * SECONDS_PER_MINUTE
    return Question(
        plan=plan,
        problem=problem,
        model=model_of(plan),
        sites=sites,
        standing=stands.shape[0],
        points=points,
        level=level,
        reach=reach,
        circle=circle if longest_s <= cutoff_s else up_to(circle, cutoff_s),
        in_circle=in_circle,
        people=people,
        elderly=elderly,
        left_out=left_out,
    )


def _beyond_reach(problem: Problem, units: csr_array) -> Ints:
    """Return the populated units that no site can reach: their covered share is 0 in every plan."""
    reached = problem.reached_by(np.flatnonzero(problem.open_to_choice)).astype(np.float64)
    people, near = units @ np.ones(len(reached)), units @ reached
    # If borders cut cells, units can have tiny fractions of a person, which do not count as people.
    return np.flatnonzero((people > 0) & (near < np.minimum(_NOBODY, people))).astype(np.int64)


def _without(units: csr_array, some: Ints) -> csr_array:
    """Return the units with no people in the given ones, so that the model ignores their shares."""
    stays = np.ones(units.shape[0])
    stays[some] = 0.0
    kept = csr_array(units.multiply(stays[:, None]))
    kept.eliminate_zeros()
    return kept


def model_of(plan: PlanOptions) -> Model:
    """Return the model that a request names; for those solved elsewhere, one that only rules can block."""
    beyond = None if plan.beyond_minutes is None else plan.beyond_minutes * SECONDS_PER_MINUTE
    models: dict[str, Model] = {
        "mclp": MaximalCovering(),
        "lscp": SetCovering(plan.share, plan.unit_share, by_cost=plan.least == "cost"),
        "p_median": PMedian(beyond),
        "p_center": PCenter(plan.share),
        "fair": FairCovering(plan.unit_share),
        "compliance": MaximalCovering(),
        "phased": MaximalCovering(),
        "network": MaximalCovering(),
    }
    return models[plan.model]


def longest_of(plan: PlanOptions, ground: PreparedScenario) -> float:
    """Return the longest walk that a model compares, in seconds: the cut-off, unless the model looks farther."""
    walking = ground.inputs.scenario.walking
    minutes = {"p_center": walking.max_minutes, "p_median": plan.beyond_minutes or walking.minutes}
    return minutes.get(plan.model, walking.minutes) * SECONDS_PER_MINUTE


def _weights(ground: PreparedScenario, plan: PlanOptions, people: Floats) -> Floats:
    """Return the weighted people of each cell: its elderly, and those of each group times its weight."""
    cells, value = ground.demand.cells, people.copy()
    inside = cells["inside"].to_numpy()
    for name, weight in plan.weights.items():
        value += (weight - 1.0) * np.nan_to_num(cells[f"group_{name}"].to_numpy(dtype=np.float64)) * inside
    return np.maximum(value, 0.0)


def _walked(
    ground: PreparedScenario, plan: PlanOptions, sites: gpd.GeoDataFrame, longest_s: float, progress: Progress
) -> tuple[csr_array, csr_array]:
    """Return the times from facilities that stay as they are, and from the sites, to all cells."""
    scenario, facilities = ground.inputs.scenario, ground.facilities
    counting = places.in_circle(facilities, scenario)
    changing = facilities.index.isin([*plan.upgradable, *plan.closing])
    walking = scenario.walking
    longer = walking.model_copy(update={"max_minutes": max(walking.max_minutes, longest_s / SECONDS_PER_MINUTE)})

    def walked(origins: gpd.GeoDataFrame, who: Bools) -> Access:
        cutoff = np.full(len(origins), longest_s)
        return walk(ground.inputs, ground.demand, ground.ways, origins, who, progress, walking=longer, cutoff_s=cutoff)

    stays = facilities[counting & ~changing]
    access = walked(stays, np.ones(len(stays), dtype=bool))
    cells = len(ground.demand.cells)
    stands = _matrix(access.within, cells) if plan.existing_capacity is not None else _nearest(access, longest_s)
    changed = facilities[changing]
    moved = _matrix(walked(changed, np.zeros(len(changed), dtype=bool)).within, cells)
    at_cut_off = longest_s == walking.minutes * SECONDS_PER_MINUTE
    permitted = ground.permitted
    reached = ground.reached if at_cut_off else walked(permitted, np.zeros(len(permitted), dtype=bool))
    both = vstack([moved, _matrix(reached.within, cells)], format="csr")
    ids = pd.Index(sites["candidate_id"])
    row = np.where(sites["facility"], changed.index.get_indexer(ids), len(changed) + permitted.index.get_indexer(ids))
    return stands, csr_array(both[row])


def _matrix(times: Times, cells: int) -> csr_array:
    return csr_array((times.seconds, times.cell, times.start), shape=(len(times.site_ids), cells))


def _only(times: csr_array, which: Bools) -> csr_array:
    """Return the times of the given sites; the others reach nothing."""
    long = np.diff(times.indptr)
    kept = np.repeat(which, long)
    start = np.concatenate([[0], np.cumsum(long * which)])
    return csr_array((times.data[kept], times.indices[kept], start), shape=times.shape)


def _nearest(access: Access, longest_s: float) -> csr_array:
    """Return one site instead of many: the time from the nearest of them; no site instead of none."""
    if not len(access.within.site_ids):
        return csr_array((0, len(access.cells)))
    seconds = access.cells["seconds"].to_numpy(dtype=np.float64)
    near = np.flatnonzero(seconds <= longest_s)
    return csr_array((seconds[near], near, [0, len(near)]), shape=(1, len(seconds)))


def _rules(
    ground: PreparedScenario, plan: PlanOptions, sites: gpd.GeoDataFrame, in_circle: Bools, standing: int, level: Level
) -> Rules:
    """Return the rules of a request; rules that it does not ask for are left out, so that problems stay plain."""
    ids = sites["candidate_id"]
    facility = sites["facility"].to_numpy(dtype=bool)
    forced, forbidden = (
        (ids.isin(named) & ~sites["facility"]).to_numpy(dtype=bool) for named in (plan.forced, plan.forbidden)
    )
    place = sites["place"].to_numpy(dtype=np.int64)
    sized = len(np.unique(place)) < len(place)
    occupied = sites["occupied"].to_numpy(dtype=bool) | (forced & sized)

    def wide(values: Bools, *, standing_too: bool = False) -> Bools:
        return np.concatenate([np.full(standing, standing_too), values])

    # A facility that may be closed counts like a station while it is open: closing it allows one more to open.
    counted = ~facility | ids.isin(plan.closing).to_numpy()
    closable = int(ids[facility & counted].nunique())
    most, money = limits_of(plan)
    asks_cost = plan.asks_for_costs
    costs = np.concatenate([np.zeros(standing), sites["cost_cny"].to_numpy(dtype=np.float64)])
    pairs = apart(ground, plan, sites, standing, in_circle)
    unit, most_per_unit = _per_unit(ground, plan, sites, standing, level)
    return Rules(
        stations=None if most is None else most + closable,
        budget=money,
        costs=costs if asks_cost else None,
        kept=wide(np.zeros(len(sites), dtype=bool), standing_too=True) if standing else None,
        counted=None if counted.all() else wide(counted),
        forced=wide(forced) if forced.any() and not sized else None,
        forbidden=wide(forbidden) if forbidden.any() else None,
        place=np.concatenate([place.max() + 1 + np.arange(standing), place]) if sized else None,
        occupied=wide(occupied) if sized and occupied.any() else None,
        apart=pairs if len(pairs) else None,
        unit=unit,
        most_per_unit=most_per_unit,
        # The check has no capacity. So a plan for clauses has none either, nor do the studies of such a plan.
        capacity=None if plan.model == "compliance" else _capacity(plan, sites, standing),
    )


def limits_of(plan: PlanOptions) -> tuple[int | None, float | None]:
    """Return the most stations and the most money of a request, over all of its phases if it has phases.

    Examples
    --------
    >>> from siting.domain.scenario import PlanOptions
    >>> from siting.pipeline.asking import limits_of
    >>> phases = [{"year": 2026, "stations": 2, "budget_cny": 5e6}, {"year": 2028, "stations": 3}]
    >>> limits_of(PlanOptions(model="phased", phases=phases, stations=9))
    (5, None)
    """
    if plan.model != "phased":
        return plan.stations, plan.budget_cny
    counts = [phase.stations for phase in plan.phases if phase.stations is not None]
    amounts = [phase.budget_cny for phase in plan.phases if phase.budget_cny is not None]
    # Without a limit in every phase, all phases together have none of their own.
    counts = [sum(counts)] if len(counts) == len(plan.phases) else []
    amounts = [math.fsum(amounts)] if len(amounts) == len(plan.phases) else []
    counts += [] if plan.stations is None else [plan.stations]
    amounts += [] if plan.budget_cny is None else [plan.budget_cny]
    return min(counts, default=None), min(amounts, default=None)


def _serves_circle(ground: PreparedScenario, sites: gpd.GeoDataFrame) -> Bools:
    """Tell which sites count for the service circle; a facility that may change serves the same people as today."""
    serves = sites["candidate_id"].map(ground.facilities["serves_community"]).where(sites["facility"])
    return places.in_circle(sites.assign(serves_community=serves.astype("boolean")), ground.inputs.scenario)


def homes_of(ground: PreparedScenario, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the units in which sites count, one column for each level, as the check counts the stations there."""
    blank = pd.Series(None, dtype="object")
    located = [
        frame.get("located_by", blank).reindex(sites["candidate_id"]) for frame in (ground.facilities, ground.permitted)
    ]
    both = np.where(sites["facility"], *located)
    return places.home_units(sites.assign(located_by=both), ground.inputs.units)


def _per_unit(
    ground: PreparedScenario, plan: PlanOptions, sites: gpd.GeoDataFrame, standing: int, level: Level
) -> tuple[Ints | None, Ints | None]:
    if plan.most_per_unit is None:
        return None, None
    homes = homes_of(ground, sites)[level]
    found = ground.demand.place_ids[level].get_indexer(pd.Index(homes))
    # A standing facility is not a new station, whether it is kept, closed or enlarged.
    unit = np.where(sites["facility"].to_numpy(dtype=bool), -1, found)
    most = np.full(len(ground.demand.place_ids[level]), plan.most_per_unit, dtype=np.int64)
    return np.concatenate([np.full(standing, -1), unit]).astype(np.int64), most


def _capacity(plan: PlanOptions, sites: gpd.GeoDataFrame, standing: int) -> Floats | None:
    """Return the most elderly that each site can serve; None if no site has a limit."""
    stands = np.full(standing, np.inf if plan.existing_capacity is None else plan.existing_capacity)
    found = np.concatenate([stands, sites["capacity"].fillna(np.inf).to_numpy(dtype=np.float64)])
    return found if np.isfinite(found).any() else None


def at_cut_offs(
    question: Question, ground: PreparedScenario, farthest_s: float, progress: Progress
) -> Callable[[float], Problem]:
    """Return a function that gives the problem at another cut-off, seconds, up to the farthest; it walks once."""

    @cache
    def walked(seconds: float) -> Problem:
        return ask(ground, question.plan, progress, within_s=seconds).problem

    # In a fair plan the compared units depend on who can be reached.
    by_reach = question.plan.model == "fair"
    return lambda seconds: replace(
        up_to(walked(seconds if by_reach else farthest_s), seconds), rules=question.problem.rules
    )


def people_at(question: Question, ground: PreparedScenario, points: Ints) -> tuple[float, dict[str, float]]:
    """Return the elderly at the given points, in total and by unit of the plan's level, the most first."""
    cells = question.points[points]
    # The share of a unit is a share of all people of a cell, inside and outside the units.
    persons = np.asarray(ground.demand.shares[question.level][:, cells] @ question.elderly[cells]).ravel()
    ids = ground.demand.place_ids[question.level]
    order = np.argsort(-persons, kind="stable")
    return math.fsum(question.people[cells]), {
        str(ids[unit]): float(persons[unit]) for unit in order if persons[unit] > 0
    }


def up_to(problem: Problem, seconds: float) -> Problem:
    """Return a problem without the walks above the given time."""
    return problem.with_pairs(problem.times.data <= seconds)
