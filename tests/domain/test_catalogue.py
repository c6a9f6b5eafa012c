"""The shipped documents: nothing of them missing, every clause cited, every number with a worked example."""

import datetime as dt
import itertools
import re
from pathlib import Path
from typing import Final

import pytest
from pydantic import ValidationError

from siting.domain.measures import MEASURES, Span, judge
from siting.domain.standards import Clause, Example, Standard
from siting.read import all_standards, elsewhere_standards
from tests.domain.documents import DOCUMENTS, HEADING, NAMES_BODIES, annex, articles, plain, sentences, text_of
from tests.domain.quotes import committed, digests

STANDARDS: Final = all_standards()
PAIRS: Final = [(standard, clause) for standard in STANDARDS for clause in standard.clauses]
CLAUSES: Final = {clause.id: clause for _, clause in PAIRS}
COMPUTED: Final = [clause for clause in CLAUSES.values() if clause.treatment == "computed"]
MEASURED: Final = [clause for clause in COMPUTED if clause.kind in MEASURES]
EXAMPLES: Final = [(clause, example) for clause in MEASURED for example in clause.examples]
# Sentences of the documents: touched by a clause, without one for a reason, naming bodies, headings.
SENTENCES: Final = {"clause": 161, "reason": 480, "bodies": 65, "heading": 132}
FUNDED: Final = [clause for clause in CLAUSES.values() if clause.funding is not None]


@pytest.fixture(params=STANDARDS, ids=lambda standard: standard.id)
def standard(request: pytest.FixtureRequest) -> Standard:
    found: Standard = request.param
    return found


@pytest.fixture
def document(standard: Standard, shared: Path) -> str:
    return text_of(shared / "documents", standard.id)


# --- held against the documents ---------------------------------------------------------------------------------------


def test_the_documents_are_there() -> None:
    assert {standard.id for standard in STANDARDS} == set(DOCUMENTS)


def test_the_head_of_a_standard_stands_in_its_document(standard: Standard, document: str) -> None:
    text = plain(document)
    assert plain(standard.title) in text
    assert plain(standard.number) in text
    assert all(plain(number) in text for number in (*standard.cites, *standard.repeals))
    if standard.issued is not None:
        day = standard.issued
        assert f"{day.year}年{day.month}月{day.day}日" in text


def test_every_quote_stands_exactly_once_in_its_article(standard: Standard, document: str) -> None:
    within = articles(document)
    lost = [
        (label, each.quote)
        for each in (*standard.clauses, *standard.unclaused)
        for label in each.article.split("；")
        if within.get(label, "").count(plain(each.quote)) != 1
    ]
    assert lost == []


def test_no_sentence_of_a_document_is_missing(standard: Standard, document: str) -> None:
    """Each that was seen is touched by a clause, names bodies, is a heading, or stands there with a reason."""
    quoted = [
        (label, plain(each.quote))
        for each in (*standard.clauses, *standard.unclaused)
        for label in each.article.split("；")
    ]
    lost = [
        (label, sentence)
        for label, article in articles(document).items()
        for number, sentence in enumerate(sentences(article))
        if not ((number == 0 or not label) and HEADING.fullmatch(sentence))
        and not NAMES_BODIES.match(sentence)
        and not any(label == where and (quote in sentence or sentence in quote) for where, quote in quoted)
    ]
    assert lost == []


def test_how_many_sentences_the_documents_have_and_clauses_touch(shared: Path) -> None:
    """The figures that the pages tell."""
    found = dict.fromkeys(("clause", "reason", "bodies", "heading"), 0)
    for each in STANDARDS:
        for label, article in articles(text_of(shared / "documents", each.id)).items():
            clauses, others = (
                [plain(one.quote) for one in those if label in one.article.split("；")]
                for those in (each.clauses, each.unclaused)
            )
            for sentence in sentences(article):
                touched = any(quote in sentence or sentence in quote for quote in clauses)
                said = any(quote in sentence or sentence in quote for quote in others)
                bodies = NAMES_BODIES.match(sentence) is not None
                found["clause" if touched else "bodies" if bodies else "reason" if said else "heading"] += 1
    assert found == SENTENCES
    for page in ("README.md", "README.zh.md", "docs/standards.md"):
        told = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
        assert all(str(count) in told for count in (sum(found.values()), *found.values())), page


