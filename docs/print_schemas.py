"""Print siting/schemas: JSON Schemas (draft 2020-12) of the scenario, the gap report, the plan and the run record.

They say for programs what ``docs/scenario.md`` and ``docs/gap-report.md`` say for people. Run it after a change of
keys, columns or members: ``python docs/print_schemas.py``.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from siting.domain.changes import CHECK_FIGURES, PLACE_FIGURES, WHOLE_FIGURES
from siting.domain.clauses import Verdict
from siting.domain.nouns import PlanStatus
from siting.domain.parts import PARTS
from siting.domain.plan_models import PlanModel
from siting.domain.scenario import LandBasis, Level, Scenario
from siting.domain.standards import ClauseKind, Force
from siting.domain.tables import CHECK_COLUMNS, PLACE_COLUMNS, PLAN_COLUMNS, REASON_CODES, Column
from siting.text import LANGS, Lang, knows, say
from siting.version import SCHEMA_VERSION
from siting.write.reference import Heading, headings

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "siting" / "schemas"
Schema = dict[str, Any]
Pairs = Mapping[str, Mapping[Lang, str]]

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Final = {
    "text": "string",
    "number": "number",
    "integer": "integer",
    "year": "integer",
    "boolean": "boolean",
    "list": "array",
}
_LEVELS: Final = ("residential_area", *get_args(Level))
_VALUES: Final[Mapping[str, Sequence[str]]] = {
    "level": _LEVELS,
    "verdict": get_args(Verdict),
    "verdict_binding": get_args(Verdict),
    "land_basis": get_args(LandBasis),
    "land_method": ("within", "reach"),
    "force": get_args(Force),
}
_TEXT: Final[Schema] = {"type": "string"}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_ROWS: Final[Schema] = {"type": "array", "items": {"type": "object"}}
_TABLE: Final[Schema] = {"type": "object"}
_FIGURE: Final[Schema] = {"type": ["number", "null"]}


def main() -> None:
    """Write the files."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


def pages() -> dict[str, str]:
    """Return the text of each schema by its file name."""
    found = schemas().items()
    return {f"{name}.json": json.dumps(schema, ensure_ascii=False, indent=1) + "\n" for name, schema in found}


def schemas() -> dict[str, Schema]:
    """Return each schema by what it describes."""
    prose = tomllib.loads((ROOT / "docs" / "reference.toml").read_text(encoding="utf-8"))
    members: Mapping[str, Pairs] = prose["members"]
    types = {**_TOTALS, "uncovered_by_reason": _by_reason(), "unlimited": _unlimited(members["totals"])}
    totals = _object(members["totals"], types)
    places = _record(PLACE_COLUMNS)
    places["properties"]["checks"] = {"type": "array", "items": _record(CHECK_COLUMNS, kind=get_args(ClauseKind))}
    places["required"].append("checks")
    plan = {**_PLAN_MEMBERS, "totals_before": totals, "totals_after": totals}
    kinds = {
        "gap_report": (places, {**_GAP_MEMBERS, "totals": totals}),
        "plan": (_record(PLAN_COLUMNS), plan),
    }
    found = {
        kind: _collection(kind, feature, {**members["both"], **members[kind]}, own)
        for kind, (feature, own) in kinds.items()
    }
    comparison = _collection("comparison", _compared_place(), members["comparison"], _COMPARISON_MEMBERS)
    return {"scenario": _scenario(), **found, "comparison": comparison, "run": _run()}


def _collection(kind: str, feature: Schema, told: Pairs, own: Mapping[str, Schema]) -> Schema:
    """Return the schema of a GeoJSON file: its members, and its features with their properties."""
    shape = {"type": ["object", "null"], "required": ["type", "coordinates"]}
    features = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"type": {"const": "Feature"}, "id": _TEXT, "properties": feature, "geometry": shape},
            "required": ["type", "id", "properties", "geometry"],
            "additionalProperties": False,
        },
    }
    fixed: dict[str, Schema] = {"type": {"const": "FeatureCollection"}, "result": {"const": kind}, "features": features}
    return {"$schema": _DRAFT, "title": f"siting {kind}", **_object(told, {**_BOTH_MEMBERS, **own, **fixed})}


