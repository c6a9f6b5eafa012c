"""The output of the commands in the terminal."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from siting.cli.lines import Column, add_row, print_table, table_of, tell, tell_lines, tell_whole
from siting.cli.screen import echo
from siting.domain.intervals import figure_text
from siting.text import Lang, say
from siting.text.numbers import number, percent, signless_zero

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    from rich.table import Table

    from siting.domain.draft import Draft
    from siting.domain.standards import Clause, Standard
    from siting.pipeline.caching import Trouble
    from siting.pipeline.opening import Comparison
    from siting.results import Batch, Explanation, Funding, GapReport, Inspection, Plan, Sensitivity, Verification

_PAYERS: Final = ("city", "district", "either")
_MOST_CANDIDATES: Final = 10
_MOST_LACKING: Final = 5
_MOST_WORST: Final = 3
_MOST_PARTS: Final = 20
_MONEY_STEP: Final = 100_000.0
# The number of notes that a check prints; the file has all of them.
_MOST_NOTES: Final = 12
_MOST_NOTES_OF_A_PLAN: Final = 7
_TEXT_COLUMNS: Final = frozenset(
    {
        *("unit", "verdict", "name", "size", "tenure", "site", "clause", "payer", "status"),
        *("layer", "source", "crs", "varied", "setting", "note"),
    }
)


def gaps(report: "GapReport", lang: Lang) -> None:
    """Print a gap report: a row for each street (or unit of another level), the whole, warnings and notes."""
    from siting.domain.called import record_names
    from siting.domain.lacking import lacking_text
    from siting.write import shown

    totals, scenario = report.totals, report.assessment.inputs.scenario
    units = report.units
    level = "street" if (units["level"] == "street").any() else units["level"].iloc[0]
    basis = say(f"basis.{totals['land_basis']}", lang)
    head = scenario.scenario
    year = () if head.horizon == "current" else (say("map.horizon_year", lang, year=head.horizon),)
    title = " · ".join([head.title, str(head.date), *year, say("cli.basis", lang, basis=basis)])
    of_elderly = totals["land_basis"].startswith("elderly")
    heads = {"land": "land_of_elderly"} if of_elderly else {}
    table = _table([heads.get(key, key) for key in shown.GAP_KEYS], lang)
    *rows, whole = shown.gap_rows(
        units[units["level"] == level], {**totals, "verdict": shown.verdict_of_whole(units)}, lang
    )
    for cells in rows:
        add_row(table, *cells)
    table.add_section()
    add_row(table, *whole)
    print_table(title, table)
    tell_whole(shown.whole_text(totals, lang))
    for line in _where_to_look(report, level, lang):
        tell(line)
    _both_extents(report, lang)
    share = say("warning.pass_share", lang, share=percent(scenario.circle.pass_share, 0))
    groups = [
        say(
            "cli.group",
            lang,
            name=name,
            people=number(group["people"]),
            covered=number(group["covered"]),
            share=percent(group["covered_share"]),
        )
        for name, group in totals["groups"].items()
    ]
    inputs = report.assessment.inputs
    names = record_names(inputs.facilities, inputs.residential_areas, inputs.units.values())
    lacking = lacking_text(report.assessment.checks.to_dict("records"), lang, names)
    first, others = _notes_of(report, report, lang)
    _notes([*groups, *filter(None, [lacking]), share, *first], others, lang, _MOST_NOTES)


def _where_to_look(report: "GapReport", level: str, lang: Lang) -> Iterator[str]:
    """Yield the worst units of a level, how many residential areas are short, and what tells more."""
    from siting.write import shown

    units, areas = report.units, report.places
    units = units[(units["level"] == level) & (units["elderly_uncovered"] > 0)]
    worst = units.nlargest(_MOST_WORST, "elderly_uncovered", keep="first").to_dict("records")
    if worst:
        named = [
            say("cli.worst_unit", lang, name=row["name"], people=figure_text("elderly_uncovered", row, number))
            for row in worst
        ]
        level_name = say(f"level.{level}", lang)
        yield say("cli.worst", lang, level=level_name, units=say("inspect.comma", lang).join(named))
    short = areas[areas["verdict"] == "gap"]
    if len(areas):
        yield shown.estates_text(areas, lang)
    place = short if len(short) else units
    first = place.nlargest(1, "elderly_uncovered", keep="first")["id"] if len(place) else ["ID"]
    yield say("cli.look_next", lang, id=next(iter(first), "ID"))


def _notes_of(report: "GapReport", shown: "GapReport", lang: Lang) -> tuple[list[str], list[str]]:
    """Return the notes of a check: those that every screen shows, and the others.

    The first say how clauses on unit coverage are read, which every output must state; then come the warnings, what is
    always on the screen (:data:`siting.domain.note_order.ON_SCREEN`), and why the gaps ``shown`` do not add up.
    """
    from siting.domain.note_order import ON_SCREEN, SUMS, by_importance
    from siting.domain.nouns import READINGS
    from siting.write.naming import note_text

    notes = by_importance(report.assessment.notes)
    sums = [note for note in shown.assessment.notes if note.code in SUMS]
    always = [note for note in notes if note.code in ON_SCREEN and note.code not in SUMS]
    others = [note for note in notes if note.code not in ON_SCREEN and note.code not in READINGS]
    warnings = [say(f"warning.{code}", lang) for code in report.totals["warnings"]]
    readings = [note_text(note, lang) for note in notes if note.code in READINGS]
    return (
        [*readings, *warnings, *(note_text(note, lang) for note in (*always, *sums))],
        [note_text(note, lang) for note in others],
    )


def _notes(first: Sequence[str], others: Sequence[str], lang: Lang, most: int) -> None:
    """Print the first notes, then as many of the others as there is room for, and the number of the rest."""
    room = max(0, most - len(first))
    for line in (*first, *others[:room]):
        tell(line, "· ")
    if len(others) > room:
        tell(say("cli.more_notes", lang, count=len(others) - room), "· ")


def _both_extents(report: "GapReport", lang: Lang) -> None:
    """Print the results with and without the area that standards exclude, at the level of the whole."""
    found = report.assessment
    if found.outside is None:
        return
    levels = set(report.units["level"])
    level = next((each for each in ("district", "city") if each in levels), report.units["level"].iloc[0])
    for standard in (each for each in found.inputs.standards if each.excludes):
        title = say("cli.both_extents", lang, standard=standard.number, places="、".join(standard.excludes))
        keys = ("unit", "clause", "whole", "without_area", "verdict")
        table = table_of(Column(say(f"cli.column.{key}", lang), is_text=True) for key in keys)
        for cells in _extent_rows(report, standard, level, lang):
            add_row(table, *cells)
        print_table(title, table)


def _extent_rows(report: "GapReport", standard: "Standard", level: str, lang: Lang) -> Iterator[tuple[object, ...]]:
    """Yield each clause of a standard for each place of a level: whole, without the excluded area, verdict."""
    from siting.write import audited as words

    units, clauses = report.units, {clause.id: clause for clause in standard.clauses}
    of_level = units["level"] == level
    names = dict(zip(units.loc[of_level, "id"], units.loc[of_level, "name"], strict=True))
    rows: list[dict[Any, Any]] = report.clauses.to_dict("records")
    rows = [row for row in rows if row["standard_id"] == standard.id and row["level"] == level]
    upon = {(row["extent"], row["id"], row["clause_id"], row["basis"]): row for row in rows}

    def told(row: Mapping[Any, Any]) -> str:
        # The required land of the whole is another number of square metres.
        comparison = clauses[row["clause_id"]].comparison
        required = words.required_text(row["required"], row["unit"], comparison, lang)
        return f"{required} · {words.measured_text(row['provided_low'], row['provided_high'], row['unit'], lang)}"

    for (extent, *key), row in upon.items():
        if extent != "whole":
            clause = clauses[row["clause_id"]]
            article = f"{clause.article} {say(f'clause_kind.{clause.kind}', lang)}"
            whole = upon["whole", *key]
            verdict = say(f"verdict.{(whole if row['for_comparison'] else row)['verdict']}", lang)
            yield names.get(row["id"], row["id"]), article, told(whole), told(row), verdict


def inspection(found: "Inspection") -> None:
    """Print what was read: a row for each layer, then facts, notes and warnings, then every fault and its advice."""
    from siting.write import account_page as words

    lang, layers = found.lang, found.layers.to_dict("records")
    head = found.scenario.scenario
    keys = ("layer", "source", "crs", "rows", "figures")
    table = table_of(Column(say(f"inspect.column.{key}", lang), key in _TEXT_COLUMNS) for key in keys)
    for row in layers:
        totals = "\n".join(words.figure_texts(row, lang))
        cells = (
            row["name"],
            words.source_text(row, lang),
            words.crs_text(row, lang),
            words.count_text(row, lang),
            totals,
        )
        add_row(table, *cells)
    print_table(f"{say('inspect.title', lang)} · {head.title} · {head.date}", table, wide_texts=True)
    for row in layers:
        facts = say("inspect.semicolon", lang).join(words.fact_texts(row, lang))
        marked = [("·", text) for text in filter(None, (facts, *row["mended"]))]
        marked += [("!", text) for text in row["warnings"]]
        tell_lines(f"{row['name']}  {row['key']}", marked)
    tell_lines(say("inspect.general", lang), [("·", note) for note in found.general_notes])
    if found.ok:
        tell_whole(say("inspect.ok", lang))
        return
    faults = [("✗", fault.message(lang)) for fault in found.log.faults.together()]
    tell_lines(say("inspect.faults", lang, count=len(faults)), faults)


# The source of a section in a draft, or how the draft makes it.
_SOURCES: Final = (
    *("path", "pattern", "bands", "points", "polygons", "attributes"),
    *("union_of", "of_extent", "place", "mode"),
)
_ELDERLY: Final = ("population.elderly", "population.planned_elderly")
# Those of them that are no file.
_CHOICES: Final = ("union_of", "of_extent", "place", "mode")


def survey(draft: "Draft", date: "dt.date", lang: Lang) -> None:
    """Print which files were used for what, what is left to fill in, and which files were not used and why."""
    from siting.write.template import lacking_text, remark_text

    if not draft.found:
        tell(say("cli.survey.nothing", lang))
        tell(say("cli.survey.sought", lang))
    taken = [
        (
            "·",
            f"{section} ← {path}{_age(draft, section)}{_unsaid(draft, section, lang)}"
            if key not in _CHOICES
            else f"{section}.{key} = {path}",
        )
        for section in draft.remarks
        for key in _SOURCES
        if (path := _shown(draft.filled.get(f"{section}.{key}"))) is not None
    ]
    tell_lines(say("cli.survey.taken", lang), taken)
    if draft.found and (lacking := lacking_text(draft, lang)):
        tell(lacking)
    tell_lines(say("cli.survey.asked", lang), [("?", key) for key in draft.needed])
    tell_lines(say("cli.survey.optional", lang), [("?", key) for key in draft.optional])
    tell(say("cli.survey.date", lang, date=date))
    rest = [("–", remark_text(remark, lang)) for remark in draft.rest]
    tell_lines(say("survey.rest", lang), rest)


def _age(draft: "Draft", section: str) -> str:
    """Return the age from which a section counts the elderly, after a comma; empty for other sections."""
    return f", {draft.filled.get(f'{section}.from_age', 60)}+" if section in _ELDERLY else ""


def _unsaid(draft: "Draft", section: str, lang: Lang) -> str:
    """Return that no name says who is counted; empty if one does."""
    unsaid = any(remark.code == "who_unsaid" for remark in draft.remarks[section])
    return say("cli.survey.who_unsaid", lang) if unsaid else ""


def _shown(value: object) -> str | None:
    """Return the value of a key; several files side by side."""
    if value is True:
        return "true"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return None if value is None else str(value)


def plan(found: "Plan", lang: Lang) -> None:
    """Print a plan: its stations, what is proved, before and after, and the remaining land gap."""
    from siting.write import shown
    from siting.write.costs import cost_texts

    table = _table(shown.station_keys(found.stations), lang)
    for cells in shown.station_rows(found.stations, lang):
        add_row(table, *cells)
    if len(found.stations):
        print_table(say("cli.plan_title", lang), table)
    elif found.stages:
        tell_whole(say("cli.plan_of_none", lang))
    for line in (*_proof(found, lang), *(f"· {note}" for note in found.notes(lang))):
        tell_whole(line)
    if not found.stages:
        return
    for cost in cost_texts(found.proposal, lang):
        tell_whole(cost.text)
    if len(found.refused):
        tell_whole(say("cli.refused", lang, count=found.refused.index.nunique()))
    before, after = found.before.totals, found.after.totals
    shares = {key: figure_text("covered_share", row, percent) for key, row in (("before", before), ("after", after))}
    tell_whole(say("cli.before_after", lang, **shares))
    gaps = {floor: figure_text(f"land_gap_{floor}_m2", after, number) for floor in ("01", "02")}
    stays = {
        f"gap_{floor}": say("cli.land_no_gap", lang) if gap == "0" else say("cli.land_gap", lang, gap=gap)
        for floor, gap in gaps.items()
    }
    of_elderly = after["land_basis"].startswith("elderly")
    tell_whole(say("cli.land_stays_of_elderly" if of_elderly else "cli.land_stays", lang, **stays))
    units = found.after.units
    short = units[(units["level"] == "street") & (units["land_gap_m2"] > 0)]
    if len(short):
        tell_whole(say("cli.land_takes", lang))
    for row in short.to_dict("records"):
        tell_whole(f"  {row['name']}  {figure_text('land_gap_m2', row, number)} m²")
    # A plan depends on the same data as a check.
    _notes(*_notes_of(found.before, found.after, lang), lang, _MOST_NOTES_OF_A_PLAN)


def explanation(found: "Explanation", lang: Lang) -> None:
    """Print why a place is covered or not: sentences, the legs of the route by kind, the first candidates."""
    from siting.write import explanation as words

    for line in found.text(lang).splitlines():
        tell(line)
    route = found.explained.way.route
    if route is not None:
        title = say("explain.table.legs", lang, way=words.way_text(route, lang))
        _tell_rows(title, words.leg_heads(lang), words.leg_table(route, lang), left=1)
    if len(found.explained.candidates) and words.asks_for_candidates(found.explained):
        heads, rows = words.candidate_table(found.explained, lang, _MOST_CANDIDATES)
        _tell_rows(say("explain.table.candidates", lang), heads, rows, left=2)


def sensitivity(found: "Sensitivity", lang: Lang) -> None:
    """Print the comparison of settings: a row for each."""
    from siting.write import sensitivity as words

    keys = ("varied", "setting", "covered_share", "elderly_covered", "difference", "note")
    table = table_of(Column(say(f"sensitivity.column.{key}", lang), key in _TEXT_COLUMNS) for key in keys)
    before = None
    for row in found.table.to_dict("records"):
        if row["varied"] != before:
            table.add_section()
        first = "" if row["varied"] == before else say(f"sensitivity.varied.{row['varied']}", lang)
        differs = (
            "" if row["own"] or math.isnan(row["difference"]) else signless_zero(f"{100 * row['difference']:+z.1f}")
        )
        share = figure_text("covered_share", row, percent)
        people = figure_text("elderly_covered", row, number)
        cells = (first, words.setting_text(row, lang), share, people, differs, words.note_text(row, lang))
        add_row(table, *cells)
        before = row["varied"]
    print_table(say("sensitivity.title", lang, minutes=f"{found.scenario.walking.minutes:g}"), table)


def _tell_rows(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]], *, left: int) -> None:
    """Print rows of texts as a table, the first columns left-aligned."""
    table = table_of(Column(head, at < left) for at, head in enumerate(heads))
    for row in rows:
        add_row(table, *row)
    print_table(title, table)


def funding(found: "Funding", lang: Lang) -> None:
    """Print the funding lines of facilities and stations, site by site, and the sum of each."""
    for what in ("facility", "station"):
        lines = found.of(what)
        if what == "station" and lines.empty:
            continue
        table = _table(("site", "clause", "payer", "status", "amount"), lang)
        for row in lines[lines["amount_cny"].notna()].to_dict("records"):
            status = say(f"funding.status.{row['status']}", lang)
            payer = say(f"payer.{row['payer']}", lang)
            add_row(table, row["site_id"], row["clause_id"], payer, status, number(row["amount_cny"]))
        if table.row_count:
            print_table(say(f"cli.funding_of.{what}", lang), table)
        _tell_without_amount(lines[lines["amount_cny"].isna()], lang)
        sums = _table(("site", "amount", *(f"of_{payer}" for payer in _PAYERS)), lang)
        summary = found.summary(what)
        amounts = summary.loc[
            summary["eligible_cny"] > 0, ["eligible_cny", *(f"eligible_{each}_cny" for each in _PAYERS)]
        ]
        for key, *each in amounts.itertuples(name=None):
            add_row(sums, key, *map(number, each))
        if sums.row_count:
            print_table(say("cli.funding_sum", lang), sums)
    for note in found.notes(lang):
        tell_whole(f"· {note}")


def verification(found: "Verification", lang: Lang) -> None:
    """Print whether the certificate of a plan holds, and what it proves."""
    for line in found.sentences(lang):
        tell_whole(line)


def _tell_without_amount(lines: "pd.DataFrame", lang: Lang) -> None:
    """Print how many lines have no amount, how certain they are, and which data most of them lack."""
    if lines.empty:
        return
    counts = lines["status"].value_counts()
    lacking = lines["missing"].explode().dropna().value_counts()
    mark = say("inspect.comma", lang)
    said = mark.join(f"{say(f'funding.status.{status}', lang)} {count}" for status, count in counts.items())
    named = mark.join(say(f"field.{key}", lang) for key in lacking.index[:_MOST_LACKING])
    tell_whole(say("cli.funding_without", lang, count=len(lines), statuses=said, missing=named or "–"))


def files(written: Mapping[str, Path | None], lang: Lang) -> None:
    """Print the paths of the results."""
    for key, path in written.items():
        if path is not None:
            echo(f"{say(f'cli.file.{key}', lang)}: {path}")


def batch(found: "Batch", lang: Lang) -> None:
    """Print a row for each part with the most uncovered elderly, the whole, and what a plan of all parts achieves."""
    parts = found.parts
    parts = parts.assign(uncovered=parts["elderly"] - parts["elderly_covered"])
    worst = parts.sort_values("uncovered", ascending=False, kind="stable").head(_MOST_PARTS)
    plan = found.shared
    keys = ("unit", "elderly", "uncovered", "covered", "places_with_gap", *(() if plan is None else ("new_stations",)))
    table = _table(keys, lang)
    for row in worst.to_dict("records"):
        add_row(table, row["name"], *_figures_of_part(row)[: len(keys) - 1])
    table.add_section()
    whole = {name: parts[name].sum(min_count=1) for name in ("elderly", "uncovered", "places_with_gap", "stations")}
    whole["covered_share"] = parts["elderly_covered"].sum() / whole["elderly"] if whole["elderly"] > 0 else math.nan
    add_row(table, say("cli.total", lang), *_figures_of_part(whole)[: len(keys) - 1])
    print_table(say("cli.batch", lang, count=len(parts), shown=len(worst)), table)
    if plan is not None:
        figures = {"covered": number(plan.objective), "bound": number(plan.bound), "gap": percent(plan.gap, 2)}
        unit, of_unit = ("money", _MONEY_STEP) if plan.by_money else ("station", 1.0)
        more = say(f"cli.batch_more.{unit}", lang, price=number(plan.price * of_unit))
        tell(say("cli.batch_plan", lang, stations=plan.stations, more=more, **figures))


def _figures_of_part(row: Mapping[Any, Any]) -> list[str]:
    people = [number(float(row[name])) for name in ("elderly", "uncovered")]
    return [*people, percent(float(row["covered_share"])), f"{row['places_with_gap']:,.0f}", f"{row['stations']:,.0f}"]


def marked(copies: Sequence[Path] | None, lang: Lang) -> None:
    """Print which workbooks were marked, or that none has faults in its cells; nothing if marking was not requested."""
    if copies is not None and not copies:
        tell_whole(say("inspect.marked.none", lang))
    for path in copies or ():
        echo(f"{say('cli.file.marked', lang)}: {path}")


def cache_trouble(found: "Trouble", lang: Lang) -> None:
    """Print why the cache was not written: the results are the same, but the next run takes as long."""
    key = "of_another" if found.code == "of_another" else "not_kept"
    echo(say(f"cli.cache.{key}", lang, path=found.path, cause=found.cause), err=True)


def whole_files(paths: "Iterable[Path]", lang: Lang) -> None:
    """Print which results of an interrupted command are complete."""
    echo(say("cli.whole", lang, files=", ".join(map(str, paths))), err=True)


def standards(found: "Iterable[Standard]", lang: Lang) -> None:
    """List standards, one per line."""
    from siting.write import clauses as words

    for one in found:
        tell_whole(f"{one.id}  {one.number}  {words.from_text(one, lang)}  {one.title}")


def standard(one: "Standard", lang: Lang) -> None:
    """Print a standard's clauses with their quotes, and how each is used."""
    from siting.write import clauses as words

    unseen = one.unseen_zh if lang == "zh" else one.unseen_en
    head = [
        f"{one.number}  {one.title}",
        f"{one.issuer} · {one.jurisdiction} · {words.from_text(one, lang)}",
        *([unseen] * bool(unseen)),
    ]
    tell_whole("\n".join(head) + "\n")
    for clause in one.clauses:
        what = _once(say(f"clause_kind.{clause.kind}", lang), words.class_text(clause, lang))
        amount, force = words.amount_text(clause, lang), words.force_text(clause, lang)
        facts = (force, say(f"treatment.{clause.treatment}", lang), words.levels_text(clause, lang))
        tell_whole(f"{clause.id}  {what}  {amount}".rstrip() + f"  [{' · '.join(facts)}]  {clause.article}")
        mark = say(f"verified.{clause.verified}", lang) if clause.verified else ""
        tell_whole(f"  “{clause.quote}”" if clause.quote else f"  {_once(mark, clause.source_note)}")
        bodies = words.bodies_text(clause.lead, clause.responsible, lang)
        for text in filter(None, (bodies, words.why_text(clause, lang), words.note_text(clause, lang))):
            tell_whole(f"  {text}")


