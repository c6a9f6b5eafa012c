"""Plans with phases on the sample: each year's figures are those of a check of that year; what cannot be is refused."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import siting
from siting.domain.nouns import quiet
from siting.domain.scenario import PlanOptions
from siting.errors import InputError
from siting.pipeline.ground import PreparedScenario, prepare
from siting.pipeline.phasing import factors_of
from siting.places import plan_faults, plan_sites
from siting.results import Plan
from siting.text import Lang
from tests.phased import FREE, PHASED, PHASES, YEARS


@pytest.fixture(scope="module")
def folder(phased_sample: Path) -> Path:
    return phased_sample


@pytest.fixture(scope="module")
def plan(phased_plan: Plan) -> Plan:
    return phased_plan


@pytest.fixture(scope="module")
def written(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "plan.geojson"
    plan.to_file(path)
    return path


def in_year(folder: Path, year: int) -> siting.Scenario:
    return siting.change(folder / "scenario.toml", scenario={"horizon": year})


def test_each_year_is_what_a_check_of_that_year_says(plan: Plan, written: Path, folder: Path) -> None:
    assert plan.phases is not None
    assert plan.phases["year"].tolist() == list(YEARS)
    for row in plan.phases.iloc[[0, 2]].to_dict("records"):
        before = siting.check(in_year(folder, row["year"])).totals
        after = siting.check(in_year(folder, row["year"]), plan=written).totals
        assert row["elderly"] == pytest.approx(before["elderly"])
        assert row["elderly_covered_without"] == pytest.approx(before["elderly_covered"])
        assert row["elderly_covered"] == pytest.approx(after["elderly_covered"])
        assert row["covered_share"] == pytest.approx(after["covered_share"])


def test_the_objective_is_the_sum_over_the_years(plan: Plan) -> None:
    """2026 and 2027, 2028 and 2029, 2030 to 2034; each year counts 1/1.03 of the one before."""
    spans = ((0, 2), (2, 4), (4, 9))
    counted = [sum(1.03**-year for year in range(*span)) for span in spans]
    assert plan.phases is not None
    assert plan.phases["years_counted"].tolist() == pytest.approx(counted)
    newly = plan.phases["elderly_covered"] - plan.phases["elderly_covered_without"]
    assert plan.objective == pytest.approx(float(newly @ counted))
    assert (plan.status, plan.stages[0].name) == ("optimal", "elderly_years")
    for other in plan.proposal.other_plans.values():
        assert other <= plan.objective * (1 + 1e-9)


def test_limits_and_dates_are_kept(plan: Plan) -> None:
    stations = plan.stations
    assert stations["opens_year"].is_monotonic_increasing
    by_year = stations.groupby("opens_year")
    counts, money = by_year.size(), by_year["cost_cny"].sum()
    assert counts[2026] <= 2
    assert money[2028] <= 5_000_000
    assert counts[2030] <= 1
    assert set(stations.loc[stations["opens_year"] == 2026, "candidate_id"]) == set(FREE)
    assert plan.phases is not None
    assert plan.phases["stations"].tolist() == [int(counts.get(year, 0)) for year in YEARS]
    assert plan.phases["cost_cny"].tolist() == [float(money.get(year, 0.0)) for year in YEARS]


def test_a_plan_is_read_back_with_its_phases(plan: Plan, written: Path, folder: Path) -> None:
    content = json.loads(written.read_text(encoding="utf-8"))
    assert [row["year"] for row in content["phases"]] == list(YEARS)
    assert content["certificate"] is None
    measured = siting.read_plan(folder / "scenario.toml", written)
    assert measured.phases is not None
    pd.testing.assert_frame_equal(measured.phases, plan.phases)
    assert measured.proposal.other_plans == pytest.approx(plan.proposal.other_plans)


@pytest.mark.parametrize("study", ["curve", "build_order", "alternatives", "stability"])
def test_studies_of_one_year_refuse_a_plan_with_phases(plan: Plan, study: str) -> None:
    with pytest.raises(InputError) as caught:
        getattr(plan, study)()
    assert [fault.code for fault in caught.value.faults] == ["study_of_phases"]


@pytest.fixture(scope="module")
def ground(folder: Path) -> PreparedScenario:
    return prepare(siting.read_scenario(folder / "scenario.toml"), quiet)


@pytest.mark.parametrize(
    ("code", "request_"),
    [
        ("plan_without_phases", {"phases": []}),
        ("plan_phases_not_ascending", {"phases": [PHASES[1], PHASES[0], PHASES[2]]}),
        ("plan_phases_not_ascending", {"phases": [PHASES[0], PHASES[0], PHASES[2]]}),
        ("plan_phases_not_ascending", {"phases": [{"year": 2025, "stations": 1}, PHASES[2]]}),
        ("plan_phases_beside_horizon", {"phases": PHASES[:2], "phases_until": 2034}),
        ("plan_phase_without_limit", {"phases": [{"year": 2026}, PHASES[2]]}),
        ("plan_phases_until_early", {"phases_until": 2029}),
        ("plan_phases_with_changes", {"closable": ["F010"]}),
        ("plan_setting_of_other_model", {"capacity": 300}),
        ("plan_setting_of_other_model", {"model": "mclp", "stations": 2}),
    ],
)
def test_what_no_plan_can_be_made_of_is_refused(ground: PreparedScenario, code: str, request_: dict[str, Any]) -> None:
    asked = PlanOptions.model_validate({**PHASED, **request_})
    sites = plan_sites(ground.inputs, ground.permitted, asked)
    assert code in {fault.code for fault in plan_faults(ground.inputs, ground.refused, sites, asked)}


def test_another_model_says_that_it_ignores_the_phases(folder: Path) -> None:
    plan = siting.propose(siting.change(folder / "scenario.toml", plan=PHASED), model="mclp", stations=1)
    told = {note.code: note.values for note in plan.proposal.notes}
    assert told["plan_settings_unused"]["names"] == "discount_rate, phases, phases_until"


def test_the_last_phase_counts_its_own_year_if_nothing_else_is_said() -> None:
    assert factors_of(PlanOptions(model="phased", phases=PHASES)) == [2.0, 2.0, 1.0]


def test_the_workbook_has_a_sheet_of_the_phases(plan: Plan, phased_reports: dict[Lang, Path]) -> None:
    book = openpyxl.load_workbook(phased_reports["zh"] / "tables.xlsx")
    rows = {row[0]: row for row in book["实施时序"].iter_rows(values_only=True)}
    assert plan.phases is not None
    for phase in plan.phases.to_dict("records"):
        told = rows[phase["year"]]
        assert told[1] == phase["stations"]
        assert told[6] == pytest.approx(phase["covered_share"], abs=1e-6)
        assert told[8] == pytest.approx(phase["cost_cny"])
    columns = [[cell.value for cell in column] for column in book["推荐选址表"].columns]
    years = next(column for column in columns if any(str(value).startswith("建成年份") for value in column))
    assert [value for value in years if value in YEARS] == plan.stations["opens_year"].tolist()
