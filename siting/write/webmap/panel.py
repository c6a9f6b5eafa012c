"""The panel beside the map: what was assessed, how, and the results."""

import math
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from siting.domain.intervals import figure_text
from siting.domain.note_order import SUMS
from siting.domain.nouns import Assessment, Note, Proposal
from siting.write.shown import required_text
from siting.write.webmap import icons
from siting.write.webmap.places import AREA, UNIT_LEVELS, at_level
from siting.write.webmap.plan_panel import definitions, plan_of_part, plan_section
from siting.write.webmap.style import VERDICT_COLOURS
from siting.write.webmap.wording import Words, missing, number, percent, plain, uncoded, words

_FLOORS: Final = (("01", "0.1"), ("02", "0.2"))
# A bar of at least this share is wide enough for its figure.
_ROOM_FOR_FIGURE: Final = 0.08
_LOUD: Final = frozenset(
    {"elderly_basis", "elderly_unknown", "grid_part", "straight_line", "walked_flat", "incomplete"}
)


def panel(assessment: Assessment, proposal: Proposal | None, *, part: bool = False) -> str:
    """Return the panel's markup; of a part of the area without what tells of the whole plan."""
    totals = assessment.totals
    # Without a plan there is no state after it.
    after: Mapping[str, Any] = proposal.after.totals if proposal is not None and proposal.selection.stages else {}
    blocks = [
        _banners(assessment),
        _people(totals),
        _coverage(assessment, totals, after),
        _land(totals, assessment.notes),
        "" if proposal is None else plan_of_part(proposal) if part else plan_section(proposal),
        _verdicts(assessment),
        _method(assessment),
        _documents(assessment),
    ]
    return "\n".join(block for block in blocks if block)


def heading(assessment: Assessment, proposal: Proposal | None) -> str:
    """Return the title block's markup."""
    head = assessment.inputs.scenario.scenario
    horizon = (
        words("map.horizon_current") if head.horizon == "current" else words("map.horizon_year", year=head.horizon)
    )
    eyebrow = words("map.eyebrow" if proposal is None else "map.eyebrow_plan")
    subtitle = words("map.subtitle", date=head.date.isoformat(), horizon=horizon)
    return (
        f'<p class="eyebrow">{eyebrow.html()}</p><h1>{escape(head.title)}</h1><p class="subtitle">{subtitle.html()}</p>'
    )


def review_number(assessment: Assessment) -> str:
    """Return the markup of the map review number, or of the blank for it."""
    number_ = assessment.inputs.scenario.scenario.review_number
    return words("map.reviewed", number=number_).html() if number_ else words("map.review_number").html()


def sources(assessment: Assessment) -> str:
    """Return the markup of who prepared the assessment, and from which data, for the printed map."""
    head = assessment.inputs.scenario.scenario
    lines = [words("map.prepared_by", name=head.prepared_by)] if head.prepared_by else []
    lines += [plain(told) for told in head.sources]
    return "".join(f"<p>{line.html()}</p>" for line in lines)


def _banners(assessment: Assessment) -> str:
    share = percent(assessment.inputs.scenario.circle.pass_share, 0)
    lines = []
    for warning in assessment.totals.get("warnings", ()):
        code = str(warning).removeprefix("warning.")
        role = "banner loud" if code in _LOUD else "banner"
        told = words(f"warning.{code}", share=share)
        lines.append(f'<p class="{role}" role="note">{_uncoded(told).html()}</p>')
    # The stricter reading is among the warnings.
    notes = [
        words(f"note.{note.code}", **note.values) for note in assessment.notes if note.code.startswith("facilities_any")
    ]
    return "".join([*lines, *(f'<p class="banner" role="note">{_uncoded(each).html()}</p>' for each in notes)])


def _uncoded(told: Words) -> Words:
    return Words(uncoded(told.zh), uncoded(told.en))


def _people(totals: Mapping[str, Any]) -> str:
    keys = [name for name in ("residents", "elderly") if name in totals]
    part = "_on_grid" if "grid_part" in totals.get("warnings", ()) else ""
    figures = [(words(f"map.kpi.{name}{part}"), figure_text(name, totals, number)) for name in keys]
    if not missing(totals.get("facilities_counted")):
        figures.append((words("map.kpi.facilities"), number(totals["facilities_counted"])))
    cells = "".join(f"<div><dd>{value}</dd><dt>{label.html()}</dt></div>" for label, value in figures)
    return f'<dl class="figures">{cells}</dl>'


