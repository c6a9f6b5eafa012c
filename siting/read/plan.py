"""Reading a plan file."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from siting.domain.nouns import Blocked, Least
from siting.domain.scenario import Horizon
from siting.domain.tables import LINK_COLUMNS
from siting.errors import Faults

SHORTFALL_COLUMNS = ("clause_id", "level", "id", "force", "required", "provided", "shortfall")


@dataclass(frozen=True)
class PlanFile:
    """The contents of a plan's file: candidates in rank order, what is told of each, and the facts of the run."""

    candidates: tuple[str, ...]
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
        return replace(self, **named)

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
        """Who leads whom in a network, with ``LINK_COLUMNS``; None for other plans."""
        rows = self.members.get("links")
        columns = [column.key for column in LINK_COLUMNS]
        return None if rows is None else pd.DataFrame(rows, columns=columns).astype({"distance_m": "float64"})


def read_plan(path: Path) -> PlanFile:
    """Read a plan's GeoJSON.

    Parameters
    ----------
    path : pathlib.Path
        The output of ``siting propose``.

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
        faults.add("missing_file", file=str(path))
    except (OSError, ValueError, RecursionError) as error:
        faults.add("not_a_plan", file=str(path), found=str(error))
    faults.stop_if_any()
    if not isinstance(content, dict) or content.get("result") != "plan":
        found = content.get("result", content.get("type")) if isinstance(content, dict) else type(content).__name__
        faults.add("not_a_plan", file=str(path), found=str(found))
    faults.stop_if_any()
    rows = sorted((feature["properties"] for feature in content["features"]), key=lambda row: row["rank"])
    members = {key: value for key, value in content.items() if key not in ("type", "features")}
    named = tuple(str(row["candidate_id"]) for row in rows)
    sizes, served, opens = (tuple(row.get(key) for row in rows) for key in ("size", "elderly_served", "opens_year"))
    return PlanFile(named, sizes, served, opens, members)
