"""Lists for clauses without a verdict: what the data contain about them, as texts with values."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from siting.assess.funding import funding_lines
from siting.assess.ledger import ends
from siting.assess.remedies import NONE, UNKNOWN_WAY
from siting.assess.structure import hierarchy, off_plan, operators, scattered
from siting.domain.called import place_names
from siting.domain.jurisdiction import districts_of, grounds_of
from siting.domain.nouns import Assessment
from siting.domain.old_estates import asks_for_old
from siting.domain.register import is_kept
from siting.domain.standards import Clause, ListName
from siting.domain.tables import PAYERS, paid_column
from siting.domain.villages import are_villages, in_villages

# A text under ``audit`` and its values.
Told = tuple[str, Mapping[str, Any]]
_NEAR: Final = ("centre", "station")
_LEVELS: Final = ("street", "community")
_SOCIAL: Final = ("public_private", "private")
# Money for building or operating a facility is public aid (民办公助).
_AID: Final = tuple(paid_column(line, payer) for line in ("construction", "operation") for payer in PAYERS)
# Kinds of operators that are the community itself.
_COMMUNITY: Final = r"居委会|居民委员会|村委会|村民委员会|社区工作站|社区$|村$"
# 5年内可不增收…, 5年内可暂不办理…: the same period in each document.
_GRACE_YEARS: Final = 5
# 建筑面积5千平方米以下；5千平方米至5万平方米.
_EIA_M2: Final = (5_000.0, 50_000.0)
# 2012年以前建设: whether 2012 is included is not said, so it is.
_UPGRADED_YEAR: Final = 2012


def listed(assessment: Assessment, clause: Clause) -> list[Told]:
    """Return the lists that a clause requires; for remedies and funding lines their number.

    Parameters
    ----------
    assessment : Assessment
        The assessment.
    clause : Clause
        ``lists`` names the lists; clauses of the kinds ``remedy`` and ``funding`` need not name one.

    Returns
    -------
    list of (str, mapping)
        Keys of texts under ``audit``, each with its values; an empty list is reported as such.
    """
    found = [told for name in clause.lists for told in _LISTS[name](assessment)]
    if clause.kind == "remedy":
        found += _remedies(assessment, clause)
    if clause.kind == "funding":
        found += _promised(assessment, clause)
    return found


def named(ids: Iterable[object]) -> str:
    """Name all of some ids, or tell that there are none; what is shown of a long list is for the screen to decide.

    Examples
    --------
    >>> from siting.assess.lists import named
    >>> named(["a", "b", "c"]), named([])
    ('a, b, c', '–')
    """
    return ", ".join(map(str, ids)) or "–"


def _parents(assessment: Assessment) -> Iterator[Told]:
    faults = hierarchy(assessment.facilities)["fault"]
    kinds = [kind for kind in ("orphan", "wrong_tier", "cycle") if (faults == kind).any()]
    yield from ((kind, {"found": named(faults.index[faults == kind])}) for kind in kinds)
    if not kinds:
        yield "parents_in_order", {}


def _distance_to_parent(assessment: Assessment) -> Iterator[Told]:
    """Return how far each facility is from the one that leads it, by straight line."""
    table = assessment.facilities
    led = table[table["parent_id"].isin(table.index).to_numpy(dtype=bool)]
    if led.empty:
        yield "no_parents", {}
        return
    above = gpd.GeoSeries(list(table.geometry.loc[led["parent_id"]]), index=led.index, crs=table.crs)
    metres = led.geometry.distance(above)
    farthest = metres.sort_values(ascending=False, kind="stable").index
    parents = led["parent_id"]
    yield (
        "distance_to_parent",
        {"found": named(f"{parents[key]}–{key} {metres[key] / 1000:.1f}" for key in farthest)},
    )


def _operators(assessment: Assessment) -> Iterator[Told]:
    table = assessment.facilities
    if "home_street" not in table:
        yield "no_streets", {}
        return
    found = operators(table, table["home_street"])
    several = found[found["operators"] > 1]
    apart = scattered(table, table["home_street"], assessment.inputs.units["street"])
    called = place_names(assessment.inputs.units["street"])
    told = {
        "several_operators": [f"{called.get(street, street)}: {names}" for street, names in several["names"].items()],
        "scattered_operators": [
            f"{operator}: {'; '.join(called.get(street, street) for street in streets.split('; '))}"
            for operator, streets in apart.items()
        ],
    }
    yield from ((key, {"found": named(words)}) for key, words in told.items() if words)
    if not any(told.values()):
        yield "operators_in_order", {}
    if found["unknown"].sum():
        yield "operators_unsaid", {"count": int(found["unknown"].sum())}


def _community_run(assessment: Assessment) -> Iterator[Told]:
    near = assessment.facilities[assessment.facilities["tier"].isin(_NEAR).to_numpy()]
    units = assessment.inputs.units.get("community")
    names = set() if units is None else set(units["name"].dropna().astype(str))
    called = near["operator"].astype("string")
    own = (called.str.contains(_COMMUNITY) | called.isin(names)).fillna(value=False).to_numpy(dtype=bool)
    words = [f"{key} ({operator})" for key, operator in called[own].items()]
    yield "community_run", {"count": int(own.sum()), "all": len(near), "found": named(words)}
    if called.isna().any():
        yield "operators_unsaid", {"count": int(called.isna().sum())}


def _land_use(assessment: Assessment) -> Iterator[Told]:
    inputs, source = assessment.inputs, assessment.inputs.scenario.constraints.land_use
    if inputs.land_use is None or source is None:
        yield "land_use_absent", {}
        return
    sites = (assessment.facilities, inputs.candidates)
    off = [str(key) for table in sites for key in off_plan(table, inputs.land_use, source.allowed)]
    yield ("off_land_use", {"found": named(off)}) if off else ("on_land_use", {})


def _teaching_points(assessment: Assessment) -> Iterator[Told]:
    """Return which streets and communities have a teaching point, and which centres are in one that has."""
    centres = assessment.facilities[(assessment.facilities["tier"] == "centre").to_numpy(dtype=bool)]
    near: set[object] = set()
    for level in _LEVELS:
        units = assessment.inputs.units.get(level)
        if units is None:
            continue
        has, may = ends(units["teaching_point"].astype("boolean"))
        yield (
            f"teaching_{level}",
            {
                "count": int(has.sum()),
                "all": len(units),
                "found": named(place_names(units)[~may]),
                "unsaid": int((may & ~has).sum()),
            },
        )
        near |= set(centres.index[centres[f"home_{level}"].isin(units.index[has]).to_numpy()])
    yield "teaching_centres", {"count": len(near), "all": len(centres), "found": named(sorted(map(str, near)))}


def _demonstration(assessment: Assessment) -> Iterator[Told]:
    near = assessment.facilities[assessment.facilities["tier"].isin(_NEAR).to_numpy()]
    has, may = ends(near["demonstration"].astype("boolean"))
    counts = {f"{tier}s": int((has & (near["tier"] == tier).to_numpy()).sum()) for tier in _NEAR}
    yield "demonstration", {**counts, "found": named(near.index[has]), "unsaid": int((may & ~has).sum())}


def _entrusted(assessment: Assessment) -> Iterator[Told]:
    """Return how many government-owned facilities private operators run, and the names of the others."""
    yield "entrusted", _owned(assessment.facilities)


def _public_institutions(assessment: Assessment) -> Iterator[Told]:
    """Return the same for institutions alone."""
    table = assessment.facilities
    yield "public_institutions", _owned(table[(table["tier"] == "institution").to_numpy(dtype=bool)])


def _owned(table: pd.DataFrame) -> dict[str, Any]:
    """Return which government-owned facilities private operators run, and which they do not."""
    owned = table[(table["owner_kind"] == "government").fillna(value=False).to_numpy(dtype=bool)]
    run = owned["operator_kind"].isin(_SOCIAL).to_numpy()
    unsaid = int(table["owner_kind"].isna().sum()) + int(owned["operator_kind"].isna().sum())
    left = owned.index[~run & owned["operator_kind"].notna().to_numpy()]
    return {
        "count": int(run.sum()),
        "all": len(owned),
        "run": named(owned.index[run]),
        "found": named(left),
        "unsaid": unsaid,
    }


def _community_operation(assessment: Assessment) -> Iterator[Told]:
    """Return which centres and stations are publicly built and privately operated, or private with public aid."""
    near = assessment.facilities[assessment.facilities["tier"].isin(_NEAR).to_numpy()]
    operator = near["operator_kind"].astype("string").fillna("")
    private, by_state = ((operator == kind).to_numpy(dtype=bool) for kind in ("private", "government"))
    owned = (near["owner_kind"] == "government").fillna(value=False).to_numpy(dtype=bool)
    entrusted = (operator == "public_private").to_numpy(dtype=bool) | (private & owned)
    own = private & ~owned
    paid = near[list(_AID)].astype("float64").to_numpy()
    aided = own & (paid > 0).any(axis=1)
    yield (
        "community_operation",
        {
            "all": len(near),
            "entrusted": int(entrusted.sum()),
            "entrusted_ids": named(near.index[entrusted]),
            "government": int(by_state.sum()),
            "government_ids": named(near.index[by_state]),
            "private": int(own.sum()),
            "aided": int(aided.sum()),
            "aided_ids": named(near.index[aided]),
            "unpaid": int((own & ~aided & np.isnan(paid).any(axis=1)).sum()),
            "unsaid": int((operator == "").sum()),
        },
    )


def _expiry(assessment: Assessment) -> Iterator[Told]:
    """Return when five years end for recently opened facilities; no column tells which were converted."""
    date = pd.Timestamp(assessment.inputs.scenario.scenario.date)
    opened = pd.to_datetime(assessment.facilities["opens"])
    over = opened + pd.DateOffset(years=_GRACE_YEARS)
    late = over[(over > date).to_numpy(dtype=bool)].sort_values(kind="stable")
    words = [f"{key} {day:%Y-%m-%d}" for key, day in late.items()]
    yield "expiry", {"years": _GRACE_YEARS, "found": named(words), "unsaid": int(opened.isna().sum())}


def _idle_by_street(assessment: Assessment) -> Iterator[Told]:
    candidates, streets = assessment.inputs.candidates, assessment.inputs.units.get("street")
    if candidates.empty:
        yield "no_candidates", {}
        return
    if streets is None:
        yield "candidates_in_all", {"all": len(candidates)}
        return
    points, held = streets.sindex.query(candidates.geometry, predicate="intersects")
    _, first = np.unique(points, return_index=True)
    counts = pd.Series(streets.index[held[first]]).value_counts().reindex(streets.index, fill_value=0)
    yield (
        "idle_by_street",
        {
            "all": len(candidates),
            "found": named(f"{street} {count}" for street, count in counts[counts > 0].items()),
            "without": named(counts.index[counts == 0]),
        },
    )


def _serving(assessment: Assessment) -> Iterator[Told]:
    homes = assessment.facilities[(assessment.facilities["tier"] == "institution").to_numpy(dtype=bool)]
    has, may = ends(homes["serves_community"].astype("boolean"))
    values = {"count": int(has.sum()), "all": len(homes), "found": named(homes.index[has])}
    yield "institutions_serving", {**values, "unsaid": int((may & ~has).sum())}


def _without_facility(assessment: Assessment) -> Iterator[Told]:
    for level in _LEVELS:
        units = assessment.inputs.units.get(level)
        if units is not None:
            lacking = units.index[~units.index.isin(assessment.facilities[f"home_{level}"].dropna())]
            yield f"without_facility_{level}", {"count": len(lacking), "all": len(units), "found": named(lacking)}


def _handed_over(assessment: Assessment) -> Iterator[Told]:
    """Return which handed-over premises are in use or idle, and which were accepted although they are too small."""
    estates, table = assessment.inputs.residential_areas, assessment.facilities
    if not is_kept(estates):
        yield "no_register", {}
        return
    given = estates[_reached(estates, "premises", ("handed_over",))]
    used = given["premises_facility"].isin(table.index).to_numpy(dtype=bool)
    unsaid = estates["premises_stage"].isna() & estates["premises_handed_over_on"].isna()
    words = [
        f"{key} ({'; '.join(_said(row, ('provided_m2', 'premises_recipient', 'premises_handed_over_on')))})"
        for key, row in given[~used].iterrows()
    ]
    yield (
        "handed_over",
        {
            "count": len(given),
            "used": named(f"{key} {facility}" for key, facility in given.loc[used, "premises_facility"].items()),
            "idle": named(words),
            "unsaid": int((unsaid & (estates["status"] != "existing").fillna(value=True)).sum()),
        },
    )
    checks = assessment.checks
    short = checks[(checks["reason"] == "acceptance_blocked").to_numpy(dtype=bool)]
    accepted = estates.index[_reached(estates, "housing", ("accepted", "handed_over"))]
    found = sorted(set(map(str, short.index.get_level_values("id"))) & set(map(str, accepted)))
    yield "accepted_short", {"count": len(found), "found": named(found)}


def _village_estates(assessment: Assessment) -> Iterator[Told]:
    """Return which residential areas are in villages, by the kind of the community that holds most of each."""
    communities = assessment.inputs.units.get("community")
    if communities is None:
        yield "no_communities", {}
        return
    places = assessment.places
    estates = places[(places["level"] == "residential_area").to_numpy(dtype=bool)]
    village = estates["unit_id"].map(are_villages(communities["kind"])).astype("boolean")
    rural, may = ends(village)
    values = {"count": int(rural.sum()), "all": len(estates), "found": named(estates.loc[rural, "id"])}
    yield "village_estates", {**values, "unsaid": int((may & ~rural).sum())}


def _reached(estates: pd.DataFrame, what: str, steps: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Return estates whose housing or premises reached one of the given steps; if the stage is blank, by the dates."""
    stage = estates[f"{what}_stage"]
    dated = estates[[f"{what}_{step}_on" for step in steps]].notna().any(axis=1)
    return (stage.isin(steps) | (stage.isna() & dated)).to_numpy(dtype=bool)


