"""Which clause governs where several ask for the same."""

import datetime as dt
from typing import Literal

import pytest

from siting.domain.governing import governing
from siting.domain.standards import Clause, Standard
from siting.read import standard


def _pair(
    name: str, number: float, comparison: Literal["at_least", "at_most"], *, issuer: str = "", year: int = 2020
) -> tuple[Standard, Clause]:
    """Return a document of an issuer and a year, and its clause on a share."""
    model = standard("cq-2017-162")
    clause = next(each for each in model.clauses if each.kind == "land_per_person")
    clause = clause.model_copy(update={"id": f"{name}/1", "number": number, "comparison": comparison})
    day = dt.date(year, 1, 1)
    found = model.model_copy(update={"id": name, "issuer": issuer or name, "issued": day, "in_force": day})
    return found, clause


@pytest.mark.parametrize(("comparison", "strictest"), [("at_least", "b/1"), ("at_most", "a/1")])
def test_of_several_issuers_the_number_that_asks_for_most_governs(
    comparison: Literal["at_least", "at_most"], strictest: str
) -> None:
    # A limit of 40 % asks for more than one of 50 %; a floor of 50 % for more than one of 40 %.
    pairs = [_pair("a", 0.4, comparison), _pair("b", 0.5, comparison)]
    for both in (pairs, pairs[::-1]):
        assert [clause.id for clause in governing(both, "district")] == [strictest]


def test_of_one_issuer_the_later_document_governs_though_it_asks_for_less() -> None:
    older, later = _pair("a", 0.5, "at_least", issuer="x"), _pair("b", 0.4, "at_least", issuer="x", year=2021)
    for both in ([older, later], [later, older]):
        assert [clause.id for clause in governing(both, "district")] == ["b/1"]
