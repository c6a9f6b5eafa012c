"""A folder of pages for a large area: an index with the coarser units, and a page for each part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import geopandas as gpd
import pandas as pd

from siting.domain.called import place_names
from siting.domain.certain import certainty_of
from siting.domain.intervals import figure_text
from siting.domain.nouns import Assessment, Proposal
from siting.domain.scenario import FINE_TO_COARSE, Level
from siting.text import Lang
from siting.write.files import write_text
from siting.write.naming import file_names
from siting.write.webmap.code import shared_files
from siting.write.webmap.page import InFolder, map_html
from siting.write.webmap.places import place_key
from siting.write.webmap.wording import number, percent, words

INDEX: Final = "index.html"


@dataclass(frozen=True)
class Cut:
    """How the results of one unit are cut out of those of the whole.

    Parameters
    ----------
    assessment : callable
        From an assessment, a level and the id of a unit to its part.
    proposal : callable
        The same of a plan.
    """

    assessment: Callable[[Assessment, Level, object], Assessment]
    proposal: Callable[[Proposal, Level, object], Proposal]


def level_of_parts(assessment: Assessment) -> Level:
    """Return the coarsest level with more than one unit: each of its units is a page of a folder."""
    units = assessment.inputs.units
    levels = [level for level in FINE_TO_COARSE if level in units]
    many = [level for level in levels if len(units[level]) > 1]
    return many[-1] if many else levels[-1]


def write_map_folder(
    folder: Path,
    assessment: Assessment,
    proposal: Proposal | None = None,
    *,
    cut: Cut,
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
        The results of the whole; with a plan, the state before it.
    proposal : Proposal, optional
        The plan: its stations and the state after it.
    cut : Cut
        Cuts the results of one unit out of those of the whole.
    lang : {"zh", "en"}
        The initial language of the pages; they contain both.
    tiles : str, optional
        As for :func:`siting.write.webmap.write_map`.
    progress : callable, optional
        Called with the number of pages that are written and of all.

    Returns
    -------
    list of pathlib.Path
        The index, then the pages of the parts. The index is written last, so that all that it leads to is there.
    """
    level = level_of_parts(assessment)
    units = assessment.inputs.units[level]
    _, *names = (f"{name}.html" for name in file_names([Path(INDEX).stem, *units.index]))
    links, called = dict(zip(units.index, names, strict=True)), place_names(units)
    told = progress or (lambda *_: None)
    for name, text in shared_files().items():
        write_text(folder / name, text)
    shown = overview(assessment, level)
    leads: dict[str, str] = {}
    for done, (unit, name) in enumerate(links.items(), 1):
        part = _titled(cut.assessment(assessment, level, unit), called[unit])
        plan = None if proposal is None else cut.proposal(proposal, level, unit)
        write_text(folder / name, map_html(part, plan, lang=lang, tiles=tiles, folder=InFolder(_back())))
        leads |= _leads(part, shown, name, (level, unit))
        told(done, len(names) + 1)
    after = None if proposal is None or not proposal.selection.stages else proposal.after
    whole = None if proposal is None else _overview_of_plan(proposal, level)
    aside = InFolder(_list(assessment, after, level, links), index=True, leads=leads)
    write_text(folder / INDEX, map_html(shown, whole, lang=lang, tiles=tiles, folder=aside))
    told(len(names) + 1, len(names) + 1)
    return [folder / INDEX, *(folder / name for name in names)]


def _leads(part: Assessment, shown: Assessment, name: str, own: tuple[str, object]) -> dict[str, str]:
    """Return the addresses of a part's page, by the keys of those of its places that the index shows."""
    places = part.places.index[part.places.index.isin(shown.places.index)]
    return {
        key: name if place == own else f"{name}#place={quote(key, safe='')}"
        for place in places
        for key in [place_key(*place)]
    }


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
        certainty=certainty_of(assessment, checked),
    )


def _overview_of_plan(proposal: Proposal, level: Level) -> Proposal:
    """Return a plan for the index: its stations with their names, its figures, and both states by unit."""
    before, after = overview(proposal.before, level), overview(proposal.after, level)
    named = replace(before, inputs=replace(before.inputs, candidates=proposal.before.inputs.candidates))
    return replace(proposal, before=named, after=after, links=None)


def _list(assessment: Assessment, after: Assessment | None, level: Level, links: Mapping[object, str]) -> str:
    """Return the markup of the parts with their figures and links, those with the most uncovered elderly first."""
    rows = assessment.places.loc[level].reindex(pd.Index(list(links)))
    later = None if after is None else after.places.loc[level].reindex(rows.index)
    names = place_names(assessment.inputs.units[level])
    uncovered = (rows if later is None else later)["elderly_uncovered"]
    order = uncovered.fillna(0.0).sort_values(ascending=False, kind="stable").index
    lines = "".join(
        _row(names[unit], links[unit], rows.loc[unit], None if later is None else later.loc[unit]) for unit in order
    )
    heads = "".join(f'<th scope="col">{words(f"map.parts.{name}").html()}</th>' for name in _HEADS)
    shown = overview(assessment, level).inputs.units
    finest = next(each for each in FINE_TO_COARSE if each in shown)
    return (
        '<section class="parts">'
        f'<h2 id="parts-title">{words("map.parts.title", level=words(f"level.{level}")).html()}</h2>'
        '<div class="places" tabindex="0" role="region" aria-labelledby="parts-title">'
        f'<table class="floors"><thead><tr><th></th>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
        f'<p class="small muted">{words("map.parts.note", level=words(f"level.{finest}")).html()}</p></section>'
    )


_HEADS: Final = ("uncovered", "covered", "verdict")


def _row(name: str, link: str, row: pd.Series, later: pd.Series | None) -> str:
    def told(key: str, form: Callable[[Any], str]) -> str:
        now = escape(figure_text(key, row.to_dict(), form))
        then = now if later is None else escape(figure_text(key, later.to_dict(), form))
        return now if now == then else f'{now}<br><span class="after">→ {then}</span>'

    verdict = str((row if later is None else later)["verdict"])
    linked = f'<a href="{escape(link, quote=True)}">{escape(str(name))}</a>'
    return (
        f'<tr><th scope="row" class="is-{escape(verdict)}">{linked}</th>'
        f"<td>{told('elderly_uncovered', number)}</td><td>{told('covered_share', percent)}</td>"
        f"<td>{words(f'verdict.{verdict}').html()}</td></tr>"
    )


def _back() -> str:
    """Return the markup of the link to the index, and what a page of a part does not do."""
    return (
        f'<section class="parts"><p class="small"><a href="{INDEX}">{words("map.parts.back").html()}</a></p>'
        f'<p class="small muted">{words("map.parts.without").html()}</p></section>'
    )