def comparison(found: "Comparison", lang: Lang) -> None:
    """Print two standards side by side, measure by measure, and where they conflict."""
    from siting.write import clauses as words

    one, other = found.one.id, found.other.id
    if found.measures:
        heads = (*(say(f"compare.column.{key}", lang) for key in ("measure", "level")), one, other)
        table = table_of(Column(head, is_text=True) for head in (*heads, say("compare.column.governs", lang)))
        for row in found.measures:
            what = (row.one + row.other)[0]
            add_row(
                table,
                _once(say(f"clause_kind.{row.kind}", lang), words.class_text(what, lang)),
                words.level_text(row.level, lang),
                _says(row.one, lang),
                _says(row.other, lang),
                {"one": one, "other": other}.get(row.governs) or say(f"compare.governs_{row.governs}", lang),
            )
        print_table(say("compare.title", lang, one=one, other=other, date=found.date), table)
    else:
        tell_whole(say("compare.no_measure", lang))
    for row in found.measures:
        if row.laxer:
            governs = one if row.governs == "one" else other
            tell_whole(f"· {say(f'clause_kind.{row.kind}', lang)}: {say('compare.laxer', lang, governs=governs)}")
    _conflicts(found, lang)


def _conflicts(found: "Comparison", lang: Lang) -> None:
    if not found.conflicts:
        tell_whole(say("compare.no_conflicts", lang))
        return
    tell_whole(say("compare.conflicts", lang, count=len(found.conflicts)))
    for pair in found.conflicts:
        line = say(
            "compare.conflict",
            lang,
            one=pair.one.id,
            one_says=_says((pair.one,), lang),
            one_quote=pair.one.quote,
            other=pair.other.id,
            other_says=_says((pair.other,), lang),
            other_quote=pair.other.quote,
        )
        tell_whole(f"· {line}")
        if pair.one.kind == "threshold":
            tell_whole(f"  {say('compare.confirm', lang)}")


