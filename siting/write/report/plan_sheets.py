"""The sheets on facilities, proposed stations, money, and the register of new residential areas."""

from collections.abc import Mapping, Sequence
from typing import Final

from siting.domain.standards import Standard
from siting.text import Lang, say
from siting.write.report.records import Cell, Record, Records
from siting.write.report.tables import Chart, Columns, Field, Row, Sheet, sheet_of

_STAGES: Final = ("housing_stage", "premises_stage")
_DAYS: Final = ("housing_accepted_on", "premises_accepted_on", "housing_handed_over_on", "premises_handed_over_on")
_PROVISION: Final = "estate_provision"
_MONEY: Final = ("budget_cny", "cost_cny", "subsidy_cny", "subsidy_conditional_cny", "net_cost_cny")
_BLOCKS: Final = "acceptance_blocked"


def plan_sheets(records: Records, standards: Sequence[Standard], lang: Lang) -> list[Sheet]:
    """Return the facilities, the proposed stations, the funding lines, and the register of new residential areas."""
    return [
        _facilities(records, lang),
        _stations(records, standards, lang),
        *_phases(records, lang),
        _funding(records, standards, lang),
        _estates(records, standards, lang),
    ]


def unit_names(records: Records) -> dict[str, str]:
    """Return the names of streets and communities by id; the finest level last, so that it prevails."""
    levels = ("city", "district", "planning", "street", "community")
    return {unit.text("id"): unit.text("name") for level in levels for unit in records.places(level)}


def named_document(standards: Sequence[Standard], clause_id: str) -> str:
    """Return the number of a document and the article of a clause; the id if no document in force has it."""
    pairs = ((each, clause) for each in standards for clause in each.clauses)
    found = next((f"{each.number} {clause.article}" for each, clause in pairs if clause.id == clause_id), None)
    return found or clause_id


def _facilities(records: Records, lang: Lang) -> Sheet:
    columns = Columns(lang)
    units = {level: {unit.text("id"): unit for unit in records.places(level)} for level in ("street", "community")}
    rows: list[Row] = [{"facility": row} for row in records.lists.each("facilities")]

    def home(row: Record, level: str) -> str:
        """Return the unit of a facility; of a proposed station the finest unit is known, and that names its street."""
        finest = units["community"].get(row.text("unit_id"))
        above = row.text("unit_id") if finest is None or level == "community" else finest.text("unit_id")
        found = units[level].get(row.text(f"{level}_id") or above)
        return "" if found is None else found.text("name")

    fields = [
        columns.text("facility", "id", "code"),
        columns.text("facility", "name"),
        columns.word("facility", "tier", "tier"),
        columns.word("facility", "status", "report.status"),
        columns.word("facility", "action", "report.action", "verdict"),
        columns.made("counted", lambda row: _counted(row["facility"], lang)),
        columns.made("street", lambda row: home(row["facility"], "street")),
        columns.made("community", lambda row: home(row["facility"], "community")),
        columns.one("facility", "land_m2", "area", "m2"),
        columns.one("facility", "floor_area_m2", "area", "m2"),
        columns.one("facility", "beds", "count", "beds"),
        columns.one("facility", "nursing_beds", "count", "beds"),
        columns.text("facility", "operator"),
        columns.word("facility", "operator_kind", "scenario_choice.operator_kind"),
        columns.word("facility", "tenure", "tenure"),
        columns.made("rating", lambda row: _rating(row["facility"], lang)),
        columns.text("facility", "parent_id", "code"),
        columns.text("facility", "opens", "date"),
        columns.text("facility", "closes", "date"),
        columns.text("facility", "address"),
    ]
    note = say("report.note.facilities", lang)
    return sheet_of("facilities", lang, fields, rows, note=note, keep=2)


def _counted(row: Record, lang: Lang) -> str:
    """Return whether a facility counts; nobody knows of one without the date that decides."""
    counted = row.values["counted"]
    return say("report.undecided" if counted is None else "table.yes" if counted else "table.no", lang)


