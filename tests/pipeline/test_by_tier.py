"""The cheapest plan with a centre in each street and a station in each community, against every choice there is."""

import itertools
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from siting.domain.nouns import Inputs
from siting.domain.tables import SIZE_COLUMNS
from siting.pipeline import Planned
from siting.text import LANGS
from siting.write.geojson import facts
from siting.write.unmet import unmet_texts
from tests.helpers import box, candidates, facilities, units, with_settings
from tests.pipeline.test_sharing import CELL, proposed, row, verdicts

MIDDLE = [(CELL * i + 250, 250.0) for i in range(6)]
# Six communities in a row, three to a street; each has a site whose rooms cost by the square metre.
FLOORS = [300.0, 250.0, 100.0, 200.0, 350.0, 150.0]
COST = {"station": 5e5, "centre": 1.2e6}
PER_M2 = {"station": 1e3, "centre": 3e3}
SIZES = [{"size": tier, "tier": tier, "cost_cny": COST[tier], "cost_cny_per_m2": PER_M2[tier]} for tier in COST]
ENLARGED = {"size": "to_centre", "for": "existing", "tier": "centre", "cost_cny": 8e5}


def tiers(
    *sizes: dict[str, Any], stands: dict[int, str] | None = None, shared_from: float | None = None, **plan: Any
) -> Inputs:
    given = with_settings(
        row(shared_from=shared_from, **plan), circle={"shared_from": shared_from}, standards={"coverage": "by_tier"}
    )
    streets = {f"s{i}": box(3 * i * CELL, 0, 3 * (i + 1) * CELL, CELL) for i in range(2)}
    return replace(
        given,
        units={**given.units, "street": units(streets).assign(kind="街道")},
        candidates=candidates({f"c{i}": (MIDDLE[i], {"floor_area_m2": FLOORS[i]}) for i in range(6)}),
        facilities=facilities(
            {f"f{i}": (MIDDLE[i], {"tier": tier, "land_m2": 100.0}) for i, tier in (stands or {}).items()}
        ),
        sizes=pd.DataFrame([{column.key: each.get(column.key) for column in SIZE_COLUMNS} for each in sizes])
        if sizes
        else None,
    )


def built(planned: Planned) -> dict[int, str]:
    stations = planned.proposal.stations
    return {int(key[1:]): tier for key, tier in zip(stations["candidate_id"], stations["tier"], strict=True)}


def price(plan: dict[int, str]) -> float:
    return sum(COST[tier] + PER_M2[tier] * FLOORS[i] for i, tier in plan.items())


def cheapest(stands: dict[int, str], *, near: int) -> dict[int, str]:
    """The cheapest with which each street has a centre, and each community a facility at most so many further."""

    def holds(plan: dict[int, str]) -> bool:
        either = [*plan.items(), *stands.items()]
        centres = {i // 3 for i, tier in either if tier == "centre"}
        served = {i + step for i, tier in either if tier != "institution" for step in range(-near, near + 1)}
        return centres == {0, 1} and served >= {*range(6)}

    choices = itertools.product((None, "station", "centre"), repeat=6)
    plans = [{i: tier for i, tier in enumerate(choice) if tier is not None} for choice in choices]
    return min(filter(holds, plans), key=price)


@pytest.mark.parametrize("shared_from", [None, 0.9])
@pytest.mark.parametrize("stands", [{}, {1: "station", 4: "institution"}, {0: "centre", 5: "institution"}])
def test_the_cheapest_plan_has_a_centre_in_each_street(stands: dict[int, str], shared_from: float | None) -> None:
    found = proposed(tiers(*SIZES, stands=stands, shared_from=shared_from))
    best = cheapest(stands, near=0 if shared_from is None else 1)
    assert (built(found), found.solution.status) == (best, "optimal")
    assert found.solution.objective == pytest.approx(price(best), rel=1e-12)
    assert {verdicts(found, level) == {"met"} for level in ("community", "street", "district")} == {True}
    assert "facilities_by_tier" in found.proposal.after.totals["warnings"]
    assert facts(found.proposal.after.inputs)["definitions"]["coverage"] == "by_tier"


def test_without_tiers_stations_are_enough() -> None:
    given = with_settings(tiers(*SIZES), circle={"shared_from": None}, standards={"coverage": "any_facility"})
    assert built(proposed(given)) == dict.fromkeys(range(6), "station")


def test_where_all_sites_are_stations_the_street_is_named() -> None:
    found = proposed(tiers(stands={4: "centre"}))
    short = found.proposal.shortfalls
    assert (found.solution.status, short is None) == ("relaxed", False)
    assert short is not None
    assert short[["level", "id"]].to_numpy().tolist() == [["street", "s0"]]
    # All communities have their own, none is built for the street's sake.
    assert built(found) == dict.fromkeys((0, 1, 2, 3, 5), "station")
    assert (verdicts(found), verdicts(found, "street")) == ({"met"}, {"met", "gap"})
    words = {"zh": "s0：没有中心", "en": "s0: no centre"}
    for lang in LANGS:
        assert any(words[lang] in told.text for told in unmet_texts(found.proposal, lang))


def test_a_station_is_enlarged_to_be_the_centre_of_its_street() -> None:
    found = proposed(tiers(*SIZES, ENLARGED, stands={1: "station", 4: "centre"}, upgradable=["f1"]))
    assert found.proposal.changes["action"].to_dict() == {"f1": "enlarge"}
    assert built(found) == dict.fromkeys((0, 2, 3, 5), "station")
    assert verdicts(found) == verdicts(found, "street") == {"met"}
