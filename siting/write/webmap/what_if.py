"""The data of the page's what-if: people, walks, options and rules, in the form that its script reads."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from siting.domain.nouns import Assessment
from siting.domain.what_if import ProofProblem, Streets, WhatIf, WhatIfLevel, column_of
from siting.text import knows
from siting.version import __version__
from siting.write.geojson import plain
from siting.write.html import as_json
from siting.write.webmap.geometry import geometries, to_degrees
from siting.write.webmap.inline import asset, manifest
from siting.write.webmap.overlay import locate_cells
from siting.write.webmap.packing import packed, pressed
from siting.write.webmap.style import AFTER, BEFORE, DENSITY_COVERED, NO_DATA, clause_steps, share_steps
from siting.write.webmap.wording import words

_FIGURES: Final = ("elderly", "elderly_high", "basis", "basis_high", "land_floor")
_FLAGS: Final = ("circle_known", "reach_known", "in_part")
_NUMBERS: Final = (
    *("land_m2", "land_high_m2", "floor_area_m2", "beds", "capacity"),
    *("cost_cny", "subsidy_cny", "subsidy_conditional_cny"),
)
_SITE_TEXTS: Final = ("kind", "id", "name", "tenure", "premises")
# A position is one step of 10⁻⁷ degrees, as in a plan's file.
_DECIMALS: Final = 7


# Texts of the page's what-if, under ``map.what_if``.
_TEXTS: Final = (
    *("lead", "loading", "failed", "today", "plan", "now", "undo", "redo", "reset_today", "reset_plan", "figures"),
    *("covered", "share", "passing", "worst", "land", "land_gap", "land_gap_own", "land_units", "land_areas"),
    *("units_street", "units_community", "stations", "cost", "cost_unknown", "subsidy", "conditional"),
    *("settings", "minutes", "minutes_value", "floor", "floor_01", "floor_02", "floor_own", "pass", "most_stations"),
    *("budget", "over_stations", "over_budget", "sites", "sites_hint", "filter", "candidates", "facilities", "chosen"),
    *(
        "group",
        "weighted",
        "weight",
        "solve_fewest_weighted",
        "solve_optimal_most_weighted",
        "solve_feasible_most_weighted",
    ),
    *("name", "open", "pin", "pin_name", "open_name", "size", "size_own", "gain", "gain_hint", "site_cost", "locked"),
    *("places", "place_share", "place_from", "place_gap", "funding", "funding_line", "funding_none", "eligible"),
    *("conditional_status", "unknown_status", "amount", "no_amount", "variants", "variant_name", "keep", "variant"),
    *("load", "drop", "variants_none", "files", "save", "export_plan", "export_csv", "other_minutes", "unsaid"),
    *("incomplete", "colour", "colour_cells", "colour_share", "colour_land", "cell_covered", "cell_new", "cell_lost"),
    *("cell_left", "site_new", "site_free", "site_open", "site_closed", "site_planned", "none", "met", "no_data"),
    *("solve_title", "solve_hint", "solve", "solve_stop", "solve_stopped", "solve_most", "solve_fewest"),
    *("solve_running", "solve_failed", "solve_infeasible", "solve_nothing", "solve_refused_stations"),
    *("solve_refused_budget", "solve_refused_limit", "solve_refused_share", "solve_optimal_most"),
    *("solve_feasible_most", "solve_optimal_fewest", "solve_feasible_fewest"),
    *("verify_title", "verify_hint", "verify", "verify_running", "verify_optimal", "verify_bound", "verify_fails"),
    *("verify_fails_at", "verify_elsewhere", "plan_unshown"),
    *("placed_title", "placed_hint", "placed_never", "placed_add", "placed_name", "placed_move", "placed_land"),
    *("placed_cost", "placed_excluded", "site_own"),
    *("export_site", "export_rank", "export_new", "export_level", "export_place"),
)
# Why a certificate proves nothing, under ``proof.refuted``.
_REFUTED: Final = (
    *("no_set", "weak", "other_model", "prices", "multipliers", "tree", "large", "unreadable", "other_scenario"),
    *("other_objective", "breaks_rules", "misses_share", "served"),
)
_LEFT: Final = "#f3cf9b"
_LOST: Final = "#8c510a"


def held(found: WhatIf, assessment: Assessment) -> str:
    """Return the markup of the data of the what-if, and of the place where a saved page holds a reader's choice."""
    told = {**what_if_data(found), **_texts_of(found, assessment)}
    return (
        '<script type="application/json" id="siting-saved"></script>\n'
        f'<script type="application/json" id="siting-what-if">{as_json(told)}</script>\n'
    )


