"""The funding lines of sites, each amount worked out by hand from the documents."""

import doctest
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, get_args

import pandas as pd
import pytest
from pydantic import ValidationError

from siting.assess import funding
from siting.assess.funding import LINE_COLUMNS, What, funding_lines, funding_summary, net_costs
from siting.domain.premises import KINDS, STATE_IDLE
from siting.domain.standards import Clause, Example, Funding, Premises, Standard
from siting.domain.tables import PAYERS
from siting.read import all_standards, standard
from siting.text import knows, say, texts

CITY, CITY_2019 = "cq-2017-162", "cq-2019-129"
NANAN, YUBEI, KAIZHOU = "nanan-2018-180", "yubei-2018-40", "kaizhou-2024-16"
OWN, LEASED = f"{CITY}/24-own-beds", f"{CITY}/24-leased-beds"
NANAN_OWN, NANAN_LEASED = f"{NANAN}/22-own-beds", f"{NANAN}/22-leased-beds"
YUBEI_OWN, YUBEI_LEASED = f"{YUBEI}/4-3-own-beds", f"{YUBEI}/4-3-leased-beds"
CHAIN = f"{YUBEI}/4-3-chain"
CENTRES, STATIONS = f"{KAIZHOU}/10-centre-award", f"{KAIZHOU}/10-station-award"
STARS, TWO_STARS = f"{KAIZHOU}/20-institution-award", f"{KAIZHOU}/20-two-star-award"

# Later than all documents.
OPENED: Final = {"opens": "2025-06-01", "status": "existing", "construction_paid_city_cny": 0.0}
OWNED: Final = {"tier": "institution", "operator_kind": "private", "tenure": "own", **OPENED}
RENTED: Final = {"tier": "institution", "operator_kind": "private", "tenure": "lease", "lease_years": 5.0, **OPENED}
NEVER_OPERATED: Final = {"operation_paid_city_cny": 0.0, "operation_paid_district_cny": 0.0}
STARRED: Final = {
    "tier": "institution",
    "operator_kind": "private",
    "rating_kind": "star",
    "rating_paid_district_cny": 0.0,
    **NEVER_OPERATED,
}
NOT_COLUMNS: Final = {"facilities"}

PROMISES: Final = [(each, clause) for each in all_standards() for clause in each.clauses if clause.kind == "funding"]


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """Sites 0, 1, 2 …"""
    return pd.DataFrame(list(rows), index=[f"s{number}" for number in range(len(rows))])


def lines(keys: str | Iterable[str], *rows: dict[str, Any], what: What = "facility") -> pd.DataFrame:
    chosen = [standard(key) for key in ([keys] if isinstance(keys, str) else keys)]
    return funding_lines(chosen, table(*rows), what=what)


def by_clause(found: pd.DataFrame, clause: str) -> list[tuple[str, str, float]]:
    rows = found[found["clause_id"] == clause]
    return list(zip(rows["site_id"], rows["status"], rows["amount_cny"], strict=True))


def only(found: pd.DataFrame, clause: str) -> dict[str, Any]:
    rows = found[found["clause_id"] == clause]
    assert len(rows) == 1
    return {str(key): value for key, value in rows.iloc[0].items()}


# --- the worked examples of the catalogue -----------------------------------------------------------------------------


def example_site(clause: Clause, example: Example) -> dict[str, Any]:
    """The site of an example: what its clause asks of everyone, no money paid before, and the example's figures."""
    assert clause.funding is not None
    kinds = {each.rating_kind for each in clause.funding.awards if each.rating_kind}
    site: dict[str, Any] = {
        "tier": clause.funding.tiers[0],
        "operator_kind": (*clause.funding.operator_kinds, "private")[0],
        "tenure": clause.funding.tenure,
        "rating_kind": kinds.pop() if kinds else None,
        "construction_paid_city_cny": 0.0,
        "construction_paid_district_cny": 0.0,
        "rating_paid_district_cny": 0.0,
        "chain_paid_district_cny": 0.0,
        "operator": "甲",
        **OPENED,
        **NEVER_OPERATED,
    }
    assert not kinds
    return site | {key: figure for key, figure in example.given.items() if key not in NOT_COLUMNS}


def in_scope(one: Standard, clause: Clause) -> Standard:
    """The standard with that clause alone; one that is out of scope as advice, so that its arithmetic runs."""
    treatment = "advice" if clause.treatment == "out_of_scope" else clause.treatment
    return one.model_copy(update={"clauses": (clause.model_copy(update={"treatment": treatment}),)})


def home(operator: str | None, opens: str | None, **more: Any) -> dict[str, Any]:
    """A private institution of 30 beds to which no chain's award was paid."""
    usual = {"tier": "institution", "operator_kind": "private", "beds": 30, "chain_paid_district_cny": 0.0}
    return {**usual, "operator": operator, "opens": opens, "status": "existing", **more}


EXAMPLES: Final = [(one, clause, example) for one, clause in PROMISES for example in clause.examples]


@pytest.mark.parametrize(
    ("one", "clause", "example"), EXAMPLES, ids=[f"{clause.id}-{example.given}" for _, clause, example in EXAMPLES]
)
def test_worked_examples_come_out(one: Standard, clause: Clause, example: Example) -> None:
    assert example.given.get("facilities", 1) == 1
    # Two institutions of the operator stand already, too small for an award: an example of a chain is its third.
    homes = [home("甲", f"{year}-01-01", beds=1) for year in (2019, 2020)]
    sites = table(example_site(clause, example), *(homes if clause.id == CHAIN else ()))
    found = funding_lines([in_scope(one, clause)], sites, what="facility")
    amounts = found["amount_cny"].tolist()
    assert example.provided == example.required
    assert amounts == ([example.provided] if example.provided else [])
    if amounts:
        # What was paid for beds before may have been for these.
        had = "construction_paid_district_cny" in example.given
        certain = clause.treatment == "computed" and clause.id != CHAIN and not had
        assert found["status"].tolist() == ["eligible" if certain else "conditional"]
        assert found["missing"].tolist() == [[]]


def test_every_computed_funding_clause_has_a_worked_example_that_pays() -> None:
    computed = [clause for _, clause in PROMISES if clause.treatment == "computed"]
    assert len(computed) == 11
    assert [clause.id for clause in computed if not any(each.provided > 0 for each in clause.examples)] == []
    # What pays by a threshold or a rating also has one that falls short, but for stars, where two are paid elsewhere.
    assert [clause.id for clause in computed if all(each.provided > 0 for each in clause.examples)] == [STARS]


