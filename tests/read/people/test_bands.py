"""Bands of age and sex: which files are added up, and which gaps are refused."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.domain.nouns import Raster
from siting.domain.scenario import PeopleSource
from siting.read.log import Log
from siting.read.people.bands import age_files, missing_ages, read_people
from tests.drawing import examples
from tests.read.case import X, Y, write_raster

OLD = (0, 1, *range(5, 85, 5))
NEW = (0, 1, *range(5, 95, 5))


def write(folder: Path, name: str, people: float) -> None:
    write_raster(folder / name, np.full((4, 5), people, dtype="float32"))


def read(folder: Path, pattern: str, log: Log | None = None, **given: object) -> Raster | None:
    source = PeopleSource.model_validate({"pattern": str(folder / pattern), "unit": "persons per cell", **given})
    return read_people(source, (log or Log()).layer("population.elderly", source.file))


def total(raster: Raster | None) -> float:
    assert raster is not None
    return float(raster.values.sum())


def worldpop(folder: Path, form: str, ages: Iterable[int], sexes: str = "fm") -> None:
    """Write one file a sex and band; a woman counts 1, a man 100, the total 10,000 in each cell."""
    for age in ages:
        for sex in sexes:
            write(folder, form.format(sex=sex, age=age), {"f": 1, "m": 100, "t": 10_000}[sex])


@pytest.mark.parametrize(
    ("form", "pattern", "ages", "count"),
    [
        ("chn_{sex}_{age}_2020.tif", "chn_{sex}_{age}_2020.tif", OLD, 5),
        ("chn_{sex}_{age:02}_2026_CN_100m_R2025A_v1.tif", "chn_{sex}_{age}_2026_CN_100m_R2025A_v1.tif", NEW, 7),
    ],
)
def test_both_sexes_of_worldpop_are_added_up(
    tmp_path: Path, form: str, pattern: str, ages: tuple[int, ...], count: int
) -> None:
    worldpop(tmp_path, form, ages)
    # Totals of another name lie in the same folder.
    write(tmp_path, "chn_pop_2025_CN_100m_R2025A_v1.tif", 1e9)
    log = Log()
    assert total(read(tmp_path, pattern, log)) == 20 * count * 101
    assert {note.code: note.values["count"] for note in log.notes} == {"age_bands": count, "sexes_added": count}
    assert log.layers["population.elderly"]["ages"] == [age for age in ages if age >= 60]
    assert len(log.digests) == 2 * count
    assert total(read(tmp_path, pattern, from_age=65)) == 20 * (count - 1) * 101


def test_residents_are_all_bands_of_both_sexes(tmp_path: Path) -> None:
    worldpop(tmp_path, "chn_{sex}_{age}_2020.tif", OLD)
    source = PeopleSource(pattern=str(tmp_path / "chn_{sex}_{age}_2020.tif"), unit="persons per cell")
    assert total(read_people(source, Log().layer("population.residents"), 0)) == 20 * len(OLD) * 101


def test_totals_stand_where_there_is_neither_sex(tmp_path: Path) -> None:
    worldpop(tmp_path, "p_{sex}_{age}.tif", (60, 65), "t")
    assert total(read(tmp_path, "p_{sex}_{age}.tif")) == 20 * 2 * 10_000


def test_totals_beside_both_sexes_are_left_out_and_told(tmp_path: Path) -> None:
    worldpop(tmp_path, "p_{sex}_{age}.tif", (60, 65), "fm")
    worldpop(tmp_path, "p_{sex}_{age}.tif", (65,), "t")
    log = Log()
    assert total(read(tmp_path, "p_{sex}_{age}.tif", log)) == 20 * 2 * 101
    assert [note.values["ages"] for note in log.notes if note.code == "totals_beside_sexes"] == ["65"]


@pytest.mark.parametrize("sexes", ["m", "mt"])
def test_one_sex_alone_is_refused(tmp_path: Path, sexes: str) -> None:
    worldpop(tmp_path, "p_{sex}_{age}.tif", (60,), "fm")
    worldpop(tmp_path, "p_{sex}_{age}.tif", (65,), sexes)
    log = Log()
    assert read(tmp_path, "p_{sex}_{age}.tif", log) is None
    (fault,) = log.faults.found
    assert (fault.code, fault.file, fault.found, fault.expected) == ("sex_missing", "p_m_65.tif", "m", "f")


def test_sexes_are_known_in_any_case_and_in_words(tmp_path: Path) -> None:
    for name, people in (("F_60", 1.0), ("M_60", 2.0), ("female_65", 3.0), ("Male_65", 4.0), ("x_65", 99.0)):
        write(tmp_path, f"{name}.tif", people)
    assert total(read(tmp_path, "{sex}_{age}.tif")) == 20 * 10


def test_a_place_that_stands_twice_means_the_same_twice(tmp_path: Path) -> None:
    for name in ("60_to_60.tif", "60_to_65.tif"):
        (tmp_path / name).touch()
    assert [
        file.name for by_sex in age_files(str(tmp_path / "{age}_to_{age}.tif")).values() for file in by_sex[""]
    ] == ["60_to_60.tif"]


def test_two_files_of_one_band_are_refused(tmp_path: Path) -> None:
    for name in ("e_60.tif", "e_060.tif"):
        write(tmp_path, name, 1.0)
    log = Log()
    assert read(tmp_path, "e_{age}.tif", log) is None
    assert [(fault.code, fault.found) for fault in log.faults.found] == [("age_band_twice", "e_060.tif, e_60.tif")]


@pytest.mark.parametrize(
    ("ages", "missing"),
    [
        (OLD, []),
        (NEW, []),
        ([0, 5, 10, 15], []),
        ([0, 15, 20, 25], []),  # 0 to 14 in one
        ([0, 15, 60], []),
        ([60, 80], []),
        ([60], []),
        ([60, 70, 80], []),
        ([60, 61, 62], []),
        ([60, 65, 75], [70]),
        ([60, 65, 85], [70, 75, 80]),
        ([60, 70, 90], [80]),
        ([0, 1, 10, 15], [5]),
        ([60, 61, 63], [62]),
    ],
)
def test_gaps_in_a_ladder(ages: list[int], missing: list[int]) -> None:
    assert missing_ages(list(ages)) == missing


def test_a_gap_is_refused(tmp_path: Path) -> None:
    for age in (60, 65, 75):
        write(tmp_path, f"e_{age}.tif", 1.0)
    log = Log()
    assert read(tmp_path, "e_{age}.tif", log) is None
    assert [(fault.code, fault.expected) for fault in log.faults.found] == [("age_band_missing", "70")]
    # A gap below the age from which people count is nobody's.
    for age in (70, 80):
        write(tmp_path, f"e_{age}.tif", 1.0)
    write(tmp_path, "e_40.tif", 1.0)
    assert total(read(tmp_path, "e_{age}.tif")) == 20 * 5


# --- lists of files -------------------------------------------------------------------------------------------------


def listed(folder: Path, *names: str, **given: object) -> PeopleSource:
    bands = tuple(folder / name for name in names)
    return PeopleSource.model_validate({"bands": bands, "unit": "persons per cell", **given})


def test_listed_files_are_added_up_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, "population_age60_64.tif", 2.0)
    write(tmp_path, "population_age65above.tif", 3.0)
    log = Log()
    source = listed(tmp_path, "population_age65above.tif", "population_age60_64.tif", unit="persons per ha")
    raster = read_people(source, log.layer("population.elderly", source.file))
    # The case's cells are true squares of 100 m but for 4 parts in 10,000.
    assert total(raster) == pytest.approx(20 * 5.0, rel=1e-3)
    assert total(raster) != 100.0
    assert [note.values["files"] for note in log.notes] == ["population_age60_64.tif, population_age65above.tif"]
    assert sorted(log.digests) == [
        "population.elderly[population_age60_64.tif]",
        "population.elderly[population_age65above.tif]",
    ]


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    for folder, people in (("women", 1.0), ("men", 2.0)):
        (tmp_path / folder).mkdir()
        write(tmp_path, f"{folder}/old.tif", people)
    log = Log()
    source = listed(tmp_path, "women/old.tif", "men/old.tif")
    assert total(read_people(source, log.layer("e"))) == 60.0
    assert len(log.digests) == 2


def test_a_file_listed_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.tif", 1.0)
    log = Log()
    source = listed(tmp_path, "a.tif", "a.tif")
    assert read_people(source, log.layer("e")) is None
    assert [fault.code for fault in log.faults.found] == ["band_twice"]


def test_listed_files_must_share_a_grid(tmp_path: Path) -> None:
    write(tmp_path, "a.tif", 1.0)
    write_raster(tmp_path / "b.tif", np.ones((4, 5)), origin=(X + 50, Y + 1000))
    log = Log()
    source = listed(tmp_path, "a.tif", "b.tif")
    read_people(source, log.layer("e", source.file))
    assert [(fault.code, fault.file) for fault in log.faults.found] == [("bands_differ", "b.tif")]


@settings(max_examples=examples(25), deadline=None)
@given(data=st.data())
def test_people_are_conserved_and_the_order_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("bands")
    cell = st.one_of(st.just(float("nan")), st.floats(0, 1e4, width=32))
    bands = data.draw(st.lists(st.lists(cell, min_size=6, max_size=6), min_size=1, max_size=5))
    names = []
    for number, cells in enumerate(bands):
        # A cell with data, so that no file is empty.
        values = np.array([*cells[:5], 1.0], dtype="float32").reshape(2, 3)
        write_raster(folder / f"b{number}.tif", values)
        names.append((f"b{number}.tif", values))
    expected = sum(float(np.nansum(values.astype(float))) for _, values in names)
    orders = [data.draw(st.permutations(names)) for _ in range(2)]
    first, second = (read_people(listed(folder, *(name for name, _ in order)), Log().layer("e")) for order in orders)
    assert first is not None
    assert second is not None
    assert float(np.nansum(first.values)) == pytest.approx(expected, rel=1e-12)
    assert first.values.tobytes() == second.values.tobytes()
    everywhere = np.all([np.isnan(values) for _, values in names], axis=0)
    np.testing.assert_array_equal(np.isnan(first.values), everywhere)
