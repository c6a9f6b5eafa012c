"""Print docs/scenario.md and docs/gap-report.md from the schema, the lists of columns and the texts.

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
from siting.domain.standards import ClauseKind, Force, Remedy
from siting.domain.tables import CHECK_COLUMNS, GRID_COLUMNS, PLACE_COLUMNS, PLAN_COLUMNS, REASON_CODES, Column
from siting.text import LANGS, Lang, say, texts
from siting.write.reference import NAME, Heading, Key, choice_text, column_text, headings, toml, unit_text

FOLDER: Final = Path(__file__).resolve().parent
Pairs = Mapping[str, Mapping[Lang, str]]

PROSE: Final[Mapping[str, Any]] = tomllib.loads((FOLDER / "reference.toml").read_text(encoding="utf-8"))
MEMBERS: Final[Mapping[str, Pairs]] = PROSE["members"]
_PRINTED: Final = "<!-- Printed by docs/print_reference.py; change its sources, not this page. -->"
_KEY_HEAD: Final = ("键 key", "类型 type", "默认 default", "说明", "meaning")
_INPUT_HEAD: Final = ("列 column", "类型 type", "单位 unit", "必填 required", "可取值 choices", "含义", "meaning")
_COLUMN_HEAD: Final = ("列 column", "类型 type", "单位 unit", "含义", "meaning")
_NAMES: Final = {"units": "LEVEL", "constraints_exclude": "NAME", "basemap": "NAME"}
# Sections whose keys stand for those of all their kind.
_EXAMPLES: Final = {"layer": "residential_areas", "grid": "population_residents"}


def main() -> None:
    """Write both pages beside this script."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    blocks = {"scenario.md": _scenario_page(), "gap-report.md": _gap_report_page()}
    return {name: "\n\n".join(page) + "\n" for name, page in blocks.items()}


def _scenario_page() -> Iterator[str]:
    prose = PROSE["scenario"]
    yield "# 方案文件 · The scenario"
    yield _PRINTED
    yield from _both(prose["intro"])
    by_group = {heading.group: heading for heading in headings()}
    for kind, example in _EXAMPLES.items():
        yield f"## {prose[kind]['zh']} · {prose[kind]['en']}"
        yield _table(_KEY_HEAD, map(_key_row, _keys(by_group[example], kind)))
    for heading in headings():
        yield from _section(heading)


def _section(heading: Heading) -> Iterator[str]:
    yield f"## `[{heading.name.replace(NAME, _NAMES.get(heading.group, NAME))}]`"
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
        ("places", "地块和单元 · Places", PLACE_COLUMNS),
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
        ("方案状态 `status`", "plan_status", get_args(PlanStatus)),
    )
    for title, group, values in lists:
        yield f"### {title}"
        yield _pairs({value: texts()[f"{group}.{value}"] for value in values})


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
    return " · ".join(dict.fromkeys(words))


def _pairs(rows: Pairs) -> str:
    return _table(("", "中文", "English"), ((f"`{key}`", *_both(pair)) for key, pair in rows.items()))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    main()
