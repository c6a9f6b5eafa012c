r"""Certificates: multipliers and a search tree that bound every choice, checked in whole numbers.

A certificate claims that no choice of sites is better than a bound. It needs no trust in a solver: this module reads
nothing but the problem, and adds and compares whole numbers only. People, times and costs are multiplied by powers of
two, which floats do exactly, and rounded in the direction that can only weaken the claim.

Every model is written as a maximisation over the open sites x, whose number is limited by p. For given multipliers u it
is relaxed so that each site j adds a gain g_j of its own (Fisher 1981):

.. math:: z(x) \le C(u) + \sum_j g_j(u) x_j

- maximal covering, u_i for "point i counts only if an open site reaches it":
  C = Σ_i max(0, w_i − u_i), g_j = Σ_{i ∈ N(j)} u_i
- set covering (least cost, negated), u_i for "point i is reached or left out", r for "points left out weigh at most s":
  C = −Σ_i u_i + r s + Σ_i max(0, u_i − r w_i), g_j = Σ_{i ∈ N(j)} u_i − c_j
- p-median with a time for those beyond (negated), u_i for "point i is served once":
  C = −Σ_i u_i + Σ_i max(0, u_i − d_i), g_j = Σ_{i ∈ N(j)} max(0, u_i − d_ij), d_i the cost without a new site

with w_i the people of a point, N(j) the points that site j reaches, c_j the cost of a site and d_ij people × seconds.
The bound of a node of the tree, where some sites are open and others closed, is C plus the gains of the open sites and
the largest positive gains of as many other sites as may still be opened.
"""

import base64
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from siting.domain.certificates import CertificateNode, CertificateValues, CertifiedModel
from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Bools, MaximalCovering, Model, PMedian, Problem, SetCovering

# Sums of whole numbers up to this are exact in 64 bits.
_MOST_BITS: Final = 62
_MOST: Final = 2.0**_MOST_BITS
# More points than any city has: so much is unpacked at most.
_MOST_POINTS: Final = 2**26
# The price r of set covering is a multiple of 2^-16.
PRICE_BITS: Final = 16
# A share is reached if it is missed by less than this part of all people.
_SHARE_TOLERANCE: Final = 1e-9


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
        For each set the price r of set covering in 2^-16; 0 for the other models.
    tree : mapping
        The root of the search tree; see :class:`siting.domain.certificates.CertificateNode`.
    """

    model: CertifiedModel
    bits: tuple[int, int]
    bound: int
    multipliers: tuple[Ints, ...]
    shift: int
    prices: tuple[int, ...]
    tree: CertificateNode

    def to_json(self) -> CertificateValues:
        """Return the certificate as JSON values; each set of multipliers as :func:`packed`."""
        return {
            "model": self.model,
            "bits": list(self.bits),
            "bound": self.bound,
            "multipliers": [packed(each >> self.shift) for each in self.multipliers],
            "shift": self.shift,
            "prices": list(self.prices),
            "tree": self.tree,
        }

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
            prices = tuple(int(each) for each in found["prices"])
            people, other = bits
            bound = _number(found["bound"])
            if abs(bound) > _MOST:
                raise CertificateError(code="large")
            return cls(found["model"], (people, other), bound, sets, shift, prices, found["tree"])
        except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
            raise CertificateError(code="unreadable") from error


def packed(values: Ints) -> str:
    """Return whole numbers as text: 64 bits each (little-endian), compressed by zlib, in base64.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.locate.certificate import packed, unpacked
    >>> unpacked(packed(np.array([4, 5, 3]))).tolist()
    [4, 5, 3]
    """
    return base64.b64encode(zlib.compress(values.astype("<i8").tobytes(), 9)).decode("ascii")


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
        A plain problem, as the scenario gives it.
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
    most = most_open(problem, model)
    chooseable = problem.open_to_choice
    sign = 1 if certificate.model == "mclp" else -1
    claim = sign * certificate.bound
    for by, opened, free in _claims(problem, certificate, chooseable):
        if not 0 <= by < len(relaxed):
            raise CertificateError(code="no_set", number=by)
        if (found := bound_of(relaxed[by], opened, free, most)) > claim:
            unit = 2.0 ** unit_bits(certificate)
            raise CertificateError(code="weak", proved=sign * found / unit, claimed=certificate.bound / unit)
    if isinstance(model, SetCovering):
        return _next_sum(problem, model, certificate)
    return certificate.bound / 2.0 ** unit_bits(certificate)


def unit_bits(certificate: Certificate) -> int:
    """Return the bits of the unit of a certificate's bound."""
    people, other = certificate.bits
    return {"mclp": people, "lscp": other, "p_median": people + other}[certificate.model]


