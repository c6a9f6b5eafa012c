"""The gap report: figures and verdicts of every place, every cell and the whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.assess import remedies
from siting.assess.cut_off import cut_off_notes
from siting.assess.extents import extent_notes, grouped, joined, not_theirs, upon_whole, without_area
from siting.assess.figures import (
    WHOLE,
    circle_figures,
    grid_notes,
    group_totals,
    open_land,
    people_account,
    people_figures,
    perhaps_covered,
    reach_figures,
    unseen_of_whole,
    with_ends,
    within_figures,
)
from siting.assess.judge import (
    FLOORS,
    Check,
    Rules,
    age_notes,
    as_far_as_known,
    checks_table,
    circle_checks,
    estate_checks,
    land_checks,
    ledger_checks,
    of_their_kinds,
    of_urban_estates,
    part_notes,
    register_checks,
    rules_of,
    unit_checks,
    village_notes,
)
from siting.assess.ledger import Rows, by_place
from siting.assess.perhaps import perhaps_of
from siting.assess.reach import LandReach, land_reach
from siting.assess.sharing import sharing_notes, sharing_of
from siting.assess.sums import sums_notes
from siting.assess.units import having_of, tier_notes, units_of_places
from siting.domain import clauses
from siting.domain.called import called
from siting.domain.nouns import Access, Assessment, Demand, Inputs, Jurisdiction, Note, Raster, Times
from siting.domain.old_estates import asks_for_old, is_told, old_estates
from siting.domain.scenario import LandBasis, Scenario
from siting.domain.shared import SHARING_LEVEL
from siting.domain.tables import PLACE_COLUMNS, REASON_CODES
from siting.domain.tiers import gives_facility
from siting.domain.totals import CountedTotals, EndsOfTotals, Totals
from siting.domain.villages import in_villages
from siting.domain.withheld import rounded
from siting.listing import listed
from siting.text.numbers import UNKNOWN, signless_zero
from siting.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def assess(  # noqa: PLR0913 - all inputs of a report
    inputs: Inputs,
    demand: Demand,
    access: Access,
    facilities: gpd.GeoDataFrame,
    homes: pd.DataFrame,
    holders: Mapping[str, pd.Series],
    basis: LandBasis,
    warnings: tuple[str, ...] = (),
    *,
    premises: tuple[gpd.GeoDataFrame, Times] | None = None,
    circle: Times | None = None,
    unsaid: Times | None = None,
    jurisdiction: Jurisdiction | None = None,
    outside: Assessment | None = None,
    undated: tuple[gpd.GeoDataFrame, pd.DataFrame] | None = None,
) -> Assessment:
    """Judge every clause in force for every place.

    Parameters
    ----------
    inputs : Inputs
        The scenario and the contents of its files.
    demand : Demand
        The population cells.
    access : Access
        The walking times.
    facilities : geopandas.GeoDataFrame
        Facilities that count, ``land_m2`` as counted.
    homes : pandas.DataFrame
        Unit of each facility, one column for each level.
    holders : mapping of str to pandas.Series
        By level, the unit that contains each place.
    basis : str
        Land basis.
    warnings : tuple of str
        Text keys under ``warning`` that the report shows.
    premises : tuple of geopandas.GeoDataFrame and Times, optional
        Permitted candidates and the cells that each reaches within the cut-off: remedies name those that fit.
    circle : Times, optional
        The cells that facilities of the circle reach within its cut-off: communities share these facilities, if the
        scenario gives the share from which they do (``circle.shared_from``).
    unsaid : Times, optional
        The cells within the cut-off of the circle for facilities of which the ledger does not say whether they count
        for it: they may cover people, and be shared.
    jurisdiction : Jurisdiction, optional
        Which standards hold where; if absent, all hold everywhere.
    outside : Assessment, optional
        The assessment without the area that standards exclude; their requirements are judged on it.
    undated : tuple of geopandas.GeoDataFrame and pandas.DataFrame, optional
        Facilities of which it is unknown whether they count at the horizon, with 0 as ``land_m2``, and their units;
        ``access`` contains their cells.

    Returns
    -------
    Assessment
        Places, checks, cells, totals.
    """
    scenario, complete, law = inputs.scenario, inputs.scenario.facilities.complete, jurisdiction or Jurisdiction()
    compared = law.compared | (frozenset() if outside is None else without_area(inputs.standards))
    rules = rules_of(inputs.standards, compared)
    nobody = facilities.iloc[:0], homes.iloc[:0]
    perhaps = perhaps_of(facilities, homes, *(undated or nobody), holders)
    all_of, all_homes = perhaps.among(facilities), pd.concat([homes, perhaps.homes]) if undated else homes
    may = {level: rows.join(all_of["land_high_m2"], on="facility") for level, rows in perhaps.at.items()}
    reach = land_reach(all_of, all_homes, access.within, demand, scenario)
    frames = {"residential_area": inputs.residential_areas, **inputs.units}
    if inputs.residential_areas.empty and inputs.units:
        del frames["residential_area"]
    giving = {
        level: gives_facility(all_of["tier"], level, by_tier=scenario.standards.coverage == "by_tier")
        for level in inputs.units
    }
    having = {
        level: having_of(all_of, homes[level].reindex(all_of.index), frame.index, giving[level], may[level])
        for level, frame in inputs.units.items()
    }
    sharing = sharing_of(facilities, homes, circle, demand, scenario, unsaid=unsaid, tiers=all_of["tier"])
    if sharing is not None:
        having[SHARING_LEVEL]["shared"] = sharing["shared"]
    tables: list[pd.DataFrame] = []
    judged: list[Check] = []
    for level, frame in frames.items():
        residential = level == "residential_area"
        land = None if residential else within_figures(level, frame, facilities, homes, scenario, may[level])
        figures = _figures(level, frame, demand, access, reach, land, basis, unsaid)
        figures = with_ends(figures, complete=complete)
        figures["old_estate"] = (
            old_estates(frame, scenario) if level == "residential_area" else pd.Series(pd.NA, frame.index, "boolean")
        )
        figures["unit_id"] = holders[level]
        figures["village"] = (
            in_villages(holders[level], inputs.units.get("community"))
            if level == "residential_area"
            else pd.Series(pd.NA, frame.index, "boolean")
        )
        of_level = _Level(level, figures, frame, basis, scenario)
        if level != "residential_area":
            of_level.homed = list(by_place(all_of, homes[level], frame.index, scenario, may[level], perhaps.unsaid))
            of_level.below = units_of_places(level, frame, inputs.units, holders, having)
        figures["land_floor"] = np.nan
        for places_there, there in grouped(level, frame.index, inputs.standards, law, compared):
            figures.loc[places_there, "land_floor"] = there.floor(level)
            judged += of_level.judged(there, places_there, inputs)
        if law.elsewhere:
            judged += not_theirs(level, of_level.judged(rules, frame.index, inputs), law, frame.index)
        shared = None if sharing is None or level != SHARING_LEVEL else sharing["shared_facility"]
        figures["shared_facility"] = pd.Series(shared, figures.index, dtype="object")
        figures["level"] = level
        tables.append(figures)
    checks = joined(checks_table(upon_whole(each, compared) for each in judged), outside, inputs)
    figures = pd.concat(tables)
    places = _places(figures, checks, rules, basis, inputs)
    places["remedy_candidates"] = None if premises is None else remedies.premises(places, demand, premises, inputs)
    cells = _cells(demand, access, reach)
    gridded = _is_gridded(inputs)
    unseen = unseen_of_whole(inputs.units, demand, basis, gridded=gridded)
    warnings += _of_parts(inputs, demand, unseen)
    counted = _counted(cells, demand, facilities, homes, rules, basis, checks, warnings)
    totals: Totals = {
        **counted,
        **_ends_of_totals(
            counted,
            demand,
            access,
            all_of,
            all_homes,
            unseen or dict.fromkeys(("residents", "elderly"), 0.0),
            unsaid,
            complete=complete,
        ),
        "groups": group_totals(demand, access),
        "people_account": people_account(demand),
    }
    whole = pd.Series({name: totals[name] for name in ("residents", "elderly", "facilities_counted")})
    return Assessment(
        inputs=inputs,
        demand=demand,
        places=places,
        checks=checks,
        cells=cells,
        facilities=_with_homes(facilities, homes),
        circles=access.circles,
        totals=totals,
        notes=(
            *inputs.notes,
            *demand.notes,
            *access.notes,
            *grid_notes(figures, gridded=gridded, share=scenario.scenario.share),
            *cut_off_notes(inputs, demand, access),
            *_notes(facilities, homes, access, reach),
            *_own_people_notes(places, share=scenario.scenario.share),
            *sharing_notes(sharing, scenario, inputs.units.get(SHARING_LEVEL, pd.DataFrame()), facilities),
            *sums_notes(places, cells, totals),
            *village_notes(checks, rules, inputs),
            *age_notes(checks, rules, inputs),
            *part_notes(inputs.standards),
            *_old_notes(inputs, rules),
            *tier_notes(having, inputs),
            *law.notes,
            *_undated_notes(undated),
            *_serving_notes(facilities),
            *extent_notes(inputs, outside, whole),
            *_whole_land_notes(facilities[homes.notna().any(axis=1)]),
        ),
        jurisdiction=law,
        outside=outside,
        undated=None if undated is None else _with_homes(*undated),
    )


def _with_homes(facilities: gpd.GeoDataFrame, homes: pd.DataFrame) -> gpd.GeoDataFrame:
    return facilities.drop(columns="plot", errors="ignore").join(homes.add_prefix("home_"))


@dataclass
class _Level:
    """The places of a level with all inputs of clauses."""

    level: str
    figures: pd.DataFrame
    frame: gpd.GeoDataFrame
    basis: LandBasis
    scenario: Scenario
    homed: Sequence[Rows] = ()
    below: Mapping[object, pd.DataFrame] | pd.DataFrame = field(default_factory=dict)

    def judged(self, rules: Rules, places: pd.Index, inputs: Inputs) -> Iterator[Check]:
        """Judge every clause of some rules for some places; a clause on some kinds of units applies to no other."""
        if "kind" not in self.figures:
            yield from self._judged(rules, places, inputs)
            return
        yield from of_their_kinds(self.level, self._judged(rules, places, inputs), self.figures["kind"])

    def _judged(self, rules: Rules, places: pd.Index, inputs: Inputs) -> Iterator[Check]:
        level, scenario, figures = self.level, self.scenario, self.figures.loc[places]
        yield from land_checks(level, figures, rules, self.basis, scenario)
        yield from circle_checks(level, figures, rules, scenario)
        if level == "residential_area":
            frame = self.frame.loc[places]
            given = figures.join(frame[["households", "provided_m2"]])
            of_premises = estate_checks(given, rules, scenario, old_told=is_told(self.frame, scenario))
            of_all = chain(of_premises, register_checks(frame, rules, scenario))
            yield from of_urban_estates(of_all, figures["village"], figures["unit_id"])
            return
        homed = [self.homed[each] for each in self.figures.index.get_indexer(places).tolist()]
        yield from ledger_checks(level, figures, homed, rules, scenario)
        if len(self.below):
            yield from unit_checks(level, figures, self.below, inputs.units, rules, scenario)


def _undated_notes(undated: tuple[gpd.GeoDataFrame, pd.DataFrame] | None) -> Iterator[Note]:
    """Return a note on facilities of which it is unknown whether they are open at the horizon."""
    if undated is not None:
        ids = called(undated[0], undated[0].index)
        yield Note("facilities_undated", {"count": len(ids), "ids": ", ".join(ids)})


def _serving_notes(facilities: gpd.GeoDataFrame) -> Iterator[Note]:
    """Return a note on institutions that may or may not count for the circle: coverage is then a range."""
    blank = facilities["serves_community"].isna() & (facilities["tier"] == "institution")
    if blank.any():
        ids = facilities.index[blank.to_numpy(dtype=bool)]
        yield Note("serving_unsaid", {"count": len(ids), "ids": ", ".join(called(facilities, ids))})


def _old_notes(inputs: Inputs, rules: Rules) -> list[Note]:
    """Return a note on how many residential areas may be old, if a clause needs it."""
    areas = inputs.residential_areas
    if not any(asks_for_old(clause) for _, clause in rules.estates):
        return []
    count = int(old_estates(areas, inputs.scenario).isna().sum())
    if not count:
        return []
    told = is_told(areas, inputs.scenario)
    return [Note("old_estates_unknown", {"count": count}) if told else Note("old_estates_not_told", {"count": count})]


def _figures(
    level: str,
    frame: gpd.GeoDataFrame,
    demand: Demand,
    access: Access,
    reach: LandReach,
    within: pd.DataFrame | None,
    basis: LandBasis,
    unsaid: Times | None,
) -> pd.DataFrame:
    """Return the figures of a level's places; they have land within reach if land ``within`` them is not given."""
    shares: csr_array = demand.shares[level]
    by_reach = within is None
    people = people_figures(level, frame, demand, basis)
    reached = reach_figures(shares, people, demand, reach)
    # It is unknown how many people beyond the grid share the land.
    reach_known = _placed(people, "basis", own=by_reach) & ~people["in_part"]
    reached[["low", "high"]] = reached[["low", "high"]].where(reach_known, axis=0)
    if within is None:
        land = reached[["low", "high"]].mul(people["basis"], axis=0).assign(missing=reached["missing"])
        # A place without people has 0 within reach, although the land per person may be unlimited.
        land.loc[people["basis"] == 0, ["low", "high"]] = 0.0
    else:
        land = within
    circle = circle_figures(shares, people, demand, access, unsaid).where(
        _placed(people, "elderly", own=by_reach), axis=0
    )
    figures = people.join(circle).join(land)
    figures["method"] = "reach" if by_reach else "within"
    figures["land_reach_m2_per_person"], figures["land_reach_high_m2_per_person"] = reached["low"], reached["high"]
    return figures.join(frame[[name for name in ("name", "kind", "status", "geometry") if name in frame]])


