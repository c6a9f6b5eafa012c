"""A unit cut out of an assessment: the rows, cells and figures are those of the whole."""

import math

import numpy as np
import pytest

from siting.assess.part import part_of
from siting.domain.nouns import Assessment
from siting.results import GapReport


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
    assert part.facilities["home_street"].eq(unit).all()
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
