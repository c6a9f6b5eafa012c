"""Print the tests that concern what changed: those that were changed, and those that import a changed module.

``python -m tools.changed_tests [REVISION]``: what differs from the revision (the last commit if absent), and what git
does not know yet. What takes long is left to CI: laws, fuzz, real data, and the tests of modules that many import.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_LONG: Final = ("tests/laws/", "tests/fuzz/", "tests/realdata/")
# A module that more tests import than this concerns nearly all.
_MANY: Final = 8


def concerned(changed: Iterable[str], tests: Mapping[str, str]) -> list[str]:
    """Return the tests that were changed, bear a changed module's name, or import it and few others do; in order.

    Parameters
    ----------
    changed : iterable of str
        Files, from the root.
    tests : mapping of str to str
        By file, the text of each test.

    Examples
    --------
    >>> from tools.changed_tests import concerned
    >>> tests = {"tests/test_numbers.py": "from siting.text.numbers import number", "tests/text/test_words.py": ""}
    >>> concerned(["siting/text/numbers.py"], tests)
    ['tests/test_numbers.py']
    """
    changed = set(changed)
    imports = {
        test: set(re.findall(r"^\s*(?:from|import) ([\w.]+)", text, re.MULTILINE)) for test, text in tests.items()
    }
    found = {test for test in tests if test in changed}
    for name in (each for each in changed if each.endswith(".py")):
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        users = {test for test, modules in imports.items() if module in modules}
        found |= {test for test in tests if Path(test).stem == f"test_{Path(name).stem}"}
        found |= users if len(users) <= _MANY else set()
    return sorted(found)


def main() -> None:
    """Print the tests, one a line."""
    revision = sys.argv[1] if len(sys.argv) > 1 else "HEAD"
    new = ("ls-files", "--others", "--exclude-standard")
    names = _git("ls-files", "--cached", "--others", "--exclude-standard", "tests")
    files = (each for each in names if Path(each).name.startswith("test_") and not each.startswith(_LONG))
    texts = {each: (ROOT / each).read_text(encoding="utf-8") for each in files if (ROOT / each).is_file()}
    print("\n".join(concerned({*_git("diff", "--name-only", revision), *_git(*new)}, texts)))


def _git(*words: str) -> list[str]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


if __name__ == "__main__":
    main()
