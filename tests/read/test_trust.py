"""A scenario from somebody else reads nothing but what lies beside it."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

import siting
from siting.errors import InputError
from siting.read.virtual import points_elsewhere
from tests.read.case import write_raster


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


VIRTUAL = (
    "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    "<VRTDataset rasterXSize='1' rasterYSize='1'/>",
)
# GDAL takes each for a virtual dataset: as it stands, behind other text, and beside a root that a format has by nature.
DISGUISES = ("{}", "<?xml version='1.0'?>\n<!-- kml -->\n{}", "x,{}", "<kml/>\n{}", "<osm version='0.6'></osm>{}")


@pytest.mark.parametrize("suffix", [".kml", ".osm", ".geojson", ".csv", ".shp.xml", ".gpkg", ".tif"])
@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("content", VIRTUAL)
def test_what_names_other_files_is_known_by_its_content(
    tmp_path: Path, content: str, disguise: str, suffix: str
) -> None:
    path = tmp_path / f"streets{suffix}"
    path.write_text(disguise.format(content), encoding="utf-8")
    assert points_elsewhere(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.kml", '\ufeff<?xml version="1.0"?>\n<!-- of ours -->\n<kml xmlns="http://www.opengis.net/kml/2.2"></kml>'),
        ("a.osm", '<?xml version="1.0"?><osm version="0.6"></osm>'),
        ("a.shp.xml", "<metadata></metadata>"),
        ("a.csv", "id,name\n1,<b>\n"),
    ],
)
def test_what_holds_its_own_data_is_no_virtual_file(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert not points_elsewhere(tmp_path / name)


@pytest.mark.parametrize("suffix", ["kml", "osm"])
def test_a_virtual_layer_is_refused_under_a_name_of_xml(copied: Path, suffix: str) -> None:
    secret = copied.parent.parent / "secret.gpkg"
    shutil.copy(copied.parent / "streets.gpkg", secret)
    (copied.parent / f"streets.{suffix}").write_text(VIRTUAL[0].format(secret), encoding="utf-8")
    change(copied, '"streets.gpkg"', f'"streets.{suffix}"')
    assert ("untrusted_format", "units.street.path") in refusals(copied)


def test_a_raster_that_tells_of_itself_is_no_virtual_one(tmp_path: Path) -> None:
    path = tmp_path / "people.tif"
    write_raster(path, np.ones((4, 4)))
    with rasterio.open(path, "r+") as file:
        file.update_tags(source="census")
    assert b"<GDALMetadata" in path.read_bytes()
    assert not points_elsewhere(path)
