"""Standards and their clauses: cited, dated data."""

import datetime as dt
from typing import Literal, Self

from pydantic import Field, model_validator

from siting.domain.scenario import CoverageReading, Level, Section
from siting.domain.tables import PAID_FOR, PAYERS, paid_column, paid_columns

ClauseLevel = Level | Literal["residential_area", "facility"]
Force = Literal["mandatory", "target", "encouraged", "permitted"]
Treatment = Literal["computed", "advice", "out_of_scope"]
ClauseKind = Literal[
    # Kinds that arithmetic decides.
    "land_per_person",
    "service_circle",
    "beds_per_1000",
    "beds_total",
    "nursing_share",
    "government_bed_share",
    "social_bed_share",
    "social_facility_share",
    "led_station_share",
    "unit_coverage",
    "service_coverage",
    "facility_count",
    "medical_share",
    "staff_share",
    "university_share",
    "estate_provision",
    "estate_in_step",
    "estate_undivided",
    "remedy",
    "funding",
    # Kinds of advice.
    "one_operator",
    "hierarchy",
    "land_use_conformity",
    "siting_rule",
    "threshold",
    "conversion",
    "plan_duty",
    # Kinds that no map and no table of this program can check.
    "process",
    "statistic",
    "duty",
]
Remedy = Literal["purchase", "swap", "lease", "renewal", "reclaim_state_idle", "build_with_estate"]
Premises = Literal[
    "idle_plant",
    "idle_school",
    "community_premises",
    "commercial",
    "hotel",
    "public_rental",
    "state_office",
    "rural_premises",
    "medical",
    "training_home",
    "rural_home",
    "estate_premises",
    "state_idle",
]
ListName = Literal[
    "parents",
    "distance_to_parent",
    "operators",
    "community_run",
    "land_use",
    "teaching_points",
    "demonstration",
    "entrusted",
    "expiry",
    "idle_by_street",
    "institutions_serving",
    "without_facility",
    "handed_over",
    "public_institutions",
    "community_operation",
    "village_estates",
    "floor_area_classes",
    "upgrades",
]
Reason = Literal[
    "letter",
    "principle",
    "organisation",
    "market_reform",
    "price",
    "service",
    "technology",
    "health",
    "finance",
    "tax",
    "staff",
    "supervision",
    "land_process",
    "publicity",
    "citation",
    "definition",
    "responsibility",
    "covered_by_clause",
    "other",
]


class Example(Section):
    """A worked example in literal numbers, executed by the tests.

    ``given`` names the figures; ``provided``, ``required`` and ``shortfall`` are in the unit in which the clause is
    judged (m² for land, yuan for funding).
    """

    given: dict[str, float]
    provided: float
    required: float
    shortfall: float
    verdict: Literal["met", "gap"]


class Award(Section):
    """One rate of a funding line; a blank limit does not apply. ``beds_below`` is exclusive, the others inclusive."""

    cny: float
    per: Literal["new_bed", "site", "facility", "person_month"]
    new_beds_at_least: float | None = None
    beds_at_least: float | None = None
    beds_below: float | None = None
    rating_kind: Literal["star", "leaf"] | None = None
    rating: int | None = None


class Funding(Section):
    """Money that a clause promises, with its conditions.

    ``cap_cny`` limits what one site receives under the clause, over its whole life with ``cap_per_site_lifelong``.
    ``adds_to`` names the clauses to which it is paid in addition, ``excludes`` those (of any document) that pay the
    same money. Money that is limited over a site's life, or paid once, has a purpose for which ledgers have columns of
    earlier payments. ``not_with`` names earlier money that replaces it, if it was received in full.
    ``at_most_paid_by`` names the payer whose payments for building are the most that is paid, ``years_open_at_least``
    the years for which the facility must have been open.
    """

    line: Literal["construction", "chain", "demonstration", "rating", "operation", "resident", "premises"]
    payer: Literal["city", "district", "either"]
    tiers: tuple[Literal["institution", "centre", "station"], ...] = ()
    operator_kinds: tuple[Literal["government", "public_private", "private"], ...] = ()
    tenure: Literal["own", "lease"] | None = None
    lease_years_at_least: float | None = None
    cap_cny: float | None = None
    cap_per_site_lifelong: bool = False
    once: bool = False
    mean_not_entitlement: bool = False
    at_most_paid_by: Literal["city"] | None = None
    years_open_at_least: int | None = None
    not_with: Literal["operation"] | None = None
    awards: tuple[Award, ...] = ()
    adds_to: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    conditions_zh: tuple[str, ...] = ()
    conditions_en: tuple[str, ...] = ()

    @property
    def paid_columns(self) -> tuple[str, ...]:
        """The columns of earlier payments, if these count; for either payer both."""
        if not (self.once or self.cap_per_site_lifelong):
            return ()
        return paid_columns(self.line, self.payer)

    @property
    def barring_columns(self) -> tuple[str, ...]:
        """The columns of earlier money that replaces it, from any payer."""
        return () if self.not_with is None else tuple(paid_column(self.not_with, payer) for payer in PAYERS)

    @model_validator(mode="after")
    def _has_columns(self) -> "Funding":
        if (self.once or self.cap_per_site_lifelong) and self.line not in PAID_FOR:
            message = f"once and cap_per_site_lifelong hold for {', '.join(PAID_FOR)} only"
            raise ValueError(message)
        return self


