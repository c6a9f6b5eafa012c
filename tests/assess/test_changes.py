"""The split of a change, against every order of exchange tried one by one."""

import math
from itertools import combinations, permutations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.assess.changes import changes_of
from siting.domain.changes import WHOLE, Changes, Measured, measured
from siting.domain.parts import PARTS

VERDICTS = ("met", "gap", "no_data")


def measurement(share: float, *, verdict: str = "met", places: tuple[str, ...] = ("a",)) -> Measured:
    """Return a check of places with one figure, and one clause."""
    index = pd.MultiIndex.from_tuples([("street", key) for key in places], names=["level", "id"])
    frame = gpd.GeoDataFrame(
        {"name": [f"name {key}" for key in places], "covered_share": share},
        index=index,
        geometry=gpd.points_from_xy(range(len(places)), [0] * len(places)),
        crs=4326,
    )
    check = {"clause_id": "x/1", "standard_id": "x", "kind": "service_circle", "extent": "whole", "basis": "elderly"}
    check |= {"binding": True, "for_comparison": False, "unit": "share", "verdict": verdict}
    check |= {"required": 0.9, "required_high": 0.9, "provided_low": share, "provided_high": share, "shortfall": 0.0}
    checks = pd.DataFrame([check] * len(places), index=index)
    totals = {"covered_share": share, "land_basis": "resident_current"}
    return measured({"title": "t", "date": "2026-01-01", "horizon": "current"}, frame, checks, totals)


def compared(values: dict[frozenset[str], Measured]) -> Changes:
    """Return checks of all mixes of some parts compared."""
    differ = sorted(max(values, key=len), key=[*PARTS].index)
    return changes_of(values, tuple((part,) for part in PARTS), differ)


def row(changes: Changes, level: str = WHOLE, figure: str = "covered_share") -> pd.Series:
    """Return the row of a figure."""
    found = changes.table[(changes.table["level"] == level) & (changes.table["figure"] == figure)]
    assert len(found) == 1
    return found.iloc[0]


@given(st.data())
def test_parts_ends_and_means_are_those_of_all_orders(data: st.DataObject) -> None:
    differ = data.draw(st.lists(st.sampled_from(PARTS), unique=True, min_size=1).map(sorted))
    differ = sorted(differ, key=PARTS.index)
    shares = st.integers(0, 1000).map(lambda number: number / 1000)
    sets = [frozenset(each) for count in range(len(differ) + 1) for each in combinations(differ, count)]
    drawn = {each: data.draw(shares) for each in sets}
    found = row(compared({each: measurement(share) for each, share in drawn.items()}))
    steps: dict[str, list[float]] = {part: [] for part in differ}
    for order in permutations(differ):
        for at, part in enumerate(order):
            steps[part].append(drawn[frozenset(order[: at + 1])] - drawn[frozenset(order[:at])])
    for part, values in steps.items():
        assert found[f"by_{part}_least"] == pytest.approx(min(values), abs=1e-9)
        assert found[f"by_{part}_greatest"] == pytest.approx(max(values), abs=1e-9)
        # Means are rounded to six decimals.
        assert found[f"by_{part}_mean"] == pytest.approx(math.fsum(values) / len(values), abs=1e-6)
        stated = frozenset(differ[: differ.index(part)])
        assert found[f"by_{part}"] == pytest.approx(drawn[stated | {part}] - drawn[stated], abs=1e-9)
    assert sum(found[f"by_{part}"] for part in PARTS) == pytest.approx(found["change"], abs=1e-9)
    assert all(found[f"by_{part}"] == 0 for part in PARTS if part not in differ)


def test_a_value_that_is_unknown_on_the_way_leaves_the_change_and_no_parts() -> None:
    known = {frozenset[str](): 0.1, frozenset({"people"}): math.nan, frozenset({"facilities"}): 0.3}
    known[frozenset({"people", "facilities"})] = 0.4
    found = row(compared({each: measurement(share) for each, share in known.items()}))
    assert found["change"] == pytest.approx(0.3)
    assert np.isnan([found[f"by_{part}"] for part in PARTS]).all()
    assert math.isnan(found["by_people_least"])


def test_what_has_no_limit_in_both_does_not_change() -> None:
    mixes = {frozenset[str](): measurement(math.inf), frozenset({"rules"}): measurement(math.inf)}
    found = row(compared(mixes))
    assert (found["change"], found["by_rules"]) == (0, 0)
    mixes[frozenset({"rules"})] = measurement(0.5)
    found = row(compared(mixes))
    assert math.isnan(found["change"])
    assert math.isnan(found["by_rules"])


def test_a_verdict_is_said_to_change_with_each_part_where_it_does_in_the_stated_order() -> None:
    mixes = {
        frozenset[str](): measurement(0.1, verdict="gap"),
        frozenset({"people"}): measurement(0.1, verdict="met"),
        frozenset({"rules"}): measurement(0.1, verdict="gap"),
        frozenset({"people", "rules"}): measurement(0.1, verdict="no_data"),
    }
    found = row(compared(mixes), "street", "provided_low")
    assert (found["verdict_before"], found["verdict_after"]) == ("gap", "no_data")
    assert found["verdict_by"] == ["people", "rules"]


def test_places_of_one_check_alone_are_named_and_have_no_change() -> None:
    changes = compared(
        {frozenset(): measurement(0.1, places=("a", "b")), frozenset({"people"}): measurement(0.2, places=("a", "c"))}
    )
    only = changes.places["only_in"].droplevel("level")
    assert only.dropna().to_dict() == {"c": "new", "b": "old"}
    assert [*only.index] == ["a", "c", "b"]
    rows = changes.table[changes.table["figure"] == "covered_share"].set_index("id")
    assert rows.loc["a", "change"] == pytest.approx(0.1)
    assert rows.loc[["b", "c"], ["change", "by_people"]].isna().all().all()
    assert (rows.loc["b", "only_in"], rows.loc["c", "only_in"]) == ("old", "new")
