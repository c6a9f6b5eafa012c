"""Gap reports and plans as layers for a GIS: GeoPackage with all of them, GeoParquet with the first."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from siting.domain.nouns import Assessment, Proposal
from siting.domain.tables import CHECK_COLUMNS, FACILITY_COLUMNS, PLACE_COLUMNS, PLAN_COLUMNS, Column
from siting.write.endings import ending_of
from siting.write.files import write_bytes
from siting.write.geojson import plain, write_gaps, write_plan

_DTYPES: Final = {
    "number": "float64",
    "integer": "Int64",
    "boolean": "boolean",
    "date": "datetime64[s]",
    "year": "Int64",
}
_LEVEL: Final = Column("level", "text")
_ID: Final = Column("id", "text")
# The most land of a facility; ``land_m2`` is the sure land.
_LAND_HIGH: Final = Column("land_high_m2", "number", "m²")


def save_gaps(path: Path, assessment: Assessment) -> None:
    """Write a gap report in the format of the file's ending.

    Parameters
    ----------
    path : pathlib.Path
        ``.geojson`` or ``.json`` (WGS84, with the facts of the run), ``.gpkg`` (the layers ``places``, ``units``,
        ``facilities`` and the table ``checks``), ``.parquet`` (all places and units); the last two in the working CRS,
        metres. It is replaced whole, and holds the same bytes for the same input.
    assessment : Assessment
        The report.

    Raises
    ------
    InputError
        Another ending, or the file cannot be written.
    """
    ending = ending_of(path, "gaps")
    if ending == ".gpkg":
        _write_geopackage(path, _layers(assessment), assessment)
    elif ending == ".parquet":
        _write_parquet(path, _table(assessment.places, PLACE_COLUMNS))
    else:
        write_gaps(path, assessment)


def save_plan(path: Path, proposal: Proposal) -> None:
    """Write a plan in the format of the file's ending.

    Parameters
    ----------
    path : pathlib.Path
        ``.geojson`` or ``.json`` (WGS84, with the facts of the run; the only one that :func:`siting.read_plan` reads),
        ``.gpkg`` (the layer ``stations``, and ``places``, ``units``, ``facilities``, ``checks`` after the plan),
        ``.parquet`` (the stations).
    proposal : Proposal
        The plan.

    Raises
    ------
    InputError
        Another ending, or the file cannot be written.
    """
    ending = ending_of(path, "plan")
    stations = _table(proposal.stations, PLAN_COLUMNS)
    if ending == ".gpkg":
        _write_geopackage(path, {"stations": stations, **_layers(proposal.after)}, proposal.after)
    elif ending == ".parquet":
        _write_parquet(path, stations)
    else:
        write_plan(path, proposal)


def _layers(assessment: Assessment) -> dict[str, pd.DataFrame]:
    places, facilities = assessment.places, assessment.facilities
    estates = (places["level"] == "residential_area").to_numpy(dtype=bool)
    homes = tuple(Column(str(name), "text") for name in facilities.columns if str(name).startswith("home_"))
    checks = assessment.checks.drop(columns=["level"], errors="ignore").reset_index()
    return {
        "places": _table(places[estates], PLACE_COLUMNS),
        "units": _table(places[~estates], PLACE_COLUMNS),
        "facilities": _table(facilities.rename_axis("id").reset_index(), (*FACILITY_COLUMNS, _LAND_HIGH, *homes)),
        "checks": _table(checks, (_LEVEL, _ID, *(each for each in CHECK_COLUMNS if each.key != "level"))),
    }


def _table(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return some columns in types that files support, lists as words, with the geometry if there is one."""
    table = pd.DataFrame({each.key: _typed(frame[each.key], each) for each in columns if each.key in frame})
    if not isinstance(frame, gpd.GeoDataFrame):
        return table
    return gpd.GeoDataFrame(table, geometry=frame.geometry.to_numpy(), crs=frame.crs)


def _typed(values: pd.Series, column: Column) -> pd.Series:
    if column.type in _DTYPES:
        dtype: Any = _DTYPES[column.type]
        found = pd.to_datetime(values) if column.type == "date" else values
        typed = pd.Series(found.astype(dtype).array, name=column.key)
        # As in the GeoJSON, unlimited values are blank.
        return typed.replace([np.inf, -np.inf], np.nan) if column.type == "number" else typed
    return pd.Series([_words(plain(value)) for value in values], name=column.key, dtype="str")


def _words(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return ", ".join(filter(None, map(_words, value))) or None
    if isinstance(value, Mapping):
        return " ".join(filter(None, map(_words, value.values())))
    return None if value is None else str(value)


def _write_geopackage(path: Path, layers: Mapping[str, pd.DataFrame], assessment: Assessment) -> None:
    with tempfile.TemporaryDirectory(prefix="siting-") as folder, _dated(assessment):
        draft = Path(folder) / "layers.gpkg"
        for name, table in layers.items():
            pyogrio.write_dataframe(table, draft, layer=name, driver="GPKG", use_arrow=True)
        write_bytes(path, draft.read_bytes())


@contextmanager
def _dated(assessment: Assessment) -> Iterator[None]:
    """Give GeoPackages the scenario's date instead of the clock's, so that the bytes are the same."""
    day = f"{assessment.inputs.scenario.scenario.date.isoformat()}T00:00:00.000Z"
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": day})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_parquet(path: Path, table: pd.DataFrame) -> None:
    with tempfile.TemporaryDirectory(prefix="siting-") as folder:
        draft = Path(folder) / "layers.parquet"
        table.to_parquet(draft, index=False)
        write_bytes(path, draft.read_bytes())
