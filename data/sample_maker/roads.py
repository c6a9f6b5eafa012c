"""The plan of the streets: main roads, bridges, a tunnel, blocks, lanes and hill paths as lines."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy import ndimage

from . import config
from .grid import Bools, Floats, plain_line, spline, stage_rng
from .terrain import Land, Settlement
from .trace import Tracer, course_field


@dataclass(frozen=True)
class Course:
    """A line of the plan before it is split at crossings."""

    line: shapely.LineString
    level: int  # 0 span of a bridge or tunnel, 1 main road, 2 street, 3 lane, 4 hill path
    kind: str
    name: str = ""
    family: int = 0


# Bridges: name and two points that their axis passes on either bank.
BRIDGES = (
    ("古渡岚江大桥", (5_330, 6_650), (5_230, 7_650)),
    ("石门岚江大桥", (6_950, 4_950), (7_900, 5_180)),
    ("双溪岚江大桥", (1_480, 2_650), (1_250, 3_700)),
)
BROOK_BRIDGES = (("溪口桥", 0.93), ("桐溪桥", 0.72), ("云台桥", 0.52), ("高滩桥", 0.27))
TUNNEL = ("龙坪隧道", (1_680, 7_990), (2_600, 7_430))
MAIN_NAMES = (
    "人民路",
    "解放路",
    "中山路",
    "建设路",
    "胜利路",
    "新华路",
    "文化路",
    "迎宾大道",
    "云台大道",
    "学府大道",
    "望江路",
    "凤岭路",
    "工农路",
    "五一路",
    "民生路",
    "机场路",
    "石龙路",
    "东环路",
    "西环路",
    "双石路",
    "龙青路",
    "江峡大道",
    "站前路",
    "体育路",
)
ROAD_CLEARANCE_M = 48.0  # the span of a bridge ends so far inland
JOIN_M = {1: 430.0, 2: 140.0, 3: 46.0, 4: 330.0}  # how far a loose end of each level seeks a neighbour
JOIN_SHARE = {1: 1.0, 2: 0.95, 3: 0.6, 4: 0.9}  # the part of loose ends that does
MAIN_BEND_M = 270.0  # main roads follow the ground less closely than lanes
LANE_GRAIN = 0.815  # lanes lie closer than the grain of the towns, as walking networks count every alley
NAME_HEADS = "金银龙凤松柏桂梅兰竹石溪江河山云星月春秋和安康宁福寿仁义礼智信德正平新兴红青翠玉"
NAME_TAILS = ("花街", "园路", "坪路", "湾路", "山路", "泉街", "桥街", "井路", "台路", "林路", "峰路", "水街")


def _bank_line(land: Land, first: tuple[int, int], second: tuple[int, int]) -> shapely.LineString:
    """Cut the span of a bridge out of its axis: from bank to bank and a little inland."""
    axis = shapely.LineString([first, second])
    points = shapely.get_coordinates(axis.segmentize(5.0))
    bank = land.grid.between(land.bank, *points.T)
    wet = np.flatnonzero(bank < ROAD_CLEARANCE_M)
    return shapely.LineString(np.round(points[[wet[0] - 1, wet[-1] + 1]], 2))


def _approach(span: shapely.LineString, end: int, length: float) -> shapely.LineString:
    """Lead a span's axis on over land."""
    coordinates = shapely.get_coordinates(span)
    here, other = coordinates[end], coordinates[1 - end]
    along = (here - other) / np.hypot(*(here - other))
    return shapely.LineString([here, np.round(here + along * length, 2)])


def _with_approaches(span: shapely.LineString, kind: str, name: str, length: float) -> list[Course]:
    return [
        Course(span, 0, kind, name),
        *(Course(_approach(span, end, length), 1, "street", name + "引道") for end in (0, 1)),
    ]


