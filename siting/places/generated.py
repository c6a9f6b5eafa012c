"""Candidates without a ledger of premises: lattice points where people live, close to a way for walking."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from siting.domain.nouns import Floats, Inputs, Ints, Network, Note
from siting.domain.scenario import FINE_TO_COARSE, Generated
from siting.errors import Faults

# Pedestrians cannot enter these ways along their length, so they give no access to a candidate.
NO_ENTRY: Final = (
    *("bridge", "footbridge", "tunnel", "stairs", "lift"),
    *("escalator", "escalator_forward", "escalator_backward"),
)
# Far above any useful number; a lattice with more points has a wrong spacing.
MOST_POINTS: Final = 200_000
# Lattice points that are processed together.
_STRIP: Final = 1_000_000
# The query uses slightly more than the limit; the exact distance decides.
_SLACK: Final = 1.001


def with_generated(inputs: Inputs) -> Inputs:
    """Return inputs whose candidates have a column ``generated``, with the lattice points that the scenario asks for.

    Parameters
    ----------
    inputs : Inputs
        The inputs as read; the ledger of candidates may be empty.

    Returns
    -------
    Inputs
        ``candidates`` has the column ``generated`` (bool) before ``geometry``; the ledger's rows come first. A note
        ``candidates_generated`` tells how many points were made and how many were too far from any way. Inputs whose
        candidates already have the column are returned unchanged.

    Raises
    ------
    InputError
        ``lattice_too_dense``: the spacing makes more than 200,000 points.
    """
    if "generated" in inputs.candidates:
        return inputs
    ledger = _marked(inputs.candidates, generated=False)
    layer = inputs.scenario.candidates
    generate = None if layer is None else layer.generate
    if generate is None:
        return replace(inputs, candidates=ledger)
    frames = _frames(inputs, generate)
    _refuse_too_many(frames, generate.spacing_m)
    areas = gpd.GeoDataFrame(pd.concat(frames), crs=inputs.crs)
    made = lattice_points(areas, generate.spacing_m)
    near = near_ways(made, inputs.network, generate.near_network_m)
    estates = generate.within == "residential_areas"
    rows = _marked(_as_ledger(made[near], inputs.candidates, in_estates=estates), generated=True)
    note = Note(
        "candidates_generated",
        {
            "count": int(near.sum()),
            "spacing_m": f"{generate.spacing_m:g}",
            "away": int((~near).sum()),
            "near_m": f"{generate.near_network_m:g}",
        },
    )
    both = gpd.GeoDataFrame(pd.concat([ledger, rows]), crs=inputs.crs) if len(ledger) else rows
    return replace(inputs, candidates=both if len(rows) else ledger, notes=(*inputs.notes, note))


def lattice_points(areas: gpd.GeoDataFrame, spacing_m: float) -> gpd.GeoDataFrame:
    """Return the points of a square lattice that lie in an area or on its border.

    Coordinates are multiples of the spacing, so points do not move if an area is added or changed. The id of a point,
    ``G`` with its column and row, does not change either.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        Polygons in a metric CRS, indexed by id, with ``name``; a point in several areas has the name of the first.
    spacing_m : float
        Side of the squares, metres; above 0.

    Returns
    -------
    geopandas.GeoDataFrame
        Points indexed by id, from west to east, then from south to north, with ``name`` and ``area`` (the name of the
        area, otherwise its id).

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> from siting.places.generated import lattice_points
    >>> estate = gpd.GeoDataFrame({"name": ["翠湖"]}, index=["A"], geometry=[shapely.box(90, 10, 210, 50)], crs=4545)
    >>> lattice_points(estate, 50)["name"].tolist()
    ['翠湖 G2_1', '翠湖 G3_1', '翠湖 G4_1']
    """
    found = [_within(area, spacing_m) for area in areas.geometry]
    where = np.concatenate([np.empty((0, 2), dtype=np.int64), *found])
    owner = np.repeat(np.arange(len(areas)), [len(each) for each in found])
    # Sorted by column, then row; of equal points the one of the first area is kept.
    points, first = np.unique(where, axis=0, return_index=True)
    told = areas["name"].astype(object).where(areas["name"].notna(), areas.index.to_series()).to_numpy()
    area = told[owner[first]].astype(object)
    ids = pd.Index([f"G{column}_{row}" for column, row in points.tolist()], name="id", dtype=areas.index.dtype)
    return gpd.GeoDataFrame(
        {"name": [f"{name} {key}" for name, key in zip(area, ids, strict=True)], "area": area},
        index=ids,
        geometry=shapely.points(points * float(spacing_m)),
        crs=areas.crs,
    )


def near_ways(points: gpd.GeoDataFrame, network: Network | None, limit_m: float) -> NDArray[np.bool_]:
    """Tell which points lie within a distance in metres (inclusive) of a way that pedestrians may enter.

    Bridges, tunnels, stairs and similar ways do not count. Without a network (open ground or straight lines) every
    point counts.
    """
    if network is None:
        return np.ones(len(points), dtype=bool)
    near = np.zeros(len(points), dtype=bool)
    open_edges = ~np.isin(network.edges["kind"].to_numpy(dtype=object).astype(str), NO_ENTRY)
    lines = network.edges.geometry.to_numpy()[open_edges]
    if len(lines) and len(points):
        (point, _), away = shapely.STRtree(lines).query_nearest(
            points.geometry.to_numpy(), max_distance=limit_m * _SLACK, return_distance=True, all_matches=False
        )
        near[point[away <= limit_m]] = True
    return near


def _within(area: BaseGeometry | None, spacing: float) -> Ints:
    """Return columns and rows, shape (points, 2), of the lattice points in an area or on its border."""
    if area is None or area.is_empty:
        return np.empty((0, 2), dtype=np.int64)
    west, south, east, north = (np.asarray(area.bounds) / spacing).tolist()
    columns = np.arange(np.floor(west), np.ceil(east) + 1, dtype=np.int64)
    rows = np.arange(np.floor(south), np.ceil(north) + 1, dtype=np.int64)
    shapely.prepare(area)
    found = []
    # The bounding box of a narrow area may hold far more points than the area, so it is processed in strips.
    for strip in np.array_split(columns, max(1, len(columns) * len(rows) // _STRIP)):
        across = np.stack(np.meshgrid(strip, rows, indexing="ij"), axis=-1).reshape(-1, 2)
        place: Floats = across * float(spacing)
        found.append(across[shapely.intersects_xy(area, place[:, 0], place[:, 1])])
    return np.concatenate(found)


def _frames(inputs: Inputs, generate: Generated) -> list[gpd.GeoDataFrame]:
    """Return the areas for the lattice, by id: residential areas, or units from the finest level on."""
    frames = [inputs.residential_areas]
    if generate.within == "units":
        frames = [inputs.units[level] for level in FINE_TO_COARSE if level in inputs.units]
    return [frame[["name", "geometry"]].sort_index() for frame in frames]


def _refuse_too_many(frames: Sequence[gpd.GeoDataFrame], spacing: float) -> None:
    """Refuse a lattice with too many points before it is made."""
    # Levels overlap, so their areas are not added up.
    about = max(float(frame.area.sum()) for frame in frames) / spacing**2
    faults = Faults()
    if about > MOST_POINTS:
        faults.add(
            "lattice_too_dense",
            layer="candidates",
            field="generate.spacing_m",
            found=f"{about:.0f}",
            expected=f"{MOST_POINTS}",
        )
    faults.stop_if_any()


def _as_ledger(points: gpd.GeoDataFrame, ledger: gpd.GeoDataFrame, *, in_estates: bool) -> gpd.GeoDataFrame:
    """Return points as rows of the ledger; unknown columns are blank."""
    told = pd.DataFrame(
        {
            "name": points["name"],
            "kind": "generated",
            "residential_area": points["area"] if in_estates else None,
            "located_by": "coordinates",
            "located_within_m": 0.0,
        },
        index=points.index,
    )
    ids = points.index
    while ids.isin(ledger.index).any():
        ids = "G" + ids
    columns = dict.fromkeys((*ledger.columns.drop("geometry"), *told.columns))
    rows = told.set_axis(ids).reindex(columns=list(columns))
    rows = rows.astype({name: kind for name, kind in ledger.dtypes.items() if name != "geometry"})
    return gpd.GeoDataFrame(rows, geometry=points.geometry.to_numpy(), crs=points.crs)


def _marked(candidates: gpd.GeoDataFrame, *, generated: bool) -> gpd.GeoDataFrame:
    columns = [name for name in candidates.columns if name != "geometry"]
    return candidates.assign(generated=generated)[[*columns, "generated", "geometry"]]
