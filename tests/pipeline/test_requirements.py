"""Rows made from a check, against the check of the facilities that they stand for."""

import functools
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting import places
from siting.domain.measures import Span, judge
from siting.domain.nouns import Assessment, Inputs
from siting.domain.requirements import LINEAR_KINDS, part_worth, unfit_clauses
from siting.domain.standards import Clause, Standard
from siting.locate.milp import comply
from siting.locate.problem import Effort, Problem, Rules
from siting.pipeline.requirements import Offers, requirements_of, wanted_of
from siting.pipeline.requirements import offers_of as packed
from siting.read import standard
from tests.drawing import examples
from tests.helpers import METRIC, check, facilities, with_settings
from tests.laws.districts import district

SEEDS = st.integers(0, 1_000_000)
LAND, CIRCLE, COVERAGE = "cq-2019-129/2-3-land", "cq-2019-129/2-9-circle", "cq-2019-129/2-1-coverage"
FIRST_LAND, BEDS = "cq-2017-162/22-land", "yubei-2018-40/4-1-beds"
EVERYWHERE = [
    *(f"{LAND}@{level}" for level in ("district", "street", "community", "residential_area")),
    *(f"{CIRCLE}@{level}" for level in ("community", "street", "district", "residential_area")),
    COVERAGE,
    f"{COVERAGE}@district",
    BEDS,
]
# Eight minutes at 0.8 m/s, as in the districts.
REACH_M = 8 * 60 * 0.8
ROWS = 6


@functools.cache
def documents() -> tuple[Standard, ...]:
    return tuple(standard(key) for key in ("cq-2017-162", "cq-2019-129", "yubei-2018-40"))


@functools.cache
def small(seed: int) -> Inputs:
    """Return a small district in straight lines whose units are streets and communities by name."""
    given_inputs = district(seed, walk="straight_line")
    kinds = {"community": "社区", "street": "街道"}
    frames = {level: frame.assign(kind=kinds.get(level)) for level, frame in given_inputs.units.items()}
    ledger = given_inputs.facilities.assign(beds=10)
    return replace(given_inputs, units=frames, facilities=ledger, standards=documents())


@functools.cache
def sharing(seed: int) -> Inputs:
    """Return the same district with one facility, in which communities share what a fifth of their elderly reach."""
    given_inputs = small(seed)
    alone = replace(given_inputs, facilities=given_inputs.facilities.iloc[:1])
    return with_settings(alone, circle={"shared_from": 0.2})


@functools.cache
def by_tier(seed: int, *, shared_from: float | None = None) -> Inputs:
    """Return the district where streets need a centre, and communities a station or a centre."""
    given_inputs = small(seed)
    fewer = replace(given_inputs, facilities=given_inputs.facilities.iloc[:2])
    return with_settings(fewer, circle={"shared_from": shared_from}, standards={"coverage": "by_tier"})


def further(seed: int) -> gpd.GeoDataFrame:
    """Return facilities that might be opened."""
    rng = np.random.default_rng(seed)
    return facilities(
        {
            f"n{row}": (
                (float(rng.uniform(0, 2000)), float(rng.uniform(0, 1750))),
                {
                    "tier": str(rng.choice(["station", "centre", "institution"])),
                    "land_m2": None if rng.random() < 0.2 else float(rng.uniform(50, 900)),
                    "beds": None if rng.random() < 0.2 else int(rng.integers(1, 40)),
                    "serves_community": row % 2 == 0,
                },
            )
            for row in range(ROWS)
        }
    )


def offers_of(new: gpd.GeoDataFrame, standing: Assessment) -> Offers:
    """Return what facilities would add; who is near them is measured here, in straight lines."""
    cells = standing.demand.cells
    xy = shapely.get_coordinates(new.geometry.to_numpy())
    away = np.hypot(xy[:, :1] - cells["x"].to_numpy(), xy[:, 1:] - cells["y"].to_numpy())
    return Offers(
        homes=places.home_units(new, standing.inputs.units),
        land_m2=new["land_m2"].astype("float64").to_numpy(),
        beds=new["beds"].astype("float64").to_numpy(),
        tier=pd.Series(new["tier"].to_numpy(dtype=object)),
        within=csr_array((away <= REACH_M) * 1.0),
        in_circle=places.in_circle(new, standing.inputs.scenario),
    )


def test_rows_that_stand_come_first_and_offer_nothing() -> None:
    before = check(small(3))
    new = further(3)
    alone = offers_of(new, before)
    sites = pd.DataFrame(new.drop(columns="geometry"))
    both = packed(sites, alone.homes, alone.within, alone.in_circle, standing=2)
    wanted = wanted_of(before, EVERYWHERE)
    mask = np.array([True, False, True, True, False, True])
    needs = [requirements_of(before, offers, wanted)[0] for offers in (alone, both)]
    for one, two in zip(*needs, strict=True):
        assert one.provided_by(mask) == two.provided_by(np.concatenate([[True, True], mask]))


