"""Tables and lines within the width of the terminal; in a pipe each row of a table is one line of any width."""

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from siting.cli.screen import echo, plain

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

# The largest width of text lines, and the width of a table in a pipe.
_WIDEST_TEXT: Final = 100
_WIDEST: Final = 10_000


# What a line begins with: blanks, and a mark.
_MARK: Final = re.compile(r" *(?:[·✗!?–] )?")


class Column(NamedTuple):
    """A column of a table: its head, and whether it holds texts, which are left-aligned."""

    head: str
    is_text: bool = False


def window() -> int | None:
    """Return the number of columns of the terminal; None if the output goes to a file or a pipe.

    The environment variable ``COLUMNS`` states the number for a pipe too.
    """
    from rich.console import Console

    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated) > 0:
        return int(stated)
    console = Console()
    return console.width if console.is_terminal else None


def tell(text: str, mark: str = "") -> None:
    """Print a text with data in it, wrapped to the terminal, with indented lines after a mark."""
    from siting.write.wrapping import width_of, wrapped

    indent = width_of(mark)
    lines = wrapped(plain(text).replace("\n", " "), min(window() or _WIDEST_TEXT, _WIDEST_TEXT) - indent)
    for at, line in enumerate(lines):
        echo(f"{' ' * indent if at else mark}{line}")


def tell_whole(text: str, hang: int = 2) -> None:
    """Print a text whose lines programs may read: whole in a pipe; wrapped in a terminal.

    Further lines are indented by ``hang`` columns more than the first, or as far as a mark (``·``) reaches.
    """
    from siting.write.wrapping import width_of, wrapped

    width = window()
    for line in plain(text).split("\n"):
        if width is None or width_of(line) <= width:
            echo(line)
            continue
        mark = _MARK.match(line)
        head = mark.group() if mark else ""
        indent = width_of(head) if head.strip() else len(head) + hang
        pieces = wrapped(line[len(head) :], width - indent)
        for at, piece in enumerate(pieces):
            echo(f"{' ' * indent if at else head}{piece}")


def tell_lines(head: str, marked: Iterable[tuple[str, str]]) -> None:
    """Print a head, and below it texts with marks and hanging indents; nothing without texts."""
    texts = list(marked)
    if not texts:
        return
    tell(head)
    for mark, text in texts:
        tell(text, f"  {mark} ")


def table_of(columns: Iterable[Column]) -> "Table":
    """Return an empty table; cells that do not fit into a narrow terminal are wrapped, never cut."""
    from rich.box import Box
    from rich.table import Table

    blank = "    \n"
    # A line below the heads, and between sections, in segments as long as the columns are wide.
    rule = " ─  \n"
    found = Table(
        box=Box(blank + blank + rule + blank + rule + rule + blank + blank), show_edge=False, padding=(0, 1, 0, 0)
    )
    for column in columns:
        found.add_column(_safe(column.head), justify="left" if column.is_text else "right", overflow="fold")
    return found


def add_row(table: "Table", *cells: object) -> None:
    """Add a row of plain texts to a table."""
    table.add_row(*map(_safe, cells))


def print_table(title: str, table: "Table", *, wide_texts: bool = False, widest: int = _WIDEST) -> None:
    """Print a table below its title, which may be wider.

    In a pipe too, a table with ``wide_texts`` is limited to the text width, and any table to ``widest`` columns.
    """
    from rich.console import Console

    tell(title)
    width = window()
    if width is None:
        width = Console(width=_WIDEST_TEXT if wide_texts else _WIDEST).measure(table).maximum
    Console(width=min(width, widest)).print(table)


def _safe(text: object) -> "Text":
    """Return a text of the data as it is: no markup, no control characters."""
    from rich.text import Text

    return Text(plain(text))
