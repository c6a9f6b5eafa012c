"""What may be open or closed: the facilities of today, and the candidates in each of their sizes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting import places
from siting.assess.funding import net_costs
from siting.domain.nouns import Assessment
from siting.domain.scenario import PlanOptions
from siting.domain.tables import PLAN_COLUMNS
from siting.domain.tiers import gives_facility
from siting.domain.what_if import FIXED, MOVING, FundingLine, SharedPlot
from siting.pipeline.ground import PreparedScenario
from siting.pipeline.laying_out import stations_of
from siting.pipeline.paying import promised

# Of so many facilities on one plot every choice is worked out before; of more none can be switched off.
_MOST_ON_A_PLOT: Final = 6


@dataclass(frozen=True)
class Options:
    """Sites and options as :class:`siting.domain.what_if.WhatIf` holds them; ``records`` are options as facilities."""

    sites: gpd.GeoDataFrame
    table: pd.DataFrame
    records: gpd.GeoDataFrame
    funding: dict[int, list[FundingLine]]


def options_of(ground: PreparedScenario, assessment: Assessment, plan: PlanOptions) -> Options:
    """Return the facilities that count today, the permitted candidates in their sizes, then facilities enlarged.

    ``plan`` names the facilities that may be enlarged.
    """
    every = places.plan_sites(ground.inputs, ground.permitted, plan)
    sized = every[~every["facility"]].reset_index(drop=True)
    stations = stations_of(ground, sized)
    # No id of a facility begins with a space after "new-".
    stations.index = pd.Index([f" {row}" for row in range(len(stations))], dtype=object)
    facilities = ground.facilities
    larger, grown = _enlarged(ground, every[every["facility"] & ~every["standing"]])
    candidate, place = pd.factorize(sized["candidate_id"])
    count = len(facilities)
    own = places.land_span(facilities, ground.inputs.scenario.facilities.land_at_most_m2)
    records = facilities.assign(land_m2=own["land_m2"], land_high_m2=own["land_high_m2"])
    both = gpd.GeoDataFrame(pd.concat([records, _as_facilities(ground, stations), grown]), crs=facilities.crs)
    homes = places.home_units(both, ground.inputs.units)
    lines = promised(assessment, _as_plan(stations), "station") if len(stations) else None
    costs = pd.Series(sized["cost_cny"].to_numpy(dtype=np.float64), index=stations.index)
    paid = None if lines is None else net_costs(costs, lines)
    serves = both["serves_community"].astype("boolean").fillna(value=False)
    new = pd.concat([sized, larger], ignore_index=True)
    table = pd.DataFrame(
        {
            "site": np.concatenate(
                [np.arange(count), count + candidate, facilities.index.get_indexer(pd.Index(larger["candidate_id"]))]
            ).astype(np.int64),
            "size": [*[None] * count, *(None if pd.isna(size) else str(size) for size in new["size"])],
            "tier": both["tier"].to_numpy(dtype=object),
            "counts": places.in_circle(both, ground.inputs.scenario),
            "serves": serves.to_numpy(dtype=bool) | (both["tier"] != "institution").to_numpy(dtype=bool),
            "land_m2": both["land_m2"].to_numpy(dtype=np.float64),
            "land_high_m2": both["land_high_m2"].to_numpy(dtype=np.float64),
            "cost_cny": np.concatenate([np.zeros(count), new["cost_cny"].to_numpy(dtype=np.float64)]),
            "catchment": np.where((both["tier"] == "institution").to_numpy(dtype=bool), FIXED, MOVING),
        }
    )
    for name in ("floor_area_m2", "beds", "capacity"):
        told = np.asarray(pd.to_numeric(new[name]).astype("float64"))
        table[name] = np.concatenate([np.full(count, np.nan), told])
    for name in ("subsidy_cny", "subsidy_conditional_cny"):
        told = np.zeros(len(stations)) if paid is None else paid[name].to_numpy(dtype=np.float64)
        table[name] = np.concatenate([np.zeros(count), told, np.zeros(len(larger))])
    by_tier = ground.inputs.scenario.standards.coverage == "by_tier"
    for level, frame in ground.inputs.units.items():
        table[f"home_{level}"] = frame.index.get_indexer(pd.Index(homes[level]))
        table[f"gives_{level}"] = gives_facility(both["tier"].reset_index(drop=True), level, by_tier=by_tier)
    sites = _sites(ground, facilities, ground.permitted.loc[place])
    return Options(sites, table, both.reset_index(drop=True), _lines(lines, count))


def _enlarged(ground: PreparedScenario, sites: gpd.GeoDataFrame) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return the larger sizes of facilities, and each as it would be: with its land, as the only one that is enlarged.

    Left out are facilities that cannot be switched off, and those that would go on sharing their plot.
    """
    facilities = ground.facilities
    plot = facilities["plot"].fillna(facilities["site_id"])
    sharing = facilities.index[(plot.notna() & plot.duplicated(keep=False)).to_numpy(dtype=bool)]
    fast = locked(ground)
    keys = sites["candidate_id"].astype(str)
    stuck = keys.isin(fast) | (sites["candidate_id"].isin(sharing) & sites["land_m2"].isna())
    sites = sites[~stuck].reset_index(drop=True)
    columns = ["action", "size", "tier", "land_m2", "floor_area_m2", "beds", "cost_cny"]
    made = []
    for _, row in sites.iterrows():
        key = row["candidate_id"]
        change = pd.DataFrame({**row[columns[1:]].to_dict(), "action": "enlarge"}, index=[key])
        whole = places.changed_facilities(facilities, change)
        land = places.land_span(whole, ground.inputs.scenario.facilities.land_at_most_m2)
        made.append(whole.assign(land_m2=land["land_m2"], land_high_m2=land["land_high_m2"]).loc[[key]])
    grown = pd.concat(made) if made else facilities.iloc[:0].assign(land_high_m2=np.nan)
    return pd.DataFrame(sites.drop(columns="geometry")), gpd.GeoDataFrame(grown, crs=facilities.crs)


