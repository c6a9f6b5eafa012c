"""Names of places as people write them: equal names, similar names, names within an address."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Final

from siting.domain.unit_kinds import kind_of_word

# The endings that the names of each kind of place may have or lack, the longest first.
SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "residential_area": ("居住小区", "住宅小区", "居住区", "小区"),
    "community": ("社区居民委员会", "社区居委会", "居民委员会", "村民委员会", "居委会", "村委会", "社区", "村"),
    "street": ("街道办事处", "镇人民政府", "乡人民政府", "街道办", "街道", "镇", "乡"),
}
# Names shorter than this are no evidence within an address.
_SHORTEST: Final = 2
# Endings that turn the name of a place into that of a road, a lane or a bridge.
_ROAD: Final = r"(?!路|街(?!道)|巷|大道|立交|桥|支路|隧道)"
_MARKS: Final = re.compile(r"[\s,.;:·、，。；：\-_()\[\]{}<>《》【】「」'\"“”‘’/\\|#&*+~!?—–]+")
# Two names that differ in one of these are two places: numbers, and a direction that stands (nearly) alone.
_NUMERALS: Final = frozenset("0123456789一二三四五六七八九十甲乙丙丁abcdefghijklmnopqrstuvwxyz")
_DIRECTIONS: Final = frozenset("东南西北中上下新老")
_NEARLY_ALONE: Final = 2
# A name inside another one is sufficient if it is at least this long, and this share of the other.
_LEAST, _SHARE = 3, 0.4


def normal(name: str) -> str:
    """Return a name for comparison: compatible characters unified, no spaces, lower case.

    Examples
    --------
    >>> from siting.read.names import normal
    >>> normal(" 阳光　花园Ａ区 ")
    '阳光花园a区'
    """
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def bare(name: str, kind: str) -> str:
    """Return a name without the word for its kind (``SUFFIXES``); unchanged if nothing would be left.

    Examples
    --------
    >>> from siting.read.names import bare
    >>> bare("七星岗街道办事处", "street"), bare("社区", "community")
    ('七星岗', '社区')
    """
    found = normal(name)
    for suffix in SUFFIXES.get(kind, ()):
        if found.endswith(suffix) and len(found) > len(suffix):
            return found[: -len(suffix)]
    return found


def kind_of(name: str, level: str) -> str | None:
    """Return the kind of a unit from the ending of its name; None without such an ending.

    Examples
    --------
    >>> from siting.read.names import kind_of
    >>> kind_of("石桥居委会", "community"), kind_of("石桥村", "community"), kind_of("石桥", "community")
    ('社区', '村', None)
    """
    return kind_of_word(normal(name)[len(bare(name, level)) :])


def same_place(one: str, other: str, level: str) -> bool:
    """Tell whether two names are equal, with or without the word for their kind, or with synonyms of it.

    Examples
    --------
    >>> from siting.read.names import same_place
    >>> same_place("凤鸣", "凤鸣社区", "community"), same_place("石桥居委会", "石桥社区", "community")
    (True, True)
    >>> same_place("石桥村", "石桥社区", "community")
    False
    """
    kinds = {kind_of(name, level) for name in (one, other)}
    return bare(one, level) == bare(other, level) and (None in kinds or len(kinds) == 1)


def held_names(address: str, names: Iterable[str]) -> list[str]:
    """Return the longest of some normalised names that an address contains; several if they have equal length.

    A name that continues as the name of a road (``阳光花园路``) does not count.

    Examples
    --------
    >>> from siting.read.names import held_names
    >>> held_names("重庆市 七星岗街道 华府小区 3 栋", ["华府小区", "华府", "七星岗"])
    ['华府小区']
    >>> held_names("华府路 3 号", ["华府"])
    []
    """
    text = normal(address)
    held = [
        name
        for name in names
        if len(name) >= _SHORTEST and name in text and re.search(re.escape(name) + _ROAD, text) is not None
    ]
    longest = max(map(len, held), default=0)
    return sorted(name for name in held if len(name) == longest)


def alike(one: str, other: str) -> bool:
    """Tell whether two names may be one written twice: one is the other with some words left out.

    Names that differ in a number or a direction, or in a replaced word, are two.

    Examples
    --------
    >>> from siting.read.names import alike
    >>> alike("渝北区龙溪街道养老服务中心", "龙溪养老服务中心"), alike("龙溪第一养老站", "龙溪第二养老站")
    (True, False)
    """
    short, long = sorted((_MARKS.sub("", normal(name)) for name in (one, other)), key=len)
    if len(short) < max(_LEAST, _SHARE * len(long)) or not set(short) <= set(long):
        return False
    left_out = []
    for step, _, _, begin, end in SequenceMatcher(None, short, long, autojunk=False).get_opcodes():
        if step == "insert":
            left_out.append(long[begin:end])
        elif step != "equal":
            return False
    return not any(map(_tells_apart, left_out))


def _tells_apart(words: str) -> bool:
    letters = set(words)
    return bool(letters & _NUMERALS) or (len(words) <= _NEARLY_ALONE and bool(letters & _DIRECTIONS))
