"""Page against library: random edits, no person and not a thousandth of a square metre apart."""

import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import siting
from siting.domain.nouns import Assessment
from siting.pipeline.what_if import walking, what_if
from siting.text.numbers import number, percent, persons
from siting.write.webmap.what_if import what_if_data
from tests.what_if.conftest import Held, held
from tests.what_if.edits import Edit, Library, edits, told
from tests.what_if.nodes import run_node
from tests.what_if.placed import in_page, placed_edits

# How many edits are drawn: 1,000 by hand.
EDITS = int(os.environ.get("SITING_EDITS", "100"))
MEASURE = Path(__file__).with_name("measure.mjs")
# In CI figures are compared to what a gap report prints of them.
PRINTED = 1.5e-6
LAND_M2 = 1e-3


def page(held: Held, choices: list[Edit]) -> list[dict[str, Any]]:
    """Return what the page's engine measures of edits, one after the other."""
    given = [in_page(held, each) for each in choices]
    found: list[dict[str, Any]] = run_node(MEASURE, held.data, given=given)
    return found


# How a figure is printed, by the page as by the library.
PRINTS: dict[str, Callable[[float], str]] = {"share": percent, "covered": persons}
# What the page holds of a place and does not print.
UNPRINTED = ("uncovered", "low", "high", "each")


def printed(key: str, figure: float | str | None) -> str:
    """Return a figure as it stands on the page: shares with one decimal, persons and square metres whole."""
    if figure is None or figure == "inf" or not math.isfinite(float(figure)):
        return ""
    return PRINTS.get(key, number)(float(figure))


