"""Residents given by age bands are all of them, not the elderly alone."""

import numpy as np

from tests.read.case import Case, write_raster


def test_bands_of_residents_are_added_up_from_the_youngest_on(case: Case) -> None:
    for age, people in ((0, 5.0), (15, 7.0), (60, 3.0)):
        write_raster(case.folder / f"all_{age}.tif", np.full((10, 20), people))
    case.sections["population"] = 'residents = { pattern = "all_{age}.tif", unit = "persons per cell" }'
    residents = case.read().population.residents
    assert residents is not None
    assert residents.values.sum() == 200 * 15.0


def test_bands_of_elderly_begin_at_60_unless_stated(case: Case) -> None:
    for age, people in ((0, 5.0), (60, 3.0), (80, 1.0)):
        write_raster(case.folder / f"all_{age}.tif", np.full((10, 20), people))
    case.sections["population"] = 'elderly = { pattern = "all_{age}.tif", unit = "persons per cell" }'
    elderly = case.read().population.elderly
    assert elderly is not None
    assert elderly.values.sum() == 200 * 4.0
