r"""Certificates: multipliers and a search tree that bound every choice, checked in whole numbers.

A certificate claims that no choice of sites is better than a bound. It needs no trust in a solver: this module reads
nothing but the problem, and adds and compares whole numbers only. People, times and costs are multiplied by powers of
two, which floats do exactly, and rounded in the direction that can only weaken the claim.

Every model is written as a maximisation over the open sites x, whose number is limited by p. For given multipliers u it
is relaxed so that each site j adds a gain g_j of its own (Fisher 1981):

.. math:: z(x) \le C(u) + \sum_j g_j(u) x_j

.. math:: C = O - \sum_i u_i + \sum_i \max(0, u_i - a_i), \quad g_j = \sum_{i \in N(j)} \max(0, u_i - d_{ij}) - f_j

where a_i is the cost of point i without a new site, d_ij that at site j, N(j) the points that site j reaches, f_j the
cost of a site, and u_i the multiplier of "point i is served once, by an open site or without one":

- maximal covering: a_i = w_i, its people, which are lost without a site; d_ij = 0; O = Σ_i w_i
- set covering (least cost, negated): a_i = r w_i and O = r s, with r the multiplier of "points left out weigh at most
  s"; d_ij = 0, f_j the cost
- p-median with a time for those beyond (negated): a_i and d_ij are people × seconds; O = 0

The bound of a node of the tree, where some sites are open and others closed, is C plus the gains of the open sites and
the largest positive gains of as many other sites as may still be opened.

Rules on sites make choices fewer, so a bound that ignores them holds; these are heeded:

- a budget B, with a price r of money: C grows by r B, and g_j becomes g_j − r c_j; sites that cost more than is left
  are closed
- a capacity K_j: g_j is the most that a continuous knapsack holds, where point i weighs n_i people and counts its term
  s_ij of the sum above; for any θ it is at most θ K_j + Σ_i max(0, s_ij − θ n_i)
- at most one size of a place and so many sites of a unit: the largest gains within them count
- sites too near to an open one, and others of a set of which enough are open, are closed

Among sites that are not decided, spacing, sets and facilities that must stay in some size are ignored. A plan with
capacity comes with which site serves which people, which is checked and not computed.
"""

import base64
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
from scipy.sparse import csr_array

from siting.domain.certificates import CertificateNode, CertificateValues, CertifiedModel
from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Bools, MaximalCovering, Model, PMedian, Problem, SetCovering

# Sums of whole numbers up to this are exact in 64 bits.
_MOST_BITS: Final = 62
_MOST: Final = 2.0**_MOST_BITS
# More points than any city has: so much is unpacked at most.
_MOST_POINTS: Final = 2**26
# The price r is a multiple of 2^-16.
PRICE_BITS: Final = 16
# A share is reached if it is missed by less than this part of all people; so much more may a site serve than it can.
_SHARE_TOLERANCE: Final = 1e-9
# A budget may be exceeded by this part of it: sums of floats.
_BUDGET_TOLERANCE: Final = 1e-12
# All costs together are at most about 2^40 units, so that products with prices are precise.
_MONEY_BITS: Final = 40


class CertificateError(Exception):
    """A certificate that does not prove its claim.

    Parameters
    ----------
    code : str
        Which part fails: a key of the texts ``proof.refuted``.
    **values : object
        What the text names.
    """

    def __init__(self, code: str, **values: object) -> None:
        self.code, self.values = code, values
        super().__init__(f"{code}: {values}")


