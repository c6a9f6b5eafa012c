"""What CONTRIBUTING.md tells a newcomer is so."""

import ast
import re
from pathlib import Path

from tools.changed_tests import concerned

ROOT = Path(__file__).resolve().parents[2]


def test_answers_name_what_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    answers = re.findall(r"`(siting/[\w/]+\.py)` · `(\w+)`", text)
    assert len(answers) >= 10
    for file, name in answers:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        there = {getattr(each, "name", None) for each in tree.body}
        there |= {getattr(target, "id", None) for each in tree.body for target in getattr(each, "targets", ())}
        assert name in there, (file, name)


def test_tests_of_what_changed_are_those_that_import_it_or_bear_its_name() -> None:
    users = {f"tests/a/test_{at}.py": "from siting.domain.tables import Column" for at in range(9)}
    tests = {**users, "tests/domain/test_tables.py": "import siting", "tests/test_units.py": "import siting.units"}
    assert concerned(["siting/units.py", "README.md"], tests) == ["tests/test_units.py"]
    assert concerned(["siting/domain/tables.py"], tests) == ["tests/domain/test_tables.py"]
    assert concerned(["tests/a/test_3.py"], tests) == ["tests/a/test_3.py"]
