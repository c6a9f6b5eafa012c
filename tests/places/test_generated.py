"""Candidates made on a lattice, against every point tried one by one."""

import itertools
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.domain.nouns import Inputs, Network
from siting.domain.tables import NETWORK_COLUMNS
from siting.errors import InputError
from siting.places import generated, screen_candidates, with_generated
from siting.places.generated import NO_ENTRY, lattice_points, near_ways
from siting.travel import network as travel
from tests import helpers
from tests.drawing import examples
from tests.helpers import METRIC, X0, Y0, box, estates, network, scenario, straight, units


def _areas(**shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    return estates({key: (shape, {}) for key, shape in shapes.items()})


def _inputs(
    areas: gpd.GeoDataFrame,
    streets: Network | None,
    premises: gpd.GeoDataFrame | None = None,
    **generate: Any,
) -> Inputs:
    asked = {"path": None, "generate": {"spacing_m": 100, **generate}} | ({} if premises is None else {"path": "c.csv"})
    return helpers.inputs(
        settings=scenario(walking=straight(), candidates=asked, residential_areas={"path": "a.gpkg"}),
        places={"district": units({"D": box(-500, -500, 500, 500)}), "street": units({"S": box(0, 0, 500, 500)})},
        areas=areas,
        premises=premises,
        streets=streets,
    )


@st.composite
def _polygons(draw: st.DrawFn) -> tuple[list[shapely.Geometry], float]:
    """Hulls, some with a hole, on a lattice of their own; and the spacing of another."""
    step = draw(st.sampled_from([0.25, 10.0]))
    spots = st.tuples(*[st.integers(-8, 8).map(lambda k: k * step)] * 2)
    found = []
    for _ in range(draw(st.integers(1, 3))):
        hull = shapely.convex_hull(shapely.MultiPoint(draw(st.lists(spots, min_size=3, max_size=6))))
        if hull.geom_type == "Polygon":
            found.append(hull.difference(hull.centroid.buffer(draw(st.sampled_from([0.0, 1.5])) * step)))
    return found, step * draw(st.sampled_from([0.7, 1.0, 2.5]))


@given(_polygons())
@settings(max_examples=examples(25), deadline=None)
def test_the_lattice_holds_every_multiple_within_an_area_and_no_other(
    drawn: tuple[list[shapely.Geometry], float],
) -> None:
    shapes, spacing = drawn
    names = [f"n{i}" for i in range(len(shapes))]
    frame = gpd.GeoDataFrame({"name": names}, index=pd.Index(names, name="id"), geometry=shapes, crs=METRIC)
    expected = {}
    for column, row in itertools.product(range(-14, 15), range(-14, 15)):
        point = shapely.Point(column * spacing, row * spacing)
        holding = [name for name, shape in zip(names, shapes, strict=True) if shape.intersects(point)]
        if holding:
            expected[f"G{column}_{row}"] = (point.x, point.y, holding[0])
    found = lattice_points(frame, spacing)
    spots = zip(found.index, found.geometry, found["area"], strict=True)
    assert {key: (point.x, point.y, area) for key, point, area in spots} == expected
    assert found["name"].tolist() == [f"{area} {key}" for key, area in zip(found.index, found["area"], strict=True)]


def test_points_stand_from_west_to_east_then_from_south_to_north() -> None:
    found = lattice_points(_areas(a=box(0, 0, 200, 200)), 100)
    column, row = X0 / 100, Y0 / 100
    assert found.index.tolist() == [
        f"G{column + i:.0f}_{row + j:.0f}" for i, j in itertools.product(range(3), range(3))
    ]


def test_an_area_more_moves_no_point_and_renames_none() -> None:
    one = lattice_points(_areas(b=box(10, 10, 190, 190)), 60)
    both = lattice_points(_areas(c=box(170, 0, 400, 400), b=box(10, 10, 190, 190)).sort_index(), 60)
    assert len(one) == 9
    assert both.loc[one.index].geometry.equals(one.geometry)
    assert both.loc[one.index, "area"].tolist() == one["area"].tolist()


def test_the_ways_that_lead_to_no_door_are_those_that_walkers_do_not_join() -> None:
    assert set(NO_ENTRY) == set(travel.NO_ENTRY)
    kinds = next(column.choices for column in NETWORK_COLUMNS if column.key == "kind")
    assert set(NO_ENTRY) < set(kinds)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=6), st.integers(1, 12))
