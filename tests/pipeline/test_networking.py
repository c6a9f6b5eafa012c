"""Networks of tiers on the sample district: every link by the words of its rules, the screen, the map, the file."""

import json
from pathlib import Path
from typing import Any

import pytest

import siting
from siting.errors import InputError
from siting.write.links import link_texts
from siting.write.report.plan_passages import PlanTeller
from siting.write.report.records import Record, Records

SIZES = """size,for,tier,floor_area_m2,beds,cost_cny_per_m2
站,,station,200,0,4000
中心,,centre,800,20,4500
机构,,institution,1500,80,5000
"""
LINKS = {"streets": "adjoining", "within_m": 3000.0, "most_children": 5}


@pytest.fixture(scope="module")
def scenario(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> siting.Scenario:
    sizes = tmp_path_factory.mktemp("sizes") / "sizes.csv"
    sizes.write_text(SIZES, encoding="utf-8")
    plan = {"model": "network", "stations": 14, "links": LINKS, "sizes": {"path": str(sizes)}}
    return siting.change(sample, standards={"coverage": "by_tier"}, plan=plan)


@pytest.fixture(scope="module")
def network(scenario: siting.Scenario) -> siting.Plan:
    return siting.propose(scenario)


def test_every_new_station_has_one_parent_that_may_lead_it(network: siting.Plan) -> None:
    proposal, links = network.proposal, network.links
    assert links is not None
    facilities, stations = proposal.before.facilities, network.stations.set_index("id")
    streets = proposal.before.inputs.units["street"]
    spots = {**facilities.geometry.to_dict(), **stations.geometry.to_crs(facilities.crs).to_dict()}
    tiers = {**facilities["tier"].to_dict(), **stations["tier"].to_dict()}
    homes = {key: streets.index[streets.intersects(spot)][0] for key, spot in spots.items()}
    new = stations.index[stations["tier"] == "station"]
    assert set(new) <= set(links["child_id"])
    assert links["child_id"].is_unique
    for row in links.itertuples():
        assert (tiers[row.child_id], tiers[row.parent_id]) == (row.child_tier, row.parent_tier)
        assert (row.child_tier, row.parent_tier) in {("station", "centre"), ("station", "institution")}
        assert row.distance_m == round(spots[row.child_id].distance(spots[row.parent_id])) <= 3000
        assert streets.geometry[homes[row.child_id]].distance(streets.geometry[homes[row.parent_id]]) < 1.0
    today = facilities["parent_id"].value_counts()
    children = links["parent_id"].value_counts()
    assert max(children[key] + today.get(key, 0) for key in children.index) <= 5
    assert stations.loc[new, "parent_id"].tolist() == links.set_index("child_id").loc[new, "parent_id"].tolist()


def test_existing_stations_without_a_parent_get_one_as_far_as_the_rules_allow(network: siting.Plan) -> None:
    facilities, links = network.proposal.before.facilities, network.links
    assert links is not None
    stations = facilities[facilities["tier"] == "station"]
    astray = stations.index[~stations["parent_id"].isin(facilities.index[facilities["tier"] != "station"])]
    led = [key for key in links["child_id"] if key in facilities.index]
    assert set(led) <= set(astray)
    unled = next(stage for stage in network.proposal.selection.stages if stage.name == "unled")
    assert len(astray) > 0
    assert unled.objective == len(astray) - len(led)


def test_the_check_of_the_plan_finds_what_the_plan_promises(
    network: siting.Plan, scenario: siting.Scenario, tmp_path: Path
) -> None:
    path = tmp_path / "plan.geojson"
    network.to_file(path)
    after = siting.check(scenario, plan=path)
    short = network.shortfalls
    assert short is not None
    places = {(row.level, row.id) for row in short.itertuples()}
    rows = after.clauses.reset_index()
    gaps = rows[rows["clause_id"].eq("cq-2019-129/2-1-coverage") & (rows["verdict"] == "gap")]
    assert {(row.level, row.id) for row in gaps.itertuples() if row.level in ("street", "community")} == places
    assert len(places) > 0
    covered = next(stage for stage in network.proposal.selection.stages if stage.name == "covered")
    gained = after.totals["elderly_covered"] - network.proposal.before.totals["elderly_covered"]
    assert gained == pytest.approx(covered.objective, abs=1e-6)
    written = json.loads(path.read_text(encoding="utf-8"))
    assert network.links is not None
    assert written["links"] == network.links.to_dict("records")


def test_no_network_that_is_tighter_covers_more(network: siting.Plan, scenario: siting.Scenario) -> None:
    tight: dict[str, Any] = {"streets": "same", "within_m": 800.0, "most_children": 2}
    found = siting.propose(scenario, links=tight)
    free, held = ([stage.objective for stage in each.proposal.selection.stages] for each in (network, found))
    assert found.links is not None
    assert found.links["distance_m"].max() <= 800
    assert (held[0], held[1], -held[2]) > (free[0], free[1], -free[2])


def test_centres_need_institutions_if_the_rules_say_so(scenario: siting.Scenario) -> None:
    found = siting.propose(scenario, links={**LINKS, "centres": True})
    assert found.links is not None
    stations = found.stations.set_index("id")
    centres = stations.index[stations["tier"] == "centre"]
    assert len(centres) > 0
    parents = found.links.set_index("child_id")["parent_tier"]
    assert set(parents[centres]) == {"institution"}


def test_the_map_and_the_words_name_parents(network: siting.Plan, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    network.explore().save(path)
    assert "带动关系" in path.read_text(encoding="utf-8")
    assert network.links is not None
    texts = [line.text for line in link_texts(network.proposal, "en")]
    assert texts[0].startswith(f"{len(network.links)} facilities get a parent")
    told = {key for key in network.links["parent_id"] if any(f"({key}) leads" in text for text in texts)}
    assert len(told) == min(8, network.links["parent_id"].nunique())


def test_the_volume_tells_objectives_unmet_clauses_and_links_with_their_paths(
    network: siting.Plan, tmp_path: Path
) -> None:
    path = tmp_path / "plan.geojson"
    network.to_file(path)
    plan = Record("data/plan.geojson", (), json.loads(path.read_text(encoding="utf-8")))
    records = Records(plan, Record("data/report.json", (), {"facilities": []}), plan)
    units = {key: str(name) for key, name in network.proposal.before.inputs.units["community"]["name"].items()}
    told = list(PlanTeller(records, "zh", plan, units, {}).passages())
    figures = [figure for passage in told for figure in passage.figures]
    assert len(figures) > 30
    for each in figures:
        steps = each.path.split("#/")[1].split("/")
        found: Any = plan.values
        for step in steps:
            found = found[int(step)] if isinstance(found, list) else found[step]
        assert float(each.text.replace(",", "")) == pytest.approx(found, abs=0.5)
    text = "".join(passage.text for passage in told)
    assert network.links is not None
    assert text.count("带动，直线距离") == min(12, len(network.links))
    assert "仍无上级的现有设施" in text


def test_facilities_that_change_are_refused(scenario: siting.Scenario) -> None:
    with pytest.raises(InputError) as refused:
        siting.propose(scenario, upgradable=["F010"])
    assert "plan_network_with_changes" in [fault.code for fault in refused.value.faults]


def test_links_belong_to_networks_alone(sample: Path) -> None:
    with pytest.raises(InputError) as refused:
        siting.propose(sample, model="mclp", stations=3, links=LINKS)
    assert [fault.code for fault in refused.value.faults] == ["plan_setting_of_other_model"]
