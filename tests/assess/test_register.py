"""The register of new estates: brute force over its blanks, and what becomes of premises that were handed over."""

import itertools
import math
from typing import Any, Final

import geopandas as gpd
import pytest

from siting.assess.audit import audit_table
from siting.domain.measures import Span
from siting.domain.nouns import Assessment
from siting.domain.register import steps_behind
from siting.domain.tables import STAGES
from siting.read import all_standards
from tests.helpers import box, check, estates, facilities, inputs, raster, scenario, straight, units

DAYS: Final = ("2026-01-05", "2026-01-06")
# What may stand in a blank: days before, between and after those that are given.
ANY_DAY: Final = ("2026-01-04", *DAYS, "2026-01-07")
CLAUSE: Final = "cq-2025-7/4-in-step"
USE: Final = "cq-2019-129/2-3-care-use"


def by_hand(estate: dict[str, Any]) -> int:
    """How many steps behind an estate is of which everything is known: 同步规划、同步建设、同步验收、同步交付."""
    behind = STAGES.index(estate["housing_stage"]) - STAGES.index(estate["premises_stage"])
    later = 0
    for step in ("accepted", "handed_over"):
        if min(STAGES.index(estate[f"{what}_stage"]) for what in ("housing", "premises")) >= STAGES.index(step):
            later = max(later, int(estate[f"premises_{step}_on"] > estate[f"housing_{step}_on"]))
    return max(behind, later, 0)


def possible(name: str) -> tuple[str, ...]:
    return STAGES if name.endswith("_stage") else ANY_DAY


@pytest.mark.parametrize("stages", list(itertools.product((*STAGES, None), repeat=2)))
def test_a_blank_may_be_anything_and_nothing_else(stages: tuple[str | None, str | None]) -> None:
    """The ends of the interval are the least and the most over all that may stand in the blanks."""
    days = [f"{what}_{step}_on" for step in ("accepted", "handed_over") for what in ("housing", "premises")]
    for given in itertools.product((None, *DAYS), repeat=2):
        for shown in (dict(zip(days[:2], given, strict=True)), dict(zip(days[2:], given, strict=True))):
            estate = {"housing_stage": stages[0], "premises_stage": stages[1], **dict.fromkeys(days), **shown}
            if not consistent(estate):
                continue
            open_names = [name for name, value in estate.items() if value is None]
            found = [
                by_hand({**estate, **dict(zip(open_names, values, strict=True))})
                for values in itertools.product(*map(possible, open_names))
            ]
            span, missing = steps_behind(estate)
            assert (span.low, span.high) == (min(found), max(found)), estate
            assert bool(missing) == (span.low < span.high)


def consistent(estate: dict[str, Any]) -> bool:
    """A day of a step says that it was reached."""
    return all(
        estate[f"{what}_{step}_on"] is None
        or (estate[f"{what}_stage"] is not None and STAGES.index(estate[f"{what}_stage"]) >= STAGES.index(step))
        for what in ("housing", "premises")
        for step in ("accepted", "handed_over")
    )


def test_a_day_says_that_its_step_was_reached() -> None:
    built = {"premises_stage": "under_construction"}
    # Housing that was accepted is one step before premises under construction, and two if it was handed over.
    assert steps_behind(built | {"housing_accepted_on": DAYS[0]}) == (Span(1.0, 2.0), ["housing_stage"])
    assert steps_behind(built | {"housing_handed_over_on": DAYS[0]}) == (Span(2.0, 2.0), [])
    # A stage that a day contradicts is open.
    told = built | {"housing_stage": "under_construction", "housing_accepted_on": DAYS[0]}
    assert steps_behind(told) == (Span(0.0, 1.0), ["housing_stage"])


def communities(kinds: tuple[str | None, ...]) -> dict[str, gpd.GeoDataFrame]:
    if not kinds:
        return {}
    shapes = {f"c{at}": box(100.0 * at, 0, 100.0 * (at + 1), 1000) for at in range(len(kinds))}
    return {"community": units(shapes).assign(kind=list(kinds))}


def district(rows: dict[str, dict[str, Any]], kinds: tuple[str | None, ...] = ()) -> Assessment:
    """A hundred metres of ground for each estate, and of a community of each kind."""
    shapes = {key: box(100.0 * at, 0, 100.0 * (at + 1), 100) for at, key in enumerate(rows)}
    return check(
        inputs(
            settings=scenario(walking=straight(), provision={"m2_per_100_households": 20}),
            residents=raster([[100.0]], 1000.0),
            elderly=raster([[20.0]], 1000.0),
            places={"district": units({"d": box(0, 0, 1000, 1000)}), **communities(kinds)},
            areas=estates(
                {key: (shapes[key], {"status": "new", "households": 1000, **row}) for key, row in rows.items()}
            ),
            ledger=facilities({"f": ((50.0, 50.0), {})}),
            standards=all_standards(),
        )
    )


