"""Numbers in texts for people: no zero bears a sign, and what is not known bears none either."""

import math
import re
from collections.abc import Callable
from typing import Final

UNKNOWN: Final = "–"
_ZERO: Final = re.compile(r"[-+](?=[0.,]*(?:%|$))")


def signless_zero(text: str) -> str:
    """Return a written number without its sign where all of its digits are zero.

    Examples
    --------
    >>> from siting.text.numbers import signless_zero
    >>> signless_zero("-0.0"), signless_zero("+0.0%"), signless_zero("-0.4"), signless_zero("-10")
    ('0.0', '0.0%', '-0.4', '-10')
    """
    return _ZERO.sub("", text, count=1) if _ZERO.match(text) else text


def number(value: float | None, decimals: int = 0) -> str:
    """Return a number with thousands separators; a dash for what is unknown.

    Examples
    --------
    >>> from siting.text.numbers import number
    >>> number(12345.6), number(-0.2), number(0.1234, 3), number(float("nan")), number(None)
    ('12,346', '0', '0.123', '–', '–')
    """
    return UNKNOWN if value is None or not math.isfinite(value) else signless_zero(f"{value:,.{decimals}f}")


def percent(share: float | None, decimals: int = 1) -> str:
    """Return a share as a percentage; a dash for what is unknown.

    Examples
    --------
    >>> from siting.text.numbers import percent
    >>> percent(0.4567), percent(-0.0001), percent(0.9, 0), percent(float("nan"))
    ('45.7%', '0.0%', '90%', '–')
    """
    return UNKNOWN if share is None or not math.isfinite(share) else signless_zero(f"{share:.{decimals}%}")


def persons(count: float | None) -> str:
    """Return a number of persons: whole, but of less than one not that there is none.

    Examples
    --------
    >>> from siting.text.numbers import persons
    >>> persons(0.3), persons(0.0), persons(1234.5), persons(None)
    ('<1', '0', '1,234', '–')
    """
    return "<1" if count is not None and 0 < count < 1 else number(count)


def bounded(sign: str, text: str) -> str:
    """Return a written number behind the sign of a bound; what is unknown has none.

    Examples
    --------
    >>> from siting.text.numbers import bounded
    >>> bounded("≥ ", "3"), bounded("≥ ", "–")
    ('≥ 3', '–')
    """
    return text if text == UNKNOWN else sign + text


def between(low: float, high: float, write: Callable[[float], str], *, most: float = math.inf) -> str:
    """Return two ends as they are told; of what may be nothing, or as much as can be, the other end alone.

    Parameters
    ----------
    low, high : float
        The ends; NaN where one is unknown.
    write : callable
        Writes a number.
    most : float
        What the figure cannot exceed anyhow (a share: 1).

    Examples
    --------
    >>> from siting.text.numbers import between
    >>> between(2, 2, str), between(0, 3, str), between(2, 3, str), between(0, float("inf"), str)
    ('2', '≤ 3', '2–3', '≥ 0')

    A share that may be nothing or all is not known:

    >>> between(0.0, 1.0, str, most=1.0), between(0.4, 1.0, str, most=1.0)
    ('–', '≥ 0.4')
    """
    if math.isnan(low) and math.isnan(high):
        return UNKNOWN
    if low <= 0 and high >= most and math.isfinite(most):
        return UNKNOWN
    if low == high or (math.isfinite(low) and math.isfinite(high) and write(low) == write(high)):
        return write(low)
    if math.isnan(high) or high >= most:
        return bounded("≥ ", write(low))
    return bounded("≤ ", write(high)) if math.isnan(low) or low <= 0 else f"{write(low)}–{write(high)}"


def interval(low: float, high: float, decimals: int = 3) -> str:
    """Return an interval of which an end may be unknown (NaN) or without limit (inf).

    Examples
    --------
    >>> from siting.text.numbers import interval
    >>> nan, inf = float("nan"), float("inf")
    >>> interval(1, 1), interval(0.5, 2), interval(2, inf), interval(nan, 2), interval(nan, nan), interval(inf, inf)
    ('1', '0.500–2', '≥ 2', '≤ 2', '–', '∞')
    """
    return between(low, high, lambda value: _end(value, decimals))


def _end(value: float, decimals: int) -> str:
    if math.isinf(value):
        return "∞"
    return number(value, 0 if math.isnan(value) or value == round(value) else decimals)
