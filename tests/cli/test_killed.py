"""Commands that are killed, interrupted or left without room: whole files or none, and a later run is right."""

import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from siting.characters import shown
from siting.cli import main
from tests.conftest import ROUNDS
from tests.laws.folders import write_district

# Each command is a process of its own, forked where all is imported and nothing has run yet.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["siting.pipeline", "siting.results", "siting.write.webmap", __name__])

# What of a result hangs on the moment alone.
_TIMED = (".run.json",)

COMPARED = ("changes.geojson", "changes.html", "changes.xlsx", "changes.csv")
COMMANDS: dict[str, Sequence[str]] = {
    "check": ["check", "SCENARIO", "-o", "OUT/gaps.geojson", "--grid", "OUT/grid.tif", "--sensitivity"],
    "propose": [
        *("propose", "SCENARIO", "-o", "OUT/plan.geojson", "--curve", "OUT/curve.csv", "--order", "OUT/order.json"),
        *("--alternatives", "OUT/others.csv", "--stability", "OUT/stability.csv"),
    ],
    "map": ["map", "SCENARIO", "-o", "OUT/map.html"],
    "inspect": ["inspect", "SCENARIO", "-o", "OUT/account.html"],
    "explain": ["explain", "SCENARIO", "e0", "-o", "OUT/why.html"],
    "audit": ["audit", "SCENARIO", "-o", "OUT/audit.csv"],
    "funding": ["funding", "SCENARIO", "-o", "OUT/funding.csv"],
    "forms": ["new", "OUT/forms", "--forms"],
    "new": ["new", "OUT"],
    "compare": ["compare", "SCENARIO", "NEXT", *(each for name in COMPARED for each in ("-o", f"OUT/{name}"))],
    "standard": ["standards", "new", "OUT/standard.toml"],
}
# These need seconds of work before each of their runs, or are slow themselves.
if ROUNDS > 1:
    COMMANDS |= {
        "check_with": ["check", "SCENARIO", "-o", "OUT/gaps.gpkg", "--with", "PLAN"],
        "map_with": ["map", "SCENARIO", "-o", "OUT/map.html", "--with", "PLAN"],
        "demo": ["demo", "-o", "OUT"],
    }
# These overwrite nothing.
NEW = ("forms", "new", "standard")
ENDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
# These suffice each time; every command and signal in many rounds.
ENDED = [("check", signal.SIGKILL), ("forms", signal.SIGKILL), ("propose", signal.SIGTERM), ("compare", signal.SIGKILL)]
if ROUNDS > 1:
    ENDED = [(name, how) for how in ENDS for name in COMMANDS]


@dataclass(frozen=True)
class Place:
    """A district, a folder for what is temporary, and the cache."""

    scenario: Path
    tmp: Path
    cache: Path

    def start(self, name: str, out: Path, most_bytes: int | None = None) -> BaseProcess:
        named = {"SCENARIO": self.scenario, "OUT": out, "PLAN": self.scenario.with_name("plan.geojson")}
        named["NEXT"] = self.scenario.with_name("next.toml")
        words = list(COMMANDS[name])
        for key, path in named.items():
            words = [word.replace(key, str(path)) for word in words]
        process = _PROCESSES.Process(target=_command, args=(words, self, most_bytes))
        process.start()
        return process

    def run(self, name: str, out: Path, most_bytes: int | None = None) -> tuple[int | None, str]:
        """Return the exit code and what was said."""
        process = self.start(name, out, most_bytes)
        process.join(600)
        return process.exitcode, self.said(process)

    def said(self, process: BaseProcess) -> str:
        return (self.tmp.parent / f"{process.pid}.log").read_text(encoding="utf-8")


