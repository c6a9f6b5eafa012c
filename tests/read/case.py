"""A small district made for a test: two streets, four facilities, a grid, a network, a scenario that names them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from affine import Affine
from numpy.typing import ArrayLike

from siting.domain.nouns import Inputs
from siting.errors import Fault, InputError
from siting.read import read_inputs, read_scenario

CRS = "EPSG:4545"
# South-west corner of the first street, metres in EPSG:4545; near 107.4 E, 29.7 N.
X, Y = 436_000.0, 3_281_000.0
CELL = 100.0

SECTIONS = {
    "scenario": 'title = "示例"\ndate = 2026-01-01',
    "standards": 'place = "重庆市"',
    "population": 'residents = { path = "residents.tif", unit = "persons per cell" }',
    "units.street": 'path = "streets.gpkg"\ndefaults.kind = "街道"',
    "facilities": 'path = "facilities.csv"\ncrs = "EPSG:4545"\ncomplete = true\ncolumns = { lon = "x", lat = "y" }',
    "network": 'path = "walk.gpkg"',
}
FACILITIES = """id,name,tier,status,x,y
F001,一号站,station,existing,436100,3281100
F002,二号站,station,existing,436900,3281100
F003,三号中心,centre,existing,437500,3281500
"""


def squares(count: int = 2, side: float = 1000.0) -> gpd.GeoDataFrame:
    """Streets S1, S2, … side by side."""
    shapes = [shapely.box(X + i * side, Y, X + (i + 1) * side, Y + side) for i in range(count)]
    names = [f"S{i + 1}" for i in range(count)]
    return gpd.GeoDataFrame({"id": names, "name": [f"{name}街道" for name in names]}, geometry=shapes, crs=CRS)


def lines() -> gpd.GeoDataFrame:
    """Three streets that meet in one point."""
    middle = (X + 500, Y + 500)
    shapes = [shapely.LineString([middle, end]) for end in ((X, Y), (X + 1500, Y + 500), (X + 500, Y + 900))]
    return gpd.GeoDataFrame({"kind": ["path", None, "stairs"]}, geometry=shapes, crs=CRS)


def write_raster(
    path: Path, values: ArrayLike, *, origin: tuple[float, float] = (X, Y + 1000), cell: float = CELL, **options: Any
) -> None:
    """Write a raster of one band (or what ``options`` say), float64, north up."""
    cells = np.asarray(values)
    profile = {
        "driver": "GTiff",
        "dtype": cells.dtype,
        "count": 1,
        "height": cells.shape[-2],
        "width": cells.shape[-1],
        "crs": CRS,
        "transform": Affine(cell, 0.0, origin[0], 0.0, -cell, origin[1]),
    } | options
    with rasterio.open(path, "w", **profile) as file:
        if cells.ndim == 2:
            file.write(cells, 1)
        else:
            file.write(cells)


@dataclass
class Case:
    """A scenario in a folder; tests change its sections and files before reading it."""

    folder: Path
    sections: dict[str, str] = field(default_factory=lambda: dict(SECTIONS))

    def __post_init__(self) -> None:
        squares().to_file(self.folder / "streets.gpkg")
        lines().to_file(self.folder / "walk.gpkg")
        write_raster(self.folder / "residents.tif", np.full((10, 20), 5.0))
        self.facilities(FACILITIES)

    def facilities(self, text: str) -> None:
        """Write the ledger."""
        (self.folder / "facilities.csv").write_text(text, encoding="utf-8")

    def add_columns(self, **columns: list[Any]) -> None:
        """Add columns to the ledger."""
        table = pd.read_csv(self.folder / "facilities.csv")
        table.assign(**columns).to_csv(self.folder / "facilities.csv", index=False)

    def path(self) -> Path:
        """Write the scenario and return its file."""
        file = self.folder / "scenario.toml"
        text = "\n".join(f"[{name}]\n{body}\n" for name, body in self.sections.items())
        file.write_text(text, encoding="utf-8")
        return file

    def read(self, **options: Any) -> Inputs:
        """Read the scenario and all its layers."""
        return read_inputs(read_scenario(self.path()), **options)

    def faults(self) -> list[Fault]:
        """Return the faults of reading; there must be some."""
        try:
            self.read()
        except InputError as error:
            return list(error.faults)
        message = "nothing was refused"
        raise AssertionError(message)

    def fault(self) -> Fault:
        """Return the single fault of reading."""
        found = self.faults()
        assert len(found) == 1, InputError(found).message("en")
        return found[0]
