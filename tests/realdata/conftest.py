"""Scenarios on real inputs."""

from pathlib import Path

import pytest

import siting
from siting.results import Plan
from tests.realdata.porto_alegre import Recomputed, prepare, recompute


@pytest.fixture(scope="session")
def porto_alegre(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario of Porto Alegre, beside the 2 km squares that stand for units and residential areas."""
    return prepare(shared, tmp_path_factory.mktemp("porto_alegre"))


@pytest.fixture(scope="session")
def planned(porto_alegre: Path) -> Plan:
    """The plan of Porto Alegre, with the check before it."""
    return siting.propose(siting.read_scenario(porto_alegre))


@pytest.fixture(scope="session")
def recomputed(shared: Path) -> Recomputed:
    """Porto Alegre's walking minutes and coverage, calculated by other means."""
    return recompute(shared / "realdata" / "porto_alegre")
