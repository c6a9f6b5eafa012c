"""The sample district, checked once."""

from pathlib import Path

import pytest

import siting
from siting.results import GapReport


@pytest.fixture(scope="session")
def report(sample: Path) -> GapReport:
    """The gap report of the sample district."""
    return siting.check(siting.read_scenario(sample))