def _finest(row: Record, names: Mapping[str, str]) -> str:
    return names.get(row.text("unit_id"), row.text("unit_id"))


def _rating(row: Record, lang: Lang) -> str:
    if not row.values.get("rating") or not row.values.get("rating_kind"):
        return ""
    return say(f"award_limit.{row.text('rating_kind')}", lang, number=row.text("rating"))


def _stations(records: Records, standards: Sequence[Standard], lang: Lang) -> Sheet:
    """Return the proposed stations, and the total costs of the plan below them."""
    columns, names = Columns(lang), unit_names(records)
    rows: list[Row] = [{"station": row} for row in records.stations]
    facilities = {row.text("id"): row for row in records.lists.each("facilities")}
    costs: list[Row] = [] if records.plan is None else [{"station": records.plan.at("costs")}]

    def named(row: Row) -> str:
        facility = facilities.get(row["station"].text("id"))
        return "" if facility is None else facility.text("name")

    proposed = {row["station"].text("id"): named(row) for row in rows}

    def parent(row: Row) -> str:
        key = row["station"].text("parent_id")
        name = facilities[key].text("name") if key in facilities else proposed.get(key, "")
        return f"{name}（{key}）" if name else key

    def funding(row: Row) -> str:
        lines = row["station"].values.get("funding") or ()
        pairs = [(named_document(standards, line["clause_id"]), line["status"]) for line in lines]
        told = dict.fromkeys(f"{name}（{say(f'funding.status.{status}', lang)}）" for name, status in pairs)
        return say("table.and", lang).join(told)

    fields = [
        columns.one("station", "rank", "count"),
        *([columns.one("station", "opens_year", "year")] if _has_phases(records) else []),
        columns.text("station", "candidate_id", "code"),
        columns.made("name", named),
        columns.word("station", "tier", "tier"),
        columns.made("community", lambda row: _finest(row["station"], names)),
        columns.one("station", "elderly_new", "people", "persons"),
        columns.one("station", "elderly_cumulative", "people", "persons"),
        *columns.figure("station", "covered_share_after", "share", "", rows),
        columns.text("station", "size"),
        columns.one("station", "floor_area_m2", "area", "m2"),
        columns.one("station", "land_m2", "area", "m2"),
        columns.word("station", "kind", "candidate_kind"),
        columns.word("station", "tenure", "tenure"),
        columns.one("station", "cost_cny", "money", "cny"),
        columns.one("station", "subsidy_cny", "money", "cny"),
        columns.one("station", "subsidy_conditional_cny", "money", "cny"),
        columns.one("station", "net_cost_cny", "money", "cny"),
        columns.word("station", "remedy", "remedy"),
        columns.made("parent", parent),
        columns.made("funding", funding, "long"),
    ]
    title = say("report.chart.cumulative", lang)
    chart = Chart("line", title, "candidate_id", ("covered_share_after",), "share")
    note = say("report.note.stations", lang)
    return sheet_of("stations", lang, fields, rows, note=note, whole=costs, keep=3, charts=(chart,))


def _has_phases(records: Records) -> bool:
    return records.plan is not None and bool(records.plan.values.get("phases"))


def _phases(records: Records, lang: Lang) -> list[Sheet]:
    """Return what opens in each phase and what it does; no sheet for a plan without phases."""
    if records.plan is None or not _has_phases(records):
        return []
    columns, rows = Columns(lang), [{"phase": row} for row in records.plan.each("phases")]
    fields = [
        columns.one("phase", "year", "year"),
        columns.one("phase", "stations", "count"),
        columns.one("phase", "elderly", "people", "persons"),
        columns.one("phase", "elderly_covered_without", "people", "persons"),
        columns.one("phase", "elderly_covered", "people", "persons"),
        columns.one("phase", "covered_share_without", "share"),
        columns.one("phase", "covered_share", "share"),
        *(columns.one("phase", key, "money", "cny") for key in _MONEY),
    ]
    chart = Chart("line", say("report.chart.phases", lang), "year", ("covered_share_without", "covered_share"), "share")
    return [sheet_of("phases", lang, fields, rows, note=say("report.note.phases", lang), keep=1, charts=(chart,))]


