"""What is decided by hand: the place, its towns, its figures."""

from typing import NamedTuple

SEED = 20260101
# The corner of the district's 12 x 10 km frame in EPSG:4545; it lies near 107.4 E, 29.7 N.
ORIGIN_X, ORIGIN_Y = 436_000.0, 3_281_000.0
FRAME_M = (12_000.0, 10_000.0)
MARGIN_M = 1_000.0  # the terrain reaches this far beyond the frame
WORK_M = 20.0  # cell of the working grid
CELL_M = 100.0  # cell of the population grids
DEM_M = 30.0  # cell of the terrain model
METRIC_CRS, DEGREE_CRS = "EPSG:4545", "EPSG:4490"

RESIDENTS = 300_000
ELDERLY_SHARE = 0.22
AGE_BANDS = (60, 65, 70, 75, 80)
BAND_SHARE = (0.29, 0.26, 0.19, 0.13, 0.13)  # of those aged 60 and over
HAMLET_RESIDENTS = 360  # on the river island, which only a ferry reaches
HOUSEHOLD = 2.6  # persons

WATER_LEVEL = 168.0
ROAD_BANK_M = 85.0  # the riverside roads keep this far from the water

# Control points of the big river and its half width there, metres in the frame.
RIVER = (
    (-1600, 1900, 230),
    (0, 2700, 225),
    (1500, 3150, 220),
    (2800, 4300, 215),
    (3700, 6100, 230),
    (5150, 7150, 245),
    (6700, 6500, 240),
    (7450, 4800, 230),
    (8500, 3300, 270),
    (9500, 2950, 400),
    (10400, 3250, 280),
    (11700, 4400, 205),
    (13600, 5300, 200),
)
TRIBUTARY = (
    (9900, 11400, 12),
    (9300, 10200, 14),
    (8500, 9300, 18),
    (8150, 8200, 20),
    (7350, 7500, 24),
    (6750, 6500, 30),
)
ISLAND = (9_450.0, 2_960.0, 640.0, 190.0, 4.0)  # centre, half axes, turn in degrees

# Ridges: line, height over the slopes at its foot, width of the profile.
RIDGES = (
    (((-900, 4400), (1450, 6700), (2650, 8700), (3150, 11500)), 195.0, 450.0),
    (((6100, -1400), (6900, 600), (7450, 2200)), 160.0, 440.0),
    (((10900, -1400), (11750, 1600), (12250, 4200), (12300, 7000), (12900, 11400)), 205.0, 490.0),
    (((4300, 4100), (5150, 5100), (5450, 6100)), 78.0, 400.0),  # the old town's back
    (((5300, 9300), (7000, 9900)), 60.0, 420.0),
)


class Town(NamedTuple):
    """A centre of settlement: place, reach, residents per hectare, street grain and age of its people."""

    x: float
    y: float
    reach_x: float
    reach_y: float
    peak: float
    grain: float  # metres between parallel footways
    old: float  # share of those aged 60 and over
    grid_turn: float | None  # a planned grid's direction in degrees, or none


TOWNS = (
    Town(5300, 5500, 720, 950, 330, 56, 0.29, None),
    Town(4700, 4000, 600, 500, 150, 60, 0.27, None),
    Town(5200, 2800, 900, 800, 150, 68, 0.22, None),
    Town(4300, 8000, 1000, 520, 190, 64, 0.23, None),
    Town(3050, 6950, 350, 500, 70, 70, 0.24, None),
    Town(6300, 8500, 850, 650, 150, 82, 0.12, 17.0),
    Town(8800, 5300, 800, 850, 160, 68, 0.20, None),
    Town(10300, 6700, 750, 600, 95, 86, 0.12, -21.0),
    Town(8700, 7300, 500, 500, 70, 74, 0.18, None),
    Town(1900, 1500, 480, 340, 120, 66, 0.27, None),
    Town(1250, 8350, 400, 420, 110, 66, 0.28, None),
    Town(9500, 1700, 380, 260, 105, 66, 0.28, None),
    Town(3400, 1300, 200, 180, 34, 80, 0.31, None),
    Town(11000, 8700, 230, 200, 36, 80, 0.31, None),
    Town(9600, 9300, 200, 200, 30, 80, 0.31, None),
    Town(600, 4600, 200, 200, 30, 80, 0.32, None),
    Town(8700, 700, 180, 180, 28, 80, 0.33, None),
    Town(1600, 9600, 180, 180, 26, 80, 0.33, None),
)
RURAL_OLD = 0.34  # share of those aged 60 and over outside the towns