def opened(inputs: Inputs, new: gpd.GeoDataFrame) -> Assessment:
    return check(replace(inputs, facilities=gpd.GeoDataFrame(pd.concat([inputs.facilities, new]), crs=METRIC)))


@settings(deadline=None, max_examples=examples(5), derandomize=True)
@given(SEEDS, st.lists(st.booleans(), min_size=ROWS, max_size=ROWS))
def test_rows_say_what_the_check_says(seed: int, choice: list[bool]) -> None:
    hold_to_the_check(small(seed), further(seed), np.array(choice))


@settings(deadline=None, max_examples=examples(5), derandomize=True)
@given(SEEDS, st.lists(st.booleans(), min_size=ROWS, max_size=ROWS))
def test_rows_say_what_the_check_says_where_communities_share(seed: int, choice: list[bool]) -> None:
    hold_to_the_check(sharing(seed), further(seed), np.array(choice))


@pytest.mark.parametrize("shared_from", [None, 0.2])
@settings(deadline=None, max_examples=examples(4), derandomize=True)
@given(seed=SEEDS, choice=st.lists(st.booleans(), min_size=ROWS, max_size=ROWS))
def test_rows_say_what_the_check_says_where_tiers_count(
    shared_from: float | None, seed: int, choice: list[bool]
) -> None:
    hold_to_the_check(by_tier(seed, shared_from=shared_from), further(seed), np.array(choice))


def test_where_tiers_count_a_row_serves_the_units_of_its_tier() -> None:
    # Which makes the test above one of tiers.
    new, before = further(4), check(by_tier(4))
    needs, _ = requirements_of(before, offers_of(new, before), wanted_of(before, [COVERAGE]))
    homes = places.home_units(new, before.inputs.units)
    counts = {"street": ["centre"], "community": ["station", "centre"]}
    left = 0
    for need in needs:
        serves = {row for row in range(ROWS) if need.provided_by(np.arange(ROWS) == row) > need.provided}
        here = {*np.flatnonzero(homes[need.level] == need.place)}
        fit = {*np.flatnonzero(new["tier"].isin(counts[need.level]))}
        assert serves == (set() if need.provided >= 1 else here & fit)
        left += len(here - fit)
    assert left > 0


def test_what_tiers_leave_out_is_shared_by_nobody() -> None:
    # An institution that serves its community covers it, and is shared, but not by tier.
    found = []
    for seed in range(4):
        new = further(seed).assign(tier="institution", serves_community=True)
        inputs = by_tier(seed, shared_from=0.2)
        hold_to_the_check(inputs, new, np.ones(ROWS, dtype=bool))
        loose = opened(with_settings(inputs, circle={"shared_from": 0.2}, standards={"coverage": "any_facility"}), new)
        found.append(loose.places["shared_facility"].isin(new.index).any())
    assert any(found)


def test_where_communities_share_a_row_serves_more_than_the_one_in_which_it_stands() -> None:
    # Which makes the test above one of sharing.
    new, before = further(4), check(sharing(4))
    offers = offers_of(new, before)
    needs, _ = requirements_of(before, offers, wanted_of(before, [COVERAGE]))
    served = {
        need.place: {row for row in range(ROWS) if need.provided_by(np.arange(ROWS) == row) > need.provided}
        for need in needs
        if need.level == "community"
    }
    stands = {place: set(np.flatnonzero(offers.homes["community"] == place)) for place in served}
    more = {place: served[place] - stands[place] for place in served if served[place] - stands[place]}
    assert more
    for place, rows in more.items():
        # The share of the community's elderly within 384 m, reckoned cell by cell.
        demand = before.demand
        at = demand.place_ids["community"].get_loc(place)
        heads = demand.shares["community"].toarray()[at] * demand.cells["elderly"].to_numpy()
        near = offers.within.toarray() > 0
        shares = near @ heads / heads.sum()
        assert all(shares[row] >= 0.2 for row in rows)
        assert all(shares[row] < 0.2 or not offers.in_circle[row] for row in {*range(ROWS)} - served[place])


def test_what_is_closed_is_shared_no_more() -> None:
    # The one facility of the district, as a row that may stay or be closed.
    inputs = next(each for each in map(sharing, range(50)) if shares_something(each))
    nothing = replace(inputs, facilities=inputs.facilities.iloc[:0])
    for stays in (True, False):
        hold_to_the_check(nothing, inputs.facilities, np.array([stays]))
    assert not shares_something(nothing)


def shares_something(inputs: Inputs) -> bool:
    facility = inputs.facilities.iloc[:1]
    return bool(check(inputs).places["shared_facility"].notna().any() and (facility["tier"] != "institution").all())


