"""Why a place is covered or not: in sentences, as GeoJSON, and as one HTML page that needs no network."""

import json
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from siting.crs import WGS84
from siting.domain.explained import PERHAPS, Explained, Joining, Route
from siting.domain.intervals import figure_text
from siting.domain.tables import PLACE_COLUMNS
from siting.text import LANGS, Lang, knows, number, say
from siting.text.numbers import percent, persons
from siting.units import SECONDS_PER_MINUTE
from siting.write.clauses import premises_text
from siting.write.endings import ending_of
from siting.write.files import write_text
from siting.write.geojson import facts, plain
from siting.write.html import document

if TYPE_CHECKING:
    from siting.write.figures import Chart

# The most candidates that a sentence names; the table has all.
_NAMED: Final = 5
_FIGURES: Final = ("metres", "up_m", "down_m", "flat_seconds", "slope_seconds", "seconds")
_COLUMNS: Final = ("kind", "metres", "up_m", "down_m", "flat", "slope", "minutes")
_DECIMALS: Final = 7


def sentences(found: Explained, lang: Lang) -> list[str]:
    """Return an explanation in sentences."""
    told = [*_head(found, lang), *_way(found, lang), *_candidates(found, lang)]
    return [*told, say("warning.people_rounded", lang)] if found.inputs.scenario.scenario.share else told


def _head(found: Explained, lang: Lang) -> Iterator[str]:
    subject, standing = found.subject, found.standing
    told = {"name": subject.name, "id": subject.id, "kind": _kind(subject.level, lang)}
    reason = say(f"reason.{found.way.reason}", lang)
    if subject.level == "point":
        yield say("explain.head_point", lang, id=subject.id, reason=reason)
    elif not subject.is_area:
        yield say("explain.head_site", lang, **told, reason=reason)
    elif not standing.people.any():
        yield say("explain.nobody" if standing.known else "explain.nobody_known", lang, **told)
    else:
        yield from _people(found, told, lang)
    if subject.id in found.perhaps.index and subject.level == "facility":
        yield say("explain.serves_perhaps", lang)
    elif found.serves is not None:
        counts = "explain.serves" if found.joined else "explain.serves_unjoined"
        yield say(counts if found.serves else "explain.serves_not", lang)


def _people(found: Explained, told: dict[str, str], lang: Lang) -> Iterator[str]:
    standing, spot = found.standing, found.standing.spot
    uncovered = float(standing.uncovered.sum())
    who = say(f"explain.people_{standing.who}", lang)
    head = "explain.head_area" if standing.known else "explain.head_known"
    yield say(head, lang, **told, **_counts(found), who=who)
    if standing.known and not standing.whole:
        yield say("explain.part_accepted" if standing.in_part else "explain.part", lang)
    yield from _of_the_report(found, lang)
    rest = standing.reasons.drop(index="covered", errors="ignore")
    if len(rest):
        each = (
            say("explain.reason", lang, reason=_reason(str(code), lang), people=persons(count), cells=persons(cells))
            for code, count, cells in rest[["people", "cells"]].itertuples()
        )
        yield say("explain.reasons", lang, list=say("explain.join", lang).join(each))
    yield from _perhaps(found, lang)
    row, column = spot.cell or (0, 0)
    where = {"who": who, "row": row, "column": column, "people": number(spot.people, 1)}
    if uncovered > 0:
        yield say("explain.spot_uncovered", lang, **where, reason=say(f"reason.{found.way.reason}", lang))
    else:
        yield say("explain.spot_covered", lang, **where)


def _reason(code: str, lang: Lang) -> str:
    return say("explain.reason_perhaps" if code == PERHAPS else f"reason.{code}", lang)


def _perhaps(found: Explained, lang: Lang) -> Iterator[str]:
    """Name the facilities that would cover people here if they counted."""
    covering = found.perhaps[found.perhaps["people_here"] > 0]
    if len(covering):
        named = [
            say("explain.perhaps_one", lang, facility=_called(key, row), people=persons(row["people_here"]))
            for key, row in covering.iterrows()
        ]
        yield say("explain.perhaps", lang, list=_listed(named, lang))


