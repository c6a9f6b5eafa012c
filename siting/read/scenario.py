"""A scenario's TOML file becomes a checked Scenario; all its faults are reported together."""

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from siting.characters import shown
from siting.domain.parts import Part, mixed
from siting.domain.scenario import PATH_KEYS, Scenario
from siting.domain.walkers import WALKERS
from siting.errors import Fault, InputError
from siting.files import can_name_a_file, is_utf8
from siting.read.log import listed, quoted
from siting.read.memory import as_files
from siting.read.trust import confinement_faults

Keys = tuple[str | int, ...]

# The rules between keys, in the words of the model, and the codes of their texts.
RULES: Final = {
    "give one of path, pattern, bands, points, polygons, level": "path_or_pattern",
    "attributes go with level, or with attributes_on and points or polygons": "attributes_of_people",
    "give the unit of a raster": "raster_without_unit",
    "give one of from_age, share, path": "group_way",
    "to_age must not be below from_age": "ages_reversed",
    "pattern must hold {age}": "pattern_without_age",
    "give residents, elderly or both": "nobody_given",
    "land_basis names another age than the elderly grid counts from": "basis_of_another_age",
    "land_basis is resident_planned but the horizon is current": "planned_basis_now",
    "give either path or database": "path_or_database",
    "give path, database or generate": "no_candidates_given",
    "query goes with database, and without layer": "query_alone",
    "attributes and attributes_on go together": "attributes_alone",
    "give one of path, database, union_of, of_extent": "path_or_union_of",
    "max_minutes must not be below minutes": "max_minutes_below_minutes",
    "give either place or ids": "place_or_ids",
    "give a reason for another number": "override_without_reason",
    "walking.mode is network but no [network] is given; straight lines are never assumed silently": "no_network",
    "walking.mode is surface but no [surface] is given": "no_surface",
    "give factors with cover, and none with friction": "surface_factors",
    "give the source of a walker's speeds": "walker_without_source",
    "a speed on stairs is 0 or at least 0.01": "stairs_too_slow",
    "a name holds a character that none can hold": "impossible_name",
    "a walker of [walkers] bears the name of a built-in one": "walker_name_taken",
}
# The expected form of a wrong value, by the start of pydantic's error type; written as TOML.
_FORMS: Final = (
    ("int", "not_integer", "12"),
    ("float", "not_number", "0.5"),
    ("finite", "not_number", "0.5"),
    ("string", "not_text", '"…"'),
    ("path", "not_text", '"…"'),
    ("bool", "not_boolean", "true, false"),
    ("date", "not_date", "2026-01-01"),
    ("model", "not_table", "[…]"),
    ("dict", "not_table", "[…]"),
    ("tuple", "not_list", '["…", "…"]'),
)
_BOUNDS: Final = {
    "greater_than": ("gt", ">"),
    "greater_than_equal": ("ge", "≥"),
    "less_than": ("lt", "<"),
    "less_than_equal": ("le", "≤"),
    "too_long": ("max_length", "≤"),
}
# Keys that take more than one type.
_OUTSIDE: Final = "unknown, nobody, > 0 … ≤ 0.5"
_EITHER: Final = {
    "scenario.horizon": "current, 2000–2100",
    "walking.walker": listed(WALKERS),
    **{
        f"population.{planned}{who}.outside": _OUTSIDE
        for planned in ("", "planned_")
        for who in ("residents", "elderly")
    },
}
# Scenarios and standards have tables and lists nested at most half as deep.
DEEPEST: Final = 20
_TABLES_OF_VALUES: Final = ("columns", "column_units", "values", "defaults", "rows")


