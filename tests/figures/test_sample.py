"""The figures that a bureau reads first are the same in every output of the sample district."""

from pathlib import Path

import pytest

import siting
from siting.results import Plan
from tests.figures.first import FIRST, differing, told_of
from tests.figures.outputs import Figure, Outputs, between, outputs_of, printed, rows_of

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
    """The streets' gaps at 0.2 add up to 31,775 as they are printed, and to 31,774 before they are."""
    streets = rows_of(out.check, "口径")[:-1]
    shown = sum(printed(row["用地缺口（按0.2）/m²"]).high or 0.0 for row in streets)
    exact = sum(row["land_gap_02_m2"] for row in out.places("street"))
    assert (shown, round(exact)) == (31_775, 31_774)
    note = out.check.replace("\n  ", " ")
    assert printed(between(note, r"各街道（镇）相加\s*#") or "").high == round(exact)
    assert "相加后取整" in note.replace(" ", "")


def test_figures_that_differ_are_seen() -> None:
    assert differing({"popup": printed("43.8"), "explain": printed("44.9"), "screen": None})
    assert printed("≥ 30,778") == Figure(30778.0, None, 1.0)
    assert printed("58.4%") == Figure(0.584, 0.584, pytest.approx(0.001))
    assert printed("≤ 29,222").agrees(Figure(0.0, 29222.14))
    assert not printed("29,222").agrees(Figure(0.0, 29222.14))
    assert not printed("≥ 29,222").agrees(Figure(29222.14, 29222.14))
    assert not printed("58.4%").agrees(Figure(0.5846, 0.5846))
    assert printed("58.4%").agrees(Figure(0.58361, 0.58361))
