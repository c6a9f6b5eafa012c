"""One run of the fuzz: a district drawn and changed, some commands on it in a process of its own, and what was wrong.

A fork of a process in which all is imported and warm, with at most 4 GiB of address space and a minute a command.
"""

import contextlib
import gc
import hashlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from siting.cli import main
from siting.text import LANGS, Lang
from tests.fuzz import judging
from tests.fuzz.district import District, drawn
from tests.fuzz.mutations import Mutation, drawn_mutations

MOST_MEMORY: Final = 4 * 2**30
# Of processor time, which other work on the machine does not lengthen; whoever waits for nothing is ended too.
MOST_SECONDS: Final = 60
_MOST_WAITING: Final = 15 * MOST_SECONDS
# What may be typed after the scenario, and how often it is.
_MAIN: Final[tuple[tuple[int, tuple[str, ...]], ...]] = (
    (14, ("check", "-o", "gaps.geojson")),
    (2, ("check", "-o", "gaps.geojson", "--grid", "grid.tif")),
    (1, ("check", "-o", "gaps.geojson", "--sensitivity")),
    (5, ("propose", "-o", "plan.geojson")),
    (1, ("propose", "-o", "plan.geojson", "--curve", "curve.csv", "--order", "order.json")),
    (1, ("propose", "-o", "plan.geojson", "--alternatives", "others.csv", "--stability", "stability.csv")),
    (2, ("map", "-o", "map.html")),
)
_MORE: Final[tuple[tuple[float, tuple[str, ...]], ...]] = (
    (0.12, ("inspect", "-o", "account.html")),
    (0.06, ("explain", "S1", "-o", "why.html")),
    (0.06, ("explain", "107.342,29.651", "-o", "why.geojson")),
    (0.05, ("audit", "-o", "audit.csv")),
    (0.05, ("funding", "-o", "funding.csv")),
    (0.05, ("map", "-o", "map.html", "--with", "plan.geojson")),
)
_WARM: Final = (("propose", "-o", "plan.geojson"), ("map", "-o", "map.html"))


@dataclass(frozen=True)
class Outcome:
    """What came of a run: the mutations, how each command ended, and what was wrong."""

    seed: int
    mutations: tuple[str, ...]
    ended: tuple[str, ...]
    wrong: tuple[str, ...]


def run_all(
    seeds: Iterable[int], *, jobs: int = 1, keep: Path | None = None, unchanged: bool = False, brief: bool = False
) -> Iterator[Outcome]:
    """Run seeds, each in a fork, some at once; ``keep`` keeps their files in folders of their own.

    ``unchanged`` draws no mutations: all must then be right. ``brief`` runs one command a district.
    """
    running: dict[int, tuple[int, Path]] = {}
    for seed in seeds:
        if len(running) >= jobs:
            yield _next(running, keep=keep is not None)
        folder = Path(tempfile.mkdtemp(prefix=f"fuzz{seed}-", dir=keep))
        process = os.fork()
        if process == 0:
            _alone(seed, folder, unchanged=unchanged, brief=brief)
        running[process] = seed, folder
    while running:
        yield _next(running, keep=keep is not None)


def _next(running: dict[int, tuple[int, Path]], *, keep: bool) -> Outcome:
    """Wait for a run to end, and return what came of it."""
    process, status = os.wait()
    seed, folder = running.pop(process)
    found = _told(seed, folder, os.waitstatus_to_exitcode(status))
    if not keep:
        shutil.rmtree(folder)
    return found


def _told(seed: int, folder: Path, code: int) -> Outcome:
    """Read what a run left, however it ended."""
    steps = (folder / "steps").read_text(encoding="utf-8").splitlines() if (folder / "steps").exists() else []
    if code == 0:
        left = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
        return Outcome(seed, *(tuple(left[key]) for key in ("mutations", "ended", "wrong")))
    names = tuple(steps[0].split()) if steps else ()
    if code == 1:
        return Outcome(seed, names, ("broken",), ((folder / "broken").read_text(encoding="utf-8"),))
    if len(steps) < 2:
        # A writer of the libraries broke on what the readers were to bear.
        return Outcome(seed, names, ("unwritten",), ())
    how = "too long" if -code in (signal.SIGPROF, signal.SIGALRM) else f"ended by {code}"
    return Outcome(seed, names, (f"{steps[-1].split()[0]} {code}",), (f"{steps[-1]}: {how}",))


def _alone(seed: int, folder: Path, *, unchanged: bool, brief: bool) -> None:
    """Do a run in this process and leave it."""
    try:
        outcome = _run(seed, folder, unchanged=unchanged, brief=brief)
        (folder / "outcome.json").write_text(json.dumps(asdict(outcome)), encoding="utf-8")
    except BaseException:  # noqa: BLE001 - nothing leads back to the process that forked
        (folder / "broken").write_text(traceback.format_exc(), encoding="utf-8")
        os._exit(1)
    os._exit(0)


