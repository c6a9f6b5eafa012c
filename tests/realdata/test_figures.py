"""The figures that a bureau reads first are the same in every output of Porto Alegre."""

from pathlib import Path

import pytest

import siting
from siting.results import Plan
from tests.figures.first import FIRST, differing, told_of
from tests.figures.outputs import Outputs, outputs_of

pytestmark = pytest.mark.usefixtures("walks_once")


@pytest.fixture(scope="module")
def out(porto_alegre: Path, planned: Plan, tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    scenario = siting.read_scenario(porto_alegre)
    return outputs_of(planned, tmp_path_factory.mktemp("outputs"), scenario, "district/district")


@pytest.mark.parametrize("name", FIRST)
def test_every_output_tells_the_same(out: Outputs, name: str) -> None:
    told = told_of(out, name)
    assert not differing(told), told


def test_most_are_told_though_the_grid_covers_a_part_of_the_district(out: Outputs) -> None:
    counts = [sum(each is not None for each in told_of(out, name).values()) for name in FIRST]
    assert sum(count >= 2 for count in counts) >= 20