def _counts(found: Explained) -> dict[str, str]:
    """Return the people inside and outside the circle: elderly as in the gap report, otherwise those of the grid."""
    standing, figures = found.standing, found.figures
    if standing.who == "elderly" and figures is not None and not pd.isna(figures["covered_share"]):
        names = {"covered": "elderly_covered", "uncovered": "elderly_uncovered"}
        told = {key: figure_text(name, figures, persons) for key, name in names.items()}
        share = figure_text("covered_share", figures, percent)
        return {**told, "people": figure_text("elderly", figures, persons), "share": share}
    people, uncovered = float(standing.people.sum()), float(standing.uncovered.sum())
    counts = {"people": people, "covered": people - uncovered, "uncovered": uncovered}
    return {**{key: persons(count) for key, count in counts.items()}, "share": percent(1 - uncovered / people)}


def _of_the_report(found: Explained, lang: Lang) -> Iterator[str]:
    """Yield the other figures of the gap report by which the place is judged."""
    figures = found.figures
    if figures is None:
        return
    if not pd.isna(figures["minutes_to_nearest"]):
        minutes = {name: number(figures[name], 1) for name in ("minutes_to_nearest", "minutes_p90")}
        yield say("explain.minutes", lang, **minutes)
    if isinstance(figures["remedy_candidates"], str):
        yield say("explain.premises", lang, found=premises_text(figures["remedy_candidates"]))


def _unjoined(joining: Joining, reason: str | None, *, ground: bool, lang: Lang) -> Iterator[str]:
    """Yield why a place is not joined to what is walked on, or not to a facility."""
    limit = number(joining.limit_m)
    if reason == "cut_off":
        yield say("explain.cut_off_ground" if ground else "explain.cut_off", lang, size=number(joining.size, 1))
    elif reason == "off_network" and ground:
        yield say("explain.off_ground", lang, limit=limit)
    elif reason == "off_network":
        if joining.beside_scraps:
            yield say("explain.beside_scraps", lang, limit=limit)
        if np.isfinite(joining.metres):
            yield say("explain.off_network", lang, metres=_metres(joining.metres), limit=limit)


def _way(found: Explained, lang: Lang) -> Iterator[str]:
    way, walking = found.way, found.inputs.scenario.walking
    if way.joining is not None:
        yield from _unjoined(way.joining, way.reason, ground=walking.mode == "surface", lang=lang)
    if way.nearest is None:
        if way.reason == "beyond_max_minutes":
            yield say("explain.nowhere", lang, sought=_minutes(way.sought_s, 0))
        if np.isfinite(way.straight_m):
            yield say("explain.nowhere_straight", lang, metres=_metres(way.straight_m))
        return
    minutes, cutoff = way.seconds / SECONDS_PER_MINUTE, walking.minutes
    over = say("explain.over", lang, minutes=number(minutes - cutoff, 1))
    yield say(
        "explain.nearest_from_cell" if found.standing.people.any() else "explain.nearest",
        lang,
        name=way.name,
        id=way.nearest,
        minutes=_minutes(way.seconds),
        direction=say(f"direction.{walking.direction}", lang),
        cutoff=f"{cutoff:g}",
        over=say("explain.under", lang) if way.reason == "covered" else over,
    )
    if way.reason == "beyond_max_minutes":
        yield say("explain.farther", lang, most=f"{walking.max_minutes:g}", sought=_minutes(way.sought_s, 0))
    if way.route is not None:
        yield from _route(found, way.route, lang)


