"""Residential areas: parts of the blocks between streets."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import ndimage
from shapely import affinity

from .config import HOUSEHOLD
from .grid import Floats, Ints, biggest, polygons, stage_rng
from .roads import Course
from .terrain import Land, Settlement
from .zones import Zones

QUOTAS = (54, 46, 40, 38, 42, 14, 9, 7)  # residential areas of each street, by its people
SMALLEST_M2, LARGEST_M2 = 5_200.0, 95_000.0
SET_BACK_M = 11.0  # from the middle of the streets
BANK_CLEAR_M = 80.0  # estates keep this far from the water, outside the flood strip
NEW_FROM = 2020
PROVISION_M2 = 0.2  # per household: the scenario's 20 m² per 100 households
PROVIDED_SHARES = (1.35, 0.6, 1.1, 0.0, 1.8, 0.85, 1.05)  # of it, in turn over the new estates
PROVIDED_EXACTLY, PROVIDED_UNKNOWN = "R035", ("R088", "R248")

OLD_HEADS = (
    "机床厂",
    "纺织厂",
    "化工厂",
    "水泥厂",
    "长江船厂",
    "丝绸厂",
    "电力公司",
    "粮食局",
    "供销社",
    "邮电局",
    "第一中学",
    "人民医院",
    "港务局",
    "印刷厂",
    "轴承厂",
    "搪瓷厂",
    "仪表厂",
    "农机厂",
    "航运公司",
    "建筑公司",
    "肉联厂",
    "百货公司",
)
OLD_TAILS = ("家属院", "宿舍", "职工小区")
MID_HEADS = (
    "锦绣",
    "阳光",
    "翠湖",
    "江景",
    "半山",
    "嘉陵",
    "枫林",
    "丽都",
    "世纪",
    "康宁",
    "嘉和",
    "天骄",
    "银杏",
    "海棠",
    "香樟",
    "蓝湾",
    "紫薇",
    "明珠",
    "盛世",
    "望江",
    "滨江",
    "凤岭",
    "金沙",
    "桂苑",
    "春晖",
    "和谐",
    "福源",
)
MID_TAILS = ("花园", "家园", "名都", "佳苑", "华庭", "新城", "广场小区", "公寓")
NEW_HEADS = (
    "云麓",
    "江畔",
    "观澜",
    "栖霞",
    "璟樾",
    "映月",
    "澜山",
    "天境",
    "书香",
    "翡翠",
    "御江",
    "清澜",
    "云台",
    "山语",
    "星河",
)
NEW_TAILS = ("雅著", "云庭", "江山", "上院", "学府", "悦府", "里", "公馆")
VILLAGE_TAILS = ("新村", "安置小区", "场镇小区", "移民小区")


@dataclass
class Estate:
    """A residential area; people are counted into it later."""

    code: str
    name: str
    status: str
    year_built: int
    ground: shapely.Polygon
    crowding: float  # residents per hectare before calibration
    occupancy: float
    households: int = 0
    residents: int | None = None
    elderly: int | None = None


def blocks(land: Land, roads: list[Course]) -> list[shapely.Polygon]:
    """Cut the ground between streets, set back from them and from the water."""
    lines = [course.line for course in roads if course.kind == "street"]
    net = shapely.unary_union(lines, grid_size=0.01)
    water = shapely.unary_union([land.river, land.tributary.buffer(25)]).buffer(BANK_CLEAR_M)
    found = []
    for face in polygons(shapely.polygonize([net])):
        if face.area < 4e5:
            inner = face.buffer(-SET_BACK_M).difference(water)
            found += [part for part in polygons(inner) if part.area > SMALLEST_M2]
    return found


def _axes(shape: shapely.Polygon) -> tuple[Floats, Floats, Floats]:
    """Give a corner and the long and short side of the smallest box around a shape."""
    corner = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    first, second = corner[1] - corner[0], corner[3] - corner[0]
    if np.hypot(*first) < np.hypot(*second):
        first, second = second, first
    return corner[0], first, second


def _split(shape: shapely.Polygon, limit: float, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Halve a shape across its long side until each part is small enough."""
    if shape.area <= limit * rng.uniform(0.75, 1.25):
        return [shape]
    start, long, short = _axes(shape)
    part = rng.uniform(0.38, 0.62)
    middle = start + part * long + rng.uniform(-0.06, 0.06) * long
    cut = shapely.LineString([middle - 0.3 * short, middle + 1.3 * short + rng.uniform(-0.08, 0.08) * long])
    pieces = polygons(shape.difference(cut.buffer(6)))
    if len(pieces) < 2:
        return [shape]
    return [half for piece in pieces for half in _split(piece, limit, rng)]


def _shaped(shape: shapely.Polygon, rng: np.random.Generator) -> shapely.Polygon:
    """Give a part the look of an estate: some corners cut off or taken by others, all rounded."""
    start, long, short = _axes(shape)
    if rng.random() < 0.45:  # a turned box trims the sides
        box = shapely.Polygon([start, start + long, start + long + short, start + short])
        box = affinity.rotate(affinity.scale(box, rng.uniform(0.86, 0.98), rng.uniform(0.86, 0.98)), rng.uniform(-7, 7))
        shape = biggest(shape.intersection(box))
    if rng.random() < 0.32:  # a school or shop takes a corner
        corner = start + long * rng.integers(0, 2) + short * rng.integers(0, 2)
        size = np.hypot(*short) * rng.uniform(0.35, 0.55)
        taken = affinity.rotate(
            shapely.box(*(corner - size), *(corner + size)), np.degrees(np.arctan2(long[1], long[0]))
        )
        shape = biggest(shape.difference(taken))
    round_m = rng.uniform(5, 14)
    shape = shape.buffer(-round_m).buffer(round_m, quad_segs=4)
    return biggest(shape)


