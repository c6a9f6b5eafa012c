"""The standards of the catalogue and a user's own: all, one, and those that a scenario brings into force."""

import datetime as dt
import difflib
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from siting.domain.measures import CLASSES, MEASURES
from siting.domain.nouns import Note
from siting.domain.scenario import ClauseOverride, Scenario, StandardsChoice
from siting.domain.standards import Award, Bodies, Clause, Example, Funding, Standard, Unclaused
from siting.errors import Fault, InputError
from siting.read.log import Log, listed, quoted
from siting.read.scenario import expectation, load_toml
from siting.read.sources.files import take

_FILES: Final = "standards.files"
_OVERRIDE: Final = "standards.override"
_TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "clauses": Clause,
    "unclaused": Unclaused,
    "bodies": Bodies,
    "funding": Funding,
    "awards": Award,
    "examples": Example,
}


@cache
def all_standards() -> tuple[Standard, ...]:
    """Return the published documents of the catalogue, the earliest first; these apply by place."""
    return _catalogue()


@cache
def elsewhere_standards() -> tuple[Standard, ...]:
    """Return the standards of other places, whose text was not seen; they apply only if ids name them."""
    return _catalogue("elsewhere")


def _catalogue(*folder: str) -> tuple[Standard, ...]:
    return _sorted(
        Standard.model_validate(tomllib.loads(entry.read_text(encoding="utf-8")))
        for entry in resources.files("siting").joinpath("catalogue", *folder).iterdir()
        if entry.name.endswith(".toml")
    )


def _shelf() -> tuple[Standard, ...]:
    """Return all standards that ids may name."""
    return (*all_standards(), *elsewhere_standards())


def standard(key: str) -> Standard:
    """Return one standard by its id.

    Parameters
    ----------
    key : str
        Its id in the catalogue.

    Returns
    -------
    Standard
        The standard with its clauses.

    Raises
    ------
    InputError
        The catalogue has no such standard; the message lists the existing ones.

    Examples
    --------
    >>> from siting.read import standard
    >>> standard("cq-2019-129").number
    '渝府办发〔2019〕129号'
    """
    for each in _shelf():
        if each.id == key:
            return each
    raise InputError([_unknown(key)])


def load_standards(choice: StandardsChoice, date: dt.date) -> tuple[Standard, ...]:
    """Return the standards that a scenario chooses, the earliest first.

    Parameters
    ----------
    choice : StandardsChoice
        Either ``place``, the full name of a place, beginning with those of its parents (``重庆市南岸区``): every
        document whose jurisdiction is the place or one of its parents and that is in force at ``date``. Or ``ids``:
        those standards (also national ones and those of other places), each of which must be in force at ``date``. In
        addition ``files``, a user's own standards, each of which must be in force too; and ``override``, other numbers
        for clauses of any of these.
    date : datetime.date
        The date that the scenario describes.

    Returns
    -------
    tuple of Standard
        In the order of their entry into force; overridden clauses have the new number, and no worked examples.

    Raises
    ------
    InputError
        An id does not exist, a named standard is not in force at the date, none is in force at the place, a file is
        no standard, or an override names no clause with a number.
    """
    log = Log()
    found = choose_standards(choice, date, log)
    log.faults.stop_if_any()
    return found


def choose_standards(choice: StandardsChoice, date: dt.date, log: Log) -> tuple[Standard, ...]:
    """Return the result of :func:`load_standards`, with faults, notes and digests of files in a log."""
    faults = log.faults.found
    shipped = tuple(_shipped(choice, date, faults))
    own = tuple(each for path in choice.files for each in _own(path, date, log))
    if choice.ids is None:
        shipped = tuple(_not_completed(shipped, own, log))
    ids = Counter(each.id for each in (*_shelf(), *own))
    faults += [_fault("standard_twice", "id", each.id) for each in own if ids[each.id] > 1]
    chosen = _sorted((*shipped, *own))
    if faults:
        return ()
    return _overridden(chosen, choice.override, log)


def _not_completed(shipped: Iterable[Standard], own: Iterable[Standard], log: Log) -> Iterator[Standard]:
    """Yield the documents of the catalogue; partly known ones are left out if a file has the same number."""
    numbers = {each.number for each in own}
    for each in shipped:
        if each.unseen_zh and each.number in numbers:
            log.notes.append(Note("standard_completed", {"number": each.number, "id": each.id}))
        else:
            yield each


def check_circle(chosen: tuple[Standard, ...], scenario: Scenario, log: Log) -> None:
    """Note a fault if the minutes of a circle are overridden but people walk with another cut-off."""
    circles = {clause.id for each in chosen for clause in each.clauses if clause.kind == "service_circle"}
    for override in scenario.standards.override:
        if override.clause in circles and override.number != scenario.walking.minutes:
            minutes = f"{scenario.walking.minutes:g}"
            log.faults.found.append(_fault("override_other_minutes", _OVERRIDE, f"{override.number:g}", minutes))


