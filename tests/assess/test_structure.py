"""Structural advice: chains, operators, land use."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point, box

import siting
from siting.assess.structure import hierarchy, off_plan, operators

pytestmark = pytest.mark.usefixtures("walks_once")


def chain(**rows: tuple[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=["tier", "parent_id"])


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ({"i": ("institution", None), "c": ("centre", "i"), "s": ("station", "c")}, {}),
        ({"i": ("institution", None), "s": ("station", "i")}, {}),
        ({"s": ("station", None)}, {"s": "orphan"}),
        ({"c": ("centre", "closed")}, {"c": "orphan"}),
        ({"s": ("station", "t"), "t": ("station", None)}, {"s": "wrong_tier", "t": "orphan"}),
        ({"c": ("centre", "s"), "s": ("station", "c")}, {"c": "cycle", "s": "cycle"}),
        ({"i": ("institution", None), "c": ("centre", "c")}, {"c": "cycle"}),
    ],
)
def test_what_breaks_the_chain(rows: dict[str, tuple[str, str | None]], faults: dict[str, str]) -> None:
    assert hierarchy(chain(**rows))["fault"].to_dict() == faults


def test_operators_are_counted_once_a_street_and_institutions_are_left_out() -> None:
    table = pd.DataFrame(
        {
            "tier": ["station", "centre", "station", "institution", "station"],
            "operator": ["甲", "乙", "甲", "丙", None],
        },
        index=list("abcde"),
    )
    found = operators(table, pd.Series(["x", "x", "x", "x", "y"], index=list("abcde")))
    assert found.loc["x", "operators"] == 2
    assert found.loc["x", "names"] == "乙; 甲"
    assert (found.loc["y", "operators"], found.loc["y", "unknown"]) == (0, 1)


def test_a_site_on_the_border_of_an_allowed_use_conforms() -> None:
    plan = gpd.GeoDataFrame({"kind": ["A6", "E2"]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)])
    sites = gpd.GeoDataFrame(geometry=[Point(1, 0.5), Point(1.5, 0.5), Point(5, 5)], index=["edge", "field", "beyond"])
    assert off_plan(sites, plan, ("A6",)).tolist() == ["field", "beyond"]


def test_the_audit_lists_what_stands_off_the_land_use_plan(sample: Path, tmp_path: Path) -> None:
    scenario = siting.read_scenario(sample)
    told = siting.audit(scenario)
    conformity = told[told["kind"] == "land_use_conformity"]
    assert conformity["finding_en"].str.contains("No land-use plan layer is given").all()
    facilities = pd.read_csv(sample.with_name("facilities.csv"))
    # All ground is allowed but a square of 2 m around one open facility.
    lon, lat = facilities.set_index("id").loc["F001", ["lon", "lat"]]
    field = box(lon - 1e-5, lat - 1e-5, lon + 1e-5, lat + 1e-5)
    ground = gpd.GeoDataFrame(
        {"kind": ["R22", "E2"]}, geometry=[box(107, 29, 108, 30).difference(field), field], crs="EPSG:4490"
    )
    ground.to_file(tmp_path / "land_use.gpkg")
    text = sample.read_text(encoding="utf-8") + (
        f'\n[constraints.land_use]\npath = "{(tmp_path / "land_use.gpkg").as_posix()}"\nallowed = ["R22"]\n'
    )
    for file in sample.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "scenario.toml").write_text(text, encoding="utf-8")
    found = siting.audit(siting.read_scenario(tmp_path / "scenario.toml"))
    findings = found.loc[found["kind"] == "land_use_conformity", "finding_zh"]
    assert findings.str.endswith("不在允许的用地类型上：F001。").all()
