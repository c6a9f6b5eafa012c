"""The map's what-if on real input: page against library."""

import os
from pathlib import Path

import pytest

from siting.results import Plan
from tests.what_if.conftest import held
from tests.what_if.test_differential import differ
from tests.what_if.test_placed import compared

pytestmark = pytest.mark.usefixtures("walks_once")

# 200 by hand.
EDITS = int(os.environ.get("SITING_EDITS", "100")) // 5


def test_the_page_measures_edits_of_porto_alegre_as_the_library_does(planned: Plan, tmp_path: Path) -> None:
    assert differ(held(planned, tmp_path), EDITS, seed=5) > EDITS * 100


def test_walks_from_anywhere_in_porto_alegre_are_those_of_the_library(planned: Plan, tmp_path: Path) -> None:
    data = held(planned, tmp_path)
    assert compared(data, 50, seed=8) > 2_000
    assert differ(data, 10, seed=9, placed=True) > 1_000