def _placed(people: pd.DataFrame, name: str, *, own: bool) -> pd.Series:
    """Tell for which places the cells locate the people: places fully covered by the grid, and (``own``) estates.

    An estate with its own people is judged by the cells that exist; a unit's table gives the number, not the location.
    """
    return people["whole"] | people["in_part"] | (people[name].notna() & own)


def _places(
    figures: pd.DataFrame, checks: pd.DataFrame, rules: Rules, basis: LandBasis, inputs: Inputs
) -> gpd.GeoDataFrame:
    names = {"low": "land_provided_m2", "high": "land_provided_high_m2", "method": "land_method"}
    table = figures.rename(columns=names)
    table["id"] = table.index
    if "status" in table:
        table["kind"] = table["kind"].astype("object").where(table["level"] != "residential_area", table["status"])
    table["land_basis"] = basis
    for name, people in (("resident", "residents"), ("elderly", "elderly")):
        heads, most = (table[each].where(table[each] > 0) for each in (people, f"{people}_high"))
        table[f"land_m2_per_{name}"] = table["land_provided_m2"] / most
        table[f"land_high_m2_per_{name}"] = table["land_provided_high_m2"] / heads
    floors = {**{f"_{name}": pd.Series(floor, table.index) for name, floor in FLOORS.items()}, "": table["land_floor"]}
    for each, floor in floors.items():
        required, most = table["basis"] * floor, table["basis_high"] * floor
        table[f"land_required{each}_m2"] = required
        table[f"land_gap{each}_m2"] = (most - table["land_provided_m2"]).clip(lower=0.0)
        table[f"land_gap{each}_low_m2"] = (required - table["land_provided_high_m2"]).clip(lower=0.0)
    table.index = pd.MultiIndex.from_arrays([table["level"], table["id"]], names=["level", "id"])
    # Checks for comparison decide nothing.
    checks = checks[~checks["for_comparison"].astype(bool)]
    table["verdict"] = _over(checks, table.index)
    table["verdict_binding"] = _over(as_far_as_known(checks), table.index)
    gaps = checks[checks["verdict"].isin(["gap", "no_data"]) & checks["reason"].notna()]
    told = gaps[["level", "reason"]].assign(place=gaps.index.get_level_values("id")).drop_duplicates()
    joined = told["reason"].groupby(level=[0, 1]).agg(";".join)
    table["reason"] = joined.reindex(table.index)
    table["remedies"] = [
        remedies.allowed(rules.remedies, level, kind, old, village) if verdict == "gap" else None
        for level, kind, old, village, verdict in zip(
            *(table[name].tolist() for name in ("level", "kind", "old_estate", "village", "verdict")), strict=True
        )
    ]
    table["edge_effect"] = _near_edge(table, inputs)
    columns = [column.key for column in PLACE_COLUMNS if column.key != "remedy_candidates"]
    columns += ["grid_residents", "grid_elderly", "old_estate"]
    return gpd.GeoDataFrame(table[columns], geometry=table["geometry"], crs=inputs.crs)


