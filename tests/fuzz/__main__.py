"""Runs of the fuzz on demand: ``--runs 3000 --jobs 2``, or one of them again: ``--first SEED --keep FOLDER``."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from tests.fuzz.runs import Outcome, run_all, warm


def main() -> int:
    """Run, print what is wrong with the command that repeats it, and return how many runs went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once")
    parser.add_argument("--keep", type=Path, help="a folder for the files of the runs")
    parser.add_argument("--unchanged", action="store_true", help="draw no mutations: all must be right")
    parser.add_argument("--brief", action="store_true", help="one command a run, as CI does")
    given = parser.parse_args()
    if given.keep is not None:
        given.keep.mkdir(parents=True, exist_ok=True)
    warm()
    seen: Counter[str] = Counter()

    wrong = 0
    seeds = range(given.first, given.first + given.runs)
    for found in run_all(seeds, jobs=given.jobs, keep=given.keep, unchanged=given.unchanged, brief=given.brief):
        seen.update(found.ended)
        if found.wrong:
            wrong += 1
            print(_report(found), flush=True)  # noqa: T201
    print(f"{given.runs} runs, {wrong} wrong; {dict(sorted(seen.items()))}")  # noqa: T201
    return min(wrong, 100)


def _report(found: Outcome) -> str:
    again = f"python -m tests.fuzz --first {found.seed} --keep FOLDER"
    head = f"seed {found.seed}: {', '.join(found.mutations)}; again: {again}"
    return "\n".join([head, *(f"  {each}" for each in found.wrong)])


if __name__ == "__main__":
    sys.exit(main())
