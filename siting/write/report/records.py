"""The records that a report shows: each figure together with where it stands in the files of the results.

A report writes no number of its own. Its figures are read from the JSON files that lie beside it (the gap report, the
plan, the lists of the report), and each keeps a JSON Pointer (RFC 6901) to its place there.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from siting.characters import shown

# What a cell may hold; infinity is a figure without limit, None an unknown one.
Value = str | float | int | bool | None
# Spaces that texts of ours hold too: the ideographic one, and the one that does not break.
_WIDE: Final = "\u3000\u00a0"
_SPACES: Final = str.maketrans({"\n": " ", "\t": " ", "\r": " "})


@dataclass(frozen=True)
class Cell:
    """A value, and the pointer to it (``FILE#/members/…``); blank for words that are only a text.

    ``style`` is the form of a cell that differs from that of its column.
    """

    value: Value
    path: str = ""
    style: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it is a finite number."""
        return isinstance(self.value, int | float) and not isinstance(self.value, bool) and math.isfinite(self.value)


BLANK: Final = Cell(None)


@dataclass(frozen=True)
class Record:
    """An object of a JSON file.

    Parameters
    ----------
    file : str
        The file, as the report's folder names it.
    steps : tuple of str
        The members from the root to the object.
    values : mapping
        The object.
    """

    file: str
    steps: tuple[str, ...]
    values: Mapping[str, Any]

    @property
    def path(self) -> str:
        """The pointer to the object."""
        return _pointer(self.file, self.steps)

    def cell(self, key: str) -> Cell:
        """Return a member; infinity if the object says that it has no limit, None if it is unknown or absent.

        Examples
        --------
        >>> from siting.write.report.records import Record
        >>> row = Record("gaps.geojson", ("totals",), {"a": 2, "b": None, "unlimited": ["b"]})
        >>> row.cell("a").value, row.cell("a").path, row.cell("b").value
        (2, 'gaps.geojson#/totals/a', inf)
        """
        value = self.values.get(key)
        if value is None and key in self.values.get("unlimited", ()):
            value = math.inf
        return Cell(value, _pointer(self.file, (*self.steps, key)))

    def text(self, key: str) -> str:
        """Return a member as text; blank if it is unknown."""
        value = self.values.get(key)
        return "" if value is None else str(value)

    def at(self, *steps: str | int) -> "Record":
        """Return an object inside this one.

        Raises
        ------
        KeyError
            There is none.
        """
        found: Any = self.values
        for step in steps:
            found = found[step]
        return Record(self.file, (*self.steps, *map(str, steps)), found)

    def each(self, key: str) -> "Iterator[Record]":
        """Yield the objects of a list inside this one."""
        for number in range(len(self.values.get(key, ()))):
            yield self.at(key, number)

    def keyed(self, name: str, values: Sequence[str]) -> dict[str, "Record"]:
        """Return the objects of a list by the values of some members, joined by ``/``."""
        return {"/".join(row.text(value) for value in values): row for row in self.each(name)}


@dataclass(frozen=True)
class Records:
    """The files of a report: the gap report, the report's own lists, and with a plan the plan and the gaps after it."""

    gaps: Record
    lists: Record
    plan: Record | None = None
    after: Record | None = None

    @property
    def totals(self) -> Record:
        """The figures of the whole."""
        return self.gaps.at("totals")

    @property
    def on_grid_alone(self) -> bool:
        """Tell whether the people of the whole are those on the grid, because some units extend beyond it."""
        return any(row.text("code") == "grid_part" for row in self.gaps.each("warnings"))

    @property
    def totals_after(self) -> Record | None:
        """The figures of the whole with the plan."""
        return None if self.plan is None else self.plan.at("totals_after")

    def places(self, level: str, *, after: bool = False) -> "list[Record]":
        """Return the places of a level, in the order of the gap report."""
        source = self.after if after else self.gaps
        return [] if source is None else [row for row in _features(source) if row.values["level"] == level]

    @property
    def stations(self) -> "list[Record]":
        """The proposed stations, in rank order; none without a plan."""
        return [] if self.plan is None else list(_features(self.plan))


def root(file: str, content: Mapping[str, Any]) -> Record:
    """Return the whole of a file as a record."""
    return Record(file, (), content)


def resolve(path: str, files: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """Return what a pointer names.

    Parameters
    ----------
    path : str
        ``FILE#/members/…``.
    files : mapping
        The contents of the files, by name.

    Raises
    ------
    KeyError
        There is no such file or member.

    Examples
    --------
    >>> from siting.write.report.records import resolve
    >>> resolve("a.json#/rows/1/b~1c", {"a.json": {"rows": [{}, {"b/c": 4}]}})
    4
    """
    file, _, pointer = path.partition("#/")
    found = files[file]
    for step in pointer.split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found[int(name)] if isinstance(found, list) else found[name]
    return found


def clean(text: str) -> str:
    r"""Return a text on one line that XML can hold: invisible characters are written as their numbers.

    Examples
    --------
    >>> from siting.write.report.records import clean
    >>> clean("a\nb\x07")
    'a b<U+0007>'
    """
    return "".join(part if part in _WIDE else shown(part) for part in re.split(f"([{_WIDE}])", text.translate(_SPACES)))


def _features(source: Record) -> Iterator[Record]:
    for number in range(len(source.values["features"])):
        yield source.at("features", number, "properties")


def _pointer(file: str, steps: Sequence[str]) -> str:
    return f"{file}#/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
