"""Networks of tiers: the allowed parents, the request as a program, and the parents in its plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

import numpy as np
import pandas as pd

from siting import places
from siting.assess.structure import ABOVE, hierarchy
from siting.domain.called import called
from siting.domain.nouns import Bools, Floats, Ints, Note
from siting.domain.scenario import PlanLinks
from siting.domain.tables import LINK_COLUMNS
from siting.listing import listed
from siting.locate.milp.network import Network, ParentLinks, design_network
from siting.locate.problem import Effort, Model, Problem, Solution
from siting.pipeline.asking import Question, homes_of
from siting.pipeline.complying import ComplianceMethod
from siting.pipeline.ground import PreparedScenario

# If the scenario names no clauses, a network must meet these: a facility in each street and community, and beds.
_KINDS: Final = ("unit_coverage", "beds_per_1000")
# Borders of neighbours that were drawn twice differ by less than this.
_BORDER_M: Final = 1.0


@dataclass(frozen=True)
class _Tree:
    """The allowed pairs of child and parent, with their names."""

    links: ParentLinks
    children: pd.DataFrame
    parents: pd.DataFrame

    def table(self, chosen: Sequence[int]) -> pd.DataFrame:
        """Return chosen pairs with ``LINK_COLUMNS``, by the id of the child."""
        number = np.array(chosen, dtype=np.int64)
        child, parent = self.links.pairs[number].T
        found = pd.DataFrame(
            {
                "child_id": self.children["id"].to_numpy()[child],
                "child_tier": self.children["tier"].to_numpy()[child],
                "parent_id": self.parents["id"].to_numpy()[parent],
                "parent_tier": self.parents["tier"].to_numpy()[parent],
                "distance_m": self.links.metres[number],
            },
            columns=[column.key for column in LINK_COLUMNS],
        )
        return found.sort_values("child_id", ignore_index=True)


@dataclass(frozen=True)
class NetworkMethod(ComplianceMethod):
    """A network of tiers: clauses, then parents for existing stations, then the most people."""

    kinds: ClassVar[tuple[str, ...]] = _KINDS

    @cached_property
    def tree(self) -> _Tree:
        """The children and parents, and which pairs are allowed."""
        return _tree(self.question, self.ground)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The clauses that the plan ignores, and the sites that nobody may lead."""
        links, children = self.tree.links, self.tree.children
        alone = np.setdiff1d(np.flatnonzero(~links.existing), links.pairs[:, 0])
        if not len(alone):
            return super().notes
        ids = children["candidate_id"].iloc[alone].unique()
        named = called(self.ground.permitted, ids)
        return (*super().notes, Note("sites_without_parent", {"count": len(ids), "ids": listed(named)}))

    def _complying(self, problem: Problem, _: Model, effort: Effort) -> Solution:
        return design_network(problem, self.required[0], self.tree.links, effort)

    def links(self, solution: Solution) -> pd.DataFrame | None:
        """Return the parent of each child in a plan, with ``LINK_COLUMNS``; None without a plan."""
        if not isinstance(solution, Network) or not solution.stages:
            return None
        return self.tree.table(solution.links)


def _tree(question: Question, ground: PreparedScenario) -> _Tree:
    """Return the pairs: new and unled existing children, with the parents of a tier above them that may lead them."""
    rules, facilities = question.plan.links, _facilities(ground)
    astray = facilities.index.isin(hierarchy(ground.facilities).index)
    sites = _sites(question, ground)
    below = ("station", "centre") if rules.centres else ("station",)
    every = pd.concat([facilities, sites], ignore_index=True)
    unled = np.concatenate([astray, np.ones(len(sites), dtype=bool)])
    children = every[unled & every["tier"].isin(below)].reset_index(drop=True)
    parents = every[every["tier"].isin(ABOVE["station"]).to_numpy()].reset_index(drop=True)
    pairs, metres = _pairs(children, parents, _near(ground, rules), rules)
    led = facilities.loc[~astray, "parent_id"].value_counts()
    today = parents["id"].map(led).fillna(0.0).to_numpy(dtype=np.float64)
    most = np.inf if rules.most_children is None else float(rules.most_children)
    links = ParentLinks(tuple(children["sites"]), tuple(parents["sites"]), np.maximum(most - today, 0.0), pairs, metres)
    return _Tree(links, children, parents)


