"""Errors of an input or a call, described so that the user can correct them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from siting.text import Lang, default_lang, say
from siting.text.layers import layer_and_key

# Sections of a scenario that are no data layers; faults in them still appear under their name.
_SECTIONS = frozenset({"plan"})
# The most rows that a fault names, and the most faults of a kind in the cells of one column.
_ROWS: Final = 5
_LINES: Final = 20


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of an input: its place, the found value, the expected value.

    Parameters
    ----------
    code : str
        Names two texts of the catalogue: ``fault.CODE.what`` (may use ``found`` and ``expected``) and
        ``fault.CODE.advice`` (what to do).
    file, layer, sheet : str or None
        The place: the file's name, the layer's key in the scenario, the sheet of a workbook.
    row : str or None
        The record's id, or its number if it has none; also the cell in a workbook or a CSV file.
    cells : tuple of str
        Cells of the sheet (D7), of a workbook or a CSV file.
    field : str or None
        Our key, followed by the file's own name if that differs; or the dotted key of the scenario.
    found, expected : str
        The found value, and the expected one.
    """

    code: str
    file: str | None = None
    layer: str | None = None
    sheet: str | None = None
    row: str | None = None
    cells: tuple[str, ...] = ()
    field: str | None = None
    found: str = ""
    expected: str = ""

    def message(self, lang: Lang | None = None) -> str:
        """Return the fault as one readable line: place, fault, advice.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        str
            Without a line end.
        """
        where = [
            say(f"fault.where.{self._place(name)}", lang, value=self._called(name, value, lang))
            for name in ("file", "layer", "sheet", "row", "cell", "field")
            if (value := getattr(self, name)) not in (None, "") and not (name == "row" and value == self.cell)
        ]
        what, advice = self.part("what", lang), self.part("advice", lang)
        if not where:
            return say("fault.line_without_place", lang, what=what, advice=advice)
        return say("fault.line", lang, where=say("fault.where.join", lang).join(where), what=what, advice=advice)

    def part(self, part: str, lang: Lang | None = None) -> str:
        """Return one of the fault's texts.

        Parameters
        ----------
        part : {"what", "advice"}
            The fault, or the advice.
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        str
            Without a full stop.
        """
        # The field is our key, followed by the file's own name if that differs.
        key = (self.field or "").partition(" (")[0]
        return say(f"fault.{self.code}.{part}", lang, found=self.found, expected=self.expected, key=key)

    @property
    def cell(self) -> str:
        """The first of the cells, and their number; empty if the file has none."""
        return _some(self.cells)

    def _called(self, name: str, value: str, lang: Lang | None) -> str:
        return layer_and_key(value, lang or default_lang()) if name == "layer" else value

    def _place(self, name: str) -> str:
        if name == "row":
            # In a table with cells, the row is named by its id: the cell contains its number in the sheet.
            return ("record" if self.cells else "row") + ("s" if isinstance(self, FaultOfRows) else "")
        return "section" if name == "layer" and self.layer in _SECTIONS else name


@dataclass(frozen=True, kw_only=True)
class FaultOfRows(Fault):
    """One fault in several rows: ``row`` names the first of them, ``count`` is their number."""

    count: int


def together(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return faults for a report: one line for each kind and value, with the first rows and their number.

    For the cells of one column twenty faults of a kind are reported, in their order; one more counts the rest.

    Examples
    --------
    >>> from siting.errors import Fault, together
    >>> found = together(Fault(code="not_number", row=f"F{at}", field="beds", found="'x'") for at in range(1, 18))
    >>> [fault.row for fault in found]
    ['F1, F2, F3, F4, F5, … (17)']
    """
    alike: dict[Fault, list[Fault]] = {}
    for fault in faults:
        # A fault without a row is unchanged.
        one = fault if fault.row is None else Fault(**{**_parts(fault), "row": "", "cells": ()})
        alike.setdefault(one, []).append(fault)
    told: list[Fault] = []
    kinds: dict[tuple[str | None, ...], list[Fault]] = {}
    for one, several in alike.items():
        lines = [] if one.row is None else kinds.setdefault((one.code, one.file, one.layer, one.field), [])
        lines.append(one if one.row is None else _of_rows(one, several))
        if len(lines) <= _LINES:
            told.append(lines[-1])
    for lines in kinds.values():
        if len(lines) > _LINES:
            told.insert(told.index(lines[_LINES - 1]) + 1, _rest(lines[_LINES:]))
    return tuple(told)


def _of_rows(one: Fault, several: list[Fault]) -> Fault:
    """Return a fault with its rows."""
    if len(several) == 1:
        return several[0]
    rows, cells = [str(each.row) for each in several], tuple(cell for each in several for cell in each.cells)
    count = sum(map(_count, several))
    return FaultOfRows(**{**_parts(one), "row": _some(rows, count), "cells": cells}, count=count)


def _some(places: Sequence[str], count: int | None = None) -> str:
    """Return the first of some places, and their number."""
    more = [f"… ({count or len(places):,})"] if len(places) > _ROWS else []
    return ", ".join([*places[:_ROWS], *more])


def _rest(faults: list[Fault]) -> Fault:
    """Return the fault that counts the others of its kind."""
    first, rows = faults[0], sum(map(_count, faults))
    where: dict[str, Any] = {key: getattr(first, key) for key in ("file", "layer", "sheet", "field")}
    return Fault(code="more_of_the_kind", found=f"{len(faults):,}", expected=f"{rows:,}", **where)


def _count(fault: Fault) -> int:
    return fault.count if isinstance(fault, FaultOfRows) else 1


def _parts(fault: Fault) -> dict[str, Any]:
    """Return the parts of a fault, without the number of its rows."""
    return {each.name: getattr(fault, each.name) for each in fields(Fault)}


class SitingError(Exception):
    """Base of the errors that siting raises on purpose."""


class InputError(SitingError):
    """The input or the call is wrong; contains all faults, not only the first, as :func:`together` reports them.

    Parameters
    ----------
    faults : iterable of Fault
        At least one; the attribute ``faults`` holds one for each kind and value.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = together(faults)
        super().__init__(self.message())

    def message(self, lang: Lang | None = None) -> str:
        """Return all faults as a readable list.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        str
            A head, and a line for each fault.
        """
        head = say("fault.head", lang, count=len(self.faults))
        return "\n".join([head, *(f"  - {fault.message(lang)}" for fault in self.faults)])


@dataclass
class Faults:
    """Collects faults during reading, so that all are reported together."""

    found: list[Fault] = field(default_factory=list)

    def together(self) -> tuple[Fault, ...]:
        """Return the faults for a report: one line for each kind and value."""
        return together(self.found)

    def add(self, code: str, *, cells: Iterable[str] = (), **where: str | None) -> None:
        """Note one fault."""
        given = {key: value for key, value in where.items() if value is not None}
        self.found.append(Fault(code=code, cells=tuple(cells), **given))

    def stop_if_any(self) -> None:
        """Raise :class:`InputError` if a fault was noted."""
        if self.found:
            raise InputError(self.found)
