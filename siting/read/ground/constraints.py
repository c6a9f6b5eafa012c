"""Land constraints: excluded areas, preferred areas, and the land-use plan."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import shapely
from pyproj import CRS

from siting.domain.scenario import ExclusionLayer, Layer, PreferenceLayer, Scenario
from siting.domain.tables import GROUND_COLUMNS, LAND_USE_COLUMNS, Column
from siting.read.geometry.shapes import Family
from siting.read.log import Log, listed

# Segments of a quarter circle: at a vertex the area grows by at least 0.9997 of the buffer.
_QUARTER: Final = 32
_POLYGONS: Final = ("Polygon", "MultiPolygon")


# Reads the layer of a key: key, source, columns, family of geometry; a missing or faulty layer has no rows.
ReadTable = Callable[[str, Layer | None, Sequence[Column], Family], gpd.GeoDataFrame]


@dataclass(frozen=True)
class Constraints:
    """Polygons by the name of their layer, buffers included, in the working CRS.

    An exclusion with side ``outside`` holds the areas in which building *is* permitted.
    """

    exclusions: Mapping[str, gpd.GeoDataFrame]
    preferences: Mapping[str, gpd.GeoDataFrame]
    land_use: gpd.GeoDataFrame | None


def read_constraints(scenario: Scenario, table: ReadTable, crs: CRS | None, log: Log) -> Constraints:
    """Read the layers of ``constraints``.

    Parameters
    ----------
    scenario : Scenario
        Its ``constraints.exclude``, ``constraints.prefer`` and ``constraints.land_use`` are read.
    table : callable
        Called as ``table(key, source, columns, family)`` for each layer.
    crs : pyproj.CRS or None
        The working CRS, metres; None if the units are at fault, and then no buffer is applied.
    log : Log
        Takes the faults ``ground_without_buffer`` (lines or points with ``buffer_m`` 0) and ``no_permitted_ground`` (an
        exclusion with side ``outside`` that is declared empty).

    Returns
    -------
    Constraints
        Areas with a ``buffer_m`` are enlarged by that many metres, with round corners.
    """
    given = scenario.constraints

    def ground(kind: str, name: str, layer: ExclusionLayer | PreferenceLayer) -> gpd.GeoDataFrame:
        key = f"constraints.{kind}.{name}"
        found = table(key, layer, GROUND_COLUMNS, "any")
        _refuse_unbuffered(key, layer, found, log)
        return found if crs is None else grown(found, layer.buffer_m)

    for name, layer in given.exclude.items():
        if layer.side == "outside" and layer.empty:
            log.layer(f"constraints.exclude.{name}", layer.called).fault("no_permitted_ground", field="empty")
    return Constraints(
        exclusions={name: ground("exclude", name, layer) for name, layer in given.exclude.items()},
        preferences={name: ground("prefer", name, layer) for name, layer in given.prefer.items()},
        land_use=(
            None
            if given.land_use is None
            else table("constraints.land_use", given.land_use, LAND_USE_COLUMNS, "polygons")
        ),
    )


def grown(ground: gpd.GeoDataFrame, buffer_m: float) -> gpd.GeoDataFrame:
    """Return areas enlarged by a buffer; the same table for a buffer of 0.

    Parameters
    ----------
    ground : geopandas.GeoDataFrame
        Points, lines or polygons in a metric CRS.
    buffer_m : float
        Metres, 0 or more.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons. Along straight sides they extend exactly ``buffer_m``, at corners and ends up to 0.03 % less.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import LineString
    >>> from siting.read.ground.constraints import grown
    >>> rail = gpd.GeoDataFrame(geometry=[LineString([(0, 0), (100, 0)])], crs="EPSG:4545")
    >>> grown(rail, 50).total_bounds.tolist()
    [-50.0, -50.0, 150.0, 50.0]
    """
    if not buffer_m:
        return ground
    shapes = shapely.buffer(ground.geometry.to_numpy(), buffer_m, quad_segs=_QUARTER)
    return ground.set_geometry(gpd.GeoSeries(shapes, index=ground.index, crs=ground.crs))


def _refuse_unbuffered(key: str, layer: ExclusionLayer | PreferenceLayer, found: gpd.GeoDataFrame, log: Log) -> None:
    kinds = found.geometry.geom_type[~found.geometry.is_empty].dropna()
    bare = kinds[~kinds.isin(_POLYGONS)]
    if len(bare) and not layer.buffer_m:
        log.layer(key, layer.called).fault(
            "ground_without_buffer", field="buffer_m", found=str(len(bare)), expected=listed(sorted(set(bare)))
        )
