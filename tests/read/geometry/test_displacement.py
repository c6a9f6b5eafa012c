"""A layer that lies beside the others by the shift of web maps is told, and no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS

from siting.domain.nouns import Inputs, Network
from siting.read import read_inputs, read_scenario
from siting.read.geometry.displacement import displaced, gcj02_offset, note_displacement
from siting.read.geometry.gcj02 import gcj02_from_wgs84, wgs84_from_gcj02
from siting.read.log import Log
from siting.text import LANGS, say
from tests.realdata.porto_alegre import prepare

UNITS = ("units.street", "units.community")


@dataclass(frozen=True)
class Place:
    layers: Mapping[str, gpd.GeoDataFrame]
    network: Network

    def shifted(self, *keys: str, back: bool = False) -> "Place":
        """Some layers as if GCJ-02 had been taken for WGS84 (or WGS84 had been turned back)."""
        layers = {key: carried(frame, back=back) if key in keys else frame for key, frame in self.layers.items()}
        edges = self.network.edges
        return Place(layers, Network(self.network.node_xy, carried(edges, back=back) if "network" in keys else edges))

    def told(self) -> list[tuple[str, str]]:
        log = Log()
        note_displacement(self.layers, self.network, log)
        return sorted((note.code, note.values["layer"]) for note in log.notes)


def carried(frame: gpd.GeoDataFrame, *, back: bool) -> gpd.GeoDataFrame:
    way = wgs84_from_gcj02 if back else gcj02_from_wgs84
    degrees = frame.to_crs(4490)
    moved = shapely.transform(degrees.geometry.to_numpy(), lambda xy: np.column_stack(way(xy[:, 0], xy[:, 1])))
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=4490).to_crs(frame.crs))


def place(inputs: Inputs) -> Place:
    assert inputs.network is not None
    own = [level for level, unit in inputs.scenario.units.items() if unit.union_of is None]
    layers = {
        "facilities": inputs.facilities,
        "candidates": inputs.candidates,
        "residential_areas": inputs.residential_areas,
    }
    return Place(layers | {f"units.{level}": inputs.units[level] for level in own}, inputs.network)


@pytest.fixture(scope="module")
def district(sample: Path) -> Place:
    return place(read_inputs(read_scenario(sample)))


@pytest.fixture(scope="module")
def abroad(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    scenario = prepare(shared, tmp_path_factory.mktemp("porto_alegre"))
    return place(read_inputs(read_scenario(scenario)))


def test_a_shifted_layer_is_told_and_no_other(district: Place, abroad: Place) -> None:
    """Every layer of the sample in its turn, both ways; the sample as it is and Porto Alegre hold nothing."""
    assert district.told() == []
    assert abroad.told() == []
    for keys in (("facilities",), ("candidates",), ("residential_areas",), UNITS, ("network",)):
        assert district.shifted(*keys).told() == sorted(("layer_displaced", key) for key in keys)
        assert district.shifted(*keys, back=True).told() == sorted(("layer_displaced_back", key) for key in keys)


@pytest.mark.parametrize("keys", [("facilities", "candidates"), ("units.street",), ("units.community",)])
def test_layers_of_one_origin(district: Place, keys: tuple[str, ...]) -> None:
    assert district.shifted(*keys).told() == sorted(("layer_displaced", key) for key in keys)


def test_the_note_says_how_far_and_where(district: Place) -> None:
    log = Log()
    there = district.shifted("candidates")
    note_displacement(there.layers, there.network, log)
    (note,) = log.notes
    moved = there.layers["candidates"].get_coordinates() - district.layers["candidates"].get_coordinates()
    assert note.values["count"] == 200
    assert note.values["east"] == pytest.approx(moved["x"].mean(), abs=15)
    assert note.values["north"] == pytest.approx(moved["y"].mean(), abs=15)
    assert note.values["metres"] == pytest.approx(np.hypot(moved["x"], moved["y"]).mean(), abs=15)
    assert all("gcj02" in say(f"note.{note.code}", lang, **note.values) for lang in LANGS)


def test_all_layers_shifted_alike_cannot_be_told(district: Place) -> None:
    assert district.shifted(*district.layers, "network").told() == []


def whither(turn: int, length: float) -> Any:
    angle = np.radians(turn)
    return lambda xy: np.tile(length * np.array([np.cos(angle), np.sin(angle)]), (len(xy), 1))


@pytest.mark.parametrize("length", [400.0, 600.0])
@pytest.mark.parametrize("turn", range(0, 180, 30))
def test_no_false_alarm_by_shifts_of_any_direction(district: Place, abroad: Place, turn: int, length: float) -> None:
    """The shift differs from city to city; with any of them what lies right is held for right."""
    for there in (district, abroad):
        assert displaced(there.layers, there.network, whither(turn, length)) == []


def test_the_rule_holds_abroad(abroad: Place) -> None:
    """Points beside Porto Alegre's real streets, as an address file has them, are told once they are displaced."""
    offset = whither(-30, 520.0)
    edges = abroad.network.edges
    rng = np.random.default_rng(5)
    doors = edges.geometry.iloc[rng.choice(len(edges), 80, replace=False)].interpolate(0.4, normalized=True)
    xy = shapely.get_coordinates(doors.to_numpy()) + rng.normal(0, 8, (80, 2))
    layers = {"facilities": gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T), crs=edges.crs)}
    assert displaced(layers, abroad.network, offset) == []
    layers["facilities"] = layers["facilities"].set_geometry(layers["facilities"].translate(*offset(xy)[0]))
    (found,) = displaced(layers, abroad.network, offset)
    assert (found.layer, found.sign, found.records) == ("facilities", 1, 80)
    assert (found.east_m, found.north_m) == (pytest.approx(450.33, abs=0.01), pytest.approx(-260.0))