def test_every_given_figure_of_an_example_is_read() -> None:
    given = {key for _, _, example in EXAMPLES for key in example.given}
    assert given - NOT_COLUMNS <= {*funding._TEXTS, *funding._FIGURES}


def test_examples_of_the_docstrings_run() -> None:
    result = doctest.testmod(funding)
    assert result.attempted >= 10
    assert result.failed == 0


# --- beds -------------------------------------------------------------------------------------------------------------


def test_owned_premises_are_paid_from_50_new_beds_for_every_bed() -> None:
    found = lines(CITY, *({**OWNED, "new_beds": beds} for beds in (49, 50, 51)))
    assert by_clause(found, OWN) == [("s1", "eligible", 500_000.0), ("s2", "eligible", 510_000.0)]
    assert len(found) == 2
    row = only(found[found["site_id"] == "s1"], OWN)
    assert (row["line"], row["payer"], row["unit_amount"], row["per"]) == ("construction", "city", 10_000.0, "new_bed")
    assert not row["capped"]
    assert row["missing"] == []
    assert row["quote"].startswith("支持社会力量举办养老机构")
    assert "利用自有产权建设" in row["conditions_zh"]
    assert len(row["conditions_zh"]) == len(row["conditions_en"]) == 4


def test_leased_premises_are_paid_from_20_new_beds() -> None:
    found = lines(CITY, *({**RENTED, "new_beds": beds} for beds in (19, 20, 21)))
    assert by_clause(found, LEASED) == [("s1", "eligible", 100_000.0), ("s2", "eligible", 105_000.0)]


def test_a_lease_of_exactly_five_years_is_enough() -> None:
    found = lines(CITY, *({**RENTED, "new_beds": 20, "lease_years": years} for years in (4.9, 5.0)))
    assert by_clause(found, LEASED) == [("s1", "eligible", 100_000.0)]
    assert len(found) == 1


def test_nanan_asks_50_leased_beds_for_the_same_money_of_the_city() -> None:
    found = lines([CITY, NANAN], *({**RENTED, "new_beds": beds} for beds in (49, 50)))
    assert by_clause(found, LEASED) == [("s0", "eligible", 245_000.0), ("s1", "eligible", 250_000.0)]
    assert by_clause(found, NANAN_LEASED) == [("s1", "eligible", 250_000.0)]
    # What does not appear for a site is not named as excluded there.
    assert found["excludes"].tolist() == [[], [NANAN_LEASED], [LEASED]]
    assert found["group"].tolist() == [f"s0|{LEASED}", f"s1|{LEASED}", f"s1|{LEASED}"]
    assert funding_summary(found)["eligible_cny"].tolist() == [245_000.0, 250_000.0]


def test_exclusion_holds_whichever_document_states_it() -> None:
    city = standard(CITY)
    silent = city.model_copy(
        update={
            "clauses": tuple(
                each.model_copy(update={"funding": each.funding.model_copy(update={"excludes": ()})})
                for each in city.clauses
                if each.funding is not None
            )
        }
    )
    found = funding_lines([silent, standard(NANAN)], table({**OWNED, "new_beds": 50}), what="facility")
    assert found["excludes"].tolist() == [[NANAN_OWN], [OWN]]
    assert found["group"].tolist() == [f"s0|{OWN}"] * 2


@pytest.mark.parametrize("kind", ["government", "public_private"])
def test_only_what_is_set_up_privately_is_paid_for_beds(kind: str) -> None:
    assert lines([CITY, NANAN], {**OWNED, "operator_kind": kind, "new_beds": 500}).empty


def test_centres_and_stations_are_not_paid_for_beds() -> None:
    assert lines(CITY, {**OWNED, "tier": "centre", "new_beds": 80}, {**OWNED, "tier": "station", "new_beds": 80}).empty


# --- Yubei: on top of the city, capped for life -----------------------------------------------------------------------


def test_yubei_adds_to_the_city() -> None:
    found = lines([CITY, YUBEI], {**OWNED, "new_beds": 60, "construction_paid_district_cny": 0.0})
    assert by_clause(found, OWN) == [("s0", "eligible", 600_000.0)]
    assert by_clause(found, YUBEI_OWN) == [("s0", "eligible", 600_000.0)]
    assert only(found, YUBEI_OWN)["adds_to"] == [OWN]
    assert only(found, YUBEI_OWN)["payer"] == "district"
    assert funding_summary(found).loc["s0", "eligible_cny"] == 1_200_000.0


def test_three_documents_are_never_summed_over_those_that_exclude_one_another() -> None:
    found = lines([CITY, NANAN, YUBEI], {**OWNED, "new_beds": 60, "construction_paid_district_cny": 0.0})
    assert found.loc[found["line"] == "construction", "amount_cny"].sum() == 1_800_000.0
    assert funding_summary(found).loc["s0", "eligible_cny"] == 1_200_000.0


def test_the_cap_of_owned_beds_is_reached_exactly_at_500() -> None:
    found = lines(
        YUBEI, *({**OWNED, "new_beds": beds, "construction_paid_district_cny": 0.0} for beds in (499, 500, 501))
    )
    rows = found[found["clause_id"] == YUBEI_OWN]
    assert rows["amount_cny"].tolist() == [4_990_000.0, 5_000_000.0, 5_000_000.0]
    assert rows["capped"].tolist() == [False, False, True]
    assert rows["status"].tolist() == ["eligible"] * 3
    assert "5,000,000" in rows["notes_en"].iloc[2][0]


def test_money_for_beds_that_a_site_has_had_is_not_promised_again_for_certain() -> None:
    # 渝北: 100 new beds, 10,000 yuan of each payer; both sums were received, for these beds or for others.
    site = {**OWNED, "new_beds": 100}
    paid = {"construction_paid_city_cny": 1_000_000.0, "construction_paid_district_cny": 0.0}
    before, after = (by_clause(lines(CITY, each), OWN) for each in (site, site | paid))
    ((_, eligible, amount),), ((_, conditional, same),) = before, after
    assert (eligible, conditional) == ("eligible", "conditional")
    assert amount == same == 1_000_000.0
    assert funding_summary(lines(CITY, site | paid))["eligible_cny"].tolist() == [0.0]


