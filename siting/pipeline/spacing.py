"""The pairs of sites that the minimum spacing excludes: new stations, and new stations beside facilities that stay."""

from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from siting import places
from siting.domain.nouns import Bools, Ints
from siting.domain.scenario import PlanOptions
from siting.pipeline.ground import PreparedScenario

# Coordinates are rounded and projected: a distance equal to the spacing may be measured a little shorter.
_TOLERANCE_M: Final = 1e-3


def apart(ground: PreparedScenario, plan: PlanOptions, sites: gpd.GeoDataFrame, standing: int, serves: Bools) -> Ints:
    """Return the pairs of sites of which at most one may be open, because they are closer than the spacing.

    A pair holds two new stations of different places, or a new station that is not forced and a facility of the service
    circle that stays. Two facilities are never a pair. A facility that may be closed or enlarged has a pair for each of
    its sites (sizes); the first site of the problem represents all facilities that stay as they are.

    Parameters
    ----------
    ground : PreparedScenario
        Its facilities are the standing ones.
    plan : PlanOptions
        The spacing, and which facilities may change.
    sites : geopandas.GeoDataFrame
        The result of :func:`siting.places.plan_sites`.
    standing : int
        How many sites of the problem come before those of ``sites``.
    serves : ndarray of bool
        Which sites count for the service circle.

    Returns
    -------
    ndarray of int
        Shape (pairs, 2), sites of the problem in ascending order; empty without a spacing.
    """
    if plan.spacing_m is None:
        return np.zeros((0, 2), dtype=np.int64)
    facilities, place = ground.facilities, sites["place"].to_numpy()
    forced = sites["candidate_id"].isin(plan.forced).to_numpy(dtype=bool)
    facility = sites["facility"].to_numpy(dtype=bool)
    new, held, changing = (np.flatnonzero(each) for each in (~facility, ~facility & ~forced, facility & serves))
    stays = places.in_circle(facilities, ground.inputs.scenario) & ~facilities.index.isin(
        [*plan.upgradable, *plan.closing]
    )

    def nearer(one: NDArray[np.object_], other: NDArray[np.object_]) -> tuple[Ints, Ints]:
        within = max(float(plan.spacing_m or 0.0) - _TOLERANCE_M, 0.0)
        found = shapely.STRtree(other).query(one, predicate="dwithin", distance=within)
        return found[0], found[1]

    points = np.asarray(sites.geometry.array, dtype=object)
    standing_points = np.asarray(facilities.geometry.array, dtype=object)[stays]
    first, second = nearer(points[new], points[new])
    among = np.stack([new[first], new[second]], axis=1)
    among = among[(first < second) & (place[among[:, 0]] != place[among[:, 1]])]
    first, second = nearer(points[changing], points[held])
    beside = np.stack([changing[first], held[second]], axis=1)
    pairs = np.concatenate([among, beside]) + standing
    if standing:
        barred = np.unique(nearer(standing_points, points[held])[1])
        pairs = np.concatenate([np.stack([np.zeros_like(barred), held[barred] + standing], axis=1), pairs])
    return np.asarray(pairs[np.lexsort(pairs.T[::-1])], dtype=np.int64)
