"""Tables in words: heads, codes and lists for people who read them in a spreadsheet."""

import math
from collections.abc import Mapping
from typing import Final

import pandas as pd

from siting.text import LANGS, Lang, knows, say
from siting.write.audited import completeness_text
from siting.write.clauses import unit_text

# Where the words of a column's codes are; the first place that has a code gives its word.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("clause_kind",),
    "treatment": ("treatment",),
    "force": ("force",),
    "level": ("level", "clause_level", "change.level"),
    "basis": ("basis",),
    "extent": ("extent",),
    "verdict": ("verdict",),
    "current_verdict": ("verdict",),
    "line": ("funding_line", "clause_kind"),
    "payer": ("payer",),
    "status": ("funding.status", "plan_status"),
    "per": ("award_per",),
    "missing": ("field",),
    "what": ("table.what",),
    "comparison": ("table.comparison",),
    "compared": ("proof.stage",),
    "crs_by": ("table.crs_by",),
    "encoding_by": ("inspect.encoding_by",),
    "varied": ("sensitivity.varied",),
    "walker": ("walker",),
    "direction": ("direction",),
    "mode": ("sensitivity.mode",),
    "note": ("sensitivity.note",),
    "stopped_by": ("proof.stopped",),
    "figure": ("change.figure", "field"),
    "only_in": ("change.side",),
    "verdict_before": ("verdict",),
    "verdict_after": ("verdict",),
}
# Where heads are that other tables share.
_HEADS: Final = ("table.column", "series.column", "sensitivity.column", "inspect.column", "field", "change.column")
# A unit without a number is in the plural.
_SEVERAL: Final = "2"


def in_words(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a table in words.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns and codes as in Python and JSON. Of pairs such as ``finding_zh`` and ``finding_en`` the one in ``lang``
        is kept.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    pandas.DataFrame
        With the same rows; heads and codes in words if the catalogue has them, lists as text, whole numbers without
        decimals, unknown values as empty text, unlimited values as a word.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.write.worded import in_words
    >>> table = pd.DataFrame({"verdict": ["gap"], "measured_high": [float("inf")], "missing": [["beds"]]})
    >>> in_words(table, "zh").values.tolist()
    [['未达标', '不限', '床位数']]
    """
    others = tuple(f"_{each}" for each in LANGS if each != lang)
    kept = [name for name in map(str, table.columns) if not name.endswith(others)]
    heads = {name: name.removesuffix(f"_{lang}") for name in kept}
    found = pd.DataFrame(
        {name: [_cell(heads[name], cell, lang) for cell in table[name].astype(object).tolist()] for name in kept},
        index=table.index,
        columns=kept,
        dtype="object",
    )
    return found.rename(columns={name: _head(head, lang) for name, head in heads.items()})


def _head(name: str, lang: Lang) -> str:
    known = (f"{group}.{name}" for group in _HEADS if knows(f"{group}.{name}"))
    return next((say(key, lang) for key in known), name)


def _cell(column: str, cell: object, lang: Lang) -> object:
    if isinstance(cell, list | tuple):
        words = [str(_word(column, each, lang)) for each in cell]
        # Sentences in a list end with the mark of the list.
        return say("table.and", lang).join([*(word.rstrip("。.") for word in words[:-1]), *words[-1:]])
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if column == "completeness":
        return completeness_text(str(cell), lang)
    if column == "unit":
        return unit_text(str(cell), _SEVERAL, lang)
    return _word(column, cell, lang)


def _word(column: str, cell: object, lang: Lang) -> object:
    if isinstance(cell, bool):
        return say("table.yes" if cell else "table.no", lang)
    if isinstance(cell, float):
        return say("table.unlimited", lang) if math.isinf(cell) else int(cell) if cell.is_integer() else cell
    for group in _WORDS.get(column, ()):
        if isinstance(cell, str) and knows(f"{group}.{cell}"):
            return say(f"{group}.{cell}", lang)
    return cell
