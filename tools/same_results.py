"""Compare, byte by byte, all result files of two revisions.

    python -m tools.same_results BEFORE [AFTER] [--scenarios sample porto_alegre chongqing] [--commands check propose …]

``BEFORE`` and ``AFTER`` are revisions of git, or folders that hold a checkout; ``AFTER`` is this folder if absent. Both
run the same commands on the same inputs: the sample district, and Porto Alegre and Chongqing from ``SITING_SHARED``.
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

from tests.realdata.chongqing import prepare as prepare_chongqing
from tests.realdata.porto_alegre import prepare as prepare_porto_alegre

ROOT: Final = Path(__file__).resolve().parents[1]
SHARED: Final = Path(os.environ.get("SITING_SHARED", ROOT.parent / "shared")).resolve()

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
# Without their scenario, which is the first argument of each.
COMMANDS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "sample": (
        (*_CHECK, "--sensitivity"),
        *_PAGES,
        ("funding", "-o", "funding.csv"),
        ("explain", "R0052", "-o", "explain.html"),
        *_PLANS,
        ("propose", "--model", "compliance", "-o", "compliance.geojson"),
        *_SERIES,
        ("map", "--with", "plan.geojson", "-o", "planned.html"),
    ),
    "porto_alegre": (_CHECK, *_PAGES, *_PLANS, *_SERIES[:1], ("map", "--with", "plan.geojson", "-o", "planned.html")),
    "chongqing": (_CHECK, *_PAGES),
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
    if name == "sample":
        shutil.copytree(ROOT / "data" / "sample", folder)
        return folder / "scenario.toml"
    folder.mkdir(parents=True)
    return (prepare_porto_alegre if name == "porto_alegre" else prepare_chongqing)(SHARED, folder)


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
                said = _run(tree, [verb, str(scenario), *options], out / name)
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