class StreetPlan(NamedTuple):
    """A street or town: code, name, kind, seeds of its ground, residents, names of its communities."""

    code: str
    name: str
    kind: str
    seeds: tuple[tuple[float, float], ...]
    residents: int
    communities: tuple[str, ...]
    villages: tuple[str, ...]


STREETS = (
    StreetPlan(
        "500199001",
        "古渡街道",
        "街道",
        ((5300, 5700), (5000, 4900)),
        76_000,
        (
            "朝阳门",
            "文庙街",
            "大井巷",
            "较场坝",
            "米市街",
            "十八梯",
            "望龙门",
            "码头街",
            "邮政巷",
            "和平路",
            "枇杷坡",
            "人民路",
        ),
        (),
    ),
    StreetPlan(
        "500199002",
        "石门街道",
        "街道",
        ((5200, 2800), (4600, 3700)),
        54_000,
        ("石门坎", "机床厂", "红岩坡", "建设村", "黄桷湾", "轮渡口", "苗儿沟", "纺织村", "车站路", "南坪坝"),
        ("石梁",),
    ),
    StreetPlan(
        "500199003",
        "江湾街道",
        "街道",
        ((4000, 7900), (2900, 7100)),
        46_000,
        ("江湾", "鱼嘴沱", "观音桥头", "杨家坪", "盐井坝", "猫儿石", "水井湾", "北滨"),
        (),
    ),
    StreetPlan(
        "500199004",
        "云台街道",
        "街道",
        ((6300, 8600),),
        47_000,
        ("云台", "锦绣", "星光", "翠微", "学府", "金竹", "礼贤", "康庄"),
        (),
    ),
    StreetPlan(
        "500199005",
        "望江街道",
        "街道",
        ((8900, 5300), (10300, 6700), (8800, 7300)),
        43_000,
        ("望江", "弹子石", "下浩", "梨树湾", "五童", "明月", "东港", "茶园"),
        ("桃花", "大岩"),
    ),
    StreetPlan(
        "500199100",
        "双溪镇",
        "镇",
        ((1900, 1500), (3300, 1200), (600, 4500)),
        15_500,
        ("双溪", "正街"),
        ("柏树", "龙井", "高峰", "回龙"),
    ),
    StreetPlan(
        "500199101",
        "龙坪镇",
        "镇",
        ((1250, 8350),),
        10_500,
        ("龙坪", "场口"),
        ("凉风", "土地坳", "白岩"),
    ),
    StreetPlan(
        "500199102",
        "青岗镇",
        "镇",
        ((9500, 1600),),
        8_000,
        ("青岗",),
        ("江心", "竹林", "天池", "铜鼓", "河坝"),
    ),
)

# The streets and communities where the university for the elderly teaches, and where home care is given: told by the
# exceptions. Villages are rarely taught, all else mostly; home care misses outlying villages and two new communities.
UNTAUGHT_STREETS = ("云台街道", "龙坪镇")
UNTAUGHT_COMMUNITIES = (
    *("邮政巷社区", "和平路社区", "枇杷坡社区", "人民路社区"),
    *("苗儿沟社区", "纺织村社区", "车站路社区", "南坪坝社区"),
    *("猫儿石社区", "水井湾社区", "北滨社区"),
    *("翠微社区", "金竹社区", "礼贤社区", "康庄社区"),
    *("五童社区", "明月社区", "茶园社区"),
    *("场口社区", "青岗社区"),
)
TAUGHT_VILLAGES = ("石梁村", "桃花村", "柏树村")
UNSERVED_STREETS = ("青岗镇",)
UNSERVED_COMMUNITIES = (
    *("康庄社区", "茶园社区"),
    *("石梁村", "大岩村"),
    *("龙井村", "高峰村", "回龙村"),
    *("土地坳村", "白岩村"),
    *("江心村", "竹林村", "天池村", "铜鼓村"),
)