def plots_of(ground: PreparedScenario) -> tuple[SharedPlot, ...]:
    """Return the facilities whose land depends on one another, with the land of every choice of them."""
    at_most = ground.inputs.scenario.facilities.land_at_most_m2
    facilities = ground.facilities
    groups = facilities["plot"].fillna(facilities["site_id"])
    found = []
    for _, rows in facilities.groupby(groups.to_numpy()):
        if not 1 < len(rows) <= _MOST_ON_A_PLOT:
            continue
        members = facilities.index.get_indexer(rows.index)
        low, high = (np.zeros((2 ** len(rows), len(rows))) for _ in range(2))
        for choice in range(1, 2 ** len(rows)):
            which = [bool(choice >> i & 1) for i in range(len(rows))]
            some = gpd.GeoDataFrame(rows.loc[[*compress(rows.index, which)]].drop(columns="plot"), crs=facilities.crs)
            land = places.land_span(places.with_plots(some), at_most)
            low[choice, which], high[choice, which] = land["land_m2"], land["land_high_m2"]
        found.append(SharedPlot(tuple(members.tolist()), low, high))
    return tuple(found)


def locked(ground: PreparedScenario) -> frozenset[str]:
    """Name the facilities that cannot be switched off, because too many share their plot."""
    groups = ground.facilities["plot"].fillna(ground.facilities["site_id"])
    size = groups.map(groups.value_counts())
    return frozenset(map(str, ground.facilities.index[(size > _MOST_ON_A_PLOT).to_numpy(dtype=bool)]))


def _as_facilities(ground: PreparedScenario, stations: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return stations as facilities, each measured as the only new one, with its land."""
    if stations.empty:
        return ground.facilities.iloc[:0].assign(land_high_m2=np.nan)
    both = places.with_stations(ground.facilities, stations)
    records = both[both["proposed"]].drop(columns="proposed")
    land = places.land_span(both, ground.inputs.scenario.facilities.land_at_most_m2).loc[records.index]
    return records.assign(land_m2=land["land_m2"], land_high_m2=land["land_high_m2"])


def _as_plan(stations: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the columns that a plan's table has, so that funding is asked of the same facts."""
    return stations[[*(each.key for each in PLAN_COLUMNS if each.key in stations), "geometry"]]


def _lines(lines: pd.DataFrame | None, first: int) -> dict[int, list[FundingLine]]:
    if lines is None:
        return {}
    return {
        first + int(str(key)): [
            FundingLine(
                clause_id=row["clause_id"], line=row["line"], status=row["status"], amount_cny=row["amount_cny"]
            )
            for row in rows.to_dict("records")
        ]
        for key, rows in lines.groupby("site_id")
    }


def _sites(ground: PreparedScenario, facilities: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row for each facility and candidate."""
    fast = locked(ground)

    def rows(frame: gpd.GeoDataFrame, kind: str) -> Iterator[dict[str, Any]]:
        made = frame["generated"].tolist() if kind == "candidate" else [False] * len(frame)
        texts = (_texts(frame, name) for name in ("name", "tenure", "kind"))
        for key, name, tenure, premises, generated in zip(frame.index.astype(str), *texts, made, strict=True):
            yield {
                "kind": kind,
                "id": key,
                "name": name,
                "tenure": tenure,
                "premises": premises,
                "generated": bool(generated),
                "locked": kind == "facility" and key in fast,
            }

    table = pd.DataFrame([*rows(facilities, "facility"), *rows(candidates, "candidate")])
    shapes = [*facilities.geometry, *candidates.geometry]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=facilities.crs)


def _texts(frame: gpd.GeoDataFrame, name: str) -> list[str | None]:
    column = frame[name].tolist() if name in frame else [None] * len(frame)
    return [None if pd.isna(each) else str(each) for each in column]
