"""From which age the elderly are counted, and clauses that count them from another."""

import pytest

from siting.assess.audit import audit_table
from siting.domain.nouns import Assessment, Raster
from siting.read import standard
from tests.helpers import box, check, inputs, raster, scenario, straight, units

BEDS = "yubei-2018-40/4-1-beds"


def district(age: int, asked: int | None, elderly: Raster | None) -> Assessment:
    whole = standard("yubei-2018-40")
    own = tuple(each.model_copy(update={"elderly_from": asked}) for each in whole.clauses if each.id == BEDS)
    return check(
        inputs(
            settings=scenario(walking=straight()),
            residents=raster([[100.0]], 500.0),
            elderly=elderly,
            places={"district": units({"d": box(0, 0, 500, 500)})},
            standards=(whole.model_copy(update={"clauses": own}),),
            elderly_age=age,
        )
    )


@pytest.mark.parametrize(
    ("age", "asked", "other"),
    [(60, None, None), (60, 60, None), (65, None, 60), (65, 60, 60), (65, 65, None), (60, 65, 65)],
)
def test_a_clause_on_other_ages_than_those_counted_is_warned_of(age: int, asked: int | None, other: int | None) -> None:
    found = district(age, asked, raster([[20.0]], 500.0))
    notes = {note.code: dict(note.values) for note in found.notes}
    assert notes["elderly_counted_from"] == {"age": age}
    if other is None:
        assert "elderly_of_other_age" not in notes
    else:
        told = {"age": age, "asked": other, "clauses": "渝北府办发〔2018〕40号 四（一）"}
        assert notes["elderly_of_other_age"] == told
    (finding,) = audit_table(found)["finding_zh"]
    assert f"老年人口按 {age} 周岁及以上计" in finding
    assert ("不可直接对照" in finding) == (other is not None)


def test_where_no_elderly_are_given_no_age_is_told() -> None:
    assert "elderly_counted_from" not in {note.code for note in district(60, None, None).notes}


def test_the_ages_of_the_catalogue_stand_in_their_quotes() -> None:
    named = {each.id: each for each in standard("kaizhou-2024-16").clauses if each.elderly_from is not None}
    assert {key: each.elderly_from for key, each in named.items()} == {
        "kaizhou-2024-16/13-bus": 65,
        "kaizhou-2024-16/20-resident-allowance": 60,
        "kaizhou-2024-16/20-resident-destitute": 60,
    }
    assert all(f"{each.elderly_from}周岁" in each.quote for each in named.values())
