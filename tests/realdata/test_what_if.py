"""The map's what-if on real input: page against library."""

import os
from pathlib import Path

import pytest

from siting.results import Plan
from tests.what_if.conftest import held
from tests.what_if.test_differential import differ

pytestmark = pytest.mark.usefixtures("walks_once")

# 200 by hand.
EDITS = int(os.environ.get("SITING_EDITS", "100")) // 5


def test_the_page_measures_edits_of_porto_alegre_as_the_library_does(planned: Plan, tmp_path: Path) -> None:
    assert differ(held(planned, tmp_path), EDITS, seed=5) > EDITS * 100
