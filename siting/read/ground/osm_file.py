"""The elements of an OpenStreetMap file, in any order: walked ways, their nodes, squares of relations.

A file is read once for each type of element, so that the order of elements does not matter. Ids are only names: their
sign and size have no meaning. Of several versions of an object the last counts; deleted objects are ignored.
"""

import bz2
import gzip
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from xml.parsers import expat

import numpy as np
import osmium
from numpy.typing import NDArray

from siting.domain.nouns import Ints
from siting.read.ground.osm_tags import UNREAD_RULES, Tags, bars, is_known, kind, refusal

Bools = NDArray[np.bool_]

# The exceptions of osmium for a broken file, and for invalid coordinates.
BROKEN: Final = (RuntimeError, osmium.InvalidLocationError)
SUFFIXES: Final = (".osm.xml", ".osm.gz", ".osm.bz2", ".pbf", ".osm", ".o5m")
# The number that osmium gives if it does not know a node's place.
NOWHERE: Final = 2**31 - 1
_DEAD: Final = "deleted"
_NO_WAY: Final = "no way"
_CHUNK: Final = 1 << 20
# Expat reads these encodings, and those that extend ASCII.
_ACTION: Final = tuple("action".encode(code) for code in ("ascii", "utf-16-le", "utf-16-be"))

# The ids of objects that an editor has marked as deleted, by type of element.
Marked = Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Fate:
    """The result for a way: its ``kind`` if it is walked, otherwise the reason and the value of ``highway``."""

    kind: str | None = None
    reason: str = ""
    value: str = ""
    square: bool = False
    unread: bool = False


@dataclass(frozen=True)
class Ways:
    """Walked ways in the order of their ``ids``: the nodes of all ways concatenated, way i from ``start[i]`` on.

    ``left_out`` counts the ways that are not walked by reason, ``unknown`` those of them with an unknown ``highway`` by
    its value; ``deleted`` and ``older`` count the skipped objects; ``clashing`` names repeated ids with equal versions
    and different content; ``placed`` has the places of nodes that the ways themselves contain.
    """

    ids: Ints
    refs: Ints
    start: Ints
    kinds: NDArray[np.object_]
    left_out: Mapping[str, int]
    unknown: Mapping[str, int]
    squares: int
    unread: int
    deleted: int
    older: int
    clashing: tuple[str, ...]
    placed: Mapping[int, tuple[int, int]]


@dataclass(frozen=True)
class Nodes:
    """The nodes of walked ways that the file contains, by ascending ``ids``.

    ``place`` has shape (nodes, 2): longitude and latitude in ten millionths of a degree, ``NOWHERE`` if there is none.
    ``dead`` are deleted, ``shut`` cannot be passed. For the rest see :class:`Ways`.
    """

    ids: Ints
    place: Ints
    dead: Bools
    shut: Bools
    older: int
    clashing: tuple[str, ...]


@dataclass
class _WayRows:
    """Ways as in the file, a row for each version; only nodes of walked ways are kept."""

    ids: "array[int]" = field(default_factory=lambda: array("q"))
    versions: "array[int]" = field(default_factory=lambda: array("q"))
    fates: "array[int]" = field(default_factory=lambda: array("q"))
    refs: "array[int]" = field(default_factory=lambda: array("q"))
    start: "array[int]" = field(default_factory=lambda: array("q", [0]))


def marked_deleted(path: Path) -> Marked:
    """Return the objects that an editor marked with ``action="delete"``, which osmium does not read.

    Parameters
    ----------
    path : Path
        Any OpenStreetMap file; only XML contains such marks.

    Raises
    ------
    ValueError
        The XML is broken, or defines entities.
    """
    opener = _xml_opener(path)
    if opener is None:
        return {}
    with opener(path) as content:
        if not _holds(content, _ACTION):
            return {}
    found: dict[str, set[int]] = {"node": set(), "way": set(), "relation": set()}

    def begin(name: str, given: dict[str, str]) -> None:
        # An element without an id is invalid; osmium reports it if necessary.
        if name in found and given.get("action") == "delete" and given.get("id", "").lstrip("-").isdecimal():
            found[name].add(int(given["id"]))

    def refuse(*_: object) -> None:
        message = "XML entities are not supported"
        raise ValueError(message)

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.EntityDeclHandler = refuse
    try:
        with opener(path) as content:
            parser.ParseFile(content)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return {name: frozenset(ids) for name, ids in found.items()}


