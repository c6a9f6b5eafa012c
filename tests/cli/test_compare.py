"""The command `compare`: what it prints and writes."""

import json
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import siting
from siting.cli import main
from siting.text import LANGS, Lang, say
from siting.write.wrapping import width_of

FILES = ("c.xlsx", "c.csv", "c.json", "c.geojson", "c.html", "c.png")


def run(*arguments: object) -> int:
    """Run a command; return its exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(each) for each in arguments])
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def pair(small: Path) -> tuple[Path, Path]:
    """Two scenarios of one folder: another cut-off, another share, one facility less."""
    ledger = pd.read_csv(small.parent / "facilities.csv", dtype=str)
    ledger.iloc[1:].to_csv(small.parent / "fewer.csv", index=False)
    text = small.read_text(encoding="utf-8")
    for old, new in (("minutes = 8", "minutes = 20"), ("facilities.csv", "fewer.csv"), ("示例", "=示例<b>&")):
        assert old in text
        text = text.replace(old, new)
    other = small.with_name("next.toml")
    other.write_text(text, encoding="utf-8")
    return small, other


@pytest.mark.parametrize("lang", LANGS)
def test_the_screen_tells_the_main_figures_first_within_eighty_columns(
    pair: tuple[Path, Path], lang: Lang, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", *pair, "--lang", lang) == 0
    said = capsys.readouterr().out
    heads = [say(f"change.{key}", lang) for key in ("main_title", "verdicts_title")]
    parts = say("change.parts_title", lang, order="").split("：" if lang == "zh" else ":")[0]
    places = [said.index(each) for each in (heads[0], say("change.figure.covered_share", lang), parts, heads[1])]
    assert places == sorted(places)
    tables = [line for line in said.splitlines() if "  " in line.strip() or "─" in line]
    assert tables
    assert max(map(width_of, tables)) <= 80
    assert say("change.part.people", lang) in said.splitlines()[-2] + said.splitlines()[-1]


def test_every_file_tells_the_same_and_parts_add_up(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = [tmp_path / name for name in FILES]
    assert run("compare", *pair, "--lang", "en", *(part for path in out for part in ("-o", path))) == 0
    said = capsys.readouterr().out
    assert all(str(path) in said for path in out)
    assert (tmp_path / "c.run.json").exists()
    table = siting.compare(*pair).table
    rows = json.loads(out[2].read_text(encoding="utf-8"))
    assert len(rows) == len(table)
    parts = [f"by_{part}" for part in ("people", "facilities", "network", "rules", "settings")]
    for row, change in zip(rows, table["change"].fillna(-1.0), strict=True):
        assert (-1.0 if row["change"] is None else row["change"]) == pytest.approx(change, abs=1e-9)
        if row[parts[0]] is not None:
            assert sum(row[part] for part in parts) == pytest.approx(row["change"], abs=1e-9)
    sheet = openpyxl.load_workbook(out[0]).active
    assert sheet is not None
    heads = [cell.value for cell in sheet[1]]
    assert sheet.max_row == len(rows) + 1
    at = {name: heads.index(name) for name in ("change", "change by facilities")}
    written = pd.read_csv(out[1])
    assert [*written.columns] == heads
    for cells, row in zip(sheet.iter_rows(min_row=2, values_only=True), rows, strict=True):
        if row["change"] is not None:
            assert cells[at["change"]] == row["change"]
            assert cells[at["change by facilities"]] == (
                row["by_facilities"] if row["by_facilities"] is not None else None
            )


def test_the_layer_holds_each_figure_and_check_of_the_table(pair: tuple[Path, Path], tmp_path: Path) -> None:
    found = siting.compare(*pair)
    path = tmp_path / "c.geojson"
    found.to_file(path)
    layer = json.loads(path.read_text(encoding="utf-8"))
    assert (layer["result"], layer["differ"], layer["all_orders"]) == ("comparison", [*found.differ], True)
    told: dict[tuple[str, ...], float | None] = {
        ("whole", "", "", name): figure["change"] for name, figure in layer["totals"].items()
    }
    for feature in layer["features"]:
        row = feature["properties"]
        assert feature["geometry"] is not None
        for name, figure in row["figures"].items():
            assert row[f"{name}_change"] == figure["change"]
            told[row["level"], row["id"], "", name] = figure["change"]
            if figure["by"]["people"] is not None:
                assert sum(figure["by"].values()) == pytest.approx(figure["change"], abs=1e-9)
        for check in row["checks"]:
            for name, figure in check["figures"].items():
                told[row["level"], row["id"], f"{check['clause_id']} {check['basis']}", name] = figure["change"]
    rows = found.table.to_dict("records")
    wanted = {
        (row["level"], row["id"], f"{row['clause_id']} {row['basis']}" if row["clause_id"] else "", row["figure"]): (
            None if pd.isna(row["change"]) else pytest.approx(row["change"], abs=1e-9)
        )
        for row in rows
    }
    assert told == wanted


class _Texts(HTMLParser):
    """The texts of a page, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_shows_names_as_texts(pair: tuple[Path, Path], tmp_path: Path, lang: Lang) -> None:
    path = tmp_path / "c.html"
    siting.compare(*pair).to_file(path, lang)
    page = _Texts()
    page.feed(path.read_text(encoding="utf-8"))
    assert "b" not in page.tags
    assert any("=示例<b>&" in text for text in page.texts)
    assert say("change.main_title", lang) in page.texts


def test_files_that_are_read_are_never_written(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    before = pair[0].read_bytes()
    csv = pair[0].parent / "facilities.csv"
    assert run("compare", *pair, "-o", csv, "--lang", "en") == 2
    assert "input" in capsys.readouterr().err
    assert run("compare", *pair, "-o", pair[0].with_suffix(".docx"), "--lang", "en") == 2
    assert (pair[0].read_bytes(), csv.exists()) == (before, True)


def test_the_same_files_give_the_same_bytes(pair: tuple[Path, Path], tmp_path: Path) -> None:
    found = siting.compare(*pair)
    for name in FILES:
        one, other = tmp_path / f"1{name}", tmp_path / f"2{name}"
        found.to_file(one, "zh")
        siting.compare(*pair).to_file(other, "zh") if name == "c.geojson" else found.to_file(other, "zh")
        assert one.read_bytes() == other.read_bytes()
