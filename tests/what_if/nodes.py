"""Running the page's modules under node."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

MODULES = Path(__file__).resolve().parents[2] / "siting" / "write" / "webmap" / "what_if_page"


def require_node() -> str:
    """Return node's path; skip the test where there is none."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is absent")
    return found


def run_node(script: Path, *arguments: Path | str, given: Any = None) -> Any:
    """Run a module and return the JSON that it prints; ``given`` reaches it as JSON on its standard input."""
    text = "" if given is None else json.dumps(given)
    done = subprocess.run(
        [require_node(), str(script), str(MODULES), *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