@dataclass(frozen=True)
class Certificate:
    """A claim about every choice of sites, and its proof.

    Parameters
    ----------
    model : {"mclp", "lscp", "p_median"}
        The relaxed model.
    bits : tuple of int
        People and times are in units of 2^-bits of a person and of a second, costs in 2^-bits of their unit: the first
        number is for people, the second for times or costs.
    bound : int
        The claim: no choice has a greater value (of covering), or a smaller one, in these units. The units of
        ``"p_median"`` are those of people times those of times.
    multipliers : tuple of ndarray of int
        Sets of multipliers, each with one number for each point of the problem, not negative.
    shift : int
        All multipliers are multiples of 2^shift.
    prices : tuple of int
        For each set the price r in 2^-16 of a unit: of leaving a person out (set covering), or of money where there is
        a budget (:func:`money_bits`); otherwise 0.
    tree : mapping
        The root of the search tree; see :class:`siting.domain.certificates.CertificateNode`.
    served : Served or None
        With capacity: which site serves which people in the plan.
    """

    model: CertifiedModel
    bits: tuple[int, int]
    bound: int
    multipliers: tuple[Ints, ...]
    shift: int
    prices: tuple[int, ...]
    tree: CertificateNode
    served: "Served | None" = None

    def to_json(self) -> CertificateValues:
        """Return the certificate as JSON values; each set of multipliers as :func:`packed`."""
        found: CertificateValues = {
            "model": self.model,
            "bits": list(self.bits),
            "bound": self.bound,
            "multipliers": [packed(each >> self.shift) for each in self.multipliers],
            "shift": self.shift,
            "prices": list(self.prices),
            "tree": self.tree,
        }
        if self.served is not None:
            found["served"] = [packed(self.served.site), packed(self.served.point), packed(self.served.persons)]
        return found

    @classmethod
    def from_json(cls, found: CertificateValues) -> Self:
        """Return the certificate of JSON values.

        Raises
        ------
        CertificateError
            The values are no certificate.
        """
        try:
            shift = _small(found["shift"])
            sets = tuple(unpacked(each) << shift for each in found["multipliers"])
            bits = tuple(_small(each) for each in found["bits"])
            prices = tuple(_number(each) for each in found["prices"])
            people, other = bits
            bound = _number(found["bound"])
            if abs(bound) > _MOST:
                raise CertificateError(code="large")
            served = None if "served" not in found else Served.unpacked(*found["served"])
            return cls(found["model"], (people, other), bound, sets, shift, prices, found["tree"], served)
        except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
            raise CertificateError(code="unreadable") from error


class Served(NamedTuple):
    """How many persons of a point a site serves."""

    site: Ints
    point: Ints
    persons: Floats

    @classmethod
    def of(cls, persons: csr_array) -> Self:
        """Return the triples of a matrix of sites and points."""
        pairs = persons.tocoo()
        site, point = (each.astype(np.int64) for each in pairs.coords)
        return cls(site, point, np.asarray(pairs.data, dtype=np.float64))

    @classmethod
    def unpacked(cls, site: str, point: str, persons: str) -> Self:
        """Return the triples of their packed columns."""
        found = cls(unpacked(site), unpacked(point), unpacked(persons).view(np.float64))
        if not len(found.site) == len(found.point) == len(found.persons):
            raise CertificateError(code="unreadable")
        return found


def packed(values: Ints | Floats) -> str:
    """Return numbers as text: 64 bits each (little-endian), compressed by zlib, in base64.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.locate.certificate import packed, unpacked
    >>> unpacked(packed(np.array([4, 5, 3]))).tolist()
    [4, 5, 3]
    """
    bits = values.astype(values.dtype.newbyteorder("<")).tobytes()
    return base64.b64encode(zlib.compress(bits, 9)).decode("ascii")


def unpacked(text: str) -> Ints:
    """Return the whole numbers of :func:`packed`."""
    found = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), 8 * _MOST_POINTS)
    return np.frombuffer(found, dtype="<i8").astype(np.int64)


@dataclass(frozen=True)
class Relaxation:
    """A model for given multipliers: ``constant`` plus the ``gain`` of each open site bounds every choice."""

    constant: int
    gain: Ints


def check_certificate(problem: Problem, model: Model, certificate: Certificate) -> float:
    """Return the bound that a certificate proves, in people, sites, money or person-seconds.

    Parameters
    ----------
    problem : Problem
        The problem, as the scenario gives it; see :func:`has_certificate`.
    model : Model
        The model of the plan.
    certificate : Certificate
        The claim and its proof.

    Returns
    -------
    float
        For ``"mclp"`` the most people that any choice newly covers, for the others the least cost.

    Raises
    ------
    CertificateError
        The proof fails, or is for another model or problem.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.certificate import Certificate, check_certificate
    >>> from siting.locate.problem import MaximalCovering, Problem, Rules
    >>> reach = csr_array(np.array([[1.0, 1, 0], [0, 1, 1]]))
    >>> problem = Problem(reach, np.array([4.0, 5.0, 3.0]), Rules(stations=1))
    >>> claim = Certificate("mclp", (0, 0), 9, (np.array([4, 5, 3]),), 0, (0,), {"by": 0})
    >>> check_certificate(problem, MaximalCovering(), claim)
    9.0
    """
    relaxed = relaxations(problem, model, certificate)
    limits = site_limits(problem, model)
    sign = 1 if certificate.model == "mclp" else -1
    claim = sign * certificate.bound
    for by, opened, free in _claims(problem, certificate, limits):
        if not 0 <= by < len(relaxed):
            raise CertificateError(code="no_set", number=by)
        if (found := bound_of(relaxed[by], opened, free, limits)) > claim:
            unit = 2.0 ** unit_bits(certificate)
            raise CertificateError(code="weak", proved=sign * found / unit, claimed=certificate.bound / unit)
    if isinstance(model, SetCovering):
        return _next_sum(problem, model, certificate)
    bound = certificate.bound / 2.0 ** unit_bits(certificate)
    return float(math.floor(bound)) if isinstance(model, MaximalCovering) and counts_whole(problem) else bound


