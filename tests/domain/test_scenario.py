"""The scenario: strict, frozen, and known by its fingerprint."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from siting.domain.scenario import Scenario, Walking, fingerprint
from siting.domain.walkers import WALKERS
from tests.helpers import scenario, settings_of

FULL: dict[str, Any] = {
    "scenario": {"title": "t", "date": "2026-01-01", "horizon": 2035},
    "standards": {"place": "重庆市"},
    "population": {
        "residents": {"path": "r.tif", "unit": "persons per cell"},
        "elderly": {"pattern": "e_{age}.tif", "from_age": 65, "unit": "persons per ha"},
        "planned_residents": {"path": "p.tif", "unit": "persons per km2", "crs": "EPSG:4490"},
        "elderly_share": 0.22,
        "land_basis": "resident_planned",
    },
    "units": {
        "district": {"union_of": "street", "name": "d"},
        "street": {"path": "s.gpkg", "layer": "l", "columns": {"id": "XZQDM"}, "defaults": {"kind": "街道"}},
    },
    "residential_areas": {"path": "a.gpkg", "encoding": "gb18030"},
    "facilities": {"path": "f.csv", "crs": "gcj02", "complete": True, "land_at_most_m2": {"station": 400.0}},
    "candidates": {"path": "c.csv", "empty": True},
    "constraints": {"exclude": {"flood": {"path": "x.gpkg", "clause": "河道管理范围"}}},
    "network": {"path": "n.gpkg"},
    "terrain": {"path": "t.tif", "crs": "EPSG:4490"},
    "walking": {"minutes": 12.0, "detour": 1.3},
    "circle": {"pass_share": 0.8, "tiers": ["station"], "levels": ["street"]},
    "land": {"institution_minutes": 30.0},
    "context": {"complete": True},
    "plan": {"stations": 3, "budget_cny": 1e6, "max_nodes": 10, "time_limit_s": 5.0, "seed": 1},
    "basemap": {"water": {"path": "w.gpkg", "style": "water"}},
}


def sections(value: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all tables of a scenario that have keys of their own."""
    if isinstance(value, dict):
        if where and where[-1] not in ("units", "exclude", "basemap", "columns", "defaults", "land_at_most_m2"):
            yield where
        for key, inner in value.items():
            yield from sections(inner, (*where, key))


def put(table: dict[str, Any], where: tuple[str, ...], key: str, value: Any) -> dict[str, Any]:
    """A copy of a nested table with one more key."""
    if not where:
        return {**table, key: value}
    return {**table, where[0]: put(table[where[0]], where[1:], key, value)}


def test_the_full_scenario_is_valid() -> None:
    assert Scenario.model_validate(FULL).plan.stations == 3


@pytest.mark.parametrize("where", [(), *sections(FULL)], ids=".".join)
def test_unknown_keys_are_refused_everywhere(where: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Scenario.model_validate(put(FULL, where, "unheard_of", 1))


@pytest.mark.parametrize("section", [None, "scenario", "walking", "circle", "plan", "facilities"])
def test_nothing_can_be_changed_in_place(section: str | None) -> None:
    found = Scenario.model_validate(FULL)
    target: BaseModel = found if section is None else getattr(found, section)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(target, next(iter(type(target).model_fields)), None)


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        ((), "network", None),
        (("standards",), "ids", ["cq-2019-129"]),
        (("standards",), "place", None),
        (("population", "residents"), "pattern", "r_{age}.tif"),
        (("population", "elderly"), "pattern", "e.tif"),
        (("population", "residents"), "unit", "persons"),
        (("population",), "elderly_share", 0.0),
        (("population",), "elderly_share", 1.01),
        (("units", "street"), "union_of", "community"),
        (("units", "district"), "union_of", None),
        (("units",), "province", {"path": "p.gpkg"}),
        (("walking",), "max_minutes", 11.9),
        (("walking",), "minutes", 0.0),
        (("walking",), "detour", 0.99),
        (("walking",), "attach_limit_m", float("inf")),
        (("walking",), "walker", "runner"),
        (("circle",), "pass_share", 0.0),
        (("circle",), "tiers", ["institution"]),
        (("scenario",), "horizon", 1999),
        (("scenario",), "horizon", "current"),  # the basis is that of a plan
        (("population",), "land_basis", "elderly60"),  # the grid counts from 65
        (("scenario",), "horizon", "later"),
        (("facilities",), "complete", None),
        (("plan",), "stations", -1),
        (("facilities", "land_at_most_m2"), "station", -1.0),
    ],
)
def test_what_makes_no_sense_is_refused(where: tuple[str, ...], key: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Scenario.model_validate(put(FULL, where, key, value))


def test_nobody_at_all_is_refused() -> None:
    with pytest.raises(ValidationError, match="give residents, elderly or both"):
        scenario(population={"residents": None, "elderly": None})


def test_completeness_of_the_ledger_must_be_said() -> None:
    facilities = {key: value for key, value in FULL["facilities"].items() if key != "complete"}
    with pytest.raises(ValidationError, match="complete"):
        Scenario.model_validate({**FULL, "facilities": facilities})


def test_a_straight_line_needs_no_network_but_must_be_asked_for() -> None:
    assert scenario(network=None, walking={"mode": "straight_line"}).network is None


def test_defaults_are_those_of_the_definitions() -> None:
    walking = Walking()
    assert (walking.mode, walking.minutes, walking.max_minutes) == ("network", 15, 60)
    assert (walking.direction, walking.slope, walking.attach_limit_m) == ("slower", True, 200)
    assert WALKERS[walking.walker].flat == 0.8
    bare = scenario()
    assert (bare.circle.pass_share, bare.circle.tiers) == (0.9, ("centre", "station"))
    assert bare.context.complete is False


# --- fingerprint ------------------------------------------------------------------------------------------------------

DIGESTS = {"facilities": "aa", "network": "bb"}


def leaves(value: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*where, key))
    else:
        yield where, value


