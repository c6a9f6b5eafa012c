"""Gap reports and plans as layers for a GIS: GeoPackage with all of them, GeoParquet with the first."""

import datetime as dt
import io
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from siting.domain.nouns import Assessment, Proposal
from siting.domain.tables import CHECK_COLUMNS, FACILITY_COLUMNS, PLACE_COLUMNS, PLAN_COLUMNS, Column
from siting.domain.withheld import ROUNDED
from siting.text import LANGS, Lang, say
from siting.write.endings import ending_of
from siting.write.files import write_bytes
from siting.write.geojson import plain, write_gaps, write_plan
from siting.write.qgis_styles import aliases_of, style_of

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
_PERHAPS: Final = Column("counts_perhaps", "boolean")

# OGC 12-128r19, F.9 Schema.
_SCHEMA_EXTENSION: Final = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope) VALUES
  ('gpkg_data_columns', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write'),
  ('gpkg_data_column_constraints', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema',
   'read-write');
"""


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
        _write_parquet(path, table_of(assessment.places, PLACE_COLUMNS), assessment)
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
    stations = table_of(proposal.stations, PLAN_COLUMNS)
    if ending == ".gpkg":
        _write_geopackage(path, {"stations": stations, **_layers(proposal.after)}, proposal.after)
    elif ending == ".parquet":
        _write_parquet(path, stations, proposal.after)
    else:
        write_plan(path, proposal)


def save_styled(path: Path, assessment: Assessment, proposal: Proposal | None, lang: Lang) -> None:
    """Write all layers of a report as one GeoPackage, with styles of QGIS and field aliases.

    Parameters
    ----------
    path : pathlib.Path
        ``.gpkg``, in the working CRS, metres: the units of each level (``unit_street`` …), ``places``, ``circles``,
        ``facilities`` and the table ``checks``; with a plan also ``stations``, and what changes with it
        (``unit_street_after`` …). It is replaced whole, and holds the same bytes for the same input.
    assessment : Assessment
        The gap report, without the plan.
    proposal : Proposal or None
        The plan.
    lang : {"zh", "en"}
        Language of legends and aliases.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    _write_geopackage(path, report_layers(assessment, proposal), assessment, lang)


def report_layers(assessment: Assessment, proposal: Proposal | None) -> dict[str, pd.DataFrame]:
    """Return the layers of a report as tables, by name.

    Parameters
    ----------
    assessment : Assessment
        The gap report, without the plan.
    proposal : Proposal or None
        The plan.

    Returns
    -------
    dict of str to pandas.DataFrame
        As :func:`save_styled` writes them, in the working CRS; ``checks`` has no geometry.
    """
    layers = _by_level(assessment)
    layers["facilities"] = _layers(assessment)["facilities"]
    if proposal is not None:
        layers |= {f"{name}_after": table for name, table in _by_level(proposal.after).items()}
        layers["stations"] = table_of(proposal.stations, PLAN_COLUMNS)
    return layers


def _by_level(assessment: Assessment) -> dict[str, pd.DataFrame]:
    """Return layers that do not cover one another: units of each level, residential areas, circles; and the checks."""
    found = _layers(assessment)
    units = found["units"]
    circles = assessment.circles.rename_axis("facility_id").reset_index()
    return {
        **{f"unit_{level}": units[units["level"] == level] for level in assessment.inputs.units},
        "places": found["places"],
        "circles": table_of(circles, (Column("facility_id", "text"),)),
        "checks": found["checks"],
    }


def _layers(assessment: Assessment) -> dict[str, pd.DataFrame]:
    places, facilities = assessment.places, assessment.facilities.assign(counts_perhaps=False)
    if assessment.undated is not None:
        facilities = pd.concat([facilities, assessment.undated.assign(counts_perhaps=True)])
    estates = (places["level"] == "residential_area").to_numpy(dtype=bool)
    homes = tuple(Column(str(name), "text") for name in facilities.columns if str(name).startswith("home_"))
    columns = (*FACILITY_COLUMNS, _LAND_HIGH, _PERHAPS, *homes)
    checks = assessment.checks.drop(columns=["level"], errors="ignore").reset_index()
    return {
        "places": table_of(places[estates], PLACE_COLUMNS),
        "units": table_of(places[~estates], PLACE_COLUMNS),
        "facilities": table_of(facilities.rename_axis("id").reset_index(), columns),
        "checks": table_of(checks, (_LEVEL, _ID, *(each for each in CHECK_COLUMNS if each.key != "level"))),
    }


def table_of(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
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


def _write_geopackage(
    path: Path, layers: Mapping[str, pd.DataFrame], assessment: Assessment, lang: Lang | None = None
) -> None:
    """Write layers; with a language also their styles and aliases."""
    with tempfile.TemporaryDirectory(prefix="siting-") as folder, _dated(assessment):
        draft = Path(folder) / "layers.gpkg"
        for name, table in {**layers, **told_of(assessment)}.items():
            # Older programs warn of later versions of the format.
            made: Any = {} if lang is None or draft.exists() else {"dataset_options": {"VERSION": "1.3"}}
            pyogrio.write_dataframe(table, draft, layer=name, driver="GPKG", use_arrow=True, **made)
        if lang is not None:
            _write_styles(draft, layers, assessment.inputs.scenario.scenario.date, lang)
            _write_aliases(draft, layers, lang)
        write_bytes(path, draft.read_bytes())


def told_of(assessment: Assessment) -> dict[str, pd.DataFrame]:
    """Return the table ``notes``, which says that people are rounded; nothing if they are not.

    Parameters
    ----------
    assessment : Assessment
        The gap report.
    """
    if not assessment.inputs.scenario.scenario.share:
        return {}
    texts = [say("warning.people_rounded", lang) for lang in LANGS]
    return {"notes": pd.DataFrame({"lang": list(LANGS), "note": texts})}


def _write_styles(draft: Path, layers: Mapping[str, pd.DataFrame], day: dt.date, lang: Lang) -> None:
    """Add the table of styles that QGIS looks for when it opens a layer."""
    columns = {name: [str(key) for key in table.columns if key != "geometry"] for name, table in layers.items()}
    styles = {name: qml for name, keys in columns.items() if (qml := style_of(name, keys, lang)) is not None}
    rows = [
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": name,
            "f_geometry_column": "geom",
            "styleName": name,
            "styleQML": qml,
            "styleSLD": "",
            "useAsDefault": True,
            "description": "",
            "owner": "",
            "ui": "",
            "update_time": pd.Timestamp(day),
        }
        for name, qml in styles.items()
    ]
    pyogrio.write_dataframe(pd.DataFrame(rows), draft, layer="layer_styles", driver="GPKG", layer_options={"FID": "id"})


def _write_aliases(draft: Path, layers: Mapping[str, pd.DataFrame], lang: Lang) -> None:
    """Describe the columns by the schema extension of GeoPackage, which programs other than QGIS read too."""
    with closing(sqlite3.connect(draft)) as file, file:
        file.executescript(_SCHEMA_EXTENSION)
        rows = [
            (name, key, key, alias)
            for name, table in layers.items()
            for key, alias in aliases_of([str(each) for each in table.columns if each != "geometry"], lang).items()
        ]
        file.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?, ?, ?, ?)", rows
        )


@contextmanager
def _dated(assessment: Assessment) -> Iterator[None]:
    """Give GeoPackages the scenario's date instead of the clock's, so that the bytes are the same."""
    day = f"{assessment.inputs.scenario.scenario.date.isoformat()}T00:00:00.000Z"
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": day})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_parquet(path: Path, table: pd.DataFrame, assessment: Assessment) -> None:
    if assessment.inputs.scenario.scenario.share:
        # Attributes stand in the metadata of the file.
        table.attrs[ROUNDED] = say("table.people_rounded", "en")
    write_bytes(path, parquet_bytes(table))


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as the bytes of a Parquet file, without its index."""
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    return content.getvalue()
