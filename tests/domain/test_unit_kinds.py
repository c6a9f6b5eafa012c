"""Kinds of units in the words of layers."""

import geopandas as gpd
import pandas as pd
import pytest

from siting.domain.unit_kinds import are_of_kind, asked_kinds, kind_of_word
from siting.read import standard
from siting.read.log import Log
from siting.read.reporting_units import with_kinds
from tests.helpers import METRIC, box


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "社区",
            ["社区", "居委会", "居民委员会", "社区居委会", "城市社区", "涉农社区", " 社区 ", "社区（城市）"],
        ),
        ("村", ["村", "行政村", "行政村（农村）", "建制村", "村委会", "村民委员会"]),
        ("街道", ["街道", "街道办事处"]),
        ("镇", ["镇", "建制镇"]),
        ("乡", ["乡", "民族乡"]),
        (None, ["农场", "政府驻地", "", "社区村"]),
    ],
)
def test_words_of_layers_name_kinds(kind: str | None, words: list[str]) -> None:
    assert [kind_of_word(word) for word in words] == [kind] * len(words)


@pytest.mark.parametrize(
    ("named", "kinds", "asked"),
    [
        (("社区",), ["居委会", "村", None], [True, False, pd.NA]),
        # 乡镇 is both; a layer that says 乡镇 leaves open whether it is a 镇.
        (("乡镇",), ["镇", "民族乡", "乡镇", "街道"], [True, True, True, False]),
        (("镇",), ["建制镇", "乡", "乡镇", None], [True, False, pd.NA, pd.NA]),
        # A standard of one's own may name any word.
        (("农场",), ["农场", "社区"], [True, False]),
        ((), ["农场", None], [True, True]),
    ],
)
def test_a_clause_asks_the_units_of_its_kinds(
    named: tuple[str, ...], kinds: list[str | None], asked: list[bool | None]
) -> None:
    clause = standard("cq-2019-129").clauses[0].model_copy(update={"unit_kinds": named})
    found = asked_kinds(clause, pd.Series(kinds, dtype="object"))
    assert [pd.NA if pd.isna(each) else bool(each) for each in found] == asked


def test_villages_are_known_by_every_word_for_them() -> None:
    assert are_of_kind(pd.Series(["行政村（农村）", "居委会", None]), "村").tolist() == [True, False, pd.NA]


def test_kinds_are_read_at_the_door_and_unknown_words_are_told() -> None:
    shapes = [box(at * 100, 0, at * 100 + 100, 100) for at in range(4)]
    units = gpd.GeoDataFrame(
        {"name": ["甲", "乙", "丙", "丁"], "kind": ["居委会", "居委会", "社区", "农场"]}, geometry=shapes, crs=METRIC
    )
    log = Log()
    read = with_kinds("community", units, [standard("cq-2019-129")], log.layer("units.community"))
    assert read["kind"].fillna("?").tolist() == ["社区", "社区", "社区", "?"]
    told = {note.code: note.values for note in log.notes}
    assert told["kinds_understood"]["words"] == "居委会 → 社区 (2)"
    assert (told["kinds_unknown"]["count"], told["kinds_unknown"]["words"]) == (1, "农场 (1)")
    # What a clause names is known as it stands, and districts keep their words.
    own = standard("cq-2019-129")
    clauses = (own.clauses[0].model_copy(update={"unit_kinds": ("农场",)}),)
    kept = with_kinds("community", units, [own.model_copy(update={"clauses": clauses})], Log().layer("x"))
    assert kept["kind"].tolist()[3] == "农场"
    assert with_kinds("district", units, [], Log().layer("x"))["kind"].tolist() == units["kind"].tolist()
