"""What a planner gives for a unit is kept for it, to the person: tables by unit, and areas that are the units."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.domain.intervals import figure_text
from siting.domain.nouns import Assessment
from siting.text.numbers import number, percent
from tests.drawing import examples
from tests.helpers import check
from tests.read.case import CRS, Case, X, Y, squares, write_raster

# Nobody is made or lost by more than this, persons.
EXACT = 1e-6


def communities(seed: int, count: int = 9) -> gpd.GeoDataFrame:
    """Cut two streets of a square kilometre into communities with borders in any direction."""
    rng = np.random.default_rng(seed)
    ground = shapely.box(X, Y, X + 2000, Y + 1000)
    spots = shapely.MultiPoint(
        [(X + 2000 * (i + rng.uniform(0.1, 0.9)) / count, Y + 1000 * rng.uniform()) for i in range(count)]
    )
    parts = shapely.get_parts(shapely.voronoi_polygons(spots, extend_to=ground))
    shapes = [shape for shape in shapely.intersection(parts, ground) if shape.area > 0]
    names = [f"第{i + 1}社区" for i in range(len(shapes))]
    ids = [f"50011200100{i + 1}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"id": ids, "name": names}, geometry=shapes, crs=CRS)


def figures(seed: int, count: int) -> pd.DataFrame:
    """Whole numbers of people, as a bureau writes them; of one community nobody lives there."""
    rng = np.random.default_rng(seed + 1)
    residents = rng.integers(50, 30_000, count)
    residents[0] = 0
    old = (residents * rng.uniform(0.05, 0.5, count)).astype(int)
    return pd.DataFrame({"residents": residents, "elderly": old, "aged": (old * 0.6).astype(int)})


def district(folder: Path, seed: int = 1) -> tuple[Case, gpd.GeoDataFrame, pd.DataFrame]:
    """Write units; who lives there is for the test to give."""
    case, frame = Case(folder), communities(seed)
    frame.to_file(folder / "communities.gpkg")
    case.sections["units.community"] = 'path = "communities.gpkg"'
    case.sections["walking"] = 'mode = "straight_line"'
    del case.sections["network"]
    return case, frame, figures(seed, len(frame)).set_index(frame["id"])


def book(folder: Path, frame: gpd.GeoDataFrame, people: pd.DataFrame, keys: str = "name") -> None:
    """Write what a bureau keeps: a title, a head, one row a community, a total."""
    heads = {"residents": "常住人口", "elderly": "60岁以上", "aged": "65岁以上"}
    table = people.reset_index(drop=True).rename(columns=heads)
    table.insert(0, {"name": "社区名称", "id": "社区编码"}[keys], frame[keys].to_numpy())
    total = {table.columns[0]: "合计", **people.sum().rename(heads)}
    pd.concat([table, pd.DataFrame([total])]).to_excel(folder / "人口.xlsx", index=False, startrow=1)


TABLE = """residents = { level = "community", attributes = "人口.xlsx" }
elderly = { level = "community", attributes = "人口.xlsx" }"""
AREAS = """residents = { polygons = "areas.gpkg", columns = { people = "residents" } }
elderly = { polygons = "areas.gpkg", columns = { people = "elderly" } }"""


def of_units(case: Assessment, level: str = "community") -> pd.DataFrame:
    return case.places.loc[level][["residents", "elderly"]].astype("float64")


def notes(case: Assessment) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.values) for note in case.notes}


def same(found: pd.DataFrame, given_: pd.DataFrame, within: float = EXACT) -> None:
    assert list(found.index) == list(given_.index)
    for who in ("residents", "elderly"):
        assert found[who].to_numpy() == pytest.approx(given_[who].to_numpy(), rel=0, abs=within)


@settings(deadline=None, max_examples=examples(6))
@given(seed=st.integers(0, 10_000), way=st.sampled_from(["table", "areas", "redrawn", "raster"]), homes=st.booleans())
def test_every_unit_has_the_figure_that_is_given_for_it(
    tmp_path_factory: pytest.TempPathFactory, *, seed: int, way: str, homes: bool
) -> None:
    folder = tmp_path_factory.mktemp("units")
    case, frame, people = district(folder, seed)
    book(folder, frame, people, "id" if seed % 2 else "name")
    case.sections["population"] = TABLE if way == "table" else AREAS
    if way == "raster":
        case.sections["population"] = 'residents = { path = "residents.tif", unit = "persons per cell" }'
        case.sections["units.community.people"] = 'path = "人口.xlsx"'
        case.sections["population"] += "\nelderly_share = 0.2"
    if way in ("areas", "redrawn"):
        drawn = frame.assign(**people.reset_index(drop=True))
        if way == "redrawn":
            # Another drew the borders again, and is off by a metre.
            drawn = drawn.set_geometry(drawn.geometry.translate(1.0, -1.0))
            drawn = drawn.drop(columns=["id", "name"])
        drawn.to_file(folder / "areas.gpkg")
    if homes:
        case.sections["population"] += "\nspread = true"
        areas = [shapely.box(X + 230, Y + 130, X + 1320, Y + 610)]
        gpd.GeoDataFrame({"id": ["a"], "name": ["苑"]}, geometry=areas, crs=CRS).to_file(folder / "homes.gpkg")
        case.sections["residential_areas"] = 'path = "homes.gpkg"'
    found = check(case.read())
    # Who is moved into residential areas is moved within the unit, to 1e-9 of all people.
    same(of_units(found), people, 1e-9 * people["residents"].sum() if homes else EXACT)
    street = of_units(found, "street").sum()
    assert street["residents"] == pytest.approx(people["residents"].sum(), rel=1e-6)
    told = notes(found)
    assert {"calibrated_residents", "calibrated_elderly"} <= told.keys()
    factors = found.demand.factors.query("who == 'residents'")
    # Where a figure is 0, cells that touch the unit by a hair keep their people.
    assert factors["after"].to_numpy() == pytest.approx(people["residents"].to_numpy(), rel=0, abs=0.1)


def test_areas_that_are_units_keep_their_people_without_scaling_too(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    frame.assign(**people.reset_index(drop=True)).to_file(tmp_path / "areas.gpkg")
    case.sections["population"] = AREAS + '\ncalibrate = "none"'
    found = check(case.read())
    units = of_units(found)
    # Covered fractions have 24 bits.
    assert units["residents"].to_numpy() == pytest.approx(people["residents"].to_numpy(), rel=1e-6, abs=1e-4)
    # One share of a cell holds for all of its people: that of the residents.
    assert units["elderly"].sum() == pytest.approx(people["elderly"].sum(), rel=1e-6)
    assert "people_areas_are_units" not in notes(found)


def test_nobody_of_areas_that_are_units_lives_outside(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    frame.assign(**people.reset_index(drop=True)).to_file(tmp_path / "areas.gpkg")
    case.sections["population"] = AREAS
    account = check(case.read()).totals["people_account"]
    for who in ("residents", "elderly"):
        assert account[who]["inside"] == pytest.approx(people[who].sum(), rel=1e-9)
        assert account[who]["outside"] == pytest.approx(0.0, abs=1e-6 * people[who].sum())
        assert account[who]["calibrated"] == pytest.approx(0.0, abs=1e-6 * people[who].sum())


@pytest.mark.parametrize("beyond", [0, 500])
def test_beside_a_raster_only_those_live_outside_who_are_given_there(tmp_path: Path, beyond: int) -> None:
    case, frame, people = district(tmp_path)
    areas = frame[["id", "geometry"]].assign(people=people["residents"].to_numpy())
    if beyond:
        east = shapely.box(X + 2000, Y, X + 2300, Y + 1000)
        areas = pd.concat([areas, gpd.GeoDataFrame({"id": ["x"], "people": [beyond]}, geometry=[east], crs=CRS)])
    areas.to_file(tmp_path / "areas.gpkg")
    # Its cells lie across the border of the units.
    write_raster(tmp_path / "old.tif", np.ones((12, 24)), transform=Affine(100, 0, X - 130, 0, -100, Y + 1070))
    case.sections["population"] = 'residents = { polygons = "areas.gpkg" }'
    case.sections["population.elderly"] = 'path = "old.tif"\nunit = "persons per cell"\nfrom_age = 60'
    found = check(case.read())
    account = found.totals["people_account"]["residents"]
    told = [note.values["layer"] for note in found.notes if note.code == "people_outside"]
    # Covered fractions have 24 bits.
    assert account["inside"] == pytest.approx(people["residents"].sum(), abs=0.01)
    # Calibration scales a cell on the border whole.
    assert account["outside"] == pytest.approx(beyond, rel=0.02, abs=0.01)
    assert account["calibrated"] == pytest.approx(0.0, abs=0.02 * beyond + 0.01)
    assert ("population.residents" in told) == bool(beyond)


def test_the_elderly_from_65_have_the_column_that_says_65(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    book(tmp_path, frame, people)
    case.sections["population"] = TABLE.replace('"人口.xlsx" }', '"人口.xlsx", from_age = 65 }').replace(
        ", from_age = 65 }", " }", 1
    )
    same(of_units(check(case.read())), people.assign(elderly=people["aged"]))
    book(tmp_path, frame, people.drop(columns="aged"))
    assert [(fault.code, fault.layer, fault.field) for fault in case.faults()] == [
        ("column_missing", "population.elderly", "people")
    ]


def test_a_table_beside_a_raster_from_65_gives_the_figures_of_65(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    book(tmp_path, frame, people)
    case.sections["units.community.people"] = 'path = "人口.xlsx"'
    raster = '{ path = "residents.tif", unit = "persons per cell" }'
    case.sections["population"] = f"elderly = {raster.replace(' }', ', from_age = 65 }')}"
    assert of_units(check(case.read()))["elderly"].to_numpy() == pytest.approx(people["aged"].to_numpy(), abs=EXACT)


@pytest.mark.parametrize("way", ["table", "areas", "joined"])
def test_a_blank_figure_is_unknown_and_never_zero(tmp_path: Path, way: str) -> None:
    case, frame, people = district(tmp_path)
    blank = people.astype("float64")
    blank.iloc[3] = np.nan
    book(tmp_path, frame, blank)
    drawn = frame if way == "joined" else frame.assign(**blank.reset_index(drop=True))
    drawn.to_file(tmp_path / "areas.gpkg")
    joined = AREAS.replace('residents" }', '常住人口" }').replace('"elderly" }', '"60岁以上" }')
    joined = joined.replace(" } }", ' }, attributes = "人口.xlsx", attributes_on = ["name", "社区名称"] }')
    case.sections["population"] = {"table": TABLE, "areas": AREAS, "joined": joined}[way]
    inputs = case.read()
    found = check(inputs)
    units = of_units(found)
    assert units.iloc[3].isna().all()
    same(units.drop(units.index[3]), people.drop(people.index[3]))
    # The street that holds the community is unknown with it.
    streets = squares(2).set_index("id").geometry
    touched = streets.intersection(frame.geometry[3]).area > 1000
    assert of_units(found, "street")["residents"].isna().to_numpy().tolist() == touched.tolist()
    told = [dict(note.values) for note in inputs.notes if note.code == "people_areas_unknown"]
    assert [each["count"] for each in told] == [1, 1]
    assert {each["names"] for each in told} == {"第4社区"} if way == "table" else {frame["id"][3]}


def test_rows_without_a_unit_and_units_without_a_row_are_told_by_name(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    book(tmp_path, frame.assign(name=frame["name"].replace("第2社区", "别处社区")), people)
    case.sections["population"] = TABLE
    inputs = case.read()
    told = {note.code: dict(note.values) for note in inputs.notes if note.values.get("layer") == "population.residents"}
    assert told["people_rows_unmatched"]["names"] == "别处社区"
    assert told["people_units_unmatched"]["names"] == "第2社区"
    assert of_units(check(inputs)).iloc[1].isna().all()


def test_a_table_of_which_no_row_is_a_unit_is_a_fault(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    book(tmp_path, frame.assign(name="别处" + frame["name"]), people)
    case.sections["population"] = TABLE
    assert {fault.code for fault in case.faults()} == {"join_matches_nothing"}


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ('residents = { level = "planning", attributes = "人口.xlsx" }', "level_without_units"),
        ('residents = { level = "community" }', "attributes_of_people"),
        ('residents = { polygons = "communities.gpkg", attributes = "人口.xlsx" }', "attributes_of_people"),
        (
            'residents = { level = "community", polygons = "communities.gpkg", attributes = "人口.xlsx" }',
            "path_or_pattern",
        ),
    ],
)
def test_a_table_of_people_that_belongs_to_nothing_is_a_fault(tmp_path: Path, section: str, code: str) -> None:
    case, frame, people = district(tmp_path)
    book(tmp_path, frame, people)
    case.sections["population"] = section
    assert case.fault().code == code


def test_areas_all_blank_are_a_fault(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    book(tmp_path, frame, people.astype("float64") * np.nan)
    case.sections["population"] = TABLE
    assert {fault.code for fault in case.faults()} == {"no_figures"}


def test_the_finest_level_with_figures_is_kept(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    book(tmp_path, frame, people)
    (tmp_path / "streets.csv").write_text("id,residents\nS1,100\nS2,100\n", encoding="utf-8")
    case.sections["units.street.people"] = 'path = "streets.csv"'
    case.sections["units.community.people"] = 'path = "人口.xlsx"'
    case.sections["population"] += "\nelderly_share = 0.2"
    same(of_units(check(case.read())), people)
    case.sections["population"] += '\ncalibrate = "street"'
    assert of_units(check(case.read()), "street")["residents"].tolist() == pytest.approx([100, 100])


def test_units_smaller_than_a_cell_keep_their_figures(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.sections["walking"] = 'mode = "straight_line"'
    del case.sections["network"]
    # Three blocks of 20 m lie in one cell of 100 m.
    shapes = [shapely.box(X + 10 + 25 * at, Y + 10, X + 30 + 25 * at, Y + 30) for at in range(3)]
    frame = gpd.GeoDataFrame({"id": ["a", "b", "c"], "name": ["甲社区", "乙社区", "丙社区"]}, geometry=shapes, crs=CRS)
    frame.to_file(tmp_path / "communities.gpkg")
    case.sections["units.community"] = 'path = "communities.gpkg"'
    people = pd.DataFrame({"residents": [10, 200, 30], "elderly": [5, 20, 15], "aged": [1, 2, 3]}, index=frame["id"])
    book(tmp_path, frame, people)
    case.sections["population"] = TABLE
    found = check(case.read())
    assert notes(found)["calibrated_together"]["count"] == 1
    same(of_units(found), people)
    assert found.places.loc["community"]["elderly_covered"].tolist() == [5.0, 20.0, 15.0]


def test_the_whole_has_ends_where_the_people_of_a_unit_are_unknown(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    blank = people.astype("float64")
    blank.iloc[3] = np.nan
    frame.assign(**blank.reset_index(drop=True)).to_file(tmp_path / "areas.gpkg")
    case.sections["population"] = AREAS
    totals = check(case.read()).totals
    known = float(blank["residents"].sum())
    assert (totals["residents"], totals["residents_high"]) == (pytest.approx(known), np.inf)
    assert (totals["land_gap_02_m2"], totals["elderly_uncovered"]) == (np.inf, np.inf)
    assert (totals["covered_share"], totals["covered_share_high"]) == (0.0, 1.0)
    assert figure_text("residents", totals, number) == f"≥ {known:,.0f}"
    assert figure_text("covered_share", totals, percent) == "–"
    assert "people_part" in totals["warnings"]
    assert {"people_cover_part", "people_areas_unknown"} <= {note.code for note in check(case.read()).notes}


def test_a_raster_of_a_group_moves_nobody(tmp_path: Path) -> None:
    case, frame, people = district(tmp_path)
    frame.assign(**people.reset_index(drop=True)).to_file(tmp_path / "areas.gpkg")
    case.sections["population"] = AREAS
    alone = check(case.read())
    write_raster(tmp_path / "alone.tif", np.zeros((10, 20)))
    case.sections["population.groups.alone"] = 'path = "alone.tif"\nunit = "persons per cell"'
    grouped = check(case.read())
    for who in ("residents", "elderly"):
        assert grouped.totals["people_account"][who]["outside"] == pytest.approx(0.0, abs=1e-3)
        assert of_units(grouped)[who].to_numpy() == pytest.approx(of_units(alone)[who].to_numpy(), abs=1e-3)
