"""Networks that are kept between runs: the same as read, and read again when anything changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

import siting
from siting import store
from siting.domain.scenario import Scenario
from siting.read import inputs as reading
from siting.read.inputs import inspect_inputs
from siting.read.log import Log
from siting.travel.cache import digest
from tests.laws.folders import write_district


@pytest.fixture
def district(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """A scenario of its own, with a cache of its own."""
    monkeypatch.setenv("SITING_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    return siting.read_scenario(write_district(tmp_path / "data", 7))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was really read."""
    told: list[str] = []
    own = reading._network

    def counted(given: Any) -> Any:
        told.append("network")
        return own(given)

    monkeypatch.setattr(reading, "_network", counted)
    return told


def facts(log: Log) -> tuple[Any, ...]:
    return log.notes, log.layers, log.digests, list(log.layers)


def test_a_kept_network_is_the_one_that_was_read_with_all_that_it_told(district: Scenario, read: list[str]) -> None:
    one, log = inspect_inputs(district)
    other, again = inspect_inputs(district)
    assert read == ["network"]
    assert one is not None
    assert other is not None
    assert one.network is not None
    assert other.network is not None
    assert digest(one.network) == digest(other.network)
    assert facts(log) == facts(again)
    assert one.network.edges.dtypes.to_dict() == other.network.edges.dtypes.to_dict()
    assert one.network.edges.index.equals(other.network.edges.index)
    assert not other.network.node_xy.flags.writeable
    assert siting.check(district).places.equals(siting.check(siting.change(district)).places)


def moved(scenario: Scenario) -> Scenario:
    assert scenario.network is not None
    path = scenario.network.path
    assert path is not None
    lines = gpd.read_file(path)
    lines.geometry = lines.geometry.translate(0.00001, 0.0)
    lines.to_file(path)
    return scenario


def snapped(scenario: Scenario) -> Scenario:
    return siting.change(scenario, network={"snap_m": 0.5})


def off(scenario: Scenario) -> Scenario:
    return siting.change(scenario, network={"split_at_crossings": True})


@pytest.mark.parametrize("change", [moved, snapped, off])
def test_a_change_of_file_or_settings_is_read_again(
    district: Scenario, read: list[str], change: Callable[[Scenario], Scenario]
) -> None:
    inspect_inputs(district)
    inspect_inputs(change(district))
    assert read == ["network"] * 2


def test_faults_are_told_each_time_and_nothing_is_kept(district: Scenario, read: list[str], tmp_path: Path) -> None:
    assert district.network is not None
    path = district.network.path
    assert path is not None
    path.write_bytes(b"no lines")
    for _ in range(2):
        _, log = inspect_inputs(district)
        assert log.faults.found
    assert read == ["network"] * 2
    assert not list((tmp_path / "cache").glob("*.npz"))


def test_a_broken_file_of_the_cache_is_read_again(district: Scenario, read: list[str], tmp_path: Path) -> None:
    inspect_inputs(district)
    for path in (tmp_path / "cache").glob("*.npz"):
        path.write_bytes(path.read_bytes()[:-20])
    inspect_inputs(district)
    assert read == ["network"] * 2


def test_without_a_cache_nothing_is_kept(district: Scenario, read: list[str], tmp_path: Path) -> None:
    with store.cache_off():
        inspect_inputs(district)
    assert not (tmp_path / "cache").exists()
    assert read == ["network"]