def counts_whole(problem: Problem) -> bool:
    """Tell whether every choice covers a whole number: also with capacities, since flows of whole numbers are whole."""
    limits = np.zeros(0) if problem.rules.capacity is None else problem.rules.capacity
    limits = limits[np.isfinite(limits)]
    if len(limits) and (problem.weights is not None or not np.all(limits == np.rint(limits))):
        return False
    return bool(np.all(problem.value == np.rint(problem.value)))


def unit_bits(certificate: Certificate) -> int:
    """Return the bits of the unit of a certificate's bound."""
    people, other = certificate.bits
    return {"mclp": people, "lscp": other, "p_median": people + other}[certificate.model]


def value_of(problem: Problem, model: Model, chosen: Ints, served: Served | None = None) -> float:
    """Return the objective of a choice, computed from the problem alone.

    Parameters
    ----------
    problem, model
        As for :func:`check_certificate`.
    chosen : ndarray of int
        The open sites without the kept ones.
    served : Served or None
        With capacity: which site serves which people.

    Returns
    -------
    float
        People newly covered, the number or the cost of sites, or person-seconds.

    Raises
    ------
    CertificateError
        The choice breaks a rule of the problem, or misses the share, or the sites cannot serve as told.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.certificate import value_of
    >>> from siting.locate.problem import MaximalCovering, Problem, Rules
    >>> reach = csr_array(np.array([[1.0, 1, 0], [0, 1, 1]]))
    >>> value_of(Problem(reach, np.array([4.0, 5.0, 3.0])), MaximalCovering(), np.array([0]))
    9.0
    """
    if not _keeps_rules(problem, chosen):
        raise CertificateError(code="breaks_rules")
    if problem.rules.capacity is not None:
        part = _part_served(problem, chosen, served)
    else:
        part = problem.reached_by(chosen).astype(np.float64)
    if isinstance(model, MaximalCovering):
        return math.fsum(problem.value * part * ~problem.reached_by(np.zeros(0, dtype=np.int64)))
    if isinstance(model, SetCovering):
        if math.fsum(problem.people * (1.0 - part)) > _room(problem, model.share):
            raise CertificateError(code="misses_share")
        costs = problem.rules.costs if model.by_cost else None
        counted = problem.counted[chosen]
        return float(counted.sum()) if costs is None else math.fsum(costs[chosen])
    assert isinstance(model, PMedian)  # noqa: S101 - the models that have certificates
    beyond_s = np.inf if model.beyond_s is None else model.beyond_s
    if problem.rules.capacity is None:
        return math.fsum(problem.value * np.minimum(nearest_of(problem, chosen), beyond_s))
    assert served is not None  # noqa: S101 - it was checked
    share = served.persons / np.maximum(problem.people[served.point], np.finfo(np.float64).tiny)
    seconds = np.minimum(problem.times.data[_pairs(problem, served)].astype(np.float64), beyond_s)
    walked = math.fsum(problem.value[served.point] * share * seconds)
    return walked + beyond_s * math.fsum(problem.value * np.maximum(1.0 - part, 0.0))


