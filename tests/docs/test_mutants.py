"""The tool that changes code finds what is there to be changed, and changes nothing else."""

import ast

import pytest

from tools.mutants import concerning, mutants

SOURCE = '''"""A text: 1 < 2."""


def f(a: int = 1, 名: str = "x + y") -> float | None:
    """Return a + 1."""
    if not a and 名 in "文":
        return None
    print(f"{a + 1:>3}")
    return a * 0.5 - 2 if a >= 3 else -a
'''


def test_every_mutant_is_one_other_program() -> None:
    found = mutants(SOURCE)
    changed = [each.of(SOURCE) for each in found]
    assert len({ast.dump(ast.parse(each)) for each in [SOURCE, *changed]}) == len(found) + 1
    assert [each.after for each in found] == [
        "2",
        "(a)",
        "(not a or 名 in '文')",
        "名 not in '文'",
        "(a / 0.5)",
        "(a * 0.5 + 2)",
        "1.5",
        "3",
        "a > 3",
        "4",
    ]


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("siting/domain/governing.py", "tests/domain/test_governing.py"),
        ("siting/locate/milp/greedy.py", "tests/locate/milp/test_every.py"),
    ],
)
def test_the_tests_of_a_file_are_those_of_its_name_or_its_room(file: str, test: str) -> None:
    there = {"tests/domain/test_governing.py": "", "tests/locate/milp/test_every.py": "", "tests/read/test_osm.py": ""}
    assert concerning(file, there) == [test]