def _route(found: Explained, route: Route, lang: Lang) -> Iterator[str]:
    way, legs = found.way, route.legs
    kind = str(legs["kind"].iloc[0]) if len(legs) else ""
    if kind == "straight_line":
        yield say("explain.route_straight", lang, metres=_metres(legs["metres"].sum()))
        return
    if np.isfinite(way.there_s) and np.isfinite(way.back_s):
        yield say("explain.both_ways", lang, there=_minutes(way.there_s), back=_minutes(way.back_s))
    if kind == "open_ground":
        yield say("explain.route_open", lang)
        return
    sums = legs[list(_FIGURES)].sum()
    # Rounded as they are shown, so that a reader's sum equals that of the table.
    flat, slope, whole = (round(sums[key] / SECONDS_PER_MINUTE, 1) for key in _FIGURES[3:])
    told = {"way": way_text(route, lang), "metres": _metres(sums["metres"]), "flat": number(flat, 1)}
    told["stairs"] = number(whole - slope, 1)
    if found.inputs.scenario.walks_flat:
        yield say("explain.route_flat", lang, **told)
    else:
        climbs = {"up": _metres(sums["up_m"]), "down": _metres(sums["down_m"])}
        yield say("explain.route", lang, **told, **climbs, slope=number(slope - flat, 1))
    if way.reason != "covered" and sums["flat_seconds"] <= found.inputs.scenario.walking.minutes * SECONDS_PER_MINUTE:
        yield say("explain.slope_decides", lang)


def asks_for_candidates(found: Explained) -> bool:
    """Tell whether anybody, or any area, is left to cover."""
    return found.way.reason != "covered" or bool(found.standing.uncovered.any())


def _candidates(found: Explained, lang: Lang) -> Iterator[str]:
    if found.inputs.scenario.candidates is None:
        yield say("explain.no_candidates", lang)
        return
    table = found.candidates
    if found.subject.level == "candidate" and found.subject.id in table.index:
        row: Any = table.loc[found.subject.id]
        told = {"people": persons(row["people_new"])}
        if row["refused_by"] is None:
            yield say("explain.candidate_itself", lang, **told)
        else:
            yield say("explain.candidate_barred", lang, **told, clause=row["clause"])
        table = table.drop(index=found.subject.id)
    if not asks_for_candidates(found):
        return
    permitted, refused = table[table["refused_by"].isna()], table[table["refused_by"].notna()]
    minutes = found.inputs.scenario.walking.minutes
    covering = permitted[(permitted["minutes"] <= minutes) | (permitted["people_here"] > 0)]
    if len(covering):
        named = [_candidate(found, key, each, lang) for key, each in covering.iterrows()]
        yield say("explain.candidates", lang, count=len(covering), list=_listed(named, lang))
    else:
        yield say("explain.none_covers", lang)
        for key, nearest in permitted.head(1).iterrows():
            told = {"candidate": _called(key, nearest), "minutes": number(nearest["minutes"], 1)}
            yield say("explain.nearest_candidate", lang, **told)
    if len(refused):
        barred = [say("explain.refused_one", lang, id=key, clause=each["clause"]) for key, each in refused.iterrows()]
        yield say("explain.refused", lang, count=len(refused), list=_listed(barred, lang))


def _listed(texts: list[str], lang: Lang) -> str:
    told = say("explain.comma", lang).join(texts[:_NAMED])
    return say("explain.more", lang, list=told) if len(texts) > _NAMED else told


def _candidate(found: Explained, key: Any, row: "pd.Series[Any]", lang: Lang) -> str:  # noqa: ANN401 - a label
    told = {"candidate": _called(key, row)}
    if not found.subject.is_area or not found.standing.people.any():
        return say("explain.candidate_point", lang, **told, minutes=number(row["minutes"], 1))
    minutes = (
        "" if pd.isna(row["minutes"]) else say("explain.candidate_minutes", lang, minutes=number(row["minutes"], 1))
    )
    return say("explain.candidate_area", lang, **told, people=persons(row["people_here"]), minutes=minutes)


def way_text(route: Route, lang: Lang) -> str:
    """Return the direction of a route."""
    return say(f"explain.way_{route.way}", lang)


