"""Clauses put to a plan, where facilities reach differently far with their land and with their care."""

from dataclasses import replace

import pandas as pd
import pytest

from siting import pipeline
from siting.domain.tables import SIZE_COLUMNS
from siting.locate.milp import Compliance
from siting.pipeline import Planned
from siting.read import standard
from tests.helpers import box, candidates, estates, facilities, inputs, raster, scenario, straight, units

LAND = "cq-2019-129/2-3-land"
CELL = 500.0


def proposed(minutes: float | None) -> Planned:
    """Six cells of 500 m, an estate in the first two, in the third an institution that may grow; people walk 600 m."""
    stands = {"f": ((1250.0, 250.0), {"tier": "institution", "land_m2": 600.0, "serves_community": True})}
    larger = {"size": "large", "for": "existing", "land_m2": 900.0, "cost_cny": 5e5}
    given = inputs(
        settings=scenario(
            walking=straight(minutes=600 / 0.8 / 60),
            land={"institution_minutes": minutes},
            plan={"model": "compliance", "clauses": [f"{LAND}@residential_area"], "upgradable": ["f"]},
        ),
        residents=raster([[500.0] * 6], CELL),
        elderly=raster([[100.0] * 6], CELL),
        places={"district": units({"d": box(0, 0, 6 * CELL, CELL)})},
        areas=estates({"e": (box(0, 0, 2 * CELL, CELL), {"status": "existing"})}),
        premises=candidates({"c0": ((250.0, 250.0), {"capital_cost_cny": 1e6, "land_m2": 50.0})}),
        ledger=facilities(stands),
        standards=(standard("cq-2019-129"),),
    )
    given = replace(given, sizes=pd.DataFrame([{column.key: larger.get(column.key) for column in SIZE_COLUMNS}]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        return pipeline.propose(given.scenario)


# 600 m² within 100 m are one cell's, within 600 m three cells', within 1,200 m those of five, and else of all six.
@pytest.mark.parametrize(("metres", "land"), [(100.0, 0.0), (600.0, 200.0), (1200.0, 240.0), (None, 200.0)])
def test_the_land_of_an_institution_that_may_grow_reaches_as_far_as_the_check_says(
    metres: float | None, land: float
) -> None:
    found = proposed(None if metres is None else metres / 0.8 / 60)
    assert isinstance(found.solution, Compliance)
    requirement, finding = found.solution.outcomes[0].requirement, found.solution.outcomes[0].finding
    sites = found.question.sites
    add = requirement.add[found.question.standing :]
    own = (sites["candidate_id"] == "f").to_numpy()
    assert add[own & sites["standing"].to_numpy(dtype=bool)] == pytest.approx(land)
    assert add[own & ~sites["standing"].to_numpy(dtype=bool)] == pytest.approx(1.5 * land)
    after = found.proposal.after.checks.loc[("residential_area", "e")]
    row = after[after["clause_id"] == LAND].iloc[0]
    assert (finding.provided_low, finding.verdict) == (pytest.approx(row["provided_low"]), row["verdict"])
