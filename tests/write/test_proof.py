"""What is told of a plan's proof: what is counted, and figures that would do."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from siting.domain.nouns import Proposal, Selection, Stage
from siting.domain.scenario import PlanOptions
from siting.text import LANGS, Lang, knows
from siting.write.proof import stage_texts

SELECTION = Selection(np.array([0]), np.array([5.0]), "optimal", (Stage("covered", "max", 5, 5),), "proved", "x", 5)


def proposal(
    request: dict[str, Any], capacity: float = np.nan, stage: str = "covered", *, value: float = 5, share: bool = False
) -> Proposal:
    selection = replace(SELECTION, stages=(Stage(cast("Any", stage), "max", value, value),))
    stations = pd.DataFrame({"capacity": [capacity]})
    found = {
        "selection": selection,
        "request": PlanOptions(**request),
        "stations": stations,
        "before": before(share=share),
    }
    return cast("Proposal", SimpleNamespace(**found))


def before(*, share: bool) -> SimpleNamespace:
    scenario = SimpleNamespace(scenario=SimpleNamespace(share=share))
    return SimpleNamespace(inputs=SimpleNamespace(scenario=scenario))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("request_", "capacity", "stage", "key"),
    [
        ({}, np.nan, "covered", "covered"),
        ({"weights": {"aged_80": 2}}, np.nan, "covered", "covered_weighted"),
        ({}, 50.0, "covered", "covered_served"),
        ({"existing_capacity": 50}, np.nan, "least_share", "least_share_served"),
        ({"weights": {"aged_80": 2}, "capacity": 50}, 50.0, "beyond", "beyond_served_weighted"),
        ({"weights": {"aged_80": 2}, "capacity": 50}, 50.0, "cost", "cost"),
    ],
)
def test_an_objective_says_what_it_counts(
    request_: dict[str, Any], capacity: float, stage: str, key: str, lang: Lang
) -> None:
    (told,) = stage_texts(proposal(request_, capacity, stage), lang)
    assert told.key == f"proof.stage.{key}"
    assert told.name


def test_people_of_an_objective_are_rounded_where_it_is_passed_on() -> None:
    for stage, value, told in (("covered", 1583.4, "1,585"), ("beyond", 7.6, "10"), ("cost", 1583.4, "CNY 1,583")):
        (found,) = stage_texts(proposal({}, stage=stage, value=value, share=True), "en")
        assert (found.objective, found.bound, found.gap) == (told, told, "0.00%")
    (exact,) = stage_texts(proposal({}, value=1583.4), "en")
    assert exact.objective == "1,583"


@pytest.mark.parametrize("ended", ["proved", "nodes", "time", "interrupt", "solver"])
def test_what_ends_a_search_has_words(ended: str) -> None:
    assert knows(f"proof.stopped.{ended}")
