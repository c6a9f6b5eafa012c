"""Kinds of premises that the documents name, and the words for them in ledgers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

# The documents' own words come first. A ledger may use the key, or any of these.
KINDS: Final = {
    "idle_plant": ("厂房", "闲置厂房", "空闲厂房"),
    "idle_school": ("学校", "校舍", "闲置校舍", "闲置学校", "空闲学校"),
    "community_premises": ("社区用房", "闲置社区用房", "社区办公用房"),
    "commercial": ("商业用房", "商铺", "门面", "商业服务用房"),
    "hotel": ("经济型酒店", "酒店", "宾馆", "旅馆", "招待所"),
    "public_rental": ("公租房", "空置公租房", "公共租赁住房"),
    "state_office": ("闲置办公用房", "办公用房", "国有闲置办公用房"),
    "rural_premises": ("农村闲置用房", "农村闲置资源", "闲置农房", "村集体用房"),
    "medical": ("医疗机构", "医疗机构用房", "医院", "卫生院"),
    "training_home": ("培训疗养机构", "疗养院"),
    "rural_home": ("敬老院",),
    "estate_premises": ("配建用房", "小区配建用房"),
}
# Idle premises by kind; state-owned if the tenure says so, as for offices.
IDLE: Final = frozenset({"idle_plant", "idle_school", "state_office", "rural_premises"})
STATE_IDLE: Final = "state_idle"
_BY_WORD: Final = {word: key for key, words in KINDS.items() for word in (key, *words)}


def kind_of_premises(word: str | None) -> str | None:
    """Return the kind of premises that a ledger's word names; None for unknown words.

    Examples
    --------
    >>> from siting.domain.premises import kind_of_premises
    >>> kind_of_premises("公租房"), kind_of_premises("hotel"), kind_of_premises("谷仓")
    ('public_rental', 'hotel', None)
    """
    return None if word is None else _BY_WORD.get(word)


def unknown_words(words: Iterable[object]) -> Mapping[str, int]:
    """Return the words that name no kind of premises, and how often each occurs; blanks are not counted.

    Examples
    --------
    >>> from siting.domain.premises import unknown_words
    >>> unknown_words(["公租房", "行政办公用房", None, "行政办公用房"])
    {'行政办公用房': 2}
    """
    return dict(sorted(Counter(word for word in words if isinstance(word, str) and word not in _BY_WORD).items()))


def is_named(kind: str | None, tenure: str | None, named: tuple[str, ...], *, rural: bool | None = None) -> bool | None:
    """Tell whether premises are of the kinds that a clause names; None if their kind or tenure leaves it open.

    Idle premises in a village (``rural``) are rural, whatever their kind.

    Examples
    --------
    >>> from siting.domain.premises import is_named
    >>> is_named("hotel", None, ("public_rental",)), is_named(None, None, ("hotel",)), is_named(None, None, ())
    (False, None, True)
    >>> is_named("idle_plant", "state", ("state_idle",)), is_named("hotel", "state", ("state_idle",))
    (True, False)
    >>> [is_named("idle_school", None, ("rural_premises",), rural=rural) for rural in (None, True)]
    [False, True]
    """
    if not named or kind in named or (rural and "rural_premises" in named and kind in IDLE):
        return True
    if kind is None:
        return None
    if STATE_IDLE not in named or kind not in IDLE:
        return False
    if kind == "state_office":
        return True
    return None if tenure is None else tenure == "state"
