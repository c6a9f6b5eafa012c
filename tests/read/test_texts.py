"""Every fault and note of reading is told in both languages, and no text is told by nobody."""

import re
import tomllib
from pathlib import Path

import pytest

import siting.cli.guarded
import siting.read
from siting.errors import Fault
from siting.text import LANGS, texts

_READING = [*sorted(Path(siting.read.__file__).parent.rglob("*.py")), Path(siting.cli.guarded.__file__)]
SOURCE = "\n".join(file.read_text(encoding="utf-8") for file in _READING)
CATALOGUE = Path(siting.__file__).parent / "text"


def _codes() -> set[str]:
    """The codes of reading, without the texts that frame them."""
    table: dict[str, dict[str, str]] = {}
    for file in CATALOGUE.glob("faults*.toml"):
        if file.name != "faults_run.toml":
            table |= tomllib.loads(file.read_text(encoding="utf-8"))["fault"]
    return {code for code, pair in table.items() if "what" in pair}


def test_every_fault_that_is_noted_has_words() -> None:
    noted = set(re.findall(r'(?:fault\(\s*|faults\.add\(\s*|code=)"(\w+)"', SOURCE))
    assert len(noted) > 30
    assert {f"fault.{code}.what" for code in noted} <= set(texts())


def test_every_note_has_words() -> None:
    noted = set(re.findall(r'\.note\(\s*"(\w+)"', SOURCE))
    assert len(noted) >= 13
    assert {f"note.{code}" for code in noted} <= set(texts())


def test_no_words_are_left_over() -> None:
    assert {code for code in _codes() if f'"{code}"' not in SOURCE} == set()


@pytest.mark.parametrize("code", sorted(_codes()))
def test_a_fault_reads_as_one_sentence_of_what_and_one_of_advice(code: str) -> None:
    for lang in LANGS:
        message = Fault(code=code, file="f.csv", row="F1", found="<found>", expected="<expected>").message(lang)
        what = texts()[f"fault.{code}.what"][lang]
        assert ("<found>" in message) == ("{found}" in what or "{found}" in texts()[f"fault.{code}.advice"][lang])
        assert message.endswith("。" if lang == "zh" else ".")
        assert "。。" not in message
        assert ".." not in message
