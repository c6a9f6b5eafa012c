"""Stations anywhere on the network: the page walks from them as the library does."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import siting
from siting.domain.what_if import Streets
from siting.errors import InputError
from siting.pipeline.what_if import streets as held_streets
from tests.what_if.conftest import Held, held
from tests.what_if.placed import library_walks, random_places, walked
from tests.what_if.test_differential import EDITS, differ

DIRECTIONS = ("to_facility", "from_facility", "slower", "both_ways")


def compared(held: Held, count: int, seed: int) -> int:
    """Compare the cells that stations at random points reach, at every cut-off; return how many there are."""
    found = walked(held, random_places(held, count, seed))
    numbers = held.found.people.cells.index.to_numpy()
    theirs = library_walks(held, [each["place"] for each in found])
    for ours, theirs_ in zip(found, theirs, strict=True):
        reached = dict(zip(numbers[ours["cell"]].tolist(), ours["step"], strict=True))
        assert reached == theirs_, ours["place"]
    return sum(map(len, theirs))


def test_walks_from_anywhere_are_those_of_the_library(sampled: Held) -> None:
    assert compared(sampled, 100, seed=61) > 20_000


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_walks_in_each_direction(small: Path, tmp_path: Path, direction: str) -> None:
    scenario = siting.change(siting.read_scenario(small), walking={"direction": direction})
    plan = siting.propose(scenario)
    assert compared(held(plan, tmp_path), 40, seed=4) > 100


def test_edits_with_stations_anywhere_are_measured_as_the_library_does(sampled: Held) -> None:
    assert differ(sampled, max(25, EDITS // 4), seed=33, placed=True) > 25 * 500


def test_where_a_page_cannot_hold_the_network_stations_stand_on_candidates(
    sampled: Held, plan: siting.results.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(sampled.found.streets, Streets)
    monkeypatch.setattr(held_streets, "_MOST_NUMBERS", 10_000)
    assert held(plan, tmp_path).found.streets is None


# --- the plan's file ---


def feature(place: Any, **told: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": told, "geometry": {"type": "Point", "coordinates": place}}


def written(folder: Path, *features: dict[str, Any]) -> Path:
    path = folder / "plan.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "result": "plan", "features": features}), encoding="utf-8")
    return path


@pytest.mark.usefixtures("walks_once")
def test_a_station_at_a_candidates_point_counts_as_the_candidate_does(
    sample: Path, plan: siting.results.Plan, tmp_path: Path
) -> None:
    places = plan.proposal.stations.to_crs(4326)
    three = places.iloc[:3]
    by_name = [feature(None, rank=i + 1, candidate_id=key) for i, key in enumerate(three["candidate_id"])]
    lands = plan.proposal.before.inputs.candidates["land_m2"][three["candidate_id"]]
    by_point = [
        feature([point.x, point.y], name=f"站点{i}", land_m2=None if math.isnan(land) else land)
        for i, (point, land) in enumerate(zip(three.geometry, lands, strict=True))
    ]
    first, second = (
        siting.check(sample, plan=written(tmp_path, *features)).assessment for features in (by_name, by_point)
    )
    for name in ("elderly_covered", "covered_share"):
        assert first.totals[name] == pytest.approx(second.totals[name], abs=1e-6)
    assert first.totals["elderly_covered"] > plan.before.totals["elderly_covered"]
    covered = [each.places["elderly_covered"].to_numpy(dtype=float) for each in (first, second)]
    assert covered[0] == pytest.approx(covered[1], abs=1e-6, nan_ok=True)
    read = siting.read_plan(sample, written(tmp_path, *by_point))
    assert read.stations["candidate_id"].tolist() == ["placed-1", "placed-2", "placed-3"]
    assert read.stations["name"].tolist() == ["站点0", "站点1", "站点2"]


@pytest.mark.usefixtures("walks_once")
def test_a_station_counts_in_the_unit_that_the_plan_names(
    sample: Path, plan: siting.results.Plan, tmp_path: Path
) -> None:
    station = plan.proposal.stations.iloc[:1]
    point = station.to_crs(4326).geometry.iloc[0]
    streets = plan.proposal.before.inputs.units["street"]
    street = str(streets.index[~streets.contains(station.geometry.iloc[0])][0])

    def land(**told: Any) -> float:
        path = written(tmp_path, feature([point.x, point.y], land_m2=4321.0, **told))
        return float(siting.check(sample, plan=path).assessment.places.loc[("street", street), "land_provided_m2"])

    before = float(plan.proposal.before.places.loc[("street", street), "land_provided_m2"])
    assert land() == pytest.approx(before)
    assert land(street_id=street) == pytest.approx(before + 4321.0)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"type": "Feature", "properties": {"rank": 1}, "geometry": None}, "plan_station_without_point"),
        (feature(["a", 2]), "plan_station_without_point"),
        (feature([107.42, 29.7], land_m2=-1), "plan_station_bad_figure"),
        (feature([107.42, 29.7], cost_cny="1"), "plan_station_bad_figure"),
        (feature([107.42, 29.7], street_id="nowhere"), "plan_station_unknown_unit"),
        (feature([107.42, 29.7], id="C001"), "plan_station_id_taken"),
    ],
)
@pytest.mark.usefixtures("walks_once")
def test_wrong_stations_are_refused(sample: Path, tmp_path: Path, wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as refused:
        siting.check(sample, plan=written(tmp_path, wrong))
    assert [fault.code for fault in refused.value.faults] == [code]
