"""What a packed file unpacks to is limited, whatever it is called and whatever would read it."""

import bz2
import gzip
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import osmium
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siting.domain.scenario import Layer
from siting.read.log import Log
from siting.read.sources import packed
from siting.read.sources.blobs import blob_sizes, has_blobs
from siting.read.sources.packed import MOST_GROWTH, SMALL_BYTES, unpacks_within_limits
from siting.read.sources.vectors import read_vector
from siting.read.virtual import points_elsewhere
from tests.read.case import Case

BLANKS = 45_000_000
GML = '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs"></wfs:FeatureCollection>'


@cache
def _bomb(parts: int) -> bytes:
    """Return an OpenStreetMap file in a few bytes, which unpacks to so many times 45 MB."""
    head, tail = b'<?xml version="1.0"?><osm version="0.6">', b"</osm>"
    return bz2.compress(head) + bz2.compress(b" " * BLANKS) * parts + bz2.compress(tail)


def _number(value: int) -> bytes:
    """Write a number as protobuf does."""
    return bytes([value % 128 | (128 if value > 127 else 0)]) + (_number(value // 128) if value > 127 else b"")


def _field(number: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        return _number(8 * number) + _number(content)
    return _number(8 * number + 2) + _number(len(content)) + content


def _blob(content: bytes, kind: bytes = b"OSMHeader") -> bytes:
    """Return a blob of an OpenStreetMap file, its content deflated."""
    blob = _field(2, len(content)) + _field(3, zlib.compress(content))
    head = _field(1, kind) + _field(3, len(blob))
    return len(head).to_bytes(4, "big") + head + blob


def test_a_small_pbf_that_unpacks_to_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "SMALL_BYTES", 800_000)
    case = Case(tmp_path)
    # A block without an element, and with much in a field that nobody knows.
    block = _blob(_field(1, b"") + _field(100, bytes(500_000)), b"OSMData")
    head = _blob(_field(4, b"OsmSchema-V0.6"))
    case.sections["network"] = 'path = "walk.osm.pbf"'
    found = []
    for count in (1, 2):
        (tmp_path / "walk.osm.pbf").write_bytes(head + block * count)
        assert (tmp_path / "walk.osm.pbf").stat().st_size * MOST_GROWTH < 800_000
        fault = case.fault()
        found.append((fault.code, fault.file))
    assert found == [("no_walkable_way", "walk.osm.pbf"), ("unpacks_too_large", "walk.osm.pbf")]


def test_blobs_declare_what_they_hold(tmp_path: Path) -> None:
    sizes = {}
    for compression in ("none", "zlib", "lz4"):
        path = tmp_path / f"{compression}.pbf"
        with osmium.SimpleWriter(osmium.io.File(str(path), f"pbf,pbf_compression={compression}")) as writer:
            for number in range(1, 9_001):
                writer.add_node(osmium.osm.mutable.Node(id=number, location=(100 + number % 7 / 9, 29.65)))
        assert has_blobs(path)
        sizes[compression] = sum(blob_sizes(path))
    assert sizes["zlib"] == sizes["lz4"] == sizes["none"]
    # Beside its blobs a file that is not packed has their heads.
    heads = (tmp_path / "none.pbf").stat().st_size - sizes["none"]
    assert 0 < heads < 50 * len(list(blob_sizes(tmp_path / "none.pbf")))
    assert (tmp_path / "zlib.pbf").stat().st_size < sizes["zlib"]


@pytest.mark.parametrize("end", [b"\0", b"\0\0\0\7", b"\0\0\0\0", b"\0\0\0\2\x18\x05", b"\0\0\0\2\x1b\x05" + bytes(9)])
def test_a_pbf_that_breaks_off_is_told(tmp_path: Path, end: bytes) -> None:
    path, log = tmp_path / "walk.pbf", Log()
    path.write_bytes(_blob(b"0" * 300) + end)
    assert not unpacks_within_limits(path, log.layer("network", path.name))
    assert [fault.code for fault in log.faults.found] == ["unreadable_file"]


@pytest.mark.parametrize("section", ["network", "facilities", "units.street", "terrain"])
def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, section: str) -> None:
    case = Case(tmp_path)
    path = tmp_path / "bomb.osm.bz2"
    path.write_bytes(_bomb(100))
    assert path.stat().st_size < 6_000
    case.sections[section] = 'path = "bomb.osm.bz2"' + ("\ncomplete = true" if section == "facilities" else "")
    fault = next(each for each in case.faults() if each.file == "bomb.osm.bz2")
    assert fault.code == "unpacks_too_large"
    assert "50 MiB" in fault.message("en")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, _blob])
def test_the_limit_is_that_of_archives(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path, log = tmp_path / "packed", Log()
    path.write_bytes(pack(b"0" * SMALL_BYTES))
    assert path.stat().st_size * MOST_GROWTH < SMALL_BYTES
    assert unpacks_within_limits(path, log.layer("network", path.name))
    path.write_bytes(path.read_bytes() + pack(b"0"))
    assert not unpacks_within_limits(path, log.layer("network", path.name))
    assert [fault.code for fault in log.faults.found] == ["unpacks_too_large"]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_file_that_breaks_off_is_told(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    case = Case(tmp_path)
    whole = pack(b'<osm version="0.6">' + np.random.default_rng(1).bytes(3000).hex().encode() + b"</osm>")
    (tmp_path / f"walk.osm.{'gz' if pack is gzip.compress else 'bz2'}").write_bytes(whole[: len(whole) // 2])
    case.sections["network"] = f'path = "walk.osm.{"gz" if pack is gzip.compress else "bz2"}"'
    assert case.fault().code == "unreadable_file"


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_what_is_packed_is_known_by_its_content(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / f"streets.osm.{suffix}"
    # GDAL unpacks a GML under any name, and asks the host for the schema that it names.
    path.write_bytes(pack(GML.encode()))
    assert points_elsewhere(path)
    path.write_bytes(pack(b'<?xml version="1.0"?><osm version="0.6"></osm>'))
    assert not points_elsewhere(path)


def test_a_table_of_a_repeated_value_is_refused_by_what_it_declares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = 800_000
    monkeypatch.setattr(packed, "SMALL_BYTES", small)
    rows = small // 8
    for more, refused in ((0, False), (1, True)):
        path, log = tmp_path / "people.parquet", Log()
        pq.write_table(pa.table({"residents": np.zeros(rows + more, dtype=np.int64)}), path)
        assert path.stat().st_size * MOST_GROWTH < small
        read_vector(Layer(path=path), log.layer("facilities", path.name))
        assert ("unpacks_too_large" in {fault.code for fault in log.faults.found}) == refused
