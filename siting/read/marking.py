"""The workbooks that have faults in their cells."""

from collections.abc import Iterator
from pathlib import Path

import openpyxl

from siting.errors import Fault
from siting.read.log import Log
from siting.read.sources.sheets import load
from siting.read.sources.warned import heard


def workbooks_at_fault(log: Log) -> Iterator[tuple[Path, openpyxl.Workbook, tuple[Fault, ...]]]:
    """Yield each workbook with faults in its cells, opened with its formulas, and these faults.

    Parameters
    ----------
    log : Log
        The findings of reading.

    Yields
    ------
    path : pathlib.Path
        The workbook's file, in the order in which files were read.
    book : openpyxl.Workbook
        A copy of its content.
    faults : tuple of Fault
        The faults of all layers that were read from it.
    """
    found: dict[Path, list[Fault]] = {}
    for fault in log.faults.found:
        sheet = log.sheets.get(fault.layer or "")
        if fault.cells and sheet is not None and sheet.sheet is not None:
            found.setdefault(sheet.path, []).append(fault)
    for path, faults in found.items():
        if not path.exists():
            # It was extracted from an archive.
            continue
        # The warnings of openpyxl were reported when the values were read.
        with heard(UserWarning, []):
            book = load(path, values=False)
        yield path, book, tuple(faults)
