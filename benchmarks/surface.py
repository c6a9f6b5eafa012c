"""Least times over open ground: ours beside MCP_Geometric of scikit-image.

    python benchmarks/surface.py [--size N] [--sources N] [--theirs N] [--limit SECONDS]

A raster of paces (float32, 1.0 to 2.5 s/m, smooth, cells of 30 m, 5 % of them barriers in blobs) and sources are made
with a fixed seed. Each run is a process of its own. On the flat with 8 neighbours both walk from single sources to
``--limit``; MCP_Geometric from ``--theirs`` of them only, and its seconds are scaled to all. It has no limit of its own
(``max_cumulative_cost`` is deprecated and changes nothing): ``skimage`` stops it as its manual says, by
``goal_reached`` in a subclass, and ``skimage_whole`` lets it run over the raster from one source, as it comes. The
steps over corners between two barriers that it takes are allowed to ours there. Seconds are processor time, compiling
and making the rasters left out; memory is the peak above what the process held with its inputs in place (for
MCP_Geometric those are the costs in float64, as it keeps them). Then ours walks with 16 neighbours and slope, there and
back, which MCP_Geometric cannot.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

_SEED = 11
_CELL = 30.0
_BARRED = 0.05
# Cells between the places where smooth noise is drawn.
_COARSE = 40
_WAYS = ("siting", "skimage", "skimage_whole", "siting_slope")


def noise(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Return smooth noise between 0 and 1."""
    knots = rng.random((size // _COARSE + 2,) * 2).astype(np.float32)
    drawn = zoom(knots, (size + _COARSE) / (knots.shape[0] - 1), order=1)[:size, :size]
    return np.ascontiguousarray(drawn, dtype=np.float32)


def make(size: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Return paces, and rows and columns of sources in the open."""
    rng = np.random.default_rng(_SEED)
    pace = np.float32(1.0) + np.float32(1.5) * noise(rng, size)
    blobs = noise(rng, size)
    pace[blobs > np.quantile(blobs[::7, ::7], 1 - _BARRED)] = np.inf
    rows, columns = rng.integers(0, size, (2, 2 * count + 10))
    free = np.flatnonzero(np.isfinite(pace[rows, columns]))[:count]
    return pace, rows[free], columns[free]


def peak() -> float:
    """Return the peak memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def settle() -> float:
    """Return the memory of this process now, MiB, and reset its peak where the system can."""
    if not sys.platform.startswith("linux"):
        return peak()
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:  # noqa: PTH123 - no file to speak of
        file.write("5")
    return high_water()


def high_water() -> float:
    """Return the peak since :func:`settle`, MiB."""
    if not sys.platform.startswith("linux"):
        return peak()
    with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123 - no file to speak of
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def ours(size: int, count: int, limit: float, *, slope: bool) -> dict[str, object]:
    """Walk with siting."""
    from siting.travel.surface import CostSurface, cross  # noqa: PLC0415 - each way has imports of its own

    flat = np.zeros((0, 0), dtype=np.float32)
    height = 200 * noise(np.random.default_rng(_SEED + 1), size) if slope else flat
    pace, rows, columns = make(size, count)

    def walk(ground: CostSurface, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> list[list[float]]:
        limits = np.full(len(rows), limit)
        if slope:
            found = cross(ground, (rows, columns), limits, direction="slower")
        else:
            found = cross(ground, (rows, columns), limits, neighbours=8, squeeze=True)
        return [part.tolist() for part in np.split(found.seconds, found.start[1:-1])]

    small = CostSurface(pace[:9, :9], height[:9, :9], (_CELL, _CELL))
    walk(small, np.array([4]), np.array([4]))
    before = settle()
    begin = time.process_time()
    found = walk(CostSurface(pace, height, (_CELL, _CELL)), rows, columns)
    seconds = time.process_time() - begin
    return {"seconds": seconds, "sources": count, "mib": high_water() - before, "times": found}


def theirs(size: int, count: int, limit: float, walked: int, *, whole: bool) -> dict[str, object]:
    """Walk with MCP_Geometric."""
    from skimage.graph import MCP_Geometric  # noqa: PLC0415 - each way has imports of its own

    class Bounded(MCP_Geometric):  # type: ignore[misc]
        """Stops at the limit."""

        def goal_reached(self, index: int, cumcost: float) -> int:  # noqa: ARG002 - theirs
            return 2 if cumcost > limit else 0

    pace, rows, columns = make(size, count)
    costs = np.where(np.isinf(pace), -1.0, pace).astype(np.float64)
    del pace
    kind = MCP_Geometric if whole else Bounded
    kind(costs[:9, :9], sampling=(_CELL, _CELL)).find_costs([(4, 4)])
    before, found = settle(), []
    begin = time.process_time()
    paths = kind(costs, sampling=(_CELL, _CELL))
    seconds = time.process_time() - begin
    for place in zip(rows[:walked].tolist(), columns[:walked].tolist(), strict=True):
        begin = time.process_time()
        reached, _ = paths.find_costs([place])
        seconds += time.process_time() - begin
        most = int(limit / _CELL) + 2
        window = tuple(slice(max(0, at - most), at + most + 1) for at in place)
        part = reached[window]
        found.append(part[part <= limit].tolist())
    return {"seconds": seconds * count / walked, "sources": walked, "mib": high_water() - before, "times": found}


def measured(way: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one way in a process of its own."""
    command = [sys.executable, __file__, "--way", way]
    for name in ("size", "sources", "theirs", "limit"):
        command += [f"--{name}", str(getattr(options, name))]
    told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very file
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def main() -> None:
    """Measure all ways and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=8_000)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--theirs", type=int, default=5)
    parser.add_argument("--limit", type=float, default=900.0)
    parser.add_argument("--way", choices=_WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way is not None and options.way.startswith("skimage"):
        whole = options.way == "skimage_whole"
        walked = 1 if whole else options.theirs
        print(json.dumps(theirs(options.size, options.sources, options.limit, walked, whole=whole)))
        return
    if options.way is not None:
        slope = options.way == "siting_slope"
        print(json.dumps(ours(options.size, options.sources, options.limit, slope=slope)))
        return
    if find_spec("skimage") is None:
        sys.exit("scikit-image is not installed: pip install 'siting[benchmarks]'")
    found = {way: measured(way, options) for way in _WAYS}
    print(f"{options.size:,} × {options.size:,} cells, {options.sources} sources, {options.limit:g} s")
    for way, row in found.items():
        print(f"{way:14} {row['seconds']:10.3f} s   {row['mib']:8.1f} MiB above the inputs")
    one, other = found["siting"], found["skimage"]
    print(f"skimage walked from {options.theirs} sources, and from 1; its seconds are scaled to {options.sources}.")
    print(f"{float(other['seconds']) / float(one['seconds']):.0f} times as fast")
    print(f"1/{float(other['mib']) / max(float(one['mib']), 0.1):.0f} of its memory above the inputs")
    apart = [
        np.abs(np.sort(a) - np.sort(b)).max() if len(a) == len(b) else np.inf
        for a, b in zip(one["times"], other["times"], strict=False)
    ]
    cells = sum(map(len, one["times"][: len(apart)]))
    print(f"largest difference of {cells:,} times: {max(apart):.1e} s")


if __name__ == "__main__":
    main()
