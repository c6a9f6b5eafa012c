"""Break a batch in the ways in which machines break, and compare its result with one undivided run, byte by byte.

    python benchmarks/batch_faults.py SCENARIO --by street [--kills 10] [--stopped 60]

1. A real Dask scheduler and three worker processes on loopback: one worker is killed (SIGKILL) when a quarter of the
   parts is done, another is stopped (SIGSTOP) for a minute.
2. A run on processes of this machine is killed at ten random moments, each time started again, and then left alone.
3. The folder of one part lies on a full disk (a small tmpfs; needs the rights to mount): the run names that part, and
   the next one, with room, ends.

Linux only. The seed of the random moments is fixed.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SITING: Final = (sys.executable, "-m", "siting")
ENVIRONMENT: Final = os.environ | {"SITING_CACHE": "off"}
WORKERS: Final = 3


def started(words: list[str]) -> "subprocess.Popen[str]":
    """Start a command in a process group of its own, silently."""
    return subprocess.Popen(  # noqa: S603 - commands of this file
        words, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    while not holds():
        time.sleep(0.1)


def finished(out: Path) -> int:
    """Count the parts whose walks are finished."""
    return len(list(out.glob("work/*-out.npz")))


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list["subprocess.Popen[str]"]]]:
    """Run a scheduler and workers on loopback."""
    file = folder / "scheduler.json"
    scheduler = started(
        [
            *(sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"),
            *("--no-dashboard", "--scheduler-file", str(file)),
        ]
    )
    wait_until(lambda: file.exists() and file.stat().st_size > 0)
    address = json.loads(file.read_text(encoding="utf-8"))["address"]
    words = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
    workers = [started([*words, "--no-dashboard", "--local-directory", str(folder)]) for _ in range(WORKERS)]
    try:
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.send_signal(signal.SIGCONT)
            process.kill()


def broken_workers(batch: list[str], out: Path, parts: int, stopped_s: float) -> int:
    """Kill one worker and stop another while the batch runs, and return its exit code."""
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as (address, workers):
        run = started([*batch, "-o", str(out), "--scheduler", address])
        wait_until(lambda: finished(out) >= parts // 4 or run.poll() is not None)
        print(f"  killed and stopped at {finished(out)} of {parts} parts of the first walk")
        workers[0].kill()
        workers[1].send_signal(signal.SIGSTOP)
        time.sleep(stopped_s)
        workers[1].send_signal(signal.SIGCONT)
        return run.wait()


def killed_runs(batch: list[str], out: Path, kills: int, seconds: float) -> int:
    """Kill the run at random moments, then let it end; return its exit code."""
    moments = random.Random(1)  # noqa: S311 - moments, not secrets
    for number in range(kills):
        run = started([*batch, "-o", str(out), "--workers", "2"])
        moment = moments.uniform(0.0, seconds)
        time.sleep(moment)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        print(f"  kill {number + 1} after {moment:.1f} s: {finished(out)} walks of parts are kept")
    return started([*batch, "-o", str(out), "--workers", "2"]).wait()


def full_disk(batch: list[str], out: Path, part: str) -> tuple[int, str, int]:
    """Let one part write to a full disk, then make room; return both exit codes and what the first run told."""
    folder = out / "parts" / part
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], check=True)  # noqa: S603, S607
    try:
        first = started([*batch, "-o", str(out), "--workers", "2", "--lang", "en"])
        told = first.communicate()[1]
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607
    return first.returncode, told.strip(), started([*batch, "-o", str(out), "--workers", "2"]).wait()


def main() -> None:
    """Run all of it and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--by", required=True)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--stopped", type=float, default=60.0)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="batch-"))
    whole = folder / "whole.geojson"
    subprocess.run([*SITING, "check", str(asked.scenario), "-o", str(whole), "--quiet"], env=ENVIRONMENT, check=True)  # noqa: S603
    batch = [*SITING, "batch", str(asked.scenario), "--by", asked.by, "--quiet"]

    def same(out: Path) -> str:
        return "the same bytes" if (out / "gaps.geojson").read_bytes() == whole.read_bytes() else "OTHER BYTES"

    begin = time.monotonic()
    code = started([*batch, "-o", str(folder / "plain"), "--workers", "2"]).wait()
    seconds = time.monotonic() - begin
    parts = len((folder / "plain" / "parts.csv").read_text(encoding="utf-8-sig").splitlines()) - 1
    print(f"undisturbed: {parts} parts in {seconds:.1f} s, exit code {code}, {same(folder / 'plain')}")
    code = broken_workers(batch, folder / "workers", parts, asked.stopped)
    print(f"a worker killed, one stopped {asked.stopped:g} s: exit code {code}, {same(folder / 'workers')}")
    code = killed_runs(batch, folder / "kills", asked.kills, seconds)
    print(f"killed {asked.kills} times: exit code {code}, {same(folder / 'kills')}")
    if os.geteuid() == 0:
        part = min(path.name for path in (folder / "plain" / "parts").iterdir())
        code, told, again = full_disk(batch, folder / "full", part)
        print(f"part {part} on a full disk: exit code {code}:\n  {told}")
        print(f"with room again: exit code {again}, {same(folder / 'full')}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
