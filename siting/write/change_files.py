"""A comparison of two checks as files."""

from pathlib import Path

from siting.domain.changes import Changes
from siting.text import Lang
from siting.write.account_files import write_map
from siting.write.change_figures import draw_changes
from siting.write.change_page import page
from siting.write.changes import write_changes, write_changes_table
from siting.write.endings import ending_of
from siting.write.files import write_text


def write_comparison(path: Path, changes: Changes, lang: Lang) -> None:
    """Write a comparison, by the file's ending.

    Parameters
    ----------
    path : pathlib.Path
        File to write; it is replaced whole.
    changes : Changes
        The comparison.
    lang : {"zh", "en"}
        Language.

    Raises
    ------
    InputError
        Another ending, or the file cannot be written.
    """
    ending = ending_of(path, "comparison")
    if ending == ".geojson":
        write_changes(path, changes)
    elif ending == ".png":
        write_map(path, draw_changes(changes, lang))
    elif ending in (".html", ".htm"):
        write_text(path, page(changes, lang))
    else:
        write_changes_table(path, changes, lang)
