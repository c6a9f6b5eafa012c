"""Tables as bureaus and their programs hand them out: small districts with a right answer that was worked out by hand.

Two facilities stand in a district of 25,600 residents and 5,120 elderly; together they cover 3,200 of these (0.625),
one alone 1,600, and they have 400 and 1,200 m² of land.
"""

import datetime as dt
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import siting
from siting.characters import seen, shown, unseen
from siting.domain.nouns import Note
from siting.domain.scenario import Layer
from siting.domain.tables import (
    CANDIDATE_COLUMNS,
    FACILITY_COLUMNS,
    NETWORK_COLUMNS,
    PEOPLE_COLUMNS,
    RESIDENTIAL_COLUMNS,
    Column,
)
from siting.errors import Fault, InputError
from siting.read.log import Log
from siting.read.sources.attributes import with_attributes
from siting.read.sources.vectors import read_table
from siting.read.tables.aliases import find_columns
from siting.read.tables.columns import typed_table, with_ids
from siting.read.tables.converters import TEXT_DTYPE
from siting.read.tables.missing import MISSING
from siting.read.tables.numerals import numeral, numeral_value
from siting.results import GapReport


def _check(shared: Path, name: str) -> GapReport:
    (file,) = (shared / "cases").glob(f"{name}.toml")
    return siting.check(siting.read_scenario(file))


def _faults(shared: Path, name: str) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as error:
        _check(shared, name)
    return error.value.faults


@pytest.mark.parametrize(("name", "covered"), [("scenario", 3200), ("closes", 1600), ("utc", 1600)])
def test_of_a_moment_the_day_counts_in_chinas_time(shared: Path, name: str, covered: int) -> None:
    totals = _check(shared, f"15-*/{name}").totals
    assert totals["elderly_covered"] == pytest.approx(covered)
    assert totals["covered_share"] == pytest.approx(covered / 5120)


def test_what_nobody_sees_is_no_part_of_a_head(shared: Path) -> None:
    report = _check(shared, "16-*/scenario")
    assert report.totals["land_provided_m2"] == 1600.0
    told = [note.values for note in report.assessment.notes if note.code == "unseen_characters"]
    assert [(each["character"], each["count"]) for each in told] == [
        ("U+200B ZERO WIDTH SPACE", 2),
        ("U+FEFF ZERO WIDTH NO-BREAK SPACE", 1),
    ]


def test_ids_that_differ_in_what_nobody_sees_are_one(shared: Path) -> None:
    (fault,) = _faults(shared, "16-*/twice")
    assert (fault.code, fault.row, fault.found) == ("duplicate_id", "F1", "A2, A3")


def test_codes_that_lost_digits_are_refused_with_their_cause(shared: Path) -> None:
    (fault,) = [each for each in _faults(shared, "17-*/scenario") if each.code == "code_lost_digits"]
    assert (fault.row, fault.field, fault.found) == ("A2, A3, A4, A5", "id", "'5.00199E+11'")
    assert "format the column as text and export it again" in fault.message("en")


@pytest.mark.parametrize(("name", "note"), [("point-zero", "codes_restored"), ("guarded", "guards_removed")])
def test_codes_that_lost_nothing_are_restored_and_told(shared: Path, name: str, note: str) -> None:
    report = _check(shared, f"17-*/{name}")
    assert report.totals["residents"] == pytest.approx(26_000)
    assert note in {each.code for each in report.assessment.notes}


@pytest.mark.parametrize("name", ["scenario", "network"])
def test_curves_in_wkt_are_read(shared: Path, name: str) -> None:
    report = _check(shared, f"12-*/{name}")
    assert report.totals["elderly_covered"] == pytest.approx(3200, rel=0.02)
    assert [note.values["count"] for note in report.assessment.notes if note.code == "curves_made_lines"] == [
        {"scenario": 4, "network": 1}[name]
    ]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        (
            "scenario",
            "用地面 → 用地面积 → land_m2, 建筑面 → 建筑面积 → floor_area_m2, 护理型 → 护理型床位 → nursing_beds",
        ),
        ("gbk", "护理型床位 → 护理型床位数 → nursing_beds"),
    ],
)
def test_names_that_a_shapefile_cut_are_known_and_told(shared: Path, name: str, known: str) -> None:
    report = _check(shared, f"11-*/{name}")
    assert report.totals["land_provided_m2"] == 1600.0
    told = [note.values["columns"] for note in report.assessment.notes if note.code == "columns_by_cut_name"]
    assert told == [known]


# --- names that a shapefile cut, without the shared cases -------------------------------------------------------------


