"""The audit of the sample district, clause by clause, against figures counted by hand from its ledger."""

import json
import math
import re
from pathlib import Path

import pandas as pd
import pytest

import siting
from siting.assess.audit import AUDIT_COLUMNS
from siting.cli import main, tell, tell_audit
from siting.domain.scenario import StandardsChoice
from siting.results import GapReport, Plan
from siting.text import LANGS, Lang
from siting.write.webmap.panel import panel
from siting.write.webmap.popups import Popups
from siting.write.webmap.sites import draw_sites
from siting.write.wrapping import width_of
from tests.codes import codes_in

pytestmark = pytest.mark.usefixtures("walks_once")

FIVE = ("cq-2017-162", "nanan-2018-180", "yubei-2018-40", "cq-2019-129", "kaizhou-2024-16")


@pytest.fixture(scope="module")
def report(sample: Path) -> GapReport:
    scenario = siting.read_scenario(sample)
    return siting.check(scenario.model_copy(update={"standards": StandardsChoice(ids=FIVE)}))


@pytest.fixture(scope="module")
def audit(report: GapReport) -> pd.DataFrame:
    return report.audit()


def row(audit: pd.DataFrame, clause: str, level: str = "district", basis: str | None = None) -> pd.Series:
    found = audit[(audit["clause_id"] == clause) & (audit["level"] == level)]
    found = found if basis is None else found[found["basis"] == basis]
    assert len(found) == 1
    return found.iloc[0]


# Clause, required, measured (low, high), verdict. 37 open facilities, 66,000 elderly, 300,000 residents.
DISTRICT = [
    ("cq-2017-162/3-government-beds", 0.5, 517 / 1329, 517 / 1329, "met"),
    ("cq-2017-162/9-government-beds", 0.5, 517 / 1329, 517 / 1329, "met"),
    ("cq-2017-162/3-nursing-beds", 0.3, 549 / 1329, 549 / 1329, "met"),
    ("cq-2017-162/22-nursing-beds", 0.3, 549 / 1329, 549 / 1329, "met"),
    ("cq-2017-162/22-land", 30_000, 30_777.859, math.inf, "met"),
    ("nanan-2018-180/3-gov-beds", 0.5, 517 / 1329, 517 / 1329, "met"),
    ("nanan-2018-180/8-gov-beds", 0.5, 517 / 1329, 517 / 1329, "met"),
    ("nanan-2018-180/3-nursing", 0.3, 549 / 1329, 549 / 1329, "met"),
    ("nanan-2018-180/20-nursing", 0.3, 549 / 1329, 549 / 1329, "met"),
    ("nanan-2018-180/11-demonstration", 6, 3, 3, "gap"),
    ("nanan-2018-180/20-land", 30_000, 30_777.859, math.inf, "met"),
    ("yubei-2018-40/2-government-beds", 0.5, 517 / 1329, 517 / 1329, "met"),
    ("yubei-2018-40/3-1-5-government-beds", 0.5, 517 / 1329, 517 / 1329, "met"),
    ("yubei-2018-40/2-nursing-beds", 0.3, 549 / 1329, 549 / 1329, "met"),
    ("yubei-2018-40/4-1-land", 30_000, 30_777.859, math.inf, "met"),
    ("yubei-2018-40/4-1-beds", 35, 1329 / 66, 1329 / 66, "gap"),
    ("yubei-2018-40/4-1-nursing-beds", 0.3, 549 / 1329, 549 / 1329, "met"),
    ("cq-2019-129/1-social-beds", 0.6, 812 / 1329, 812 / 1329, "met"),
    ("cq-2019-129/1-nursing-beds", 0.5, 549 / 1329, 549 / 1329, "gap"),
    # 5 of 5 街道 and 24 of 51 社区, each level apart; one of them has a residential institution alone.
    ("cq-2019-129/1-facility-coverage/streets", 1, 1, 1, "met"),
    ("cq-2019-129/1-facility-coverage/communities", 1, 23 / 51, 23 / 51, "gap"),
    ("cq-2019-129/2-1-coverage/streets", 1, 1, 1, "met"),
    ("cq-2019-129/2-1-coverage/communities", 1, 24 / 51, 24 / 51, "gap"),
    ("cq-2019-129/1-disabled-care-coverage", 1, 1, 1, "met"),
    ("cq-2019-129/2-2-disabled-home", 1, 1, 1, "met"),
    ("cq-2019-129/2-3-land", 60_000, 30_777.859, math.inf, "no_data"),
    ("cq-2019-129/2-9-circle", 0.9, 38_518 / 66_000, 38_518 / 66_000, "gap"),
    ("cq-2019-129/2-18-medical", 1, 6 / 7, 6 / 7, "gap"),
    ("kaizhou-2024-16/1-3-nursing-institutions", 0.6, 480 / 1165, 480 / 1165, "gap"),
    ("kaizhou-2024-16/19-nursing-all", 0.6, 549 / 1329, 549 / 1329, "gap"),
    ("kaizhou-2024-16/1-3-social-facilities", 1, 27 / 37, 27 / 37, "gap"),
    ("kaizhou-2024-16/8-social-government", 1, 7 / 14, 7 / 14, "gap"),
    # Of F031 nobody says who leads it.
    ("kaizhou-2024-16/1-3-led-stations", 1, 17 / 23, 18 / 23, "gap"),
    ("kaizhou-2024-16/1-3-home-care", 0.8, 53 / 66, 53 / 66, "met"),
    ("kaizhou-2024-16/10-home-care", 0.8, 53 / 66, 53 / 66, "met"),
    ("kaizhou-2024-16/1-3-medical", 1, 25 / 37, 26 / 37, "gap"),
    ("kaizhou-2024-16/1-3-staff", 1, 428 / 464, 1, "no_data"),
    ("kaizhou-2024-16/1-3-university/streets", 0.7, 4 / 5, 4 / 5, "met"),
    ("kaizhou-2024-16/1-3-university/communities", 0.7, 31 / 51, 31 / 51, "gap"),
    ("kaizhou-2024-16/19-land", 60_000, 30_777.859, math.inf, "no_data"),
]


