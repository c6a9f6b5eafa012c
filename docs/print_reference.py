"""Print docs/scenario.md, gap-report.md, standards.md, and the limits in data.md, from what the program holds.

The sources are the schema, the columns, the catalogue and the texts.

Run it after a change of any of these: ``python docs/print_reference.py``. What the product itself does not say stands
in docs/reference.toml.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from siting.domain.clauses import Verdict
from siting.domain.nouns import PlanStatus
from siting.domain.scenario import LandBasis, Level
from siting.domain.standards import Clause, ClauseKind, Force, Reason, Remedy, Standard, Treatment
from siting.domain.tables import (
    CHECK_COLUMNS,
    GRID_COLUMNS,
    PLACE_COLUMNS,
    PLAN_COLUMNS,
    REASON_CODES,
    RELATIONS,
    Column,
)
from siting.read import all_standards, elsewhere_standards
from siting.text import LANGS, Lang, say, texts
from siting.write.clauses import (
    amount_text,
    award_text,
    class_text,
    force_text,
    from_text,
    levels_text,
    note_text,
    terms_text,
    why_text,
)
from siting.write.reference import COLUMNS, NAME, Heading, Key, choice_text, column_text, headings, toml, unit_text

FOLDER: Final = Path(__file__).resolve().parent
Pairs = Mapping[str, Mapping[Lang, str]]

PROSE: Final[Mapping[str, Any]] = tomllib.loads((FOLDER / "reference.toml").read_text(encoding="utf-8"))
MEMBERS: Final[Mapping[str, Pairs]] = PROSE["members"]
_PRINTED: Final = "<!-- Printed by docs/print_reference.py; change its sources, not this page. -->"
_KEY_HEAD: Final = ("键 key", "类型 type", "默认 default", "说明", "meaning")
_INPUT_HEAD: Final = ("列 column", "类型 type", "单位 unit", "必填 required", "可取值 choices", "含义", "meaning")
_COLUMN_HEAD: Final = ("列 column", "类型 type", "单位 unit", "含义", "meaning")
_STANDARDS_HEAD: Final = (
    "编号 id",
    "文号 number",
    "施行 in force",
    "计算 computed",
    "提示 advice",
    "不核查 out of scope",
    "不设条款的文句 sentences without a clause",
)
_BODIES_HEAD: Final = ("条文 article", "牵头单位 lead", "责任单位 responsible")
_CLAUSE_HEAD: Final = (
    "条款 clause",
    "条 article",
    "原文 quote",
    "种类 kind",
    "数值 number",
    "效力 force",
    "层级 levels",
    "处理 treatment",
    "理由和说明",
    "why, and notes",
)
_FUNDING_HEAD: Final = (
    "条款 clause",
    "种类 line",
    "出资 payer",
    "设施 tier",
    "运营性质 operator",
    "标准 rate",
    "限制 limits",
    "条件",
    "conditions",
)
_UNCLAUSED_HEAD: Final = ("原因 reason", "条 article", "原文 quote")
_NAMES: Final = {"units": "LEVEL", "units_people": "LEVEL", "constraints_exclude": "NAME", "basemap": "NAME"}
# Sections whose keys stand for those of all their kind.
_EXAMPLES: Final = {"layer": "residential_areas", "grid": "population_residents"}


def main() -> None:
    """Write the pages beside this script."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    blocks = {"scenario.md": _scenario_page(), "gap-report.md": _gap_report_page(), "standards.md": _standards_page()}
    return {name: "\n\n".join(page) + "\n" for name, page in blocks.items()} | {"data.md": _data_page()}


def _data_page() -> str:
    """Return docs/data.md, which is written by hand, with the limits of columns as the program holds them."""
    head, start, rest = (FOLDER / "data.md").read_text(encoding="utf-8").partition("<!-- limits: ")
    mark, _, below = rest.partition("-->\n")
    end = "<!-- end of limits -->"
    return f"{head}{start}{mark}-->\n{_limits()}\n{end}{below.partition(end)[2]}"


