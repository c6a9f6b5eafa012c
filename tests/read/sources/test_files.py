"""Digests of files: the data decide, not how often a program has opened them."""

import sqlite3
from contextlib import closing
from pathlib import Path

from siting.read.sources.files import parts, sha256
from tests.read.case import squares


def test_a_geopackage_that_was_only_opened_for_writing_keeps_its_digest(tmp_path: Path) -> None:
    """As QGIS does for a filter: SQLite counts a write although no row has changed."""
    path = tmp_path / "streets.gpkg"
    squares().to_file(path)
    content, digest = path.read_bytes(), sha256(path)
    with closing(sqlite3.connect(path)) as database:
        for mode in ("wal", "delete"):
            database.execute(f"PRAGMA journal_mode = {mode}")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {version}")
        database.commit()
    assert path.read_bytes() != content
    assert sha256(path) == digest
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {version + 1}")
        database.commit()
    assert sha256(path) != digest


def test_what_another_program_has_not_yet_moved_into_the_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "streets.gpkg"
    squares().to_file(path)
    assert list(parts(path)) == [""]
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = wal")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {version + 1}")
        database.commit()
        assert list(parts(path)) == ["", "wal"]
    assert list(parts(path)) == [""]
