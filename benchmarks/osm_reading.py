"""Measure how fast an OpenStreetMap extract becomes a walking network, beside pyrosm doing the same.

Run it from anywhere with the interpreter that has siting and its extra ``benchmarks``::

    python benchmarks/osm_reading.py [EXTRACT] [--runs 7]

First each reads the extract in processes of its own, in turn: wall seconds with the imports, and the largest resident
set that the system recorded, by `os.wait4` (Linux and macOS have it). Then both read it in turn in one process: the
imports are left out, and so is one run of each to warm up. The tables hold medians. Without EXTRACT the one of
Porto Alegre is read, from the folder that SITING_SHARED names or from `shared` beside the repository.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parents[1]
# Kilobytes on Linux, bytes on macOS.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def by_siting(path: Path) -> tuple[int, int]:
    """Read the walking network with siting; return how many nodes and edges it has."""
    from pyproj import CRS  # noqa: PLC0415 - a process of its own imports one reader only

    from siting.read.ground.osm import read_osm  # noqa: PLC0415
    from siting.read.log import Log  # noqa: PLC0415

    network = read_osm(path, CRS.from_epsg(32722), Log().layer("network", path))
    if network is None:
        sys.exit(f"siting found no network in {path}")
    return len(network.node_xy), len(network.edges)


def by_pyrosm(path: Path) -> tuple[int, int]:
    """Read the walking network with pyrosm; return how many nodes and edges it has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyrosm import OSM  # noqa: PLC0415

        nodes, edges = OSM(str(path)).get_network("walking", nodes=True)
    return len(nodes), len(edges)


READERS: Final[dict[str, Callable[[Path], tuple[int, int]]]] = {"siting": by_siting, "pyrosm": by_pyrosm}


def main() -> None:
    """Measure both readers in processes of their own, then in one, and print two tables."""
    shared = Path(os.environ.get("SITING_SHARED", ROOT.parent / "shared"))
    extract = shared / "realdata" / "porto_alegre" / "poa_osm.pbf"
    parser = argparse.ArgumentParser(description="Measure the reading of an OpenStreetMap extract.")
    parser.add_argument("extract", type=Path, nargs="?", default=extract, help=f"default: {extract}")
    parser.add_argument("--runs", type=int, default=7, help="runs of each reader (default: 7)")
    parser.add_argument("--only", choices=list(READERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    path, runs = options.extract.resolve(), options.runs
    if options.only is not None:
        READERS[options.only](path)
        return
    if not path.is_file():
        sys.exit(f"there is no {path}; name an extract or set SITING_SHARED")
    if importlib.util.find_spec("pyrosm") is None:
        sys.exit("pyrosm is not installed: pip install 'siting[benchmarks]'")
    print(f"{path.name}, {path.stat().st_size / 2**20:.1f} MiB, medians of {runs} alternating runs")
    print()
    # First, while this process is small: what it holds counts for those that it starts.
    apart(path, runs)
    print()
    together(path, runs)


def together(path: Path, runs: int) -> None:
    """Let the readers take turns in this process, imports left out."""
    sizes = {name: reader(path) for name, reader in READERS.items()}
    taken: dict[str, list[float]] = {name: [] for name in READERS}
    for _ in range(runs):
        for name, reader in READERS.items():
            start = time.perf_counter()
            reader(path)
            taken[name].append(time.perf_counter() - start)
    median = {name: statistics.median(each) for name, each in taken.items()}
    rows = [
        (name, f"{median[name]:.3f}", f"{median[name] / median['pyrosm']:.2f}", f"{nodes:,}", f"{edges:,}")
        for name, (nodes, edges) in sizes.items()
    ]
    print_table(("in one process, without imports", "seconds", "ratio to pyrosm", "nodes", "edges"), rows)


def apart(path: Path, runs: int) -> None:
    """Let the readers take turns in processes of their own, imports and the start of Python included."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in READERS}
    for _ in range(runs):
        for name in READERS:
            taken[name].append(measure(str(path), "--only", name))
    median = {
        name: tuple(statistics.median(column) for column in zip(*each, strict=True)) for name, each in taken.items()
    }
    base = median["pyrosm"]
    rows = [
        (name, f"{wall:.3f}", f"{wall / base[0]:.2f}", f"{mebibytes:.0f}", f"{mebibytes / base[1]:.2f}")
        for name, (wall, mebibytes) in median.items()
    ]
    head = (
        "in a process of its own, with imports",
        "seconds",
        "ratio to pyrosm",
        "peak memory, MiB",
        "ratio to pyrosm",
    )
    print_table(head, rows)


def measure(*words: str) -> tuple[float, float]:
    """Run this file with these arguments; return wall seconds and the peak memory in MiB."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        command: list[Any] = [sys.executable, __file__, *words]
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)  # noqa: S603
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            sys.exit(said.read().decode(errors="replace"))
    return seconds, usage.ru_maxrss * MAXRSS_UNIT / 2**20


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print("| " + " | ".join(text.ljust(width) for text, width in zip(head, widths, strict=True)) + " |")
    print("|" + "|".join("-" * (width + 1) + (":" if i else "-") for i, width in enumerate(widths)) + "|")
    for row in rows:
        first, *rest = zip(row, widths, strict=True)
        print("| " + " | ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]) + " |")


if __name__ == "__main__":
    main()
