"""Facilities by tier, proposed stations in rank order, candidates and why some were refused."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from siting.domain.lacking import parted
from siting.domain.nouns import Assessment, Proposal
from siting.write.webmap import icons
from siting.write.webmap.geometry import Properties, features
from siting.write.webmap.parts import Drawing, LegendRow, MapLayer, Vector
from siting.write.webmap.popups import CANDIDATE_ROWS, FACILITY_ROWS, STATION_ROWS, Popups
from siting.write.webmap.style import AFTER
from siting.write.webmap.wording import missing, words

TIERS: Final = ("institution", "centre", "station")
_UNLIKE_EXISTING: Final = ("under_construction", "planned", "closing")


def draw_sites(assessment: Assessment, proposal: Proposal | None, popups: Popups) -> Drawing:
    """Return the proposed stations, the facilities by tier and the candidates."""
    layers = [layer for layer in (_stations(proposal, popups), *_facilities(assessment, popups)) if layer]
    candidates = _candidates(assessment, proposal, popups)
    drawn = {
        f"{tier}_{status}": icons.facility(tier, status).as_data("facilities")
        for tier in TIERS
        for status in icons.STATUSES
    }
    drawn["proposed"] = icons.proposed().as_data("stations")
    drawn["candidate"] = icons.candidate(refused=False).as_data("candidates")
    drawn["refused"] = icons.candidate(refused=True).as_data("candidates")
    return Drawing((*layers, *([candidates] if candidates else [])), {}, drawn)


def station_name(stations: gpd.GeoDataFrame, row: int, candidates: gpd.GeoDataFrame) -> str:
    """Return the name of a proposed station: its candidate's name, otherwise its own id."""
    candidate = stations["candidate_id"].iloc[row]
    if not missing(candidate) and candidate in candidates.index:
        name = candidates["name"].get(candidate)
        return str(candidate if missing(name) else name)
    return str(stations.index[row])


def _stations(proposal: Proposal | None, popups: Popups) -> MapLayer | None:
    if proposal is None or proposal.stations.empty:
        return None
    stations, candidates = proposal.stations, proposal.before.inputs.candidates
    records = _records(stations)
    # A proposed station may lead another.
    names = pd.concat([proposal.before.inputs.facilities[["name"]], stations.reindex(columns=["name"])])
    for row, record in enumerate(records):
        popups.add(
            f"proposed/{stations.index[row]}",
            station_name(stations, row, candidates),
            words("map.popup.proposed", rank=record["rank"]),
            popups.rows(STATION_ROWS, _with_parent(record, names)),
            colour=AFTER,
        )

    def properties(row: int) -> Properties:
        return {"s": "proposed", "k": f"proposed/{stations.index[row]}", "r": str(records[row]["rank"])}

    found = features(stations, proposal.before.inputs.crs, properties)
    sample = icons.proposed("1", height=20).svg
    return MapLayer("stations", "sites", words("map.layer.stations"), (Vector(found, "stations"),), sample=sample)


def _facilities(assessment: Assessment, popups: Popups) -> list[MapLayer]:
    table = assessment.inputs.facilities
    records = _records(table)
    ends = [name for name in ("land_m2", "land_high_m2") if name in assessment.facilities]
    counted: dict[Any, dict[Any, Any]] = assessment.facilities[ends].to_dict("index")
    lacking = _lacking(assessment)
    if assessment.undated is not None:
        counted |= {key: {"counts_perhaps": True} for key in assessment.undated.index}
    for facility_id, record in zip(table.index, records, strict=True):
        land = counted.get(facility_id, {})
        popups.add(
            f"facility/{facility_id}",
            facility_id if missing(record.get("name")) else record["name"],
            words(f"tier.{record['tier']}"),
            popups.rows(FACILITY_ROWS, {**_with_parent(record, table), **land, "missing": lacking.get(facility_id)}),
            colour=icons.TIER_COLOURS.get(str(record["tier"]), ""),
        )
    return [layer for tier in TIERS if (layer := _tier(assessment, tier))]


