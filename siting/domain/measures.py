"""What each kind of clause compares: which counted figures, relative to which whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siting.domain import clauses
from siting.domain.clauses import Finding
from siting.domain.standards import Clause

_INFINITE: Final = float("inf")
# The complement of the part of a share; if it is not among the figures, it is the whole minus the part.
REST: Final = "rest"
# The share itself, where it is known better than from its part and the rest.
SHARE: Final = "share"


@dataclass(frozen=True)
class Span:
    """A figure with possibly missing records: its least and largest possible value (infinite: unlimited)."""

    low: float
    high: float

    @classmethod
    def exactly(cls, figure: float) -> "Span":
        """Return a figure that is known."""
        return cls(figure, figure)


@dataclass(frozen=True)
class Measure:
    """A kind's arithmetic: ``part`` ÷ ``whole`` × ``scale``, or ``part`` alone. A share cannot exceed 1."""

    part: str
    whole: str | None = None
    scale: float = 1.0

    @property
    def is_share(self) -> bool:
        """Tell whether the part is contained in the whole."""
        return self.whole is not None and self.scale == 1.0


MEASURES: Final[Mapping[str, Measure]] = {
    "land_per_person": Measure("land_m2"),
    "service_circle": Measure("covered", "elderly"),
    "beds_per_1000": Measure("beds", "elderly", 1000.0),
    "beds_total": Measure("beds"),
    "nursing_share": Measure("nursing_beds", "beds"),
    "government_bed_share": Measure("government_beds", "beds"),
    "social_bed_share": Measure("social_beds", "beds"),
    "social_facility_share": Measure("social", "facilities"),
    "led_station_share": Measure("led_and_social", "stations"),
    "unit_coverage": Measure("covered", "units"),
    "service_coverage": Measure("served", "units"),
    "facility_count": Measure("count"),
    "medical_share": Measure("integrated", "facilities"),
    "staff_share": Measure("certified", "staff"),
    "university_share": Measure("with_point", "units"),
    "estate_provision": Measure("provided_m2"),
    "estate_in_step": Measure("steps_behind"),
    "estate_undivided": Measure("parts"),
}


# Only 开州府办发〔2024〕16号 states an age; 60 is that of the law on the rights of the elderly.
_LEGAL_AGE: Final = 60


def counts_elderly(clause: Clause) -> bool:
    """Tell whether a clause depends on the number of the elderly."""
    return clause.kind in MEASURES and MEASURES[clause.kind].whole == "elderly"


def elderly_age_of(clause: Clause) -> int:
    """Return the age from which a clause counts the elderly: 60 if its text states none."""
    return clause.elderly_from or _LEGAL_AGE


_ALL: Final = ("beds", "facilities", "facility")
_CLASSES: Final = (*_ALL, "institution_beds", "institutions", "centre", "station", "government_invested")
# The values of ``of`` for which the arithmetic can count; kinds that are not listed allow all values.
CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            "beds_total",
            "beds_per_1000",
            "nursing_share",
            "government_bed_share",
            "social_bed_share",
            "social_facility_share",
            "led_station_share",
            "medical_share",
            "staff_share",
        ),
        _CLASSES,
    ),
    "facility_count": (*_CLASSES, "demonstration_centre", "disabled_destitute_home"),
    "estate_provision": ("new", "old_estates"),
    "unit_coverage": ("facility", "community_facility", "disabled_care"),
}


def required_of(clause: Clause, figures: Mapping[str, Span]) -> float:
    """Return what a clause requires of a place, in the unit in which it is judged.

    Estates: households ÷ 100 × m² per 100 households. The circle: the scenario's pass
    share. Everything else: the clause's own number.
    """
    if clause.kind == "estate_provision":
        return figures["households"].low / 100.0 * figures["m2_per_100_households"].low
    if clause.kind == "service_circle":
        return figures["pass_share"].low
    return clause.number or 0.0


def judge(clause: Clause, figures: Mapping[str, Span]) -> Finding:
    """Judge a clause from the counted figures of a place.

    Parameters
    ----------
    clause : Clause
        A clause of a kind in :data:`MEASURES`.
    figures : mapping of str to Span
        The figures that its measure names, and those of :func:`required_of`. For a share they may hold ``rest``, the
        part of the whole that is not the part: a record with too little data is in one of them, or in neither.

    Returns
    -------
    Finding
        ``not_applicable`` if the whole is 0 (no beds, no units, nobody).

    Examples
    --------
    >>> from siting.domain.measures import Span, judge
    >>> from siting.domain.standards import Clause
    >>> clause = Clause(id="x/1", kind="nursing_share", article="一", quote="…", number=0.3, comparison="at_least",
    ...     force="mandatory")
    >>> judge(clause, {"nursing_beds": Span.exactly(30), "beds": Span.exactly(100)}).verdict
    'met'
    >>> judge(clause, {"nursing_beds": Span(20, 40), "beds": Span.exactly(100)}).verdict
    'no_data'
    """
    measure = MEASURES[clause.kind]
    if clause.kind == "land_per_person":
        land = figures["land_m2"]
        return clauses.land_per_person(clause.number or 0.0, figures["people"].low, land.low, land.high)
    base = "households" if clause.kind == "estate_provision" else measure.whole
    if base is not None and figures[base].high <= 0:
        return clauses.not_applicable()
    found = _ratio(measure, figures)
    compare = clauses.at_most if clause.comparison == "at_most" else clauses.at_least
    return compare(required_of(clause, figures), found.low, found.high)


def _ratio(measure: Measure, figures: Mapping[str, Span]) -> Span:
    part = figures[measure.part]
    if measure.whole is None:
        return part
    whole = figures[measure.whole]
    if not measure.is_share:
        low = part.low / whole.high * measure.scale if whole.high < _INFINITE else 0.0
        return Span(low, part.high / whole.low * measure.scale if whole.low > 0 else _INFINITE)
    rest = figures.get(REST)
    if rest is None:
        rest = Span(max(0.0, whole.low - part.high), max(0.0, whole.high - part.low))
    if whole.low <= 0 or part.low + rest.low <= 0:
        # The known whole is 0: it is unknown whether the clause applies.
        return Span(0.0, 1.0)
    if SHARE in figures:
        return figures[SHARE]
    # Every unknown record belongs to the rest, or to the part.
    low = part.low / (part.low + rest.high) if rest.high < _INFINITE and part.low > 0 else 0.0
    high = part.high / (part.high + rest.low) if part.high < _INFINITE else 1.0
    return Span(low, high)
