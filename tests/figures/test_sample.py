"""The figures that a bureau reads first are the same in every output of the sample district."""

from pathlib import Path

import pytest

import siting
from tests.figures.first import FIRST, differing, told_of
from tests.figures.outputs import Figure, Outputs, outputs_of, printed


@pytest.fixture(scope="module")
def out(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    scenario = siting.read_scenario(sample)
    return outputs_of(siting.propose(scenario), tmp_path_factory.mktemp("outputs"), scenario, "district/district")


@pytest.mark.parametrize("name", FIRST)
def test_every_output_tells_the_same(out: Outputs, name: str) -> None:
    told = told_of(out, name)
    assert [output for output, each in told.items() if each is None] == []
    assert not differing(told), told


def test_figures_that_differ_are_seen() -> None:
    assert differing({"popup": printed("43.8"), "explain": printed("44.9"), "screen": None})
    assert printed("≥ 30,778") == Figure(30778.0, None, 1.0)
    assert printed("58.4%") == Figure(0.584, 0.584, pytest.approx(0.001))
    assert printed("≤ 29,222").agrees(Figure(0.0, 29222.14))
    assert not printed("29,222").agrees(Figure(0.0, 29222.14))
    assert not printed("≥ 29,222").agrees(Figure(29222.14, 29222.14))
    assert not printed("58.4%").agrees(Figure(0.5846, 0.5846))
    assert printed("58.4%").agrees(Figure(0.58361, 0.58361))
