"""What may only go one way: coverage, gaps, times."""

import itertools
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.domain import clauses
from siting.domain.nouns import Inputs
from siting.domain.scenario import Walking
from siting.domain.walkers import WALKERS
from siting.travel import WalkingNetwork, prepare_network, walk_to
from siting.travel.network import attach
from tests.drawing import examples
from tests.helpers import METRIC, X0, Y0, check, facilities, propose, settings_of
from tests.laws.districts import district

SEEDS = st.integers(0, 1_000_000)
WAYS = st.sampled_from(["network", "straight_line"])
DIRECTIONS = ["slower", "to_facility", "from_facility", "both_ways"]


@settings(deadline=None, max_examples=examples(13))
@given(SEEDS, WAYS, st.floats(0, 2000), st.floats(0, 1750))
def test_adding_a_station_never_lowers_coverage_or_lengthens_a_walk(seed: int, walk: str, x: float, y: float) -> None:
    before = district(seed, walk=walk)
    more = facilities({"more": ((x, y), {"land_m2": 100.0})})
    ledger = gpd.GeoDataFrame(pd.concat([before.facilities, more]), crs=METRIC)
    one, two = check(before), check(replace(before, facilities=ledger))
    assert two.totals["elderly_covered"] >= one.totals["elderly_covered"] - 1e-9
    assert (two.places["elderly_covered"].fillna(0) >= one.places["elderly_covered"].fillna(0) - 1e-9).all()
    assert (two.cells["covered"] >= one.cells["covered"]).all()
    walked = [case.cells["minutes_to_nearest"].fillna(np.inf) for case in (one, two)]
    assert (walked[1] <= walked[0] + 1e-6).all()
    within = one.places["level"] != "residential_area"
    assert (two.places["land_gap_02_m2"][within] <= one.places["land_gap_02_m2"][within] + 1e-9).all()


@settings(deadline=None, max_examples=examples(6))
@given(SEEDS, st.integers(1, 4))
def test_a_plan_covers_just_what_it_promises_and_no_less_than_before(seed: int, stations: int) -> None:
    plan = propose(district(seed), stations)
    before, after = plan.before.totals["elderly_covered"], plan.after.totals["elderly_covered"]
    assert after - before == pytest.approx(plan.selection.objective, abs=1e-6)
    assert plan.stations["elderly_new"].sum() == pytest.approx(plan.selection.objective, abs=1e-6)


@settings(deadline=None, max_examples=examples(2))
@given(SEEDS)
def test_no_other_choice_of_stations_covers_more_when_checked(seed: int) -> None:
    given_inputs = district(seed)
    best = propose(given_inputs, 2).after.totals["elderly_covered"]
    premises = given_inputs.candidates
    for pair in itertools.combinations(premises.index, 2):
        chosen = {
            f"new-{key}": ((premises.geometry[key].x - X0, premises.geometry[key].y - Y0), {"status": "existing"})
            for key in pair
        }
        ledger = gpd.GeoDataFrame(pd.concat([given_inputs.facilities, facilities(chosen)]), crs=METRIC)
        assert check(replace(given_inputs, facilities=ledger)).totals["elderly_covered"] <= best + 1e-6