def test_premises_that_were_handed_over_are_a_facility_in_use_or_idle() -> None:
    done = {"premises_stage": "handed_over", "housing_stage": "handed_over", "provided_m2": 200}
    found = district(
        {
            "used": {**done, "premises_facility": "f"},
            "idle": {**done, "premises_recipient": "区民政局", "premises_handed_over_on": "2025-12-31"},
            "unknown facility": {**done, "premises_facility": "nobody"},
            "dated": {"housing_stage": "planned", "premises_handed_over_on": "2026-01-05", "premises_facility": "f"},
            "short": {"housing_stage": "accepted", "premises_stage": "under_construction", "provided_m2": 199},
            "old": {"status": "existing"},
            "blank": {"housing_stage": "planned", "provided_m2": 100},
        }
    )
    told = audit_table(found).drop_duplicates("clause_id").set_index("clause_id").loc[USE, "finding_en"]
    assert "Premises handed over: 4; used by a facility: used f, dated f; idle" in told
    assert "idle (200 m²; 区民政局; 2025-12-31), unknown facility (200 m²)" in told
    assert "new projects with unknown stage: 1." in told
    # 对配套建设不达标的，建设单位不得组织竣工验收: one was accepted all the same, the other is not accepted yet.
    assert "the elderly-care premises do not meet the requirement: 1: short." in told


def test_where_no_register_is_kept_nothing_is_judged_and_the_audit_says_so() -> None:
    found = district({"a": {"provided_m2": 200}})
    assert not found.checks["clause_id"].isin([CLAUSE, "cq-2025-7/4-undivided"]).any()
    told = audit_table(found).drop_duplicates("clause_id").set_index("clause_id")["finding_en"]
    assert "no register of new housing projects" in told[USE]
    assert told[CLAUSE].endswith(
        "has no register of new housing projects (premises_stage and related columns), so nothing is judged or listed."
    )


def test_premises_behind_the_housing_bind_and_say_why() -> None:
    late = {"housing_stage": "accepted", "premises_stage": "permitted", "premises_parts": 2}
    found = district({"a": {**late, "housing_accepted_on": "2026-01-05"}})
    rows = found.checks[found.checks["kind"].isin(["estate_in_step", "estate_undivided"])]
    assert rows[["verdict", "reason", "binding", "shortfall"]].to_numpy().tolist() == [
        ["gap", "behind_housing", True, 2.0],
        ["gap", "divided", True, 1.0],
    ]


def test_a_document_does_not_reach_back_to_housing_that_was_finished_before_it() -> None:
    """渝民规〔2025〕7号 is of 2025-07-15."""
    late = {"housing_stage": "handed_over", "premises_stage": "permitted", "premises_parts": 2}
    found = district(
        {
            "before": {**late, "housing_accepted_on": "2025-07-14"},
            "handed over": {**late, "housing_handed_over_on": "2016-06-01"},
            "on the day": {**late, "housing_accepted_on": "2025-07-15"},
            "undated": late,
            "accepted on an unknown day": {**late, "housing_handed_over_on": "2025-08-01"},
            "not yet accepted": {**late, "housing_stage": "under_construction"},
        }
    )
    rows = found.checks[found.checks["clause_id"] == "cq-2025-7/4-undivided"].droplevel(0)
    assert rows[["verdict", "reason", "binding"]].T.to_dict("list") == {
        "before": ["not_applicable", "before_document", False],
        "handed over": ["not_applicable", "before_document", False],
        "on the day": ["gap", "divided", True],
        "undated": ["no_data", "records_missing", True],
        "accepted on an unknown day": ["no_data", "records_missing", True],
        "not yet accepted": ["gap", "divided", True],
    }


def test_the_rules_of_urban_estates_ask_nothing_of_those_in_villages() -> None:
    """第二条: 本细则适用于…城市居住区; what may lie in a village has no gap for certain."""
    late = {"housing_stage": "under_construction", "premises_stage": "permitted", "premises_parts": 2}
    rows = dict.fromkeys(("village", "town", "unsaid", "nowhere"), late) | {"fine": {**late, "premises_parts": 1}}
    found = district(rows, ("村", "社区", None))
    checks = found.checks[found.checks["clause_id"] == "cq-2025-7/4-undivided"]
    assert checks[["verdict", "reason", "binding", "missing"]].droplevel(0).drop(index="fine").T.to_dict("list") == {
        "village": ["not_applicable", "outside_urban", False, []],
        "town": ["gap", "divided", True, []],
        "unsaid": ["no_data", "records_missing", True, ["c2: kind"]],
        "nowhere": ["no_data", "records_missing", True, ["nowhere: community"]],
    }
    fine = found.checks.loc[("residential_area", "fine")].set_index("clause_id")
    assert fine.loc["cq-2025-7/4-undivided", "verdict"] == "met"
    assert checks.droplevel(0).loc[
        "unsaid", ["required", "required_high", "shortfall_low", "shortfall_high"]
    ].tolist() == [
        1.0,
        math.inf,
        0.0,
        1.0,
    ]
    remedies = found.places.loc["residential_area", "remedies"]
    assert remedies.notna().any()
    # Where no community says what it is, all are urban.
    plain = district(rows, (None, None, None)).checks
    assert set(plain[plain["clause_id"] == "cq-2025-7/4-undivided"]["verdict"]) == {"gap", "met"}
    told = audit_table(found).drop_duplicates("clause_id").set_index("clause_id")["finding_en"]
    assert "in villages: 1: village" in told["cq-2025-7/2-scope"]