def _facilities(ground: PreparedScenario) -> pd.DataFrame:
    """Return the facilities that count: id, tier, parent, street and point; no site of the problem."""
    counted = ground.facilities
    units = {level: frame for level, frame in ground.inputs.units.items() if level in ("community", "street")}
    homes = places.home_units(counted, units)
    none = np.zeros(0, dtype=np.int64)
    here = ~counted["context"].fillna(value=False).to_numpy(dtype=bool) if "context" in counted else slice(None)
    table = pd.DataFrame(
        {
            "id": counted.index.astype(str),
            "tier": counted["tier"].to_numpy(),
            "parent_id": counted["parent_id"].to_numpy(),
            "street": homes["street"].to_numpy() if "street" in homes else None,
            "x": counted.geometry.x.to_numpy(),
            "y": counted.geometry.y.to_numpy(),
            "candidate_id": None,
            "place": -1,
            "sites": [none] * len(counted),
        },
        index=counted.index,
    )
    return table[here]


def _sites(question: Question, ground: PreparedScenario) -> pd.DataFrame:
    """Return what may be built, one row for each candidate and tier: its sites in the problem are its sizes."""
    sites = question.sites
    homes = homes_of(ground, sites)
    found = pd.DataFrame(
        {
            "candidate_id": sites["candidate_id"].to_numpy(),
            "tier": sites["tier"].to_numpy(),
            "street": homes["street"].to_numpy() if "street" in homes else None,
            "x": sites.geometry.x.to_numpy(),
            "y": sites.geometry.y.to_numpy(),
            "place": sites["place"].to_numpy(),
            "sites": question.problem_sites(np.arange(len(sites), dtype=np.int64)),
        }
    )
    first = found.groupby(["candidate_id", "tier"], sort=False)
    table = first.first().assign(sites=first["sites"].agg(np.array)).reset_index()
    return table.assign(id=places.station_ids(pd.Index(table["candidate_id"])).to_numpy(), parent_id=None)


def _near(ground: PreparedScenario, rules: PlanLinks) -> dict[object, set[object]] | None:
    """Return for each street those whose facilities may lead in it; None: all may."""
    if rules.streets == "any" or "street" not in ground.inputs.units:
        return None
    streets = ground.inputs.units["street"]
    if rules.streets == "same":
        return {key: {key} for key in streets.index}
    one, other = streets.sindex.query(streets.geometry, predicate="dwithin", distance=_BORDER_M)
    found: dict[object, set[object]] = {key: set() for key in streets.index}
    for here, there in zip(streets.index[one], streets.index[other], strict=True):
        found[here].add(there)
    return found


def _pairs(
    children: pd.DataFrame, parents: pd.DataFrame, near: dict[object, set[object]] | None, rules: PlanLinks
) -> tuple[Ints, Floats]:
    """Return the pairs of a child and a parent that may lead it, and their distances in whole metres."""
    tier, place = parents["tier"].to_numpy(), parents["place"].to_numpy()
    x, y = parents["x"].to_numpy(), parents["y"].to_numpy()
    streets = {key: parents["street"].isin(those).to_numpy(dtype=bool) for key, those in (near or {}).items()}
    nowhere = np.full(len(parents), near is None)
    pairs, metres = [np.zeros((0, 2), dtype=np.int64)], [np.zeros(0)]
    for number, child in enumerate(children.itertuples()):
        far = np.hypot(x - child.x, y - child.y)
        may: Bools = np.isin(tier, ABOVE[str(child.tier)]) & streets.get(child.street, nowhere)
        may &= (place != child.place) | (place < 0)
        if rules.within_m is not None:
            may &= far <= rules.within_m
        found = np.flatnonzero(may)
        pairs.append(np.column_stack([np.full(len(found), number), found]))
        metres.append(np.rint(far[found]))
    return np.concatenate(pairs), np.concatenate(metres)