def _run(seed: int, folder: Path, *, unchanged: bool, brief: bool) -> Outcome:
    rng = Random(f"district {seed}")
    district = drawn(rng)
    home = folder / "district"
    home.mkdir(parents=True)
    mutations: Sequence[Mutation] = [] if unchanged else drawn_mutations(district, rng, seed)
    names = tuple(each.name for each in mutations)
    same = all(each.same for each in mutations)
    _step(folder, " ".join(names) or "none")
    whole = None
    if same and mutations:
        (folder / "whole").mkdir()
        whole = drawn(Random(f"district {seed}")).write(folder / "whole")
    try:
        scenario = district.write(home)
    except Exception:  # noqa: BLE001 - a library's writer refuses what the readers were to bear
        return Outcome(seed, names, ("unwritten",), ())
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    asked = list(_asked(rng))[: 1 if brief else None] if whole is None else [("check", "-o", "gaps.geojson")]
    ended, wrong = _commands(asked, folder, scenario, rng.choice(LANGS))
    if whole is not None:
        wrong += _changed_figures(folder, whole)
    return Outcome(seed, names, tuple(ended), tuple(wrong))


def _commands(
    asked: Sequence[tuple[str, ...]], folder: Path, scenario: Path, lang: Lang
) -> tuple[list[str], list[str]]:
    """Run commands on a scenario; return how each ended, and what was wrong."""
    before = _digests(scenario.parent)
    ended, wrong = [], []
    for words in asked:
        if "--with" in words and not (folder / "plan.geojson").exists():
            continue
        found = _ended(folder, scenario, words, lang)
        ended.append(f"{words[0]} {found.code}")
        wrong += [f"{' '.join(words)}: {each}" for each in judged(found, scenario, lang)]
        if found.code == 1:
            wrong.append(_where(found, scenario))
    if _digests(scenario.parent) != before:
        wrong.append("the inputs were changed")
    return ended, [*wrong, *(path.name for path in folder.rglob(".siting-*"))]


def _asked(rng: Random) -> Iterator[tuple[str, ...]]:
    weights, words = zip(*_MAIN, strict=True)
    yield rng.choices(words, weights)[0]
    for chance, more in _MORE:
        if rng.random() < chance:
            yield more


def _step(folder: Path, what: str) -> None:
    with (folder / "steps").open("a", encoding="utf-8") as file:
        file.write(f"{what}\n")


def _ended(folder: Path, scenario: Path, words: tuple[str, ...], lang: Lang) -> judging.Ended:
    """Run a command in this process, within its time; what it says goes to files."""
    _step(folder, " ".join(words))
    files = {word: str(folder / word) for word in words if "." in word and "," not in word}
    given = (words[0], str(scenario), *(files.get(word, word) for word in words[1:]), "--lang", lang)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    signal.alarm(_MOST_WAITING)
    try:
        with _screen(folder) as said:
            code = _left(lambda: main(given))
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    out, err = said()
    return judging.Ended((*given[:1], *given[2:]), code, err, out)


def _left(does: Callable[[], None]) -> int:
    try:
        does()
    except SystemExit as left:
        return int(left.code or 0)
    return 0


@contextlib.contextmanager
def _screen(folder: Path) -> Iterator[Callable[[], tuple[str, str]]]:
    """Send what is printed, by libraries too, to files."""
    files = [folder / "stdout", folder / "stderr"]
    kept = [os.dup(number) for number in (1, 2)]
    for number, path in enumerate(files, start=1):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, number)
        os.close(handle)
    try:
        yield lambda: (files[0].read_text("utf-8", "replace"), files[1].read_text("utf-8", "replace"))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, handle in enumerate(kept, start=1):
            os.dup2(handle, number)
            os.close(handle)


def judged(found: judging.Ended, scenario: Path, lang: Lang) -> Iterator[str]:
    """Tell what is wrong about how a command ended; what cannot be read back is."""
    try:
        yield from judging.wrongs(found, scenario, lang)
    except Exception:  # noqa: BLE001 - what is read back must be readable
        yield traceback.format_exc()


def _where(found: judging.Ended, scenario: Path) -> str:
    """Return where a command broke."""
    try:
        main([found.words[0], str(scenario), *found.words[1:], "--debug"])
    except SystemExit:
        return "not again"
    except BaseException:  # noqa: BLE001 - which one it is, is asked
        return traceback.format_exc()
    return "not again"


def _changed_figures(folder: Path, whole: Path) -> list[str]:
    """Hold the figures against those of the district without the changes, which mean nothing."""
    if not (folder / "gaps.geojson").exists():
        return [f"refused though the changes mean nothing: {(folder / 'stderr').read_text(encoding='utf-8')[:800]}"]
    with _screen(folder):
        _left(lambda: main(["check", str(whole), "-o", str(folder / "whole.geojson")]))
    one, other = (judging.figures(folder / name) for name in ("whole.geojson", "gaps.geojson"))
    return [] if _alike(one, other) else [f"{other} though the changes mean nothing: {one}"]


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(
        a == b or (a is not None and b is not None and abs(a - b) <= 1e-6 * abs(a) + 1e-3)
        for a, b in zip(one.values(), other.values(), strict=True)
    )


def _digests(folder: Path) -> dict[str, str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def warm() -> None:
    """Import and use what all runs use, before the first fork."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        district = District({})
        for seed, model in enumerate(("mclp", "compliance")):
            home = folder / str(seed)
            home.mkdir()
            district = drawn(Random(f"warm {seed}"))
            district.scenario["plan"] |= {"model": model, "stations": 2}
            scenario = district.write(home)
            with _screen(folder):
                for words in _WARM:
                    _left(lambda w=words, s=scenario: main([w[0], str(s), w[1], str(folder / w[2]), "--lang", "en"]))
    # Collections in forks would copy what they only look at.
    gc.collect()
    gc.freeze()
