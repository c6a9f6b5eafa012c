"""The ledger of idle premises that could become stations."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from .facilities import Roadside, home
from .grid import Floats, stage_rng
from .ground import Ground
from .network import Edge
from .people import People
from .zones import Zones

COUNT = 200
ON_EXCLUDED = {"flood": 7, "farmland": 5, "ecology": 4}  # premises that screening must refuse
WALK_M = 480.0  # as the crow flies; nearer people mostly have a station already
APART_M = 45.0


class Kind(NamedTuple):
    """What premises of a kind are like."""

    share: float
    floor: tuple[float, float]
    detached: float  # part that stand alone
    tenures: tuple[tuple[str, float], ...]
    names: tuple[str, ...]


KINDS = {
    "idle_school": Kind(0.12, (800, 3000), 1.0, (("state", 0.8), ("own", 0.2)), ("原{c}小学", "原{c}幼儿园")),
    "idle_plant": Kind(
        0.10, (900, 3000), 1.0, (("lease", 0.6), ("state", 0.4)), ("原{c}五金厂厂房", "原{c}食品厂厂房", "{c}旧仓库")
    ),
    "community_premises": Kind(
        0.28, (200, 620), 0.1, (("own", 1.0),), ("{f}闲置用房", "原{c}居委会办公用房", "{c}文化活动室")
    ),
    "commercial": Kind(
        0.20, (220, 1200), 0.05, (("lease", 0.85), ("own", 0.15)), ("{c}农贸市场二楼", "{c}临街商铺", "{c}商业裙楼")
    ),
    "hotel": Kind(0.09, (900, 3000), 0.5, (("lease", 1.0),), ("{c}快捷酒店", "{c}招待所")),
    "public_rental": Kind(0.11, (240, 900), 0.0, (("state", 1.0),), ("{c}公租房配套用房", "{c}公租房底层")),
    "state_office": Kind(
        0.10, (400, 1800), 0.6, (("state", 1.0),), ("原{c}税务所", "原{c}粮站", "原{c}邮电所", "原{c}供销社")
    ),
}


def _places_near_people(people: People, served: Floats, ground: Ground, edges: list[Edge], count: int) -> Floats:
    """Draw places beside streets where elderly live, most of them where no facility is near."""
    rng, roadside = stage_rng(60), Roadside(edges)
    x, y = people.grid.centres()
    middle = np.c_[x.ravel(), y.ravel()]
    away, _ = KDTree(served).query(middle)
    weight = np.sqrt(people.elderly.ravel()) * np.where(away < WALK_M, 0.35, 1.0) * (people.elderly.ravel() > 2)
    excluded = ground.excluded
    shapely.prepare(excluded)
    found: list[tuple[float, float]] = []
    for cell in rng.choice(len(middle), 20 * count, p=weight / weight.sum()):
        if len(found) == count:
            break
        place = roadside.beside(*(middle[cell] + rng.uniform(-50, 50, 2)))
        taken = any(np.hypot(place[0] - other[0], place[1] - other[1]) < APART_M for other in found)
        if not taken and not excluded.intersects(shapely.Point(place)):
            found.append(place)
    return np.array(found)


def _places_on_excluded(ground: Ground, edges: list[Edge]) -> Floats:
    """Draw places on excluded ground that a path reaches."""
    rng = stage_rng(61)
    net = shapely.MultiLineString([shapely.LineString(edge.points) for edge in edges])
    shapely.prepare(net)
    found = []
    for layer, count in ON_EXCLUDED.items():
        shapes = [shape for _, shape in getattr(ground, layer)]
        area = np.array([shape.area for shape in shapes])
        drawn = 0
        while drawn < count:
            shape = shapes[int(rng.choice(len(shapes), p=area / area.sum()))]
            west, south, east, north = shape.bounds
            point = shapely.Point(rng.uniform(west, east), rng.uniform(south, north))
            if shape.buffer(-4).contains(point) and net.dwithin(point, 160):
                found.append((point.x, point.y))
                drawn += 1
    return np.array(found)


def _premises(kind: str, rng: np.random.Generator, density: float) -> dict[str, object]:
    """Invent size, tenure and cost of premises."""
    facts = KINDS[kind]
    low, high = facts.floor
    floor = round(float(np.exp(rng.uniform(np.log(low), np.log(high)))), -1)
    detached = bool(rng.random() < facts.detached)
    names, odds = zip(*facts.tenures, strict=True)
    tenure = str(rng.choice(names, p=odds))
    far = round(float(rng.uniform(0.5, 1.8) if detached else rng.uniform(1.8, 3.8)), 2)
    known = detached or rng.random() < 0.25
    capital = round(floor * rng.uniform(2000, 3500), -4)
    rent = round(floor * rng.uniform(110, 210) * (1 + min(density, 200) / 150), -2)
    lease = tenure == "lease"
    return {
        "kind": kind,
        "tenure": tenure,
        "floor_area_m2": int(floor),
        "land_m2": round(floor / far) if known else None,
        "far": far,
        "detached": str(detached).lower(),
        "capital_cost_cny": int(capital),
        "rent_cny_per_year": int(rent) if lease else None,
        "lease_years": int(rng.choice([5, 8, 10, 15])) if lease else None,
    }


def _unique(name: str, seen: dict[str, int]) -> str:
    seen[name] = seen.get(name, 0) + 1
    return name if seen[name] == 1 else f"{name}（{seen[name]}号）"


def make_candidates(
    zones: Zones, people: People, ground: Ground, edges: list[Edge], served: Floats
) -> tuple[pd.DataFrame, Floats]:
    """Make the ledger; also give the places in the frame."""
    rng = stage_rng(62)
    bad = _places_on_excluded(ground, edges)
    good = _places_near_people(people, served, ground, edges, COUNT - len(bad))
    places = np.vstack([good, bad])[rng.permutation(COUNT)]
    density = people.grid.at(people.residents, *places.T)
    kinds = list(KINDS)
    odds = np.array([KINDS[kind].share for kind in kinds])
    seen: dict[str, int] = {}
    rows = []
    for number, place in enumerate(places, start=1):
        kind = str(rng.choice(kinds, p=odds / odds.sum()))
        if density[number - 1] < 8:  # outside the towns
            kind = str(rng.choice(["idle_school", "idle_plant", "state_office"]))
        pattern = str(rng.choice(KINDS[kind].names))
        spot = home(zones, place).name
        name = pattern.format(c=spot.removesuffix("社区"), f=spot)
        facts = _premises(kind, rng, float(density[number - 1]))
        rows.append({"id": f"C{number:03d}", "name": _unique(name, seen), **facts})
    table = pd.DataFrame(rows)
    for column in ("land_m2", "rent_cny_per_year", "lease_years"):
        table[column] = table[column].astype("Int64")
    return table, places
