"""Ground where one may not, or would rather, build: as it comes out of its files, buffers included."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely import LineString, Point, affinity, box

from siting.domain.scenario import Layer, Scenario
from siting.domain.tables import GROUND_COLUMNS, LAND_USE_COLUMNS
from siting.places import screen_candidates
from siting.read.geometry.shapes import Family
from siting.read.ground.constraints import Constraints, grown, read_constraints
from siting.read.log import Log

CRS = "EPSG:4545"
X, Y = 436_000.0, 3_281_000.0


def _frame(*shapes: Any) -> gpd.GeoDataFrame:
    keys = [f"g{i}" for i in range(len(shapes))]
    placed = [affinity.translate(shape, X, Y) for shape in shapes]
    return gpd.GeoDataFrame({"name": keys}, index=keys, geometry=placed, crs=CRS)


def _read(layers: dict[str, gpd.GeoDataFrame], constraints: dict[str, Any]) -> tuple[Constraints, Log, list[Any]]:
    scenario = Scenario.model_validate(
        {
            "scenario": {"title": "示例", "date": "2026-01-01"},
            "standards": {"place": "重庆市"},
            "population": {"residents": {"path": "r.tif", "unit": "persons per cell"}},
            "units": {"street": {"path": "s.gpkg"}},
            "facilities": {"path": "f.csv", "complete": True},
            "walking": {"mode": "straight_line"},
            "constraints": constraints,
        }
    )
    asked = []

    def table(key: str, source: Layer | None, columns: Any, family: Family) -> gpd.GeoDataFrame:
        asked.append((key, columns, family))
        assert source is not None
        return layers[key]

    log = Log()
    return read_constraints(scenario, table, _frame().crs, log), log, asked


def _candidates(*points: tuple[float, float]) -> gpd.GeoDataFrame:
    return _frame(*(Point(point) for point in points))


def test_a_railway_with_its_buffer_refuses_up_to_its_distance() -> None:
    rail = _frame(LineString([(0, 0), (1000, 0)]))
    exclude = {"rail": {"path": "rail.gpkg", "clause": "铁路安全保护区", "buffer_m": 50}}
    found, log, _ = _read({"constraints.exclude.rail": rail}, {"exclude": exclude})
    assert log.faults.found == []
    premises = _candidates((500, 49.9), (500, 50), (500, 50.1), (1049.9, 0), (1050.1, 0))
    refused = screen_candidates(premises, found.exclusions, {"rail": "铁路安全保护区"}, {"rail": "inside"})
    assert list(refused.index) == ["g0", "g1", "g3"]
    assert set(refused["clause"]) == {"铁路安全保护区"}


def test_a_point_grows_into_almost_a_circle() -> None:
    (circle,) = grown(_frame(Point(0, 0)), 200.0).geometry
    distances = [Point(X, Y).distance(Point(corner)) for corner in circle.exterior.coords]
    assert max(distances) == pytest.approx(200)
    assert circle.exterior.distance(Point(X, Y)) > 200 * 0.9996


def test_without_a_buffer_ground_stays_what_it_is() -> None:
    ground = _frame(box(0, 0, 10, 10))
    assert grown(ground, 0.0) is ground


@pytest.mark.parametrize("kind", ["exclude", "prefer"])
def test_lines_and_points_without_a_buffer_are_one_fault(kind: str) -> None:
    ground = _frame(LineString([(0, 0), (9, 9)]), Point(3, 3), box(0, 0, 1, 1), Point(4, 4))
    layer = {"path": str(Path("/data/roads.gpkg")), **({"clause": "…"} if kind == "exclude" else {})}
    _, log, _ = _read({f"constraints.{kind}.roads": ground}, {kind: {"roads": layer}})
    (fault,) = log.faults.found
    assert (fault.code, fault.file, fault.layer) == ("ground_without_buffer", "roads.gpkg", f"constraints.{kind}.roads")
    assert (fault.found, fault.expected) == ("3", "LineString, Point")
    assert "buffer_m" in fault.message("zh")


def test_the_permitted_ground_must_not_be_empty() -> None:
    exclude = {"urban": {"path": "u.gpkg", "clause": "城镇开发边界", "side": "outside", "empty": True}}
    _, log, _ = _read({"constraints.exclude.urban": _frame()}, {"exclude": exclude})
    assert [(fault.code, fault.layer) for fault in log.faults.found] == [
        ("no_permitted_ground", "constraints.exclude.urban")
    ]


def test_layers_are_read_in_order_with_their_columns_and_grown_each_by_its_own() -> None:
    layers = {
        "constraints.exclude.flood": _frame(box(0, 0, 100, 100)),
        "constraints.exclude.farm": _frame(box(0, 0, 100, 100)),
        "constraints.prefer.civic": _frame(Point(0, 0)),
        "constraints.land_use": _frame(box(0, 0, 100, 100)),
    }
    constraints = {
        "exclude": {
            "flood": {"path": "f.gpkg", "clause": "河道", "buffer_m": 10},
            "farm": {"path": "g.gpkg", "clause": "永久基本农田"},
        },
        "prefer": {"civic": {"path": "c.gpkg", "buffer_m": 300}},
        "land_use": {"path": "l.gpkg", "allowed": ["R22"]},
    }
    found, log, asked = _read(layers, constraints)
    assert log.faults.found == []
    assert asked == [
        ("constraints.exclude.flood", GROUND_COLUMNS, "any"),
        ("constraints.exclude.farm", GROUND_COLUMNS, "any"),
        ("constraints.prefer.civic", GROUND_COLUMNS, "any"),
        ("constraints.land_use", LAND_USE_COLUMNS, "polygons"),
    ]
    assert list(found.exclusions) == ["flood", "farm"]
    assert found.exclusions["flood"].area.sum() == pytest.approx(120**2 - (4 - 3.1416) * 100, rel=1e-4)
    assert found.exclusions["farm"].area.sum() == pytest.approx(100**2)
    assert found.preferences["civic"].area.sum() == pytest.approx(3.14159 * 300**2, rel=1e-3)
    assert found.land_use is layers["constraints.land_use"]