def hold_to_the_check(inputs: Inputs, new: gpd.GeoDataFrame, mask: NDArray[np.bool_]) -> None:
    before = check(inputs)
    needs, unjudged = requirements_of(before, offers_of(new, before), wanted_of(before, EVERYWHERE))
    after = opened(inputs, new[mask]).checks.reset_index(drop=True, level="level")
    counted = after["basis"].where(after["kind"] == "unit_coverage", "")
    after = after.assign(place=after.index.astype(str), basis=counted).set_index(
        ["clause_id", "level", "place", "basis"]
    )
    assert len(needs) > 20
    for need in needs:
        row = after.loc[(need.clause, need.level, need.place, need.basis)]
        finding = need.finding(mask)
        assert need.required == pytest.approx(row["required"], rel=1e-12)
        assert finding.provided_low == pytest.approx(row["provided_low"], rel=1e-9, abs=1e-9)
        assert (finding.verdict == "met") == (row["verdict"] == "met")
        if finding.verdict == "gap":
            assert finding.shortfall == pytest.approx(row["shortfall"], rel=1e-6, abs=1e-9)
    asked = {(each.clause, each.level, each.place) for each in (*needs, *unjudged)}
    judged = after[after["verdict"] != "not_applicable"].index.droplevel("basis")
    wanted = {(each.clause.id, each.level) for each in wanted_of(before, EVERYWHERE)}
    assert asked == {key for key in judged if key[:2] in wanted}


@settings(deadline=None, max_examples=examples(4), derandomize=True)
@given(SEEDS)
def test_a_plan_that_holds_is_met_by_the_check_and_one_that_is_relaxed_is_not(seed: int) -> None:
    inputs, new = small(seed), further(seed)
    before = check(inputs)
    names = [f"{FIRST_LAND}@district", f"{COVERAGE}@street", f"{CIRCLE}@district"]
    needs, _ = requirements_of(before, offers_of(new, before), wanted_of(before, names))
    found = comply(Problem(csr_array((ROWS, 1)), np.ones(1), Rules()), needs, Effort())
    mask = np.zeros(ROWS, dtype=bool)
    mask[found.chosen] = True
    after = opened(inputs, new[mask]).checks
    asked = {(each.clause, each.level) for each in needs}
    rows = [
        verdict
        for clause, level, verdict in zip(after["clause_id"], after["level"], after["verdict"], strict=True)
        if (clause, level) in asked
    ]
    assert (found.status == "optimal") == (set(rows) <= {"met", "not_applicable"})


@pytest.mark.parametrize("kind", sorted(LINEAR_KINDS - {"service_circle"}))
def test_a_unit_of_the_part_is_worth_what_the_check_makes_of_it(kind: Any) -> None:
    clause = Clause(id="x/1", kind=kind, article="一", quote="…", number=0.5, comparison="at_least", force="target")
    parts = {"land_per_person": "land_m2", "unit_coverage": "covered"}
    whole = {"people": 640.0, "elderly": 640.0, "units": 640.0}
    spans = {name: Span.exactly(value) for name, value in whole.items()}

    def provided(amount: float) -> float:
        return judge(clause, {**spans, parts.get(kind, "beds"): Span.exactly(amount)}).provided_low

    assert provided(48.0) - provided(32.0) == pytest.approx(16.0 * part_worth(clause, 640.0), rel=1e-12)


def test_names_say_the_clause_its_level_and_its_turn() -> None:
    before = check(small(3))
    names = [CIRCLE, COVERAGE, LAND, f"{LAND}@residential_area", LAND]
    found = [(each.clause.id, each.level, each.rank) for each in wanted_of(before, names)]
    assert found == [
        (LAND, "district", 0),
        (LAND, "residential_area", 1),
        (CIRCLE, "community", 3),
        (COVERAGE, "community", 4),
        (COVERAGE, "street", 4),
    ]


def test_without_names_what_governs_is_held_to() -> None:
    found = [(each.clause.id, each.level) for each in wanted_of(check(small(3)))]
    assert [key for key in found if "land" in key[0]] == [(LAND, "district")]
    assert (CIRCLE, "community") in found
    assert {level for key, level in found if key == COVERAGE} == {"street", "community"}


def test_clauses_that_no_row_can_meet_are_refused() -> None:
    names = ["nowhere/1", "cq-2017-162/3-nursing-beds", "cq-2019-129/1-disabled-care-coverage", f"{LAND}@street"]
    assert unfit_clauses(documents(), names) == tuple(names[:3])
    with pytest.raises(ValueError, match="nowhere/1"):
        wanted_of(check(small(3)), names)


def test_a_level_that_is_not_there_is_told() -> None:
    before = check(small(3))
    needs, unjudged = requirements_of(
        before, offers_of(further(3), before), wanted_of(before, ["cq-2019-129/1-beds", f"{CIRCLE}@planning"])
    )
    assert needs == ()
    assert [tuple(each) for each in unjudged] == [
        ("cq-2019-129/1-beds", "city", None),
        (CIRCLE, "planning", None),
    ]


def test_offers_must_reach_the_cells_of_the_demand() -> None:
    before = check(small(3))
    offers = offers_of(further(3), before)
    with pytest.raises(ValueError, match="cells"):
        requirements_of(before, replace(offers, within=csr_array((ROWS, 2))), wanted_of(before))