def test_sums_are_told_by_payer() -> None:
    total = funding_summary(
        lines((CITY, YUBEI), {**OWNED, "new_beds": 100, "construction_paid_district_cny": 0.0})
    ).loc["s0"]
    assert total["eligible_cny"] == total["eligible_city_cny"] + total["eligible_district_cny"]
    assert total["eligible_city_cny"] == 1_000_000.0
    assert total["eligible_district_cny"] > 0
    assert total["eligible_either_cny"] == 0


def test_the_cap_of_leased_beds_is_half_of_it() -> None:
    found = lines(
        YUBEI, *({**RENTED, "new_beds": beds, "construction_paid_district_cny": 0.0} for beds in (19, 20, 500, 501))
    )
    rows = found[found["clause_id"] == YUBEI_LEASED]
    assert rows["amount_cny"].tolist() == [100_000.0, 2_500_000.0, 2_500_000.0]
    assert rows["capped"].tolist() == [False, False, True]


MATCH: Final = f"{YUBEI}/4-3-demonstration-match"


@pytest.mark.parametrize(("paid", "told"), [(1_500_000.0, ("conditional", 1_500_000.0)), (None, ("unknown", None))])
def test_the_district_matches_what_the_city_has_paid_for_a_centre(paid: float | None, told: tuple[str, Any]) -> None:
    """运营两年及以上的，区级则根据市级实际建设补贴情况给予不超过1∶1比例的配套奖补资金."""
    site = {"tier": "centre", "operator_kind": "private", "opens": "2025-06-01", "construction_paid_city_cny": paid}
    row = only(lines(YUBEI, site), MATCH)
    assert (row["status"], None if math.isnan(row["amount_cny"]) else row["amount_cny"]) == told
    assert row["missing"] == ([] if paid is not None else ["construction_paid_city_cny"])
    assert any("2027-06-01" in note for note in row["notes_zh"])
    undated = only(lines(YUBEI, {**site, "opens": None}), MATCH)
    assert "opens" in undated["missing"]


def test_a_centre_that_has_had_the_citys_money_is_told_so() -> None:
    site = {"tier": "centre", "operator_kind": "private", "construction_paid_city_cny": 1_500_000.0}
    row = only(lines(YUBEI, site), f"{YUBEI}/4-3-demonstration-city")
    assert any("1,500,000" in note for note in row["notes_en"])


@pytest.mark.parametrize(("payer", "clause"), [("city", OWN), ("district", YUBEI_OWN)])
@pytest.mark.parametrize("paid", [0.0, 4_000_000.0, None])
def test_money_for_beds_that_stand_is_sure_only_if_none_was_paid(payer: str, clause: str, paid: float | None) -> None:
    """400 beds at 10,000 yuan: 4,000,000 yuan paid before may be all that is due."""
    site = {**OWNED, "new_beds": 400, "construction_paid_district_cny": 0.0, f"construction_paid_{payer}_cny": paid}
    row = only(lines([CITY, YUBEI], site), clause)
    assert (row["status"] == "eligible") == (paid == 0.0)
    assert row["missing"] == ([] if paid is not None else [f"construction_paid_{payer}_cny"])


@pytest.mark.parametrize(
    ("paid", "amount", "capped"),
    [(4_400_000, 600_000, False), (4_400_001, 599_999, True), (5_000_000, 0, True), (6_000_000, 0, True)],
)
def test_what_was_paid_before_counts_against_the_cap(paid: float, amount: float, capped: bool) -> None:  # noqa: FBT001
    row = only(lines(YUBEI, {**OWNED, "new_beds": 60, "construction_paid_district_cny": paid}), YUBEI_OWN)
    # What was paid may have been for these beds.
    assert (row["amount_cny"], row["capped"], row["status"]) == (amount, capped, "conditional")


def test_what_one_payer_paid_for_one_thing_limits_nothing_else() -> None:
    # 渝北府办发〔2018〕40号 adds the district's money to the city's: 300 beds are 3,000,000 of its own 5,000,000.
    site = {**OWNED, "new_beds": 300, "construction_paid_district_cny": 0.0}
    others = [
        f"{line}_paid_{payer}_cny" for line in ("construction", "operation", "rating", "chain") for payer in PAYERS
    ]
    others.remove("construction_paid_district_cny")
    row = only(lines(YUBEI, {**site, **dict.fromkeys(others, 4_000_000.0)}), YUBEI_OWN)
    assert (row["amount_cny"], row["capped"], row["status"]) == (3_000_000.0, False, "eligible")


def test_a_rating_award_does_not_take_the_award_of_a_chain() -> None:
    first, second = home("甲", "2019-01-01"), home("甲", "2020-01-01", rating_paid_district_cny=300_000.0)
    assert CHAIN in lines(YUBEI, first, second)["clause_id"].tolist()
    assert CHAIN not in lines(YUBEI, first, {**second, "chain_paid_district_cny": 100_000.0})["clause_id"].tolist()


def test_money_that_is_limited_is_money_of_which_ledgers_tell() -> None:
    with pytest.raises(ValidationError, match="construction, operation, rating, chain"):
        Funding(line="premises", payer="district", once=True)
    either = Funding(line="rating", payer="either", once=True)
    assert either.paid_columns == ("rating_paid_city_cny", "rating_paid_district_cny")


def test_facilities_of_one_location_share_the_cap_in_their_order() -> None:
    found = lines(
        YUBEI,
        {**OWNED, "new_beds": 300, "place_id": "p", "construction_paid_district_cny": 1_000_000.0},
        {**OWNED, "new_beds": 300, "place_id": "q", "construction_paid_district_cny": 0.0},
        # The same payment, said in one row only: it was made at the location.
        {**OWNED, "new_beds": 200, "place_id": "p"},
        {**OWNED, "new_beds": 50, "place_id": "p"},
    )
    rows = found[found["clause_id"] == YUBEI_OWN]
    assert rows["site_id"].tolist() == ["s0", "s1", "s2", "s3"]
    assert rows["amount_cny"].tolist() == [3_000_000.0, 3_000_000.0, 1_000_000.0, 0.0]
    assert rows["capped"].tolist() == [False, False, True, True]


def test_the_location_may_bear_the_name_it_has_among_facilities() -> None:
    both = {**OWNED, "new_beds": 400, "site_id": "p", "construction_paid_district_cny": 0.0}
    assert lines(YUBEI, both, both).query("clause_id == @YUBEI_OWN")["amount_cny"].tolist() == [4_000_000, 1_000_000]


