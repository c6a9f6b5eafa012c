"""A ledger with names instead of coordinates, from file to figures."""

import pytest
import shapely

import siting
from tests.read.case import Case, X, Y

LEDGER = """编号,设施名称,设施类型,状态,经度,纬度,所在街道
F001,一号站,社区养老服务站,现状,436100,3281100,
F002,二号站,社区养老服务站,现状,,,S2街道
F003,三号中心,街道养老服务中心,现状,,,S1
"""
SECTION = 'path = "facilities.csv"\ncrs = "EPSG:4545"\ncomplete = true'


@pytest.fixture
def named(case: Case) -> Case:
    case.facilities(LEDGER)
    case.sections["facilities"] = SECTION
    return case


def test_records_stand_in_the_unit_that_they_name_and_say_how_well_that_is_known(named: Case) -> None:
    table = named.read().facilities
    assert table["located_by"].tolist() == ["coordinates", "street", "street"]
    assert table.geometry.loc["F002"] == shapely.Point(X + 1500, Y + 500)
    assert table.geometry.loc["F003"] == shapely.Point(X + 500, Y + 500)
    # From the middle of a square of 1 km to its corner.
    assert table["located_within_m"].tolist() == pytest.approx([0.0, 500 * 2**0.5, 500 * 2**0.5])
    assert table["street_id"].tolist()[1:] == ["S2", "S1"]


def test_a_check_counts_them_where_they_were_placed(named: Case) -> None:
    named.sections["walking"] = 'mode = "straight_line"'
    gaps = siting.check(siting.read_scenario(named.path()))
    homes = gaps.assessment.facilities["home_street"]
    assert homes.to_dict() == {"F001": "S1", "F002": "S2", "F003": "S1"}
    assert any("F002" in line and "F003" in line for line in gaps.notes("en"))


def test_a_record_that_names_nowhere_is_refused_or_left_out_and_listed(named: Case) -> None:
    named.facilities(LEDGER.replace("S2街道", "远方街道"))
    fault = named.fault()
    assert (fault.code, fault.row) == ("not_placed", "F002")
    # The name is wrong, not the id.
    assert fault.cells == ("G3",)
    named.sections["facilities"] = SECTION + '\nunplaced = "leave_out"'
    inputs = named.read()
    assert inputs.facilities.index.tolist() == ["F001", "F003"]
    assert any(note.code == "unplaced_left_out" and "F002" in str(note.values) for note in inputs.notes)


def test_a_record_whose_longitude_and_latitude_are_swapped_is_one_fault_in_its_two_cells(named: Case) -> None:
    named.facilities(
        "编号,设施名称,设施类型,状态,经度,纬度\n"
        "F001,一号站,社区养老服务站,现状,29.6652,107.398\nF002,二号站,社区养老服务站,现状,107.38,29.66\n"
    )
    named.sections["facilities"] = SECTION.replace("EPSG:4545", "EPSG:4490")
    fault = named.fault()
    assert (fault.code, fault.row, fault.cells) == ("coordinates_out_of_range", "F001", ("E2", "F2"))


def test_neighbours_beyond_the_border_shorten_ways_and_add_no_land(named: Case) -> None:
    named.facilities("\n".join(line for line in LEDGER.splitlines() if "F002" not in line))
    named.sections["walking"] = 'mode = "straight_line"'
    named.sections["population"] += "\nelderly_share = 0.2"
    before = siting.check(siting.read_scenario(named.path())).totals
    # 100 m east of the second street.
    row = f"N1,station,existing,{X + 2100:.0f},{Y + 500:.0f},900"
    (named.folder / "around.csv").write_text(f"id,tier,status,lon,lat,land_m2\n{row}\n", encoding="utf-8")
    named.sections["context.facilities"] = 'path = "around.csv"\ncrs = "EPSG:4545"'
    after = siting.check(siting.read_scenario(named.path())).totals
    assert after["elderly_covered"] > before["elderly_covered"] + 30
    assert after["elderly"] == before["elderly"] == 200
    assert after["land_provided_m2"] == before["land_provided_m2"]
