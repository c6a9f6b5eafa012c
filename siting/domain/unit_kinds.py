"""Kinds of units as documents name them, and the words for them in layers."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

import pandas as pd

from siting.domain.standards import Clause

# Each kind with its words in layers, without brackets and their contents.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "社区": (
        *("社区", "居委会", "居民委员会", "居委", "社区居委会", "社区居民委员会", "社区居委", "城市社区", "城镇社区"),
        *("涉农社区", "村改居", "村改居社区", "community"),
    ),
    "村": ("村", "行政村", "建制村", "自然村", "村委会", "村民委员会", "村委", "village"),
    "街道": ("街道", "街道办", "街道办事处", "街办", "subdistrict"),
    "镇": ("镇", "建制镇", "镇政府", "镇人民政府", "town"),
    "乡": ("乡", "民族乡", "少数民族乡", "乡政府", "乡人民政府", "township"),
    "乡镇": ("乡镇",),
}
# The level of the units of each kind; a word of one's own may be of any level.
_LEVEL_OF: Final = dict.fromkeys(("社区", "村"), "community") | dict.fromkeys(("街道", "镇", "乡", "乡镇"), "street")
_KIND_OF: Final = {word: kind for kind, words in _WORDS.items() for word in words}
# A clause on 乡镇 applies to both; a layer with 乡镇 leaves open which of the two.
_BOTH: Final = "乡镇"
_EITHER: Final = frozenset({"乡", "镇"})
_BRACKETS: Final = re.compile(r"\(.*?\)|\[.*?\]")


@cache
def kind_of_word(word: str) -> str | None:
    """Return the kind that a word of a layer names; None if it is unknown.

    Examples
    --------
    >>> from siting.domain.unit_kinds import kind_of_word
    >>> kind_of_word("居委会"), kind_of_word("行政村（农村）"), kind_of_word("农场")
    ('社区', '村', None)
    """
    text = "".join(unicodedata.normalize("NFKC", word).split()).casefold()
    return _KIND_OF.get(_BRACKETS.sub("", text))


def names_kinds_of(clause: Clause, level: str) -> bool:
    """Tell whether the kinds that a clause names are those of a level: 街道 are streets, and say nothing of districts.

    Examples
    --------
    >>> from siting.domain.unit_kinds import names_kinds_of
    >>> from siting.read import standard
    >>> clause = next(each for each in standard("kaizhou-2024-16").clauses if each.unit_kinds == ("乡镇", "街道"))
    >>> names_kinds_of(clause, "street"), names_kinds_of(clause, "district")
    (True, False)
    """
    return any(_LEVEL_OF.get(kind, level) == level for kind in clause.unit_kinds)


def asked_kinds(clause: Clause, kinds: pd.Series) -> pd.Series:
    """Tell to which units a clause applies, by their kinds.

    Parameters
    ----------
    clause : Clause
        Its ``unit_kinds``; without any it applies to all.
    kinds : pandas.Series
        The kind of each unit, shape (n,); blank if unknown.

    Returns
    -------
    pandas.Series
        Boolean, shape (n,); blank if the kind leaves it open.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.unit_kinds import asked_kinds
    >>> from siting.read import standard
    >>> clause = next(each for each in standard("cq-2019-129").clauses if each.unit_kinds == ("街道", "社区"))
    >>> asked_kinds(clause, pd.Series(["社区居委会", "村", None])).tolist()
    [True, False, <NA>]
    """
    if not clause.unit_kinds:
        return pd.Series(data=True, index=kinds.index, dtype="boolean")
    named = {*clause.unit_kinds} | (_EITHER if _BOTH in clause.unit_kinds else set())
    # An unknown word is its own kind: a user's own standard may name it.
    words = [word for word in kinds.unique() if not pd.isna(word)]
    found = {word: kind_of_word(word) or word for word in words}
    asked = kinds.isin([word for word in words if found[word] in named]).astype("boolean")
    half = [word for word in words if found[word] == _BOTH and _BOTH not in named and _EITHER & named]
    return asked.mask(kinds.isna() | kinds.isin(half))


def are_of_kind(kinds: pd.Series, kind: str) -> pd.Series:
    """Tell which units are of a kind; blank if they have none.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.unit_kinds import are_of_kind
    >>> are_of_kind(pd.Series(["社区", "村委会", None]), "村").tolist()
    [False, True, <NA>]
    """
    words = [word for word in kinds.unique() if not pd.isna(word) and kind_of_word(word) == kind]
    return kinds.isin(words).astype("boolean").mask(kinds.isna())
