"""Ground that several readings share is read once, and each reading tells the same as if it had read it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import siting
from siting.domain.nouns import Inputs
from siting.read import inputs as reading
from siting.read import read_inputs


def _count(monkeypatch: pytest.MonkeyPatch, name: str) -> list[None]:
    real = getattr(reading, name)
    calls: list[None] = []

    def counted(*arguments: Any) -> Any:
        calls.append(None)
        return real(*arguments)

    monkeypatch.setattr(reading, name, counted)
    return calls


def _same(one: Inputs, other: Inputs) -> None:
    assert one.network is not None
    assert other.network is not None
    pd.testing.assert_frame_equal(pd.DataFrame(one.network.edges), pd.DataFrame(other.network.edges))
    assert one.terrain is not None
    assert other.terrain is not None
    assert one.terrain.grid == other.terrain.grid
    assert (one.notes, one.digests, one.layers) == (other.notes, other.digests, other.layers)


def test_network_and_elevations_are_read_once(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITING_CACHE", "off")
    scenario = siting.read_scenario(sample)
    wanted = read_inputs(scenario)
    lines, heights = _count(monkeypatch, "read_lines"), _count(monkeypatch, "read_terrain")
    memory: reading.Memory = {}
    steps: list[tuple[int, int]] = []
    for _ in range(2):
        steps.clear()
        _same(read_inputs(scenario, lambda _, done, total: steps.append((done, total)), memory=memory), wanted)
        assert steps[-1][0] <= steps[-1][1]
    assert (len(lines), len(heights)) == (1, 1)
    # Another source, or another area, is another reading.
    read_inputs(siting.change(scenario, network={"snap_m": 0.1}), memory=memory)
    assert (len(lines), len(heights)) == (2, 1)
    one_street = {"rows": {"XZQDM": ["500199001"]}}
    # Some facilities are then in no unit, which is a fault.
    reading.inspect_inputs(siting.change(scenario, units={"street": one_street, "community": None}), memory=memory)
    assert len(lines) == 3


def test_faults_are_told_each_time(small: Path) -> None:
    scenario = siting.change(small, network={"path": small.with_name("none.gpkg")})
    memory: reading.Memory = {}
    told = [[fault.code for fault in reading.inspect_inputs(scenario, memory=memory)[1].faults.found] for _ in range(2)]
    assert told[0] == told[1] == [fault.code for fault in reading.inspect_inputs(scenario)[1].faults.found]
    assert "missing_file" in told[0]
