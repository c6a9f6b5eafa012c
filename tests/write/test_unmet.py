"""Why there is no plan and what a plan leaves short: in words, with names, in the terminal and on the map alike."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siting.domain.nouns import Blocked, Evenness, Least, Proposal
from siting.domain.scenario import PlanOptions
from siting.text import LANGS, Lang
from siting.write.proof import stage_texts
from siting.write.unmet import change_texts, fairness_texts, unmet_texts
from siting.write.webmap import map_html
from tests.write.conftest import QUOTE, proposal

BLOCKED = Blocked(
    rules=("budget", "spacing"),
    remedies=("budget",),
    least={"budget": Least(1000.25)},
    unreached_elderly=40.0,
    unreached_in={"S2": 30.0, "S1": 10.0},
    level="street",
)


def infeasible(**blocked: Any) -> Proposal:
    plan = proposal()
    selection = replace(plan.selection, status="infeasible", stages=(), chosen=np.zeros(0, dtype=np.int64))
    return replace(plan, stations=plan.stations.iloc[:0], selection=selection, blocked=replace(BLOCKED, **blocked))


def relaxed(*rows: dict[str, Any]) -> Proposal:
    plan = proposal()
    selection = replace(plan.selection, status="relaxed")
    return replace(plan, selection=selection, shortfalls=pd.DataFrame(rows))


def short(clause: str, place: str, provided: float, required: float) -> dict[str, Any]:
    figures = {"required": required, "provided": provided, "shortfall": required - provided}
    return {"clause_id": clause, "level": "street", "id": place, "force": "mandatory", **figures}


def told(plan: Proposal, lang: Lang = "en") -> str:
    return "\n".join("  " * line.depth + line.text for line in unmet_texts(plan, lang))


def test_the_least_that_would_do_is_never_rounded_down() -> None:
    text = told(infeasible())
    assert "a budget of at least CNY 1,001 is needed." in text
    assert "any one of these requirements is enough: budget" in text
    # Those that no candidate reaches is of no matter where no share is asked for.
    assert "东街" not in text
    unproved = told(infeasible(least={"stations": Least(7.0, proved=False)}, proved=False))
    assert "at least 7 stations are needed. This value is sufficient; it is not proved" in unproved
    assert "The time limit was reached" in unproved


def test_whom_nobody_reaches_is_told_by_name_with_their_part_of_all() -> None:
    text = told(infeasible(rules=("share", "reach"), units=("S1",), stuck=("C2",)))
    elderly = proposal().before.totals["elderly"]
    assert f"40 ({40 / elderly:.1%} of all); most of them are in 东街 (S2) 30, 西街 (S1) 10" in text
    assert "every candidate is built: 西街 (S1)" in text
    assert "农田边 (C2)" in text


def test_a_reason_that_was_not_found_is_not_made_up() -> None:
    assert "conflicting requirements were not identified" in told(infeasible(rules=()))
    plan = infeasible(rules=())
    ended = replace(plan, selection=replace(plan.selection, stopped_by="time"))
    assert "It is not proved that none exists" in told(ended)
    # After Ctrl-C nobody looks for reasons.
    pressed = replace(plan, blocked=None, selection=replace(plan.selection, status="unknown", stopped_by="interrupt"))
    assert "It is not proved that none exists" in told(pressed)
    assert not told(replace(pressed, selection=replace(plan.selection, status="optimal")))


@pytest.mark.parametrize("lang", LANGS)
def test_a_relaxed_plan_names_each_clause_with_its_words_and_what_falls_short_where(lang: Lang) -> None:
    rows = [short("test/land", "S1", 28177.4, 60000.0), short("test/circle", "S2", 0.75, 0.9)]
    lines = told(relaxed(*rows), lang).splitlines()
    assert len(lines) == 7
    assert all(text in lines[1] for text in ("测府发〔2017〕1号", "（二十二）", "test/land"))
    assert QUOTE in lines[2]
    assert "28,177" in lines[3]
    assert "60,000" in lines[3]
    assert "西街" in lines[3]
    assert "test/circle" in lines[4]
    assert all(text in lines[6] for text in ("东街", "75.0%", "90.0%", "15.0%"))


def test_of_many_places_the_rest_is_counted() -> None:
    lines = told(relaxed(*(short("test/circle", f"S{i}", 0.1, 0.9) for i in range(8)))).splitlines()
    assert lines[-1].strip() == "3 more"
    assert "in 8 places" in lines[0]
    assert told(relaxed(short("x/unknown", "S1", 1.0, 2.0))).splitlines()[1].strip().startswith("x/unknown")


def test_a_fair_plan_names_the_units_with_the_least_share() -> None:
    fairness = Evenness("street", 0.25, float("nan"), 0.0, ("S1", "S2"), 0.4, ("S2",))
    plan = replace(proposal(), fairness=fairness)
    assert [line.text for line in fairness_texts(plan, "en")] == [
        "Gini coefficient of coverage by street or town: 0.250 → –"
    ]
    fair = replace(plan, request=PlanOptions(model="fair"))
    assert fairness_texts(fair, "en")[0].text == (
        "Lowest coverage of a street or town: before 西街 (S1), 东街 (S2) 0.0%, after 东街 (S2) 40.0%"
    )
    assert fairness_texts(proposal(), "en") == []


def test_facilities_that_close_are_named() -> None:
    changes = pd.DataFrame({"action": ["close", "enlarge"]}, index=pd.Index(["F2", "F3"], name="id"))
    texts = [line.text for line in change_texts(replace(proposal(), changes=changes), "en")]
    assert texts == ["to be closed: 东街中心 (F2)", "to be enlarged: 西街站 (F3)"]


@pytest.mark.parametrize("lang", LANGS)
def test_the_map_says_the_same_as_the_terminal(lang: Lang) -> None:
    for plan in (infeasible(rules=("share", "reach")), relaxed(short("test/circle", "S2", 0.75, 0.9))):
        page = map_html(plan.before, plan, lang=lang)
        for line in unmet_texts(plan, lang):
            assert line.text in page
    assert 'class="arrow"' not in map_html(infeasible().before, infeasible(), lang=lang), "nothing comes after no plan"


def test_a_bound_lies_above_what_is_raised_and_below_what_is_lowered() -> None:
    (stage,) = stage_texts(proposal(), "en")
    assert stage.sense == "max"
    assert "Upper bound" in map_html(proposal().before, proposal(), lang="en")
