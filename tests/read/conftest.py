"""What the tests of reading share."""

from pathlib import Path

import pytest

from tests.read.case import Case


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A small district that reads without fault."""
    return Case(tmp_path)


@pytest.fixture
def cases(shared: Path) -> Path:
    """The folder of small inputs that were once read wrong, each with the right answer."""
    return shared / "cases"
