"""The sheets on the data: the layers, the settings, the account of people, the sensitivity, and the notes."""

from collections.abc import Mapping
from typing import Final

from siting.domain.note_order import by_importance
from siting.domain.nouns import Note
from siting.text import Lang, knows, say
from siting.write.report.records import BLANK, Cell, Record, Records
from siting.write.report.tables import Chart, Columns, Field, Row, Sheet, sheet_of
from siting.write.sensitivity import setting_text

_ACCOUNT: Final = ("read", "calibrated", "grown", "inside", "outside", "outside_units", "outside_window", "moved")
# Where the words of the values of a setting are.
_WORDS: Final[Mapping[str, str]] = {
    "mode": "sensitivity.mode",
    "walker": "walker",
    "direction": "direction",
    "horizon": "report.horizon",
    "coverage": "report.coverage",
    "land_basis": "basis",
    "tiers": "tier",
}


def source_sheets(records: Records, lang: Lang) -> list[Sheet]:
    """Return the sheets on the data and the settings."""
    return [
        _sensitivity(records, lang),
        _layers(records, lang),
        _settings(records, lang),
        _account(records, lang),
        _notes(records, lang),
    ]


def _sensitivity(records: Records, lang: Lang) -> Sheet:
    columns = Columns(lang)
    rows: list[Row] = [{"row": row} for row in records.lists.each("sensitivity")]
    fields = [
        columns.word("row", "varied", "sensitivity.varied"),
        columns.made("setting", lambda row: setting_text(row["row"].values, lang)),
        columns.word("row", "walker", "walker"),
        columns.one("row", "speed_m_s", "rate", "m_per_s"),
        columns.flag("row", "slope"),
        columns.word("row", "direction", "direction"),
        columns.word("row", "mode", "sensitivity.mode"),
        columns.flag("row", "own"),
        columns.one("row", "elderly_covered", "people", "persons"),
        columns.one("row", "covered_share", "share"),
        columns.one("row", "difference", "share"),
        columns.word("row", "note", "sensitivity.note"),
    ]
    title = say("report.chart.sensitivity", lang)
    chart = Chart("bar", title, "setting", ("covered_share",), "share")
    return sheet_of("sensitivity", lang, fields, rows, note=say("report.note.sensitivity", lang), charts=(chart,))


def _layers(records: Records, lang: Lang) -> Sheet:
    columns = Columns(lang)
    rows: list[Row] = [{"layer": row} for row in records.lists.at("layers").each(lang)]

    def listed(row: Row, key: str) -> str:
        return say("table.and", lang).join(map(str, row["layer"].values.get(key) or ()))

    def digests(row: Row) -> str:
        return "\n".join(dict.fromkeys((row["layer"].values.get("sha256") or {}).values()))

    fields = [
        columns.text("layer", "name"),
        columns.text("layer", "file"),
        columns.text("layer", "driver"),
        columns.text("layer", "crs"),
        columns.one("layer", "rows", "count"),
        columns.one("layer", "rows_used", "count"),
        columns.one("layer", "rows_left_out", "count"),
        columns.one("layer", "people", "people", "persons"),
        columns.one("layer", "elderly", "people", "persons"),
        columns.one("layer", "land_m2", "area", "m2"),
        columns.made("mended", lambda row: listed(row, "mended"), "long"),
        columns.made("warnings", lambda row: listed(row, "warnings"), "long"),
        columns.made("sha256", digests, "long"),
    ]
    return sheet_of("layers", lang, fields, rows, note=say("report.note.layers", lang))


def _settings(records: Records, lang: Lang) -> Sheet:
    columns = Columns(lang)
    rows: list[Row] = [
        {"setting": row} for row in records.lists.each("settings") if row.values["value"] not in (None, [])
    ]
    facts = records.gaps
    rows += [{"fact": facts, "setting": facts.at("scenario")}]

    def name(row: Row) -> str:
        return say("report.setting.sha256", lang) if "fact" in row else say(f"report.setting.{_key(row)}", lang)

    def value(row: Row) -> Cell:
        return Cell(row["setting"].text("sha256")) if "fact" in row else _value(row["setting"], lang)

    fields = [
        columns.made("setting_name", name, "long"),
        Field(columns.head("value"), "number", value, "value"),
        columns.made("where", lambda row: "" if "fact" in row else _where(row), "code"),
    ]
    return sheet_of("settings", lang, fields, rows, note=say("report.note.settings", lang))


def _key(row: Row) -> str:
    return _where(row).replace(".", "_")


def _where(row: Row) -> str:
    return f"{row['setting'].text('section')}.{row['setting'].text('key')}"


def _value(setting: Record, lang: Lang) -> Cell:
    """Return the value of a setting: a number, or words."""
    value, key = setting.values["value"], setting.text("key")
    if isinstance(value, bool):
        return Cell(say("table.yes" if value else "table.no", lang))
    if isinstance(value, int | float):
        return setting.cell("value")
    group = _WORDS.get(key, "")
    words = [say(f"{group}.{each}", lang) if knows(f"{group}.{each}") else str(each) for each in _listed(value)]
    return Cell(say("table.and", lang).join(words))


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _account(records: Records, lang: Lang) -> Sheet:
    """Return how people pass from the files to the units, a row for each step."""
    columns = Columns(lang)
    account = records.totals.at("people_account")
    rows: list[Row] = [{"account": account, "step": Record("", (), {"step": step})} for step in _ACCOUNT]

    def people(who: str) -> Field:
        def cell(row: Row) -> Cell:
            return account.at(who).cell(row["step"].text("step")) if who in account.values else BLANK

        return Field(columns.head(who, "persons"), "people", cell, who)

    fields = [columns.word("step", "step", "report.account", "long"), people("residents"), people("elderly")]
    return sheet_of("account", lang, fields, rows, note=say("report.note.account", lang))


def told_notes(records: Records, lang: Lang) -> list[str]:
    """Return warnings and notes of the check without a plan; then those that a plan adds, which say so."""
    told = [row.text(lang) for row in (*records.gaps.each("warnings"), *_by_importance(records.gaps))]
    later = [] if records.plan is None else [row.text(lang) for row in _by_importance(records.plan)]
    return told + [say("report.with_plan", lang, note=note) for note in later if note not in told]


def _by_importance(file: Record) -> list[Record]:
    rows = list(file.each("notes"))
    order = by_importance(Note(row.text("code"), {"row": place}) for place, row in enumerate(rows))
    return [rows[int(note.values["row"])] for note in order]


def _notes(records: Records, lang: Lang) -> Sheet:
    columns = Columns(lang)
    rows: list[Row] = [{"note": Record("", (), {"note": note})} for note in told_notes(records, lang)]
    fields = [columns.text("note", "note", "long")]
    return sheet_of("notes", lang, fields, rows, note=say("report.note.notes", lang))
