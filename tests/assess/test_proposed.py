"""What a plan proposes and does not describe makes no verdict worse for want of data."""

import pandas as pd
import pytest

from siting.assess.ledger import LEDGER_KINDS, by_place, figures_of, missing_of
from siting.domain.measures import Span
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


def test_a_candidate_says_who_will_run_it() -> None:
    today = facilities({"s": ((0, 0), {"tier": "station", "operator_kind": "private"})})
    runs = {"a": "government", "b": "private", "c": None}
    planned = with_stations(today, candidates({key: ((9, 9), {"operator_kind": kind}) for key, kind in runs.items()}))
    homes, none = pd.Series("d", index=planned.index), pd.DataFrame({"unit": [], "facility": []})
    rows = next(by_place(planned, homes, pd.Index(["d"]), scenario(), none))
    clause = next(each for each in standard("kaizhou-2024-16").clauses if each.kind == "social_facility_share")
    figures = figures_of(clause.model_copy(update={"of": None}), rows)
    assert (figures["social"], figures["facilities"]) == (Span(2, 2), Span(3, 3))
    assert missing_of(clause, rows) == []
