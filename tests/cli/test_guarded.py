"""``--untrusted`` runs in a process of its own: a crash, too much memory and signals end as they should."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from siting.cli.guarded import MOST_MEMORY, run_guarded
from siting.errors import InputError
from tests.read.case import Case

# Python runs this at its start: what a broken library would do when a layer of facilities is read.
BROKEN = """
import sys
if "--untrusted" in sys.argv:
    import siting.read.inputs as inputs
    read = inputs.read_vector
    def broken(source, log, *more):
        if log.key == "facilities":
            {does}
        return read(source, log, *more)
    inputs.read_vector = broken
"""
CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
GREED = f"import numpy as np; np.ones({MOST_MEMORY // 8})"
WAIT = "import time; print('waiting', flush=True); time.sleep(60)"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def command(case: Case, does: str) -> tuple[list[str], dict[str, str]]:
    (case.folder / "sitecustomize.py").write_text(BROKEN.replace("{does}", does), encoding="utf-8")
    case.path()
    paths = os.pathsep.join([str(case.folder), *filter(None, [os.environ.get("PYTHONPATH"), str(Path.cwd())])])
    scenario, out = str(case.folder / "scenario.toml"), str(case.folder / "gaps.geojson")
    words = [sys.executable, "-m", "siting", "check", scenario, "-o", out, "--untrusted", "--lang", "en"]
    return words, os.environ | {"PYTHONPATH": paths}


def run(case: Case, does: str) -> subprocess.CompletedProcess[str]:
    words, environment = command(case, does)
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name == "nt", reason="no SIGSEGV can be sent there")
def test_a_crash_is_told_with_the_file_and_nothing_is_written(case: Case) -> None:
    ended = run(case, CRASH)
    assert ended.returncode == 2
    assert "facilities.csv" in ended.stderr
    assert "layer facilities" in ended.stderr
    assert "crashed after it started to read this layer" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (case.folder / "gaps.geojson").exists()


@pytest.mark.skipif(os.name == "nt", reason="memory cannot be limited there")
def test_more_memory_than_allowed_is_told(case: Case) -> None:
    ended = run(case, GREED)
    assert ended.returncode == 2
    assert "Not enough memory" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_crash_the_exit_code_and_the_file_are_those_of_the_command(case: Case) -> None:
    ended = run(case, "pass")
    assert (ended.returncode, (case.folder / "gaps.geojson").exists()) == (0, True)
    (case.folder / "facilities.csv").unlink()
    assert run(case, "pass").returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="signals of one process are not sent there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_command(case: Case, number: signal.Signals) -> None:
    words, environment = command(case, WAIT)
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        process.communicate(timeout=300)
    assert process.returncode == 130


def test_a_crash_before_any_layer_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siting.cli.guarded._ended", lambda *_: -11)
    with pytest.raises(InputError, match="before it read any layer"):
        run_guarded(["check"])


@pytest.mark.skipif(sys.platform != "linux", reason="limits of address space")
@pytest.mark.parametrize(
    ("name", "file"), [("check", "gaps.geojson"), ("propose", "plan.geojson"), ("map", "map.html")]
)
def test_too_little_memory_is_told_without_untrusted_too(case: Case, name: str, file: str) -> None:
    import resource

    # Too little even for the libraries, which say so each in a way of its own.
    most = 300 * 2**20
    out = case.folder / "out" / file
    words = [sys.executable, "-m", "siting", name, str(case.path()), "-o", str(out), "--lang", "en"]
    ended = subprocess.run(
        words,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("Not enough memory")
    assert "Traceback" not in ended.stderr
    assert not out.parent.exists()
