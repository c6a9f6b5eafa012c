"""A facility that nobody can reach covers nobody, whatever it is and wherever it stands."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.domain.nouns import Inputs, Network
from tests.drawing import examples
from tests.helpers import METRIC, X0, Y0, check, facilities, frozen, propose
from tests.laws.districts import district
from tests.laws.test_conservation import SEEDS
from tests.laws.test_invariance import NUMBERS, WORDS

TIERS = st.sampled_from(["station", "centre", "institution"])
FAR = 60_000.0


def with_one_more(given_: Inputs, place: tuple[float, float], tier: str) -> Inputs:
    row = {"land_m2": 400.0, "tier": tier, "serves_community": True}
    more = facilities({"far": (place, row)})
    return replace(given_, facilities=gpd.GeoDataFrame(pd.concat([given_.facilities, more]), crs=METRIC))


def with_a_street_far_away(given_: Inputs) -> Inputs:
    """Add a street of its own, a mile long, that leads nowhere near."""
    network = given_.network
    assert network is not None
    count = len(network.node_xy)
    ends = np.array([[X0 + FAR, Y0], [X0 + FAR + 1600, Y0]])
    row = network.edges.iloc[[0]].assign(u=count, v=count + 1, kind="street", length_m=1600.0)
    row = row.set_geometry([shapely.LineString(ends)], crs=METRIC)
    edges = gpd.GeoDataFrame(pd.concat([network.edges, row], ignore_index=True), crs=METRIC)
    return replace(given_, network=Network(frozen(np.concatenate([network.node_xy, ends])), edges))


@settings(max_examples=examples(4))
@given(SEEDS, st.sampled_from(["network", "straight_line", "off the street"]), TIERS)
def test_a_facility_that_nobody_can_reach_changes_no_figure_of_anyone(seed: int, how: str, tier: str) -> None:
    base = district(seed, walk="straight_line" if how == "straight_line" else "network")
    # Too far to walk; on a street that leads nowhere near; or beside it, too far from any street to set out.
    if how == "network":
        base = with_a_street_far_away(base)
    one, two = (
        check(base),
        check(with_one_more(base, (FAR + 800.0, 5_000.0 if how == "off the street" else 10.0), tier)),
    )
    here, there = pd.DataFrame(one.places), pd.DataFrame(two.places)
    assert there[NUMBERS].to_numpy(float) == pytest.approx(here[NUMBERS].to_numpy(float), rel=1e-12, nan_ok=True)
    assert there[WORDS].astype(str).equals(here[WORDS].astype(str))
    pd.testing.assert_frame_equal(two.cells, one.cells)
    assert two.checks["verdict"].tolist() == one.checks["verdict"].tolist()
    # Sums of land may differ in their last digit.
    assert {**two.totals, "facilities_around": two.totals["facilities_around"] - 1} == one.totals | {
        key: pytest.approx(one.totals[key], rel=1e-12)
        for key in ("land_provided_m2", "land_m2_per_resident", "land_m2_per_elderly")
    }


@settings(max_examples=examples(2))
@given(SEEDS, st.integers(1, 3))
def test_a_facility_that_nobody_can_reach_changes_no_plan(seed: int, stations: int) -> None:
    base = with_a_street_far_away(district(seed))
    one, two = propose(base, stations), propose(with_one_more(base, (FAR + 800.0, 10.0), "station"), stations)
    assert two.stations.index.tolist() == one.stations.index.tolist()
    assert two.stations["elderly_new"].tolist() == one.stations["elderly_new"].tolist()
    assert two.selection.objective == one.selection.objective
    assert two.after.totals["elderly_covered"] == one.after.totals["elderly_covered"]
