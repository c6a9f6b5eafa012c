"""Scenarios of tables and rasters in memory give what their files give."""

import gc
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely import Point, box

import siting
from siting.domain.scenario import PATH_KEYS


def _held(value: Any, folder: Path, key: str = "", layer: str | None = None) -> Any:
    """Return the value of a key with what its files hold instead of their names."""
    if isinstance(value, dict):
        return {name: _held(each, folder, name, value.get("layer")) for name, each in value.items() if name != "layer"}
    if key not in PATH_KEYS:
        return value
    path = folder / value
    if path.suffix == ".tif":
        with rasterio.open(path) as file:
            grid = siting.Grid(file.transform, file.shape, file.crs)
            return siting.Raster(grid, file.read(1, masked=True).astype(np.float64).filled(np.nan))
    return pd.read_csv(path, dtype=str) if path.suffix == ".csv" else gpd.read_file(path, layer=layer)


def test_a_district_in_memory_is_checked_as_its_files_are(small: Path) -> None:
    sections = _held(tomllib.loads(small.read_text(encoding="utf-8")), small.parent)
    from_files = siting.check(small)
    made = siting.scenario(**sections)
    in_memory = siting.check(made)
    columns = [name for name in from_files.places.columns if name != "geometry"]
    pd.testing.assert_frame_equal(pd.DataFrame(from_files.places[columns]), pd.DataFrame(in_memory.places[columns]))
    assert from_files.totals == in_memory.totals
    called = siting.inspect(made).layers["file"].dropna()
    assert set(called) == {"memory.parquet", "memory.tif"}


def _points(**columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[Point(107.345, 29.655)], crs=4490)


def _sections() -> dict[str, Any]:
    return {
        "scenario": {"title": "t", "date": "2026-01-01"},
        "standards": {"ids": ["cq-2017-162"]},
        "walking": {"mode": "straight_line"},
        "units": {
            "district": gpd.GeoDataFrame(
                {"id": ["D"], "name": ["D"]}, geometry=[box(107.34, 29.65, 107.35, 29.66)], crs=4490
            )
        },
        "population": {"residents": {"points": _points(people=[100])}},
        "facilities": {
            "path": _points(id=["F"], tier=["station"], status=["existing"], land_m2=[30]),
            "complete": True,
        },
    }


def test_what_was_given_lasts_as_long_as_scenarios_that_read_it() -> None:
    made = siting.scenario(**_sections())
    other = siting.change(made, facilities=_points(id=["F"], tier=["station"], status=["existing"], land_m2=[70]))
    path = made.facilities.path
    del made
    gc.collect()
    assert siting.check(other).totals["land_provided_m2"] == 70
    kept = other.facilities.path
    del other
    gc.collect()
    assert path is not None
    assert kept is not None
    assert not path.exists()
    assert not kept.exists()


def test_later_changes_of_a_table_change_nothing() -> None:
    sections = _sections()
    made = siting.scenario(**sections)
    sections["facilities"]["path"]["land_m2"] = 999
    assert siting.check(made).totals["land_provided_m2"] == 30


def test_an_index_with_a_name_is_a_column() -> None:
    sections = _sections()
    sections["facilities"]["path"] = sections["facilities"]["path"].set_index("id")
    assert siting.check(siting.scenario(**sections)).totals["land_provided_m2"] == 30


def test_faults_name_the_layer() -> None:
    sections = _sections()
    sections["facilities"]["path"] = _points(id=["F"], tier=["kiosk"], status=["existing"])
    with pytest.raises(siting.InputError) as refused:
        siting.check(siting.scenario(**sections))
    fault = refused.value.faults[0]
    assert (fault.file, fault.layer, fault.field, fault.found) == ("memory.parquet", "facilities", "tier", "'kiosk'")


def test_tables_that_cannot_be_kept_are_told_together() -> None:
    mixed = pd.DataFrame({"id": ["a", 1]})
    with pytest.raises(siting.InputError) as refused:
        siting.scenario(**{**_sections(), "facilities": mixed, "candidates": {"path": mixed}})
    assert [(fault.code, fault.layer) for fault in refused.value.faults] == [
        ("unreadable_table", "facilities"),
        ("unreadable_table", "candidates.path"),
    ]


def test_keys_are_checked_as_those_of_a_file() -> None:
    with pytest.raises(siting.InputError) as refused:
        siting.scenario(**{**_sections(), "walking": {"minuets": 15}})
    assert [fault.field for fault in refused.value.faults] == ["walking.minuets"]