def _over(checks: pd.DataFrame, index: pd.Index) -> pd.Series:
    ranks = checks["verdict"].map({verdict: rank for rank, verdict in enumerate(clauses.WORST_FIRST)})
    verdicts = ranks.groupby(level=[0, 1]).min().map(dict(enumerate(clauses.WORST_FIRST)))
    return verdicts.reindex(index).fillna("not_applicable").astype("object")


def _near_edge(table: pd.DataFrame, inputs: Inputs) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if inputs.scenario.context.complete or table.empty:
        return np.zeros(len(table), dtype=bool)
    far = inputs.scenario.reach_m
    border = pd.concat([frame.geometry for frame in inputs.units.values()]).union_all().boundary
    return gpd.GeoSeries(table["geometry"], crs=inputs.crs).distance(border).to_numpy() < far


def _cells(demand: Demand, access: Access, reach: LandReach) -> pd.DataFrame:
    cells, inside = demand.cells, demand.cells["inside"].to_numpy()
    basis = np.nan_to_num(cells["basis"].to_numpy()) * inside
    reasons = access.cells["reason"]
    table = pd.DataFrame(
        {
            "residents": cells["residents"] * inside,
            "elderly": cells["elderly"] * inside,
            "minutes_to_nearest": (access.cells["seconds"] / SECONDS_PER_MINUTE).replace(np.inf, np.nan),
            "covered": (reasons == "covered").astype("float64"),
            "land_reach_m2_per_person": reach.low,
            **{f"land_gap_{name}_m2": np.clip(floor - reach.low, 0.0, None) * basis for name, floor in FLOORS.items()},
            "reason_code": reasons.map(REASON_CODES).astype("int64"),
            # Of all counting sites within the longest time; it names the facility that a list of gaps shows.
            "nearest": pd.Categorical(access.cells["nearest"]),
        },
        index=cells.index,
    )
    populated = (cells[["residents", "elderly"]].fillna(0.0) > 0).any(axis=1)
    return table[(inside > 0) & populated]


