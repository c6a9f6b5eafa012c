"""What is written is RFC 7946, flat, whole and the same each time."""

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from siting.domain.tables import CHECK_COLUMNS, PLACE_COLUMNS, PLAN_COLUMNS
from siting.results import GapReport, Plan
from siting.write.geojson import plain


@pytest.fixture(scope="module")
def written(gaps: GapReport, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("written")
    gaps.to_file(folder / "gaps.geojson")
    plan.to_file(folder / "plan.geojson")
    return folder / "gaps.geojson", folder / "plan.geojson"


def rings(geometry: dict[str, Any]) -> Iterator[tuple[bool, list[list[float]]]]:
    """Yield (is outer, ring) of a polygonal geometry."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for polygon in polygons:
        for position, ring in enumerate(polygon):
            yield position == 0, ring


def signed_area(ring: list[list[float]]) -> float:
    """Shoelace formula: positive is counter-clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def test_places_are_rfc_7946(written: tuple[Path, Path], gaps: GapReport) -> None:
    report = json.loads(written[0].read_text(encoding="utf-8"))
    assert report["type"] == "FeatureCollection"
    assert "crs" not in report
    assert len(report["features"]) == len(gaps.places) + len(gaps.units)
    assert len({feature["id"] for feature in report["features"]}) == len(report["features"])
    for feature in report["features"]:
        assert set(feature) == {"type", "id", "properties", "geometry"}
        for outer, ring in rings(feature["geometry"]):
            assert ring[0] == ring[-1]
            assert len(ring) >= 4
            assert (signed_area(ring) > 0) == outer, "outer rings run counter-clockwise, holes clockwise"
            assert all(107.2 < x < 107.6 and 29.5 < y < 29.9 for x, y in ring), "WGS84, east first"
        assert shapely.is_valid(shapely.from_geojson(json.dumps(feature["geometry"])))


def test_columns_are_those_of_the_schema(written: tuple[Path, Path]) -> None:
    report, plan = (json.loads(path.read_text(encoding="utf-8")) for path in written)
    for feature in report["features"]:
        assert list(feature["properties"]) == [column.key for column in PLACE_COLUMNS] + ["unlimited", "checks"]
        for check in feature["properties"]["checks"]:
            assert list(check) == [column.key for column in CHECK_COLUMNS] + ["unlimited"]
    for feature in plan["features"]:
        assert list(feature["properties"]) == [column.key for column in PLAN_COLUMNS] + ["unlimited"]


def test_others_read_it(written: tuple[Path, Path], gaps: GapReport) -> None:
    frame = gpd.read_file(written[0])
    assert frame.crs.to_epsg() == 4326
    communities = frame[frame["level"] == "community"]
    assert communities["elderly"].sum() == pytest.approx(gaps.totals["elderly"], rel=1e-6)


def test_no_number_is_nan_and_figures_are_kept(written: tuple[Path, Path], gaps: GapReport) -> None:
    def refuse(token: str) -> None:
        pytest.fail(f"{token} is no JSON")

    report = json.loads(written[0].read_text(encoding="utf-8"), parse_constant=refuse)
    said = {feature["properties"]["id"]: feature["properties"] for feature in report["features"]}
    for row in gaps.units.to_dict("records"):
        assert said[row["id"]]["covered_share"] == pytest.approx(row["covered_share"], abs=1e-6)


def test_both_floors_and_both_bases_stand_side_by_side(written: tuple[Path, Path]) -> None:
    report = json.loads(written[0].read_text(encoding="utf-8"))
    for feature in report["features"]:
        row = feature["properties"]
        assert row["land_required_02_m2"] == pytest.approx(2 * row["land_required_01_m2"], abs=2e-6)
        assert {"land_m2_per_resident", "land_m2_per_elderly"} <= set(row)
    assert report["definitions"]["pass_share"] == 0.9
    assert "本次评估设定" in report["definitions"]["pass_share_source"]["zh"]


def test_the_plan_tells_what_is_proved_and_refused(written: tuple[Path, Path]) -> None:
    plan = json.loads(written[1].read_text(encoding="utf-8"))
    assert plan["status"] == "optimal"
    assert plan["bound"] >= plan["objective"] >= plan["first_objective"]
    assert plan["optimality_gap"] == 0
    assert len(plan["excluded"]) >= 16
    assert {row["layer"] for row in plan["excluded"]} == {"farmland", "ecology", "flood"}
    assert [feature["properties"]["rank"] for feature in plan["features"]] == list(range(1, len(plan["features"]) + 1))
    assert plan["land_gap_that_stays"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (math.inf, None),
        (np.int64(3), 3),
        (np.True_, True),
        (2.0, 2),
        (0.12345678, 0.123457),
        ([np.float64(1.5), None], [1.5, None]),
        ({"a": np.float32(0.5)}, {"a": 0.5}),
        ("<b>", "<b>"),
    ],
)
def test_plain_values(value: object, expected: object) -> None:
    assert plain(value) == expected
