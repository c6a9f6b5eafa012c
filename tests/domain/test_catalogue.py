"""The shipped documents: every clause cited, every number with a worked example."""

import datetime as dt
import itertools
import re
from pathlib import Path
from typing import Final

import pytest

from siting.domain import clauses
from siting.domain.standards import Clause, Example, Standard
from siting.read import all_standards

# The file of each standard among the documents begins with a letter.
DOCUMENT: Final = {"cq-2017-162": "A_", "cq-2019-129": "D_"}
# How each kind of clause that asks for a number is computed; a remedy asks for none.
PAIRS: Final = [(standard, clause) for standard in all_standards() for clause in standard.clauses]
COMPUTED: Final = [pair for pair in PAIRS if pair[1].kind != "remedy"]


def finding(clause: Clause, example: Example) -> clauses.Finding:
    """Judge an example by the arithmetic of its clause."""
    if clause.kind == "land_per_person":
        assert clause.number is not None
        return clauses.land_per_person(clause.number, example.people, example.provided)
    assert clause.kind == "service_circle"
    # The documents give no pass mark: the examples name theirs.
    return clauses.service_circle(example.required, example.people, example.provided)


EXAMPLES: Final = [(clause, example) for _, clause in COMPUTED for example in clause.examples]


@pytest.mark.parametrize(("clause", "example"), EXAMPLES, ids=lambda value: getattr(value, "id", None))
def test_worked_examples_come_out(clause: Clause, example: Example) -> None:
    found = finding(clause, example)
    assert found.required == pytest.approx(example.required)
    assert found.shortfall == pytest.approx(example.shortfall)
    assert found.verdict == example.verdict


@pytest.mark.parametrize("clause", [clause for _, clause in COMPUTED], ids=lambda clause: clause.id)
def test_every_clause_that_computes_has_an_example_on_both_sides(clause: Clause) -> None:
    assert {example.verdict for example in clause.examples} == {"met", "gap"}


@pytest.mark.parametrize("clause", [clause for _, clause in COMPUTED], ids=lambda clause: clause.id)
def test_every_clause_that_computes_has_a_number_a_unit_and_levels(clause: Clause) -> None:
    assert clause.number is not None
    assert clause.unit == {"land_per_person": "m2 per person", "service_circle": "min"}[clause.kind]
    assert clause.levels


def test_the_floors_and_the_circle_as_the_documents_give_them() -> None:
    numbers = {clause.id: (clause.kind, clause.number, clause.force) for _, clause in COMPUTED}
    assert numbers == {
        "cq-2017-162/22-land": ("land_per_person", 0.1, "mandatory"),
        "cq-2019-129/2-3-land": ("land_per_person", 0.2, "mandatory"),
        "cq-2019-129/2-9-circle": ("service_circle", 15.0, "target"),
    }


def plain(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize(("standard", "clause"), PAIRS, ids=lambda value: value.id)
def test_every_quote_stands_in_its_document(standard: Standard, clause: Clause, shared: Path) -> None:
    (document,) = (
        path
        for path in (shared / "documents").iterdir()
        if path.name.startswith(DOCUMENT[standard.id]) and path.suffix in (".txt", ".md")
    )
    assert plain(clause.quote) in plain(document.read_text(encoding="utf-8"))


@pytest.mark.parametrize("standard", all_standards(), ids=lambda standard: standard.id)
def test_the_heads_of_a_standard_stand_in_its_document(standard: Standard, shared: Path) -> None:
    (document,) = (
        path
        for path in (shared / "documents").iterdir()
        if path.name.startswith(DOCUMENT[standard.id]) and path.suffix in (".txt", ".md")
    )
    text = plain(document.read_text(encoding="utf-8"))
    assert plain(standard.title) in text
    assert plain(standard.number) in text


def test_ids_are_unique_and_begin_with_their_standard() -> None:
    ids = [clause.id for _, clause in PAIRS]
    assert len(ids) == len(set(ids))
    assert all(clause.id.startswith(f"{standard.id}/") for standard, clause in PAIRS)
    assert all(clause.number is None and clause.remedies for _, clause in PAIRS if clause.kind == "remedy")


def test_the_number_of_a_land_clause_stands_in_its_quote() -> None:
    for _, clause in COMPUTED:
        if clause.kind == "land_per_person":
            assert str(clause.number) in clause.quote


def test_standards_apply_from_the_day_they_are_in_force_to_the_day_before_repeal() -> None:
    standard = all_standards()[0].model_copy(update={"in_force": dt.date(2020, 1, 1), "repealed": dt.date(2021, 1, 1)})
    days = [dt.date(2019, 12, 31), dt.date(2020, 1, 1), dt.date(2020, 12, 31), dt.date(2021, 1, 1)]
    assert [standard.applies(day) for day in days] == [False, True, True, False]


def test_the_earliest_comes_first() -> None:
    assert all(one.in_force <= other.in_force for one, other in itertools.pairwise(all_standards()))
