"""Small problems of location, and what is best for them by trying every choice."""

import csv
import itertools
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.locate.problem import Problem, Rules

PERSONS = st.one_of(
    st.lists(st.integers(0, 9).map(float), min_size=10, max_size=10),
    st.lists(st.floats(0, 300, allow_subnormal=False), min_size=10, max_size=10),
)
MONEY = st.one_of(
    st.lists(st.integers(0, 6).map(lambda c: c * 50_000.0), min_size=7, max_size=7),
    st.lists(st.floats(0, 9e5, allow_subnormal=False), min_size=7, max_size=7),
)


@dataclass(frozen=True)
class Small:
    """A problem small enough to try all choices; ``seconds`` is inf where a row does not reach a point."""

    seconds: NDArray[np.float64]
    people: NDArray[np.float64]
    costs: NDArray[np.float64]
    rules: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def problem(self, stations: int | None = None) -> Problem:
        site, point = np.nonzero(np.isfinite(self.seconds))
        start = np.searchsorted(site, np.arange(len(self.seconds) + 1))
        times = csr_array((self.seconds[site, point], point, start), shape=self.seconds.shape)
        return Problem(times, self.people, Rules(stations=stations, costs=self.costs, **self.rules))

    def flagged(self, rule: str) -> set[int]:
        return set(np.flatnonzero(self.rules[rule]).tolist()) if rule in self.rules else set()

    def choices(self, stations: int | None = None) -> list[tuple[int, ...]]:
        """All rows that may be opened together, beside the kept ones."""
        kept = self.flagged("kept")
        free = [site for site in range(len(self.seconds)) if site not in kept]
        most = len(free) if stations is None else stations
        found = (each for count in range(min(most, len(free)) + 1) for each in itertools.combinations(free, count))
        forced, forbidden = self.flagged("forced") - kept, self.flagged("forbidden")
        return [each for each in found if forced <= set(each) and not forbidden & set(each)]

    def nearest(self, chosen: tuple[int, ...]) -> NDArray[np.float64]:
        sites = sorted(self.flagged("kept") | set(chosen))
        return self.seconds[sites].min(axis=0) if sites else np.full(len(self.people), np.inf)

    def covers(
        self, chosen: tuple[int, ...], share: float, people: NDArray[np.float64] | None = None, within: float = math.inf
    ) -> bool:
        people = self.people if people is None else people
        near = (self.nearest(chosen) <= within) & np.isfinite(self.nearest(chosen))
        if share == 1:
            return not people[~near].any()
        return math.fsum(people[near]) >= share * math.fsum(people) * (1 - 1e-12)

    def least(self, share: float, stations: int | None = None, *, by_cost: bool = False) -> float:
        feasible = [each for each in self.choices(stations) if self.covers(each, share)]
        return min((math.fsum(self.costs[list(each)]) if by_cost else len(each) for each in feasible), default=math.inf)

    def center(self, share: float, stations: int | None) -> float:
        usable = [
            site
            for site in range(len(self.seconds))
            if site in self.flagged("kept") or site not in self.flagged("forbidden")
        ]
        reached = np.isfinite(self.seconds[usable]).any(axis=0) if usable else np.zeros(len(self.people), dtype=bool)
        people = np.where(reached, self.people, 0.0)
        if not people.any():
            return 0.0 if self.choices(stations) else math.inf
        times = sorted(set(self.seconds[np.isfinite(self.seconds)].tolist()))
        choices = self.choices(stations)
        return next((t for t in times if any(self.covers(each, share, people, t) for each in choices)), math.inf)


@st.composite
def cases(draw: st.DrawFn, *, flags: bool = True) -> Small:
    sites, points = draw(st.integers(1, 7)), draw(st.integers(1, 10))
    density = draw(st.sampled_from([0.2, 0.35, 0.6]))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    seconds = np.where(rng.random((sites, points)) < density, rng.integers(0, 9, (sites, points)) * 60.0, np.inf)
    rules = {}
    for name, share in (("kept", 0.15), ("forced", 0.2), ("forbidden", 0.2)):
        if flags and draw(st.booleans()):
            rules[name] = rng.random(sites) < share
    if "forced" in rules and "forbidden" in rules:
        rules["forbidden"] &= ~rules["forced"]
    return Small(seconds, np.array(draw(PERSONS))[:points], np.array(draw(MONEY))[:sites], rules)


def san_francisco(shared: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres from stores to tracts, and the people of the tracts."""
    folder = shared / "instances" / "spopt_sf"
    with (folder / "SF_demand_205_centroid_uniform_weight.csv").open(encoding="utf-8") as file:
        people = {each["NAME"]: float(each["POP2000"]) for each in csv.DictReader(file)}
    with (folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv").open(encoding="utf-8") as file:
        metres = {(each["name"], each["DestinationName"]): float(each["distance"]) for each in csv.DictReader(file)}
    stores, tracts = sorted({store for store, _ in metres}), sorted(people)
    return np.array([[metres[store, tract] for tract in tracts] for store in stores]), np.array([*people.values()])[
        np.argsort([*people])
    ]
