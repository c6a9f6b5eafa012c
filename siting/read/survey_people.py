"""Sources of people without rasters: a table of units, or the layer of the units itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from siting.domain.draft import Remark
from siting.domain.tables import PEOPLE_LAYER_COLUMNS
from siting.read.survey_layers import Look
from siting.read.survey_names import columns_of
from siting.read.survey_who import Counted, counted
from siting.read.tables.aliases import find_columns

_WHO: Final = ("residents", "elderly")


@dataclass(frozen=True)
class FoundPeople:
    """The draft's values on people, with reasons and questions; they replace the sections ``moved``.

    ``rest`` describes the tables that are not used.
    """

    filled: Mapping[str, object] = field(default_factory=dict)
    remarks: Mapping[str, tuple[Remark, ...]] = field(default_factory=dict)
    asked: Mapping[str, Remark] = field(default_factory=dict)
    moved: tuple[str, ...] = ()
    rest: tuple[Remark, ...] = ()


@dataclass
class _Found:
    """The same in progress."""

    filled: dict[str, object] = field(default_factory=dict)
    remarks: dict[str, tuple[Remark, ...]] = field(default_factory=dict)
    asked: dict[str, Remark] = field(default_factory=dict)


def people_of_units(
    filled: Mapping[str, object], sections: Sequence[str], found: Sequence[Look], further: Sequence[tuple[str, Look]]
) -> FoundPeople:
    """Return the people in tables of units, or in layers of units, if no other source gives them.

    Parameters
    ----------
    filled : mapping of str to object
        The findings so far, by dotted key.
    sections : sequence of str
        The sections with findings.
    found : sequence of Look
        Every layer of the folder.
    further : sequence of (str, Look)
        Tables of units that have another table already, with the section that both may have.
    """
    lacking = [who for who in _WHO if f"population.{who}" not in sections]
    people = _Found()
    units = [name for name in sections if name.startswith("units.")]
    looks = [(section, look) for section in units for look in found if _is_of(look, filled, section)]
    # Tables take precedence over columns of the layer itself.
    sources = sorted([*looks, *further], key=lambda source: not source[0].endswith(".people"))
    moved, rest = [], []
    for section, look in sources:
        taken = [who for who in lacking if _take(section, look, who, people)]
        if (section, look) in further and not taken:
            rest.append(Remark("spare", {"file": look.title, "section": section}))
        moved += [section] if taken and section.endswith(".people") else []
    # A table that gives the people themselves is used for nothing else.
    whole = tuple(dict.fromkeys(moved)) if not set(_WHO) - set(lacking) else ()
    return FoundPeople(people.filled, people.remarks, people.asked, whole, tuple(rest))


def _take(section: str, look: Look, who: str, people: _Found) -> bool:
    """Use a table or layer for residents or elderly, if it counts them and nothing else does; tell whether it does."""
    name = f"population.{who}"
    counts = counted(look).get(who)
    if counts is None or not (counts.said and counts.fits) or name in people.remarks:
        return False
    is_table = section.endswith(".people")
    people.filled.update(_table(section, look, who, counts) if is_table else _areas(look, who, counts))
    why = Remark("because_people_of_units", {"columns": counts.column})
    people.remarks[name] = (Remark("taken", {"file": look.title}), why)
    if who == "elderly" and counts.from_age is None:
        people.asked[f"{name}.from_age"] = Remark("ask_from_age", {"file": look.title})
    return True


def _is_of(look: Look, filled: Mapping[str, object], section: str) -> bool:
    layer = look.layer if look.several else None
    return look.path == filled.get(f"{section}.path") and layer == filled.get(f"{section}.layer")


def _table(section: str, look: Look, who: str, counts: Counted) -> Mapping[str, object]:
    level = section.split(".")[1]
    known = find_columns(look.columns, ("people",), {}, f"population.{who}")["people"]
    known = known or find_columns(look.columns, (who,), {}, f"{section.removesuffix('.people')}.people")[who]
    columns = {} if known == [counts.column] else {"people": counts.column}
    return dict(_keys(who, counts, {"level": level, "attributes": look.path, "layer": _layer(look)}, columns))


def _areas(look: Look, who: str, counts: Counted) -> Mapping[str, object]:
    known = columns_of(look.columns, PEOPLE_LAYER_COLUMNS, f"population.{who}").get("people") == counts.column
    columns = {} if known else {"people": counts.column}
    return dict(_keys(who, counts, {"polygons": look.path, "layer": _layer(look)}, columns))


def _layer(look: Look) -> str | None:
    return look.layer if look.several else None


def _keys(
    who: str, counts: Counted, keys: Mapping[str, object], columns: Mapping[str, str]
) -> Iterator[tuple[str, object]]:
    for key, value in {**keys, "from_age": counts.from_age}.items():
        if value is not None:
            yield f"population.{who}.{key}", value
    if columns:
        yield f"population.{who}.columns", columns