def _keeps_rules(problem: Problem, chosen: Ints) -> bool:
    """Tell whether a choice keeps every rule on sites."""
    rules, kept = problem.rules, np.flatnonzero(problem.kept)
    opened = np.concatenate([kept, chosen])
    counted = chosen[problem.counted[chosen]]
    keeps = [np.all(problem.open_to_choice[chosen]), len(np.unique(chosen)) == len(chosen)]
    if rules.forced is not None:
        keeps.append(np.all(np.isin(np.flatnonzero(rules.forced), opened)))
    if rules.stations is not None:
        keeps.append(len(counted) <= rules.stations)
    if rules.budget is not None and rules.costs is not None:
        keeps.append(math.fsum(rules.costs[chosen]) <= _most_money(rules.budget))
    place = np.arange(problem.sites) if rules.place is None else rules.place
    keeps.append(len(np.unique(place[chosen])) == len(chosen) and not np.any(np.isin(place[chosen], place[kept])))
    if rules.occupied is not None:
        keeps.append(np.all(np.isin(place[rules.occupied], place[opened])))
    if rules.apart is not None:
        near = rules.apart[rules.apart[:, 0] != rules.apart[:, 1]]
        keeps.append(not np.any(np.isin(near, opened).all(axis=1) & ~np.isin(near, kept).all(axis=1)))
    if rules.unit is not None and rules.most_per_unit is not None:
        units = rules.unit[counted]
        many = np.bincount(units[units >= 0], minlength=len(rules.most_per_unit))
        keeps.append(np.all(many <= rules.most_per_unit))
    keeps += [np.isin(chosen, sites).sum() <= most for sites, most in rules.at_most]
    return all(keeps)


def _most_money(budget: float) -> float:
    return budget * (1.0 + _BUDGET_TOLERANCE)


def _part_served(problem: Problem, chosen: Ints, served: Served | None) -> Floats:
    """Return the part of each point that is served; refuse what the sites cannot do."""
    capacity, opened = problem.rules.capacity, problem.kept.copy()
    if served is None or capacity is None:
        raise CertificateError(code="served")
    site, point, persons = served
    sites, points = problem.times.shape
    inside = np.all((site >= 0) & (site < sites) & (point >= 0) & (point < points) & (persons >= 0))
    if not inside or not np.all(np.isfinite(persons)):
        raise CertificateError(code="served")
    opened[chosen] = True
    of_point = np.bincount(point, persons, points)
    more = 1.0 + _SHARE_TOLERANCE
    within = np.all(of_point <= problem.people * more) and np.all(np.bincount(site, persons, sites) <= capacity * more)
    if not within or not np.all(opened[site]) or np.any(_pairs(problem, served) < 0):
        raise CertificateError(code="served")
    part: Floats = of_point / np.where(problem.people > 0, problem.people, 1.0)
    return part


def _pairs(problem: Problem, served: Served) -> Ints:
    """Return the place of each pair in the walking times; -1 if the site does not reach the point."""
    times, points = problem.times, len(problem.people)
    keys = np.repeat(np.arange(problem.sites), np.diff(times.indptr)) * points + times.indices
    asked = served.site * points + served.point
    place = np.searchsorted(keys, asked)
    found = place < len(keys)
    found[found] = keys[place[found]] == asked[found]
    return np.where(found, place, -1)


def nearest_of(problem: Problem, chosen: Ints) -> Floats:
    """Return the seconds from each point to the nearest chosen or kept site; inf if none reaches it."""
    return problem.nearest(np.concatenate([np.flatnonzero(problem.kept), chosen]))


