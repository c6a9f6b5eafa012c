"""What the page measures with, of several scenarios."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from siting.domain.nouns import Inputs
from siting.domain.what_if import WhatIf
from siting.pipeline.what_if import what_if
from siting.results import Plan
from siting.write.webmap.what_if import what_if_data


@dataclass(frozen=True)
class Held:
    """A scenario's inputs, what its page measures with, and the file of these data."""

    inputs: Inputs
    found: WhatIf
    data: Path


def held(plan: Plan, folder: Path) -> Held:
    """Gather what a page measures with, and write it."""
    found = what_if(plan.proposal.before, plan.proposal)
    assert found is not None
    path = folder / "what_if.json"
    path.write_text(json.dumps(what_if_data(found), allow_nan=False), encoding="utf-8")
    return Held(plan.proposal.before.inputs, found, path)


@pytest.fixture(scope="session")
def sampled(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """The sample district."""
    return held(plan, tmp_path_factory.mktemp("sampled"))
