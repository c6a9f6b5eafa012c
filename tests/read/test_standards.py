"""Standards: which apply, and what is told when none does."""

import datetime as dt

import pytest

from siting.domain.scenario import StandardsChoice
from siting.errors import InputError
from siting.read import all_standards, load_standards, standard
from tests.read.case import Case

TODAY = dt.date(2026, 1, 1)


def _ids(date: dt.date = TODAY, **choice: object) -> list[str]:
    return [each.id for each in load_standards(StandardsChoice.model_validate(choice), date)]


def test_the_catalogue_is_in_order_of_force() -> None:
    dates = [each.in_force for each in all_standards()]
    assert dates == sorted(dates)
    assert {"cq-2017-162", "cq-2019-129"} <= {each.id for each in all_standards()}


def test_a_standard_is_found_by_its_id() -> None:
    assert standard("cq-2017-162").number == "渝府办发〔2017〕162号"


@pytest.mark.parametrize("place", ["重庆市", "重庆市南岸区"])
def test_a_place_is_ruled_by_its_parents(place: str) -> None:
    assert {"cq-2017-162", "cq-2019-129"} <= set(_ids(place=place))


def test_force_begins_on_the_day() -> None:
    assert "cq-2019-129" in _ids(dt.date(2019, 12, 30), place="重庆市")
    assert "cq-2019-129" not in _ids(dt.date(2019, 12, 29), place="重庆市")


def test_the_order_in_which_ids_are_named_does_not_matter() -> None:
    assert _ids(ids=["cq-2019-129", "cq-2017-162"]) == ["cq-2017-162", "cq-2019-129"]


def test_every_unknown_standard_is_told_with_those_there_are() -> None:
    with pytest.raises(InputError) as caught:
        _ids(ids=["cq-1900-1", "cq-2019-129", "x"])
    assert [(fault.code, fault.found) for fault in caught.value.faults] == [
        ("unknown_standard", "cq-1900-1"),
        ("unknown_standard", "x"),
    ]
    assert "cq-2017-162, cq-2019-129" in caught.value.message("en")
    with pytest.raises(InputError, match="x"):
        standard("x")


@pytest.mark.parametrize(
    ("choice", "date", "code"),
    [
        ({"place": "成都市"}, TODAY, "no_standard_in_force"),
        ({"place": "重庆市"}, dt.date(2000, 1, 1), "no_standard_in_force"),
        ({"place": ""}, TODAY, "no_standard_in_force"),
        ({"ids": []}, TODAY, "no_standard_in_force"),
        ({"ids": ["cq-2019-129"]}, dt.date(2018, 1, 1), "standard_not_in_force"),
    ],
)
def test_nothing_in_force_is_a_fault(choice: dict[str, object], date: dt.date, code: str) -> None:
    with pytest.raises(InputError) as caught:
        _ids(date, **choice)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_an_unknown_standard_comes_with_the_faults_of_the_layers(case: Case) -> None:
    case.sections["standards"] = 'ids = ["cq-2099-1"]'
    (case.folder / "facilities.csv").unlink()
    assert [fault.code for fault in case.faults()] == ["unknown_standard", "missing_file"]
