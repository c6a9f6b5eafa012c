"""A unit cut out of an assessment: the rows, cells and figures are those of the whole."""

import math
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from siting.assess.part import part_of, plan_part_of
from siting.domain.nouns import Assessment
from siting.results import GapReport, Plan


@pytest.fixture(scope="module")
def whole(gaps: GapReport) -> Assessment:
    return gaps.assessment


def test_rows_of_a_part_are_those_of_the_whole_and_each_is_in_one_part(whole: Assessment) -> None:
    seen: list[tuple[str, str]] = []
    for unit in whole.inputs.units["street"].index:
        part = part_of(whole, "street", unit)
        assert part.places.equals(whole.places.loc[part.places.index])
        assert part.checks.equals(whole.checks.loc[whole.checks.index.isin(part.places.index)])
        assert part.cells.equals(whole.cells.loc[part.cells.index])
        seen += part.places.index.tolist()
    finer = whole.places[~whole.places["level"].isin(["district"])].index.tolist()
    assert sorted(map(str, seen)) == sorted(map(str, finer))


def test_figures_of_a_part_are_those_of_its_row(whole: Assessment) -> None:
    unit = whole.inputs.units["street"].index[2]
    part, row = part_of(whole, "street", unit), whole.places.loc[("street", unit)]
    for name in ("residents", "elderly", "elderly_covered", "covered_share", "land_gap_02_m2", "land_m2_per_resident"):
        assert part.totals[name] == row[name] or math.isnan(row[name])  # type: ignore[literal-required]
    assert part.totals["facilities_counted"] == (whole.facilities["home_street"] == unit).sum()
    shares = part.demand.shares["street"]
    assert shares.shape == (1, len(part.demand.cells))
    assert float((shares @ part.demand.cells["elderly"].to_numpy())[0]) == pytest.approx(row["elderly"])
    assert set(part.circles.index) <= set(part.facilities.index)


def test_the_base_of_a_part_lies_around_it(whole: Assessment) -> None:
    unit = whole.inputs.units["street"].index[0]
    part = part_of(whole, "street", unit)
    west, south, east, north = whole.inputs.units["street"].loc[[unit]].total_bounds
    network, terrain = part.inputs.network, part.inputs.terrain
    assert network is not None
    assert whole.inputs.network is not None
    assert 0 < len(network.edges) < len(whole.inputs.network.edges)
    assert terrain is not None
    assert whole.inputs.terrain is not None
    assert terrain.values.size < whole.inputs.terrain.values.size
    assert np.isin(terrain.values, whole.inputs.terrain.values, assume_unique=False).mean() > 0.99
    bounds = network.edges.bounds
    assert (bounds["minx"] <= east).all()
    assert (bounds["maxx"] >= west).all()
    assert (bounds["miny"] <= north).all()
    assert (bounds["maxy"] >= south).all()


def test_facilities_of_a_part_are_its_own_and_those_that_reach_its_people(whole: Assessment) -> None:
    """By brute force: each circle against each cell with people."""
    for unit in whole.inputs.units["street"].index:
        part = part_of(whole, "street", unit)
        people = part.demand.cells[["residents", "elderly"]].fillna(0).max(axis=1) > 0
        points = gpd.GeoSeries.from_xy(part.demand.cells["x"][people], part.demand.cells["y"][people])
        circled = {key for key, circle in whole.circles.geometry.items() if points.intersects(circle).any()}
        own = set(whole.facilities.index[whole.facilities["home_street"] == unit])
        assert set(part.facilities.index) == own | circled | set(part.cells["nearest"].dropna())
        assert set(part.facilities.index) <= set(part.inputs.facilities.index)
        assert part.totals["facilities_around"] == len(part.facilities) - len(own)
        assert part.totals["facilities_counted"] == len(own)
        assert set(part.circles.index) == set(whole.circles.index) & set(part.facilities.index)


def test_a_plan_of_a_part_has_the_stations_that_reach_it_and_both_states(plan: Plan) -> None:
    proposal, seen = plan.proposal, set[str]()
    for unit in proposal.before.inputs.units["street"].index:
        part = plan_part_of(proposal, "street", unit)
        assert part.stations.equals(proposal.stations.loc[part.stations.index])
        inside = proposal.stations.within(proposal.before.inputs.units["street"].geometry[unit])
        assert set(proposal.stations.index[inside]) <= set(part.stations.index)
        assert part.after.places.equals(proposal.after.places.loc[part.after.places.index])
        assert part.before.places.index.equals(part.after.places.index)
        assert set(part.stations.index) <= set(part.after.facilities.index)
        assert set(part.refused.index) <= set(part.before.inputs.candidates.index)
        seen |= set(part.stations.index)
    assert seen == set(proposal.stations.index)


def test_certainty_of_a_part_is_that_of_its_own_checks(whole: Assessment) -> None:
    """It is kept by position: each row belongs to a check that is met or a gap, in the order of the checks."""
    judged = whole.checks[whole.checks["verdict"].isin(["met", "gap"])]
    certainty = pd.DataFrame(
        {
            "level": judged.index.get_level_values(0),
            "id": judged.index.get_level_values(1),
            "clause_id": judged["clause_id"].to_numpy(),
            "verdict": judged["verdict"].to_numpy(),
            "certainty": "sure",
        }
    )
    part = part_of(replace(whole, certainty=certainty), "street", whole.inputs.units["street"].index[3])
    own = part.checks[part.checks["verdict"].isin(["met", "gap"])]
    assert part.certainty is not None
    assert part.certainty["id"].tolist() == own.index.get_level_values(1).tolist()
    assert part.certainty["clause_id"].tolist() == own["clause_id"].tolist()
