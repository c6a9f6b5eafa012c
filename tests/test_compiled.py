"""Compiled kernels are kept between processes; what is damaged or of another user is compiled again; Ctrl-C waits."""

import importlib.util
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba.core import event

from siting import compiled as compiling
from siting.compiled import compiled, unbroken

_SOURCE = "def double(number):\n    return 2 * number\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of numba's cache, and a module beside it."""
    (tmp_path / "kernel_of_a_test.py").write_text(_SOURCE, encoding="utf-8")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "numba"))
    return tmp_path / "numba"


def used(home: Path) -> tuple[int, int]:
    """Call the kernel as a new process would; return what it gives, and how many kernels were found compiled."""
    spec = importlib.util.spec_from_file_location("kernel_of_a_test", home.parent / "kernel_of_a_test.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kernel: Any = compiled(module.double)
    return kernel(21), sum(kernel.stats.cache_hits.values())


def files(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*") if path.is_file())


def test_a_later_process_finds_it(home: Path) -> None:
    assert used(home) == (42, 0)
    assert used(home) == (42, 1)
    assert sorted(path.suffix for path in files(home)) == [".nbc", ".nbi"]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)


SPOILS: dict[str, Callable[[Path], object]] = {
    "flipped": _flip,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "of an earlier form": lambda path: path.write_bytes(path.read_bytes()[:-32]),
    "open to others": lambda path: path.chmod(0o622),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("suffix", [".nbc", ".nbi"])
def test_a_damaged_file_is_compiled_anew_and_mended(home: Path, spoil: str, suffix: str) -> None:
    used(home)
    (path,) = (each for each in files(home) if each.suffix == suffix)
    SPOILS[spoil](path)
    assert used(home) == (42, 0)
    assert used(home) == (42, 1)


def test_a_change_of_any_kernel_compiles_all_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One kernel is inlined into another, which may stand in another file.
    used(home)
    monkeypatch.setattr(compiling, "kernels_digest", lambda: "another")
    assert used(home) == (42, 0)
    assert used(home) == (42, 1)


def test_types_of_a_module_that_was_moved_are_no_fault(home: Path) -> None:
    used(home)
    (path,) = (each for each in files(home) if each.suffix == ".nbi")
    content = pickle.dumps(numba.__version__, protocol=-1) + b"cmodule_that_was_moved\nShape\n."
    path.write_bytes(content + blake2b(content, digest_size=32).digest())
    assert used(home) == (42, 0)
    assert used(home) == (42, 1)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owners here")
def test_what_another_user_wrote_is_not_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used(home)
    if os.geteuid() == 0:
        for path in files(home):
            os.chown(path, 12345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert used(home) == (42, 0)


def test_a_full_disk_is_no_fault(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert used(home) == (42, 0)
    assert files(home) == []


def test_a_folder_that_cannot_be_used_is_no_fault(home: Path) -> None:
    home.write_text("in the way", encoding="utf-8")
    assert used(home)[0] == 42


def test_ctrl_c_waits_until_numba_has_compiled() -> None:
    listener, moment = compiling._Undisturbed(), event.Event("numba:compile", event.EventStatus.START)
    before = signal.getsignal(signal.SIGINT)
    listener.on_start(moment)
    # One kernel takes in another.
    listener.on_start(moment)
    signal.raise_signal(signal.SIGINT)
    listener.on_end(moment)
    with pytest.raises(KeyboardInterrupt):
        listener.on_end(moment)
    assert signal.getsignal(signal.SIGINT) is before


def test_what_is_compiled_asks_the_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(compiling._Undisturbed, "on_start", lambda _, moment: heard.append(moment))
    monkeypatch.setattr(compiling._Undisturbed, "on_end", lambda _, moment: heard.append(moment))
    assert numba.njit(lambda number: number + 1)(1) == 2
    assert heard


@compiled
def busy(steps: int) -> tuple[Any, int]:
    number = np.uint64(88172645463325252)
    for _ in range(steps):
        number ^= number << np.uint64(13)
        number ^= number >> np.uint64(7)
        number ^= number << np.uint64(17)
    return np.full(3, np.float64(number)), steps


@compiled
def count_busy(steps: int) -> int:
    return busy(steps)[1]


@pytest.mark.parametrize("kernel", [busy, count_busy])
def test_ctrl_c_while_a_kernel_runs_comes_when_it_has_returned(kernel: Callable[[int], Any]) -> None:
    # Numba looks for no exception while it makes arrays: this one was a SystemError, or the end of the process.
    kernel(1)
    before = signal.getsignal(signal.SIGINT)

    def run() -> None:
        threading.Timer(0.001, signal.raise_signal, [signal.SIGINT]).start()
        for _ in range(1000):
            kernel(20_000_000)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert signal.getsignal(signal.SIGINT) is before
    assert kernel(2) is not None


def test_who_asks_for_it_learns_at_once_and_nothing_is_raised() -> None:
    heard: list[str] = []
    with unbroken(lambda: heard.append("pressed")):
        signal.raise_signal(signal.SIGINT)
        assert heard == ["pressed"]

    def waits() -> None:
        with unbroken():
            signal.raise_signal(signal.SIGINT)
            heard.append("after")

    with pytest.raises(KeyboardInterrupt):
        waits()
    assert heard == ["pressed", "after"]


def test_who_watched_before_learns_of_it_too() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        with unbroken(lambda: None):
            signal.raise_signal(signal.SIGINT)
            assert len(heard) == 1
        assert len(heard) == 1
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_clock_stands_still_while_kernels_compile() -> None:
    source = "def far(number):\n" + "".join(f"    number += {each} * number % 7\n" for each in range(300))
    made: dict[str, Any] = {}
    exec(source + "    return number\n", made)  # noqa: S102 - a kernel that takes long to compile
    kernel = numba.njit(made["far"])
    wall, own = time.monotonic(), compiling.clock()
    kernel(3)
    wall, own = time.monotonic() - wall, compiling.clock() - own
    assert own < 0.5 * wall
    before = compiling.clock()
    time.sleep(0.05)
    assert compiling.clock() - before >= 0.05
