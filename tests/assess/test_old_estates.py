"""老旧小区 (129号 二（三）): which they are, whose premises are judged, and what is offered to them alone."""

import re

import geopandas as gpd
import pandas as pd
import pytest

from siting.assess.audit import audit_table
from siting.domain.nouns import Assessment
from siting.domain.old_estates import old_estates
from siting.domain.scenario import Scenario
from siting.domain.tables import UNIT_COLUMNS
from siting.read import standard
from tests.helpers import (
    box,
    candidates,
    check,
    estates,
    facilities,
    inputs,
    propose,
    raster,
    scenario,
    straight,
    table,
    units,
)

CLAUSE, OLD = "cq-2019-129/2-3-old-estate-premises", "cq-2019-129/2-3-old-estates"
AREAS = {
    "said": {"status": "existing", "old_estate": True, "year_built": 2015},
    "said not": {"status": "existing", "old_estate": False, "year_built": 1980},
    "1999": {"status": "existing", "year_built": 1999},
    "2000": {"status": "existing", "year_built": 2000},
    "new": {"status": "new", "year_built": 1999},
    "blank": {"status": "existing"},
}


def settings(**standards: object) -> Scenario:
    return scenario(
        walking=straight(),
        provision={"m2_per_100_households": 20, "old_m2_per_100_households": 15},
        standards={"ids": ["cq-2019-129"], **standards},
    )


def judged(
    *,
    before: int | None,
    told: bool = True,
    by: str = "cq-2019-129",
    tenure: str | None = "state",
    places: dict[str, gpd.GeoDataFrame] | None = None,
) -> Assessment:
    """Six residential areas side by side, of 1,000 households and 149 m² each; idle premises of the state near all."""
    rows = {
        key: (box(100 * number, 0, 100 * number + 100, 500), {**row, "households": 1000.0, "provided_m2": 149.0})
        for number, (key, row) in enumerate(AREAS.items())
    }
    if not told:
        rows = {key: (shape, {**row, "old_estate": None}) for key, (shape, row) in rows.items()}
    rule = {} if before is None else {"old_estate_before_year": before}
    return check(
        inputs(
            settings=settings(**rule),
            residents=raster([[600.0]], 600.0),
            elderly=raster([[120.0]], 600.0),
            places={"district": units({"d": box(0, 0, 600, 500)}), **(places or {})},
            areas=estates(rows),
            ledger=facilities({"s": ((300, 250), {"land_m2": 1.0})}),
            premises=candidates({"C1": ((300, 250), {"tenure": tenure, "floor_area_m2": 500.0})}),
            standards=(standard(by),),
        )
    )


def test_what_the_data_say_goes_before_the_year_and_new_is_not_old() -> None:
    table = pd.DataFrame.from_dict(AREAS, orient="index").reindex(columns=["status", "old_estate", "year_built"])
    found = old_estates(table, settings(old_estate_before_year=2000))
    assert found.index[found.fillna(value=False)].tolist() == ["said", "1999"]
    assert found.index[found.isna()].tolist() == ["blank"]
    # Without a year only those that are said to be old, or not, or are new, are known.
    unruled = old_estates(table, settings())
    assert unruled.index[unruled.isna()].tolist() == ["1999", "2000", "blank"]


def test_the_premises_of_old_ones_are_held_to_their_own_figure() -> None:
    found = judged(before=2000)
    rows = found.checks[found.checks["clause_id"] == CLAUSE].droplevel("level")
    # 1,000 households ÷ 100 × 15 m² = 150 m²; 149 stand.
    assert rows["verdict"].to_dict() == {
        "said": "gap",
        "said not": "not_applicable",
        "1999": "gap",
        "2000": "not_applicable",
        "new": "not_applicable",
        "blank": "no_data",
    }
    assert rows.loc["said", ["required", "shortfall"]].tolist() == [150.0, 1.0]
    assert rows.loc["blank", "missing"] == ["blank: old_estate"]


@pytest.mark.parametrize(("kind", "verdict"), [("社区", "gap"), ("村", "not_applicable"), (None, "no_data")])
def test_urban_ones_alone_are_held_to_it(kind: str | None, verdict: str) -> None:
    """对养老服务设施未达标的城市老旧小区; of the two communities the other has a kind."""
    halves = {"m": box(0, 0, 300, 500), "n": box(300, 0, 600, 500)}
    rows = {key: {"name": key, "kind": kind if key == "m" else "社区"} for key in halves}
    found = judged(before=2000, places={"community": table(UNIT_COLUMNS, rows, halves)})
    checks = found.checks[found.checks["clause_id"] == CLAUSE].droplevel("level")
    assert checks.loc["said", "verdict"] == verdict


def test_the_list_of_old_ones_names_those_that_fall_short() -> None:
    found = audit_table(judged(before=2000)).set_index("clause_id").loc[[OLD], "finding_en"].iloc[0]
    assert "said, 1999" in found
    assert not any(name in found for name in ("said not", "2000", "new,", "blank"))