def leg_table(route: Route, lang: Lang) -> list[list[str]]:
    """Return the legs by kind as rows of texts, the longest first, and their sum; see :func:`leg_heads`."""
    legs = pd.DataFrame(route.legs.drop(columns="geometry"))
    by_kind = legs.groupby("kind")[list(_FIGURES)].sum(min_count=1).sort_values("metres", ascending=False)
    rows = [[kind_text(str(kind), lang), *_cells(row)] for kind, row in by_kind.iterrows()]
    return [*rows, [say("explain.leg.total", lang), *_cells(legs[list(_FIGURES)].sum(min_count=1))]]


def leg_heads(lang: Lang) -> list[str]:
    """Return the heads of :func:`leg_table`."""
    return [say(f"explain.column.{key}", lang) for key in _COLUMNS]


def _cells(row: "pd.Series[float]") -> list[str]:
    figures = [_metres(row[key]) for key in _FIGURES[:3]]
    return figures + [_minutes(row[key]) for key in _FIGURES[3:]]


def kind_text(kind: str, lang: Lang) -> str:
    """Return the name of the kind of a leg."""
    return say(f"explain.leg.{kind}" if knows(f"explain.leg.{kind}") else f"scenario_choice.kind.{kind}", lang)


def candidate_table(found: Explained, lang: Lang, most: int | None = None) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of the candidates as texts."""
    keys = ("candidate", "name", "people_here", "people_new", "walk", "refused_by")
    rows = [
        [
            str(key),
            _name(row["name"]),
            persons(row["people_here"]),
            persons(row["people_new"]),
            "–" if pd.isna(row["minutes"]) else number(row["minutes"], 1),
            row["clause"] or "",
        ]
        for key, row in found.candidates.head(len(found.candidates) if most is None else most).iterrows()
    ]
    return [say(f"explain.column.{key}", lang) for key in keys], rows


def write_explanation(path: Path, found: Explained, lang: Lang) -> None:
    """Write an explanation as GeoJSON (WGS84, both languages) or as a page.

    Parameters
    ----------
    path : pathlib.Path
        File to write, replaced whole: ``.geojson``, ``.json``, ``.html`` or ``.htm``.
    found : Explained
        The explanation.
    lang : {"zh", "en"}
        Language of the page.

    Raises
    ------
    InputError
        Another ending, or the file cannot be written.
    """
    if ending_of(path, "explanation") in (".html", ".htm"):
        write_text(path, page(found, lang))
    else:
        write_text(path, _geojson(found))


def _geojson(found: Explained) -> str:
    """Return the subject, the point, the route, the nearest facility and the candidates, with all figures."""
    way, standing = found.way, found.standing
    features = [_feature(found, found.subject.geometry, {"what": "subject", "id": found.subject.id, **_summary(found)})]
    spot = shapely.Point(standing.spot.x, standing.spot.y)
    features.append(_feature(found, spot, {"what": "spot", "cell": standing.spot.cell, "people": standing.spot.people}))
    if way.route is not None:
        for rank, leg in enumerate(way.route.legs.to_dict("records"), 1):
            figures = {str(key): value for key, value in leg.items() if key != "geometry"}
            features.append(_feature(found, leg["geometry"], {"what": "leg", "number": rank, **figures}))
    if way.nearest is not None:
        place: Any = found.inputs.facilities.geometry.loc[way.nearest]
        told = {"what": "facility", "id": way.nearest, "name": way.name, "minutes": way.seconds / SECONDS_PER_MINUTE}
        features.append(_feature(found, place, told))
    for row in found.candidates.reset_index(names="id").to_dict("records"):
        place = found.inputs.candidates.geometry.loc[row["id"]]
        features.append(_feature(found, place, {"what": "candidate", **{str(key): row[key] for key in row}}))
    texts = {lang: sentences(found, lang) for lang in LANGS}
    head = _dump({"type": "FeatureCollection", "result": "explanation", **facts(found.inputs), "text": texts})
    lines = ",\n".join(map(_dump, features))
    return f'{head[:-1]},"features":[\n{lines}\n]}}\n'


def _summary(found: Explained) -> dict[str, Any]:
    way, standing, joining = found.way, found.standing, found.way.joining
    reasons = {str(code): {"people": row["people"], "cells": row["cells"]} for code, row in standing.reasons.iterrows()}
    return {
        "name": found.subject.name,
        "level": found.subject.level,
        "who": standing.who,
        "people": standing.people.sum() if found.subject.is_area else None,
        "uncovered": standing.uncovered.sum() if found.subject.is_area else None,
        "reasons": reasons,
        "figures": None if found.figures is None else {each.key: found.figures[each.key] for each in PLACE_COLUMNS},
        "reason": way.reason,
        "nearest": way.nearest,
        "spot_minutes": way.seconds / SECONDS_PER_MINUTE,
        "spot_minutes_there": way.there_s / SECONDS_PER_MINUTE,
        "spot_minutes_back": way.back_s / SECONDS_PER_MINUTE,
        "way": None if way.route is None else way.route.way,
        "straight_m": way.straight_m,
        "joining_m": None if joining is None else joining.metres,
        "joining_limit_m": None if joining is None else joining.limit_m,
        "perhaps": found.perhaps.reset_index(names="id").to_dict("records"),
        "serves": None if found.serves is None else found.serves and found.joined,
    }


def _feature(found: Explained, shape: shapely.Geometry, properties: dict[str, Any]) -> dict[str, Any]:
    import geopandas as gpd  # noqa: PLC0415 - heavy

    moved = gpd.GeoSeries([shape], crs=found.inputs.crs).to_crs(WGS84).to_numpy()
    shape = shapely.orient_polygons(shapely.set_precision(moved, 10**-_DECIMALS))[0]
    return {"type": "Feature", "properties": plain(properties), "geometry": json.loads(shapely.to_geojson(shape))}


def _dump(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def page(found: Explained, lang: Lang) -> str:
    """Return the explanation as one HTML page with its map, which needs no network."""
    from siting.write.account_page import STYLE, png  # noqa: PLC0415 - draws with matplotlib

    title = f"{say('explain.title', lang)} · {found.subject.name}"
    alt = escape(say("explain.table.map", lang))
    picture = f'<p><img alt="{alt}" src="data:image/png;base64,{png(draw(found, lang))}"></p>'
    content = "\n".join((f"<h1>{escape(title)}</h1>", body(found, lang), picture))
    return document(lang=lang, title=title, body=content, styles=(STYLE,))


def body(found: Explained, lang: Lang) -> str:
    """Return the sentences and tables as a piece of HTML; every text of the data is escaped."""
    parts = [f"<p>{escape(text)}</p>" for text in sentences(found, lang)]
    route = found.way.route
    if route is not None:
        title = say("explain.table.legs", lang, way=way_text(route, lang))
        parts.append(_html_table(title, leg_heads(lang), leg_table(route, lang)))
    if len(found.candidates) and asks_for_candidates(found):
        parts.append(_html_table(say("explain.table.candidates", lang), *candidate_table(found, lang)))
    return "\n".join(parts)


def _html_table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    lines = ("".join(f"<td>{escape(text)}</td>" for text in row) for row in rows)
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def draw(found: Explained, lang: Lang) -> "Chart":
    """Draw the subject, the network, the route and the candidates; in English without a Chinese font."""
    import geopandas as gpd  # noqa: PLC0415 - heavy

    from siting.write.figures import Chart, choose_font, dress  # noqa: PLC0415 - draws with matplotlib

    font, lang = choose_font(lang)
    figure = Chart(figsize=(8, 6), layout="constrained")
    axes = figure.subplots()
    subject = gpd.GeoSeries([found.subject.geometry], crs=found.inputs.crs)
    if found.subject.is_area:
        subject.plot(ax=axes, facecolor="#eef1ea", edgecolor="#8a8f94", label=say("explain.map.place", lang))
    axes.plot(found.standing.spot.x, found.standing.spot.y, "o", color="black", label=say("explain.map.spot", lang))
    _draw_ways(axes, found, lang)
    _draw_sites(axes, found, lang)
    axes.set_aspect("equal")
    axes.set_axis_off()
    _draw_network(axes, found, lang)
    _draw_scale(axes)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    dress(figure, (axes,), font)
    return figure


def _draw_network(axes: Any, found: Explained, lang: Lang) -> None:  # noqa: ANN401 - matplotlib's
    """Draw the ways of the network within what is drawn already, below it."""
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - draws with matplotlib

    if found.inputs.network is None:
        return
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    lines = found.inputs.network.edges.geometry
    within = lines.iloc[lines.sindex.query(shapely.box(west, south, east, north))]
    ways = [shapely.get_coordinates(line) for line in within]
    label = say("explain.map.network", lang)
    axes.add_collection(LineCollection(ways, colors="#cfd3d6", linewidths=0.8, zorder=0.5, label=label), autolim=False)


def _draw_ways(axes: Any, found: Explained, lang: Lang) -> None:  # noqa: ANN401 - matplotlib's
    if found.way.route is None:
        return
    legs = found.way.route.legs
    stairs = (legs["kind"] == "stairs").to_numpy(dtype=bool)
    for mask, colour, key in ((~stairs, "#3b6e8f", "route"), (stairs, "#d1793b", "stairs")):
        if mask.any():
            legs[mask].plot(ax=axes, color=colour, linewidth=2.5, label=say(f"explain.map.{key}", lang))


def _draw_sites(axes: Any, found: Explained, lang: Lang) -> None:  # noqa: ANN401 - matplotlib's
    from siting.write.figures import brief  # noqa: PLC0415 - draws with matplotlib

    groups: list[tuple[Any, dict[str, Any]]] = []
    if found.way.nearest is not None:
        here = found.inputs.facilities.geometry.loc[[found.way.nearest]]
        groups.append((here, {"marker": "*", "markersize": 160, "color": "#5b8c5a", "label": "facility"}))
    barred = found.candidates["refused_by"].notna().to_numpy(dtype=bool)
    for mask, colour, key in ((~barred, "#8e5ea2", "candidate"), (barred, "#b5485d", "refused")):
        if mask.any():
            sites = found.inputs.candidates.geometry.loc[found.candidates.index[mask]]
            groups.append((sites, {"marker": "^", "markersize": 45, "color": colour, "label": key}))
    for key, site in [(key, site) for sites, _ in groups for key, site in sites.items()]:
        axes.annotate(brief(key), (site.x, site.y), xytext=(5, 5), textcoords="offset points", fontsize=8)
    for sites, look in groups:
        sites.plot(ax=axes, **{**look, "label": say(f"explain.map.{look['label']}", lang)})


def _draw_scale(axes: Any) -> None:  # noqa: ANN401 - matplotlib's
    """Draw a bar of a round length, about a quarter of the map."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    most = max(east - west, north - south) / 4
    length = max(step * 10**power for power in range(5) for step in (1, 2, 5) if step * 10**power <= max(most, 1))
    low = south - 0.03 * (north - south)
    axes.plot([west, west + length], [low, low], color="black", linewidth=1.5)
    axes.annotate(f"{length:,} m", (west, low), xytext=(0, -12), textcoords="offset points", fontsize=8)


def _kind(level: str, lang: Lang) -> str:
    return say(f"level.{level}" if knows(f"level.{level}") else f"explain.kind.{level}", lang)


def _name(name: object) -> str:
    return name if isinstance(name, str) else ""


def _called(key: object, row: "pd.Series[Any]") -> str:
    return f"{key} {_name(row['name'])}".rstrip()


def _metres(value: float) -> str:
    return "–" if pd.isna(value) else number(value)


def _minutes(seconds: float, digits: int = 1) -> str:
    return "–" if pd.isna(seconds) else number(seconds / SECONDS_PER_MINUTE, digits)
