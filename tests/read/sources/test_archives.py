"""Archives: any format inside, names in any encoding, and nothing that does harm."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from siting.domain.scenario import Layer
from siting.read.log import Log
from siting.read.sources import archives, packed
from siting.read.sources.files import sha256
from siting.read.sources.vectors import Raw, read_vector
from tests.read.case import CRS, Case, squares


def _zip(folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "data.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _renamed(path: Path, name: str, raw: bytes) -> Path:
    """Give a member a name in raw bytes, as programs do that do not mark it as UTF-8."""
    assert len(name) == len(raw)
    path.write_bytes(path.read_bytes().replace(name.encode(), raw))
    return path


def _files(folder: Path, driver: str = "GeoJSON") -> dict[str, bytes]:
    folder.mkdir()
    suffix = {"GeoJSON": ".geojson", "ESRI Shapefile": ".shp", "GPKG": ".gpkg"}[driver]
    squares().to_file(folder / f"streets{suffix}", driver=driver, **({"encoding": "GBK"} if suffix == ".shp" else {}))
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def _read(path: Path, **keys: object) -> tuple[Raw | None, Log]:
    log = Log()
    return read_vector(Layer(path=path, **keys), log.layer("units.street", path.name)), log  # type: ignore[arg-type]


def _code(path: Path, **keys: object) -> str:
    raw, log = _read(path, **keys)
    assert raw is None
    assert [fault.file for fault in log.faults.found] == ["data.zip"]
    return log.faults.found[0].code


@pytest.mark.parametrize("driver", ["GeoJSON", "ESRI Shapefile", "GPKG"])
def test_a_layer_is_read_out_of_an_archive(tmp_path: Path, driver: str) -> None:
    files = _files(tmp_path / "files", driver)
    path = _zip(
        tmp_path,
        {"说明.docx": b"x", "__MACOSX/._streets.geojson": b"x"}
        | {f"图 层/{name}": content for name, content in files.items()},
    )
    raw, log = _read(path)
    assert raw is not None
    assert raw.frame["name"].tolist() == ["S1街道", "S2街道"]
    assert raw.frame.crs.to_epsg() == 4545
    assert log.digests == {"units.street": sha256(path)}


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_names_of_members_may_be_in_bytes_that_are_not_marked(tmp_path: Path, encoding: str) -> None:
    content = _files(tmp_path / "files")["streets.geojson"]
    raw_name = "街道".encode(encoding)
    first, second = "x" * len(raw_name), "y" * len(raw_name)
    path = _zip(tmp_path, {f"{first}.geojson": content, f"{second}.csv": b"id\n1\n"})
    _renamed(path, first, raw_name)
    raw, log = _read(path, layer="街道")
    assert log.faults.found == []
    assert raw is not None
    raw, log = _read(path)
    assert raw is None
    assert (log.faults.found[0].code, log.faults.found[0].expected) == (
        "layer_not_named",
        f"{second}.csv, 街道.geojson",
    )


def test_layers_of_members_are_named_by_file_and_layer(tmp_path: Path) -> None:
    squares().to_file(tmp_path / "a.gpkg", layer="one")
    squares(1).to_file(tmp_path / "a.gpkg", layer="two")
    squares(3).to_file(tmp_path / "b.gpkg", layer="only")
    path = _zip(tmp_path, {name: (tmp_path / name).read_bytes() for name in ("a.gpkg", "b.gpkg")})
    for layer, count in (("a/one", 2), ("a/two", 1), ("a.gpkg/two", 1), ("b", 3), ("b/only", 3)):
        raw, _ = _read(path, layer=layer)
        assert raw is not None
        assert len(raw.frame) == count
    for layer, code in (
        (None, "layer_not_named"),
        ("a", "layer_not_named"),
        ("a/x", "layer_not_found"),
        ("c", "layer_not_found"),
    ):
        assert _code(path, layer=layer) == code


def test_the_only_file_of_an_archive_need_not_be_named(tmp_path: Path) -> None:
    squares().to_file(tmp_path / "a.gpkg", layer="one")
    squares(1).to_file(tmp_path / "a.gpkg", layer="two")
    raw, _ = _read(_zip(tmp_path, {"a.gpkg": (tmp_path / "a.gpkg").read_bytes()}), layer="two")
    assert raw is not None
    assert len(raw.frame) == 1


@pytest.mark.parametrize("name", ["../streets.geojson", "/streets.geojson", "a/../../x.csv", "C:\\x.csv", "..\\x.csv"])
def test_a_member_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = _zip(tmp_path, {"streets.geojson": b"{}", name: b"x"})
    assert _code(path) == "archive_unsafe"
    assert sorted(file.name for file in tmp_path.parent.iterdir() if file.suffix == ".geojson") == []


def test_a_member_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    virtual = (
        b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    assert _code(_zip(tmp_path, {"streets.geojson": b"\n" + virtual})) == "archive_unsafe"


def test_an_archive_that_grows_too_much_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _zip(tmp_path, {"streets.csv": b"0" * (packed.SMALL_BYTES + 1)})
    assert path.stat().st_size * packed.MOST_GROWTH < packed.SMALL_BYTES
    monkeypatch.setattr(archives, "_write", None)
    assert _code(path) == "archive_too_large"


def test_an_archive_of_very_many_members_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path, {f"{i}.txt": b"" for i in range(archives.MOST_MEMBERS + 1)}, zipfile.ZIP_STORED)
    assert _code(path) == "archive_too_large"


def test_an_archive_that_lies_about_its_sizes_is_told(tmp_path: Path) -> None:
    path = _zip(tmp_path, {"streets.csv": b"id\n" + b"0\n" * 100_000})
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 200_003), struct.pack("<I", 10)))
    assert _code(path) == "unreadable_file"


def test_an_encrypted_archive_is_told(tmp_path: Path) -> None:
    path = _zip(tmp_path, {"streets.csv": b"id\n1\n"})
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    path.write_bytes(content)
    assert _code(path) == "archive_encrypted"


def test_an_archive_without_data_is_told(tmp_path: Path) -> None:
    assert _code(_zip(tmp_path, {"readme.txt": b"x", "图.dwg": b"x"})) == "archive_without_data"


@pytest.mark.parametrize("cut", [0, 1, 30, 60, -30, -1])
def test_a_broken_archive_is_told(tmp_path: Path, cut: int) -> None:
    path = _zip(tmp_path, {"streets.csv": b"id,name\n1,x\n" * 50})
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    assert _code(path) == "unreadable_file"
    damaged = bytearray(content)
    damaged[45] ^= 0xFF
    path.write_bytes(damaged)
    assert _code(path) == "unreadable_file"


def test_the_folder_goes_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _zip(tmp_path, _files(tmp_path / "files"))
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(unpacked))
    raw, _ = _read(path)
    assert raw is not None
    assert list(unpacked.iterdir()) == []


def test_an_archive_stands_in_a_scenario(case: Case) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("台账.csv", (case.folder / "facilities.csv").read_bytes())
    (case.folder / "facilities.zip").write_bytes(buffer.getvalue())
    case.sections["facilities"] = (
        f'path = "facilities.zip"\ncrs = "{CRS}"\ncomplete = true\ncolumns = {{ lon = "x", lat = "y" }}'
    )
    assert case.read().facilities["name"].tolist() == ["一号站", "二号站", "三号中心"]
