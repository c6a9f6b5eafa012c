"""Scenarios compared: small districts in which every part of a change is known by hand."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, box

import siting
from siting.domain.changes import DECIMALS
from siting.domain.parts import PARTS
from siting.domain.scenario import Scenario
from siting.errors import InputError
from siting.results import Comparison

CRS = "EPSG:4545"
X0, Y0 = 500_000.0, 3_290_000.0
# Eight minutes at 0.8 m/s are 384 m.
MINUTES = 8
LAND = "cq-2019-129/2-3-land"


def points(*places: tuple[float, float], **columns: list[Any]) -> gpd.GeoDataFrame:
    """Return points, metres from the corner."""
    return gpd.GeoDataFrame(columns, geometry=[Point(X0 + x, Y0 + y) for x, y in places], crs=CRS)


def ledger(**at: tuple[float, float]) -> gpd.GeoDataFrame:
    """Return stations with 300 m² of land each."""
    count = len(at)
    columns = {"id": [*at], "tier": ["station"] * count, "status": ["existing"] * count, "land_m2": [300.0] * count}
    return points(*at.values(), **columns)


def people(west: float, east: float) -> gpd.GeoDataFrame:
    """Return elderly people at two places, 2 km from one another."""
    return points((500.0, 500.0), (2500.0, 500.0), people=[west, east])


def halves(names: tuple[str, str] = ("west", "east")) -> gpd.GeoDataFrame:
    """Return two streets."""
    shapes = [box(X0, Y0, X0 + 1500, Y0 + 1000), box(X0 + 1500, Y0, X0 + 3000, Y0 + 1000)]
    return gpd.GeoDataFrame({"id": [*names], "name": [*names]}, geometry=shapes, crs=CRS)


def district(**sections: Any) -> Scenario:
    """Return a district of two streets in straight lines, with a station beside the people of the west."""
    base: dict[str, Any] = {
        "scenario": {"title": "t", "date": "2026-01-01"},
        "standards": {"ids": ["cq-2017-162", "cq-2019-129"]},
        "population": {
            "residents": {"points": people(400, 200)},
            "elderly": {"points": people(100, 50)},
        },
        "units": {"district": {"union_of": "street", "name": "D"}, "street": halves()},
        "facilities": {"path": ledger(F1=(600, 500)), "complete": True},
        "walking": {"mode": "straight_line", "minutes": MINUTES},
    }
    base |= {key: value if hasattr(value, "crs") else {**base.get(key, {}), **value} for key, value in sections.items()}
    return siting.scenario(**base)


def share(found: Comparison, level: str = "whole", key: str = "") -> pd.Series:
    """Return the row of spatial coverage."""
    table = found.table
    rows = table[(table["level"] == level) & (table["id"] == key) & (table["figure"] == "covered_share")]
    assert len(rows) == 1
    return rows.iloc[0]


def test_people_and_facilities_with_parts_known_by_hand() -> None:
    old = district()
    new = district(
        population={"residents": {"points": people(400, 200)}, "elderly": {"points": people(100, 100)}},
        facilities={"path": ledger(F1=(600, 500), F2=(2400, 500)), "complete": True},
    )
    found = siting.compare(old, new)
    assert found.differ == ("people", "facilities")
    row = share(found)
    # 100 of 150 are covered, then 100 of 200, then all.
    assert [row["before"], row["after"]] == pytest.approx([2 / 3, 1.0], abs=1e-6)
    assert [row[f"by_{part}"] for part in PARTS] == pytest.approx([0.5 - 2 / 3, 0.5, 0, 0, 0], abs=1e-6)
    # With the facilities first: 150 of 150, then 200 of 200.
    assert [row["by_people_least"], row["by_people_greatest"]] == pytest.approx([-1 / 6, 0], abs=1e-6)
    assert [row["by_facilities_least"], row["by_facilities_greatest"]] == pytest.approx([1 / 3, 1 / 2], abs=1e-6)
    assert [row["by_people_mean"], row["by_facilities_mean"]] == pytest.approx([-1 / 12, 5 / 12], abs=1e-6)
    east = share(found, "street", "east")
    assert [east["change"], east["by_people"], east["by_facilities"]] == [1, 0, 1]
    west = share(found, "street", "west")
    assert [west["change"], west["by_people"], west["by_facilities"]] == [0, 0, 0]
    circle = found.verdicts[found.verdicts["kind"] == "service_circle"]
    assert {tuple(by) for by in circle["verdict_by"]} == {("facilities",)}
    assert set(circle["level"]) == {"street", "district"}


def test_settings_are_the_part_of_what_no_document_gives() -> None:
    # Half a minute at 0.8 m/s are 24 m; the station stands 71 m or more from the centre of any cell of the people.
    found = siting.compare(district(), district(walking={"minutes": 0.5}))
    assert found.differ == ("settings",)
    row = share(found)
    assert [row["before"], row["after"]] == pytest.approx([2 / 3, 0], abs=1e-6)
    assert row["by_settings"] == row["change"] == row["by_settings_least"] == row["by_settings_greatest"]


def test_the_number_of_a_clause_is_the_part_of_the_rules() -> None:
    override = [{"clause": LAND, "number": 0.5, "reason": "trial"}]
    standards = {"ids": ["cq-2017-162", "cq-2019-129"]}
    found = siting.compare(district(), district(standards={**standards, "override": override}))
    assert found.differ == ("rules",)
    table = found.table
    rows = table[(table["clause_id"] == LAND) & (table["level"] == "district")].set_index("figure")
    # 600 residents need 120 m² at 0.2, and 300 m² at 0.5; the station has 300 m².
    assert rows.loc["required", ["before", "after", "change", "by_rules"]].tolist() == [120, 300, 180, 180]
    assert rows.loc["provided_low", ["before", "after", "change"]].tolist() == [300, 300, 0]


def test_a_new_link_is_the_part_of_the_network() -> None:
    def lines(*ways: tuple[tuple[float, float], ...]) -> gpd.GeoDataFrame:
        shapes = [LineString([(X0 + x, Y0 + y) for x, y in way]) for way in ways]
        return gpd.GeoDataFrame({"kind": ["street"] * len(ways)}, geometry=shapes, crs=CRS)

    # The people of the east are 300 m from their station, which stands on a way of its own, beyond a gap of 50 m.
    ways = [((0.0, 500.0), (1400.0, 500.0)), ((1600.0, 500.0), (2350.0, 500.0)), ((2400.0, 500.0), (3000.0, 500.0))]
    settings: dict[str, Any] = {"walking": {"mode": "network", "minutes": MINUTES}}
    settings["facilities"] = {"path": ledger(F1=(600, 500), F2=(2300, 500)), "complete": True}
    old = district(network=lines(*ways), **settings)
    new = district(network=lines(*ways, ((2350.0, 500.0), (2400.0, 500.0))), **settings)
    found = siting.compare(old, new)
    assert found.differ == ("network",)
    row = share(found)
    assert [row["before"], row["after"], row["by_network"]] == pytest.approx([2 / 3, 1, 1 / 3], abs=1e-6)


def test_the_day_belongs_to_the_facilities_and_the_documents_in_force_to_the_rules() -> None:
    opening = ledger(F1=(600, 500), F2=(2400, 500)).assign(opens=["2015-01-01", "2025-06-01"])
    sections = {"facilities": {"path": opening, "complete": True}}
    old = district(
        **sections, scenario={"title": "t", "date": "2019-01-01"}, standards={"ids": None, "place": "重庆市"}
    )
    new = district(**sections, standards={"ids": None, "place": "重庆市"})
    found = siting.compare(old, new)
    # In 2019 one document was in force, in 2026 there are more; one station has opened between.
    assert found.differ == ("facilities", "rules")
    row = share(found)
    assert [row["before"], row["by_facilities"], row["by_rules"]] == pytest.approx([2 / 3, 1 / 3, 0], abs=1e-6)
    rows = found.table[found.table["only_in"] == "new"]
    assert LAND in set(rows["clause_id"])
    assert "cq-2017-162/22-land" in set(found.table.loc[found.table["only_in"].isna(), "clause_id"])


def test_parts_that_do_not_fit_alone_are_exchanged_together() -> None:
    circle = "cq-2019-129/2-9-circle"
    override = [{"clause": circle, "number": 0.5, "reason": "trial"}]
    standards = {"ids": ["cq-2017-162", "cq-2019-129"], "override": override}
    new = district(
        standards=standards,
        walking={"minutes": 0.5},
        facilities={"path": ledger(F1=(600, 500), F2=(2400, 500)), "complete": True},
    )
    found = siting.compare(district(), new)
    # Minutes of the circle that differ from those of the walk are refused.
    assert found.differ == ("facilities", "rules+settings")
    assert {fault.code for fault in found.changes.why_together} == {"override_other_minutes"}
    row = share(found)
    assert [row["change"], row["by_facilities"], row["by_rules+settings"]] == pytest.approx(
        [-2 / 3, 1 / 3, -1], abs=1e-6
    )
    assert any("rules + settings" in note for note in found.notes("en"))
    stated = siting.compare(district(), new, all_orders=False)
    assert stated.differ == found.differ
    assert share(stated)["by_rules+settings"] == row["by_rules+settings"]
    assert np.isnan(share(stated)["by_facilities_least"])


def test_equal_scenarios_change_nothing_and_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from siting.pipeline import changing

    checked = []
    real = changing._checked
    monkeypatch.setattr(changing, "_checked", lambda inputs: checked.append(inputs) or real(inputs))
    # The same data in other files.
    found = siting.compare(district(), district())
    assert found.differ == ()
    assert len(checked) == 1
    known = found.table["before"].notna()
    assert known.any()
    assert (found.table.loc[known, ["change", *(f"by_{part}" for part in PARTS)]] == 0).all().all()
    assert found.verdicts.empty


def test_what_is_equal_needs_no_check_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from siting.pipeline import changing

    checked = []
    real = changing._checked
    monkeypatch.setattr(changing, "_checked", lambda inputs: checked.append(inputs) or real(inputs))
    new = district(walking={"minutes": 2}, facilities={"path": ledger(F1=(600, 500), F2=(2400, 500)), "complete": True})
    siting.compare(district(), new)
    assert len(checked) == 4


def test_a_figure_known_as_an_interval_is_told_with_its_bound() -> None:
    from siting.write.changes import main_rows

    # The new station has no area: 300 m² are known, for 600 residents at 0.2 m² and at 0.1 m².
    unsaid = ledger(F1=(600, 500), F2=(2400, 500)).assign(land_m2=[300.0, None])
    found = siting.compare(district(), district(facilities={"path": unsaid, "complete": True}))
    told = {figure: (before, after, change) for figure, before, after, change in main_rows(found.changes)}
    assert told["land_m2_per_resident"] == ("0.500", "≥ 0.500", "0.000")
    assert told["facilities_counted"] == ("1", "2", "+1")
    assert any("≥" in note for note in found.notes("en"))
    whole = found.totals.loc["land_high_m2_per_resident"]
    # Nothing limits it, so its change is not known.
    assert (whole["before"], whole["after"]) == (0.5, float("inf"))
    assert np.isnan(whole["change"])


def test_places_of_one_scenario_alone() -> None:
    new = district(units={"district": {"union_of": "street", "name": "D"}, "street": halves(("west", "new town"))})
    found = siting.compare(district(), new)
    only = found.places.set_index("id")["only_in"].dropna().to_dict()
    assert only == {"east": "old", "new town": "new"}
    assert any("east (east)" in note for note in found.notes("en"))
    assert share(found, "street", "west")["change"] == 0
    assert np.isnan(share(found, "street", "east")["change"])


def test_both_ends_are_the_figures_of_a_check(sample: Path) -> None:
    new = siting.change(sample, walking={"minutes": 12})
    found = siting.compare(sample, new)
    for scenario, column in ((sample, "before"), (new, "after")):
        gaps = siting.check(scenario)
        rows = found.table[found.table["clause_id"] == ""]
        units = rows[(rows["level"] == "community") & (rows["figure"] == "covered_share")].set_index("id")[column]
        wanted = gaps.units[gaps.units["level"] == "community"].set_index("id")["covered_share"].round(DECIMALS)
        pd.testing.assert_series_equal(units, wanted, check_names=False, check_index_type=False)
        whole = found.totals[column]
        for figure in ("covered_share", "elderly_covered", "land_m2_per_resident", "facilities_counted"):
            assert whole[figure] == round(gaps.totals[figure], DECIMALS)
        judged = gaps.clauses.groupby("verdict").size().to_dict()
        of_checks = found.table[found.table["figure"] == "provided_low"]
        assert of_checks[f"verdict_{column}"].value_counts().to_dict() == judged


def test_gap_reports_are_compared_without_a_split_and_as_their_scenarios_are(tmp_path: Path, small: Path) -> None:
    new = siting.change(small, walking={"minutes": 20})
    files = [tmp_path / "old.geojson", tmp_path / "new.geojson"]
    reports = [siting.check(scenario) for scenario in (small, new)]
    for report, path in zip(reports, files, strict=True):
        report.to_file(path)
    split, of_files, in_memory = (
        siting.compare(small, new),
        siting.compare(*files),
        siting.compare(*reports),
    )
    assert (of_files.differ, of_files.changes.is_split) == ((), False)
    assert any("scenario.toml" in note for note in of_files.notes("en"))
    keys = ["level", "id", "clause_id", "extent", "basis", "figure", "before", "after", "change"]
    keys += ["verdict_before", "verdict_after"]
    assert not split.verdicts.empty
    for other in (of_files, in_memory):
        pd.testing.assert_frame_equal(split.table[keys], other.table[keys], check_dtype=False)
    mixed = siting.compare(files[0], new)
    assert not mixed.changes.is_split
    pd.testing.assert_frame_equal(split.table[keys], mixed.table[keys], check_dtype=False)


@pytest.mark.parametrize("side", ["old", "new"])
def test_faults_tell_of_which_scenario_they_are(side: str, small: Path) -> None:
    wrong = siting.change(small, facilities={"path": small.with_name("none.csv")})
    pair = (wrong, small) if side == "old" else (small, wrong)
    with pytest.raises(InputError) as refused:
        siting.compare(*pair)
    assert [fault.code for fault in refused.value.faults][:2] == [f"fault_in_{side}", "missing_file"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("level", "<b>"), ("id", "d"), ("residents", "many"), ("verdict", "fine"), ("kind", "x"), ("extent", None)],
)
def test_a_gap_report_with_unknown_words_is_refused(key: str, value: object, tmp_path: Path, small: Path) -> None:
    path = tmp_path / "gaps.geojson"
    siting.check(small).to_file(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = [feature["properties"] for feature in content["features"]]
    if key == "id":
        rows[1] |= {"id": rows[0]["id"], "level": rows[0]["level"]}
    elif key in rows[0] and key not in {"kind", "verdict"}:
        rows[0][key] = value
    else:
        next(row for row in rows if row["checks"])["checks"][0][key] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        siting.compare(path, small)
    assert [fault.code for fault in refused.value.faults] == ["not_a_report"]


@pytest.mark.parametrize("text", ["", "[]", '{"result": "plan"}', '{"result": "gap_report", "features": [{}]}'])
def test_a_file_that_is_no_gap_report_is_refused(text: str, tmp_path: Path, small: Path) -> None:
    path = tmp_path / "other.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        siting.compare(path, small)
    assert [fault.code for fault in refused.value.faults] == ["not_a_report"]


def test_a_missing_report_is_named(tmp_path: Path, small: Path) -> None:
    with pytest.raises(InputError) as refused:
        siting.compare(tmp_path / "none.geojson", small)
    assert [fault.code for fault in refused.value.faults] == ["missing_file"]


def test_a_planned_year_is_a_setting() -> None:
    planned = {"residents": {"points": people(400, 200)}, "elderly": {"points": people(100, 50)}}
    old = district(population={**planned, "planned_residents": {"points": people(800, 400)}})
    head = old.scenario.model_copy(update={"horizon": 2035})
    found = siting.compare(old, old.model_copy(update={"scenario": head}))
    # Only one of them reads the planned people, of one file.
    assert found.differ == ("settings",)
    assert found.totals.loc["residents", ["before", "after", "by_settings"]].tolist() == [600, 1200, 600]
    assert found.changes.new.facts["horizon"] == "2035"


def test_planned_people_of_other_files_may_differ() -> None:
    planned = {"residents": {"points": people(400, 200)}, "elderly": {"points": people(100, 50)}}
    old, new = (
        district(population={**planned, "planned_residents": {"points": people(west, 400)}}) for west in (800, 900)
    )
    head = old.scenario.model_copy(update={"horizon": 2035})
    found = siting.compare(old, new.model_copy(update={"scenario": head}))
    assert found.differ == ("people", "settings")
    parts = ["by_people", "by_settings", "by_people_least", "by_people_greatest", "by_people_mean"]
    # Today nobody counts the planned people; in 2035 there are 1,300 in place of 1,200.
    assert found.totals.loc["residents", parts].tolist() == [0, 700, 0, 100, 50]
