"""A scenario from somebody else reads nothing but what lies beside it."""

import shutil
import sys
from pathlib import Path

import pytest

import siting
from siting.errors import InputError


@pytest.fixture
def copied(sample: Path, tmp_path: Path) -> Path:
    """Return the sample's scenario in a folder of its own."""
    folder = tmp_path / "case"
    shutil.copytree(sample.parent, folder)
    return folder / "scenario.toml"


def change(scenario: Path, old: str, new: str) -> None:
    text = scenario.read_text(encoding="utf-8")
    assert old in text
    scenario.write_text(text.replace(old, new, 1), encoding="utf-8")


def refusals(scenario: Path) -> list[tuple[str, str | None]]:
    with pytest.raises(InputError) as caught:
        siting.read_scenario(scenario, untrusted=True)
    return [(fault.code, fault.field) for fault in caught.value.faults]


def test_a_scenario_of_its_own_folder_is_read_alike(copied: Path) -> None:
    assert siting.read_scenario(copied, untrusted=True) == siting.read_scenario(copied)


def test_paths_that_lead_out_are_refused_together(copied: Path) -> None:
    outside = copied.parent.parent / "elsewhere.tif"
    shutil.copy(copied.parent / "dem.tif", outside)
    change(copied, '"dem.tif"', f'"{outside.as_posix()}"')
    change(copied, '"walk.gpkg"', '"../walk.gpkg"')
    change(copied, '"elderly_{age}.tif"', '"../elderly_{age}.tif"')
    assert siting.read_scenario(copied).terrain is not None
    found = refusals(copied)
    assert set(found) >= {
        ("untrusted_outside", "terrain.path"),
        ("untrusted_outside", "network.path"),
        ("untrusted_outside", "population.elderly.pattern"),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_followed_out_of_the_folder(copied: Path) -> None:
    outside = copied.parent.parent / "facilities.csv"
    shutil.move(copied.parent / "facilities.csv", outside)
    (copied.parent / "facilities.csv").symlink_to(outside)
    assert refusals(copied) == [("untrusted_outside", "facilities.path")]
    band = copied.parent / "elderly_60.tif"
    shutil.move(band, copied.parent.parent / "elderly_60.tif")
    band.symlink_to(copied.parent.parent / "elderly_60.tif")
    assert ("untrusted_outside", "population.elderly.pattern") in refusals(copied)


def test_databases_are_refused_and_their_password_is_not_told(copied: Path) -> None:
    change(copied, 'path = "candidates.csv"', 'database = "postgresql://planner:geheim@host/db"\nlayer = "t"')
    with pytest.raises(InputError) as caught:
        siting.read_scenario(copied, untrusted=True)
    assert [(fault.code, fault.field) for fault in caught.value.faults] == [
        ("untrusted_database", "candidates.database")
    ]
    assert "geheim" not in caught.value.message("en") + caught.value.message("zh")


@pytest.mark.parametrize("name", ["dem.vrt", "dem.tif"])
def test_a_virtual_raster_is_refused_under_any_name(copied: Path, name: str) -> None:
    virtual = "\n<VRTDataset rasterXSize='1' rasterYSize='1'/>"
    (copied.parent / name).write_text(virtual, encoding="utf-8")
    change(copied, '"dem.tif"', f'"{name}"')
    assert refusals(copied) == [("untrusted_format", "terrain.path")]
