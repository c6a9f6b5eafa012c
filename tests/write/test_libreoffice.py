"""LibreOffice opens workbook and volume, and its pages hold the words and figures of the report.

Skipped where LibreOffice or poppler is absent (``SITING_REQUIRE=libreoffice`` makes that a failure).
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook

from siting.text import Lang, say
from tests.write.volumes import W, body, bookmarked, data_files, words_of

_SPACES = re.compile(r"\s+")


@pytest.fixture(scope="module")
def folders(report_folder: Path, phased_reports: dict[Lang, Path]) -> dict[str, Path]:
    return {"zh": report_folder, "phased-zh": phased_reports["zh"], "phased-en": phased_reports["en"]}


@pytest.fixture(scope="module")
def papers(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The texts of the pages of each file, by the name of its report and its own."""
    office, reader = shutil.which("soffice"), shutil.which("pdftotext")
    if office is None or reader is None:
        pytest.skip("libreoffice (soffice) or poppler (pdftotext) is not installed")
    work = tmp_path_factory.mktemp("office")
    files = [
        Path(shutil.copy(folder / name, work / f"{key}-{name}"))
        for key, folder in folders.items()
        for name in ("tables.xlsx", "volume.docx")
    ]
    # A profile of its own, so that no LibreOffice that runs is asked, and none is changed.
    call = [office, "--headless", f"-env:UserInstallation={(work / 'profile').as_uri()}", "--convert-to", "pdf"]
    subprocess.run([*call, "--outdir", str(work), *map(str, files)], check=True, capture_output=True, timeout=300)
    found = {}
    for file in files:
        call = [reader, "-layout", str(file.with_suffix(".pdf")), "-"]
        told = subprocess.run(call, check=True, capture_output=True, text=True).stdout
        found[file.name] = told.split("\f")[:-1]
    return found


def told(pages: list[str]) -> str:
    """Return all that stands on pages, without spaces and ends of lines."""
    return _SPACES.sub("", "".join(pages))


@pytest.mark.parametrize("report", ["zh", "phased-zh", "phased-en"])
def test_the_volume_has_its_chapters_and_all_its_numbers(
    papers: dict[str, list[str]], folders: dict[str, Path], report: str
) -> None:
    pages, root = papers[f"{report}-volume.docx"], body(folders[report] / "volume.docx")
    assert len(pages) > 10
    assert [number for number, page in enumerate(pages, 1) if len(_SPACES.sub("", page)) < 10] == []
    text = told(pages)
    styled = [(each.find(f"{W}pPr/{W}pStyle"), words_of(each)) for each in root.iter(f"{W}p")]
    heads = [words for style, words in styled if style is not None and style.get(f"{W}val") == "Heading1"]
    assert len(heads) >= 10
    # Once in the contents, once above the chapter.
    assert [head for head in heads if text.count(_SPACES.sub("", head)) < 2] == []
    assert {number for number in bookmarked(root).values() if number not in text} == set()


@pytest.mark.parametrize("report", ["zh", "phased-zh", "phased-en"])
def test_the_workbook_has_its_sheets_and_no_figure_that_does_not_fit(
    papers: dict[str, list[str]], folders: dict[str, Path], report: str
) -> None:
    pages, files = papers[f"{report}-tables.xlsx"], data_files(folders[report])
    book = load_workbook(folders[report] / "tables.xlsx")
    assert len(pages) >= len(book.sheetnames)
    text = told(pages)
    # Once in the contents, once above the sheet.
    assert [title for title in book.sheetnames[1:] if text.count(_SPACES.sub("", title)) < 2] == []
    # What does not fit its column is shown as signs.
    assert "###" not in text
    features = [each["properties"] for each in files["data/gaps.geojson"]["features"]]
    places = [row for row in features if row["level"] in ("street", "community")]
    assert len(places) == 8 + 66
    for row in places:
        for words in (row["name"], f"{row['elderly']:,.0f}", f"{row['covered_share']:.1%}"):
            assert words in text, (row["id"], words)


def test_the_phases_are_in_workbook_and_volume(papers: dict[str, list[str]], folders: dict[str, Path]) -> None:
    plan = json.loads((folders["phased-zh"] / "data" / "plan.geojson").read_text(encoding="utf-8"))
    for name in ("tables.xlsx", "volume.docx"):
        text = told(papers[f"phased-zh-{name}"])
        assert say("report.sheet.phases", "zh") in text
        for phase in plan["phases"]:
            assert str(phase["year"]) in text
            assert f"{phase['elderly']:,.0f}" in text
            assert f"{phase['cost_cny']:,.0f}" in text
    assert say("report.sheet.phases", "zh") not in told(papers["zh-volume.docx"])
