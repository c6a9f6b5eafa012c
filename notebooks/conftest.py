"""Notebooks run as at the reader's desk: with a cache, which is their own."""

import os
import tempfile
from collections.abc import Generator
from unittest import mock

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Give each notebook an empty cache."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, SITING_CACHE=folder):
        return (yield)
