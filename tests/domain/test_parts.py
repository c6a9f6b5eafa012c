"""Parts of scenarios: every key belongs to one, and a mix holds each from where it is taken."""

from itertools import combinations
from pathlib import Path

import pytest

import siting
from siting.domain.parts import PARTS, mixed, part_of, request_of
from siting.domain.scenario import Scenario

# Sections on which no figure of a check depends.
IDLE = {"candidates", "constraints", "plan", "basemap"}


def test_every_section_belongs_to_a_part_or_changes_no_figure() -> None:
    assert {name for name in Scenario.model_fields if part_of(name) is None} == IDLE


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("scenario.date", "facilities"),
        ("scenario.horizon", "settings"),
        ("walking.mode", "network"),
        ("walking.minutes", "settings"),
        ("population.elderly.from_age", "people"),
        ("context.facilities", "facilities"),
        ("units.street.people", "people"),
        ("terrain", "network"),
        ("standards.override", "rules"),
    ],
)
def test_the_part_of_a_key(key: str, part: str) -> None:
    assert part_of(key) == part


def test_a_mix_holds_each_part_as_it_is_in_the_scenario_from_which_it_is_taken(sample: Path, small: Path) -> None:
    one, other = siting.read_scenario(sample), siting.read_scenario(small)
    for count in range(len(PARTS) + 1):
        for exchanged in combinations(PARTS, count):
            raw = mixed(one.model_dump(exclude_unset=True), other.model_dump(exclude_unset=True), exchanged)
            found = Scenario.model_validate(raw)
            for part in PARTS:
                assert request_of(found, part) == request_of(other if part in exchanged else one, part)


def test_the_request_of_all_parts_tells_all_keys_that_matter(sample: Path) -> None:
    scenario = siting.read_scenario(sample)
    told = [request_of(scenario, part) for part in PARTS]
    dumped = scenario.model_dump(mode="json", exclude={"scenario": {"title"}, **dict.fromkeys(IDLE, True)})
    keys = {(section, key) for each in told for section, inner in each.items() for key in inner or ()}
    assert keys == {(section, key) for section, inner in dumped.items() if isinstance(inner, dict) for key in inner}
