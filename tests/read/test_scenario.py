"""Scenarios: what is read, and how every fault of the file is told."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

import siting.domain.scenario
from siting.domain.scenario import (
    Circle,
    ExclusionLayer,
    Generated,
    Land,
    OwnWalker,
    PlanOptions,
    Provision,
    StandardsChoice,
    Walking,
)
from siting.errors import Fault, InputError
from siting.read import load_standards, read_scenario
from siting.read.scenario import RULES, _core, all_keys
from siting.text import LANGS
from siting.write.reference import toml
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


@pytest.mark.parametrize(
    ("section", "lines", "field"),
    [
        ("facilities", 'path = "a\\u0000.csv"', "facilities.path"),
        ("facilities", 'database = "postgresql://a\\u0000b/c"\nlayer = "d"', "facilities.database"),
        ("units.street", 'path = "a.gpkg"\nlayer = "b\\u0000"', "units.street.layer"),
        (
            "units.street",
            'path = "a.gpkg"\nattributes = "b\\u0000"\nattributes_on = ["c", "d"]',
            "units.street.attributes",
        ),
        (
            "population",
            'elderly = { pattern = "a\\u0000{age}.tif", unit = "persons per cell" }',
            "population.elderly.pattern",
        ),
        ("population", 'elderly = { points = "a\\u0000.csv" }', "population.elderly.points"),
        (
            "population",
            'elderly = { bands = ["60.tif", "a\\u0000.tif"], unit = "persons per cell" }',
            "population.elderly.bands",
        ),
        ("standards", 'place = "重庆市"\nfiles = ["b.toml", "a\\u0000.toml"]', "standards.files"),
        ("network", 'path = "a\\u0000.osm.pbf"', "network.path"),
    ],
)
def test_a_name_that_no_file_can_have_is_told_by_its_key(case: Case, section: str, lines: str, field: str) -> None:
    case.sections[section] = lines
    fault = _faults(case.path())[field]
    assert (fault.code, fault.file) == ("impossible_name", "scenario.toml")
    assert "null character" in fault.message("en")


@pytest.mark.parametrize("name", ["a\0.toml", "a\ud800.toml"])
def test_a_scenario_of_an_impossible_name_is_told(name: str) -> None:
    (fault,) = _faults(Path(name)).values()
    assert fault.code == "impossible_name"
    fault.message("en").encode("utf-8")


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


GROUPS = "\n".join(["elderly_share = 0.2", *(f"groups.g{number} = {{ share = 0.1 }}" for number in range(51))])


@pytest.mark.parametrize(
    ("section", "line", "field", "code", "expected"),
    [
        ("scenario", "horizon = 1999", "scenario.horizon", "not_a_choice", "current, 2000–2100"),
        ("scenario", 'date = "soon"\ntitle="x"', "scenario.date", "not_date", "2026-01-01"),
        ("scenario", "date = 2026-01-01\ntitle = 3", "scenario.title", "not_text", '"…"'),
        ("facilities", 'path = "f.csv"\ncomplete = "perhaps"', "facilities.complete", "not_boolean", "true, false"),
        ("walking", 'minutes = "long"', "walking.minutes", "not_number", "0.5"),
        ("walking", "minutes = 0", "walking.minutes", "out_of_range", "≥ 0.001"),
        ("walking", "minutes = inf", "walking.minutes", "not_number", "0.5"),
        ("walking", 'walker = "dog"', "walking.walker", "unknown_walker", "elder, frail, fit, wheelchair"),
        ("circle", "tiers = 'station'", "circle.tiers", "not_list", '["…", "…"]'),
        ("circle", "tiers = ['hotel']", "circle.tiers.0", "not_a_choice", "centre, station"),
        ("plan", "stations = -1", "plan.stations", "out_of_range", "≥ 0"),
        ("population", GROUPS, "population.groups", "out_of_range", "≤ 50"),
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


# --- numbers at the ends, and tables within tables --------------------------------------------------------------------

ENDS = (5e-324, 1e-300, 1e-9, -0.0, 0.0, 0.1 + 0.2, 1.0, 1e16, 1e300, -1.0, 2**31, 10**30)


def _numeric(model: type[BaseModel], keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the keys of the schema that take a number, without those of layers within tables of the user's names."""
    for name, field in model.model_fields.items():
        # Within Annotated and Optional stands the type itself.
        inside = _core(field.annotation)
        if isinstance(inside, type) and issubclass(inside, BaseModel):
            yield from _numeric(inside, (*keys, name))
        elif inside in (int, float):
            yield (*keys, name)