def _xml_opener(path: Path) -> Callable[[Path], IO[bytes]] | None:
    """Return the function that opens an XML file; None for a file of another kind."""
    openers: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".osm": _plain, ".xml": _plain}
    return openers.get(path.suffix.lower())


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _holds(content: IO[bytes], words: Sequence[bytes]) -> bool:
    rest = b""
    while chunk := content.read(_CHUNK):
        seen = rest + chunk
        if any(word in seen for word in words):
            return True
        rest = seen[-max(len(word) for word in words) :]
    return False


def read_squares(path: Path, marked: Marked) -> Mapping[int, Tags]:
    """Return the tags that multipolygons with ``highway`` give to the ways of their outer rings.

    Parameters
    ----------
    path : Path
        An OpenStreetMap file.
    marked : mapping
        From :func:`marked_deleted`.
    """
    dead = marked.get("relation", frozenset())
    latest: dict[int, tuple[int, dict[str, str], list[int]]] = {}
    for relation in _elements(path, osmium.osm.RELATION):
        number, version, tags = relation.id, relation.version, relation.tags
        if number in latest and version < latest[number][0]:
            continue
        square = relation.visible and number not in dead and tags.get("type") == "multipolygon" and "highway" in tags
        given = {tag.k: tag.v for tag in tags} | {"area": "yes"} if square else {}
        latest[number] = (version, given, _outer(relation) if square else [])
    return {way: given for _, (_, given, outer) in sorted(latest.items()) for way in outer}


def osm_file(path: Path) -> osmium.io.File:
    """Return a file for osmium, which recognises formats only by endings in lower case."""
    ending = "".join(path.suffixes[-2:]).lower()
    known = next((each for each in SUFFIXES if ending.endswith(each)), "")
    return osmium.io.File(str(path), known.removeprefix("."))


def _elements(path: Path, kind_of: osmium.osm.osm_entity_bits) -> Iterator[Any]:
    """Yield the elements of one type; osmium's stubs do not distinguish the types."""
    yield from osmium.FileProcessor(osm_file(path), kind_of)


def _outer(relation: Any) -> list[int]:  # noqa: ANN401 - see _elements
    return [member.ref for member in relation.members if member.type == "w" and member.role in {"outer", ""}]


def read_ways(path: Path, squares: Mapping[int, Tags], marked: Marked) -> Ways:
    """Read the walked ways of a file.

    Parameters
    ----------
    path : Path
        An OpenStreetMap file.
    squares : mapping
        From :func:`read_squares`: tags of ways that have no ``highway`` themselves.
    marked : mapping
        From :func:`marked_deleted`.
    """
    dead = marked.get("way", frozenset())
    fates: dict[Fate, int] = {}
    placed: dict[int, tuple[int, int]] = {}
    # Growing arrays without a tuple for each node, because there are many nodes.
    rows = _WayRows()
    for way in _elements(path, osmium.osm.WAY):
        number = way.id
        fate = Fate(reason=_DEAD) if number in dead or not way.visible else _fate(way.tags, squares.get(number))
        rows.ids.append(number)
        rows.versions.append(way.version)
        rows.fates.append(fates.setdefault(fate, len(fates)))
        if fate.kind is not None:
            nodes = list(way.nodes)
            rows.refs.extend([node.ref for node in nodes])
            if nodes and nodes[0].location.valid():
                placed |= {node.ref: (node.location.x, node.location.y) for node in nodes if node.location.valid()}
        rows.start.append(len(rows.refs))
    return _latest_ways(rows, list(fates), placed)


