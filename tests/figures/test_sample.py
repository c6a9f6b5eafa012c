"""The figures that a bureau reads first are the same in every output of the sample district."""

import re
from pathlib import Path

import pytest

import siting
from siting.results import Plan
from tests.figures.first import FIRST, differing, told_of
from tests.figures.outputs import Figure, Outputs, outputs_of, printed, rows_of

pytestmark = pytest.mark.usefixtures("walks_once")


@pytest.fixture(scope="module")
def out(sample: Path, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    scenario = siting.read_scenario(sample)
    return outputs_of(plan, tmp_path_factory.mktemp("outputs"), scenario, "district/district")


@pytest.mark.parametrize("name", FIRST)
def test_every_output_tells_the_same(out: Outputs, name: str) -> None:
    told = told_of(out, name)
    assert [output for output, each in told.items() if each is None] == []
    assert not differing(told), told


def test_rows_that_do_not_add_up_say_why(out: Outputs) -> None:
    """The streets' gaps at 0.2 add up to 31,775 as they are printed, and to 31,774 before they are.

    At 0.1 the total has no gap, and the streets have.
    """
    streets = rows_of(out.check, "口径")[:-1]
    shown = sum(printed(row["用地缺口（按0.2）/m²"]).high or 0.0 for row in streets)
    exact = [sum(row[f"land_gap_{floor}_m2"] for row in out.places("street")) for floor in ("01", "02")]
    assert (shown, round(exact[1])) == (31_775, 31_774)
    note = re.sub(r"\s", "", out.check.partition("不能逐行相加")[2])
    told = re.findall(r"各街道（镇）相加(.*?)m²", note)
    assert [printed(each).high for each in told] == [round(each) for each in exact]
    assert re.findall(r"合计(.*?)m²", note)[0] == "0"
    assert "相加后取整" in note


def test_figures_that_differ_are_seen() -> None:
    assert differing({"popup": printed("43.8"), "explain": printed("44.9"), "screen": None})
    assert printed("≥ 30,778") == Figure(30778.0, None, 1.0)
    assert printed("58.4%") == Figure(0.584, 0.584, pytest.approx(0.001))
    assert printed("≤ 29,222").agrees(Figure(0.0, 29222.14))
    assert not printed("29,222").agrees(Figure(0.0, 29222.14))
    assert not printed("≥ 29,222").agrees(Figure(29222.14, 29222.14))
    assert not printed("58.4%").agrees(Figure(0.5846, 0.5846))
    assert printed("58.4%").agrees(Figure(0.58361, 0.58361))
