"""Borders that lie across each other too often to be compared are refused, and no others."""

import itertools
from typing import Any, NoReturn

import geopandas as gpd
import numpy as np
import pytest
import shapely

from siting.domain.scenario import Scenario
from siting.errors import InputError
from siting.read.geometry.overlaps import check_people_areas, check_places
from siting.read.geometry.tangles import _stretches, are_tangled
from siting.read.log import Log
from siting.text import LANGS

X, Y = 436_000.0, 3_281_000.0


def star(move: float, corners: int = 20_000, depth: float = 300.0) -> shapely.Polygon:
    """A ring of 997 spikes."""
    turn = np.linspace(0.0, 2 * np.pi, corners, endpoint=False)
    far = 400 + depth * np.sin(turn * 997)
    return shapely.Polygon(np.stack([X + move + far * np.cos(turn), Y + far * np.sin(turn)], axis=1))


def frame(shapes: list[shapely.Polygon], **columns: Any) -> gpd.GeoDataFrame:
    names = [f"s{at:02}" for at in range(len(shapes))]
    return gpd.GeoDataFrame({"name": names, **columns}, index=names, geometry=shapes, crs="EPSG:4545")


@pytest.fixture
def stars(monkeypatch: pytest.MonkeyPatch) -> list[shapely.Polygon]:
    """Nine stars on one another, which nothing may try to lay over each other: 100,000 corners each take minutes."""

    def never(*_: object) -> NoReturn:
        raise AssertionError

    for name in ("coverage_invalid_edges", "intersection", "union_all", "coverage_union_all"):
        monkeypatch.setattr(shapely, name, never)
    return [star(move / 2) for move in range(9)]


def scenario() -> Scenario:
    return Scenario.model_validate(
        {
            "scenario": {"title": "示例", "date": "2026-01-01"},
            "standards": {"place": "重庆市"},
            "population": {"residents": {"path": "r.tif", "unit": "persons per cell"}},
            "units": {"street": {"path": "s.gpkg"}, "community": {"path": "c.gpkg", "overlap": True}},
            "residential_areas": {"path": "r.gpkg"},
            "facilities": {"path": "f.csv", "complete": True},
            "walking": {"mode": "straight_line"},
        }
    )


def test_tangled_borders_are_refused_in_each_layer_before_they_are_compared(stars: list[shapely.Polygon]) -> None:
    log = Log()
    check_places({"street": frame(stars), "community": frame(stars)}, frame(stars), scenario(), log)
    check_people_areas(frame(stars, people=9.0), log.layer("population.residents"), on_purpose=True)
    found = log.faults.found
    layers = ["units.street", "units.community", "residential_areas", "population.residents"]
    assert [fault.code for fault in found] == ["borders_tangled"] * 4
    assert [fault.layer for fault in found] == layers
    assert {(fault.found, fault.expected) for fault in found} == {("9", "180,009")}
    assert all("180,009" in InputError(found).message(lang) for lang in LANGS)


def test_large_rings_on_one_another_are_tangled_though_they_hardly_cross() -> None:
    # What took over two minutes: each pair shares nearly all its ground.
    rings = np.array([star(9.0 * move, 100_000, 5.0) for move in range(14)], dtype=object)
    assert are_tangled(rings)
    assert not are_tangled(rings[:5])


def test_neighbours_with_long_common_borders_are_not_tangled() -> None:
    # Eleven winding borders of 50,000 corners each: a million corners, each border drawn twice.
    y = np.linspace(0.0, 5000.0, 50_000)
    lines = [np.stack([X + 800 * at + 300 * np.sin(y / 40) + 9 * np.sin(y), Y + y], axis=1) for at in range(11)]
    pairs = itertools.pairwise(lines)
    strips = [shapely.Polygon(np.concatenate([west, east[::-1]])) for west, east in pairs]
    assert not are_tangled(np.array(strips, dtype=object))


def test_layers_without_polygons_are_not_tangled() -> None:
    assert not are_tangled(np.array([], dtype=object))


def test_stretches_hold_the_whole_border() -> None:
    # Two rings that meet in one long side each, between stretches.
    side = np.linspace(0.0, 1.0, 32)
    one = shapely.Polygon([*zip(X + side, Y - side**2, strict=True), (X + 5000, Y + 5000), (X, Y + 1)])
    boxes = np.array(shapely.bounds(one))
    found, owner, corners = _stretches(np.array([one, one], dtype=object))
    assert np.array_equal(shapely.total_bounds(found), boxes)
    assert corners.tolist() == [32, 3] * 2
    assert shapely.covers(shapely.union_all(found[owner == 0]), one.boundary)