def _of_parts(inputs: Inputs, demand: Demand, unseen: Mapping[str, float] | None) -> tuple[str, ...]:
    """Warn if part of a unit has unknown people: the totals are intervals, or (no ``unseen``) of the grid alone."""
    if not any((demand.grid_share[level] < WHOLE).any() for level in inputs.units):
        return ()
    return ("grid_part",) if unseen is None else ("people_part",)


def _is_gridded(inputs: Inputs) -> bool:
    """Tell whether any people come from a raster."""
    return any(isinstance(each, Raster) for each in (inputs.population.residents, inputs.population.elderly))


def _notes(facilities: gpd.GeoDataFrame, homes: pd.DataFrame, access: Access, reach: LandReach) -> tuple[Note, ...]:
    notes = []
    # A facility in no unit adds no land to any unit.
    lacking = facilities.index[facilities["land_m2"].isna() & homes.notna().any(axis=1)]
    if len(lacking):
        notes.append(Note("land_missing", {"ids": ", ".join(called(facilities, lacking))}))
    shared = facilities[open_land(facilities)].get("plot", pd.Series(dtype="object")).dropna()
    if len(shared):
        groups = [" + ".join(called(facilities, rows.index)) for _, rows in shared.groupby(shared)]
        notes.append(Note("plots_perhaps_one", {"count": len(groups), "ids": "; ".join(sorted(groups))}))
    if reach.unreached:
        notes.append(Note("land_reaches_nobody", {"ids": ", ".join(called(facilities, reach.unreached))}))
    if len(access.unattached):
        notes.append(Note("facilities_off_network", {"ids": ", ".join(called(facilities, access.unattached))}))
    return tuple(notes)


