"""The figures of the whole area, as the gap report states them."""

from collections.abc import Mapping
from typing import TypedDict

from siting.domain.scenario import LandBasis


class CountedTotals(TypedDict):
    """What is counted in the whole area: persons, m²; NaN if unknown.

    ``01`` and ``02`` are the floors of land per person, 0.1 and 0.2 m². ``warnings`` are codes of texts.
    """

    people_read: float
    people_outside: float
    residents: float
    elderly: float
    elderly_covered: float
    land_basis: LandBasis
    basis_people: float
    binding: bool
    land_floor: float
    land_provided_m2: float
    land_missing: list[str]
    land_doubtful: list[str]
    land_required_01_m2: float
    land_required_02_m2: float
    facilities_counted: int
    facilities_around: int
    uncovered_by_reason: Mapping[str, float]
    warnings: list[str]


class EndsOfTotals(TypedDict):
    """The ends of the intervals of the whole area, and what follows from them; inf if unlimited.

    Figures with a ``high`` or ``low`` beside them are one end of an interval.
    """

    residents_high: float
    elderly_high: float
    land_provided_high_m2: float
    land_m2_per_resident: float
    land_m2_per_elderly: float
    land_high_m2_per_resident: float
    land_high_m2_per_elderly: float
    elderly_uncovered: float
    elderly_covered_high: float
    elderly_uncovered_low: float
    covered_share: float
    covered_share_high: float
    land_gap_01_m2: float
    land_gap_01_low_m2: float
    land_gap_02_m2: float
    land_gap_02_low_m2: float


class Totals(CountedTotals, EndsOfTotals):
    """The figures of the whole area, as the gap report states them.

    ``groups`` holds for each group of people ``people``, ``covered`` and
    ``covered_share``; ``people_account`` how the people were derived, step by step; ``warnings`` codes of texts.
    """

    groups: Mapping[str, Mapping[str, float]]
    people_account: Mapping[str, Mapping[str, float]]
