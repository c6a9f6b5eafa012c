"""The outputs of one place, each read as a person or a program reads it: nothing of the product makes a figure."""

import contextlib
import csv
import html
import io
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import siting
from siting.cli import tell, tell_audit
from siting.results import Plan
from siting.write.tables import write_table
from siting.write.webmap.packing import bytes_of

VERDICTS = {"达标": "met", "未达标": "gap", "数据不足": "no_data", "不适用": "not_applicable"}
# A figure as it is printed, with its ends where it has some: ≥ 30,778, ≤ 29,222, 14,339–31,774, 58.4%.
FIGURE = r"(?:[≥≤] )?-?[\d,]+(?:\.\d+)?%?(?:–[\d,]+(?:\.\d+)?%?)?"


@dataclass(frozen=True)
class Figure:
    """A figure that is known, or lies between two ends (None: nobody knows); ``step``: what is printed at the least."""

    low: float | None
    high: float | None
    step: float = 0.0

    def agrees(self, other: "Figure") -> bool:
        """Tell whether two figures are the same as far as both are printed; what may be nothing has no lower end."""
        half = max(self.step, other.step) / 2 * (1 + 1e-9) + 1e-6
        pairs = ((self.low or 0.0, other.low or 0.0), (self.high, other.high))
        return all(one is other if None in (one, other) else abs(one - other) <= half for one, other in pairs)


def printed(text: str) -> Figure:
    """Read a figure as it is printed."""
    numbers = re.findall(r"-?[\d,]*\d(?:\.\d+)?", text)
    scale = 100 if "%" in text else 1
    ends = [float(number.replace(",", "")) / scale for number in numbers]
    step = 10.0 ** -max(len(number.partition(".")[2]) for number in numbers) / scale
    if text.startswith("≥"):
        return Figure(ends[0], None, step)
    if text.startswith("≤"):
        return Figure(None, ends[0], step)
    return Figure(ends[0], ends[-1], step)


def raw(low: Any, high: Any = ..., most: float | None = None) -> Figure | None:
    """Take a figure from a file for programs; no upper end is told of what may be as much as can be.

    None where nothing is known of it: no end, or a share between nothing and all.
    """
    high = low if high is ... else high
    ends = [None if each in (None, "", "不限") else float(each) for each in (low, high)]
    if ends in ([None, None], [0.0, 1.0]):
        return None
    return Figure(ends[0], None if most is not None and ends[1] != ends[0] and ends[1] == most else ends[1])


def rows_of(screen: str, title: str) -> list[dict[str, str]]:
    """Read the table below a title: its columns are as wide as the pieces of the line below the heads."""
    lines = screen.splitlines()
    at = next(number for number, line in enumerate(lines) if title in line)
    heads, rule, *rest = lines[at + 1 :]
    spans = [(piece.start(), piece.end()) for piece in re.finditer("─+", rule)]
    rows = []
    for line in rest:
        letters = "".join(letter + "\0" * _is_wide(letter) for letter in line)
        if "─" in line:
            continue
        if len(letters.rstrip()) <= spans[-1][0] or line.startswith(("·", "服务圈")):
            break
        rows.append([letters[start:end].replace("\0", "").strip() for start, end in spans])
    wide = "".join(letter + "\0" * _is_wide(letter) for letter in heads)
    names = [wide[start:end].replace("\0", "").strip() for start, end in spans]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _is_wide(letter: str) -> bool:
    return bool(re.match(r"[一-鿿（）：，。·]", letter)) and letter != "·"


def between(text: str, pattern: str) -> str | None:
    """Return the group of a pattern in a text, ``#`` standing for a figure."""
    found = re.search(pattern.replace("#", f"({FIGURE})"), text)
    return found[1] if found else None


@dataclass(frozen=True)
class Page:
    """The map: its panel as plain Chinese text, and the data of its popups."""

    panel: str
    data: Mapping[str, Any]

    def popups(self, level: str) -> list[dict[str, Any]]:
        """Return the popups of a level's places: name, verdict, rows by key (before the plan) and checks."""
        told = []
        for key, popup in self.data["popups"].items():
            if key.startswith(f"{level}/"):
                rows = {row[0]: row[1] for row in popup["r"]}
                checks = {check["c"]: check for check in popup.get("c", ())}
                told.append({"name": popup["n"], "verdict": popup["v"].partition(".")[2], "rows": rows} | {"c": checks})
        return told


