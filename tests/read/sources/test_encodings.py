"""The encoding of text is decided by evidence, in a fixed order, and told."""

import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siting.domain.scenario import Layer
from siting.read.log import Log
from siting.read.sources.encodings import by_content, codec, is_chinese, whole
from siting.read.sources.vectors import read_table, read_vector
from tests.read.case import CRS
from tests.read.sources.formats import NAMES

SQUARE = shapely.box(436_000, 3_281_000, 436_100, 3_281_100)


def _shapefile(folder: Path, encoding: str, *, cpg: str | None = None, ldid: int = 0, **columns: list[str]) -> Path:
    """A shapefile whose text is in an encoding, whatever its .cpg and its language driver say."""
    path = folder / "layer.shp"
    table = {"name": list(NAMES)} | columns
    frame = gpd.GeoDataFrame(table, geometry=[SQUARE] * len(next(iter(table.values()))), crs=CRS)
    with warnings.catch_warnings():
        # The writer tells that it cuts names, in bytes that are no text.
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(frame, path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    dbf[29] = ldid
    path.with_suffix(".dbf").write_bytes(dbf)
    return path


def _read(path: Path, **keys: object) -> tuple[pd.DataFrame | None, Log]:
    log = Log()
    raw = read_vector(Layer(path=path, **keys), log.layer("units.street", path.name))  # type: ignore[arg-type]
    return None if raw is None else raw.frame, log


def _how(log: Log) -> tuple[str, str | None]:
    facts = log.layers["units.street"]
    return facts["encoding"], facts.get("encoding_by")


@pytest.mark.parametrize(
    ("encoding", "cpg", "ldid", "stated", "how"),
    [
        ("GBK", None, 0, "GBK", ("GB18030", "stated")),
        ("GBK", "UTF-8", 0x4D, "gb18030", ("GB18030", "stated")),
        ("GBK", "GBK", 0, None, ("GB18030", "cpg")),
        ("GBK", "936", 0, None, ("GB18030", "cpg")),
        ("GBK", "ANSI 936", 0x57, None, ("GB18030", "cpg")),
        ("UTF-8", "UTF-8", 0x57, None, ("UTF-8", "cpg")),
        ("UTF-8", "65001\r\n", 0, None, ("UTF-8", "cpg")),
        ("GBK", None, 0x4D, None, ("GB18030", "ldid")),
        ("GBK", "", 0x7A, None, ("GB18030", "ldid")),
        ("UTF-8", None, 0, None, ("UTF-8", "utf8")),
        ("UTF-8", None, 0x57, None, ("UTF-8", "utf8")),
        ("GBK", None, 0, None, ("GB18030", "hanzi")),
        ("GBK", None, 0x57, None, ("GB18030", "hanzi")),
        ("GB18030", None, 0, None, ("GB18030", "hanzi")),
    ],
)
def test_a_shapefile_is_read_in_its_encoding(
    tmp_path: Path, encoding: str, cpg: str | None, ldid: int, stated: str | None, how: tuple[str, str]
) -> None:
    path = _shapefile(tmp_path, encoding, cpg=cpg, ldid=ldid)
    frame, log = _read(path, encoding=stated)
    assert log.faults.found == []
    assert frame is not None
    assert frame["name"].tolist() == list(NAMES)
    assert _how(log) == how


def test_plain_ascii_needs_no_decision(tmp_path: Path) -> None:
    frame, log = _read(_shapefile(tmp_path, "UTF-8", cpg="no such page", name=["a", "b"]))
    assert frame is not None
    assert _how(log) == ("ASCII", None)


@pytest.mark.parametrize(
    ("encoding", "cpg", "ldid", "found", "expected"),
    [
        ("GBK", "UTF-8", 0, ".cpg (UTF-8)", "gb18030"),
        ("UTF-8", "Big5", 0, ".cpg (Big5)", "utf-8"),
        ("GBK", "ISO-8859-1", 0, ".cpg (ISO-8859-1)", "gb18030"),
        ("UTF-8", "88591", 0, ".cpg (88591)", "utf-8"),
        ("GBK", "no such page", 0, ".cpg (no such page)", "gb18030"),
        ("UTF-8", None, 0x03, "LDID 0x03 (cp1252)", "utf-8"),
    ],
)
def test_a_declaration_that_the_bytes_contradict_is_told_with_what_would_work(
    tmp_path: Path, encoding: str, cpg: str | None, ldid: int, found: str, expected: str
) -> None:
    path = _shapefile(tmp_path, encoding, cpg=cpg, ldid=ldid)
    frame, log = _read(path)
    assert frame is None
    fault = log.faults.found[0]
    assert len(log.faults.found) == 1
    assert (fault.code, fault.found, fault.expected) == ("encoding_contradicted", found, expected)
    assert _read(path, encoding=expected)[0] is not None


def test_a_stated_encoding_that_the_bytes_contradict_is_told(tmp_path: Path) -> None:
    frame, log = _read(_shapefile(tmp_path, "GBK"), encoding="UTF-8")
    assert frame is None
    assert [(fault.code, fault.expected) for fault in log.faults.found] == [("bad_encoding", "UTF-8")]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("big5", ["龍門浩街道", "海棠溪街道", "彈子石街道", "黃桷埡鎮", "峽口鎮"]),
        ("shift_jis", ["さいたま市", "つくば市", "ひたちなか市"]),
        ("cp1252", ["São João", "Açores", "Größe", "Évora"]),
        ("cp1251", ["Москва", "Улица"]),
        ("gb18030", ["綦"]),
    ],
)
def test_text_that_proves_nothing_is_asked_about_and_never_guessed(
    tmp_path: Path, encoding: str, names: list[str]
) -> None:
    path = _shapefile(tmp_path, "UTF-8", name=["?" * 40] * len(names))
    dbf = path.with_suffix(".dbf").read_bytes()
    for name in names:
        dbf = dbf.replace(b"?" * 40, name.encode(encoding).ljust(40), 1)
    path.with_suffix(".dbf").write_bytes(dbf)
    frame, log = _read(path)
    assert frame is None
    assert [fault.code for fault in log.faults.found] == ["encoding_undecided"]
    frame, _ = _read(path, encoding=encoding)
    assert frame is not None
    assert frame["name"].tolist() == names


