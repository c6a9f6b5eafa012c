"""The money that the documents promise the sample's facilities, by hand from the ledger."""

import dataclasses
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import siting
from siting import results as siting_results
from siting.assess import funding
from siting.assess.funding import funding_summary
from siting.cli import main, tell
from siting.domain.nouns import Jurisdiction
from siting.domain.scenario import Layer, StandardsChoice
from siting.domain.tables import CANDIDATE_COLUMNS
from siting.pipeline.paying import promised
from siting.read.ledger import note_kinds
from siting.read.log import Log
from siting.read.tables.columns import typed_table
from siting.text import knows

pytestmark = pytest.mark.usefixtures("walks_once")


@pytest.fixture(scope="module")
def lines(sample: Path) -> pd.DataFrame:
    scenario = siting.read_scenario(sample)
    ids = ("cq-2017-162", "nanan-2018-180", "yubei-2018-40")
    found = siting.check(scenario.model_copy(update={"standards": StandardsChoice(ids=ids)})).assessment
    # As if neither name nor codes told which district it is: both documents of districts hold.
    return promised(dataclasses.replace(found, jurisdiction=Jurisdiction()), found.facilities, "facility")


def test_the_city_and_the_district_pay_and_the_same_money_counts_once(lines: pd.DataFrame) -> None:
    # F008: 110 own beds: city 1,100,000. Of Yubei's cap of 5,000,000 the 4,300,000 paid at the site leave 700,000, but
    # they may have been for these beds.
    paid = funding_summary(lines)["eligible_cny"]
    assert paid[paid > 0].to_dict() == {"F008": 1_100_000}
    # F002: 20 leased beds, 5 years: city and Yubei 5,000 each; Nan'an asks for 50.
    # F004: 50 own beds: the city's 10,000 stands in two documents, Yubei pays as much on top.
    # Both opened (2017-03-01, 2012-05-01) before the first document of 2017-10-24: whether their beds are new is open.
    open_beds = lines[(lines["line"] == "construction") & (lines["status"] == "conditional")]
    assert open_beds.groupby("group")["amount_cny"].max().groupby(lambda group: group[:4]).sum().to_dict() == {
        "F002": 200_000,
        "F004": 1_000_000,
        "F008": 700_000,
    }


def test_every_line_bears_its_quote_and_its_conditions(lines: pd.DataFrame) -> None:
    construction = lines[lines["line"] == "construction"]
    assert len(construction)
    assert (construction["conditions_zh"].map(len) > 0).all()
    assert (construction["conditions_en"].map(len) > 0).all()
    assert construction["quote"].str.contains("建设补贴").any()


def test_the_command_prints_and_writes_them(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["funding", str(sample), "-o", str(tmp_path / "funding.csv"), "--lang", "zh"])
    assert left.value.code == 0
    table = pd.read_csv(tmp_path / "funding.csv")
    assert set(table["对象"]) == {"设施", "候选点"}
    assert "F008" in capsys.readouterr().out


def test_lines_without_an_amount_are_counted_and_their_data_named(
    lines: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    class Paid:
        def of(self, what: str) -> pd.DataFrame:
            without = lines.assign(amount_cny=float("nan"), missing=[["beds"]] * len(lines))
            return without if what == "facility" else lines[:0]

        def summary(self, _: str) -> pd.DataFrame:
            return funding_summary(lines[:0])

        def notes(self, _: str) -> list[str]:
            return []

    tell.funding(Paid(), "en")  # type: ignore[arg-type]
    said = " ".join(capsys.readouterr().out.split())
    assert f"{len(lines)} more lines have no amount" in said
    assert f"conditional {int((lines['status'] == 'conditional').sum())}" in said
    assert "Data most often missing: beds" in said


def test_every_column_that_a_line_may_lack_has_a_name() -> None:
    for key in (*funding._TEXTS, *funding._FIGURES, "opens", "rural"):
        assert knows(f"field.{key}"), key


def test_a_plan_names_the_lines_of_its_stations(plan: siting_results.Plan) -> None:
    lines = plan.funding()
    assert set(lines["site_id"]) <= set(plan.stations["id"])
    for told, key in zip(plan.stations["funding"], plan.stations["id"], strict=True):
        assert [line["clause_id"] for line in told] == lines.loc[lines["site_id"] == key, "clause_id"].tolist()


def test_net_cost_stands_beside_gross(plan: siting_results.Plan, capsys: pytest.CaptureFixture[str]) -> None:
    # The city's documents pay for beds of institutions alone, so that stations cost what they cost.
    stations = plan.stations
    assert stations["cost_cny"].sum() > 0
    assert stations["net_cost_cny"].tolist() == stations["cost_cny"].tolist()
    assert stations["subsidy_cny"].tolist() == stations["subsidy_conditional_cny"].tolist() == [0.0] * len(stations)
    tell.plan(plan, "en")
    cost = f"{stations['cost_cny'].sum():,.0f}"
    said = f"Total cost: CNY {cost}; eligible one-off subsidy: CNY 0; net cost: CNY {cost}"
    assert said in " ".join(capsys.readouterr().out.split())


def test_the_verb_lists_facilities_candidates_and_the_stations_of_a_plan(
    sample: Path, plan: siting_results.Plan, tmp_path: Path
) -> None:
    file = tmp_path / "plan.geojson"
    plan.to_file(file)
    found = siting.funding(sample, plan=file)
    assert found.lines["what"].unique().tolist() == ["facility", "candidate", "station"]
    pd.testing.assert_frame_equal(found.of("station"), plan.funding())
    assert found.notes("en") == []
    assert repr(found).startswith("<Funding 江峡区（示例）养老服务设施布局: ")
    assert "facilities eligible for CNY 1,100,000" in repr(found)
    assert "F008" in found._repr_html_()
    found.to_file(tmp_path / "lines.csv")
    assert len(pd.read_csv(tmp_path / "lines.csv")) == len(found.lines)


def test_candidates_of_no_known_kind_are_told_once(gaps: siting_results.GapReport) -> None:
    inputs = gaps.assessment.inputs
    kinds = inputs.candidates["kind"].mask(inputs.candidates.index.isin(["C001", "C002"])).replace("hotel", "谷仓")
    other = dataclasses.replace(inputs, candidates=inputs.candidates.assign(kind=kinds))
    log = Log()
    note_kinds(other.candidates, log.layer("candidates"))
    found = dataclasses.replace(gaps.assessment, inputs=other, notes=log.notes)
    told = siting_results.Funding(siting_results.GapReport(found))
    # Two blanks, and twelve hotels that are now called by a word that nobody knows.
    blank, unknown = told.notes("zh")
    assert blank.startswith("2 个候选点没有写明用房种类（kind）")
    assert blank.endswith("C001, C002")
    assert "12 个候选点的用房种类（kind）不能识别" in unknown
    assert "谷仓 ×12。" in unknown
    assert "values.kind = { '谷仓' = \"…\" }" in unknown
    assert "commercial (商业用房)" in unknown
    # A word that the planner explains is one of ours, and nothing is told.
    layer = Layer(path=Path("c.csv"), values={"kind": {"行政办公用房": "state_office"}})
    log = Log()
    raw = pd.DataFrame({"id": ["C1"], "kind": ["行政办公用房"]})
    table, _ = typed_table(raw, CANDIDATE_COLUMNS, layer, log.layer("candidates"))
    assert table["kind"].tolist() == ["state_office"]
    note_kinds(gpd.GeoDataFrame(table), log.layer("candidates"))
    assert "premises_of_no_known_kind" not in [note.code for note in log.notes]
