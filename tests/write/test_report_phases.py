"""The chapter on the phases of a plan: its figures are the plan's, in both languages; without phases there is none."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.results import Plan
from siting.text import LANGS, Lang, say
from siting.write.figures import draw_plan
from siting.write.plan_figures import draw_phases
from siting.write.report.phase_chapter import phases_chapter
from siting.write.report.records import Records, root
from tests.phased import YEARS
from tests.write.volumes import W, body, bookmarked, sources, tables_of, words_of, wrong_figures

# Figures of a phase that the chapter gives.
GIVEN = {
    "year", "stations", "elderly", "elderly_covered", "covered_share", "covered_share_without", "cost_cny",
    "subsidy_cny", "subsidy_conditional_cny", "net_cost_cny",
}  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_every_number_is_read_from_the_results(phased_reports: dict[Lang, Path], lang: Lang) -> None:
    assert wrong_figures(phased_reports[lang]) == {}
    paths = set(sources(phased_reports[lang]).values())
    for at in range(len(YEARS)):
        assert {f"data/plan.geojson#/phases/{at}/{key}" for key in GIVEN} <= paths
    assert "data/plan.geojson#/phases/1/budget_cny" in paths
    assert {f"data/plan.geojson#/other_plans/{name}" for name in ("each_alone", "greedy_order")} <= paths


def test_both_languages_give_the_same_numbers(phased_reports: dict[Lang, Path]) -> None:
    """Sentences put them in another order, and the list of layers has its own rows for each."""
    told = {}
    for lang, folder in phased_reports.items():
        texts, paths = bookmarked(body(folder / "volume.docx")), sources(folder)
        told[lang] = sorted((paths[name].replace(f"/layers/{lang}/", "/"), text) for name, text in texts.items())
    assert told["zh"] == told["en"]


@pytest.mark.parametrize("lang", LANGS)
def test_the_chapter_stands_between_layout_and_funding(phased_reports: dict[Lang, Path], lang: Lang) -> None:
    paragraphs = body(phased_reports[lang] / "volume.docx").iter(f"{W}p")
    styled = [(each.find(f"{W}pPr/{W}pStyle"), words_of(each)) for each in paragraphs]
    heads = [text for style, text in styled if style is not None and style.get(f"{W}val") == "Heading1"]
    names = [say(f"report.volume.chapter.{name}", lang) for name in ("layout", "phases", "funding")]
    numbers = say("report.volume.numbers", lang).split()[5:8]
    assert [head for head in heads if head.endswith(tuple(names))] == [
        number + name for number, name in zip(numbers, names, strict=True)
    ]
    page = (phased_reports[lang] / "volume.html").read_text(encoding="utf-8")
    assert f"<h1>{numbers[1]}{names[1]}</h1>" in page


def test_the_tables_are_the_phases_of_the_plan(phased_plan: Plan, phased_reports: dict[Lang, Path]) -> None:
    tables = {tuple(rows[0]): rows[1:] for rows in tables_of(body(phased_reports["zh"] / "volume.docx"))}
    assert phased_plan.phases is not None
    phases = phased_plan.phases.to_dict("records")
    years = next(rows for head, rows in tables.items() if head[:3] == ("年份", "新建/处", "新建站点"))
    money = next(rows for head, rows in tables.items() if head[:3] == ("年份", "预算上限/元", "费用/元"))
    opening = phased_plan.stations.groupby("opens_year")["name"].agg("、".join)
    assert years == [
        [
            str(row["year"]),
            str(row["stations"]),
            opening.get(row["year"], "–"),
            f"{row['elderly']:,.0f}",
            f"{row['elderly_covered']:,.0f}",
            f"{row['covered_share_without']:.1%}",
            f"{row['covered_share']:.1%}",
        ]
        for row in phases
    ]
    assert [row[:3] for row in money] == [
        [str(row["year"]), "–" if np.isnan(row["budget_cny"]) else "5,000,000", f"{row['cost_cny']:,.0f}"]
        for row in phases
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_the_figure_has_coverage_and_money_of_each_year(phased_plan: Plan, lang: Lang) -> None:
    assert phased_plan.phases is not None
    upper, lower = draw_phases(phased_plan.phases, lang).axes
    lines = {line.get_label(): line.get_ydata() for line in upper.lines}
    for key in ("covered_share", "covered_share_without"):
        assert lines[say(f"series.phases_{key}", lang)] == pytest.approx(100 * phased_plan.phases[key].to_numpy())
    heights = [bar.get_height() for bar in lower.patches]  # type: ignore[attr-defined]
    assert heights == pytest.approx(phased_plan.phases["cost_cny"].to_numpy() / 1e4)
    (budgets,) = lower.collections
    assert [segment[0][1] for segment in budgets.get_segments()] == [500.0]  # type: ignore[attr-defined]
    assert [text.get_text() for text in lower.get_xticklabels()] == [str(year) for year in YEARS]


def test_without_costs_and_budgets_the_figure_has_no_money(phased_plan: Plan) -> None:
    assert phased_plan.phases is not None
    unknown = phased_plan.phases.assign(cost_cny=np.nan, budget_cny=np.nan)
    assert len(draw_phases(unknown, "zh").axes) == 1


def test_a_bound_that_is_none_of_people_is_not_drawn(phased_plan: Plan, plan: Plan, sample: Path) -> None:
    """The bound of a plan with phases is one of elderly-years, that of the median one of people beyond the circle."""
    for other in (phased_plan, siting.propose(sample, model="p_median", stations=3)):
        (axes,) = draw_plan(other.proposal, "zh").axes
        assert [line.get_label() for line in axes.lines] == [say("figure.coverage", "zh")]
    (axes,) = draw_plan(plan.proposal, "zh").axes
    assert axes.lines[1].get_ydata()[0] == pytest.approx(100 * plan.after.totals["covered_share"])


def test_a_plan_without_phases_has_no_such_chapter(report_folder: Path) -> None:
    assert not any("/phases" in path for path in sources(report_folder).values())
    assert "实施时序" not in "".join(words_of(each) for each in body(report_folder / "volume.docx").iter(f"{W}p"))


def phase(year: int, **figures: Any) -> dict[str, Any]:
    known = {"elderly": 1000.0, "elderly_covered": 500.0, "covered_share": 0.5, "covered_share_without": 0.4}
    blank = dict.fromkeys(("stations_limit", "budget_cny", "cost_cny", "subsidy_cny", "subsidy_conditional_cny"))
    return {"year": year, "stations": 1, "net_cost_cny": None, **known, **blank, **figures}


def told(phases: list[dict[str, Any]], lang: Lang, **plan: Any) -> tuple[str, dict[str, Any]]:
    """Return the paragraphs of a chapter, and the chapter, of a plan made by hand."""
    stations = [{"properties": {"id": "new-C1", "candidate_id": "C1", "opens_year": phases[0]["year"]}}]
    members = {"phases": phases, "features": stations, "request": {}, "objective": 9.0, "other_plans": {}, **plan}
    records = Records(root("g", {}), root("l", {"facilities": []}), root("p", members))
    chapter = phases_chapter(records, lang)
    assert chapter is not None
    return "\n".join(each.text for each in chapter["paragraphs"]), chapter


def test_what_is_unknown_is_said_and_what_is_not_asked_is_not() -> None:
    text, chapter = told([phase(2027)], "zh")
    assert "一期建成，建成年份为2027年" in text
    assert "有站点的费用未知，不作合计" in text
    assert not {"预算", "折减", "限额"} & {word for word in ("预算", "折减", "限额") if word in text}
    assert chapter["money"] == []
    assert chapter["years"][0]["names"].text == "C1"


def test_limits_subsidies_and_plans_that_cannot_be_are_told() -> None:
    first = phase(2027, stations_limit=2, cost_cny=3000.0, subsidy_cny=1000.0)
    none = phase(2029, stations=0, cost_cny=0.0, budget_cny=5.0)
    others = {"each_alone": None, "greedy_order": 4.0}
    request = {"discount_rate": 0.03, "weights": {"a": 2.0}}
    text, chapter = told([first, none], "zh", other_plans=others, request=request)
    assert "2027年：新建站点1处，限额2处，费用3,000元，其中符合条件的一次性补贴1,000元；" in text
    assert "2029年：不新建站点；年末老年人1,000人" in text
    assert "每年折减3.0%；若逐期单独选址，不能满足全部要求；" in text
    assert "（人·年，加权）最多，本选址方案为9；" in text
    assert "先后建设，为4。" in text
    assert [row["budget"].text for row in chapter["money"]] == ["–", "5"]
    english, _ = told([first, none], "en", other_plans=others, request=request)
    assert "2029: no station opens. At the end" in english


def test_a_plan_without_stations_has_no_phases_to_tell() -> None:
    members = {"phases": [phase(2027)], "features": [], "request": {}, "objective": None, "other_plans": {}}
    for plan in (None, root("p", members), root("p", {**members, "phases": None})):
        assert phases_chapter(Records(root("g", {}), root("l", {}), plan), "zh") is None


def test_phases_may_be_known_in_part_only() -> None:
    """Withheld figures are dashes."""
    text, _ = told([phase(2027, elderly_covered=None, covered_share=None)], "zh")
    assert "服务圈内–人，空间覆盖率–" in text


def test_a_single_phase_is_drawn_too() -> None:
    table = pd.DataFrame([phase(2027, cost_cny=2e6, subsidy_cny=1e6)]).astype(float)
    _, lower = draw_phases(table, "en").axes
    assert [bar.get_height() for bar in lower.patches] == [200.0, 100.0]  # type: ignore[attr-defined]
