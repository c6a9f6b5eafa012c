"""Every clause at its boundaries: a table made from the words of the documents, and one check of all its districts."""

import math
import re
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from siting.domain.measures import MEASURES
from siting.domain.standards import Clause
from siting.domain.tables import UNIT_COLUMNS
from siting.read import all_standards
from tests.helpers import box, check, estates, facilities, inputs, raster, scenario, straight, table, units

TABLE: Final = tomllib.loads((Path(__file__).parent / "boundaries.toml").read_text(encoding="utf-8"))
STANDARDS: Final = tuple(all_standards())
JUDGED: Final = {clause.id for each in STANDARDS for clause in each.clauses if clause.gives_verdict} & {
    clause.id for each in STANDARDS for clause in each.clauses if clause.kind in MEASURES
}
# Districts lie apart by more than people walk.
WIDE, LENGTH, CELL = 4000.0, 2000.0, 500.0
# So many groups are checked at once.
TOGETHER: Final = 4
UNIT: Final = {"units": ["街道1: 社区1"]}
Case = dict[str, Any]
Row = dict[str, Any]
GROUPS: Final = [(group["clauses"], group["cases"]) for group in TABLE["group"]]
CASES: Final = [case for _, cases in GROUPS for case in cases]
NUMBER: Final = {id(case): at for at, case in enumerate(CASES)}
VALUES: Final = {"yes": True, "no": False}


def clause_of(number: str, article: str, words: str) -> Clause:
    """The clause that quotes these words of an article, and the least around them."""
    found = [
        clause
        for each in STANDARDS
        for clause in each.clauses
        if each.number == number and clause.article == article and words in clause.quote and clause.id in JUDGED
    ]
    assert found, (number, article, words)
    return min(found, key=lambda clause: len(clause.quote))


def facts(words: list[str]) -> Row:
    """Columns and values as the table writes them."""
    found: Row = {}
    for word in words:
        name, _, value = word.partition("=")
        number = re.fullmatch(r"[0-9.]+", value) and name != "parent_id"
        found[name] = VALUES.get(value, float(value) if number else value)
    return found


def rows_of(case: Case) -> tuple[list[Row], list[Row]]:
    """The facilities and the residential areas of a case."""
    ledger: list[Row] = []
    areas: list[Row] = []
    for text in case.get("rows", ()):
        times, _, rest = text.rpartition(" × ")
        words = rest.split()
        if words[0] in ("new", "existing", "?"):
            areas.append({"status": None if words[0] == "?" else words[0], **facts(words[1:])})
            continue
        status = "existing" if words[0] in ("institution", "centre", "station") else words.pop(0)
        ledger += [{"status": status, "tier": words[0], **facts(words[1:])}] * int(times or 1)
    return ledger, areas


def units_of(case: Case) -> list[tuple[str, Row, list[tuple[str, Row]]]]:
    """The streets of a case, each with its communities."""

    def unit(text: str) -> tuple[str, Row]:
        name, *words = text.split()
        return name, {"name": name, "kind": re.sub(r"\d", "", name).replace("?", "") or None, **facts(words)}

    return [
        (*unit(street), [unit(each) for each in communities.split(",")])
        for street, _, communities in (text.partition(":") for text in case.get("units", UNIT["units"]))
    ]