# What the annex of 渝府办发〔2019〕129号 prints otherwise: the name of a task, and a row whose two columns interleave.
RENAMED: Final = {"加强考核监督": "加强监督考核"}
INTERLEAVED: Final = {
    "加强队伍建设": "市人力市教委、市民政局、市财政局、市文化社保局旅游委、市卫生健康委、市市场监管局、市扶贫办，"
}


def test_responsible_bodies_stand_in_the_document_at_their_article(standard: Standard, document: str) -> None:
    """At the end of the article, as in most documents, or in the annex behind the article's name."""
    within = articles(document)
    assert bool(standard.bodies) == (standard.id != "cq-2025-7")
    assert len({each.article for each in standard.bodies}) == len(standard.bodies)
    for each in standard.bodies:
        article = within[each.article]
        if re.search("责任(单位|部门)：|牵头单位：", article):
            lead = f"牵头单位：{each.lead}" if each.lead else ""
            rest = [f"责任{word}：{each.responsible}" for word in ("单位", "部门")] if each.responsible else [""]
            assert any(f"{'，'.join(filter(None, (lead, one)))}" in article for one in rest), each
            assert article.count("、") >= each.responsible.count("、")
            continue
        found = re.match("[（(][^）)]+[）)](.+?)。", article)
        assert found is not None
        name = found[1]
        told = INTERLEAVED.get(name) or f"{each.lead}{each.responsible}"
        assert re.search(rf"\D\d*\s*{re.escape(RENAMED.get(name, name))}{re.escape(told)}", annex(document)), each


def test_every_article_that_names_bodies_hands_them_to_its_clauses(standard: Standard, document: str) -> None:
    named = {label for label, text in articles(document).items() if re.search("责任(单位|部门)：|牵头单位：", text)}
    found = {each.article for each in standard.bodies}
    assert named <= found
    # The annexes of the city's documents number their tasks.
    numbered = {"cq-2017-162": 25, "cq-2019-129": 29}
    assert len(found) == numbered.get(standard.id, len(named))
    for clause in standard.clauses:
        assert bool(clause.lead or clause.responsible) == bool(found & set(clause.article.split("；"))), clause.id


def test_a_clause_bears_the_bodies_of_its_article_in_the_words_of_the_document() -> None:
    assert (CLAUSES["cq-2019-129/2-3-land"].lead, CLAUSES["cq-2019-129/2-3-land"].responsible) == (
        "市民政局",
        "市规划自然资源局、市住房城乡建委、市国资委，各区县政府（开发区管委会）",
    )
    assert CLAUSES["yubei-2018-40/3-1-1-jurisdiction"].responsible == "区工商分局、区民政局等"
    # An article of two documents' parts bears those of both; goals of a document name nobody.
    assert CLAUSES["kaizhou-2024-16/10-20-change"].lead == "区民政局；区财政局"
    assert CLAUSES["cq-2019-129/1-beds"].lead == CLAUSES["cq-2019-129/1-beds"].responsible == ""


def test_clauses_stand_in_the_order_of_the_document(standard: Standard, document: str) -> None:
    within = articles(document)
    labels = list(within)
    places = [
        (labels.index(label), within[label].index(plain(clause.quote)))
        for clause in standard.clauses
        for label in [clause.article.split("；")[0]]
    ]
    assert places == sorted(places)


def test_only_what_opens_an_article_and_is_short_is_a_heading() -> None:
    assert all(
        HEADING.fullmatch(text)
        for text in ("（四）降低准入门槛。", "5.完善价格机制。", "二、深化改革，全面放开养老服务市场")
    )
    assert not HEADING.fullmatch("到2020年，政府运营的养老床位数占养老床位总数的比例不超过50%。")
    assert NAMES_BODIES.match("（责任单位：区民政局等）")
    assert not NAMES_BODIES.match("（此件公开发布）")


def test_articles_are_told_apart_by_their_heads() -> None:
    text = "通知\n一、总则\n（一）目标。到2020年。\n1.床位。\n2020年以后。\n二、其他\n"
    assert articles(text) == {
        "": "通知",
        "一": "一、总则",
        "一（一）": "（一）目标。到2020年。",
        "一（一）1": "1.床位。2020年以后。",
        "二": "二、其他",
    }
    assert list(sentences("甲。乙！丙")) == ["甲。", "乙！", "丙"]