def test_without_a_location_each_stands_alone() -> None:
    one = {**OWNED, "new_beds": 400, "construction_paid_district_cny": 0.0}
    assert (
        lines(YUBEI, one, {**one, "place_id": "s0"}, {**one, "place_id": None})
        .query("clause_id == @YUBEI_OWN")["amount_cny"]
        .tolist()
        == [4_000_000.0] * 3
    )


def test_the_city_knows_no_cap() -> None:
    both = {**OWNED, "new_beds": 600, "place_id": "p", "construction_paid_district_cny": 5_000_000.0}
    assert by_clause(lines([CITY, YUBEI], both, both), OWN) == [
        ("s0", "eligible", 6_000_000.0),
        ("s1", "eligible", 6_000_000.0),
    ]


def test_what_is_left_of_a_cap_is_not_certain_after_a_site_that_is_not_known() -> None:
    site = {**OWNED, "place_id": "p", "construction_paid_district_cny": 0.0}
    found = lines(YUBEI, {**site, "new_beds": 60}, site, {**site, "new_beds": 60}, {**site, "new_beds": 10})
    assert by_clause(found, YUBEI_OWN)[0] == ("s0", "eligible", 600_000.0)
    assert by_clause(found, YUBEI_OWN)[1][:2] == ("s1", "unknown")
    assert by_clause(found, YUBEI_OWN)[2:] == [("s2", "conditional", 600_000.0)]


def test_two_caps_at_one_location_are_doubted() -> None:
    found = lines(
        YUBEI,
        {**OWNED, "new_beds": 50, "place_id": "p", "construction_paid_district_cny": 0.0},
        {**RENTED, "new_beds": 20, "place_id": "p", "construction_paid_district_cny": 0.0},
        {**RENTED, "new_beds": 20, "place_id": "q", "construction_paid_district_cny": 0.0},
    )
    assert by_clause(found, YUBEI_OWN) == [("s0", "conditional", 500_000.0)]
    assert by_clause(found, YUBEI_LEASED) == [("s1", "conditional", 100_000.0), ("s2", "eligible", 100_000.0)]


def test_a_cap_that_is_not_lifelong_limits_each_site_by_itself() -> None:
    one, clause = next(pair for pair in PROMISES if pair[1].id == YUBEI_OWN)
    assert clause.funding is not None
    each = clause.funding.model_copy(update={"cap_per_site_lifelong": False})
    changed = one.model_copy(update={"clauses": (clause.model_copy(update={"funding": each}),)})
    site = {**OWNED, "new_beds": 501, "place_id": "p", "construction_paid_district_cny": 4_000_000.0}
    found = funding_lines([changed], table(site, site), what="facility")
    assert found["amount_cny"].tolist() == [5_000_000.0, 5_000_000.0]
    assert found["capped"].all()


# --- Yubei: chains, demonstration centres -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beds", "amounts"), [(29, []), (30, [100_000.0]), (199, [100_000.0]), (200, [200_000.0]), (201, [200_000.0])]
)
def test_a_chain_is_paid_by_the_beds_of_the_new_institution(beds: int, amounts: list[float]) -> None:
    small = [home("甲", "2019-01-01", beds=10), home("甲", "2020-01-01", beds=10)]
    found = lines(YUBEI, *small, home("甲", "2021-01-01", beds=beds, operator_kind="public_private"))
    found = found[found["line"] == "chain"]
    assert found["site_id"].tolist() == ["s2"] * len(amounts)
    assert found["amount_cny"].tolist() == amounts
    # 本管辖区 leaves out 两江新区, of which nothing is said here.
    assert found["status"].tolist() == ["conditional"] * len(amounts)
    assert all(any("两江新区" in each for each in said) for said in found["notes_zh"])
    flag = say("funding.note.band_overlap", "en", beds=200.0)
    assert "At exactly 200 beds" in flag
    assert all((flag in notes) == (beds == 200) for notes in found["notes_en"])
    assert all(any("2家及以上" in each for each in said) for said in found["conditions_zh"])


def chain_notes(found: pd.DataFrame) -> dict[str, list[str]]:
    """Of each site with an award of a chain, what is open but where it stands."""
    rows = found[found["line"] == "chain"]
    said = dict(zip(rows["site_id"], rows["notes_en"], strict=True))
    # The last note is the clause's own; the area is told of all alike.
    return {site: [note for note in notes[:-1] if "两江新区" not in note] for site, notes in said.items()}


def test_a_chain_begins_with_the_second_institution_of_an_operator() -> None:
    # 同一法人的连锁经营机构数量达2家及以上，每新增加一家机构: the first makes no chain, the third is one more.
    found = lines(
        YUBEI,
        home("甲", "2021-01-01"),
        home("甲", "2019-01-01"),
        home("甲", "2020-01-01"),
        home("乙", "2018-12-01"),
        home("丙", "2022-01-01", operator_kind="government"),
        home("丙", "2023-01-01"),
    )
    told = chain_notes(found)
    assert list(told) == ["s0", "s2"]
    assert told["s0"] == []
    assert told["s2"] == [say("funding.note.chain_second", "en")]
    assert found[found["line"] == "chain"]["amount_cny"].tolist() == [100_000.0] * 2


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"operator": None}, ["operator"]),
        ({"opens": None}, ["opens"]),
        ({"opens": "2020-01-01"}, ["opens"]),
        ({"tier": None}, ["tier"]),
        ({"operator_kind": None}, ["operator_kind"]),
    ],
)
def test_what_leaves_open_how_many_came_before_is_named(change: dict[str, Any], missing: list[str]) -> None:
    # With the first known, the one of 2020 is the second; who or when the other was leaves it open which is the first.
    found = lines(YUBEI, home("甲", "2019-01-01") | change, home("甲", "2020-01-01"))
    row = only(found[found["site_id"] == "s1"], CHAIN)
    assert (row["status"], row["missing"]) == ("conditional", missing)
    assert say("funding.note.chain_open", "en", ids="s0") in row["notes_en"]


def test_what_is_planned_comes_after_what_stands() -> None:
    found = lines(YUBEI, home("甲", None), home("甲", None, status="planned"), home("甲", "2030-01-01"))
    told = chain_notes(found)
    assert say("funding.note.chain_open", "en", ids="s2") in told["s0"]
    # Both others stand already: it is the third, whichever of them was the first.
    assert told["s1"] == []


