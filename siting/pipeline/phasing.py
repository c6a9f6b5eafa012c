"""Plans with phases: the people and facilities of each year, what opens in it, and what it does for each year."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from siting.domain.nouns import Bools, Floats, Ints, Progress, Proposal
from siting.domain.scenario import PlanOptions, PlanPhase, Scenario
from siting.domain.tables import PHASE_COLUMNS
from siting.locate.phases import Phase, PhasedSolution, solve_phases
from siting.locate.problem import Effort, Model, Problem, Solution
from siting.locate.solve import solve
from siting.locate.stations import ranked_by_gain
from siting.pipeline.asking import Question, ask
from siting.pipeline.ground import PreparedScenario, prepare
from siting.pipeline.method import Method, Ranked

_LAST_DAY: Final = "-12-31"
_NONE: Final = np.zeros(0, dtype=np.int64)
_MONEY: Final = ("cost_cny", "subsidy_cny", "subsidy_conditional_cny", "net_cost_cny")


@dataclass(frozen=True)
class Year:
    """The request in the year of a phase, and how many (discounted) years it stands for.

    ``cells`` are the numbers of the cells that are the points of the request.
    """

    phase: PlanPhase
    factor: float
    question: Question
    cells: Ints


def years_of(question: Question, ground: PreparedScenario, progress: Progress) -> tuple[Year, ...]:
    """Return the phases of a request in their order: each with the people and facilities of its year."""
    plan, found = question.plan, []
    for phase, factor in zip(plan.phases, factors_of(plan), strict=True):
        last = phase is plan.phases[-1]
        then = ground if last else prepare(_at(ground.inputs.scenario, phase.year), progress)
        asked = question if last else ask(then, plan, progress)
        found.append(Year(phase, factor, asked, then.demand.cells.index.to_numpy(dtype=np.int64)[asked.points]))
    return tuple(found)


def _at(scenario: Scenario, year: int) -> Scenario:
    """Return a scenario at the end of a year."""
    return scenario.model_copy(update={"scenario": scenario.scenario.model_copy(update={"horizon": year})})


def factors_of(plan: PlanOptions) -> list[float]:
    """Return the years for which each phase counts, discounted to the first: until the next phase begins.

    The last phase counts until ``phases_until`` (its own year if absent), inclusive.

    Examples
    --------
    >>> from siting.domain.scenario import PlanOptions
    >>> from siting.pipeline.phasing import factors_of
    >>> phases = [{"year": 2026, "stations": 1}, {"year": 2028, "stations": 1}]
    >>> factors_of(PlanOptions(model="phased", phases=phases, phases_until=2030, discount_rate=0.25))
    [1.8, 1.5616]
    """
    starts = [phase.year for phase in plan.phases]
    ends = [*starts[1:], (plan.phases_until or starts[-1]) + 1]
    rate = 1.0 + plan.discount_rate
    spans = zip(starts, ends, strict=True)
    return [math.fsum(rate ** -(year - starts[0]) for year in range(start, end)) for start, end in spans]


def _times_of_all(years: Sequence[Year]) -> tuple[csr_array, Ints]:
    """Return the times from the sites of the last year to the cells of all years, and the numbers of those cells.

    Kept sites, whose number may change, reach nothing here.
    """
    last = years[-1].question
    cells = np.unique(np.concatenate([year.cells for year in years]))
    rows, columns, seconds = [], [], []
    for year in years:
        found = coo_array(year.question.problem.times)
        site = found.row - year.question.standing
        new = site >= 0
        rows.append(site[new] + last.standing)
        columns.append(np.searchsorted(cells, year.cells[found.col[new]]))
        seconds.append(found.data[new])
    pairs = pd.DataFrame({"row": np.concatenate(rows), "column": np.concatenate(columns), "s": np.concatenate(seconds)})
    pairs = pairs.drop_duplicates(["row", "column"]).sort_values(["row", "column"])
    start = np.concatenate([[0], np.cumsum(np.bincount(pairs["row"], minlength=last.problem.sites))])
    shape = (last.problem.sites, len(cells))
    return csr_array((pairs["s"].to_numpy(), pairs["column"].to_numpy(), start), shape=shape), cells


def _uncovered(year: Year, cells: Ints) -> Floats:
    """Return the (weighted) people of the given cells that no facility of the year covers."""
    problem, found = year.question.problem, np.zeros(len(cells))
    found[np.searchsorted(cells, year.cells)] = np.where(problem.reached_by(_NONE), 0.0, problem.value)
    return found


def _available(ground: PreparedScenario, years: Sequence[Year]) -> list[Bools]:
    """Return which sites may open by the end of each year; a candidate without a date may at any time."""
    last = years[-1].question
    since = pd.to_datetime(ground.permitted["available_from"]).reindex(last.sites["candidate_id"]).to_numpy()
    standing = np.zeros(last.standing, dtype=np.bool_)
    ends = [np.datetime64(f"{year.phase.year}{_LAST_DAY}") for year in years]
    return [np.concatenate([standing, np.isnat(since) | (since <= end)]) for end in ends]


def phases_table(years: Sequence[Year], stations: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what a plan does for each phase, with ``PHASE_COLUMNS``; money of the stations that open in it."""
    rows = []
    for year in years:
        question, problem = year.question, year.question.problem
        there = stations["opens_year"] <= year.phase.year
        sites = np.flatnonzero(question.sites["candidate_id"].isin(stations.loc[there, "candidate_id"]))
        people = problem.people
        without, covered = (
            math.fsum(people[problem.reached_by(each)]) for each in (_NONE, question.problem_sites(sites))
        )
        opening = stations[stations["opens_year"] == year.phase.year]
        total = math.fsum(people)
        rows.append(
            {
                "year": year.phase.year,
                "years_counted": year.factor,
                "elderly": total,
                "elderly_covered_without": without,
                "elderly_covered": covered,
                "covered_share_without": without / total if total else math.nan,
                "covered_share": covered / total if total else math.nan,
                "stations": len(opening),
                "stations_limit": year.phase.stations,
                "budget_cny": year.phase.budget_cny,
                **{name: float(opening[name].sum(min_count=len(opening))) for name in _MONEY},
            }
        )
    return pd.DataFrame(rows, columns=[column.key for column in PHASE_COLUMNS])


