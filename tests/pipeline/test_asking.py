"""What stands in a request: which facilities count, what closing is worth, and what spacing bars."""

import math
from dataclasses import replace
from typing import Any

import pytest

from siting.domain.nouns import Inputs
from siting.errors import InputError
from tests.helpers import raster
from tests.pipeline.test_planning import CELL, PEOPLE, covered, ids, proposed, sizes, strip


def with_institution(given: Inputs) -> Inputs:
    """The same with the facilities as institutions that serve nobody around them."""
    ledger = given.facilities.assign(tier="institution", serves_community=False)
    return replace(given, facilities=ledger)


@pytest.mark.parametrize("model", ["mclp", "lscp"])
def test_what_does_not_count_for_the_circle_covers_nobody_when_it_grows(model: str) -> None:
    large = sizes({"size": "large", "for": "existing", "floor_area_m2": 1e5, "land_m2": 1e5, "cost_cny": 1.0})
    given = replace(with_institution(strip(stands=(0,), upgradable=["f0"], stations=1, share=0.5)), sizes=large)
    found = proposed(given, model=model)
    assert found.proposal.before.totals["elderly_covered"] == 0
    # The sites alone are worth their cells; the institution in cell 0 is worth nothing, in whatever size.
    assert covered(found) == sum(PEOPLE[int(key[1:])] for key in ids(found))
    assert covered(found) >= (0.5 * sum(PEOPLE) if model == "lscp" else PEOPLE[0])
    assert found.solution.objective == (covered(found) if model == "mclp" else len(ids(found)))


def test_closing_what_serves_nobody_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        proposed(with_institution(strip(stands=(0,), closable=["f0"])))
    assert [(fault.code, fault.field) for fault in caught.value.faults] == [("plan_closable_serves_nobody", "closable")]


@pytest.mark.parametrize("least", ["stations", "cost"])
def test_nothing_is_closed_where_no_number_makes_room(least: str) -> None:
    asked: dict[str, Any] = {"stations": None, "share": 0.6, "least": least}
    free = proposed(strip(stands=(3,), closable=["f3"], **asked), model="lscp")
    kept = proposed(strip(stands=(3,), **asked), model="lscp")
    assert ids(free) == ids(kept)
    assert free.solution.objective == kept.solution.objective
    assert free.proposal.changes.empty
    budget = proposed(strip(stands=(3,), closable=["f3"], stations=None, budget_cny=1e6))
    assert (ids(budget), len(budget.proposal.changes)) == (["c0"], 0)


def test_what_stands_takes_no_place_among_the_new_stations_of_a_unit() -> None:
    found = proposed(strip(stands=(9,), closable=["f9"], stations=0, most_per_unit=0))
    assert (ids(found), len(found.proposal.changes)) == ([], 0)
    assert covered(found) == PEOPLE[9]


def test_sites_beside_what_stands_are_barred_by_the_spacing_and_said_to_be() -> None:
    found = proposed(strip(stands=(2,), stations=None, spacing_m=600.0, share=0.9), model="lscp")
    blocked = found.proposal.blocked
    assert blocked is not None
    # Cells 1 and 3 lie 500 m from the station in cell 2: 390 of 550 can be covered, but for the spacing all.
    assert set(blocked["rules"]) == {"spacing", "share"}
    assert "spacing" in blocked["remedies"]
    assert blocked["unreached_elderly"] == 0
    assert found.proposal.selection.status == "infeasible"


def test_a_forced_site_is_not_barred_by_what_stands() -> None:
    assert "c1" in ids(proposed(strip(stands=(2,), spacing_m=600.0, forced=["c1"])))


def test_without_any_candidate_there_is_nothing_to_propose() -> None:
    given = strip()
    with pytest.raises(InputError) as caught:
        proposed(replace(given, candidates=given.candidates.iloc[:0]))
    assert [fault.code for fault in caught.value.faults] == ["plan_no_candidates"]


def test_another_cut_off_leaves_the_rows_as_they_are() -> None:
    # Nobody is near the only station, until the walk is three times as long.
    given = strip(stands=(9,), share=1.0, forbidden=["c0"])
    far = given.facilities.set_geometry(given.facilities.geometry.translate(1500.0, 0.0))
    found = proposed(replace(given, facilities=far), model="lscp")
    assert found.proposal.selection.status == "infeasible"
    assert found.question.standing == 1
    blocked = found.proposal.blocked
    assert blocked is not None
    # From c1 it is 500 m to cell 0, and 450 m were walked.
    assert blocked["unreached_elderly"] == PEOPLE[0]
    assert blocked["least"]["minutes"]["value"] == pytest.approx(math.ceil(500 / 0.8 / 60))


def test_a_share_is_of_what_people_count() -> None:
    asked = {"stands": (), "stations": None, "share": 0.45}
    plain = proposed(strip(**asked), model="lscp")
    # Of 550 persons 247.5 live in the three cells with most.
    assert len(ids(plain)) == 3
    given = strip(**asked, weights={"old": 100.0})
    cells = [0.0] * 9 + [PEOPLE[9]]
    population = replace(given.population, groups={"old": raster([cells], CELL)})
    weighed = proposed(replace(given, population=population), model="lscp")
    # 540 persons count once and ten a hundredfold: of 1,540 at least 693 are asked for.
    assert ids(weighed) == ["c9"]
    assert weighed.proposal.stations["elderly_new"].tolist() == [PEOPLE[9]]