def test_a_blank_never_makes_an_award_of_a_chain_certain_or_impossible() -> None:
    whole = [home("甲", "2019-01-01"), home("甲", "2020-01-01"), home("甲", "2021-01-01"), home("乙", "2021-01-01")]
    surely = set(chain_notes(lines(YUBEI, *whole)))
    for number, site in enumerate(whole):
        for column in ("operator", "opens", "tier", "operator_kind", "status"):
            blanked = [*whole]
            blanked[number] = site | {column: None}
            found = chain_notes(lines(YUBEI, *blanked))
            assert surely <= set(found), (number, column)
            certain = [key for key, notes in found.items() if not notes and f"s{number}" != key]
            assert set(certain) <= {"s2"}, (number, column)


def test_a_chain_is_paid_once_for_each_institution() -> None:
    site = home("甲", "2021-01-01")
    first = [home("甲", f"{year}-01-01", beds=10) for year in (2019, 2020)]
    paid = [site | {"chain_paid_district_cny": each} for each in (100_000.0, 0.0, None)]
    chains = lines(YUBEI, *first, *paid).query("line == 'chain'")
    assert chains["site_id"].tolist() == ["s3", "s4"]
    assert chains["status"].tolist() == ["conditional", "unknown"]
    assert chains["missing"].tolist() == [[], ["chain_paid_district_cny"]]


def test_premises_are_no_link_of_a_chain() -> None:
    found = lines(YUBEI, home("甲", None), home("甲", None), home("甲", None), what="candidate")
    assert set(chain_notes(found)) == {"s0", "s1", "s2"}
    assert all(notes == [say("funding.note.chain", "en")] for notes in chain_notes(found).values())


# --- what stood before the document, and what was paid before ---------------------------------------------------------


@pytest.mark.parametrize(
    ("opens", "status", "certain"),
    [
        ("2017-10-23", "existing", False),
        ("2017-10-24", "existing", True),
        (None, "existing", False),
        (None, None, False),
        (None, "planned", True),
        (None, "under_construction", True),
    ],
)
def test_beds_of_a_home_that_stood_before_the_document_may_not_be_new(
    opens: str | None, status: str | None, *, certain: bool
) -> None:
    # 渝府办发〔2017〕162号 of 24 October 2017: 新增床位.
    row = only(lines(CITY, {**OWNED, "new_beds": 50, "opens": opens, "status": status}), OWN)
    assert row["status"] == ("eligible" if certain else "conditional")
    assert row["amount_cny"] == 500_000.0
    assert row["missing"] == (["opens"] if opens is None and not certain else [])
    assert any("2017-10-24" in note for note in row["notes_zh"]) is not certain


def test_an_institution_that_stood_before_the_document_is_not_newly_added() -> None:
    # 渝北府办发〔2018〕40号 of 30 November 2018: 每新增加一家机构.
    old = [home("甲", "2010-01-01"), home("甲", "2012-01-01"), home("甲", "2018-11-29"), home("甲", "2018-11-30")]
    told = chain_notes(lines(YUBEI, *old))
    assert any("2018-11-29" in note for note in told["s2"])
    assert told["s3"] == []


@pytest.mark.parametrize(
    ("paid", "status", "missing"),
    [
        ((0.0, 0.0), "eligible", []),
        ((0.0, 1.0), "conditional", []),
        ((30_000.0, None), "conditional", []),
        ((0.0, None), "conditional", ["operation_paid_district_cny"]),
        ((None, None), "conditional", ["operation_paid_city_cny", "operation_paid_district_cny"]),
    ],
)
def test_a_station_that_had_the_operating_subsidy_may_get_no_award(
    paid: tuple[float | None, float | None], status: str, missing: list[str]
) -> None:
    # 开州三（十）: 社区养老服务站已按原政策完全享受运营补贴政策的…不再享受新政策所规定的奖励政策.
    city, district = paid
    operated = {"operation_paid_city_cny": city, "operation_paid_district_cny": district}
    site = {**STARRED, "tier": "station", "rating": 3, **operated}
    row = only(lines(KAIZHOU, site), STATIONS)
    assert (row["status"], row["missing"], row["amount_cny"]) == (status, missing, 50_000.0)
    # The sentence speaks of stations, not of centres.
    centre = {**site, "tier": "centre", "rating_kind": "leaf"}
    assert only(lines(KAIZHOU, centre), CENTRES)["status"] == "eligible"


def test_the_mean_of_demonstration_centres_informs_and_is_not_summed() -> None:
    found = lines(YUBEI, {"tier": "centre", "operator_kind": "private"}).query("line == 'demonstration'")
    assert found["status"].tolist() == ["conditional", "unknown"]
    assert found["payer"].tolist() == ["city", "district"]
    assert found["amount_cny"].fillna(-1).tolist() == [2_000_000.0, -1]
    assert found["missing"].tolist() == [[], ["construction_paid_city_cny", "opens"]]
    assert found["adds_to"].tolist() == [[], [f"{YUBEI}/4-3-demonstration-city"]]
    assert funding_summary(found).loc["s0"].tolist() == [0.0, 0.0, 0.0, 0.0, 0, 1, 1]


def test_premises_lent_by_the_district_have_no_amount() -> None:
    found = lines(YUBEI, {"tier": "centre", "operator_kind": "public_private"}).query("line == 'premises'")
    assert found["status"].tolist() == ["conditional"]
    assert found[["amount_cny", "unit_amount"]].isna().all(axis=None)


def test_what_is_out_of_scope_gives_no_line() -> None:
    city = standard(CITY)
    aside = tuple(each.model_copy(update={"treatment": "out_of_scope"}) for each in city.clauses)
    sites = table({**OWNED, "new_beds": 60, "floor_area_m2": 60.0})
    for what in ("facility", "candidate", "station"):
        assert funding_lines([city.model_copy(update={"clauses": aside})], sites, what=what).empty


# --- Kaizhou: stars and leaves ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "kind", "amounts"),
    [
        ("centre", "leaf", {1: None, 2: 150_000, 3: 250_000, 4: 350_000, 5: 450_000}),
        ("station", "star", {1: None, 2: 30_000, 3: 50_000, 4: 70_000, 5: 90_000}),
        ("institution", "star", {1: None, 2: 100_000, 3: 300_000, 4: 500_000, 5: 1_000_000}),
        ("centre", "star", dict.fromkeys(range(1, 6))),
        ("station", "leaf", dict.fromkeys(range(1, 6))),
        ("institution", "leaf", dict.fromkeys(range(1, 6))),
    ],
)
def test_each_rating_has_its_award(tier: str, kind: str, amounts: dict[int, float | None]) -> None:
    for rating, amount in amounts.items():
        site = {**STARRED, "tier": tier, "rating_kind": kind, "rating": rating, "beds": 120}
        found = lines(KAIZHOU, site).query("line == 'rating'")
        assert found["amount_cny"].tolist() == ([] if amount is None else [amount])
        assert found["status"].tolist() == ([] if amount is None else ["eligible"])