def value_of(problem: Problem, model: Model, chosen: Ints) -> float:
    """Return the objective of a choice, computed from the problem alone.

    Parameters
    ----------
    problem, model
        As for :func:`check_certificate`.
    chosen : ndarray of int
        The open sites without the kept ones.

    Returns
    -------
    float
        People newly covered, the number or the cost of sites, or person-seconds.

    Raises
    ------
    CertificateError
        The choice breaks a rule of the problem, or misses the share.

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
    rules, none = problem.rules, np.zeros(0, dtype=np.int64)
    forced = none if rules.forced is None else np.flatnonzero(rules.forced & ~problem.kept)
    allowed = np.all(problem.open_to_choice[chosen]) and np.all(np.isin(forced, chosen))
    if not allowed or (rules.stations is not None and len(chosen) > rules.stations):
        raise CertificateError(code="breaks_rules")
    reached = problem.reached_by(chosen)
    if isinstance(model, MaximalCovering):
        return math.fsum(problem.value[reached & ~problem.reached_by(none)])
    if isinstance(model, SetCovering):
        if math.fsum(problem.people[~reached]) > _room(problem.people, model.share):
            raise CertificateError(code="misses_share")
        costs = rules.costs if model.by_cost else None
        return float(len(chosen)) if costs is None else math.fsum(costs[chosen])
    assert isinstance(model, PMedian)  # noqa: S101 - the models that have certificates
    near = np.minimum(nearest_of(problem, chosen), np.inf if model.beyond_s is None else model.beyond_s)
    return math.fsum(problem.value * near)


def nearest_of(problem: Problem, chosen: Ints) -> Floats:
    """Return the seconds from each point to the nearest chosen or kept site; inf if none reaches it."""
    return problem.nearest(np.concatenate([np.flatnonzero(problem.kept), chosen]))


def _next_sum(problem: Problem, model: SetCovering, certificate: Certificate) -> float:
    """Return the least possible sum of whole costs that is not below the bound; otherwise the bound."""
    bits, costs = certificate.bits[1], problem.rules.costs if model.by_cost else None
    cost = np.ones(problem.sites) if costs is None else costs
    if not np.all(cost == np.rint(cost)):
        return certificate.bound / 2.0**bits
    step = max(int(np.gcd.reduce(cost.astype(np.int64))), 1)
    return float(-(-certificate.bound // (step << bits)) * step)


def most_open(problem: Problem, model: Model) -> int:
    """Return how many sites may be open besides the kept ones."""
    stations = problem.rules.stations
    return problem.sites if stations is None or isinstance(model, SetCovering) else stations


def bound_of(relaxed: Relaxation, opened: Bools, free: Bools, most: int) -> int:
    """Return the bound over choices in which the ``opened`` sites are open and only ``free`` ones may be added."""
    left = most - int(opened.sum())
    if left < 0:
        return -int(_MOST)
    gains = relaxed.gain[free & ~opened]
    gains = gains[gains > 0]
    if left < len(gains):
        gains = np.sort(gains)[len(gains) - left :]
    # Python's whole numbers do not overflow.
    return int(relaxed.constant + sum(relaxed.gain[opened].tolist()) + sum(gains.tolist()))


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
    match certificate.model, model:
        case "mclp", MaximalCovering() if problem.is_plain:
            return _covering(problem, certificate)
        case "lscp", SetCovering(unit_share=None) if problem.is_plain:
            return _least_cost(problem, model, certificate)
        case "p_median", PMedian(beyond_s=float() as beyond_s) if problem.is_plain:
            return _median(problem, beyond_s, certificate)
        case _:
            raise CertificateError(code="other_model", model=certificate.model)


def _covering(problem: Problem, certificate: Certificate) -> list[Relaxation]:
    weight = _up(problem.value, certificate.bits[0]) * ~problem.reached_by(np.zeros(0, dtype=np.int64))
    return [
        Relaxation(_sum(np.maximum(weight - each, 0)), _gains(problem, each * (weight > 0)))
        for each in certificate.multipliers
    ]


def _least_cost(problem: Problem, model: SetCovering, certificate: Certificate) -> list[Relaxation]:
    people, money = certificate.bits
    costs = problem.rules.costs if model.by_cost else None
    cost = _down(np.ones(problem.sites) if costs is None else costs, money)
    weight, wanted = _down(problem.people, people), ~problem.reached_by(np.zeros(0, dtype=np.int64))
    room = _room(problem.people, model.share)
    found = []
    for each, price in zip(certificate.multipliers, certificate.prices, strict=True):
        paid = each * (wanted & (problem.people > 0))
        spared = _priced(weight, price, int(paid.max(initial=0)))
        left = 0 if model.share >= 1 else _sum(np.maximum(paid - spared, 0)) + _ceil_priced(room, people, price)
        found.append(Relaxation(left - _sum(paid), _gains(problem, paid) - cost))
    return found


def _room(people: Floats, share: float) -> float:
    """Return the most people who may be left out, rounded up if they are not whole numbers."""
    total = float(people.sum())
    room = total * (1.0 - share) + _SHARE_TOLERANCE * total
    return 0.0 if share >= 1 else float(np.floor(room)) if np.all(people == np.rint(people)) else room


def _median(problem: Problem, beyond_s: float, certificate: Certificate) -> list[Relaxation]:
    people, seconds = certificate.bits
    weight, times = _down(problem.value, people), problem.times
    without = np.minimum(nearest_of(problem, np.zeros(0, dtype=np.int64)), beyond_s)
    _fits(weight.max(initial=0), _down(without, seconds).max(initial=0))
    alone = weight * _down(without, seconds)
    near = np.minimum(times.data, beyond_s)
    pair_cost = weight[times.indices] * _down(near, seconds)
    found = []
    for each in certificate.multipliers:
        saved = np.maximum(each[times.indices] - pair_cost, 0)
        gain = _by_site(problem, saved)
        found.append(Relaxation(_sum(np.maximum(each - alone, 0)) - _sum(each), gain))
    return found


def _claims(problem: Problem, certificate: Certificate, chooseable: Bools) -> Iterator[tuple[int, Bools, Bools]]:
    """Yield what the certificate claims to be bounded: a set of multipliers, the open sites, and the free ones."""
    forced = problem.rules.forced
    start = np.zeros(problem.sites, dtype=np.bool_) if forced is None else forced & ~problem.kept
    waiting: list[tuple[Any, Bools, Bools]] = [(certificate.tree, start, chooseable & ~start)]
    while waiting:
        node, opened, free = waiting.pop()
        if not isinstance(node, Mapping):
            raise CertificateError(code="tree")
        if "site" in node:
            site = _site(node["site"], free)
            waiting.append((node.get("open"), _with(opened, site), _without(free, site)))
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


def _gains(problem: Problem, multipliers: Ints) -> Ints:
    """Return for each site the sum of the multipliers of the points that it reaches."""
    return _by_site(problem, multipliers[problem.times.indices])


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
