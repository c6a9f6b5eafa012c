"""PostGIS: tables, queries, what goes wrong, and that nothing is ever written."""

import sys

import geopandas as gpd
import pandas as pd
import pytest

from siting.domain.scenario import FacilityLayer, Layer
from siting.read.log import Log
from siting.read.sources import databases
from siting.read.sources.vectors import Raw, read_table, read_vector
from tests.read.case import squares
from tests.read.sources.conftest import PASSWORD, Server


@pytest.fixture(scope="module")
def loaded(server: Server) -> Server:
    server.load(squares(), "街道 layer", "规划")
    server.load(squares(1).to_crs(4490), "streets")
    server.run(
        "CREATE TABLE people (name text, residents int, elderly numeric, day date)",
        "INSERT INTO people VALUES ('甲', 100, 20.5, '2020-11-01'), ('乙', NULL, 7, NULL)",
        "CREATE TABLE places (id text, 经度 float8, 纬度 float8)",
        "INSERT INTO places VALUES ('A', 106.57, 29.55)",
        "CREATE TABLE two (id text, geom geometry(Point, 4490), centre geometry(Point, 4490))",
        "CREATE TABLE mixed (id text, geom geometry)",
        "INSERT INTO mixed VALUES ('A', 'SRID=4490;POINT (1 2)'), ('B', 'SRID=4326;POINT (1 2)')",
        "CREATE TABLE bare (id text, geom geometry)",
        "INSERT INTO bare VALUES ('A', ST_MakePoint(106.5, 29.5))",
        "CREATE TABLE nothing (id text, geom geometry(Point, 4490))",
    )
    return server


def _read(server: Server, **keys: object) -> tuple[Raw | None, Log]:
    log = Log()
    source = Layer(**({"database": server.url()} | keys))  # type: ignore[arg-type]
    return read_vector(source, log.layer("units.street", source.called)), log


def _fault(log: Log) -> tuple[str, str]:
    assert len(log.faults.found) == 1, log.faults.found
    for lang in ("zh", "en"):
        message = log.faults.found[0].message(lang)  # type: ignore[arg-type]
        assert PASSWORD not in message
        assert "s3cret" not in message
    return log.faults.found[0].code, log.faults.found[0].found


def test_a_table_is_read_whatever_its_names(loaded: Server) -> None:
    raw, log = _read(loaded, layer="规划.街道 layer")
    assert log.faults.found == []
    assert raw is not None
    found = raw.frame.set_index("id").loc[["S1", "S2"]]
    assert found["name"].tolist() == ["S1街道", "S2街道"]
    assert found.geometry.geom_equals(squares().set_index("id").geometry).all()
    assert found.crs.to_epsg() == 4545
    facts = log.layers["units.street"]
    assert facts["driver"].startswith("PostGIS 3.")
    assert (facts["layer"], facts["rows"]) == ("规划.街道 layer", 2)


def test_a_table_of_the_search_path_needs_no_schema(loaded: Server) -> None:
    raw, _ = _read(loaded, layer="streets")
    assert raw is not None
    assert raw.frame.crs.to_epsg() == 4490


def test_a_query_selects_and_may_hold_any_sign(loaded: Server) -> None:
    query = (
        """SELECT id, name AS 名称, geom FROM "规划"."街道 layer" WHERE name LIKE '%2%' AND ':x' <> 'y' ORDER BY 1;"""
    )
    raw, log = _read(loaded, query=query)
    assert log.faults.found == []
    assert raw is not None
    assert raw.frame["名称"].tolist() == ["S2街道"]


def test_the_digest_follows_the_content_and_not_the_order(loaded: Server) -> None:
    query = 'SELECT * FROM "规划"."街道 layer" ORDER BY id'
    found = [_read(loaded, query=words) for words in (query, f"{query} DESC", f"{query} LIMIT 1")]
    digests = [log.digests["units.street"] for _, log in found]
    assert digests[0] == digests[1] != digests[2]
    first, second = (raw.frame for raw, _ in found[:2] if raw is not None)
    assert first.equals(second)


def test_a_table_without_places_is_a_table(loaded: Server) -> None:
    log = Log()
    table = read_table(Layer(database=loaded.url(), layer="people"), log.layer("units.street.people", "people"))
    assert table is not None
    assert log.faults.found == []
    found = table.set_index("name")
    assert found.loc["甲", ["residents", "elderly"]].tolist() == [100, 20.5]
    assert pd.isna(found.loc["乙", "residents"])


