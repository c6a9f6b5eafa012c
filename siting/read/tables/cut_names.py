"""Names of columns that a shapefile cut at ten bytes: their full names, and questions where these are unclear."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from siting.read.log import LayerLog, listed
from siting.read.tables.aliases import cut_readings, is_known_whole

# Keys of a layer's facts: names that fill all their bytes; for names that were cut to the same, the first → the others.
NAMES_FULL: Final = "names_full"
NAMES_ALIKE: Final = "names_alike"
_TWO: Final = 2


@dataclass(frozen=True)
class Names:
    """A layer's column names: all of them, those that a shapefile may have cut, and those that the layer may have."""

    all: Sequence[str]
    keys: Sequence[str]
    stated: Mapping[str, str]
    group: str
    full: frozenset[str] = frozenset()
    alike: Mapping[str, Sequence[str]] = field(default_factory=dict)


def names_of(columns: Sequence[str], keys: Sequence[str], stated: Mapping[str, str], log: LayerLog) -> Names:
    """Return the names of a layer's columns, with the facts about those that were cut.

    Parameters
    ----------
    columns : sequence of str
        The file's columns, with those of a joined table.
    keys : sequence of str
        Ours that the layer may have.
    stated : mapping of str to str
        The scenario's ``columns``.
    log : LayerLog
        Holds the facts of the layer and of its attributes.
    """
    facts = [log.log.layers.get(key, {}) for key in (log.key, f"{log.key}.attributes")]
    full = frozenset(name for each in facts for name in each.get(NAMES_FULL, ()))
    alike = {name: others for each in facts for name, others in each.get(NAMES_ALIKE, {}).items()}
    return Names(columns, keys, stated, log.key, full, alike)


def whole_name(names: Names, key: str, name: str) -> str | None:
    """Return the full name of a column that is recognised by its cut name; None for any other."""
    if name == key or key in names.stated:
        return None
    if name not in names.full and is_known_whole(name, names.keys, names.group):
        return None
    whole = cut_readings(name, names.keys, names.group).get(key)
    return None if whole == key else whole


def tell_doubts(names: Names, found: Mapping[str, Sequence[str]], log: LayerLog) -> set[str]:
    """Note a fault for each cut name that may mean several columns; return those of ours that are in doubt.

    Parameters
    ----------
    names : Names
        The layer's columns.
    found : mapping of str to sequence of str
        Our key → the columns that match it by name.
    log : LayerLog
        Takes the faults ``cut_name_of_several`` (one name, several readings) and ``cut_names_alike`` (names that were
        cut to the same and numbered, so that they cannot be told apart).
    """
    doubted: set[str] = set()
    for name, readings, meant in _doubts(names, found):
        shown = listed(f"{readings[key]} → {key or '–'}" for key in readings if key in meant or not key)
        if name in names.alike:
            log.fault("cut_names_alike", field=name, found=listed([name, *names.alike[name]]), expected=shown)
        else:
            log.fault("cut_name_of_several", field=name, found=name, expected=shown)
        doubted.update(meant)
    return doubted


def _doubts(names: Names, found: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Mapping[str, str], set[str]]]:
    """Yield the names in doubt: their possible meanings (key → name), and the keys among these that are open."""
    for name in names.all:
        same = (name, *names.alike.get(name, ()))
        if set(same) & set(names.stated.values()) or not _may_be_cut(names, name):
            continue
        readings = dict(cut_readings(name, names.keys, names.group))
        used = [key for key, matches in found.items() if list(matches) == [name]]
        if name in names.alike:
            readings = dict.fromkeys(used, name) | readings | {"": "…"}
        # A key with its own or a stated column is not in doubt.
        meant = {key for key in readings if key and key not in names.stated and found[key] in ([], [name])}
        fewest = _TWO if used and name not in names.alike else 1
        if len(meant) >= fewest and len(readings) >= _TWO:
            yield name, readings, meant


def _may_be_cut(names: Names, name: str) -> bool:
    return name in names.full or name in names.alike or not is_known_whole(name, names.keys, names.group)
