"""Values that stand for no data though nobody says so: taken for it where nothing else can be meant, else asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import siting
from siting.read.people.voids import MOST_PER_HA
from tests.read.case import Case, write_raster

CASE = "08-undeclared-greatest-value"
GREATEST = {"uint16": 65535, "int32": 2147483647, "uint32": 4294967295, "int64": 9223372036854775807}
FLOATS = {"float32": 3.4028235e38, "float64": 1.797e308}


def told(case: Case) -> dict[str, Mapping[str, Any]]:
    return {note.code: note.values for note in case.read().notes}


def people(case: Case) -> float:
    raster = case.read().population.residents
    assert raster is not None
    return float(np.nansum(raster.values))  # type: ignore[union-attr]


def write(case: Case, values: Any, dtype: str, **options: Any) -> None:
    write_raster(case.folder / "residents.tif", np.asarray(values).astype(dtype), **options)


@pytest.mark.parametrize("name", ["scenario", "float32", "float64", "int32-least"])
def test_greatest_and_least_values_of_the_type_are_no_data(cases: Path, name: str) -> None:
    report = siting.check(siting.read_scenario(cases / CASE / f"{name}.toml"))
    assert report.totals["residents"] == pytest.approx(24_700)
    (note,) = (note for note in report.assessment.notes if note.code == "nodata_by_convention")
    assert (note.values["layer"], note.values["count"]) == ("population.residents", 9)
    assert len(siting.audit(siting.read_scenario(cases / CASE / f"{name}.toml"))) > 0


@pytest.mark.parametrize(
    ("dtype", "value"), [*GREATEST.items(), *FLOATS.items(), ("float32", 1e20), ("float64", -1e30)]
)
def test_what_no_cell_can_hold_is_no_data(case: Case, dtype: str, value: float) -> None:
    values = np.full((10, 20), 5.0).astype(dtype)
    values[0, :3] = value
    write(case, values, dtype)
    assert people(case) == 5.0 * 197
    assert told(case)["nodata_by_convention"]["count"] == 3


@pytest.mark.parametrize(
    ("dtype", "value"), [("int16", -32768), ("int32", -2147483648), ("int8", -128), ("float32", -32768)]
)
def test_least_values_are_no_data(case: Case, dtype: str, value: float) -> None:
    values = np.full((10, 20), 5.0).astype(dtype)
    values[0, :3] = value
    write(case, values, dtype)
    assert people(case) == 5.0 * 197


@pytest.mark.parametrize("value", [99_999.0, 65_536.0, 1e9])
def test_more_than_a_hectare_can_hold_is_refused_and_nodata_mends_it(case: Case, value: float) -> None:
    values = np.full((10, 20), 5.0)
    values[2, 3:5] = value
    write(case, values, "float64")
    fault = case.fault()
    assert (fault.code, fault.row, fault.found) == ("impossible_density", "2, 3", f"{value:.0f} (2)")
    case.sections["population"] = case.sections["population"].replace(" }", f", nodata = {fault.found.split()[0]} }}")
    assert people(case) == 5.0 * 198


def test_the_limit_of_a_cell_is_by_the_hectare_and_never_below_one_hectares_people(case: Case) -> None:
    values = np.full((10, 20), 5.0)
    values[0, 0] = 0.999 * MOST_PER_HA
    write(case, values, "float64")
    assert people(case) == pytest.approx(5.0 * 199 + 0.999 * MOST_PER_HA)
    values[0, 0] = 1.001 * MOST_PER_HA
    write(case, values, "float64")
    assert case.fault().code == "impossible_density"
    fine = np.full((100, 200), 0.05)
    fine[0, 0] = 0.999 * MOST_PER_HA
    write(case, fine, "float64", cell=10.0)
    assert people(case) == pytest.approx(0.05 * 19_999 + 0.999 * MOST_PER_HA)


@pytest.mark.parametrize(("unit", "most"), [("persons per ha", 20_000), ("persons per km2", 2_000_000)])
def test_the_limit_of_a_density(case: Case, unit: str, most: float) -> None:
    case.sections["population"] = f'residents = {{ path = "residents.tif", unit = "{unit}" }}'
    for factor, sound in ((0.99, True), (1.01, False)):
        values = np.full((10, 20), most / 4000)
        values[0, 0] = factor * most
        write(case, values, "float64")
        if sound:
            case.read()
        else:
            assert case.fault().code == "impossible_density"


def test_a_byte_of_255_among_its_like_is_a_count(case: Case) -> None:
    values = np.tile(np.arange(236, 256), (10, 1))
    write(case, values, "uint8")
    assert people(case) == float(values.sum())
    values = np.full((10, 20), 7)
    values[0, 0] = 255
    write(case, values, "uint8")
    assert people(case) == 7 * 199 + 255


def test_a_byte_of_255_that_stands_alone_is_asked_for_and_both_answers_work(case: Case) -> None:
    values = np.full((10, 20), 7)
    values[0, :9] = 255
    write(case, values, "uint8")
    fault = case.fault()
    assert (fault.code, fault.row, fault.found, fault.expected) == ("greatest_value", "0, 0", "255 (9)", "255")
    plain = case.sections["population"]
    case.sections["population"] = plain.replace(" }", ", nodata = 255 }")
    assert people(case) == 7 * 191
    case.sections["population"] = plain.replace(" }", ", nodata = -1 }")
    assert people(case) == 7 * 191 + 255 * 9


def test_two_heaps_side_by_side_are_asked_for(case: Case) -> None:
    values = np.tile(np.arange(101, 121), (10, 1))
    values[0, :5], values[1, :5] = 254, 255
    write(case, values, "uint8")
    fault = case.fault()
    assert (fault.code, fault.found) == ("greatest_value", "255 (5)")


@pytest.mark.parametrize("mean", [60, 150, 200])
def test_a_heap_of_255_above_dense_ground_is_asked_for(case: Case, mean: int) -> None:
    values = np.random.default_rng(mean).poisson(mean, (10, 20)).clip(max=250)
    values[0, :9] = 255
    write(case, values, "uint8")
    assert (case.fault().code, case.fault().found) == ("greatest_value", "255 (9)")


def test_a_heap_of_127_among_bytes_of_100_is_asked_for(case: Case) -> None:
    values = np.full((10, 20), 100)
    values[0, :9] = 127
    write(case, values, "int8")
    assert (case.fault().code, case.fault().found) == ("greatest_value", "127 (9)")


@pytest.mark.parametrize(
    ("dtype", "value"), [("float32", 255), ("int16", 255), ("int32", 9999), ("float32", 9999), ("float64", 255)]
)
def test_what_often_means_no_data_is_asked_for_in_every_type(case: Case, dtype: str, value: int) -> None:
    values = np.full((10, 20), 100)
    values[0, :9] = value
    write(case, values, dtype)
    fault = case.fault()
    assert (fault.code, fault.row, fault.found, fault.expected) == (
        "greatest_value",
        "0, 0",
        f"{value} (9)",
        str(value),
    )
    plain = case.sections["population"]
    case.sections["population"] = plain.replace(" }", f", nodata = {value} }}")
    assert people(case) == 100 * 191
    case.sections["population"] = plain.replace(" }", ", nodata = -1 }")
    assert people(case) == 100 * 191 + value * 9


@pytest.mark.parametrize("value", [32_767, 65_535, 99_999, 999_999, 2_147_483_647])
def test_the_same_of_large_cells(case: Case, value: int) -> None:
    case.sections["population"] = 'residents = { path = "residents.tif", unit = "persons per km2" }'
    values = np.full((10, 20), 100.0)
    values[0, :9] = value
    write(case, values, "float32")
    code = "greatest_value" if value < 100 * MOST_PER_HA else None
    if code is None:
        assert told(case)["nodata_by_convention"]["count"] == 9
    else:
        assert (case.fault().code, case.fault().expected) == (code, str(value))


@pytest.mark.parametrize("values", [[254, 254, 254], [255], [255, 255, 256], [255, 255, 254, 200, 130]])
def test_a_usual_number_that_does_not_stand_apart_is_a_count(case: Case, values: list[int]) -> None:
    cells = np.full((10, 20), 100)
    cells[0, : len(values)] = values
    write(case, cells, "float32")
    assert people(case) == float(cells.sum())


def test_groups_and_the_elderly_are_guarded_alike(case: Case) -> None:
    values = np.full((10, 20), 2).astype("uint16")
    values[0, 0] = 65535
    for name in ("elderly", "disabled"):
        write_raster(case.folder / f"{name}.tif", values)
    case.sections["population"] += '\nelderly = { path = "elderly.tif", unit = "persons per cell" }'
    case.sections["population.groups.disabled"] = 'path = "disabled.tif"\nunit = "persons per cell"'
    layers = [note.values["layer"] for note in case.read().notes if note.code == "nodata_by_convention"]
    assert layers == ["population.elderly", "population.groups.disabled"]


@pytest.mark.parametrize(
    ("dtype", "value"), [("int16", 32767), ("uint16", 65535), ("float32", 3.4e38), ("int32", -2147483648)]
)
def test_heights_of_the_greatest_value_are_no_data(case: Case, dtype: str, value: float) -> None:
    values = np.full((10, 20), 300).astype(dtype)
    values[0, :2] = value
    write_raster(case.folder / "dem.tif", values)
    case.sections["terrain"] = 'path = "dem.tif"'
    terrain = case.read().terrain
    assert terrain is not None
    assert np.isnan(terrain.values[0, :2]).all()
    assert np.nansum(terrain.values) == 300 * 198


def test_heights_that_are_none_on_earth_are_refused_and_nodata_mends_it(case: Case) -> None:
    values = np.full((10, 20), 300.0)
    values[1, 1] = 9999.0
    write_raster(case.folder / "dem.tif", values)
    case.sections["terrain"] = 'path = "dem.tif"'
    fault = case.fault()
    assert (fault.code, fault.row, fault.found) == ("impossible_height", "1, 1", "9999 (1)")
    case.sections["terrain"] += "\nnodata = 9999"
    assert case.read().terrain is not None


def test_infinite_values_are_refused_until_the_file_declares_them(case: Case) -> None:
    values = np.full((10, 20), 5.0)
    values[0, 0] = np.inf
    write(case, values, "float64")
    assert case.fault().code == "infinite_values"
    write(case, values, "float64", nodata=np.inf)
    assert people(case) == 5.0 * 199


def test_a_negative_zero_is_zero(case: Case) -> None:
    values = np.full((10, 20), 5.0)
    values[:, :10] = -0.0
    write(case, values, "float64")
    raster = case.read().population.residents
    assert raster is not None
    assert not np.signbit(raster.values).any()  # type: ignore[union-attr]
