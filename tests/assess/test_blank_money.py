"""Every field of a site left blank, one at a time: no promise of money comes, goes or changes without a word."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest

from siting.assess.funding import What, funding_lines
from siting.domain.jurisdiction import Grounds
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, PAID_COLUMNS, Column
from siting.read import all_standards

STANDARDS: Final = tuple(all_standards())
METHODS: Final = Path(__file__).parents[2] / "docs" / "methods.md"
COLUMNS: Final[Mapping[What, tuple[Column, ...]]] = {"facility": FACILITY_COLUMNS, "candidate": CANDIDATE_COLUMNS}
# Numbers and words on both sides of what the documents name; of other columns anything that may stand in them.
VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "tier": ("institution", "institution", "centre", "station"),
    "operator": ("甲", "甲", "乙"),
    "site_id": ("p", "q"),
    "kind": ("闲置厂房", "酒店", "公租房", "学校"),
    "opens": ("2016-01-01", "2019-01-01", "2025-01-01"),
    "lease_years": (0, 3, 5, 10),
    "new_beds": (0, 30, 50, 300, 500),
    "beds": (0, 40, 200, 400),
    "rating": (0, 3, 5),
    "floor_area_m2": (100.0, 400.0, 1200.0),
}
PAID: Final = (0.0, 100_000.0, 10_000_000.0)
# A blank that says something, and the sentence of docs/methods.md that says what.
SAYS_SOMETHING: Final = {("facility", "site_id"): "A facility without a `site_id` is a location of its own"}
# No site stands in an area that a document leaves out.
ALL_INSIDE: Final = Grounds(left_out=frozenset())
TABLES, SITES = 8, 3
Row = dict[str, Any]
Lines = dict[tuple[int, str, str], tuple[str, float]]


def some(column: Column, rng: np.random.Generator) -> Any:
    usual = {"text": ("x",), "number": (1.0,), "integer": (1,), "boolean": (True, False), "date": ("2040-01-01",)}
    values = VALUES.get(column.key, column.choices or usual[column.type])
    return values[int(rng.integers(len(values)))]


def table(columns: Sequence[Column], rng: np.random.Generator) -> list[Row]:
    """Return sites without a blank that do not contradict themselves: who had no award has none, of no rating."""
    rows = [{column.key: some(column, rng) for column in columns if column.key != "id"} for _ in range(SITES)]
    if "award_rating" in rows[0]:
        at = {place: {name: PAID[int(rng.integers(len(PAID)))] for name in PAID_COLUMNS} for place in "pq"}
        # What was paid at a location stands in all of its rows.
        rows = [row | at[row["site_id"]] for row in rows]
        for row in rows:
            row["award_rating"] = int(rng.choice((3, 4))) if row["rating_paid_district_cny"] else None
    return rows


def chain() -> list[Row]:
    """Return homes of one operator that opened one after the other, all on one plot, and one of another's on lease."""
    home = {"tier": "institution", "operator": "甲", "operator_kind": "private", "tenure": "own", "status": "existing"}
    home |= {"site_id": "p", "new_beds": 500, "beds": 500} | dict.fromkeys(PAID_COLUMNS, 0.0)
    leased = home | {"operator": "乙", "site_id": "q", "tenure": "lease", "lease_years": 5, "opens": "2025-01-01"}
    return [*(home | {"opens": f"{year}-01-01"} for year in (2022, 2023, 2024, 2025)), leased]


def lines_of(tables: Mapping[int, list[Row]], what: What) -> dict[int, Lines]:
    """Return status and amount of each line, by table; the operators and sites of one are not those of another."""
    rows = {
        (number, at): {
            name: f"{number}{value}" if name in ("operator", "site_id") and value is not None else value
            for name, value in row.items()
        }
        for number, found in tables.items()
        for at, row in enumerate(found)
    }
    frame = pd.DataFrame([*rows.values()], dtype=object)
    if "opens" in frame:
        frame["opens"] = pd.to_datetime(frame["opens"])
    frame = frame.astype(object).where(frame.notna(), None)
    found: dict[int, Lines] = {number: {} for number in tables}
    keys = [*rows]
    for line in funding_lines(STANDARDS, frame, what=what, grounds=ALL_INSIDE).to_dict("records"):
        number, at = keys[line["site_id"]]
        found[number][at, line["clause_id"], line["line"]] = line["status"], line["amount_cny"]
    return found


def moved(one: tuple[str, float] | None, other: tuple[str, float] | None) -> bool:
    """Tell whether blanks made a promise sure, or took a sure one away, or promise another amount.

    ``one`` is the line without a blank, ``other`` with it.
    """
    statuses = {"absent" if each is None else each[0] for each in (one, other)}
    if statuses == {"eligible"}:
        assert one is not None
        assert other is not None
        return not (one[1] == other[1] or math.isnan(one[1] + other[1]))
    made_sure = one is not None and other is not None and one[0] == "conditional" and other[0] == "eligible"
    return made_sure or statuses == {"absent", "eligible"}


@pytest.fixture(scope="module")
def found() -> dict[tuple[What, str], set[str]]:
    """By column that was left blank, what became of lines that were sure: a status, or ``moved``."""
    rng = np.random.default_rng(12)
    told: dict[tuple[What, str], set[str]] = {}
    for what, columns in COLUMNS.items():
        for whole in (*(table(columns, rng) for _ in range(TABLES)), *([chain()] if what == "facility" else [])):
            fields = [(at, column.key) for at in range(len(whole)) for column in columns if not column.required]
            variants = {0: whole}
            for number, (at, name) in enumerate(fields, start=1):
                variants[number] = [row | {name: None} if each == at else row for each, row in enumerate(whole)]
            # An institution of any operator may be of each chain: alone, lest it be of the chains of other tables.
            apart = [number for number, (_, name) in enumerate(fields, start=1) if name == "operator"]
            lines = lines_of({key: rows for key, rows in variants.items() if key not in apart}, what)
            for number in apart:
                lines |= lines_of({number: variants[number]}, what)
            for number, (_, name) in enumerate(fields, start=1):
                into = told.setdefault((what, name), set())
                for key in lines[0].keys() | lines[number].keys():
                    one, other = lines[0].get(key), lines[number].get(key)
                    into |= {"moved"} if moved(one, other) else set()
                    into |= {other[0]} if one and other and one[0] == "eligible" != other[0] else set()
    return told


def test_no_blank_makes_a_promise_come_go_or_change(found: dict[tuple[What, str], set[str]]) -> None:
    assert {key for key, became in found.items() if "moved" in became} == {*SAYS_SOMETHING}
    methods = " ".join(METHODS.read_text(encoding="utf-8").split())
    assert [each for each in SAYS_SOMETHING.values() if each not in methods] == []


def test_blanks_that_decide_leave_promises_open(found: dict[tuple[What, str], set[str]]) -> None:
    opened = {
        name for (what, name), became in found.items() if what == "facility" and became & {"unknown", "conditional"}
    }
    assert opened >= {
        "operator",
        "operator_kind",
        "tenure",
        "lease_years",
        "new_beds",
        "rating",
        "rating_kind",
        "opens",
    }
