"""Uncertain people on the sample district: against checks and plans of the drawn people themselves."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio

import siting
from siting.domain.nouns import quiet
from siting.domain.scenario import Uncertainty
from siting.errors import InputError
from siting.pipeline.ground import PreparedScenario, prepare
from siting.places import draw_factors
from siting.places.draws import unit_error, with_factors
from siting.write.robustness import robust_texts

UNIT = "persons per cell"
ERRORS = {"unit_error": 0.2, "cell_error": 0.3, "level": "community", "draws": 40}
STATIONS = 8


@pytest.fixture(scope="module")
def ground(sample: Path) -> PreparedScenario:
    return prepare(siting.read_scenario(sample), quiet)


def other_grid(sample: Path, path: Path, change: Callable[[np.ndarray], np.ndarray]) -> Path:
    """Write the elderly of the sample, changed, as one grid."""
    bands = []
    for age in (60, 65, 70, 75, 80):
        with rasterio.open(sample.parent / f"elderly_{age}.tif") as source:
            values, profile = source.read(1).astype(np.float64), source.profile
            bands.append(np.where(values == source.nodata, 0.0, values))
    with rasterio.open(path, "w", **{**profile, "dtype": "float64", "nodata": -1.0}) as out:
        out.write(change(np.sum(bands, axis=0)), 1)
    return path


@pytest.fixture(scope="module")
def robust(sample: Path) -> siting.Plan:
    scenario = siting.change(sample, population={"uncertainty": ERRORS})
    return siting.propose(scenario, stations=STATIONS, robust="quantile")


def factors(ground: PreparedScenario, count: int, **errors: Any) -> np.ndarray:
    drawn = draw_factors(ground.demand, Uncertainty.model_validate(errors), np.random.default_rng(3))
    return np.array([next(drawn) for _ in range(count)])


def test_factors_have_mean_one_and_the_stated_errors(ground: PreparedScenario) -> None:
    cells = factors(ground, 400, cell_error=0.4)
    assert cells.mean() == pytest.approx(1.0, abs=0.002)
    assert cells.std() == pytest.approx(0.4, rel=0.01)
    units = factors(ground, 2_000, unit_error=0.25, level="street")
    # The cells of one street err together, those of two streets do not.
    shares = ground.demand.shares["street"].toarray()
    whole = [np.flatnonzero(row == 1.0) for row in shares]
    first, second = units[:, whole[0]], units[:, whole[1]]
    assert np.ptp(first, axis=1).max() == 0.0
    assert first[:, 0].mean() == pytest.approx(1.0, abs=0.03)
    assert first[:, 0].std() == pytest.approx(0.25, rel=0.1)
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.1


def test_units_whose_people_a_table_gives_keep_them(sample: Path, tmp_path: Path) -> None:
    streets = siting.check(sample).units.query("level == 'street'")
    table = pd.DataFrame(
        {"id": streets["id"], "elderly": (streets["elderly"] * np.linspace(0.7, 1.3, len(streets))).round()}
    )
    table.to_csv(tmp_path / "people.csv", index=False)
    people = {"street": {"people": {"path": str(tmp_path / "people.csv")}}}
    held = prepare(siting.change(sample, units=people), quiet)
    errors = Uncertainty(unit_error="calibration", cell_error=0.3, level="community")
    spread = held.demand.factors.query("who == 'elderly'")["factor"]
    assert unit_error(held.demand, errors) == pytest.approx(spread.std() / spread.mean())
    drawn = draw_factors(held.demand, errors, np.random.default_rng(0))
    elderly = held.demand.cells["elderly"].to_numpy()
    street = held.demand.shares["street"]
    largest = np.asarray(street.toarray().argmax(axis=0))
    inside = np.asarray(street.sum(axis=0)).ravel() > 0
    before = np.bincount(largest[inside], weights=elderly[inside])
    for _ in range(5):
        now = with_factors(held.demand, next(drawn)).cells["elderly"].to_numpy()
        assert np.bincount(largest[inside], weights=now[inside]) == pytest.approx(before)
        assert np.abs(now[elderly > 0] / elderly[elderly > 0] - 1.0).max() > 0.3


def test_a_spread_of_few_factors_is_refused(sample: Path) -> None:
    scenario = siting.change(sample, population={"uncertainty": {"unit_error": "calibration"}})
    with pytest.raises(InputError) as refused:
        siting.check(scenario)
    assert [fault.code for fault in refused.value.faults] == ["uncertainty_without_factors"]


def test_with_another_grid_a_verdict_is_as_sure_as_the_grids_agree(sample: Path, tmp_path: Path) -> None:
    """Without errors the populations are the two grids in turn: half of them are the check of the other grid."""
    rng = np.random.default_rng(5)
    moved = other_grid(sample, tmp_path / "moved.tif", lambda people: people * rng.uniform(0.0, 2.0, people.shape))
    other = {"path": str(moved), "unit": UNIT}
    asked = siting.change(sample, population={"uncertainty": {"alternatives": {"x": other}, "draws": 10}})
    found = siting.check(asked)
    source = {"path": str(moved), "unit": UNIT, "from_age": 60, "pattern": None}
    both = [siting.check(each).clauses for each in (sample, siting.change(sample, population={"elderly": source}))]
    keys = ["level", "id", "clause_id"]
    one, two = (
        table.assign(turn=table.groupby(keys).cumcount()).set_index([*keys, "turn"])["verdict"] for table in both
    )
    judged = one[one.isin(["met", "gap"])]
    agree = (judged == two.reindex(judged.index)).to_numpy()
    certainty = found.certainty
    assert certainty is not None
    assert len(certainty) == len(judged)
    assert sorted(certainty["same_share"]) == sorted(np.where(agree, 1.0, 0.5))
    assert certainty["certainty"].eq("sure").sum() == agree.sum()
    assert 0 < agree.sum() < len(agree)
    assert "verdicts_of_draws" in {note.code for note in found.assessment.notes}


def test_errors_that_are_nothing_leave_every_verdict_sure(sample: Path, tmp_path: Path) -> None:
    found = siting.check(siting.change(sample, population={"uncertainty": {"cell_error": 1e-9, "draws": 10}}))
    assert found.certainty is not None
    assert set(found.certainty["certainty"]) == {"sure"}
    path = tmp_path / "gaps.geojson"
    found.to_file(path)
    written = json.loads(path.read_text(encoding="utf-8"))["certainty"]
    assert len(written) == len(found.certainty)
    assert siting.check(sample).certainty is None


def test_the_promise_holds_in_populations_that_another_generator_draws(
    robust: siting.Plan, ground: PreparedScenario
) -> None:
    found = robust.robustness
    assert found is not None
    table = robust.proposal.before.cells
    after = robust.proposal.after.cells
    newly = ((after["covered"] - table["covered"]) > 0).reindex(ground.demand.cells.index, fill_value=False).to_numpy()
    cells = ground.demand.cells
    people = (cells["elderly"] * cells["inside"]).fillna(0.0).to_numpy() * newly
    shares = ground.demand.shares["community"].toarray()
    unit = np.where(shares.sum(axis=0) > 0, shares.argmax(axis=0), len(shares))
    rng = np.random.Generator(np.random.MT19937(11))
    sigma = [np.sqrt(np.log(1 + error**2)) for error in (0.2, 0.3)]
    covered = []
    for _ in range(1_000):
        of_units = rng.lognormal(-(sigma[0] ** 2) / 2, sigma[0], len(shares) + 1)
        of_cells = rng.lognormal(-(sigma[1] ** 2) / 2, sigma[1], len(unit))
        covered.append(float(people @ (of_units[unit] * of_cells)))
    assert np.mean(covered) == pytest.approx(found.mean, rel=0.01)
    assert np.mean(np.array(covered) >= found.at_least) >= 0.88
    assert np.quantile(covered, 0.1) == pytest.approx(found.at_least, rel=0.02)
    assert found.at_least >= found.given_at_least - 0.01 * found.at_least
    assert found.mean <= found.given_mean * 1.001


def test_sites_are_told_by_how_many_populations_choose_them(robust: siting.Plan, tmp_path: Path) -> None:
    found = robust.robustness
    assert found is not None
    assert sum(found.chosen_in.values()) == pytest.approx(STATIONS, abs=0.2)
    assert set(found.chosen_in) <= set(robust.proposal.before.inputs.candidates.index)
    texts = [line.text for line in robust_texts(robust.proposal, "en")]
    assert texts[0].startswith("In 90% of populations at least")
    path = tmp_path / "plan.geojson"
    robust.to_file(path)
    scenario = robust.proposal.before.inputs.scenario
    again = siting.read_plan(scenario, path)
    assert again.robustness is not None
    assert again.robustness.at_least == pytest.approx(found.at_least, abs=1e-6)
    assert [stage.name for stage in again.stages] == ["promised", "covered"]


def test_on_average_over_two_grids_the_plan_is_that_of_their_mean(sample: Path, tmp_path: Path) -> None:
    doubled = other_grid(sample, tmp_path / "doubled.tif", lambda people: 2.0 * people)
    other = {"path": str(doubled), "unit": UNIT}
    asked = siting.change(sample, population={"uncertainty": {"alternatives": {"x": other}, "draws": 10}})
    plain, mean, worst = (
        siting.propose(scenario, stations=STATIONS, **more)
        for scenario, more in ((sample, {}), (asked, {"robust": "mean"}), (asked, {"robust": "worst"}))
    )
    # Half as many elderly again on average, the given ones at worst.
    assert mean.stages[0].objective == pytest.approx(1.5 * plain.stages[0].objective)
    assert worst.stages[0].objective == pytest.approx(plain.stages[0].objective)
    assert mean.stations["candidate_id"].tolist() == plain.stations["candidate_id"].tolist()


@pytest.mark.parametrize("study", ["alternatives", "stability"])
def test_a_study_that_would_plan_for_the_given_people_is_refused(robust: siting.Plan, study: str) -> None:
    with pytest.raises(InputError) as refused:
        getattr(robust, study)()
    assert [fault.code for fault in refused.value.faults] == ["study_of_doubt"]


@pytest.mark.parametrize(
    ("population", "plan", "code"),
    [
        ({}, {}, "plan_robust_without_uncertainty"),
        ({"uncertainty": ERRORS}, {"capacity": 500.0}, "plan_robust_with"),
        ({"uncertainty": ERRORS}, {"model": "lscp", "stations": None}, "plan_setting_of_other_model"),
    ],
)
def test_what_a_robust_plan_cannot_be_is_refused(sample: Path, population: Any, plan: Any, code: str) -> None:
    scenario = siting.change(sample, population=population) if population else siting.read_scenario(sample)
    with pytest.raises(InputError) as refused:
        siting.propose(scenario, **{"stations": 3, "robust": "worst", **plan})
    assert code in [fault.code for fault in refused.value.faults]
