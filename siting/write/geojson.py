"""Gap reports and plans as GeoJSON (RFC 7946), the same bytes for the same input."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from siting.crs import WGS84
from siting.domain.intervals import ENDS
from siting.domain.nouns import Assessment, Inputs, Note, Proposal
from siting.domain.scenario import asked, fingerprint
from siting.domain.tables import CHECK_COLUMNS, PLACE_COLUMNS, PLAN_COLUMNS, Column
from siting.text import LANGS, say
from siting.text.numbers import percent
from siting.version import SCHEMA_VERSION, __version__
from siting.write.costs import plan_costs
from siting.write.files import write_text
from siting.write.naming import note_text

# 1e-7 degrees are about a centimetre.
_COORDINATE_DECIMALS: Final = 7
_FIGURE_DECIMALS: Final = 6
# Relative to the smallest positive float.
_ALL_DECIMALS: Final = 400


def write_gaps(path: Path, assessment: Assessment) -> None:
    """Write a gap report: one feature for each place, with its checks.

    Parameters
    ----------
    path : pathlib.Path
        File to write; it is replaced whole.
    assessment : Assessment
        The report. Members are described in ``docs/gap-report.md``.
    """
    checks: dict[Any, list[dict[str, Any]]] = {}
    for index, record in zip(assessment.checks.index, _plain_rows(assessment.checks, CHECK_COLUMNS), strict=True):
        checks.setdefault(index, []).append(record)
    properties = (
        record | {"checks": checks.get(index, [])}
        for index, record in zip(assessment.places.index, _plain_rows(assessment.places, PLACE_COLUMNS), strict=True)
    )
    members = facts(assessment.inputs) | {
        "totals": _totals(assessment),
        "calibration": [plain(row) for row in assessment.demand.factors.to_dict("records")],
        "certainty": None if assessment.certainty is None else plain(assessment.certainty.to_dict("records")),
        **_notes(assessment),
    }
    write_text(path, _collection("gap_report", members, assessment.places, properties))


def write_plan(path: Path, proposal: Proposal) -> None:
    """Write a plan: one feature for each proposed station, the proof, refused sites, the whole before and after."""
    selection = proposal.selection
    stations = proposal.stations
    properties = _plain_rows(stations, PLAN_COLUMNS)
    members = facts(proposal.before.inputs) | {
        # The request is read back exactly.
        "request": plain(asked(proposal.request), decimals=_ALL_DECIMALS),
        "status": selection.status,
        "objective": plain(selection.objective),
        "bound": plain(selection.bound),
        "optimality_gap": plain(selection.optimality_gap),
        "first_objective": plain(selection.first_objective),
        "stages": [
            {"name": each.name, "sense": each.sense, "objective": plain(each.objective), "bound": plain(each.bound)}
            for each in selection.stages
        ],
        "stage_clauses": [list(each) for each in selection.clauses],
        "stopped_by": selection.stopped_by,
        "solver": selection.solver,
        "proof": ("certificate" if selection.certified else "solver") if selection.stages else None,
        "certificate": selection.certificate,
        "excluded": [plain({"candidate_id": key, **row}) for key, row in _records(proposal.refused)],
        "costs": plain(plan_costs(proposal)),
        "changes": [plain({"id": key, **row}) for key, row in _records(proposal.changes)],
        "blocked": plain(None if proposal.blocked is None else asdict(proposal.blocked)),
        "shortfalls": None if proposal.shortfalls is None else plain(proposal.shortfalls.to_dict("records")),
        "fairness": plain(None if proposal.fairness is None else asdict(proposal.fairness)),
        "phases": None if proposal.phases is None else plain(proposal.phases.to_dict("records")),
        "other_plans": plain(proposal.other_plans),
        "robustness": plain(None if proposal.robustness is None else asdict(proposal.robustness)),
        "links": None if proposal.links is None else plain(proposal.links.to_dict("records")),
        "totals_before": _totals(proposal.before),
        "totals_after": _totals(proposal.after),
        "land_gap_that_stays": _land_gap_that_stays(proposal.after),
        **_notes(proposal.after, proposal.notes),
    }
    write_text(path, _collection("plan", members, stations, properties))


def write_features(
    path: Path,
    kind: str,
    members: Mapping[str, Any],
    frame: gpd.GeoDataFrame,
    properties: Iterable[Mapping[str, Any]],
) -> None:
    """Write features with members of the whole; the file is replaced whole.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    kind : str
        What the file holds (``result``).
    members : mapping
        Members of the collection, as JSON knows them.
    frame : geopandas.GeoDataFrame
        The geometry, in any CRS.
    properties : iterable of mapping
        Of each row of ``frame``, as JSON knows them; with ``id``, and ``level`` if ids of several levels may be equal.
    """
    write_text(path, _collection(kind, members, frame, properties))


def facts(inputs: Inputs) -> dict[str, Any]:
    """Return the facts of a run that every result contains: scenario, standards, definitions, version."""
    scenario = inputs.scenario
    standards = "".join(standard.model_dump_json() for standard in inputs.standards)
    walking, speeds = scenario.walking, scenario.walker
    return {
        "siting": __version__,
        "schema_version": SCHEMA_VERSION,
        "scenario": {
            "title": scenario.scenario.title,
            "date": scenario.scenario.date.isoformat(),
            "horizon": scenario.scenario.horizon,
            "sha256": fingerprint(scenario, inputs.digests),
        },
        "standards": [
            {"id": standard.id, "number": standard.number, "title": standard.title} for standard in inputs.standards
        ],
        "standards_sha256": hashlib.sha256(standards.encode()).hexdigest(),
        "definitions": {
            "mode": walking.mode,
            "walker": walking.walker,
            "speed_m_per_s": speeds.flat,
            "walker_source": speeds.source,
            "minutes": walking.minutes,
            "direction": walking.direction,
            "slope": walking.slope and inputs.terrain is not None,
            "tiers": list(scenario.circle.tiers),
            "pass_share": scenario.circle.pass_share,
            "pass_share_source": {
                lang: say("warning.pass_share", lang, share=percent(scenario.circle.pass_share, 0)) for lang in LANGS
            },
            "shared_from": scenario.circle.shared_from,
            "coverage": scenario.standards.coverage,
            "measured_in": inputs.crs.to_string(),
        },
    }


def plain(value: Any, *, decimals: int = _FIGURE_DECIMALS) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value for JSON: rounded floats, null for unknown or unlimited values."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner, decimals=decimals) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, decimals=decimals) for inner in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return _figure(value, decimals)
    return value if isinstance(value, bool | int) else str(value)


def _plain_rows(table: pd.DataFrame, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return rows for JSON; ``unlimited`` names the figures that are null because they have no limit."""
    keys = [column.key for column in columns]
    # Column by column: the type of a column is looked at once.
    values = [_plain_column(table[key]) for key in keys]
    endless: dict[int, list[str]] = {}
    for column in columns:
        if column.type == "number":
            for row in np.flatnonzero([is_unlimited(value) for value in table[column.key].tolist()]).tolist():
                endless.setdefault(row, []).append(column.key)
    rows = zip(*values, strict=True)
    return [
        {**dict(zip(keys, row, strict=True)), "unlimited": endless.get(number, [])} for number, row in enumerate(rows)
    ]