@dataclass(frozen=True)
class PhasedMethod(Method):
    """What opens in which phase, for the most people over all years."""

    @cached_property
    def years(self) -> tuple[Year, ...]:
        """The request in the year of each phase."""
        return years_of(self.question, self.ground, self.progress)

    def solve(self, problem: Problem, _model: Model, effort: Effort) -> Solution:
        """Return what opens in which phase."""
        years, (times, cells) = self.years, _times_of_all(self.years)
        available = _available(self.ground, years)
        phases = [
            Phase(_uncovered(year, cells), may_open, year.factor, year.phase.stations, year.phase.budget_cny)
            for year, may_open in zip(years, available, strict=True)
        ]
        of_all = replace(problem, times=times, people=np.ones(len(cells)), weights=None, units=None)
        return solve_phases(of_all, phases, solve, effort)

    def ranked(self, solution: Solution) -> Ranked:
        """Return the new sites, the first phase first and then by gain; the gains are those of the last year."""
        if not isinstance(solution, PhasedSolution) or not solution.stages:
            return super().ranked(solution)
        circle = self.question.circle
        order: list[Ints] = []
        opens: list[Ints] = []
        for phase, new in zip(self.question.plan.phases, solution.opened, strict=True):
            there = np.concatenate([np.zeros(0, dtype=np.int64), *order])
            left = replace(circle, people=np.where(circle.reached_by(there), 0.0, circle.people))
            order.append(ranked_by_gain(left, new, new)[0])
            opens.append(np.full(len(new), phase.year, dtype=np.int64))
        chosen = np.concatenate(order)
        return Ranked(*ranked_by_gain(circle, chosen, chosen, keep_order=True), np.concatenate(opens))

    def completed(self, proposal: Proposal, solution: Solution, _effort: Effort) -> Proposal:
        """Return a proposal with what it does for each phase, and two plans that are made without phases."""
        if not isinstance(solution, PhasedSolution) or not solution.stages:
            return proposal
        table = phases_table(self.years, proposal.stations)
        return replace(proposal, phases=table, other_plans=solution.other_plans)