def test_idle_premises_of_the_state_are_recovered_for_old_ones_alone() -> None:
    places = judged(before=2000).places.loc["residential_area"]
    recovered = places.index[places["remedies"].str.contains("reclaim_state_idle", na=False)]
    assert recovered.tolist() == ["said", "1999"]
    named = places["remedy_candidates"].to_dict()
    assert {key for key, way in named.items() if way == "reclaim_state_idle:C1"} == {"said", "1999"}
    assert {key for key, way in named.items() if way == "lease:C1"} == {"said not", "2000", "blank"}


def test_premises_whose_tenure_nobody_knows_may_serve_and_are_told_apart() -> None:
    found = judged(before=2000, tenure=None)
    assert found.places.loc["residential_area"]["remedy_candidates"].dropna().unique().tolist() == ["unknown:C1"]
    told = "".join(audit_table(found)["finding_en"])
    said = re.findall(r"(\d+) of these have suitable candidates nearby \((\d+) only", told)
    assert any(near != "0" for near, _ in said)
    assert all(near == unknown for near, unknown in said)


def test_a_station_on_premises_of_the_state_recovers_them_for_an_old_area_alone() -> None:
    """Within five minutes, 240 m, C1 reaches the old area alone, C2 the other."""
    areas = {"old": (0, True), "other": (1500, False)}
    given = inputs(
        settings=scenario(
            walking=straight(minutes=5),
            provision={"m2_per_100_households": 20, "old_m2_per_100_households": 15},
            standards={"ids": ["cq-2019-129"]},
        ),
        residents=raster([[600.0] * 18], 100.0),
        elderly=raster([[120.0] * 18], 100.0),
        places={"district": units({"d": box(0, 0, 1800, 100)})},
        areas=estates(
            {
                key: (
                    box(x, 0, x + 200, 100),
                    {"status": "existing", "old_estate": old, "households": 1000.0, "provided_m2": 149.0},
                )
                for key, (x, old) in areas.items()
            }
        ),
        ledger=facilities({"s": ((850, 50), {"land_m2": 1.0})}),
        premises=candidates(
            {key: ((x, 50), {"tenure": "state", "floor_area_m2": 500.0}) for key, x in (("C1", 100), ("C2", 1600))}
        ),
        standards=(standard("cq-2019-129"),),
    )
    stations = propose(given, 2).stations.set_index("candidate_id")
    assert stations["remedy"].to_dict() == {"C1": "reclaim_state_idle", "C2": "lease"}


def test_a_station_recovers_what_the_list_of_the_area_has_no_room_for() -> None:
    """Six premises of the state reach the old area; its list names five, the sixth covers more beside it."""
    xs = {**{f"N{number}": 20 + 10 * number for number in range(5)}, "far": 230}
    given = inputs(
        settings=scenario(
            walking=straight(minutes=5),
            provision={"old_m2_per_100_households": 15},
            standards={"ids": ["cq-2019-129"]},
        ),
        residents=raster([[600.0] * 5], 100.0),
        elderly=raster([[120.0] * 5], 100.0),
        places={"district": units({"d": box(0, 0, 500, 100)})},
        areas=estates({"old": (box(0, 0, 100, 100), {"status": "existing", "old_estate": True, "households": 1000.0})}),
        ledger=facilities({}),
        premises=candidates({key: ((x, 50), {"tenure": "state", "floor_area_m2": 150.0}) for key, x in xs.items()}),
        standards=(standard("cq-2019-129"),),
    )
    named = check(given).places.loc[("residential_area", "old"), "remedy_candidates"]
    assert named.count("reclaim_state_idle") == 5
    assert "far" not in named
    stations = propose(given, 1).stations.set_index("candidate_id")
    assert stations["remedy"].to_dict() == {"far": "reclaim_state_idle"}


def test_completeness_counts_the_residential_areas() -> None:
    """Six of six say whether they are new; there is one facility."""
    audit = audit_table(judged(before=2000, by="cq-2017-162")).set_index("clause_id")["completeness"]
    assert "status 6/6" in audit["cq-2017-162/22-new-areas"]
    assert "status 1/1" in audit[["cq-2017-162/22-land"]].iloc[0]
    # Whose premises may be recovered the ledger of candidates says.
    assert "tenure 1/1" in audit_table(judged(before=2000)).set_index("clause_id")["completeness"][OLD]


@pytest.mark.parametrize(("before", "told", "code"), [(None, False, "not_told"), (2000, True, "unknown")])
def test_what_is_not_known_of_old_ones_is_told(before: int | None, code: str, *, told: bool) -> None:
    found = judged(before=before, told=told)
    (note,) = [note for note in found.notes if note.code.startswith("old_estates")]
    assert note.code == f"old_estates_{code}"
    # Of one that is new it is known that it is not old.
    assert note.values == {"count": 1 if told else 5}
    assert (CLAUSE in set(found.checks["clause_id"])) is told