def _compared_place() -> Schema:
    """Return the schema of a place of a comparison: each figure before and after, its change, and its checks."""
    flat = {
        f"{figure}_{when}": {"description": f"{_described(_figure_words(figure))} ({when})", **_FIGURE}
        for figure in PLACE_FIGURES
        for when in ("before", "after", "change")
    }
    check = _closed(
        clause_id=_TEXT,
        standard_id=_TEXT_OR_NONE,
        kind={"enum": list(get_args(ClauseKind))},
        basis=_TEXT_OR_NONE,
        extent=_TEXT,
        binding={"type": ["boolean", "null"]},
        unit=_TEXT_OR_NONE,
        only_in=_ONLY_IN,
        verdict_before=_VERDICT_OR_NONE,
        verdict_after=_VERDICT_OR_NONE,
        verdict_by=_TEXTS,
        figures=_by_figure(CHECK_FIGURES),
    )
    own = {
        "level": {"enum": list(_LEVELS)},
        "id": _TEXT,
        "name": _TEXT_OR_NONE,
        "only_in": _ONLY_IN,
        "figures": _by_figure(PLACE_FIGURES),
        "checks": {"type": "array", "items": check},
    }
    return {
        "type": "object",
        "properties": {**own, **flat},
        # A second end is told only where it differs.
        "required": list(own),
        "additionalProperties": False,
    }


def _figure_words(figure: str) -> Mapping[Lang, str]:
    key = f"field.{figure}"
    return {lang: say(key, lang) if knows(key) else figure for lang in LANGS}


def _by_figure(figures: Sequence[str]) -> Schema:
    return {"type": "object", "properties": dict.fromkeys(figures, _CHANGE), "additionalProperties": False}


def _object(told: Pairs, types: Mapping[str, Schema]) -> Schema:
    """Return the schema of an object all of whose members are told; those of no type of their own are figures."""
    properties = {key: {"description": _described(pair), **types.get(key, _FIGURE)} for key, pair in told.items()}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _record(columns: Sequence[Column], **values: Sequence[str]) -> Schema:
    """Return the schema of an object that has columns as members; ``values`` are what some of them may hold."""
    known = {**_VALUES, **values}
    properties = {column.key: _column(column, known.get(column.key)) for column in columns}
    keys = [column.key for column in columns]
    return {
        "type": "object",
        "properties": {**properties, "unlimited": _unlimited(keys)},
        "required": [*keys, "unlimited"],
        "additionalProperties": False,
    }


def _column(column: Column, values: Sequence[str] | None) -> Schema:
    words = {lang: say(f"field.{column.key}", lang) for lang in LANGS}
    unit = f" ({column.unit})" if column.unit else ""
    told = {"description": f"{_described(words)}{unit}"}
    if column.type == "list":
        return told | {"type": "array"}
    if values is not None:
        return told | {"enum": [*values, None]}
    return told | {"type": [_TYPES[column.type], "null"]}


def _unlimited(keys: Iterable[str]) -> Schema:
    told = "figures that are null since nothing limits them; any other null is unknown or does not apply"
    return {"description": told, "type": "array", "items": {"enum": list(keys)}, "uniqueItems": True}


def _described(pair: Mapping[Lang, str]) -> str:
    return " · ".join(dict.fromkeys(pair[lang] for lang in LANGS))


def _closed(**types: Schema) -> Schema:
    """Return the schema of an object that has these members and no other."""
    return {"type": "object", "properties": types, "required": list(types), "additionalProperties": False}


def _list_of(**types: Schema) -> Schema:
    return {"type": "array", "items": _closed(**types)}


def _by_reason() -> Schema:
    return _closed(**{reason: _FIGURE for reason in REASON_CODES if reason != "covered"})


_SHA256: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_DAY: Final[Schema] = {"type": "string", "format": "date"}
_SAID: Final = _list_of(code=_TEXT, zh=_TEXT, en=_TEXT)
_BOTH_MEMBERS: Final[Mapping[str, Schema]] = {
    "siting": _TEXT,
    "schema_version": {"const": SCHEMA_VERSION},
    "scenario": _closed(title=_TEXT, date=_DAY, horizon={"type": ["string", "integer"]}, sha256=_SHA256),
    "standards": _list_of(id=_TEXT, number=_TEXT, title=_TEXT),
    "standards_sha256": _SHA256,
    "definitions": _TABLE,
    "warnings": _SAID,
    "notes": _SAID,
}
_GAP_MEMBERS: Final[Mapping[str, Schema]] = {
    "calibration": _list_of(
        level={"enum": list(get_args(Level))},
        unit=_TEXT,
        who={"enum": ["residents", "elderly"]},
        before=_FIGURE,
        after=_FIGURE,
        factor=_FIGURE,
    ),
    "certainty": {"type": ["array", "null"], "items": {"type": "object"}},
}
_STAGE: Final = {"name": _TEXT, "sense": {"enum": ["max", "min"]}, "objective": _FIGURE, "bound": _FIGURE}
_PLAN_MEMBERS: Final[Mapping[str, Schema]] = {
    "request": {
        "type": "object",
        "properties": {"model": {"enum": list(get_args(PlanModel))}},
        "required": ["model"],
    },
    "status": {"enum": list(get_args(PlanStatus))},
    "stages": _list_of(**_STAGE),
    "stage_clauses": {"type": "array", "items": _TEXTS},
    "stopped_by": {"enum": ["proved", "nodes", "time", "interrupt", "solver"]},
    "solver": _TEXT,
    "proof": {"enum": ["certificate", "solver", None]},
    "certificate": {"type": ["object", "null"]},
    "excluded": _list_of(candidate_id=_TEXT, layer=_TEXT, clause=_TEXT, reason=_TEXT),
    "costs": _TABLE,
    "changes": _ROWS,
    "blocked": {"type": ["object", "null"]},
    "shortfalls": {"type": ["array", "null"], "items": {"type": "object"}},
    "fairness": {"type": ["object", "null"]},
    "phases": {"type": ["array", "null"], "items": {"type": "object"}},
    "other_plans": _TABLE,
    "robustness": {"type": ["object", "null"]},
    "links": {"type": ["array", "null"], "items": {"type": "object"}},
    "land_gap_that_stays": _ROWS,
}
_TOTALS: Final[Mapping[str, Schema]] = {
    "land_basis": {"enum": list(get_args(LandBasis))},
    "binding": {"type": "boolean"},
    "land_missing": _TEXTS,
    "land_doubtful": _TEXTS,
    "facilities_counted": {"type": "integer", "minimum": 0},
    "facilities_around": {"type": "integer", "minimum": 0},
    "warnings": _TEXTS,
    "groups": {"type": "object", "additionalProperties": _TABLE},
    "people_account": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _FIGURE}},
}


