"""The cheapest plan with which every community has a facility or shares one, against every choice there is."""

import itertools
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from siting import pipeline
from siting.domain.nouns import Inputs
from siting.domain.tables import SIZE_COLUMNS
from siting.pipeline import Planned
from siting.read import standard
from tests.helpers import box, candidates, facilities, inputs, raster, scenario, straight, units, with_settings

COVERAGE = "cq-2019-129/2-1-coverage"
# Six communities of 500 m in a row, each one cell; people walk 600 m, so a site reaches those on both sides.
COSTS = [3e6, 2.5e6, 1e6, 2e6, 3.5e6, 1.5e6]
CELL = 500.0


def row(*, shared_from: float | None, stands: tuple[int, ...] = (), **plan: Any) -> Inputs:
    communities = {f"u{i}": box(CELL * i, 0, CELL * (i + 1), CELL) for i in range(6)}
    middle = [(CELL * i + 250, 250.0) for i in range(6)]
    return inputs(
        settings=scenario(
            walking=straight(minutes=600 / 0.8 / 60),
            plan={"model": "compliance", "clauses": [COVERAGE], **plan},
            units={"district": {"path": "d.gpkg"}, "community": {"path": "c.gpkg"}},
            circle={"shared_from": shared_from},
        ),
        residents=raster([[500.0] * 6], CELL),
        elderly=raster([[100.0] * 6], CELL),
        places={
            "community": units(communities).assign(kind="社区"),
            "district": units({"d": box(0, 0, 6 * CELL, CELL)}),
        },
        premises=candidates({f"c{i}": (middle[i], {"capital_cost_cny": COSTS[i]}) for i in range(6)}),
        ledger=facilities({f"f{i}": (middle[i], {"land_m2": 100.0}) for i in stands}),
        standards=(standard("cq-2019-129"),),
    )


def proposed(given: Inputs) -> Planned:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        return pipeline.propose(given.scenario)


def chosen(planned: Planned) -> set[int]:
    return {int(key[1:]) for key in planned.proposal.stations["candidate_id"]}


def cheapest(standing: set[int]) -> set[int]:
    """The cheapest sites with which, and with what stands, every community has one or is next to one."""
    plans = [set(sites) for count in range(7) for sites in itertools.combinations(range(6), count)]
    served = [plan for plan in plans if {near for i in plan | standing for near in (i - 1, i, i + 1)} >= {*range(6)}]
    return min(served, key=lambda plan: sum(COSTS[i] for i in plan))


def verdicts(planned: Planned, level: str = "community") -> set[str]:
    checks = planned.proposal.after.checks
    asked = (checks["clause_id"] == COVERAGE).to_numpy() & (checks["level"] == level).to_numpy()
    return {*checks["verdict"][asked]}


def test_without_sharing_every_community_needs_its_own() -> None:
    found = proposed(row(shared_from=None))
    assert (chosen(found), found.solution.status) == ({*range(6)}, "optimal")
    assert found.solution.objective == sum(COSTS)


@pytest.mark.parametrize("stands", [(), (0,), (2, 5)])
def test_the_cheapest_plan_shares(stands: tuple[int, ...]) -> None:
    found = proposed(row(shared_from=0.9, stands=stands))
    best = cheapest({*stands})
    assert (chosen(found), found.solution.status) == (best, "optimal")
    # Of streets there is no layer, so nothing is known of them.
    assert (verdicts(found), verdicts(found, "district")) == ({"met"}, {"met", "no_data"})
    shared = found.proposal.after.places.loc["community", "shared_facility"].dropna()
    assert set(shared.index) == {f"u{i}" for i in {*range(6)} - best - {*stands}}
    assert "shared_facilities" in found.proposal.after.totals["warnings"]


def test_what_is_enlarged_is_shared_if_only_centres_are() -> None:
    # As a centre the station in the third community serves both sides; all other communities need their own.
    larger = {"size": "centre", "for": "existing", "tier": "centre", "land_m2": 900.0, "cost_cny": 5e5}
    table = pd.DataFrame([{column.key: larger.get(column.key) for column in SIZE_COLUMNS}])
    given = row(shared_from=0.9, stands=(2,), upgradable=["f2"])
    found = proposed(replace(with_settings(given, circle={"tiers": ("centre",)}), sizes=table))
    assert (chosen(found), found.proposal.changes["action"].to_dict()) == ({0, 4, 5}, {"f2": "enlarge"})
    assert verdicts(found) == {"met"}


def test_what_is_closed_makes_room_where_a_number_of_stations_is_given() -> None:
    found = proposed(row(shared_from=0.9, stands=(0,), closable=["f0"], stations=1))
    assert (chosen(found), found.solution.status) == ({1, 4}, "optimal")
    assert found.proposal.changes["action"].to_dict() == {"f0": "close"}
    assert verdicts(found) == {"met"}


def test_what_cannot_be_shared_by_anybody_is_told_with_its_clause() -> None:
    found = proposed(row(shared_from=0.9, forbidden=["c4", "c5"]))
    short = found.proposal.shortfalls
    assert short is not None
    assert short["id"].tolist() == ["u5"]
    assert chosen(found) == {1, 3}
    assert getattr(found.solution, "clauses", None) == ((f"{COVERAGE}@community",), ())
