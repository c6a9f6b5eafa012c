"""References by id that lost the zeros at their beginning, in ledgers, growth and `rows`."""

import pandas as pd
import pytest

from siting.read.log import Log
from siting.read.sources.attributes import kept_rows
from tests.read.case import Case, squares


@pytest.fixture
def coded(case: Case) -> Case:
    """Two streets, 0501 and 0502; the ledger lost the zeros of both its own ids and the streets'."""
    squares().assign(id=["0501", "0502"]).to_file(case.folder / "streets.gpkg")
    rows = ["id,name,tier,status,x,y,street_id,parent_id"]
    rows += ["0001,一号站,station,existing,436100,3281100,501,3", "0002,二号站,station,existing,436900,3281100,501,3"]
    rows += ["0003,三号中心,centre,existing,437500,3281500,502,"]
    case.facilities("\n".join(rows) + "\n")
    return case


def test_references_of_the_ledger_find_their_places(coded: Case) -> None:
    coded.sections["scenario"] = 'title = "示例"\ndate = 2026-01-01\nhorizon = 2021'
    growth = "id,residents_growth\n501,0.1\n502,0.2\n"
    (coded.folder / "growth.csv").write_text(growth, encoding="utf-8")
    coded.sections["population.projection"] = 'path = "growth.csv"\nbase_year = 2020'
    inputs = coded.read()
    assert inputs.facilities["street_id"].tolist() == ["0501", "0501", "0502"]
    assert inputs.facilities["parent_id"].dropna().tolist() == ["0003", "0003"]
    assert "parent_unknown" not in {note.code for note in inputs.notes}
    assert inputs.population.growth is not None
    assert inputs.population.growth.factors["residents"].tolist() == pytest.approx([1.1, 1.2])
    told = {(note.values["layer"], note.values["codes"]) for note in inputs.notes if note.code == "leading_zeros_lost"}
    assert told == {
        ("facilities", "501 → 0501, 502 → 0502"),
        ("facilities", "3 → 0003"),
        ("population.projection", "501 → 0501, 502 → 0502"),
    }


def test_a_record_is_placed_by_an_id_that_lost_its_zeros(coded: Case) -> None:
    coded.facilities("id,name,tier,status,x,y,street\n1,一号站,station,existing,,,502\n")
    inputs = coded.read()
    assert inputs.facilities["located_by"].tolist() == ["street"]
    # The middle of the second street.
    assert inputs.facilities.geometry.iloc[0].coords[0] == pytest.approx((437_500, 3_281_500), abs=1e-6)


@pytest.mark.parametrize(
    ("wanted", "kept"), [(("0501",), ["501"]), (("501",), ["501"]), (("0501", "502"), ["501", "502"])]
)
def test_rows_are_chosen_by_codes_that_lost_their_zeros(wanted: tuple[str, ...], kept: list[str]) -> None:
    log = Log().layer("units.street")
    found = kept_rows(pd.DataFrame({"code": ["501", "502"]}), {"code": wanted}, log)
    assert found is not None
    assert found["code"].tolist() == kept


def test_a_code_that_is_there_is_not_another() -> None:
    found = kept_rows(pd.DataFrame({"code": ["05", "5"]}), {"code": ("05",)}, Log().layer("units.street"))
    assert found is not None
    assert found["code"].tolist() == ["05"]
