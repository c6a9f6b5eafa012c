"""The documentation builds without a warning, and its pages need no network."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import opened, shared_browser

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with shared_browser() as found:
        yield found


def test_no_page_names_another_host_for_what_it_shows(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"<(?:link|script|img|iframe)[^>]*(?:href|src)=\"(?:https?:)?//", text) == []
    styles = "".join(each.read_text(encoding="utf-8") for each in (site / "_static").rglob("*.css"))
    assert "@import" not in styles
    assert not re.search(r"url\([\"']?(?:https?:)?//", styles)


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize("width", [390, 1366, 1920])
@pytest.mark.parametrize("page", ["index.html", "zh/tutorial.html", "standards.html", "reference/library.html"])
def test_pages_fit_their_window_and_ask_nobody(site: Path, page: str, width: int) -> None:
    with opened(site / page, width=width) as (shown, heard):
        assert [url for url in heard.requests if not url.startswith(("file:", "data:"))] == []
        assert heard.complaints == []
        root = "document.documentElement"
        assert shown.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
        broken = "[...document.images].filter(each => !each.complete || !each.naturalWidth).map(each => each.src)"
        assert shown.evaluate(broken) == []


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize(
    ("query", "title"),
    [("一刻钟服务圈", "标准文件"), ("报送", "教程"), ("service circle", "Methods"), ("build_order", "Library")],
)
def test_search_finds_words_of_both_languages(site: Path, query: str, title: str) -> None:
    with opened(site / "search.html") as (shown, heard):
        shown.goto(f"{(site / 'search.html').as_uri()}?q={query}")
        shown.wait_for_selector("#search-results li a", timeout=15_000)
        found = shown.locator("#search-results li a").all_inner_texts()
        assert any(title in each for each in found), found
        assert heard.complaints == []


@pytest.mark.usefixtures("browser")
def test_search_finds_nothing_where_nothing_is(site: Path) -> None:
    """Pairs of characters must stand in one page: a word of other pairs is found nowhere."""
    with opened(site / "search.html") as (shown, _heard):
        shown.goto(f"{(site / 'search.html').as_uri()}?q=鲸鱼座")
        shown.wait_for_function("document.querySelector('.search-summary')?.textContent.length > 5", timeout=15_000)
        assert shown.locator("#search-results li a").count() == 0


def test_pages_tell_their_language(site: Path) -> None:
    assert 'lang="zh-CN"' in (site / "zh" / "tutorial.html").read_text(encoding="utf-8")[:200]
    assert 'lang="en"' in (site / "en" / "tutorial.html").read_text(encoding="utf-8")[:200]