def page_of(html: str) -> Page:
    """Read the page of a map."""
    data = re.search(r'<script type="application/json" id="siting-data">(.*?)</script>', html, re.DOTALL)
    panel = re.search(r'<aside class="panel".*?</aside>', html, re.DOTALL)
    assert data is not None
    assert panel is not None
    chinese = re.sub(r'<span lang="en">.*?</span>', "", panel[0])
    return Page(
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "|", chinese)),
        json.loads(zlib.decompress(bytes_of(json.loads(data[1])["packed"]))),
    )


@dataclass(frozen=True)
class Outputs:
    """All that a bureau gets of one place, written to a folder or printed."""

    check: str
    propose: str
    audit: str
    explain: str
    page: Page
    gaps: Mapping[str, Any]
    plan: Mapping[str, Any]
    rows: list[dict[str, str]]
    workbook: list[dict[str, str]]
    account: str
    notebook: Mapping[str, list[dict[str, str]]]

    @cached_property
    def district(self) -> dict[str, Any]:
        """The popup of the district."""
        return self.page.popups("district")[0]

    def places(self, level: str) -> list[dict[str, Any]]:
        """The features of a level in the gap report."""
        return [each["properties"] for each in self.gaps["features"] if each["properties"]["level"] == level]

    def csv(self, clause: str, level: str) -> dict[str, str]:
        """The row of a clause in the table of the audit."""
        return self._row(self.rows, clause, level)

    def xlsx(self, clause: str, level: str) -> dict[str, str]:
        """The row of a clause in the workbook of the audit."""
        return self._row(self.workbook, clause, level)

    @staticmethod
    def _row(rows: list[dict[str, str]], clause: str, level: str) -> dict[str, str]:
        found = [row for row in rows if (row["条款编号"], row["层级"]) == (clause, level)]
        assert len(found) == 1, (clause, level, len(found))
        return found[0]

    def layer(self, key: str) -> str:
        """The totals of a layer on the page of the account; blank where it has no such layer."""
        found = [row for row in re.findall("<tr>.*?</tr>", self.account) if f'class="key">{key}<' in row]
        return re.findall('<td class="figure">(.*?)</td>', found[0])[1] if found else ""

    def line(self, clause: str, level: str) -> str:
        """The line of a clause in the audit on the screen."""
        block = re.split(r"\n(?=  \S|\n)", self.audit[self.audit.index(f"  {clause}\n") :])[0]
        lines = re.sub(r"\n {6}", "", block).splitlines()
        found = (line.strip().removeprefix("· ") for line in lines)
        return next(line for line in found if line.startswith(f"{level}："))


def outputs_of(plan: Plan, folder: Path, scenario: Any, district: str) -> Outputs:
    """Print and write all outputs of a plan and of the check before it."""
    before, table = plan.before, plan.before.audit()
    screens = [
        _said(lambda: tell.gaps(before, "zh")),
        _said(lambda: tell.plan(plan, "zh")),
        _said(lambda: tell_audit.everything(table, before.assessment.inputs.standards, "zh")),
        _said(lambda: tell.explanation(siting.explain(scenario, district), "zh")),
    ]
    before.to_file(folder / "gaps.geojson")
    plan.to_file(folder / "plan.geojson")
    plan.explore("zh").save(folder / "map.html")
    write_table(folder / "audit.csv", table, "zh")
    write_table(folder / "audit.xlsx", table, "zh")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITING_LANG", "zh")
        siting.inspect(scenario).to_file(folder / "account.html")
        notebook = {"gaps": _table_of(before._repr_html_()), "plan": _table_of(plan._repr_html_())}
    gaps, chosen = (json.loads((folder / f"{name}.geojson").read_text(encoding="utf-8")) for name in ("gaps", "plan"))
    with (folder / "audit.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    account = (folder / "account.html").read_text(encoding="utf-8")
    book = _sheet_of(folder / "audit.xlsx")
    page = page_of((folder / "map.html").read_text(encoding="utf-8"))
    return Outputs(*screens, page, gaps, chosen, rows, book, account, notebook)


def _table_of(shown: str) -> list[dict[str, str]]:
    """Read a table of a notebook."""
    heads, *rows = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"(?s)<tr.*?</tr>", shown))
    return [dict(zip(heads, map(html.unescape, row), strict=True)) for row in rows]


def _sheet_of(path: Path) -> list[dict[str, str]]:
    """Read a workbook of one sheet, its cells as texts."""
    heads, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    texts = (["" if cell is None else str(cell) for cell in row] for row in rows)
    return [dict(zip(map(str, heads), row, strict=True)) for row in texts]


def _said(does: Any) -> str:
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard):
        does()
    return heard.getvalue()
