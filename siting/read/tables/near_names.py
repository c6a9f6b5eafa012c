"""Columns that nobody uses although a known name is part of theirs: 总用地面积 where no column gives the land."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from siting.domain.tables import Column
from siting.read.tables.aliases import aliases, known_names, normalised

# Shorter names are part of too many others.
_SHORTEST: Final = 3


def nearly_known(
    unused: Iterable[str], columns: Mapping[str, Column], lacking: Sequence[str], group: str
) -> Mapping[str, str]:
    """Return the unused columns of a file that may hold a figure which no other column gives: name → our key.

    Parameters
    ----------
    unused : iterable of str
        The file's columns that were taken for none of ours.
    columns : mapping of str to Column
        Ours, by key.
    lacking : sequence of str
        Keys for which no column was found, and none was stated.
    group : str
        Key of the layer in the scenario.

    Examples
    --------
    >>> from siting.domain.tables import Column
    >>> from siting.read.tables.near_names import nearly_known
    >>> nearly_known(["总用地面积"], {"land_m2": Column("land_m2", "number", "m²")}, ["land_m2"], "facilities")
    {'总用地面积': 'land_m2'}
    """
    figures = [key for key in lacking if columns[key].type in {"number", "integer"}]
    others = aliases(group)
    names = {normalised(name): key for key in figures for name in others.get(key, ())}
    names = {name: key for name, key in names.items() if len(name) >= _SHORTEST and not name.isascii()}
    known = known_names(group)
    found = {}
    for column in unused:
        bare = normalised(column)
        # The longest part says most: 建筑面积 of 所在建筑面积.
        parts = [] if bare in known else sorted((name for name in names if name in bare), key=len)
        if parts:
            found[column] = names[parts[-1]]
    return found