def _own_people_notes(places: gpd.GeoDataFrame, *, share: bool) -> Iterator[Note]:
    """Tell by how many people residential areas with figures of their own differ from the grid."""
    own = places[places["level"] == "residential_area"]
    more = {name: own[name] - own[f"grid_{name}"] for name in ("residents", "elderly")}
    touched = (more["residents"].fillna(0.0) != 0) | (more["elderly"].fillna(0.0) != 0)
    if touched.any():
        figures = {
            name: _difference(difference[touched].sum(), share=share) if difference.notna().any() else UNKNOWN
            for name, difference in more.items()
        }
        yield Note("own_people_differ", {"count": int(touched.sum()), **figures})


def _difference(people: float, *, share: bool) -> str:
    return signless_zero(f"{float(rounded(np.array(people))) if share else people:+,.0f}")


def _whole_land_notes(facilities: gpd.GeoDataFrame) -> Iterator[Note]:
    """Tell whose land counts whole because floor or building area is blank, if others have both."""
    both = facilities[["floor_area_m2", "building_floor_area_m2"]].notna().all(axis=1)
    whole = facilities.index[facilities["land_m2"].notna() & ~both & ~open_land(facilities)]
    if both.any() and len(whole):
        yield Note("plots_taken_whole", {"count": len(whole), "ids": listed(called(facilities, whole))})


