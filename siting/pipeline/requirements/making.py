"""Requirements from a check: what each clause requires of each place, and what each site adds to it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from siting.domain.measures import MEASURES
from siting.domain.nouns import Assessment, Bools, Demand, Floats, Ints
from siting.domain.requirements import (
    BASIS_OF_UNITS,
    UNIT_LEVELS,
    Requirement,
    RequirementKind,
    Sharing,
    district_catchment,
    part_worth,
    weights,
)
from siting.domain.shared import SHARING_LEVEL, shared_with
from siting.domain.standards import Clause
from siting.domain.tiers import gives_facility
from siting.domain.villages import spared
from siting.pipeline.requirements.offers import Offers
from siting.pipeline.requirements.wanted import Wanted


class Unjudged(NamedTuple):
    """A clause that cannot be a requirement for a place, or for any place, because too little is known.

    Parameters
    ----------
    clause, level : str
        The id of the clause, and the level.
    place : str or None
        The place; None if it can be a requirement for no place.
    """

    clause: str
    level: str
    place: str | None


def requirements_of(
    standing: Assessment, offers: Offers, wanted: Sequence[Wanted], outside: Bools | None = None
) -> tuple[tuple[Requirement, ...], tuple[Unjudged, ...]]:
    """Return clauses as linear requirements for places.

    Parameters
    ----------
    standing : Assessment
        The check of the facilities that stay in every plan.
    offers : Offers
        What each site adds to it.
    wanted : sequence of Wanted
        The clauses, in order.
    outside : ndarray of bool, optional
        Which sites are outside the area that some standards exclude: for these standards the other sites offer nothing.

    Returns
    -------
    requirements : tuple of Requirement
        One for each clause and place to which the clause applies, in the order of ``wanted``, then of the check.
    unjudged : tuple of Unjudged
        Clauses without a requirement, because the check lacks data or has no such level.

    Notes
    -----
    A unit without a facility requires at least one open site among those in it. If communities may share facilities
    (``circle.shared_from``), the sites that a community would share count too
    (:func:`siting.domain.shared.shared_with`); each site is judged alone. With ``standards.coverage = "by_tier"`` only
    sites of the tiers that give a unit of its level a facility count (:func:`siting.domain.tiers.gives_facility`).
    """
    made: list[Requirement] = []
    unjudged: list[Unjudged] = []
    maker = _Maker(standing, offers)
    left = standing.outside
    apart = None if left is None else _Maker(left, offers if outside is None else offers.of(outside))
    for clause, level, rank in wanted:
        upon, by = (left, apart) if left is not None and clause.without_excluded else (standing, maker)
        assert by is not None  # noqa: S101 - an excluded area has its own maker
        checks = _checks(upon)
        rows = checks[(checks["clause_id"] == clause.id) & (checks["level"] == level)]
        rows = rows[(rows["verdict"] != "not_applicable") & ~_spared(upon, clause, level, rows["place"])]
        known = rows[["required", "provided_low"]].notna().all(axis=1)
        lacking = rows["place"][~known].astype(str)
        unjudged += [Unjudged(clause.id, level, place) for place in lacking]
        if not (checks["clause_id"][checks["level"] == level] == clause.id).any():
            unjudged.append(Unjudged(clause.id, level, None))
        made += [replace(each, rank=rank) for each in by.put(clause, level, rows[known])]
    return tuple(made), tuple(unjudged)


def _checks(assessment: Assessment) -> pd.DataFrame:
    """Return the checks of an assessment that cover its whole area."""
    columns = ["clause_id", "level", "basis", "required", "required_high", "provided_low", "people", "verdict"]
    own = assessment.checks[(assessment.checks["extent"] == "whole").to_numpy(dtype=bool)]
    found = own[columns].assign(place=own.index.get_level_values("id")).reset_index(drop=True)
    # A plan must meet the highest value that may be required.
    return found.assign(required=found["required_high"].fillna(found["required"]))


def _spared(standing: Assessment, clause: Clause, level: str, places: pd.Series) -> Bools:
    """Tell in which places a clause does not bind, because they are villages."""
    if level not in UNIT_LEVELS:
        return np.zeros(len(places), dtype=np.bool_)
    kinds = standing.inputs.units[level]["kind"].reindex(places)
    return spared(clause, kinds, standing.inputs.scenario)


class _Maker:
    """The data from which requirements are made, clause by clause."""

    def __init__(self, standing: Assessment, offers: Offers) -> None:
        self.standing, self.offers = standing, offers
        demand = standing.demand
        if offers.within.shape[1] != len(demand.cells):
            message = f"offers reach {offers.within.shape[1]} cells, the demand has {len(demand.cells)}"
            raise ValueError(message)
        covered = standing.cells["covered"].reindex(demand.cells.index).fillna(0.0).to_numpy()
        self.uncovered = covered < 1.0
        self.circle = _restricted(offers.within, offers.in_circle)
        rules = standing.inputs.scenario.circle
        by_tier = standing.inputs.scenario.standards.coverage == "by_tier"
        self.giving = {level: gives_facility(offers.tier, level, by_tier=by_tier) for level in UNIT_LEVELS}
        shares = rules.shared_from is not None and SHARING_LEVEL in demand.shares
        near = _restricted(offers.within, offers.in_circle & self.giving[SHARING_LEVEL])
        self.shared = shared_with(near, demand, rules.shared_from or 1.0).tocsc() if shares else None
        self._catchments: csr_array | None = None

    def put(self, clause: Clause, level: str, rows: pd.DataFrame) -> Iterator[Requirement]:
        """Yield the requirements of a clause for some places of a level."""
        if rows.empty:
            return
        kind = _kind_of(clause, level)
        places = self.standing.demand.place_ids[level]
        positions = places.get_indexer(pd.Index(rows["place"])).astype(np.int64)
        if kind == "covered_share":
            parts: Any = self._people(level, positions)
        elif kind == "facility":
            parts = self._units(clause, level, rows)
        elif kind == "land_reach":
            parts = ((add, None) for add in self._within_reach(level, positions, rows["people"].to_numpy()))
        else:
            parts = ((add, None) for add in self._at_home(clause, level, rows))
        basis = rows["basis"] if kind == "facility" else [""] * len(rows)
        told = zip(rows["place"], basis, rows["required"], rows["provided_low"], parts, strict=True)
        for place, counted, required, provided, (add, sharing) in told:
            yield Requirement(
                clause.id, level, str(place), clause.force, kind, required, provided, add, sharing, basis=counted
            )

    def _at_home(self, clause: Clause, level: str, rows: pd.DataFrame) -> Iterator[Floats]:
        """Yield what each site adds to the place in which it counts: land or beds."""
        each = np.nan_to_num(self.offers.land_m2 if clause.kind == "land_per_person" else self.offers.beds)
        homes = self._homes(level)
        over_people = MEASURES[clause.kind].whole == "elderly"
        for place, people in zip(rows["place"], rows["people"], strict=True):
            here = (homes == place).fillna(value=False).to_numpy(dtype=bool)
            yield np.where(here, each * part_worth(clause, people if over_people else 1.0), 0.0)

    def _homes(self, level: str) -> pd.Series:
        blank = pd.Series(None, index=self.offers.homes.index, dtype="object")
        return self.offers.homes.get(level, blank)

    def _units(self, clause: Clause, level: str, rows: pd.DataFrame) -> Iterator[tuple[Floats, Sharing]]:
        """Yield the units without a facility that count towards each place, each as a share of all units of its level.

        For a community, all open sites in it that give it a facility, and all that it shares, count once together.
        """
        units = _units_counted(self.standing, clause)
        serving = clause.of == "community_facility"
        named = zip(units["level"], units["unit"], strict=True)
        columns = [self._having(level, unit, serving=serving) for level, unit in named]
        blank = np.zeros((len(self.offers.homes), 0))
        reach, nothing = csr_array(np.column_stack([blank, *columns])), np.zeros(len(self.offers.homes))
        for place, basis in zip(rows["place"], rows["basis"], strict=True):
            of_place = units["district"] == place if level == "district" else units["unit"] == place
            of_place &= units["level"].map(BASIS_OF_UNITS) == basis
            left = np.flatnonzero((of_place & ~units["has"]).to_numpy(dtype=bool))
            yield nothing, Sharing(reach, left, np.full(len(left), part_worth(clause, float(of_place.sum()))))

    def _having(self, level: str, unit: object, *, serving: bool) -> Floats:
        """Return 1 for the sites that give a unit a facility: those in it, and those that it shares.

        With ``serving``, an institution counts only if it serves the community.
        """
        here = (self._homes(level) == unit).fillna(value=False).to_numpy(dtype=np.bool_)
        giving = self.giving[level]
        if serving:
            giving = giving & ((self.offers.tier != "institution").to_numpy(dtype=np.bool_) | self.offers.in_circle)
        found = (here & giving).astype(np.float64)
        if level == SHARING_LEVEL and self.shared is not None:
            at = int(self.standing.demand.place_ids[level].get_indexer(pd.Index([unit]))[0])
            found[self.shared.indices[slice(*self.shared.indptr[at : at + 2])]] = 1.0
        return np.asarray(found)

    def _people(self, level: str, positions: Ints) -> Iterator[tuple[Floats, Sharing]]:
        """Yield the people that sites of the circle can newly cover in each place, as shares of the place's elderly."""
        demand = self.standing.demand
        of_place = weights(demand.shares[level], demand.cells["elderly"].to_numpy())
        nothing = np.zeros(len(self.offers.homes))
        for position in positions:
            part = slice(*of_place.indptr[position : position + 2])
            cells, heads = of_place.indices[part].astype(np.int64), of_place.data[part]
            left = self.uncovered[cells] & (heads > 0)
            yield nothing, Sharing(self.circle, cells[left], heads[left] / heads.sum())

    def _within_reach(self, level: str, positions: Ints, people: Floats) -> Iterator[Floats]:
        """Yield the land that each site brings within reach of the people of each place (methods, definition 3)."""
        demand = self.standing.demand
        of_place = weights(demand.shares[level], demand.cells["basis"].to_numpy())
        total = np.asarray(of_place.sum(axis=1)).ravel()
        if self._catchments is None:
            self._catchments = self._land_per_person()
        per_person = csr_array(of_place @ self._catchments.T)
        for position, heads in zip(positions, people, strict=True):
            row = per_person[[position]].toarray().ravel()
            yield row / total[position] * heads if total[position] > 0 else np.zeros(len(row))

    def _land_per_person(self) -> csr_array:
        """Return R_j for the people of each cell that site j reaches, shape (sites, cells)."""
        demand, offers = self.standing.demand, self.offers
        heads = np.nan_to_num(demand.cells["basis"].to_numpy())
        whole_district = self.standing.inputs.scenario.land.institution_minutes is None
        start, cells, values = [0], [], []
        for site in range(len(offers.homes)):
            reached, served, part = _catchment(offers, site, demand, whole_district=whole_district)
            people = float(heads[reached] @ served)
            each = offers.land_m2[site] / people if people > 0 and offers.land_m2[site] > 0 else 0.0
            cells.append(reached)
            values.append(each * part)
            start.append(start[-1] + len(reached))
        shape = (len(offers.homes), len(heads))
        return csr_array((np.concatenate(values), np.concatenate(cells), np.array(start)), shape=shape)