def read_standard(path: Path) -> Standard:
    """Read a user's own standard.

    Parameters
    ----------
    path : pathlib.Path
        A TOML file as written by ``siting standards new``.

    Returns
    -------
    Standard
        The standard.

    Raises
    ------
    InputError
        The file is missing, is no valid TOML, or does not describe a standard: every fault is reported with the clause
        and the key.
    """
    raw = load_toml(path)
    try:
        found = Standard.model_validate(raw)
    except ValidationError as error:
        raise InputError(_schema_faults(error.errors(include_url=False), raw, path.name)) from None
    faults = list(_clause_faults(found, path.name))
    if faults:
        raise InputError(faults)
    return found


def _shipped(choice: StandardsChoice, date: dt.date, faults: list[Fault]) -> Iterator[Standard]:
    """Yield the standards of the catalogue that are chosen, by place or by id."""
    if choice.ids is not None:
        yield from _named(choice, date, faults)
    elif choice.place is not None:
        there = [each for each in all_standards() if choice.place.startswith(each.jurisdiction) and each.applies(date)]
        if not there and not choice.files:
            places = listed(sorted({each.jurisdiction for each in all_standards()}))
            faults.append(_fault("no_standard_in_force", "standards.place", f"{choice.place}, {date}", places))
        yield from there


def _named(choice: StandardsChoice, date: dt.date, faults: list[Fault]) -> Iterator[Standard]:
    ids = choice.ids or ()
    known = {each.id: each for each in _shelf()}
    faults += [_unknown(key) for key in ids if key not in known]
    if not ids and not choice.files:
        faults.append(_fault("no_standard_in_force", "standards.ids", "[]", listed(known)))
    for key, found in known.items():
        if key in ids and found.applies(date):
            yield found
        elif key in ids:
            faults.append(_not_in_force(found, "standards.ids"))


def _own(path: Path, date: dt.date, log: Log) -> Iterator[Standard]:
    """Yield a user's own standard, or nothing if it has faults."""
    if not take(path, log.layer(_FILES, path), path.name):
        return
    try:
        found = read_standard(path)
    except InputError as error:
        log.faults.found += error.faults
        return
    if found.applies(date):
        yield found
    else:
        log.faults.found.append(_not_in_force(found, _FILES))


def _schema_faults(errors: Iterable[ErrorDetails], raw: Mapping[str, Any], file: str) -> list[Fault]:
    """Return one fault for each key of a file that does not describe a standard; ``row`` is the clause."""
    groups: dict[tuple[str | int, ...], list[ErrorDetails]] = {}
    for error in errors:
        groups.setdefault(error["loc"], []).append(error)
    found = []
    for keys, group in groups.items():
        row, inside = _place(keys, raw)
        found.append(_schema_fault(keys, group, file, row, ".".join(map(str, inside)) or None))
    return found


def _place(keys: tuple[str | int, ...], raw: Mapping[str, Any]) -> tuple[str | None, tuple[str | int, ...]]:
    """Return the clause to which keys belong (by its id, else its number in the file) and the keys inside it."""
    if len(keys) < 2 or not isinstance(keys[1], int):  # noqa: PLR2004 - a table and a number
        return None, keys
    number = keys[1]
    named = raw[str(keys[0])][number]
    key = named.get("id") if isinstance(named, dict) else None
    row = key if isinstance(key, str) else f"{keys[0]}[{number + 1}]"
    return row, keys[2:]


def _schema_fault(
    keys: tuple[str | int, ...], group: list[ErrorDetails], file: str, row: str | None, dotted: str | None
) -> Fault:
    first = group[0]
    found = quoted(first["input"])
    if first["type"] == "extra_forbidden":
        tables = [key for key in keys[:-1] if isinstance(key, str)]
        known = _TABLES.get(tables[-1], Standard) if tables else Standard
        name, fields = str(keys[-1]), list(known.model_fields)
        near = difflib.get_close_matches(name, fields, n=1) or fields
        return Fault(code="standard_key_unknown", file=file, row=row, field=dotted, found=name, expected=listed(near))
    if first["type"] == "missing":
        return Fault(code="standard_key_missing", file=file, row=row, field=dotted)
    if first["type"] == "value_error":
        words = str(first["ctx"]["error"])
        code = "quote_missing" if words.startswith("give quote") else "standard_broken_rule"
        return Fault(code=code, file=file, row=row, field=dotted, found=words)
    code, expected = expectation(dotted or "", group)
    return Fault(code=code, file=file, row=row, field=dotted, found=found, expected=expected)


