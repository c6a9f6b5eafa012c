"""The lists that clauses promise, of a small district whose lists are written down by hand."""

from typing import Any, Final

import pytest

from siting.assess.audit import audit_table
from siting.domain.nouns import Assessment
from siting.domain.standards import Standard
from siting.domain.tables import UNIT_COLUMNS
from siting.read import all_standards
from tests.helpers import box, candidates, check, estates, facilities, inputs, raster, scenario, straight, table

# Two streets of 500 m side by side, each with one community; people everywhere.
WEST, EAST = box(0, 0, 500, 500), box(500, 0, 1000, 500)
LEDGER: dict[str, tuple[tuple[float, float], dict[str, Any]]] = {
    "home": (
        (100.0, 100.0),
        {"tier": "institution", "owner_kind": "government", "operator_kind": "government", "serves_community": True},
    ),
    "centre": (
        (100.0, 400.0),
        {
            "tier": "centre",
            "owner_kind": "government",
            "operator_kind": "public_private",
            "operator": "甲公司",
            "parent_id": "home",
            "demonstration": True,
            "opens": "2024-03-01",
        },
    ),
    "by community": (
        (200.0, 400.0),
        {"tier": "station", "operator": "西山社区居委会", "parent_id": "centre", "opens": "2020-12-31"},
    ),
    "orphan": (
        (300.0, 400.0),
        {"tier": "station", "operator": "乙公司", "demonstration": False, "opens": "2021-01-02"},
    ),
}
PREMISES = {"c1": ((100.0, 200.0), {"floor_area_m2": 500.0}), "c2": ((300.0, 200.0), {}), "c3": ((400.0, 200.0), {})}


def district(standards: tuple[Standard, ...], *, without: tuple[str, ...] = (), **layers: Any) -> Assessment:
    kinds = {"street": ("街道", {"w": WEST, "e": EAST}), "community": ("社区", {"wc": WEST, "ec": EAST})}
    frames = {
        level: table(
            UNIT_COLUMNS,
            {key: {"name": key, "kind": kind, "teaching_point": key.startswith("w")} for key in shapes},
            shapes,
        )
        for level, (kind, shapes) in kinds.items()
        if level not in without
    }
    frames["district"] = table(UNIT_COLUMNS, {"d": {"name": "d"}}, {"d": box(0, 0, 1000, 500)})
    return check(
        inputs(
            settings=scenario(
                walking=straight(detour=1.5), provision={"m2_per_100_households": 20}, scenario={"date": "2026-01-01"}
            ),
            residents=raster([[100.0, 100.0]], 500.0),
            elderly=raster([[20.0, 20.0]], 500.0),
            places=frames,
            standards=standards,
            **layers,
        )
    )


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """What the audit finds of each clause, in English."""
    areas = {
        "new": (box(0, 0, 100, 100), {"status": "new", "households": 1000, "provided_m2": 100}),
        "enough": (box(0, 200, 100, 300), {"status": "new", "households": 100, "provided_m2": 20}),
    }
    found = district(all_standards(), ledger=facilities(LEDGER), premises=candidates(PREMISES), areas=estates(areas))
    rows = audit_table(found)
    assert (rows["verdict"].notna() | (rows["finding_en"].str.len() > 0)).all()
    return dict(zip(rows["clause_id"], rows["finding_en"], strict=True))


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        # 列出没有上级的站和中心……并给出上下级间行程时间: 300 m × 1.5 ÷ 0.8 m/s = 9.4 min.
        (
            "cq-2019-129/2-9-hierarchy",
            ["Without a parent facility: orphan.", "home–centre 0.3 (9), centre–by community 0.1 (3)"],
        ),
        # 设有老年教育教学点
        (
            "cq-2019-129/2-24-education",
            [
                "Streets or towns with a teaching point: 1 of 2; without: e",
                "1 of 2; without: ec",
                "teaching point: 1 of 1: centre",
            ],
        ),
        # 原则上社区不直接运营管理
        (
            "nanan-2018-180/11-community-not-operator",
            ["Of 3 centres and stations, 1 are", "by community (西山社区居委会)"],
        ),
        ("nanan-2018-180/11-one-operator", ["w: 乙公司; 甲公司; 西山社区居委会"]),
        ("nanan-2018-180/11-institution-serves", ["1 of 1: home"]),
        ("cq-2017-162/12-demonstration", ["centres: 1; demonstration stations: 0: centre; not stated: 1"]),
        # 政府投资的养老服务设施委托社会力量运营: one of two, and of two more the owner is not said.
        ("cq-2019-129/2-7-entrusted", ["1 of 2; still operated by government: home; owner or operator not stated: 2"]),
        # Five years from 2020-12-31 are over at the start of 2026, from 2021-01-02 not yet.
        ("cq-2017-162/23-hotels", ["orphan 2026-01-02, centre 2029-03-01; opening date not stated: 1"]),
        (
            "nanan-2018-180/21-ledger",
            ["Candidate premises: 3, by street or town: w 3; streets or towns without any: e."],
        ),
        ("yubei-2018-40/4-1-network", ["Streets or towns without a facility: 1 of 2: e", "1 of 2: ec"]),
        ("cq-2017-162/22-new-areas", ["applies to 2 residential areas; 1 of them"]),
        ("kaizhou-2024-16/10-station-award", ["For 4 facilities: 0 items eligible"]),
        ("cq-2017-162/22-conformity", ["No land-use plan layer is given."]),
    ],
)
def test_a_clause_prints_the_list_that_it_promises(told: dict[str, str], clause: str, words: list[str]) -> None:
    assert all(each in told[clause] for each in words), told[clause]


def test_what_a_clause_does_not_promise_is_not_printed(told: dict[str, str]) -> None:
    for clause in ("cq-2019-129/2-24-education", "nanan-2018-180/11-institution-serves"):
        assert "Without a parent facility" not in told[clause]
    assert "several operators" not in told["nanan-2018-180/11-community-not-operator"]
    assert "not adjacent" not in told["nanan-2018-180/11-community-not-operator"]


EMPTY: Final = {
    "cq-2019-129/2-8-service-points": (
        "No facility lacks a parent, has a parent of the wrong tier, or is in a circular relation."
    ),
    "cq-2019-129/2-9-hierarchy": "No facility states its parent (parent_id).",
    "nanan-2018-180/11-one-operator": "There is no street layer, so no list by street can be given.",
    "nanan-2018-180/21-ledger": "No ledger of candidate premises is given.",
    "cq-2019-129/1-beds": "No place of this level can be judged.",
}


def test_facilities_that_do_not_say_when_they_opened_end_no_audit() -> None:
    found = district(all_standards(), ledger=facilities({"a": ((100.0, 100.0), {})}))
    told = audit_table(found).drop_duplicates("clause_id").set_index("clause_id")
    words = "counts from the opening date, it would end on: –; opening date not stated: 1"
    assert words in told.loc["cq-2017-162/23-hotels", "finding_en"]


def test_an_empty_list_says_so() -> None:
    found = district(all_standards(), ledger=facilities({}), without=("street",))
    told = audit_table(found).drop_duplicates("clause_id").set_index("clause_id")
    for clause, words in EMPTY.items():
        assert told.loc[clause, "finding_en"].endswith(words)
    assert (told["verdict"].notna() | (told["finding_zh"].str.len() > 0)).all()