def tabs(*, shown: bool) -> dict[str, str]:
    """Return the markup of the tabs of the panel, if there is more than one."""
    if not shown:
        return {"tabs": "", "what_if": "", "results_role": "region", "results_label": "panel-title"}
    one, other = (words(f"map.what_if.{name}").html() for name in ("tab_results", "tab"))
    told = (
        '<div class="tabs" role="tablist">'
        f'<button type="button" role="tab" id="tab-results" aria-selected="true" aria-controls="results">{one}</button>'
        '<button type="button" role="tab" id="tab-what-if" aria-selected="false" aria-controls="what-if" tabindex="-1">'
        f"{other}</button></div>\n"
    )
    panel = (
        '<div class="scroll" id="what-if" tabindex="0" role="tabpanel" aria-labelledby="tab-what-if" hidden></div>\n'
    )
    return {"tabs": told, "what_if": panel, "results_role": "tabpanel", "results_label": "tab-results"}


def waiting_texts() -> dict[str, dict[str, str]]:
    """Return the texts that the page needs before the data of the what-if are read."""
    return {name: words(f"map.what_if.{name}").pair() for name in ("loading", "failed")}


def _line_words(line: str) -> str:
    """Return where the words of a funding line are: benefits for conversions are a kind of clause."""
    return next(group for group in ("funding_line", "clause_kind") if knows(f"{group}.{line}"))


def _texts_of(found: WhatIf, assessment: Assessment) -> dict[str, Any]:
    lines = {str(line["line"]) for lines in found.choices.funding.values() for line in lines}
    named = {
        clause.id: f"{standard.number} {clause.article}"
        for standard in assessment.inputs.standards
        for clause in standard.clauses
    }
    asked = sorted({str(line["clause_id"]) for lines in found.choices.funding.values() for line in lines})
    return {
        "texts": {name: words(f"map.what_if.{name}").pair() for name in _TEXTS},
        "level_names": {key: words(f"map.table.{key}").pair() for key in found.people.levels},
        "lines": {line: words(f"{_line_words(line)}.{line}").pair() for line in sorted(lines)},
        "clause_names": {key: named.get(key, key) for key in asked},
        "look": _look(),
        "refuted": {code: words(f"proof.refuted.{code}").pair() for code in _REFUTED},
        "units": {name: words(f"proof.unit.{name}").pair() for name in ("covered", "stations", "cost", "seconds")},
    }


def _look() -> dict[str, Any]:
    """Return the colours: those of the map's own layers where they mean the same."""
    share = [step.colour for step in share_steps(1.0)][:5]
    return {
        "cells": {"covered": DENSITY_COVERED, "new": AFTER, "lost": _LOST, "left": _LEFT},
        "sites": {"new": AFTER, "open": BEFORE},
        "share": share,
        "land": [step.colour for step in clause_steps()][:6],
        "none": NO_DATA,
    }


def what_if_data(found: WhatIf) -> dict[str, Any]:
    """Return all that the page's script measures with, as JSON values.

    Parameters
    ----------
    found : WhatIf
        People, places, walks and options.

    Returns
    -------
    dict
        Texts and small figures by name, and ``packed`` arrays.
    """
    return {
        "siting": __version__,
        "minutes": list(found.reach.minutes),
        "own": found.reach.own,
        "grid": {"shape": list(found.people.grid.shape), "locate": locate_cells(found.people.grid)},
        "levels": {key: _level(level) for key, level in found.people.levels.items()},
        "sites": _sites(found),
        "options": _options(found),
        "whole": plain(found.people.whole),
        "plots": [
            {"members": list(each.members), "low": _ends(each.low), "high": _ends(each.high)}
            for each in found.choices.plots
        ],
        "clauses": [
            {
                "clause": each.clause,
                "standard": each.standard,
                "level": each.level,
                "serving": each.serving,
                "counts": np.flatnonzero(each.counts).tolist(),
                "may_count": np.flatnonzero(each.may_count).tolist(),
            }
            for each in found.rules.clauses
        ],
        "funding": {str(row): [plain(line) for line in lines] for row, lines in found.choices.funding.items()},
        "today": list(found.plans.today),
        "plan": None if found.plans.planned is None else list(found.plans.planned),
        "plan_unshown": found.plans.unshown,
        "pass_share": found.rules.pass_share,
        "shared_from": found.rules.shared_from,
        "complete": found.rules.complete,
        "unsaid": list(found.rules.unsaid),
        "groups": [{"name": name, **asdict(group)} for name, group in found.people.groups.items()],
        "request": plain(found.plans.request),
        "facts": found.facts,
        "proof": None if found.plans.proof is None else _proof(found.plans.proof),
        "streets": None if found.streets is None else _streets(found.streets),
        "packed": packed(dict(_arrays(found))),
    }


def _streets(streets: Streets) -> dict[str, Any]:
    """Return the walking network; its arrays are unpacked when the first station is placed."""
    most = streets.land_at_most_m2
    return {
        "fits": streets.fits,
        "per_second": streets.per_second,
        "limits": streets.limits.tolist(),
        "direction": streets.direction,
        "speed": streets.speed,
        "attach_limit_m": streets.attach_limit_m,
        "joinable": streets.joinable,
        "counts": streets.counts,
        "gives": {level: int(gives) for level, gives in streets.gives.items()},
        "land_at_most_m2": -1.0 if math.isinf(most) else most,
        "packed": packed(streets.arrays),
    }


