"""Whatever a file holds, reading either succeeds or raises our own error.

Seconds for each format come from ``SITING_FUZZ_SECONDS`` (3 if absent): an hour's worth is ``SITING_FUZZ_SECONDS=360``.
``SITING_FUZZ_SEED`` starts elsewhere.
"""

import os
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import osmium
import pandas as pd
import pytest
from pyproj import Transformer

from siting.errors import InputError
from siting.read import read_inputs, read_scenario
from tests.fuzz.mutate import mutated
from tests.read.case import Case, squares

SECONDS: Final = float(os.environ.get("SITING_FUZZ_SECONDS", "3"))
SEED: Final = int(os.environ.get("SITING_FUZZ_SEED", "1"))
LEAST_ROUNDS: Final = 10


def plain(file: str) -> Callable[[Case], Path]:
    """Return what gives a file that the case has already."""
    return lambda case: case.folder / file


def geojson(case: Case) -> Path:
    squares().to_crs("EPSG:4326").to_file(case.folder / "streets.geojson")
    case.sections["units.street"] = 'path = "streets.geojson"'
    return case.folder / "streets.geojson"


def shapefile(suffix: str) -> Callable[[Case], Path]:
    """Return what writes the streets as a GBK shapefile that does not say so."""

    def made(case: Case) -> Path:
        squares().to_file(case.folder / "streets.shp", encoding="GBK")
        (case.folder / "streets.cpg").unlink()
        case.sections["units.street"] = 'path = "streets.shp"'
        return case.folder / f"streets{suffix}"

    return made


def parquet(case: Case) -> Path:
    squares().to_parquet(case.folder / "streets.parquet")
    case.sections["units.street"] = 'path = "streets.parquet"'
    return case.folder / "streets.parquet"


def archive(case: Case) -> Path:
    inner = geojson(case)
    with zipfile.ZipFile(case.folder / "streets.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.write(inner, "街道.geojson")
    case.sections["units.street"] = 'path = "streets.zip"'
    return case.folder / "streets.zip"


def sheet(case: Case) -> Path:
    pd.read_csv(case.folder / "facilities.csv").to_excel(case.folder / "facilities.xlsx", index=False)
    case.sections["facilities"] = case.sections["facilities"].replace("facilities.csv", "facilities.xlsx")
    return case.folder / "facilities.xlsx"


def extract(case: Case) -> Path:
    to_degrees = Transformer.from_crs("EPSG:4545", "EPSG:4326", always_xy=True)
    places = ((436_000, 3_281_000), (436_500, 3_281_500), (437_500, 3_281_500))
    with osmium.SimpleWriter(str(case.folder / "walk.osm.pbf")) as writer:
        for number, (x, y) in enumerate(places, start=1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=to_degrees.transform(x, y)))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2, 3], tags={"highway": "residential"}))
    case.sections["network"] = 'path = "walk.osm.pbf"'
    return case.folder / "walk.osm.pbf"


KINDS: Final[dict[str, Callable[[Case], Path]]] = {
    "geojson": geojson,
    "csv": plain("facilities.csv"),
    "toml": plain("scenario.toml"),
    "tif": plain("residents.tif"),
    "gpkg": plain("walk.gpkg"),
    "dbf": shapefile(".dbf"),
    "shp": shapefile(".shp"),
    "parquet": parquet,
    "zip": archive,
    "xlsx": sheet,
    "pbf": extract,
}


def outcome(scenario: Path) -> str:
    """Return ``read``, ``refused``, or what came out that should not."""
    try:
        read_inputs(read_scenario(scenario))
    except InputError as error:
        return "refused" if error.faults and error.message("zh") and error.message("en") else "an error without a fault"
    except Exception:  # noqa: BLE001 - that any comes out is what is tested
        return traceback.format_exc()
    return "read"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_our_own_error_comes_out(kind: str, tmp_path: Path) -> None:
    case = Case(tmp_path)
    file, scenario = KINDS[kind](case), case.path()
    assert outcome(scenario) == "read"
    whole, random, seen = file.read_bytes(), Random(SEED), set()
    end, rounds = time.monotonic() + SECONDS, 0
    while rounds < LEAST_ROUNDS or time.monotonic() < end:
        changed, rounds = mutated(whole, random), rounds + 1
        file.write_bytes(changed)
        found = outcome(scenario)
        if found not in ("read", "refused"):
            (tmp_path / f"broken.{kind}").write_bytes(changed)
            pytest.fail(f"{kind}, round {rounds} of seed {SEED}:\n{found}")
        seen.add(found)
    # A fuzzer that never breaks anything tests nothing.
    assert "refused" in seen
