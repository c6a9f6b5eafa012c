"""A small district twice: clean layers, and the folder of messy Chinese files that a bureau would hand over.

``messy_folder(folder)`` writes the files as they come: an Excel ledger with a title, a head of two rows, land in 亩,
coordinates in GCJ-02, rows of subtotals and totals, and facilities of which only names and addresses tell where they
are; a workbook of people by community; shapefiles with Chinese names in GBK. ``clean_folder(folder)`` writes the same
district as GeoPackages and CSV under our own names, with its scenario. ``new_scenario(folder)`` runs `siting new` on a
folder and makes the two edits (:data:`EDITS`) that are asked for; both scenarios give the same figures.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray
from openpyxl.worksheet.worksheet import Worksheet
from pyproj import Transformer

from siting.cli import main
from siting.read.geometry.gcj02 import gcj02_from_wgs84

CRS: Final = "EPSG:4545"
# South-west corner, metres in EPSG:4545; near 107.4 E, 29.7 N.
X, Y, SIDE = 436_000.0, 3_281_000.0, 800.0
M2_PER_MU: Final = 2000 / 3
SEED: Final = 20261129
# What a planner has to write into the scenario of `siting new`: the line that stands there, and what it becomes.
EDITS: Final = (
    ("facilities", '#crs = "EPSG:4490"', 'crs = "gcj02"'),
    ("facilities", "#complete = true", "complete = true"),
)
_STREETS: Final = ("花园路街道", "石马街道")
_COMMUNITIES: Final = ("翠园社区", "南湖社区", "东路社区", "青松社区", "白鹤社区", "长岭社区")
_KINDS: Final = {"station": "社区养老服务站", "centre": "街道养老服务中心", "institution": "养老机构"}


@dataclass(frozen=True)
class Site:
    """A facility: its land in 亩, where it stands (metres from the corner), or by what the ledger tells where it is."""

    name: str
    tier: str
    mu: float
    floor: float
    beds: int | None
    spot: tuple[float, float] | None
    community: int
    estate: int | None = None
    address: str = ""


SITES: Final = (
    Site("翠园养老服务站", "station", 0.6, 320, None, (423, 409), 0),
    Site("南湖养老服务站", "station", 0.9, 450, None, (1187, 384), 1),
    Site("花园路养老服务中心", "centre", 1.5, 980, 20, (1291, 517), 1),
    Site("东路养老服务站", "station", 0.45, 260, None, None, 2, address="花园路街道东路社区兴业路18号"),
    Site("青松养老服务站", "station", 0.6, 300, None, (353, 1214), 3),
    Site("石马养老服务中心", "centre", 3.0, 1600, 36, None, 4, address="石马街道白鹤社区，农贸市场旁"),
    Site("长岭养老服务站", "station", 0.75, 380, None, None, 5, estate=10),
    Site("福寿园养老院", "institution", 7.5, 4200, 120, (2047, 1153), 5),
    Site("康乐养老院", "institution", 4.5, 2600, 80, (309, 247), 0),
)


@dataclass(frozen=True)
class District:
    """The district that both folders hold."""

    streets: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    estates: gpd.GeoDataFrame
    ways: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame


def district() -> District:
    """Make the district; the same every time.

    Returns
    -------
    District
        Communities with ``residents``, ``elderly`` and ``aged`` (65 and over), facilities with ``land_m2`` at the
        places where they are, or at the centroid of the polygon that their name or address tells.
    """
    rng = np.random.default_rng(SEED)
    nodes = _nodes(rng)
    shapes = [
        shapely.Polygon([nodes[row, at], nodes[row, at + 1], nodes[row + 1, at + 1], nodes[row + 1, at]])
        for row in range(2)
        for at in range(3)
    ]
    residents = rng.integers(2_000, 9_000, len(shapes))
    elderly = (residents * rng.uniform(0.15, 0.3, len(shapes))).astype(int)
    communities = gpd.GeoDataFrame(
        {
            "id": [f"50011200{row}00{at}" for row in (1, 2) for at in (1, 2, 3)],
            "name": _COMMUNITIES,
            "street": [name for name in _STREETS for _ in range(3)],
            "residents": residents,
            "elderly": elderly,
            "aged": (elderly * 0.7).astype(int),
        },
        geometry=shapes,
        crs=CRS,
    )
    streets = communities.dissolve("street", sort=False).reset_index()[["street", "geometry"]]
    streets = streets.rename(columns={"street": "name"}).assign(id=["500112001", "500112002"])
    estates = _estates(communities)
    return District(streets, communities, estates, _ways(), _facilities(communities, estates))


def _nodes(rng: np.random.Generator) -> NDArray[np.float64]:
    nodes = np.array([[(X + SIDE * at, Y + SIDE * row) for at in range(4)] for row in range(3)])
    nodes[1, 1:3] += rng.uniform(-110, 110, (2, 2))
    nodes[[0, 2], 1:3, 0] += rng.uniform(-110, 110, (2, 2))
    nodes[1, [0, 3], 1] += rng.uniform(-110, 110, 2)
    return nodes


def _estates(communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return two estates a community, west and east of its centre."""
    rows = []
    for at, shape in enumerate(communities.geometry):
        for side in (-1, 1):
            x, y = shape.centroid.x + side * 190, shape.centroid.y + side * 60
            rows.append(
                {
                    "id": f"R{len(rows) + 1:02d}",
                    "name": f"{_COMMUNITIES[at][:2]}{'西东'[side > 0]}苑小区",
                    "households": 300 + 40 * len(rows),
                    "provided_m2": 20.0 * len(rows),
                    "geometry": shapely.box(x - 80, y - 60, x + 80, y + 60),
                }
            )
    return gpd.GeoDataFrame(rows, crs=CRS)


