"""What the screen tells of a small district."""

import re
from dataclasses import replace

import pytest

from siting.cli import tell
from siting.domain.called import record_names
from siting.domain.lacking import lacking_text
from siting.results import GapReport
from tests.helpers import box, check, facilities, inputs, raster, scenario, units


def test_the_total_bears_the_verdict_of_the_district_and_bounds_stand_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = check(
        inputs(
            residents=raster([[1000.0, 1000.0]], 500.0),
            elderly=raster([[200.0, 200.0]], 500.0),
            places={
                "street": units({"east": box(500, 0, 1000, 500), "west": box(0, 0, 500, 500)}),
                "district": units({"d": box(0, 0, 1000, 500)}),
            },
            ledger=facilities({"w": ((250, 250), {"land_m2": 150.0}), "e": ((750, 250), {})}),
        )
    )
    assert case.places.loc[("district", "d"), "verdict"] == "no_data"
    tell.gaps(GapReport(case), "zh")
    total = next(line for line in capsys.readouterr().out.splitlines() if "合计" in line)
    # 2,000 residents need 400 m² at 0.2; 150 m² are known, and one plot is not.
    assert re.split(" {2,}", total.strip())[-3:] == ["≤ 50", "≤ 250", "数据不足"]


def test_the_head_tells_a_planned_year(capsys: pytest.CaptureFixture[str]) -> None:
    case = check(
        inputs(
            settings=scenario(scenario={"title": "x", "date": "2026-01-01", "horizon": 2035}),
            residents=raster([[10.0]], 500.0),
            elderly=raster([[2.0]], 500.0),
            places={"district": units({"d": box(0, 0, 500, 500)})},
            ledger=facilities({}),
        )
    )
    tell.gaps(GapReport(case), "zh")
    assert " · 规划至2035年 · " in capsys.readouterr().out


def test_what_was_done_to_the_people_and_sums_that_differ_are_told_however_few_notes_fit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    streets = units({"east": box(500, 0, 1000, 500), "west": box(0, 0, 500, 500)})
    given = inputs(
        residents=raster([[1000.0, 1000.0, 300.0]], 500.0),
        elderly=raster([[200.0, 200.0, 60.0]], 500.0),
        places={"street": streets.assign(own_residents=[400.0, 800.0]), "district": units({"d": box(0, 0, 1000, 500)})},
        ledger=facilities({"w": ((250, 250), {"land_m2": 300.0}), "e": ((750, 250), {"land_m2": 0.0})}),
    )
    case = check(replace(given, population=replace(given.population, calibrate="street")))
    monkeypatch.setattr(tell, "_MOST_NOTES", 0)
    tell.gaps(GapReport(case), "en")
    told = " ".join(capsys.readouterr().out.split())
    assert "the level street or town: their total changes from 2,000 on the grid to 1,200 people" in told
    assert "300 of the 2,300 persons read (13.0%) live outside all units" in told
    # 120 and 240 m² are needed of 300; the street of 400 residents has nothing.
    assert "At 0.1 m² per person the total is 0 m², the sum over streets and towns 40 m²" in told
    assert "at 0.2 m² per person they are 0, 80 and" in told
    assert re.search(r"\d+ more notes", told)


def test_units_with_open_facilities_are_told_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    case = check(
        inputs(
            residents=raster([[10.0]], 500.0),
            elderly=raster([[2.0]], 500.0),
            places={"district": units({"district": box(0, 0, 500, 500)}).assign(name="某区", kind="区")},
            ledger=facilities({"1": ((250, 250), {"tier": "institution", "name": "桥头敬老院"})}),
        )
    )
    tell.gaps(GapReport(case), "zh")
    told = "".join(capsys.readouterr().out.split())
    assert "部分记录缺数据（桥头敬老院(1)）" in told
    open_unit = {"verdict": "no_data", "kind": "unit_coverage", "reason": "records_missing", "missing": ["district"]}
    names = record_names(case.inputs.facilities, case.inputs.residential_areas, case.inputs.units.values())
    assert lacking_text([open_unit], "zh", names) == "数据不足：某区 内的设施资料不全。"
