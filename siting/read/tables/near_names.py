"""Unused columns whose name contains a known name: 总用地面积 if no column gives the land."""

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
        The file's columns that were not used.
    columns : mapping of str to Column
        Ours, by key.
    lacking : sequence of str
        Keys without a found or stated column.
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
        # The longest part is the most specific: 建筑面积 of 所在建筑面积.
        parts = [] if bare in known else sorted((name for name in names if name in bare), key=len)
        if parts:
            found[column] = names[parts[-1]]
    return found
