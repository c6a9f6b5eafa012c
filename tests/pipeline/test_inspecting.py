"""Who lives outside all units is one figure, wherever it is told."""

from pathlib import Path

import numpy as np
import pytest

import siting
from tests.read.case import Case, X, Y, write_raster


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def outside(found: siting.Inspection | siting.GapReport) -> list[tuple[object, ...]]:
    notes = found.log.notes if isinstance(found, siting.Inspection) else found.assessment.notes
    told = [note.values for note in notes if note.code == "people_outside"]
    return [tuple(each[key] for key in ("layer", "people", "read", "share")) for each in told]


def test_people_of_cells_outside_every_unit_are_told(case: Case) -> None:
    # Twenty columns of cells over two units of ten each; two more columns lie to the west.
    write_raster(case.folder / "residents.tif", np.full((10, 22), 50.0), origin=(X - 200, Y + 1000))
    path = case.path()
    assert outside(siting.inspect(path)) == [("population.residents", "1,000", "11,000", "9.1%")]
    gaps = siting.check(path)
    assert outside(gaps) == outside(siting.inspect(path))
    assert gaps.totals["people_outside"] == pytest.approx(1000)
    write_raster(case.folder / "residents.tif", np.full((10, 20), 50.0))
    assert outside(siting.inspect(path)) == []


def test_people_of_points_are_counted_as_the_account_counts_them(shared: Path) -> None:
    # The second point stands on the border: half of its cell, and of its 100 persons, is inside.
    path = shared / "cases" / "unreached" / "scenario.toml"
    gaps = siting.check(path)
    assert gaps.totals["people_outside"] == pytest.approx(50)
    for found in (gaps, siting.inspect(path)):
        assert {people for _, people, _, _ in outside(found)} == {"50"}
    # F1 stands in no unit: it makes no unit's land a lower bound.
    assert gaps.totals["land_missing"] == []