def test_a_document_known_in_part_says_what_was_not_seen() -> None:
    partial = {each.id: (each.unseen_zh, each.unseen_en) for each in STANDARDS if each.unseen_zh or each.unseen_en}
    assert set(partial) == {"cq-2025-7"}
    assert all(partial["cq-2025-7"])
    # No figure of the part that was not seen is given: 同步 and 不得拆分 are nought steps behind and one part.
    numbers = {key: clause.number for key, clause in CLAUSES.items() if key.startswith("cq-2025-7/")}
    assert {key: number for key, number in numbers.items() if number is not None} == {
        "cq-2025-7/4-in-step": 0,
        "cq-2025-7/4-undivided": 1,
    }


def test_clauses_that_refer_to_the_city_standard_say_that_its_edition_was_replaced() -> None:
    named = [clause for clause in CLAUSES.values() if "《重庆市城乡公共服务设施规划标准》" in clause.quote]
    assert len(named) == 4
    assert all("DB50/T 543—2024" in clause.note_zh and "DB50/T 543—2024" in clause.note_en for clause in named)


def test_quotes_are_those_that_were_held_against_the_documents() -> None:
    assert digests() == committed(), "python -m tests.domain.quotes, with the documents at hand"


# --- within the catalogue ---------------------------------------------------------------------------------------------


def test_ids_are_unique_and_begin_with_their_standard() -> None:
    assert len(CLAUSES) == len(PAIRS)
    assert len({standard.id for standard in STANDARDS}) == len(STANDARDS)
    assert all(clause.id.startswith(f"{standard.id}/") for standard, clause in PAIRS)


def test_every_reference_leads_somewhere() -> None:
    standards = {standard.id for standard in STANDARDS}
    assert all(key in standards for standard in STANDARDS for key in standard.follows)
    named = {
        (clause.id, other)
        for clause in CLAUSES.values()
        for other in (
            *clause.conflicts_with,
            *(clause.funding.adds_to if clause.funding else ()),
            *(clause.funding.excludes if clause.funding else ()),
        )
    }
    assert len(named) > 30
    assert {pair for pair in named if pair[1] not in CLAUSES or pair[0] == pair[1]} == set()


def test_a_conflict_is_told_on_both_sides() -> None:
    pairs = {(clause.id, other) for clause in CLAUSES.values() for other in clause.conflicts_with}
    assert {(one, other) for one, other in pairs if (other, one) not in pairs} == set()
    assert all(one.split("/")[0] != other.split("/")[0] for one, other in pairs)
    assert ("cq-2017-162/24-leased-beds", "nanan-2018-180/22-leased-beds") in pairs


def test_the_same_money_is_excluded_on_both_sides() -> None:
    pairs = {(clause.id, other) for clause in FUNDED for other in (clause.funding.excludes if clause.funding else ())}
    assert pairs
    assert {(one, other) for one, other in pairs if (other, one) not in pairs} == set()


def test_what_is_not_computed_says_why_in_both_languages() -> None:
    mute = [
        clause.id
        for clause in CLAUSES.values()
        if (clause.treatment != "computed") != bool(clause.why_zh) or bool(clause.why_zh) != bool(clause.why_en)
    ]
    assert mute == []


def test_notes_and_conditions_stand_in_both_languages() -> None:
    assert [clause.id for clause in CLAUSES.values() if bool(clause.note_zh) != bool(clause.note_en)] == []
    assert all(bool(standard.dating_zh) and bool(standard.dating_en) for standard in STANDARDS)
    for clause in FUNDED:
        assert clause.funding is not None
        assert clause.funding.conditions_zh
        assert len(clause.funding.conditions_zh) == len(clause.funding.conditions_en), clause.id


def test_kinds_go_with_what_they_need() -> None:
    for clause in CLAUSES.values():
        assert (clause.kind == "remedy") == bool(clause.remedies), clause.id
        assert (clause.kind == "funding") == (clause.funding is not None), clause.id
        assert clause.levels, clause.id
        assert (clause.number is None) <= (clause.comparison is None), clause.id
        assert (clause.number is None) or clause.unit, clause.id


def test_only_what_arithmetic_decides_is_computed() -> None:
    assert {clause.kind for clause in COMPUTED} == {*MEASURES, "remedy", "funding"}


