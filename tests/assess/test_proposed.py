"""What a plan proposes and does not describe makes no verdict worse for want of data."""

import pandas as pd
import pytest

from siting.assess.ledger import LEDGER_KINDS, by_place, figures_of, missing_of
from siting.places import with_stations
from siting.read import standard
from tests.helpers import candidates, facilities, scenario

IDS = ("kaizhou-2024-16", "cq-2019-129", "cq-2017-162")


@pytest.mark.parametrize("document", IDS)
def test_a_proposed_station_opens_no_clause_on_the_ledger(document: str) -> None:
    today = facilities({"s": ((0, 0), {"tier": "station", "operator_kind": "private", "beds": 5, "nursing_beds": 2})})
    planned = with_stations(today, candidates({"c": ((9, 9), {})}))
    homes, none = pd.Series("d", index=planned.index), pd.DataFrame({"unit": [], "facility": []})
    before, after = (
        next(by_place(table, homes[table.index], pd.Index(["d"]), scenario(), none)) for table in (today, planned)
    )
    asked = [clause for clause in standard(document).clauses if clause.kind in LEDGER_KINDS]
    assert asked
    for clause in asked:
        assert missing_of(clause, after) == missing_of(clause, before)
        if clause.kind.endswith("_share"):
            assert figures_of(clause, after) == figures_of(clause, before)
    assert planned["disabled_destitute"].iloc[-1] == False  # noqa: E712 - no blank