@pytest.mark.parametrize(("beds", "amount"), [(1, 50_000), (49, 50_000), (50, 80_000), (99, 80_000), (100, 100_000)])
def test_two_stars_are_paid_by_beds(beds: int, amount: float) -> None:
    row = only(lines(KAIZHOU, {**STARRED, "rating": 2, "beds": beds}), TWO_STARS)
    assert (row["status"], row["amount_cny"], row["per"]) == ("eligible", amount, "facility")
    # The text itself says which band holds 50 and 100: nothing to flag but the note of the clause.
    assert len(row["notes_en"]) == 1


def test_two_stars_without_beds_are_unknown_and_three_do_not_ask() -> None:
    found = lines(KAIZHOU, {**STARRED, "rating": 2}, {**STARRED, "rating": 3}).query("line == 'rating'")
    assert found["clause_id"].tolist() == [TWO_STARS, STARS]
    assert found["missing"].tolist() == [["beds"], []]
    assert found["amount_cny"].fillna(-1).tolist() == [-1, 300_000.0]
    assert found["unit_amount"].fillna(-1).tolist() == [-1, 300_000.0]


def test_institutions_of_the_government_get_no_award_those_run_privately_do() -> None:
    kinds = ("government", "public_private", "private")
    found = lines(KAIZHOU, *({**STARRED, "operator_kind": kind, "rating": 5} for kind in kinds))
    assert by_clause(found, STARS) == [("s1", "eligible", 1_000_000.0), ("s2", "eligible", 1_000_000.0)]


def test_an_award_is_given_once_but_for_a_higher_rating() -> None:
    site = {"tier": "centre", "operator_kind": "private", "rating_kind": "leaf", "rating": 4}
    found = lines(
        KAIZHOU,
        {**site, "rating_paid_district_cny": 350_000.0, "award_rating": 4},
        {**site, "rating_paid_district_cny": 450_000.0, "award_rating": 5},
        {**site, "rating_paid_district_cny": 250_000.0, "award_rating": 3},
        {**site, "rating_paid_district_cny": 250_000.0},
        {**site, "award_rating": 3},
        {**site, "rating_paid_district_cny": 0.0},
        site,
    )
    assert found["clause_id"].unique().tolist() == [CENTRES]
    assert found["site_id"].tolist() == ["s2", "s3", "s4", "s5", "s6"]
    assert found["status"].tolist() == ["conditional", "unknown", "conditional", "eligible", "unknown"]
    assert found["amount_cny"].fillna(-1).tolist() == [100_000.0, -1, -1, 350_000.0, -1]
    assert found["missing"].tolist() == [
        [],
        ["award_rating"],
        ["rating_paid_district_cny"],
        [],
        ["rating_paid_district_cny"],
    ]
    assert all(figure in found["notes_en"].iloc[0][0] for figure in ("350,000", "250,000", "100,000"))
    assert "原文未写明" in found["notes_zh"].iloc[0][0]
    assert funding_summary(found)["eligible_cny"].tolist() == [0.0, 0.0, 0.0, 350_000.0, 0.0]


def test_an_upgrade_may_lead_from_two_stars_to_three() -> None:
    found = lines(
        KAIZHOU, {**STARRED, "rating": 3, "beds": 60, "rating_paid_district_cny": 80_000.0, "award_rating": 2}
    )
    assert by_clause(found, STARS) == [("s0", "conditional", 220_000.0)]


def test_more_beds_are_no_upgrade() -> None:
    site = {**STARRED, "rating": 2, "beds": 100, "rating_paid_district_cny": 80_000.0, "award_rating": 2}
    assert by_clause(lines(KAIZHOU, site), TWO_STARS) == []


def test_allowances_of_residents_are_told_by_their_rate() -> None:
    found = lines(KAIZHOU, {**STARRED, "rating": 5}).query("line == 'resident'")
    assert found["unit_amount"].tolist() == [100.0, 200.0]
    assert found["per"].tolist() == ["person_month"] * 2
    assert found["status"].tolist() == ["conditional"] * 2
    assert found["missing"].tolist() == [["person_months"]] * 2
    assert found["amount_cny"].isna().all()


# --- what is missing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("absent", [True, False])
@pytest.mark.parametrize("column", ["tier", "operator_kind", "tenure", "lease_years", "new_beds"])
def test_what_is_missing_is_named_and_not_guessed(column: str, absent: bool) -> None:  # noqa: FBT001
    site = {**RENTED, "new_beds": 60} | {column: None}
    if absent:
        del site[column]
    row = only(lines(CITY, site), LEASED)
    assert row["status"] == "unknown"
    assert row["missing"] == [column]
    assert math.isnan(row["amount_cny"])
    assert row["unit_amount"] == 5_000.0


def test_types_of_the_ledger_with_blanks_are_read() -> None:
    sites = pd.DataFrame(
        {
            "tier": pd.Series(["institution", "institution"], dtype="string"),
            "operator_kind": pd.Series(["private", None], dtype="string"),
            "tenure": pd.Series(["own", "own"], dtype="string"),
            "new_beds": pd.Series([50, pd.NA], dtype="Int64"),
            "opens": pd.Series(["2025-06-01", None], dtype="datetime64[s]"),
            "status": pd.Series(["existing", "planned"], dtype="string"),
            "place_id": pd.Series(["p", None], dtype="string"),
            "construction_paid_city_cny": pd.Series([0.0, None], dtype="Float64"),
        }
    )
    found = funding_lines([standard(CITY)], sites, what="facility")
    assert found["site_id"].tolist() == [0, 1]
    assert found["status"].tolist() == ["eligible", "unknown"]
    assert found["missing"].tolist() == [[], ["operator_kind", "new_beds"]]


def test_a_known_no_outweighs_what_is_missing() -> None:
    assert lines(CITY, {"new_beds": 19}).empty
    assert lines(CITY, {"tier": "station"}).empty
    assert lines(CITY, {"new_beds": 60, "lease_years": 4.9})["clause_id"].tolist() == [OWN]


