"""Compare, byte by byte, all result files of two revisions.

    python -m tools.same_results BEFORE [AFTER] [--scenarios sample porto_alegre chongqing] [--commands check propose …]

``BEFORE`` and ``AFTER`` are revisions of git, or folders that hold a checkout; ``AFTER`` is this folder if absent. Both
run the same commands on the same inputs: the sample district, the sample with other settings (one scenario for each
kind of plan and of walking), and Porto Alegre and Chongqing from ``SITING_SHARED``.
The version and the times within run records are not compared. The exit code is 1 if any file differs.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import rasterio

from tests.phased import write_phased_sample
from tests.realdata.chongqing import prepare as prepare_chongqing
from tests.realdata.porto_alegre import prepare as prepare_porto_alegre

ROOT: Final = Path(__file__).resolve().parents[1]
SHARED: Final = Path(os.environ.get("SITING_SHARED", ROOT.parent / "shared")).resolve()

_HERE: Final = "SCENARIO"  # stands for the path of the scenario; where absent, it is the first argument
_NO_SCENARIO: Final = ("compare", "new", "standards")
_CHECK: Final = ("check", "-o", "gaps.geojson", "--grid", "grid.tif")
_MODELS: Final = {
    "mclp": ("--stations", "8"),
    "lscp": ("--target", "0.5"),
    "p_median": ("--stations", "8"),
    "p_center": ("--stations", "8", "--target", "0.5"),
    "fair": ("--stations", "8"),
}
_PLANS: Final = tuple(
    ("propose", "--model", model, *options, "-o", f"{model}.geojson") for model, options in _MODELS.items()
)
_SERIES: Final = (
    ("propose", "-o", "plan.geojson", "--curve", "curve.csv", "--order", "order.csv", "--stability", "stability.csv"),
    ("propose", "-o", "others.geojson", "--stations", "5", "--alternatives", "others.csv"),
)
_PAGES: Final = (
    ("inspect", "-o", "account.html"),
    ("audit", "-o", "audit.csv"),
    ("audit", "-o", "audit.xlsx"),
    ("map", "-o", "map.html"),
)
# What uses the plan that was written before, plan.geojson.
_WITH_PLAN: Final = (
    ("map", "--with", "plan.geojson", "-o", "planned.html"),
    ("check", "--with", "plan.geojson", "-o", "planned.geojson"),
    ("report", "--with", "plan.geojson", "-o", "report"),
)
_PLAN: Final = (_CHECK, ("propose", "-o", "plan.geojson"), *_WITH_PLAN)
# The scenario is the first argument of each unless its words say where it stands.
COMMANDS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "sample": (
        (*_CHECK, "--sensitivity"),
        *_PAGES,
        ("funding", "-o", "funding.csv"),
        ("explain", "R052", "-o", "explain.html"),
        ("explain", "R052", "-o", "explain.geojson"),
        *_PLANS,
        ("propose", "--model", "compliance", "-o", "compliance.geojson"),
        ("propose", "--model", "lscp", "--target", "1", "--forbid", "C001", "-o", "impossible.geojson"),
        ("propose", "--budget", "5000000", "-o", "budget.geojson"),
        *_SERIES,
        ("propose", "--start", "budget.geojson", "-o", "restarted.geojson"),
        *_WITH_PLAN,
        ("verify", "plan.geojson", _HERE),
        ("funding", "--with", "plan.geojson", "-o", "funded.csv"),
        ("check", "--share", "-o", "shared.geojson"),
        ("propose", "--share", "-o", "shared_plan.geojson"),
        ("map", "-o", "maps"),
        ("report", "-o", "layers", "--shp", "utf-8", "--dxf"),
        ("compare", "gaps.geojson", "planned.geojson", "-o", "compare.csv", "-o", "compare.html"),
        ("standards", "list"),
        ("new", "scaffold", "--date", "2026-01-01"),
    ),
    "changes": _PLAN,
    "network": _PLAN,
    "phased": _PLAN,
    "robust": _PLAN,
    "straight_line": (*_PLAN, ("explain", "R052", "-o", "explain.html")),
    "surface": (*_PLAN, ("explain", "R052", "-o", "explain.html")),
    "porto_alegre": (_CHECK, *_PAGES, *_PLANS, *_SERIES[:1], *_WITH_PLAN),
    "chongqing": (_CHECK, *_PAGES),
}
# Tables of sizes, and what replaces the settings of the sample, for scenarios that are the sample with other settings.
_SIZES: Final = """size,for,tier,floor_area_m2,beds,cost_cny_per_m2
站,,station,200,0,4000
中心,,centre,800,20,4500
机构,,institution,1500,80,5000
"""
_OWN_PLAN: Final = 'model = "mclp"\nstations = 12\n'
_VARIANTS: Final[dict[str, dict[str, str]]] = {
    "changes": {
        _OWN_PLAN: 'model = "mclp"\nstations = 8\nclosable = ["F020", "F032"]\nexisting_capacity = 900\n'
        "capacity = 1200\nspacing_m = 300\nmost_per_unit = 3\n"
    },
    "network": {
        _OWN_PLAN: 'model = "network"\nstations = 14\n[plan.links]\nstreets = "adjoining"\nwithin_m = 3000\n'
        'most_children = 5\n[plan.sizes]\npath = "sizes.csv"\n',
        'place = "重庆市"\n': 'place = "重庆市"\ncoverage = "by_tier"\n',
    },
    "phased": {
        _OWN_PLAN: 'model = "phased"\nphases_until = 2034\ndiscount_rate = 0.03\n'
        "phases = [{ year = 2026, stations = 2 }, { year = 2028, budget_cny = 5000000 }, "
        "{ year = 2030, stations = 1 }]\n"
    },
    "robust": {
        _OWN_PLAN: 'model = "mclp"\nstations = 8\nrobust = "quantile"\n'
        '[population.uncertainty]\nunit_error = 0.2\ncell_error = 0.3\nlevel = "community"\ndraws = 40\n'
    },
    "straight_line": {"[walking]\n": '[walking]\nmode = "straight_line"\ndetour = 1.3\n'},
    "surface": {
        "[walking]\n": '[walking]\nmode = "surface"\n',
        "[network]\n": '[surface]\npath = "friction.tif"\nkind = "friction"\n\n[network]\n',
    },
}


def main() -> int:
    """Print the files that differ, and how many were compared."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="same-results-") as folder:
        work = Path(folder)
        scenarios = {name: _scenario(name, work / "inputs" / name) for name in given.scenarios}
        found = []
        for side in (given.before, given.after):
            with _checkout(side, work) as tree:
                found.append(_results(tree, scenarios, given.commands, work))
    before, after = found
    differing = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    for name in differing:
        print(f"differs: {name}" if name in before and name in after else f"on one side only: {name}")
    print(f"{len(before)} files of {given.before} compared with {given.after}: {len(differing)} differ")
    return 1 if differing else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after", nargs="?", default=str(ROOT))
    parser.add_argument("--scenarios", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    verbs = sorted({command[0] for commands in COMMANDS.values() for command in commands})
    parser.add_argument("--commands", nargs="+", choices=verbs, default=verbs)
    return parser.parse_args()


def _scenario(name: str, folder: Path) -> Path:
    """Write the inputs of a scenario, the same for both sides."""
    sample = ROOT / "data" / "sample"
    if name == "sample":
        shutil.copytree(sample, folder)
        return folder / "scenario.toml"
    if name in _VARIANTS:
        return _variant(name, sample, folder)
    folder.mkdir(parents=True)
    return (prepare_porto_alegre if name == "porto_alegre" else prepare_chongqing)(SHARED, folder)


def _variant(name: str, sample: Path, folder: Path) -> Path:
    """Write the sample with other settings, and with the files that they name."""
    if name == "phased":
        write_phased_sample(sample, folder)
    else:
        shutil.copytree(sample, folder)
    (folder / "sizes.csv").write_text(_SIZES, encoding="utf-8")
    if name == "surface":
        _write_friction(folder)
    path = folder / "scenario.toml"
    text = path.read_text(encoding="utf-8")
    for own, other in _VARIANTS[name].items():
        if own not in text:
            message = f"the sample's scenario has no longer: {own}"
            raise ValueError(message)
        text = text.replace(own, other)
    path.write_text(text, encoding="utf-8")
    return path


def _write_friction(folder: Path) -> None:
    """Write a friction surface over the sample's terrain: minutes per metre, slower where the ground is higher."""
    with rasterio.open(folder / "dem.tif") as source:
        height, profile = source.read(1).astype(np.float64), source.profile
    friction = np.round(0.012 + 0.00001 * (height - np.nanmin(height)), 6).astype(np.float32)
    with rasterio.open(folder / "friction.tif", "w", **{**profile, "dtype": "float32", "nodata": -1.0}) as out:
        out.write(friction, 1)


@contextmanager
def _checkout(side: str, work: Path) -> Iterator[Path]:
    """Yield the folder of a revision: a worktree, unless it is a folder already."""
    if Path(side).is_dir():
        yield Path(side).resolve()
        return
    tree = work / "tree"
    _git("worktree", "add", "--quiet", "--detach", str(tree), side)
    try:
        yield tree
    finally:
        _git("worktree", "remove", "--force", str(tree))


def _git(*words: str) -> None:
    subprocess.run(["git", "-C", str(ROOT), *words], check=True)


def _results(tree: Path, scenarios: dict[str, Path], verbs: list[str], work: Path) -> dict[str, bytes]:
    """Run all commands with the code of a folder, and return what they write and say."""
    out = work / "out"  # the same path on both sides, since results may name it
    found: dict[str, bytes] = {}
    for name, scenario in scenarios.items():
        (out / name).mkdir(parents=True)
        for number, (verb, *options) in enumerate(COMMANDS[name]):
            if verb in verbs:
                words = [str(scenario) if word == _HERE else word for word in options]
                placed = words != list(options) or verb in _NO_SCENARIO
                said = _run(tree, [verb, *([] if placed else [str(scenario)]), *words], out / name)
                (out / name / f"{number}-{verb}.txt").write_bytes(said)
    for path in sorted(out.rglob("*")):
        if path.is_file():
            found[path.relative_to(out).as_posix()] = _timeless(path)
    shutil.rmtree(out)
    return found


def _run(tree: Path, words: list[str], folder: Path) -> bytes:
    environment = os.environ | {"PYTHONPATH": str(tree), "SITING_CACHE": "off", "COLUMNS": "100"}
    command = [sys.executable, "-m", "siting", *words, "--lang", "zh"]
    print(" ".join(command[2:]), file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    if done.returncode not in (0, 3, 4):
        sys.stderr.write(done.stderr.decode(errors="replace"))
    return done.stdout + f"\nexit code {done.returncode}\n".encode()


def _timeless(path: Path) -> bytes:
    """Return the content without version and times."""
    content = path.read_bytes()
    if path.name.endswith(".run.json"):
        record = json.loads(content)
        return json.dumps({key: value for key, value in record.items() if key not in _PASSING}).encode()
    if path.suffix in (".csv", ".geojson", ".html", ".json", ".txt"):
        return _VERSION.sub(b"siting", content)
    return content


_PASSING: Final = ("siting", "seconds", "finished")
_VERSION: Final = re.compile(rb'siting"?:? ?"?\d+\.\d+\.\d+[\w.+]*"?')


if __name__ == "__main__":
    sys.exit(main())