def read_scenario(path: str | os.PathLike[str], *, untrusted: bool = False) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    path : path-like
        A TOML file, UTF-8. Relative paths in it are relative to its own folder and become absolute.
    untrusted : bool
        Limit the scenario to files within its own folder, with links resolved, in formats that contain their own data;
        refuse databases.

    Returns
    -------
    Scenario
        Frozen; its layers are not read.

    Raises
    ------
    InputError
        The file is missing, is no valid TOML (with the line), or does not describe a scenario: every unknown, missing
        or wrong key is reported by its dotted name; for an untrusted scenario also every path that it may not name.
    """
    file = Path(path)
    raw = load_toml(file)
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 — resolve() would follow links out of the folder
    refuse_foreign_name(folder)
    whole = absolute(raw, folder)
    try:
        scenario = Scenario.model_validate(whole)
    except ValidationError as error:
        raise InputError(scenario_faults(error.errors(include_url=False), raw, file.name)) from None
    faults = confinement_faults(whole, folder, file.name) if untrusted else []
    if faults:
        raise InputError(faults)
    return scenario


def changed(scenario: Scenario | None, sections: Mapping[str, object]) -> Scenario:
    """Return a scenario with other settings, checked like those of a file.

    Parameters
    ----------
    scenario : Scenario or None
        It is not changed; None for a scenario from ``sections`` alone.
    sections : mapping
        By section, the keys to change, nested as in the file; None removes a key. A whole section may be None. Tables
        and rasters in memory may replace files (:func:`siting.read.memory.as_files`).

    Raises
    ------
    InputError
        Every unknown, missing or wrong key, by its dotted name.

    Examples
    --------
    >>> import siting
    >>> from siting.read.scenario import changed
    >>> scenario = siting.read_scenario("data/sample/scenario.toml")
    >>> changed(scenario, {"walking": {"minutes": 10}}).walking.minutes
    10.0
    """
    filed, kept = as_files(sections)
    raw = _merged({} if scenario is None else scenario.model_dump(exclude_unset=True), filed)
    try:
        found = Scenario.model_validate(raw)
    except ValidationError as error:
        raise InputError(scenario_faults(error.errors(include_url=False), raw, "")) from None
    found._kept = (*(() if scenario is None else scenario._kept), *([] if kept is None else [kept]))  # noqa: SLF001
    return found


def exchanged(old: Scenario, new: Scenario, parts: Collection[Part]) -> Scenario:
    """Return a scenario with some parts of another one, checked like that of a file.

    Parameters
    ----------
    old, new : Scenario
        They are not changed.
    parts : collection of str
        The parts (:mod:`siting.domain.parts`) of ``new``; all others are those of ``old``. What belongs to no part is
        left out, because no figure depends on it.

    Raises
    ------
    InputError
        The parts do not go together.

    Examples
    --------
    >>> import siting
    >>> from siting.read.scenario import exchanged
    >>> old = siting.read_scenario("data/sample/scenario.toml")
    >>> new = siting.change(old, walking={"minutes": 10}, standards={"coverage": "by_tier"})
    >>> found = exchanged(old, new, {"settings"})
    >>> found.walking.minutes, found.standards.coverage
    (10.0, 'any_facility')
    """
    raw = mixed(old.model_dump(exclude_unset=True), new.model_dump(exclude_unset=True), parts)
    try:
        found = Scenario.model_validate(raw)
    except ValidationError as error:
        raise InputError(scenario_faults(error.errors(include_url=False), raw, "")) from None
    found._kept = (*old._kept, *new._kept)  # noqa: SLF001
    return found


def _merged(table: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(table)
    for key, value in given.items():
        if isinstance(value, Mapping):
            inner = found.get(key)
            found[key] = _merged(inner if isinstance(inner, Mapping) else {}, value)
        elif value is None:
            found.pop(key, None)
        else:
            found[key] = value
    return found


def refuse_foreign_name(folder: Path) -> None:
    """Raise the fault of a folder with a name, in its path too, that is not UTF-8."""
    foreign = next((part for part in folder.parts if not is_utf8(part)), None)
    if foreign is not None:
        raise InputError([Fault(code="name_not_utf8", found=shown(foreign))])


def load_toml(file: Path) -> dict[str, Any]:
    """Return the contents of a TOML file; raise a fault if it is missing or no TOML."""
    if not can_name_a_file(str(file)):
        raise InputError([Fault(code="impossible_name", file=shown(str(file)))])
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        if not _deeper_than(table, DEEPEST):
            return table
        fault = Fault(code="nested_too_deep", file=file.name, expected=str(DEEPEST))
    except RecursionError:
        fault = Fault(code="nested_too_deep", file=file.name, expected=str(DEEPEST))
    except FileNotFoundError:
        fault = Fault(code="missing_file", file=file.name, found=str(file))
    except OSError as error:
        fault = Fault(code="unreadable_file", file=file.name, found=error.strerror or str(error))
    except UnicodeDecodeError as error:
        fault = Fault(code="bad_encoding", file=file.name, found=f"0x{error.object[error.start]:02x}", expected="UTF-8")
    except ValueError as error:
        # No TOML, or a whole number with thousands of digits, for which Python gives no line.
        line = re.search(r"line (\d+)", str(error))
        fault = Fault(
            code="bad_toml", file=file.name, row=line[1] if line else None, found=str(error).partition(";")[0]
        )
    raise InputError([fault])


def _deeper_than(table: Mapping[str, Any], levels: int) -> bool:
    """Tell whether tables and lists are nested deeper than the given number of levels."""
    level: list[Any] = [table]
    for _ in range(levels):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
    return bool(level)


def absolute(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a table with its paths and patterns resolved from the folder."""
    return {
        key: os.path.normpath(folder / value)
        if key in PATH_KEYS and key != "database" and isinstance(value, str)
        else [os.path.normpath(folder / each) if isinstance(each, str) else each for each in value]
        if key in PATH_KEYS and isinstance(value, list)
        else absolute(value, folder)
        if isinstance(value, dict) and key not in _TABLES_OF_VALUES
        else value
        for key, value in table.items()
    }


