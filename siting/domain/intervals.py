"""Figures that are known only as an interval: the columns of both ends, and how they are written."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from siting.text.numbers import between


@dataclass(frozen=True)
class Ends:
    """The columns of a figure's two ends; ``most`` is its upper limit in any case (for a share: 1)."""

    low: str
    high: str
    most: float = math.inf


# One of the two columns has the figure's own name: the surely provided value, and the gap that remains with it.
ENDS: Final[Mapping[str, Ends]] = {
    "residents": Ends("residents", "residents_high"),
    "elderly": Ends("elderly", "elderly_high"),
    "required": Ends("required", "required_high"),
    "land_m2": Ends("land_m2", "land_high_m2"),
    "land_provided_m2": Ends("land_provided_m2", "land_provided_high_m2"),
    "land_m2_per_resident": Ends("land_m2_per_resident", "land_high_m2_per_resident"),
    "land_m2_per_elderly": Ends("land_m2_per_elderly", "land_high_m2_per_elderly"),
    "land_reach_m2_per_person": Ends("land_reach_m2_per_person", "land_reach_high_m2_per_person"),
    "land_gap_01_m2": Ends("land_gap_01_low_m2", "land_gap_01_m2"),
    "land_gap_02_m2": Ends("land_gap_02_low_m2", "land_gap_02_m2"),
    "land_gap_m2": Ends("land_gap_low_m2", "land_gap_m2"),
    "elderly_covered": Ends("elderly_covered", "elderly_covered_high"),
    "elderly_uncovered": Ends("elderly_uncovered_low", "elderly_uncovered"),
    "covered_share": Ends("covered_share", "covered_share_high", most=1.0),
    "covered_share_after": Ends("covered_share_after", "covered_share_after_high", most=1.0),
    "shortfall": Ends("shortfall_low", "shortfall_high"),
}


def figure_text(key: str, record: Mapping[Any, Any], write: Callable[[float], str]) -> str:
    """Return a figure of a table as text: one number if it is known, otherwise both ends.

    Parameters
    ----------
    key : str
        Name of the figure, with or without ends.
    record : mapping
        A row with the figure, and its ends if it has some.
    write : callable
        Formats a number.

    Examples
    --------
    >>> from siting.domain.intervals import figure_text
    >>> from siting.text.numbers import number
    >>> figure_text("land_gap_02_m2", {"land_gap_02_low_m2": 0.0, "land_gap_02_m2": 21585.0}, number)
    '≤ 21,585'
    >>> figure_text("land_m2", {"land_m2": 900.0, "land_high_m2": 3600.0}, number)
    '900–3,600'
    >>> figure_text("land_m2", {"land_m2": 900.0, "land_high_m2": float("inf")}, number)
    '≥ 900'
    >>> figure_text("land_m2", {"land_m2": 900.0}, number)
    '900'
    """
    ends = ENDS.get(key)
    value = float(record[key])
    if ends is None or record.get(ends.low) is None or record.get(ends.high) is None:
        return write(value)
    return between(float(record[ends.low]), float(record[ends.high]), write, most=ends.most)