@settings(max_examples=examples(15), deadline=None)
def test_near_are_those_within_the_limit_of_an_open_way(spots: list[tuple[int, int]], limit: int) -> None:
    lines = [(((-5, -5), (5, -5)), "street"), (((0, 4), (8, 4)), "bridge"), (((-6, 0), (-6, 8)), "path")]
    points = gpd.GeoDataFrame(geometry=[shapely.Point(X0 + x, Y0 + y) for x, y in spots], crs=METRIC)
    ways = network(lines)
    open_ways = [line for line, kind in zip(ways.edges.geometry, ways.edges["kind"], strict=True) if kind != "bridge"]
    expected = [min(line.distance(point) for line in open_ways) <= limit for point in points.geometry]
    assert near_ways(points, ways, float(limit)).tolist() == expected


def test_points_at_the_limit_are_near_and_a_bridge_leads_to_no_door() -> None:
    areas = _areas(a=box(0, 0, 400, 300))
    made = with_generated(_inputs(areas, network([(((0, 0), (400, 0)), "street"), (((0, 300), (400, 300)), "bridge")])))
    xy = shapely.get_coordinates(made.candidates.geometry.to_numpy()) - np.array([X0, Y0])
    assert xy.tolist() == [[x, y] for x in (0, 100, 200, 300, 400) for y in (0, 100)]
    (note,) = made.notes
    assert (note.code, dict(note.values)) == (
        "candidates_generated",
        {"count": 10, "spacing_m": "100", "away": 10, "near_m": "100"},
    )


def test_without_a_network_every_point_is_taken() -> None:
    assert len(with_generated(_inputs(_areas(a=box(0, 0, 400, 300)), None)).candidates) == 20


def test_without_an_open_way_no_point_is_taken() -> None:
    stairs = network([(((0, 0), (400, 0)), "stairs")])
    made = with_generated(_inputs(_areas(a=box(0, 0, 400, 300)), stairs))
    assert len(made.candidates) == 0
    assert made.candidates.columns.tolist()[-2:] == ["generated", "geometry"]
    assert made.notes[0].values["away"] == 20


def test_rows_are_those_of_a_ledger_and_the_ledger_comes_first() -> None:
    premises = helpers.candidates({"C1": ((50, 50), {"kind": "idle_school", "land_m2": 300.0, "detached": True})})
    made = with_generated(_inputs(_areas(a=box(0, 0, 100, 100)), None, premises)).candidates
    assert made.index.tolist()[0] == "C1"
    assert made["generated"].tolist() == [False] + [True] * 4
    assert made["generated"].dtype == bool
    assert made["kind"].tolist() == ["idle_school"] + ["generated"] * 4
    assert made["name"].iloc[1] == f"a {made.index[1]}"
    assert made["residential_area"].iloc[1:].tolist() == ["a"] * 4
    blank = made.iloc[1:][["tenure", "land_m2", "floor_area_m2", "capital_cost_cny", "detached", "far"]]
    assert blank.isna().all(axis=None)
    own = made[premises.columns]
    assert own.dtypes.equals(premises.dtypes)
    assert own.loc["C1"].equals(premises.loc["C1"])
    assert made.crs == METRIC


def test_generated_alone_have_the_types_of_a_ledger() -> None:
    made = with_generated(_inputs(_areas(a=box(0, 0, 100, 100)), None)).candidates
    blank = helpers.candidates({})
    assert made[blank.columns].dtypes.equals(blank.dtypes)
    assert made[["located_by", "located_within_m"]].drop_duplicates().to_numpy().tolist() == [["coordinates", 0.0]]
    assert made["generated"].all()