def _plain_column(values: pd.Series) -> list[Any]:
    """Return the values of a column for JSON, as :func:`plain` does."""
    if values.dtype == np.float64:
        return [_figure(value, _FIGURE_DECIMALS) for value in values.tolist()]
    return [value if type(value) is str else plain(value) for value in values.tolist()]


def _totals(assessment: Assessment) -> dict[str, Any]:
    found: dict[str, Any] = plain(assessment.totals)
    return found | unlimited(assessment.totals)


def unlimited(figures: Mapping[Any, Any]) -> dict[str, list[str]]:
    """Return the names of the figures that are null in JSON because they have no limit, as ``unlimited``."""
    return {"unlimited": [key for key, value in figures.items() if is_unlimited(value)]}


def is_unlimited(value: object) -> bool:
    """Return whether a figure is without limit."""
    return isinstance(value, float) and math.isinf(value)


def _figure(value: float, decimals: int) -> float | int | None:
    if not math.isfinite(value):
        return None
    rounded = round(value, decimals)
    return int(rounded) if rounded == int(rounded) else rounded


def _records(table: pd.DataFrame) -> Iterable[tuple[Any, dict[str, Any]]]:
    rows = table.to_dict("records")
    return zip(table.index, ({str(key): value for key, value in row.items()} for row in rows), strict=True)


def _notes(assessment: Assessment, more: tuple[Note, ...] = ()) -> dict[str, Any]:
    notes = [
        {"code": note.code, **{lang: note_text(note, lang) for lang in LANGS}} for note in (*assessment.notes, *more)
    ]
    warnings = [
        {"code": code, **{lang: say(f"warning.{code}", lang) for lang in LANGS}}
        for code in assessment.totals["warnings"]
    ]
    return {"warnings": warnings, "notes": notes}


def _land_gap_that_stays(after: Assessment) -> list[dict[str, Any]]:
    units = after.places[after.places["level"] != "residential_area"]
    provided, gap = (ENDS[key] for key in ("land_provided_m2", "land_gap_m2"))
    keys = ["id", "name", "level", "land_required_m2", provided.low, provided.high, gap.low, gap.high]
    return [plain(row) for row in units[keys].to_dict("records")]


def _collection(
    kind: str, members: Mapping[str, Any], frame: gpd.GeoDataFrame, properties: Iterable[Mapping[str, Any]]
) -> str:
    shapes = shapely.set_precision(frame.geometry.to_crs(WGS84).to_numpy(), 10**-_COORDINATE_DECIMALS)
    # RFC 7946: outer rings counter-clockwise.
    shapes = shapely.orient_polygons(shapes)
    features = ",\n".join(
        _dump(
            {
                "type": "Feature",
                "id": f"{row['level']}/{row['id']}" if "level" in row else row["id"],
                "properties": row,
                "geometry": _geometry(shape),
            }
        )
        for row, shape in zip(properties, shapes, strict=True)
    )
    head = _dump({"type": "FeatureCollection", "result": kind, **members})
    return f'{head[:-1]},"features":[\n{features}\n]}}\n'


def _geometry(shape: BaseGeometry | None) -> dict[str, Any] | None:
    if shape is None or shape.is_empty:
        return None
    found = mapping(shape)
    return {"type": found["type"], "coordinates": _rounded(found["coordinates"])}


def _rounded(coordinates: Any) -> Any:  # noqa: ANN401 - nested coordinate lists
    if isinstance(coordinates, float):
        return round(coordinates, _COORDINATE_DECIMALS)
    return [_rounded(inner) for inner in coordinates]


def _dump(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
