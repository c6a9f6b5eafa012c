"""What the faults of a scenario hide is told with them: one round, not one for each stage."""

from pathlib import Path

import pytest

import siting
from siting.errors import Fault, InputError
from siting.read import read_whole
from tests.read.case import FACILITIES, Case

# A choice that a planner has to make lacks in each section; the ledger lacks its CRS, and its rows have faults.
ASKED = {
    "standards": "",
    "population": 'residents = { path = "residents.tif" }',
    "facilities": 'path = "facilities.csv"\ncolumns = { lon = "x", lat = "y" }',
    "circle": "pass_shar = 0.9\npass_share = 2",
    "residential_areas": 'path = "areas.gpkg"',
}
LEDGER = (
    FACILITIES.replace("centre", "中心")
    .replace("F002", "F001")
    .replace("name,tier", "beds,tier")
    .replace("一号站", "many")
)
# Of faults of each stage: keys, rules between keys, files, their CRS, words, cells and ids.
FAULTS = {
    ("missing_key", "facilities.complete"),
    ("unknown_key", "circle.pass_shar"),
    ("out_of_range", "circle.pass_share"),
    ("place_or_ids", "standards"),
    ("raster_without_unit", "population.residents"),
    ("missing_file", None),
    ("missing_crs", "crs"),
    ("not_among_choices", "tier"),
    ("not_integer", "beds"),
    ("duplicate_id", "id"),
}


def told(path: Path) -> list[Fault]:
    with pytest.raises(InputError) as error:
        siting.check(path)
    return list(error.value.faults)


def test_faults_of_every_stage_are_told_in_one_round(case: Case) -> None:
    case.sections |= ASKED
    case.facilities(LEDGER)
    found = told(case.path())
    assert {(fault.code, fault.field) for fault in found} == FAULTS
    # Of what was made up to go on nothing is told, and nothing twice.
    assert len(found) == len(set(found))


def test_each_fault_is_told_as_it_is_when_it_stands_alone(case: Case) -> None:
    """Mend what each round told, as a planner did before: the rounds together tell what one tells now."""
    case.sections |= ASKED
    case.facilities(LEDGER)
    at_once = {(fault.code, fault.field, fault.row, fault.found) for fault in told(case.path())}
    whole = Case(case.folder).sections
    mends = [whole | {name: ASKED[name]} for name in ("standards", "population", "facilities", "circle")]
    mends.append(whole | {"facilities": whole["facilities"].replace('crs = "EPSG:4545"\n', "")})
    rounds = set()
    for sections in mends:
        case.sections = dict(sections)
        case.facilities(LEDGER)
        rounds |= {(fault.code, fault.field, fault.row, fault.found) for fault in told(case.path())}
    assert rounds <= at_once
    assert {each[0] for each in at_once - rounds} == {"missing_file"}


def test_a_section_at_fault_is_left_out_of_account(case: Case) -> None:
    # Of a misspelt `columns` nobody knows which columns are meant; the streets have nothing to do with it.
    case.sections["facilities"] = case.sections["facilities"].replace("columns", "colums")
    case.sections["units.street"] = 'path = "nowhere.gpkg"'
    assert [(fault.code, fault.layer) for fault in told(case.path())] == [
        ("unknown_key", None),
        ("missing_file", "units.street"),
    ]


def test_of_somebody_elses_scenario_no_file_is_read(case: Case) -> None:
    case.sections["units.street"] = 'path = "nowhere.gpkg"'
    case.sections["circle"] = "pass_share = 2"
    with pytest.raises(InputError) as error:
        read_whole(case.path(), untrusted=True)
    assert [fault.code for fault in error.value.faults] == ["out_of_range"]


@pytest.mark.parametrize("text", ["[scenario", "", "[units]\n"])
def test_where_too_little_is_right_the_keys_alone_are_told(text: str, tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    assert told(file) != []
