"""Plans with capacity in the sample district: what is served, what is proved, and the processor seconds it takes.

    python benchmarks/sample_plans.py [--model mclp|p_median] [--stations P …] [--elders K …] [--budgets MILLION …]
                                      [--limit SECONDS]

Prints the tables of docs/benchmarks.md. All candidates that the ground permits; each new station serves at most so many
elders. The limit is in seconds of the clock, the seconds printed are the processor's.
"""

import argparse
import time
from pathlib import Path
from typing import Final

import numpy as np

from siting.domain.nouns import quiet
from siting.locate.problem import Effort, MaximalCovering, Model, PMedian, Problem, Solution
from siting.locate.solve import solve
from siting.pipeline.asking import ask
from siting.pipeline.ground import prepare
from siting.pipeline.requesting import merge_options
from siting.read import read_scenario

SCENARIO: Final = Path(__file__).resolve().parents[1] / "data" / "sample" / "scenario.toml"
MODELS: Final[dict[str, Model]] = {"mclp": MaximalCovering(), "p_median": PMedian()}


def main() -> None:
    """Solve each request, and print a line of it."""
    given = _arguments()
    problem, model = _problem(given.budgets), MODELS[given.model]
    print("| elders a station | stations | served | beyond | walking, hours | bound | gap | processor seconds |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for elders in given.elders:
        capacity = np.where(problem.kept, np.inf, elders)
        asked = [problem.under(stations=each, capacity=capacity) for each in given.stations]
        asked += [problem.under(stations=None, budget=each * 1e6, capacity=capacity) for each in given.budgets]
        for each in asked:
            began = time.process_time()
            found = solve(each, model, Effort(time_limit_s=given.limit))
            rules = each.rules
            limit = f"{rules.stations}" if rules.budget is None else f"{rules.budget / 1e6:.0f} million yuan"
            print(f"| {elders:.0f} | {limit} | {_line(found)} | {time.process_time() - began:.1f} |", flush=True)


def _line(found: Solution) -> str:
    last = found.stages[-1]
    hours = last.name == "seconds"
    scale = 1 / 3600 if hours else 1.0
    best, bound = f"{last.objective * scale:,.0f}", f"{last.bound * scale:,.0f}"
    beyond = f"{found.stages[0].objective:,.0f}" if hours else "–"
    gap = "proved" if found.status == "optimal" else f"{abs(last.bound - last.objective) / abs(last.objective):.2%}"
    return f"{'–' if hours else best} | {beyond} | {best if hours else '–'} | {bound} | {gap}"


def _problem(budgets: list[float]) -> Problem:
    """Return who walks how long to which site in the sample district, with costs where money is asked of."""
    scenario = read_scenario(SCENARIO)
    plan = merge_options(scenario.plan, budget_cny=max(budgets) * 1e6) if budgets else scenario.plan
    return ask(prepare(scenario, quiet), plan, quiet).problem


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="mclp")
    parser.add_argument("--stations", type=int, nargs="*", default=[5, 10, 12, 15, 20, 25, 30, 40, 60])
    parser.add_argument("--elders", type=float, nargs="+", default=[300.0, 500.0, 800.0, 1200.0])
    parser.add_argument("--budgets", type=float, nargs="*", default=[])
    parser.add_argument("--limit", type=float, default=300.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
