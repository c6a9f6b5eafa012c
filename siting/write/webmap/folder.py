"""A folder of pages for a large area: an index with the coarser units, and a page for each part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from siting.domain.called import place_names
from siting.domain.intervals import figure_text
from siting.domain.nouns import Assessment
from siting.domain.scenario import FINE_TO_COARSE, Level
from siting.text import Lang
from siting.write.files import write_text
from siting.write.naming import file_names
from siting.write.webmap.page import map_html
from siting.write.webmap.wording import number, percent, words

INDEX: Final = "index.html"


def level_of_parts(assessment: Assessment) -> Level:
    """Return the coarsest level with more than one unit: each of its units is a page of a folder."""
    units = assessment.inputs.units
    levels = [level for level in FINE_TO_COARSE if level in units]
    many = [level for level in levels if len(units[level]) > 1]
    return many[-1] if many else levels[-1]


def write_map_folder(
    folder: Path,
    assessment: Assessment,
    part_of: Callable[[Assessment, Level, object], Assessment],
    *,
    lang: Lang = "zh",
    tiles: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write an index page with the coarser units, and a page for each unit of the level of parts.

    Parameters
    ----------
    folder : pathlib.Path
        It is made if it is missing; pages of an earlier map are replaced, each whole.
    assessment : Assessment
        The results of the whole.
    part_of : callable
        Cuts the assessment of one unit out of it.
    lang : {"zh", "en"}
        The initial language of the pages; they contain both.
    tiles : str, optional
        As for :func:`siting.write.webmap.write_map`.
    progress : callable, optional
        Called with the number of pages that are written and of all.

    Returns
    -------
    list of pathlib.Path
        The index, then the pages of the parts.
    """
    level = level_of_parts(assessment)
    units = assessment.inputs.units[level]
    names = [f"{name}.html" for name in file_names(units.index)]
    links, called = dict(zip(units.index, names, strict=True)), place_names(units)
    told = progress or (lambda *_: None)
    written = [folder / INDEX]
    write_text(
        written[0], map_html(overview(assessment, level), lang=lang, tiles=tiles, aside=_list(assessment, level, links))
    )
    told(1, len(names) + 1)
    for number_, (unit, name) in enumerate(links.items(), 2):
        part = _titled(part_of(assessment, level, unit), called[unit])
        page = map_html(part, lang=lang, tiles=tiles, aside=_back())
        written.append(folder / name)
        write_text(written[-1], page)
        told(number_, len(names) + 1)
    return written


def _titled(part: Assessment, name: str) -> Assessment:
    """Return the assessment of a part with its name in the title."""
    scenario = part.inputs.scenario
    head = scenario.scenario.model_copy(update={"title": f"{scenario.scenario.title} · {name}"})
    return replace(part, inputs=replace(part.inputs, scenario=scenario.model_copy(update={"scenario": head})))


def overview(assessment: Assessment, level: Level) -> Assessment:
    """Return what the index shows: the units of the level of parts and coarser, and of the next finer level."""
    at = FINE_TO_COARSE.index(level)
    finer = [each for each in FINE_TO_COARSE[:at] if each in assessment.inputs.units][-1:]
    shown = {*FINE_TO_COARSE[at:], *finer}
    inputs = assessment.inputs
    keep = assessment.places["level"].isin(shown).to_numpy(dtype=bool)
    checked = assessment.checks.index.get_level_values(0).isin(shown)
    return replace(
        assessment,
        inputs=replace(
            inputs,
            units={name: frame for name, frame in inputs.units.items() if name in shown},
            residential_areas=inputs.residential_areas.iloc[:0],
            facilities=inputs.facilities.iloc[:0],
            candidates=inputs.candidates.iloc[:0],
            exclusions={},
            network=None,
            terrain=None,
            basemap={},
        ),
        places=gpd.GeoDataFrame(assessment.places[keep], crs=assessment.places.crs),
        checks=assessment.checks[checked],
        cells=assessment.cells.iloc[:0],
        facilities=assessment.facilities.iloc[:0],
        circles=assessment.circles.iloc[:0],
    )


def _list(assessment: Assessment, level: Level, links: Mapping[object, str]) -> str:
    """Return the markup of the parts with their figures and links, those with the most uncovered elderly first."""
    rows = assessment.places.loc[level].reindex(pd.Index(list(links)))
    names = place_names(assessment.inputs.units[level])
    order = rows["elderly_uncovered"].fillna(0.0).sort_values(ascending=False, kind="stable").index
    lines = "".join(_row(names[unit], links[unit], rows.loc[unit]) for unit in order)
    heads = "".join(f'<th scope="col">{words(f"map.parts.{name}").html()}</th>' for name in _HEADS)
    return (
        f'<section class="parts"><h2>{words("map.parts.title", level=words(f"level.{level}")).html()}</h2>'
        f'<table class="floors"><thead><tr><td></td>{heads}</tr></thead><tbody>{lines}</tbody></table>'
        f'<p class="small muted">{words("map.parts.note").html()}</p></section>'
    )


_HEADS: Final[Sequence[str]] = ("uncovered", "covered", "verdict")


def _row(name: str, link: str, row: pd.Series) -> str:
    figures = row.to_dict()
    verdict = words(f"verdict.{figures['verdict']}")
    return (
        f'<tr><th scope="row"><a href="{escape(link, quote=True)}">{escape(str(name))}</a></th>'
        f"<td>{figure_text('elderly_uncovered', figures, number)}</td>"
        f"<td>{figure_text('covered_share', figures, percent)}</td>"
        f"<td>{verdict.html()}</td></tr>"
    )


def _back() -> str:
    """Return the markup of the link to the index, and what a page of a part does not do."""
    return (
        f'<section class="parts"><p class="small"><a href="{INDEX}">{words("map.parts.back").html()}</a></p>'
        f'<p class="small muted">{words("map.parts.without").html()}</p></section>'
    )
