"""Units of a file's columns: stated by the scenario or by a column's own name, converted once."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siting.domain.scenario import Layer
from siting.domain.tables import Column
from siting.read.log import LayerLog, listed
from siting.units import M2_PER_HECTARE, M2_PER_KM2

# A unit is ``times ÷ by`` of ours: 3 亩 are exactly 2000 m².
Factor = tuple[float, float]

ONE: Final[Factor] = (1.0, 1.0)
_AREA: Final[Mapping[str, Factor]] = {
    **dict.fromkeys(("m2", "平方米", "平米", "sqm"), ONE),
    **dict.fromkeys(("亩", "mu"), (2000.0, 3.0)),
    **dict.fromkeys(("公顷", "ha", "hm2", "hectare", "hectares"), (M2_PER_HECTARE, 1.0)),
    **dict.fromkeys(("万平方米", "万平米", "万m2"), (10_000.0, 1.0)),
    **dict.fromkeys(("km2", "平方公里", "平方千米"), (M2_PER_KM2, 1.0)),
}
_PERSONS: Final[Mapping[str, Factor]] = {
    **dict.fromkeys(("人", "名", "persons", "people"), ONE),
    "千人": (1000.0, 1.0),
    **dict.fromkeys(("万人", "万"), (10_000.0, 1.0)),
}
_MONEY: Final[Mapping[str, Factor]] = {
    **dict.fromkeys(("元", "cny", "rmb"), ONE),
    "千元": (1000.0, 1.0),
    "万元": (10_000.0, 1.0),
    "亿元": (100_000_000.0, 1.0),
}
_MONEY_A_YEAR: Final[Mapping[str, Factor]] = {
    **_MONEY,
    "元/年": ONE,
    "千元/年": (1000.0, 1.0),
    "万元/年": (10_000.0, 1.0),
    "元/月": (12.0, 1.0),
    "万元/月": (120_000.0, 1.0),
}
_MONEY_AN_AREA: Final[Mapping[str, Factor]] = {
    **dict.fromkeys(("元/m2", "元/平方米", "元/平米", "cny/m2"), ONE),
    **dict.fromkeys(("千元/m2", "千元/平方米"), (1000.0, 1.0)),
    **dict.fromkeys(("万元/m2", "万元/平方米"), (10_000.0, 1.0)),
}
_YEARS: Final[Mapping[str, Factor]] = {
    **dict.fromkeys(("年", "years"), ONE),
    **dict.fromkeys(("月", "个月", "months"), (1.0, 12.0)),
}
_COUNT: Final[Mapping[str, Factor]] = {
    **dict.fromkeys(("个", "张", "床", "户", "套"), ONE),
    **dict.fromkeys(("千张", "千户"), (1000.0, 1.0)),
    **dict.fromkeys(("万张", "万户"), (10_000.0, 1.0)),
}
_SHARE: Final[Mapping[str, Factor]] = {"%": (1.0, 100.0), "‰": (1.0, 1000.0)}
_BY_UNIT: Final = {
    "m²": _AREA,
    "persons": _PERSONS,
    "CNY": _MONEY,
    "CNY a year": _MONEY_A_YEAR,
    "CNY per m²": _MONEY_AN_AREA,
    "years": _YEARS,
}
# Columns whose unit is evident.
_BY_KEY: Final = {
    **dict.fromkeys(("households", "beds", "nursing_beds", "new_beds"), _COUNT),
    **dict.fromkeys(("residents_growth", "elderly_growth", "stays"), _SHARE),
}
_WORDS: Final = frozenset().union(*_BY_UNIT.values(), *_BY_KEY.values(), ("岁", "处"))
# Units that follow a name directly, longest first.
_ENDINGS: Final = ("万平方米", "平方公里", "平方米", "公顷", "万人", "万元", "亩")
# Characters that mark the words in a name's brackets as a unit, known or not.
_HINT: Final = re.compile(r"[元亩顷万千%‰]|平方|米|m2|\bha\b|sq|ft|acre")
_BRACKETS: Final = re.compile(r"[(\[【〔]\s*([^()\[\]【】〔〕]*?)\s*[)\]】〕]")
_OPEN: Final = re.compile(r"[(\[【〔][^)\]】〕]*$")
_CUT: Final = re.compile(r"[_(\[【〔]$")
_BEHIND: Final = re.compile(r"(.+?)[\s_,;:、]+([^\s_,;:、]+)")


@dataclass(frozen=True)
class NamedUnit:
    """The parts of a column's name: the name without its unit, and the unit (None if there is none).

    ``in_brackets`` holds the words in its last brackets that look like a unit, known or not; ``cut`` tells that the
    name ends where a unit would begin, as in names cut by shapefiles.
    """

    bare: str
    unit: str | None
    in_brackets: str | None = None
    cut: bool = False


def unit_word(text: str) -> str:
    """Return a unit in its lookup form: ㎡, M2 and m^2 are all m2.

    Examples
    --------
    >>> from siting.read.tables.measures import unit_word
    >>> unit_word("㎡"), unit_word(" 万 m² ")
    ('m2', '万m2')
    """
    return re.sub(r"[\s^]", "", unicodedata.normalize("NFKC", text)).lower()


def scales(unit: str) -> bool:
    """Tell whether a unit, in its lookup form, would change a number in any column.

    Examples
    --------
    >>> from siting.read.tables.measures import scales
    >>> scales("亩"), scales("人"), scales("层")
    (True, False, False)
    """
    return any(table.get(unit, ONE) != ONE for table in (*_BY_UNIT.values(), *_BY_KEY.values()))


def without_units(name: str) -> str:
    """Return a name without brackets that contain only a unit.

    Examples
    --------
    >>> from siting.read.tables.measures import without_units
    >>> without_units("用地面积（㎡）"), without_units("建筑面积(地上)")
    ('用地面积', '建筑面积(地上)')
    """
    text = unicodedata.normalize("NFKC", name)
    return _BRACKETS.sub(lambda found: "" if unit_word(found[1]) in _WORDS else found[0], text).strip()


def unit_of_name(name: str) -> NamedUnit:
    """Take the unit from a column's name: in brackets at its end, after a separator, or as a Chinese ending.

    Examples
    --------
    >>> from siting.read.tables.measures import unit_of_name
    >>> unit_of_name("用地面积（亩）").unit, unit_of_name("YDMJ_ha").unit, unit_of_name("用地面积").unit
    ('亩', 'ha', None)
    >>> unit_of_name("用地面积（").cut
    True
    """
    text = unicodedata.normalize("NFKC", name).strip()
    brackets = list(_BRACKETS.finditer(text))
    if brackets:
        last = brackets[-1]
        word = unit_word(last[1])
        if word in _WORDS:
            return NamedUnit((text[: last.start()] + text[last.end() :]).strip(), word, word)
        return NamedUnit(text, None, word if _HINT.search(word) else None)
    if _OPEN.search(text) or _CUT.search(text):
        return NamedUnit(_OPEN.sub("", text).rstrip("_ "), None, cut=True)
    behind = _BEHIND.fullmatch(text)
    if behind and unit_word(behind[2]) in _WORDS:
        return NamedUnit(behind[1], unit_word(behind[2]))
    for ending in _ENDINGS:
        if text.endswith(ending) and text != ending:
            return NamedUnit(text[: -len(ending)].rstrip(" /"), ending)
    return NamedUnit(text, None)


def units_of(column: Column) -> Mapping[str, Factor]:
    """Return the possible units of a column: unit → factor to ours; none for text and bare numbers."""
    if column.type not in ("number", "integer"):
        return {}
    return _BY_UNIT.get(column.unit) or _BY_KEY.get(column.key) or {}


def factors(columns: Mapping[str, Column], names: Mapping[str, str], source: Layer, log: LayerLog) -> dict[str, Factor]:
    """Return the factors by which the file's columns become ours.

    Parameters
    ----------
    columns : mapping of str to Column
        Our columns by key.
    names : mapping of str to str
        Our key → the file's column; columns with our own key are in our unit, unless the scenario says otherwise.
    source : Layer
        Its ``column_units`` state units; a unit in a column's name counts as stated too.
    log : LayerLog
        Takes the faults (a unit that the column cannot have, two contradictory units, a name that was cut at its unit)
        and a note on conversions.

    Returns
    -------
    dict of str to (float, float)
        Key → (times, by), only for columns whose unit the scenario or their own name states.
    """
    found: dict[str, Factor] = {}
    told = []
    for key, name in names.items():
        if not name:
            continue
        unit = _unit(columns[key], name, source.column_units.get(key), log)
        if unit is None:
            continue
        found[key] = units_of(columns[key])[unit]
        if found[key] != ONE:
            told.append(f"{key} ({name}): {unit}")
    for key, unit in source.column_units.items():
        if key in columns and not units_of(columns[key]):
            log.fault("unit_for_bare_column", field=f"column_units.{key}", found=unit)
    if told:
        log.note("column_units", columns=listed(told))
    return found


def _unit(column: Column, name: str, stated: str | None, log: LayerLog) -> str | None:
    """Return the unit of a column in lookup form, None for ours or if a fault was reported."""
    known = units_of(column)
    if not known:
        return None
    field = column.key if name == column.key else f"{column.key} ({name})"
    named = NamedUnit(name, None) if name == column.key else unit_of_name(name)
    said = named.unit if named.unit in known else None
    if stated is not None:
        word = unit_word(stated)
        if word not in known:
            log.fault("unknown_column_unit", field=f"column_units.{column.key}", found=stated, expected=listed(known))
            return None
        if said is not None and known[said] != known[word]:
            log.fault("units_contradict", field=field, found=said, expected=stated)
            return None
        return word
    if said is None and named.in_brackets is not None:
        log.fault("unknown_unit_in_name", field=field, found=named.in_brackets, expected=listed(known))
    elif named.cut and not column.key.startswith(name.lower()):
        log.fault("unit_cut_off", field=field, found=name, expected=listed(known))
    return said