def test_a_lifelong_cap_asks_what_was_paid() -> None:
    row = only(lines(YUBEI, {**OWNED, "new_beds": 50}), YUBEI_OWN)
    assert (row["status"], row["missing"]) == ("unknown", ["construction_paid_district_cny"])


def test_a_rating_of_no_kind_is_unknown() -> None:
    site = {"tier": "centre", "operator_kind": "private", "rating_paid_district_cny": 0.0}
    found = lines(KAIZHOU, {**site, "rating": 3}, {**site, "rating_kind": "leaf"}, {**site, "rating": 1})
    assert found["missing"].tolist() == [["rating_kind"], ["rating"]]
    assert found["status"].tolist() == ["unknown", "unknown"]


def test_premises_of_the_state_are_neither_owned_nor_leased() -> None:
    found = lines(CITY, {**OWNED, "tenure": "state", "lease_years": 5.0, "new_beds": 50}, what="facility")
    assert found["missing"].tolist() == [["tenure"], ["tenure"]]
    assert found["notes_en"].str[0].str.contains("state").all()


def test_tables_keep_their_form_when_empty_and_inputs_are_left_alone() -> None:
    sites = table({**OWNED, "new_beds": 50, "site_id": "p"})
    before = sites.copy(deep=True)
    assert len(funding_lines([standard(CITY)], sites, what="facility")) == 1
    pd.testing.assert_frame_equal(sites, before)
    for empty in (funding_lines([], sites, what="facility"), lines(CITY, what="candidate")):
        assert tuple(empty.columns) == LINE_COLUMNS
        assert empty.empty
        assert funding_summary(empty).shape == (0, 7)


# --- candidates and stations ------------------------------------------------------------------------------------------


def test_facilities_get_no_advantage_of_a_conversion() -> None:
    assert lines([each.id for each in all_standards()], {"tier": "station"}).query("line == 'conversion'").empty


def test_every_conversion_gives_a_line_with_all_its_conditions() -> None:
    # Of premises of no known kind each clause may speak.
    site = {"tier": "station", "floor_area_m2": 200.0}
    found = lines([each.id for each in all_standards()], site, what="candidate").query("line == 'conversion'")
    clauses = {clause.id: clause for each in all_standards() for clause in each.clauses}
    wanted = {key for key, clause in clauses.items() if clause.kind == "conversion"}
    assert set(found["clause_id"]) == wanted | {f"{CITY_2019}/2-4-conversion-1000"}
    assert found["clause_id"].is_unique
    assert found["status"].unique().tolist() == ["conditional"]
    assert found["amount_cny"].isna().all()
    for row in found.to_dict("records"):
        clause = clauses[row["clause_id"]]
        assert row["quote"] == clause.quote
        assert row["missing"] == (["kind"] if clause.premises else [])
        assert row["conditions_zh"] == [text for text in (clause.note_zh, clause.why_zh) if text]
        assert row["conditions_en"] == [text for text in (clause.note_en, clause.why_en) if text]
        assert row["conditions_zh"]


# By hand: what the documents in force at 重庆市渝北区 say of premises of each kind.
OF_ANY: Final = {
    *(f"{CITY}/23-premises-support", f"{YUBEI}/4-2-premises-support"),
    f"{CITY_2019}/2-4-conversion-1000",
}
OF_KIND: Final = {
    "厂房": {f"{CITY}/23-idle-premises", f"{YUBEI}/4-2-idle-premises", f"{CITY}/23-idle-change-of-use"},
    "学校": {
        f"{CITY}/23-idle-premises",
        f"{YUBEI}/4-2-idle-premises",
        f"{CITY}/23-idle-change-of-use",
        f"{CITY_2019}/2-14-rural-homes-schools",
    },
    "社区用房": {f"{CITY}/23-idle-premises", f"{YUBEI}/4-2-idle-premises"},
    "经济型酒店": {f"{CITY}/23-hotels", f"{YUBEI}/4-2-hotels"},
    "公租房": {f"{CITY_2019}/2-4-public-rental"},
    "闲置办公用房": {f"{CITY_2019}/2-4-state-idle", f"{CITY}/23-idle-change-of-use"},
    "医疗机构": {f"{CITY_2019}/2-17-medical-premises"},
    "培训疗养机构": {f"{CITY}/9-public-private"},
    "敬老院": {f"{CITY_2019}/2-14-rural-homes-schools"},
}


@pytest.mark.parametrize("kind", OF_KIND)
def test_premises_get_the_lines_of_their_kind_alone(kind: str) -> None:
    site = {"kind": kind, "tenure": "own", "floor_area_m2": 200.0}
    found = lines([CITY, CITY_2019, YUBEI], site, what="candidate").query("line == 'conversion'")
    assert set(found["clause_id"]) == OF_KIND[kind] | OF_ANY
    assert found["missing"].map(len).sum() == 0


@pytest.mark.parametrize(("tenure", "missing"), [("state", []), ("own", None), (None, ["tenure"])])
def test_idle_premises_are_the_states_where_their_tenure_says_so(tenure: str | None, missing: list[str] | None) -> None:
    # 渝府办发〔2019〕129号 二（四）: 国有闲置设施.
    site = {"kind": "idle_plant", "tenure": tenure, "floor_area_m2": 200.0}
    found = lines(CITY_2019, site, what="candidate")
    rows = found[found["clause_id"] == f"{CITY_2019}/2-4-state-idle"]
    assert rows["missing"].tolist() == ([] if missing is None else [missing])


@pytest.mark.parametrize(
    ("kind", "clauses"),
    [
        # 城镇现有空闲的厂房、学校、社区用房等; 城市经济型酒店等非民用房.
        ("idle_plant", {f"{CITY}/23-idle-premises", f"{YUBEI}/4-2-idle-premises"}),
        ("hotel", {f"{CITY}/23-hotels", f"{YUBEI}/4-2-hotels"}),
    ],
)
def test_premises_in_villages_get_nothing_that_is_for_towns(kind: str, clauses: set[str]) -> None:
    site = {"kind": kind, "tenure": "own", "floor_area_m2": 200.0}
    urban, rural = (
        set(lines([CITY, YUBEI], {**site, "rural": there}, what="candidate")["clause_id"]) for there in (False, True)
    )
    assert clauses <= urban
    assert not clauses & rural


