"""The lists that clauses promise, of a small district whose lists are written down by hand."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from siting.assess.audit import audit_table
from siting.domain.nouns import Assessment
from siting.domain.standards import Standard
from siting.domain.tables import UNIT_COLUMNS
from siting.read import all_standards, standard
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


def district(
    standards: tuple[Standard, ...],
    *,
    without: tuple[str, ...] = (),
    called: Mapping[str, str | None] | None = None,
    **layers: Any,
) -> Assessment:
    kinds = {"street": ("街道", {"w": WEST, "e": EAST}), "community": ("社区", {"wc": WEST, "ec": EAST})}
    frames = {
        level: table(
            UNIT_COLUMNS,
            {
                key: {"name": key, "kind": (called or {}).get(key, kind), "teaching_point": key.startswith("w")}
                for key in shapes
            },
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
        # 列出没有上级的站和中心……并给出上下级设施间的直线距离: 300 m and 100 m, no minutes.
        (
            "cq-2019-129/2-9-hierarchy",
            ["Without a parent facility: orphan.", "home–centre 0.3, centre–by community 0.1."],
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
        # 公办养老机构开展公建民营: institutions alone, of which government owns and runs the one there is.
        (
            "cq-2017-162/9-public-institutions",
            [
                "(owned by government): 1",
                "operated): 0: –; still operated by government: home; owner or operator not stated: 0",
            ],
        ),
        # 鼓励社区养老服务设施公建民营、民办公助: centres and stations alone.
        (
            "yubei-2018-40/3-2-8-community-operation",
            ["Centres and stations: 3", "operated by others): 1: centre", "operator type not stated: 2"],
        ),
        ("cq-2025-7/2-scope", ["Residential areas: 2; in villages: 0: –", "its kind not stated: 0"]),
        # Five years from 2020-12-31 are over at the start of 2026, from 2021-01-02 not yet.
        ("cq-2017-162/23-hotels", ["orphan 2026-01-02, centre 2029-03-01; opening date not stated: 1"]),
        (
            "nanan-2018-180/21-ledger",
            ["Candidates: 3, by street or town: w 3; streets or towns without any: e."],
        ),
        ("yubei-2018-40/4-1-network", ["Streets or towns without a facility: 1 of 2: e", "1 of 2: ec"]),
        # 建筑面积5千平方米以下: of the premises one has 500 m²; of all others the floor area is blank.
        ("nanan-2018-180/6-eia-none", ["at most 5,000 m²: 1: c1", "to be verified: –", "unknown: 6"]),
        # 2012年以前建设、未享受建设补贴: the day on which the home opened is blank.
        ("nanan-2018-180/12-upgrade", ["0 of 1: –", "are blank: home"]),
        ("cq-2017-162/22-new-areas", ["applies to 2 residential areas; 1 of them"]),
        ("kaizhou-2024-16/10-station-award", ["For 4 facilities: 0 items eligible"]),
        ("cq-2017-162/22-conformity", ["No land-use plan layer is given."]),
    ],
)
def test_a_clause_prints_the_list_that_it_promises(told: dict[str, str], clause: str, words: list[str]) -> None:
    assert all(each in told[clause] for each in words), told[clause]


def said(standards: tuple[Standard, ...], clause: str, **layers: Any) -> str:
    rows = audit_table(district(standards, **layers)).set_index("clause_id")
    return str(rows.loc[[clause], "finding_en"].iloc[0])


UNPAID: Final = {
    f"{line}_paid_{payer}_cny": 0 for line in ("construction", "operation") for payer in ("city", "district")
}
# Who owns and who runs each, and what it was paid.
RUN: Final[dict[str, dict[str, Any]]] = {
    "a": {"tier": "station", "operator_kind": "public_private"},
    "b": {"tier": "station", "operator_kind": "private", "owner_kind": "government"},
    "c": {"tier": "station", "operator_kind": "private", "owner_kind": "private", "construction_paid_city_cny": 1},
    "d": {"tier": "station", "operator_kind": "private", "owner_kind": "private", **UNPAID},
    "e": {"tier": "station", "operator_kind": "private", "owner_kind": "collective"},
    "f": {"tier": "centre", "operator_kind": "government", "owner_kind": "government"},
    "g": {"tier": "station", "owner_kind": "government"},
    # What was paid for a rating is no aid for building or running it.
    "h": {"tier": "centre", "operator_kind": "private", "owner_kind": "private", **UNPAID, "rating_paid_city_cny": 5},
    "i": {"tier": "institution", "operator_kind": "government", "owner_kind": "government"},
    "j": {"tier": "institution", "operator_kind": "public_private", "owner_kind": "government"},
    "k": {"tier": "institution", "operator_kind": "private", "owner_kind": "government"},
    "l": {"tier": "institution", "operator_kind": "private", "owner_kind": "private"},
    "m": {"tier": "institution", "owner_kind": "government"},
    "n": {"tier": "institution", "operator_kind": "private"},
}


def test_public_institutions_and_community_facilities_are_told_apart_by_owner_and_operator() -> None:
    ledger = facilities({key: ((100.0 + 10 * turn, 100.0), row) for turn, (key, row) in enumerate(RUN.items())})
    rows = audit_table(district(all_standards(), ledger=ledger)).drop_duplicates("clause_id").set_index("clause_id")
    told = rows["finding_en"]
    for clause in ("cq-2017-162/9", "nanan-2018-180/8", "yubei-2018-40/3-1-5"):
        words = told[f"{clause}-public-institutions"]
        assert "Public institutions (owned by government): 4; " in words
        assert "operated): 2: j, k; still operated by government: i; owner or operator not stated: 2." in words
    for clause in (
        "cq-2017-162/12-community-operation",
        "nanan-2018-180/11-community-not-operator",
        "yubei-2018-40/3-2-8-community-operation",
        "kaizhou-2024-16/10-community-operation",
    ):
        words = told[clause]
        assert "Centres and stations: 8; " in words
        assert (
            "operated by others): 2: a, b; still operated by government: 1: f; other private ones: 4, of which 1 "
            in words
        )
        assert "public aid): c, and for 1 the subsidies are not fully stated; operator type not stated: 1." in words


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "村",
            "3; in villages: 2: east, most; community or village unknown, or its kind not stated: 0.",
        ),
        ("社区", "3; in villages: 0: –; community or village unknown, or its kind not stated: 0."),
        (None, "3; in villages: 0: –; community or village unknown, or its kind not stated: 2."),
    ],
)
def test_residential_areas_in_villages_are_listed(kind: str | None, words: str) -> None:
    """城市居住区: the community on the west is none; of two the one that holds most of an estate decides."""
    areas = estates(
        {
            "west": (box(0, 0, 100, 100), {"status": "new"}),
            "east": (box(800, 0, 900, 100), {"status": "existing"}),
            "most": (box(460, 200, 560, 300), {}),
        }
    )
    found = said(all_standards(), "cq-2025-7/2-scope", areas=areas, ledger=facilities({}), called={"ec": kind})
    assert found.endswith(words)


def test_the_classes_of_floor_areas_and_the_homes_to_upgrade() -> None:
    floors = {"a": 4_999.0, "b": 5_000.0, "c": 5_001.0, "d": 50_000.0, "e": 50_001.0, "f": None}
    days = {"a": "2012-12-31", "b": "2013-01-01", "c": "2010-01-01", "d": "2010-01-01", "e": None, "f": "2010-01-01"}
    paid = {"a": 0.0, "b": 0.0, "c": 1.0, "d": None, "e": 0.0, "f": 0.0}
    ledger = {
        key: {
            "tier": "institution",
            "floor_area_m2": floors[key],
            "opens": days[key],
            "construction_paid_city_cny": paid[key],
            "construction_paid_district_cny": 0.0,
        }
        for key in floors
    }
    placed = facilities({key: ((100.0 + 50 * turn, 100.0), row) for turn, (key, row) in enumerate(ledger.items())})
    nanan = (standard("nanan-2018-180"),)
    floor = said(nanan, "nanan-2018-180/6-eia-form", ledger=placed)
    for told in (
        "at most 5,000 m²: 2: a, b (of these exactly",
        "verified: b)",
        "50,000 m²: 2: c, d;",
        "1: e; unknown: 1",
    ):
        assert told in floor, floor
    # Of d it is not known whether it was paid, of e when it was built; c was paid, and b is too young.
    homes = said(nanan, "nanan-2018-180/12-upgrade", ledger=placed)
    assert "2 of 6: a, f; " in homes, homes
    assert "are blank: d, e." in homes, homes


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
    "nanan-2018-180/21-ledger": "No ledger of candidates is given.",
    "yubei-2018-40/3-2-8-community-operation": "operator type not stated: 0.",
    "cq-2019-129/1-beds": "No place of this level can be judged.",
}


def test_facilities_that_do_not_say_when_they_opened_end_no_audit() -> None:
    found = district(all_standards(), ledger=facilities({"a": ((100.0, 100.0), {})}))
    told = audit_table(found).drop_duplicates("clause_id").set_index("clause_id")
    words = "the benefit starts on the opening date, it would end on: –; opening date not stated: 1"
    assert words in told.loc["cq-2017-162/23-hotels", "finding_en"]


def test_without_communities_no_residential_area_is_known_to_lie_in_a_village() -> None:
    found = said(all_standards(), "cq-2025-7/2-scope", ledger=facilities({}), without=("community",))
    assert found.endswith("There is no community layer, so residential areas in villages cannot be listed.")


def test_an_empty_list_says_so() -> None:
    found = district(all_standards(), ledger=facilities({}), without=("street",))
    told = audit_table(found).drop_duplicates("clause_id").set_index("clause_id")
    for clause, words in EMPTY.items():
        assert told.loc[clause, "finding_en"].endswith(words)
    assert (told["verdict"].notna() | (told["finding_zh"].str.len() > 0)).all()