def test_exemptions_from_fire_and_environmental_review_are_advice_to_be_confirmed() -> None:
    found = [clause for clause in CLAUSES.values() if re.search(r"/.*(fire|eia|environment)", clause.id)]
    assert len(found) > 10
    for clause in found:
        assert clause.treatment == "advice"
        assert "住建" in clause.why_zh or "消防" not in clause.quote, clause.id
        assert "以" in clause.why_zh
        assert "confirm" in clause.why_en.lower(), clause.id


def test_bands_of_an_award_leave_no_number_of_beds_between_them() -> None:
    for clause in FUNDED:
        assert clause.funding is not None
        banded = [award for award in clause.funding.awards if award.beds_below is not None]
        starts = {award.beds_at_least for award in clause.funding.awards}
        assert all(award.beds_below in starts for award in banded), clause.id
    chain = CLAUSES["yubei-2018-40/4-3-chain"].funding
    assert chain is not None
    # At exactly 200 beds the text's two bands overlap: the higher holds.
    assert [(award.beds_at_least, award.beds_below) for award in chain.awards] == [(30, 200), (200, None)]


def test_a_clause_refuses_keys_that_it_does_not_know() -> None:
    whole = CLAUSES["cq-2019-129/2-3-land"].model_dump()
    assert Clause.model_validate(whole).id == "cq-2019-129/2-3-land"
    with pytest.raises(ValidationError, match="Extra inputs"):
        Clause.model_validate({**whole, "numbr": 0.3})


# --- worked examples --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("clause", "example"), EXAMPLES, ids=lambda value: getattr(value, "id", None))
def test_worked_examples_come_out(clause: Clause, example: Example) -> None:
    found = judge(clause, {name: Span.exactly(value) for name, value in example.given.items()})
    assert found.provided_low == pytest.approx(example.provided)
    assert found.provided_high == pytest.approx(example.provided)
    assert found.required == pytest.approx(example.required)
    assert found.shortfall == pytest.approx(example.shortfall)
    assert found.verdict == example.verdict


@pytest.mark.parametrize("clause", MEASURED, ids=lambda clause: clause.id)
def test_every_clause_that_computes_has_examples_on_both_sides_and_at_its_boundary(clause: Clause) -> None:
    assert clause.number is not None
    assert clause.unit
    assert {example.verdict for example in clause.examples} == {"met", "gap"}
    assert any(example.provided == pytest.approx(example.required) for example in clause.examples)


@pytest.mark.parametrize("clause", [clause for clause in FUNDED if clause.treatment == "computed"], ids=lambda c: c.id)
def test_every_funding_line_that_computes_has_an_example(clause: Clause) -> None:
    assert clause.examples
    assert all(example.provided == example.required for example in clause.examples)