class Layers:
    """Layers of districts that lie side by side, one a case; ids begin with the number of the case."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {level: {} for level in ("street", "community", "area", "facility")}
        self.shapes: dict[str, dict[str, Any]] = {level: {} for level in ("street", "community", "area", "district")}
        self.points: dict[str, tuple[float, float]] = {}
        self.people: list[list[float]] = [[], []]

    def add(self, at: int, case: Case) -> None:
        left, mark = at * WIDE, f"{at}:"
        self.shapes["district"][f"{mark}district"] = box(left, 0, left + LENGTH, CELL)
        elderly = case.get("elderly", [50.0] * 4)
        for heads, each in zip(self.people, (5.0, 1.0), strict=True):
            heads.extend([*(each * people for people in elderly), *[0.0] * 4])
        middles = self._add_units(left, mark, case)
        ledger, areas = rows_of(case)
        for number, row in enumerate(ledger, start=1):
            parent = row.get("parent_id")
            named = {name: value for name, value in row.items() if name != "in"}
            named.setdefault("site_id", f"{mark}{number}")
            self.rows["facility"][f"{mark}{number}"] = named | ({"parent_id": mark + parent} if parent else {})
            self.points[f"{mark}{number}"] = (middles[row.get("in", "社区1")], 250.0)
        for number, row in enumerate(areas, start=1):
            self.rows["area"][f"{mark}小区{number}"] = row
            self.shapes["area"][f"{mark}小区{number}"] = box(left + 500 * (number - 1), 0, left + 500 * number, CELL)

    def _add_units(self, left: float, mark: str, case: Case) -> dict[str, float]:
        streets, middles = units_of(case), {}
        wide = LENGTH / len(streets)
        for at, (street, row, communities) in enumerate(streets):
            start = left + at * wide
            self.rows["street"][mark + street] = row
            self.shapes["street"][mark + street] = box(start, 0, start + wide, CELL)
            part = wide / len(communities)
            for number, (community, own) in enumerate(communities):
                west = start + number * part
                self.rows["community"][mark + community] = own
                self.shapes["community"][mark + community] = box(west, 0, west + part, CELL)
                middles[community] = west + min(250.0, part / 2)
        return middles


@pytest.fixture(scope="module")
def judged() -> dict[tuple[int, str, str, str], dict[str, Any]]:
    """What the check says: by case, clause, place and what is counted."""
    answers: dict[tuple[int, str, str, str], dict[str, Any]] = {}
    for start in range(0, len(GROUPS), TOGETHER):
        answers |= judge(GROUPS[start : start + TOGETHER])
    return answers


def judge(groups: list[tuple[list[list[str]], list[Case]]]) -> dict[tuple[int, str, str, str], dict[str, Any]]:
    """Check the districts of some groups against the clauses of these groups alone."""
    asked = {clause_of(*name).id for names, _ in groups for name in names}
    narrowed = ((each, tuple(clause for clause in each.clauses if clause.id in asked)) for each in STANDARDS)
    layers, cities = Layers(), {}
    for _, cases in groups:
        for case in cases:
            at = NUMBER[id(case)]
            layers.add(at, case)
            if case.get("at") == "city":
                cities[f"{at}:city"] = layers.shapes["district"][f"{at}:district"]
    first = NUMBER[id(groups[0][1][0])]
    residents, elderly = (raster([np.array(people)], CELL, left=first * WIDE) for people in layers.people)
    places = {
        "community": table(UNIT_COLUMNS, layers.rows["community"], layers.shapes["community"]),
        "street": table(UNIT_COLUMNS, layers.rows["street"], layers.shapes["street"]),
        "district": units(layers.shapes["district"]),
    }
    found = check(
        inputs(
            settings=scenario(walking=straight(), provision={"m2_per_100_households": 20}),
            residents=residents,
            elderly=elderly,
            places=places | ({"city": units(cities)} if cities else {}),
            areas=estates({key: (layers.shapes["area"][key], row) for key, row in layers.rows["area"].items()}),
            ledger=facilities({key: (layers.points[key], row) for key, row in layers.rows["facility"].items()}),
            standards=tuple(each.model_copy(update={"clauses": clauses}) for each, clauses in narrowed if clauses),
        )
    )
    answers = {}
    ids = found.checks.index.get_level_values("id")
    for key, row in zip(ids, found.checks.to_dict("records"), strict=True):
        case, _, place = str(key).partition(":")
        answers[int(case), row["clause_id"], place, row["basis"]] = {str(name): value for name, value in row.items()}
    return answers


def figures(text: str) -> tuple[str, float, float]:
    """The verdict, and the least and most that was found; NaN where the table gives none."""
    verdict, _, found = text.partition(" ")
    if not found:
        return verdict, math.nan, math.nan
    low, dots, high = found.partition("..")
    most = float(Fraction(high)) if high else math.inf if dots else float(Fraction(low))
    return verdict, float(Fraction(low)), most


def answer(judged: dict[Any, Any], case: Case, clause: Clause, counted: str | None) -> dict[str, Any]:
    place, at = case.get("at", "district"), NUMBER[id(case)]
    rows = [row for key, row in judged.items() if key[:3] == (at, clause.id, place) and counted in (None, key[3])]
    assert len(rows) == 1, (case, clause.id)
    found: dict[str, Any] = rows[0]
    return found


@pytest.mark.parametrize(
    ("case", "names"),
    [(case, names) for names, cases in GROUPS for case in cases],
    ids=[f"{names[0][1]} {names[0][2]}: {case['case']}" for names, cases in GROUPS for case in cases],
)
def test_a_clause_says_what_its_words_say(judged: dict[Any, Any], case: Case, names: list[list[str]]) -> None:
    says = case["says"] if isinstance(case["says"], dict) else {None: case["says"]}
    for name in names:
        clause = clause_of(*name)
        for counted, text in says.items():
            row = answer(judged, case, clause, counted)
            verdict, low, high = figures(text)
            assert row["verdict"] == verdict, (name, counted)
            if not math.isnan(low):
                assert (row["provided_low"], row["provided_high"]) == (pytest.approx(low), pytest.approx(high))


def test_every_clause_that_gives_a_verdict_stands_in_the_table_with_its_boundary(judged: dict[Any, Any]) -> None:
    told: dict[str, list[tuple[str, float, float]]] = {}
    exactly = set()
    for names, cases in GROUPS:
        for name in names:
            clause = clause_of(*name)
            for case in cases:
                says = case["says"] if isinstance(case["says"], dict) else {None: case["says"]}
                for counted, text in says.items():
                    told.setdefault(clause.id, []).append(figures(text))
                    verdict, low, high = figures(text)
                    required = answer(judged, case, clause, counted)["required"]
                    if verdict == "met" and low == high == pytest.approx(required):
                        exactly.add(clause.id)
    assert set(told) == JUDGED
    lacking = {key: {verdict for verdict, *_ in each} for key, each in told.items()}
    assert {key for key, verdicts in lacking.items() if not verdicts >= {"met", "gap", "no_data"}} == set()
    assert exactly == JUDGED
