"""The sheets of the workbook, in their order."""

from collections.abc import Mapping, Sequence
from typing import Final

from siting.domain.standards import Clause, Standard
from siting.text import Lang, say
from siting.write.clauses import amount_text, force_text, premises_text
from siting.write.report.plan_sheets import plan_sheets
from siting.write.report.records import Cell, Record, Records
from siting.write.report.source_sheets import source_sheets
from siting.write.report.tables import Chart, Columns, Field, Row, Sheet, Style, sheet_of

_ORDER: Final = ("gap", "no_data", "met", "not_applicable", "")
_STYLES: Final[Mapping[str, Style]] = {"share": "share", "m2": "area"}
_LAND: Final = ("land_provided_m2", "land_gap_01_m2", "land_gap_02_m2")


def sheets(records: Records, standards: Sequence[Standard], lang: Lang) -> list[Sheet]:
    """Return the sheets of the workbook.

    Parameters
    ----------
    records : Records
        The files of the report.
    standards : sequence of Standard
        The standards in force.
    lang : {"zh", "en"}
        Language of heads and words.

    Returns
    -------
    list of Sheet
        The clauses with a verdict and the other clauses; streets, communities, gaps of residential areas, facilities;
        with a plan its stations; funding, the register of new residential areas, sensitivity, and the data.
    """
    found = [
        _clauses(records, standards, lang),
        _units(records, lang, "street"),
        _units(records, lang, "planning"),
        _units(records, lang, "community"),
        _gap_list(records, lang),
        *plan_sheets(records, standards, lang),
        *source_sheets(records, lang),
        _other_clauses(records, standards, lang),
    ]
    return [sheet for sheet in found if sheet.rows]


def level_of_whole(records: Records) -> Record | None:
    """Return the only district or city that is the whole; None if there are several, or none."""
    for level in ("district", "city"):
        places = records.places(level)
        if len(places) == 1:
            return places[0]
    return None


# --- clauses ----------------------------------------------------------------------------------------------------------


def _clauses(records: Records, standards: Sequence[Standard], lang: Lang) -> Sheet:
    """Return the clauses that were judged: what is not met first."""
    columns = Columns(lang)
    rows = [{"clause": row} for row in records.lists.each("audit") if row.values["level"]]
    rows.sort(key=lambda row: _importance(row["clause"]))
    measured = _either(columns, "measured", rows)
    fields = [
        *_clause_fields(columns, standards),
        columns.word("clause", "level", "level"),
        columns.word("clause", "basis", "basis"),
        columns.flag("clause", "binding"),
        columns.made("standard_amount", lambda row: _amount(row, standards, lang)),
        *_ends(columns, "required", rows),
        *measured,
        *_ends(columns, "shortfall", rows),
        columns.made("unit", lambda row: say(f"report.unit.{_unit(row)}", lang) if _unit(row) else ""),
        columns.word("clause", "verdict", "verdict", "verdict"),
        *(columns.one("clause", key, "count") for key in ("places", "met", "gap", "no_data", "not_applicable")),
        columns.made("finding", lambda row: row["clause"].text(f"finding_{lang}"), "long"),
        columns.text("clause", "quote", "long"),
    ]
    return sheet_of("clauses", lang, fields, rows, note=say("report.note.clauses", lang), keep=3)


def _other_clauses(records: Records, standards: Sequence[Standard], lang: Lang) -> Sheet:
    """Return the clauses without a verdict, with the reason and what was found."""
    columns = Columns(lang)
    rows = [{"clause": row} for row in records.lists.each("audit") if not row.values["level"]]
    fields = [
        *_clause_fields(columns, standards),
        columns.word("clause", "treatment", "treatment"),
        columns.made("finding", lambda row: row["clause"].text(f"finding_{lang}"), "long"),
        columns.text("clause", "quote", "long"),
    ]
    return sheet_of("other_clauses", lang, fields, rows, note=say("report.note.other_clauses", lang), keep=3)


def clause_of(row: Row, standards: Sequence[Standard]) -> tuple[Standard, Clause] | None:
    """Return the standard and the clause that a row is about."""
    wanted = row["clause"].text("clause_id")
    pairs = ((each, clause) for each in standards for clause in each.clauses if clause.id == wanted)
    return next(pairs, None)


def _clause_fields(columns: Columns, standards: Sequence[Standard]) -> list[Field]:
    numbers = {each.id: each.number for each in standards}
    clauses = {clause.id: clause for each in standards for clause in each.clauses}

    def force(row: Row) -> str:
        clause = clauses.get(row["clause"].text("clause_id"))
        return "" if clause is None else force_text(clause, columns.lang)

    return [
        columns.made("standard", lambda row: numbers.get(row["clause"].text("standard_id"), "")),
        columns.text("clause", "article"),
        columns.word("clause", "kind", "clause_kind"),
        columns.made("force", force),
    ]


def _importance(row: Record) -> tuple[bool, int, bool]:
    return bool(row.values["for_comparison"]), _ORDER.index(row.text("verdict")), not row.values["binding"]


def _unit(row: Row) -> str:
    return row["clause"].text("unit")


def _amount(row: Row, standards: Sequence[Standard], lang: Lang) -> str:
    found = clause_of(row, standards)
    return "" if found is None else amount_text(found[1], lang)


def _ends(columns: Columns, key: str, rows: Sequence[Row]) -> list[Field]:
    return [_in_unit(field) for field in columns.figure("clause", key, "number", "", rows)]