_TEXT_OR_NONE: Final[Schema] = {"type": ["string", "null"]}
_ONLY_IN: Final[Schema] = {"enum": ["old", "new", None]}
_VERDICT_OR_NONE: Final[Schema] = {"enum": [*get_args(Verdict), None]}
_BY_PART: Final[Schema] = {"type": "object", "additionalProperties": _FIGURE}
_CHANGE: Final[Schema] = {
    "description": "before, after, change; by: the change by parts in the stated order; least, greatest, mean over all",
    "type": "object",
    "properties": {
        **dict.fromkeys(("before", "after", "change"), _FIGURE),
        **dict.fromkeys(("by", "least", "greatest", "mean"), _BY_PART),
    },
    "required": ["before", "after", "change"],
    "additionalProperties": False,
}
_SIDE: Final[Schema] = {
    "type": "object",
    "properties": {
        "title": _TEXT,
        "date": _DAY,
        "horizon": _TEXT,
        "land_basis": {"enum": list(get_args(LandBasis))},
        "people_rounded": _TEXT,
    },
    "required": ["title", "date", "horizon", "land_basis"],
    "additionalProperties": False,
}
_COMPARISON_MEMBERS: Final[Mapping[str, Schema]] = {
    "old": _SIDE,
    "new": _SIDE,
    "split": {"type": "boolean"},
    "order": {"type": "array", "items": {"type": "array", "items": {"enum": list(PARTS)}}},
    "differ": _TEXTS,
    "all_orders": {"type": "boolean"},
    "notes": _list_of(zh=_TEXT, en=_TEXT),
    "totals": _by_figure(WHOLE_FIGURES),
}


def _run() -> Schema:
    told = _closed(siting=_TEXT, seconds={"type": "number"}, finished=_TEXT, python=_TEXT, system=_TEXT)
    return {"$schema": _DRAFT, "title": "siting run", **told}


def _scenario() -> Schema:
    """Return the schema of a scenario: TOML's dates are texts here."""
    schema = Scenario.model_json_schema()
    by_name = {heading.name: heading for heading in headings()}
    _explain(schema, "", schema["$defs"], by_name)
    return {"$schema": _DRAFT, **schema, "title": "siting scenario"}


def _explain(schema: Schema, name: str, models: Mapping[str, Schema], by_name: Mapping[str, Heading]) -> None:
    """Give each key its meaning, once: sections of one model share it."""
    texts = (
        {key.name: {lang: key.text(lang) for lang in LANGS} for key in by_name[name].keys} if name in by_name else {}
    )
    for key, value in schema["properties"].items():
        value.pop("title", None)
        if key in texts and "description" not in value:
            value["description"] = _described(texts[key])
        below = f"{name}.{key}".removeprefix(".")
        for suffix, model in _models_in(value):
            if below + suffix in by_name or not name:
                _explain(models[model], below + suffix, models, by_name)


def _models_in(value: Schema, suffix: str = "") -> Iterable[tuple[str, str]]:
    """Yield the models that a value refers to, each with what its section's name ends in."""
    if "$ref" in value:
        yield suffix, value["$ref"].rpartition("/")[2]
    for each in value.get("anyOf", ()):
        yield from _models_in(each, suffix)
    for key in ("additionalProperties", "items"):
        if isinstance(value.get(key), dict):
            yield from _models_in(value[key], f"{suffix}.*")


if __name__ == "__main__":
    main()
