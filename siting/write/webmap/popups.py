"""The contents of the popups: figures and clauses as data, which the page's script lays out and escapes."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.domain import tables
from siting.domain.intervals import ENDS, figure_text
from siting.domain.lacking import lacking_text
from siting.domain.nouns import Assessment
from siting.domain.standards import Clause, Standard
from siting.text import LANGS, knows
from siting.text.numbers import UNKNOWN, between, persons
from siting.write.clauses import SIGNS, amount_text, class_text, measure_text
from siting.write.webmap.style import clause_class
from siting.write.webmap.wording import Words, missing, number, percent, plain, uncoded, words

Row = list[Any]

_COLUMNS: Final = {
    column.key: column
    for group in (
        tables.UNIT_COLUMNS,
        tables.RESIDENTIAL_COLUMNS,
        tables.FACILITY_COLUMNS,
        tables.CANDIDATE_COLUMNS,
        tables.PLACE_COLUMNS,
        tables.PLAN_COLUMNS,
        tables.GRID_COLUMNS,
    )
    for column in group
}
_DIGITS: Final = {
    "m²": 0,
    "m² per resident": 3,
    "m² per elderly": 3,
    "m² per person": 3,
    "min": 1,
    "CNY": 0,
    "CNY a year": 0,
    "years": 0,
}
# Digits of figures without a unit.
_PLAIN_DIGITS: Final = 2
_SHARES: Final = frozenset({"covered_share", "reached_share", "covered_share_after", "pass_share", "share", "covered"})
# Columns with codes of the catalogue, and the table of the catalogue that holds them.
_CODED: Final = {
    "tier": "tier",
    "status": "status",
    "tenure": "tenure",
    "level": "level",
    "located_by": "level",
    "land_basis": "basis",
    "land_method": "method",
    "verdict": "verdict",
    "verdict_binding": "verdict",
    "reason": "reason",
    "remedy": "remedy",
    "remedies": "remedy",
    "kind": "candidate_kind",
    "operator_kind": "scenario_choice.operator_kind",
    "rating_kind": "scenario_choice.rating_kind",
    "funding": "funding",
    "missing": "field",
}
_LISTS: Final = frozenset({"remedies", "reason", "funding", "missing", "preferred"})

PLACE_ROWS: Final = (
    "residents",
    "elderly",
    "reason",
    "covered_share",
    "elderly_covered",
    "elderly_uncovered",
    "nearest_facility",
    "minutes_to_nearest",
    "minutes_p90",
    "land_method",
    "land_basis",
    "land_provided_m2",
    "land_reach_m2_per_person",
    "land_m2_per_resident",
    "land_m2_per_elderly",
    "land_gap_01_m2",
    "land_gap_02_m2",
    "remedies",
    "remedy_candidates",
    "shared_facility",
    "verdict_binding",
    "edge_effect",
)
FACILITY_ROWS: Final = (
    "status",
    "land_m2",
    "floor_area_m2",
    "beds",
    "nursing_beds",
    "operator",
    "operator_kind",
    "opens",
    "closes",
    "counts_perhaps",
    "parent_id",
    "serves_community",
    "located_by",
    "located_within_m",
    "missing",
)
STATION_ROWS: Final = (
    "opens_year",
    "elderly_new",
    "elderly_cumulative",
    "elderly_served",
    "covered_share_after",
    "kind",
    "tenure",
    "floor_area_m2",
    "land_m2",
    "cost_cny",
    "subsidy_cny",
    "net_cost_cny",
    "subsidy_conditional_cny",
    "remedy",
    "preferred",
    "parent_id",
    "candidate_id",
)
CANDIDATE_ROWS: Final = (
    "kind",
    "tenure",
    "floor_area_m2",
    "land_m2",
    "detached",
    "available_from",
    "capital_cost_cny",
    "rent_cny_per_year",
    "lease_years",
    "located_by",
    "located_within_m",
)


@dataclass
class Popups:
    """Collects the popups of a page, and each text that they need once; ``names`` are those of records in texts."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    clauses: dict[str, dict[str, Any]] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    names: Mapping[object, str] = field(default_factory=dict)

    def add(
        self,
        key: str,
        name: object,
        kind: Words,
        rows: Iterable[Row],
        *,
        verdict: object = None,
        checks: Iterable[dict[str, Any]] = (),
        colour: str = "",
    ) -> str:
        """Store one popup under a key, and return the key."""
        entry: dict[str, Any] = {"n": str(name), "k": kind.pair(), "r": list(rows)}
        if not missing(verdict):
            entry["v"] = self.text(f"verdict.{verdict}")
        if told := list(checks):
            entry["c"] = told
        if colour:
            entry["x"] = colour
        self.entries[key] = entry
        return key

    def told(self, label: str, value: Words, after: Words | None = None) -> Row:
        """Return a line whose label is a text of the catalogue and whose values are texts of its own."""
        self.fields.setdefault(label, {**words(label).pair(), "u": {"zh": "", "en": ""}})
        return [label, *({"w": self._own(each)} for each in (value, after) if each is not None)]

    def text(self, key: str) -> str:
        """Add a text of the catalogue to the page, and return its key."""
        if key not in self.texts:
            self.texts[key] = words(key).pair()
        return key

    def row(self, key: str, values: Mapping[str, Any], after: Mapping[str, Any] | None = None) -> Row | None:
        """Return a line of a popup; None without a value. ``after`` is shown if it differs."""
        if missing(values.get(key)):
            return None
        told = self._value(key, values)
        if key not in self.fields:
            column = _COLUMNS.get(key)
            unit = words(f"map.unit.{_unit(column.unit)}") if column and column.unit else plain("")
            self.fields[key] = {**_label(key).pair(), "u": unit.pair()}
        changed = None if after is None or missing(after.get(key)) else self._value(key, after)
        return [key, told] if changed is None or changed == told else [key, told, changed]

    def rows(self, keys: Iterable[str], values: Mapping[str, Any], after: Mapping[str, Any] | None = None) -> list[Row]:
        """Return the lines of those columns that have a value."""
        lines = (self.row(key, values, after) for key in keys)
        return [line for line in lines if line is not None]

    def labelled(self, label: str, value: object) -> Row | None:
        """Return a line whose label is a text of the catalogue instead of a column."""
        if missing(value):
            return None
        self.fields.setdefault(label, {**words(label).pair(), "u": {"zh": "", "en": ""}})
        return [label, str(value)]

    def check(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of one clause for one place."""
        told: dict[str, Any] = {
            "c": str(row["clause_id"]),
            "v": self.text(f"verdict.{row['verdict']}"),
            "b": None if missing(row["binding"]) else bool(row["binding"]),
        }
        unit = "" if missing(row.get("unit")) else str(row["unit"])
        most = 1.0 if unit == "share" else math.inf
        sides = {"q": ("required", "required_high"), "p": ("provided_low", "provided_high")}
        sides["s"] = ("shortfall_low", "shortfall_high")
        for short, ends in sides.items():
            low, high = (_number(row.get(name)) for name in ends)
            if not math.isnan(low):
                told[short] = between(low, high, lambda value: measure_text(value, unit), most=most)
        if _number(row.get("shortfall_low")) == 0 == _number(row.get("shortfall_high")):
            told["s"] = "0"
        if unit and unit != "share":
            told["u"] = words(f"clause_unit.{unit}", number=told.get("q", "")).pair()
        told |= {
            short: self._code(name, row.get(key)) for short, name, key in _CHECK_WORDS if not missing(row.get(key))
        }
        if row["verdict"] == "gap":
            at_most = self.clauses.get(told["c"], {}).get("s") == SIGNS["at_most"]
            needed, there = (_number(row.get(name)) for name in ("required", "provided_low"))
            told["h"] = clause_class(needed, there, at_most=at_most)
        if upon := extent_of(row):
            told["e"] = self._code("extent", upon)
        if not missing(row.get("certainty")):
            told["t"] = self._code("map.certainty", row["certainty"])
        if lacking := lacking_text([row], "zh", self.names):
            told["l"] = {"w": self._own(Words(uncoded(lacking), uncoded(lacking_text([row], "en", self.names))))}
        return told

    def _own(self, told: Words) -> str:
        """Add a text with names of records to the page, and return its key."""
        key = self.own.setdefault(told.en, f"lacking.{len(self.own)}")
        self.texts[key] = told.pair()
        return key

    def learn(self, standards: Iterable[Standard]) -> None:
        """Add the clauses to the page: document, article, quote."""
        for standard in standards:
            for clause in standard.clauses:
                self.clauses[clause.id] = _clause(standard, clause)

    def as_data(self) -> dict[str, Any]:
        """Return everything for the page's script; clauses that no popup names are left out."""
        named = {check["c"] for entry in self.entries.values() for check in entry.get("c", ())}
        return {
            "popups": self.entries,
            "texts": self.texts,
            "fields": self.fields,
            "clauses": {key: clause for key, clause in self.clauses.items() if key in named},
            "chosen": self._choices(),
        }

    def _choices(self) -> list[list[str]]:
        """Return the clauses by which places can be coloured, with their kinds: those of most places first."""
        counts: Counter[tuple[str, str]] = Counter()
        for entry in self.entries.values():
            judged = [check for check in entry.get("c", ()) if check["v"] != "verdict.not_applicable" and "k" in check]
            counts.update((check["c"], check["k"]["w"]) for check in judged)
        return [list(chosen) for chosen, _ in counts.most_common()]

    def _value(self, key: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
        value = values[key]
        if key in _LISTS:
            return [self._code(_CODED.get(key, key), part) for part in _parts(value)]
        if key in _CODED:
            return self._code(_CODED[key], value)
        if isinstance(value, bool | np.bool_):
            return {"w": self.text("map.popup.yes" if value else "map.popup.no")}
        if key in ENDS or key in _SHARES:
            return figure_text(key, values, percent if key in _SHARES else lambda each: _figure(key, each))
        if isinstance(value, str) or not _is_number(value):
            return _LED.get(key, _date)(value)
        return _figure(key, float(value))

    def _code(self, group: str, value: object) -> dict[str, str]:
        return {"w": self.text(f"{group}.{value}")}


_CHECK_WORDS: Final = (
    ("k", "clause_kind", "kind"),
    ("r", "reason", "reason"),
    ("m", "method", "method"),
    ("o", "basis", "basis"),
)


def extent_of(row: Mapping[str, Any]) -> str | None:
    """Return the area for which a check is made, if it is not simply the whole, or that it is for comparison."""
    if row["for_comparison"]:
        return "for_comparison"
    return None if missing(row["extent"]) or row["extent"] == "whole" else str(row["extent"])


def checks_of(assessment: Assessment) -> Mapping[Any, list[dict[str, Any]]]:
    """Return the checks by (level, id), in the table's order."""
    by_place: dict[Any, list[dict[str, Any]]] = {}
    records = assessment.checks.assign(certainty=_certainties(assessment)).to_dict("records")
    for place, record in zip(assessment.checks.index, records, strict=True):
        by_place.setdefault(place, []).append({str(key): value for key, value in record.items()})
    return by_place


def _certainties(assessment: Assessment) -> NDArray[np.object_]:
    """Return for each check how sure its verdict is if the people are wrong as the scenario says; None if it does not.

    The table of certainty has the verdicts *met* and *gap* in the order of the checks.
    """
    found = np.full(len(assessment.checks), None, dtype=object)
    if assessment.certainty is not None:
        judged = assessment.checks["verdict"].isin(assessment.certainty["verdict"].unique()).to_numpy(dtype=bool)
        found[judged] = assessment.certainty["certainty"].to_numpy(dtype=object)
    return found


def _clause(standard: Standard, clause: Clause) -> dict[str, Any]:
    told: dict[str, Any] = {
        "n": standard.number,
        "t": standard.title,
        "a": words("map.popup.article", article=clause.article).pair(),
        "q": clause.quote,
        "f": words(f"force.{clause.force}").pair(),
        "s": SIGNS[clause.comparison or "at_least"],
        "m": _amount(clause).pair(),
    }
    if clause.target_year is not None:
        told["y"] = words("map.popup.target_year", year=clause.target_year).pair()
    if clause.note_zh or clause.note_en:
        told["o"] = {"zh": uncoded(clause.note_zh), "en": uncoded(clause.note_en)}
    return told


def _amount(clause: Clause) -> Words:
    """Return a clause's number, and what it counts where its kind counts several things."""
    zh, en = (" ".join(filter(None, (amount_text(clause, lang), class_text(clause, lang)))) for lang in LANGS)
    return Words(zh, en)


class Rule(NamedTuple):
    """The format of a column's figures: digits after the point, a percentage, or persons."""

    digits: int
    share: bool = False
    persons: bool = False


def rule_of(key: str) -> Rule:
    """Return the format of a column's figures.

    Examples
    --------
    >>> from siting.write.webmap.popups import rule_of
    >>> rule_of("covered"), rule_of("elderly").persons, rule_of("minutes_to_nearest").digits
    (Rule(digits=1, share=True, persons=False), True, 1)
    """
    column = _COLUMNS.get(key)
    if key in _SHARES:
        return Rule(1, share=True)
    if column and column.unit == "persons":
        return Rule(0, persons=True)
    return Rule(_DIGITS.get(_unit(column.unit), _PLAIN_DIGITS) if column else _PLAIN_DIGITS)


def _figure(key: str, value: float) -> str:
    column, rule = _COLUMNS.get(key), rule_of(key)
    if rule.persons:
        return persons(value)
    if column and _unit(column.unit) in _DIGITS:
        return number(value, rule.digits)
    if value.is_integer():
        return str(int(value)) if key.startswith("year") else number(value)
    return number(value, _PLAIN_DIGITS)


def _label(key: str) -> Words:
    short = f"map.short.{key}"
    return words(short if knows(short) else f"field.{key}")


def _unit(unit: str) -> str:
    return re.sub(r"\bm2\b", "m²", unit)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number)


def _number(value: Any) -> float:  # noqa: ANN401
    return math.nan if missing(value) else float(value)


def _parts(value: object) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.replace(",", ";").split(";") if part.strip()]
    return [str(part) for part in value] if isinstance(value, Iterable) else [str(value)]


def _premises(value: object) -> list[dict[str, str]] | str:
    """Return candidates by the keys of their own popups; a dash if none fits."""
    ids = [part.partition(":")[2] for part in str(value).split(";") if ":" in part]
    return [{"f": f"candidate/{each}"} for each in ids] or UNKNOWN


def _link(value: object) -> dict[str, str]:
    """Return a value that leads to another popup, whose key it is."""
    return {"f": str(value)}


def _date(value: object) -> str:
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)


# Values that lead to other popups.
_LED: Final[Mapping[str, Callable[[object], Any]]] = {"remedy_candidates": _premises, "nearest_facility": _link}