# Clause → figures of a place just on the right side of its number, and just on the wrong one.
BOUNDARIES: Final = {
    "cq-2017-162/22-land": ({"people": 12_345, "land_m2": 1_234.5}, {"land_m2": 1_234.49}),
    "cq-2019-129/2-3-land": ({"people": 3, "land_m2": 0.6}, {"land_m2": 0.59}),
    "cq-2019-129/2-9-circle": ({"elderly": 1000, "covered": 900, "pass_share": 0.9}, {"covered": 899}),
    "yubei-2018-40/4-1-beds": ({"elderly": 40_000, "beds": 1_400}, {"beds": 1_399}),
    "cq-2019-129/1-beds": ({"beds": 230_000}, {"beds": 229_999}),
    "cq-2017-162/22-nursing-beds": ({"beds": 70, "nursing_beds": 21}, {"nursing_beds": 20}),
    "cq-2019-129/1-nursing-beds": ({"beds": 100, "nursing_beds": 50}, {"nursing_beds": 49}),
    "kaizhou-2024-16/1-3-nursing-institutions": ({"beds": 35, "nursing_beds": 21}, {"nursing_beds": 20}),
    "kaizhou-2024-16/19-nursing-all": ({"beds": 35, "nursing_beds": 21}, {"nursing_beds": 20}),
    "cq-2017-162/9-government-beds": ({"beds": 2_000, "government_beds": 1_000}, {"government_beds": 1_001}),
    "cq-2019-129/1-social-beds": ({"beds": 5, "social_beds": 3}, {"social_beds": 2}),
    "kaizhou-2024-16/1-3-social-facilities": ({"facilities": 40, "social": 40}, {"social": 39}),
    "kaizhou-2024-16/1-3-led-stations": ({"stations": 3, "led_and_social": 3}, {"led_and_social": 2}),
    "cq-2019-129/1-facility-coverage": ({"units": 226, "covered": 226}, {"covered": 225}),
    "kaizhou-2024-16/1-3-home-care": ({"units": 535, "served": 428}, {"served": 427}),
    "cq-2019-129/2-2-disabled-home": ({"count": 1}, {"count": 0}),
    "nanan-2018-180/11-demonstration": ({"count": 6}, {"count": 5}),
    "cq-2019-129/2-18-medical": ({"facilities": 8, "integrated": 8}, {"integrated": 7}),
    "kaizhou-2024-16/1-3-staff": ({"staff": 301, "certified": 301}, {"certified": 300}),
    "kaizhou-2024-16/1-3-university": ({"units": 10, "with_point": 7}, {"with_point": 6}),
    "cq-2019-129/2-3-acceptance": (
        {"households": 1_234, "provided_m2": 246.8, "m2_per_100_households": 20},
        {"provided_m2": 246.79},
    ),
    "cq-2025-7/4-in-step": ({"steps_behind": 0}, {"steps_behind": 1}),
    "cq-2025-7/4-undivided": ({"parts": 1}, {"parts": 2}),
}


def test_every_kind_that_is_measured_has_a_boundary() -> None:
    assert {CLAUSES[key].kind for key in BOUNDARIES} == set(MEASURES)


@pytest.mark.parametrize("key", BOUNDARIES)
def test_equality_meets_and_the_next_number_does_not(key: str) -> None:
    on, past = BOUNDARIES[key]

    def verdict(figures: dict[str, float]) -> str:
        return judge(CLAUSES[key], {name: Span.exactly(value) for name, value in figures.items()}).verdict

    assert verdict(on) == "met"
    assert verdict({**on, **past}) == "gap"


@pytest.mark.parametrize("key", BOUNDARIES)
def test_what_is_not_known_is_no_data_and_a_place_without_anything_to_measure_is_not_applicable(key: str) -> None:
    on, past = BOUNDARIES[key]
    (name,) = past
    figures = {each: Span.exactly(value) for each, value in on.items()}
    between = Span(min(on[name], past[name]), max(on[name], past[name]))
    assert judge(CLAUSES[key], {**figures, name: between}).verdict == "no_data"
    nothing = {each: Span.exactly(0.0) for each in figures}
    alone = "met" if CLAUSES[key].comparison == "at_most" else "gap"
    expected = alone if set(figures) == {name} else "not_applicable"
    assert judge(CLAUSES[key], nothing).verdict == expected


def test_the_number_of_a_clause_stands_in_its_quote() -> None:
    """Shares as percentages, counts as they are; what the text gives in words is named here."""
    worded = {
        "nanan-2018-180/24-inspection",
        "cq-2019-129/1-disabled-care-coverage",
        "cq-2019-129/1-facility-coverage",
        "cq-2019-129/2-1-coverage",
        "cq-2019-129/2-18-medical",
        "cq-2019-129/2-3-acceptance",
        "cq-2019-129/2-3-old-estate-premises",
        "cq-2019-129/2-9-circle",
        "cq-2025-7/4-in-step",
        "cq-2025-7/4-undivided",
    }
    lost = set()
    for clause in CLAUSES.values():
        if clause.number is None:
            continue
        if clause.unit == "share":
            forms = {f"{clause.number * 100:g}%", f"{clause.number:g}∶1"}
        else:
            forms = {f"{clause.number:g}", f"{clause.number / 1000:g}千", f"{clause.number / 10_000:g}万"}
        if not any(form in plain(clause.quote) for form in forms):
            lost.add(clause.id)
    assert lost == worded


# --- in force ---------------------------------------------------------------------------------------------------------


def test_standards_apply_from_the_day_they_are_in_force_to_the_day_before_repeal() -> None:
    standard = STANDARDS[0].model_copy(update={"in_force": dt.date(2020, 1, 1), "repealed": dt.date(2021, 1, 1)})
    days = [dt.date(2019, 12, 31), dt.date(2020, 1, 1), dt.date(2020, 12, 31), dt.date(2021, 1, 1)]
    assert [standard.applies(day) for day in days] == [False, True, True, False]


