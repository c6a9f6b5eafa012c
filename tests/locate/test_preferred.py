"""Preferred and permitted ground in a plan of the sample district."""

import dataclasses
import json
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import box

from siting import pipeline
from siting.domain.nouns import Inputs, Progress, Proposal, quiet
from siting.domain.scenario import Constraints, ExclusionLayer, Scenario
from siting.read import read_inputs, read_scenario
from siting.write.geojson import write_plan

pytestmark = pytest.mark.usefixtures("walks_once")


def _proposed(sample: Path, monkeypatch: pytest.MonkeyPatch, exclude: Constraints, **ground: object) -> Proposal:
    """A plan of four stations with other ground than the files hold."""

    def read(scenario: Scenario, progress: Progress = quiet) -> Inputs:
        bare = scenario.model_copy(update={"constraints": Constraints()})
        return dataclasses.replace(read_inputs(bare, progress), scenario=scenario, **ground)  # type: ignore[arg-type]

    monkeypatch.setattr("siting.pipeline.ground.read_inputs", read)
    scenario = read_scenario(sample)
    walking = scenario.walking.model_copy(update={"mode": "straight_line"})
    changed = scenario.model_copy(update={"walking": walking, "constraints": exclude})
    return pipeline.propose(changed, stations=4).proposal


def test_a_plan_names_preferred_ground_and_keeps_its_objective(
    sample: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    candidates = read_inputs(read_scenario(sample)).candidates
    west, south, east, north = candidates.total_bounds
    middle = (west + east) / 2
    half = gpd.GeoDataFrame(geometry=[box(middle, south, east, north)], crs=candidates.crs)
    plain = _proposed(sample, monkeypatch, Constraints(), exclusions={}, preferences={})
    plan = _proposed(sample, monkeypatch, Constraints(), exclusions={}, preferences={"civic": half, "none": half[:0]})
    assert plan.selection.objective == plain.selection.objective
    assert plan.selection.bound == plain.selection.bound
    stand = [["civic"] if x >= middle else [] for x in plan.stations.geometry.x]
    assert plan.stations["preferred"].to_list() == stand
    assert plain.stations["preferred"].to_list() == [[]] * 4
    write_plan(tmp_path / "plan.geojson", plan)
    written = json.loads((tmp_path / "plan.geojson").read_text(encoding="utf-8"))
    assert [feature["properties"]["preferred"] for feature in written["features"]] == stand


def test_a_plan_keeps_inside_the_permitted_ground(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidates = read_inputs(read_scenario(sample)).candidates
    west, south, east, north = candidates.total_bounds
    half = gpd.GeoDataFrame(geometry=[box(west, south, (west + east) / 2, north)], crs=candidates.crs)
    urban = ExclusionLayer(path=Path("u.gpkg"), clause="城镇开发边界", side="outside")
    plan = _proposed(sample, monkeypatch, Constraints(exclude={"urban": urban}), exclusions={"urban": half})
    beyond = candidates.index[candidates.geometry.x > (west + east) / 2]
    assert list(plan.refused.index) == list(beyond)
    assert set(plan.refused["clause"]) == {"城镇开发边界"}
    assert (plan.stations.geometry.x <= (west + east) / 2).all()
