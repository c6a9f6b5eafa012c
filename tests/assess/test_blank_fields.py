"""A blank field is not "no": whatever stands there, a verdict that is given with the blank holds."""

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest

from siting.assess.ledger import LEDGER_KINDS, Rows, figures_of, missing_of
from siting.domain.measures import Span, judge
from siting.domain.standards import Clause
from siting.read import all_standards
from tests.helpers import facilities

CLAUSES: Final = {clause.id: clause for each in all_standards() for clause in each.clauses if clause.gives_verdict}
LEDGER: Final = [clause for clause in CLAUSES.values() if clause.kind in LEDGER_KINDS]
# What may stand in a column, for the completion of blanks by hand; numbers enough on both sides of every clause.
VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "beds": (0, 10, 40),
    "nursing_beds": (0, 4, 10, 40),
    "operator_kind": ("government", "public_private", "private"),
    "owner_kind": ("government", "collective", "private"),
    "med_link": ("internal", "agreement", "nearby", "none"),
    "staff": (0, 5, 9),
    "certified_staff": (0, 5, 9),
    "demonstration": (True, False),
    "opens": ("2017-12-31", "2018-01-01", "2020-12-31", "2021-01-01"),
    "disabled_destitute": (True, False),
    "parent_id": ("c", "s", "nobody"),
}
PARTS: Final = {"nursing_beds": "beds", "certified_staff": "staff"}
MOST_BLANKS: Final = 3


def ledger(rng: np.random.Generator) -> list[dict[str, Any]]:
    rows = []
    for tier in rng.choice(["institution", "centre", "station"], int(rng.integers(1, 5))):
        row = {name: values[int(rng.integers(len(values)))] for name, values in VALUES.items()}
        for part, whole in PARTS.items():
            row[part] = min(row[part], row[whole])
        rows.append({"tier": str(tier), **row})
    return rows


def table(rows: list[dict[str, Any]]) -> Rows:
    frame = pd.DataFrame(
        facilities({f"f{at}": ((0.0, 0.0), row) for at, row in enumerate(rows)}).drop(columns="geometry")
    )
    frame["parent_tier"] = frame["parent_id"].map({"c": "centre", "s": "station"})
    return Rows(frame, complete=True)


def verdict(clause: Clause, rows: list[dict[str, Any]], elderly: float = 1000.0) -> str:
    found = figures_of(clause, table(rows))
    return str(judge(clause, {**found, "elderly": Span.exactly(elderly)}).verdict)


def by_hand(clause: Clause, rows: list[dict[str, Any]]) -> str:
    """The verdict upon rows without blanks, counted in the words of the documents."""
    number, social = clause.number or 0.0, ("public_private", "private")
    if clause.of in ("institution_beds", "institutions"):
        rows = [row for row in rows if row["tier"] == "institution"]
    if clause.of == "government_invested":
        rows = [row for row in rows if row["owner_kind"] == "government"]
    if clause.kind == "led_station_share":
        rows = [row for row in rows if row["tier"] == "station"]
    part, whole = {
        "beds_total": lambda: (sum(row["beds"] for row in rows), None),
        "beds_per_1000": lambda: (sum(row["beds"] for row in rows), None),
        "nursing_share": lambda: (sum(row["nursing_beds"] for row in rows), sum(row["beds"] for row in rows)),
        "government_bed_share": lambda: (
            sum(row["beds"] for row in rows if row["operator_kind"] == "government"),
            sum(row["beds"] for row in rows),
        ),
        "social_bed_share": lambda: (
            sum(row["beds"] for row in rows if row["operator_kind"] in social),
            sum(row["beds"] for row in rows),
        ),
        "social_facility_share": lambda: (sum(row["operator_kind"] in social for row in rows), len(rows)),
        "led_station_share": lambda: (
            sum(row["operator_kind"] in social and row["parent_id"] == "c" for row in rows),
            len(rows),
        ),
        "facility_count": lambda: (sum(_counts(clause, row) for row in rows), None),
        "medical_share": lambda: (sum(row["med_link"] in ("internal", "agreement") for row in rows), len(rows)),
        "staff_share": lambda: (sum(row["certified_staff"] for row in rows), sum(row["staff"] for row in rows)),
    }[clause.kind]()
    if whole == 0:
        return "not_applicable"
    found = Fraction(part, whole or 1)
    asked = Fraction(number).limit_denominator(1000)
    return "met" if (found <= asked if clause.comparison == "at_most" else found >= asked) else "gap"


