"""The panel's part on a plan: its proof, what it leaves unmet or why there is none, and its stations."""

from collections.abc import Callable
from html import escape

from siting.domain.intervals import figure_text
from siting.domain.nouns import Proposal
from siting.text import Lang
from siting.write.costs import cost_texts
from siting.write.links import link_texts
from siting.write.naming import note_text
from siting.write.phases import phase_texts
from siting.write.proof import stage_texts
from siting.write.robustness import robust_texts
from siting.write.unmet import Told, change_texts, fairness_texts, unmet_texts
from siting.write.webmap.sites import station_name
from siting.write.webmap.wording import Words, missing, number, percent, plain, words


def plan_section(proposal: Proposal) -> str:
    """Return the markup of a plan: status and stages, reasons, stations in rank order, notes."""
    stations, selection, after = proposal.stations, proposal.selection, proposal.after.totals
    lines = [(words("map.plan.status"), words(f"plan_status.{selection.status}"))]
    for zh, en in zip(stage_texts(proposal, "zh"), stage_texts(proposal, "en"), strict=True):
        lines += [
            (words(en.key), Words(zh.objective, en.objective)),
            (words(f"map.plan.bound_{en.sense}"), Words(zh.bound, en.bound)),
            (words("map.plan.gap"), plain(en.gap)),
        ]
    lines.append((words("map.plan.solver"), plain(selection.solver)))
    notes = [*_both(proposal, cost_texts), *_both(proposal, change_texts)]
    notes += [
        *_both(proposal, phase_texts),
        *_both(proposal, link_texts),
        *_both(proposal, robust_texts),
        *_both(proposal, fairness_texts),
    ]
    if selection.stages and not missing(after.get("land_gap_02_m2")):
        gap = figure_text("land_gap_02_m2", after, number)
        left = words("map.plan.land_none") if gap == "0" else words("map.plan.land_left", value=gap)
        notes.append((left, 0))
    if len(proposal.refused):
        notes.append((words("map.plan.refused", count=proposal.refused.index.nunique()), 0))
    notes += [(Words(note_text(note, "zh"), note_text(note, "en")), 0) for note in proposal.notes]
    count = words("map.plan.count", count=len(stations)) if len(stations) else words("map.plan.none")
    return (
        f'<section class="plan"><h2>{words("map.section.plan").html()}</h2>'
        f'<p class="lead">{count.html()}</p>{_reasons(proposal)}{definitions(lines)}{_ranking(proposal)}'
        + "".join(f'<p class="small muted">{note.html()}</p>' for note, _ in notes)
        + "</section>"
    )


def plan_of_part(proposal: Proposal) -> str:
    """Return the markup of what a plan does in a part of its area: its stations there."""
    count = len(proposal.stations)
    told = words("map.parts.stations", count=count) if count else words("map.parts.no_station")
    return (
        f'<section class="plan"><h2>{words("map.section.plan").html()}</h2><p class="lead">{told.html()}</p>'
        f'{_ranking(proposal)}<p class="small muted">{words("map.parts.plan").html()}</p></section>'
    )


def definitions(lines: list[tuple[Words, Words]]) -> str:
    """Return the markup of labels with their values."""
    return (
        '<dl class="lines">'
        + "".join(f"<div><dt>{label.html()}</dt><dd>{value.html()}</dd></div>" for label, value in lines)
        + "</dl>"
    )


def _reasons(proposal: Proposal) -> str:
    """Return why there is no plan, or what it leaves short, line by line."""
    told = _both(proposal, unmet_texts)
    if not told:
        return ""
    items = "".join(f'<li class="depth{depth}">{line.html()}</li>' for line, depth in told)
    return f'<ul class="reasons">{items}</ul>'


def _both(proposal: Proposal, texts: Callable[[Proposal, Lang], list[Told]]) -> list[tuple[Words, int]]:
    """Return lines in both languages, each with its depth."""
    pairs = zip(texts(proposal, "zh"), texts(proposal, "en"), strict=True)
    return [(Words(zh.text, en.text), zh.depth) for zh, en in pairs]


def _ranking(proposal: Proposal) -> str:
    stations, candidates = proposal.stations, proposal.before.inputs.candidates
    items = []
    for row, station in enumerate(stations.index):
        gain = number(stations["elderly_new"].iloc[row])
        share = figure_text("covered_share_after", stations.iloc[row].to_dict(), percent)
        items.append(
            f'<li><button type="button" data-find="{escape(f"proposed/{station}")}">'
            f'<span class="rank">{escape(str(stations["rank"].iloc[row]))}</span>'
            f'<span class="name">{escape(station_name(stations, row, candidates))}</span>'
            f'<span class="gain">{words("map.plan.gain", value=gain).html()}</span>'
            f'<span class="share">{share}</span></button></li>'
        )
    if not items:
        return ""
    head = f"{words('map.plan.gain_title').html()} · {words('map.plan.share_title').html()}"
    return f'<p class="small muted right">{head}</p><ol class="ranking">{"".join(items)}</ol>'
