"""Reading a gap report that was written before."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry import shape

from siting.crs import WGS84
from siting.domain.changes import CheckFacts, Measured, measured
from siting.domain.tables import CHECK_COLUMNS, PLACE_COLUMNS, Column
from siting.domain.withheld import ROUNDED
from siting.errors import Faults
from siting.text import knows


def read_report(path: Path) -> Measured:
    """Read a gap report's GeoJSON.

    Parameters
    ----------
    path : pathlib.Path
        The output of ``siting check``.

    Returns
    -------
    Measured
        Its figures; those without a limit are inf, unknown ones NaN.

    Raises
    ------
    siting.errors.InputError
        The file is missing, is not JSON, or is not a gap report.
    """
    faults = Faults()
    content: Any = None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.add("missing_file", file=path.name, found=str(path))
    except (OSError, ValueError, RecursionError) as error:
        faults.add("not_a_report", file=path.name, found=str(error))
    faults.stop_if_any()
    if not isinstance(content, dict) or content.get("result") != "gap_report":
        found = content.get("result", content.get("type")) if isinstance(content, dict) else type(content).__name__
        faults.add("not_a_report", file=path.name, found=str(found))
    faults.stop_if_any()
    try:
        return _measured(content)
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        faults.add("not_a_report", file=path.name, found=f"{type(error).__name__}: {error}")
    faults.stop_if_any()
    raise AssertionError


def _measured(content: Mapping[str, Any]) -> Measured:
    features = content["features"]
    rows = [feature["properties"] for feature in features]
    index = _index([(row["level"], row["id"]) for row in rows])
    shapes: list[Any] = [None if each["geometry"] is None else shape(each["geometry"]) for each in features]
    places = gpd.GeoDataFrame(_table(rows, PLACE_COLUMNS, index), geometry=shapes, crs=WGS84)
    if places.index.has_duplicates:
        message = "two places have one id"
        raise ValueError(message)
    checks = [(row["level"], row["id"], check) for row in rows for check in row["checks"]]
    _check_words({(row["level"], row["id"]): row for row in rows}, [check for *_, check in checks], content["totals"])
    table = _table([check for *_, check in checks], CHECK_COLUMNS, _index([(level, key) for level, key, _ in checks]))
    head = content["scenario"]
    facts: CheckFacts = {"title": str(head["title"]), "date": str(head["date"]), "horizon": str(head["horizon"])}
    if any(each.get("code") == ROUNDED for each in content.get("warnings", ())):
        facts[ROUNDED] = "true"
    return measured(facts, places, table, _with_limits(content["totals"]))


def _check_words(
    places: Mapping[Any, Mapping[str, Any]], checks: Sequence[Mapping[str, Any]], totals: Mapping[str, Any]
) -> None:
    """Raise an error if the file has a level, a kind, a verdict or a basis that this version does not know."""
    words = {
        *(f"level.{row['level']}" for row in places.values()),
        *(f"clause_kind.{check['kind']}" for check in checks),
        *(f"verdict.{check['verdict']}" for check in checks),
        *(f"extent.{check['extent']}" for check in checks),
        f"basis.{totals['land_basis']}",
    }
    unknown = sorted(word for word in words if not knows(word))
    if unknown:
        raise ValueError(", ".join(unknown))


def _index(keys: Sequence[tuple[Any, Any]]) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples([(str(level), str(key)) for level, key in keys], names=["level", "id"])


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], index: pd.MultiIndex) -> pd.DataFrame:
    """Return rows as a table; numbers are floats, inf where a row names them as ``unlimited``."""
    table = pd.DataFrame([_with_limits(row) for row in rows], index=index, columns=[column.key for column in columns])
    numbers = [column.key for column in columns if column.type == "number"]
    return table.astype(dict.fromkeys(numbers, "float64"))


def _with_limits(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, **dict.fromkeys(row.get("unlimited", ()), float("inf"))}