def _coverage(assessment: Assessment, totals: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    scenario = assessment.inputs.scenario
    minutes = number(scenario.walking.minutes, 0)
    standard_minutes = minutes == "15"
    title = words("map.kpi.coverage") if standard_minutes else words("map.kpi.coverage_minutes", minutes=minutes)
    share, later = totals.get("covered_share"), after.get("covered_share")
    mark = scenario.circle.pass_share
    now = figure_text("covered_share", totals, percent)
    big = f'<b class="before">{now}</b> <small>{words("map.kpi.before").html()}</small>'
    if not missing(later):
        big += f' <span class="arrow">→</span> <b class="after">{figure_text("covered_share", after, percent)}</b>'
        big += f" <small>{words('map.kpi.after').html()}</small>"
    people = words(
        "map.kpi.covered",
        covered=figure_text("elderly_covered", totals, number),
        uncovered=figure_text("elderly_uncovered", totals, number),
    )
    bar = (
        f'<div class="bar"><i class="after" data-width="{_width(later)}"></i>'
        f'<i class="before" data-width="{_width(share)}"></i><u data-left="{_width(mark)}"></u></div>'
    )
    note = f"{words('map.kpi.pass_mark', share=percent(mark, 0)).html()} · {words('map.kpi.pass_note').html()}"
    return (
        f'<section class="kpi"><h2>{title.html()}</h2><p class="big">{big}</p>{bar}'
        f'<p class="small">{people.html()}</p><p class="small muted">{note}</p></section>'
    )


def _land(totals: Mapping[str, Any], notes: Iterable[Note]) -> str:
    basis = str(totals.get("land_basis") or "resident_current")
    per = "land_m2_per_elderly" if basis.startswith("elderly") else "land_m2_per_resident"
    ratio = _figure(totals, per)
    force = "elderly_basis" if basis.startswith("elderly") else "binding" if totals.get("binding") else "not_binding"
    binding = words(f"map.kpi.land_{force}")
    rows = "".join(_floor_row(totals, name, floor) for name, floor in _FLOORS)
    scale = max(0.25, 1.1 * ratio)  # stays 0.25 where the ratio is NaN
    ticks = "".join(f'<u data-left="{_width(float(floor) / scale)}"><em>{floor}</em></u>' for _, floor in _FLOORS)
    bar = f'<div class="bar ticks"><i class="land" data-width="{_width(ratio / scale)}"></i>{ticks}</div>'
    lacking, doubtful = (totals.get(key) or () for key in ("land_missing", "land_doubtful"))
    lines = [words("map.kpi.land_provided", value=figure_text("land_provided_m2", totals, number))]
    if lacking:
        lines.append(words("map.kpi.land_missing", count=len(lacking)))
    if doubtful:
        lines.append(words("map.kpi.land_doubtful", count=len(doubtful)))
    lines += [words(f"note.{note.code}", **note.values) for note in notes if note.code in SUMS]
    if not basis.startswith("elderly") and not missing(totals.get("land_m2_per_elderly")):
        per_elderly = figure_text("land_m2_per_elderly", totals, lambda value: number(value, 3))
        lines.append(words("map.kpi.land_elderly", value=per_elderly))
    return (
        f'<section class="kpi"><h2>{words("map.kpi.land").html()}</h2>'
        f'<p class="big"><b>{figure_text(per, totals, lambda value: number(value, 3))}</b> '
        f'<span class="unit">{words("map.kpi.land_unit").html()}</span></p>{bar}'
        f'<p class="small">{words("map.kpi.land_basis", basis=words(f"basis.{basis}")).html()} · {binding.html()}</p>'
        f'<table class="floors"><thead><tr><td></td>'
        f'<th scope="col">{words("map.kpi.land_required").html()} m²</th>'
        f'<th scope="col">{words("map.kpi.land_gap").html()} m²</th></tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="small muted">{"<br>".join(line.html() for line in lines)}</p></section>'
    )


def _floor_row(totals: Mapping[str, Any], name: str, floor: str) -> str:
    key = f"land_gap_{name}_m2"
    gap = words("map.kpi.land_met").html() if _figure(totals, key) <= 0 else figure_text(key, totals, number)
    return (
        f'<tr><th scope="row">{words("map.kpi.land_row", floor=floor).html()}</th>'
        f"<td>{required_text(totals, name)}</td><td>{gap}</td></tr>"
    )


def _verdicts(assessment: Assessment) -> str:
    rows = []
    for level in (*UNIT_LEVELS, AREA):
        places = at_level(assessment, level)
        if not places.empty:
            rows.append(_verdict_row(level, places))
    if not rows:
        return ""
    keys = "".join(
        f"<li>{icons.swatch(colour)}{words(f'verdict.{verdict}').html()}</li>"
        for verdict, colour in VERDICT_COLOURS.items()
    )
    return (
        f"<section><h2>{words('map.section.verdicts').html()}</h2>"
        f'<table class="verdicts"><tbody>{"".join(rows)}</tbody></table>'
        f'<ul class="keys">{keys}</ul><p class="small muted">{words("map.verdict_bars").html()}</p></section>'
    )


def _verdict_row(level: str, places: gpd.GeoDataFrame) -> str:
    bars = _stack(places["verdict"], "stack") + _stack(places["verdict_binding"], "stack thin")
    return (
        f'<tr><th scope="row">{words(f"level.{level}").html()}</th><td>{number(len(places))}</td><td>{bars}</td></tr>'
    )


def _stack(verdicts: pd.Series, role: str) -> str:
    counts = verdicts.value_counts().to_dict()
    total = sum(counts.values()) or 1
    found = [verdict for verdict in VERDICT_COLOURS if counts.get(verdict)]
    parts = "".join(
        f'<i data-width="{_width(counts[verdict] / total)}" data-fill="{VERDICT_COLOURS[verdict]}" '
        f'title="{counts[verdict]}">{counts[verdict] if counts[verdict] / total > _ROOM_FOR_FIGURE else ""}</i>'
        for verdict in found
    )
    return f'<div class="{role}">{parts}</div>'


def _method(assessment: Assessment) -> str:
    scenario, totals = assessment.inputs.scenario, assessment.totals
    walking = scenario.walking
    mode = (
        "network_slope" if walking.mode == "network" and walking.slope and assessment.inputs.terrain else walking.mode
    )
    walker = words("map.method.speed_value", walker=words(f"walker.{walking.walker}"), speed=scenario.walker.flat)
    lines = [
        (words("map.method.basis"), words(f"basis.{totals.get('land_basis') or 'resident_current'}")),
        (words("map.method.reach"), words("map.method.reach_value")),
        (words("map.method.mode"), words(f"map.method.mode_{mode}")),
        (words("map.method.speed"), walker),
        (words("map.method.minutes"), words("map.method.minutes_value", minutes=number(walking.minutes))),
        (words("map.method.direction"), words(f"direction.{walking.direction}")),
        (words("map.method.pass_share"), _pass_share(scenario.circle.pass_share)),
    ]
    return f"<section><h2>{words('map.section.method').html()}</h2>{definitions(lines)}</section>"


def _pass_share(share: float) -> Words:
    note = words("map.kpi.pass_note")
    return Words(f"{percent(share, 0)}（{note.zh}）", f"{percent(share, 0)} ({note.en})")


def _documents(assessment: Assessment) -> str:
    items = "".join(
        f"<li><b>{escape(standard.number)}</b> {escape(standard.title)}</li>"
        for standard in assessment.inputs.standards
    )
    return f'<section><h2>{words("map.section.standards").html()}</h2><ul class="documents">{items}</ul></section>'


def _figure(totals: Mapping[str, Any], key: str) -> float:
    value = totals.get(key)
    return math.nan if value is None or missing(value) else float(value)


def _width(share: Any) -> str:  # noqa: ANN401 - a share or nothing
    return "0" if missing(share) else f"{min(max(float(share), 0), 1) * 100:.2f}%"
