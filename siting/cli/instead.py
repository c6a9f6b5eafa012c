"""Layers of a scenario taken from other files: the option ``--layer``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from siting.errors import Fault, InputError

if TYPE_CHECKING:
    from siting.domain.scenario import Scenario

# Keys that tell how the file of the scenario is to be read; another file tells it itself.
_OF_THE_FILE: Final = ("database", "query", "layer", "encoding", "header", "pattern", "bands", "points", "polygons")
# The coordinate system of a table stands in no file.
_TABLES: Final = frozenset({".csv", ".txt", ".tsv", ".xlsx"})
# A layer that is joined from others is replaced by one that is drawn.
_JOINED: Final = ("union_of", "name")


def with_layers(scenario: "Scenario", given: Sequence[str], *, untrusted: bool = False) -> "Scenario":
    """Return a scenario with layers from other files.

    Parameters
    ----------
    scenario : Scenario
        It is not changed.
    given : sequence of str
        ``KEY=FILE`` or ``KEY=FILE|LAYER``; the key is the name of a section, as ``units.street``. QGIS writes
        ``|layername=LAYER``.
    untrusted : bool
        Refuse files outside the scenario's own folder, as its own.

    Raises
    ------
    InputError
        An option is not as expected, the scenario has no such layer, or a key of it is wrong.
    """
    if not given:
        return scenario
    if untrusted:
        raise InputError([Fault(code="layer_option", field="--untrusted --layer", found=each) for each in given])
    from siting.pipeline.opening import changed

    held = scenario.model_dump(exclude_unset=True)
    sections: dict[str, Any] = {}
    for each in given:
        name, _, file = each.partition("=")
        _put(sections, name.split("."), _keys(held, name, file, each))
    return changed(scenario, sections)


def _keys(held: Mapping[str, Any], name: str, file: str, given: str) -> dict[str, Any]:
    section: Any = held
    for part in name.split("."):
        section = section.get(part) if isinstance(section, Mapping) else None
    if not file or not isinstance(section, Mapping):
        raise InputError([Fault(code="layer_option", field="--layer", found=given)])
    path, _, layer = file.partition("|")
    dropped = [*_OF_THE_FILE, *(_JOINED if "union_of" in section else ())]
    if Path(path).suffix.lower() not in _TABLES:
        dropped += ["crs", "axes"]
    keys: dict[str, Any] = {key: None for key in dropped if key in section}
    keys["path"] = Path(path).resolve()
    if layer:
        keys["layer"] = layer.removeprefix("layername=")
    return keys


def _put(sections: dict[str, Any], names: Sequence[str], keys: Mapping[str, Any]) -> None:
    at = sections
    for name in names[:-1]:
        at = at.setdefault(name, {})
    at[names[-1]] = {**at.get(names[-1], {}), **keys}