def _command(words: list[str], place: Place, most_bytes: int | None) -> None:
    log = os.open(place.tmp.parent / f"{os.getpid()}.log", os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.environ["SITING_CACHE"], tempfile.tempdir = str(place.cache), str(place.tmp)
    if most_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    main([*words, "--lang", "en"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("place")
    for name in ("district", "tmp"):
        (folder / name).mkdir()
    found = Place(write_district(folder / "district", 3), folder / "tmp", folder / "cache")
    text = found.scenario.read_text(encoding="utf-8")
    found.scenario.with_name("next.toml").write_text(text.replace("minutes = 8", "minutes = 20"), encoding="utf-8")
    if ROUNDS > 1:
        assert found.run("propose", folder / "planned")[0] == 0
        shutil.copy(folder / "planned" / "plan.geojson", found.scenario.with_name("plan.geojson"))
    return found


@pytest.fixture(scope="module")
def wholes(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Wholes"]:
    """The results of commands that nothing disturbs; inputs are only read."""

    def state() -> dict[str, tuple[int, int]]:
        found = {path.name: path.stat() for path in place.scenario.parent.iterdir()}
        return {name: (facts.st_size, facts.st_mtime_ns) for name, facts in found.items()}

    before = state()
    yield Wholes(place, tmp_path_factory.mktemp("whole"), {})
    assert state() == before


@dataclass(frozen=True)
class Wholes:
    """The results of commands that nothing disturbs, and the seconds that they take."""

    place: Place
    folder: Path
    known: dict[str, tuple[dict[str, bytes], float]]

    def of(self, name: str) -> tuple[dict[str, bytes], float]:
        if name not in self.known:
            begun = time.monotonic()
            assert self.place.run(name, self.folder / name)[0] == 0
            self.known[name] = results(self.folder / name), time.monotonic() - begun
        return self.known[name]


def results(out: Path) -> dict[str, bytes]:
    """Return the content of every result but drafts."""
    found = (path for path in sorted(out.rglob("*")) if path.is_file() and not path.name.startswith(".siting-"))
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


def timeless(found: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in found.items() if not name.endswith(_TIMED)}


def drafts(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob(".siting-*.draft")]


def _wait(process: BaseProcess, out: Path, seconds: float, turn: int) -> None:
    """Wait for a random moment, or every other time for one in which a result is being written."""
    moment = random.Random(f"{out.parent.name} {turn}").uniform(0.0, seconds)
    if turn % 2:
        time.sleep(moment)
        return
    while process.is_alive() and not drafts(out):
        time.sleep(0.0001)


@pytest.mark.parametrize(("name", "how"), ENDED)
def test_a_command_that_is_ended_leaves_whole_files_or_none(
    place: Place, wholes: Wholes, tmp_path: Path, name: str, how: signal.Signals
) -> None:
    whole, seconds = wholes.of(name)
    for turn in range(ROUNDS):
        out, tmp = tmp_path / str(turn), tmp_path / f"tmp{turn}"
        tmp.mkdir()
        here = Place(place.scenario, tmp, tmp_path / f"cache{turn}")
        process = here.start(name, out)
        _wait(process, out, seconds, turn)
        assert process.pid is not None
        if process.is_alive():
            os.kill(process.pid, how)
        process.join(600)
        # Imports that are interrupted tell so themselves.
        assert how == signal.SIGINT or "Traceback" not in here.said(process)
        found = results(out) if out.exists() else {}
        for file, content in timeless(found).items():
            if name == "propose" and how != signal.SIGKILL:
                # An interrupted search writes the best so far.
                assert content.endswith((b"\n", b"}"))
            else:
                assert content == whole[file], file
        if how != signal.SIGKILL:
            assert drafts(tmp_path) == []
            # Drafts of openpyxl go at the end of the interpreter, which a fork does not come to.
            assert list(tmp.glob("siting-*")) == []
        if name not in NEW or not found:
            assert here.run(name, out)[0] == 0
            assert timeless(results(out)) == timeless(whole)


@contextmanager
def disk(folder: Path, *options: str) -> Iterator[Path]:
    """Mount a disk of its own on a folder."""
    folder.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("nothing mounts disks here")
    if subprocess.run([mount, "-t", "tmpfs", *options, "siting", folder], capture_output=True, check=False).returncode:
        pytest.skip("only root mounts disks")
    try:
        yield folder
    finally:
        subprocess.run([unmount, folder], check=True)


def test_a_full_disk_is_told_with_the_files_that_are_whole(place: Place, wholes: Wholes, tmp_path: Path) -> None:
    whole, _ = wholes.of("check")
    # Room for the first result and a page more, and a page for the cache.
    size = len(whole["gaps.geojson"]) + 4096
    here = Place(place.scenario, place.tmp, tmp_path / "cache")
    with disk(here.cache, "-o", "size=4096"), disk(tmp_path / "disk", "-o", f"size={size}") as full:
        code, said = here.run("check", full / "out")
        assert code == 2
        assert "the disk is full" in said
        assert f"The cache was not written: {here.cache}" in said
        found = results(full / "out")
        assert "gaps.geojson" in found
        assert all(content == whole[file] for file, content in timeless(found).items())
        assert all(str(full / "out" / file) in said for file in found)
        assert drafts(full, here.cache) == []


def test_a_cache_that_is_only_read_is_used_and_told(place: Place, wholes: Wholes, tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "-o", "ro") as cache:
        code, said = Place(place.scenario, place.tmp, cache).run("check", tmp_path / "out")
    assert code == 0
    assert "The cache was not written" in said
    assert timeless(results(tmp_path / "out")) == timeless(wholes.of("check")[0])


@pytest.mark.parametrize("name", COMMANDS if ROUNDS > 1 else ["forms"])
@pytest.mark.parametrize("bytes_", [2000, 20_000] if ROUNDS > 1 else [2000])
def test_a_limit_of_the_system_is_told_with_the_files_that_are_whole(
    place: Place, wholes: Wholes, tmp_path: Path, name: str, bytes_: int
) -> None:
    whole, _ = wholes.of(name)
    too_large = any(len(content) > bytes_ for content in whole.values())
    code, said = place.run(name, tmp_path / "out", bytes_)
    found = results(tmp_path / "out")
    # What a workbook is made of is larger than the workbook.
    assert code == (2 if too_large else 0) or name == "forms"
    assert ("larger than the system allows" in said) == (code == 2)
    assert code == 0 or all(str(tmp_path / "out" / file) in said for file in found)
    assert all(content == whole[file] for file, content in timeless(found).items())
    assert drafts(place.tmp.parent, tmp_path) == []


def test_runs_at_once_share_a_cache(place: Place, wholes: Wholes, tmp_path: Path) -> None:
    here = Place(place.scenario, place.tmp, tmp_path / "cache")
    commands = {"one": "check", "other": "check", "plan": "propose"}
    processes = [here.start(name, tmp_path / out) for out, name in commands.items()]
    for process in processes:
        process.join(600)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    for out, name in commands.items():
        assert timeless(results(tmp_path / out)) == timeless(wholes.of(name)[0])
    assert drafts(tmp_path) == []


OUTPUTS: dict[str, tuple[str, str]] = {
    "input": ("SCENARIO/facilities.csv", "is also an input file"),
    "scenario": ("SCENARIO/scenario.toml", "is also an input file"),
    "link to an input": ("OUT/link.csv", "is also an input file"),
    "dash": ("-", "standard output"),
    "below a file": ("SCENARIO/facilities.csv/a.geojson", "is a file, not a folder"),
    "device": ("/dev/null", "a device or a pipe"),
    "long name": (f"OUT/{'长' * 100}.geojson", "too long"),
    "impossible": ("OUT/gaps\0.geojson", "<U+0000>.geojson: the name contains a character"),
    "half a character": ("OUT/gaps\ud800.geojson", "<U+D800>.geojson: the name contains a character"),
    "its own grid": ("OUT/same.tif", "two outputs have the same file name"),
}


@pytest.mark.parametrize("which", OUTPUTS)
def test_outputs_are_refused_before_any_work(
    place: Place, tmp_path: Path, which: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given, words = OUTPUTS[which]
    home = place.scenario.parent
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    (tmp_path / "link.csv").symlink_to(home / "facilities.csv")
    out = given.replace("SCENARIO", str(home)).replace("OUT", str(tmp_path))
    with pytest.raises(SystemExit) as left:
        main(["check", str(place.scenario), "-o", out, "--grid", str(tmp_path / "same.tif"), "--lang", "en"])
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert words in told
    assert shown(out) in told
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["link.csv"]