def _known_sum(values: pd.Series) -> float:
    """Add values up; the sum of unknown values alone is unknown, not zero."""
    return float(np.nansum(values.to_numpy())) if values.notna().any() or values.empty else float("nan")


def _counted(
    cells: pd.DataFrame,
    demand: Demand,
    facilities: gpd.GeoDataFrame,
    homes: pd.DataFrame,
    rules: Rules,
    basis: LandBasis,
    checks: pd.DataFrame,
    warnings: tuple[str, ...],
) -> CountedTotals:
    """Return what is counted in the whole area."""
    land = float(np.nansum(facilities.loc[homes.notna().any(axis=1), "land_m2"].to_numpy()))
    residents, elderly = (_known_sum(cells[name]) for name in ("residents", "elderly"))
    covered = elderly if np.isnan(elderly) else float(cells["elderly"].to_numpy() @ cells["covered"].to_numpy())
    people = elderly if basis.startswith("elderly") else residents
    known = "elderly" if np.isnan(residents) else "residents"
    at_home = int(homes.notna().any(axis=1).sum())
    return {
        "people_read": demand.account[f"{known}_read"],
        "people_outside": demand.account[f"{known}_outside"],
        "residents": residents,
        "elderly": elderly,
        "elderly_covered": covered,
        "land_basis": basis,
        "basis_people": people,
        "binding": bool(checks["binding"].astype(bool)[checks["kind"] == "land_per_person"].any()),
        "land_provided_m2": land,
        "land_missing": sorted(map(str, facilities.index[facilities["land_m2"].isna() & homes.notna().any(axis=1)])),
        "land_doubtful": sorted(map(str, facilities.index[facilities["land_m2"].notna() & open_land(facilities)])),
        "land_floor": rules.floor("district"),
        "land_required_01_m2": FLOORS["01"] * people,
        "land_required_02_m2": FLOORS["02"] * people,
        "facilities_counted": at_home,
        "facilities_around": len(facilities) - at_home,
        "uncovered_by_reason": {
            reason: float(cells["elderly"][cells["reason_code"] == code].sum())
            for reason, code in REASON_CODES.items()
            if reason != "covered"
        },
        "warnings": list(warnings),
    }