def _estate_like(shape: shapely.Polygon) -> bool:
    if not SMALLEST_M2 < shape.area < LARGEST_M2:
        return False
    _, long, short = _axes(shape)
    box = np.hypot(*long) * np.hypot(*short)
    return bool(np.hypot(*short) > 48 and shape.area / box > 0.56)


def _names(rng: np.random.Generator) -> dict[str, list[str]]:
    pools = {
        "old": [head + tail for head in OLD_HEADS for tail in OLD_TAILS],
        "mid": [head + tail for head in MID_HEADS for tail in MID_TAILS],
        "new": [head + tail for head in NEW_HEADS for tail in NEW_TAILS],
    }
    return {key: [names[place] for place in rng.permutation(len(names))] for key, names in pools.items()}


def _candidates(land: Land, settlement: Settlement, found: list[shapely.Polygon]) -> list[shapely.Polygon]:
    rng = stage_rng(16)
    parts = []
    for block in found:
        x, y = block.centroid.coords[0]
        new = float(land.grid.at(settlement.new_town, x, y))
        limit = 40_000 + 50_000 * new
        parts += [_shaped(part, rng) for part in _split(block, limit, rng)]
    return [biggest(part.simplify(0.8)) for part in parts if _estate_like(part)]


def _chosen(land: Land, settlement: Settlement, streets: Ints, parts: list[shapely.Polygon]) -> list[shapely.Polygon]:
    """Choose estates where people live; the other parts are schools, works, shops and old lanes."""
    rng = stage_rng(17)
    middle = np.array([part.centroid.coords[0] for part in parts])
    density = land.grid.at(settlement.density, *middle.T)
    steep = land.grid.at(land.slope, *middle.T)
    weight = np.clip(density, 0, 130) ** 1.15 * np.exp(-((steep / 0.2) ** 2)) * (density > 14)
    weight *= np.array([part.area for part in parts]) ** 0.7
    picked: list[int] = []
    home = land.grid.at(streets, *middle.T)
    for street, quota in enumerate(QUOTAS):
        mine = np.flatnonzero((home == street) & (weight > 0))
        own = weight[mine] / weight[mine].sum()
        picked += rng.choice(mine, min(quota, len(mine)), replace=False, p=own).tolist()
    return [parts[place] for place in sorted(picked, key=lambda one: (-round(middle[one, 1] / 200), middle[one, 0]))]


def choose_grounds(
    land: Land, settlement: Settlement, district: shapely.Polygon, streets: Ints, roads: list[Course]
) -> list[shapely.Polygon]:
    """Choose the ground of the residential areas."""
    inside = district.buffer(-30)
    own = [part for part in blocks(land, roads) if inside.contains(part)]
    return _chosen(land, settlement, streets, _candidates(land, settlement, own))


def expected(land: Land, settlement: Settlement, grounds: list[shapely.Polygon]) -> Floats:
    """Expect residents per hectare before they are counted, to size communities by."""
    homes = land.grid.burn([(ground, 330.0) for ground in grounds])
    return np.asarray(ndimage.gaussian_filter(homes + 0.14 * settlement.density, 50 / land.grid.cell))


def make_estates(land: Land, settlement: Settlement, zones: Zones, grounds: list[shapely.Polygon]) -> list[Estate]:
    """Make the residential areas with names and ages."""
    rng = stage_rng(18)
    names = _names(rng)
    villages: dict[str, int] = {}
    estates = []
    for number, ground in enumerate(grounds, start=1):
        x, y = ground.centroid.coords[0]
        new = float(land.grid.at(settlement.new_town, x, y))
        home = next((one for one in zones.communities if one.ground.contains(ground.centroid)), zones.communities[0])
        chance = rng.random()
        if chance < 0.06 + 0.52 * new:
            name, year, status = names["new"].pop(), int(rng.integers(NEW_FROM, 2026)), "new"
        elif home.code[6] == "1":
            place = villages[home.name] = villages.get(home.name, 0) + 1
            tail = VILLAGE_TAILS[(place - 1) % len(VILLAGE_TAILS)]
            again = "" if place <= len(VILLAGE_TAILS) else f"{(place - 1) // len(VILLAGE_TAILS) + 1}期"
            name, status = home.name[:-2].rstrip("社村") + tail + again, "existing"
            year = int(rng.integers(1994, 2018))
        elif chance > 0.60 + 0.3 * new and names["old"]:
            name, year, status = names["old"].pop(), int(rng.integers(1968, 1999)), "existing"
        else:
            name, year, status = names["mid"].pop(), int(rng.integers(1998, 2020)), "existing"
        crowding = (560 - 170 * new) * float(np.exp(rng.normal(0, 0.28)))
        occupancy = float(rng.uniform(0.55, 0.85) if status == "new" else rng.uniform(0.88, 0.98))
        estates.append(Estate(f"R{number:03d}", name, status, year, ground, crowding * occupancy, occupancy))
    return estates


def count_households(estate: Estate, residents: float) -> None:
    """Set an estate's households from the people that the grid gives it."""
    estate.households = max(24, round(residents / HOUSEHOLD / estate.occupancy))


def provided_m2(estates: list[Estate]) -> list[int | None]:
    """Tell the premises for elderly care that new estates come with; nothing is known of existing ones."""
    new = [one.code for one in estates if one.status == "new"]
    found: list[int | None] = []
    for one in estates:
        if one.status != "new" or one.code in PROVIDED_UNKNOWN:
            found.append(None)
            continue
        share = PROVIDED_SHARES[new.index(one.code) % len(PROVIDED_SHARES)]
        due = PROVISION_M2 * one.households
        found.append(round(due if one.code == PROVIDED_EXACTLY else share * due))
    return found
