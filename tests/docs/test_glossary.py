"""The glossary defines the words that name things in the optimiser, the models and the statuses."""

import re
from pathlib import Path
from typing import Final

import pytest

import siting.locate
from siting.domain.plan_models import TRAITS

ROOT: Final = Path(__file__).resolve().parents[2]
# Words of module names that say how code is laid out, or name a thing of plain English.
_PLAIN: Final = frozenset(
    {
        *("highs", "problem", "solve", "stations", "state", "search", "request", "exclusion", "optima"),
        *("sequence", "explain", "evaluate", "models", "unit", "shares", "second", "stage", "oscillation"),
    }
)


def _terms() -> str:
    rows = re.findall(
        r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return " ".join(rows).lower().replace("-", " ")


def _modules() -> list[str]:
    folder = Path(siting.locate.__file__).parent
    return sorted(path.stem for path in folder.rglob("*.py") if not path.stem.startswith("_"))


@pytest.mark.parametrize("name", _modules())
def test_every_word_that_names_a_module_of_the_optimiser_is_defined(name: str) -> None:
    terms = _terms()
    words = [word for word in name.split("_") if word not in _PLAIN and len(word) > 1]
    unknown = [word for word in words if word.rstrip("s") not in terms and word.removesuffix("ies") not in terms]
    assert unknown == []


@pytest.mark.parametrize("model", TRAITS)
def test_every_model_is_defined(model: str) -> None:
    assert model.replace("_", " ") in _terms()


def test_plain_words_are_not_defined_terms() -> None:
    names = {word for name in _modules() for word in name.split("_")}
    assert names >= _PLAIN, sorted(_PLAIN - names)