class Clause(Section):
    """One requirement, remedy or promise of a standard.

    ``number`` is in ``unit`` (a share as 0.5); ``comparison`` tells whether it is a minimum or a maximum; ``of`` names
    the denominator or class if a kind has several. ``levels`` are those at which the clause itself applies: a check at
    another level is an assessment and does not bind. ``unit_kinds`` limits the units (街道, 社区). ``readings`` names
    the possible interpretations of the text, of which the scenario chooses one. ``without_excluded`` tells that the
    clause does not apply to the places that its standard ``excludes``; ``premises`` names the kinds of premises to
    which a clause on conversions applies (none: any). ``target_year`` is None if the text states none; ``added_since``
    is the first year whose openings count if the text requires new facilities (None: all). ``elderly_from`` is the age
    from which the text counts the elderly, if it states one. ``lead`` and ``responsible`` are bodies as the document
    prints them (牵头单位, 责任单位), mostly for an article. A clause that is not ``computed`` tells why. ``needs``
    lists the columns that it requires, ``lists`` what the audit lists for it without a verdict. ``quote`` is blank only
    if the text was not seen: then ``source_note`` tells where the number comes from and ``verified`` how well it is
    verified (V: in an official page, V2: in a secondary one).
    """

    id: str
    kind: ClauseKind
    treatment: Treatment = "computed"
    why_zh: str = ""
    why_en: str = ""
    article: str
    quote: str
    comparison: Literal["at_least", "at_most"] | None = None
    number: float | None = None
    unit: str | None = None
    of: str | None = None
    levels: tuple[ClauseLevel, ...] = ()
    unit_kinds: tuple[str, ...] = ()
    readings: tuple[CoverageReading, ...] = ()
    without_excluded: bool = False
    horizon: Literal["current", "planned"] = "current"
    force: Force
    lead: str = ""
    responsible: str = ""
    target_year: int | None = None
    added_since: int | None = None
    elderly_from: Literal[60, 65] | None = None
    applies_to: Literal["existing", "new"] | None = None
    urban: bool = False
    remedies: tuple[Remedy, ...] = ()
    premises: tuple[Premises, ...] = ()
    funding: Funding | None = None
    needs: tuple[str, ...] = ()
    lists: tuple[ListName, ...] = ()
    note_zh: str = ""
    note_en: str = ""
    conflicts_with: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    verified: Literal["V", "V2"] | None = None
    source_note: str = ""

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if not self.quote.strip() and not self.source_note.strip():
            message = "give quote, or source_note where the text was not seen"
            raise ValueError(message)
        return self

    @property
    def gives_verdict(self) -> bool:
        """Only computed clauses that are mandatory or a target give a verdict; the others are advice."""
        return self.treatment == "computed" and self.force in ("mandatory", "target")


class Bodies(Section):
    """The bodies that a document makes responsible for an article, in its exact words; blank if it names none."""

    article: str
    lead: str = ""
    responsible: str = ""


class Unclaused(Section):
    """A sentence of the document that no clause quotes: an exact piece of it, and the reason."""

    article: str
    quote: str
    reason: Reason


class Standard(Section):
    """A published rule set.

    ``code`` is that of a district's jurisdiction (GB/T 2260). ``issued`` is None if the text gives no day, and
    ``in_force`` if the day is unknown. ``excludes`` names places inside the jurisdiction to which some clauses do not
    apply. ``follows`` names the standards that it implements. ``bodies`` apply to the clauses of their articles.
    ``unseen_zh`` and ``unseen_en`` tell which part of the text was not seen, if it is only partly known.
    """

    id: str
    number: str
    title: str
    issuer: str
    jurisdiction: str
    code: str = ""
    excludes: tuple[str, ...] = ()
    issued: dt.date | None = None
    issued_year: int | None = None
    in_force: dt.date | None = None
    repealed: dt.date | None = None
    source: str
    dating_zh: str = ""
    dating_en: str = ""
    unseen_zh: str = ""
    unseen_en: str = ""
    cites: tuple[str, ...] = ()
    repeals: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = Field(min_length=1)
    unclaused: tuple[Unclaused, ...] = ()
    bodies: tuple[Bodies, ...] = ()

    @model_validator(mode="after")
    def _bear_bodies(self) -> Self:
        """Give each clause the bodies of its article, unless it names its own; for two articles those of both."""
        of = {each.article: each for each in self.bodies}
        found = []
        for clause in self.clauses:
            named = [of[label] for label in clause.article.split("；") if label in of]
            if named and not (clause.lead or clause.responsible):
                lead, responsible = (
                    "；".join(dict.fromkeys(getattr(each, name) for each in named if getattr(each, name)))
                    for name in ("lead", "responsible")
                )
                found.append(clause.model_copy(update={"lead": lead, "responsible": responsible}))
            else:
                found.append(clause)
        object.__setattr__(self, "clauses", tuple(found))
        return self

    def applies(self, date: dt.date) -> bool:
        """Tell whether the standard is in force at a date (both ends by the calendar day); without a known day it is.

        Parameters
        ----------
        date : datetime.date
            The day.

        Returns
        -------
        bool
            False on the day of repeal.
        """
        return self.from_day <= date and (self.repealed is None or date < self.repealed)

    @property
    def from_day(self) -> dt.date:
        """The day that orders standards: that of effect, else the first of the year of issue, else the earliest.

        Examples
        --------
        >>> from siting.read import standard
        >>> standard("cq-2019-129").from_day.isoformat(), standard("gb50180-2018").from_day.isoformat()
        ('2019-12-30', '2018-01-01')
        """
        if self.in_force is not None:
            return self.in_force
        return dt.date.min if self.issued_year is None else dt.date(self.issued_year, 1, 1)
