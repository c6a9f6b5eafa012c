"""Empty ledgers (XLSX) for offices to fill in: heads in words, drop-downs, validation, and a guide."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from siting.domain.register import REGISTER
from siting.domain.standards import Clause, Standard
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, RESIDENTIAL_COLUMNS, Column
from siting.errors import Fault, InputError
from siting.text import Lang, say
from siting.write.files import whole_file
from siting.write.reference import choice_text, column_text, unit_text
from siting.write.workbooks import content_of, put

Ledger = Literal["facilities", "candidates", "residential_areas"]
LEDGERS: Final[Mapping[Ledger, tuple[Column, ...]]] = {
    "facilities": FACILITY_COLUMNS,
    "candidates": CANDIDATE_COLUMNS,
    "residential_areas": RESIDENTIAL_COLUMNS,
}
# Records begin below the head; validation applies down to this row.
FIRST_ROW: Final = 2
_LAST_ROW: Final = 5000
_PLACES: Final = {"lon": 180, "lat": 90}
# The most documents that a comment names before it refers to the guide.
_FEW: Final = 8
_FORMATS: Final = {"text": "@", "date": "yyyy-mm-dd", "year": "0", "integer": "0", "number": "#,##0.##", "boolean": "@"}
_MEASURES: Final = ("m²",)
_HEAD: Final = PatternFill("solid", fgColor="DDE7EE")
_NEEDED: Final = PatternFill("solid", fgColor="F6DFC8")
# Columns from which land is computed, in addition to those that a clause names.
_LAND: Final = ("land_m2", "floor_area_m2", "building_floor_area_m2", "far", "site_id")
_OPEN: Final = ("status", "opens", "closes")


@dataclass(frozen=True)
class Field:
    """One column of a ledger in words."""

    key: str
    name: str
    unit: str
    required: bool
    meaning: str
    choices: tuple[str, ...]
    type: str
    clauses: tuple[str, ...]
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None


def write_forms(folder: Path, standards: Sequence[Standard], lang: Lang) -> dict[Ledger, Path]:
    """Write the empty ledgers into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        The folder; it is created if it does not exist.
    standards : sequence of Standard
        The documents whose clauses are named beside each column.
    lang : {"zh", "en"}
        Language of heads, drop-downs and the guide.

    Returns
    -------
    dict
        The file of each ledger.

    Raises
    ------
    InputError
        One of the files already exists, or cannot be written; then none is written.
    """
    targets = {ledger: folder / say(f"forms.file.{ledger}", lang) for ledger in LEDGERS}
    there = [Fault(code="would_overwrite", file=str(path)) for path in targets.values() if path.exists()]
    if there:
        raise InputError(there)
    with ExitStack() as drafts:
        # No file is put in place before all are written.
        for ledger, path in targets.items():
            draft = drafts.enter_context(whole_file(path))
            draft.write(content_of(form(ledger, standards, lang)))
            draft.flush()
    return targets


def form(ledger: Ledger, standards: Sequence[Standard], lang: Lang) -> Workbook:
    """Return the workbook of one empty ledger: the ledger itself, then the guide."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101 - a new workbook has one
    sheet.title = say("forms.sheet", lang)
    fields = ledger_fields(ledger, standards, lang)
    for number, each in enumerate(fields, start=1):
        _column(sheet, number, each, lang)
    sheet.freeze_panes = f"C{FIRST_ROW}"
    _guide(book.create_sheet(say("forms.guide", lang)), ledger, fields, lang)
    return book


def ledger_fields(ledger: Ledger, standards: Sequence[Standard], lang: Lang) -> list[Field]:
    """Return the columns of a ledger in words, those of the coordinates last."""
    fields = [
        Field(
            key=column.key,
            name=_head(column.key, lang),
            unit=unit_text(column, lang),
            required=column.required,
            meaning=column_text(ledger, column, lang),
            choices=_choices(column, lang),
            type=column.type,
            clauses=clauses_of(ledger, column.key, standards),
            minimum=column.minimum,
            above=column.above,
            maximum=column.maximum,
        )
        for column in LEDGERS[ledger]
    ]
    if ledger == "residential_areas":
        return fields
    degrees, why = say("forms.place.degrees", lang), say("forms.place.why", lang)
    return fields + [
        Field(key, say(f"forms.place.{key}", lang) if lang == "zh" else key, degrees, False, why, (), "place", ())  # noqa: FBT003
        for key in _PLACES
    ]