@pytest.mark.parametrize(("clause", "required", "low", "high", "verdict"), DISTRICT, ids=[case[0] for case in DISTRICT])
def test_the_district(audit: pd.DataFrame, clause: str, required: float, low: float, high: float, verdict: str) -> None:
    standard, key, *basis = clause.split("/")
    found = row(audit, f"{standard}/{key}", basis=basis[0] if basis else None)
    assert found["required"] == pytest.approx(required)
    assert found["measured_low"] == pytest.approx(low, rel=1e-5)
    assert found["measured_high"] == pytest.approx(high, rel=1e-5)
    assert found["verdict"] == verdict


# Clause, level, met, gap, no_data, not_applicable.
COUNTS = [
    # 5 of 5 街道 hold a facility; the 3 towns are not asked. 24 of 51 社区 do; the 15 villages are not asked.
    ("cq-2019-129/2-1-coverage", "street", 5, 0, 0, 3),
    ("cq-2019-129/2-1-coverage", "community", 24, 27, 0, 15),
    # 37 new estates: 21 provide 20 m² for each 100 households, 14 do not, of 2 it is unknown.
    ("cq-2019-129/2-3-acceptance", "residential_area", 21, 14, 2, 213),
    # Land per resident within streets: 双溪 0.363 alone above 0.2; three streets hold facilities without land.
    ("cq-2019-129/2-3-land", "street", 1, 4, 3, 0),
    # 云台 2/2 and 青岗 2/2 are linked, 龙坪 1 of 2 with one unknown.
    ("kaizhou-2024-16/1-3-medical", "street", 2, 5, 1, 0),
]


@pytest.mark.parametrize(("clause", "level", "met", "gap", "no_data", "not_applicable"), COUNTS)
def test_places_by_verdict(
    audit: pd.DataFrame, clause: str, level: str, met: int, gap: int, no_data: int, not_applicable: int
) -> None:
    found = row(audit, clause, level)
    counts = found[["met", "gap", "no_data", "not_applicable"]].astype(int).tolist()
    assert counts == [met, gap, no_data, not_applicable]
    assert found["places"] == sum(counts)


def test_every_clause_that_gives_a_verdict_is_held_against_a_count(audit: pd.DataFrame) -> None:
    judged = {
        clause.id
        for standard in siting.standards()
        for clause in standard.clauses
        if standard.id in FIVE and clause.gives_verdict and clause.kind not in ("remedy", "funding")
    }
    # 230,000 beds are asked of the whole city, which the sample does not hold; nothing says which estates are old.
    unasked = {"cq-2019-129/1-beds", "cq-2019-129/2-3-old-estate-premises"}
    counted = {"/".join(case[0].split("/")[:2]) for case in DISTRICT} | {case[0] for case in COUNTS}
    assert judged == counted | unasked
    assert audit.loc[audit["clause_id"].isin(unasked), "level"].isna().all()


