"""The same place in another CRS: the same people and verdicts.

What has corners or stands at points comes to the working CRS within a nanometre, and figures stay. Sides are straight
in the working CRS whatever the file's, so that bends decide nothing here (docs/methods.md, 9). A raster is another
matter: in another CRS it has other cells, and nobody knows where in its cell a person lives. Its total stays, and a
place may differ by those who live no farther from its border than a cell is wide.
"""

import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from siting import pipeline, read_scenario
from siting.domain.nouns import Assessment, Grid, Population, Raster
from tests.drawing import examples
from tests.helpers import METRIC, frozen
from tests.laws.districts import CELL, district
from tests.laws.folders import Kind, in_crs, write_district
from tests.laws.test_conservation import EVEN, SEEDS, cell_boxes, demand_of
from tests.laws.test_invariance import NUMBERS, WORDS

SYSTEMS = ("EPSG:4326", "EPSG:4490", "EPSG:32649", "EPSG:3857")
# Corners lie within a few nanometres of where they were; times are counted in ticks.
CLOSE = {"rel": 1e-6, "abs": 1e-5, "nan_ok": True}


def figures(found: Assessment) -> dict[str, object]:
    totals = found.totals
    keys = ("people_read", "people_outside", "residents", "elderly", "elderly_covered", "land_provided_m2")
    return {key: totals[key] for key in keys} | totals["uncovered_by_reason"]


@settings(max_examples=examples(1))
@given(SEEDS, st.sampled_from(["lines", "split"]))
def test_files_in_another_crs_give_the_same_people_and_verdicts(
    tmp_path_factory: pytest.TempPathFactory, seed: int, kind: Kind
) -> None:
    folder = tmp_path_factory.mktemp("crs")
    (folder / "own").mkdir()
    one = pipeline.check(read_scenario(write_district(folder / "own", seed, kind)))
    for name in SYSTEMS:
        other = pipeline.check(read_scenario(in_crs(folder / "own", folder / name[5:], name)))
        assert other.inputs.crs == one.inputs.crs
        assert figures(other) == pytest.approx(figures(one), **CLOSE)
        assert other.cells.drop(columns="nearest").to_numpy(float) == pytest.approx(
            one.cells.drop(columns="nearest").to_numpy(float), **CLOSE
        )
        here, there = pd.DataFrame(one.places), pd.DataFrame(other.places)
        assert there.index.equals(here.index)
        assert there[NUMBERS].to_numpy(float) == pytest.approx(here[NUMBERS].to_numpy(float), **CLOSE)
        assert there[WORDS].astype(str).equals(here[WORDS].astype(str))
        assert other.checks["verdict"].tolist() == one.checks["verdict"].tolist()
        # What is told is the same too: a CRS that is stated is no ground for a hint.
        assert [note.code for note in other.notes] == [note.code for note in one.notes]


def drawn_anew(people: Raster, crs: CRS, metres: float) -> Raster:
    """Return the people of a raster on small cells of another CRS, each with its share of the cells beneath it."""
    there, back = (Transformer.from_crs(*pair, always_xy=True) for pair in ((METRIC, crs), (crs, METRIC)))
    given_cells = np.array(list(cell_boxes().values()), dtype=object)
    west, south, east, north = there.transform_bounds(*shapely.total_bounds(given_cells))
    unit = metres / 1e5 if crs.is_geographic else metres
    shape = int((north - south) / unit) + 2, int((east - west) / unit) + 2
    left, top = west - unit / 2, north + unit / 2
    row, column = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    corners = [(left + (column + x) * unit, top - (row + y) * unit) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    rings = np.stack([np.stack(back.transform(*corner), axis=1) for corner in corners], axis=1)
    small, large = shapely.STRtree(given_cells).query(cells := shapely.polygons(rings), predicate="intersects")
    density = people.values.ravel()[large] / CELL**2
    part = density * shapely.area(shapely.intersection(cells[small], given_cells[large]))
    values = np.bincount(small, part, minlength=len(cells)).reshape(shape)
    return Raster(Grid(Affine(unit, 0, left, 0, -unit, top), shape, crs), frozen(values))


@settings(max_examples=examples(3))
@given(SEEDS, st.floats(15.0, 60.0))
def test_a_raster_in_another_crs_gives_each_place_the_same_people_but_for_a_cell_along_its_border(
    seed: int, metres: float
) -> None:
    base = district(seed)
    people = base.population.residents
    assert isinstance(people, Raster)
    one = demand_of(base, Population(people, None, 60))
    for name in SYSTEMS:
        other = demand_of(base, Population(drawn_anew(people, CRS(name), metres), None, 60))
        # Cells do not overlap where they meet in a straight line, and hardly where their sides bend.
        assert other.account["residents_read"] == pytest.approx(one.account["residents_read"], rel=1e-6)
        assert other.account["residents_inside"] + other.account["residents_outside"] == pytest.approx(
            other.account["residents_read"], rel=EVEN
        )
        for level, frame in base.units.items():
            for at, shape in enumerate(frame.geometry):
                # A cell's diagonal; Web Mercator's cells are smaller, degrees of latitude longer than of longitude.
                near = shape.boundary.buffer(1.2 * 1.42 * metres)
                most = sum(
                    people.values.ravel()[cell] * box.intersection(near).area / CELL**2
                    for cell, box in cell_boxes().items()
                )
                here, there = ((each.shares[level] @ each.cells["residents"].to_numpy())[at] for each in (one, other))
                assert there == pytest.approx(here, abs=most + 1e-6), (name, level, at)