def _ends_of_totals(
    totals: CountedTotals,
    demand: Demand,
    access: Access,
    facilities: gpd.GeoDataFrame,
    homes: pd.DataFrame,
    unseen: Mapping[str, float],
    unsaid: Times | None,
    *,
    complete: bool,
) -> EndsOfTotals:
    """Return the interval ends of the figures of the whole (:data:`siting.domain.intervals.ENDS`), as places have them.

    ``unseen`` are the ``residents`` and ``elderly`` that are not in the cells; inf if their number is unknown.
    """
    low = totals["land_provided_m2"]
    high = float(facilities.loc[homes.notna().any(axis=1), "land_high_m2"].sum()) if complete else np.inf
    residents, elderly, covered = totals["residents"], totals["elderly"], totals["elderly_covered"]
    near = (access.cells["reason"] == "covered").to_numpy(dtype=bool) | perhaps_covered(demand, unsaid)
    inside = demand.cells["inside"].to_numpy() * np.nan_to_num(demand.cells["elderly"].to_numpy())
    seen = elderly if np.isnan(elderly) or not complete else float(inside @ near)
    most_residents, most_elderly = residents + unseen["residents"], elderly + unseen["elderly"]
    of_elderly = totals["land_basis"].startswith("elderly")
    people, most_people = (elderly, most_elderly) if of_elderly else (residents, most_residents)
    share_high = (seen + unseen["elderly"]) / most_elderly if most_elderly > 0 else np.nan
    return {
        "residents_high": most_residents,
        "elderly_high": most_elderly,
        "land_provided_high_m2": high,
        "land_m2_per_resident": low / most_residents if residents > 0 else np.nan,
        "land_m2_per_elderly": low / most_elderly if elderly > 0 else np.nan,
        "land_high_m2_per_resident": high / residents if residents > 0 else np.nan,
        "land_high_m2_per_elderly": high / elderly if elderly > 0 else np.nan,
        "elderly_uncovered": most_elderly - covered,
        "elderly_covered_high": seen + unseen["elderly"],
        "elderly_uncovered_low": elderly - seen,
        "covered_share": covered / most_elderly if most_elderly > 0 else np.nan,
        # Nearly all people may be covered if their number is unknown.
        "covered_share_high": 1.0 if np.isinf(most_elderly) else share_high,
        "land_gap_01_m2": max(0.0, FLOORS["01"] * most_people - low),
        "land_gap_01_low_m2": max(0.0, FLOORS["01"] * people - high),
        "land_gap_02_m2": max(0.0, FLOORS["02"] * most_people - low),
        "land_gap_02_low_m2": max(0.0, FLOORS["02"] * people - high),
    }
