"""Names in messages: the first of many, then a mark that there are more."""

from collections.abc import Sequence
from typing import Final

# The most names in a message, unless it says otherwise.
MOST_NAMED: Final = 10


def first_of(names: Sequence[object], most: int = MOST_NAMED, *, count: bool = False) -> list[str]:
    """Return the first names as texts, and a mark if there are more, with the ``count`` of the others if asked.

    Examples
    --------
    >>> from siting.listing import first_of
    >>> first_of(["a", "b", "c"], 2), first_of(["a", "b", "c"], 2, count=True), first_of(["a", "b"], 2)
    (['a', 'b', '…'], ['a', 'b', '… (+1)'], ['a', 'b'])
    """
    more = len(names) - most
    mark = f"… (+{more})" if count else "…"
    return [*map(str, names[:most]), *([mark] if more > 0 else [])]


def listed(names: Sequence[object], most: int = MOST_NAMED, *, join: str = ", ", before_mark: str | None = None) -> str:
    """Return the first names in one text, and a mark if there are more; before it stands what joins names, or another.

    Examples
    --------
    >>> from siting.listing import listed
    >>> listed(["a", "b", "c"], 2), listed(["a 1", "b 2", "c 3"], 2, before_mark=" ")
    ('a, b, …', 'a 1, b 2 …')
    """
    mark = f"{join if before_mark is None else before_mark}…" if len(names) > most else ""
    return join.join(map(str, names[:most])) + mark