def _lacking(assessment: Assessment) -> dict[str, list[str]]:
    """Return by facility the blank columns because of which a clause on the ledger has no verdict."""
    checks = assessment.checks
    entries = checks.loc[checks["method"] == "ledger", "missing"].explode().dropna().unique()
    found: dict[str, list[str]] = {}
    for key, column in map(parted, entries):
        if column in assessment.inputs.facilities:
            found.setdefault(key, []).append(column)
    return found


def _tier(assessment: Assessment, tier: str) -> MapLayer | None:
    table = assessment.inputs.facilities
    table = table[table["tier"] == tier]
    if table.empty:
        return None
    statuses = [status if status in icons.STATUSES else "existing" for status in table["status"]]

    def properties(row: int) -> Properties:
        return {"s": f"{tier}_{statuses[row]}", "k": f"facility/{table.index[row]}"}

    found = features(table, assessment.inputs.crs, properties)
    legend = tuple(
        LegendRow(icons.facility(tier, status, size=16).svg, words(f"map.legend.{status}"))
        for status in _UNLIKE_EXISTING
        if status in statuses
    )
    return MapLayer(
        key=tier,
        group="sites",
        title=words(f"map.layer.{tier}"),
        parts=(Vector(found, "facilities"),),
        sample=icons.facility(tier, "existing", size=18).svg,
        legend=legend,
        compact=True,
    )


def _candidates(assessment: Assessment, proposal: Proposal | None, popups: Popups) -> MapLayer | None:
    table = assessment.inputs.candidates
    if table.empty:
        return None
    refusals = _refusals(proposal)
    for candidate_id, record in zip(table.index, _records(table), strict=True):
        refused = refusals.get(candidate_id, [])
        popups.add(
            f"candidate/{candidate_id}",
            candidate_id if missing(record.get("name")) else record["name"],
            words("map.popup.candidate_refused" if refused else "map.popup.candidate"),
            [*_why(popups, refused), *popups.rows(CANDIDATE_ROWS, record)],
        )

    def properties(row: int) -> Properties:
        candidate_id = table.index[row]
        return {"s": "refused" if candidate_id in refusals else "candidate", "k": f"candidate/{candidate_id}"}

    legend = [LegendRow(icons.candidate(refused=False, size=14).svg, words("map.legend.free"))]
    if refusals:
        legend.append(LegendRow(icons.candidate(refused=True, size=14).svg, words("map.legend.refused")))
    return MapLayer(
        key="candidates",
        group="sites",
        title=words("map.layer.candidates"),
        parts=(Vector(features(table, assessment.inputs.crs, properties), "candidates"),),
        show=False,
        sample=icons.candidate(refused=False, size=14).svg,
        legend=tuple(legend),
        compact=True,
    )


def _refusals(proposal: Proposal | None) -> dict[Any, list[dict[str, Any]]]:
    refusals: dict[Any, list[dict[str, Any]]] = {}
    if proposal is not None:
        for candidate_id, record in zip(proposal.refused.index, proposal.refused.to_dict("records"), strict=True):
            refusals.setdefault(candidate_id, []).append({str(key): value for key, value in record.items()})
    return refusals


def _why(popups: Popups, refused: list[dict[str, Any]]) -> list[list[Any]]:
    lines = (popups.labelled("map.popup.refused_by", record.get("clause")) for record in refused)
    return [line for line in lines if line is not None]


def _with_parent(record: Mapping[str, Any], facilities: pd.DataFrame) -> dict[str, Any]:
    """Name the parent facility beside its id."""
    parent = record.get("parent_id")
    name = facilities["name"].get(parent) if not missing(parent) else None
    return {**record, "parent_id": parent if missing(name) else f"{name}（{parent}）"}


def _records(frame: gpd.GeoDataFrame) -> list[Mapping[str, Any]]:
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return [_placed({str(key): value for key, value in record.items()}) for record in table.to_dict("records")]


def _placed(record: dict[str, Any]) -> dict[str, Any]:
    """Say how a site was located only if not by coordinates, and the possible error in whole metres."""
    if missing(record.get("located_by")) or record["located_by"] == "coordinates":
        return record | {"located_by": None, "located_within_m": None}
    return record | {"located_within_m": float(round(record["located_within_m"]))}