def _next_sum(problem: Problem, model: SetCovering, certificate: Certificate) -> float:
    """Return the least possible sum of whole costs that is not below the bound; otherwise the bound."""
    bits, costs = certificate.bits[1], problem.rules.costs if model.by_cost else None
    cost = problem.counted.astype(np.float64) if costs is None else costs
    if not np.all(cost == np.rint(cost)):
        return certificate.bound / 2.0**bits
    step = max(int(np.gcd.reduce(cost.astype(np.int64))), 1)
    return float(-(-certificate.bound // (step << bits)) * step)


@dataclass(frozen=True)
class SiteLimits:
    """The rules on sites that bounds heed.

    ``most`` of the ``counted`` sites may be open besides the kept ones. ``cell`` numbers the sites of a place that are
    in one unit and all counted or all not, and at most one of each is open; ``most_per_unit`` counted sites are open in
    each ``unit`` (-1: none).
    ``near`` has the sites that may not be open beside each. All but ``most`` and ``counted`` are None without the rule.
    ``sets`` are sets of sites of which so many may be open, ``required`` sets of which one must be.
    """

    most: int
    counted: Bools
    place: Ints | None
    cell: Ints | None
    unit: Ints | None
    most_per_unit: Ints | None
    near: tuple[Ints, ...] | None
    costs: Floats | None
    money: float
    sets: tuple[tuple[Ints, int], ...]
    required: tuple[Ints, ...]

    def beside(self, opened: Bools, free: Bools, site: int) -> Bools:
        """Return which of the free sites may be open beside a site and the ``opened`` ones, and are another one."""
        less = free.copy()
        less[site] = False
        if self.place is not None:
            less &= self.place != self.place[site]
        if self.near is not None:
            less[self.near[site]] = False
        for sites, most in self.sets:
            if np.any(sites == site) and opened[sites].sum() + (not opened[site]) >= most:
                less[sites] = False
        return less

    def broken(self, opened: Bools, free: Bools) -> bool:
        """Tell whether the open sites break a rule whatever free sites are added."""
        may, sites = opened | free, np.flatnonzero(opened)
        if any(opened[each].sum() > most for each, most in self.sets) or any(
            not may[each].any() for each in self.required
        ):
            return True
        if self.place is not None and len(np.unique(self.place[sites])) < len(sites):
            return True
        if self.near is not None and any(opened[self.near[site]].any() for site in sites.tolist()):
            return True
        return self.most_per_unit is not None and bool(np.any(self._used(opened) > self.most_per_unit))

    def _used(self, opened: Bools) -> Ints:
        """Return how many counted sites are open in each unit."""
        assert self.unit is not None  # noqa: S101 - they come together
        assert self.most_per_unit is not None  # noqa: S101
        units = self.unit[opened & self.counted]
        return np.bincount(units[units >= 0], minlength=len(self.most_per_unit))

    def affordable(self, opened: Bools, free: Bools) -> Bools | None:
        """Return which of the free sites cost no more than is left; None if the open ones cost too much."""
        if self.costs is None:
            return free
        # A sum that is rounded may be a little too large.
        left = self.money * (1.0 + _BUDGET_TOLERANCE) - math.fsum(self.costs[opened])
        return None if left < 0 else free & (self.costs <= left)

    def largest(self, gain: Ints | Floats, free: Bools, left: int, opened: Bools) -> Ints:
        """Return free sites whose gains add up to at least those of any free sites that may be open together."""
        sites = np.flatnonzero(free & (gain > 0))
        if left >= len(sites) and self.cell is None and self.unit is None:
            return sites
        order = sites[np.argsort(-gain[sites], kind="stable")]
        if self.cell is not None:
            order = order[_first(self.cell[order], np.ones(int(self.cell.max(initial=0)) + 1, dtype=np.int64))]
        if self.unit is not None and self.most_per_unit is not None:
            # The last place is for sites in no unit, or not counted.
            unit = np.where(self.counted, self.unit, -1)
            rest = np.append(np.maximum(self.most_per_unit - self._used(opened), 0), len(order))
            order = order[_first(unit[order] % len(rest), rest)]
        counted = self.counted[order]
        return np.concatenate([order[~counted], order[counted][:left]])


def _first(label: Ints, most: Ints) -> Bools:
    """Return which entries are among the first so many of their label."""
    order = np.argsort(label, kind="stable")
    found = label[order]
    rank = np.arange(len(found)) - np.searchsorted(found, found)
    first = np.empty(len(label), dtype=np.bool_)
    first[order] = rank < most[found]
    return first


def site_limits(problem: Problem, model: Model) -> SiteLimits:
    """Return the rules on sites that bounds heed."""
    rules, cell, near = problem.rules, None, None
    # Set covering minimises the number of sites or their costs: limits of them are ignored.
    covers = isinstance(model, SetCovering)
    if rules.place is not None:
        unit = np.full(problem.sites, -1) if rules.unit is None else rules.unit
        kinds = np.stack([rules.place, unit, problem.counted])
        cell = np.unique(kinds, axis=1, return_inverse=True)[1].ravel()
    if rules.apart is not None:
        both = rules.apart[rules.apart[:, 0] != rules.apart[:, 1]]
        both = np.concatenate([both, both[:, ::-1]])
        both = both[np.argsort(both[:, 0], kind="stable")]
        near = tuple(np.split(both[:, 1], np.searchsorted(both[:, 0], np.arange(1, problem.sites))))
    return SiteLimits(
        most=problem.sites if covers or rules.stations is None else rules.stations,
        counted=problem.counted,
        place=rules.place,
        cell=cell,
        unit=rules.unit if rules.most_per_unit is not None else None,
        most_per_unit=rules.most_per_unit,
        near=near,
        costs=None if covers or rules.budget is None else rules.costs,
        money=np.inf if rules.budget is None else _most_money(rules.budget),
        sets=rules.at_most,
        required=_required(problem),
    )


def _required(problem: Problem) -> tuple[Ints, ...]:
    """Return the sites of each place of which one must be open, and none is kept."""
    rules, kept = problem.rules, problem.kept
    if rules.occupied is None:
        return ()
    place = np.arange(problem.sites) if rules.place is None else rules.place
    wanted = sorted(set(place[rules.occupied].tolist()) - set(place[kept].tolist()))
    return tuple(np.flatnonzero((place == each) & ~kept) for each in wanted)


def bound_of(relaxed: Relaxation, opened: Bools, free: Bools, limits: SiteLimits) -> int:
    """Return the bound over choices in which the ``opened`` sites are open and only ``free`` ones may be added."""
    left = limits.most - int((opened & limits.counted).sum())
    added = limits.affordable(opened, free & ~opened)
    if left < 0 or added is None or limits.broken(opened, added):
        return -int(_MOST)
    gains = relaxed.gain[limits.largest(relaxed.gain, added, left, opened)]
    # Python's whole numbers do not overflow.
    return int(relaxed.constant + sum(relaxed.gain[opened].tolist()) + sum(gains.tolist()))


def has_certificate(problem: Problem) -> bool:
    """Tell whether bounds can be certified: facilities that stay have no capacity limit."""
    capacity = problem.rules.capacity
    return capacity is None or not np.any(problem.kept & np.isfinite(capacity))


def relaxations(problem: Problem, model: Model, certificate: Certificate) -> list[Relaxation]:
    """Return the relaxation of the model at each set of multipliers.

    Raises
    ------
    CertificateError
        A set does not fit the problem, or the model is another one.
    """
    if len(certificate.prices) != len(certificate.multipliers) or min(certificate.prices, default=0) < 0:
        raise CertificateError(code="prices")
    for each in certificate.multipliers:
        if each.shape != problem.people.shape or each.min(initial=0) < 0:
            raise CertificateError(code="multipliers", count=len(problem.people))
    people = certificate.bits[0]
    match certificate.model, model:
        case "mclp", MaximalCovering() if has_certificate(problem):
            costs = _covering(problem, people)
        case "lscp", SetCovering(unit_share=None) if has_certificate(problem):
            costs = _least_cost(problem, model, certificate.bits)
        case "p_median", PMedian(beyond_s=float() as beyond_s) if has_certificate(problem):
            costs = _median(problem, beyond_s, certificate.bits)
        case _:
            raise CertificateError(code="other_model", model=certificate.model)
    found = []
    for each, price in zip(certificate.multipliers, certificate.prices, strict=True):
        paid = each * costs.counts
        offset, alone = costs.alone(paid, price)
        constant = offset - _sum(paid) + _sum(np.maximum(paid - alone, 0))
        gain = _gains(problem, np.maximum(paid[problem.times.indices] - costs.pair, 0), people) - costs.site
        relaxed = Relaxation(constant, gain)
        found.append(relaxed if isinstance(model, SetCovering) else _within_budget(problem, relaxed, price))
    return found


class _Costs(NamedTuple):
    """A model in whole units: which points have multipliers, and the costs of pairs and of sites.

    ``alone`` returns the offset and the cost of each point without a new site, for multipliers and a price.
    """

    counts: Bools
    pair: Ints
    site: Ints
    alone: Callable[[Ints, int], tuple[int, Ints]]


def _covering(problem: Problem, bits: int) -> _Costs:
    weight = _up(problem.value, bits) * ~problem.reached_by(np.zeros(0, dtype=np.int64))
    none = np.zeros(problem.sites, dtype=np.int64)
    return _Costs(weight > 0, np.zeros(1, dtype=np.int64), none, lambda _, __: (_sum(weight), weight))


def _least_cost(problem: Problem, model: SetCovering, bits: tuple[int, int]) -> _Costs:
    costs = problem.rules.costs if model.by_cost else None
    cost = _down(problem.counted.astype(np.float64) if costs is None else costs, bits[1])
    weight, wanted = _down(problem.people, bits[0]), ~problem.reached_by(np.zeros(0, dtype=np.int64))
    room = _room(problem, model.share)

    def alone(paid: Ints, price: int) -> tuple[int, Ints]:
        if room <= 0:
            return 0, paid
        return _ceil_priced(room, bits[0], price), _priced(weight, price, int(paid.max(initial=0)))

    return _Costs(wanted & (problem.people > 0), np.zeros(1, dtype=np.int64), cost, alone)


def _room(problem: Problem, share: float) -> float:
    """Return the most people who may be left out; a whole number where only whole persons are covered."""
    people = problem.people
    total = float(people.sum())
    room = total * (1.0 - share) + _SHARE_TOLERANCE * total
    whole = problem.rules.capacity is None and np.all(people == np.rint(people))
    return 0.0 if share >= 1 and problem.rules.capacity is None else float(np.floor(room)) if whole else room


def _median(problem: Problem, beyond_s: float, bits: tuple[int, int]) -> _Costs:
    people, seconds = bits
    weight, times = _down(problem.value, people), problem.times
    without = np.minimum(nearest_of(problem, np.zeros(0, dtype=np.int64)), beyond_s)
    _fits(weight.max(initial=0), _down(without, seconds).max(initial=0))
    alone = weight * _down(without, seconds)
    # In single precision, the time for those beyond would be rounded.
    pair = weight[times.indices] * _down(np.minimum(times.data.astype(np.float64), beyond_s), seconds)
    none = np.zeros(problem.sites, dtype=np.int64)
    return _Costs(np.ones(len(weight), dtype=np.bool_), pair, none, lambda _, __: (0, alone))


def _within_budget(problem: Problem, relaxed: Relaxation, price: int) -> Relaxation:
    """Return a relaxation with a price of money; unchanged without a budget."""
    costs, budget = problem.rules.costs, problem.rules.budget
    if costs is None or budget is None:
        return relaxed
    bits = money_bits(costs)
    room = math.ceil(_most_money(budget) * 2.0**bits)
    # Python's whole numbers do not overflow.
    priced = [(price * cost) >> PRICE_BITS for cost in _down(costs, bits).tolist()]
    gain = [max(gain - cost, -int(_MOST)) for gain, cost in zip(relaxed.gain.tolist(), priced, strict=True)]
    return Relaxation(relaxed.constant - ((-room * price) >> PRICE_BITS), np.array(gain, dtype=np.int64))


def money_bits(costs: Floats) -> int:
    """Return the bits of the unit in which costs are counted under a budget."""
    return max(_MONEY_BITS - math.frexp(max(float(costs.sum()), 1.0))[1], 0)


def first_limits(problem: Problem, limits: SiteLimits) -> tuple[Bools, Bools]:
    """Return the sites that are open in every choice, besides the kept ones, and those that are free."""
    forced = problem.rules.forced
    opened = np.zeros(problem.sites, dtype=np.bool_) if forced is None else forced & ~problem.kept
    free = problem.open_to_choice & ~opened
    for site in np.flatnonzero(opened | problem.kept).tolist():
        free = limits.beside(opened, free, site)
    return opened, free


def _claims(problem: Problem, certificate: Certificate, limits: SiteLimits) -> Iterator[tuple[int, Bools, Bools]]:
    """Yield what the certificate claims to be bounded: a set of multipliers, the open sites, and the free ones."""
    waiting: list[tuple[Any, Bools, Bools]] = [(certificate.tree, *first_limits(problem, limits))]
    while waiting:
        node, opened, free = waiting.pop()
        if not isinstance(node, Mapping):
            raise CertificateError(code="tree")
        if "site" in node:
            site = _site(node["site"], free)
            waiting.append((node.get("open"), _with(opened, site), limits.beside(opened, free, site)))
            waiting.append((node.get("closed"), opened, _without(free, site)))
        elif "then" not in node:
            yield _number(node.get("by")), opened, free
        else:
            by, shut, must = _number(node.get("by")), _listed(node.get("shut")), _listed(node.get("open"))
            for site in (_site(each, free) for each in shut):
                yield by, _with(opened, site), free
            for site in (_site(each, free) for each in must):
                yield by, opened, _without(free, site)
            for each in (*shut, *must):
                free = _without(free, _site(each, free))
            for each in must:
                free = limits.beside(opened, free, _number(each))
                opened = _with(opened, _number(each))
            waiting.append((node["then"], opened, free))


def _number(found: object) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise CertificateError(code="tree")
    return found


def _small(found: object) -> int:
    """Return a number of bits."""
    bits = _number(found)
    if not 0 <= bits <= _MOST_BITS:
        raise CertificateError(code="large")
    return bits


def _listed(found: object) -> list[object]:
    if not isinstance(found, list):
        raise CertificateError(code="tree")
    return found


def _site(found: object, free: Bools) -> int:
    site = _number(found)
    if not 0 <= site < len(free) or not free[site]:
        raise CertificateError(code="tree")
    return site


def _with(sites: Bools, site: int) -> Bools:
    more = sites.copy()
    more[site] = True
    return more


def _without(sites: Bools, site: int) -> Bools:
    less = sites.copy()
    less[site] = False
    return less


def _down(values: np.ndarray[Any, Any], bits: int) -> Ints:
    """Return values in units of 2^-bits, rounded down: the product with a power of two is exact."""
    return _exact(np.floor(values * 2.0**bits))


def _up(values: np.ndarray[Any, Any], bits: int) -> Ints:
    """Return values in units of 2^-bits, rounded up."""
    return _exact(np.ceil(values * 2.0**bits))


def _exact(values: np.ndarray[Any, Any]) -> Ints:
    _fits(float(np.abs(values).sum()))
    return values.astype(np.int64)


def _fits(*factors: float) -> None:
    if float(np.prod(np.array(factors, dtype=np.float64))) > _MOST:
        raise CertificateError(code="large")


def _sum(values: Ints) -> int:
    _fits(float(np.abs(values.astype(np.float64)).sum()))
    return int(values.sum())


def _gains(problem: Problem, values: Ints, bits: int) -> Ints:
    """Return for each site the largest sum of the values of its pairs within its capacity, in persons of 2^-bits."""
    capacity = problem.rules.capacity
    if capacity is None:
        return _by_site(problem, values)
    site = np.repeat(np.arange(problem.sites), np.diff(problem.times.indptr))
    persons = _down(problem.people, bits)[problem.times.indices]
    limited = np.isfinite(capacity)
    most = np.where(limited, np.ceil(np.where(limited, capacity, 0.0) * 2.0**bits), 0.0)
    _fits(float(most.max(initial=0.0)))
    price = np.where(limited, _knapsack_prices(site, values, persons, most), 0.0)
    # As many bits for the prices as leave exact products.
    large = float(price.max(initial=0.0)) * max(float(persons.max(initial=0)), float(most.max(initial=0.0)), 1.0)
    finer = min(max(_MOST_BITS - 1 - math.frexp(max(large, 1.0))[1], 0), 40)
    exact = np.floor(price * 2.0**finer).astype(np.int64)
    rest = np.maximum(values - ((exact[site] * persons) >> finer), 0)
    used: Ints = -((-exact * most.astype(np.int64)) >> finer)
    return _by_site(problem, rest) + used


def _knapsack_prices(site: Ints, values: Ints, persons: Ints, most: Floats) -> Floats:
    """Return for each site the value of a person that finds no room there; 0 where there is room for all.

    Any price gives a bound; this one, of a continuous knapsack (Dantzig 1957), gives the least.
    """
    worth = values / np.maximum(persons, 1)
    order = np.lexsort((-worth, site))
    start = np.searchsorted(site, np.arange(len(most)))
    total = np.concatenate([np.zeros(1), np.cumsum(persons[order].astype(np.float64))])
    full = np.flatnonzero(total[1:] - total[start[site]] > most[site])
    price = np.zeros(len(most))
    of_site, first = np.unique(site[full], return_index=True)
    price[of_site] = worth[order][full[first]]
    return price


def _by_site(problem: Problem, values: Ints) -> Ints:
    """Return for each site the sum of the values of its pairs."""
    start = problem.times.indptr
    large = np.concatenate([np.zeros(1), np.cumsum(np.abs(values.astype(np.float64)))])
    _fits(float((large[start[1:]] - large[start[:-1]]).max(initial=0.0)))
    # If the running total exceeds 64 bits it wraps around, and so does the difference: it is exact all the same.
    total = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values)])
    return np.asarray(total[start[1:]] - total[start[:-1]], dtype=np.int64)


def _priced(weight: Ints, price: int, most: int) -> Ints:
    """Return price × weight, rounded down, at most ``most``; in Python's whole numbers, which do not overflow."""
    return np.array([min((price * int(each)) >> PRICE_BITS, most) for each in weight], dtype=np.int64)


def _ceil_priced(room: float, bits: int, price: int) -> int:
    """Return price × the room for points left out, rounded up."""
    units = int(np.ceil(room * 2.0**bits)) + 1
    return -((-units * price) >> PRICE_BITS)