def _said(row: pd.Series, names: Iterable[str]) -> Iterator[str]:
    """Yield the values of a record in some columns."""
    for name in names:
        value = row[name]
        if pd.notna(value):
            yield f"{value:g} m²" if name == "provided_m2" else str(value)[:10] if name.endswith("_on") else str(value)


def _remedies(assessment: Assessment, clause: Clause) -> Iterator[Told]:
    """Return in how many places with a gap the clause's remedies are available, and where premises fit."""
    places = assessment.places
    estates = places[(places["level"] == "residential_area").to_numpy(dtype=bool)]
    meant = estates["kind"].isin([clause.applies_to]) | estates["kind"].isna() | (clause.applies_to is None)
    if asks_for_old(clause):
        meant &= estates["old_estate"].fillna(value=False).astype(bool)
    if clause.urban:
        villages = in_villages(estates["unit_id"], assessment.inputs.units.get("community"))
        meant &= ~villages.fillna(value=False).astype(bool)
    lacking = (estates["verdict"] == "gap") & ~(asks_for_old(clause) & estates["id"].isin(_old_and_met(assessment)))
    short = estates[(meant & lacking).to_numpy(dtype=bool)]
    fits = short["remedy_candidates"].notna() & (short["remedy_candidates"] != NONE)
    ways = short.loc[fits, "remedy_candidates"].str.split(";")
    doubtful = ways.map(lambda each: all(one.startswith(f"{UNKNOWN_WAY}:") for one in each)).astype(bool)
    units = (places["level"] != "residential_area") & (places["verdict"] == "gap")
    yield (
        "remedies",
        {
            "count": len(short),
            "all": int(meant.sum()),
            "units": int(units.sum()),
            "premises": int(fits.sum()),
            "doubtful": int(doubtful.sum()),
            "found": named(short["id"]),
        },
    )