def _units_counted(standing: Assessment, clause: Clause) -> pd.DataFrame:
    """Return the units that count in a clause on unit coverage, from the check of each at its own level.

    Columns: ``level``, ``unit``, ``district`` (the district of the unit, directly or through units between) and
    ``has``.
    """
    checks = standing.checks[(standing.checks["extent"] == "whole") & standing.checks["required"].notna()]
    checks = checks[checks["clause_id"] == clause.id]
    parts = []
    for level in [each for each in UNIT_LEVELS if each in standing.inputs.units]:
        above = standing.places["unit_id"].loc[level]
        for name in [each for each in ("street", "planning") if each in standing.inputs.units and each != level]:
            if above.isin(standing.inputs.units[name].index).any():
                above = above.map(standing.places["unit_id"].loc[name])
        own = checks[checks["level"] == level]
        units = own.index.get_level_values("id")
        part = {"level": level, "unit": units, "district": above.reindex(units).to_numpy()}
        parts.append(pd.DataFrame({**part, "has": (own["provided_low"] >= 1).to_numpy(dtype=bool)}))
    return pd.concat(parts, ignore_index=True)


def _catchment(offers: Offers, site: int, demand: Demand, *, whole_district: bool) -> tuple[Any, Floats, Floats]:
    if offers.tier.iloc[site] == "institution" and whole_district:
        homes = offers.homes.get("district")
        return district_catchment(None if homes is None else homes.iloc[site], demand)
    near = offers.within if offers.land_within is None else offers.land_within
    cells = near.indices[slice(*near.indptr[site : site + 2])].astype(np.int64)
    return cells, np.ones(len(cells)), np.ones(len(cells))


def _restricted(within: csr_array, sites: Bools) -> csr_array:
    """Return the same matrix with nothing stored for the other sites; stored zeros are real times and stay."""
    stored = np.repeat(sites, np.diff(within.indptr))
    counts = np.where(sites, np.diff(within.indptr), 0)
    start = np.concatenate([[0], np.cumsum(counts)])
    return csr_array((np.ones(int(start[-1])), within.indices[stored], start), shape=within.shape)


def _kind_of(clause: Clause, level: str) -> RequirementKind:
    if clause.kind == "land_per_person":
        return "land_reach" if level == "residential_area" else "land"
    kinds: dict[str, RequirementKind] = {"service_circle": "covered_share", "unit_coverage": "facility"}
    return kinds.get(clause.kind, "beds")