def _funding(records: Records, standards: Sequence[Standard], lang: Lang) -> Sheet:
    columns = Columns(lang)
    names = {row.text("id"): row.text("name") for row in records.lists.each("facilities")}
    rows: list[Row] = [{"line": row} for row in records.lists.each("funding")]

    def listed(row: Row, key: str) -> str:
        return say("table.and", lang).join(map(str, row["line"].values.get(key) or ()))

    fields = [
        columns.word("line", "what", "table.what"),
        columns.text("line", "site_id", "code"),
        columns.made("name", lambda row: names.get(row["line"].text("site_id"), "")),
        columns.made("line", lambda row: _line(row["line"], lang)),
        columns.word("line", "payer", "payer"),
        columns.made("standard", lambda row: named_document(standards, row["line"].text("clause_id"))),
        columns.word("line", "status", "funding.status", "verdict"),
        columns.one("line", "amount_cny", "money", "cny"),
        columns.one("line", "unit_amount", "money", "cny"),
        columns.word("line", "per", "award_per"),
        columns.flag("line", "capped"),
        columns.made("conditions", lambda row: listed(row, f"conditions_{lang}"), "long"),
        columns.made("notes", lambda row: listed(row, f"notes_{lang}"), "long"),
        columns.text("line", "quote", "long"),
    ]
    return sheet_of("funding", lang, fields, rows, note=say("report.note.funding", lang), keep=3)


def _line(row: Record, lang: Lang) -> str:
    columns = Columns(lang)
    return (
        columns.words(row, "line", "funding_line")
        if row.text("line") != "conversion"
        else columns.words(row, "line", "clause_kind")
    )


def _estates(records: Records, standards: Sequence[Standard], lang: Lang) -> Sheet:
    """Return the new residential areas: what must be built with them, where it stands, and what blocks acceptance."""
    columns = Columns(lang)
    rows: list[Row] = []
    for estate in records.lists.each("estates"):
        provision = next((row for row in estate.each("checks") if row.text("kind") == _PROVISION), None)
        rows.append({"estate": estate} | ({} if provision is None else {"check": provision}))

    def verdict(row: Row) -> str:
        found = [check.text("verdict") for check in row["estate"].each("checks")]
        worst = next((each for each in ("gap", "no_data", "met") if each in found), "")
        return say(f"verdict.{worst}", lang) if worst else ""

    def blocks(row: Row) -> str:
        told = [
            f"{columns.words(check, 'reason', 'reason')}（{named_document(standards, check.text('clause_id'))}）"
            for check in row["estate"].each("checks")
            if check.text("verdict") == "gap" and check.text("reason")
        ]
        return say("table.and", lang).join(dict.fromkeys(told))

    def blank(row: Row) -> str:
        unsaid = [each for check in row["estate"].each("checks") for each in check.values.get("missing") or ()]
        keys = [each.rpartition(": ")[2] for each in unsaid]
        return say("table.and", lang).join(dict.fromkeys(columns.head(key) for key in keys))

    fields = [
        columns.text("estate", "id", "code"),
        columns.text("estate", "name"),
        columns.one("estate", "households", "count", "households"),
        columns.one("check", "required", "area", "m2"),
        Field(columns.head("provided", "m2"), "area", _provided, "provided"),
        *columns.figure("check", "shortfall", "area", "m2", rows),
        *(columns.word("estate", key, key) for key in _STAGES),
        *(columns.text("estate", key, "date") for key in _DAYS),
        columns.one("estate", "premises_parts", "count"),
        columns.text("estate", "premises_recipient"),
        columns.text("estate", "premises_facility", "code"),
        columns.made("verdict", verdict, "verdict"),
        columns.made("blocks", blocks, "long"),
        columns.made("blank", blank, "long"),
    ]
    return sheet_of("estates", lang, fields, rows, note=say("report.note.estates", lang), keep=2, blank=True)


def _provided(row: Row) -> Cell:
    return row["estate"].cell("provided_m2")