def _either(columns: Columns, key: str, rows: Sequence[Row]) -> list[Field]:
    """Return both ends of what was measured, or one column if they are always equal."""
    low, high = (f"{key}_{end}" for end in ("low", "high"))
    same = all(row["clause"].cell(low).value == row["clause"].cell(high).value for row in rows)
    ends = (("", low),) if same else (("low", low), ("high", high))

    def field(name: str, end: str) -> Field:
        return _in_unit(Field(columns.head(key, "", end), "number", lambda row: row["clause"].cell(name), name))

    return [field(name, end) for end, name in ends]


def _in_unit(field: Field) -> Field:
    """Return a column whose cells have the unit of their row."""
    return Field(field.head, "number", lambda row: _with_style(field.cell(row), _unit(row)), field.key)


def _with_style(cell: Cell, unit: str) -> Cell:
    return Cell(cell.value, cell.path, _STYLES.get(unit, "number"))


# --- places -----------------------------------------------------------------------------------------------------------


def _units(records: Records, lang: Lang, level: str) -> Sheet:
    """Return the units of a level, and the whole below them."""
    columns = Columns(lang)
    held = records.lists.keyed("units", ("level", "id"))
    rows = [_unit_row(place, held) for place in records.places(level)]
    whole = level_of_whole(records)
    below = [] if whole is None else [_unit_row(whole, held)]
    names = {place.text("id"): place.text("name") for place in records.places("street")}
    counts = [columns.one("counts", tier, "count", "places") for tier in ("institution", "centre", "station")]
    without = [columns.one("counts", "communities_without", "count", "units")] if level != "community" else []
    street = [columns.made("street", lambda row: names.get(row["place"].text("unit_id"), ""))]
    fields = [
        columns.text("place", "id", "code"),
        columns.text("place", "name"),
        *(street if level == "community" and names else []),
        columns.text("place", "kind"),
        *columns.figure("place", "residents", "people", "persons", [*rows, *below]),
        *columns.figure("place", "elderly", "people", "persons", [*rows, *below]),
        *counts,
        columns.one("counts", "beds", "count", "beds"),
        *without,
        *_land_fields(columns, [*rows, *below]),
        *columns.figure("place", "elderly_uncovered", "people", "persons", [*rows, *below]),
        *columns.figure("place", "covered_share", "share", "", [*rows, *below]),
        columns.one("place", "minutes_to_nearest", "minutes", "minutes"),
        columns.word("place", "verdict", "verdict", "verdict"),
        columns.word("place", "verdict_binding", "verdict", "verdict"),
        columns.word("place", "reason", "reason", "long"),
    ]
    title = say("report.chart.covered_share", lang)
    charts = (Chart("bar", title, "name", ("covered_share",), "share"),) if level == "street" else ()
    note = say("report.note.units", lang, basis=say(f"basis.{records.totals.text('land_basis')}", lang))
    return sheet_of(level, lang, fields, rows, note=note, whole=below, keep=2, charts=charts)


def _unit_row(place: Record, held: Mapping[str, Record]) -> Row:
    counts = held.get(f"{place.text('level')}/{place.text('id')}")
    return {"place": place} if counts is None else {"place": place, "counts": counts}


def _land_fields(columns: Columns, rows: Sequence[Row]) -> list[Field]:
    elderly = rows and rows[0]["place"].text("land_basis").startswith("elderly")
    per = "land_m2_per_elderly" if elderly else "land_m2_per_resident"
    unit = "m2_per_elderly" if elderly else "m2_per_resident"
    provided, *gaps = _LAND
    return [
        *columns.figure("place", provided, "area", "m2", rows),
        *columns.figure("place", per, "rate", unit, rows),
        *(field for gap in gaps for field in columns.figure("place", gap, "area", "m2", rows)),
    ]


def _gap_list(records: Records, lang: Lang) -> Sheet:
    """Return the residential areas that are not met: those with the most uncovered people first."""
    columns = Columns(lang)
    places = {place.text("id"): place for place in records.places("residential_area")}
    names = {f"{level}/{unit.text('id')}": unit for level in ("street", "community") for unit in records.places(level)}
    rows: list[Row] = [{"list": row, "place": places[row.text("id")]} for row in records.lists.each("gap_list")]

    def unit(row: Row, level: str) -> str:
        community = names.get(f"community/{row['place'].text('unit_id')}")
        if level == "community":
            return "" if community is None else community.text("name")
        key = row["place"].text("unit_id") if community is None else community.text("unit_id")
        street = names.get(f"street/{key}")
        return "" if street is None else street.text("name")

    fields = [
        columns.one("list", "rank", "count"),
        columns.text("place", "id", "code"),
        columns.text("place", "name"),
        columns.made("street", lambda row: unit(row, "street")),
        columns.made("community", lambda row: unit(row, "community")),
        columns.word("place", "kind", "status"),
        *columns.figure("place", "residents", "people", "persons", rows),
        *columns.figure("place", "elderly", "people", "persons", rows),
        *columns.figure("place", "elderly_uncovered", "people", "persons", rows),
        *columns.figure("place", "covered_share", "share", "", rows),
        columns.one("place", "minutes_to_nearest", "minutes", "minutes"),
        columns.made("nearest", lambda row: _named(row["list"], "nearest")),
        *columns.figure("place", "land_gap_m2", "area", "m2", rows),
        columns.word("place", "verdict", "verdict", "verdict"),
        columns.word("place", "reason", "reason", "long"),
        columns.word("place", "remedies", "remedy", "long"),
        columns.made("premises", lambda row: premises_text(row["place"].text("remedy_candidates"))),
        columns.flag("place", "edge_effect"),
    ]
    return sheet_of("gap_list", lang, fields, rows, note=say("report.note.gap_list", lang), keep=3)


def _named(row: Record, key: str) -> str:
    """Return a facility by its name and id."""
    name, identity = row.text(key), row.text(f"{key}_id")
    return f"{name}（{identity}）" if name else identity
