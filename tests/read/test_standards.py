"""Standards: which apply, and what is told when none does."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import siting
from siting.domain.scenario import StandardsChoice, fingerprint
from siting.errors import Fault, InputError
from siting.read import all_standards, elsewhere_standards, load_standards, read_scenario, standard
from siting.read.standards import read_standard
from siting.text import LANGS
from siting.write.standard_template import standard_from, standard_template
from tests.read.case import Case

TODAY = dt.date(2026, 1, 1)


def _ids(date: dt.date = TODAY, **choice: object) -> list[str]:
    return [each.id for each in load_standards(StandardsChoice.model_validate(choice), date)]


def test_the_catalogue_is_in_order_of_force() -> None:
    dates = [each.from_day for each in all_standards()]
    assert dates == sorted(dates)
    assert {"cq-2017-162", "cq-2019-129"} <= {each.id for each in all_standards()}


def test_a_standard_is_found_by_its_id() -> None:
    assert standard("cq-2017-162").number == "渝府办发〔2017〕162号"


@pytest.mark.parametrize(
    ("place", "own"),
    [
        ("重庆市", set()),
        ("重庆市万州区", set()),
        ("重庆市南岸区", {"nanan-2018-180"}),
        ("重庆市渝北区", {"yubei-2018-40"}),
        ("重庆市开州区", {"kaizhou-2024-16"}),
    ],
)
def test_a_place_is_ruled_by_itself_and_its_parents(place: str, own: set[str]) -> None:
    assert set(_ids(place=place)) == {"cq-2017-162", "cq-2019-129", "cq-2025-7"} | own


def test_national_standards_and_those_of_other_places_apply_only_by_id() -> None:
    assert _ids(ids=["gb50437-2018", "cq-2019-129"]) == ["gb50437-2018", "cq-2019-129"]
    for place in ("中华人民共和国", "贵州省贵阳市"):
        with pytest.raises(InputError, match=place):
            _ids(place=place)


def test_force_begins_on_the_day() -> None:
    assert "cq-2019-129" in _ids(dt.date(2019, 12, 30), place="重庆市")
    assert "cq-2019-129" not in _ids(dt.date(2019, 12, 29), place="重庆市")


def test_the_order_in_which_ids_are_named_does_not_matter() -> None:
    assert _ids(ids=["cq-2019-129", "cq-2017-162"]) == ["cq-2017-162", "cq-2019-129"]


def test_every_unknown_standard_is_told_with_those_there_are() -> None:
    with pytest.raises(InputError) as caught:
        _ids(ids=["cq-1900-1", "cq-2019-129", "x"])
    assert [(fault.code, fault.found) for fault in caught.value.faults] == [
        ("unknown_standard", "cq-1900-1"),
        ("unknown_standard", "x"),
    ]
    assert "cq-2017-162, nanan-2018-180, yubei-2018-40, cq-2019-129" in caught.value.message("en")
    with pytest.raises(InputError, match="x"):
        standard("x")


@pytest.mark.parametrize(
    ("choice", "date", "code"),
    [
        ({"place": "成都市"}, TODAY, "no_standard_in_force"),
        ({"place": "重庆市"}, dt.date(2000, 1, 1), "no_standard_in_force"),
        ({"place": ""}, TODAY, "no_standard_in_force"),
        ({"ids": []}, TODAY, "no_standard_in_force"),
        ({"ids": ["cq-2019-129"]}, dt.date(2018, 1, 1), "standard_not_in_force"),
    ],
)
def test_nothing_in_force_is_a_fault(choice: dict[str, object], date: dt.date, code: str) -> None:
    with pytest.raises(InputError) as caught:
        _ids(date, **choice)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_an_unknown_standard_comes_with_the_faults_of_the_layers(case: Case) -> None:
    case.sections["standards"] = 'ids = ["cq-2099-1"]'
    (case.folder / "facilities.csv").unlink()
    assert [fault.code for fault in case.faults()] == ["unknown_standard", "missing_file"]


# --- a planner's own --------------------------------------------------------------------------------------------------


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    """The file of a standard as `siting standards new` writes it, with pieces of it replaced."""
    text = standard_template("en")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def faults(date: dt.date = TODAY, **choice: object) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        _ids(date, **choice)
    return list(caught.value.faults)


@pytest.mark.parametrize("lang", LANGS)
def test_the_template_is_a_standard(lang: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(standard_template(lang), encoding="utf-8")
    (found,) = load_standards(StandardsChoice(files=(file,)), TODAY)
    assert (found.id, found.clauses[0].number) == ("my-standard", 0.25)


def test_a_planners_own_stands_beside_those_of_the_place(tmp_path: Path) -> None:
    file = written(tmp_path)
    assert _ids(place="重庆市", files=[file]) == ["cq-2017-162", "cq-2019-129", "cq-2025-7", "my-standard"]
    assert _ids(ids=["cq-2019-129"], files=[file]) == ["cq-2019-129", "my-standard"]
    assert _ids(place="成都市", files=[file]) == ["my-standard"]


def test_a_planners_own_must_be_in_force_at_the_date(tmp_path: Path) -> None:
    (fault,) = faults(dt.date(2025, 12, 31), place="重庆市", files=[written(tmp_path)])
    assert (fault.code, fault.found) == ("standard_not_in_force", "my-standard")


def test_a_planners_own_may_not_take_an_id_of_the_catalogue(tmp_path: Path) -> None:
    file = written(tmp_path, ("my-standard", "cq-2019-129"))
    assert [fault.code for fault in faults(place="重庆市", files=[file])] == ["standard_twice"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("number = 0.25", "numbr = 0.25", ("standard_key_unknown", "my-standard/3-land", "numbr", "number")),
        ('jurisdiction = "重庆市"', "", ("standard_key_missing", None, "jurisdiction", "")),
        ("number = 0.25", 'number = "a quarter"', ("not_number", "my-standard/3-land", "number", "0.5")),
        ('force = "mandatory"', 'force = "must"', ("not_a_choice", "my-standard/3-land", "force", "mandatory, ")),
        ('article = "article 3"', "", ("standard_key_missing", "my-standard/3-land", "article", "")),
        ('id = "my-standard/3-land"', "", ("standard_key_missing", "clauses[1]", "id", "")),
        ('id = "my-standard/3-land"', 'id = "x/1"', ("clause_of_other_standard", "x/1", "id", "my-standard/")),
        ("number = 0.25", "", ("clause_incomplete", "my-standard/3-land", "number", "number")),
        (
            'kind = "land_per_person"',
            'kind = "facility_count"\nof = "homes"',
            ("clause_class_unknown", "my-standard/3-land", "of", "beds, "),
        ),
        ("people = 90000", 'people = "many"', ("not_number", "my-standard/3-land", "examples.0.given.people", "0.5")),
        (
            "land for elderly care shall be at least 0.25 m² per person",
            " ",
            ("quote_missing", "my-standard/3-land", None, ""),
        ),
    ],
)
def test_a_fault_of_a_planners_own_names_file_clause_and_key(
    tmp_path: Path, old: str, new: str, expected: tuple[str, str | None, str | None, str]
) -> None:
    found = faults(files=[written(tmp_path, (old, new))])
    code, row, field, expectation = expected
    assert (found[0].code, found[0].file, found[0].row, found[0].field) == (code, "mine.toml", row, field)
    assert found[0].expected.startswith(expectation)
    assert all(fault.message(lang) for fault in found for lang in LANGS)


def test_a_clause_that_is_given_twice_is_told(tmp_path: Path) -> None:
    file = written(tmp_path)
    text = file.read_text(encoding="utf-8")
    clause = text[text.index("\n[[clauses]]") : text.index("# funding:")]
    file.write_text(text + clause, encoding="utf-8")
    assert [(fault.code, fault.row) for fault in faults(files=[file])] == [("clause_twice", "my-standard/3-land")]


def test_all_files_are_told_at_once(tmp_path: Path) -> None:
    torn = tmp_path / "torn.toml"
    torn.write_text("id = \n", encoding="utf-8")
    found = faults(ids=["x"], files=[torn, tmp_path / "nowhere.toml"])
    assert [(fault.code, fault.file) for fault in found] == [
        ("unknown_standard", None),
        ("bad_toml", "torn.toml"),
        ("missing_file", "nowhere.toml"),
    ]


def test_a_scenario_names_its_files_from_its_own_folder(case: Case) -> None:
    written(case.folder)
    case.sections["standards"] = 'place = "重庆市"\nfiles = ["mine.toml"]'
    inputs = case.read()
    assert [each.id for each in inputs.standards] == ["cq-2017-162", "cq-2019-129", "cq-2025-7", "my-standard"]
    assert inputs.scenario.standards.files == (case.folder / "mine.toml",)
    assert "standards.files[mine.toml]" in inputs.digests


def test_a_completed_document_takes_the_place_of_its_partial_text(case: Case) -> None:
    partial = (Path(siting.__file__).parent / "catalogue" / "cq-2025-7.toml").read_text(encoding="utf-8")
    (case.folder / "full.toml").write_text(partial.replace("cq-2025-7", "cq-2025-7-full"), encoding="utf-8")
    case.sections["standards"] = 'place = "重庆市"\nfiles = ["full.toml"]'
    inputs = case.read()
    assert [each.id for each in inputs.standards] == ["cq-2017-162", "cq-2019-129", "cq-2025-7-full"]
    (note,) = [each for each in inputs.notes if each.code == "standard_completed"]
    assert note.values["number"] == inputs.standards[-1].number
    # Who names both by id wants both.
    case.sections["standards"] = 'ids = ["cq-2025-7"]\nfiles = ["full.toml"]'
    assert [each.id for each in case.read().standards] == ["cq-2025-7", "cq-2025-7-full"]


def test_the_fingerprint_knows_a_file_by_its_content(case: Case) -> None:
    prints = []
    for folder in ("here", "there"):
        (case.folder / folder).mkdir()
        written(case.folder / folder)
        case.sections["standards"] = f'place = "重庆市"\nfiles = ["{folder}/mine.toml"]'
        inputs = case.read()
        prints.append(fingerprint(inputs.scenario, inputs.digests))
    assert prints[0] == prints[1]


# --- other numbers ----------------------------------------------------------------------------------------------------

LAND = "cq-2019-129/2-3-land"


def test_a_number_may_be_overridden_with_a_reason(case: Case) -> None:
    text = f'place = "重庆市"\n[[standards.override]]\nclause = "{LAND}"\nnumber = 0.25\nreason = "专项规划"'
    case.sections["standards"] = text
    inputs = case.read()
    clauses = {clause.id: clause for each in inputs.standards for clause in each.clauses}
    shipped = {clause.id: clause for clause in standard("cq-2019-129").clauses}
    assert (clauses[LAND].number, shipped[LAND].number) == (0.25, 0.2)
    assert (clauses[LAND].quote, clauses[LAND].note_zh) == (shipped[LAND].quote, shipped[LAND].note_zh)
    assert clauses[LAND].examples == ()
    assert {key: clause for key, clause in clauses.items() if key.startswith("cq-2019") and key != LAND} == {
        key: clause for key, clause in shipped.items() if key != LAND
    }
    (note,) = (note for note in inputs.notes if note.code == "clause_overridden")
    assert note.values == {"clause": LAND, "old": "0.2", "new": "0.25", "reason": "专项规划"}


@pytest.mark.parametrize(
    ("override", "code", "found", "expected"),
    [
        ([("cq-2019-129/2-3-lnd", 0.25)], "unknown_clause", "cq-2019-129/2-3-lnd", LAND),
        ([("cq-2019-129/2-9-hierarchy", 1)], "override_without_number", "cq-2019-129/2-9-hierarchy", ""),
        ([(LAND, 0.25), (LAND, 0.3)], "override_twice", LAND, ""),
        ([(LAND, -1)], "override_out_of_range", "-1", "≥ 0"),
        ([("cq-2019-129/1-nursing-beds", 55)], "override_out_of_range", "55", "0–1"),
        # The catalogue has it, but it is not in force here.
        ([("kaizhou-2024-16/19-land", 0.3)], "unknown_clause", "kaizhou-2024-16/19-land", ""),
    ],
)
def test_an_override_that_changes_nothing_is_a_fault(
    override: list[tuple[str, float]], code: str, found: str, expected: str
) -> None:
    wanted = [{"clause": clause, "number": number, "reason": "r"} for clause, number in override]
    (fault,) = faults(place="重庆市", override=wanted)
    assert (fault.code, fault.found) == (code, found)
    assert expected in fault.expected


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("", "standards.override.0.reason", "missing_key"),
        ('reason = " "', "standards.override.0", "override_without_reason"),
        ('reason = "r"\nunti = 1', "standards.override.0.unti", "unknown_key_of"),
    ],
)
def test_an_override_needs_its_keys(case: Case, line: str, field: str, code: str) -> None:
    case.sections["standards"] = f'place = "重庆市"\n[[standards.override]]\nclause = "{LAND}"\nnumber = 0.25\n{line}'
    with pytest.raises(InputError) as caught:
        read_scenario(case.path())
    (fault,) = caught.value.faults
    assert (fault.code, fault.field) == (code, field)


def test_the_minutes_of_the_circle_are_those_that_people_walk(case: Case) -> None:
    circle = "cq-2019-129/2-9-circle"
    case.sections["standards"] = (
        f'place = "重庆市"\n[[standards.override]]\nclause = "{circle}"\nnumber = 20\nreason = "山地"'
    )
    fault = case.fault()
    assert (fault.code, fault.found, fault.expected) == ("override_other_minutes", "20", "15")
    case.sections["walking"] = "minutes = 20"
    assert {note.values.get("new") for note in case.read().notes if note.code == "clause_overridden"} == {"20"}


@pytest.mark.parametrize("key", [each.id for each in (*all_standards(), *elsewhere_standards())])
def test_a_standard_of_ones_own_may_begin_with_any_of_the_catalogue(tmp_path: Path, key: str) -> None:
    for lang in LANGS:
        file = tmp_path / f"{lang}.toml"
        file.write_text(standard_from(standard(key), lang), encoding="utf-8")
        own, source = read_standard(file), standard(key)
        assert own.id == f"my-{key}"
        assert [each.id for each in own.clauses] == [f"my-{each.id}" for each in source.clauses]
        assert [each.model_dump(exclude={"id"}) for each in own.clauses] == [
            each.model_dump(exclude={"id"}) for each in source.clauses
        ]


def test_what_was_not_seen_is_filled_in_and_applies(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    words = standard_from(standard("db50-543-2024"), "en")
    head, first, second = words.split("[[clauses]]")
    first = first.replace('quote = ""', 'quote = "每百户不少于 20 平方米"').replace("#number = 0", "number = 20")
    first = first.replace("#comparison", "comparison").replace('"out_of_scope"', '"computed"')
    file.write_text(f"{head}[[clauses]]{first}[[clauses]]{second}", encoding="utf-8")
    (mine,) = [each for each in load_standards(StandardsChoice(files=(file,)), TODAY) if each.id == "my-db50-543-2024"]
    assert (mine.clauses[0].number, mine.clauses[0].treatment) == (20, "computed")
