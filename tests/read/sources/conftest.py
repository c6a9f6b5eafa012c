"""A PostgreSQL server with PostGIS for as long as the tests run."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

PASSWORD = "s3cret:pass@word"  # noqa: S105 - of a server that lives as long as the tests
USER = "postgres"


@dataclass(frozen=True)
class Server:
    """A running server: its port, and tables of ours in it."""

    port: int

    def url(self, password: str = "s3cret%3Apass%40word", port: int | None = None) -> str:  # noqa: S107
        """Return its address as a scenario writes it."""
        return f"postgresql://{USER}:{password}@127.0.0.1:{port or self.port}/postgres"

    def run(self, *statements: str) -> None:
        """Run statements that write."""
        with self._connection() as connection:
            for statement in statements:
                connection.execute(statement)

    def value(self, statement: str) -> Any:
        """Return the single value of a query."""
        with self._connection() as connection:
            return connection.execute(statement).fetchone()[0]

    def load(self, frame: gpd.GeoDataFrame, table: str, schema: str = "public") -> str:
        """Write a layer into a new table; text columns, and a column ``geom`` with the SRID of its CRS."""
        columns = [name for name in frame.columns if name != "geometry"]
        named = ", ".join(f'"{name}" text' for name in columns)
        marks = ", ".join(["%s"] * len(columns))
        srid = frame.crs.to_epsg()
        rows = zip(*(frame[name].tolist() for name in columns), frame.geometry.to_wkb(hex=True), strict=True)
        self.run(
            f'CREATE SCHEMA IF NOT EXISTS "{schema}"',
            f'DROP TABLE IF EXISTS "{schema}"."{table}"',
            f'CREATE TABLE "{schema}"."{table}" ({named}, geom geometry(Geometry, {srid}))',
        )
        with self._connection() as connection, connection.cursor() as cursor:
            statement = f'INSERT INTO "{schema}"."{table}" VALUES ({marks}, ST_SetSRID(%s::geometry, {srid}))'  # noqa: S608
            cursor.executemany(statement, list(rows))
        return f"{schema}.{table}"

    def _connection(self) -> Any:
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname="postgres", autocommit=True
        )


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server of its own, which asks for a password; skips where there is none to start."""
    programs = _programs()
    if programs is None:
        pytest.skip("postgis: there is no PostgreSQL server")
    folder = Path(tempfile.mkdtemp(prefix="siting-postgis-"))
    # The server refuses to run as root.
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
        as_user = {"user": USER, "group": USER, "extra_groups": []}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = folder / "password"
    words.write_text(PASSWORD, encoding="ascii")
    data, log = folder / "data", folder / "log"

    def run(program: str, *options: str) -> None:
        done = subprocess.run(
            [str(programs / program), *options], cwd=folder, capture_output=True, text=True, check=False, **as_user
        )
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        assert done.returncode == 0, f"{program}: {done.stderr}{said}"

    try:
        run(
            "initdb", "-D", str(data), "-U", USER, "-A", "scram-sha-256", f"--pwfile={words}", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-o", options, "start")
        try:
            started = Server(port)
            if not started.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'"):
                pytest.skip("postgis: the server has no such extension")
            started.run("CREATE EXTENSION postgis")
            yield started
        finally:
            run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