def _fate(own: Tags, square: Tags | None) -> Fate:
    tags = own
    if own.get("highway") is None:
        if square is None:
            return Fate(reason=_NO_WAY)
        tags = square
    reason, value = refusal(tags), tags.get("highway") or ""
    if reason is not None:
        return Fate(reason=reason, value="" if is_known(value) else value)
    unread = any(tags.get(key) is not None for key in UNREAD_RULES)
    return Fate(kind(tags), square=tags.get("area") == "yes", unread=unread)


def _latest_ways(rows: _WayRows, fates: Sequence[Fate], placed: Mapping[int, tuple[int, int]]) -> Ways:
    """Keep the last version of each way, in the order of the ids."""
    ids, start, refs = _ints(rows.ids), _ints(rows.start), _ints(rows.refs)
    fate = _ints(rows.fates)
    last, twin, other = _last_rows(ids, _ints(rows.versions))
    of_last = [fates[code] for code in fate[last]]
    clashing = tuple(
        f"way {ids[one]}"
        for one, two in zip(twin, other, strict=True)
        if fate[one] != fate[two]
        or not np.array_equal(refs[start[one] : start[one + 1]], refs[start[two] : start[two + 1]])
    )
    kept = np.array([each.kind is not None for each in of_last], dtype=bool)
    count = np.diff(start)[last[kept]]
    begin = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    entry = np.arange(begin[-1]) - np.repeat(begin[:-1], count) + np.repeat(start[last[kept]], count)
    reasons = Counter(each.reason for each in of_last if each.reason not in {"", _NO_WAY, _DEAD})
    return Ways(
        ids=ids[last[kept]],
        refs=refs[entry],
        start=begin,
        kinds=np.array([each.kind for each in of_last if each.kind is not None], dtype=object),
        left_out=reasons,
        unknown=Counter(each.value for each in of_last if each.value),
        squares=sum(each.square for each in of_last),
        unread=sum(each.unread for each in of_last),
        deleted=sum(each.reason == _DEAD for each in of_last),
        older=len(ids) - len(last) - len(twin),
        clashing=clashing,
        placed=placed,
    )


def read_nodes(path: Path, wanted: Collection[int], marked: Marked) -> Nodes:
    """Read some nodes of a file.

    Parameters
    ----------
    path : Path
        An OpenStreetMap file.
    wanted : set of int
        The ids of the nodes of walked ways.
    marked : mapping
        From :func:`marked_deleted`.
    """
    dead = marked.get("node", frozenset())
    ids, x, y, versions, state = (array("q") for _ in range(5))
    for node in _elements(path, osmium.osm.NODE):
        number = node.id
        if number not in wanted:
            continue
        location = node.location
        known = location.valid()
        ids.append(number)
        x.append(location.x if known else NOWHERE)
        y.append(location.y if known else NOWHERE)
        versions.append(node.version)
        gone = number in dead or not node.visible
        state.append(2 * gone + (not gone and bars(node.tags)))
    row_id, place, kept = _ints(ids), np.column_stack([_ints(x), _ints(y)]), _ints(state)
    last, twin, other = _last_rows(row_id, _ints(versions))
    unlike = (place[twin] != place[other]).any(axis=1) | (kept[twin] != kept[other])
    return Nodes(
        ids=row_id[last],
        place=place[last],
        dead=kept[last] >= 2,  # noqa: PLR2004 - the second bit
        shut=kept[last] == 1,
        older=len(row_id) - len(last) - len(twin),
        clashing=tuple(f"node {each}" for each in row_id[twin[unlike]]),
    )


def _ints(values: Iterable[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _last_rows(ids: Ints, versions: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the row of the last version of each id, by id, and the pairs of rows that both have that version."""
    order = np.lexsort((versions, ids))
    here, version = ids[order], versions[order]
    differs = here[1:] != here[:-1]
    first, last = np.append(True, differs)[: len(order)], np.append(differs, True)[: len(order)]
    latest = version == version[last][np.cumsum(first) - 1]
    twins = np.flatnonzero(latest & ~first & np.append(False, version[1:] == version[:-1])[: len(order)])
    return order[last], order[twins], order[twins - 1]
