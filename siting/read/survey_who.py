"""Who is counted in a file, residents or elderly people and from which age: by its name and by its columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from siting.read.survey_layers import Look
from siting.read.survey_names import word_in
from siting.read.tables.aliases import find_columns

# The ages from which the elderly can be counted; the first if a file has both.
ELDERLY_AGES: Final = (60, 65)
OLD: Final = ("elder", "老年", "老人", "aged", "above")
PEOPLE: Final = ("resid", "pop", "人口", "ppp", "ghs", "worldpop", "landscan", "常住")
_RESIDENT: Final = ("resid", "常住")
# An age from which people are counted: 60+, 65 plus, 80岁, pop 60, over_65; not the 60 of 60m, of 60_64 or of 2060.
FROM_AGE: Final = re.compile(
    r"(?<!\d)(?P<behind>[6-9]\d)[\s_-]*(?:\+|plus|岁|周岁|and[\s_]*over)"
    r"|(?:age|pop|over|ppl|people|人口)[\s_-]*(?P<before>[6-9]\d)(?!\d|[\s_]*k?m)"
)
_AGE: Final = re.compile(rf"(?<!\d)({'|'.join(map(str, ELDERLY_AGES))})(?!\d)")
# Names of columns that do not tell who is counted.
_NEUTRAL: Final = ("people", "人数")


@dataclass(frozen=True)
class Counted:
    """The column that counts residents or elderly people.

    ``from_age`` is None if neither the column nor the file states an age. ``said`` tells whether they state who is
    counted.
    """

    column: str
    from_age: int | None = None
    said: bool = True

    @property
    def fits(self) -> bool:
        """Whether all elderly people are counted, not only those from a higher age."""
        return self.from_age is None or self.from_age in ELDERLY_AGES


def age_said(name: str) -> int | None:
    """Return the age from which people are counted, as the name of a file or column states it.

    Examples
    --------
    >>> from siting.read.survey_who import age_said
    >>> age_said("elderly_65.csv"), age_said("80岁以上.csv"), age_said("pop_2060.tif")
    (65, 80, None)
    """
    found = FROM_AGE.search(name)
    if found is not None:
        return int(found["behind"] or found["before"])
    plain = _AGE.search(name) if word_in(name, OLD) else None
    return None if plain is None else int(plain[1])


def counted(look: Look) -> dict[str, Counted]:
    """Return ``residents``, ``elderly`` or both → the column of a layer or table that counts them.

    A column that names its people decides. One that does not, such as ``people``, counts those that the file names,
    or residents if the file names nobody.

    Examples
    --------
    >>> from siting.read.survey_layers import Look
    >>> from siting.read.survey_who import counted
    >>> counted(Look("elderly_65.csv", "table", columns=("id", "people")))
    {'elderly': Counted(column='people', from_age=65, said=True)}
    """
    named = _Named.of(look)
    elderly, age = _elderly(look.columns)
    residents = find_columns(look.columns, ("residents",), {})["residents"]
    plain = find_columns(look.columns, ("people",), {}, "population.residents")["people"]
    others = residents or [name for name in plain if name not in elderly]
    found = {}
    if len(elderly) == 1:
        found["elderly"] = Counted(elderly[0], age or named.age)
    if len(others) == 1:
        old = not elderly and (named.elderly if not residents else named.only_elderly)
        said = bool(residents) or named.anybody or others[0].lower() not in _NEUTRAL
        found["elderly" if old else "residents"] = Counted(others[0], named.age if old else None, said)
    return found


@dataclass(frozen=True)
class _Named:
    """The people that the name of a file or layer mentions."""

    elderly: bool = False
    only_elderly: bool = False
    age: int | None = None
    anybody: bool = False

    @classmethod
    def of(cls, look: Look) -> "_Named":
        """Return the people that the nearest name mentions: that of the layer before that of the file."""
        for name in look.names:
            age = age_said(name)
            resident = word_in(name, _RESIDENT) is not None
            if age is not None or word_in(name, OLD):
                return cls(elderly=True, only_elderly=age is not None or not resident, age=age, anybody=True)
            if resident:
                return cls(anybody=True)
        return cls(anybody=any(word_in(name, PEOPLE) for name in look.names))


def _elderly(names: Sequence[str]) -> tuple[list[str], int | None]:
    """Return the columns of the elderly, and the age in their names; those with an age take precedence."""
    usual = find_columns(names, ("elderly",), {})["elderly"]
    older = find_columns(names, ("elderly",), {}, "elderly_from_65")["elderly"]
    for age in ELDERLY_AGES:
        matches = [name for name in dict.fromkeys([*usual, *older]) if str(age) in name]
        if matches:
            return matches, age
    return usual, None