def test_the_earliest_comes_first() -> None:
    assert all(one.from_day <= other.from_day for one, other in itertools.pairwise(STANDARDS))


def test_only_mandatory_rules_and_targets_that_are_computed_give_a_verdict() -> None:
    verdicts = {clause.id for clause in CLAUSES.values() if clause.gives_verdict}
    assert {"cq-2019-129/2-3-land", "cq-2019-129/2-9-circle"} <= verdicts
    assert not any(CLAUSES[key].force in ("encouraged", "permitted") for key in verdicts)
    assert "nanan-2018-180/11-one-operator" not in verdicts


# --- elsewhere --------------------------------------------------------------------------------------------------------

ELSEWHERE: Final = [(standard, clause) for standard in elsewhere_standards() for clause in standard.clauses]


def test_what_was_not_seen_has_no_quote_and_says_where_its_number_is_from() -> None:
    for standard, clause in ELSEWHERE:
        assert clause.quote == ""
        assert clause.source_note
        assert clause.id.startswith(f"{standard.id}/")
        assert (clause.number is not None) <= (clause.verified is not None), clause.id
        assert (clause.treatment != "computed") == bool(clause.why_zh and clause.why_en), clause.id
        if clause.verified is None:
            assert (clause.treatment, clause.number) == ("out_of_scope", None)
            assert "未核实" in clause.why_zh


def test_the_documents_are_all_quoted() -> None:
    assert all(clause.quote and clause.verified is None and not clause.source_note for clause in CLAUSES.values())


def test_nothing_from_elsewhere_applies_in_chongqing() -> None:
    ids = {standard.id for standard in elsewhere_standards()}
    blank = {"db50-543-2024", "cq-2023-16"}
    assert ids == {"gb50437-2018", "gb50180-2018", "guizhou-2022", "shandong-2014", "guangdong", "yinchuan"} | blank
    assert ids.isdisjoint(standard.id for standard in STANDARDS)
    here = {each.id for each in elsewhere_standards() if "重庆市开州区".startswith(each.jurisdiction)}
    assert here == blank


def test_what_is_to_be_filled_in_has_no_figure_and_says_that_nothing_was_seen() -> None:
    for each in elsewhere_standards():
        if each.id in ("db50-543-2024", "cq-2023-16"):
            assert all(
                (clause.quote, clause.number, clause.treatment) == ("", None, "out_of_scope") for clause in each.clauses
            )
            assert f"siting standards new --from {each.id}" in each.unseen_zh
            assert f"siting standards new --from {each.id}" in each.unseen_en


@pytest.mark.parametrize(
    ("clause", "example"),
    [(clause, example) for _, clause in ELSEWHERE for example in clause.examples],
    ids=lambda value: getattr(value, "id", None),
)
def test_worked_examples_from_elsewhere_come_out(clause: Clause, example: Example) -> None:
    found = judge(clause, {name: Span.exactly(value) for name, value in example.given.items()})
    assert (found.required, found.shortfall, found.verdict) == (
        pytest.approx(example.required),
        pytest.approx(example.shortfall),
        example.verdict,
    )


def test_what_is_computed_from_elsewhere_has_examples_on_both_sides() -> None:
    computed = [clause for _, clause in ELSEWHERE if clause.treatment == "computed"]
    assert {clause.kind for clause in computed} == {"land_per_person", "beds_per_1000"}
    assert all({example.verdict for example in clause.examples} == {"met", "gap"} for clause in computed)
    assert {clause.id: clause.number for clause in computed} == {
        "gb50437-2018/3-2-1-beds": 40,
        "gb50437-2018/3-2-1a-land": 0.1,
        "shandong-2014/land": 0.2,
    }


def test_a_clause_without_a_quote_must_say_where_it_is_from() -> None:
    whole = CLAUSES["cq-2019-129/2-3-land"].model_dump()
    with pytest.raises(ValidationError, match="source_note"):
        Clause.model_validate({**whole, "quote": " "})
    assert Clause.model_validate({**whole, "quote": "", "source_note": "p. 3"}).quote == ""