def test_every_clause_in_force_stands_in_the_audit_once_a_level(audit: pd.DataFrame) -> None:
    clauses = {clause.id for standard in siting.standards() if standard.id in FIVE for clause in standard.clauses}
    assert set(audit["clause_id"]) == clauses
    assert not audit.duplicated(["clause_id", "level", "basis"]).any()
    assert list(audit.columns) == list(AUDIT_COLUMNS)


def test_every_verdict_and_every_kind_of_advice_occurs(audit: pd.DataFrame) -> None:
    assert (audit[["met", "gap", "no_data", "not_applicable"]].sum() > 0).all()
    advice = audit[audit["treatment"] == "advice"]
    kinds = {
        clause.kind for standard in siting.standards() for clause in standard.clauses if clause.treatment == "advice"
    }
    assert {"one_operator", "hierarchy", "land_use_conformity", "siting_rule", "threshold", "conversion"} <= kinds
    assert set(advice["kind"]) == kinds
    assert (advice["finding_zh"].str.len() > 0).all()
    assert (advice["finding_en"].str.len() > 0).all()
    assert advice["verdict"].isna().all(), "advice gives no verdict"


def test_orphans_are_listed(audit: pd.DataFrame) -> None:
    listed = {clause.id for each in siting.standards() for clause in each.clauses if "parents" in clause.lists}
    found = audit[audit["clause_id"].isin(listed)]
    assert len(found) == 5
    assert found["finding_zh"].str.contains("F031").all()
    assert not audit.loc[~audit["clause_id"].isin(listed), "finding_zh"].str.contains("没有上级设施的").any()


def test_no_row_is_blank(audit: pd.DataFrame) -> None:
    for lang in ("zh", "en"):
        assert (audit["verdict"].notna() | (audit[f"finding_{lang}"].str.len() > 0)).all()


def test_completeness_counts_the_records_that_hold_each_column(audit: pd.DataFrame) -> None:
    assert "certified_staff 35/37" in row(audit, "kaizhou-2024-16/1-3-staff")["completeness"]
    assert "land_m2 34/37" in row(audit, "cq-2019-129/2-3-land")["completeness"]
    # People are those of the grid, though residential areas have such columns.
    assert "residents grid" in row(audit, "cq-2019-129/2-3-land")["completeness"]
    assert "nursing_beds 37/37" in row(audit, "cq-2019-129/1-nursing-beds")["completeness"]


def test_a_row_without_a_verdict_names_the_blank_records(audit: pd.DataFrame, report: GapReport) -> None:
    ledger = pd.read_csv("data/sample/facilities.csv", index_col="id").loc[report.assessment.facilities.index]
    blank = ", ".join(ledger.index[ledger["certified_staff"].isna()])
    told = f"数据不足：{blank} 缺“持证人员数”（certified_staff）。"
    assert len(blank.split(", ")) == 2
    assert row(audit, "kaizhou-2024-16/1-3-staff")["finding_zh"] == told
    # The district has a gap whatever the blank link is; one street is open because of it.
    of_street = row(audit, "kaizhou-2024-16/1-3-medical", "street")
    (open_one,) = ledger.index[ledger["med_link"].isna()]
    assert of_street["finding_zh"] == f"数据不足：{open_one} 缺“医养结合方式”（med_link）。"
    assert of_street["finding_en"] == f"Missing data: type of medical care link (med_link) not stated for {open_one}."
    assert row(audit, "kaizhou-2024-16/1-3-medical")["finding_zh"] == ""
    areas = report.assessment.inputs.residential_areas
    unsaid = areas.index[areas["status"].isna() | (areas["status"].eq("new") & areas["provided_m2"].isna())]
    assert len(unsaid) == 2
    told = row(audit, "cq-2019-129/2-3-acceptance", "residential_area")["finding_zh"]
    assert all(name in told for name in areas.loc[unsaid, "name"])


def test_a_popup_names_the_blank_data(report: GapReport) -> None:
    popups = Popups()
    draw_sites(report.assessment, None, popups)
    lines = {key: dict(map(tuple, popups.entries[f"facility/{key}"]["r"])) for key in ("F044", "F001")}
    assert lines["F044"]["missing"] == [{"w": "field.med_link"}]
    assert "missing" not in lines["F001"]
    checks = report.assessment.checks
    of_street = checks[(checks["clause_id"] == "kaizhou-2024-16/1-3-medical") & (checks["level"] == "street")]
    told = [popups.check(check).get("l") for check in of_street.to_dict("records")]
    (named,) = filter(None, told)
    assert popups.texts[named["w"]]["zh"] == "数据不足：F044 缺“医养结合方式”。"


