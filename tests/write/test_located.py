"""The map says of a site without coordinates by what it was placed, and how far off that may be."""

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