def _cut(columns: Sequence[Column], group: str, *names: str, **stated: str) -> tuple[dict[str, str], list[Fault]]:
    """Match names that fill all bytes of theirs, as a shapefile leaves them."""
    log = Log().layer(group)
    log.fact(names_full=list(names))
    raw = pd.DataFrame({"id": ["1"], "name": ["x"], **{name: ["7"] for name in names}})
    typed_table(raw, columns, Layer(path=Path("x.shp"), columns=stated), log)
    return log.log.layers[group]["matched"], log.log.faults.found


@pytest.mark.parametrize(
    ("columns", "group", "name", "key"),
    [
        (RESIDENTIAL_COLUMNS, "residential_areas", "常住人", "residents"),
        (RESIDENTIAL_COLUMNS, "residential_areas", "老年人", "elderly"),
        (RESIDENTIAL_COLUMNS, "residential_areas", "配建面", "provided_m2"),
        (PEOPLE_COLUMNS, "units.street.people", "常住人", "residents"),
        (CANDIDATE_COLUMNS, "candidates", "建筑面", "floor_area_m2"),
    ],
)
def test_three_characters_of_a_name_are_enough(columns: tuple[Column, ...], group: str, name: str, key: str) -> None:
    matched, faults = _cut(columns, group, name)
    assert matched[key] == name
    assert [fault.code for fault in faults if "cut" in fault.code] == []


def test_what_a_cut_name_means_is_asked_where_there_are_two_readings() -> None:
    _, faults = _cut(FACILITY_COLUMNS, "facilities", "床位数")
    (fault,) = [each for each in faults if each.code == "cut_name_of_several"]
    assert fault.expected == "床位数合计 → beds, 床位数护理型 → nursing_beds"
    for key in ("beds", "nursing_beds"):
        matched, faults = _cut(FACILITY_COLUMNS, "facilities", "床位数", **{key: "床位数"})
        assert matched[key] == "床位数"
        assert "cut_name_of_several" not in {each.code for each in faults}
    _, faults = _cut(FACILITY_COLUMNS, "facilities", "床位数", beds="", nursing_beds="")
    assert "cut_name_of_several" not in {each.code for each in faults}


# --- one line a kind --------------------------------------------------------------------------------------------------


def _roads(words: Sequence[str], **source: object) -> tuple[pd.DataFrame, InputError | None]:
    log = Log().layer("network")
    table, _ = typed_table(
        pd.DataFrame({"kind": list(words)}), NETWORK_COLUMNS, Layer.model_validate({"path": "x.csv", **source}), log
    )
    return table, InputError(log.log.faults.found) if log.log.faults.found else None


def test_a_word_that_is_not_known_is_told_once_and_its_remedy_works() -> None:
    words = [f"路{at % 17}" for at in range(11_447)]
    _, error = _roads(words)
    assert error is not None
    assert len(error.faults) == 17
    assert len(error.message("en")) < 20_000
    first = error.faults[0].message("en")
    assert "rows #1, #18, #35, #52, #69, … (674)" in first
    # The advice is valid TOML once a word stands in its quotation marks.
    advised = re.findall(r"(values\.kind = \{ .*? \})", error.message("en"))
    assert len(advised) == 17
    values: dict[str, str] = {}
    for line in advised:
        values |= tomllib.loads(line.replace("…", "street"))["values"]["kind"]
    table, error = _roads(words, values={"kind": values})
    assert error is None
    assert set(table["kind"]) == {"street"}


def test_values_beyond_twenty_are_counted() -> None:
    _, error = _roads([f"路{at}" for at in range(30)] * 2)
    assert error is not None
    assert [fault.code for fault in error.faults] == ["not_among_choices"] * 20 + ["more_of_the_kind"]
    assert (error.faults[-1].found, error.faults[-1].expected) == ("10", "20")


# --- single cells -----------------------------------------------------------------------------------------------------

NUMBER = Column("land_m2", "number", "m²")
DATE = Column("opens", "date")


def _one(column: Column, cell: object, **source: object) -> tuple[Any, list[Fault], list[Note]]:
    log = Log().layer("facilities")
    layer = Layer.model_validate({"path": "x.csv", **source})
    table, _ = typed_table(pd.DataFrame({column.key: pd.Series([cell], dtype=object)}), (column,), layer, log)
    return table[column.key].iloc[0], log.log.faults.found, log.log.notes


