"""People of units from a table: joined by id or full name, never by guess."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siting.errors import InputError
from siting.text import LANGS, say
from tests.read.case import Case, squares

PEOPLE = "units.street.people"


def give(case: Case, text: str, more: str = "", encoding: str = "utf-8") -> None:
    """Give a table of people of the streets S1 (S1街道), S2 and S3."""
    squares(3).to_file(case.folder / "streets.gpkg")
    (case.folder / "people.csv").write_text(text, encoding=encoding)
    case.sections[PEOPLE] = f'path = "people.csv"\n{more}'


def figures(case: Case) -> dict[str, list[float | None]]:
    table = case.read().units["street"]
    own = table[["own_residents", "own_elderly"]]
    assert (own.dtypes == "float64").all()
    return {str(key): [None if np.isnan(x) else float(x) for x in row] for key, *row in own.itertuples()}


def notes(case: Case) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.values) for note in case.read().notes}


def told(case: Case) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(fault.code, fault.layer, fault.row, fault.field) for fault in case.faults()]


def test_rows_are_joined_by_id_else_by_full_name(case: Case) -> None:
    give(case, "id,name,residents,elderly\nS1,whatever,1000,200\n,S2街道,500.5,\n999,S3街道,,70\n")
    assert figures(case) == {"S1": [1000, 200], "S2": [500.5, None], "S3": [None, 70]}
    assert notes(case) == {}


def test_without_a_table_units_have_no_such_columns(case: Case) -> None:
    assert "own_residents" not in case.read().units["street"]


def test_columns_are_matched_and_the_encoding_is_the_scenarios(case: Case) -> None:
    mapping = 'columns = { name = "街道", residents = "常住" }\nencoding = "gb18030"'
    give(case, "街道,常住\nS1街道,8\nS2街道,9\nS3街道,0\n", mapping, "gb18030")
    assert figures(case) == {"S1": [8, None], "S2": [9, None], "S3": [0, None]}


@pytest.mark.parametrize("name", ["S1", "S1街道办事处", "S1 街道", "s1街道", "S１街道"])
def test_a_name_that_differs_by_its_kind_or_its_width_is_the_same(case: Case, name: str) -> None:
    give(case, f"name,residents\n{name},8\nS2街道,9\nS3街道,7\n")
    assert figures(case) == {"S1": [8, None], "S2": [9, None], "S3": [7, None]}
    told = {"layer": PEOPLE, "count": 1, "names": f"{name} → S1街道"}
    assert notes(case) == {"people_rows_by_bare_name": told}


def test_a_name_that_two_rows_may_mean_is_nobodys(case: Case) -> None:
    give(case, "name,residents\nS1,8\nS1街道办,9\nS2街道,9\nS3街道,7\n")
    assert figures(case)["S1"] == [None, None]
    assert notes(case)["people_rows_unmatched"]["people"] == "17"


def test_a_name_that_two_units_may_bear_and_an_id_of_elsewhere_are_nobodys(case: Case) -> None:
    give(case, "id,name,residents\n,S1,8\n999,S2街道办,9\n,S3街道,7\n")
    streets = squares(3).assign(name=["S1街道", "S2街道", "S3街道"])
    other = streets.iloc[[0]].assign(id="S4", name="S1镇").translate(5000.0)
    more = streets.iloc[[0]].assign(id="S4", name="S1镇").set_geometry(other)
    pd.concat([streets, more]).to_file(case.folder / "streets.gpkg")
    found = figures(case)
    assert (found["S1"], found["S2"], found["S4"]) == ([None, None], [None, None], [None, None])
    assert notes(case)["people_rows_unmatched"]["people"] == "17"


@pytest.mark.parametrize("name", ["S1街", "S1镇", "旧S1街道"])
def test_nothing_is_joined_by_guess(case: Case, name: str) -> None:
    give(case, f"name,residents\n{name},8\nS2街道,9\nS3街道,7\n")
    assert figures(case)["S1"] == [None, None]
    assert notes(case) == {
        "people_rows_unmatched": {"layer": PEOPLE, "count": 1, "names": name, "people": "8"},
        "people_units_unmatched": {"layer": PEOPLE, "count": 1, "names": "S1街道"},
    }


def test_a_name_that_two_units_bear_joins_neither(case: Case) -> None:
    give(case, "name,residents\n同名街道,8\n独名街道,9\n")
    squares(3).assign(name=["同名街道", "同名街道", "独名街道"]).to_file(case.folder / "streets.gpkg")
    assert figures(case) == {"S1": [None, None], "S2": [None, None], "S3": [9.0, None]}
    assert notes(case)["people_rows_unmatched"]["names"] == "同名街道"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *((word, "total_rows_left_out") for word in ("合计", "总 计", "小计：", "全市", "全区", "全县", "Total")),
        *((word, "people_total_rows") for word in ("重庆市", "重庆市南岸区", "南岸区")),
    ],
)
def test_rows_of_totals_are_told_and_left_out(case: Case, name: str, code: str) -> None:
    case.sections["standards"] = 'place = "重庆市南岸区"'
    give(case, f"name,residents\nS1街道,8\nS2街道,9\nS3街道,7\n{name},24\n")
    assert figures(case) == {"S1": [8, None], "S2": [9, None], "S3": [7, None]}
    assert notes(case) == {code: {"layer": PEOPLE, "count": 1, "names": name}}


def test_a_unit_named_as_its_place_is_no_total(case: Case) -> None:
    give(case, "name,residents\n重庆市,24\n")
    squares(1).assign(name="重庆市").to_file(case.folder / "streets.gpkg")
    assert figures(case) == {"S1": [24, None]}


def test_a_level_made_by_a_union_takes_people_too(case: Case) -> None:
    case.sections["units.district"] = 'union_of = "street"\nname = "江峡区"'
    (case.folder / "people.csv").write_text("name,residents,elderly\n江峡区,24,6\n", encoding="utf-8")
    case.sections["units.district.people"] = 'path = "people.csv"'
    found = case.read().units
    assert found["district"][["own_residents", "own_elderly"]].to_numpy().tolist() == [[24, 6]]
    assert "own_residents" not in found["street"]


def test_the_file_has_a_digest_and_is_a_step_of_the_way(case: Case) -> None:
    give(case, "name,residents\nS1街道,8\nS2街道,9\nS3街道,7\n")
    steps: list[tuple[int, int]] = []
    inputs = case.read(progress=lambda _, done, total: steps.append((done, total)))
    assert inputs.digests[PEOPLE] == hashlib.sha256((case.folder / "people.csv").read_bytes()).hexdigest()
    assert steps == [(done, len(steps)) for done in range(1, len(steps) + 1)]


def test_two_rows_for_one_unit_are_a_fault(case: Case) -> None:
    give(case, "id,name,residents\nS1,,8\nS2,,9\n,S1街道,8\n")
    fault = case.fault()
    assert (fault.code, fault.file, fault.layer, fault.row) == ("people_twice", "people.csv", PEOPLE, "S1")
    assert fault.found == "A2, A4"


def test_rows_of_a_finer_level_are_told_with_that_level(case: Case) -> None:
    give(case, "街道,社区,residents\nS1街道,甲社区,8\nS1街道,乙社区,9\n")
    fault = case.fault()
    assert (fault.code, fault.expected) == ("people_of_other_level", "[units.community.people]")


@pytest.mark.parametrize(("total", "told"), [(5701, True), (5700, False), ("5,701", True), (5600, True)])
def test_a_total_that_is_not_the_sum_is_told_with_both(case: Case, total: object, *, told: bool) -> None:
    give(case, f'名称,常住人口（人）\nS1街道,1001\nS2街道,2002\nS3街道,2697\n合计,"{total}"\n')
    found = notes(case).get("people_total_differs")
    stated = f"{int(str(total).replace(',', '')):,}"
    wanted = {"layer": PEOPLE, "field": "常住人口（人）", "stated": stated, "added": "5,700"}
    assert found == (wanted if told else None)


def test_a_total_of_rounded_figures_may_differ_by_the_rounding(case: Case) -> None:
    # 12 340, 23 450 and 34 560 persons at most by 50 each.
    give(case, "name,常住人口（万人）\nS1街道,1.23\nS2街道,2.35\nS3街道,3.46\n合计,7.05\n")
    assert "people_total_differs" not in notes(case)


def test_wrong_cells_are_faults_with_row_and_field(case: Case) -> None:
    give(case, "id,name,residents,elderly\nS1,,many,2\nS2,,-1,1\n,,5,1\n")
    assert told(case) == [
        ("not_number", PEOPLE, "S1", "residents"),
        ("out_of_range", PEOPLE, "S2", "residents"),
        ("missing_value", PEOPLE, "A4", "id, name"),
    ]


@pytest.mark.parametrize(
    ("text", "more", "code", "field"),
    [
        ("unit,residents\nS1街道,8\n", "", "column_missing", "id, name"),
        ("name,people\nS1街道,8\n", "", "column_missing", "residents, elderly"),
        ("name,residents\nS1街道,8\n", 'columns = { elderly = "老年" }', "column_not_found", "elderly"),
        ("name,residents\nS1街道,8\n", 'columns = { persons = "residents" }', "unknown_column_key", "columns.persons"),
        ("name,residents\n", "", "empty_layer", None),
    ],
)
def test_what_the_table_must_hold(case: Case, text: str, more: str, code: str, field: str | None) -> None:
    give(case, text, more)
    fault = case.fault()
    assert (fault.code, fault.layer, fault.field) == (code, PEOPLE, field)


def test_a_missing_file_is_told_beside_the_others(case: Case) -> None:
    case.sections[PEOPLE] = 'path = "people.csv"'
    (case.folder / "facilities.csv").unlink()
    assert [(fault.code, fault.layer) for fault in case.faults()] == [
        ("missing_file", PEOPLE),
        ("missing_file", "facilities"),
    ]


def test_notes_and_faults_read_in_both_languages(case: Case) -> None:
    give(case, "name,residents\n合计,8\n旧街道,9\nS1街道,7\n")
    for note in case.read().notes:
        for lang in LANGS:
            text = say(f"note.{note.code}", lang, **note.values)
            assert PEOPLE in text
            assert "{" not in text
    give(case, "name,residents\nS1街道,8\nS1街道,9\n")
    with pytest.raises(InputError) as raised:
        case.read()
    assert "A2, A3" in raised.value.message("zh")
