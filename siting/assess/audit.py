"""The audit: what a check measured for each clause of the documents in force (指标达标对照表)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from siting.assess.judge import as_far_as_known
from siting.assess.lists import listed
from siting.domain.called import record_names
from siting.domain.lacking import lacking_text
from siting.domain.measures import MEASURES, counts_elderly, elderly_age_of
from siting.domain.nouns import READINGS, Assessment
from siting.domain.register import REGISTER
from siting.domain.standards import Clause, Standard
from siting.text import LANGS, say

_LEVELS: Final = ("city", "district", "planning", "street", "community", "residential_area")
_OF_ESTATES: Final = frozenset({"estate_provision", "remedy", *REGISTER})
_VERDICTS: Final = ("met", "gap", "no_data", "not_applicable")
AUDIT_COLUMNS: Final = (
    "standard_id",
    "clause_id",
    "article",
    "kind",
    "treatment",
    "force",
    "target_year",
    "lead",
    "responsible",
    "level",
    "binding",
    "extent",
    "for_comparison",
    "basis",
    "comparison",
    "required",
    "required_high",
    "measured_low",
    "measured_high",
    "shortfall",
    "shortfall_low",
    "shortfall_high",
    "unit",
    "verdict",
    "places",
    "met",
    "gap",
    "no_data",
    "not_applicable",
    "places_binding",
    "met_binding",
    "gap_binding",
    "no_data_binding",
    "not_applicable_binding",
    "completeness",
    "finding_zh",
    "finding_en",
    "quote",
)


def audit_table(assessment: Assessment) -> pd.DataFrame:
    """Return every clause of the standards in force at every level where it was judged.

    Parameters
    ----------
    assessment : Assessment
        The result of :func:`siting.check`; nothing is computed again.

    Returns
    -------
    pandas.DataFrame
        ``AUDIT_COLUMNS``. At a level with one place, ``required``, ``measured_low`` and ``measured_high`` are those of
        the place; with several they are blank and ``met`` … ``not_applicable`` count the places, ``…_binding`` those
        that the clause binds (villages are not bound by the circle). Clauses that are
        advice or out of scope have no level; ``finding_zh`` / ``finding_en`` tell why and what was found, for example
        for remedies and funding. For judged clauses they name the settings of the scenario that matter, or say that
        there was no place to judge, and name the blank records because of which there is no verdict. No row is blank.
        ``completeness`` tells for every column that the clause needs how many records have a value, as ``column
        held/all``.
    """
    checks = dict(iter(assessment.checks.groupby("clause_id", sort=False)))
    tables = {
        "facilities": assessment.facilities,
        "residential_areas": assessment.inputs.residential_areas,
        "units": pd.concat(list(assessment.inputs.units.values())),
        "candidates": assessment.inputs.candidates,
    }
    inputs = assessment.inputs
    names = record_names(inputs.facilities, inputs.residential_areas, inputs.units.values())
    rows = [
        row
        for standard in assessment.inputs.standards
        for clause in standard.clauses
        for row in _clause_rows(assessment, standard, clause, checks.get(clause.id), tables, names)
    ]
    return pd.DataFrame(rows, columns=list(AUDIT_COLUMNS))


def _clause_rows(
    assessment: Assessment,
    standard: Standard,
    clause: Clause,
    checks: pd.DataFrame | None,
    tables: Mapping[str, pd.DataFrame],
    names: Mapping[object, str],
) -> Iterator[dict[str, Any]]:
    zh, en = _finding(assessment, clause, judged=checks is not None)
    head = {
        "standard_id": standard.id,
        "clause_id": clause.id,
        "article": clause.article,
        "kind": clause.kind,
        "treatment": clause.treatment,
        "force": clause.force,
        "target_year": clause.target_year,
        "lead": clause.lead,
        "responsible": clause.responsible,
        "comparison": clause.comparison,
        "completeness": "; ".join(_completeness(assessment, clause, tables)),
        "finding_zh": zh,
        "finding_en": en,
        "quote": clause.quote,
    }
    if checks is None:
        yield head
        return
    for level in _LEVELS:
        for _, rows in checks[checks["level"] == level].groupby(["basis", "extent"], sort=False):
            lacks = {f"finding_{lang}": lacking_text(rows.to_dict("records"), lang, names) for lang in LANGS}
            told = {name: f"{head[name]} {text}".strip() for name, text in lacks.items()}
            yield head | told | _level_row(level, rows)


def _level_row(level: str, rows: pd.DataFrame) -> dict[str, Any]:
    counts, bound = rows["verdict"].value_counts(), as_far_as_known(rows)
    binding = bound["verdict"].value_counts()
    first = rows.iloc[0]
    found: dict[str, Any] = {
        "level": level,
        "binding": bool(rows["binding"].any()),
        "extent": first["extent"],
        "for_comparison": bool(rows["for_comparison"].all()),
        "basis": first["basis"],
        "unit": first["unit"],
        "places": len(rows),
        **{verdict: int(counts.get(verdict, 0)) for verdict in _VERDICTS},
        "places_binding": len(bound),
        **{f"{verdict}_binding": int(binding.get(verdict, 0)) for verdict in _VERDICTS},
    }
    found["verdict"] = next((v for v in ("gap", "no_data", "met") if found[v]), "not_applicable")
    if len(rows) == 1:
        found |= {
            **{name: first[name] for name in ("required", "required_high")},
            "measured_low": first["provided_low"],
            "measured_high": first["provided_high"],
            **{name: first[name] for name in ("shortfall", "shortfall_low", "shortfall_high")},
        }
    return found


def _completeness(assessment: Assessment, clause: Clause, tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    # Columns of residential areas or of premises are counted in those layers, although facilities have the same column.
    first = ("residential_areas", "candidates") if clause.kind in _OF_ESTATES else ("facilities",)
    first = ("candidates",) if clause.kind == "conversion" else first
    ordered = [tables[name] for name in dict.fromkeys([*first, *tables])]
    asked = [frame["kind"] for level, frame in assessment.inputs.units.items() if level in clause.levels]
    if clause.unit_kinds and "kind" not in clause.needs and asked:
        kinds = pd.concat(asked)
        yield f"kind {int(kinds.notna().sum())}/{len(kinds)}"
    for column in clause.needs:
        if column in ("residents", "elderly"):
            # People are those of the grid, whatever the columns of places are.
            people = {"residents": assessment.totals["residents"], "elderly": assessment.totals["elderly"]}[column]
            yield f"{column} {'–' if pd.isna(people) else 'grid'}"
            continue
        for table in ordered:
            if column in table and len(table):
                yield f"{column} {int(table[column].notna().sum())}/{len(table)}"
                break


def _finding(assessment: Assessment, clause: Clause, *, judged: bool) -> tuple[str, str]:
    """Return why a clause gives no verdict, what it lists, and what a verdict depends on; also if none was possible."""
    told = listed(assessment, clause)
    if clause.kind == "service_circle":
        spared = next((note.values for note in assessment.notes if note.code == "villages_spared"), None)
        told += [] if spared is None else [("villages", {"found": str(spared["count"])})]
    if counts_elderly(clause) and clause.treatment == "computed" and assessment.inputs.population.elderly is not None:
        age, asked = assessment.inputs.population.elderly_age, elderly_age_of(clause)
        told += [("elderly_age", {"age": age}), *([("elderly_age_asked", {"asked": asked})] if asked != age else [])]
    if clause.readings:
        told += ((key, {"found": text}) for key, text in (_shared(assessment) | _reading(assessment, clause)).items())
    if clause.treatment == "computed" and clause.kind in MEASURES:
        unkept = clause.kind in REGISTER and len(assessment.inputs.residential_areas) > 0
        why = "no_register" if unkept else "not_judged"
        told += [] if judged else [(why, {})]
    words = {lang: [say(f"audit.{key}", lang, **values) for key, values in told] for lang in LANGS}
    return " ".join([clause.why_zh, *words["zh"]]).strip(), " ".join([clause.why_en, *words["en"]]).strip()


def _shared(assessment: Assessment) -> dict[str, str]:
    """Return the share from which communities share a facility, and which do; nothing if sharing is not allowed."""
    told = next((note.values for note in assessment.notes if note.code.startswith("shared_facilities")), None)
    return {} if told is None else {"shared": f"{told['share']}: {told.get('ids', '–')}"}


def _reading(assessment: Assessment, clause: Clause) -> dict[str, str]:
    """Return how a clause on unit coverage is interpreted, and which units have only facilities that do not count."""
    notes = [note for note in assessment.notes if note.code in READINGS]
    code, told = next(((READINGS[note.code], note.values) for note in notes), ("", {}))
    if not code:
        return {}
    named = (str(told.get(f"{level}_ids", "")) for level in ("street", "community"))
    alone = "; ".join(each for each in named if each.strip("–")) or "–"
    if code == "by_tier":
        return {code: alone}
    return {code: ""} | ({"institution_alone": alone} if clause.of == "community_facility" else {})
