"""Numbers of a workbook as their format shows them: with a unit, in thousands, per cent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# The parts of a format: quoted text, an escaped letter, a space of a letter's width, a filler, brackets (currency,
# colour, condition), the general form, and single characters.
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<digit>General|[0#?])|(?P<mark>[.,;])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
# Words around numbers that are no unit.
_NO_UNIT: Final = " ()（）+-.@"
_PER_CENT: Final = "%"
_LONGEST_WHOLE: Final = 2**53


class Measured(float):
    """A number that its format shows with a unit, or divided by ``scale``; its own value is that of the cell.

    Examples
    --------
    >>> from siting.read.tables.number_formats import as_shown
    >>> cell = as_shown(123456, '0!.0,"万元"')
    >>> float(cell), cell.unit, cell.scale, cell.text
    (123456.0, '万元', 10000.0, '12.3456万元')
    """

    unit: str
    scale: float

    @property
    def text(self) -> str:
        """The shown value, without its rounding."""
        return f"{self / self.scale:.10g}{self.unit}"


def as_shown(value: float, form: str) -> float:
    """Return a number with the unit and the scale that its format shows; the number itself without any.

    Parameters
    ----------
    value : int or float
        The value of the cell.
    form : str
        Its number format, as in workbooks.

    Examples
    --------
    >>> from siting.read.tables.number_formats import as_shown
    >>> as_shown(350, '#,##0"亩"').unit, as_shown(350000, "0.0,").scale
    ('亩', 1000.0)
    >>> as_shown(350, "#,##0.00"), as_shown(350, '"约"0'), as_shown(350, "[$¥-804]#,##0")
    (350, 350, 350)
    """
    if isinstance(value, int) and abs(value) > _LONGEST_WHOLE:
        return value
    part = _part_for(value, _parts(form))
    if part is None or (not part.unit and part.scale == 1):
        return value
    found = Measured(value)
    found.unit, found.scale = part.unit, part.scale
    return found


@dataclass(frozen=True)
class _Part:
    """One part of a format: its condition (None for always), and how it shows a number."""

    condition: tuple[str, float] | None
    unit: str
    scale: float


@lru_cache(maxsize=1024)
def _parts(form: str) -> tuple[_Part, ...]:
    parts: list[list[re.Match[str]]] = [[]]
    for token in _TOKEN.finditer(form):
        if token["mark"] == ";":
            parts.append([])
        else:
            parts[-1].append(token)
    # The fourth part is for text.
    return tuple(map(_part, parts[:3]))


def _part(tokens: Sequence[re.Match[str]]) -> _Part:
    """Read one part: the unit is the text after its last digit."""
    unit: list[str] = []
    # Digits as 0, the decimal point, commas, and a point that is only text as "!".
    figures = ""
    per_cent = 0
    for token in tokens:
        word = _word(token)
        if token["digit"] is not None:
            figures += "0"
            unit.clear()
        elif token["mark"] is not None:
            figures += token["mark"]
        elif word == "." and token["other"] is None:
            figures += "!"
        else:
            per_cent += token["other"] == _PER_CENT
            unit.append(word)
    whole, _, rest = figures.partition(".")
    thousands = sum(len(each) - len(each.rstrip(",")) for each in (whole, rest))
    behind = figures.partition("!")[2].count("0")
    scale = 1000.0**thousands * 10.0**behind * 0.01**per_cent
    shown = "".join(unit).strip(_NO_UNIT) if "0" in figures else ""
    return _Part(_condition(tokens), shown, scale if "0" in figures else 1.0)


def _word(token: re.Match[str]) -> str:
    return next((token[name] for name in ("quoted", "escaped", "currency", "other") if token[name] is not None), "")


def _condition(tokens: Sequence[re.Match[str]]) -> tuple[str, float] | None:
    for token in tokens:
        found = None if token["bracket"] is None else _CONDITION.fullmatch(token["bracket"])
        if found is not None:
            return found[1], float(found[2])
    return None


def _part_for(value: float, parts: Sequence[_Part]) -> _Part | None:
    """Return the part of a format that shows a value: by its condition, otherwise positive, negative, zero."""
    if any(part.condition for part in parts):
        return next((part for part in parts if part.condition is None or _holds(value, part.condition)), None)
    at = 0 if value > 0 or len(parts) == 1 else 1 if value < 0 else len(parts) - 1 if len(parts) > 2 else 0  # noqa: PLR2004
    return parts[at] if parts else None


def _holds(value: float, condition: tuple[str, float]) -> bool:
    sign, bound = condition
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[sign]
