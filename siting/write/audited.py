"""The figures of an audit in words: what is required, what was measured, which records hold the data."""

import math
from collections.abc import Iterable
from typing import Final

import pandas as pd

from siting.text import Lang, knows, say
from siting.write.clauses import SIGNS, measure_text, unit_text

# The order in which the terminal shows clauses with a verdict.
STATES: Final = ("gap", "no_data", "met")


def state_of(rows: pd.DataFrame) -> str:
    """Return the state of a clause from its rows of the audit: gap anywhere, else unknown anywhere, else met.

    Rows for comparison decide nothing; a clause that has no others is ``"compared"``.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.write.audited import state_of
    >>> rows = {"treatment": "computed", "level": ["district", "street"], "verdict": ["met", None], "gap": [0, 2]}
    >>> table = pd.DataFrame({**rows, "no_data": [0, 1], "met": [1, 5], "for_comparison": False})
    >>> [state_of(table.assign(for_comparison=beside)) for beside in (False, [False, True], True)]
    ['gap', 'met', 'compared']
    """
    judged = rows[rows["level"].notna() & (rows["treatment"] == "computed")]
    decisive = judged[~judged["for_comparison"].astype(bool)]
    if len(judged) and decisive.empty:
        return "compared"
    return next((state for state in STATES if (decisive[state] > 0).any()), "")


def is_binding(rows: pd.DataFrame, state: str) -> bool:
    """Tell whether a clause has a verdict at some place that it binds."""
    return bool((rows[f"{state}_binding"] > 0).any())


def quantity(value: float, unit: str, lang: Lang) -> str:
    """Return a figure with its unit; a share as a percentage.

    Examples
    --------
    >>> from siting.write.audited import quantity
    >>> quantity(0.389, "share", "zh"), quantity(44533.333, "m2", "zh"), quantity(1, "facilities", "en")
    ('38.9%', '44,533 m²', '1 facility')
    """
    told = measure_text(value, unit)
    return told if unit == "share" else f"{told} {unit_text(unit, told, lang)}".rstrip()


def required_text(value: float, unit: str, comparison: str | None, lang: Lang, most: float | None = None) -> str:
    """Return what a clause requires, with the sign for a minimum or a maximum; without a sign it is a minimum.

    ``most`` is the most that it may require, if that depends on people who are known as an interval.

    Examples
    --------
    >>> from siting.write.audited import required_text
    >>> required_text(0.5, "share", "at_most", "zh"), required_text(30000, "m2", "at_least", "en")
    ('≤ 50.0%', '≥ 30,000 m²')
    >>> required_text(813.8, "m2", "at_least", "en", 845.7)
    '≥ 814–846 m²'
    """
    least, high = quantity(value, unit, lang), "" if most is None or math.isnan(most) else quantity(most, unit, lang)
    both = least if high in ("", least) else f"{measure_text(value, unit)}–{high}"
    return SIGNS[comparison or "at_least"] + both


def measured_text(low: float, high: float, unit: str, lang: Lang) -> str:
    """Return what was measured: a figure, or its bounds if records lack data.

    Examples
    --------
    >>> from math import inf, nan
    >>> from siting.write.audited import measured_text
    >>> measured_text(44533.333, inf, "m2", "zh"), measured_text(0.3, 0.41, "share", "en")
    ('实际不少于 44,533 m²', 'measured between 30.0% and 41.0%')
    >>> measured_text(0, 1, "share", "zh"), measured_text(nan, nan, "share", "en")
    ('实际值无法确定（0–100%）', 'not known')
    """
    least, most = math.isfinite(low), math.isfinite(high)
    told = {"low": quantity(low, unit, lang) if least else "", "high": quantity(high, unit, lang) if most else ""}
    if unit == "share" and (low, high) == (0, 1):
        kind = "open"
    elif least and most:
        kind = "exact" if told["low"] == told["high"] else "between"
    else:
        kind = "at_least" if least else "at_most" if most else "unknown"
    return say(f"audit.measured.{kind}", lang, **told)


def completeness_text(found: str, lang: Lang) -> str:
    """Return how many records have a value in each column that a clause needs, with the columns' names.

    Examples
    --------
    >>> from siting.write.audited import completeness_text
    >>> completeness_text("beds 37/37; residents grid", "zh"), completeness_text("beds 36/37", "en")
    ('床位数 37/37；常住人口（按格网）', 'beds 36/37')
    """
    return say("audit.join", lang).join(_column(part, lang) for part in found.split("; "))


def whole_and_all(found: Iterable[str | None]) -> tuple[int, int]:
    """Return how many of the columns that clauses need are complete, and how many columns there are.

    Examples
    --------
    >>> from siting.write.audited import whole_and_all
    >>> whole_and_all(["beds 37/37; land_m2 34/37", "land_m2 34/37; status 37/37; residents grid", None])
    (3, 4)
    """
    parts = {part for each in found if isinstance(each, str) and each for part in each.split("; ")}
    return sum(map(_is_whole, parts)), len(parts)


def _is_whole(part: str) -> bool:
    held, _, all_of = part.rpartition(" ")[2].partition("/")
    return held in ("grid", all_of)


def _column(part: str, lang: Lang) -> str:
    key, _, held = part.rpartition(" ")
    name = say(f"field.{key}", lang) if knows(f"field.{key}") else key
    return say("audit.on_grid", lang, name=name) if held == "grid" else f"{name} {held}"
