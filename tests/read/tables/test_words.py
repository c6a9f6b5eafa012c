"""Values: words for choices, truths, numbers and dates as bureaus write them."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.domain import tables
from siting.domain.scenario import Layer
from siting.domain.tables import FACILITY_COLUMNS, RESIDENTIAL_COLUMNS, Column
from siting.errors import Fault
from siting.read.log import Log
from siting.read.tables.columns import typed_table
from siting.read.tables.dates import read_date
from siting.read.tables.words import _common, choice_words
from siting.text import LANGS, texts

CHOICES = sorted(
    {
        (column.key, column.choices)
        for value in vars(tables).values()
        if isinstance(value, tuple) and value and isinstance(value[0], Column)
        for column in value
        if column.choices
    }
)


def typed(
    raw: dict[str, list[Any]], kind: tuple[Column, ...] = FACILITY_COLUMNS, group: str = "facilities", **source: Any
) -> tuple[pd.DataFrame, list[Fault], Log]:
    log = Log()
    layer = Layer(path=Path("ledger.csv"), **source)
    table, _ = typed_table(pd.DataFrame(raw), kind, layer, log.layer(group, layer.path))
    return table, log.faults.found, log


def facility(**cells: Any) -> dict[str, list[Any]]:
    return {key: [value] for key, value in ({"id": "F1", "tier": "station", "status": "existing"} | cells).items()}


@pytest.mark.parametrize(
    ("key", "word", "choice"),
    [
        ("tier", "敬老院", "institution"),
        ("tier", "街道养老服务中心", "centre"),
        ("tier", "日间照料中心", "station"),
        ("tier", " Station ", "station"),
        ("status", "已建", "existing"),
        ("status", "在建", "under_construction"),
        ("status", "拟撤销", "closing"),
        ("tenure", "租赁", "lease"),
        ("operator_kind", "公建民营", "public_private"),
        ("med_link", "签约", "agreement"),
        ("med_link", "无", "none"),
        ("rating_kind", "叶级", "leaf"),
    ],
)
def test_common_words_stand_for_our_choices_and_are_told(key: str, word: str, choice: str) -> None:
    table, faults, log = typed(facility(**{key: word}))
    assert faults == []
    assert table.loc[0, key] == choice
    assert [note.values["words"] for note in log.notes] == [f"{word.strip()} → {choice} ×1"]


@pytest.mark.parametrize("word", ["新建", "养老中心", "互助养老点", "国有"])
def test_a_word_that_may_mean_more_is_refused_with_what_there_may_be(word: str) -> None:
    key = {"新建": "status", "国有": "tenure"}.get(word, "tier")
    _, (fault,), log = typed(facility(**{key: word}))
    assert (fault.code, fault.field, fault.found) == ("not_among_choices", key, f"'{word}'")
    assert {"status": "planned (规划)", "tenure": "own (自有)", "tier": "centre (养老服务中心)"}[key] in fault.expected
    assert log.notes == []


def test_words_are_told_once_a_layer_with_their_counts() -> None:
    raw = {"id": ["a", "b", "c"], "tier": ["养老院", "养老服务站", "养老院"], "status": ["现状", "existing", "现状"]}
    _, _, log = typed(raw)
    (note,) = log.notes
    assert note.values["words"] == "养老院 → institution ×2, 养老服务站 → station ×1, 现状 → existing ×2"


def test_new_estates_are_new() -> None:
    raw: dict[str, list[Any]] = {"id": ["a", "b"], "name": ["甲", "乙"], "status": ["新建", "现状"]}
    table, faults, _ = typed(raw, RESIDENTIAL_COLUMNS, "residential_areas")
    assert (faults, table["status"].tolist()) == ([], ["new", "existing"])


def test_the_scenarios_words_come_first() -> None:
    raw = facility(tier="养老服务站", beds="无", kind="x") | {"operator": [7]}
    values = {"tier": {"养老服务站": "centre"}, "beds": {"无": 0}, "operator": {"7": "七"}}
    table, faults, log = typed(raw, values=values)
    assert (faults, log.notes) == ([], [])
    assert table.loc[0, ["tier", "beds", "operator"]].tolist() == ["centre", 0, "七"]


def test_what_the_scenarios_words_do_not_name_stays_as_it_is() -> None:
    raw = {
        "id": ["a", "b"],
        "tier": ["养老院", "x"],
        "status": ["existing"] * 2,
        "opens": [dt.date(2020, 5, 1), "未定"],
    }
    raw |= {"beds": [4.0, "–"], "demonstration": [True, "?"]}
    values = {
        "tier": {"x": "station"},
        "opens": {"未定": "2026-01-01"},
        "beds": {"–": 1},
        "demonstration": {"?": False},
    }
    table, faults, _ = typed(raw, values=values)
    assert faults == []
    assert table["tier"].tolist() == ["institution", "station"]
    assert table["opens"].tolist() == [pd.Timestamp("2020-05-01"), pd.Timestamp("2026-01-01")]
    assert table["beds"].tolist() == [4, 1]
    assert table["demonstration"].tolist() == [True, False]


def test_words_of_the_scenario_that_cannot_be_are_told_once() -> None:
    raw = {"id": ["a", "b"], "tier": ["甲", "甲"], "status": ["existing"] * 2}
    _, faults, _ = typed(raw, values={"tier": {"甲": "hotel"}, "teir": {"a": "b"}})
    assert [(fault.code, fault.field) for fault in faults] == [
        ("unknown_column_key", "values.teir"),
        ("meaning_not_among_choices", "values.tier.甲"),
    ]


@pytest.mark.parametrize(("key", "choices"), CHOICES)
def test_what_the_catalogue_calls_a_choice_reads_back(key: str, choices: tuple[str, ...]) -> None:
    known = choice_words(Column(key, "text", choices=choices))
    for choice in choices:
        told = [pair for name in (f"scenario_choice.{key}.{choice}", f"{key}.{choice}") if (pair := texts().get(name))]
        for pair in told:
            for lang in LANGS:
                table, faults, _ = typed(
                    {"id": ["a"], key: [pair[lang]]}, (Column("id", "text"), Column(key, "text", choices=choices)), "x"
                )
                assert (faults, table.loc[0, key]) == ([], choice)
        assert choice in known.values()


@pytest.mark.parametrize("key", sorted(_common()))
def test_every_common_word_speaks_of_a_choice(key: str) -> None:
    for choice in _common()[key]:
        assert any(key == each and choice in choices for each, choices in CHOICES), choice


@pytest.mark.parametrize(
    ("word", "value"), [("有", True), ("√", True), ("✔", True), ("无", False), ("×", False), ("t", True), (1, True)]
)
def test_truths(word: object, value: bool) -> None:  # noqa: FBT001
    table, faults, _ = typed(facility(demonstration=word))
    assert (faults, table.loc[0, "demonstration"]) == ([], value)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,200", 1200),
        ("1200 ", 1200),
        ("１２００", 1200),
        ("１，２００．５", 1200.5),
        ("12,345,678", 12345678),
        ("-0", 0),
    ],
)
def test_numbers_that_are_text(cell: str, value: float) -> None:
    table, faults, log = typed(facility(construction_paid_city_cny=cell))
    assert (faults, table.loc[0, "construction_paid_city_cny"]) == ([], value)
    assert [note.values["columns"] for note in log.notes] == (
        ["construction_paid_city_cny ×1"] if "," in cell or "，" in cell else []
    )


@given(st.integers(0, 10**12), st.integers(0, 99))
def test_numbers_with_separators_are_those_without(whole: int, cents: int) -> None:
    table, faults, _ = typed(facility(construction_paid_city_cny=f"{whole:,}.{cents:02d}"))
    assert (faults, table.loc[0, "construction_paid_city_cny"]) == ([], float(f"{whole}.{cents:02d}"))


@pytest.mark.parametrize("cell", ["12 00", "1200人", "1.2.3", "0x10", "1_000", dt.date(2020, 1, 1), dt.time(1)])
def test_what_is_no_number_stays_refused(cell: object) -> None:
    _, (fault,), _ = typed(facility(land_m2=cell))
    assert fault.code == "not_number"


@pytest.mark.parametrize("cell", ["1,20", "1,2000", "12,5", "０，５"])
def test_a_comma_that_may_be_a_decimal_point_is_told_as_such(cell: str) -> None:
    _, (fault,), _ = typed(facility(land_m2=cell))
    assert fault.code == "decimal_comma"


@pytest.mark.parametrize(
    ("cell", "date", "note"),
    [
        ("2026/1/1", "2026-01-01", None),
        ("2026年1月3日", "2026-01-03", None),
        ("20260103", "2026-01-03", None),
        ("２０２６－０１－０３", "2026-01-03", None),
        ("2026-01-03 00:00:00", "2026-01-03", None),
        ("2026年9月", "2026-09-01", "dates_without_day"),
        ("2026-09", "2026-09-01", "dates_without_day"),
        ("2026.9", "2026-09-01", "dates_without_day"),
        ("2026", "2026-01-01", "dates_without_day"),
        (2026, "2026-01-01", "dates_without_day"),
        (2026.0, "2026-01-01", "dates_without_day"),
        ("2026年", "2026-01-01", "dates_without_day"),
        (46023, "2026-01-01", "dates_counted_in_days"),
        ("46023", "2026-01-01", "dates_counted_in_days"),
        (46023.0, "2026-01-01", "dates_counted_in_days"),
        (46023.354, "2026-01-01", "dates_counted_in_days"),
        ("202601", "2026-01-01", "dates_without_day"),
        ("二〇二六年一月三日", "2026-01-03", None),
        ("2026 年 1 月 3 号", "2026-01-03", None),
        ("2026-01-03 08:30", "2026-01-03", "dates_with_time"),
        ("2026年1月3日上午8时30分", "2026-01-03", "dates_with_time"),
        (pd.Timestamp("2026-01-03 23:59"), "2026-01-03", "dates_with_time"),
        ("2026/1/3 上午 8:00", "2026-01-03", "dates_with_time"),
        ("2026/1/3下午8:00", "2026-01-03", "dates_with_time"),
        ("2026年1月3日 晚上12点", "2026-01-03", "dates_with_time"),
        ("2026-01-03 8 PM", "2026-01-03", "dates_with_time"),
        # Of the parts of a day in London, what China's clock shows eight hours later.
        ("2026/1/2 下午8:00 UTC", "2026-01-03", "dates_with_zone"),
        ("2026/1/3 下午 3:59 UTC", "2026-01-03", "dates_with_zone"),
        ("2026/1/2 下午4:00 UTC", "2026-01-03", "dates_with_zone"),
        ("2026/1/3 上午12:30 UTC", "2026-01-03", "dates_with_zone"),
        ("2026/1/3 下午12:30 UTC", "2026-01-03", "dates_with_zone"),
        ("2026/1/3 中午12:30 UTC", "2026-01-03", "dates_with_zone"),
        ("2026/1/2 晚上8点 UTC", "2026-01-03", "dates_with_zone"),
        ("2026/1/2 下午20:00 UTC", "2026-01-03", "dates_with_zone"),
        ("2026/1/3 凌晨 12:00 +08:00", "2026-01-03", "dates_with_zone"),
        ("2026-01-02T16:00:00Z", "2026-01-03", "dates_with_zone"),
        ("2026-01-03T00:00:00+08:00", "2026-01-03", "dates_with_zone"),
        ("2026-01-02T23:30:00-0500", "2026-01-03", "dates_with_zone"),
    ],
)
def test_dates(cell: object, date: str, note: str | None) -> None:
    table, faults, log = typed(facility(opens=cell))
    assert faults == []
    assert table.loc[0, "opens"] == pd.Timestamp(date)
    assert [(each.code, each.values["columns"]) for each in log.notes] == ([] if note is None else [(note, "opens ×1")])


@pytest.mark.parametrize(
    "cell",
    [
        *(0, 1234, 19999, 99999, "2026-13", "2026-02-30", "9月", "202613", "2026-01-01 25:00", True),
        *("2026/1/1 上午15:00", "2026/1/1 晚上12:00 UTC", "2026/1/1 AM 8:00 PM", "2026/1/1 下午25:00", "2026/1/1 8"),
    ],
)
def test_what_is_no_date_is_refused(cell: object) -> None:
    _, (fault,), _ = typed(facility(opens=cell))
    assert fault.code == "not_date"


@pytest.mark.parametrize("cell", ["1/2/2026", "26.1.2", "2026.1", 2026.1, "201012"])
def test_what_may_be_two_dates_is_told_as_such(cell: object) -> None:
    _, (fault,), _ = typed(facility(opens=cell))
    assert fault.code == "date_of_two_readings"


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d %I:%M %p", "%Y/%m/%d %p %I:%M", "%Y.%m.%d %I:%M%p", "%Y年%m月%d日%I时%M分 %p"]
)
def test_hours_of_the_half_day_are_those_of_the_clock(form: str) -> None:
    for hour in range(24):
        moment = dt.datetime(2026, 1, 2, hour, 15, tzinfo=dt.UTC)
        day = read_date(f"{moment.strftime(form)} UTC")
        assert day is not None
        assert day.date == (moment + dt.timedelta(hours=8)).date()


@given(st.dates(dt.date(1955, 1, 1), dt.date(2118, 12, 31)))
def test_days_are_counted_as_a_workbook_counts_them(day: dt.date) -> None:
    from openpyxl.utils.datetime import to_excel

    table, _, _ = typed(facility(opens=to_excel(day)))
    assert table.loc[0, "opens"] == pd.Timestamp(day)


def areas(**cells: list[Any]) -> dict[str, list[Any]]:
    count = len(next(iter(cells.values())))
    return {"id": [f"R{row}" for row in range(count)], "name": ["小区"] * count, **cells}


def test_of_a_date_of_building_the_year_counts() -> None:
    cells = [
        "1998",
        1998,
        "1998年",
        "1998年9月",
        "199809",
        "1998-09-30",
        dt.date(1998, 9, 30),
        36068,
        "30/9/1998",
        "约1998",
    ]
    table, faults, log = typed(areas(建成时间=cells), RESIDENTIAL_COLUMNS, "residential_areas")
    assert faults == []
    assert table["year_built"].tolist() == [1998] * len(cells)
    # Years alone, and what is about a year, are numbers; the other seven are told.
    told = {note.code: note.values["columns"] for note in log.notes}
    assert told["years_of_dates"] == "year_built (建成时间) ×7"
    assert told["columns_by_alias"] == "建成时间 → year_built"


@pytest.mark.parametrize("cell", ["九十年代", 98, "1890", "1998-13-01", 1998.75, "1995-2000"])
def test_what_states_no_year_is_told(cell: object) -> None:
    table, (fault,), _ = typed(areas(year_built=[cell]), RESIDENTIAL_COLUMNS, "residential_areas")
    assert (fault.code, fault.expected) == ("not_year", "1998")
    assert table["year_built"].isna().all()


@pytest.mark.parametrize(("heads", "opens"), [(["建成时间"], "2015-03-01"), (["建成时间", "投用时间"], "2017-06-01")])
def test_a_facility_opens_when_it_was_built_only_where_nothing_else_says_so(heads: list[str], opens: str) -> None:
    dates = dict(zip(heads, ["2015-03-01", "2017-06-01"], strict=False))
    for group in ("facilities", "context.facilities"):
        table, faults, _ = typed(facility(**dates), group=group)
        assert faults == []
        assert table["opens"].tolist() == [pd.Timestamp(opens)]


def test_a_yes_does_not_say_how_care_is_linked_to_medicine_and_a_no_does() -> None:
    raw = {"id": ["F1", "F2", "F3", "F4"], "tier": ["station"] * 4, "status": ["existing"] * 4}
    table, (fault,), _ = typed(raw | {"医养结合": ["是", "否", "签约", None]})
    assert table["med_link"].tolist()[1:3] == ["none", "agreement"]
    assert table["med_link"].isna().tolist() == [True, False, False, True]
    assert (fault.code, fault.row, fault.found) == ("yes_without_kind", "F1", "'是'")
    assert "says yes but not which kind: internal (" in fault.message("en")
    assert 'columns.med_link = ""' in fault.message("en")
    # The kind stands in another column.
    table, faults, _ = typed(raw | {"医养结合": ["是"] * 4, "医养结合方式": ["签约"] * 4})
    assert faults == []
    assert set(table["med_link"]) == {"agreement"}
    table, faults, _ = typed(raw | {"医养结合": ["是"] * 4}, values={"med_link": {"是": "internal"}})
    assert faults == []
    assert set(table["med_link"]) == {"internal"}
