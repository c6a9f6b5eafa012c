"""A table or a query of a PostGIS database, read-only."""

import hashlib
import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from siting.domain.scenario import Layer
from siting.read.log import LayerLog, listed

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

EXTRA: Final = 'pip install "siting[postgis]"'
_DRIVER: Final = "postgresql+psycopg"
_SPOKEN: Final = ("postgresql", "postgres", "postgis", _DRIVER)
# Writing is forbidden, and every statement has a time limit.
_GUARDS: Final = ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = '10min'")
_CONNECT_S: Final = 10
_HIDDEN: Final = "***"
_SYSTEM: Final = ("pg_catalog", "information_schema", "topology", "tiger")
_KNOWN_SYSTEM_TABLES: Final = ("spatial_ref_sys", "geometry_columns", "geography_columns")


def read_database(source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Read a table or a query of a database.

    Parameters
    ----------
    source : Layer
        ``database`` is the address; ``layer`` names the table (``schema.table`` or ``table``), or ``query`` selects.
    log : LayerLog
        Takes the digest of the rows, the facts ``driver`` and ``layer``, and the faults ``database_support_missing``,
        ``database_address``, ``database_unreachable``, ``database_refused``, ``layer_not_named``, ``layer_not_found``,
        ``several_geometry_columns``, ``several_srids``, ``unknown_crs``, ``column_twice``. None of them shows a
        password.

    Returns
    -------
    pandas.DataFrame or None
        A GeoDataFrame in the CRS of its SRID if there is a geometry column, otherwise a table; rows are ordered by
        content, because a database has no fixed order. None if a fault was noted.
    """
    if any(importlib.util.find_spec(name) is None for name in ("sqlalchemy", "psycopg")):
        log.fault("database_support_missing", field="database", expected=EXTRA)
        return None
    from sqlalchemy import create_engine  # noqa: PLC0415 - an extra
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    url = _address(source.database or "", log)
    if url is None:
        return None
    try:
        engine = create_engine(url, connect_args={"connect_timeout": _CONNECT_S}, poolclass=NullPool)
        connection = engine.connect()
    except (SQLAlchemyError, ValueError, OSError) as error:
        log.fault("database_unreachable", field="database", found=_without_password(error, url))
        return None
    with connection:
        try:
            for statement in _GUARDS:
                connection.exec_driver_sql(statement)
            # Through a server-side cursor, which accepts only a single selecting statement; a % in it is literal.
            return _read(connection.execution_options(stream_results=True, no_parameters=True), source, log)
        except (SQLAlchemyError, ValueError, TypeError) as error:
            field = "query" if source.query is not None else "layer"
            log.fault("database_refused", field=field, found=_without_password(error, url))
    return None


def _address(database: str, log: LayerLog) -> "URL | None":
    from sqlalchemy import make_url  # noqa: PLC0415 - an extra
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(database)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in _SPOKEN:
        log.fault("database_address", field="database", expected="postgresql://user@host/name")
        return None
    return url.set(drivername=_DRIVER)


def _without_password(error: Exception, url: "URL") -> str:
    """Return the message of a database in one line, without the password."""
    said = str(getattr(error, "orig", None) or error)
    for password in {
        str(url.password or ""),
        url.render_as_string(hide_password=False).split("@")[0].rpartition(":")[2],
    }:
        if password and url.password:
            said = said.replace(password, _HIDDEN)
    return " ".join(said.split())


def _read(connection: "Connection", source: Layer, log: LayerLog) -> pd.DataFrame | None:
    statement = source.query.strip().rstrip(";") if source.query is not None else _select(connection, source, log)
    if statement is None:
        return None
    places = _places(connection, statement, log)
    if places is None:
        return None
    log.fact(driver=_version(connection), layer=source.layer or "query")
    rows = connection.exec_driver_sql(statement)
    names = list(rows.keys())
    table = pd.DataFrame.from_records([tuple(row) for row in rows], columns=names, coerce_float=True)
    digest, order = _canonical(table)
    log.digest(digest)
    table = table.iloc[order].reset_index(drop=True)
    return _with_geometry(table, places[0], connection, log) if places else table


def _select(connection: "Connection", source: Layer, log: LayerLog) -> str | None:
    """Return the statement that selects a table; None with a fault if the name is unknown."""
    tables = [
        (str(schema), str(name))
        for schema, name in _rows(
            connection,
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2",
        )
        if schema not in _SYSTEM and name not in _KNOWN_SYSTEM_TABLES
    ]
    path = [str(schema) for (schema,) in _rows(connection, "SELECT unnest(current_schemas(false))")]
    names = [name if schema in path else f"{schema}.{name}" for schema, name in tables]
    if source.layer is None:
        log.fault("layer_not_named", field="layer", expected=listed(names))
        return None
    schema, _, name = source.layer.rpartition(".")
    # Without a schema, the first on the path with the table; a name may contain a dot itself.
    wanted = [(schema, name)] if schema else []
    wanted += [(each, source.layer) for each in path]
    found = next((each for each in wanted if each in tables), None)
    if found is None:
        log.fault("layer_not_found", field="layer", found=source.layer, expected=listed(names))
        return None
    quote = connection.dialect.identifier_preparer.quote_identifier
    return f"SELECT * FROM {quote(found[0])}.{quote(found[1])}"  # noqa: S608 - both names are in the catalogue


def _rows(connection: "Connection", statement: str) -> Sequence[Sequence[Any]]:
    return [tuple(row) for row in connection.exec_driver_sql(statement)]


def _places(connection: "Connection", statement: str, log: LayerLog) -> list[str] | None:
    """Return the geometry column of a statement, if any; None with a fault if there are several."""
    kinds = {
        oid for (oid,) in _rows(connection, "SELECT oid::int8 FROM pg_type WHERE typname IN ('geometry', 'geography')")
    }
    head = connection.exec_driver_sql(
        f"SELECT * FROM ({statement}\n) AS source LIMIT 0"  # noqa: S608 - the scenario's own query, read-only
    )
    described = head.cursor.description if head.cursor is not None else None
    head.close()
    columns = [(column[0], column[1]) for column in described or ()]
    names = [name for name, _ in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    for name in twice:
        log.fault("column_twice", field=name, found=name)
    places = [name for name, kind in columns if kind in kinds]
    if len(places) > 1:
        log.fault("several_geometry_columns", found=listed(places))
    return None if twice or len(places) > 1 else places


def _version(connection: "Connection") -> str:
    installed = _rows(connection, "SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    return f"PostGIS {installed[0][0]}" if installed else f"PostgreSQL {_rows(connection, 'SHOW server_version')[0][0]}"


def _canonical(table: pd.DataFrame) -> tuple[str, list[int]]:
    """Return the SHA-256 over all rows, independent of their order, and the order that sorts them by content."""
    columns = [[_bytes(cell) for cell in table[name].tolist()] for name in table.columns]
    rows = [b"\x1f".join(cells) for cells in zip(*columns, strict=True)]
    order = sorted(range(len(rows)), key=rows.__getitem__)
    found = hashlib.sha256("\x1f".join(table.columns).encode())
    for position in order:
        found.update(b"\x1e" + rows[position])
    return found.hexdigest(), order


def _bytes(cell: object) -> bytes:
    """Write a cell so that different cells stay different; geometry is the hexadecimal text of its WKB."""
    if isinstance(cell, memoryview | bytes):
        return bytes(cell)
    return b"\x00" if cell is None or cell is pd.NaT or cell != cell else str(cell).encode()  # noqa: PLR0124 - NaN


def _with_geometry(table: pd.DataFrame, name: str, connection: "Connection", log: LayerLog) -> pd.DataFrame | None:
    cells = np.array([cell if isinstance(cell, str) else None for cell in table[name].tolist()], dtype=object)
    shapes = np.asarray(shapely.from_wkb(cells, on_invalid="ignore"), dtype=object)
    srids = sorted({int(srid) for srid in shapely.get_srid(shapes[~shapely.is_missing(shapes)])})
    if len(srids) > 1:
        log.fault("several_srids", field=name, found=listed(srids))
        return None
    crs = None
    if srids and srids[0] > 0:
        crs = _crs(srids[0], connection)
        if crs is None:
            log.fault("unknown_crs", field="crs", found=f"SRID {srids[0]}")
            return None
    plain = shapely.force_2d(shapely.set_srid(shapes, 0))
    return gpd.GeoDataFrame(table.drop(columns=name), geometry=gpd.GeoSeries(plain, index=table.index, crs=crs))


def _crs(srid: int, connection: "Connection") -> CRS | None:
    """Return the meaning of a SRID in this database; None if it has none."""
    known = _rows(connection, f"SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = {int(srid)}")  # noqa: S608
    for name, code, words in known:
        for said in (f"{name}:{code}" if name and code else "", words or ""):
            try:
                return CRS.from_user_input(said)
            except CRSError:
                continue
    return None
