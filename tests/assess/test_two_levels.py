"""Clauses that name two levels: streets and communities are counted apart."""

import pandas as pd
import pytest

from siting.assess.audit import audit_table
from siting.domain.nouns import Assessment
from siting.read import standard
from tests.helpers import box, check, facilities, inputs, raster, scenario, straight, units

COVERAGE = "cq-2019-129/1-facility-coverage"
UNIVERSITY, HOME_CARE = "kaizhou-2024-16/1-3-university", "kaizhou-2024-16/1-3-home-care"
GAP, MET = ("gap", True), ("met", True)


def district(
    streets: list[bool | None] | None,
    communities: list[bool | None] | None,
    kind: str = "社区",
    column: str = "teaching_point",
) -> Assessment:
    """A district of streets and communities, each with or without a teaching point."""
    frames = {"district": units({"d": box(0, 0, 1000, 100)})}
    for level, has, its in (("street", streets, "街道"), ("community", communities, kind)):
        if has is not None:
            wide = 1000 / len(has)
            frames[level] = units(
                {f"{level[0]}{at}": box(at * wide, 0, (at + 1) * wide, 100) for at in range(len(has))}
            )
            frames[level] = frames[level].assign(kind=its, **{column: pd.array(has, dtype="boolean")})
    return check(
        inputs(
            settings=scenario(walking=straight()),
            residents=raster([[50.0] * 10]),
            elderly=raster([[10.0] * 10]),
            places=frames,
            ledger=facilities({"f": ((450.0, 50.0), {})}),
            standards=(standard("kaizhou-2024-16"),),
        )
    )


def told(found: Assessment, clause: str = UNIVERSITY) -> dict[str, tuple[float, str, bool]]:
    rows = found.checks.loc[[("district", "d")]]
    rows = rows[(rows["clause_id"] == clause).to_numpy()]
    keys = zip(rows["provided_low"], rows["verdict"], rows["binding"], strict=True)
    return dict(zip(rows["basis"], keys, strict=True))


@pytest.mark.parametrize(
    ("streets", "communities", "expected"),
    [
        # The document: 街道（社区）级老年大学教学点覆盖率达到70%以上. 0 of 2 and 10 of 10 are 10 of 12 together: 83 %.
        ([False, False], [True] * 10, {"streets": (0.0, *GAP), "communities": (1.0, *MET)}),
        ([True, True], [True] * 6 + [False] * 4, {"streets": (1.0, *MET), "communities": (0.6, *GAP)}),
        ([True] * 7 + [False] * 3, [True] * 7 + [False] * 3, {"streets": (0.7, *MET), "communities": (0.7, *MET)}),
    ],
)
def test_teaching_points_are_counted_at_each_level(
    streets: list[bool | None], communities: list[bool | None], expected: dict[str, tuple[float, str, bool]]
) -> None:
    found = district(streets, communities)
    assert told(found) == expected


def test_a_level_without_a_layer_is_no_data() -> None:
    found = told(district(None, [True] * 10))
    assert found["communities"] == (1.0, *MET)
    assert found["streets"][1:] == ("no_data", True)


def test_a_level_without_units_of_the_kind_is_not_asked() -> None:
    found = told(district([True, True], [True] * 4, kind="村"))
    assert {basis: verdict for basis, (_, verdict, _) in found.items()} == {
        "streets": "met",
        "communities": "not_applicable",
    }


@pytest.mark.parametrize("kinds", [(None, None), ("社区", None)])
def test_kinds_that_lack_are_named_unit_by_unit_and_counted(kinds: tuple[str | None, ...]) -> None:
    found = check(
        inputs(
            settings=scenario(walking=straight()),
            residents=raster([[50.0] * 2]),
            elderly=raster([[10.0] * 2]),
            places={"community": units({"a": box(0, 0, 100, 100), "b": box(100, 0, 200, 100)}).assign(kind=kinds)},
            ledger=facilities({}),
            standards=(standard("cq-2019-129"),),
        )
    )
    rows = found.checks[found.checks["clause_id"] == COVERAGE].loc["community"]
    assert rows["missing"].to_dict() == {
        unit: [] if kind else [f"{unit}: kind"] for unit, kind in zip("ab", kinds, strict=True)
    }
    row = audit_table(found).set_index("clause_id").loc[[COVERAGE]].iloc[0]
    assert row["completeness"].startswith(f"kind {sum(kind is not None for kind in kinds)}/2")


def test_home_care_counts_communities_and_villages_and_never_streets() -> None:
    # 已开展居家养老服务的村（社区）÷全部村（社区）.
    found = told(district([False], [True] * 4 + [False], kind="村", column="served"), HOME_CARE)
    assert found == {"communities": (0.8, *MET)}
    (unknown,) = told(district([True], None, column="served"), HOME_CARE).values()
    assert unknown[1:] == ("no_data", True)