def _limits() -> str:
    by_limits: dict[str, list[str]] = {}
    for column in {column.key: column for columns in COLUMNS.values() for column in columns}.values():
        if column.limits:
            by_limits.setdefault(column.limits, []).append(f"`{column.key}`")
    rows = [(limits, ", ".join(keys)) for limits, keys in by_limits.items()]
    rows += [(f"≤ `{relation.whole}`, where both are given", f"`{relation.part}`") for relation in RELATIONS]
    return _table(("must be", "columns"), rows)


def _scenario_page() -> Iterator[str]:
    prose = PROSE["scenario"]
    yield "# 评估文件 · The scenario"
    yield _PRINTED
    yield from _both(prose["intro"])
    by_group = {heading.group: heading for heading in headings()}
    for kind, example in _EXAMPLES.items():
        yield f"## {prose[kind]['zh']} · {prose[kind]['en']}"
        yield _table(_KEY_HEAD, map(_key_row, _keys(by_group[example], kind)))
    for heading in headings():
        yield from _section(heading)


def _section(heading: Heading) -> Iterator[str]:
    yield f"## `{heading.line(_NAMES.get(heading.group, NAME))}`"
    yield from (heading.text(lang) for lang in LANGS)
    own = _keys(heading, heading.group)
    if own:
        yield _table(_KEY_HEAD, map(_key_row, own))
    for kind in _EXAMPLES:
        if _keys(heading, kind):
            words = PROSE["scenario"][kind]
            yield f"另有：{words['zh']}。 · {words['en']}, as above."
    if heading.columns:
        words = PROSE["scenario"]["columns"]
        yield f"{words['zh']} · {words['en']}:"
        yield _table(_INPUT_HEAD, (_input_row(heading.group, column) for column in heading.columns))


def _keys(heading: Heading, kind: str) -> list[Key]:
    return [key for key in heading.keys if key.text_key.startswith(f"scenario_key.{kind}.")]


def _key_row(key: Key) -> Sequence[str]:
    default = "**必填 required**" if key.required else "–" if key.default is None else f"`{toml(key.default)}`"
    return (f"`{key.name}`", _once(key.kind(lang) for lang in LANGS), default, *(key.text(lang) for lang in LANGS))


def _input_row(group: str, column: Column) -> Sequence[str]:
    choices = "；".join(
        f"`{choice}` {' '.join(choice_text(column, choice, lang) for lang in LANGS)}" for choice in column.choices
    )
    required = "是 yes" if column.required else ""
    return (*_start(column), required, choices, *(column_text(group, column, lang) for lang in LANGS))


def _gap_report_page() -> Iterator[str]:
    prose = PROSE["results"]
    yield "# 成果文件 · The results"
    yield _PRINTED
    yield from _both(prose["intro"])
    for key, title, columns in (
        ("places", "居住区和统计单元 · Places", PLACE_COLUMNS),
        ("checks", "逐条判定 · Checks", CHECK_COLUMNS),
        ("plan", "选址方案 · Plan", PLAN_COLUMNS),
        ("grid", "格网 · Grid", GRID_COLUMNS),
    ):
        yield f"## {title}"
        yield from _both(prose[key])
        yield _columns(key, columns, numbered=key == "grid")
    yield "### 原因代码 · Reason codes"
    yield _pairs({str(code): texts()[f"reason.{key}"] for key, code in REASON_CODES.items()})
    yield "## 集合的成员 · Members of the collection"
    for key, group in (("both", "both"), ("gap_report", "gap_report"), ("plan_members", "plan"), ("totals", "totals")):
        yield " · ".join(prose[key][lang] for lang in LANGS)
        yield _pairs(MEMBERS[group])
    yield "## 取值 · Values"
    yield from _values()
    yield "## 退出码 · Exit codes"
    yield _pairs(PROSE["exit_codes"])