def _head(key: str, lang: Lang) -> str:
    """Return the head of a column: a name that reading knows; in English the key itself."""
    return key if lang == "en" else say(f"field.{key}", lang)


def clauses_of(ledger: Ledger, key: str, standards: Iterable[Standard]) -> tuple[str, ...]:
    """Return the clauses that depend on a column of a ledger, in the order of the documents.

    These are the clauses that name it under ``needs``; those on land per person for all columns from which land is
    computed; funding for the columns of its conditions; remedies for whether a residential area is new. Clauses that no
    map and no table can check are left out.

    Examples
    --------
    >>> from siting.read import standard
    >>> from siting.write.forms import clauses_of
    >>> clauses_of("facilities", "certified_staff", [standard("kaizhou-2024-16")])
    ('kaizhou-2024-16/1-3-staff',)
    """
    asks = _ASKS[ledger]
    return tuple(
        clause.id
        for standard in standards
        for clause in standard.clauses
        if clause.treatment != "out_of_scope" and asks(clause, key)
    )


def _of_facilities(clause: Clause, key: str) -> bool:
    if key in clause.needs:
        return key not in ("name", "kind")
    if clause.kind == "land_per_person":
        return key in (*_LAND, *_OPEN)
    if clause.kind == "service_circle":
        return key in ("tier", "serves_community", *_OPEN)
    return key in _conditions(clause)


def _of_candidates(clause: Clause, key: str) -> bool:
    if key in _conditions(clause):
        return True
    if "candidates" not in clause.needs:
        return False
    return key in clause.needs or (key == "floor_area_m2" and clause.kind == "threshold" and clause.unit == "m2")


def _of_areas(clause: Clause, key: str) -> bool:
    if key == "status":
        return clause.applies_to is not None and clause.kind in ("remedy", "estate_provision", *REGISTER)
    provision = {"households", "provided_m2"} & set(clause.needs)
    return key in clause.needs and (bool(provision) or key in ("residents", "elderly") or clause.kind in REGISTER)


def _conditions(clause: Clause) -> set[str]:
    """Return the columns on which a funding line depends."""
    funding = clause.funding
    if funding is None:
        return set()
    asked = {
        "tier": bool(funding.tiers),
        "operator_kind": bool(funding.operator_kinds),
        "tenure": funding.tenure is not None,
        "lease_years": funding.lease_years_at_least is not None,
        "site_id": funding.cap_per_site_lifelong,
        "award_rating": funding.once and any(award.rating is not None for award in funding.awards),
        "new_beds": any(award.per == "new_bed" or award.new_beds_at_least for award in funding.awards),
        "beds": any(award.beds_at_least or award.beds_below for award in funding.awards),
        "rating_kind": any(award.rating_kind for award in funding.awards),
        "rating": any(award.rating is not None for award in funding.awards),
        "operator": funding.line == "chain",
        "opens": funding.line in ("construction", "chain"),
    }
    return {key for key, holds in asked.items() if holds} | {*funding.paid_columns, *funding.barring_columns}


_ASKS: Final[Mapping[Ledger, Callable[[Clause, str], bool]]] = {
    "facilities": _of_facilities,
    "candidates": _of_candidates,
    "residential_areas": _of_areas,
}


def _choices(column: Column, lang: Lang) -> tuple[str, ...]:
    if column.type == "boolean":
        return say("forms.yes", lang), say("forms.no", lang)
    # In English the keys themselves: they are English words.
    return tuple(choice_text(column, choice, lang) if lang == "zh" else choice for choice in column.choices)


# --- the sheets -------------------------------------------------------------------------------------------------------


def _column(sheet: Worksheet, number: int, field: Field, lang: Lang) -> None:
    letter = get_column_letter(number)
    head = sheet.cell(1, number)
    shown = f"{field.name} ({field.unit})" if lang == "en" else f"{field.name}（{field.unit}）"
    # Reading could not derive units that are no measures from the name.
    put(head, (shown if field.unit in _MEASURES else field.name) + ("*" if field.required else ""))
    head.fill = _NEEDED if field.required else _HEAD
    head.font = Font(bold=True)
    head.alignment = Alignment(wrap_text=True, vertical="center")
    head.comment = Comment(_why(field, lang), "siting", width=360, height=200)
    sheet.column_dimensions[letter].width = max(12, min(26, 2.2 * len(field.name)))
    sheet.column_dimensions[letter].number_format = "0.000000" if field.type == "place" else _FORMATS[field.type]
    rule = _rule(field, lang)
    if rule is not None:
        rule.add(f"{letter}{FIRST_ROW}:{letter}{_LAST_ROW}")
        sheet.add_data_validation(rule)