def _crossings(land: Land) -> list[Course]:
    """Place the bridges and the tunnel."""
    courses = []
    for name, first, second in BRIDGES:
        courses += _with_approaches(_bank_line(land, first, second), "bridge", name, 260.0)
    brook = spline(config.TRIBUTARY)
    for name, part in BROOK_BRIDGES:
        place = int(part * len(brook))
        along = brook[place + 2, :2] - brook[place - 2, :2]
        across = np.array([-along[1], along[0]]) / np.hypot(*along)
        ends = [brook[place, :2] + side * (brook[place, 2] + 14) * across for side in (-1, 1)]
        courses += _with_approaches(shapely.LineString(np.round(ends, 2)), "bridge", name, 130.0)
    name, first, second = TUNNEL
    courses += _with_approaches(shapely.LineString([first, second]), "tunnel", name, 240.0)
    return courses


def _riverside(land: Land, settlement: Settlement, district: shapely.Polygon) -> list[Course]:
    """Run roads along the banks where a town is near."""
    rim = land.river.union(land.island).union(land.tributary).buffer(config.ROAD_BANK_M).boundary
    near = ndimage.maximum_filter(settlement.density, size=int(700 / land.grid.cell)) > 22
    courses = []
    for part in shapely.get_parts(rim):
        points = shapely.get_coordinates(part.segmentize(15.0))
        soft = ndimage.gaussian_filter1d(points, 4, axis=0, mode="nearest")
        inside = shapely.contains_xy(district.buffer(-60), *soft.T)
        keep = inside & (land.grid.at(near, *soft.T) > 0) & (land.grid.between(land.stream, *soft.T) > 45)
        for run in np.split(np.arange(len(soft)), np.flatnonzero(np.diff(keep.astype(int))) + 1):
            if keep[run[0]] and len(run) > 20:
                line = plain_line(soft[run], 1.5)
                courses.append(Course(line, 1, "street", _riverside_name(line)))
    return courses


def _riverside_name(line: shapely.LineString) -> str:
    x, y = line.centroid.coords[0]
    if y < 6_900 and 3_000 < x < 7_300:
        return "滨江路"
    return "北滨路" if x < 7_000 else "东滨路"


def _seeds(allowed: Bools, land: Land, rng: np.random.Generator, count: int) -> Floats:
    """Draw starting points at random from the ground allowed."""
    x, y = land.grid.centres()
    cells = np.flatnonzero(allowed)
    chosen = rng.choice(cells, size=min(count, len(cells)), replace=False)
    return np.asarray(np.c_[x.ravel()[chosen], y.ravel()[chosen]])


@dataclass(frozen=True)
class Level:
    """How one level of the network is drawn."""

    level: int
    kind: str
    spacing: Floats
    allowed: Bools
    seeds: int
    longest: tuple[float, float] = (1e9, 1e9)


def _draw(land: Land, course: Floats, plan: Level, before: list[Course]) -> list[Course]:
    """Fill the ground of one level with lines, at a distance from those already there."""
    rng = stage_rng(20 + plan.level)
    tracer = Tracer(land.grid, course, plan.spacing, plan.allowed, rng, plan.longest)
    for old in before:
        if old.level > 0:
            tracer.note(shapely.get_coordinates(old.line.segmentize(12.0)))
    drawn = tracer.draw(_seeds(plan.allowed, land, rng, plan.seeds))
    return [Course(plain_line(line, 1.2), plan.level, plan.kind, "", family) for line, family in drawn if len(line) > 1]


def _connector(land: Land, course: Course, end: int, tree: shapely.STRtree, courses: list[Course]) -> Floats | None:
    """Lead a loose end in a bend to the nearest line ahead of it."""
    points = shapely.get_coordinates(course.line)
    here, inner = points[end], points[1 if end == 0 else -2]
    ahead = (here - inner) / np.hypot(*(here - inner))
    loose = shapely.Point(here)
    best, least, sway = None, np.inf, 0.0
    for number in tree.query(loose, predicate="dwithin", distance=JOIN_M[course.level]):
        other = courses[number].line
        gap = shapely.get_coordinates(shapely.shortest_line(loose, other))
        length = float(np.hypot(*(gap[1] - gap[0])))
        if other is course.line or (courses[number].level == 0 and length > 1.0):
            continue
        if length < 1.0:
            return None
        cosine = float(np.dot(gap[1] - gap[0], ahead)) / length
        if cosine > -0.25 and length * (1.4 - cosine) < least:
            best, least, sway = gap[1], length * (1.4 - cosine), 0.5 * length * max(cosine, 0.0)
    if best is None:
        return None
    part = np.linspace(0, 1, max(3, int(np.hypot(*(best - here)) / 20)))[1:, None]
    bend = here + ahead * sway
    curve = (1 - part) ** 2 * here + 2 * part * (1 - part) * bend + part**2 * best
    dry = (land.grid.between(land.bank, *curve.T) > 25) & (land.grid.between(land.stream, *curve.T) > 14)
    return curve if dry.all() else None


