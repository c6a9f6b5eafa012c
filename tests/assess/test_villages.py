"""The circle of communities in villages: reported, and binding only where the scenario says so."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from siting.assess.audit import audit_table
from siting.domain.nouns import Assessment
from siting.pipeline.requirements import Offers, requirements_of, wanted_of
from siting.text import LANGS, say
from tests.assess.test_sharing import IN_B, strip

CIRCLE = "cq-2019-129/2-9-circle"


def circle(found: Assessment) -> dict[str, tuple[str, bool]]:
    rows = found.checks[(found.checks["clause_id"] == CIRCLE) & (found.checks["level"] == "community")]
    return dict(zip(rows.index.get_level_values("id"), zip(rows["verdict"], rows["binding"], strict=True), strict=True))


@pytest.mark.parametrize("kind", ["村", "行政村", "村委会"])
def test_villages_are_reported_and_do_not_bind(kind: str) -> None:
    # 二（九）: “一刻钟”社区居家养老服务圈; 二（二）: 推进村级互助养老服务网点建设.
    found = strip(IN_B, kind=kind)
    assert circle(found) == {"a": ("gap", False), "b": ("met", False), "c": ("gap", False)}
    assert set(found.places.loc["community", "verdict_binding"]) == {"not_applicable"}
    assert {note.code: dict(note.values) for note in found.notes}["villages_spared"] == {"count": 3}
    row = audit_table(found).set_index(["clause_id", "level"]).loc[[(CIRCLE, "community")]].iloc[0]
    assert (row["binding"], row["gap"], row["met"]) == (False, 2, 1)
    assert "3 of these are villages" in row["finding_en"]
    for lang in LANGS:
        assert "3" in say("note.villages_spared", lang, count=3)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("社区", {}), ("村", {"circle": {"villages": True}}), (None, {})],
    ids=["社区", "asked", "blank"],
)
def test_communities_bind_and_so_do_villages_where_the_scenario_says_so(kind: Any, settings: dict[str, Any]) -> None:
    found = strip(IN_B, kind=kind, **settings)
    assert circle(found) == {"a": ("gap", True), "b": ("met", True), "c": ("gap", True)}
    assert "villages_spared" not in {note.code for note in found.notes}


def test_where_one_unit_may_be_a_village_it_is_unknown_whether_the_circle_binds() -> None:
    found = strip(IN_B, kind=[None, "村", "社区"])
    assert circle(found) == {"a": ("gap", None), "b": ("met", False), "c": ("gap", True)}
    binding = found.places.loc["community", "verdict_binding"]
    assert binding.to_dict() == {"a": "no_data", "b": "not_applicable", "c": "gap"}


@pytest.mark.parametrize(("villages", "asked"), [(False, set()), (True, {"a", "b", "c"})])
def test_no_plan_is_held_to_the_circle_of_villages(*, villages: bool, asked: set[str]) -> None:
    standing = strip(IN_B, kind="村", circle={"villages": villages})
    nothing = np.zeros(1)
    offers = Offers(
        homes=pd.DataFrame({"community": ["a"], "street": ["s1"], "district": ["d"]}),
        land_m2=nothing,
        beds=nothing,
        tier=pd.Series(["station"]),
        within=csr_array((1, len(standing.demand.cells))),
        in_circle=np.ones(1, dtype=bool),
    )
    needs, unjudged = requirements_of(standing, offers, wanted_of(standing, [CIRCLE]))
    assert {need.place for need in needs} == asked
    assert unjudged == ()