def test_coordinates_may_stand_in_columns(loaded: Server) -> None:
    log = Log()
    source = FacilityLayer(database=loaded.url(), layer="places", crs="EPSG:4490", complete=True)
    raw = read_vector(source, log.layer("facilities", "places"))
    assert raw is not None
    assert (raw.frame.geometry.x[0], raw.frame.geometry.y[0]) == (106.57, 29.55)


@pytest.mark.parametrize(
    ("keys", "code", "word"),
    [
        ({"layer": "streats"}, "layer_not_found", "streats"),
        ({"layer": "nowhere.streets"}, "layer_not_found", "nowhere.streets"),
        ({}, "layer_not_named", ""),
        ({"layer": "two"}, "several_geometry_columns", "geom, centre"),
        ({"layer": "mixed"}, "several_srids", "4326, 4490"),
        ({"layer": "bare"}, "missing_crs", ""),
        ({"layer": "people"}, "no_coordinates", "name, residents, elderly, day"),
        ({"layer": "nothing"}, "empty_layer", ""),
        ({"query": "SELECT id, id FROM streets"}, "column_twice", "id"),
        ({"query": "SELECT wrong FROM streets"}, "database_refused", "wrong"),
        ({"query": "SELECT 1 AS id; DROP TABLE streets"}, "database_refused", "syntax error"),
        ({"query": "DELETE FROM streets"}, "database_refused", "syntax error"),
    ],
)
def test_what_a_database_cannot_give_is_told(loaded: Server, keys: dict[str, str], code: str, word: str) -> None:
    raw, log = _read(loaded, **keys)
    assert raw is None
    assert _fault(log)[0] == code
    assert word in _fault(log)[1]


def test_nothing_is_written_even_by_a_query_that_would(loaded: Server) -> None:
    loaded.run("CREATE OR REPLACE FUNCTION wipe() RETURNS int AS 'DELETE FROM streets; SELECT 1' LANGUAGE sql VOLATILE")
    for query in ("SELECT wipe() AS id", "SELECT 1) AS source LIMIT 0; DELETE FROM streets; SELECT * FROM (SELECT 1"):
        raw, log = _read(loaded, query=query)
        assert raw is None
        assert _fault(log)[0] == "database_refused"
    assert loaded.value("SELECT count(*) FROM streets") == 1


def test_nothing_runs_on_for_ever(loaded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    guards = tuple(guard.replace("10min", "200ms") for guard in databases._GUARDS)
    assert guards != databases._GUARDS
    monkeypatch.setattr(databases, "_GUARDS", guards)
    raw, log = _read(loaded, query="SELECT 1 AS id, pg_sleep(30)::text AS nap")
    assert raw is None
    assert _fault(log)[0] == "database_refused"
    assert "timeout" in _fault(log)[1]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://postgres:s3cret%3Awrong@127.0.0.1:{port}/postgres", "database_unreachable"),
        ("postgresql://postgres:s3cret%3Awrong@127.0.0.1:1/postgres", "database_unreachable"),
        ("postgresql://postgres:s3cret%3Apass%40word@127.0.0.1:{port}/nobase", "database_unreachable"),
        ("mysql://postgres:s3cret@127.0.0.1/x", "database_address"),
        ("s3cret", "database_address"),
        ("postgresql://u:s3cret@[::1/x", "database_address"),
    ],
    # Tests are handed out by what stands before the last "::" of their names, which an address may hold too.
    ids=["password", "port", "database", "scheme", "word", "bracket"],
)
def test_a_database_that_cannot_be_reached_is_told_without_the_password(loaded: Server, url: str, code: str) -> None:
    raw, log = _read(loaded, database=url.format(port=loaded.port), layer="streets")
    assert raw is None
    assert _fault(log)[0] == code


def test_what_reads_databases_may_not_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    log = Log()
    source = Layer(database="postgresql://planner@localhost/district", layer="streets")
    assert read_vector(source, log.layer("units.street", "streets")) is None
    assert _fault(log)[0] == "database_support_missing"
    assert "siting[postgis]" in log.faults.found[0].message("en")


def test_a_layer_is_what_another_reader_makes_of_it(loaded: Server) -> None:
    frame = gpd.read_postgis('SELECT * FROM "规划"."街道 layer"', _engine(loaded), geom_col="geom")
    raw, _ = _read(loaded, layer="规划.街道 layer")
    assert raw is not None
    assert sorted(raw.frame.geometry.to_wkt()) == sorted(frame.geometry.to_wkt())
    assert raw.frame.crs == frame.crs


def _engine(server: Server) -> object:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    return create_engine(server.url().replace("postgresql", "postgresql+psycopg"), poolclass=NullPool)
