"""Land within reach: the two-step floating catchment against plain loops."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from siting import places
from siting.assess.reach import LandReach, land_reach
from siting.domain.nouns import Demand, Inputs
from siting.travel import walk_to
from tests.helpers import X0, Y0, box, check, estates, facilities, inputs, raster, scenario, straight, units

CELL = 500.0
REACH_M = 720.0


def measured(given_inputs: Inputs) -> tuple[LandReach, Demand]:
    """Land within reach, as the check reaches it."""
    ledger = given_inputs.facilities
    land = places.land_span(ledger, given_inputs.scenario.facilities.land_at_most_m2)
    counted = ledger.assign(**{str(name): values for name, values in land.items()})
    demand = places.make_demand(
        given_inputs.population,
        {"residential_area": given_inputs.residential_areas, **given_inputs.units},
        given_inputs.crs,
        basis="resident_current",
        elderly_share=None,
        context_m=2 * REACH_M,
    )
    settings_ = given_inputs.scenario
    access = walk_to(None, counted, np.ones(len(counted), dtype=bool), demand.cells, settings_.walking)
    homes = places.home_units(counted, given_inputs.units)
    return land_reach(counted, homes, access.within, demand, settings_), demand


@example(seed=1052, complete=False)
@given(st.integers(0, 100_000), st.booleans())
def test_catchments_as_plain_loops(seed: int, complete: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(seed)
    # The district holds four columns of cells; two more are context.
    people = rng.integers(0, 4, (4, 6)) * rng.uniform(1, 400, (4, 6))
    people[0, 0] = 5.0
    rows: dict[str, Any] = {}
    for i in range(6):
        tier = str(rng.choice(["station", "centre", "institution"]))
        west = 1900 if tier == "institution" else 2900
        place = (rng.uniform(100, west), rng.uniform(100, 1900))
        rows[f"f{i}"] = (place, {"tier": tier, "land_m2": None if rng.random() < 0.3 else rng.uniform(0, 3000)})
    most = {"station": 400.0}
    given_inputs = inputs(
        settings=scenario(walking=straight(), facilities={"complete": complete, "land_at_most_m2": most}),
        residents=raster(people, CELL),
        places={"district": units({"d": box(0, 0, 2000, 2000)})},
        ledger=facilities(rows),
    )
    reach, demand = measured(given_inputs)
    low = dict.fromkeys(demand.cells.index, 0.0)
    high = dict(low)
    reaching_nobody, shared_out, missing = [], 0.0, {}
    for key, (place, facts) in rows.items():
        if facts["tier"] == "institution":
            catchment = [n for n, x in demand.cells["x"].items() if x < X0 + 2000]
        else:
            catchment = [
                number
                for number, x, y in demand.cells[["x", "y"]].itertuples()
                if math.dist((x - X0, y - Y0), place) <= REACH_M
            ]
        heads = math.fsum(demand.cells["residents"][catchment])
        if heads == 0:
            # What has no land, or none known, cannot fail to share it out.
            reaching_nobody += [key] if facts["land_m2"] else []
            continue
        land = facts["land_m2"]
        shared_out += 0.0 if land is None else land
        if land is None:
            missing[key] = [demand.cells.index.get_loc(number) for number in catchment]
        for number in catchment:
            low[number] += (0.0 if land is None else land) / heads
            high[number] += (most.get(facts["tier"], math.inf) if land is None else land) / heads
    assert reach.low == pytest.approx(list(low.values()))
    assert reach.high == pytest.approx(list(high.values()) if complete else [math.inf] * len(high))
    assert list(reach.unreached) == reaching_nobody
    assert {key: cells.tolist() for key, cells in reach.missing.items()} == missing
    # What people have within reach is what is there: no land is made or lost.
    assert demand.cells["basis"].to_numpy() @ reach.low == pytest.approx(shared_out)


def test_an_institution_may_reach_by_its_own_minutes() -> None:
    given_inputs = inputs(
        settings=scenario(walking=straight(), land={"institution_minutes": 25.0}),
        residents=raster([[100.0, 100.0, 100.0, 100.0]], CELL),
        elderly=raster([[10.0, 10.0, 10.0, 10.0]], CELL),
        places={"district": units({"d": box(0, 0, 2000, 500)})},
        ledger=facilities({"home": ((250, 250), {"tier": "institution", "land_m2": 600.0})}),
    )
    # 25 minutes are 1,200 m: three cells, 300 people, 2 m² each.
    assert check(given_inputs).cells["land_reach_m2_per_person"].tolist() == [2.0, 2.0, 2.0, 0.0]


def two_districts() -> Inputs:
    """Three cells in a row; the border of two districts halves the middle one."""
    return inputs(
        residents=raster([[100.0, 100.0, 100.0]], CELL),
        elderly=raster([[10.0, 10.0, 10.0]], CELL),
        places={"district": units({"east": box(750, 0, 1500, 500), "west": box(0, 0, 750, 500)})},
        ledger=facilities({"home": ((250, 250), {"tier": "institution", "land_m2": 1500.0})}),
    )


def test_an_institutions_land_is_shared_out_once_among_the_people_of_its_district() -> None:
    # 150 people live in the west: 10 m² each, and half of that on average in the cell on the border.
    cells = check(two_districts()).cells
    assert cells["land_reach_m2_per_person"].tolist() == pytest.approx([10.0, 5.0, 0.0])
    assert cells["residents"] @ cells["land_reach_m2_per_person"] == pytest.approx(1500.0)


def test_an_institution_outside_every_district_reaches_nobody_inside() -> None:
    given_inputs = inputs(
        residents=raster([[100.0, 100.0]], CELL),
        elderly=raster([[10.0, 10.0]], CELL),
        places={"district": units({"d": box(0, 0, 500, 500)})},
        ledger=facilities({"abroad": ((750, 250), {"tier": "institution", "land_m2": 1500.0})}),
    )
    assert check(given_inputs).cells["land_reach_m2_per_person"].tolist() == [0.0]


def test_context_takes_part_in_shares_but_not_in_totals() -> None:
    # The station's 900 m² serve 100 people inside and 200 outside; 3 m² each.
    given_inputs = inputs(
        residents=raster([[100.0, 200.0]], CELL),
        elderly=raster([[10.0, 20.0]], CELL),
        places={"district": units({"d": box(0, 0, 500, 500)})},
        areas=estates({"e": (box(0, 0, 500, 500), {})}),
        ledger=facilities({"s": ((500, 250), {"land_m2": 900.0})}),
    )
    assessment = check(given_inputs)
    assert assessment.cells["land_reach_m2_per_person"].tolist() == [3.0]
    estate = assessment.places.loc[("residential_area", "e")]
    assert (estate["land_reach_m2_per_person"], estate["land_provided_m2"]) == (3.0, 300.0)
    assert assessment.totals["residents"] == 100.0


def test_an_estate_has_the_mean_of_its_people() -> None:
    # Of the estate's 60 people 45 have 2 m² (their half cell holds 90), 15 have nothing: 1.5 m² each, 90 m² in all.
    given_inputs = inputs(
        residents=raster([[90.0, 0.0, 0.0, 30.0]], CELL),
        elderly=raster([[9.0, 0.0, 0.0, 3.0]], CELL),
        places={"district": units({"d": box(0, 0, 2000, 500)})},
        areas=estates({"e": (box(250, 0, 1750, 500), {})}),
        ledger=facilities({"s": ((250, 250), {"land_m2": 180.0})}),
    )
    estate = check(given_inputs).places.loc[("residential_area", "e")]
    assert estate["residents"] == pytest.approx(60.0)
    assert estate["land_reach_m2_per_person"] == pytest.approx(1.5)
    assert estate["land_provided_m2"] == pytest.approx(90.0)
    assert estate["land_gap_02_m2"] == 0.0
