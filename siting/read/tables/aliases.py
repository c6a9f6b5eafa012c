"""Other names of our columns, and the columns of a file that they match."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final

from siting.domain import tables
from siting.read.tables.measures import unit_of_name, without_units
from siting.text import texts

# Keys of ``columns`` for the coordinates.
PLACE_KEYS: Final = ("lon", "lat", "wkt")
# Joins the rows of a head with several rows: 床位数 / 护理型.
HEAD_JOIN: Final = " / "
# Below a name over several columns, such as 男 and 女, the word for their total.
_ALL: Final = frozenset({"合计", "总计", "小计", "共计", "计", "total"})
# A shapefile cuts names at this many bytes.
_DBF_BYTES: Final = 10
_DBF_ENCODINGS: Final = ("gbk", "utf-8")
_STRIPPED: Final = re.compile(r"[\s_()\[\]【】〔〕*:/、\-]")


def normalised(name: str) -> str:
    r"""Return a name for comparison: without case, width, spaces, underscores, brackets and units in brackets.

    Examples
    --------
    >>> from siting.read.tables.aliases import normalised
    >>> normalised("用地面积（㎡）"), normalised(" Ｌand_Area "), normalised("老年人口\n(60岁以上)")
    ('用地面积', 'landarea', '老年人口60岁以上')
    >>> normalised("其中：60岁及以上（人）")
    '60岁及以上'
    """
    bare = _STRIPPED.sub("", unicodedata.normalize("NFKC", without_units(name))).lower()
    return bare.removeprefix("其中") or bare


def aliases(group: str = "") -> Mapping[str, tuple[str, ...]]:
    """Return our key → its other names.

    Parameters
    ----------
    group : str
        Key of a layer in the scenario, for example ``units.street`` or ``facilities``: the names that are valid there.
        All names of all layers if empty.
    """
    if group:
        found: dict[str, list[str]] = {}
        for name, key, _ in _entries(group):
            found.setdefault(key, []).append(name)
        return {key: tuple(names) for key, names in found.items() if key}
    merged: dict[str, dict[str, None]] = {}
    for section in _sections().values():
        for key, names in section.items():
            merged.setdefault(key, {}).update(dict.fromkeys(names))
    return {key: tuple(names) for key, names in merged.items() if key}


def find_columns(
    names: Sequence[str], keys: Sequence[str], mapping: Mapping[str, str], group: str = ""
) -> dict[str, list[str]]:
    """Return the columns of a file that match each of our keys.

    Parameters
    ----------
    names : sequence of str
        The file's columns.
    keys : sequence of str
        Our columns that are sought.
    mapping : mapping of str to str
        The scenario's ``columns``: our key → the file's column, or "" for none.
    group : str
        Key of the layer in the scenario (``log.key``); aliases differ from layer to layer.

    Returns
    -------
    dict of str to list of str
        An entry for every key, in their order: the column that the mapping names (none if the file lacks it), otherwise
        the one with the key's own name, otherwise all with another known name, in the file's order. A column that the
        mapping or its own name assigns to one key is not assigned to another by alias.
    """
    found: dict[str, list[str]] = {key: [] for key in keys}
    open_keys = []
    for key in keys:
        wanted = mapping.get(key, key)
        if wanted in names and wanted:
            found[key] = [wanted]
        elif key not in mapping:
            open_keys.append(key)
    taken = {name for matches in found.values() for name in matches} | set(mapping.values())
    by_alias = _by_alias([name for name in names if name not in taken], tuple(keys), group)
    for key in open_keys:
        matches = by_alias.get(key, [])
        # A provisional name ranks behind all others.
        found[key] = [name for name, weak in matches if not weak] or [name for name, _ in matches]
    return found


def known_names(group: str = "") -> frozenset[str]:
    """Return all names, normalised, that a head of this layer may contain."""
    return frozenset(_tokens(group, _every_key()))


def forms(name: str, names: Sequence[str]) -> list[str]:
    """Return the ways to read a column's name: all rows of its head, and only the last if no other ends so.

    If the last is a word for a total, the rows above it are the name.

    Examples
    --------
    >>> from siting.read.tables.aliases import forms
    >>> forms("床位数 / 护理型", ["名称", "床位数 / 护理型"])
    ['床位数护理型', '护理型']
    >>> forms("60岁及以上 / 合计", ["60岁及以上 / 合计", "60岁及以上 / 男"])
    ['60岁及以上合计', '60岁及以上']
    """
    if HEAD_JOIN not in name:
        return [name]
    above, last = name.rsplit(HEAD_JOIN, 1)
    if normalised(last) in _ALL:
        return [name.replace(HEAD_JOIN, ""), above.replace(HEAD_JOIN, "")]
    alone = sum(other.rsplit(HEAD_JOIN, 1)[-1] == last for other in names) == 1
    return [name.replace(HEAD_JOIN, ""), *([last] if alone else [])]


def _by_alias(names: Sequence[str], keys: tuple[str, ...], group: str) -> dict[str, list[tuple[str, bool]]]:
    """Return key → (column, whether its name is provisional), by alias only."""
    tokens, cut = _tokens(group, keys), _cut_tokens(group, keys)
    found: dict[str, list[tuple[str, bool]]] = {}
    for name in names:
        readings = [reading for form in forms(name, names) for reading in _readings(form, tokens, cut)]
        if readings:
            key, weak = readings[0]
            found.setdefault(key, []).append((name, weak))
    return found


def _readings(
    form: str, tokens: Mapping[str, tuple[str, bool]], cut: Mapping[str, tuple[str, bool]]
) -> Iterator[tuple[str, bool]]:
    whole = _folded(form)
    if whole in cut:
        yield cut[whole]
    for token in (normalised(form), normalised(unit_of_name(form).bare)):
        if token in tokens:
            yield tokens[token]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().lower()


@cache
def _sections() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    text = resources.files(__package__).joinpath("aliases.toml").read_text(encoding="utf-8")
    return {
        section: {key: tuple(names) for key, names in table.items()} for section, table in tomllib.loads(text).items()
    }


@cache
def _entries(group: str) -> tuple[tuple[str, str, bool], ...]:
    """Return (name, key, whether it is provisional) for a layer; the most specific section decides the meaning."""
    parts = group.split(".") if group else []
    found: dict[str, tuple[str, str, bool]] = {}
    for level in ["all", *(".".join(parts[: count + 1]) for count in range(len(parts)))]:
        for section, weak in ((level, False), (f"weak.{level}", True)):
            for key, names in _sections().get(section, {}).items():
                found.update({normalised(name): (name, key, weak) for name in names})
    return tuple(found.values())


@cache
def _tokens(group: str, keys: tuple[str, ...]) -> Mapping[str, tuple[str, bool]]:
    """Return normalised name → (key, provisional); our own keys, in any spelling, mean themselves.

    The names of columns in the text catalogue count too, unless a section says otherwise.
    """
    found = {normalised(words): (key, False) for key in keys for words in texts().get(f"field.{key}", {}).values()}
    found.update({normalised(name): (key, weak) for name, key, weak in _entries(group)})
    found.update({normalised(key): (key, False) for key in keys})
    return found


@cache
def _every_key() -> tuple[str, ...]:
    """Return the keys of all columns that a layer may have."""
    layers = (
        tables.UNIT_COLUMNS,
        tables.PEOPLE_COLUMNS,
        tables.PEOPLE_LAYER_COLUMNS,
        tables.GROWTH_COLUMNS,
        tables.COHORT_COLUMNS,
        tables.RESIDENTIAL_COLUMNS,
        tables.FACILITY_COLUMNS,
        tables.CANDIDATE_COLUMNS,
        tables.SIZE_COLUMNS,
        tables.LAND_USE_COLUMNS,
        tables.NETWORK_COLUMNS,
    )
    return (*dict.fromkeys(column.key for columns in layers for column in columns), *PLACE_KEYS)


def cut_readings(name: str, keys: Sequence[str], group: str = "") -> Mapping[str, str]:
    """Return the possible meanings of a name that a shapefile cut: our key ("" for none) → a full name.

    Parameters
    ----------
    name : str
        The name as it was cut.
    keys : sequence of str
        Ours that the layer may have.
    group : str
        Key of the layer in the scenario.

    Examples
    --------
    >>> from siting.read.tables.aliases import cut_readings
    >>> dict(cut_readings("用地面", ["land_m2", "beds"], "facilities"))
    {'land_m2': '用地面积'}
    """
    found = _cut_names(group, tuple(keys)).get(_folded(name), {})
    return {key: full for key, (full, _) in found.items()}


def is_known_whole(name: str, keys: Sequence[str], group: str = "") -> bool:
    """Tell whether a name is known as it is, without a possibly truncated rest."""
    return normalised(name) in _tokens(group, tuple(keys))


@cache
def _cut_names(group: str, keys: tuple[str, ...]) -> Mapping[str, Mapping[str, tuple[str, bool]]]:
    """Return names as shapefiles cut them, at ten bytes of GBK or UTF-8 → key → (a full name, provisional)."""
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    wanted = {*keys, ""}
    entries = _entries(group)
    given = {normalised(name) for name, _, _ in entries}
    # The heads of our own forms; the beginning of an English word may mean anything.
    ours = [(texts()[f"field.{key}"]["zh"], key, False) for key in keys if f"field.{key}" in texts()]
    ours = [entry for entry in ours if normalised(entry[0]) not in given]
    for name, key, weak in [*entries, *ours, *((key, key, False) for key in keys)]:
        for encoding in _DBF_ENCODINGS if key in wanted else ():
            written = _folded(name).encode(encoding, "ignore")
            if len(written) > _DBF_BYTES:
                cut = written[:_DBF_BYTES].decode(encoding, "ignore")
                found.setdefault(cut, {}).setdefault(key, (name, weak))
    return found


@cache
def _cut_tokens(group: str, keys: tuple[str, ...]) -> Mapping[str, tuple[str, bool]]:
    """Return names as a shapefile cuts them → (key, provisional), if no other name is cut to the same."""
    tokens = _tokens(group, keys)
    found = {}
    for cut, meant in _cut_names(group, keys).items():
        key, (_, weak) = next(iter(meant.items()))
        if len(meant) == 1 and tokens.get(cut, (key, weak))[0] == key:
            found[cut] = (key, weak)
    return found
