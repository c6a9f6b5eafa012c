"""``python -m tools.report_pages``: remake the pictures of a report on the sample district that the README shows.

It needs LibreOffice and poppler's ``pdftoppm``.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import siting
from siting.text import say

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "pictures"
# The file, a text by which its page is found (after the contents, which hold it too), the picture, its width in pixels.
_PAGES: Final = (
    ("volume", say("report.volume.chapter.layout", "zh"), "report-volume.png", 700),
    ("workbook", say("report.sheet.gap_list", "zh"), "report-tables.png", 1200),
)


def main() -> int:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        plan = siting.propose(ROOT / "data" / "sample" / "scenario.toml")
        files = plan.before.report(work / "out", plan=plan, lang="zh")
        for key, text, picture, width in _PAGES:
            _picture(files[key], text, FOLDER / picture, width, work)
    return 0


def _picture(file: Path, text: str, picture: Path, width: int, work: Path) -> None:
    """Convert a file, and save the second page with a line that ends in a text."""
    profile = f"-env:UserInstallation={(work / 'profile').as_uri()}"
    convert = ["soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", str(work), str(file)]
    subprocess.run(convert, check=True, capture_output=True)
    paper = work / f"{file.stem}.pdf"
    told = subprocess.run(["pdftotext", str(paper), "-"], check=True, capture_output=True, text=True).stdout
    pages = [page for page, lines in enumerate(told.split("\f"), 1) if _has_head(lines, text)]
    number, base = str(pages[1]), work / "page"
    draw = [
        "pdftoppm",
        "-png",
        "-singlefile",
        "-f",
        number,
        "-l",
        number,
        "-scale-to-x",
        str(width),
        "-scale-to-y",
        "-1",
    ]
    subprocess.run([*draw, str(paper), str(base)], check=True)
    picture.parent.mkdir(exist_ok=True)
    shutil.move(base.with_suffix(".png"), picture)


def _has_head(page: str, text: str) -> bool:
    return any(line.strip().endswith(text) and len(line.strip()) <= len(text) + 2 for line in page.splitlines())


if __name__ == "__main__":
    sys.exit(main())
