"""Further faults of a scenario that cannot be used yet: missing values are replaced, and its files are read."""

import datetime as dt
import os
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from siting.domain.scenario import Scenario
from siting.errors import Fault, InputError
from siting.read.inputs import inspect_inputs
from siting.read.scenario import Keys, absolute, keys_of, load_toml, read_scenario, scenario_faults

# Replacements for missing keys; none of them causes a fault of a file, or hides one.
_HARMLESS: Final[dict[str, object]] = {"complete": True, "title": "–", "date": dt.date(2026, 1, 1)}
# Replacements for a violated rule between keys: the section's keys, by the words of the rule.
_INSTEAD: Final[dict[str, dict[str, object]]] = {
    "give the unit of a raster": {"unit": "persons per cell"},
    "give either place or ids": {"place": "重庆市", "ids": None},
    "walking.mode is network but no [network] is given; straight lines are never assumed silently": {
        "mode": "straight_line"
    },
    "walking.mode is surface but no [surface] is given": {"mode": "straight_line"},
}
# The section to which a rule of the whole scenario refers.
_SECTION_OF: Final = {"mode": ("walking",)}
# Each round finds faults that the earlier ones have hidden.
_ROUNDS: Final = 5


def read_whole(path: str | os.PathLike[str], *, untrusted: bool = False) -> Scenario:
    """Read a scenario; if its keys have faults, report them together with all faults of the files that it names.

    Parameters
    ----------
    path : path-like
        As for :func:`siting.read.scenario.read_scenario`.
    untrusted : bool
        As for it; for an untrusted scenario only the keys are checked.

    Returns
    -------
    Scenario
        Frozen; its layers are not read.

    Raises
    ------
    InputError
        As for it.
    """
    try:
        return read_scenario(path, untrusted=untrusted)
    except InputError as error:
        told = error.faults
    raise InputError([*told, *(() if untrusted else faults_behind(path, told))])


def faults_behind(path: str | os.PathLike[str], told: Iterable[Fault]) -> list[Fault]:
    """Return the faults that those of a scenario's keys hide: of other keys, and of the files that it names.

    Sections with a faulty key are ignored: what they say about their files may be wrong.

    Parameters
    ----------
    path : path-like
        A trusted scenario's TOML file: its files are read.
    told : iterable of Fault
        The faults that :func:`siting.read.scenario.read_scenario` reported.

    Returns
    -------
    list of Fault
        Without the reported ones; empty if too little of the scenario is right to read anything.
    """
    file, known = Path(path), set(told)
    try:
        table = absolute(load_toml(file), file.absolute().parent)
    except InputError:
        return []
    mended: list[str] = []
    found: list[Fault] = []
    for _ in range(_ROUNDS):
        try:
            scenario = Scenario.model_validate(table)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            more = [each for each in scenario_faults(errors, table, file.name) if each not in known]
            found += [each for each in more if each.field and not _touches(each.field, mended)]
            known |= {*more}
            table = deepcopy(table)
            if not all(_mend(each, table, mended) for each in errors):
                return found
        else:
            _, log = inspect_inputs(scenario)
            return found + [each for each in log.faults.found if not _touches(each.layer or "", mended)]
    return found


def _touches(name: str, mended: Iterable[str]) -> bool:
    """Tell whether a layer or a key belongs to a repaired section, or contains it."""
    return any(f"{name}.".startswith(f"{each}.") or f"{each}.".startswith(f"{name}.") for each in mended)


def _mend(error: ErrorDetails, table: dict[str, Any], mended: list[str]) -> bool:
    """Replace the value that an error is about; False if there is no replacement."""
    keys = keys_of(error, table)
    if error["type"] == "missing" and keys and str(keys[-1]) in _HARMLESS:
        return _put(table, keys[:-1], {str(keys[-1]): _HARMLESS[str(keys[-1])]})
    if keys == ("standards",) and error["type"] == "missing":
        mended.append("standards")
        return _put(table, keys, {"place": "重庆市"})
    if error["type"] == "value_error":
        instead = _INSTEAD.get(str(error["ctx"]["error"]))
        if instead is not None:
            section = keys or _SECTION_OF.get(next(iter(instead)), ())
            mended.append(".".join(map(str, section)))
            return _put(table, section, instead)
    out = keys[:-1] if error["type"] == "missing" else keys
    mended.append(".".join(map(str, keys[:-1] or keys)))
    return _drop(table, out)


def _put(table: dict[str, Any], section: Keys, values: dict[str, object]) -> bool:
    inside: Any = table
    for key in section:
        inside = inside.setdefault(key, {}) if isinstance(inside, dict) else None
    if isinstance(inside, dict):
        inside.update(values)
    return isinstance(inside, dict)


def _drop(table: dict[str, Any], keys: Keys) -> bool:
    """Remove a key from a table; a missing key is no problem, and the whole table cannot be removed."""
    inside: Any = table
    for key in keys[:-1]:
        inside = inside.get(key) if isinstance(inside, dict) else None
    if keys and isinstance(inside, dict):
        inside.pop(keys[-1], None)
    return bool(keys)
