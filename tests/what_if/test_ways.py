"""The ways from residential areas to their nearest facilities: those that an explanation finds one by one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

import siting
from siting.domain.nearest import nearest_facilities
from siting.domain.nouns import Assessment, quiet
from siting.pipeline.ground import prepared
from siting.text.numbers import number
from siting.travel import WalkingNetwork
from siting.travel.routes import route
from siting.write.webmap import write_map
from tests.browser import opened
from tests.what_if.conftest import Held


def _one(ways: WalkingNetwork, assessment: Assessment, line: shapely.LineString, heading: Any) -> tuple[float, Any]:
    """Return the seconds and the line of a way of its own search."""
    ends = shapely.get_coordinates(line)[[0]], shapely.get_coordinates(line)[[-1]]
    half = float(assessment.demand.cells["half_diagonal_m"].iloc[0])
    found = route(ways, ends, half, assessment.inputs.scenario.walking, 3600.0, way=heading)
    assert found is not None
    return found.seconds, found.line


def test_each_way_is_the_quickest_and_takes_the_minutes_of_the_check(plan: siting.results.Plan, sampled: Held) -> None:
    ground = prepared(sampled.inputs, quiet)
    assert isinstance(ground.network, WalkingNetwork)
    assert sampled.inputs.scenario.walking.direction == "slower"
    for when, assessment in (("today", plan.proposal.before), ("plan", plan.proposal.after)):
        table = sampled.found.ways[when]  # type: ignore[index]
        nearest = nearest_facilities(assessment)
        assert (table["facility"] == nearest.reindex(table.index)).all()
        estates = assessment.inputs.residential_areas.geometry
        for area, row in table.iloc[:: max(1, len(table) // 20)].iterrows():
            line = row["geometry"]
            there, drawn = _one(ground.network, assessment, line, "to_facility")
            back, _ = _one(ground.network, assessment, line, "from_facility")
            assert row["minutes"] == pytest.approx(max(there, back) / 60, abs=0.002)
            assert line.hausdorff_distance(drawn) < 0.01
            assert row["metres"] == pytest.approx(line.length, rel=0.02)
            ends = shapely.points(shapely.get_coordinates(line)[[0, -1]])
            # From a cell of the area, to the facility's door.
            assert ends[0].distance(estates[area]) < float(assessment.demand.cells["half_diagonal_m"].max())
            assert ends[1].distance(assessment.facilities.geometry[row["facility"]]) < 1e-6
    assert len(sampled.found.ways["today"]) > 200
    assert set(sampled.found.ways["plan"]["facility"]) & set(plan.stations["id"])


DRAWN = """() => Object.values(map_main._layers)
    .filter((layer) => layer instanceof L.Polyline && layer.options.level === 9)
    .map((layer) => layer.getLatLngs().map(({ lat, lng }) => [lng, lat]))"""


def test_the_way_is_drawn_while_the_popup_is_open(plan: siting.results.Plan, sampled: Held, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    write_map(path, plan.proposal.before, plan.proposal, lang="zh", what_if=sampled.found)
    both = [table.to_crs(4326) for table in sampled.found.ways.values()]
    area = next(each for each in both[1].index if each in both[0].index)
    with opened(path) as (page, heard):
        before = len(page.evaluate(DRAWN))
        page.evaluate("(key) => { location.hash = `#place=${key}`; }", f"residential_area/{area}")
        page.locator(".popup").wait_for()
        drawn = page.evaluate(DRAWN)
        assert len(drawn) == before + 2
        wanted = [shapely.get_coordinates(table.geometry[area]) for table in both]
        for line in wanted:
            # Simplified by two metres and rounded to one, end to end.
            assert any(np.abs(np.array(each)[[0, -1]] - line[[0, -1]]).max() < 2e-5 for each in drawn)
        told = page.inner_text(".popup")
        for table in sampled.found.ways.values():
            row = table.loc[area]
            assert f"{number(row['minutes'], 1)}\u00a0分钟，{number(row['metres'])}\u00a0m" in told
        page.keyboard.press("Escape")
        page.evaluate("void map_main.closePopup()")
        assert len(page.evaluate(DRAWN)) == before
    assert heard.complaints == []
