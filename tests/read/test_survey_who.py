"""Who is counted, residents or elderly: names of files and columns decide, for points, tables and polygons."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from siting.cli import main
from siting.domain.draft import Draft
from siting.read.survey import survey
from siting.write.template import scenario_template
from tests.read.case import squares

PLACES = {"id": ["a", "b"], "经度": [107.4, 107.41], "纬度": [29.7, 29.7]}


def _points(path: Path, **columns: Any) -> None:
    pd.DataFrame(PLACES | columns).to_csv(path, index=False)


def _population(draft: Draft, who: str) -> dict[str, object]:
    start = f"population.{who}."
    return {key.removeprefix(start): value for key, value in draft.filled.items() if key.startswith(start)}


def _spare(draft: Draft) -> list[object]:
    return [remark.values["file"] for remark in draft.rest]


@pytest.mark.parametrize(
    ("old", "young"), [("elderly.csv", "residents.csv"), ("老年人口.csv", "常住人口.csv"), ("65+.csv", "people.csv")]
)
def test_points_of_residents_and_of_elderly_are_both_taken(tmp_path: Path, old: str, young: str) -> None:
    for name, count in ((old, 2), (young, 10)):
        _points(tmp_path / name, people=[count, count])
    draft = survey(tmp_path)
    age = {"from_age": 65} if "65" in old else {}
    assert _population(draft, "elderly") == {"points": old, **age}
    assert _population(draft, "residents") == {"points": young}
    assert _spare(draft) == []
    # Where no name states the age, it is a question that may be left open.
    assert ("population.elderly.from_age" in draft.optional) == (not age)
    assert {"population.elderly.crs", "population.residents.crs"} <= set(draft.needed)


@pytest.mark.parametrize(
    ("column", "age"),
    [
        ("60岁以上人口", 60), ("60岁及以上（人）", 60), ("65岁及以上", 65), ("65+", 65), ("老年人", None),
        ("老年人口", None), ("elderly", None),
    ],
)  # fmt: skip
def test_a_column_of_the_elderly_tells_whatever_the_file_is_called(
    tmp_path: Path, column: str, age: int | None
) -> None:
    _points(tmp_path / "points.csv", **{column: [3, 4]})
    draft = survey(tmp_path)
    stated = {} if age is None else {"from_age": age}
    assert _population(draft, "elderly") == {"points": "points.csv", "columns": {"people": column}} | stated
    assert _population(draft, "residents") == {}


@pytest.mark.parametrize("name", ["人口.csv", "elderly.csv"])
def test_a_table_of_both_gives_both(tmp_path: Path, name: str) -> None:
    _points(tmp_path / name, **{"常住人口": [10, 20], "老年人口": [3, 4], "60岁以上人口": [3, 4], "65岁以上": [2, 3]})
    draft = survey(tmp_path)
    assert _population(draft, "residents") == {"points": name, "columns": {"people": "常住人口"}}
    assert _population(draft, "elderly") == {"points": name, "columns": {"people": "60岁以上人口"}, "from_age": 60}


@pytest.mark.parametrize(
    ("name", "column", "who"),
    [
        ("老年人口.csv", "人口", "elderly"), ("老年人口.csv", "人数", "elderly"),
        ("60岁以上常住人口.csv", "常住人口", "elderly"),
        ("常住人口_老年人口.csv", "常住人口", "residents"), ("规划老年人口.csv", "人数", "planned_elderly"),
        ("规划人口.csv", "人口", "planned_residents"), ("b.csv", "人口", "residents"),
    ],
)  # fmt: skip
def test_a_column_without_an_age_counts_those_whom_the_file_names(
    tmp_path: Path, name: str, column: str, who: str
) -> None:
    _points(tmp_path / name, **{column: [3, 4]})
    draft = survey(tmp_path)
    assert [key for key in draft.filled if key.endswith(".points")] == [f"population.{who}.points"]
    assert not any(remark.code == "who_unsaid" for remark in draft.remarks[f"population.{who}"])


def test_those_from_80_are_neither_the_elderly_nor_the_residents(tmp_path: Path) -> None:
    _points(tmp_path / "80岁以上.csv", people=[1, 2])
    draft = survey(tmp_path)
    assert not draft.remarks
    assert [(remark.code, remark.values["ages"]) for remark in draft.rest] == [("bands_without_start", "80")]


@pytest.mark.parametrize(("lang", "word"), [("zh", "没有写明"), ("en", "neither the file name nor the column")])
def test_where_nothing_tells_who_is_counted_it_says_so(
    tmp_path: Path, lang: Any, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _points(tmp_path / "points.csv", people=[3, 4])
    draft = survey(tmp_path)
    assert _population(draft, "residents") == {"points": "points.csv"}
    assert word in scenario_template(lang, draft)
    with pytest.raises(SystemExit):
        main(["new", str(tmp_path), "--lang", lang])
    told = [line for line in capsys.readouterr().out.splitlines() if "population.residents ←" in line]
    assert len(told) == 1
    assert word in told[0]


# --- tables of units, and the units themselves ------------------------------------------------------------------------


def _units(path: Path, **columns: Any) -> None:
    squares(2).assign(name=["甲社区", "乙社区"], **columns).to_file(path)


def _table(path: Path, **columns: Any) -> None:
    pd.DataFrame({"社区名称": ["甲社区", "乙社区"]} | columns).to_csv(path, index=False)


@pytest.mark.parametrize("column", ["人口", "人数", "people"])
def test_tables_of_units_of_residents_and_of_elderly_are_both_taken(tmp_path: Path, column: str) -> None:
    _units(tmp_path / "社区.gpkg")
    for name in ("elderly.csv", "常住人口.csv"):
        _table(tmp_path / name, **{column: [3, 4]})
    draft = survey(tmp_path)
    for who, name in (("elderly", "elderly.csv"), ("residents", "常住人口.csv")):
        found = _population(draft, who)
        assert (found["level"], found["attributes"]) == ("community", name)
        assert found.get("columns", {"people": column}) == {"people": column}
    assert _spare(draft) == []
    assert "units.community.people" not in draft.remarks


def test_a_table_of_the_elderly_of_units_does_not_give_the_residents(tmp_path: Path) -> None:
    _units(tmp_path / "社区.gpkg")
    _table(tmp_path / "65岁以上老年人口.csv", 人口=[3, 4])
    draft = survey(tmp_path)
    assert _population(draft, "residents") == {}
    assert _population(draft, "elderly") == {
        "level": "community", "attributes": "65岁以上老年人口.csv", "columns": {"people": "人口"}, "from_age": 65,
    }  # fmt: skip


def test_a_table_of_units_beside_points_counts_whom_it_names(tmp_path: Path) -> None:
    _units(tmp_path / "社区.gpkg")
    for name in ("residents.csv", "elderly_60.csv"):
        _points(tmp_path / name, people=[3, 4])
    _table(tmp_path / "老年人口.csv", 人口=[3, 4])
    draft = survey(tmp_path)
    assert draft.filled["units.community.people.columns"] == {"name": "社区名称", "elderly": "人口"}
    # It counts other people than those of the points.
    (tmp_path / "老年人口.csv").rename(tmp_path / "65岁以上.csv")
    draft = survey(tmp_path)
    assert "units.community.people" not in draft.remarks
    assert _spare(draft) == ["65岁以上.csv"]


@pytest.mark.parametrize(("name", "who"), [("老年人口.gpkg", "elderly"), ("人口.gpkg", "residents")])
def test_units_whose_layer_names_its_people_count_these(tmp_path: Path, name: str, who: str) -> None:
    _units(tmp_path / name, 人口=[3, 4])
    draft = survey(tmp_path)
    assert draft.filled["units.community.path"] == name
    other = "residents" if who == "elderly" else "elderly"
    assert _population(draft, who)["polygons"] == name
    assert _population(draft, other) == {}
