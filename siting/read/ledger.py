"""Checks of the ledger of facilities, by itself and against the units."""

import datetime as dt
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siting.domain.called import called
from siting.domain.nouns import Bools, Ints
from siting.domain.plots import (
    DENSE_FAR,
    FLOOR_A_BED_M2,
    LAND_A_BED_M2,
    LARGE_PLOT_M2,
    SAME_PLACE_M,
    least_of_plot,
    unsized_plots,
)
from siting.domain.premises import KINDS, unknown_words
from siting.domain.scenario import Scenario
from siting.domain.tiers import in_circle
from siting.read.log import LayerLog, Log, listed, quoted
from siting.read.names import alike, normal
from siting.text.numbers import number
from siting.units import M2_PER_HECTARE

# Facilities of one tier at one place may be duplicates; those with similar names within this distance too.
ALIKE_M = 200.0
# This many records in a square of that side are compared with one another; more are impossible.
_MOST_COMPARED: Final = 100
_MOST_CROWDED: Final = 2_000
# Locations whose error exceeds this share of the circle's radius make the coverage doubtful (an assumption).
_COARSE = 0.5

Pairs = set[tuple[str, str]]


def check_lattice(scenario: Scenario, log: Log) -> None:
    """Note a fault if candidates are to be generated in residential areas that the scenario does not give."""
    generate = None if scenario.candidates is None else scenario.candidates.generate
    if generate is not None and generate.within == "residential_areas" and scenario.residential_areas is None:
        log.layer("candidates").fault("lattice_without_areas", field="generate.within", found=generate.within)


def check_unit_ids(facilities: gpd.GeoDataFrame, units: Mapping[str, gpd.GeoDataFrame], log: LayerLog) -> None:
    """Note a fault for each unit that a facility names but its level lacks; levels that are not given are skipped."""
    for level, frame in units.items():
        key = f"{level}_id"
        if key not in facilities:
            continue
        named = facilities[key].dropna()
        for row, value in named[~named.isin(frame.index)].items():
            log.fault("unknown_unit_id", row=str(row), field=key, found=str(value), expected=f"units.{level}")