def _values() -> Iterator[str]:
    reasons = [key.partition(".")[2] for key in texts() if key.startswith("reason.")]
    lists: Sequence[tuple[str, str, Iterable[str]]] = (
        ("判定 `verdict`", "verdict", get_args(Verdict)),
        ("层级 `level`", "level", ("residential_area", *get_args(Level))),
        ("口径 `land_basis`, `basis`", "basis", (*get_args(LandBasis), "elderly")),
        ("算法 `land_method`, `method`", "method", ("within", "reach", "walking")),
        ("条款种类 `kind`", "clause_kind", get_args(ClauseKind)),
        ("效力 `force`", "force", get_args(Force)),
        ("原因 `reason`", "reason", reasons),
        ("补足途径 `remedies`, `remedy`", "remedy", get_args(Remedy)),
        ("求解结果 `status`", "plan_status", get_args(PlanStatus)),
    )
    for title, group, values in lists:
        yield f"### {title}"
        yield _pairs({value: texts()[f"{group}.{value}"] for value in values})


def _standards_page() -> Iterator[str]:
    prose = PROSE["standards"]
    found = all_standards()
    yield "# 标准文件 · The standards"
    yield _PRINTED
    yield from _both(prose["intro"])
    yield _table(_STANDARDS_HEAD, map(_count_row, found))
    for title, group, values in (
        ("处理 · Treatment", "treatment", get_args(Treatment)),
        ("效力 · Force", "force", get_args(Force)),
    ):
        yield f"## {title}"
        yield _pairs({value: texts()[f"{group}.{value}"] for value in values})
    for standard in found:
        yield from _standard(standard)
    yield "## 别处的标准 · Elsewhere"
    yield from _both(prose["elsewhere"])
    yield _pairs({mark: texts()[f"verified.{mark}"] for mark in ("V", "V2")})
    for standard in elsewhere_standards():
        yield from _standard(standard)


def _count_row(standard: Standard) -> Sequence[str]:
    counts = [sum(clause.treatment == each for clause in standard.clauses) for each in get_args(Treatment)]
    return (
        f"[`{standard.id}`](#{standard.id})",
        standard.number,
        _from(standard),
        *map(str, (*counts, len(standard.unclaused))),
    )


def _from(standard: Standard) -> str:
    """Return since when a standard is in force, a word for unknown in both languages."""
    return " · ".join(dict.fromkeys(from_text(standard, lang) for lang in LANGS))


def _standard(standard: Standard) -> Iterator[str]:
    yield f"## {standard.id}"
    yield f"**{standard.number} {standard.title}**"
    yield _table(("", ""), _head_rows(standard))
    yield from filter(None, (standard.dating_zh, standard.dating_en))
    yield "### 条款 · Clauses"
    yield _table(_CLAUSE_HEAD, map(_clause_row, standard.clauses))
    funded = [clause for clause in standard.clauses if clause.funding is not None]
    if funded:
        yield "### 资金 · Funding"
        yield _table(_FUNDING_HEAD, map(_funding_row, funded))
    if standard.bodies:
        yield "### 责任分工 · Responsible bodies"
        yield _table(_BODIES_HEAD, ((each.article, each.lead, each.responsible) for each in standard.bodies))
    if standard.unclaused:
        yield from _unclaused(standard)


def _head_rows(standard: Standard) -> Iterator[Sequence[str]]:
    day = standard.issued or standard.issued_year
    ends = f"{_from(standard)} – {standard.repealed or ''}".strip() if standard.in_force else _from(standard)
    for key, value in (
        ("issuer", standard.issuer),
        ("jurisdiction", standard.jurisdiction),
        ("code", standard.code),
        ("excludes", standard.excludes),
        ("issued", day),
        ("in_force", ends),
        ("source", standard.source),
        ("unseen", _lines((standard.unseen_zh, standard.unseen_en))),
        ("cites", standard.cites),
        ("repeals", standard.repeals),
        ("follows", standard.follows),
    ):
        shown = "、".join(value) if isinstance(value, tuple) else str(value or "")
        if shown:
            yield (_once(PROSE["standards"]["head"][key][lang] for lang in LANGS), shown)


