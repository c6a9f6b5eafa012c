"""The audit on the screen: first what a head of section needs in a table; everything, or one clause, on demand."""

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from siting.cli.lines import Column, add_row, print_table, table_of, tell
from siting.cli.screen import echo
from siting.errors import Fault, InputError
from siting.text import Lang, say
from siting.text.numbers import UNKNOWN, between

if TYPE_CHECKING:
    import pandas as pd

    from siting.domain.standards import Clause, Standard

# Clauses without a verdict: computed lists, remedies and funding; advice; what is out of scope.
# The most characters of a text when all clauses are listed.
_LONGEST: Final = 600
_OTHERS: Final = ("listed", "advice", "out_of_scope")
_COLUMNS: Final = ("article", "clause", "required", "measured", "verdict", "short_in")
# From the number of a document, what names it among those of one issuer: 〔2019〕129号.
_NUMBER: Final = re.compile("〔.*")
_WIDEST: Final = 80
# A fault names so many similar clauses.
_NEAR: Final = 8


def summary(table: "pd.DataFrame", documents: "Iterable[Standard]", lang: Lang) -> None:
    """Print what a head of section needs: each judged clause in a table, unmet ones first; then what else there is.

    Parameters
    ----------
    table : pandas.DataFrame
        The audit.
    documents : iterable of Standard
        The standards in force.
    lang : {"zh", "en"}
        Language.
    """
    from siting.write import audited as words

    documents = [*documents]
    groups = _groups(table)
    counts = {state: len(found) for state, found in groups.items()}
    binding = sum(words.is_binding(rows, "gap") for rows in groups["gap"])
    told = {state: counts[state] for state in words.STATES}
    shown = table_of(Column(say(f"audit.column.{key}", lang), key not in ("required", "measured")) for key in _COLUMNS)
    for state in (*words.STATES, "compared"):
        for rows in groups[state]:
            for cells in _rows(rows, documents, lang):
                add_row(shown, *cells)
        if counts[state]:
            shown.add_section()
    print_table(say("audit.summary", lang, **told, binding=binding), shown, widest=_WIDEST)
    marked = table[table["level"].notna()]
    if marked["binding"].any():
        tell(say("audit.mark_binding", lang))
    if marked["for_comparison"].any():
        tell(say("audit.mark_comparison", lang))
    for line in _readings(table, lang):
        tell(line, "· ")
    tell(say("audit.others", lang, **{name: counts[name] for name in _OTHERS}), "· ")
    _completeness(table, lang)
    tell(say("audit.where_next", lang), "· ")


def everything(table: "pd.DataFrame", documents: "Iterable[Standard]", lang: Lang) -> None:
    """Print every clause: those that are not met, that cannot be judged, that are met, then all others.

    Quotes, responsible bodies and the data held for a clause are told of one clause, and in the file.

    Parameters
    ----------
    table : pandas.DataFrame
        The audit.
    documents : iterable of Standard
        The standards in force.
    lang : {"zh", "en"}
        Language.
    """
    from siting.write import audited as words

    documents = [*documents]
    for state, found in _groups(table).items():
        if not found:
            continue
        if state in words.STATES:
            binding = sum(words.is_binding(rows, state) for rows in found)
            echo("\n" + say(f"audit.state.{state}", lang, count=len(found), binding=binding))
        else:
            echo("\n" + say(f"audit.state.{state}", lang, count=len(found)))
        for rows in found:
            _audited(rows, documents, lang, most=_LONGEST)
    echo("")
    _completeness(table, lang)


