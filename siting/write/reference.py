"""The contents of a scenario, from its schema: sections, keys, columns, and the texts that explain them.

The scenario that ``siting new`` writes and the pages ``docs/scenario.md`` and ``docs/gap-report.md`` are printed from
this.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from siting.domain.scenario import PeopleSource, Scenario, Section
from siting.domain.tables import (
    CANDIDATE_COLUMNS,
    COHORT_COLUMNS,
    FACILITY_COLUMNS,
    GROUND_COLUMNS,
    GROWTH_COLUMNS,
    LAND_USE_COLUMNS,
    NETWORK_COLUMNS,
    PEOPLE_COLUMNS,
    PEOPLE_OF_UNITS_COLUMNS,
    RESIDENTIAL_COLUMNS,
    SIZE_COLUMNS,
    UNIT_COLUMNS,
    Column,
)
from siting.text import Lang, knows, say

# Stands for a user's own name, or for a level, in the name of a section.
NAME: Final = "*"
COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "units": UNIT_COLUMNS,
    "units_people": PEOPLE_COLUMNS,
    "population_residents": PEOPLE_OF_UNITS_COLUMNS,
    "population_elderly": PEOPLE_OF_UNITS_COLUMNS,
    "population_planned_residents": PEOPLE_OF_UNITS_COLUMNS,
    "population_planned_elderly": PEOPLE_OF_UNITS_COLUMNS,
    "population_projection": (*GROWTH_COLUMNS, *COHORT_COLUMNS),
    "residential_areas": RESIDENTIAL_COLUMNS,
    "facilities": FACILITY_COLUMNS,
    "candidates": CANDIDATE_COLUMNS,
    "constraints_exclude": GROUND_COLUMNS,
    "constraints_prefer": GROUND_COLUMNS,
    "context_facilities": FACILITY_COLUMNS,
    "constraints_land_use": LAND_USE_COLUMNS,
    "network": NETWORK_COLUMNS,
    "surface_barriers": GROUND_COLUMNS,
    "surface_over": GROUND_COLUMNS,
    "plan_sizes": SIZE_COLUMNS,
    "basemap": GROUND_COLUMNS,
}
_PLAIN_TYPES: Final = {
    str: "text",
    Path: "path",
    int: "integer",
    float: "number",
    bool: "boolean",
    dt.date: "date",
    tuple: "list",
    dict: "table",
}
_SIGNS: Final = {"gt": "> ", "ge": "≥ ", "lt": "< ", "le": "≤ "}


@dataclass(frozen=True)
class Key:
    """One key of a section: its name, its type, whether it must be given, its default.

    ``choices`` are the allowed values if these are few (for a list: its members), written as TOML; ``type`` is blank if
    there are no others. ``limits`` are the bounds of a number (``≥ 0``).
    """

    group: str
    fallback: str
    name: str
    type: str
    required: bool
    default: object
    choices: tuple[str, ...]
    limits: tuple[str, ...]

    @property
    def text_key(self) -> str:
        """The key of its text in the catalogue: the section's own text, otherwise the shared one of such sections."""
        own = f"scenario_key.{self.group}.{self.name}"
        return own if knows(own) else f"scenario_key.{self.fallback}.{self.name}"

    def text(self, lang: Lang) -> str:
        """Return what the key means."""
        return say(self.text_key, lang)

    def kind(self, lang: Lang) -> str:
        """Return the type in words, with choices or bounds."""
        if self.type == "list":
            return " ".join((say("scenario_type.list", lang), ", ".join(self.choices))).strip()
        plain = " ".join((say(f"scenario_type.{self.type}", lang), ", ".join(self.limits))).strip() if self.type else ""
        return " / ".join((*self.choices, *filter(None, [plain])))