def compare(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Compare what the page says of one edit (``ours``) with what the library says, and every text that is printed."""
    for key, figure in theirs["whole"].items():
        same(ours["whole"][key], figure, LAND_M2 if key not in ("covered", "share") else PRINTED, f"whole {key}")
        assert printed(key, ours["whole"][key]) == printed(key, figure), (key, ours["whole"][key], figure)
    assert ours["levels"].keys() == theirs["levels"].keys()
    for level, columns in theirs["levels"].items():
        for key, figures in columns.items():
            close = PRINTED if key in ("covered", "uncovered", "share", "each") else LAND_M2
            for place, figure in enumerate(figures):
                one = ours["levels"][level][key][place]
                same(one, figure, close, f"{level} {place} {key}")
                assert key in UNPRINTED or printed(key, one) == printed(key, figure), (level, place, key, one, figure)
    for level, key, verdict in theirs["circle"]:
        assert ours["circle"][f"{level}/{key}"] == verdict, (level, key)
    for level, key, floor, verdict in theirs["land"]:
        assert ours["land"][f"{level}/{key}/{floor:g}"] == verdict, (level, key, floor)
    assert sorted((clause, basis) for clause, basis, _ in ours["units"]) == sorted(
        (clause, basis) for clause, basis, _ in theirs["units"]
    )
    for (_, _, one), (*_, other) in zip(sorted(ours["units"]), theirs["units"], strict=True):
        assert one == pytest.approx(other, abs=1e-12)


def same(one: float | str | None, other: float, close: float, where: str) -> None:
    """Compare a figure of the page with one of the library; unknown and unlimited figures too."""
    if math.isnan(other):
        assert one is None, where
    elif math.isinf(other):
        assert one == "inf", where
    else:
        assert isinstance(one, int | float), where
        assert abs(one - other) <= close, (where, one, other)


def differ(held: Held, count: int, seed: int, *, placed: bool = False) -> int:
    """Compare page and library on random edits; return how many figures were compared."""
    choices = list(placed_edits(held, count, seed) if placed else edits(held.found, count, seed))
    library = Library(held.inputs, held.found)
    found, compared = page(held, choices), 0
    for edit, ours in zip(choices, found, strict=True):
        theirs = told(library.measured(edit))
        compare(ours, theirs)
        compared += sum(len(figures) for columns in theirs["levels"].values() for figures in columns.values())
    return compared


def test_the_page_measures_edits_of_the_sample_district_as_the_library_does(sampled: Held) -> None:
    assert differ(sampled, EDITS, seed=14) > EDITS * 500


def test_the_plan_and_today_are_those_of_the_report(sampled: Held, plan: siting.results.Plan) -> None:
    found = sampled.found
    assert found.plans.planned is not None
    pass_share = found.rules.pass_share
    today, planned = page(
        sampled,
        [Edit(found.plans.today, found.reach.own, pass_share), Edit(found.plans.planned, found.reach.own, pass_share)],
    )
    compare(today, told(plan.proposal.before))
    compare(planned, told(plan.proposal.after))


def test_the_small_district(small: Path, tmp_path: Path) -> None:
    plan = siting.propose(small)
    assert differ(held(plan, tmp_path), 10, seed=3) > 0


@pytest.mark.parametrize("left_out", [("facilities",), ("candidates",), ("residential_areas",)])
def test_without_facilities_candidates_or_areas(
    plan: siting.results.Plan, tmp_path: Path, left_out: tuple[str, ...]
) -> None:
    before = without(plan.proposal.before, left_out)
    found = what_if(before)
    assert found is not None
    path = tmp_path / "what_if.json"
    path.write_text(json.dumps(what_if_data(found), allow_nan=False), encoding="utf-8")
    edit = Edit(found.plans.today, found.reach.own, found.rules.pass_share)
    (ours,) = page(Held(before.inputs, found, path), [edit])
    compare(ours, told(Library(before.inputs, found).measured(edit)))


def test_without_any_site_there_is_nothing_to_choose(plan: siting.results.Plan) -> None:
    assert what_if(without(plan.proposal.before, ("facilities", "candidates"))) is None


def without(assessment: Assessment, left_out: tuple[str, ...]) -> Assessment:
    """Return an assessment whose inputs lack some tables."""
    rows = {name: getattr(assessment.inputs, name).iloc[:0] for name in left_out}
    return replace(assessment, inputs=replace(assessment.inputs, **rows))


def test_unknown_elderly_leave_nothing_to_measure(plan: siting.results.Plan) -> None:
    before = plan.proposal.before
    cells = before.demand.cells.assign(elderly=float("nan"))
    assert what_if(replace(before, demand=replace(before.demand, cells=cells))) is None


def test_people_that_are_withheld_are_not_in_the_page(sample: Path) -> None:
    shared = siting.change(siting.read_scenario(sample), scenario={"share": True})
    assert what_if(siting.check(shared).assessment) is None


def test_what_a_page_cannot_hold_is_left_out(plan: siting.results.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    before = plan.proposal.before
    monkeypatch.setattr(walking, "_MOST_WALKED", 150_000)
    found = what_if(before)
    assert found is not None
    assert found.reach.minutes[0] == 5.0
    assert 15.0 < found.reach.minutes[-1] < 40.0
    monkeypatch.setattr(walking, "_MOST_PAIRS", 20_000)
    fewer = what_if(before)
    assert fewer is not None
    assert 15.0 <= fewer.reach.minutes[-1] < found.reach.minutes[-1]
    assert len(fewer.reach.cell) <= 20_000
    monkeypatch.setattr(walking, "_MOST_CELLS", 8_000)
    assert what_if(before) is None


def test_opening_a_site_never_lowers_coverage(sampled: Held) -> None:
    """Of each edit one more option is opened: no place and no whole loses; closed again, all is as it was."""
    found, choices = sampled.found, []
    sites = found.choices.options["site"].to_numpy()
    for turn, edit in enumerate(edits(found, 12, seed=41)):
        taken = {sites[each] for each in edit.options}
        more = [each for each in found.choices.options.index if sites[each] not in taken][turn * 7 % 60]
        choices += [edit, replace(edit, options=(*edit.options, more)), edit]
    told_ = page(sampled, choices)
    gained = 0.0
    for before, after, again in zip(told_[::3], told_[1::3], told_[2::3], strict=True):
        assert before == again
        gained += after["whole"]["covered"] - before["whole"]["covered"]
        assert after["whole"]["covered"] >= before["whole"]["covered"]
        for level, columns in before["levels"].items():
            pairs = zip(columns["covered"], after["levels"][level]["covered"], strict=True)
            assert all(one is None or one <= other for one, other in pairs)
    assert gained > 0