def _proof(proof: ProofProblem) -> dict[str, Any]:
    """Return the certificate of the plan with its problem."""
    arrays = dict(proof["arrays"])
    arrays["point"] = _steps(arrays["point"], arrays.pop("start"))
    return {**{key: value for key, value in proof.items() if key != "arrays"}, "packed": packed(arrays)}


def held_solver() -> str:
    """Return the markup of the solver: its script and its WebAssembly, compressed."""
    told = {"version": manifest()["highs/highs.wasm"]["version"]}
    for key, name in (("script", "highs.js"), ("wasm", "highs.wasm")):
        told[key] = pressed(asset(f"highs/{name}"))
    return f'<script type="application/json" id="siting-solver">{as_json(told)}</script>\n'


def solver_line(*, shown: bool) -> str:
    """Return the markup that names the solver, its version and licence."""
    if not shown:
        return ""
    told = words("map.what_if.solver_made", version=manifest()["highs/highs.wasm"]["version"])
    return f" · {told.html()}"


def _ends(values: NDArray[np.float64]) -> list[list[float | None]]:
    """Return figures for JSON; null is unknown, -1 without limit."""
    return [[None if math.isnan(each) else -1.0 if math.isinf(each) else float(each) for each in row] for row in values]


def _level(level: WhatIfLevel) -> dict[str, Any]:
    table = level.places
    return {
        "ids": [str(each) for each in table.index],
        "names": _texts(table["name"]),
        "circle": bool(table["circle"].any()),
    }


def _texts(column: Iterable[Any]) -> list[str | None]:
    return [None if pd.isna(each) else str(each) for each in column]


def _sites(found: WhatIf) -> dict[str, Any]:
    sites = found.choices.sites
    crs = CRS.from_user_input(sites.crs)
    points = to_degrees(geometries(sites), crs)
    lon_lat = [[round(point.x, _DECIMALS), round(point.y, _DECIMALS)] for point in points]
    flags = {name: np.flatnonzero(sites[name].to_numpy(dtype=bool)).tolist() for name in ("generated", "locked")}
    return {**{name: _texts(sites[name]) for name in _SITE_TEXTS}, **flags, "lon_lat": lon_lat}


def _options(found: WhatIf) -> dict[str, Any]:
    table = found.choices.options
    levels = [key for key in found.people.levels if f"home_{key}" in table]
    return {
        "site": table["site"].tolist(),
        "size": _texts(table["size"]),
        "tier": _texts(table["tier"]),
        **{name: table[name].astype(int).tolist() for name in ("counts", "serves")},
        "fixed": sorted(found.choices.fixed),
        "home": {key: table[f"home_{key}"].tolist() for key in levels},
        "gives": {key: table[f"gives_{key}"].astype(int).tolist() for key in levels},
    }


def _arrays(found: WhatIf) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays by name; ascending numbers as steps from one to the next."""
    cells = found.people.cells
    yield "cells", np.diff(cells.index.to_numpy(dtype=np.int64), prepend=0)
    for name in ("elderly", "inside", "basis"):
        yield name, cells[name].to_numpy(dtype=np.float64)
    for number, name in enumerate(found.people.groups):
        yield f"group.{number}", cells[column_of(name)].to_numpy(dtype=np.float64)
    yield "reach.count", np.diff(found.reach.start)
    yield "reach.cell", _steps(found.reach.cell, found.reach.start)
    yield "reach.step", found.reach.step
    for name in _NUMBERS:
        yield f"option.{name}", found.choices.options[name].to_numpy(dtype=np.float64)
    for key, level in found.people.levels.items():
        shares = level.shares.tocsr()
        shares.sort_indices()
        yield f"{key}.count", np.diff(shares.indptr).astype(np.int64)
        yield f"{key}.cell", _steps(shares.indices.astype(np.int64), shares.indptr.astype(np.int64))
        yield f"{key}.share", shares.data.astype(np.float64)
        for name in _FIGURES:
            yield f"{key}.{name}", level.places[name].to_numpy(dtype=np.float64)
        for name in _FLAGS:
            yield f"{key}.{name}", level.places[name].to_numpy(dtype=bool)
    for row, (persons, part) in found.choices.fixed.items():
        where = np.flatnonzero(part)
        yield f"fixed.{row}.persons", np.array([persons])
        yield f"fixed.{row}.place", np.diff(where, prepend=0)
        yield f"fixed.{row}.part", part[where]


def _steps(values: NDArray[np.int64], start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row's ascending numbers as steps: the first of a row from 0."""
    if not len(values):
        return values
    found = np.diff(values, prepend=0)
    first = start[:-1][np.diff(start) > 0]
    found[first] = values[first]
    return found
