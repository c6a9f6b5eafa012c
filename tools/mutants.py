"""Change the code in one place at a time, and tell which changes no test notices.

``python -m tools.mutants [--count 200] [--seed 1] [FILE ...]``: mutants are drawn at random from the files (by default
clauses, what governs, places, travel and the optimiser), each in a copy of the tree, and the tests that concern its
file run on it; if they pass, those of its room and the file's own examples. A mutant that survives asks for a test, or
for the reason why nobody could notice it (``docs/mutants.md``). Takes hours: a run for the night, and no part of CI.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.changed_tests import ROOT, concerned

_ROOMS: Final = (
    "siting/domain/clauses.py",
    "siting/domain/governing.py",
    "siting/domain/measures.py",
    "siting/places/*.py",
    "siting/travel/*.py",
    "siting/locate/**/*.py",
)
_COMPARISONS: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATIONS: Final[Mapping[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# A mutant that makes a loop endless is noticed too.
_MOST_SECONDS: Final = 900


@dataclass(frozen=True)
class Mutant:
    """One change of a file: the line, and what stands there before and after."""

    line: int
    before: str
    after: str
    start: int
    end: int

    def of(self, source: str) -> str:
        """Return the source with the change."""
        content = source.encode()
        return (content[: self.start] + self.after.encode() + content[self.end :]).decode()


def mutants(source: str) -> list[Mutant]:
    r"""Return every mutant of a file, in the order of its lines.

    Comparisons take in their end or leave it out, or turn round; sums, products and masks turn round; ``and`` becomes
    ``or``; ``not`` goes; whole numbers and fractions grow. Strings, f-strings and annotations stay.

    Examples
    --------
    >>> from tools.mutants import mutants
    >>> source = "def f(a: int) -> bool:\n    return a < 3\n"
    >>> [each.after for each in mutants(source)]
    ['a <= 3', '4']
    """
    tree = ast.parse(source)
    starts = [0]
    for text in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(text))
    found = []
    for node in _code(tree):
        for after in _changed(node):
            assert node.end_lineno is not None  # noqa: S101 - parsed from text
            assert node.end_col_offset is not None  # noqa: S101
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            before = source.encode()[begin:end].decode()
            found.append(Mutant(node.lineno, before, after, begin, end))
    return sorted(found, key=lambda each: (each.start, each.end, each.after))


def _code(node: ast.AST) -> Iterator[ast.expr]:
    """Give the expressions that are run, without annotations and their kin."""
    # Python 3.11 does not tell where the parts of an f-string stand.
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params", "decorator_list"):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST):
                if isinstance(each, ast.expr):
                    yield each
                yield from _code(each)


def _changed(node: ast.expr) -> Iterator[str]:
    """Give the changed texts of one expression."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
            yield ast.unparse(ast.Compare(node.left, [_COMPARISONS[type(op)]()], node.comparators))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            yield f"({ast.unparse(ast.BinOp(left, _OPERATIONS[type(op)](), right))})"
        case ast.BoolOp(op=op, values=values):
            other: ast.boolop = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield f"({ast.unparse(ast.BoolOp(other, values))})"
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            yield f"({ast.unparse(operand)})"
        case ast.Constant(value=bool()):
            yield str(not node.value)
        case ast.Constant(value=int() | float() as number):
            yield repr(number + 1)


def concerning(file: str, tests: Mapping[str, str]) -> list[str]:
    """Return the tests that concern a file, or else those of its room."""
    found = concerned([file], tests)
    room = Path(file).parent
    while not found and room != Path("siting"):
        folder = f"tests/{room.relative_to('siting').as_posix()}/"
        found = sorted(test for test in tests if test.startswith(folder))
        room = room.parent
    return found or ["tests/laws", "tests/domain"]


def of_room(file: str) -> list[str]:
    """Return what pytest runs beyond the tests that concern a file: its examples, and all tests of its room.

    Examples
    --------
    >>> from tools.mutants import of_room
    >>> of_room("siting/places/cells.py")
    ['--doctest-modules', 'siting/places/cells.py', 'tests/places']
    """
    return ["--doctest-modules", file, f"tests/{Path(file).parts[1]}"]


def _outcome(tree: Path, file: str, mutant: Mutant, tests: Sequence[str]) -> str:
    path = tree / file
    source = path.read_text(encoding="utf-8")
    path.write_text(mutant.of(source), encoding="utf-8")
    try:
        return "SURVIVED" if _pass(tree, tests) and _pass(tree, of_room(file)) else "killed"
    except subprocess.TimeoutExpired:
        return "killed (endless)"
    finally:
        path.write_text(source, encoding="utf-8")


def _pass(tree: Path, tests: Sequence[str]) -> bool:
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    given = {"SITING_SHARED": str(ROOT.parent / "shared"), **os.environ, "PYTHONPATH": str(tree)}
    run = subprocess.run(words, cwd=tree, env=given, capture_output=True, text=True, check=False, timeout=_MOST_SECONDS)
    return run.returncode == 0


def main() -> None:
    """Draw mutants, and print what came of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="files to change, from the root")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    paths = given.files or [
        path.relative_to(ROOT).as_posix() for pattern in _ROOMS for path in sorted(ROOT.glob(pattern))
    ]
    every = [(file, each) for file in paths for each in mutants((ROOT / file).read_text(encoding="utf-8"))]
    drawn = random.Random(given.seed).sample(every, min(given.count, len(every)))  # noqa: S311 - no secret
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(ROOT.glob("tests/**/test_*.py"))
    }
    survived = 0
    sound: dict[tuple[str, ...], bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv", "out", "__pycache__"))
        for number, (file, mutant) in enumerate(drawn, start=1):
            tests = tuple(concerning(file, texts))
            # Tests that fail without a change say nothing.
            if tests not in sound:
                sound[tests] = _pass(tree, tests)
            outcome = _outcome(tree, file, mutant, tests) if sound[tests] else "not tried: its tests fail anyway"
            survived += outcome == "SURVIVED"
            print(
                f"{number}/{len(drawn)} {outcome}: {file}:{mutant.line} {mutant.before!r} → {mutant.after!r}",
                flush=True,
            )
    print(f"{survived} of {len(drawn)} survived")


if __name__ == "__main__":
    main()
