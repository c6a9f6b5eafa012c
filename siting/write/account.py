"""The account of all layers: what reading found in each, as tables that ``siting inspect`` shows and saves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from pyproj.exceptions import ProjError

from siting.crs import WGS84, carry
from siting.domain.nouns import Inputs, Note, PeopleLayer, Raster
from siting.domain.scenario import CandidateLayer, Layer, PeopleSource, Scenario, UnitLayer
from siting.errors import Fault
from siting.text import Lang, say
from siting.write.naming import layer_name, note_text

Facts = Mapping[str, Any]
Box = tuple[float, float, float, float]

LAYER_COLUMNS: Final = (
    "key",
    "name",
    "file",
    "layer",
    "driver",
    "encoding",
    "encoding_by",
    "crs",
    "crs_by",
    "rows",
    "rows_used",
    "rows_left_out",
    "header_row",
    "people",
    "elderly",
    "land_m2",
    "floor_area_m2",
    "west",
    "south",
    "east",
    "north",
    "matched",
    "unused",
    "total_rows",
    "located",
    "kinds",
    "ages",
    "shape",
    "window",
    "nodata",
    "mended",
    "warnings",
    "faults",
)
_WHERE: Final = ("file", "layer", "sheet", "row", "cell", "field", "found", "expected")
FAULT_COLUMNS: Final = (*_WHERE, "what", "advice", "code")
SIDES: Final = ("west", "south", "east", "north")
_NUMBERS: Final = ("people", "elderly", "land_m2", "floor_area_m2", *SIDES)
_COUNTS: Final = ("rows", "rows_used", "rows_left_out", "header_row")
# Points along each side of a rectangle that is transformed to degrees.
_DENSIFY: Final = 21
_LEDGERS: Final = ("facilities", "candidates")


def layers_table(
    scenario: Scenario, facts: Mapping[str, Facts], told: Sequence[Note | Fault], inputs: Inputs | None, lang: Lang
) -> pd.DataFrame:
    """Return a table of what reading found in every layer of a scenario.

    Parameters
    ----------
    scenario : Scenario
        What was read.
    facts : mapping
        The facts that reading recorded, by the layer's dotted key: ``file``, ``driver``, ``encoding``, ``crs``,
        ``rows`` …
    told : sequence of Note or Fault
        What was repaired, left out or assumed, and what is wrong.
    inputs : Inputs or None
        The inputs, if there was no fault: they give the figures that reading did not record.
    lang : {"zh", "en"}
        Language of names and notes.

    Returns
    -------
    pandas.DataFrame
        ``LAYER_COLUMNS``; one row for each layer, in the order of the scenario. Persons, m² and WGS84 degrees are
        float64, NaN if unknown; counts are Int64. ``matched``, ``located`` and ``kinds`` are dicts, ``unused``,
        ``total_rows``, ``ages``, ``mended`` and ``warnings`` lists, empty if there is nothing; ``faults`` counts them.
    """
    named = layer_sources(scenario)
    keys = [*named, *(key for key in facts if key not in named)]
    known = {key: _known(inputs, key) | dict(facts.get(key, {})) for key in keys}
    ground = _joined(extent for key in keys if is_unit(key) and (extent := _extent(known[key])) is not None)
    rows = [_row(key, named.get(key), known[key], told, lang) for key in keys]
    for row in rows:
        row["name"] = layer_name(row["key"], lang, scenario)
    for row, found in zip(rows, known.values(), strict=True):
        row["warnings"] = [*found.get("warnings", ()), *_doubts(row, found, ground, lang)]
    table = pd.DataFrame(rows, columns=list(LAYER_COLUMNS))
    return table.astype(dict.fromkeys(_NUMBERS, "float64") | dict.fromkeys(_COUNTS, "Int64"))


def faults_table(faults: Iterable[Fault], lang: Lang) -> pd.DataFrame:
    """Return a table of faults: where each is, what was found and expected, what is wrong and what to do.

    Examples
    --------
    >>> from siting.errors import Fault
    >>> from siting.write.account import faults_table
    >>> table = faults_table([Fault(code="missing_crs", file="a.csv", layer="facilities", field="crs")], "en")
    >>> table.loc[0, ["file", "layer", "field", "code"]].tolist()
    ['a.csv', 'facilities', 'crs', 'missing_crs']
    """
    rows = [
        {
            **{name: getattr(fault, name) or "" for name in _WHERE},
            **{part: fault.part(part, lang) for part in ("what", "advice")},
            "code": fault.code,
        }
        for fault in faults
    ]
    return pd.DataFrame(rows, columns=list(FAULT_COLUMNS), dtype="object")


def general_notes(notes: Iterable[Note], keys: Iterable[str], lang: Lang) -> list[str]:
    """Return the notes that belong to no layer of the table."""
    held = set(keys)
    return [note_text(note, lang) for note in notes if note.values.get("layer") not in held]


def is_unit(key: str) -> bool:
    """Tell whether a key is that of a layer of units."""
    return key.startswith("units.") and key.count(".") == 1


def layer_sources(scenario: Scenario) -> dict[str, str]:
    """Return the layers that a scenario names, in its order: dotted key → name of their source.

    Units that are the union of another level have no source; planned people are included only at a planned horizon.
    """
    found = {f"population.{name}": source for name, source in _people(scenario)}
    found |= {f"population.groups.{name}": group for name, group in scenario.population.groups.items() if group.path}
    for level, unit in scenario.units.items():
        found |= {f"units.{level}": unit, f"units.{level}.people": unit.people}
    constraints = scenario.constraints
    found |= {name: getattr(scenario, name) for name in ("residential_areas", *_LEDGERS)}
    found |= {"context.facilities": scenario.context.facilities}
    found |= {f"constraints.exclude.{name}": layer for name, layer in constraints.exclude.items()}
    found |= {f"constraints.prefer.{name}": layer for name, layer in constraints.prefer.items()}
    found |= {"constraints.land_use": constraints.land_use, "network": scenario.network, "terrain": scenario.terrain}
    found |= {"plan.sizes": scenario.plan.sizes}
    found |= {f"basemap.{name}": layer for name, layer in scenario.basemap.items()}
    return {key: _called(source) for key, source in found.items() if source is not None and _is_read(source)}


def _is_read(source: Any) -> bool:  # noqa: ANN401 - any source of a scenario
    """Tell whether a layer comes from a source, and is not derived from other layers or empty."""
    if isinstance(source, CandidateLayer):
        return source.has_ledger
    return not (isinstance(source, UnitLayer) and source.is_made)


def _people(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    people, planned = scenario.population, scenario.scenario.horizon != "current"
    for who in ("residents", "elderly"):
        later = getattr(people, f"planned_{who}") if planned else None
        yield (who, getattr(people, who)) if later is None else (f"planned_{who}", later)
    yield "projection", people.projection


def _called(source: Any) -> str:  # noqa: ANN401 - any source of a scenario
    if isinstance(source, Layer):
        return source.called
    return source.file.name if isinstance(source, PeopleSource) else source.path.name


def _row(key: str, file: str | None, found: Facts, told: Sequence[Note | Fault], lang: Lang) -> dict[str, Any]:
    row: dict[str, Any] = {name: found.get(name) for name in LAYER_COLUMNS}
    extent = _extent(found)
    row |= dict(zip(SIDES, extent or [np.nan] * len(SIDES), strict=True))
    row |= {"key": key, "file": found.get("file") or file}
    row |= {name: dict(found.get(name) or {}) for name in ("matched", "located", "kinds")}
    row |= {name: list(found.get(name) or ()) for name in ("unused", "total_rows", "ages")}
    notes = [each for each in told if isinstance(each, Note)]
    row["mended"] = [note_text(note, lang) for note in notes if note.values.get("layer") == key]
    row["faults"] = sum(isinstance(each, Fault) and each.layer == key for each in told)
    return row


def _extent(found: Facts) -> Box | None:
    extent = found.get("extent")
    if extent is None or not np.isfinite(np.asarray(extent, dtype="float64")).all():
        return None
    west, south, east, north = map(float, extent)
    return west, south, east, north


def _joined(boxes: Iterable[Box]) -> Box | None:
    """Return the rectangle around rectangles; None without any."""
    corners = np.array(list(boxes))
    if not len(corners):
        return None
    west, south = corners[:, :2].min(axis=0).tolist()
    east, north = corners[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def _doubts(row: Facts, found: Facts, ground: Box | None, lang: Lang) -> Iterator[str]:
    """Yield warnings: what the user should check although it is no fault."""
    if found.get("encoding_by") == "hanzi":
        yield say("inspect.warning.encoding_guessed", lang)
    box = _extent(found)
    if ground is not None and box is not None and not _meet(box, ground):
        yield say("inspect.warning.apart", lang)
    for name in ("land", "floor"):
        if found.get(f"{name}_unknown"):
            yield say(f"inspect.warning.{name}_unknown", lang, count=found[f"{name}_unknown"])
    if row["key"] == "facilities" and found.get("land_m2"):
        yield say("inspect.warning.land_as_written", lang)


def _meet(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


# --- what the tables say where reading noted nothing ------------------------------------------------------------------


def layer_frame(inputs: Inputs, key: str) -> gpd.GeoDataFrame | None:
    """Return the table of a vector layer, in the working CRS; None for grids and tables without geometry."""
    head, _, rest = key.partition(".")
    name = rest.rpartition(".")[2]
    if is_unit(key):
        return inputs.units.get(rest)
    groups = {
        "basemap": inputs.basemap,
        "constraints.exclude": inputs.exclusions,
        "constraints.prefer": inputs.preferences,
    }
    for group, layers in groups.items():
        if key.startswith(f"{group}."):
            return layers.get(name)
    if head == "population":
        layer = getattr(inputs.population, name.removeprefix("planned_"), None)
        return layer.frame if isinstance(layer, PeopleLayer) else None
    single = {
        "residential_areas": inputs.residential_areas,
        "facilities": inputs.facilities,
        "candidates": inputs.candidates,
        "constraints.land_use": inputs.land_use,
        "network": None if inputs.network is None else inputs.network.edges,
    }
    return single.get(key)


def _known(inputs: Inputs | None, key: str) -> dict[str, Any]:
    """Return the facts about a layer that its table gives."""
    if inputs is None:
        return {}
    raster = inputs.terrain if key == "terrain" else None
    if key.startswith("population.") and key.count(".") == 1:
        raster = getattr(inputs.population, key.rpartition(".")[2].removeprefix("planned_"), None)
    if isinstance(raster, Raster):
        return _of_raster(raster, people=key != "terrain")
    if key.startswith("units.") and key.endswith(".people"):
        return _own_people(inputs.units.get(key.split(".")[1]))
    frame = layer_frame(inputs, key)
    return {} if frame is None else _of_frame(frame, key)


def _of_raster(raster: Raster, *, people: bool) -> dict[str, Any]:
    rows, columns = raster.grid.shape
    transform = raster.grid.transform
    west, north = transform.c, transform.f
    bounds = (west, north + transform.e * rows, west + transform.a * columns, north)
    found: dict[str, Any] = {"shape": (rows, columns), "crs": _crs_name(raster.grid.crs)}
    found["extent"] = _degrees(bounds, raster.grid.crs)
    return found | ({"people": float(np.nansum(raster.values))} if people else {})


def _crs_name(crs: CRS) -> str:
    authority = crs.to_authority()
    return f"{':'.join(authority)} {crs.name}" if authority else crs.name


def _own_people(frame: gpd.GeoDataFrame | None) -> dict[str, Any]:
    if frame is None or "own_residents" not in frame:
        return {}
    sums = {"people": frame["own_residents"].sum(min_count=1), "elderly": frame["own_elderly"].sum(min_count=1)}
    return {name: float(value) for name, value in sums.items()}


def _of_frame(frame: gpd.GeoDataFrame, key: str) -> dict[str, Any]:
    found: dict[str, Any] = {"rows_used": len(frame)}
    if len(frame):
        west, south, east, north = frame.total_bounds.tolist()
        found["extent"] = _degrees((west, south, east, north), frame.crs)
    if key == "residential_areas":
        found |= {"people": _total(frame, "residents"), "elderly": _total(frame, "elderly")}
    if key.startswith("population."):
        found["people"] = _total(frame, "people")
    if key == "network":
        # By the names of the walker's ways, the longest list first.
        found["kinds"] = {str(kind): int(count) for kind, count in frame["kind"].value_counts(sort=True).items()}
    if key.rpartition(".")[2] in _LEDGERS:
        if key == "facilities" and "context" in frame:
            frame = frame[~frame["context"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)]
        found |= _of_ledger(frame, key)
    return found


def _of_ledger(frame: gpd.GeoDataFrame, key: str) -> dict[str, Any]:
    computed = frame["floor_area_m2"].notna() & frame["far"].notna()
    found: dict[str, Any] = {"rows_used": len(frame)}
    found |= {name: _total(frame, name) for name in ("land_m2", "floor_area_m2")}
    if key == "candidates":
        return found | {"floor_unknown": int(frame["floor_area_m2"].isna().sum())}
    return found | {"land_unknown": int((frame["land_m2"].isna() & ~computed).sum())}


def _total(frame: pd.DataFrame, column: str) -> float:
    """Return the sum of a column, NaN without values."""
    return float(pd.to_numeric(frame[column]).astype("float64").sum(min_count=1)) if column in frame else float("nan")


def _degrees(bounds: Box, crs: Any) -> Box | None:  # noqa: ANN401 - any CRS that pyproj knows
    try:
        moved = carry(crs, WGS84).transform_bounds(*bounds, densify_pts=_DENSIFY)
    except ProjError:
        return None
    return moved if np.isfinite(moved).all() else None