def scenario_faults(errors: Iterable[ErrorDetails], raw: Mapping[str, Any], file: str) -> list[Fault]:
    """Return one fault for each key: if a key may have several types, pydantic reports one error for each."""
    groups: dict[Keys, list[ErrorDetails]] = {}
    for error in errors:
        groups.setdefault(keys_of(error, raw), []).append(error)
    return [_fault(keys, group, file) for keys, group in groups.items()]


def keys_of(error: ErrorDetails, raw: Mapping[str, Any]) -> Keys:
    """Return the keys of the file that an error is about, without pydantic's tags of union members."""
    inside: Any = raw
    keys: list[str | int] = []
    for step in error["loc"]:
        try:
            inside = inside[step]
        except (KeyError, IndexError, TypeError):
            if error["type"] == "missing":
                keys.append(step)
            break
        keys.append(step)
    return tuple(keys)


def _fault(keys: Keys, group: list[ErrorDetails], file: str) -> Fault:
    first = group[0]
    dotted = ".".join(map(str, keys)) or None
    kind, found = first["type"], quoted(first["input"])
    if kind == "extra_forbidden":
        return _unknown_key(keys, known_keys(keys[:-1]), file)
    if first["loc"][-1:] == ("[key]",):
        return _unknown_key(keys, _choices(first), file)
    if kind == "missing":
        return Fault(code="missing_key", file=file, field=dotted)
    if kind == "value_error":
        words = str(first["ctx"]["error"])
        return Fault(code=RULES.get(words, "broken_rule"), file=file, field=dotted, found=words)
    if kind == "unknown_walker":
        told = first["ctx"]
        return Fault(
            code="unknown_walker", file=file, field="walking.walker", found=told["found"], expected=told["expected"]
        )
    code, expected = expectation(dotted or "", group)
    found = str(len(first["input"])) if kind == "too_long" else found
    return Fault(code=code, file=file, field=dotted, found=found, expected=expected)


def expectation(dotted: str, group: list[ErrorDetails]) -> tuple[str, str]:
    """Return the code of a wrong value, and the expected value."""
    if dotted in _EITHER:
        return "not_a_choice", _EITHER[dotted]
    if all(error["type"] == "literal_error" for error in group):
        return "not_a_choice", listed(choice for error in group for choice in _choices(error))
    first = group[0]
    if first["type"] in _BOUNDS:
        name, sign = _BOUNDS[first["type"]]
        return "out_of_range", f"{sign} {first['ctx'][name]}"
    for start, code, form in _FORMS:
        if first["type"].startswith(start):
            return code, form
    return "wrong_value", first["msg"]


def _choices(error: ErrorDetails) -> list[str]:
    return re.findall(r"'([^']*)'", error.get("ctx", {}).get("expected", ""))


def _unknown_key(keys: Keys, known: Iterable[str], file: str) -> Fault:
    """Return the fault of an unknown key, with the most similar key: in its section, else anywhere, else all of it."""
    name, known = str(keys[-1]), list(known)
    near = difflib.get_close_matches(name, known, n=1)
    elsewhere = [key for key in all_keys() if key.rpartition(".")[2] == name]
    prefix = "".join(f"{key}." for key in keys[:-1])
    nearest = [prefix + near[0]] if near else elsewhere
    code = "unknown_key" if nearest else "unknown_key_of"
    dotted = ".".join(map(str, keys))
    return Fault(code=code, file=file, field=dotted, found=name, expected=listed(nearest or known))


def known_keys(keys: Keys) -> list[str]:
    """Return the allowed keys of a table of the scenario; ``keys`` lead to it."""
    inside: object = Scenario
    for key in keys:
        inside = _core(inside)
        inside = inside.model_fields[str(key)].annotation if _is_model(inside) else _member(inside)
    inside = _core(inside)
    return list(inside.model_fields) if _is_model(inside) else []


def all_keys() -> list[str]:
    """Return every dotted key of a scenario; ``*`` stands for a name of the user's own."""
    return list(_walk(Scenario, ""))


def _walk(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key, inside = f"{prefix}{name}", _core(field.annotation)
        yield key
        if _is_model(inside):
            yield from _walk(inside, f"{key}.")
        elif get_origin(inside) in {dict, tuple} and _is_model(_core(_member(inside))):
            yield from _walk(_member(inside), f"{key}.*.")


def _member(annotation: object) -> Any:  # noqa: ANN401 - a type
    """Return the type of the values of a table with user-defined names, or of a list."""
    return get_args(annotation)[1 if get_origin(annotation) is dict else 0]


def _core(annotation: object) -> object:
    """Return the type of a field without None."""
    if get_origin(annotation) is Annotated:
        return _core(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        members = [each for each in get_args(annotation) if each is not type(None) and get_origin(each) is not Literal]
        return _core(members[0]) if members else annotation
    return annotation


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
