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


def proposal(request: dict[str, Any], capacity: float = np.nan, stage: str = "covered") -> Proposal:
    selection = replace(SELECTION, stages=(Stage(cast("Any", stage), "max", 5, 5),))
    stations = pd.DataFrame({"capacity": [capacity]})
    return cast("Proposal", SimpleNamespace(selection=selection, request=PlanOptions(**request), stations=stations))


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


@pytest.mark.parametrize("ended", ["proved", "nodes", "time", "interrupt", "solver"])
def test_what_ends_a_search_has_words(ended: str) -> None:
    assert knows(f"proof.stopped.{ended}")
