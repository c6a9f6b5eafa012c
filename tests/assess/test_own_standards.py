"""A planner's own standards: whatever their clauses are called and ask, a check of them comes to its end."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from siting.assess.audit import audit_table
from siting.domain.measures import CLASSES, MEASURES
from siting.domain.nouns import Inputs
from siting.domain.standards import Clause, Standard
from siting.domain.tables import UNIT_COLUMNS
from siting.errors import InputError
from siting.read.standards import read_standard
from siting.write.standard_template import standard_template
from tests.helpers import box, check, estates, facilities, inputs, raster, scenario, straight, table

LEVELS: Final = ("city", "district", "planning", "street", "community", "residential_area", "facility")
HALF: Final = {"a": box(0, 0, 500, 500), "b": box(500, 0, 1000, 500)}
OPENED: Final = ("2017-12-31", "2018-01-01", "2020-12-31", "2021-01-01", None)
# What may stand in an id: words without years, years in other places, nothing that looks like a number.
NAMES: Final = st.text(st.characters(categories=["L", "N"], include_characters="-_. 〔〕号/"), min_size=1, max_size=12)


def district(*clauses: Clause, standard: Standard | None = None) -> Inputs:
    """Two communities of two streets with a home, and demonstration centres of all years."""
    centres = {
        f"c{at}": ((100.0 * at, 100.0), {"tier": "centre", "demonstration": True, "opens": each})
        for at, each in enumerate(OPENED)
    }
    frames = {
        name: table(UNIT_COLUMNS, {key: {"name": key, "kind": kind} for key in HALF}, HALF)
        for name, kind in (("street", "街道"), ("community", "社区"))
    }
    own = standard or Standard(
        id="own",
        number="1",
        title="t",
        issuer="i",
        jurisdiction="重庆市",
        in_force=dt.date(2020, 1, 1),
        source="s",
        clauses=clauses,
    )
    return inputs(
        settings=scenario(walking=straight()),
        residents=raster([[100.0, 100.0]], 500.0),
        elderly=raster([[20.0, 20.0]], 500.0),
        places={**frames, "district": table(UNIT_COLUMNS, {"d": {"name": "d"}}, {"d": box(0, 0, 1000, 500)})},
        areas=estates({"e": (box(0, 0, 100, 100), {"status": "new", "households": 10, "provided_m2": None})}),
        ledger=facilities({**centres, "home": ((900.0, 400.0), {"tier": "institution", "beds": 9})}),
        standards=(own,),
    )


COUNTED: Final = [(kind, of) for kind in MEASURES for of in (None, *CLASSES.get(kind, ()))]


@st.composite
def clause_of(draw: st.DrawFn, kind: str, of: str | None) -> Clause:
    years = st.none() | st.integers(1990, 2040)
    return Clause.model_validate(
        {
            "id": f"{draw(NAMES)}/{draw(NAMES)}",
            "kind": kind,
            "article": draw(NAMES),
            "quote": "…",
            "comparison": draw(st.sampled_from(["at_least", "at_most"])),
            "number": draw(st.floats(0.01, 1e6)),
            "of": of,
            "levels": draw(st.lists(st.sampled_from(LEVELS), min_size=1, max_size=3, unique=True)),
            "unit_kinds": draw(st.lists(st.sampled_from(["街道", "乡镇", "社区", "别的"]), max_size=2, unique=True)),
            "readings": draw(st.sampled_from([(), ("any_facility", "by_tier")])),
            "horizon": draw(st.sampled_from(["current", "planned"])),
            "force": draw(st.sampled_from(["mandatory", "target"])),
            "target_year": draw(years),
            "added_since": draw(years),
        }
    )


@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(*(clause_of(*each) for each in COUNTED)))
def test_clauses_of_any_name_and_kind_are_checked_and_told(asked: tuple[Clause, ...]) -> None:
    found = check(district(*asked))
    told = audit_table(found)
    assert set(told["clause_id"]) == {clause.id for clause in asked}
    assert set(found.checks["clause_id"]) <= {clause.id for clause in asked}


def count(**keys: Any) -> pd.Series:
    clause = Clause.model_validate(
        {
            "id": "本区/示范",
            "kind": "facility_count",
            "article": "一",
            "quote": "…",
            "comparison": "at_least",
            "number": 3,
            "levels": ["district"],
            "force": "target",
            **keys,
        }
    )
    rows: pd.DataFrame = check(district(clause)).checks
    return rows.iloc[0]


@pytest.mark.parametrize(
    ("keys", "low", "high"),
    [
        # Opened 2017, 2018, 2020, 2021 and one of which it is not said.
        ({"added_since": 2018, "target_year": 2020}, 2, 3),
        ({"added_since": 2018}, 3, 4),
        ({"target_year": 2020}, 3, 4),
        ({}, 5, 5),
    ],
)
def test_what_is_added_counts_from_the_year_that_the_clause_says(keys: dict[str, int], low: int, high: int) -> None:
    found = count(of="demonstration_centre", **keys)
    assert (found["provided_low"], found["provided_high"]) == (low, high)


@pytest.mark.parametrize(
    ("of", "number"), [(None, 6), ("facilities", 6), ("institutions", 1), ("centre", 5), ("station", 0)]
)
def test_a_number_of_facilities_counts_those_of_which_the_clause_speaks(of: str | None, number: int) -> None:
    found = count(of=of)
    assert (found["provided_low"], found["provided_high"]) == (number, number)


def test_a_file_of_ones_own_is_read_and_checked_whatever_its_id(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    words = standard_template("zh").replace("my-standard", "本区规划")
    asked = {"land_per_person": "facility_count", "m2 per person": "facilities", "0.25": "6"}
    for old, new in asked.items():
        words = words.replace(f'"{old}"', f'"{new}"').replace(f"= {old}\n", f"= {new}\n")
    file.write_text(words.replace('#of = "facilities"', 'of = "demonstration_centre"'), encoding="utf-8")
    found = check(district(standard=read_standard(file))).checks.iloc[0]
    assert (found["clause_id"], found["verdict"], found["provided_low"]) == ("本区规划/3-land", "gap", 5)


@pytest.mark.parametrize(
    ("comparison", "number", "verdict"),
    [("at_most", 0.0, "gap"), ("at_most", 1.0, "met"), ("at_least", 0.0, "met"), ("at_least", 1.0, "gap")],
)
def test_a_floor_and_a_ceiling_of_nought(comparison: Any, number: float, verdict: str) -> None:
    """Of four beds two are the government's: none may be, all may be, none need be, all must be."""
    clause = Clause(
        id="own/nought",
        kind="government_bed_share",
        article="1",
        quote="q",
        comparison=comparison,
        number=number,
        unit="share",
        levels=("district",),
        force="mandatory",
    )
    beds = {"tier": "institution", "beds": 2}
    ledger = {
        key: ((100.0, 100.0), {**beds, "operator_kind": kind}) for key, kind in (("g", "government"), ("p", "private"))
    }
    found = check(replace(district(clause), facilities=facilities(ledger)))
    rows = found.checks[found.checks["level"] == "district"]
    assert rows["verdict"].tolist() == [verdict]
    assert rows["required"].tolist() == [number]


def test_a_floor_of_nought_asks_for_nothing_and_is_refused(tmp_path: Path) -> None:
    """A planner's clause with number = 0 is a number that was left out; a ceiling of nought is one."""
    text = standard_template("en")
    for comparison, refused in (("at_least", True), ("at_most", False)):
        path = tmp_path / f"{comparison}.toml"
        nought = text.replace("number = 0.25", "number = 0").replace('"at_least"', f'"{comparison}"', 1)
        path.write_text(re.sub(r"(?s)\nexamples = \[.*?\n\]", "", nought), encoding="utf-8")
        if refused:
            with pytest.raises(InputError) as error:
                read_standard(path)
            assert [fault.code for fault in error.value.faults] == ["clause_incomplete"]
        else:
            assert read_standard(path).clauses[0].number == 0
