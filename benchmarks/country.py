"""Run a batch of 2,850 counties on a real Dask scheduler, each with a hundredth of a county's work.

    python benchmarks/country.py FOLDER [--parts 2850] [--share 0.01] [--workers 2]

The counties are made by ``municipality.py``: their sizes are spread as the residents of Chongqing's 38 districts and
counties are (seventh census, 2020), around the mean of the country: 960 million populated cells of 100 m in 2,850
counties, times ``--share``. There are 38 different counties; each scenario has a file of its own that names the files
of one of them.

Half-way one worker process is killed (SIGKILL); its nanny starts another. The table tells wall seconds, processor
seconds of all workers, what the scheduling cost beside the work, the memory of the scheduler, the merge, and that a
second run computes nothing.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from municipality import POPULATED, make

# Residents of the districts and counties of Chongqing, thousands: 重庆市第七次全国人口普查公报（第二号）.
RESIDENTS: Final = (
    *(589, 422, 926, 1477, 1527, 1198, 835, 2191, 1179, 1116, 693, 1360, 1245, 1149, 572, 1011, 835, 756, 686),
    *(688, 669, 1565, 1203, 645, 357, 198, 558, 650, 721, 929, 745, 462, 389, 389, 496, 608, 531, 487),
)
COUNTRY_CELLS: Final = 960e6
COUNTIES: Final = 2_850
ENVIRONMENT: Final = os.environ | {"SITING_CACHE": "off"}


def prepared(folder: Path, parts: int, share: float) -> Path:
    """Make the different counties and a scenario for each part, and return the folder of scenarios."""
    mean = COUNTRY_CELLS / COUNTIES * share / POPULATED
    relative = np.array(RESIDENTS) / np.mean(RESIDENTS)
    made = folder / "made"
    for number, size in enumerate(relative.tolist()):
        if not (made / f"{number:02}" / "scenario.toml").exists():
            make(made / f"{number:02}", mean * size)
    scenarios = folder / "counties"
    scenarios.mkdir(exist_ok=True)
    for part in range(parts):
        number = part % len(relative)
        text = (made / f"{number:02}" / "scenario.toml").read_text(encoding="utf-8")
        text = text.replace('path = "', f'path = "../made/{number:02}/').replace("Made municipality", f"County {part}")
        (scenarios / f"{part:04}.toml").write_text(text, encoding="utf-8")
    return scenarios


def processor_s(pids: set[int]) -> float:
    """Return the processor seconds of processes and of their ended children."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(each) for each in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return total


def largest_mib(pid: int) -> float:
    """Return the largest resident set of a process so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def children(pid: int) -> set[int]:
    """Return a process and all its descendants."""
    found = {pid}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            found |= children(int(path.name))
    return found


@contextmanager
def cluster(workers: int) -> Iterator[tuple[str, "subprocess.Popen[bytes]", "subprocess.Popen[bytes]"]]:
    """Run a scheduler and workers with nannies on loopback; yield its address, and both processes."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "scheduler.json"
        words = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
        scheduler = started([*words, "--no-dashboard", "--scheduler-file", str(file)])
        while not (file.exists() and file.stat().st_size):
            time.sleep(0.1)
        words = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file)]
        words += ["--nthreads", "1", "--nworkers", str(workers), "--no-dashboard", "--local-directory", place]
        both = started(words)
        try:
            yield json.loads(file.read_text(encoding="utf-8"))["address"], scheduler, both
        finally:
            both.terminate()
            scheduler.terminate()


def started(words: list[str]) -> "subprocess.Popen[bytes]":
    """Start a command silently."""
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)  # noqa: S603


def kill_half_way(workers: int, out: Path, parts: int, told: list[str]) -> None:
    """Kill one worker process when half of the parts are done."""

    def done() -> int:
        return len(list(out.glob("parts/*/part.json")))

    while done() < parts // 2:
        time.sleep(1.0)
    ours = children(workers) - {workers}
    running = [pid for pid in sorted(ours) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(running[0], signal.SIGKILL)
    told.append(f"{done():,} of {parts:,} parts")


def main() -> None:
    """Make the counties, run them, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", type=int, default=COUNTIES)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    scenarios, out = prepared(asked.folder, asked.parts, asked.share), asked.folder / "out"
    killed: list[str] = []
    with cluster(asked.workers) as (address, scheduler, workers):
        command = [sys.executable, "-m", "siting", "batch", str(scenarios), "-o", str(out), "--scheduler", address]
        threading.Thread(target=kill_half_way, args=(workers.pid, out, asked.parts, killed), daemon=True).start()
        before, begin = processor_s(children(workers.pid)), time.monotonic()
        code = started([*command, "--quiet"]).wait()
        wall, work = time.monotonic() - begin, processor_s(children(workers.pid)) - before
        begin = time.monotonic()
        again = started([*command, "--quiet"]).wait()
        resumed, memory = time.monotonic() - begin, largest_mib(scheduler.pid)
    table = pd.read_csv(out / "parts.csv")
    places = pq.read_metadata(out / "places.parquet").num_rows
    for name, value in (
        ("parts", f"{len(table):,}"),
        ("residents", f"{table.iloc[:, 2].sum():,.0f}"),
        ("places in the merged file", f"{places:,}"),
        ("exit code; a worker killed at", f"{code}; {', '.join(killed) or 'never'}"),
        ("wall s", f"{wall:,.0f}"),
        ("processor s of the workers that lived to the end", f"{work:,.0f}"),
        ("wall s × workers ÷ parts", f"{wall * asked.workers / len(table):.2f}"),
        ("largest MiB of the scheduler", f"{memory:,.0f}"),
        ("second run: exit code; wall s", f"{again}; {resumed:,.0f}"),
    ):
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