def clauses(table: "pd.DataFrame", chosen: "Sequence[Clause]", documents: "Iterable[Standard]", lang: Lang) -> None:
    """Print all that is known of some clauses: quote, bodies, every level, what is missing, the data held.

    Parameters
    ----------
    table : pandas.DataFrame
        The audit.
    chosen : sequence of Clause
        The clauses.
    documents : iterable of Standard
        The standards in force.
    lang : {"zh", "en"}
        Language.
    """
    from siting.write import audited as words
    from siting.write import clauses as clause_words

    documents = [*documents]
    for clause in chosen:
        rows = table[table["clause_id"] == clause.id]
        _audited(rows, documents, lang)
        held = [text for text in rows["completeness"].dropna().unique() if text]
        for text in (
            f"“{clause.quote}”" if clause.quote else "",
            clause_words.bodies_text(clause.lead, clause.responsible, lang),
            clause_words.note_text(clause, lang),
            *(say("audit.held", lang, found=words.completeness_text(each, lang)) for each in held),
        ):
            if text:
                tell(text, "      ")


def chosen(names: Iterable[str], documents: "Iterable[Standard]") -> "list[Clause]":
    """Return the clauses that names stand for: an id, its part after the slash, or an article.

    Parameters
    ----------
    names : iterable of str
        As they are typed.
    documents : iterable of Standard
        The standards in force.

    Returns
    -------
    list of Clause
        In the order of the documents; an article may be that of several clauses.

    Raises
    ------
    InputError
        A name stands for no clause; similar ones are named.
    """
    every = [(document, clause) for document in documents for clause in document.clauses]
    found: dict[str, Clause] = {}
    faults = []
    for name in names:
        sought = name.replace(" ", "")
        hits = [clause for document, clause in every if sought in _called(document, clause)]
        found |= {clause.id: clause for clause in hits}
        if not hits:
            ids = [clause.id for _, clause in every]
            near = difflib.get_close_matches(name, ids, n=_NEAR, cutoff=0.3) or ids[:_NEAR]
            faults.append(Fault(code="no_such_clause", found=name, expected=", ".join(near)))
    if faults:
        raise InputError(faults)
    return [clause for _, clause in every if clause.id in found]


def _called(document: "Standard", clause: "Clause") -> set[str]:
    """Return the names of a clause, without blanks."""
    article = clause.article.replace(" ", "")
    number = document.number.replace(" ", "")
    return {clause.id, clause.id.partition("/")[2], article, f"{number}{article}", f"{_tag(number)}{article}"}


def _tag(number: str) -> str:
    found = _NUMBER.search(number)
    return found[0] if found else number


def _groups(table: "pd.DataFrame") -> "dict[str, list[pd.DataFrame]]":
    """Return the rows of each clause by its state; binding ones first within a state of verdicts."""
    from siting.write import audited as words

    found: dict[str, list[pd.DataFrame]] = {state: [] for state in (*words.STATES, "compared", *_OTHERS)}
    for _, rows in table.groupby("clause_id", sort=False):
        treatment = str(rows["treatment"].iloc[0])
        found[words.state_of(rows) or ("listed" if treatment == "computed" else treatment)].append(rows)
    for state in words.STATES:
        found[state].sort(key=lambda rows, state=state: not words.is_binding(rows, state))  # type: ignore[misc]
    return found


def _rows(rows: "pd.DataFrame", documents: "Sequence[Standard]", lang: Lang) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a clause in the summary: one for each place of its own, else one that counts places."""
    document, clause = _of(rows, documents)
    judged: list[dict[Any, Any]] = rows[rows["level"].notna()].to_dict("records")
    single = [row for row in judged if row["places"] == 1]
    short = _short_in([row for row in judged if row["places"] != 1], lang)
    tag = f"{_short_tag(document, documents)}\n{clause.article}"
    kind = say(f"clause_kind.{clause.kind}", lang)
    for row in single:
        # A clause that counts streets and communities names the short ones beside the row of their level.
        beside = short if row is single[-1] else ""
        verdict = say(f"verdict.{row['verdict']}", lang)
        name = f"{kind}{_level_beside(row, lang)}"
        figures = _required(row, clause.comparison, lang), _measured(row, lang)
        # A row for comparison is marked as such, whatever else the clause binds.
        mark = _mark([row] if row["for_comparison"] else judged)
        yield f"{mark}{tag}", name, *figures, verdict, beside
    if not single:
        decisive = [row for row in judged if not row["for_comparison"]] or judged
        state = next((key for key in ("gap", "no_data", "met") if any(row[key] for row in decisive)), "not_applicable")
        yield f"{_mark(judged)}{tag}", kind, UNKNOWN, UNKNOWN, say(f"verdict.{state}", lang), short


def _mark(rows: Sequence[Mapping[Any, Any]]) -> str:
    return "●" if any(row["binding"] for row in rows) else "○" if all(row["for_comparison"] for row in rows) else ""


def _short_tag(document: "Standard", documents: "Sequence[Standard]") -> str:
    """Return the last number of a document's number (129号), or more of it where two have the same."""
    tags = [re.findall(r"\d+号?", each.number)[-1:] or [each.number] for each in documents]
    own = tags[[each.id for each in documents].index(document.id)]
    return own[0] if tags.count(own) == 1 else _tag(document.number)


