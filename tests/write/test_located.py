"""Popups of sites: by what a site without coordinates was placed, how far off that may be, and whether it counts."""

from dataclasses import replace

from siting.domain.nouns import Inputs
from siting.write.webmap.popups import Popups
from siting.write.webmap.sites import draw_sites
from tests.write.conftest import assessment


def _located(inputs: Inputs) -> Inputs:
    how = ["coordinates", "community", "street"]
    facilities = inputs.facilities.assign(located_by=how, located_within_m=[0.0, 412.6, 1830.0])
    return replace(inputs, facilities=facilities)


def test_popups_say_how_a_facility_was_placed() -> None:
    before = assessment()
    popups = Popups()
    draw_sites(replace(before, inputs=_located(before.inputs)), None, popups)
    keys = [f"facility/{key}" for key in before.inputs.facilities.index]
    told = [{row[0]: row[1] for row in popups.entries[key]["r"] if row[0].startswith("located")} for key in keys]
    assert told == [
        {},
        {"located_by": {"w": "level.community"}, "located_within_m": "413"},
        {"located_by": {"w": "level.street"}, "located_within_m": "1,830"},
    ]
    assert popups.fields["located_within_m"]["zh"] == "位置误差（米）"


def test_popups_of_facilities_with_coordinates_say_nothing_of_it() -> None:
    popups = Popups()
    draw_sites(assessment(), None, popups)
    assert not {"located_by", "located_within_m"} & set(popups.fields)


def test_popups_of_facilities_that_may_or_may_not_count_say_so() -> None:
    before = assessment()
    popups = Popups()
    draw_sites(replace(before, undated=before.inputs.facilities.iloc[:1]), None, popups)
    keys = [f"facility/{key}" for key in before.inputs.facilities.index]
    assert [any(row[0] == "counts_perhaps" for row in popups.entries[key]["r"]) for key in keys] == [True, False, False]
    assert popups.fields["counts_perhaps"]["zh"] == "是否计入不定"