def check_parents(facilities: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note a fault for each cycle of facilities that name one another, or themselves, as parents."""
    parents = facilities["parent_id"].dropna().astype(str).to_dict()
    seen: set[str] = set()
    for row in map(str, parents):
        chain = [row]
        while chain[-1] not in seen and (above := parents.get(chain[-1])) is not None and above not in chain:
            chain.append(above)
        if chain[-1] not in seen and (above := parents.get(chain[-1])) is not None:
            circle = [*chain[chain.index(above) :], above]
            log.fault("parents_in_circle", row=above, field="parent_id", found=" → ".join(circle))
        seen.update(chain)


def note_parents(facilities: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the facilities whose parent is not in the ledger."""
    parents = facilities["parent_id"].dropna()
    lost = parents[~parents.isin(facilities.index)]
    if len(lost):
        log.note("parent_unknown", count=len(lost), ids=listed(f"{row} → {parent}" for row, parent in lost.items()))


def note_kinds(candidates: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the unknown words for kinds of premises."""
    words = unknown_words(candidates["kind"])
    if words:
        log.note(
            "premises_of_no_known_kind",
            count=sum(words.values()),
            words=listed(f"{word} ×{count}" for word, count in words.items()),
            known=listed(f"{key} ({spoken[0]})" for key, spoken in KINDS.items()),
            example=quoted(next(iter(words))),
        )


def note_new_beds(records: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the records with more new beds than beds: right if the new ones do not exist yet."""
    new, beds = (pd.to_numeric(_series(records, key)).astype("float64") for key in ("new_beds", "beds"))
    more = new > beds
    if more.any():
        pairs = zip(records.index[more], new[more], beds[more], strict=True)
        ids = listed(f"{key} ({number(one)} > {number(all_of)})" for key, one, all_of in pairs)
        log.note("new_beds_exceed_beds", count=int(more.sum()), ids=ids)


def note_dates(facilities: gpd.GeoDataFrame, date: dt.date, log: LayerLog) -> None:
    """Note the facilities whose status contradicts their opening or closing date.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        The ledger, with ``status``, ``opens`` and ``closes``.
    date : datetime.date
        The scenario's.
    log : LayerLog
        Takes the notes ``standing_not_open``, ``coming_already_open`` and ``standing_closed``.
    """
    day, opens, closes = pd.Timestamp(date), pd.to_datetime(facilities["opens"]), pd.to_datetime(facilities["closes"])
    stands = facilities["status"].isin(("existing", "closing"))
    comes = facilities["status"].isin(("under_construction", "planned"))

    def told(mask: pd.Series, days: pd.Series) -> dict[str, object]:
        named = zip(called(facilities, facilities.index[mask]), days[mask], strict=True)
        return {"count": int(mask.sum()), "ids": listed(f"{name} ({moment.date()})" for name, moment in named)}

    if (late := stands & (opens > day)).any():
        log.note("standing_not_open", **told(late, opens))
    if (early := comes & (opens <= day)).any():
        log.note("coming_already_open", **told(early, opens))
    if (gone := stands & (closes <= day)).any():
        log.note("standing_closed", **told(gone, closes))


def note_plots(records: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the records that may share their plot with others: it is too large for their floor area."""
    least = least_of_plot(records)
    small, beyond = records[least == 0], records[(least > 0) & (least < 1)]
    if len(small):
        log.note("plots_doubtful", count=len(small), ids=_plots(small))
    if len(beyond):
        log.note("plots_beyond_far", count=len(beyond), ids=_plots(beyond))


def note_unsized(facilities: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the facilities whose plot may be shared in an unknown proportion."""
    blank = facilities.index[unsized_plots(facilities)]
    if len(blank):
        log.note("plots_without_floor", count=len(blank), ids=listed(map(str, blank)))


def note_sizes(records: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the records whose land, floor area and beds do not fit together, or whose land is very large."""
    land, floor, beds = (
        pd.to_numeric(_series(records, key)).astype("float64") for key in ("land_m2", "floor_area_m2", "beds")
    )
    land, floor, beds = land.where(land > 0), floor.where(floor > 0), beds.where(beds > 0)
    large, small = land > LARGE_PLOT_M2, floor > DENSE_FAR * land
    least, most = FLOOR_A_BED_M2
    homes = _series(records, "tier").eq("institution").fillna(value=False).astype(bool)
    a_bed = (floor / beds < least) | (homes & ((floor / beds > most) | (land / beds > LAND_A_BED_M2)))
    shown = pd.Series(
        [
            f"{key} ({_in_both(plot)} / {_m2(area)} / {_count(count)})"
            for key, plot, area, count in zip(records.index, land, floor, beds, strict=True)
        ],
        index=records.index,
        dtype=object,
    )
    if large.any():
        limit = number(LARGE_PLOT_M2 / M2_PER_HECTARE)
        log.note("plots_large", count=int(large.sum()), ids=listed(shown[large]), limit=limit)
    if small.any():
        log.note("plots_small", count=int(small.sum()), ids=listed(shown[small]), limit=number(DENSE_FAR))
    if a_bed.any():
        ends = {"land": number(LAND_A_BED_M2), "least": number(least), "most": number(most)}
        log.note("sizes_per_bed", count=int(a_bed.sum()), ids=listed(shown[a_bed]), **ends)


def _series(records: gpd.GeoDataFrame, key: str) -> pd.Series:
    return pd.Series(_column(records, key), index=records.index)


def _in_both(area_m2: float) -> str:
    return "–" if np.isnan(area_m2) else f"{number(area_m2)} m² = {number(round(area_m2 * 3 / 2000, 2))} 亩"


def _m2(area_m2: float) -> str:
    return "–" if np.isnan(area_m2) else f"{number(area_m2)} m²"


def _count(count: float) -> str:
    return "–" if np.isnan(count) else number(count)


def _plots(records: gpd.GeoDataFrame) -> str:
    sizes = zip(records.index, records["land_m2"], records["floor_area_m2"], strict=True)
    return listed(f"{key} ({number(land)} m² / {number(floor)} m²)" for key, land, floor in sizes)


def note_outside(
    facilities: gpd.GeoDataFrame, units: Mapping[str, gpd.GeoDataFrame], walk_m: float, log: LayerLog
) -> None:
    """Note the facilities outside all units, and how many of them are farther away than people walk.

    ``walk_m`` is how far people walk within the cut-off, metres (:func:`siting.domain.scenario.reach_m`).
    """
    frames = [frame for frame in units.values() if len(frame)]
    if not len(facilities) or not frames:
        return
    outside = _outside(facilities, units)
    if outside.any():
        ground = shapely.STRtree(np.concatenate([frame.geometry.to_numpy() for frame in frames]))
        points = facilities.geometry.to_numpy()
        _, distance = ground.query_nearest(points[outside], all_matches=False, return_distance=True)
        far = distance > walk_m
        log.note(
            "facilities_outside_units",
            count=int(outside.sum()),
            far=int(far.sum()),
            reach_m=round(walk_m),
            ids=listed(called(facilities, facilities.index[outside])),
        )


def note_coarse(facilities: gpd.GeoDataFrame, scenario: Scenario, log: LayerLog) -> None:
    """Note the facilities of the circle whose location may be wrong by more than half its radius."""
    radius_m = scenario.reach_m
    counting = facilities.loc[in_circle(facilities, scenario), "located_within_m"]
    coarse = counting[counting > _COARSE * radius_m]
    if len(coarse):
        log.note(
            "circle_located_coarsely",
            count=len(coarse),
            of=len(counting),
            largest_m=round(float(coarse.max())),
            largest=called(facilities, [coarse.idxmax()])[0],
            radius_m=round(radius_m),
        )


def note_doubles(records: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the facilities, or candidates, that may be duplicates; each pair is reported once, with its first reason.

    They have the same name; are of one tier at one place (within 5 m, but not if both were located by the unit that
    they name); have similar names within 200 m; or are of one tier at one address with a house number. Records of one
    site, and a facility and its parent, are duplicates only by name.

    Parameters
    ----------
    records : geopandas.GeoDataFrame
        Points in metres, indexed by id, with ``name`` and perhaps ``tier``, ``site_id``, ``parent_id``, ``address`` and
        ``located_within_m``.
    log : LayerLog
        Takes the notes ``suspected_doubles``, ``alike_doubles``, ``address_doubles``.
    """
    few = _crowding(records) <= _MOST_COMPARED
    told = _same_name(records) | _same_spot(records[few])
    near = _alike_near(records[few]) - told
    at_one_address = _same_address(records) - told - near
    if told:
        log.note("suspected_doubles", **_listed_pairs(told))
    if near:
        log.note("alike_doubles", **_listed_pairs(near))
    if at_one_address:
        log.note("address_doubles", **_listed_pairs(at_one_address))
    if not few.all():
        crowd = records.index[~few]
        log.note("doubles_not_compared", count=len(crowd), limit=_MOST_COMPARED, ids=listed(crowd))


def check_crowds(records: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the fault of too many records in a square of 200 m: they share one place because their own is missing."""
    crowding = _crowding(records)
    if crowding.max(initial=0) > _MOST_CROWDED:
        most = records.index[int(crowding.argmax())]
        log.fault("records_crowded", row=str(most), found=f"{crowding.max():,}", expected=f"≤ {_MOST_CROWDED:,}")


def _crowding(records: gpd.GeoDataFrame) -> Ints:
    """Return how many records are in the square of 200 m of each record."""
    squares = np.floor(shapely.get_coordinates(records.geometry.to_numpy()) / ALIKE_M)
    _, square, counts = np.unique(squares, axis=0, return_inverse=True, return_counts=True)
    crowding: Ints = counts[square.ravel()]
    return crowding


def _listed_pairs(pairs: Pairs) -> dict[str, object]:
    return {"count": len(pairs), "ids": listed(f"{one} + {other}" for one, other in sorted(pairs))}


def _same_name(records: gpd.GeoDataFrame) -> Pairs:
    names = records["name"].dropna().map(normal)
    return _chained(names[names != ""])


def _chained(values: pd.Series) -> Pairs:
    """Return the pairs of rows with the same value: if there are several, the first with the second, and so on."""
    groups = values[values.duplicated(keep=False)].groupby(values)
    return {
        (str(one), str(other)) for _, group in groups for keys in [sorted(group.index)] for one, other in pairwise(keys)
    }


def _same_spot(records: gpd.GeoDataFrame) -> Pairs:
    by_name = _column(records, "located_within_m").astype(np.float64) > 0
    one, other = _near(records, SAME_PLACE_M)
    found = ~(by_name[one] & by_name[other])
    return _ids(records, one[found], other[found])


def _alike_near(records: gpd.GeoDataFrame) -> Pairs:
    name = _column(records, "name")
    one, other = _near(records, ALIKE_M)
    named = ~(pd.isna(name[one]) | pd.isna(name[other]))
    one, other = one[named], other[named]
    pairs = zip(name[one], name[other], strict=True)
    found = np.fromiter((alike(*pair) for pair in pairs), dtype=np.bool_, count=len(one))
    return _ids(records, one[found], other[found])


def _same_address(records: gpd.GeoDataFrame) -> Pairs:
    if "address" not in records:
        return set()
    address = records["address"].dropna().map(normal)
    address = address[address.str.contains(r"\d")]
    pairs = sorted(_chained(address))
    row = {str(key): number for number, key in enumerate(records.index)}
    one, other = np.array([[row[key] for key in pair] for pair in pairs], dtype=np.int64).reshape(-1, 2).T
    may = _of_one_tier(records, one, other)
    return {pair for pair, is_one in zip(pairs, may, strict=True) if is_one}


def _near(records: gpd.GeoDataFrame, metres: float) -> tuple[Ints, Ints]:
    """Return the pairs of records that may be duplicates by their tier and are close enough, as positions."""
    one, other = records.sindex.query(records.geometry, predicate="dwithin", distance=metres)
    ordered = one < other
    one, other = one[ordered], other[ordered]
    may = _of_one_tier(records, one, other)
    return one[may], other[may]


def _of_one_tier(records: gpd.GeoDataFrame, one: Ints, other: Ints) -> Bools:
    """Tell which pairs of records may be duplicates: of one tier, not of one site, neither the other's parent."""
    # Blanks are -1: blank tiers count as equal, blank sites do not.
    tier, site = (pd.factorize(_column(records, key))[0] for key in ("tier", "site_id"))
    parent = records.index.get_indexer(pd.Index(_column(records, "parent_id")))
    apart = (site[one] < 0) | (site[other] < 0) | (site[one] != site[other])
    found: Bools = (tier[one] == tier[other]) & apart & (parent[one] != other) & (parent[other] != one)
    return found


def _column(records: gpd.GeoDataFrame, key: str) -> NDArray[np.object_]:
    if key not in records:
        return np.full(len(records), np.nan, dtype=object)
    return records[key].to_numpy(dtype=object)


def _ids(records: gpd.GeoDataFrame, one: Ints, other: Ints) -> Pairs:
    keys = records.index.astype(str)
    return {(min(pair), max(pair)) for pair in zip(keys[one], keys[other], strict=True)}


def with_context(
    facilities: gpd.GeoDataFrame,
    context: gpd.GeoDataFrame | None,
    units: Mapping[str, gpd.GeoDataFrame],
    log: LayerLog,
) -> gpd.GeoDataFrame:
    """Append the facilities of the surroundings to the ledger.

    They count for times and circles but in no unit's totals: the ids of units that they name are dropped.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        The ledger, in the working CRS.
    context : geopandas.GeoDataFrame or None
        Facilities of the surroundings with the same columns, in the working CRS; None if the scenario has none.
    units : mapping of str to geopandas.GeoDataFrame
        The units of every level, in the working CRS.
    log : LayerLog
        The log of ``context.facilities``: takes the fault ``context_id_twice`` and the note ``context_inside_units``.

    Returns
    -------
    geopandas.GeoDataFrame
        With the boolean column ``context`` before ``geometry``: true for the facilities of the surroundings.
    """
    own = _marked(facilities, context=False)
    if context is None or context.empty:
        return own
    for key in context.index[context.index.isin(facilities.index)]:
        log.fault("context_id_twice", row=str(key), field="id", found=str(key))
    inside = ~_outside(context, units)
    if inside.any():
        log.note("context_inside_units", count=int(inside.sum()), ids=listed(context.index[inside]))
    around = _marked(context, context=True)
    for level in units:
        if f"{level}_id" in around:
            around[f"{level}_id"] = pd.Series(pd.NA, index=around.index).astype(own[f"{level}_id"].dtype)
    return gpd.GeoDataFrame(pd.concat([own, around.reindex(columns=own.columns)]), crs=facilities.crs)


def _marked(records: gpd.GeoDataFrame, *, context: bool) -> gpd.GeoDataFrame:
    columns = [name for name in records.columns if name not in ("context", "geometry")]
    return records.assign(context=context)[[*columns, "context", "geometry"]]


def _outside(records: gpd.GeoDataFrame, units: Mapping[str, gpd.GeoDataFrame]) -> NDArray[np.bool_]:
    """Tell which records lie in no unit of any level."""
    outside = np.ones(len(records), dtype=bool)
    frames = [frame.geometry.to_numpy() for frame in units.values() if len(frame)]
    if frames:
        ground = shapely.STRtree(np.concatenate(frames))
        outside[ground.query(records.geometry.to_numpy(), predicate="intersects")[0]] = False
    return outside