def _required(row: Mapping[Any, Any], comparison: str | None, lang: Lang) -> str:
    from siting.write import audited as words

    return words.required_text(row["required"], row["unit"], comparison, lang, row["required_high"])


def _measured(row: Mapping[Any, Any], lang: Lang) -> str:
    from siting.write.audited import quantity

    low, high, unit = row["measured_low"], row["measured_high"], row["unit"]
    most = 1.0 if unit == "share" else math.inf
    told = between(low, high, lambda value: quantity(value, unit, lang), most=most)
    if isinstance(row.get("current_verdict"), str):
        today = between(row["current_low"], row["current_high"], lambda value: quantity(value, unit, lang), most=most)
        told += "\n" + say("audit.today_short", lang, measured=today)
    return told


def _short_in(many: Sequence[Mapping[Any, Any]], lang: Lang) -> str:
    """Return at how many places a clause is not met (or unknown): those of a binding level, else of the finest unit.

    Where a clause binds only some places of a level (communities, not villages), these are counted.
    """
    decisive = [row for row in many if not row["for_comparison"]] or list(many)
    open_ones = [row for row in decisive if _open_at(row)]
    ranked = sorted(open_ones, key=lambda row: (not row["binding"], row["level"] == "residential_area"))
    units = [row for row in ranked if (row["binding"], row["level"] == "residential_area") == _rank(ranked[0])]
    if not units:
        return ""
    row = units[-1]
    bound = "_binding" if row["binding"] else ""
    key = "short" if row[f"gap{bound}"] else "open"
    of = int(row[f"places{bound}"] - row[f"not_applicable{bound}"])
    count = int(row[f"gap{bound}"] or row[f"no_data{bound}"])
    return say(f"audit.{key}", lang, level=say(f"audit.level.{row['level']}", lang), count=count, of=of)


def _open_at(row: Mapping[Any, Any]) -> bool:
    bound = "_binding" if row["binding"] else ""
    return bool(row[f"gap{bound}"] or row[f"no_data{bound}"])


def _rank(row: Mapping[Any, Any]) -> tuple[bool, bool]:
    return bool(row["binding"]), row["level"] == "residential_area"


def _level_beside(row: Mapping[Any, Any], lang: Lang) -> str:
    """Return what distinguishes a row from the district as a whole, to stand behind the kind of a clause."""
    told = []
    if row["basis"] in ("streets", "communities"):
        told.append(say("audit.by", lang, basis=say(f"basis.{row['basis']}", lang)))
    if row["level"] != "district":
        told.append(say(f"audit.level.{row['level']}", lang))
    if row["extent"] != "whole":
        told.append(say(f"extent.{row['extent']}", lang))
    return "".join(f"\n{text}" for text in told)


def _readings(table: "pd.DataFrame", lang: Lang) -> Iterator[str]:
    """Yield how clauses on unit coverage are read, which every output must state."""
    from siting.domain.nouns import READINGS

    starts = [say(f"audit.{code}", lang, found="").rstrip("。.") for code in READINGS.values()]
    told = [text for text in table[f"finding_{lang}"] if any(start in text for start in starts)]
    if told:
        yield max(told, key=len)


