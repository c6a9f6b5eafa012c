"""One district reads alike from every format, and its gap report is the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.read import read_scenario
from tests.read.case import Case, write_raster
from tests.read.sources.formats import WRITERS, Writer, facilities, postgis, units


def _case(folder: Path, write: Writer) -> Case:
    folder.mkdir(exist_ok=True)
    case = Case(folder)
    write_raster(folder / "residents.tif", np.arange(15.0 * 20).reshape(15, 20), origin=(436_000, 3_282_500))
    case.sections["population"] += "\nelderly_share = 0.2"
    case.sections["units.street"] = write(units(), folder, "units")
    case.sections["facilities"] = write(facilities(), folder, "points") + "\ncomplete = true"
    return case


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The district as GeoPackages."""
    return _case(tmp_path_factory.mktemp("plain"), WRITERS["geopackage"])


@pytest.fixture(params=[*WRITERS, "postgis"])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """The district in one of the formats."""
    write = postgis(request.getfixturevalue("server")) if request.param == "postgis" else WRITERS[request.param]
    return _case(tmp_path / "district", write)


def _alike(found: Any, expected: Any, columns: list[str]) -> None:
    found = found.loc[expected.index]
    assert found[columns].equals(expected[columns])
    assert found.crs == expected.crs
    assert (found.geometry.hausdorff_distance(expected.geometry) < 1e-3).all()


def test_every_format_gives_the_same_tables(written: Case) -> None:
    inputs = written.read()
    streets = units().set_index("id")
    points = facilities().set_index("id")
    _alike(inputs.units["street"], streets.to_crs(inputs.crs), ["name", "kind"])
    _alike(inputs.facilities, points.to_crs(inputs.crs), ["name", "tier", "status"])
    assert len(inputs.units["street"]) == 12
    assert len(inputs.facilities) == 6
    assert inputs.layers["units.street"]["rows"] == 12


def test_every_format_gives_the_same_gap_report(written: Case, plain: Case) -> None:
    found = siting.check(read_scenario(written.path()))
    expected = siting.check(read_scenario(plain.path()))
    _same(dict(found.totals), dict(expected.totals))
    assert len(found.clauses) > 12
    order = ["clause_id", "id"]
    ours, theirs = (report.clauses.sort_values(order).reset_index(drop=True) for report in (found, expected))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-6, check_like=True)


def _same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        if isinstance(value, dict):
            _same(found[key], value)
        elif isinstance(value, float):
            assert found[key] == pytest.approx(value, rel=1e-6, abs=1e-6, nan_ok=True)
        else:
            assert found[key] == value
