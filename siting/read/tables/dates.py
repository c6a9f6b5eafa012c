"""Dates as people and programs write them: the day counts, in China's time if a time zone is given."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from siting.read.tables.cells import as_text
from siting.read.tables.numerals import has_marks, numeral_value

# Other forms of a date than a plain day.
SERIAL: Final = "serial"
PERIOD: Final = "period"
TIME: Final = "time"
ZONE: Final = "zone"
# All of China uses UTC+8 all year.
CHINA: Final = dt.timezone(dt.timedelta(hours=8))

# The part of the day of an hour: as a word before it, or AM and PM before or after it.
_HALVES: Final = "上午|下午|中午|凌晨|清晨|早上|早晨|傍晚|晚上|夜里|夜间"
_LETTERS: Final = r"[AP]\.?M\.?"
_CLOCK: Final = (
    rf"(?:(?:[ T]+|(?<=[日号])|(?={_HALVES}))(?P<before>{_HALVES}|{_LETTERS})?\s*(?P<hour>\d{{1,2}})"
    rf"(?:[:时点](?:(?P<minute>\d{{1,2}})分?)?(?::?(?P<second>\d{{1,2}})(?:[.,]\d+)?秒?)?|(?=\s*{_LETTERS}))"
    rf"(?:\s*(?P<behind>{_LETTERS}))?)?"
)
# The hour of the day for each hour of the clock: None if it may be of this day or the next.
_MORNING: Final[Mapping[int, int | None]] = {12: 0} | {hour: hour for hour in range(12)}
_AFTERNOON: Final[Mapping[int, int | None]] = (
    {0: 12, 12: 12} | {hour: hour + 12 for hour in range(1, 12)} | {hour: hour for hour in range(13, 24)}
)
_NOON: Final[Mapping[int, int | None]] = {11: 11, 12: 12, 1: 13, 2: 14, 13: 13, 14: 14}
_EVENING: Final[Mapping[int, int | None]] = (
    dict.fromkeys((12, *range(5))) | {hour: hour + 12 for hour in range(5, 12)} | {hour: hour for hour in range(17, 24)}
)
_HOURS: Final = {
    **dict.fromkeys(("上午", "凌晨", "清晨", "早上", "早晨", "AM"), _MORNING),
    **dict.fromkeys(("下午", "傍晚", "PM"), _AFTERNOON),
    **dict.fromkeys(("晚上", "夜里", "夜间"), _EVENING),
    "中午": _NOON,
}
_ZONE: Final = r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
_DAY: Final = re.compile(
    r"(?P<year>\d{4})(?:\s*(?P<mark>[-/.])\s*(?P<m1>\d{1,2})\s*(?P=mark)\s*(?P<d1>\d{1,2})"
    r"|\s*年\s*(?P<m2>\d{1,2})\s*月\s*(?P<d2>\d{1,2})\s*[日号]?|(?P<m3>\d{2})(?P<d3>\d{2}))" + _CLOCK + _ZONE,
    re.IGNORECASE,
)
_PARTS: Final = (("year", "year"), ("m1", "m2", "m3"), ("d1", "d2", "d3"))
_MONTH: Final = re.compile(r"(\d{4})\s*(?:[-/.]\s*(\d{1,2})|年\s*(\d{1,2})\s*月)")
_SIX: Final = re.compile(r"(\d{4})(\d{2})")
_YEAR: Final = re.compile(r"(\d{4})年?")
# Day and month in either order, a two-digit year; and 2026.1, which a spreadsheet makes of 2026.10.
_OPEN: Final = re.compile(r"(?:\d{1,2}([-/.])\d{1,2}\1(?:\d{1,2}|\d{4})|\d{4}\.1)")
# Whichever day these mean, they state the year.
_OPEN_DAY: Final = re.compile(r"\d{1,2}([-/.])\d{1,2}\1(?P<behind>\d{4})|(?P<before>\d{4})\.1")
_WORDS: Final = re.compile(
    "([〇零○一二三四五六七八九]{4})年(?:([一二三四五六七八九十]{1,3})月(?:([一二三四五六七八九十]{1,3})[日号])?)?"
)
_FIGURES: Final = str.maketrans("〇零○一二三四五六七八九", "000123456789")
YEARS: Final = (1900, 2100)
_FIRST_YEAR, _LAST_YEAR = YEARS
# A workbook counts days; these are of the years 1954 to 2119.
_SERIAL_EPOCH: Final = dt.date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000
_SERIAL: Final = re.compile(r"(\d{5})(?:\.\d+)?")


@dataclass(frozen=True)
class Day:
    """A day as it was written; ``ways`` tells what was special about the form."""

    date: dt.date
    ways: tuple[str, ...] = ()


def read_date(cell: object) -> Day | None:
    """Return the day that a cell states.

    Parameters
    ----------
    cell : object
        A date, a moment, text or a number. The time of day is dropped; a moment with a time zone is first converted to
        China's time (UTC+8). A year or a month means its first day; five-digit numbers are the days that a workbook
        counts.

    Returns
    -------
    Day or None
        None if the cell states no day, or may state more than one.

    Examples
    --------
    >>> from siting.read.tables.dates import read_date
    >>> read_date("2026年1月1日 8:30").date, read_date("2025-12-31T16:00:00Z").date
    (datetime.date(2026, 1, 1), datetime.date(2026, 1, 1))
    >>> read_date("二〇二六年一月").date, read_date("1/2/2026"), read_date("去年"), read_date("2026-1-1①")
    (datetime.date(2026, 1, 1), None, None, None)
    """
    if isinstance(cell, dt.datetime):
        return _of_moment(cell)
    if isinstance(cell, dt.date):
        return Day(cell)
    text = _in_figures(unicodedata.normalize("NFKC", as_text(cell)).strip())
    if has_marks(as_text(cell)) or has_two_readings(text):
        return None
    try:
        return next(_readings(text), None)
    except (ValueError, OverflowError):
        return None


def read_year(cell: object) -> int | None:
    """Return the year that a cell states: alone, or in a month or a day, whichever these are.

    Examples
    --------
    >>> from siting.read.tables.dates import read_year
    >>> [read_year(cell) for cell in ("1998年", "2003年5月", "2003-05-12", "1/2/2003", "2003.1", "九十年代", "201012")]
    [1998, 2003, 2003, 2003, 2003, None, None]
    """
    day = read_date(cell)
    if day is not None:
        year = day.date.year
    else:
        found = _OPEN_DAY.fullmatch(unicodedata.normalize("NFKC", as_text(cell)).strip())
        if found is None:
            return None
        year = int(found["behind"] or found["before"])
    return year if _FIRST_YEAR <= year <= _LAST_YEAR else None


def has_two_readings(cell: object) -> bool:
    """Tell whether a cell contains what may be more than one date.

    Examples
    --------
    >>> from siting.read.tables.dates import has_two_readings
    >>> [has_two_readings(cell) for cell in ("1/2/2026", "26-01-02", "2026.1", "201012", "2026.12", "202601")]
    [True, True, True, True, False, False]
    """
    if isinstance(cell, dt.date):
        return False
    text = unicodedata.normalize("NFKC", as_text(cell)).strip()
    if _OPEN.fullmatch(text):
        return True
    # 201012 is October 2010, or 12 October 2020.
    return _of_month(text) is not None and _is_day(f"20{text}")


def _is_day(text: str) -> bool:
    try:
        dt.datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - only whether there is such a day
    except ValueError:
        return False
    return True


def _of_moment(moment: dt.datetime) -> Day | None:
    if moment != moment:  # noqa: PLR0124 - NaT
        return None
    if moment.tzinfo is not None:
        return Day(moment.astimezone(CHINA).date(), (ZONE,))
    return Day(moment.date(), (TIME,) if moment.time() != dt.time() else ())


def _in_figures(text: str) -> str:
    """Return a date in Chinese numerals in digits, any other text unchanged."""
    found = _WORDS.fullmatch(text)
    if found is None:
        return text
    parts = [f"{found[1].translate(_FIGURES)}年"]
    for words, letter in ((found[2], "月"), (found[3], "日")):
        value = None if words is None else numeral_value(words)
        if words is not None:
            parts.append(f"{value}{letter}")
    return "".join(parts)


def _readings(text: str) -> Iterator[Day]:
    """Return the day that a text states.

    Raises
    ------
    ValueError
        The text has the form of a date, but there is no such day or time.
    """
    day = _DAY.fullmatch(text)
    if day:
        yield _of_day(day)
    serial = _SERIAL.fullmatch(text)
    if serial and _FIRST_SERIAL <= int(serial[1]) <= _LAST_SERIAL:
        yield Day(_SERIAL_EPOCH + dt.timedelta(days=int(serial[1])), (SERIAL,))
    month = _MONTH.fullmatch(text)
    if month:
        yield Day(dt.date(int(month[1]), int(month[2] or month[3]), 1), (PERIOD,))
    if (first := _of_month(text)) is not None:
        yield Day(first, (PERIOD,))
    year = _YEAR.fullmatch(text)
    if year and _FIRST_YEAR <= int(year[1]) <= _LAST_YEAR:
        yield Day(dt.date(int(year[1]), 1, 1), (PERIOD,))


def _of_day(found: re.Match[str]) -> Day:
    year, month, day = (int(next(filter(None, found.group(*names)))) for names in _PARTS)
    if found["hour"] is None:
        return Day(dt.date(year, month, day))
    hour = _hour(int(found["hour"]), [part for part in (found["before"], found["behind"]) if part])
    if hour is None and found["zone"] is None:
        # Whichever hour is meant, it belongs to this day.
        return Day(dt.date(year, month, day), (TIME,))
    if hour is None:
        message = "one of two hours"
        raise ValueError(message)
    time = dt.time(hour, int(found["minute"] or 0), int(found["second"] or 0))
    moment = dt.datetime.combine(dt.date(year, month, day), time, _zone(found["zone"]))
    told = _of_moment(moment)
    assert told is not None  # noqa: S101 - a moment made of numbers is one
    return told


def _hour(hour: int, halves: Sequence[str]) -> int | None:
    """Return the hour of the day from 0 to 23, None if the part of the day leaves it open."""
    if not halves:
        return hour
    if len(halves) > 1:
        message = "two parts of the day"
        raise ValueError(message)
    hours = _HOURS[halves[0].upper().replace(".", "")]
    if hour not in hours:
        message = "no such hour in this part of the day"
        raise ValueError(message)
    return hours[hour]


def _zone(text: str | None) -> dt.timezone | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return dt.UTC
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    return dt.timezone((1 if text[0] == "+" else -1) * dt.timedelta(hours=hours, minutes=minutes))


def _of_month(text: str) -> dt.date | None:
    """Return the first day of a month with six digits, None if there is no such month."""
    found = _SIX.fullmatch(text)
    if found is None or not _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR or not 1 <= int(found[2]) <= 12:  # noqa: PLR2004
        return None
    return dt.date(int(found[1]), int(found[2]), 1)