@pytest.mark.parametrize(
    ("cell", "value", "note"),
    [
        ("1，234", 1234, "numbers_with_separators"),
        ("1 234.5", 1234.5, "numbers_with_separators"),
        ("约 350", 350, "numbers_about"),
        ("350左右", 350, "numbers_about"),
        ("3亩", 2000, "numbers_with_units"),
        ("350㎡", 350, "numbers_with_units"),
        ("一千零五十", 1050, "numbers_in_words"),
        ("−5", -5, None),
    ],
)
def test_numbers_as_people_write_them(cell: str, value: float, note: str | None) -> None:
    found, faults, notes = _one(NUMBER, cell)
    assert (found, faults) == (value, [])
    assert [each.code for each in notes] == ([] if note is None else [note])


@pytest.mark.parametrize("cell", ["1，234", "1 234", "1,234", "１２３４", "1234.0", "1\u2009234", "一千二百三十四"])
def test_whole_numbers_as_people_write_them(cell: str) -> None:
    assert _one(Column("beds", "integer"), cell)[:2] == (1234, [])


@pytest.mark.parametrize(
    ("cell", "code"),
    [("12,5", "decimal_comma"), ("12.5", "not_integer"), ("1/2", "not_integer"), ("3—5", "not_integer")],
)
def test_what_is_no_whole_number_is_named(cell: str, code: str) -> None:
    assert [fault.code for fault in _one(Column("beds", "integer"), cell)[1]] == [code]


def test_a_unit_other_than_the_columns_is_refused() -> None:
    _, (fault,), _ = _one(NUMBER, "3亩", column_units={"land_m2": "公顷"})
    assert fault.code == "unit_of_cell"


def test_per_cent_is_read_where_shares_stand() -> None:
    assert _one(Column("stays", "number"), "98%")[0] == pytest.approx(0.98)
    assert [fault.code for fault in _one(NUMBER, "98%")[1]] == ["not_number"]


def test_the_words_for_missing_are_those_that_the_page_lists() -> None:
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    listed = page.partition("**No data.**")[2].partition("Where such a word")[0]
    assert set(re.sub(r"[`.]+(?=\s|$)|`", " ", listed.partition("coordinates:")[2]).split()) >= {
        word for word in MISSING if not set(word) <= {"."} and not word.endswith(".")
    }


@pytest.mark.parametrize("word", sorted(MISSING))
@pytest.mark.parametrize("column", [NUMBER, DATE, Column("beds", "integer"), Column("parent_id", "text")])
def test_a_word_for_missing_is_blank_and_not_zero(column: Column, word: str) -> None:
    found, faults, notes = _one(column, f" {word}")
    assert pd.isna(found)
    assert faults == []
    assert [note.code for note in notes] == ["missing_words"]


def test_none_of_a_choice_is_that_choice() -> None:
    column = next(each for each in FACILITY_COLUMNS if each.key == "med_link")
    assert _one(column, "无")[0] == "none"


@pytest.mark.parametrize(("cell", "code"), [(5.00199001001e11, None), (5.0019900100100100e18, "code_lost_digits")])
def test_codes_that_are_numbers_of_a_file(cell: float, code: str | None) -> None:
    found, faults, _ = _one(Column("id", "text"), cell)
    assert [fault.code for fault in faults] == ([] if code is None else [code])
    assert code is not None or found == "500199001001"


@given(st.integers(10**9, 10**15), st.integers(0, 3))
def test_codes_survive_what_writes_them_whole(code: int, zeros: int) -> None:
    digits = str(code)
    power = len(digits) - 1
    for way in (f"{code}.{'0' * (zeros + 1)}", f"{digits[0]}.{digits[1:]}{'0' * zeros}E+{power:02d}"):
        assert _one(Column("id", "text"), way)[:2] == (digits, [])


@given(
    st.floats(-1e14, 1e14).map(lambda value: round(value, 3)), st.sampled_from(["{:,}", "{}", "{:.3f}", "约{}", "{}㎡"])
)
def test_numbers_written_in_any_way_read_back(value: float, way: str) -> None:
    text = way.format(value)
    wide = text.translate({ord(plain): ord(plain) + 0xFEE0 for plain in "0123456789.,"})
    for each in (text, wide):
        assert _one(NUMBER, each)[:2] == (pytest.approx(value, abs=1e-3), [])


@given(st.integers(0, 10**12 - 1))
def test_chinese_numerals_read_back(value: int) -> None:
    assert numeral_value(numeral(value)) == value


@given(
    st.text(max_size=20)
    | st.from_regex(r"[0-9一二十百,.，/年月日:+\-% ]{0,12}", fullmatch=True)
    | st.floats()
    | st.integers()
)
@example(10**400)
@example("1e999")
@example(float("inf"))
def test_no_cell_ends_in_anything_but_a_value_or_a_fault(cell: object) -> None:
    for column in (NUMBER, DATE, Column("beds", "integer"), Column("id", "text"), Column("demonstration", "boolean")):
        found, faults, _ = _one(column, cell)
        assert pd.isna(found) or not faults