def _says(clauses: "tuple[Clause, ...]", lang: Lang) -> str:
    """Return what clauses of one measure say, equal ones once; a dash if there is none."""
    from siting.write import clauses as words

    said = []
    for clause in clauses:
        awards = clause.funding.awards if clause.funding is not None else ()
        amount = "; ".join(words.award_text(award, lang) for award in awards) or words.amount_text(clause, lang)
        remedies = ("、" if lang == "zh" else ", ").join(say(f"remedy.{remedy}", lang) for remedy in clause.remedies)
        what = amount or remedies or say("compare.no_number", lang)
        said.append(f"{what} ({words.force_text(clause, lang)})")
    return "\n".join(dict.fromkeys(said)) or "–"


def _once(*words: str) -> str:
    return " · ".join(dict.fromkeys(filter(None, words)))


def _proof(found: "Plan", lang: Lang) -> Iterable[str]:
    """Yield what is proved: the status, and each objective with its bound."""
    from siting.write.links import link_texts
    from siting.write.phases import phase_texts
    from siting.write.proof import certificate_text, stage_texts
    from siting.write.robustness import robust_texts
    from siting.write.unmet import change_texts, fairness_texts, unmet_texts

    proposal, selection = found.proposal, found.proposal.selection
    status = say(f"plan_status.{found.status}", lang)
    stopped = say(f"proof.stopped.{selection.stopped_by}", lang)
    yield say("cli.proof", lang, status=status, solver=selection.solver, stopped_by=stopped)
    for stage in stage_texts(proposal, lang):
        yield "  " + say(f"proof.line.stage_{stage.sense}", lang, **stage._asdict())
    if certificate := certificate_text(proposal, lang):
        yield "  " + certificate
    for texts in (unmet_texts, phase_texts, link_texts, robust_texts, fairness_texts, change_texts):
        yield from ("  " * (line.depth + 1) + line.text for line in texts(proposal, lang))


def _table(keys: Iterable[str], lang: Lang) -> "Table":
    return table_of(Column(say(f"cli.column.{key}", lang), key in _TEXT_COLUMNS) for key in keys)
