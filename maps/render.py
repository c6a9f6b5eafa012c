"""Remake the maps of the sample district: the map, a picture of it, and a page that leads to both.

``python maps/render.py`` from a checkout; the picture needs Debian's ``chromium`` and ``fonts-noto-cjk``.
"""

import sys
from html import escape
from pathlib import Path

from playwright.sync_api import sync_playwright

import siting
from siting.pipeline.what_if import what_if
from siting.text import LANGS, Lang, say
from siting.write.html import document
from siting.write.webmap import write_map

HERE = Path(__file__).resolve().parent
SCENARIO = HERE.parent / "data" / "sample" / "scenario.toml"
MAP, PICTURE, INDEX = HERE / "sample-district.html", HERE / "sample-district.png", HERE / "index.html"
CHROMIUM = "/usr/bin/chromium"
WIDTH, HEIGHT = 1440, 900
SETTLE_MS = 800

STYLE = """
body { margin: 0; padding: 40px 24px; color: #22303c; background: #f5f6f4;
  font: 15px/1.6 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; }
h1 { margin: 0; font-size: 26px; line-height: 1.3; }
h1 + p { margin: 2px 0 16px; color: #54626e; }
.lead { margin: 0 0 20px; }
.lead [lang="en"], .note [lang="en"] { display: block; color: #54626e; }
.note .inline[lang="en"] { display: inline; }
img { display: block; width: 100%; height: auto; border: 1px solid #cfd5d5; border-radius: 6px; }
.open { display: inline-block; margin: 20px 0; padding: 9px 20px; border-radius: 5px; background: #1d5c93; color: #fff;
  text-decoration: none; font-weight: 700; }
.open:hover { background: #164a78; }
.note { margin: 6px 0; font-size: 13px; }
code { padding: 1px 6px; background: #e7eaea; border-radius: 3px; }
"""
BODY = """<main>
<h1>{title_zh}</h1>
<p lang="en">{title_en}</p>
<p class="lead">{lead}</p>
<a href="{map}"><img src="{picture}" width="{width}" height="{height}" alt="{alt}"></a>
<a class="open" href="{map}">{open_zh} · <span lang="en">{open_en}</span></a>
<p class="note">{fictional}</p>
<p class="note">{remake_zh} / <span lang="en" class="inline">{remake_en}</span> <code>make maps</code></p>
</main>"""


def main() -> int:
    """Write the three files and say how large the map is."""
    plan = siting.propose(siting.read_scenario(SCENARIO)).proposal
    write_map(MAP, plan.before, plan, lang="zh", what_if=what_if(plan.before, plan))
    _take_picture()
    INDEX.write_text(_index(), encoding="utf-8", newline="\n")
    print(f"{MAP.name}: {MAP.stat().st_size / 1e6:.1f} MB")
    return 0


def _take_picture() -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True, viewport={"width": WIDTH, "height": HEIGHT}).new_page()
        page.goto(MAP.as_uri())
        page.check("[data-layer=circles_after]")
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=PICTURE)
        browser.close()


def _index() -> str:
    body = BODY.format(
        title_zh=_text("title", "zh"),
        title_en=_text("title", "en"),
        lead=_spans("lead"),
        fictional=_spans("fictional"),
        alt=_both("picture", " · "),
        open_zh=_text("open", "zh"),
        open_en=_text("open", "en"),
        remake_zh=_text("remake", "zh"),
        remake_en=_text("remake", "en"),
        map=MAP.name,
        picture=PICTURE.name,
        width=WIDTH,
        height=HEIGHT,
    )
    title = " · ".join(say("map.index.title", lang) for lang in LANGS)
    # The picture lies beside the page.
    return document(lang="zh", title=title, body=body, styles=(STYLE,), images=("'self'", "file:"))


def _text(key: str, lang: Lang) -> str:
    return escape(say(f"map.index.{key}", lang))


def _both(key: str, joint: str) -> str:
    return joint.join((_text(key, "zh"), _text(key, "en")))


def _spans(key: str) -> str:
    return f'<span>{_text(key, "zh")}</span> <span lang="en">{_text(key, "en")}</span>'


if __name__ == "__main__":
    sys.exit(main())
