"""The column with the kind of ways of lines, recognised by its values if its name does not tell."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from siting.domain.scenario import Layer
from siting.domain.tables import NETWORK_COLUMNS
from siting.read.ground.osm import counted
from siting.read.ground.osm_tags import is_known
from siting.read.sources.vectors import Raw
from siting.read.tables.aliases import find_columns, normalised
from siting.read.tables.words import choice_words

# If half or more of its cells are known, a column gives the kind of ways; if fewer are, the user is asked.
_MOST_KNOWN: Final = 0.5
_PLAIN: Final = "street"
_STAIRS: Final = "stairs"
# Words for lines that pedestrians do not use, or only where the data show a sidewalk, with their value of ``highway``.
_ROADS: Final = {
    "motorway": ("高速公路", "高速", "高速路", "motorway", "motorway_link"),
    "trunk": ("快速路", "城市快速路", "快速干道", "快速通道", "高架路", "高架道路", "高架桥", "城市高架"),
    "railway": ("铁路", "铁道", "铁路线", "高速铁路", "轨道", "轨道交通", "轻轨", "地铁", "railway"),
}
_NOT_FOR_WALKING: Final = {normalised(word): highway for highway, words in _ROADS.items() for word in words}
# Names of columns with classes of roads; other words in them are reported.
_CLASSES: Final = frozenset(
    map(
        normalised,
        (
            *(
                "道路等级",
                "道路类型",
                "道路类别",
                "道路级别",
                "道路种类",
                "道路分类",
                "道路性质",
                "路型",
                "路类",
                "路别",
            ),
            *(
                "类别",
                "类型",
                "等级",
                "种类",
                "分类",
                "type",
                "class",
                "road_type",
                "road_class",
                "RTEG",
                "DLDJ",
                "DLLX",
            ),
        ),
    )
)
# Kinds repeat; a column with mostly unique values contains names, and many names end in 桥.
_LEAST_RECURRING: Final = 2
_KIND: Final = next(column for column in NETWORK_COLUMNS if column.key == "kind")


def with_ways_known(raw: Raw) -> tuple[Raw, bool]:
    """Return a layer of lines with the kinds of its ways from its own columns.

    Parameters
    ----------
    raw : Raw
        The layer; its log takes the notes of :func:`with_way_column`, ``motorways_by_values`` and ``ways_unknown``.

    Returns
    -------
    raw : Raw
        The layer.
    of_osm : bool
        Whether it has OpenStreetMap's ``highway`` column, so that its ways meet as there.
    """
    known = _with_unknown_classes_as_streets(with_way_column(raw))
    names, stated = [str(name) for name in known.frame.columns], known.source.columns
    of_osm = bool(find_columns(names, ["highway"], stated, known.log.key)["highway"] or stated.get("highway"))
    return _without_motorways(known), of_osm


def _without_motorways(raw: Raw) -> Raw:
    """Give a ``highway`` to the lines of a layer without one, from words for motorways and such in another column."""
    names, stated = [str(name) for name in raw.frame.columns if name != raw.frame.geometry.name], raw.source.columns
    matched = find_columns(names, [column.key for column in NETWORK_COLUMNS], stated, raw.log.key)
    if matched["highway"] or "highway" in stated or stated.get("kind") == "":
        return raw
    meant = {normalised(word) for word in raw.source.values.get("kind", {})}
    texts = {
        name: {value: count for value, count in _texts(raw.frame[name]).items() if normalised(value) not in meant}
        for name in matched["kind"] or names
    }
    for name, values in texts.items():
        found = Counter({value: count for value, count in values.items() if normalised(value) in _NOT_FOR_WALKING})
        if found:
            raw.log.note("motorways_by_values", column=name, count=found.total(), values=counted(found))
            there = raw.frame[name].map(lambda cell, words=found: isinstance(cell, str) and cell.strip() in words)
            roads = (
                raw.frame[name].where(there).map(lambda cell: _NOT_FOR_WALKING[normalised(cell)], na_action="ignore")
            )
            highway = roads.astype("object").where(there, "road")
            frame = raw.frame.assign(**{name: raw.frame[name].where(~there), "highway": highway})
            raw = replace(raw, frame=frame)
            break
    odd = {name: _odd(values) for name, values in texts.items() if not matched["kind"]}
    told = {name: values for name, values in odd.items() if values and (normalised(name) in _CLASSES)}
    if told:
        raw.log.note("ways_unknown", columns="; ".join(f"{name}: {counted(values)}" for name, values in told.items()))
    return raw


def _odd(values: Mapping[str, int]) -> Counter[str]:
    """Count the values that are neither kinds of ways nor lines that are not for walking."""
    return Counter(
        {
            value: count
            for value, count in values.items()
            if _kind_of(value) is None and not is_known(value) and normalised(value) not in _NOT_FOR_WALKING
        }
    )


def with_way_column(raw: Raw) -> Raw:
    """Return a layer of lines whose ``kind`` or ``highway`` is recognised by the values of a column, if no name tells.

    Where nothing names such a column, the values decide (:func:`ways_in`): the column is taken and noted
    (``ways_by_values``), or columns with words for stairs, bridges and the like are noted (``ways_look_alike``). A
    column that is named ``kind`` but holds values of ``highway``, which the scenario does not translate, is taken as
    ``highway`` and noted.

    Parameters
    ----------
    raw : Raw
        The layer; its log takes the notes.
    """
    names, stated = [str(name) for name in raw.frame.columns if name != raw.frame.geometry.name], raw.source.columns
    matched = find_columns(names, [column.key for column in NETWORK_COLUMNS], stated, raw.log.key)
    if matched["kind"] or matched["highway"] or {"kind", "highway"} & stated.keys():
        return _with_tags_as_highway(raw, matched)
    used = {name for found in matched.values() for name in found}
    values = {name: _texts(raw.frame[name]) for name in names if name not in used}
    found, alike = ways_in(values)
    if found is not None and isinstance(raw.source, Layer):
        name, key = found
        raw.log.note("ways_by_values", column=name, key=key, values=counted(Counter(values[name])))
        return replace(raw, source=raw.source.model_copy(update={"columns": {**stated, key: name}}))
    if alike:
        told = "; ".join(f"{name}: {counted(words)}" for name, words in alike.items())
        raw.log.note("ways_look_alike", columns=told)
    return raw


def ways_in(values: Mapping[str, Mapping[str, int]]) -> tuple[tuple[str, str] | None, dict[str, Counter[str]]]:
    """Return the column with the kinds of ways, or the columns that may be it.

    Parameters
    ----------
    values : mapping
        By column, its texts and how often each occurs.

    Returns
    -------
    found : tuple of str, or None
        A column, and ours to which it belongs (``kind`` or ``highway``): at least half of the rows that give a value
        have a word for a kind, or a value of ``highway``; in a column named like one of classes of roads (道路类型) one
        word for stairs, bridges and the like is enough.
    alike : dict
        By column, words for stairs, bridges and the like, or words that end in one, if nothing is found.

    Examples
    --------
    >>> from siting.read.ground.way_columns import ways_in
    >>> ways_in({"道路类型": {"甲类": 9, "梯道": 1}}), ways_in({"备注": {"解放路": 2, "梯道": 1}})
    ((('道路类型', 'kind'), {}), (None, {'备注': Counter({'梯道': 1})}))
    """
    alike = {}
    # Columns named like classes of roads come first.
    for name in sorted(values, key=lambda name: normalised(name) not in _CLASSES):
        texts = values[name]
        key, share = _what(texts)
        if key and (share >= _MOST_KNOWN or normalised(name) in _CLASSES):
            return (name, key), {}
        recur = sum(texts.values()) >= _LEAST_RECURRING * len(texts)
        words = Counter({value: count for value, count in texts.items() if _is_alike(value, recur=recur)})
        if words:
            alike[name] = words
    return None, alike


def _with_unknown_classes_as_streets(raw: Raw) -> Raw:
    """Take unknown words of a column of classes of roads as streets, and note them.

    Words that look like stairs stay, and are faults: only the user knows their meaning.
    """
    names, stated = [str(name) for name in raw.frame.columns if name != raw.frame.geometry.name], raw.source.columns
    matched = find_columns(names, ["kind"], stated, raw.log.key)["kind"] or [stated.get("kind", "")]
    name = matched[0]
    if len(matched) > 1 or name not in names or normalised(name) not in _CLASSES:
        return raw
    meant = {normalised(word) for word in raw.source.values.get("kind", {})}
    others = Counter(
        {
            value: count
            for value, count in _odd(_texts(raw.frame[name])).items()
            if normalised(value) not in meant and not _is_alike(value, recur=True)
        }
    )
    if not others:
        return raw
    raw.log.note("ways_unknown", columns=f"{name}: {counted(others)}")
    cells = raw.frame[name]
    there = cells.map(lambda cell: isinstance(cell, str) and cell.strip() in others).astype(bool)
    return replace(raw, frame=raw.frame.assign(**{name: cells.where(~there)}))


def _with_tags_as_highway(raw: Raw, matched: Mapping[str, Sequence[str]]) -> Raw:
    """Take the column of ``kind`` as that of ``highway`` where most of its values are those of ``highway`` alone."""
    source, kinds = raw.source, matched["kind"]
    others = [name for name in matched["highway"] if name not in kinds]
    if len(kinds) != 1 or others or source.values.get("kind") or not isinstance(source, Layer):
        return raw
    values = _texts(raw.frame[kinds[0]])
    key, share = _what(values)
    if key != "highway" or share < _MOST_KNOWN:
        return raw
    raw.log.note("ways_by_values", column=kinds[0], key=key, values=counted(Counter(values)))
    columns = {**source.columns, "kind": "", "highway": kinds[0]}
    return replace(raw, source=source.model_copy(update={"columns": columns}))


def _texts(cells: pd.Series) -> Mapping[str, int]:
    """Count the texts of a column."""
    texts = cells[cells.map(lambda cell: isinstance(cell, str) and bool(cell.strip())).astype(bool)].astype("str")
    return {str(value): int(count) for value, count in texts.str.strip().value_counts().items()}


def _kind_of(value: str) -> str | None:
    return choice_words(_KIND).get(normalised(value))


def _is_alike(value: str, *, recur: bool) -> bool:
    """Tell whether a value is a word for stairs, bridges or such, ends in one (石梯坎) or contains one for stairs."""
    kind = _kind_of(value)
    if kind is not None or not recur:
        return kind not in {None, _PLAIN}
    words, text = choice_words(_KIND), normalised(value)
    special = tuple(word for word, known in words.items() if known != _PLAIN)
    return text.endswith(special) or any(word in text for word, known in words.items() if known == _STAIRS)


def _what(values: Mapping[str, int]) -> tuple[str, float]:
    """Return the column of ours to which some values belong, and the share of matching rows; blank for none.

    If all values are streets, no column is needed.
    """
    rows = sum(values.values())
    kinds = sum(count for value, count in values.items() if _kind_of(value) is not None)
    tags = sum(count for value, count in values.items() if is_known(value.lower()))
    if not rows or not any(_kind_of(value) not in {None, _PLAIN} or is_known(value.lower()) for value in values):
        return "", 0.0
    return ("highway", tags / rows) if tags > kinds else ("kind", kinds / rows)