def test_every_screen_and_the_map_tell_how_coverage_is_read(
    report: GapReport, audit: pd.DataFrame, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    reading = "任何一类设施都算"
    screens = {
        "check": lambda: tell.gaps(report, "zh"),
        "audit": lambda: tell_audit.summary(audit, report.assessment.inputs.standards, "zh"),
        "audit --all": lambda: tell_audit.everything(audit, report.assessment.inputs.standards, "zh"),
        "propose": lambda: tell.plan(plan, "zh"),
    }
    for name, screen in screens.items():
        screen()
        said = "".join(capsys.readouterr().out.split())
        assert reading in said, name
        # An institution of which it is stated that it does not serve is among those that are named.
        assert "而机构不面向社区服务或没有注明的" in said, name
    assert panel(report.assessment, None).count(reading) == 1


def test_what_binds_where(audit: pd.DataFrame) -> None:
    binding = audit[audit["binding"] == True]  # noqa: E712
    # Today land never binds; the city's bed shares bind the city, not a district.
    assert not (binding["kind"] == "land_per_person").any()
    assert "cq-2019-129/1-nursing-beds" not in set(binding["clause_id"])
    assert "cq-2017-162/22-nursing-beds" in set(binding["clause_id"])
    # 江峡区 is none of the districts whose documents are named here: these are for comparison.
    of_districts = audit["standard_id"].isin(["nanan-2018-180", "yubei-2018-40", "kaizhou-2024-16"])
    assert audit.loc[of_districts & audit["level"].notna(), "for_comparison"].all()
    assert not binding["standard_id"].isin(["nanan-2018-180", "yubei-2018-40", "kaizhou-2024-16"]).any()
    assert set(binding.loc[binding["kind"] == "service_circle", "level"]) == {"community"}


def test_what_is_measured_in_the_check_is_what_the_audit_prints(gaps: GapReport) -> None:
    audit, checks = gaps.audit(), gaps.clauses
    district = checks[checks["level"] == "district"]
    assert set(district["clause_id"]) == set(audit.loc[audit["level"] == "district", "clause_id"])
    for check in district.to_dict("records"):
        told = row(audit, check["clause_id"], basis=check["basis"])
        assert told["verdict"] == check["verdict"]
        assert told["measured_low"] == pytest.approx(check["provided_low"], nan_ok=True)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_prints_and_writes_it(
    small: Path, tmp_path: Path, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("audit.csv", "audit.json"):
        with pytest.raises(SystemExit) as left:
            main(["audit", str(small), "-o", str(tmp_path / name), "--lang", lang])
        assert left.value.code == 0
    told = capsys.readouterr().out
    # Quotes stand in the file alone.
    assert "人均不低于0.2平方米养老用地" not in told
    assert told.count({"zh": "数据完整性", "en": "data completeness"}[lang]) == 2, "one line a run"
    assert {"zh": "数据完整性", "en": "data completeness"}[lang] in told
    table = pd.read_csv(tmp_path / "audit.csv")
    rows = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert [*AUDIT_COLUMNS, "unlimited"] == list(rows[0])
    assert len(table) == len(rows)
    head, met = {"zh": ("判定", "达标"), "en": ("verdict", "met")}[lang]
    assert (table[head] == met).any()
    assert (table[head] == met).sum() == sum(row["verdict"] == "met" for row in rows)


def test_an_unknown_ending_is_refused(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["audit", str(sample), "-o", str(tmp_path / "audit.docx"), "--lang", "en", "--quiet"])
    assert left.value.code == 2
    assert ".csv" in capsys.readouterr().err


def test_at_a_planned_horizon_today_stands_beside_the_plan(sample: Path) -> None:
    scenario = siting.read_scenario(sample)
    planned = scenario.population.model_copy(update={"planned_residents": scenario.population.residents})
    head = scenario.scenario.model_copy(update={"horizon": 2030})
    audit = siting.audit(scenario.model_copy(update={"scenario": head, "population": planned}))
    found = row(audit, "cq-2019-129/2-3-land")
    assert found["binding"]
    assert found["current_low"] == pytest.approx(30_777.859, rel=1e-6)
    # By 2030 what is under construction and planned counts too: 41,338.6 m² known.
    assert found["measured_low"] == pytest.approx(41_338.6, abs=60.0)
    assert found["current_verdict"] == "no_data"


def test_verdicts_come_from_what_is_mandatory_or_a_target() -> None:
    clauses = [clause for standard in siting.standards() for clause in standard.clauses]
    assert {clause.force for clause in clauses if clause.gives_verdict} == {"mandatory", "target"}


def _is_whole(part: str) -> bool:
    held = part.rpartition(" ")[2]
    return held == "grid" or len(set(held.split("/"))) == 1


def test_the_screen_tells_the_sample_in_words(
    report: GapReport, audit: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    tell.gaps(report, "zh")
    tell_audit.everything(audit, report.assessment.inputs.standards, "zh")
    said = capsys.readouterr().out
    assert {code: line for line in said.splitlines() for code in codes_in(line)} == {}
    held = {part for each in audit["completeness"].dropna() if each for part in each.split("; ")}
    # A ceiling, a floor of which records lack, and a count.
    for told in (
        "区县：要求 ≤ 50.0%，实际 38.9%，达标",
        "区县：要求 ≥ 60,000 m²，实际不少于 30,778 m²，数据不足",
        "要求 ≥ 6 处设施，实际 3 处设施，未达标",
        # Counted in the rows of the audit.
        f"{len(held)} 项数据中，{sum(_is_whole(each) for each in held)} 项齐全",
    ):
        assert told in said.replace("\n      ", ""), told
    # Unmet, then unknown, then met, then what decides nothing; a clause stands once, where its worst level puts it.
    states = [said.index(each) for each in ("未达标的条款 ", "达标的条款 ", "仅作对照的条款 ")]
    assert states == sorted(states)
    unmet, met = said[states[0] :], said[said.rindex("达标的条款 ", 0, states[-1]) : states[-1]]
    assert unmet.index("cq-2019-129/1-nursing-beds") < unmet.index("cq-2017-162/22-nursing-beds")
    assert "cq-2017-162/22-nursing-beds\n" in met
    assert "未达标" not in met.split("\n", 1)[1]
    beside = said[states[-1] :].split("补足途径、资金")[0]
    assert beside.count("仅作对照）") == sum(line.startswith("    · ") for line in beside.splitlines())
    assert max(map(width_of, said[states[0] :].splitlines())) <= 100
    assert "≤ 0 " not in said


def test_the_screen_tells_the_notes_that_matter_most(report: GapReport, capsys: pytest.CaptureFixture[str]) -> None:
    tell.gaps(report, "zh")
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("· ")]
    notes = report.notes("zh")
    assert len(told) == 13
    assert told[-1].startswith(f"· 另有 {len(notes) + 2 - 12} 条说明事项")
    # Land that nobody knows leaves verdicts open; areas across borders were only shared out.
    places = [next(at for at, note in enumerate(notes) if word in note) for word in ("缺用地数据", "跨两个社区（村）")]
    assert places == sorted(places)
    assert any("缺用地数据" in line for line in told)
    # Which records leave verdicts open stands among the first.
    (lacking,) = (line for line in told if line.startswith("· 数据不足："))
    assert "F024, F042, F031" in lacking


def _summary(audit: pd.DataFrame, report: GapReport, lang: Lang, capsys: pytest.CaptureFixture[str]) -> list[str]:
    tell_audit.summary(audit, report.assessment.inputs.standards, lang)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("lang", LANGS)
def test_the_summary_fits_eighty_columns(
    report: GapReport, audit: pd.DataFrame, lang: Lang, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _summary(audit, report, lang, capsys)
    table = lines[1 : max(at for at, line in enumerate(lines) if line.startswith("─")) + 1]
    assert max(map(width_of, table)) <= 80


def test_the_summary_fits_a_screen_where_two_documents_are_in_force(
    gaps: GapReport, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _summary(gaps.audit(), gaps, "zh", capsys)
    assert len(lines) <= 50
    # Chinese texts name no codes; ids of the data are no codes of ours.
    assert {code: line for line in lines for code in codes_in(line)} == {}
    # 8 clauses are short, four of them in binding checks, and seven are met: counted from the audit.
    judged = gaps.audit()
    judged = judged[judged["level"].notna() & (judged["treatment"] == "computed")]
    short = judged.groupby("clause_id")["gap"].sum() > 0
    binding = judged[judged["binding"].astype(bool) & (judged["gap"] > 0)]["clause_id"].nunique()
    assert f"未达标 {short.sum()} 条（其中 {binding} 条" in lines[0]
    rows = [re.split(r" {2,}", line.strip()) for line in lines if re.search(r"达标|数据不足", line) and "  " in line]
    cells = [row for row in rows[1:] if row[0].lstrip("●○").endswith("号")]
    # Short ones stand first: all rows before the line between, and none behind, tell of something that is not met.
    line = next(at for at, text in enumerate(lines[3:], 3) if text.startswith("─"))
    behind = [text for text in lines[line:] if "未达标" in text]
    assert behind == []
    circle = next(row for row in cells if "一刻钟服务圈" in row)
    # The district's share, and the communities where the clause binds (the villages among them are only reported).
    assert circle[2:] == ["≥ 90.0%", "58.4%", "未达标", "社区 39/51"]
    land = [row[2:] for row in cells if "人均养老用地" in row]
    assert land == [
        ["≥ 30,000 m²", "≥ 30,778 m²", "达标", "社区 54/66"],
        ["≥ 60,000 m²", "≥ 30,778 m²", "数据不足", "社区 56/66"],
    ]
    coverage = [row[-1] for row in cells if "设施行政覆盖率" in row and row[4] == "未达标"]
    assert coverage == ["社区 28/51", "社区 27/51"]


def test_every_clause_stands_on_the_whole_screen_once(gaps: GapReport, capsys: pytest.CaptureFixture[str]) -> None:
    table, documents = gaps.audit(), gaps.assessment.inputs.standards
    tell_audit.everything(table, documents, "zh")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert all(lines.count(clause.id) == 1 for document in documents for clause in document.clauses)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("cq-2019-129/2-9-circle", ["cq-2019-129/2-9-circle"]),
        ("2-9-circle", ["cq-2019-129/2-9-circle"]),
        ("渝府办发〔2019〕129号 二（十八）", ["cq-2019-129/2-18-medical"]),
    ],
)
def test_a_clause_is_named_by_its_id_or_its_article(gaps: GapReport, name: str, ids: list[str]) -> None:
    documents = gaps.assessment.inputs.standards
    found = [clause.id for clause in tell_audit.chosen([name], documents)]
    assert set(ids) <= set(found)
    articles = {clause.article for document in documents for clause in document.clauses if clause.id in found}
    assert len(articles) == 1


def test_one_clause_is_told_with_its_quote_and_what_is_missing(
    gaps: GapReport, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = gaps.assessment.inputs.standards
    chosen = tell_audit.chosen(["cq-2019-129/2-3-land"], documents)
    tell_audit.clauses(gaps.audit(), chosen, documents, "zh")
    said = "".join(capsys.readouterr().out.split())
    assert "各区县要按照人均不低于0.2平方米养老用地" in said
    assert "区县：要求≥60,000m²，实际不少于30,778m²，数据不足" in said
    assert "数据不足：设施的用地缺失或不确定（F024,F031,F042）" in said
    assert "用地面积34/37" in said


def test_a_clause_that_is_not_in_force_is_refused_before_any_work(
    small: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(siting, "audit", lambda *_, **__: pytest.fail("the check was run"))
    with pytest.raises(SystemExit) as left:
        main(["audit", str(small), "--clause", "2-9-circl", "--lang", "en"])
    assert left.value.code == 2
    assert "cq-2019-129/2-9-circle" in capsys.readouterr().err


def test_a_check_tells_the_worst_streets_the_short_estates_and_where_to_look(
    report: GapReport, capsys: pytest.CaptureFixture[str]
) -> None:
    tell.gaps(report, "zh")
    said = capsys.readouterr().out
    streets = report.units[report.units["level"] == "street"].sort_values("elderly_uncovered", ascending=False)
    named = [
        f"{name} {people:,.0f} 人" for name, people in zip(streets["name"], streets["elderly_uncovered"], strict=True)
    ]
    assert f"服务圈外老年人最多的街道（镇）：{'、'.join(named[:3])}。" in said
    estates = report.places
    short = estates[estates["verdict"] == "gap"]
    assert f"居住区 {len(estates)} 处，有条款未达标的 {len(short)} 处" in said
    worst = short.sort_values("elderly_uncovered", ascending=False)["id"].iloc[0]
    assert f"siting explain 评估文件 {worst} " in said
