"""Covered people with edge and with node attachment, slope on and off, in each direction, and in straight lines.

Prints the table of docs/benchmarks.md. Real inputs are looked for in the folder named by ``SITING_SHARED``, else in
``shared`` beside the repository; without them the sample alone is measured. ``python benchmarks/attachment.py``.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

import numpy as np
import shapely
from scipy.spatial import cKDTree

from siting.domain.nouns import Demand, Floats, Inputs
from siting.domain.scenario import Direction, Scenario
from siting.places import make_demand, open_facilities
from siting.read import read_inputs, read_scenario
from siting.travel.network import Attachment, WalkingNetwork, attach, prepare_network
from siting.travel.straight import walk_straight
from siting.travel.walks import Limits, walk_between

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main() -> None:
    """Measure both districts."""
    print("| district | ways | slope | direction | edge attachment | node attachment | difference |")
    print("| -------- | ---- | ----- | --------- | --------------: | --------------: | ---------: |")
    with tempfile.TemporaryDirectory() as folder:
        for name, scenario in _scenarios(Path(folder)):
            for row in _rows(scenario):
                print(f"| {name} | {row} |")


def _scenarios(folder: Path) -> Iterator[tuple[str, Scenario]]:
    yield "sample", read_scenario(ROOT / "data" / "sample" / "scenario.toml")
    shared = Path(os.environ.get("SITING_SHARED", ROOT.parent / "shared"))
    if (shared / "realdata" / "porto_alegre").is_dir():
        from tests.realdata import porto_alegre  # noqa: PLC0415 - needs the real inputs

        yield "Porto Alegre", read_scenario(porto_alegre.prepare(shared.resolve(), folder))


def _rows(scenario: Scenario) -> Iterator[str]:
    inputs, walking = read_inputs(scenario), scenario.walking
    walker, cutoff = scenario.walker, scenario.walking.minutes * 60
    share = scenario.population.elderly_share
    demand = make_demand(
        inputs.population, inputs.units, inputs.crs, basis="resident_current", elderly_share=share, context_m=0.0
    )
    sites, places = _sites(inputs, scenario), demand.cells[["x", "y"]].to_numpy(dtype=np.float64)
    limits = Limits.plain(len(sites), cutoff)
    far = walking.attach_limit_m + demand.cells["half_diagonal_m"].to_numpy()
    assert inputs.network is not None  # noqa: S101 - both districts have one
    for slope in (True, False):
        ways = prepare_network(inputs.network, inputs.terrain if slope else None, walker, inputs.crs)
        door = np.full(len(sites), walking.attach_limit_m)
        by_edge = (attach(ways, sites, door), attach(ways, places, far))
        by_node = (_at_nodes(ways, sites, door), _at_nodes(ways, places, far))
        for direction in get_args(Direction):
            edge, node = (
                _covered(demand, walk_between(ways, *joined, direction, limits).target) for joined in (by_edge, by_node)
            )
            yield (
                f"network | {'on' if slope else 'off'} | {direction.replace('_', ' ')} | {edge:,.0f} | {node:,.0f} | "
                f"{(node - edge) / edge:+.1%}"
            )
    straight = _covered(demand, walk_straight(sites, places, 1 / walker.flat, limits).target)
    yield f"straight lines | – | – | {straight:,.0f} | – | –"


def _sites(inputs: Inputs, scenario: Scenario) -> Floats:
    """Return where the facilities of the circle stand."""
    facilities = open_facilities(inputs.facilities, scenario.scenario)
    serves = facilities["serves_community"].fillna(value=False).astype(bool)
    counts = facilities["tier"].isin(scenario.circle.tiers) | ((facilities["tier"] == "institution") & serves)
    return shapely.get_coordinates(np.asarray(facilities.geometry[counts], dtype=object))


def _at_nodes(ways: WalkingNetwork, xy: Floats, limit_m: Floats) -> Attachment:
    """Join points to the nearest node of an edge that may be joined, the straight way to it on the flat."""
    edges = np.flatnonzero(ways.open_to_joining)
    nodes, first = np.unique(np.concatenate([ways.u[edges], ways.v[edges]]), return_index=True)
    away, nearest = cKDTree(ways.node_xy[nodes]).query(xy)
    entry = first[nearest]
    edge = edges[entry % len(edges)]
    near = away <= limit_m
    return Attachment(
        edge=np.where(near, edge, -1),
        position_m=np.where(entry < len(edges), 0.0, ways.seconds.length_m[edge]),
        leg_s=np.where(near, away / ways.speed, np.inf),
        component=np.where(near, ways.component[edge], -1),
    )


def _covered(demand: Demand, reached: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Return the residents inside the units in cells that some site reaches."""
    cells = demand.cells
    found = np.zeros(len(cells), dtype=bool)
    found[reached] = True
    return float((cells["residents"].fillna(0.0) * cells["inside"]).to_numpy()[found].sum())


if __name__ == "__main__":
    main()
