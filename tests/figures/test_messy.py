"""The figures that a bureau reads first are the same in every output of a folder of messy Chinese files."""

import pytest

import siting
from tests.figures.first import FIRST, differing, told_of
from tests.figures.outputs import Outputs, outputs_of
from tests.messy import messy_folder, new_scenario


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    scenario = siting.read_scenario(new_scenario(messy_folder(tmp_path_factory.mktemp("区") / "示例区")))
    plan = siting.propose(scenario, stations=1, candidates="generate")
    return outputs_of(plan, tmp_path_factory.mktemp("outputs"), scenario, "district/district")


@pytest.mark.parametrize("name", FIRST)
def test_every_output_tells_the_same(out: Outputs, name: str) -> None:
    told = told_of(out, name)
    assert not differing(told), told


def test_most_are_told(out: Outputs) -> None:
    counts = [sum(each is not None for each in told_of(out, name).values()) for name in FIRST]
    assert sum(count >= 2 for count in counts) >= 20
