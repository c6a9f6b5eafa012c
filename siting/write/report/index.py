"""The first page of a report: the main figures, and links to all that was written."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from siting.domain.intervals import ENDS
from siting.text import Lang, say
from siting.text.numbers import number
from siting.write.html import document
from siting.write.report.passages import ends
from siting.write.report.records import Record, Records

_STYLE: Final = """
:root{--ink:#1f2a33;--soft:#5a646b;--rule:#d5dbdf;--blue:#1f5fa8;--pale:#f3f6f8}
*{box-sizing:border-box}
body{margin:0;font:16px/1.6 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",Arial,sans-serif;
color:var(--ink);background:#fff}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 3rem}
h1{font-size:1.6rem;line-height:1.3;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .6rem}
.as-of,.foot{color:var(--soft);font-size:.9rem;margin:0}
.foot{margin-top:2rem;border-top:1px solid var(--rule);padding-top:.8rem}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1.25rem 0 0}
dl div{background:var(--pale);border-radius:.4rem;padding:.7rem .9rem}
dt{color:var(--soft);font-size:.85rem}
dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.35}
ul{list-style:none;margin:0;padding:0;border-top:1px solid var(--rule)}
li{border-bottom:1px solid var(--rule);padding:.55rem 0;display:grid;grid-template-columns:minmax(10rem,15rem) 1fr;
gap:.25rem 1rem}
a{color:var(--blue);text-decoration:none;font-weight:600;overflow-wrap:anywhere}
a:hover,a:focus-visible{text-decoration:underline}
.warning{border-left:3px solid #d1793b;padding:.1rem 0 .1rem .8rem;margin:.5rem 0}
@media (max-width:34rem){li{grid-template-columns:1fr}main{padding:1.25rem 1rem 2rem}}
@media print{@page{margin:18mm}body{font-size:11pt}main{padding:0;max-width:none}a{color:inherit}
dl div{border:1px solid var(--rule);background:none;break-inside:avoid}li{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Listed:
    """A file of the report: its name in the folder, and what it is (``report.file.KEY``)."""

    name: str
    key: str


def index_page(records: Records, files: Sequence[Listed], *, title: str, as_of: str, lang: Lang) -> str:
    """Return the page: figures of the whole, then the files.

    Parameters
    ----------
    records : Records
        The files of the report.
    files : sequence of Listed
        What was written.
    title, as_of : str
        The first lines.
    lang : {"zh", "en"}
        Language.
    """
    figures = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in main_figures(records, lang)
    )
    warnings = "".join(f'<p class="warning">{escape(row.text(lang))}</p>' for row in records.gaps.each("warnings"))
    groups = []
    for group in ("for_people", "for_programs"):
        rows = "".join(_item(each, lang) for each in files if _GROUP[each.key] == group)
        groups.append(f"<h2>{escape(say(f'report.index.{group}', lang))}</h2><ul>{rows}</ul>" if rows else "")
    body = (
        f"<main><h1>{escape(title)}</h1><p class='as-of'>{escape(as_of)}</p><dl>{figures}</dl>{warnings}"
        f"{''.join(groups)}<p class='foot'>{escape(say('report.index.foot', lang))}</p></main>"
    )
    return document(lang=lang, title=title, body=body, styles=[_STYLE])


def main_figures(records: Records, lang: Lang) -> list[tuple[str, str]]:
    """Return the figures of the first page: name and value."""
    totals, counts = records.totals, records.lists.at("counts")
    part = "_on_grid" if records.on_grid_alone else ""
    told = [
        (f"residents{part}", _ends(totals, "residents", "whole")),
        (f"elderly{part}", _ends(totals, "elderly", "whole")),
        ("facilities", number(counts.at("facilities").values["all"])),
        ("covered_share", _ends(totals, "covered_share", "share")),
    ]
    after = records.totals_after
    told += [] if after is None else [("covered_share_after", _ends(after, "covered_share", "share"))]
    told += [] if after is None else [("stations", number(len(records.stations)))]
    told += [
        (f"short_{level}", f"{number(row['gap'])} / {number(row['all'])}")
        for level in ("street", "community", "residential_area")
        if (row := counts.at("places").values.get(level))
    ]
    return [(say(f"report.figure.{key}", lang), value) for key, value in told]


def _ends(totals: Record, key: str, form: str) -> str:
    """Return a figure of the whole, with both ends if it is an interval; a dash if it is unknown."""
    pair = ENDS[key]
    return ends(totals.cell(pair.low), totals.cell(pair.high), form, most=pair.most).text


def _item(file: Listed, lang: Lang) -> str:
    name, about = (escape(say(f"report.file.{file.key}.{part}", lang)) for part in ("name", "about"))
    return f'<li><a href="{escape(file.name)}">{name}</a><span>{about}</span></li>'


_GROUP: Final = {
    "workbook": "for_people",
    "volume": "for_people",
    "web_volume": "for_people",
    "map": "for_people",
    "layers": "for_programs",
    "shapefiles": "for_programs",
    "drawing": "for_programs",
    "places": "for_programs",
    "stations": "for_programs",
    "gaps": "for_programs",
    "plan": "for_programs",
    "after": "for_programs",
    "lists": "for_programs",
    "trace": "for_programs",
}
