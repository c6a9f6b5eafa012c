"""One unit of an assessment by itself: its places, checks, cells and facilities, as they are in the whole."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from scipy.sparse import csr_array

from siting.crs import carry
from siting.domain.certain import certainty_of
from siting.domain.nouns import Assessment, Bools, Demand, Grid, Inputs, Network, Proposal, Raster
from siting.domain.scenario import FINE_TO_COARSE, Level
from siting.domain.tables import REASON_CODES
from siting.domain.totals import Totals

# Figures of the whole that the row of a unit has under the same name.
_OF_ROW = (
    "residents",
    "elderly",
    "elderly_covered",
    "covered_share",
    "land_provided_m2",
    "land_required_01_m2",
    "land_required_02_m2",
    "residents_high",
    "elderly_high",
    "land_provided_high_m2",
    "land_m2_per_resident",
    "land_m2_per_elderly",
    "land_high_m2_per_resident",
    "land_high_m2_per_elderly",
    "elderly_uncovered",
    "elderly_covered_high",
    "elderly_uncovered_low",
    "covered_share_high",
    "land_gap_01_m2",
    "land_gap_01_low_m2",
    "land_gap_02_m2",
    "land_gap_02_low_m2",
)


def part_of(assessment: Assessment, level: Level, unit: object) -> Assessment:
    """Return the assessment of one unit, cut out of that of the whole; nothing is judged again.

    Parameters
    ----------
    assessment : Assessment
        The whole.
    level : str
        Level of the unit.
    unit : object
        Its id.

    Returns
    -------
    Assessment
        Its place with all finer ones inside it, with their checks; the populated cells that touch it; the facilities
        inside and those outside that reach its people, and their circles; the figures of its row as totals. Notes tell
        of the whole, so there are none. Ways, elevations and base map are cut to its bounds.
    """
    units = assessment.inputs.units
    shape = units[level].geometry[units[level].index == unit].iloc[0]
    shapely.prepare(shape)
    inside: dict[str, gpd.GeoDataFrame] = {level: units[level].loc[[unit]]}
    for finer in FINE_TO_COARSE[: FINE_TO_COARSE.index(level)]:
        if finer in units:
            inside[finer] = _inside(units[finer], shape)
    estates = _inside(assessment.inputs.residential_areas, shape)
    wanted = {name: set(frame.index) for name, frame in {**inside, "residential_area": estates}.items()}
    share = assessment.demand.shares[level][assessment.demand.place_ids[level].get_indexer(pd.Index([unit]))]
    touched = np.zeros(len(assessment.demand.cells), dtype=np.bool_)
    touched[share.indices[share.data > 0]] = True
    cells = assessment.cells[assessment.cells.index.isin(assessment.demand.cells.index[touched])]
    home = f"home_{level}"
    facilities = assessment.facilities
    at_home = np.ones(len(facilities), dtype=np.bool_)
    if home in facilities:
        at_home = (facilities[home] == unit).to_numpy(dtype=bool)
    own = facilities[at_home]
    shown = facilities[at_home | facilities.index.isin(_reaching(assessment, cells, touched))]
    inputs = _inputs_of(assessment.inputs, inside, estates, shape, shown.index)
    places = assessment.places[_are(assessment.places, wanted)]
    judged = _are(assessment.checks, wanted)
    return replace(
        assessment,
        inputs=inputs,
        demand=_demand_of(assessment.demand, touched, wanted),
        places=gpd.GeoDataFrame(places, crs=assessment.places.crs),
        checks=assessment.checks[judged],
        cells=cells,
        facilities=shown,
        circles=assessment.circles[assessment.circles.index.isin(shown.index)],
        totals=_totals_of(
            assessment, places[(places["level"] == level).to_numpy()].iloc[0], cells, own, len(shown) - len(own)
        ),
        notes=(),
        outside=None,
        undated=None,
        certainty=certainty_of(assessment, judged),
    )


def plan_part_of(proposal: Proposal, level: Level, unit: object) -> Proposal:
    """Return what a plan does in one unit, cut out of that of the whole; nothing is chosen again.

    Parameters
    ----------
    proposal : Proposal
        The plan of the whole.
    level : str
        Level of the unit.
    unit : object
        Its id.

    Returns
    -------
    Proposal
        The stations inside and those outside that reach its people, with their ranks in the whole; its state before and
        after; the refused candidates inside. What tells of the whole plan is left out; ``selection`` stays that of the
        whole.
    """
    before, after = part_of(proposal.before, level, unit), part_of(proposal.after, level, unit)
    shown = set(before.facilities.index) | set(after.facilities.index)
    links, changes = proposal.links, proposal.changes
    return replace(
        proposal,
        stations=proposal.stations[proposal.stations.index.isin(list(shown))],
        refused=proposal.refused[proposal.refused.index.isin(before.inputs.candidates.index)],
        before=before,
        after=after,
        notes=(),
        changes=changes[changes.index.isin(list(shown))],
        blocked=None,
        shortfalls=None,
        fairness=None,
        phases=None,
        other_plans={},
        links=None if links is None else links[links["child_id"].isin(list(shown))],
        robustness=None,
    )


def _reaching(assessment: Assessment, cells: pd.DataFrame, touched: Bools) -> list[object]:
    """Return the facilities that reach people in some cells: those in whose circle one is, and the nearest of each."""
    peopled = touched & (assessment.demand.cells[["residents", "elderly"]].fillna(0).max(axis=1) > 0).to_numpy()
    points = np.asarray(shapely.points(assessment.demand.cells[["x", "y"]].to_numpy()[peopled]), dtype=object)
    around, circles = shapely.box(*shapely.total_bounds(points)), assessment.circles
    near = circles.iloc[circles.sindex.query(around, sort=True)] if len(points) and len(circles) else circles.iloc[:0]
    found = np.unique(shapely.STRtree(points).query(near.geometry.to_numpy(), predicate="intersects")[0])
    nearest = cells["nearest"].dropna().unique().tolist() if "nearest" in cells else []
    return [*near.index[found], *nearest]


def _inside(frame: gpd.GeoDataFrame, shape: shapely.Geometry) -> gpd.GeoDataFrame:
    """Return the places of which a point inside lies in a shape."""
    close = frame.iloc[frame.sindex.query(shape, predicate="intersects", sort=True)]
    points = close.geometry.representative_point()
    return close[shapely.contains_xy(shape, points.x.to_numpy(), points.y.to_numpy())]


def _are(table: pd.DataFrame, wanted: dict[str, set[object]]) -> Bools:
    """Return which rows of a table by (level, id) are of the wanted places."""
    levels, ids = table.index.get_level_values(0), table.index.get_level_values(1)
    keep = np.zeros(len(table), dtype=np.bool_)
    for level, some in wanted.items():
        keep |= np.asarray((levels == level) & ids.isin(some))
    return keep


def _demand_of(demand: Demand, touched: Bools, wanted: dict[str, set[object]]) -> Demand:
    """Return the cells of a part, with their shares in its places."""
    rows = {level: np.flatnonzero(ids.isin(wanted.get(level, set()))) for level, ids in demand.place_ids.items()}
    return replace(
        demand,
        cells=demand.cells[touched],
        place_ids={level: ids[rows[level]] for level, ids in demand.place_ids.items()},
        shares={level: csr_array(demand.shares[level][rows[level]][:, touched]) for level in demand.place_ids},
        grid_share={level: demand.grid_share[level][rows[level]] for level in demand.place_ids},
        unseen={},
    )


def _inputs_of(
    inputs: Inputs,
    units: dict[str, gpd.GeoDataFrame],
    estates: gpd.GeoDataFrame,
    shape: shapely.Geometry,
    shown: pd.Index,
) -> Inputs:
    """Return the layers of a part: its points and areas, facilities shown with it, and the base in its bounds."""
    west, south, east, north = shapely.bounds(shape).tolist()

    def near(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame.iloc[frame.sindex.query(shapely.box(west, south, east, north), sort=True)]

    def within(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame[shapely.intersects(frame.geometry.to_numpy(), shape)]

    network = inputs.network
    if network is not None:
        network = Network(network.node_xy, near(network.edges).reset_index(drop=True))
    return replace(
        inputs,
        units=units,
        residential_areas=estates,
        facilities=inputs.facilities[
            inputs.facilities.index.isin(shown) | shapely.intersects(inputs.facilities.geometry.to_numpy(), shape)
        ],
        candidates=within(inputs.candidates),
        exclusions={name: near(frame) for name, frame in inputs.exclusions.items()},
        preferences={name: near(frame) for name, frame in inputs.preferences.items()},
        network=network,
        terrain=None if inputs.terrain is None else _window(inputs.terrain, inputs, (west, south, east, north)),
        basemap={name: near(frame) for name, frame in inputs.basemap.items()},
        land_use=None if inputs.land_use is None else near(inputs.land_use),
    )


def _window(raster: Raster, inputs: Inputs, bounds: tuple[float, float, float, float]) -> Raster:
    """Return the cells of a raster around a rectangle of the working CRS."""
    west, south, east, north = carry(inputs.crs, raster.grid.crs).transform_bounds(*bounds)
    move, (rows, columns) = raster.grid.transform, raster.grid.shape
    left, right = sorted(np.clip([(west - move.c) / move.a, (east - move.c) / move.a], 0, columns).astype(int).tolist())
    top, bottom = sorted(np.clip([(north - move.f) / move.e, (south - move.f) / move.e], 0, rows).astype(int).tolist())
    bottom, right = max(bottom, top + 1), max(right, left + 1)
    values = raster.values[top:bottom, left:right]
    moved = Affine(move.a, move.b, move.c + left * move.a, move.d, move.e, move.f + top * move.e)
    return Raster(Grid(moved, (values.shape[0], values.shape[1]), raster.grid.crs), values)


def _totals_of(
    whole: Assessment, row: pd.Series, cells: pd.DataFrame, facilities: gpd.GeoDataFrame, around: int
) -> Totals:
    """Return the figures of a unit's row and of its facilities in the form of totals."""
    ids = set(facilities.index.astype(str))
    totals: Totals = {**whole.totals}
    figures = {name: float(row[name]) for name in _OF_ROW if name in row}
    basis = "elderly" if whole.totals["land_basis"].startswith("elderly") else "residents"
    totals.update(figures)  # type: ignore[typeddict-item] # the names are those of totals
    totals["basis_people"] = float(row[basis])
    totals["facilities_counted"], totals["facilities_around"] = len(facilities), around
    totals["land_missing"] = [each for each in whole.totals["land_missing"] if each in ids]
    totals["land_doubtful"] = [each for each in whole.totals["land_doubtful"] if each in ids]
    totals["uncovered_by_reason"] = {
        reason: float(cells["elderly"][cells["reason_code"] == code].sum())
        for reason, code in REASON_CODES.items()
        if reason != "covered"
    }
    totals["groups"] = {}
    return totals
