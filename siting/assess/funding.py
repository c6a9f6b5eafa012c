"""The funding that the documents promise a site: a line for each clause, with its conditions."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final, Literal

import pandas as pd

from siting.assess.chains import Earlier, earlier_in_chain
from siting.domain.jurisdiction import Grounds
from siting.domain.premises import is_named, kind_of_premises
from siting.domain.standards import Award, Clause, Funding, Standard
from siting.domain.tables import PAID_COLUMNS, PAYERS, paid_column, paid_columns
from siting.text import Lang, say
from siting.text.numbers import UNKNOWN

What = Literal["facility", "candidate", "station"]
Status = Literal["eligible", "conditional", "unknown"]
Facts = Mapping[str, Any]
Ask = tuple[str, bool | None]

LINE_COLUMNS: Final = (
    "site_id",
    "clause_id",
    "standard_id",
    "line",
    "payer",
    "status",
    "amount_cny",
    "unit_amount",
    "per",
    "capped",
    "missing",
    "conditions_zh",
    "conditions_en",
    "notes_zh",
    "notes_en",
    "quote",
    "excludes",
    "adds_to",
    "group",
)
_TEXTS: Final = ("tier", "operator", "operator_kind", "tenure", "rating_kind", "status", "place_id", "kind")
_FIGURES: Final = (
    "lease_years",
    "new_beds",
    "beds",
    "rating",
    "award_rating",
    "floor_area_m2",
    "person_months",
    *PAID_COLUMNS,
)
# What a rate is multiplied by; a rate for a site or a facility is paid once.
_COUNTED: Final = {"new_bed": "new_beds", "person_month": "person_months"}
# Two institutions make a chain (2家及以上). It is not stated whether the second one is rewarded; a third one is.
_SURELY_ADDED: Final = 2
_PAID_ONCE: Final = ("construction", "chain", "demonstration", "rating")
# What is paid for new beds and new institutions; everything that is not in use yet is new.
_FOR_NEW: Final = ("construction", "chain")
# The tiers of new stations.
_BUILT: Final = ("station", "centre")
_COMING: Final = ("under_construction", "planned")


@dataclass(frozen=True)
class _Note:
    code: str
    values: Mapping[str, Any]

    def said(self, lang: Lang) -> str:
        return say(f"funding.note.{self.code}", lang, **self.values)


@dataclass(frozen=True)
class _Promise:
    """A clause of a standard in force that promises something to a site."""

    standard: Standard
    clause: Clause
    funding: Funding | None

    @property
    def standard_id(self) -> str:
        return self.standard.id

    @property
    def lifelong(self) -> bool:
        return self.funding is not None and self.funding.cap_per_site_lifelong


@dataclass(frozen=True)
class _Found:
    """What the columns of one site say about one promise."""

    status: Status
    missing: tuple[str, ...] = ()
    award: Award | None = None
    amount: float = math.nan
    capped: bool = False
    notes: tuple[_Note, ...] = ()

    def noting(self, code: str, /, **values: Any) -> "_Found":
        return replace(self, notes=(*self.notes, _Note(code, values)))

    def doubted(self, code: str, /, *missing: str, **values: Any) -> "_Found":
        """Return the finding as conditional at best, with a note on the reason and the columns that leave it open."""
        status: Status = "unknown" if self.status == "unknown" else "conditional"
        lacking = tuple(dict.fromkeys((*self.missing, *missing)))
        return replace(self, status=status, missing=lacking).noting(code, **values)


def funding_lines(
    standards: Iterable[Standard], sites: pd.DataFrame, *, what: What, grounds: Grounds | None = None
) -> pd.DataFrame:
    """Return what every site may receive under every funding clause.

    An absent or blank column is never guessed: if it decides, the line is ``unknown`` and names it. A line that a known
    value excludes does not appear. An award for a chain counts the institutions of one operator among the rows
    (:mod:`siting.assess.chains`). Sites with the same ``place_id`` share the lifelong caps of that location in their
    order; a site without one stands alone.

    Parameters
    ----------
    standards : iterable of Standard
        The standards in force.
    sites : pandas.DataFrame
        Indexed by id, with any of the columns ``tier``, ``operator_kind``, ``tenure`` (own, lease, state),
        ``lease_years``, ``new_beds``, ``beds``, ``rating_kind``, ``rating``, ``floor_area_m2``, ``operator``,
        ``status``, ``opens``, ``kind`` (of premises), ``rural`` (whether they are in a village), ``generated`` (lattice
        points are no premises), ``place_id`` (or ``site_id``, the location), ``LINE_paid_PAYER_cny`` (what the city or
        the district has paid so far for construction, operation, rating or chain; 0 says nothing; for construction at
        the location: if its rows differ, the largest counts) and ``award_rating`` (the rating of the last award).
    what : {"facility", "candidate", "station"}
        What the rows are. Candidates and proposed stations also get the benefits of conversions, if they are of the
        kinds that the clause names; if their kind is unknown, the line is conditional. A row of stations without a tier
        is a station.
    grounds : Grounds, optional
        Where the sites are: a standard promises nothing where it does not hold, and all lines of a standard for
        comparison are conditional. If absent, all standards hold everywhere, and their excluded areas are unknown.

    Returns
    -------
    pandas.DataFrame
        One row for each line, in the order of sites, standards and clauses: ``site_id`` (the row's id), ``clause_id``,
        ``standard_id``, ``line``, ``payer``, ``status`` (eligible, conditional, unknown), ``amount_cny`` (yuan; NaN if
        it cannot be known), ``unit_amount`` (yuan ``per`` new bed, facility, site or month of a person), ``capped`` (a
        cap reduced the amount), ``missing`` (columns), ``conditions_zh``, ``conditions_en``, ``notes_zh``,
        ``notes_en``, ``quote``, ``excludes`` (clauses of other documents that pay the same money and appear for this
        site), ``adds_to`` (clauses to which it is paid in addition), ``group`` (the lines of one group exclude one
        another).

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.assess.funding import funding_lines
    >>> from siting.read import standard
    >>> known = {"tier": "institution", "operator_kind": "private", "tenure": "own", "opens": "2020-05-01"}
    >>> known["construction_paid_city_cny"] = 0.0
    >>> sites = pd.DataFrame(known | {"new_beds": [49, 50]}, index=["a", "b"])
    >>> lines = funding_lines([standard("cq-2017-162")], sites, what="facility")
    >>> lines[["site_id", "line", "status", "amount_cny"]].to_numpy().tolist()
    [['b', 'construction', 'eligible', 500000.0]]
    """
    promises = list(_promises(standards, what))
    facts = _facts(sites, what)
    where = grounds or Grounds()
    found = [_within_cap(promise, facts, _judged_there(promise, facts, what, where)) for promise in promises]
    table = _mixed(promises, facts, found)
    links = _links(promises)
    groups = _groups(links)
    rows = [
        _row(site, promise, each, present, links, groups)
        for number, site in enumerate(sites.index)
        if (present := {promise.clause.id for promise, column in zip(promises, table, strict=True) if column[number]})
        for promise, column in zip(promises, table, strict=True)
        if (each := column[number]) is not None
    ]
    lines = pd.DataFrame(rows, columns=list(LINE_COLUMNS))
    return lines.astype({"amount_cny": "float64", "unit_amount": "float64", "capped": "bool"})


def funding_summary(lines: pd.DataFrame) -> pd.DataFrame:
    """Add up what each site is eligible for; of lines that exclude one another the largest counts.

    Parameters
    ----------
    lines : pandas.DataFrame
        The result of :func:`funding_lines`.

    Returns
    -------
    pandas.DataFrame
        Index: the sites that have lines, in their order. ``eligible_cny`` (yuan; conditional and unknown lines are
        not in it), of which ``eligible_city_cny``, ``eligible_district_cny`` and ``eligible_either_cny`` by payer, and
        the number of lines of each status: ``eligible_lines``, ``conditional_lines``,
        ``unknown_lines``.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.assess.funding import funding_lines, funding_summary
    >>> from siting.read import standard
    >>> both = [standard("cq-2017-162"), standard("nanan-2018-180")]
    >>> known = {"tier": "institution", "operator_kind": "private", "tenure": "own", "opens": "2020-05-01"}
    >>> known["construction_paid_city_cny"] = 0.0
    >>> sites = pd.DataFrame(known | {"new_beds": 50}, index=["a"])
    >>> funding_summary(funding_lines(both, sites, what="facility")).loc["a"].tolist()
    [500000.0, 500000.0, 0.0, 0.0, 2.0, 0.0, 0.0]
    """
    sites = pd.Index(lines["site_id"].unique(), name="id")
    eligible = lines[lines["status"] == "eligible"]
    table = pd.DataFrame(index=sites)
    chosen = _largest(eligible)
    for payer in (None, *PAYERS, "either"):
        paid = chosen if payer is None else chosen[chosen["payer"] == payer]
        sums = paid.groupby("site_id")["amount_cny"].sum().reindex(sites).fillna(0.0).astype("float64")
        table["eligible_cny" if payer is None else f"eligible_{payer}_cny"] = sums
    for status in ("eligible", "conditional", "unknown"):
        counts = lines.loc[lines["status"] == status, "site_id"].value_counts()
        table[f"{status}_lines"] = counts.reindex(sites).fillna(0).astype("int64")
    return table


def net_costs(costs: pd.Series, lines: pd.DataFrame) -> pd.DataFrame:
    """Compare the cost of sites with the money that is paid for them once.

    Monthly payments and payments to residents are not included. Only what a site is eligible for is subtracted; of
    lines that exclude one another the largest counts, and a net cost is never below 0.

    Parameters
    ----------
    costs : pandas.Series
        Yuan, gross, by site; NaN if unknown.
    lines : pandas.DataFrame
        The result of :func:`funding_lines` for these sites.

    Returns
    -------
    pandas.DataFrame
        By site ``subsidy_cny`` (eligible), ``net_cost_cny`` (NaN if the cost is NaN) and ``subsidy_conditional_cny``
        (the additional amount of conditional lines; not subtracted).

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.assess.funding import net_costs
    >>> lines = pd.DataFrame({"site_id": ["a", "a"], "group": ["a|1", "a|2"], "line": ["rating", "demonstration"]})
    >>> lines = lines.assign(status=["eligible", "conditional"], amount_cny=[30_000.0, 2_000_000.0])
    >>> net_costs(pd.Series({"a": 500_000.0}), lines).loc["a"].tolist()
    [30000.0, 470000.0, 2000000.0]
    """
    once = lines[lines["line"].isin(_PAID_ONCE)]
    surely = _largest(once[once["status"] == "eligible"])
    perhaps = _largest(once[once["status"].isin(("eligible", "conditional"))])
    paid, more = (
        table.groupby("site_id")["amount_cny"].sum().reindex(costs.index).fillna(0.0) for table in (surely, perhaps)
    )
    net = (costs - paid).clip(lower=0.0)
    return pd.DataFrame({"subsidy_cny": paid, "net_cost_cny": net, "subsidy_conditional_cny": more - paid})


def _largest(lines: pd.DataFrame) -> pd.DataFrame:
    """Return for each group of lines that exclude one another the one with the largest amount."""
    known = lines.dropna(subset="amount_cny")
    return known.loc[known.groupby(["site_id", "group"])["amount_cny"].idxmax()]


# --- what is asked ----------------------------------------------------------------------------------------------------


def _promises(standards: Iterable[Standard], what: What) -> Iterator[_Promise]:
    for standard in standards:
        for clause in standard.clauses:
            if clause.treatment == "out_of_scope":
                continue
            if clause.kind == "funding" and clause.funding is not None:
                yield _Promise(standard, clause, clause.funding)
            elif what != "facility" and _eases_conversion(clause):
                yield _Promise(standard, clause, None)


def _eases_conversion(clause: Clause) -> bool:
    """Tell whether a clause favours conversions: by its kind, or as a limit of candidates' floor area."""
    return clause.kind == "conversion" or (
        clause.kind == "threshold" and clause.unit == "m2" and "candidates" in clause.needs
    )


def _facts(sites: pd.DataFrame, what: What) -> list[Facts]:
    """Return the known columns of each site, None if unknown; ``place`` is its location, its own if none is named."""
    named = sites if "place_id" in sites else sites.rename(columns={"site_id": "place_id"})
    frame = pd.DataFrame(named).reindex(columns=[*_TEXTS, *_FIGURES, "opens", "generated", "rural"])
    texts = frame[list(_TEXTS)].astype("object")
    figures = pd.DataFrame({name: pd.to_numeric(frame[name]).astype("float64") for name in _FIGURES})
    alone = pd.Series([f"own {key}" for key in frame.index], index=frame.index, dtype="object")
    place = texts["place_id"].map(lambda key: f"site {key}").where(texts["place_id"].notna(), alone)
    for name in (paid_column("construction", payer) for payer in PAYERS):
        figures[name] = figures[name].groupby(place).transform("max")
    if what == "station":
        texts["tier"] = texts["tier"].where(texts["tier"].notna(), "station")
    if what != "facility":
        texts["status"] = "planned"
    # A lattice point is no premises.
    made = frame["generated"].astype("boolean").fillna(value=False)
    opens = pd.to_datetime(frame["opens"]).rename("opens")
    rural = frame["rural"].astype("boolean")
    texts["candidate"] = what == "candidate"
    records = (
        pd.concat([texts, figures, opens, made, rural], axis=1).assign(place=place, id=frame.index).to_dict("records")
    )
    return [{str(key): None if pd.isna(value) else value for key, value in record.items()} for record in records]


def _among(value: str | None, allowed: Sequence[str]) -> bool | None:
    if not allowed:
        return True
    return None if value is None else value in allowed


def _may_be(facts: Facts, tiers: Sequence[str]) -> bool | None:
    """Tell whether a site is of some tiers; what is built on a candidate is a station or a centre."""
    if facts["candidate"] and facts["tier"] is None and tiers and not {*_BUILT} & {*tiers}:
        return False
    return _among(facts["tier"], tiers)


def _at_least(value: float | None, limit: float | None) -> bool | None:
    if limit is None:
        return True
    return None if value is None else value >= limit


def _below(value: float | None, limit: float | None) -> bool | None:
    if limit is None:
        return True
    return None if value is None else value < limit


def _site_asks(funding: Funding, facts: Facts) -> Iterator[Ask]:
    # State-owned premises may be used in either way.
    tenure = None if facts["tenure"] == "state" else facts["tenure"]
    yield "tier", _may_be(facts, funding.tiers)
    yield "operator_kind", _among(facts["operator_kind"], funding.operator_kinds)
    yield "tenure", _among(tenure, () if funding.tenure is None else (funding.tenure,))
    yield "lease_years", _at_least(facts["lease_years"], funding.lease_years_at_least)


def _award_asks(award: Award, facts: Facts) -> Iterator[Ask]:
    rating = facts["rating"]
    yield "new_beds", _at_least(facts["new_beds"], award.new_beds_at_least)
    yield "beds", _at_least(facts["beds"], award.beds_at_least)
    yield "beds", _below(facts["beds"], award.beds_below)
    yield "rating_kind", _among(facts["rating_kind"], () if award.rating_kind is None else (award.rating_kind,))
    if award.rating is not None:
        yield "rating", None if rating is None else rating == award.rating


def _undecided(asks: Iterable[Ask]) -> tuple[str, ...] | None:
    """Return the columns that leave a condition open; None if one condition is not met."""
    answers = list(asks)
    if any(answer is False for _, answer in answers):
        return None
    return tuple(name for name, answer in answers if answer is None)


# --- one site, one promise --------------------------------------------------------------------------------------------


def _judged_there(promise: _Promise, facts: Sequence[Facts], what: What, where: Grounds) -> list[_Found | None]:
    """Return the finding on one promise if its standard holds at the site; otherwise it promises nothing."""
    held = [where.holds(promise.standard, promise.clause, row["id"]) for row in facts]
    found = iter(_judged(promise, [row for row, holds in zip(facts, held, strict=True) if holds], what))
    told = [next(found) if holds else None for holds in held]
    if promise.clause.without_excluded and where.left_out is None:
        places = "、".join(promise.standard.excludes)
        told = [each and each.doubted("area", places=places) for each in told]
    if promise.standard_id in where.compared:
        told = [each and each.doubted("comparison", place=promise.standard.jurisdiction) for each in told]
    return told


def _judged(promise: _Promise, facts: Sequence[Facts], what: What) -> list[_Found | None]:
    """Return the finding on one promise; an award for a chain considers all facilities, and premises are none."""
    if promise.funding is None or promise.funding.line != "chain":
        return [_judge(promise, row) for row in facts]
    if what != "facility":
        return [found and found.doubted("chain") for found in (_judge(promise, row) for row in facts)]
    earlier = earlier_in_chain(facts, promise.funding)
    return [_of_chain(_judge(promise, row), each) for row, each in zip(facts, earlier, strict=True)]


def _of_chain(found: _Found | None, earlier: Earlier) -> _Found | None:
    """Return an award for the institutions that a chain adds: the first one of its operator adds none."""
    if found is None or earlier.most == 0:
        return None
    if earlier.least < _SURELY_ADDED:
        if earlier.unclear:
            return found.doubted("chain_open", *earlier.missing, ids=", ".join(earlier.unclear))
        return found.doubted("chain_second")
    return found


def _judge(promise: _Promise, facts: Facts) -> _Found | None:
    clause, funding = promise.clause, promise.funding
    if funding is None:
        return _conversion(clause, facts)
    asked = _undecided(_site_asks(funding, facts))
    awards = [(each, _undecided(_award_asks(each, facts))) for each in funding.awards]
    fitting = [(each, lacking) for each, lacking in awards if lacking is not None]
    past = _past(funding, facts)
    if asked is None or past is None or (awards and not fitting):
        return None
    sure = [each for each, lacking in fitting if not lacking]
    open_awards = () if sure else chain.from_iterable(lacking for _, lacking in fitting)
    deciding = tuple(dict.fromkeys((*asked, *open_awards, *past, *_cap_lacks(funding, facts))))
    # If there is only one rate, it is known before the conditions are.
    award = next(iter(sure), fitting[0][0] if len(fitting) == 1 else None)
    return _doubts(promise.standard, funding, facts, _valued(clause, award, deciding, facts))


def _conversion(clause: Clause, facts: Facts) -> _Found | None:
    """Return the benefit of a conversion for premises that are, or may be, of the kinds that the clause names."""
    kind = kind_of_premises(facts["kind"])
    # Reading the candidates reports unknown words once.
    if kind is None and pd.notna(facts["kind"]) and clause.premises:
        return None
    named = is_named(kind, facts["tenure"], clause.premises, rural=facts["rural"])
    limit = clause.number if clause.unit == "m2" else None
    area = facts["floor_area_m2"]
    if facts["generated"] or named is False or (clause.urban and facts["rural"]):
        return None
    if limit is not None and clause.comparison is not None and area is not None:
        holds = area <= limit if clause.comparison == "at_most" else area >= limit
        if not holds:
            return None
    if limit is not None and area is None:
        return _Found("unknown", ("floor_area_m2",))
    blank = "kind" if kind is None else "tenure"
    return _Found("conditional", () if named else (blank,))


def _past(funding: Funding, facts: Facts) -> tuple[str, ...] | None:
    """Return the columns that earlier awards leave open; None if the award was already received."""
    paid, before, rating = _paid(funding, facts), facts["award_rating"], facts["rating"]
    if not funding.once or paid == 0:
        return ()
    if not any(each.rating is not None for each in funding.awards):
        return _unpaid(funding, facts) or None
    if before is None:
        return _unpaid(funding, facts) or ("award_rating",)
    return () if rating is None or rating > before else None


def _paid(funding: Funding, facts: Facts) -> float | None:
    """Return what was paid earlier of the same money; None if unknown."""
    return None if _unpaid(funding, facts) else math.fsum(facts[name] for name in funding.paid_columns)


def _unpaid(funding: Funding, facts: Facts) -> tuple[str, ...]:
    """Return the columns that do not tell what was paid earlier."""
    return tuple(name for name in funding.paid_columns if facts[name] is None)


def _cap_lacks(funding: Funding, facts: Facts) -> tuple[str, ...]:
    return _unpaid(funding, facts) if funding.cap_per_site_lifelong else ()


def _valued(clause: Clause, award: Award | None, deciding: tuple[str, ...], facts: Facts) -> _Found:
    """Return status and amount before caps and earlier awards."""
    counted = None if award is None else _COUNTED.get(award.per)
    count = 1.0 if counted is None else facts[counted]
    lacking = (counted,) if counted is not None and count is None else ()
    missing = tuple(dict.fromkeys((*deciding, *lacking)))
    computed = clause.treatment == "computed"
    if deciding or (lacking and computed):
        return _Found("unknown", missing, award)
    amount = math.nan if award is None or count is None else award.cny * count
    return _Found("eligible" if computed else "conditional", missing, award, amount)


def _doubts(standard: Standard, funding: Funding, facts: Facts, found: _Found) -> _Found:
    """Return the finding with everything that the text or the columns leave open."""
    found = _received(funding, facts, _barred(funding, facts, _new(standard, funding, facts, found)))
    if funding.tenure is not None and facts["tenure"] == "state":
        found = found.noting("state_tenure")
    if funding.mean_not_entitlement:
        found = _had(facts, found.doubted("mean"))
    found = _open_long_enough(funding, facts, _matching(funding, facts, found))
    # Only the bands of chains overlap; the bands for two star ratings state which of them includes the number （含）.
    bands = [each.beds_below for each in funding.awards] if funding.line == "chain" else []
    if facts["beds"] is not None and facts["beds"] in bands:
        found = found.noting("band_overlap", beds=facts["beds"])
    return _upgraded(funding, facts, found)


def _new(standard: Standard, funding: Funding, facts: Facts, found: _Found) -> _Found:
    """Return money for new things, conditional if the home existed before the document, or may have."""
    if funding.line not in _FOR_NEW or (facts["opens"] is None and facts["status"] in _COMING):
        return found
    if facts["opens"] is None:
        return found.doubted("opened_unknown", "opens", in_force=_since(standard))
    opened = facts["opens"].date()
    if opened >= standard.from_day:
        return found
    return found.doubted("opened_before", opens=opened, in_force=_since(standard))


def _had(facts: Facts, found: _Found) -> _Found:
    """Return a grant for building with a note on what the site has already received."""
    paid = math.fsum(facts[name] or 0.0 for name in paid_columns("construction", "city"))
    return found.noting("received", paid=paid) if paid > 0 else found


def _matching(funding: Funding, facts: Facts, found: _Found) -> _Found:
    """Return money that is at most what another payer has paid: that much, if it is known."""
    if funding.at_most_paid_by is None:
        return found
    column = paid_column("construction", funding.at_most_paid_by)
    paid = facts[column]
    if paid is None:
        return replace(found, status="unknown", missing=tuple(dict.fromkeys((*found.missing, column))))
    return replace(found, amount=paid).noting("at_most_paid", paid=paid)


def _open_long_enough(funding: Funding, facts: Facts, found: _Found) -> _Found:
    """Return money for what has been open for some years, with the day from which it has."""
    years = funding.years_open_at_least
    if years is None:
        return found
    if facts["opens"] is None:
        return found.doubted("open_since_unknown", "opens", years=years)
    return found.noting("open_since", years=years, day=(facts["opens"] + pd.DateOffset(years=years)).date())


def _since(standard: Standard) -> object:
    """Return since when a document is in force: the day, otherwise the year of issue, as far as it is known."""
    return standard.in_force or standard.issued_year or UNKNOWN


def _barred(funding: Funding, facts: Facts, found: _Found) -> _Found:
    """Return an award, conditional if other money that replaces it was paid, or may have been."""
    if facts["status"] in _COMING:
        return found
    paid = [facts[name] for name in funding.barring_columns]
    if any(paid):
        return found.doubted("barred", paid=math.fsum(each for each in paid if each))
    blank = [name for name, each in zip(funding.barring_columns, paid, strict=True) if each is None]
    return found.doubted("barred_unknown", *blank) if blank else found


def _received(funding: Funding, facts: Facts, found: _Found) -> _Found:
    """Return money for new things, conditional if the site has received some, or may have: it may be for the same beds.

    A chain is paid once for an institution. Of what does not stand yet, no bed has been paid.
    """
    if funding.line not in _FOR_NEW or funding.once:
        return found
    names = paid_columns(funding.line, funding.payer)
    paid = math.fsum(facts[name] or 0.0 for name in names)
    if paid > 0:
        return found.doubted("received", paid=paid)
    blank = [name for name in names if facts[name] is None and name not in found.missing]
    return found.doubted("received_unknown", *blank) if blank and facts["status"] not in _COMING else found


def _upgraded(funding: Funding, facts: Facts, found: _Found) -> _Found:
    """Return an award after a lower one: the text may mean the full award or the difference; so the difference."""
    paid, full = _paid(funding, facts), found.amount
    if not funding.once or paid == 0 or found.status == "unknown" or facts["award_rating"] is None:
        return found
    if paid is None:
        open_one = replace(
            found, status="conditional", amount=math.nan, missing=(*found.missing, *_unpaid(funding, facts))
        )
        return open_one.noting("upgrade_unpaid", full=full)
    rest = max(0.0, full - paid)
    return replace(found, status="conditional", amount=rest).noting("upgrade", full=full, paid=paid, rest=rest)


# --- caps -------------------------------------------------------------------------------------------------------------


def _within_cap(promise: _Promise, facts: Sequence[Facts], found: Sequence[_Found | None]) -> list[_Found | None]:
    """Return the finding on one promise, limited by its cap: of a location, in the order of rows, or of each site."""
    cap = None if promise.funding is None else promise.funding.cap_cny
    if cap is None:
        return list(found)
    used: dict[Any, float] = {}
    unsure: set[Any] = set()
    cut: list[_Found | None] = []
    for number, (row, each) in enumerate(zip(facts, found, strict=True)):
        place = row["place"] if promise.lifelong else number
        if each is None or each.status == "unknown":
            unsure |= set() if each is None else {place}
            cut.append(each)
            continue
        paid = _paid(promise.funding, row) if promise.lifelong and promise.funding is not None else 0.0
        before = used.get(place, paid or 0.0)
        kept = _cut(each, cap, before)
        used[place] = before + (0.0 if math.isnan(kept.amount) else kept.amount)
        cut.append(kept.doubted("cap_after_unknown") if place in unsure else kept)
    return cut


def _cut(found: _Found, cap: float, before: float) -> _Found:
    left = max(0.0, cap - before)
    if not found.amount > left:
        return found
    return replace(found, amount=left, capped=True).noting("capped", cap=cap, used=before, left=left)


def _mixed(
    promises: Sequence[_Promise], facts: Sequence[Facts], found: Sequence[Sequence[_Found | None]]
) -> list[list[_Found | None]]:
    """Return the findings, conditional if one location has money under two lifelong caps of one document."""
    clauses: dict[tuple[str, str], set[str]] = {}
    for promise, column in zip(promises, found, strict=True):
        for row, each in zip(facts, column, strict=True):
            if promise.lifelong and each is not None and each.status != "unknown":
                clauses.setdefault((promise.standard_id, row["place"]), set()).add(promise.clause.id)
    return [
        [
            each.doubted("cap_mixed")
            if each is not None and promise.lifelong and len(clauses.get((promise.standard_id, row["place"]), ())) > 1
            else each
            for row, each in zip(facts, column, strict=True)
        ]
        for promise, column in zip(promises, found, strict=True)
    ]


# --- lines ------------------------------------------------------------------------------------------------------------


def _links(promises: Sequence[_Promise]) -> dict[str, set[str]]:
    """Return for each clause those that pay the same money, whichever of the two states it."""
    links: dict[str, set[str]] = {promise.clause.id: set() for promise in promises}
    for promise in promises:
        for other in () if promise.funding is None else promise.funding.excludes:
            if other in links:
                links[other].add(promise.clause.id)
                links[promise.clause.id].add(other)
    return links


def _groups(links: Mapping[str, set[str]]) -> dict[str, str]:
    """Return the first clause to which each clause is linked, directly or through others."""
    groups = {key: key for key in links}
    for one, others in links.items():
        joined = {groups[each] for each in (one, *others)}
        groups = {key: min(joined) if group in joined else group for key, group in groups.items()}
    return groups


def _row(
    site: object,
    promise: _Promise,
    found: _Found,
    present: set[str],
    links: Mapping[str, set[str]],
    groups: Mapping[str, str],
) -> dict[str, object]:
    clause, funding, award = promise.clause, promise.funding, found.award
    return {
        "site_id": site,
        "clause_id": clause.id,
        "standard_id": promise.standard_id,
        "line": "conversion" if funding is None else funding.line,
        "payer": None if funding is None else funding.payer,
        "status": found.status,
        "amount_cny": found.amount,
        "unit_amount": math.nan if award is None else award.cny,
        "per": None if award is None else award.per,
        "capped": found.capped,
        "missing": list(found.missing),
        **_words(clause, funding, found),
        "quote": clause.quote,
        "excludes": _of_others(links[clause.id] & present, promise.standard_id),
        "adds_to": [] if funding is None else list(funding.adds_to),
        "group": f"{site}|{groups[clause.id]}",
    }


def _of_others(clause_ids: set[str], standard_id: str) -> list[str]:
    return sorted(key for key in clause_ids if not key.startswith(f"{standard_id}/"))


def _words(clause: Clause, funding: Funding | None, found: _Found) -> dict[str, object]:
    """Return conditions and notes in both languages; for a conversion, whose text has no list, all are conditions."""
    said = {"zh": [clause.note_zh, clause.why_zh], "en": [clause.note_en, clause.why_en]}
    told = {lang: [text for text in texts if text] for lang, texts in said.items()}
    if funding is None:
        return {"conditions_zh": told["zh"], "conditions_en": told["en"], "notes_zh": [], "notes_en": []}
    return {
        "conditions_zh": list(funding.conditions_zh),
        "conditions_en": list(funding.conditions_en),
        "notes_zh": [note.said("zh") for note in found.notes] + told["zh"],
        "notes_en": [note.said("en") for note in found.notes] + told["en"],
    }
