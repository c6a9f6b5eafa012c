"""Sources of people without rasters: a table of units, or the layer of the units itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from siting.domain.draft import Remark
from siting.domain.tables import PEOPLE_LAYER_COLUMNS
from siting.read.survey_layers import Look
from siting.read.survey_names import columns_of
from siting.read.tables.aliases import find_columns

_WHO: Final = ("residents", "elderly")
# From 60 if a table has both.
_AGES: Final = (60, 65)


@dataclass(frozen=True)
class FoundPeople:
    """The draft's values on people, with the reasons; they replace the sections ``moved``."""

    filled: Mapping[str, object] = field(default_factory=dict)
    remarks: Mapping[str, tuple[Remark, ...]] = field(default_factory=dict)
    moved: tuple[str, ...] = ()


def people_of_units(filled: Mapping[str, object], sections: Sequence[str], found: Sequence[Look]) -> FoundPeople:
    """Return the people in tables of units, or in layers of units, if no other source gives them.

    Parameters
    ----------
    filled : mapping of str to object
        The findings so far, by dotted key.
    sections : sequence of str
        The sections with findings.
    found : sequence of Look
        Every layer of the folder.
    """
    lacking = [who for who in _WHO if f"population.{who}" not in sections]
    values: dict[str, object] = {}
    remarks: dict[str, tuple[Remark, ...]] = {}
    taken = []
    units = [name for name in sections if name.startswith("units.")]
    # A table takes precedence over columns of the layer itself.
    for section in sorted(units, key=lambda name: not name.endswith(".people")):
        is_table = section.endswith(".people")
        look = next((each for each in found if _is_of(each, filled, section)), None)
        for who in lacking if look is not None else ():
            columns = _columns(look, who, section) if look is not None else None
            if look is None or columns is None or f"population.{who}" in remarks:
                continue
            values |= _table(section, look, who, columns) if is_table else _areas(look, who, columns)
            remarks[f"population.{who}"] = (
                Remark("taken", {"file": look.title}),
                Remark("because_people_of_units", {"columns": columns.people}),
            )
            taken += [section] if is_table else []
    # A table that gives the people themselves is used for nothing else.
    moved = tuple(dict.fromkeys(taken)) if not set(_WHO) - set(lacking) else ()
    return FoundPeople(values, remarks, moved)


@dataclass(frozen=True)
class _Column:
    people: str
    from_age: int = 60


def _is_of(look: Look, filled: Mapping[str, object], section: str) -> bool:
    layer = look.layer if look.several else None
    return look.path == filled.get(f"{section}.path") and layer == filled.get(f"{section}.layer")


def _columns(look: Look, who: str, section: str) -> _Column | None:
    """Return the column in which a layer gives residents, or the elderly and their age."""
    names = look.columns
    level = ".".join(section.split(".")[:2])
    for age, group in zip(
        _AGES if who == "elderly" else _AGES[:1], (f"{level}.people", "elderly_from_65"), strict=False
    ):
        matches = find_columns(names, (who,), {}, group)[who]
        matches = [name for name in matches if str(age) in name] or matches if age != _AGES[0] else matches
        if len(matches) == 1:
            return _Column(matches[0], age)
    return None


def _table(section: str, look: Look, who: str, column: _Column) -> Mapping[str, object]:
    level = section.split(".")[1]
    return dict(_keys(who, column, {"level": level, "attributes": look.path, "layer": _layer(look)}, {}))


def _areas(look: Look, who: str, column: _Column) -> Mapping[str, object]:
    known = columns_of(look.columns, PEOPLE_LAYER_COLUMNS, f"population.{who}").get("people") == column.people
    columns = {} if known else {"people": column.people}
    return dict(_keys(who, column, {"polygons": look.path, "layer": _layer(look)}, columns))


def _layer(look: Look) -> str | None:
    return look.layer if look.several else None


def _keys(
    who: str, column: _Column, keys: Mapping[str, object], columns: Mapping[str, str]
) -> Iterator[tuple[str, object]]:
    for key, value in keys.items():
        if value is not None:
            yield f"population.{who}.{key}", value
    if column.from_age != _AGES[0]:
        yield f"population.{who}.from_age", column.from_age
    if columns:
        yield f"population.{who}.columns", columns
