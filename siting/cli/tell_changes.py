"""The comparison of two checks on the screen: within 80 columns, also in a pipe."""

from typing import TYPE_CHECKING, Final

from siting.cli.lines import Column, add_row, print_table, table_of, tell
from siting.cli.screen import echo
from siting.text import Lang, say

if TYPE_CHECKING:
    from siting.results import Comparison

# The most rows of the tables of verdicts and of places.
_MOST: Final = 10


def changes(found: "Comparison", lang: Lang) -> None:
    """Print a comparison: the main figures, their parts, verdicts that changed, the largest changes by place, notes."""
    from siting.write import changes as words
    from siting.write.change_page import tables_of

    compared = found.changes
    tell(words.head_text(compared, lang))
    for title, heads, rows, left in tables_of(compared, lang, _MOST):
        table = table_of(Column(head, at < left) for at, head in enumerate(heads))
        for row in rows:
            add_row(table, *row)
        echo()
        print_table(title, table, widest=80)
    hidden = max(0, len(words.turned_groups(compared)) - _MOST)
    hidden += max(0, len(words.largest(compared)) - _MOST)
    if hidden:
        tell(say("change.more_rows", lang, count=hidden))
    echo()
    for note in words.note_texts(compared, lang):
        tell(note, "· ")
