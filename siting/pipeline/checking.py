"""The gap report, and its clauses one by one."""

import pandas as pd

from siting.assess.audit import audit_table as audit_table
from siting.assess.withholding import withheld_report
from siting.domain.nouns import Assessment, Progress, quiet
from siting.domain.scenario import Scenario
from siting.domain.withheld import ROUNDED
from siting.pipeline.ground import WalkerOf, measure, prepare
from siting.pipeline.uncertainty import with_certainty


def check(scenario: Scenario, progress: Progress | None = None, *, walker_of: WalkerOf | None = None) -> Assessment:
    """Read a scenario's layers and judge its places; ``walker_of`` makes what computes its walks."""
    report = progress or quiet
    ground = prepare(scenario, report, walker_of=walker_of)
    found = with_certainty(measure(ground, ground.facilities, report), ground, report)
    return withheld_report(found) if scenario.scenario.share else found


def audit(scenario: Scenario, progress: Progress | None = None) -> pd.DataFrame:
    """Check a scenario and list its clauses one by one; at a planned horizon with the present values beside them."""
    found = _audit(scenario, progress)
    if scenario.scenario.share:
        found.attrs[ROUNDED] = True
    return found


def _audit(scenario: Scenario, progress: Progress | None) -> pd.DataFrame:
    planned = audit_table(check(scenario, progress))
    if scenario.scenario.horizon == "current":
        return planned
    head = scenario.scenario.model_copy(update={"horizon": "current"})
    people = scenario.population
    basis = None if people.land_basis == "resident_planned" else people.land_basis
    population = people.model_copy(update={"land_basis": basis})
    today = audit_table(check(scenario.model_copy(update={"scenario": head, "population": population}), progress))
    names = {"measured_low": "current_low", "measured_high": "current_high", "verdict": "current_verdict"}
    # Two levels that a clause counts separately are in one order; the land basis may differ.
    turns = [table.groupby(["clause_id", "level"], dropna=False).cumcount() for table in (planned, today)]
    planned, today = (table.assign(turn=turn) for table, turn in zip((planned, today), turns, strict=True))
    keys = ["clause_id", "level", "turn"]
    both = planned.merge(today[[*keys, *names]].rename(columns=names), on=keys, how="left", validate="one_to_one")
    return both.drop(columns="turn")
