"""Warnings of libraries during reading: harmless ones are dropped, all others are reported with the layer."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from siting.listing import first_of
from siting.read.log import LayerLog, listed, quoted

# The warnings of GDAL, and of pyogrio about GDAL's data.
OF_GDAL: Final = (RuntimeWarning, UserWarning)
# GDAL closes rings that do not end where they begin, as any reader would. A column of numbers and texts becomes text,
# which is intended.
GDAL: Final = re.compile(r"Non closed ring detected|Could not parse column '.*' as JSON; leaving as string")
# Styles, drop-downs, pictures and print settings of a workbook are not read; a date out of range is reported as an
# error.
OPENPYXL: Final = re.compile(
    r"Workbook contains no (?:default style|stylesheet)|.* extension is not supported and will be removed"
    r"|Failed to load a conditional formatting rule|Cannot parse header or footer|Print area cannot be set"
    r"|Defined names for sheet index|Unknown type for |DrawingML support is incomplete|Unable to read chart"
    r"|.* image format is not supported|The image .* will be removed|Cell .* is marked as a date but"
    r"|Cell .* is part of a merged range but has a comment"
)
_SHOWN: Final = 5


@contextmanager
def heard(category: type[Warning] | tuple[type[Warning], ...], words: list[str]) -> Iterator[None]:
    """Collect warnings of some categories as text; all others pass.

    Parameters
    ----------
    category : type or tuple of type
        :data:`OF_GDAL`, or ``UserWarning`` for those of openpyxl.
    words : list of str
        Receives the texts at the end of reading.
    """
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    for each in found:
        if issubclass(each.category, category):
            words.append(str(each.message))
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def tell_warnings(words: list[str], harmless: re.Pattern[str], path: Path, log: LayerLog) -> None:
    """Note the warnings of a library, without harmless ones; folders are not named."""
    told = list(dict.fromkeys(word.replace(f"{path.parent}/", "") for word in words if not harmless.match(word)))
    if told:
        shown = first_of([quoted(word) for word in told], _SHOWN)
        log.note("reader_warned", count=len(told), words=listed(shown))