CHANGED: dict[tuple[str, ...], Any] = {
    ("scenario", "date"): "2026-01-02",
    ("scenario", "horizon"): 2036,
    ("population", "elderly", "from_age"): 60,
    ("population", "elderly", "unit"): "persons per cell",
    ("population", "residents", "unit"): "persons per ha",
    ("population", "planned_residents", "unit"): "persons per ha",
    ("population", "land_basis"): "registered",
    ("units", "district", "union_of"): "community",
    ("circle", "tiers"): ["centre"],
    ("circle", "levels"): ["community"],
    ("basemap", "water", "style"): "green",
}


def other(where: tuple[str, ...], value: Any) -> Any:
    if where in CHANGED:
        return CHANGED[where]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value * 0.99 + 1.5 if value > 1 else value * 0.9
    return f"{value}1"


SETTINGS = [(where, value) for where, value in leaves(FULL) if where[-1] not in ("path", "pattern")]


@pytest.mark.parametrize(("where", "value"), SETTINGS, ids=[".".join(where) for where, _ in SETTINGS])
def test_the_fingerprint_changes_with_every_setting(where: tuple[str, ...], value: Any) -> None:
    changed = other(where, value)
    if where == ("plan", "stations") or where[-1] in ("seed", "max_nodes"):
        changed = value + 1
    one = Scenario.model_validate(FULL)
    two = Scenario.model_validate(put(FULL, where[:-1], where[-1], changed))
    assert one != two
    assert fingerprint(one, DIGESTS) != fingerprint(two, DIGESTS)


def test_the_fingerprint_changes_with_every_default_that_is_changed() -> None:
    bare = scenario()
    prints = {fingerprint(bare, DIGESTS)}
    changes: list[dict[str, dict[str, Any]]] = [
        {"walking": {"slope": False}},
        {"walking": {"direction": "both_ways"}},
        {"walking": {"walker": "frail"}},
        {"walking": {"mode": "straight_line"}},
        {"walking": {"attach_limit_m": 100.0}},
        {"walking": {"max_minutes": 45.0}},
        {"facilities": {"complete": False}},
        {"context": {"complete": True}},
        {"population": {"spread": True}},
    ]
    prints |= {fingerprint(settings_of(bare, **change), DIGESTS) for change in changes}
    assert len(prints) == len(changes) + 1


def test_the_fingerprint_changes_with_every_digest_and_with_whose_it_is() -> None:
    found = Scenario.model_validate(FULL)
    digests = [
        DIGESTS,
        {"facilities": "ab", "network": "bb"},
        {"facilities": "bb", "network": "aa"},
        {"facilities": "aa"},
        {**DIGESTS, "terrain": "cc"},
    ]
    assert len({fingerprint(found, each) for each in digests}) == len(digests)


def test_the_fingerprint_knows_no_path_and_no_order() -> None:
    elsewhere = FULL
    for where, value in leaves(FULL):
        if where[-1] in ("path", "pattern"):
            elsewhere = put(elsewhere, where[:-1], where[-1], str(Path("elsewhere") / value))
    one, two = Scenario.model_validate(FULL), Scenario.model_validate(elsewhere)
    assert one != two
    turned = dict(reversed(DIGESTS.items()))
    assert fingerprint(one, DIGESTS) == fingerprint(two, turned)


def test_defaults_written_out_are_the_same_scenario() -> None:
    bare = scenario()
    written = Scenario.model_validate(bare.model_dump())
    assert fingerprint(bare, DIGESTS) == fingerprint(written, DIGESTS)
    assert fingerprint(scenario(walking={"minutes": 15}), {}) == fingerprint(scenario(walking={"minutes": 15.0}), {})


def test_the_fingerprint_is_a_sha256_in_hexadecimal() -> None:
    found = fingerprint(scenario(), {})
    assert len(found) == 64
    assert int(found, 16) > 0
