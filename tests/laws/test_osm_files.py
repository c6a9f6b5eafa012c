"""What must not matter in an OpenStreetMap file: the order of its elements, where ways are cut, ways far away."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from pyproj import Transformer

from siting.domain.nouns import Assessment, Inputs, Network
from siting.read.ground.osm import read_osm
from siting.read.log import Log
from tests.helpers import CORNER, METRIC, check
from tests.laws.districts import district

SEEDS = (1, 2, 3)
TAGS = {
    "street": {"highway": "residential"},
    "path": {"highway": "path"},
    "stairs": {"highway": "steps"},
    "bridge": {"highway": "residential", "bridge": "yes"},
    "crossing": {"highway": "footway", "footway": "crossing"},
}


@dataclass(frozen=True)
class Way:
    """A way: the numbers of its nodes, and what it is."""

    nodes: tuple[int, ...]
    kind: str


@dataclass(frozen=True)
class Streets:
    """The ways of a district and the places of their nodes, metres."""

    places: tuple[tuple[float, float], ...]
    ways: tuple[Way, ...]

    def elements(self) -> list[str]:
        """Return the nodes, then the ways."""
        back = Transformer.from_crs(METRIC, "EPSG:4326", always_xy=True)
        lon, lat = back.transform(*np.array(self.places).T)
        found = [
            f'<node id="{at}" lon="{x:.7f}" lat="{y:.7f}"/>' for at, (x, y) in enumerate(zip(lon, lat, strict=True))
        ]
        for number, way in enumerate(self.ways):
            refs = "".join(f'<nd ref="{node}"/>' for node in way.nodes)
            tags = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in TAGS[way.kind].items())
            found.append(f'<way id="{number}">{refs}{tags}</way>')
        return found


def drawn(given: Inputs, rng: np.random.Generator) -> Streets:
    """Draw the edges of a district as ways that run on over junctions, with a bend between each two of them."""
    assert given.network is not None
    places = [tuple(place) for place in given.network.node_xy.tolist()]
    ways: list[Way] = []
    for u, v, kind in given.network.edges[["u", "v", "kind"]].itertuples(index=False, name=None):
        bend = (np.array(places[u]) + places[v]) / 2 + rng.uniform(-20, 20, 2)
        places.append((float(bend[0]), float(bend[1])))
        here = "crossing" if kind == "path" and rng.random() < 0.3 else kind
        last = ways[-1] if ways else None
        if last is not None and last.nodes[-1] == u and last.kind == here:
            ways[-1] = replace(last, nodes=(*last.nodes, len(places) - 1, v))
        else:
            ways.append(Way((u, len(places) - 1, v), here))
    return Streets(tuple(places), tuple(ways))


def read(folder: Path, elements: Sequence[str]) -> Network:
    """Write a file and read it."""
    path = folder / "streets.osm"
    path.write_text(f'<osm version="0.6">{"".join(elements)}</osm>', encoding="utf-8")
    log = Log()
    network = read_osm(path, METRIC, log.layer("network", path))
    assert log.faults.found == []
    assert network is not None
    return network


def assert_alike(one: Assessment, other: Assessment) -> None:
    """Hold the times of all cells and the figures of the district against each other."""
    minutes = one.cells["minutes_to_nearest"].to_numpy(dtype=float)
    assert np.isfinite(minutes).any()
    assert other.cells["minutes_to_nearest"].to_numpy(dtype=float) == pytest.approx(minutes, abs=1e-4, nan_ok=True)
    for key in ("elderly_covered", "covered_share", "residents"):
        assert other.totals[key] == pytest.approx(one.totals[key])
    assert other.totals["uncovered_by_reason"] == pytest.approx(one.totals["uncovered_by_reason"])


@pytest.mark.parametrize("seed", SEEDS)
def test_order_cuts_and_ways_far_away_decide_nothing(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    # On the flat: slopes are measured over the pieces between junctions, and a cut makes others.
    walker = {"flat_m_s": 0.8, "stairs_up_m_s": 0.4, "stairs_down_m_s": 0.5, "crossing_wait_s": 40.0, "source": "s"}
    given = replace(district(seed, walking={"walker": "own"}, walkers={"own": walker}), terrain=None)
    streets = drawn(given, rng)

    def found(elements: Sequence[str]) -> Assessment:
        return check(replace(given, network=read(tmp_path, elements)))

    elements = streets.elements()
    base = found(elements)
    assert_alike(base, found([elements[at] for at in rng.permutation(len(elements))]))

    halves: list[Way] = []
    for way in streets.ways:
        at = int(rng.integers(1, len(way.nodes) - 1))
        halves += [replace(way, nodes=way.nodes[: at + 1]), replace(way, nodes=way.nodes[at:][::-1])]
    assert_alike(base, found(replace(streets, ways=tuple(halves)).elements()))

    far = [tuple((CORNER + offset).tolist()) for offset in ((40_000.0, 0.0), (43_000.0, 500.0), (40_000.0, 200.0))]
    first = len(streets.places)
    beyond = (Way((first, first + 1), "street"), Way((first + 1, first + 2), "stairs"), Way((first, first + 2), "path"))
    assert_alike(base, found(Streets(streets.places + tuple(far), beyond + streets.ways).elements()))