def _judge(given_inputs: Inputs, **sections: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    changed = replace(given_inputs, scenario=settings_of(given_inputs.scenario, **sections))
    case = check(changed)
    return case.checks.set_index("clause_id", append=True), pd.DataFrame(case.places)


@settings(deadline=None, max_examples=examples(8))
@given(SEEDS, st.floats(0.1, 1.0), st.floats(0.1, 1.0))
def test_a_higher_pass_share_never_shrinks_a_gap(seed: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    base = district(seed)
    lax, _ = _judge(base, circle={"pass_share": low})
    strict, _ = _judge(base, circle={"pass_share": high})
    assert (strict["shortfall"].fillna(0) >= lax["shortfall"].fillna(0) - 1e-9).all()
    assert not ((lax["verdict"] == "gap") & (strict["verdict"] == "met")).any()


@settings(deadline=None, max_examples=examples(8))
@given(SEEDS, WAYS, st.floats(3, 20), st.floats(3, 20))
def test_fewer_minutes_never_cover_more(seed: int, walk: str, one: float, other: float) -> None:
    short, long = sorted((one, other))
    base = district(seed, walk=walk)
    tight, loose = (
        check(replace(base, scenario=settings_of(base.scenario, walking={"minutes": m}))) for m in (short, long)
    )
    assert (tight.cells["covered"] <= loose.cells["covered"]).all()
    assert tight.totals["elderly_uncovered"] >= loose.totals["elderly_uncovered"] - 1e-9
    pd.testing.assert_series_equal(tight.cells["minutes_to_nearest"], loose.cells["minutes_to_nearest"])


@settings(deadline=None, max_examples=examples(8))
@given(SEEDS)
def test_the_higher_floor_never_asks_for_less(seed: int) -> None:
    case = check(district(seed))
    for table in (case.places, case.cells):
        assert (table["land_gap_02_m2"].fillna(0) >= table["land_gap_01_m2"].fillna(0)).all()
    by_clause = case.checks[case.checks["kind"] == "land_per_person"].set_index("clause_id", append=True)["shortfall"]
    high, low = (
        by_clause.fillna(0.0).xs(key, level="clause_id") for key in ("cq-2019-129/2-3-land", "cq-2017-162/22-land")
    )
    assert (high >= low).all()


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_higher_requirement_never_shrinks_the_shortfall(one: float, other: float, low: float, more: float) -> None:
    lax, strict = (clauses.at_least(required, low, low + more) for required in sorted((one, other)))
    assert strict.shortfall >= lax.shortfall
    order = ["gap", "no_data", "met"]
    assert order.index(strict.verdict) <= order.index(lax.verdict)


# --- times, with attachments held fixed -------------------------------------------------------------------------------


def _walked(given_inputs: Inputs, street: WalkingNetwork, walking: Walking) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Seconds from every facility to every cell centre; inf beyond the longest time."""
    grid = given_inputs.population.residents.grid
    row, column = np.divmod(np.arange(grid.shape[0] * grid.shape[1]), grid.shape[1])
    cells = pd.DataFrame(
        {
            "x": grid.transform.c + (column + 0.5) * grid.transform.a,
            "y": grid.transform.f + (row + 0.5) * grid.transform.e,
            "half_diagonal_m": 177.0,
        }
    )
    sites = given_inputs.facilities
    limits = np.full(len(sites), walking.max_minutes * 60)
    access = walk_to(street, sites, np.ones(len(sites), dtype=bool), cells, walking, cutoff_s=limits, circles=False)
    found = np.full((len(sites), len(cells)), np.inf)
    for site in range(len(sites)):
        reached, seconds = access.within.of(site)
        found[site, reached] = seconds
    return found


def _without(street: WalkingNetwork, edge: int) -> WalkingNetwork:
    keep = np.arange(len(street.u)) != edge
    measure = street.seconds
    return replace(
        street,
        u=street.u[keep],
        v=street.v[keep],
        component=street.component[keep],
        open_to_joining=street.open_to_joining[keep],
        geometry=street.geometry[keep],
        kind=street.kind[keep],
        seconds=replace(
            measure,
            length_m=measure.length_m[keep],
            pieces=measure.pieces[keep],
            start=measure.start[keep],
            shut_ahead=measure.shut_ahead[keep],
            shut_back=measure.shut_back[keep],
        ),
    )


@settings(deadline=None, max_examples=examples(13))
@given(SEEDS, st.sampled_from(DIRECTIONS), st.integers(0, 10_000))
def test_removing_an_edge_that_nobody_joins_never_shortens_a_walk(seed: int, direction: str, pick: int) -> None:
    given_inputs = district(seed)
    walking = Walking(direction=direction, minutes=15, max_minutes=600)
    street = prepare_network(given_inputs.network, given_inputs.terrain, WALKERS["elder"], METRIC)
    grid = given_inputs.population.residents.grid
    row, column = np.divmod(np.arange(grid.shape[0] * grid.shape[1]), grid.shape[1])
    centres = np.stack([grid.transform.c + (column + 0.5) * 250.0, grid.transform.f - (row + 0.5) * 250.0], axis=1)
    sites = np.stack([given_inputs.facilities.geometry.x, given_inputs.facilities.geometry.y], axis=1)
    joined = attach(street, np.concatenate([centres, sites]), np.full(len(centres) + len(sites), 1e9)).edge
    free = np.setdiff1d(np.arange(len(street.u)), joined)
    if len(free):
        shorter = _walked(given_inputs, _without(street, int(free[pick % len(free)])), walking)
        assert (shorter >= _walked(given_inputs, street, walking) - 1e-6).all()


@settings(deadline=None, max_examples=examples(13))
@given(SEEDS, st.sampled_from(DIRECTIONS), st.floats(0.25, 4))
def test_scaling_all_edge_times_scales_all_times(seed: int, direction: str, factor: float) -> None:
    given_inputs = district(seed)
    street = prepare_network(given_inputs.network, given_inputs.terrain, WALKERS["elder"], METRIC)
    slow = replace(
        street,
        speed=street.speed / factor,
        seconds=replace(street.seconds, ahead=street.seconds.ahead * factor, back=street.seconds.back * factor),
    )
    one = _walked(given_inputs, street, Walking(direction=direction, max_minutes=300))
    other = _walked(given_inputs, slow, Walking(direction=direction, max_minutes=300 * factor + 15))
    assert np.isfinite(one).tolist() == np.isfinite(other).tolist()
    # Times are counted in ticks; over twenty hours a tick is a tenth of a millisecond.
    assert other[np.isfinite(one)] == pytest.approx(one[np.isfinite(one)] * factor, abs=1e-2)