def _clause_row(clause: Clause) -> Sequence[str]:
    words = ((why_text(clause, lang), note_text(clause, lang)) for lang in LANGS)
    quote = clause.quote or f"（{' '.join(filter(None, (clause.verified, clause.source_note)))}）"
    return (
        f"`{clause.id.partition('/')[2]}`",
        clause.article,
        quote,
        _lines(_once((say(f"clause_kind.{clause.kind}", lang), class_text(clause, lang))) for lang in LANGS),
        _lines(amount_text(clause, lang) for lang in LANGS),
        _lines(force_text(clause, lang) for lang in LANGS),
        _lines(levels_text(clause, lang) for lang in LANGS),
        _lines(say(f"treatment.{clause.treatment}", lang) for lang in LANGS),
        *(_lines(both) for both in words),
    )


def _funding_row(clause: Clause) -> Sequence[str]:
    funding = clause.funding
    assert funding is not None  # noqa: S101 - the caller chose those that have one
    kinds = [texts()[f"scenario_choice.operator_kind.{kind}"] for kind in funding.operator_kinds]
    return (
        f"`{clause.id.partition('/')[2]}`",
        _lines(say(f"funding_line.{funding.line}", lang) for lang in LANGS),
        _lines(say(f"payer.{funding.payer}", lang) for lang in LANGS),
        _lines("、".join(say(f"tier.{tier}", lang) for tier in funding.tiers) for lang in LANGS),
        _lines("、".join(kind[lang] for kind in kinds) for lang in LANGS),
        _lines(award_text(award, lang) for award in funding.awards for lang in LANGS),
        _lines(terms_text(funding, lang) for lang in LANGS),
        *("；".join(conditions) for conditions in (funding.conditions_zh, funding.conditions_en)),
    )


def _unclaused(standard: Standard) -> Iterator[str]:
    prose = PROSE["standards"]["unclaused"]
    yield f"<details>\n<summary>{_once(prose[lang] for lang in LANGS)}（{len(standard.unclaused)}）</summary>"
    rows = [
        (_once(say(f"unclaused_reason.{reason}", lang) for lang in LANGS), each.article, each.quote)
        for reason in get_args(Reason)
        for each in standard.unclaused
        if each.reason == reason
    ]
    yield _table(_UNCLAUSED_HEAD, rows)
    yield "</details>"


def _lines(words: Iterable[str]) -> str:
    """Set texts below each other in a cell; say what is alike once."""
    return "<br>".join(dict.fromkeys(filter(None, words)))


def _columns(group: str, columns: Sequence[Column], *, numbered: bool) -> str:
    more: Pairs = PROSE["more"].get(group, {})
    rows = []
    for number, column in enumerate(columns, start=1):
        meaning = [say(f"field.{column.key}", lang) for lang in LANGS]
        if column.key in more:
            zh, en = meaning
            meaning = [f"{zh}：{more[column.key]['zh']}", f"{en}: {more[column.key]['en']}"]
        rows.append((*([str(number)] if numbered else []), *_start(column), *meaning))
    return _table(("波段 band", *_COLUMN_HEAD) if numbered else _COLUMN_HEAD, rows)


def _start(column: Column) -> Sequence[str]:
    kinds = _once(say(f"scenario_type.{column.type}", lang) for lang in LANGS)
    return (f"`{column.key}`", kinds, _once(unit_text(column, lang) for lang in LANGS))


def _both(pair: Mapping[Lang, str]) -> Iterator[str]:
    return (pair[lang] for lang in LANGS)


def _once(words: Iterable[str]) -> str:
    """Join words of both languages; say what is alike once."""
    return " · ".join(dict.fromkeys(filter(None, words)))


def _pairs(rows: Pairs) -> str:
    return _table(("", "中文", "English"), ((f"`{key}`", *_both(pair)) for key, pair in rows.items()))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    main()