def _old_and_met(assessment: Assessment) -> pd.Index:
    """Return the residential areas whose premises meet the requirement for old ones."""
    old = [clause.id for each in assessment.inputs.standards for clause in each.clauses if asks_for_old(clause)]
    checks = assessment.checks
    return checks.index[(checks["clause_id"].isin(old) & checks["verdict"].eq("met")).to_numpy()].get_level_values("id")


def _promised(assessment: Assessment, clause: Clause) -> Iterator[Told]:
    """Return how many facilities a funding line applies to; the list of funding has the amounts."""
    own = [
        each.model_copy(update={"clauses": (clause,)})
        for each in assessment.inputs.standards
        if any(one is clause for one in each.clauses)
    ]
    sites = assessment.facilities
    law = assessment.jurisdiction
    homes = pd.DataFrame(sites.filter(like="home_")).rename(columns=lambda name: str(name).removeprefix("home_"))
    grounds = grounds_of(law, assessment.inputs, sites, districts_of(law, homes))
    lines = funding_lines(own, pd.DataFrame(sites.drop(columns="geometry")), what="facility", grounds=grounds)
    counts = {status: int((lines["status"] == status).sum()) for status in ("eligible", "conditional", "unknown")}
    sure = lines.loc[lines["status"] == "eligible", "amount_cny"].sum()
    yield "promised", {**counts, "cny": f"{sure:,.0f}", "all": len(assessment.facilities)}