def test_facilities_outside_the_units_that_they_name(district: Place) -> None:
    """No network and no estates: names of communities alone tell it; of two layers either may be shifted."""
    communities = district.layers["units.community"]
    homes = communities.geometry.representative_point()
    # Beside the outline, as in towns whose communities are small.
    near = shapely.line_interpolate_point(
        shapely.shortest_line(homes.to_numpy(), communities.boundary.to_numpy()), 0.8, normalized=True
    )
    named = gpd.GeoDataFrame({"community_id": communities.index}, geometry=near, crs=communities.crs)
    for back, layer in ((False, "facilities"), (True, "units.community")):
        there = carried(named, back=back)
        log = Log()
        note_displacement({"facilities": there, "units.community": communities}, None, log)
        assert [(note.code, note.values["layer"]) for note in log.notes] == [("layer_displaced", layer)]
    log = Log()
    note_displacement({"facilities": named, "units.community": communities}, None, log)
    assert log.notes == []


def test_places_found_by_name_say_nothing(district: Place) -> None:
    there = district.shifted("facilities")
    assert there.told() == [("layer_displaced", "facilities")]
    by_name = there.layers["facilities"].assign(located_by="community")
    assert Place({**there.layers, "facilities": by_name}, there.network).told() == []


def test_too_few_records_say_nothing(district: Place) -> None:
    few = {"facilities": carried(district.layers["facilities"].iloc[:7], back=False)}
    few["residential_areas"] = district.layers["residential_areas"]
    assert Place(few, district.network).told() == []


def test_nothing_to_compare(district: Place) -> None:
    log = Log()
    note_displacement({}, None, log)
    note_displacement({"facilities": district.layers["facilities"].iloc[:0]}, None, log)
    note_displacement({"facilities": district.layers["facilities"]}, None, log)
    assert log.notes == []


def test_the_offset_is_that_of_the_place() -> None:
    crs = CRS.from_epsg(4545)
    lon, lat = np.array([107.4]), np.array([29.7])
    here = gpd.GeoSeries.from_xy(lon, lat, crs=4490).to_crs(crs).get_coordinates().to_numpy()
    there = gpd.GeoSeries.from_xy(*gcj02_from_wgs84(lon, lat), crs=4490).to_crs(crs).get_coordinates().to_numpy()
    np.testing.assert_allclose(gcj02_offset(crs)(here), there - here, rtol=0, atol=0.01)
    assert np.isnan(gcj02_offset(CRS.from_epsg(32722))(np.array([[480_000.0, 6_680_000.0]]))).all()