def test_a_candidate_gets_no_line_for_institutions() -> None:
    """What is built on it is a station or a centre."""
    found = lines([each.id for each in all_standards()], {"kind": "hotel", "tenure": "own"}, what="candidate")
    tiers = {clause.id: set(clause.funding.tiers) for _, clause in PROMISES if clause.funding is not None}
    assert [key for key in found["clause_id"] if tiers.get(key) == {"institution"}] == []
    assert [key for key in found["clause_id"] if tiers.get(key)] != []


def test_a_word_for_no_known_kind_is_promised_no_conversion_of_named_kinds() -> None:
    found = lines(CITY_2019, {"kind": "棋牌室", "tenure": "own", "floor_area_m2": 200.0}, what="candidate")
    assert "kind" not in {name for names in found["missing"] for name in names}


def test_points_of_a_lattice_are_no_premises() -> None:
    found = lines([CITY, CITY_2019], {"generated": True}, {"generated": False}, what="candidate")
    assert found.query("line == 'conversion'")["site_id"].unique().tolist() == ["s1"]


def test_all_kinds_that_clauses_name_are_known_and_have_words() -> None:
    assert {*get_args(Premises)} == {*KINDS, STATE_IDLE}
    assert all(knows(f"candidate_kind.{kind}") for kind in get_args(Premises))
    named = {kind for each in all_standards() for clause in each.clauses for kind in clause.premises}
    assert named == {*get_args(Premises)}
    told = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    assert [words for words in KINDS.values() if "、".join(words) not in told] == []


def test_no_fire_or_environmental_threshold_is_offered_as_an_advantage() -> None:
    site = {"tier": "station", "floor_area_m2": 200.0}
    found = lines([CITY, NANAN, YUBEI], site, what="candidate")
    assert not found["quote"].str.contains("不需要办理消防|无需办理环境").any()


@pytest.mark.parametrize(
    ("area", "status"), [(999.0, "conditional"), (1_000.0, "conditional"), (1_000.1, None), (None, "unknown")]
)
def test_conversions_up_to_1000_m2_need_fewer_papers(area: float | None, status: str | None) -> None:
    found = lines(CITY_2019, {"kind": "hotel", "floor_area_m2": area}, what="candidate")
    rows = found[found["clause_id"] == f"{CITY_2019}/2-4-conversion-1000"]
    assert rows["status"].tolist() == ([] if status is None else [status])
    assert rows["missing"].tolist() == ([] if status is None else [["floor_area_m2"] if status == "unknown" else []])


def test_a_conversion_from_an_area_on_leaves_out_what_is_smaller() -> None:
    one = standard(CITY_2019)
    clause = next(each for each in one.clauses if each.id == f"{CITY_2019}/2-4-conversion-1000")
    turned = one.model_copy(update={"clauses": (clause.model_copy(update={"comparison": "at_least"}),)})
    sites = table({"floor_area_m2": 999.0}, {"floor_area_m2": 1_000.0})
    assert funding_lines([turned], sites, what="station")["site_id"].tolist() == ["s1"]


def test_a_proposed_station_is_a_station_unless_it_says_otherwise() -> None:
    site = {"operator_kind": "private", "rating_kind": "star", "rating": 5, "rating_paid_district_cny": 0.0}
    found = lines(KAIZHOU, site, {**site, "tier": "institution"}, what="station").query("line == 'rating'")
    assert found["clause_id"].tolist() == [STATIONS, STARS]
    asked = lines(KAIZHOU, site, what="candidate").query("line == 'rating'")
    # It may become a station or a centre, and no institution.
    assert (asked["clause_id"].tolist(), asked["missing"].tolist()) == ([STATIONS], [["tier"]])


def test_candidates_are_asked_for_funding_too() -> None:
    found = lines(CITY, {**RENTED, "new_beds": 20}, what="candidate")
    assert by_clause(found, LEASED) == [("s0", "eligible", 100_000.0)]


# --- sums and texts ---------------------------------------------------------------------------------------------------


def test_the_largest_of_a_group_counts_and_only_what_is_eligible() -> None:
    found = pd.DataFrame(
        {
            "site_id": ["b", "b", "b", "b", "a", "a"],
            "group": ["b|x", "b|x", "b|y", "b|z", "a|x", "a|y"],
            "status": ["eligible", "eligible", "eligible", "conditional", "unknown", "conditional"],
            "amount_cny": [100.0, 300.0, 50.0, 1_000.0, math.nan, 70.0],
            "payer": ["city", "district", "either", "city", "city", "city"],
        }
    )
    total = funding_summary(found)
    assert total.index.tolist() == ["b", "a"]
    assert total["eligible_cny"].tolist() == [350.0, 0.0]
    assert total.loc["b", ["eligible_city_cny", "eligible_district_cny", "eligible_either_cny"]].tolist() == [
        0,
        300,
        50,
    ]
    assert total["eligible_lines"].tolist() == [3, 0]
    assert total["conditional_lines"].tolist() == [1, 1]
    assert total["unknown_lines"].tolist() == [0, 1]


def test_net_cost_takes_off_what_is_paid_once_and_surely() -> None:
    lines_of = pd.DataFrame(
        {
            "site_id": ["a", "a", "a", "a", "b", "c"],
            "group": ["a|x", "a|x", "a|y", "a|z", "b|x", "c|x"],
            "line": ["construction", "construction", "demonstration", "operation", "rating", "rating"],
            "status": ["eligible", "conditional", "conditional", "eligible", "unknown", "eligible"],
            "amount_cny": [300.0, 500.0, 2_000.0, 10_000.0, math.nan, 900.0],
        }
    )
    found = net_costs(pd.Series({"a": 1_000.0, "b": 1_000.0, "c": 400.0, "d": math.nan}), lines_of)
    assert found["subsidy_cny"].tolist() == [300.0, 0.0, 900.0, 0.0]
    # Of the same money 200 more may be paid, and 2,000 of another; nobody is paid for costing less than nothing.
    assert found["subsidy_conditional_cny"].tolist() == [2_200.0, 0.0, 0.0, 0.0]
    assert found["net_cost_cny"].fillna(-1).tolist() == [700.0, 1_000.0, 0.0, -1.0]


def test_every_status_has_a_text_and_no_note_is_left_over() -> None:
    keys = {f"funding.status.{status}" for status in get_args(funding.Status)}
    assert {key for key in keys if not knows(key)} == set()
    source = Path(funding.__file__).read_text(encoding="utf-8")
    codes = [key.removeprefix("funding.note.") for key in texts() if key.startswith("funding.note.")]
    assert len(codes) == 22
    assert [code for code in codes if f'"{code}"' not in source] == []
