"""Names of layers and notes: words instead of the keys and codes of a scenario."""

from collections.abc import Iterable
from typing import Any

from siting.domain.nouns import Note
from siting.domain.scenario import Scenario
from siting.text import Lang, knows, say
from siting.text.layers import layer_and_key, layer_words, part_words


def note_text(note: Note, lang: Lang) -> str:
    """Return a note in words.

    Parameters
    ----------
    note : Note
        The note; a layer or a level among its values is replaced by its name.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    str
        One or several sentences.

    Examples
    --------
    >>> from siting.domain.nouns import Note
    >>> from siting.write.naming import note_text
    >>> note_text(Note("hidden_rows_read", {"layer": "facilities", "count": 1, "rows": "7"}), "zh")
    '养老设施（facilities）：1 行在表格中被隐藏，已照常读取（7）。'
    """
    values = dict(note.values)
    if "layer" in values:
        values["layer"] = layer_and_key(str(values["layer"]), lang)
    for key in ("other", "level"):
        if knows(f"level.{values.get(key)}"):
            values[key] = say(f"level.{values[key]}", lang)
    return say(f"note.{note.code}", lang, **values)


def layer_name(key: str, lang: Lang, scenario: Scenario | None = None) -> str:
    """Return the name of a layer.

    Parameters
    ----------
    key : str
        Dotted key of the layer in a scenario.
    lang : {"zh", "en"}
        Language.
    scenario : Scenario, optional
        If given, in Chinese an excluded area is named by the rule that forbids building, and a base map by its content.

    Examples
    --------
    >>> from siting.write.naming import layer_name
    >>> layer_name("units.street", "en"), layer_name("constraints.exclude.farmland", "zh")
    ('units: street or town', '禁建范围：“farmland”')
    """
    return layer_words(key, lang, lambda text, name: _part(text, name, lang, scenario))


def _part(text: str, name: str, lang: Lang, scenario: Scenario | None) -> str:
    """Return the name of the part of a key that distinguishes a layer from others of its kind."""
    if scenario is not None and lang == "zh":
        ground: Any = scenario.constraints.exclude.get(name) if text == "constraints_exclude" else None
        drawn: Any = scenario.basemap.get(name) if text == "basemap" else None
        if ground is not None:
            return str(ground.clause)
        if drawn is not None:
            return say(f"map.legend.{drawn.style}", lang)
    return part_words(text, name, lang)


def file_names(ids: Iterable[object]) -> tuple[str, ...]:
    """Return a name of a file for each id, all different: letters, digits, ``.``, ``-`` and ``_`` of the id.

    Examples
    --------
    >>> from siting.write.naming import file_names
    >>> file_names(["500106", "沙坪坝区", "a/b", "a:b", "A_B", ".."])
    ('500106', '沙坪坝区', 'a_b', 'a_b-2', 'A_B-3', '_')
    """
    taken: dict[str, int] = {}
    names = []
    for each in map(str, ids):
        name = "".join(letter if letter.isalnum() or letter in ".-_" else "_" for letter in each).strip(".") or "_"
        # Some systems take small and capital letters as the same.
        turn = taken[name.casefold()] = taken.get(name.casefold(), 0) + 1
        names.append(name if turn == 1 else f"{name}-{turn}")
    return tuple(names)