@dataclass(frozen=True)
class Heading:
    """One section of a scenario: its name as written in TOML (``*`` for a name to fill in) and its keys.

    ``array`` is true for a section that may appear several times (``[[…]]``); its name ends with ``*`` too.
    """

    name: str
    keys: tuple[Key, ...]
    array: bool = False

    @property
    def group(self) -> str:
        """The section's name in the text catalogue."""
        return _group(self.name)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the layer that the section names."""
        return COLUMNS.get(self.group, ())

    def line(self, name: str) -> str:
        """Return the section's line in TOML, with a name instead of ``*``.

        Examples
        --------
        >>> from siting.write.reference import headings
        >>> {heading.line("street") for heading in headings()} >= {"[units.street]", "[[standards.override]]"}
        True
        """
        return f"[[{self.name.removesuffix(f'.{NAME}')}]]" if self.array else f"[{self.name.replace(NAME, name)}]"

    def text(self, lang: Lang) -> str:
        """Return the purpose of the section."""
        return say(f"scenario_section.{self.group}", lang)


def headings() -> tuple[Heading, ...]:
    """Return the sections of a scenario in the order of the schema, without those that have no keys of their own."""
    return tuple(heading for heading in _walk("", Scenario) if heading.keys)


def column_text(group: str, column: Column, lang: Lang) -> str:
    """Return the meaning of a column in a layer, with the limits of its values."""
    name = say(f"field.{column.key}", lang)
    more = f"scenario_column.{group}.{column.key}"
    return f"{name}{'：' if lang == 'zh' else ': '}{say(more, lang)}" if knows(more) else name


def unit_text(column: Column, lang: Lang) -> str:
    """Return the unit of a column; blank without one."""
    return say(f"scenario_unit.{column.unit}", lang) if column.unit else ""


def choice_text(column: Column, choice: str, lang: Lang) -> str:
    """Return the meaning of a choice of a column."""
    own = f"scenario_choice.{column.key}.{choice}"
    return say(own if knows(own) else f"{column.key}.{choice}", lang)


def toml(value: object) -> str:
    """Write a value as TOML.

    Examples
    --------
    >>> from siting.write.reference import toml
    >>> toml(("centre", "station")), toml(15), toml(True), toml({})
    ('["centre", "station"]', '15', 'true', '{}')
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f" {key} = {toml(inner)} " for key, inner in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)


def _group(name: str) -> str:
    return "_".join(part for part in name.split(".") if part != NAME)


def _walk(name: str, model: type[Section], *, array: bool = False) -> Iterator[Heading]:
    keys, below = [], []
    for key, field in model.model_fields.items():
        inner, path = _section_of(field.annotation), f"{name}.{key}" if name else key
        if inner is None:
            keys.append(_key(name, model, key, field))
        else:
            holder, container = inner
            below.append((f"{path}.{NAME}" if container else path, holder, container is tuple))
    yield Heading(name, tuple(keys), array)
    for path, holder, repeated in below:
        yield from _walk(path, holder, array=repeated)


def _section_of(annotation: object) -> tuple[type[Section], type | None] | None:
    """Return the section of a field, and dict or tuple if it holds many; None for a plain value."""
    for kind in _members(annotation):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind, None
        origin = get_origin(kind)
        if origin in (dict, tuple):
            inner = _section_of(get_args(kind)[1 if origin is dict else 0])
            if inner is not None:
                return inner[0], origin
    return None


def _key(section: str, model: type[Section], name: str, field: FieldInfo) -> Key:
    annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    members = [kind for kind in _members(annotation) if kind is not type(None)]
    literals = tuple(value for kind in members if get_origin(kind) is Literal for value in get_args(kind))
    plain = next((kind for kind in members if get_origin(kind) is not Literal), None)
    if get_origin(plain) is tuple:
        inner = _members(get_args(plain)[0])
        literals = tuple(value for kind in inner if get_origin(kind) is Literal for value in get_args(kind))
    return Key(
        group=_group(section),
        fallback="grid" if model is PeopleSource else "layer",
        name=name,
        type=_PLAIN_TYPES[get_origin(plain) or plain] if plain else "",
        required=field.is_required(),
        default=None if field.is_required() else field.default,
        choices=tuple(toml(value) for value in literals),
        limits=tuple(_limits(annotation)),
    )


def _members(annotation: object) -> Iterator[Any]:
    """Yield the possible types of a value, through unions and annotations."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for kind in get_args(annotation):
            yield from _members(kind)
    else:
        yield annotation


def _limits(annotation: object) -> Iterator[str]:
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        yield from _limits(inner)
        for found in metadata:
            for each in getattr(found, "metadata", [found]):
                yield from (f"{sign}{getattr(each, name)}" for name, sign in _SIGNS.items() if hasattr(each, name))
    elif get_origin(annotation) in (Union, UnionType):
        for kind in get_args(annotation):
            yield from _limits(kind)
