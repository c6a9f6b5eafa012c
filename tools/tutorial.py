"""``python -m tools.tutorial``: run tutorial, cookbook and planning as written, and write what they print into them.

With ``--pictures`` the pictures are made again too (that needs Chromium). ``tests/docs/test_tutorial.py`` runs the same
commands and compares. In a page, a block ``sh`` holds commands; a block ``text`` after it holds what they print
(``head=N``, ``tail=N``: only these lines); a block ``toml`` that begins with the name of a file holds lines to fill in.
A block ``python`` is run after those before it, and prints the value of its last line as a notebook does.
"""

import argparse
import ast
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, Final
from unittest import mock

import pandas as pd
from PIL import Image
from playwright.sync_api import sync_playwright

from siting.cli import main as siting_main
from siting.text import LANGS, Lang

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = ROOT / "docs"
PAGES: Final[dict[Lang, Path]] = {lang: DOCS / lang / "tutorial.md" for lang in LANGS}
# They read ``data/sample``, as from the folder of the source code.
COOKBOOK: Final = DOCS / "cookbook.md"
PLANNING: Final = DOCS / "planning.md"
_BLOCK: Final = re.compile(
    r"^```(?P<kind>sh|text|toml|python)(?P<cut>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_CUT: Final = re.compile(r"(head|tail)=(\d+)")
# The version of the solver is that of whoever runs it.
_SOLVER: Final = re.compile(r"HiGHS \d+\.\d+\.\d+")
# The file that is shown, by the picture, and the window: its width and height.
_PICTURES: Final = {
    "account": ("account.html", 1140, 760),
    "why": ("why.html", 960, 900),
    "map": ("map.html", 1366, 800),
    "index": ("filed/index.html", 960, 720),
}


def printed(page: str, lang: Lang, folder: Path) -> str:
    """Return a page with what its commands print today.

    Parameters
    ----------
    page : str
        The page.
    lang : {"zh", "en"}
        The language of the commands.
    folder : pathlib.Path
        An empty folder, where the commands run.
    """
    told = ""
    names: dict[str, object] = {}

    def renew(block: re.Match[str]) -> str:
        nonlocal told
        kind, cut, body = block.group("kind", "cut", "body")
        if kind == "sh":
            told = "".join(run(line) for line in body.splitlines() if line.strip())
        elif kind == "python":
            told = run_python(body, names)
        elif kind == "toml":
            fill_in(body)
        elif told:
            body, told = _cut(told, cut), ""
        return f"```{kind}{cut}\n{body}```"

    with _at(folder, lang):
        return _BLOCK.sub(renew, page)


def run(command: str) -> str:
    """Return what a command of siting prints, with its errors, as on a screen."""
    name, *arguments = shlex.split(command)
    if name != "siting":
        message = f"{command}: the tutorial runs commands of siting only"
        raise ValueError(message)
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out), suppress(SystemExit):
        siting_main(arguments)
    lines = (line.rstrip() for line in _SOLVER.sub("HiGHS", out.getvalue()).splitlines())
    return "\n".join(lines) + "\n"


def run_python(block: str, names: dict[str, object]) -> str:
    """Return what a block of Python prints, and the value of its last line if it has one."""
    tree = ast.parse(block)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(tree, "<page>", "exec"), names)  # noqa: S102 - our own page
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<page>", "eval"), names)  # noqa: S307 - our own page
            if value is not None:
                print(value)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def fill_in(block: str) -> None:
    """Fill lines into a scenario, in the sections that the block names, as a planner does in an editor."""
    first, *lines = block.splitlines()
    file = Path(first.removeprefix("# "))
    text = file.read_text(encoding="utf-8")
    section = ""
    for line in lines:
        if line.startswith("["):
            section = line
        elif line.strip():
            text = _filled(text, section, line)
    file.write_text(text, encoding="utf-8")


def _filled(text: str, section: str, line: str) -> str:
    key = line.partition(" =")[0]
    before, mark, rest = text.partition(f"\n{section}\n")
    body, next_mark, after = rest.partition("\n[")
    body, count = re.subn(rf"^#?{re.escape(key)} = .*$", lambda _: line, body, count=1, flags=re.MULTILINE)
    if not mark or not count:
        message = f"{section} {key} is not in the scenario"
        raise ValueError(message)
    return before + mark + body + next_mark + after


def _cut(told: str, cut: str) -> str:
    lines, wanted = told.splitlines(), {name: int(count) for name, count in _CUT.findall(cut)}
    if not wanted or sum(wanted.values()) >= len(lines):
        return told
    head, tail = lines[: wanted.get("head", 0)], lines[len(lines) - wanted.get("tail", 0) :]
    return "\n".join([*head, "…", *tail]) + "\n"


@contextmanager
def _at(folder: Path, lang: Lang) -> Iterator[None]:
    settings = {"SITING_LANG": lang, "SITING_CACHE": str(folder.parent / f"{folder.name}-cache")}
    with chdir(folder), mock.patch.dict(os.environ, settings):
        yield


def _take_pictures(folder: Path, lang: Lang) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, (file, width, height) in _PICTURES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto((folder / file).resolve().as_uri())
            page.wait_for_timeout(1500)
            picture = DOCS / "pictures" / f"tutorial-{lang}-{name}.png"
            page.screenshot(path=picture)
            _shrink(picture)
        browser.close()


def _shrink(picture: Path) -> None:
    """Save a screenshot in 128 colours: a third of its size, and nothing that one sees."""
    with Image.open(picture) as image:
        image.convert("RGB").quantize(128).save(picture, optimize=True)


def printed_recipes(page: Path, folder: Path) -> str:
    """Return the cookbook, or the cases of planning, with what its blocks print today.

    Parameters
    ----------
    page : pathlib.Path
        The page.
    folder : pathlib.Path
        An empty folder, where the blocks write.
    """
    (folder / "data").symlink_to(ROOT / "data")
    wide: tuple[Any, ...] = ("display.width", 110, "display.max_columns", 20, "display.unicode.east_asian_width", True)
    with pd.option_context(*wide):
        return printed(page.read_text(encoding="utf-8"), "en", folder)


def main() -> int:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", action="store_true", help="take the pictures too")
    asked = parser.parse_args()
    for lang, page in PAGES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "work"
            folder.mkdir()
            page.write_text(printed(page.read_text(encoding="utf-8"), lang, folder), encoding="utf-8")
            if asked.pictures:
                _take_pictures(next(each for each in folder.iterdir() if each.is_dir()), lang)
    for page in (COOKBOOK, PLANNING):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "work"
            folder.mkdir()
            page.write_text(printed_recipes(page, folder), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
