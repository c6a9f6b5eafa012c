"""Measure `check`, `propose` and `map` on Porto Alegre: seconds, memory, and the people that they find.

Run it from anywhere with the interpreter that has siting and its development extras::

    python benchmarks/porto_alegre.py [--runs 3]

Each command runs in a process of its own, several times in turn; the table holds medians. The real inputs
lie in the folder that SITING_SHARED names, or in `shared` beside the repository. Memory is the largest
resident set that the system recorded for the process, by `os.wait4`: Linux and macOS have it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Kilobytes on Linux, bytes on macOS.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    """Prepare the scenario, run the commands, print two tables."""
    parser = argparse.ArgumentParser(description="Measure siting on Porto Alegre.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command (default: 3)")
    runs = parser.parse_args().runs
    shared = Path(os.environ.get("SITING_SHARED", ROOT.parent / "shared"))
    if not (shared / "realdata" / "porto_alegre").is_dir():
        sys.exit(f"{shared} holds no realdata/porto_alegre; set SITING_SHARED")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        measure("-m", "tests.realdata.porto_alegre", str(shared.resolve()), made)
        scenario, gaps, plan = folder / "porto_alegre.toml", folder / "gaps.geojson", folder / "plan.geojson"
        commands = {
            "check": (scenario, "-o", gaps),
            "propose": (scenario, "-o", plan),
            "map": (scenario, "--with", plan, "-o", folder / "map.html"),
        }
        rows = []
        for command, words in commands.items():
            taken = [measure("-m", "siting", command, *map(str, words)) for _ in range(runs)]
            wall, processor, mebibytes = (statistics.median(column) for column in zip(*taken, strict=True))
            rows.append((command, f"{wall:.1f}", f"{processor:.1f}", f"{mebibytes:.0f}"))
        print_table(("command", "wall seconds", "processor seconds", "peak memory, MiB"), rows)
        print()
        totals = json.loads(gaps.read_text(encoding="utf-8"))["totals"]
        print_table(("people", "persons"), [(name, f"{number:,.0f}") for name, number in people(totals)])


def measure(*words: str) -> tuple[float, float, float]:
    """Run Python with these arguments; return wall seconds, processor seconds and the peak memory in MiB."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        # Without what an earlier run left, so that each run does all the work.
        alone = os.environ | {"SITING_CACHE": "off"}
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=said, stderr=said, env=alone)  # noqa: S603
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            sys.exit(said.read().decode(errors="replace"))
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * MAXRSS_UNIT / 2**20


def people(totals: dict[str, Any]) -> list[tuple[str, float]]:
    """Name the people of a gap report; the elderly are a fixed share of residents: coverage is the same."""
    covered = totals["residents"] * totals["covered_share"]
    return [
        ("residents read", totals["people_read"]),
        ("outside the units", totals["people_outside"]),
        ("within the units", totals["residents"]),
        ("within, covered", covered),
        ("within, uncovered", totals["residents"] - covered),
        ("elderly within the units", totals["elderly"]),
        ("elderly covered", totals["elderly_covered"]),
        ("elderly uncovered", totals["elderly_uncovered"]),
    ]


def print_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print a Markdown table, first column left, the others right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    marks = tuple("-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths))
    for row in (head, marks, *rows):
        cells = [
            word.ljust(width) if i == 0 else word.rjust(width)
            for i, (word, width) in enumerate(zip(row, widths, strict=True))
        ]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