def _counts(clause: Clause, row: dict[str, Any]) -> bool:
    if clause.of == "demonstration_centre":
        return bool(row["tier"] == "centre" and row["demonstration"] and "2018" <= row["opens"][:4] <= "2020")
    return bool(row["disabled_destitute"])


def completions(rows: list[dict[str, Any]], blanks: list[tuple[int, str]]) -> Iterator[list[dict[str, Any]]]:
    for values in itertools.product(*(VALUES[name] for _, name in blanks)):
        filled = [dict(row) for row in rows]
        for (at, name), value in zip(blanks, values, strict=True):
            filled[at][name] = value
        if all(row[part] <= row[whole] for row in filled for part, whole in PARTS.items()):
            yield filled


@pytest.mark.parametrize("clause", LEDGER, ids=lambda clause: clause.id)
def test_a_verdict_upon_blanks_is_that_of_all_that_may_stand_there(clause: Clause) -> None:
    """Brute force: a given verdict holds for every value, and only numbers without a limit leave it open."""
    rng = np.random.default_rng(12)
    needed = [name for name in clause.needs if name in VALUES]
    assert needed
    open_ones = 0
    for _ in range(15):
        rows = ledger(rng)
        cells = [(at, name) for at in range(len(rows)) for name in needed]
        at = rng.choice(len(cells), min(len(cells), int(rng.integers(1, MOST_BLANKS + 1))), replace=False)
        blanks = [cells[each] for each in at]
        blanked = [dict(row) for row in rows]
        for row, name in blanks:
            blanked[row][name] = None
        found = verdict(clause, blanked)
        may = {by_hand(clause, each) for each in completions(rows, blanks)}
        assert may
        if found in ("met", "gap"):
            assert may == {found}, (blanked, may)
        elif found == "no_data":
            open_ones += 1
            assert missing_of(clause, table(blanked))
            if not {name for _, name in blanks} & {"beds", "staff"}:
                assert len(may) > 1, (blanked, may)
        else:
            assert may == {found}
    assert open_ones or (clause.number or 0.0) > 1.0


def test_a_facility_of_unknown_owner_does_not_drop_out() -> None:
    """开州二（八）: 政府投资运营的公办养老服务设施社会化运营率达到100%."""
    clause = CLAUSES["kaizhou-2024-16/8-social-government"]
    sure = [{"tier": "station", "owner_kind": "government", "operator_kind": "private"}] * 5
    blank = {"tier": "station", "owner_kind": None}
    assert verdict(clause, [*sure, {**blank, "operator_kind": "government"}]) == "no_data"
    assert missing_of(clause, table([*sure, {**blank, "operator_kind": "government"}])) == ["f5: owner_kind"]
    # Whoever owns it, all that the government owns are socially run.
    assert verdict(clause, [*sure, {**blank, "operator_kind": "private"}]) == "met"
    # Whoever owns it, one that the government owns is not.
    short = {"tier": "station", "owner_kind": "government", "operator_kind": "government"}
    assert verdict(clause, [*sure, short, {**blank, "operator_kind": "private"}]) == "gap"


def test_a_demonstration_centre_of_unknown_opening_may_count() -> None:
    """南岸三（十一）: 到2020年，全区至少新增6个."""
    clause = CLAUSES["nanan-2018-180/11-demonstration"]
    centre = {"tier": "centre", "demonstration": True, "opens": "2019-05-01"}
    unknown = {"tier": "centre", "demonstration": True, "opens": None}
    assert verdict(clause, [centre] * 5) == "gap"
    assert verdict(clause, [*[centre] * 5, unknown]) == "no_data"
    assert verdict(clause, [*[centre] * 4, unknown]) == "gap"
    assert missing_of(clause, table([*[centre] * 5, unknown])) == ["f5: opens"]
