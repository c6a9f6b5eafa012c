"""Change the program in small ways, one at a time, and print the changes that no test notices.

``python -m tools.mutants [COUNT] [SEED]`` draws mutants (200) at random from the modules where a wrong sign or a wrong
boundary makes a wrong figure. Each is tested first by the tests of its module and its folder, then by all tests of its
room and by the laws, in a copy of the last commit. cosmic-ray makes the mutants (``pip install -e .[dev,mutants]``).
"""

import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Final

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import TestOutcome, WorkItem

from tools.changed_tests import ROOT, concerned

_WHERE: Final = (
    *("siting/domain/clauses.py", "siting/domain/governing.py", "siting/domain/intervals.py"),
    *("siting/domain/measures.py", "siting/places", "siting/travel", "siting/locate"),
)
# Signs, boundaries, numbers and conditions. Others fail at import or change nothing, as in the type ``X | None``.
_OPERATORS: Final = re.compile(
    r"core/(ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|(Lt|LtE|Gt|GtE)_(Lt|LtE|Gt|GtE))"
    r"|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|BitAnd_BitOr)"
    r"|ReplaceUnaryOperator_(USub_UAdd|Delete_(USub|Invert|Not))"
    r"|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceTrueWithFalse|ReplaceFalseWithTrue|AddNot|NumberReplacer)"
)
_MOST_S: Final = 1200.0
_LAWS: Final = ("tests/laws",)


def main() -> int:
    """Draw the mutants and test each; return how many survive."""
    count, seed = (int(given or usual) for given, usual in zip_longest(sys.argv[1:3], ("200", "1")))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
        os.chdir(copy)
        os.environ |= {"PYTHONPATH": str(copy), "SITING_SHARED": os.environ.get("SITING_SHARED", f"{ROOT}/../shared")}
        survivors = [item for item in drawn(count, seed) if not _killed(item)]
    print(f"{len(survivors)} of {count} survive")
    return len(survivors)


def drawn(count: int, seed: int) -> list[WorkItem]:
    """Draw mutants of the modules below the current folder."""
    paths = [
        path for where in map(Path, _WHERE) for path in ([where] if where.is_file() else sorted(where.rglob("*.py")))
    ]
    with use_db(":memory:") as found:
        init(paths, found, {})
        items = [item for item in found.work_items if _OPERATORS.fullmatch(item.mutations[0].operator_name)]
    return random.Random(seed).sample(sorted(items, key=lambda item: str(item.mutations)), count)


def _killed(item: WorkItem) -> bool:
    """Test a mutant and print the result; return whether it is killed."""
    (mutant,) = item.mutations
    name = (
        f"{mutant.module_path}:{mutant.start_pos[0]} {mutant.operator_name.removeprefix('core/')} {mutant.occurrence}"
    )
    for tests in _tests_of(mutant.module_path):
        command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider {' '.join(tests)}"
        found = mutate_and_test(item.mutations, command, _MOST_S)
        if found.test_outcome is not TestOutcome.SURVIVED:
            print(f"killed    {name}", flush=True)
            return True
    print(f"SURVIVES  {name}\n{found.diff}", flush=True)
    return False


def _tests_of(module: Path) -> Iterator[tuple[str, ...]]:
    """Yield the tests of a module: those of its folder and those that import it, then all of its room."""
    files = {str(path): path.read_text(encoding="utf-8") for path in Path("tests").rglob("test_*.py")}
    beside = Path("tests", *module.parent.parts[1:])
    near = {*concerned([str(module)], files), *(each for each in files if Path(each).parent == beside)}
    if near:
        yield tuple(sorted(near - {each for each in near if each.startswith(_LAWS)}))
    yield f"tests/{module.parts[1]}", *_LAWS


if __name__ == "__main__":
    sys.exit(bool(main()))
