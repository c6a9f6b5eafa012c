"""Names of columns: which of theirs is which of ours."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.domain import tables
from siting.domain.scenario import Layer
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, RESIDENTIAL_COLUMNS, UNIT_COLUMNS, Column
from siting.errors import Fault
from siting.read.log import Log
from siting.read.tables.aliases import PLACE_KEYS, _entries, _sections, aliases, find_columns, normalised
from siting.read.tables.columns import typed_table

FACILITY_KEYS = tuple(column.key for column in FACILITY_COLUMNS)
UNIT_KEYS = tuple(column.key for column in UNIT_COLUMNS)
PEOPLE_KEYS = ("id", "name", "residents", "elderly")
LAYERS = {
    "facilities": FACILITY_COLUMNS,
    "context.facilities": FACILITY_COLUMNS,
    "candidates": CANDIDATE_COLUMNS,
    "residential_areas": RESIDENTIAL_COLUMNS,
    "units.street": UNIT_COLUMNS,
    "units.community": UNIT_COLUMNS,
    "units.planning": UNIT_COLUMNS,
    "units.district": UNIT_COLUMNS,
    "units.street.people": tables.PEOPLE_COLUMNS,
    "plan.sizes": tables.SIZE_COLUMNS,
    "constraints.land_use": tables.LAND_USE_COLUMNS,
    "network": tables.NETWORK_COLUMNS,
    "population.elderly": tables.PEOPLE_LAYER_COLUMNS,
    "population.projection": tables.GROWTH_COLUMNS,
}


def found(names: list[str], group: str, keys: tuple[str, ...] = FACILITY_KEYS, **mapping: str) -> dict[str, list[str]]:
    """The keys that are found, and by which columns."""
    return {key: matches for key, matches in find_columns(names, keys, mapping, group).items() if matches}


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("用地面积（㎡）", "用地面积"),
        ("用地面积 (平方米)", "用地面积"),
        ("床位数[张]", "床位数"),
        ("ＮＡＭＥ", "name"),
        ("land_m2", "LAND M2"),
        ("60岁以上\n老年人口", "60岁以上老年人口"),
        ("*名称：", "名称"),
    ],
)
def test_writings_of_one_name_are_alike(name: str, same: str) -> None:
    assert normalised(name) == normalised(same)


def test_brackets_that_say_more_than_a_unit_tell_names_apart() -> None:
    assert normalised("建筑面积(地上)") != normalised("建筑面积")


def test_bureaus_columns_of_a_ledger_are_known() -> None:
    names = [
        "序号",
        "设施名称",
        "设施类型",
        "运营状态",
        "床位数（张）",
        "其中：护理型床位",
        "用地面积(亩)",
        "JZMJ",
        "所在街道",
    ]
    names += ["XQMC", "SQMC", "运营方", "经度", "纬度"]
    assert found(names, "facilities", (*FACILITY_KEYS, *PLACE_KEYS)) == {
        "id": ["序号"],
        "name": ["设施名称"],
        "tier": ["设施类型"],
        "status": ["运营状态"],
        "beds": ["床位数（张）"],
        "nursing_beds": ["其中：护理型床位"],
        "land_m2": ["用地面积(亩)"],
        "floor_area_m2": ["JZMJ"],
        "street": ["所在街道"],
        "residential_area": ["XQMC"],
        "community": ["SQMC"],
        "operator": ["运营方"],
        "lon": ["经度"],
        "lat": ["纬度"],
    }


@pytest.mark.parametrize(
    ("group", "keys", "key"),
    [
        ("units.street", UNIT_KEYS, "name"),
        ("facilities", FACILITY_KEYS, "street"),
        ("units.street.people", UNIT_KEYS, "name"),
    ],
)
def test_what_a_name_means_depends_on_the_layer(group: str, keys: tuple[str, ...], key: str) -> None:
    assert found(["XZQMC"], group, keys) == {key: ["XZQMC"]}
    assert found(["街道"], group, keys) == {key: ["街道"]}


def test_the_street_of_a_community_is_not_its_name() -> None:
    assert found(["社区", "街道", "XZQMC"], "units.community", UNIT_KEYS) == {"name": ["社区"]}


def test_the_scenario_decides_then_the_key_itself_then_every_alias() -> None:
    names = ["land_m2", "用地面积", "YDMJ"]
    assert found(names, "facilities", ("land_m2",), land_m2="YDMJ") == {"land_m2": ["YDMJ"]}
    assert found(names, "facilities", ("land_m2",)) == {"land_m2": ["land_m2"]}
    assert found(names[1:], "facilities", ("land_m2",)) == {"land_m2": ["用地面积", "YDMJ"]}
    assert found(names, "facilities", ("land_m2",), land_m2="Ydmj") == {}
    assert found(names[1:], "facilities", ("land_m2",), land_m2="") == {}


def test_a_column_that_the_scenario_gives_to_one_key_is_no_alias_of_another() -> None:
    assert found(["街道", "id"], "facilities", name="街道") == {"id": ["id"], "name": ["街道"]}


def test_a_makeshift_steps_back_behind_a_real_name() -> None:
    assert found(["序号", "编号"], "facilities", ("id",)) == {"id": ["编号"]}
    assert found(["序号"], "facilities", ("id",)) == {"id": ["序号"]}
    assert found(["人口", "常住人口"], "units.street.people", PEOPLE_KEYS) == {"residents": ["常住人口"]}
    # Rows of people are joined by id: a running number is none.
    assert found(["序号"], "units.street.people", PEOPLE_KEYS) == {}


@pytest.mark.parametrize(
    "name",
    ["65岁以上", "65岁及以上人口", "户籍人口", "面积", "老年人口比例", "60岁以上人口占比", "60岁以上人", "60岁以上老"],
)
def test_what_might_mean_something_else_is_not_taken(name: str) -> None:
    assert found([name], "units.street.people", PEOPLE_KEYS) == {}
    assert found([name], "facilities") == {}


def test_residents_are_no_elderly() -> None:
    assert found(["人口", "常住人口"], "population.elderly", ("id", "people")) == {}
    assert found(["老年人口"], "population.elderly", ("id", "people")) == {"people": ["老年人口"]}
    assert found(["人口"], "population.residents", ("id", "people")) == {"people": ["人口"]}


def written(name: str) -> str:
    """A name as a shapefile in GBK holds it."""
    return name.encode("gbk")[:10].decode("gbk", "ignore")


@pytest.mark.parametrize(
    "key", ["building_floor_area_m2", "nursing_beds", "community_id", "residential_area", "serves_community"]
)
def test_our_keys_are_known_as_a_shapefile_cuts_them(key: str) -> None:
    assert len(written(key)) == 10
    assert found([written(key)], "facilities") == {key: [written(key)]}


@pytest.mark.parametrize(
    ("name", "key"), [("护理型床位数", "nursing_beds"), ("所在街道编号", "street_id"), ("60周岁及以上", "elderly")]
)
def test_chinese_names_are_known_as_a_shapefile_cuts_them(name: str, key: str) -> None:
    group, keys = ("units.street.people", PEOPLE_KEYS) if key == "elderly" else ("facilities", FACILITY_KEYS)
    assert written(name) != name
    assert found([written(name)], group, keys) == {key: [written(name)]}


@pytest.mark.parametrize("group", sorted(LAYERS))
def test_every_alias_of_a_layer_points_at_its_key_alone(group: str) -> None:
    keys = tuple(column.key for column in LAYERS[group])
    for name, key, _ in _entries(group):
        # A name that is a key of ours, in another writing, is that key.
        if key in keys and normalised(name) not in {normalised(each) for each in keys}:
            assert found([name], group, keys) == {key: [name]}, name


@pytest.mark.parametrize("section", sorted(_sections()))
def test_no_name_stands_twice_in_a_section(section: str) -> None:
    names = [normalised(name) for names in _sections()[section].values() for name in names]
    assert sorted(names) == sorted(set(names))


def test_every_key_of_the_aliases_is_a_column() -> None:
    columns = {
        column.key
        for value in vars(tables).values()
        if isinstance(value, tuple) and value and isinstance(value[0], Column)
        for column in value
    }
    assert set(aliases()) <= columns | set(PLACE_KEYS)
    assert "YDMJ" in aliases()["land_m2"]
    assert "XZQMC" in aliases("facilities")["street"]
    assert "XZQMC" in aliases("units.street")["name"]


@given(
    st.permutations(["编号", "设施名称", "类型", "床位数（张）", "YDMJ_ha", "JZMJ", "街道", "备注", "X", "residentia"])
)
def test_the_order_of_columns_changes_nothing(names: list[str]) -> None:
    assert found(names, "facilities") == found(sorted(names), "facilities")


# --- in a table -------------------------------------------------------------------------------------------------------


def typed(raw: dict[str, list[Any]], group: str = "facilities", **source: Any) -> tuple[pd.DataFrame, list[Fault], Log]:
    log = Log()
    layer = Layer(path=Path("ledger.csv"), **source)
    columns = LAYERS[group]
    table, _ = typed_table(pd.DataFrame(raw), columns, layer, log.layer(group, layer.path))
    return table, log.faults.found, log


LEDGER: dict[str, list[Any]] = {
    "编号": ["F1"],
    "类型": ["station"],
    "status": ["existing"],
    "备注": ["无"],
    "经度": ["107"],
}


def test_what_was_known_by_alias_is_told_once_and_the_rest_is_counted() -> None:
    table, faults, log = typed(LEDGER)
    assert faults == []
    assert table.loc[0, ["id", "tier", "status"]].tolist() == ["F1", "station", "existing"]
    assert [(note.code, note.values["columns"]) for note in log.notes] == [
        ("columns_by_alias", "编号 → id, 类型 → tier")
    ]
    assert log.layers["facilities"]["matched"] == {"id": "编号", "tier": "类型", "status": "status"}
    assert log.layers["facilities"]["unused"] == ["备注"]


def test_what_the_scenario_maps_is_no_alias() -> None:
    _, faults, log = typed(LEDGER, columns={"id": "编号", "tier": "类型"})
    assert (faults, log.notes) == ([], [])


def test_two_columns_for_one_key_are_refused_and_listed() -> None:
    raw = LEDGER | {"用地面积": ["1"], "YDMJ": ["2"]}
    table, (fault,), _ = typed(raw)
    assert (fault.code, fault.field, fault.found) == ("two_columns_for_key", "land_m2", "用地面积, YDMJ")
    assert table["land_m2"].isna().all()
    for columns in ({"land_m2": "YDMJ"}, {"land_m2": ""}):
        table, faults, _ = typed(raw, columns=columns)
        assert faults == []
        assert table["land_m2"].fillna(0).tolist() == [2.0 if columns["land_m2"] else 0.0]


def test_two_columns_for_a_required_key_are_told_once() -> None:
    _, faults, _ = typed(LEDGER | {"设施类型": ["station"]})
    assert [fault.code for fault in faults] == ["two_columns_for_key"]


def test_a_form_headed_by_the_words_of_the_catalogue_reads_back() -> None:
    from siting.text import LANGS, say

    for lang in LANGS:
        names = [say(f"field.{column.key}", lang) for column in FACILITY_COLUMNS]
        assert {key: name for key, (name,) in found(names, "facilities").items()} == dict(
            zip(FACILITY_KEYS, names, strict=True)
        )
