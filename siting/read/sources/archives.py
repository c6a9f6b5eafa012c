"""A zip with a data source is unpacked into a temporary folder."""

import lzma
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from siting.domain.scenario import Layer
from siting.files import temporary_folder, write_fault_code
from siting.read.log import LayerLog, listed, quoted
from siting.read.sources.packed import most_unpacked
from siting.read.virtual import points_elsewhere

# The files of a data source; other files in an archive (descriptions, styles, indexes) are not needed.
_SOURCES: Final = (
    ".shp", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet", ".fgb", ".kml", ".dxf", ".csv", ".tsv", ".xlsx",
    ".xlsm", ".xls", ".et",
)  # fmt: skip
_PARTS: Final = (*_SOURCES, ".shx", ".dbf", ".prj", ".cpg")
_FOLDER: Final = ".gdb"
_UNPACKED: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
_NO_ROOM: Final = ("disk_full", "file_too_large")
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_MIB: Final = 2**20
MOST_MEMBERS: Final = 10_000
_CHUNK: Final = _MIB


@contextmanager
def opened(path: Path, source: Layer, log: LayerLog) -> Iterator[tuple[Path, Layer] | None]:
    """Unpack a zip while it is read.

    Parameters
    ----------
    path : Path
        The archive.
    source : Layer
        Its ``layer`` may name a file of the archive (without its suffix), or ``file/layer``.
    log : LayerLog
        Takes the faults: ``archive_encrypted``, ``archive_unsafe`` (a member that would land outside, or that is not
        what its name says), ``archive_too_large``, ``archive_without_data``, ``layer_not_named``, ``layer_not_found``,
        ``no_room_to_unpack``, ``unreadable_file``.

    Yields
    ------
    tuple of Path and Layer, or None
        The data source in a temporary folder and ``source`` as settings for it; None if a fault was noted.
    """
    with unpacked(path, log) as sources:
        yield None if sources is None else _picked(sources, source, log)


@contextmanager
def unpacked(path: Path, log: LayerLog) -> Iterator[Mapping[str, Path] | None]:
    """Unpack a zip while it is examined.

    Parameters
    ----------
    path : Path
        The archive.
    log : LayerLog
        Takes the faults of the archive itself (see :func:`opened`).

    Yields
    ------
    mapping of str to Path, or None
        The data sources in it: path within it → file or folder; None if a fault was noted.
    """
    with temporary_folder() as folder:
        yield _unpacked(path, folder, log)


def _unpacked(path: Path, folder: Path, log: LayerLog) -> Mapping[str, Path] | None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, log)
            if members is None:
                return None
            for name, member in members.items():
                _write(archive, member, folder / name)
    except NotImplementedError as error:
        log.fault("unreadable_file", found=str(error))
        return None
    except _UNPACKED as error:
        full = isinstance(error, OSError) and write_fault_code(error) in _NO_ROOM
        log.fault("no_room_to_unpack" if full else "unreadable_file", found=str(folder.parent if full else error))
        return None
    if virtual := [name for name in members if points_elsewhere(folder / name)]:
        log.fault("archive_unsafe", found=quoted(virtual[0]))
        return None
    sources = _sources(folder)
    if not sources:
        log.fault("archive_without_data", expected=listed((*_SOURCES, _FOLDER)))
        return None
    return sources


def _members(archive: zipfile.ZipFile, log: LayerLog) -> Mapping[str, zipfile.ZipInfo] | None:
    """Return the required members by their safe names; None if a fault was noted."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    size, packed = (sum(getattr(each, name) for each in members) for name in ("file_size", "compress_size"))
    most = most_unpacked(packed)
    if len(members) > MOST_MEMBERS or size > most:
        found, expected = f"{len(members)}, {size / _MIB:.0f} MiB", f"{MOST_MEMBERS}, {most / _MIB:.0f} MiB"
        log.fault("archive_too_large", found=found, expected=expected)
        return None
    names = {member_name(member): member for member in members}
    for name in names:
        if _leads_out(name):
            log.fault("archive_unsafe", found=quoted(name))
            return None
    needed = {name: member for name, member in names.items() if _is_needed(PurePosixPath(name))}
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in needed.values()):
        log.fault("archive_encrypted")
        return None
    return needed


def member_name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member: UTF-8 if marked, otherwise its bytes as UTF-8 or GB 18030, whatever wrote it."""
    name = member.filename
    if not member.flag_bits & _UTF8_FLAG:
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/")


def _leads_out(name: str) -> bool:
    return (
        name.startswith("/") or bool(re.match(r"[A-Za-z]:", name)) or ".." in PurePosixPath(name).parts or "\0" in name
    )


def _is_needed(name: PurePosixPath) -> bool:
    if "__MACOSX" in name.parts or name.name.startswith("."):
        return False
    return name.suffix.lower() in _PARTS or any(part.lower().endswith(_FOLDER) for part in name.parts[:-1])


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file, _CHUNK)


def _sources(folder: Path) -> Mapping[str, Path]:
    """Return the data sources of a folder: path within it → file."""
    files = sorted(folder.rglob("*"))
    folders = [file for file in files if file.is_dir() and file.suffix.lower() == _FOLDER]
    loose = [file for file in files if file.is_file() and not any(inside in file.parents for inside in folders)]
    shapes = {file.with_suffix("") for file in loose if file.suffix.lower() == ".shp"}
    found = [
        file
        for file in loose
        if file.suffix.lower() in _SOURCES or (file.suffix.lower() == ".dbf" and file.with_suffix("") not in shapes)
    ]
    return {file.relative_to(folder).as_posix(): file for file in sorted([*folders, *found])}


def _picked(sources: Mapping[str, Path], source: Layer, log: LayerLog) -> tuple[Path, Layer] | None:
    if source.layer is not None:
        for name, file in sources.items():
            inner = _inner(source.layer, name)
            if inner is not None:
                return file, source.model_copy(update={"layer": inner or None})
    if len(sources) == 1:
        return next(iter(sources.values())), source
    if source.layer is None:
        log.fault("layer_not_named", field="layer", expected=listed(sources))
    else:
        log.fault("layer_not_found", field="layer", found=source.layer, expected=listed(sources))
    return None


def _inner(layer: str, name: str) -> str | None:
    """Return the intended layer of a file, blank for its only one; None if another file is intended."""
    path = PurePosixPath(name)
    for called in (name, str(path.with_suffix("")), path.name, path.stem):
        if layer == called:
            return ""
        if layer.startswith(f"{called}/"):
            return layer[len(called) + 1 :]
    return None
