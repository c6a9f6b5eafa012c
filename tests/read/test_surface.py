"""Open ground as it is read: classes, friction, rivers and bridges, grids, and what is refused."""

import math
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio.warp
import shapely
from pyproj import CRS

import siting
from siting.domain.nouns import OpenGround
from siting.domain.walkers import WALKERS
from siting.errors import InputError
from siting.read import read_scenario
from siting.travel import prepare_surface
from siting.travel.surface import cross
from tests.read.case import CRS as METRIC
from tests.read.case import Case, X, Y, write_raster

COVER = 'path = "cover.tif"\nfactors = { "10" = 0.5, "50" = 1.0 }'
SIDE = 25.0


@pytest.fixture
def case(tmp_path: Path) -> Case:
    made = Case(tmp_path)
    made.sections["walking"] = 'mode = "surface"'
    made.sections["surface"] = COVER
    del made.sections["network"]
    write_raster(tmp_path / "cover.tif", cover(), cell=SIDE)
    return made


def cover() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return 40 × 80 cells of 25 m: built up, with a wood in the north-west."""
    values = np.full((40, 80), 50, dtype=np.uint8)
    values[:10, :20] = 10
    return values


def layer(case: Case, name: str, *shapes: shapely.Geometry) -> None:
    gpd.GeoDataFrame({"id": range(len(shapes))}, geometry=list(shapes), crs=METRIC).to_file(case.folder / name)


def ground(case: Case) -> OpenGround:
    found = case.read().surface
    assert found is not None
    return found


def notes(case: Case) -> dict[str, Any]:
    return {note.code: note.values for note in case.read().notes if note.code.startswith("surface")}


def test_classes_are_walked_at_their_share_and_others_not_at_all(case: Case) -> None:
    values = cover()
    values[-1] = 80
    values[-2, :8] = 0
    write_raster(case.folder / "cover.tif", values, cell=SIDE, nodata=0)
    found = ground(case)
    assert found.grid.shape == (40, 80)
    assert found.grid.transform.c == X
    assert found.grid.transform.f == Y + 1000
    assert found.slowness[0, 0] == 2.0
    assert found.slowness[20, 40] == 1.0
    assert np.isinf(found.slowness[-1]).all()
    assert np.isinf(found.slowness[-2]).sum() == 8
    assert not found.slowness.flags.writeable
    told = notes(case)
    assert told["surface_classes_barred"] == {
        "layer": "surface", "share": "2.8%", "classes": "80 (2.5%)", "void": "0.2%"
    }  # fmt: skip
    assert "surface_resampled" not in told


def test_a_factor_for_what_does_not_occur_is_told(case: Case) -> None:
    case.sections["surface"] = COVER.replace("}", ', "30" = 0.9 }')
    assert notes(case) == {"surface_classes_absent": {"layer": "surface", "classes": "30"}}


def test_friction_is_minutes_a_metre_of_a_walker_on_the_flat(case: Case) -> None:
    # 0.03 min/m is 1.8 s/m; 1.39 m/s walk a metre in 0.719 s.
    friction = np.full((40, 80), 0.03)
    friction[0, 0], friction[1, 1] = -9999.0, 0.0120
    write_raster(case.folder / "cover.tif", friction, cell=SIDE)
    case.sections["surface"] = 'path = "cover.tif"\nkind = "friction"'
    found = ground(case)
    assert found.slopes_within
    assert found.slowness[5, 5] == pytest.approx(1.8 * 1.39)
    assert found.slowness[1, 1] == pytest.approx(1.0008)
    assert np.isinf(found.slowness[0, 0])
    assert set(notes(case)) == {"surface_friction_scaled", "surface_friction_void"}


@pytest.mark.parametrize(
    ("value", "code"), [(0.0, "surface_not_positive"), (-1.0, "surface_not_positive"), (0.0005, "surface_too_fast")]
)
def test_friction_that_is_none_on_foot_is_refused(case: Case, value: float, code: str) -> None:
    friction = np.full((40, 80), 0.03)
    friction[3, 3] = value
    write_raster(case.folder / "cover.tif", friction, cell=SIDE)
    case.sections["surface"] = 'path = "cover.tif"\nkind = "friction"'
    assert case.fault().code == code


@pytest.mark.parametrize("bend", [0.0, 0.3, 1.0])
def test_a_river_bars_the_way_but_at_its_bridge(case: Case, bend: float) -> None:
    # From corner to corner of cells, so that a line could slip between them.
    river = shapely.LineString([(X + 500 - 500 * bend, Y - 500), (X + 500 + 500 * bend, Y + 1500)])
    bridge = shapely.LineString([(X + 400, Y + 500), (X + 600, Y + 500)])
    layer(case, "rivers.gpkg", river)
    layer(case, "bridges.gpkg", bridge)
    case.sections["surface.barriers.rivers"] = 'path = "rivers.gpkg"'
    assert sides_apart(ground(case), river)
    case.sections["surface.over.bridges"] = 'path = "bridges.gpkg"'
    found = ground(case)
    assert not sides_apart(found, river)
    told = notes(case)["surface_burnt"]
    assert found.spans is not None
    assert int(found.spans.sum()) == told["opened"]
    assert told["opened"] >= 1
    assert told["barred"] == int(np.isinf(found.slowness).sum()) + told["opened"]


def sides_apart(found: OpenGround, river: shapely.LineString) -> bool:
    surface = prepare_surface(found, None, WALKERS["fit"])
    reached = cross(surface.ground, (np.array([39]), np.array([0])), np.array([1e4])).cell
    row, column = np.divmod(reached, found.grid.shape[1])
    move = found.grid.transform
    points = shapely.points(move.c + (column + 0.5) * move.a, move.f + (row + 0.5) * move.e)
    ways = shapely.linestrings(
        np.stack([np.broadcast_to([X, Y], (len(points), 2)), shapely.get_coordinates(points)], axis=1)
    )
    assert len(reached) > 100
    return not shapely.intersects(ways, river).any()


def test_roads_are_walked_at_the_speed_on_the_flat(case: Case) -> None:
    layer(case, "roads.gpkg", shapely.LineString([(X, Y + 990), (X + 400, Y + 990)]))
    case.sections["surface.over.roads"] = 'path = "roads.gpkg"'
    found = ground(case)
    assert found.slowness[0, :16].tolist() == [1.0] * 16
    assert found.slowness[1, 0] == 2.0


def test_a_raster_in_degrees_is_brought_to_squares_of_the_working_crs(case: Case) -> None:
    whole, move = np.zeros((60, 100), dtype=np.uint8), None
    move, width, height = rasterio.warp.calculate_default_transform(
        METRIC, "EPSG:4326", 80, 40, X, Y, X + 2000, Y + 1000
    )
    whole = np.zeros((height, width), dtype=np.uint8)
    rasterio.warp.reproject(
        cover(), whole, src_transform=rasterio.transform.from_origin(X, Y + 1000, SIDE, SIDE), src_crs=METRIC,
        dst_transform=move, dst_crs="EPSG:4326",
    )  # fmt: skip
    write_raster(case.folder / "cover.tif", whole, crs="EPSG:4326", transform=move, nodata=0)
    found = ground(case)
    assert found.grid.crs.equals(CRS.from_user_input(METRIC), ignore_axis_order=True)
    assert found.grid.transform.a == -found.grid.transform.e
    assert 20.0 < found.grid.transform.a < 30.0
    assert "surface_resampled" in notes(case)
    row = int((found.grid.transform.f - (Y + 900)) / found.grid.transform.a)
    column = int((X + 100 - found.grid.transform.c) / found.grid.transform.a)
    assert found.slowness[row, column] == 2.0
    case.sections["surface"] = COVER + "\ncell_m = 10"
    fine = ground(case)
    assert fine.grid.transform.a == 10.0
    assert np.isfinite(fine.slowness).sum() == pytest.approx(20_000, rel=0.03)


def test_only_what_lies_around_the_units_is_kept(case: Case) -> None:
    values = np.full((1000, 60), 50, dtype=np.uint8)
    write_raster(case.folder / "cover.tif", values, cell=SIDE, origin=(X, Y + 20_000))
    found = ground(case)
    # 5 km beyond the units, whole cells.
    assert found.grid.transform.f == Y + 1000 + 5000
    assert found.grid.shape == (440, 60)


def test_coarse_cells_are_told(case: Case) -> None:
    write_raster(case.folder / "cover.tif", np.full((1, 2), 50, dtype=np.uint8), cell=1000.0)
    assert notes(case)["surface_coarse"]["cell_m"] == "1000"


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ('path = "cover.tif"', "surface_factors"),
        (COVER + '\nkind = "friction"', "surface_factors"),
        (COVER.replace('"10"', '"wood"'), "surface_class"),
        (COVER.replace('"10"', '"11"').replace('"50"', '"12"'), "surface_all_barred"),
        (COVER + "\ncell_m = 0.1", "raster_too_large"),
        (COVER.replace("cover.tif", "none.tif"), "missing_file"),
        (COVER + "\nwidth = 3", "unknown_key_of"),
        (COVER.replace("0.5", "1.5"), "out_of_range"),
    ],
)
def test_what_cannot_be_walked_over_is_refused(case: Case, section: str, code: str) -> None:
    case.sections["surface"] = section
    assert case.fault().code == code


def test_the_mode_needs_the_section(case: Case) -> None:
    del case.sections["surface"]
    assert case.fault().code == "no_surface"


def test_a_raster_elsewhere_is_refused(case: Case) -> None:
    write_raster(case.folder / "cover.tif", cover(), cell=SIDE, origin=(X + 50_000, Y))
    assert case.fault().code == "no_overlap"


@pytest.mark.parametrize("fault", ["empty", "cut"])
def test_a_damaged_file_is_a_fault_and_no_crash(case: Case, fault: str) -> None:
    file = case.folder / "cover.tif"
    whole = file.read_bytes()
    file.write_bytes(b"" if fault == "empty" else whole[: len(whole) // 3])
    with pytest.raises(InputError):
        case.read()


def test_a_district_without_a_network_is_checked_over_open_ground(case: Case) -> None:
    river = shapely.LineString([(X + 310, Y - 500), (X + 310, Y + 1500)])
    layer(case, "rivers.gpkg", river)
    case.sections["surface.barriers.rivers"] = 'path = "rivers.gpkg"'
    # F001 stands at 100, 100, west of the river; F002 at 900, 100, east of it.
    found = siting.check(read_scenario(case.path())).assessment
    cells = found.demand.cells
    minutes = found.cells["minutes_to_nearest"].reindex(cells.index)
    here, there = (
        float(minutes[(cells["x"] == X + x) & (cells["y"] == Y + 150)].iloc[0]) for x in (250, 350)
    )  # fmt: skip
    # Straight at 0.8 m/s, and no more than the zigzag of 16 directions and both legs (18 m each) above it.
    assert math.hypot(150, 50) <= here * 48 <= 1.03 * math.hypot(150, 50) + 36
    assert math.hypot(550, 50) <= there * 48 <= 1.03 * math.hypot(550, 50) + 36
    assert not found.circles.loc["F001"].geometry.intersects(river)
    assert any(note.code == "surface_burnt" for note in found.notes)


def test_whatever_is_warned_of_while_ground_is_brought_to_the_working_crs_is_heard(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warned(*_: object, **__: object) -> None:
        warnings.warn("the grid is odd", RuntimeWarning, stacklevel=1)

    case.sections["surface"] += "\ncell_m = 20"
    monkeypatch.setattr(rasterio.warp, "reproject", warned)
    with pytest.warns(RuntimeWarning, match="the grid is odd"):
        case.faults()
