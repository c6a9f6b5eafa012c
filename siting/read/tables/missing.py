"""Words for missing figures: the cell is blank, which is not zero."""

import re
import unicodedata
from typing import Final

# Case and spaces do not matter; docs/data.md lists the same words.
MISSING: Final = frozenset(
    {
        "/", "//", "\\", "-", "--", "---", "—", "——", "–", "…", "……", "...", "?", "??", "*",
        "无", "暂无", "无数据", "暂无数据", "没有", "缺", "缺失", "空", "空白", "未填", "未填写", "未填报", "未统计",
        "未知", "不详", "不明", "待定", "待填", "待补", "待查", "待核实",
        "n/a", "na", "#n/a", "n.a.", "nan", "null", "none", "nil", "unknown", "tbd", "<na>", "nat",
    }
)  # fmt: skip
_SPACES: Final = re.compile(r"\s")


def missing_word(cell: object) -> str | None:
    """Return the word by which a cell says that its value is unknown; None for other cells.

    Examples
    --------
    >>> from siting.read.tables.missing import missing_word
    >>> missing_word(" 暂无 "), missing_word("Ｎ/Ａ"), missing_word("0"), missing_word(None)
    ('暂无', 'Ｎ/Ａ', None, None)
    """
    if not isinstance(cell, str):
        return None
    word = _SPACES.sub("", cell)
    plain = unicodedata.normalize("NFKC", word).lower()
    return word if plain in MISSING or word.lower() in MISSING else None