def _clause_faults(found: Standard, file: str) -> Iterator[Fault]:
    """Yield the faults that the schema does not detect: ids, and clauses that cannot be computed."""
    ids = Counter(clause.id for clause in found.clauses)
    for key, count in ids.items():
        if count > 1:
            yield Fault(code="clause_twice", file=file, row=key, field="id", found=key)
    for clause in found.clauses:
        if not clause.id.startswith(f"{found.id}/"):
            yield Fault(
                code="clause_of_other_standard",
                file=file,
                row=clause.id,
                field="id",
                found=clause.id,
                expected=f"{found.id}/",
            )
        classes = CLASSES.get(clause.kind, ()) if clause.treatment == "computed" else ()
        if classes and clause.of is not None and clause.of not in classes:
            yield Fault(
                code="clause_class_unknown",
                file=file,
                row=clause.id,
                field="of",
                found=clause.of,
                expected=listed(classes),
            )
        lacking = [key for key in _needed(clause) if _lacks(clause, key)]
        if lacking:
            yield Fault(
                code="clause_incomplete",
                file=file,
                row=clause.id,
                field=lacking[0],
                found=clause.kind,
                expected=listed(lacking),
            )


def _lacks(clause: Clause, key: str) -> bool:
    """Tell whether a key has no effect; a maximum of 0 has one, a minimum of 0 has none."""
    limit = key == "number" and clause.number == 0 and clause.comparison == "at_most"
    return not getattr(clause, key) and not limit


def _needed(clause: Clause) -> tuple[str, ...]:
    """Return the keys that are required to compute a clause."""
    if clause.treatment != "computed":
        return ()
    if clause.kind == "service_circle":
        return ("number", "levels")
    if clause.kind in MEASURES:
        return ("number", "comparison", "levels")
    return {"remedy": ("remedies",), "funding": ("funding",)}.get(clause.kind, ())


def _overridden(chosen: tuple[Standard, ...], overrides: tuple[ClauseOverride, ...], log: Log) -> tuple[Standard, ...]:
    """Return the standards with other numbers, each of which is noted."""
    known = {clause.id: clause for each in chosen for clause in each.clauses}
    numbers = {}
    for override in overrides:
        clause = known.get(override.clause)
        fault = _override_fault(override, clause, known, twice=override.clause in numbers)
        if clause is None or fault is not None:
            log.faults.found += [fault] if fault is not None else []
            continue
        numbers[clause.id] = override.number
        values = {"clause": clause.id, "old": f"{clause.number:g}", "new": f"{override.number:g}"}
        log.notes.append(Note("clause_overridden", {**values, "reason": override.reason}))
    return tuple(_renumbered(each, numbers) for each in chosen)


def _override_fault(
    override: ClauseOverride, clause: Clause | None, known: Mapping[str, Clause], *, twice: bool
) -> Fault | None:
    if clause is None:
        near = difflib.get_close_matches(override.clause, known, n=1, cutoff=0.0)
        return _fault("unknown_clause", _OVERRIDE, override.clause, listed(near))
    if twice:
        return _fault("override_twice", _OVERRIDE, clause.id)
    if clause.number is None:
        return _fault("override_without_number", _OVERRIDE, clause.id)
    most = 1.0 if clause.unit == "share" else float("inf")
    if not 0 <= override.number <= most:
        return _fault("override_out_of_range", _OVERRIDE, f"{override.number:g}", "0–1" if most == 1.0 else "≥ 0")
    return None


def _renumbered(found: Standard, numbers: Mapping[str, float]) -> Standard:
    """Return a standard with other numbers; worked examples with the old ones are dropped."""
    if not any(clause.id in numbers for clause in found.clauses):
        return found
    clauses = tuple(
        clause.model_copy(update={"number": numbers[clause.id], "examples": ()}) if clause.id in numbers else clause
        for clause in found.clauses
    )
    return found.model_copy(update={"clauses": clauses})


def _sorted(found: Iterable[Standard]) -> tuple[Standard, ...]:
    return tuple(sorted(found, key=lambda each: (each.from_day, each.id)))


def _not_in_force(found: Standard, field: str) -> Fault:
    days = f"{found.in_force or found.issued_year or '…'} – {found.repealed or '…'}"
    return _fault("standard_not_in_force", field, found.id, days)


def _unknown(key: str) -> Fault:
    return _fault("unknown_standard", "standards.ids", key, listed(each.id for each in _shelf()))


def _fault(code: str, field: str, found: str, expected: str = "") -> Fault:
    return Fault(code=code, field=field, found=found, expected=expected)