def _floor_area_classes(assessment: Assessment) -> Iterator[Told]:
    """Return the facilities and candidates by the floor areas that 南民发〔2018〕180号, 二（六）, tells apart."""
    area = _of_sites(assessment, "floor_area_m2").astype("Float64")
    least, most = _EIA_M2
    classes = {
        "small": area.index[(area <= least).fillna(value=False)],
        "exact": area.index[(area == least).fillna(value=False)],
        "middle": area.index[((area > least) & (area <= most)).fillna(value=False)],
        "large": area.index[(area > most).fillna(value=False)],
    }
    counts = {f"{key}_count": len(ids) for key, ids in classes.items() if key != "exact"}
    yield (
        "floor_area_classes",
        counts | {key: named(ids) for key, ids in classes.items()} | {"unsaid": int(area.isna().sum())},
    )


def _of_sites(assessment: Assessment, column: str) -> pd.Series:
    """Return a column of the facilities, then of the candidates."""
    tables = [table for table in (assessment.facilities, assessment.inputs.candidates) if column in table]
    return pd.concat([table[column] for table in tables]) if tables else pd.Series(dtype="Float64")


def _upgrades(assessment: Assessment) -> Iterator[Told]:
    """Return the institutions that may have been built before 2012 and have received no money for building."""
    homes = assessment.facilities[assessment.facilities["tier"] == "institution"]
    opened = pd.to_datetime(homes["opens"])
    paid = homes.reindex(columns=[paid_column("construction", payer) for payer in PAYERS]).astype("Float64")
    never = ~(paid > 0).fillna(value=False).any(axis=1)
    early = (opened.dt.year <= _UPGRADED_YEAR) & never
    unknown = (opened.isna() | paid.isna().any(axis=1)) & never & ~(opened.dt.year > _UPGRADED_YEAR)
    sure = homes.index[(early & ~unknown).to_numpy(dtype=bool)]
    open_ = homes.index[unknown.to_numpy(dtype=bool)]
    yield "upgrades", {"count": len(sure), "all": len(homes), "found": named(sure), "unsaid": named(open_)}


_LISTS: Final[Mapping[ListName, Callable[[Assessment], Iterator[Told]]]] = {
    "parents": _parents,
    "distance_to_parent": _distance_to_parent,
    "operators": _operators,
    "community_run": _community_run,
    "land_use": _land_use,
    "teaching_points": _teaching_points,
    "demonstration": _demonstration,
    "entrusted": _entrusted,
    "expiry": _expiry,
    "idle_by_street": _idle_by_street,
    "institutions_serving": _serving,
    "without_facility": _without_facility,
    "handed_over": _handed_over,
    "public_institutions": _public_institutions,
    "community_operation": _community_operation,
    "village_estates": _village_estates,
    "floor_area_classes": _floor_area_classes,
    "upgrades": _upgrades,
}
