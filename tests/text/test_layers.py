"""Faults call a layer as planners do, and say the key where it is mended."""

import pytest

from siting.errors import Fault, together
from siting.text import Lang


@pytest.mark.parametrize(
    ("layer", "zh", "en"),
    [
        ("facilities", "图层 养老设施（facilities）", "layer facilities"),
        ("units.street", "图层 单元：街道（镇）（units.street）", "layer units.street"),
        (
            "constraints.exclude.farmland",
            "图层 禁建范围：“farmland”（constraints.exclude.farmland）",
            "layer constraints.exclude.farmland",
        ),
        # Words of ours are none for what the catalogue does not know, nor for a section of the scenario.
        ("constraints", "图层 constraints", "layer constraints"),
        ("{facilities}", "图层 {facilities}", "layer {facilities}"),
        ("plan", "[plan] 一节", "section [plan]"),
    ],
)
def test_a_fault_names_its_layer_in_words_with_the_key_behind(layer: str, zh: str, en: str) -> None:
    fault = Fault(code="duplicate_id", file="a.csv", layer=layer, row="S1", field="id", found="#1, #2")

    def place(lang: Lang) -> str:
        return fault.message(lang).removeprefix("a.csv · ").partition(" · ")[0]

    assert place("zh") == zh
    assert place("en") == en


@pytest.mark.parametrize(("lang", "layer"), [("zh", "图层 养老设施（facilities）"), ("en", "layer facilities")])
def test_a_fault_of_many_rows_names_its_layer_likewise(lang: Lang, layer: str) -> None:
    rows = [Fault(code="duplicate_id", file="a.csv", layer="facilities", row=row, field="id") for row in ("F1", "F2")]
    (told,) = together(rows)
    assert told.message(lang).split(" · ")[1] == layer