@given(st.dates(dt.date(1901, 1, 1), dt.date(2099, 12, 31)), st.times(), st.integers(-12, 14))
def test_dates_written_in_any_way_read_back(day: dt.date, time: dt.time, hours: int) -> None:
    ways = [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        f"{day.isoformat()}T{time.isoformat('seconds')}",
    ]
    for way in ways:
        assert _one(DATE, way)[:2] == (pd.Timestamp(day), [])
    zone = dt.timezone(dt.timedelta(hours=hours))
    moment = dt.datetime.combine(day, time, dt.timezone(dt.timedelta(hours=8))).astimezone(zone)
    assert _one(DATE, moment.isoformat(" ", "seconds"))[:2] == (pd.Timestamp(day), [])


# --- tables of text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "id;name;beds\nF1;甲;5\n",
        "sep=;\nid;name;beds\nF1;甲;5\n",
        "id\tname\tbeds\nF1\t甲\t5\n",
        "id|name|beds\nF1|甲|5\n",
        "\ufeffid,na\u200bme,beds\n\u00a0F1,甲\u3000,５\n",
        '="id",name,beds\n="F1",甲,"5"\n',
    ],
)
def test_cells_of_a_csv_are_found_whatever_stands_between_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    log = Log().layer("facilities", path)
    raw = read_table(Layer(path=path), log)
    assert raw is not None
    table, _ = typed_table(
        raw, (Column("id", "text"), Column("name", "text"), Column("beds", "integer")), Layer(path=path), log
    )
    assert log.log.faults.found == []
    assert table.iloc[0].tolist() == ["F1", "甲", 5]


@pytest.mark.parametrize("each", "\ufe0f\u3164\u2800\u034f\u17b5\u180b\ufff9\U000e0020\U000e0100\uffa0")
def test_whatever_cannot_be_seen_is_dropped_and_shown_in_messages(each: str) -> None:
    assert seen(f"F{each}1") == "F1"
    assert unseen(f"F{each}1") == [each]
    assert shown(f"F1{each}") == f"F1<U+{ord(each):04X}>"


def test_names_of_columns_that_differ_in_what_nobody_sees_are_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,beds,beds\u200b\nF1,5,6\n", encoding="utf-8")
    log = Log().layer("facilities", path)
    assert read_table(Layer(path=path), log) is None
    assert [fault.code for fault in log.log.faults.found] == ["column_twice"]


def test_zeros_that_one_side_of_a_join_lost_are_told() -> None:
    log = Log().layer("residential_areas")
    found = with_attributes(
        pd.DataFrame({"code": ["0501", "0502"]}),
        pd.DataFrame({"code": [501, 502], "beds": [1, 2]}),
        ("code", "code"),
        log,
    )
    assert found is not None
    assert found["beds"].tolist() == [1, 2]
    assert [note.code for note in log.log.notes] == ["leading_zeros_lost"]


def test_the_scenario_is_read_without_what_nobody_sees() -> None:
    layer = Layer.model_validate(
        {"path": "x.csv", "columns": {"beds": "床位\u200b数"}, "rows": {"类\ufeff型": ["站\u00ad点"]}}
    )
    assert (layer.columns, layer.rows) == ({"beds": "床位数"}, {"类型": ("站点",)})


def test_a_row_without_an_id_is_named_by_its_number() -> None:
    log = Log().layer("facilities")
    table = pd.DataFrame({"id": pd.Series(["a", None], dtype=TEXT_DTYPE), "name": ["x", "y"]})
    found = with_ids(table, Column("id", "text", required=True), log)
    assert found.index.tolist() == ["a", "#2"]


def test_a_part_of_the_column_before_it_is_known_by_its_own_name() -> None:
    names = ["常住人口（人）", "其中：60岁及以上（人）", "65岁及以上（人）"]
    assert find_columns(names, ["people"], {}, "population.elderly") == {"people": ["其中：60岁及以上（人）"]}


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *((NUMBER, cell) for cell in ("350②", "12³", "④", "²", "约④", "⑽", "㊃", "五②", "½")),
        *((DATE, cell) for cell in ("2026-1-1①", "2026①", "2026年1月①")),
    ],
)
def test_a_mark_is_no_digit(column: Column, cell: str) -> None:
    _, (fault,), _ = _one(column, cell)
    assert fault.code in {"not_number", "not_date"}