@pytest.mark.parametrize(
    ("encoding", "name", "read"),
    [("UTF-8", "行政区划名称", "行政区"), ("GBK", "a行政区划名称", "a行政区划")],
)
def test_a_column_name_cut_inside_a_character_is_mended_and_told(
    tmp_path: Path, encoding: str, name: str, read: str
) -> None:
    frame, log = _read(_shapefile(tmp_path, encoding, **{name: list(NAMES)}))
    assert frame is not None
    assert frame[read].tolist() == list(NAMES)
    assert [(note.code, note.values["count"], note.values["names"]) for note in log.notes] == [("text_torn", 1, read)]


def test_a_text_cut_at_the_end_of_its_field_is_mended_and_told(tmp_path: Path) -> None:
    path = _shapefile(tmp_path, "GBK", name=["?" * 9, "x"])
    dbf = path.with_suffix(".dbf").read_bytes()
    width = dbf[32 + 16]
    torn = ("龙门浩街道" * 20).encode("GBK")[: width - 1]
    dbf = dbf.replace((b"?" * 9).ljust(width), b"a" + torn if width % 2 == 0 else torn + b"a")
    path.with_suffix(".dbf").write_bytes(dbf)
    frame, log = _read(path)
    assert frame is not None
    assert str(frame["name"][0]).startswith("a龙门浩街道")
    assert [note.code for note in log.notes] == ["text_torn"]


def test_columns_that_are_one_after_mending_are_told(tmp_path: Path) -> None:
    frame, log = _read(_shapefile(tmp_path, "UTF-8", 行政区划=list(NAMES), 行政区丽=list(NAMES)))
    assert frame is None
    assert [(fault.code, fault.field) for fault in log.faults.found] == [("column_twice", "行政区")]


def test_a_prj_with_names_in_gbk_is_read(tmp_path: Path) -> None:
    path = _shapefile(tmp_path, "GBK")
    prj = path.with_suffix(".prj")
    words = prj.read_text(encoding="utf-8")
    name = words.split('"')[1]
    prj.write_bytes(words.replace(name, "国家2000坐标系三度带", 1).encode("GBK"))
    frame, log = _read(path)
    assert log.faults.found == []
    assert frame is not None
    assert frame.crs.coordinate_operation.params[1].value == 108  # type: ignore[attr-defined]
    assert log.layers["units.street"]["layer"] == "layer"
    prj.write_bytes("不是坐标系".encode("GBK"))
    assert [fault.code for fault in _read(path)[1].faults.found] == ["unknown_crs"]


def test_a_dbf_alone_is_a_table(tmp_path: Path) -> None:
    path = _shapefile(tmp_path, "GBK")
    path.with_suffix(".shp").unlink()
    path.with_suffix(".shx").unlink()
    log = Log()
    table = read_table(Layer(path=path.with_suffix(".dbf")), log.layer("units.street", "layer.dbf"))
    assert table is not None
    assert table["name"].tolist() == list(NAMES)