def _completeness(table: "pd.DataFrame", lang: Lang) -> None:
    from siting.write import audited as words

    whole, columns = words.whole_and_all(table["completeness"])
    tell(say("audit.completeness", lang, all=columns, whole=whole, lacking=columns - whole), "· ")


def _of(rows: "pd.DataFrame", documents: "Sequence[Standard]") -> "tuple[Standard, Clause]":
    """Return the document and the clause of some rows."""
    key = rows["clause_id"].iloc[0]
    return next((document, clause) for document in documents for clause in document.clauses if clause.id == key)


def _audited(rows: "pd.DataFrame", documents: "Sequence[Standard]", lang: Lang, *, most: int | None = None) -> None:
    """Print one clause: where it is, what it is, what was measured at each level, and what the verdict depends on.

    A text with more than ``most`` characters is cut; the whole is in the file, and with ``--clause``.
    """
    first = rows.iloc[0]
    document, clause = _of(rows, documents)
    kind, force = say(f"clause_kind.{first['kind']}", lang), say(f"force.{first['force']}", lang)
    due = f" · {say('audit.target', lang, year=int(first['target_year']))}" if first["target_year"] > 0 else ""
    tell(f"{document.number} {first['article']}  {kind}  [{force}{due}]", "  ")
    echo(f"    {first['clause_id']}")
    for row in rows[rows["level"].notna()].to_dict("records"):
        tell(_audit_line(row, clause.comparison, lang), "    · ")
    findings = [text for text in dict.fromkeys(rows[f"finding_{lang}"]) if text]
    for text in findings:
        # What is found at a level begins with what holds for all of them.
        if not any(other != text and other.startswith(text) for other in findings):
            tell(text if most is None or len(text) <= most else say("audit.cut", lang, text=text[:most]), "      ")


def _audit_line(row: dict[Any, Any], comparison: str | None, lang: Lang) -> str:
    from siting.write import audited as words

    level = say(f"level.{row['level']}", lang)
    if row["level"] == "district" and row["basis"] in ("streets", "communities"):
        level = say("audit.counted", lang, level=level, basis=say(f"basis.{row['basis']}", lang))
    if row["for_comparison"] is True or row["extent"] != "whole":
        upon = [row["extent"]] * (row["extent"] != "whole") + ["for_comparison"] * (row["for_comparison"] is True)
        extent = say("audit.comma", lang).join(say(f"extent.{each}", lang) for each in upon)
        level = say("audit.upon", lang, level=level, extent=extent)
    said = {
        "level": level,
        "binding": say("audit.binding", lang) if row["binding"] else "",
        **{
            key: "" if math.isnan(row[key]) else int(row[key])
            for key in ("places", "met", "gap", "no_data", "not_applicable")
        },
    }
    if row["places"] != 1:
        if row["binding"] and row["places_binding"] < row["places"]:
            keys = ("places", "met", "gap", "no_data", "not_applicable")
            counts = {key: int(row[f"{key}_binding"]) for key in keys}
            said["binding"] = say("audit.binding_part", lang, **counts)
        return say("audit.many", lang, **said)
    unit, today = row["unit"], ""
    if isinstance(row.get("current_verdict"), str):
        figures = {
            "measured": words.measured_text(row["current_low"], row["current_high"], unit, lang),
            "verdict": say(f"verdict.{row['current_verdict']}", lang),
        }
        today = say("audit.today", lang, **figures)
    line = say(
        "audit.single",
        lang,
        **said,
        required=words.required_text(row["required"], unit, comparison, lang, row["required_high"]),
        measured=words.measured_text(row["measured_low"], row["measured_high"], unit, lang),
        verdict=say(f"verdict.{row['verdict']}", lang),
    )
    return line + today
