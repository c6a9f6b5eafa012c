"""The best of all choices in a small district, by trying each: from the rules in docs/methods.md, section 11.

Nothing of the product is used: who walks how long is measured from coordinates, and flows of limited stations are cuts
(the least of all that part the people from the stations) or linear programs.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from tests.laws.small_districts import CELL, WIDE, District, Request

SPEED = 0.8
NOISE = 1e-9
# What a facility is, if neither closed nor enlarged.
AS_IT_IS = "as it is"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """What is built, by candidate and size (empty: its own); and what becomes of each facility that is not closed."""

    built: tuple[tuple[str, str], ...]
    stands: tuple[tuple[str, str], ...]

    @property
    def sites(self) -> tuple[tuple[str, str], ...]:
        """All that is open."""
        return (*self.built, *self.stands)


@dataclass(frozen=True)
class Best:
    """The objectives of the best choices, in order, and all choices that keep to the rules; none if infeasible."""

    stages: tuple[float, ...]
    feasible: tuple[Choice, ...]


class Small:
    """A district and a request, with all that can be told of each choice."""

    def __init__(self, district: District, request: Request) -> None:
        self.district, self.request = district, request
        cells = np.array(district.people)
        cells = cells[cells[:, 2] > 0]
        self.people: Floats = cells[:, 2]
        edges = [0.0, *district.borders, WIDE * CELL]
        west, east = cells[:, 0] - CELL / 2, cells[:, 0] + CELL / 2
        inside = [
            np.clip(np.minimum(east, b) - np.maximum(west, a), 0, None) / CELL for a, b in itertools.pairwise(edges)
        ]
        self.lives: Floats = np.array(inside) * self.people
        self.totals: Floats = self.lives.sum(axis=1)
        self.edges = edges
        places = {key: (each.x, each.y) for key, each in {**district.facilities, **district.candidates}.items()}
        self.places = places
        self.seconds: dict[str, Floats] = {
            key: np.hypot(cells[:, 0] - x, cells[:, 1] - y) / SPEED for key, (x, y) in places.items()
        }
        for key, facility in district.facilities.items():
            if not facility.serves:
                self.seconds[key] = np.full(len(cells), np.inf)
        self.cutoff = district.minutes * 60
        self.served = lru_cache(maxsize=None)(self._served)

    # Choices ---------------------------------------------------------------------------------------------------------

    def sizes_of(self, key: str) -> list[str]:
        """The sizes in which a candidate may be built: those that fit, its own where none does."""
        candidate = self.district.candidates[key]
        fits = [
            name
            for name, size in self.district.sizes.items()
            if size.whom in ("", candidate.kind) and size.land_m2 <= candidate.land_m2
        ]
        return fits or [""]

    def choices(self) -> Iterator[Choice]:
        """All sets of actions that keep to the rules."""
        asked, district = self.request, self.district
        options = []
        for key in district.candidates:
            sizes = [] if key in asked.forbidden else [(key, size) for size in self.sizes_of(key)]
            options.append(sizes if key in asked.forced else [None, *sizes])
        states = []
        for key in district.facilities:
            grown = [name for name, size in district.sizes.items() if size.whom == "existing"]
            stays = [(key, AS_IT_IS), *((key, name) for name in grown if key in asked.upgradable)]
            states.append([None, *stays] if key in asked.closing else stays)
        for built in itertools.product(*options):
            for stands in itertools.product(*states):
                choice = Choice(tuple(filter(None, built)), tuple(filter(None, stands)))
                if self.keeps(choice):
                    yield choice

    def keeps(self, choice: Choice) -> bool:
        """Whether a choice keeps to the number, the budget, the numbers of units and the spacing."""
        asked = self.request
        closed = len(self.district.facilities) - len(choice.stands)
        if asked.stations is not None and len(choice.built) > asked.stations + closed:
            return False
        if asked.budget_cny is not None and self.cost(choice) > asked.budget_cny:
            return False
        if asked.most_per_unit is not None:
            homes = [self.home(key) for key, _ in choice.built]
            if any(homes.count(unit) > asked.most_per_unit for unit in homes):
                return False
        return asked.spacing_m is None or self.spaced(choice, asked.spacing_m)

    def spaced(self, choice: Choice, spacing: float) -> bool:
        """New stations from one another, and those that are not forced from what stays of the circle."""
        new = [key for key, _ in choice.built]
        stays = [key for key, _ in choice.stands if self.district.facilities[key].serves]
        pairs = [*itertools.combinations(new, 2)]
        pairs += [(key, other) for key in new if key not in self.request.forced for other in stays]
        return all(math.dist(self.places[one], self.places[other]) >= spacing for one, other in pairs)

    def home(self, key: str) -> int:
        """The unit in which a candidate lies; on a border the first."""
        x = self.places[key][0]
        return next(i for i, (a, b) in enumerate(itertools.pairwise(self.edges)) if a <= x <= b)

    def cost(self, choice: Choice) -> float:
        """What is built and enlarged costs; a size's cost stands for the candidate's own."""
        sizes, candidates = self.district.sizes, self.district.candidates
        new = [sizes[size].cost if size else candidates[key].cost for key, size in choice.built]
        return math.fsum(new) + math.fsum(sizes[size].cost for _, size in choice.stands if size != AS_IT_IS)

    def limit(self, key: str, size: str) -> float:
        """How many a site serves at most."""
        asked = self.request
        stands = key in self.district.facilities
        own = asked.existing_capacity if stands else asked.capacity
        sized = self.district.sizes[size].capacity if size in self.district.sizes else None
        if asked.model == "compliance":
            return math.inf
        return next((each for each in (sized, own) if each is not None), math.inf)

    # Who is served ---------------------------------------------------------------------------------------------------

    @property
    def today(self) -> Choice:
        """What stands, as it is."""
        return Choice((), tuple((key, AS_IT_IS) for key in self.district.facilities))

    @property
    def limited(self) -> bool:
        """Whether some site has a capacity."""
        return self.request.model != "compliance" and self.request.capacity is not None

    def near(self, choice: Choice, seconds: float) -> NDArray[np.bool_]:
        """Which cells have an open site within so many seconds."""
        within = [self.seconds[key] <= seconds + 1e-6 for key, _ in choice.sites]
        return np.any(within, axis=0) if within else np.zeros(len(self.people), dtype=bool)

    def covered(self, choice: Choice) -> float:
        """The persons within the circle of what is open, whatever its capacity."""
        return float(self.people[self.near(choice, self.cutoff)].sum())

    def _served(self, choice: Choice, seconds: float) -> float:
        """The most persons whom open sites serve within so many seconds: the least cut, over all sets of sites."""
        if not self.limited:
            return float(self.people[self.near(choice, seconds)].sum())
        within = np.array([self.seconds[key] <= seconds + 1e-6 for key, _ in choice.sites])
        limits = np.array([self.limit(key, size) for key, size in choice.sites])
        found = math.inf
        for cut in itertools.product((False, True), repeat=len(limits)):
            full = np.array(cut, dtype=bool)
            rest = (
                within[~full].any(axis=0) if len(limits) and not full.all() else np.zeros(len(self.people), dtype=bool)
            )
            found = min(found, float(limits[full].sum()) + float(self.people[rest].sum()))
        return found

    def shares(self, choice: Choice) -> Floats:
        """The covered share of each unit that has people."""
        lives = self.totals > 0
        return (self.lives[:, self.near(choice, self.cutoff)].sum(axis=1)[lives]) / self.totals[lives]

    def flow(self, choice: Choice, *, worth: Floats, floor: float | None = None, least: float = 0.0) -> float | None:
        """The most that flows from people to open sites are worth, a worth for each pair (−inf: not within reach).

        ``floor`` is the share that every unit that somebody reaches must have, ``least`` the persons served in all.
        """
        sites = choice.sites
        pair = [(j, i) for j in range(len(sites)) for i in range(len(self.people)) if np.isfinite(worth[j, i])]
        if not pair:
            asks = bool(floor) and bool(self.asking_units())
            return 0.0 if not asks and least <= NOISE else None
        j, i = np.array(pair).T
        rows, high = [], []
        for cell in range(len(self.people)):
            rows.append((i == cell).astype(float))
            high.append(self.people[cell])
        for site, (key, size) in enumerate(sites):
            if math.isfinite(self.limit(key, size)):
                rows.append((j == site).astype(float))
                high.append(self.limit(key, size))
        if floor is not None:
            for unit in self.asking_units():
                rows.append(-(self.lives[unit][i] / self.people[i]))
                high.append(-floor * self.totals[unit])
        rows.append(-np.ones(len(pair)))
        high.append(-least)
        found = linprog(-worth[j, i], A_ub=np.array(rows), b_ub=np.array(high) + 1e-9, bounds=(0, None))
        return -float(found.fun) if found.status == 0 else None

    def ones(self, choice: Choice, seconds: float) -> Floats:
        """A worth of 1 for each pair within so many seconds."""
        return np.array([np.where(self.seconds[key] <= seconds + 1e-6, 1.0, -np.inf) for key, _ in choice.sites])

    def asking_units(self) -> list[int]:
        """The units with people; without those whom no site reaches, where the least share is the objective."""
        units = [unit for unit, total in enumerate(self.totals) if total > 0]
        if self.request.model != "fair" or self.request.unit_share is not None:
            return units
        reached = self.reachable(self.cutoff)
        return [unit for unit in units if self.lives[unit][reached].sum() >= min(0.5, self.totals[unit])]

    def reachable(self, seconds: float) -> NDArray[np.bool_]:
        """Which cells some site reaches: one that stands, or a candidate that is not forbidden."""
        every = [key for key in self.places if key not in self.request.forbidden]
        return np.any([self.seconds[key] <= seconds + 1e-6 for key in every], axis=0)

    # The models ------------------------------------------------------------------------------------------------------

    def stages(self, choice: Choice) -> tuple[float, ...] | None:
        """The objectives of a choice, in order, and each better where smaller; None where it misses a share."""
        return getattr(self, f"_{self.request.model}")(choice)

    def told(self, stages: tuple[float, ...]) -> tuple[float, ...]:
        """The objectives as a plan tells them: what is made most has its own sign."""
        return tuple(
            -each if name in ("covered", "least_share") else each
            for name, each in zip(self.names(len(stages)), stages, strict=True)
        )

    def names(self, count: int) -> tuple[str, ...]:
        """The names of the objectives."""
        asked = self.request
        every = {
            "mclp": ("covered",),
            "lscp": (asked.least,),
            "p_median": ("beyond", "seconds") if asked.beyond_minutes is None else ("seconds",),
            "p_center": ("worst_s",),
            "fair": ("least_share", "covered") if asked.unit_share is None else ("covered",),
            "compliance": ("shortfall", "cost"),
        }
        return every[asked.model][:count]

    def _mclp(self, choice: Choice) -> tuple[float, ...]:
        return (-(self.served(choice, self.cutoff) - self.served(self.today, self.cutoff)),)

    def _lscp(self, choice: Choice) -> tuple[float, ...] | None:
        asked, need = self.request, self.request.share * float(self.people.sum())
        if not self.limited or asked.unit_share is None:
            enough = self.served(choice, self.cutoff) >= need - NOISE
            enough &= asked.unit_share is None or bool(np.all(self.shares(choice) >= asked.unit_share - NOISE))
        else:
            flow = self.flow(choice, worth=self.ones(choice, self.cutoff), floor=asked.unit_share, least=need)
            enough = flow is not None
        value = float(len(choice.built)) if asked.least == "stations" else self.cost(choice)
        return (value,) if enough else None

    def _p_median(self, choice: Choice) -> tuple[float, ...] | None:
        beyond, people = self.request.beyond_minutes, float(self.people.sum())
        longest = self.cutoff if beyond is None else beyond * 60
        walks = np.array([self.seconds[key] for key, _ in choice.sites]).reshape(-1, len(self.people))
        walks = np.where(walks <= longest + 1e-6, walks, np.inf)
        if not self.limited:
            nearest = walks.min(axis=0, initial=np.inf)
            left = float(self.people[~np.isfinite(nearest)].sum())
            spent = float((np.where(np.isfinite(nearest), nearest, 0.0) * self.people).sum())
        elif beyond is not None:
            gained = self.flow(choice, worth=longest - walks) or 0.0
            return (longest * people - gained,)
        else:
            most = self.served(choice, longest)
            left, spent = people - most, -(self.flow(choice, worth=-walks, least=most) or 0.0)
        return (left, spent) if beyond is None else (spent + longest * left,)

    def _p_center(self, choice: Choice) -> tuple[float, ...] | None:
        longest = self.district.max_minutes * 60
        need = self.request.share * float(self.people[self.reachable(longest)].sum())
        if need <= NOISE:
            return (0.0,)
        times = sorted({float(each) for key, _ in choice.sites for each in self.seconds[key] if each <= longest + 1e-6})
        return next(((each,) for each in times if self.served(choice, each) >= need - NOISE), None)

    def _fair(self, choice: Choice) -> tuple[float, ...] | None:
        asked, today = self.request, self.served(self.today, self.cutoff)
        units = self.asking_units()
        lives = [unit for unit, total in enumerate(self.totals) if total > 0]
        if not self.limited:
            shares = [share for unit, share in zip(lives, self.shares(choice), strict=True) if unit in units]
            least = min(shares, default=1.0)
            if asked.unit_share is not None:
                return (-(self.covered(choice) - today),) if least >= asked.unit_share - NOISE else None
            return (-least, -(self.covered(choice) - today))
        worth = self.ones(choice, self.cutoff).reshape(-1, len(self.people))
        if asked.unit_share is not None:
            served = self.flow(choice, worth=worth, floor=asked.unit_share)
            return None if served is None else (-(served - today),)
        low, high = 0.0, 1.0
        if self.flow(choice, worth=worth, floor=1.0) is not None:
            low = 1.0
        while high - low > 1e-10:
            middle = (low + high) / 2
            fits = self.flow(choice, worth=worth, floor=middle) is not None
            low, high = (middle, high) if fits else (low, middle)
        served = self.flow(choice, worth=worth, floor=low) or 0.0
        return (-low, -(served - today))

    def _compliance(self, choice: Choice) -> tuple[float, ...]:
        missing = np.maximum(self.district.pass_share - self.shares(choice), 0.0)
        short = float((missing[missing > NOISE] / self.district.pass_share).sum())
        return (short, self.cost(choice))


def best_of(small: Small) -> Best:
    """Return the best objectives of all choices that keep to the request."""
    feasible, best = [], None
    for choice in small.choices():
        stages = small.stages(choice)
        if stages is None:
            continue
        feasible.append(choice)
        if best is None or _better(stages, best):
            best = stages
    return Best(() if best is None else small.told(best), tuple(feasible))


def _better(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether objectives are smaller in order, by more than adding up loses."""
    for here, there in zip(one, other, strict=True):
        if abs(here - there) > 1e-7 * max(1.0, abs(here)):
            return here < there
    return False