def _why(field: Field, lang: Lang) -> str:
    lines = [field.meaning]
    if field.required:
        lines.append(say("forms.required", lang))
    if field.unit:
        lines.append(say("forms.unit", lang, unit=field.unit))
    if field.choices:
        lines.append(say("forms.choices", lang, choices=say("inspect.comma", lang).join(field.choices)))
    named = say("inspect.comma", lang).join(field.clauses[:_FEW])
    if len(field.clauses) > _FEW:
        named = say("forms.clauses_more", lang, clauses=named)
    lines.append(
        say("forms.clauses", lang, count=len(field.clauses), clauses=named)
        if field.clauses
        else say("forms.no_clause", lang)
    )
    return "\n".join(lines)


def _rule(field: Field, lang: Lang) -> DataValidation | None:
    """Return what a cell of the column may hold; None if any text is allowed."""
    rule = _limits(field)
    if rule is not None:
        rule.allow_blank = True
        rule.showErrorMessage = True
        rule.errorTitle, rule.error = field.name, say("forms.stop", lang)
    return rule


def _limits(field: Field) -> DataValidation | None:
    if field.choices:
        return DataValidation(type="list", formula1=f'"{",".join(field.choices)}"')
    if field.type == "place":
        most = _PLACES[field.key]
        return DataValidation(type="decimal", operator="between", formula1=str(-most), formula2=str(most))
    if field.type == "date":
        return DataValidation(type="date", operator="greaterThan", formula1="DATE(1900,1,1)")
    if field.type in ("number", "integer", "year"):
        kind: Literal["decimal", "whole"] = "decimal" if field.type == "number" else "whole"
        if field.above is not None:
            return DataValidation(type=kind, operator="greaterThan", formula1=f"{field.above:g}")
        low, high = (
            default if limit is None else f"{limit:g}"
            for limit, default in ((field.minimum, "-1E+15"), (field.maximum, "1E+15"))
        )
        return DataValidation(type=kind, operator="between", formula1=low, formula2=high)
    return None


def _guide(sheet: Worksheet, ledger: Ledger, fields: Sequence[Field], lang: Lang) -> None:
    title = sheet.cell(1, 1)
    put(title, say(f"forms.title.{ledger}", lang))
    title.font = Font(bold=True, size=14)
    row = 2
    for text in _guide_lines(ledger, lang):
        put(sheet.cell(row, 1), text)
        row += 1
    heads = ("name", "key", "unit", "required", "choices", "meaning", "clauses")
    row += 1
    for number, head in enumerate(heads, start=1):
        cell = sheet.cell(row, number)
        put(cell, say(f"forms.column.{head}", lang))
        cell.font, cell.fill = Font(bold=True), _HEAD
    comma = say("inspect.comma", lang)
    for field in fields:
        row += 1
        needed = say("forms.required", lang) if field.required else ""
        told = (field.name, field.key, field.unit, needed, comma.join(field.choices), field.meaning)
        for number, text in enumerate((*told, comma.join(field.clauses) or say("forms.no_clause", lang)), start=1):
            cell = sheet.cell(row, number)
            put(cell, text)
            cell.alignment = Alignment(wrap_text=number > len(heads) - 3, vertical="top")
    for number, width in enumerate((22, 24, 8, 8, 30, 48, 80), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width


def _guide_lines(ledger: Ledger, lang: Lang) -> list[str]:
    lines = [say(f"forms.guide_text.{part}", lang) for part in ("rows", "words", "clauses")]
    file, sheet = say(f"forms.file.{ledger}", lang), say("forms.sheet", lang)
    if ledger == "residential_areas":
        join = f'attributes_on = ["…", "{_head("id", lang)}*"]'
        toml = ["[residential_areas]", 'path = "….gpkg"', 'columns = { id = "…" }', f'attributes = "{file}"', join]
        return [*lines, say("forms.guide_text.polygons", lang), say("forms.guide_text.scenario", lang), *toml]
    toml = [f"[{ledger}]", f'path = "{file}"', f'layer = "{sheet}"', 'crs = "EPSG:4490"']
    return [*lines, say("forms.guide_text.scenario", lang), *toml]