def _join(land: Land, courses: list[Course], levels: tuple[int, ...], rng: np.random.Generator) -> list[Course]:
    """Join the loose ends of some levels to their neighbours; a part stays dead ends."""
    tree = shapely.STRtree([course.line for course in courses])
    joined = []
    for course in courses:
        line = course.line
        for end in (0, -1):
            if course.level not in levels or rng.random() > JOIN_SHARE[course.level]:
                continue
            curve = _connector(land, course, end, tree, courses)
            if curve is not None:
                points = shapely.get_coordinates(line)
                line = shapely.LineString(np.vstack([points, curve] if end else [curve[::-1], points]))
        joined.append(replace(course, line=line))
    return joined


def _named(courses: list[Course], rng: np.random.Generator) -> list[Course]:
    """Give main roads and longer streets their names."""
    tails = [head + tail for head in NAME_HEADS for tail in NAME_TAILS]
    pool = [tails[place] for place in rng.permutation(len(tails))]
    main = list(MAIN_NAMES)
    named = []
    for course in sorted(courses, key=lambda item: -item.line.length):
        name = course.name
        if not name and course.level == 1 and main:
            name = main.pop(0)
        elif not name and course.level in {1, 2} and course.line.length > 250 and pool:
            name = pool.pop()
        named.append(replace(course, name=name))
    return named


def plan_roads(land: Land, settlement: Settlement, district: shapely.Polygon) -> list[Course]:
    """Plan main roads and streets, which bound the blocks."""
    course, rng = course_field(land, stage_rng(4)), stage_rng(5)
    inside = land.grid.mask(district.buffer(-15))
    ground = inside & (land.bank > 65) & (land.stream > 20) & ~land.grid.mask(land.island.buffer(60))
    courses = _crossings(land) + _riverside(land, settlement, district)
    around = ndimage.gaussian_filter(settlement.density, 220 / land.grid.cell)
    main = Level(1, "street", np.where(around > 18, 640.0, 1500.0), ground & (land.slope < 0.34), 500)
    courses += _draw(land, course_field(land, stage_rng(4), MAIN_BEND_M), main, courses)
    town = settlement.density > 24
    street = Level(2, "street", np.clip(settlement.grain * 2.75, 150, 270), ground & town, 1500)
    courses = _join(land, courses, (1,), rng)
    courses += _draw(land, course, street, courses)
    return _named(_join(land, courses, (1, 2), rng), rng)


def plan_lanes(land: Land, settlement: Settlement, district: shapely.Polygon, roads: list[Course]) -> list[Course]:
    """Fill the blocks with lanes and the hills with paths."""
    course = course_field(land, stage_rng(4)) + 0.10 * land.grid.noise(stage_rng(6), 70)
    inside = land.grid.mask(district.buffer(-15)) & ~land.grid.mask(land.island.buffer(60))
    dry = inside & (land.bank > 28) & (land.stream > 18)
    lane = Level(3, "street", LANE_GRAIN * settlement.grain, dry & (settlement.density > 19), 4000, (90.0, 900.0))
    lanes = _draw(land, course, lane, roads)
    hill = Level(4, "path", np.full(land.grid.shape, 400.0), dry & (land.slope < 0.42), 1500)
    paths = _draw(land, course, hill, roads + lanes)
    return _join(land, roads + lanes + paths, (3, 4), stage_rng(10))
