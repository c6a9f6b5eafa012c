"""The account of all layers: complete, whatever the faults, within 100 columns, escaped, in both languages."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import siting
from siting.cli import main
from siting.domain.note_order import by_importance
from siting.domain.nouns import Note
from siting.errors import InputError
from siting.read import read_scenario
from siting.read.log import Log
from siting.results import Inspection
from siting.text import LANGS, Lang, say
from tests.messy import messy_folder, new_scenario
from tests.read.case import FACILITIES, Case

pytestmark = pytest.mark.usefixtures("walks_once")

HOSTILE = '<script>alert("x")</script>[bold]\x1b[31m'


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def width(line: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


@pytest.fixture(scope="module")
def found(sample: Path) -> Inspection:
    return siting.inspect(sample, lang="zh")


def layer(found: Inspection, key: str) -> dict[Any, Any]:
    return dict(found.layers.set_index("key").loc[key])


def test_every_layer_of_the_scenario_has_its_row(found: Inspection) -> None:
    assert found.ok
    assert found.faults.empty
    assert set(found.layers["key"]) >= {
        "population.residents", "population.elderly", "units.street", "units.community", "residential_areas",
        "facilities", "candidates", "constraints.exclude.farmland", "constraints.exclude.ecology",
        "constraints.exclude.flood", "network", "terrain", "basemap.water", "basemap.green",
    }  # fmt: skip
    # A union has no file.
    assert "units.district" not in set(found.layers["key"])


def test_totals_are_those_of_the_files(found: Inspection, sample: Path) -> None:
    ledger = pd.read_csv(sample.parent / "facilities.csv")
    premises = pd.read_csv(sample.parent / "candidates.csv")
    assert layer(found, "facilities")["land_m2"] == pytest.approx(ledger["land_m2"].sum())
    assert layer(found, "candidates")["floor_area_m2"] == pytest.approx(premises["floor_area_m2"].sum())
    assert layer(found, "population.residents")["people"] == pytest.approx(300_000)
    assert layer(found, "population.elderly")["people"] == pytest.approx(66_000)
    areas = gpd.read_file(sample.parent / "residential_areas.gpkg")
    assert layer(found, "residential_areas")["people"] == pytest.approx(areas["residents"].sum())


def test_extents_are_those_of_the_files_in_degrees(found: Inspection, sample: Path) -> None:
    row = layer(found, "units.street")
    wanted = gpd.read_file(sample.parent / "streets.gpkg").to_crs("EPSG:4326").total_bounds
    assert [row[side] for side in ("west", "south", "east", "north")] == pytest.approx(wanted, abs=1e-3)


def test_land_that_is_lacking_is_told(found: Inspection, sample: Path) -> None:
    ledger = pd.read_csv(sample.parent / "facilities.csv")
    lacking = int((ledger["land_m2"].isna() & (ledger["floor_area_m2"].isna() | ledger["far"].isna())).sum())
    assert lacking > 0
    assert any(text.startswith(f"{lacking} 处没有用地面积") for text in layer(found, "facilities")["warnings"])


@pytest.mark.parametrize("lang", LANGS)
def test_the_command_tells_all_layers_within_100_columns(
    lang: Lang, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("inspect", sample, "--lang", lang) == 0
    told = capsys.readouterr().out
    assert max(map(width, told.splitlines())) <= 100
    for file in ("residents.tif", "facilities.csv", "walk.gpkg"):
        assert file in told
    assert "300,000" in told
    assert {"zh": "没有发现问题", "en": "No faults were found"}[lang] in told


@pytest.mark.parametrize("lang", LANGS)
def test_all_faults_are_told_at_once_with_what_to_do_and_exit_code_2(
    lang: Lang, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = Case(tmp_path)
    case.facilities(FACILITIES.replace("station,existing,436100", "kiosk,existing,436100"))
    (tmp_path / "walk.gpkg").unlink()
    assert run("inspect", case.path(), "--lang", lang, "-o", tmp_path / "a.json") == 2
    told = capsys.readouterr().out
    for part in ("walk.gpkg", "facilities.csv", "tier", "F001", "kiosk"):
        assert part in told
    account = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert account["ok"] is False
    assert {fault["layer"] for fault in account["faults"]} == {"network", "facilities"}
    wrong = next(fault for fault in account["faults"] if fault["layer"] == "facilities")
    assert (wrong["file"], wrong["row"], wrong["field"]) == ("facilities.csv", "F001", "tier")
    assert "kiosk" in wrong["found"]
    assert "station" in wrong["expected"]
    assert wrong["advice"]
    rows = {row["key"]: row for row in account["layers"]}
    assert rows["facilities"]["faults"] == 1
    assert rows["network"]["faults"] == 1


def test_faults_of_layers_do_not_raise_but_those_of_the_scenario_do(tmp_path: Path) -> None:
    case = Case(tmp_path)
    (tmp_path / "streets.gpkg").unlink()
    assert not siting.inspect(case.path()).ok
    (tmp_path / "scenario.toml").write_text("[scenario]", encoding="utf-8")
    with pytest.raises(InputError):
        siting.inspect(tmp_path / "scenario.toml")


def by_hand(case: Case, lang: Lang = "en") -> Inspection:
    """An inspection of a log made by hand."""
    log = Log()
    streets = log.layer("units.street", "streets.shp")
    streets.fact(driver="ESRI Shapefile", encoding="GB18030", encoding_by="hanzi", crs="EPSG:4490 CGCS2000", rows=9)
    streets.fact(
        matched={"id": "XZQDM", "name": "name"}, unused=["备注"], extent=(106.5, 29.4, 106.7, 29.6), rows_used=8
    )
    sites = log.layer("facilities", HOSTILE)
    sites.fact(rows=3, located={"coordinates": 2, "community": 1}, crs_by="scenario", header_row=3, land_m2=812.5)
    sites.fact(extent=(10.0, 1.0, 10.1, 1.1), total_rows=["合计"], matched={"name": HOSTILE})
    log.notes.append(Note("parent_unknown", {"layer": "facilities", "count": 1, "ids": "F2 → F9"}))
    log.notes.append(Note("parent_unknown", {"layer": "nobody", "count": 1, "ids": "F3 → F8"}))
    sites.fault("not_a_choice", row="F1", field="tier", found=HOSTILE, expected="station")
    return Inspection(read_scenario(case.path()), log, None, lang)


def test_facts_are_told_and_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    found = by_hand(Case(tmp_path))
    row = layer(found, "units.street")
    assert (row["driver"], row["encoding"], row["encoding_by"], row["rows"], row["rows_used"]) == (
        "ESRI Shapefile", "GB18030", "hanzi", 9, 8,
    )  # fmt: skip
    assert row["matched"] == {"id": "XZQDM", "name": "name"}
    assert any("encoding" in text for text in row["warnings"])
    # A layer off the ground of the units is pointed at.
    assert any("does not overlap the units" in text for text in layer(found, "facilities")["warnings"])
    page = found._repr_html_()
    assert "XZQDM → id" in page
    assert "name → name" not in page
    assert "9 rows in the file" in page
    assert '<td class="figure">8</td>' in page
    assert "community 1" in page
    assert "合计" in page
    # Notes stand with their layer, those of no layer at the end.
    assert ["F2 → F9" in text for text in layer(found, "facilities")["mended"]] == [True]
    assert ["F3 → F8" in text for text in found.general_notes] == [True]
    assert len(found.notes) == 2
    # Layers of which nothing is known are there with their file.
    assert layer(found, "network")["file"] == "walk.gpkg"
    assert pd.isna(layer(found, "network")["rows"])


def test_a_page_shows_what_files_hold_as_text_and_needs_no_network(tmp_path: Path) -> None:
    found = by_hand(Case(tmp_path))
    found.to_file(tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "data:image/png;base64," in page
    assert re.search(r"(?:src|href)=\"https?:", page) is None


def test_the_terminal_gets_no_markup_and_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from siting.cli import tell

    tell.inspection(by_hand(Case(tmp_path)))
    told = capsys.readouterr().out
    assert "[bold]" in told
    assert "\x1b" not in told


def test_a_csv_holds_layers_faults_and_no_formula(tmp_path: Path) -> None:
    found = by_hand(Case(tmp_path))
    found.log.layers["facilities"]["file"] = "=HYPERLINK(1)"
    found.to_file(tmp_path / "a.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8-sig"))))
    key, what, matched = (say(f"table.column.{name}", "en") for name in ("key", "what", "matched"))
    assert [row[key] for row in rows if row[what] == "layer"] == list(found.layers["key"])
    assert [row["row"] for row in rows if row[what] == "fault"] == ["F1"]
    assert not any(cell.startswith("=") for row in rows for cell in row.values() if cell)
    street = next(row for row in rows if row[key] == "units.street")
    assert street[matched] == "XZQDM → id; name → name"


def test_a_table_for_people_holds_no_json(sample: Path, tmp_path: Path) -> None:
    messy = new_scenario(messy_folder(tmp_path / "示例区"))
    for scenario in (sample, messy):
        found = siting.inspect(scenario, lang="zh")
        found.to_file(tmp_path / "a.csv")
        found.to_file(tmp_path / "a.xlsx")
        table = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False)
        sheet = pd.read_excel(tmp_path / "a.xlsx", dtype=str, keep_default_na=False)
        assert all(re.search("[一-鿿]", head) for head in table)
        assert table.to_numpy().tolist() == sheet.to_numpy().tolist()
        assert not [cell for cell in table.to_numpy().ravel() if re.match(r"[\[{]", cell) or '": ' in cell]
        rows = table.set_index(say("table.column.key", "zh"))
        if scenario == sample:
            assert rows.loc["terrain", say("table.column.shape", "zh")] == "399 行 × 466 列"
        else:
            told = rows.loc["facilities"]
            assert "小计" in told[say("table.column.total_rows", "zh")].split("、")
            assert "设施名称 → name" in told[say("table.column.matched", "zh")].split("；")


def test_another_ending_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    found = by_hand(Case(tmp_path))
    with pytest.raises(InputError, match=r"\.json, \.csv, \.xlsx, \.html, \.htm, \.png"):
        found.to_file(tmp_path / "a.docx")
    assert not (tmp_path / "a.docx").exists()


@pytest.mark.parametrize("lang", LANGS)
def test_the_map_shows_every_layer_in_its_legend(lang: Lang, found: Inspection) -> None:
    told = Inspection(found.scenario, found.log, found.inputs, lang)
    axes = told.plot().axes[0]
    legend = axes.get_legend()
    assert legend is not None
    shown = {text.get_text() for text in legend.get_texts()}
    assert set(told.layers["name"]) == shown
    west, east = axes.get_xlim()
    assert 107.2 < west < 107.34
    assert 107.46 < east < 107.6


def test_a_map_of_nothing_and_one_of_extents_alone(tmp_path: Path) -> None:
    found = by_hand(Case(tmp_path))
    low, high = found.plot().axes[0].get_xlim()
    # Both the units and the ledger that lies far away.
    assert low < 10.0
    assert high > 106.7
    nothing = Inspection(read_scenario(Case(tmp_path).path()), Log(), None, "en")
    nothing.to_file(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_people_of_tables_are_added_up(tmp_path: Path) -> None:
    case = Case(tmp_path)
    (tmp_path / "people.csv").write_text("id,residents,elderly\nS1,1000,200\nS2,500,\n", encoding="utf-8")
    case.sections["units.street.people"] = 'path = "people.csv"'
    row = layer(siting.inspect(case.path()), "units.street.people")
    assert row["people"] == pytest.approx(1500)
    assert np.isnan(row["elderly"]) or row["elderly"] == pytest.approx(200)


def test_a_facility_far_off_is_told_first_and_its_extent_is_its_own(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.facilities(
        "id,name,tier,status,x,y\nF1,一号,station,existing,107.35,29.65\nF2,二号,station,existing,100.74,20.5\n"
    )
    case.sections["facilities"] = case.sections["facilities"].replace("EPSG:4545", "EPSG:4490")
    found = siting.inspect(case.path(), lang="en")
    assert found.log.notes
    assert by_importance(found.log.notes)[0].code == "facilities_outside_units"
    # As they stand in the file, though the district is measured in metres.
    extent = [layer(found, "facilities")[side] for side in ("west", "south", "east", "north")]
    assert extent == pytest.approx((100.74, 20.5, 107.35, 29.65), abs=1e-4)
