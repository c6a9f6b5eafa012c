"""What must not matter: the order and names of rows, the direction of edges, the working CRS."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from siting.domain.nouns import Assessment, Inputs
from siting.domain.tables import PLACE_COLUMNS
from tests.drawing import examples
from tests.helpers import box, check, facilities, frozen, inputs, network, propose, raster, scenario, units
from tests.laws.districts import district

SEEDS = st.integers(0, 1_000_000)
NUMBERS = [column.key for column in PLACE_COLUMNS if column.type == "number"]
WORDS = ["verdict", "verdict_binding", "remedies", "edge_effect", "kind"]


def shuffled(frame: gpd.GeoDataFrame, rng: np.random.Generator, rename: str | None = None) -> gpd.GeoDataFrame:
    """Return a frame with its rows in another order and, if asked, other ids."""
    mixed = frame.iloc[rng.permutation(len(frame))]
    if rename is not None:
        numbers = rng.permutation(len(mixed))
        mixed = mixed.set_axis(pd.Index([f"{rename}{n}" for n in numbers], name="id", dtype=frame.index.dtype))
    return mixed


def mixed_up(given_inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Return the same district with every row elsewhere, facilities and candidates renamed, edges turned round."""
    edges = given_inputs.network.edges
    turned = edges.iloc[rng.permutation(len(edges))].reset_index(drop=True)
    flip = rng.random(len(turned)) < 0.5
    turned = turned.assign(
        u=np.where(flip, turned["v"], turned["u"]),
        v=np.where(flip, turned["u"], turned["v"]),
        geometry=[line.reverse() if turn else line for line, turn in zip(turned.geometry, flip, strict=True)],
    )
    number = rng.permutation(len(given_inputs.network.node_xy))
    node_xy = np.empty_like(given_inputs.network.node_xy)
    node_xy[number] = given_inputs.network.node_xy
    turned = turned.assign(u=number[turned["u"]], v=number[turned["v"]])
    return replace(
        given_inputs,
        units={level: shuffled(given_inputs.units[level], rng) for level in given_inputs.units},
        residential_areas=shuffled(given_inputs.residential_areas, rng),
        facilities=shuffled(given_inputs.facilities, rng, "g"),
        candidates=shuffled(given_inputs.candidates, rng, "q"),
        network=replace(given_inputs.network, node_xy=frozen(node_xy), edges=turned),
    )


def assert_alike(one: Assessment, other: Assessment) -> None:
    left, right = pd.DataFrame(one.places).sort_index(), pd.DataFrame(other.places).sort_index()
    assert right[NUMBERS].to_numpy(float) == pytest.approx(
        left[NUMBERS].to_numpy(float), rel=1e-6, abs=1e-6, nan_ok=True
    )
    assert right[WORDS].astype(str).equals(left[WORDS].astype(str))
    mine, theirs = (each.cells.drop(columns="nearest").to_numpy(float) for each in (one, other))
    assert theirs == pytest.approx(mine, rel=1e-9, abs=1e-6, nan_ok=True)


@settings(deadline=None, max_examples=examples(10))
@given(SEEDS)
def test_order_and_names_of_rows_change_no_figure(seed: int) -> None:
    base = district(seed)
    assert_alike(check(base), check(mixed_up(base, np.random.default_rng(seed))))


@settings(deadline=None, max_examples=examples(5))
@given(SEEDS, st.integers(1, 3))
def test_order_and_names_of_rows_change_no_plan(seed: int, stations: int) -> None:
    base = district(seed)
    one, other = propose(base, stations), propose(mixed_up(base, np.random.default_rng(seed)), stations)
    assert other.selection.objective == pytest.approx(one.selection.objective, abs=1e-6)
    assert other.stations.geometry.x.tolist() == one.stations.geometry.x.tolist()


def test_order_of_streets_decides_nothing_between_two_that_are_equally_near() -> None:
    # People live half-way between two streets, which meet far to the east; the facility stands on one of them.
    lines = [[(0, 50), (3000, 50)], [(0, 450), (3000, 450)], [(3000, 50), (3000, 450)]]

    def covered(order: list[int]) -> float:
        given_inputs = inputs(
            settings=scenario(),
            residents=raster([[100.0]], 500.0),
            elderly=raster([[10.0]], 500.0),
            places={"district": units({"d": box(0, 0, 500, 500)})},
            ledger=facilities({"f": ((250, 50), {})}),
            streets=network([lines[i] for i in order]),
        )
        return float(check(given_inputs).totals["elderly_covered"])

    assert covered([0, 1, 2]) == covered([1, 0, 2])


def moved(given_inputs: Inputs, crs: CRS) -> Inputs:
    """Return the same district measured in another CRS; the grids keep their own."""
    edges = given_inputs.network.edges.to_crs(crs)
    edges = edges.assign(length_m=edges.geometry.length)
    nodes = gpd.GeoSeries(gpd.points_from_xy(*given_inputs.network.node_xy.T), crs=given_inputs.crs).to_crs(crs)
    return replace(
        given_inputs,
        crs=crs,
        units={level: frame.to_crs(crs) for level, frame in given_inputs.units.items()},
        residential_areas=given_inputs.residential_areas.to_crs(crs),
        facilities=given_inputs.facilities.to_crs(crs),
        candidates=given_inputs.candidates.to_crs(crs),
        network=replace(
            given_inputs.network,
            node_xy=frozen(np.stack([nodes.x.to_numpy(), nodes.y.to_numpy()], axis=1)),
            edges=edges,
        ),
    )


@settings(deadline=None, max_examples=examples(8))
@given(SEEDS, st.sampled_from([4544, 4524, 32648, 32649]))
def test_the_working_crs_changes_nothing_beyond_its_scale(seed: int, epsg: int) -> None:
    # Three degrees from their meridian these projections stretch by 0.1 %.
    base = district(seed)
    one, other = check(base), check(moved(base, CRS.from_epsg(epsg)))
    for name in ("people_read", "people_outside", "residents", "elderly", "land_provided_m2"):
        assert other.totals[name] == pytest.approx(one.totals[name], rel=1e-4, abs=0.01), name
    names = ["residents", "elderly", "land_required_02_m2"]
    assert other.places[names].to_numpy(float) == pytest.approx(one.places[names].to_numpy(float), rel=1e-4, abs=0.05)
    there, here = other.cells["minutes_to_nearest"].to_numpy(), one.cells["minutes_to_nearest"].to_numpy()
    known = ~np.isnan(there) & ~np.isnan(here)
    # Pieces of edges are counted in whole terrain cells, which may differ by one at the margin.
    assert there[known] == pytest.approx(here[known], rel=0.01, abs=0.05)
    clear = known & (np.abs(here - 8) > 0.15)
    assert (other.cells["covered"].to_numpy() == one.cells["covered"].to_numpy())[clear].all()