NUMERIC = [
    *_numeric(PlanOptions, ("plan",)),
    *_numeric(Walking, ("walking",)),
    *_numeric(Circle, ("circle",)),
    *_numeric(Land, ("land",)),
    *_numeric(Provision, ("provision",)),
    *_numeric(OwnWalker, ("walkers", "own")),
    *_numeric(Generated, ("candidates", "generate")),
    *_numeric(ExclusionLayer, ("constraints", "exclude", "own")),
]
BESIDE = {
    ("plan", "sizes"): {"path": "s.csv"},
    ("walkers", "own"): {"flat_m_s": 0.8, "source": "s"},
    ("candidates", "generate"): {"spacing_m": 200.0},
    ("constraints", "exclude", "own"): {"path": "x.gpkg", "clause": "c"},
}


@pytest.mark.parametrize("keys", NUMERIC, ids=".".join)
@pytest.mark.parametrize("value", ENDS, ids=str)
def test_a_number_of_the_schema_is_read_back_as_it_was_written_or_refused(
    keys: tuple[str, ...], value: float, case: Case
) -> None:
    section = ".".join(keys[:-1])
    values = {**BESIDE.get(keys[:-1], {}), keys[-1]: value}
    if keys == ("walking", "minutes"):
        values["max_minutes"] = 1440
    case.sections[section] = "\n".join(f"{name} = {toml(each)}" for name, each in values.items())
    try:
        found: object = read_scenario(case.path())
    except InputError as error:
        (fault,) = error.faults
        assert fault.code in ("out_of_range", "not_integer", "max_minutes_below_minutes", "stairs_too_slow")
        for lang in LANGS:
            assert keys[-1] in fault.message(lang) or fault.field in (section, None)
        return
    for key in keys:
        found = found[key] if isinstance(found, dict) else getattr(found, key)
    assert found == value
    assert repr(found) == repr(type(found)(value))  # type: ignore[call-arg]


def test_the_schema_has_many_numbers() -> None:
    assert len(NUMERIC) > 25
    assert ("plan", "time_limit_s") in NUMERIC
    assert ("walking", "minutes") in NUMERIC


@pytest.mark.parametrize(
    ("section", "line", "code"),
    [
        ("plan", 'model = "lscp"\nshare = 1e-9', None),
        ("plan", "time_limit_s = 5e-324", "out_of_range"),
        ("plan", "time_limit_s = 0.001", None),
        ("plan", "seed = -1", "out_of_range"),
        ("plan", "spacing_m = 1e300", "out_of_range"),
        ("walking", "minutes = 1e-9", "out_of_range"),
        ("population", 'cell_m = 1e-9\nresidents = { path = "r.tif", unit = "persons per cell" }', "out_of_range"),
        ("walkers.own", "flat_m_s = 1e300\nsource = 's'", "out_of_range"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(section: str, line: str, code: str | None, case: Case) -> None:
    case.sections[section] = line
    if code is None:
        read_scenario(case.path())
        return
    assert [fault.code for fault in _faults(case.path()).values()] == [code]


@pytest.mark.parametrize(
    "text",
    [
        f"a = {'[' * 20_000}{']' * 20_000}",
        f"a = {'{b = ' * 5_000}1{'}' * 5_000}",
        f"[{'.'.join(['a'] * 5_000)}]",
        f"{'.'.join(['a'] * 5_000)} = 1",
        f"a = {'[' * 30}{']' * 30}",
    ],
    ids=["lists", "inline tables", "a head", "a dotted key", "thirty lists"],
)
def test_tables_within_tables_without_end_are_told(text: str, case: Case, tmp_path: Path) -> None:
    file = case.path()
    file.write_text(f"{text}\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    (fault,) = _faults(file).values()
    assert (fault.code, fault.expected) == ("nested_too_deep", "20")
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_standards(StandardsChoice(files=(own,)), dt.date(2026, 1, 1))
    assert [each.code for each in refused.value.faults] == ["nested_too_deep"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"x = 1{'0' * 5000}", "bad_toml"),
        (f"x = 0x{'f' * 5000}", "unknown_key_of"),
        (f"minutes = 0x{'f' * 5000}", None),
    ],
)
def test_a_whole_number_of_thousands_of_digits_is_told(line: str, code: str | None, case: Case) -> None:
    case.sections["walking"] = line
    with pytest.raises(InputError) as refused:
        read_scenario(case.path())
    (fault,) = refused.value.faults
    assert code in (fault.code, None)
    assert len(fault.message("en")) < 1000
