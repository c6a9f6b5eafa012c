"""Reading a plan file."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeGuard, get_args

import pandas as pd

from siting.domain.nouns import Blocked, Least, Robustness
from siting.domain.placed import PLACED_FIGURES, STATION_PREFIX, PlacedStation
from siting.domain.scenario import Horizon, Level, Tier
from siting.domain.tables import LINK_COLUMNS
from siting.errors import Faults

SHORTFALL_COLUMNS = ("clause_id", "level", "id", "force", "required", "provided", "shortfall")

_PLANE: Final = 2
_TIERS: Final[tuple[Tier, ...]] = get_args(Tier)


@dataclass(frozen=True)
class PlanFile:
    """The contents of a plan's file: candidates in rank order, what is told of each, and the facts of the run.

    ``placed`` are the stations that name no candidate but stand at a point; ``candidates`` holds their ids too.
    """

    candidates: tuple[str, ...]
    placed: tuple[PlacedStation, ...]
    sizes: tuple[str | None, ...]
    served: tuple[float | None, ...]
    opens: tuple[int | None, ...]
    members: dict[str, Any]

    def until(self, horizon: Horizon) -> "PlanFile":
        """Return a plan with phases as it is at the end of a year: without the stations that open later."""
        if horizon == "current":
            return self
        kept = [place for place, year in enumerate(self.opens) if year is None or year <= horizon]
        named: dict[str, Any] = {
            name: tuple(getattr(self, name)[place] for place in kept)
            for name in ("candidates", "sizes", "served", "opens")
        }
        placed = tuple(station for station in self.placed if station.id in named["candidates"])
        return replace(self, **named, placed=placed)

    @property
    def of_ledger(self) -> tuple[str, ...]:
        """The candidates of the ledger."""
        own = {station.id for station in self.placed}
        return tuple(key for key in self.candidates if key not in own)

    @property
    def request(self) -> dict[str, Any]:
        """The request, as the settings of a plan."""
        return dict(self.members.get("request", {}))

    @property
    def blocked(self) -> Blocked | None:
        """Why no choice satisfies the request, and what would; None if there is a plan."""
        found = self.members.get("blocked")
        if found is None:
            return None
        least = {name: Least(**each) for name, each in found["least"].items()}
        names = {key: tuple(found.get(key, ())) for key in ("rules", "remedies", "units", "stuck")}
        return Blocked(**{**found, **names, "least": least})

    @property
    def shortfalls(self) -> pd.DataFrame | None:
        """The shortfalls of a relaxed plan, by clause and place; None for other plans."""
        rows = self.members.get("shortfalls")
        if rows is None:
            return None
        table = pd.DataFrame(rows, columns=list(SHORTFALL_COLUMNS))
        return table.astype(dict.fromkeys(("required", "provided", "shortfall"), "float64"))

    @property
    def links(self) -> pd.DataFrame | None:
        """The parent of each child in a network, with ``LINK_COLUMNS``; None for other plans."""
        rows = self.members.get("links")
        columns = [column.key for column in LINK_COLUMNS]
        return None if rows is None else pd.DataFrame(rows, columns=columns).astype({"distance_m": "float64"})

    @property
    def robustness(self) -> Robustness | None:
        """What a robust plan does in other populations; None for other plans."""
        found = self.members.get("robustness")
        return None if found is None else Robustness(**found)


def read_plan(path: Path) -> PlanFile:
    """Read a plan's GeoJSON.

    Parameters
    ----------
    path : pathlib.Path
        The output of ``siting propose``, or of the map. A station without ``candidate_id`` stands at its point.

    Raises
    ------
    siting.errors.InputError
        The file is missing, is not JSON, or is not a plan.
    """
    faults = Faults()
    content: Any = None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.add("missing_file", file=path.name, found=str(path))
    except (OSError, ValueError, RecursionError) as error:
        faults.add("not_a_plan", file=str(path), found=str(error))
    faults.stop_if_any()
    if not isinstance(content, dict) or content.get("result") != "plan":
        found = content.get("result", content.get("type")) if isinstance(content, dict) else type(content).__name__
        faults.add("not_a_plan", file=str(path), found=str(found))
    elif broken := _broken(content):
        faults.add("not_a_plan", file=str(path), found=", ".join(broken))
    faults.stop_if_any()
    rows = [feature.get("properties") or {} for feature in content.get("features", [])]
    order = sorted(range(len(rows)), key=lambda row: (rows[row].get("rank") or len(rows), row))
    named: list[str] = []
    placed: list[PlacedStation] = []
    for row in order:
        key = rows[row].get("candidate_id")
        if key is None:
            station = _placed(content["features"][row], rows[row], len(placed) + 1, str(path), faults)
            placed += [] if station is None else [station]
            key = "" if station is None else station.id
        named.append(str(key))
    faults.stop_if_any()
    members = {key: value for key, value in content.items() if key not in ("type", "features")}
    sizes, served, opens = (
        tuple(rows[row].get(key) for row in order) for key in ("size", "elderly_served", "opens_year")
    )
    return PlanFile(tuple(named), tuple(placed), sizes, served, opens, members)


def _broken(content: dict[str, Any]) -> list[str]:
    """Return the members that are no object, or no list of objects, where the plan needs one."""
    objects = [name for name in ("request", "scenario") if not isinstance(content.get(name, {}), dict)]
    rows = {name: content.get(name, []) for name in ("features", "stages")}
    return objects + [
        name
        for name, each in rows.items()
        if not isinstance(each, list) or not all(isinstance(one, dict) for one in each)
    ]


def _placed(
    feature: dict[str, Any], told: dict[str, Any], number: int, file: str, faults: Faults
) -> PlacedStation | None:
    """Return a station that names no candidate; None, with faults, if it has no point or wrong figures."""
    key = str(told.get("id") or feature.get("id") or f"placed-{number}").removeprefix(STATION_PREFIX)
    shape = feature.get("geometry") or {}
    place = shape.get("coordinates") if shape.get("type") == "Point" else None
    if not isinstance(place, list) or len(place) < _PLANE or not all(map(_is_number, place[:_PLANE])):
        faults.add("plan_station_without_point", file=file, row=key)
        return None
    figures = {}
    for name in PLACED_FIGURES:
        value, figures[name] = told.get(name), math.nan
        if _is_number(value) and value >= 0:
            figures[name] = float(value)
        elif value is not None:
            faults.add("plan_station_bad_figure", file=file, row=key, field=name, found=str(value))
    homes = {level: str(told[f"{level}_id"]) for level in get_args(Level) if told.get(f"{level}_id") is not None}
    tier: Tier = next((each for each in _TIERS if each == told.get("tier")), "station")
    called = None if told.get("name") is None else str(told["name"])
    return PlacedStation(key, called, tier, float(place[0]), float(place[1]), figures, homes)


def _is_number(value: Any) -> TypeGuard[float]:  # noqa: ANN401 - whatever JSON holds
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
