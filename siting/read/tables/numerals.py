"""Numbers as people write them in cells: with separators, units, words of approximation, Chinese numerals."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siting.read.tables.measures import Factor, unit_word

# Other forms of a number than plain digits.
THOUSANDS: Final = "thousands"
ABOUT: Final = "about"
UNIT: Final = "unit"
NUMERAL: Final = "numeral"

_PLAIN: Final = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_GROUPED: Final = r"\d{1,3}(?:(?P<mark>[, '])\d{3})(?:(?P=mark)\d{3})*(?:\.\d+)?"
_NUMBER: Final = re.compile(rf"(?P<sign>[+-]?)\s*(?:(?P<grouped>{_GROUPED})|(?P<plain>{_PLAIN}))(?P<rest>[^\d.,].*)?")
_ABOUT: Final = re.compile(r"(?:大?约为?|≈|~|∼)\s*(.+)|(.+?)\s*(?:左右|上下)")
_COMMA: Final = re.compile(r"[+-]?\d+,\d+")
_MINUS: Final = str.maketrans({"−": "-", "’": "'", "‘": "'"})

_DIGITS: Final = "零一二三四五六七八九"
_VARIANTS: Final = str.maketrans("〇○两壹贰叁肆伍陆柒捌玖拾佰仟", "零零二一二三四五六七八九十百千")
_STEPS: Final = (("千", 1000), ("百", 100), ("十", 10))
_MYRIADS: Final = (("亿", 10**8), ("万", 10**4))
_HANZI: Final = re.compile(f"[{_DIGITS}十百千万亿]+")


@dataclass(frozen=True)
class Written:
    """A number as it was written: its value, the unit after it ("" for none), and what was special about the form."""

    value: float
    unit: str = ""
    ways: tuple[str, ...] = ()


# The mark of a note, a list number, a power or a fraction is no digit, although normalisation would make it one. A
# power of a unit stays a power (m², 米²).
_MARK: Final = re.compile(
    "[①-⓿❶-➓㆒-㆟㈠-㈩㉈-㉟㊀-㊉㊱-㊿\U0001f100-\U0001f10c]"
    "|(?<![A-Za-zａ-ｚＡ-Ｚ米里])(?<![A-Za-zａ-ｚＡ-Ｚ米里]\\s)[²³¹⁰-⁹₀-₉¼-¾⅐-⅞]"
)


def has_marks(text: str) -> bool:
    """Tell whether a mark is among digits: ``350②``, ``12³``, ``1½``, ``④``.

    Examples
    --------
    >>> from siting.read.tables.numerals import has_marks
    >>> has_marks("350②"), has_marks("²"), has_marks("350 m²")
    (True, True, False)
    """
    return _MARK.search(text) is not None


def read_number(text: str, units: Mapping[str, Factor]) -> Written | None:
    """Read a number from the text of a cell.

    Parameters
    ----------
    text : str
        The cell; full-width digits and marks count as plain ones.
    units : mapping
        The units that may follow the number, as :func:`~siting.read.tables.measures.unit_word` writes them.

    Returns
    -------
    Written or None
        None if the text is no number, or may be more than one.

    Examples
    --------
    >>> from siting.read.tables.numerals import read_number
    >>> read_number("1，234", {}).value, read_number("约３５０", {}).value, read_number("三十二", {}).value
    (1234.0, 350.0, 32.0)
    >>> read_number("1.2 万人", {"万人": (10000.0, 1.0)})
    Written(value=1.2, unit='万人', ways=('unit',))
    >>> read_number("12,5", {}), read_number("30-40", {}), read_number("5人", {})
    (None, None, None)
    >>> read_number("350②", {}), read_number("1½", {})
    (None, None)
    """
    if has_marks(text):
        return None
    plain = unicodedata.normalize("NFKC", text).translate(_MINUS).strip()
    ways: tuple[str, ...] = ()
    if about := _ABOUT.fullmatch(plain):
        plain, ways = (about[1] or about[2]).strip(), (ABOUT,)
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return _in_words(plain, units, ways)
    unit = unit_word(found["rest"] or "")
    if unit and unit not in units:
        return None
    digits = found["grouped"] or found["plain"]
    if found["grouped"]:
        ways += (THOUSANDS,)
    value = float(re.sub(r"[, ']", "", digits))
    return Written(-value if found["sign"] == "-" else value, unit, ways + ((UNIT,) if unit else ()))


def has_decimal_comma(text: str) -> bool:
    """Tell whether a text is a number with a decimal comma, or with commas that separate no thousands.

    Examples
    --------
    >>> from siting.read.tables.numerals import has_decimal_comma
    >>> has_decimal_comma("12,5"), has_decimal_comma("1,234"), has_decimal_comma("12.5")
    (True, False, False)
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    return _COMMA.fullmatch(plain) is not None and read_number(plain, {}) is None


def _in_words(text: str, units: Mapping[str, Factor], ways: tuple[str, ...]) -> Written | None:
    """Read Chinese numerals, followed by a unit that is none of their own characters."""
    words = text.translate(_VARIANTS)
    numeral = _HANZI.match(words)
    if numeral is None:
        return None
    unit = unit_word(words[numeral.end() :])
    value = numeral_value(numeral[0])
    if value is None or (unit and unit not in units):
        return None
    return Written(float(value), unit, (*ways, NUMERAL, *((UNIT,) if unit else ())))


def numeral_value(words: str) -> int | None:
    """Return the number of Chinese numerals, None if they are not written in full.

    Examples
    --------
    >>> from siting.read.tables.numerals import numeral_value
    >>> numeral_value("三十二"), numeral_value("一百零五"), numeral_value("二万三千"), numeral_value("百五")
    (32, 105, 23000, None)
    """
    value = 0
    rest = words
    for letter, size in _MYRIADS:
        head, there, tail = rest.partition(letter)
        if there:
            value += _below_myriad(head) * size
            rest = tail
    value += _below_myriad(rest)
    # A number that is not written in its full form (三五, 百五, 一千五) may mean something else.
    full = numeral(value)
    return value if words in (full, full[1:] if full.startswith("一十") else full) else None


def numeral(value: int) -> str:
    """Write a whole number below 10¹² in Chinese numerals, in full.

    Examples
    --------
    >>> from siting.read.tables.numerals import numeral
    >>> numeral(10), numeral(105), numeral(23000), numeral(100_005)
    ('一十', '一百零五', '二万三千', '一十万零五')
    """
    if not value:
        return _DIGITS[0]
    parts: list[str] = []
    rest, gap = value, False
    for letter, size in (*_MYRIADS, ("", 1)):
        count, rest = divmod(rest, size)
        if count:
            zero = _DIGITS[0] if parts and (gap or count < _STEPS[0][1]) else ""
            parts.append(f"{zero}{_group(count)}{letter}")
        gap = bool(parts) and not count
    return "".join(parts)


def _group(value: int) -> str:
    """Write a number below ten thousand."""
    written, rest, gap = "", value, False
    for letter, size in (*_STEPS, ("", 1)):
        digit, rest = divmod(rest, size)
        if digit:
            written += (_DIGITS[0] if gap else "") + _DIGITS[digit] + letter
        gap = bool(written) and not digit
    return written


def _below_myriad(words: str) -> int:
    """Add up the characters for thousands, hundreds and tens; an invalid order gives an arbitrary number."""
    value, rest = 0, words.replace(_DIGITS[0], "")
    for letter, size in _STEPS:
        head, there, tail = rest.partition(letter)
        if there:
            value += size * (_DIGITS.find(head) if head else 1)
            rest = tail
    return value + (max(_DIGITS.find(rest), 0) if rest else 0)
