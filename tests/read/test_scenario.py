"""Scenarios: what is read, and how every fault of the file is told."""

import re
from pathlib import Path

import pytest

import siting.domain.scenario
from siting.errors import Fault, InputError
from siting.read import read_scenario
from siting.read.scenario import RULES, all_keys
from tests.read.case import Case


def _faults(path: Path) -> dict[str | None, Fault]:
    with pytest.raises(InputError) as caught:
        read_scenario(path)
    return {fault.field: fault for fault in caught.value.faults}


def test_paths_count_from_the_folder_of_the_file(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.sections["population"] = 'elderly = { pattern = "../ages/elderly_{age}.tif", unit = "persons per cell" }'
    case.sections["facilities"] += '\ndefaults = { name = "path" }'
    file = case.path()
    monkeypatch.chdir(case.folder.parent)
    scenario = read_scenario(file.relative_to(case.folder.parent))
    assert scenario.facilities.path == case.folder / "facilities.csv"
    assert scenario.population.elderly is not None
    assert scenario.population.elderly.pattern == str(case.folder.parent / "ages" / "elderly_{age}.tif")
    assert scenario.facilities.defaults == {"name": "path"}


def test_a_byte_order_mark_is_no_fault(case: Case) -> None:
    file = case.path()
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_scenario(file).scenario.title == "示例"


def test_a_missing_scenario_is_told(tmp_path: Path) -> None:
    (fault,) = _faults(tmp_path / "none.toml").values()
    assert (fault.code, fault.file) == ("missing_file", "none.toml")
    assert str(tmp_path / "none.toml") in fault.message("en")


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    (fault,) = _faults(tmp_path).values()
    assert fault.code == "unreadable_file"


def test_invalid_toml_says_the_line(case: Case) -> None:
    file = case.path()
    file.write_text('[scenario]\ntitle = "示例\n', encoding="utf-8")
    (fault,) = _faults(file).values()
    assert (fault.code, fault.row) == ("bad_toml", "2")
    assert fault.message("zh").startswith("scenario.toml · 行 2：")


def test_a_scenario_in_another_encoding_is_told(case: Case) -> None:
    file = case.path()
    file.write_bytes('[scenario]\ntitle = "示例"'.encode("gb18030"))
    (fault,) = _faults(file).values()
    assert (fault.code, fault.expected) == ("bad_encoding", "UTF-8")


@pytest.mark.parametrize(
    ("section", "line", "key", "nearest"),
    [
        ("walking", "minuts = 15", "walking.minuts", "walking.minutes"),
        ("scenario", 'titel = "x"', "scenario.titel", "scenario.title"),
        ("facilities", "complet = true", "facilities.complet", "facilities.complete"),
        ("units.street", 'pth = "x"', "units.street.pth", "units.street.path"),
        ("circle", "direction = 'slower'", "circle.direction", "walking.direction"),
    ],
)
def test_an_unknown_key_names_the_nearest_known(case: Case, section: str, line: str, key: str, nearest: str) -> None:
    case.sections[section] = f"{case.sections.get(section, '')}\n{line}"
    fault = _faults(case.path())[key]
    assert (fault.code, fault.file, fault.expected) == ("unknown_key", "scenario.toml", nearest)
    assert nearest in fault.message("en")
    assert key in fault.message("en")


def test_an_unknown_key_like_none_lists_those_there_are(case: Case) -> None:
    case.sections["walking"] = "zzz = 1"
    fault = _faults(case.path())["walking.zzz"]
    assert fault.code == "unknown_key_of"
    assert fault.expected.startswith("mode, walker, minutes")


def test_an_unknown_level_names_the_nearest_known(case: Case) -> None:
    case.sections["units.stret"] = 'path = "x.gpkg"'
    fault = _faults(case.path())["units.stret"]
    assert (fault.code, fault.expected) == ("unknown_key", "units.street")


@pytest.mark.parametrize(
    ("section", "line", "field", "code", "expected"),
    [
        ("scenario", "horizon = 1999", "scenario.horizon", "not_a_choice", "current, 2000–2100"),
        ("scenario", 'date = "soon"\ntitle="x"', "scenario.date", "not_date", "2026-01-01"),
        ("scenario", "date = 2026-01-01\ntitle = 3", "scenario.title", "not_text", '"…"'),
        ("facilities", 'path = "f.csv"\ncomplete = "perhaps"', "facilities.complete", "not_boolean", "true, false"),
        ("walking", 'minutes = "long"', "walking.minutes", "not_number", "0.5"),
        ("walking", "minutes = 0", "walking.minutes", "out_of_range", "> 0.0"),
        ("walking", "minutes = inf", "walking.minutes", "not_number", "0.5"),
        ("walking", 'walker = "dog"', "walking.walker", "unknown_walker", "elder, frail, fit, wheelchair"),
        ("circle", "tiers = 'station'", "circle.tiers", "not_list", '["…", "…"]'),
        ("circle", "tiers = ['hotel']", "circle.tiers.0", "not_a_choice", "centre, station"),
        ("plan", "stations = -1", "plan.stations", "out_of_range", "≥ 0"),
        ("plan", "stations = 1.5", "plan.stations", "not_integer", "12"),
        ("constraints", "exclude = 3", "constraints.exclude", "not_table", "[…]"),
    ],
)
def test_wrong_values_say_what_was_expected(
    case: Case, section: str, line: str, field: str, code: str, expected: str
) -> None:
    case.sections[section] = line
    fault = _faults(case.path())[field]
    assert (fault.code, fault.expected) == (code, expected)
    assert field in fault.message("zh")


def test_levels_of_a_union_type_are_told_once(case: Case) -> None:
    case.sections["circle"] = "levels = ['village']"
    (fault,) = _faults(case.path()).values()
    assert fault.found == "'village'"
    assert fault.expected.endswith("city, residential_area")


def test_all_faults_come_together(case: Case) -> None:
    case.sections["facilities"] = 'path = "f.csv"'
    case.sections["walking"] = "minutes = -1\nspeeed = 2"
    case.sections["scenario"] = 'title = "x"'
    del case.sections["standards"]
    found = _faults(case.path())
    assert {field: fault.code for field, fault in found.items()} == {
        "facilities.complete": "missing_key",
        "scenario.date": "missing_key",
        "standards": "missing_key",
        "walking.minutes": "out_of_range",
        "walking.speeed": "unknown_key_of",
    }
    message = InputError(found.values()).message("en")
    assert all(field is not None and field in message for field in found)


@pytest.mark.parametrize(
    ("section", "line", "field", "code"),
    [
        ("population", 'residents = { unit = "persons per cell" }', "population.residents", "path_or_pattern"),
        (
            "population",
            "elderly = { pattern = 'a.tif', unit = 'persons per ha' }",
            "population.elderly",
            "pattern_without_age",
        ),
        ("population", "elderly_share = 0.2", "population", "nobody_given"),
        ("units.city", 'name = "x"', "units.city", "path_or_union_of"),
        ("walking", "minutes = 90", "walking", "max_minutes_below_minutes"),
        ("standards", "", "standards", "place_or_ids"),
        ("network", None, None, "no_network"),
    ],
)
def test_rules_between_keys_are_told_in_words(
    case: Case, section: str, line: str | None, field: str | None, code: str
) -> None:
    if line is None:
        del case.sections[section]
    else:
        case.sections[section] = line
    assert _faults(case.path())[field].code == code


def test_every_rule_of_the_model_has_its_words() -> None:
    source = Path(siting.domain.scenario.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'message = "(.*)"', source)) == set(RULES)


def test_keys_of_users_own_names_are_known() -> None:
    keys = all_keys()
    assert {"units.*.union_of", "constraints.exclude.*.clause", "facilities.land_at_most_m2"} <= set(keys)