def _ways() -> gpd.GeoDataFrame:
    """Return a lattice of ways 190 m apart, at odds with cells of 100 m; every ninth is stairs."""
    step, across, up = 191.3, 13, 9
    spots = [[(X + 17.7 + step * at, Y + 23.9 + step * row) for at in range(across)] for row in range(up)]
    pairs = [(spots[row][at], spots[row][at + 1]) for row in range(up) for at in range(across - 1)]
    pairs += [(spots[row][at], spots[row + 1][at]) for row in range(up - 1) for at in range(across)]
    kinds = ["stairs" if number % 9 == 4 else "street" for number in range(len(pairs))]
    return gpd.GeoDataFrame({"kind": kinds}, geometry=[shapely.LineString(pair) for pair in pairs], crs=CRS)


def _facilities(communities: gpd.GeoDataFrame, estates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    spots = []
    for site in SITES:
        holder = communities.geometry[site.community] if site.estate is None else estates.geometry[site.estate]
        spots.append(holder.centroid if site.spot is None else shapely.Point(X + site.spot[0], Y + site.spot[1]))
    table = pd.DataFrame(
        {
            "id": [f"F{at + 1:02d}" for at in range(len(SITES))],
            "name": [site.name for site in SITES],
            "tier": [site.tier for site in SITES],
            "status": "existing",
            "land_m2": [site.mu * M2_PER_MU for site in SITES],
            "floor_area_m2": [site.floor for site in SITES],
            "beds": [site.beds for site in SITES],
        }
    )
    return gpd.GeoDataFrame(table, geometry=spots, crs=CRS)


# --- clean ------------------------------------------------------------------------------------------------------------


def clean_folder(folder: Path) -> Path:
    """Write the district as clean layers with its scenario, and return the scenario's file."""
    made = district()
    folder.mkdir(parents=True, exist_ok=True)
    made.streets.to_file(folder / "streets.gpkg")
    made.communities.drop(columns=["aged", "street"]).to_file(folder / "communities.gpkg")
    made.estates.to_file(folder / "estates.gpkg")
    made.ways.to_file(folder / "ways.gpkg")
    made.facilities.to_file(folder / "facilities.gpkg")
    file = folder / "scenario.toml"
    file.write_text(_CLEAN, encoding="utf-8")
    return file


_CLEAN: Final = """[scenario]
title = "清楚区"
date = 2026-01-01
[standards]
place = "重庆市"
[population]
residents = { polygons = "communities.gpkg", columns = { people = "residents" } }
elderly = { polygons = "communities.gpkg", columns = { people = "elderly" } }
[units.district]
union_of = "street"
[units.street]
path = "streets.gpkg"
[units.community]
path = "communities.gpkg"
[residential_areas]
path = "estates.gpkg"
[facilities]
path = "facilities.gpkg"
complete = true
[network]
path = "ways.gpkg"
"""


# --- messy ------------------------------------------------------------------------------------------------------------


def messy_folder(folder: Path) -> Path:
    """Write the district as a bureau would hand it over, without a scenario, and return the folder."""
    made = district()
    folder.mkdir(parents=True, exist_ok=True)
    gbk = {"encoding": "gb18030", "engine": "pyogrio"}
    communities = made.communities[["id", "name", "street", "geometry"]]
    names = {"id": "社区编码", "name": "社区名称", "street": "所属街道"}
    _no_cpg(communities.rename(columns=names).to_crs(4490), folder / "社区边界.shp", gbk)
    streets = made.streets.rename(columns={"id": "街道代码", "name": "街道名称"})
    _no_cpg(streets.to_crs(4490), folder / "街道.shp", gbk)
    estates = made.estates.drop(columns="id").rename(
        columns={"name": "小区名称", "households": "户数", "provided_m2": "养老用房面"}
    )
    _no_cpg(estates, folder / "居住小区.shp", gbk)
    kinds = made.ways["kind"].map({"stairs": "梯坎", "street": "道路"})
    _no_cpg(made.ways.drop(columns="kind").assign(类型=kinds), folder / "步行道路.shp", gbk)
    _people(made, folder / "各社区人口统计表.xlsx")
    _ledger(made, folder / "养老设施台账.xlsx")
    (folder / "联系人.txt").write_text("数据由区民政局提供", encoding="utf-8")
    return folder


def _no_cpg(frame: gpd.GeoDataFrame, file: Path, options: dict[str, str]) -> None:
    frame.to_file(file, **options)
    file.with_suffix(".cpg").unlink(missing_ok=True)


def _people(made: District, file: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "人口"
    sheet.append(["2025年各社区人口统计表"])
    sheet.append(["填报单位：区民政局", None, None, "单位：人"])
    sheet.append(["街道", "社区", "常住人口", "其中"])
    sheet.append([None, None, None, "60岁及以上", "65岁及以上"])
    for cells in ("A1:E1", "A3:A4", "B3:B4", "C3:C4", "D3:E3"):
        sheet.merge_cells(cells)
    for street, rows in made.communities.groupby("street", sort=False):
        first = sheet.max_row + 1
        for row in rows.itertuples():
            sheet.append([street, row.name, int(row.residents), int(row.elderly), int(row.aged)])
        sheet.merge_cells(start_row=first, end_row=sheet.max_row, start_column=1, end_column=1)
        sheet.append([None, "小计", *(int(rows[name].sum()) for name in ("residents", "elderly", "aged"))])
    sums = [int(made.communities[name].sum()) for name in ("residents", "elderly", "aged")]
    sheet.append(["合计", None, *sums])
    sheet.append(["备注：常住人口以七普口径推算。"])
    book.save(file)


def _ledger(made: District, file: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "台账"
    sheet.append(["养老服务设施台账"])
    sheet.append(
        ["序号", "设施名称", "设施类别", "运营状态", "规模", None, "床位数", "所在小区", "详细地址", "坐标", None]
    )
    sheet.append([None, None, None, None, "用地面积（亩）", "建筑面积（㎡）", None, None, None, "经度", "纬度"])
    for cells in ("A1:K1", "A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:F2", "G2:G3", "H2:H3", "I2:I3", "J2:K2"):
        sheet.merge_cells(cells)
    there = Transformer.from_crs(CRS, "EPSG:4490", always_xy=True)
    for number, (site, spot) in enumerate(zip(SITES, made.facilities.geometry, strict=True), start=1):
        lon, lat = there.transform(spot.x, spot.y)
        lon, lat = (float(each[0]) for each in gcj02_from_wgs84(np.array([lon]), np.array([lat])))
        place = [round(lon, 7), round(lat, 7)] if site.spot is not None else [None, "/"]
        estate = None if site.estate is None else made.estates["name"][site.estate]
        kept = [site.mu, site.floor, site.beds or "—", estate, site.address or "无"]
        sheet.append([number, site.name, _KINDS[site.tier], "正常运营", *kept, *place])
        if number == len(SITES) - 2:
            _sums(sheet, "小计", SITES[:number])
    _sums(sheet, "合计", SITES)
    guide = book.create_sheet("填表说明")
    guide.append(["用地面积按不动产权证填写，单位为亩；坐标取自高德地图。"])
    book.save(file)


def _sums(sheet: Worksheet, word: str, sites: tuple[Site, ...]) -> None:
    beds = sum(site.beds or 0 for site in sites)
    land, floor = sum(site.mu for site in sites), sum(site.floor for site in sites)
    sheet.append([word, None, None, None, land, floor, beds])


def new_scenario(folder: Path, edits: tuple[tuple[str, str, str], ...] = EDITS) -> Path:
    """Run `siting new` on a folder, make edits in what it wrote, and return the scenario's file.

    Each edit changes one line: (section, the line as it stands, the line as it is to be).
    """
    with pytest.raises(SystemExit) as left:
        main(["new", str(folder), "--quiet"])
    assert not left.value.code
    file = folder / "scenario.toml"
    lines = file.read_text(encoding="utf-8").splitlines()
    for section, old, new in edits:
        start = lines.index(f"[{section}]")
        lines[lines.index(old, start)] = new
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