@pytest.mark.parametrize("size", [0, 10, 33, 70, 200])
def test_a_broken_dbf_is_told(tmp_path: Path, size: int) -> None:
    path = _shapefile(tmp_path, "GBK")
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes()[:size])
    frame, log = _read(path)
    assert frame is not None or log.faults.found
    assert {fault.code for fault in log.faults.found} <= {"unreadable_file", "encoding_undecided", "missing_crs"}


def test_districts_as_a_bureau_hands_them_out(shared: Path, tmp_path: Path) -> None:
    folder = shared / "realdata" / "chongqing_core" / "districts_gbk_shp"
    frame, log = _read(folder / "区县界_area.shp")
    assert frame is not None
    assert {"奉节县", "涪陵区", "渝中区"} <= set(frame["NAME"])
    assert _how(log) == ("GB18030", "ldid")
    # Without the byte that names the language the names themselves decide.
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    dbf = tmp_path / "区县界_area.dbf"
    content = bytearray(dbf.read_bytes())
    content[29] = 0
    dbf.write_bytes(content)
    again, log = _read(tmp_path / "区县界_area.shp")
    assert again is not None
    assert again["NAME"].tolist() == frame["NAME"].tolist()
    assert _how(log) == ("GB18030", "hanzi")


@pytest.mark.parametrize(
    ("write", "how"),
    [
        (lambda text: text.encode("utf-8"), ("UTF-8", "utf8")),
        (lambda text: text.encode("utf-8-sig"), ("UTF-8", "bom")),
        (lambda text: text.encode("gb18030"), ("GB18030", "hanzi")),
        (lambda text: text.replace(",", "\t").encode("utf-16"), ("UTF-16", "bom")),
    ],
)
def test_a_table_of_text_is_read_in_its_encoding(
    tmp_path: Path, write: Callable[[str], bytes], how: tuple[str, str]
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(write("名称,常住人口\n" + "".join(f"{name},{i}\n" for i, name in enumerate(NAMES))))
    log = Log()
    table = read_table(Layer(path=path), log.layer("units.street", path.name))
    assert table is not None
    assert table["名称"].tolist() == list(NAMES)
    assert _how(log) == how


def test_a_table_whose_encoding_cannot_be_told_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("名稱,人口\n龍門浩街道,3\n彈子石鎮,4\n黃桷埡鎮,5\n".encode("big5"))
    log = Log()
    assert read_table(Layer(path=path), log.layer("units.street", path.name)) is None
    assert [fault.code for fault in log.faults.found] == ["encoding_undecided"]


@given(
    st.lists(st.sampled_from(NAMES), min_size=5, unique=True), st.sampled_from(["utf-8", "gb18030"]), st.integers(0, 3)
)
def test_whole_names_are_told_apart_however_they_are_cut(names: list[str], encoding: str, lost: int) -> None:
    cells = [name.encode(encoding) for name in names]
    found = by_content(cells[1:], [cells[0][: len(cells[0]) - lost]])
    assert found is not None
    assert found.name == encoding


@given(st.text(alphabet="渝中区北碚綦江a1", min_size=1), st.sampled_from(["utf-8", "gb18030", "gbk"]))
def test_what_is_whole_stays_and_what_is_torn_goes(text: str, encoding: str) -> None:
    written = text.encode(encoding)
    for length in range(len(written) + 1):
        read, torn = whole(written[:length], encoding)
        assert text.startswith(read)
        assert torn == (read.encode(encoding) != written[:length])


@pytest.mark.parametrize("word", ["hex", "rot13", "base64", "", "x\0y", "cp", "ansi", "oem 9999"])
def test_what_is_no_encoding_of_text_is_refused(word: str) -> None:
    with pytest.raises((LookupError, ValueError)):
        codec(word)


def _hanzi(level: int, count: int) -> str:
    """Return Hanzi of a level of GB 2312: of 1, which are in common use, or of 2."""
    row = {1: 0xB0, 2: 0xD8}[level]
    return "".join(bytes([row, 0xA1 + each]).decode("gb2312") for each in range(count))


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        (_hanzi(1, 1), False),
        (_hanzi(1, 2), True),
        # Six in ten in common use are enough, five are not.
        (_hanzi(1, 6) + _hanzi(2, 4), True),
        (_hanzi(1, 5) + _hanzi(2, 5), False),
        # Nine in ten Hanzi are enough, eight are not; ASCII and punctuation do not count.
        (_hanzi(1, 9) + "é", True),
        (_hanzi(1, 8) + "éü", False),
        (_hanzi(1, 8) + "、（）12 ab", True),
    ],
)
def test_text_is_chinese_by_the_shares_of_its_characters(text: str, passes: bool) -> None:  # noqa: FBT001
    assert is_chinese(text) is passes