def test_a_ledger_alone_is_marked_and_marking_again_changes_nothing() -> None:
    premises = helpers.candidates({"C1": ((50, 50), {})})
    once = with_generated(helpers.inputs(places={"district": units({"D": box(0, 0, 1, 1)})}, premises=premises))
    assert once.candidates["generated"].tolist() == [False]
    assert once.notes == ()
    assert with_generated(once) is once


def test_within_units_the_finest_names_the_point_and_all_levels_hold_some() -> None:
    made = with_generated(_inputs(_areas(), None, within="units", spacing_m=250)).candidates
    assert len(made) == 25
    xy = shapely.get_coordinates(made.geometry.to_numpy()) - np.array([X0, Y0])
    inside = (xy >= 0).all(axis=1)
    assert [name.split()[0] for name in made["name"]] == ["S" if within else "D" for within in inside]
    assert made["residential_area"].isna().all()


def test_the_order_of_rows_is_irrelevant() -> None:
    areas = _areas(a=box(0, 0, 210, 210), b=box(200, 0, 400, 200), c=box(150, 150, 300, 500))
    ways = network([((0, 0), (400, 0)), ((0, 0), (0, 400)), ((400, 0), (400, 400))])
    turned = replace(ways, edges=ways.edges.iloc[::-1].reset_index(drop=True))
    one = with_generated(_inputs(areas, ways, spacing_m=50)).candidates
    two = with_generated(_inputs(areas.iloc[::-1], turned, spacing_m=50)).candidates
    assert len(one) > 20
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))


def test_an_id_that_the_ledger_has_already_gives_way() -> None:
    taken = f"G{X0 / 100:.0f}_{Y0 / 100:.0f}"
    premises = helpers.candidates({taken: ((50, 50), {})})
    made = with_generated(_inputs(_areas(a=box(0, 0, 100, 0.5)), None, premises)).candidates
    assert made.index.is_unique
    assert made.index.tolist() == [taken, f"G{taken}", f"GG{X0 / 100 + 1:.0f}_{Y0 / 100:.0f}"]


def test_a_lattice_that_is_too_dense_is_refused_before_it_is_made() -> None:
    with pytest.raises(InputError) as refused:
        with_generated(_inputs(_areas(a=box(0, 0, 10_000, 10_000)), None, spacing_m=1))
    (fault,) = refused.value.faults
    assert (fault.code, fault.field, fault.found) == ("lattice_too_dense", "generate.spacing_m", "100000000")


def test_excluded_ground_refuses_generated_candidates_as_any_other() -> None:
    made = with_generated(_inputs(_areas(a=box(0, 0, 200, 0.5)), None)).candidates
    ground = gpd.GeoDataFrame(geometry=[box(100, -50, 200, 50)], crs=METRIC)
    refused = screen_candidates(made, {"farm": ground}, {"farm": "永久基本农田"})
    assert refused.index.tolist() == made.index[1:].tolist()


def test_nothing_given_is_written_to() -> None:
    areas, ways = _areas(a=box(0, 0, 200, 200)), network([((0, 0), (400, 0))])
    premises = helpers.candidates({"C1": ((50, 50), {})})
    before = areas.copy(), ways.edges.copy(), premises.copy()
    made = with_generated(_inputs(areas, ways, premises))
    assert len(made.candidates) == 1 + 6
    for given_, kept in zip((areas, ways.edges, premises), before, strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(given_), pd.DataFrame(kept))


def test_a_narrow_area_is_gone_through_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    areas = _areas(a=shapely.LineString([(X0, Y0), (X0 + 3000, Y0 + 2000)]).buffer(40))
    whole = lattice_points(areas, 10)
    laid: list[int] = []
    plain = shapely.intersects_xy

    def spy(area: Any, x: Any, y: Any) -> Any:
        laid.append(len(x))
        return plain(area, x, y)

    monkeypatch.setattr(generated, "_STRIP", 1000)
    monkeypatch.setattr(shapely, "intersects_xy", spy)
    assert lattice_points(areas, 10).equals(whole)
    # A column of the lattice is the least that is looked at together.
    assert max(laid) < 2000
    assert len(whole) > 1000
