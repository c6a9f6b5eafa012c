"""What every test may ask for."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real inputs and known optima; skips where it is absent."""
    folder = Path(os.environ.get("SITING_SHARED", ROOT.parent / "shared"))
    if not (folder / "realdata").is_dir():
        pytest.skip("shared data is absent (set SITING_SHARED)")
    return folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """The scenario of the sample district."""
    return ROOT / "data" / "sample" / "scenario.toml"
