"""The public interface: nouns, settings that are changed in code, plans in memory."""

from pathlib import Path

import pytest

import siting
from siting.errors import InputError
from siting.text import LANGS


@pytest.mark.parametrize("name", siting.__all__)
def test_what_is_public_is_there_and_documented(name: str) -> None:
    found = getattr(siting, name)
    assert name == "__version__" or found.__doc__


def test_what_is_not_public_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = siting.Nothing


def test_nothing_changed_is_the_same_scenario(sample: Path) -> None:
    scenario = siting.read_scenario(sample)
    assert siting.change(scenario) == scenario
    assert siting.change(scenario, walking={}) == scenario


def test_a_changed_scenario_is_that_of_a_file_that_says_so(small: Path) -> None:
    text = small.read_text(encoding="utf-8")
    scenario = siting.read_scenario(small)
    minutes = scenario.walking.minutes
    assert f"minutes = {minutes:g}" in text
    other = small.with_name("other.toml")
    other.write_text(text.replace(f"minutes = {minutes:g}", "minutes = 7"), encoding="utf-8")
    assert siting.change(scenario, walking={"minutes": 7}) == siting.read_scenario(other)
    # The scenario itself stays as it is.
    assert scenario.walking.minutes == minutes


def test_the_section_of_title_and_date_is_changed_like_any_other(sample: Path) -> None:
    found = siting.change(sample, scenario={"date": "2027-01-01", "horizon": 2035})
    assert (found.scenario.date.isoformat(), found.scenario.horizon) == ("2027-01-01", 2035)


def test_a_section_is_taken_away(sample: Path) -> None:
    assert siting.change(sample, terrain=None).terrain is None


@pytest.mark.parametrize(
    ("sections", "codes"),
    [
        ({"walking": {"minuts": 10}}, [("unknown_key", "walking.minuts", "walking.minutes")]),
        ({"walking": {"minutes": -1}}, [("out_of_range", "walking.minutes", "≥ 0.001")]),
        (
            {"plan": {"share": 2}, "walks": {}},
            [("out_of_range", "plan.share", "≤ 1.0"), ("unknown_key", "walks", "walkers")],
        ),
    ],
)
def test_what_a_file_may_not_say_is_refused(sample: Path, sections: dict[str, object], codes: list[object]) -> None:
    with pytest.raises(InputError) as refused:
        siting.change(sample, **sections)
    assert [(fault.code, fault.field, fault.expected) for fault in refused.value.faults] == codes
    assert all(refused.value.message(lang) for lang in LANGS)


def test_any_key_of_the_plan_may_be_asked_for(small: Path) -> None:
    asked = siting.propose(small, stations=2, spacing_m=300.0, most_per_unit=1)
    written = siting.propose(siting.change(small, plan={"stations": 2, "spacing_m": 300.0, "most_per_unit": 1}))
    assert asked.stations["candidate_id"].tolist() == written.stations["candidate_id"].tolist()
    with pytest.raises(InputError) as refused:
        siting.propose(small, stations=2, spacing=300.0)
    assert [(fault.code, fault.field) for fault in refused.value.faults] == [("unknown_key", "plan.spacing")]


def test_a_plan_in_memory_counts_as_its_file_does(small: Path, tmp_path: Path) -> None:
    plan = siting.propose(small, stations=2)
    plan.to_file(tmp_path / "plan.geojson")
    one, other = (siting.check(small, plan=each) for each in (plan, tmp_path / "plan.geojson"))
    assert one.totals == other.totals
    assert one.totals["covered_share"] == plan.after.totals["covered_share"]
    lines = [siting.funding(small, plan=each).lines for each in (plan, tmp_path / "plan.geojson")]
    assert lines[0].equals(lines[1])
