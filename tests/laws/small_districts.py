"""Random small districts with a random request, written as scenario files: few enough choices to try them all."""

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

CRS = "EPSG:4547"
# A round corner on the meridian of the CRS; cells of 100 m have their centres at odd multiples of 50 m from it.
CORNER = np.array([500_000.0, 2_800_000.0])
CELL = 100.0
STEP = 50.0
WIDE, HIGH = 16, 4
MODELS = ("mclp", "lscp", "p_median", "p_center", "fair", "compliance")
CLAUSE = "cq-2019-129/2-9-circle@community"
Numbers = np.random.Generator


@dataclass(frozen=True)
class Facility:
    """What stands: metres from the corner, and whether it counts for the circle."""

    x: float
    y: float
    tier: str = "station"

    @property
    def serves(self) -> bool:
        """Institutions of these districts serve nobody around them."""
        return self.tier != "institution"


@dataclass(frozen=True)
class Candidate:
    """Where one may build."""

    x: float
    y: float
    land_m2: float
    cost: float
    kind: str


@dataclass(frozen=True)
class Size:
    """One row of the table of sizes; an empty ``whom`` is for all candidates."""

    whom: str
    land_m2: float
    cost: float
    capacity: float | None


@dataclass(frozen=True)
class District:
    """People, what stands, where one may build, and how far one walks in straight lines."""

    people: tuple[tuple[float, float, float], ...]
    borders: tuple[float, ...]
    facilities: Mapping[str, Facility]
    candidates: Mapping[str, Candidate]
    minutes: float
    max_minutes: float
    pass_share: float
    sizes: Mapping[str, Size] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """The section ``[plan]``, without its table of sizes."""

    model: str
    stations: int | None = None
    budget_cny: float | None = None
    share: float = 1.0
    unit_share: float | None = None
    least: str = "stations"
    beyond_minutes: float | None = None
    capacity: float | None = None
    existing_capacity: float | None = None
    forced: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    closable: tuple[str, ...] = ()
    upgradable: tuple[str, ...] = ()
    spacing_m: float | None = None
    most_per_unit: int | None = None
    clauses: tuple[str, ...] = ()
    time_limit_s: float | None = None

    @property
    def closing(self) -> tuple[str, ...]:
        """What may be closed: nothing where no number of stations makes room by it, and nothing by ``lscp``."""
        return self.closable if self.stations is not None and self.model != "lscp" else ()


def district_of(seed: int, *, limited: bool = False) -> District:
    """Draw a district; where sites are ``limited`` it has fewer, since each choice is then a flow of its own."""
    rng = np.random.default_rng(seed)
    most = (3, 3) if limited else (4, 5)
    facilities = {
        f"F{i}": Facility(*_spot(rng), tier=str(rng.choice(["station", "centre", "institution"], p=[0.7, 0.2, 0.1])))
        for i in range(int(rng.integers(1, most[0], endpoint=True)))
    }
    candidates = {
        f"C{i}": Candidate(
            *_spot(rng),
            land_m2=float(rng.choice([300, 500])),
            cost=float(rng.integers(1, 6)),
            kind=str(rng.choice(["shop", "school"])),
        )
        for i in range(int(rng.integers(2, most[1], endpoint=True)))
    }
    others = [*facilities.values(), *candidates.values()]
    borders = {float(each) * STEP for each in rng.integers(2, 2 * WIDE - 2, rng.integers(0, 3))}
    return District(
        people=_people(rng),
        borders=tuple(sorted(borders)),
        facilities=facilities,
        candidates={key: _beside(rng, each, others) for key, each in candidates.items()},
        minutes=float(rng.choice([3, 5, 8])),
        max_minutes=float(rng.choice([10, 25])),
        pass_share=float(rng.choice([0.5, 0.9])),
        sizes=_sizes(rng, limited=limited) if rng.random() < 0.4 else {},
    )


def _spot(rng: Numbers) -> tuple[float, float]:
    return float(rng.integers(1, 2 * WIDE)) * STEP, float(rng.integers(1, 2 * HIGH)) * STEP


def _beside(rng: Numbers, candidate: Candidate, others: list[Any]) -> Candidate:
    """Move some candidates to where something stands, or where another one lies."""
    if rng.random() > 0.15:
        return candidate
    other = others[int(rng.integers(len(others)))]
    return Candidate(other.x, other.y, candidate.land_m2, candidate.cost, candidate.kind)


def _people(rng: Numbers) -> tuple[tuple[float, float, float], ...]:
    """Put people into some cells, nobody into a few of them."""
    cells = rng.choice(WIDE * HIGH, size=int(rng.integers(4, 10)), replace=False)
    numbers = rng.integers(0, 30, len(cells)) * float(rng.choice([1.0, 0.5]))
    numbers[0] = 10.0
    places = [(float(cell % WIDE) * CELL + STEP, float(cell // WIDE) * CELL + STEP) for cell in cells]
    return tuple((x, y, float(number)) for (x, y), number in zip(places, numbers, strict=True))


def _sizes(rng: Numbers, *, limited: bool) -> dict[str, Size]:
    def size(whom: str, land: float) -> Size:
        least = 20 if whom == "existing" else 5
        return Size(whom, land, float(rng.integers(1, 8)), float(rng.integers(least, 50)) if limited else None)

    offered = {"small": size("", 200.0), "large": size("shop", 450.0)} if rng.random() < 0.7 else {}
    return {**offered, "grown": size("existing", 600.0)}


def _some(rng: Numbers, names: list[str], chance: float) -> tuple[str, ...]:
    return tuple(name for name in names if rng.random() < chance)


def request_of(seed: int, district: District, model: str, *, limited: bool = False) -> Request:
    """Draw a request of a district; ``limited`` as the district was drawn."""
    rng = np.random.default_rng([seed, MODELS.index(model)])
    names = [*district.candidates]
    forced = _some(rng, names, 0.15)
    sized = model in ("p_median", "p_center") or (model in ("mclp", "fair") and rng.random() < 0.75)
    stations = int(rng.integers(0, 4)) if sized or rng.random() < 0.5 else None
    needs_money = model in ("mclp", "fair") and stations is None
    asks_unit = model == "fair" or (model == "lscp" and rng.random() < 0.4)
    serving = [key for key, each in district.facilities.items() if each.serves]
    growing = "grown" in district.sizes
    given: dict[str, Any] = {
        "model": model,
        "stations": stations,
        "budget_cny": float(rng.integers(0, 16)) if needs_money or rng.random() < 0.25 else None,
        "share": float(rng.choice([0.3, 0.6, 0.9, 1.0])) if model in ("lscp", "p_center") else 1.0,
        "unit_share": float(rng.choice([0.2, 0.5])) if asks_unit and rng.random() < 0.6 else None,
        "least": str(rng.choice(["stations", "cost"])) if model == "lscp" else "stations",
        "beyond_minutes": district.minutes + 4 if model == "p_median" and rng.random() < 0.4 else None,
        "capacity": float(rng.integers(5, 40)) if limited else None,
        "existing_capacity": float(rng.integers(5, 20)) if limited and rng.random() < 0.7 else None,
        "forced": forced,
        "forbidden": tuple(each for each in _some(rng, names, 0.15) if each not in forced),
        "closable": _some(rng, serving, 0.6) if rng.random() < 0.8 else (),
        "upgradable": _some(rng, [*district.facilities], 0.6) if growing else (),
        "spacing_m": float(rng.choice([50, 100, 250, 300, 500, 800])) if rng.random() < 0.7 else None,
        "most_per_unit": int(rng.integers(0, 3)) if rng.random() < 0.25 else None,
        "clauses": (CLAUSE,) if model == "compliance" else (),
    }
    if model == "compliance":
        # It looks at clauses, and not at how many a site serves.
        given |= {"capacity": None, "existing_capacity": None}
    return Request(**given)


def written(district: District, request: Request, folder: Path) -> Path:
    """Write a district and a request of it, and return the path of the scenario."""
    folder.mkdir(parents=True, exist_ok=True)
    people = pd.DataFrame(district.people, columns=["lon", "lat", "people"])
    _table(people, folder / "people.csv")
    stands = [
        {"id": key, **asdict(each), "status": "existing", "land_m2": 300} for key, each in district.facilities.items()
    ]
    _table(pd.DataFrame(stands), folder / "facilities.csv")
    sites = [{"id": key, "tenure": "own", **asdict(each)} for key, each in district.candidates.items()]
    _table(pd.DataFrame(sites).rename(columns={"cost": "capital_cost_cny"}), folder / "candidates.csv")
    edges = [0.0, *district.borders, WIDE * CELL]
    shapes = [
        shapely.box(CORNER[0] + west, CORNER[1], CORNER[0] + east, CORNER[1] + HIGH * CELL)
        for west, east in itertools.pairwise(edges)
    ]
    ids = [f"u{i}" for i in range(len(shapes))]
    gpd.GeoDataFrame({"id": ids, "name": ids}, geometry=shapes, crs=CRS).to_file(folder / "units.gpkg")
    if district.sizes:
        rows = [
            {"size": key, "for": each.whom, "land_m2": each.land_m2, "capacity": each.capacity, "cost_cny": each.cost}
            for key, each in district.sizes.items()
        ]
        pd.DataFrame(rows).to_csv(folder / "sizes.csv", index=False)
    path = folder / "scenario.toml"
    path.write_text(_text(district, request), encoding="utf-8")
    return path


def _table(rows: pd.DataFrame, path: Path) -> None:
    rows = rows.rename(columns={"x": "lon", "y": "lat"})
    rows[["lon", "lat"]] += CORNER
    rows.to_csv(path, index=False)


def _text(district: District, request: Request) -> str:
    keys = {name: value for name, value in asdict(request).items() if value not in (None, ())}
    plan = "\n".join(f"{name} = {_toml(value)}" for name, value in keys.items())
    sizes = '[plan.sizes]\npath = "sizes.csv"\n' if district.sizes else ""
    return f"""[scenario]
title = "small"
date = 2026-01-01
[standards]
ids = ["cq-2019-129"]
[population.elderly]
points = "people.csv"
crs = "{CRS}"
[units.community]
path = "units.gpkg"
[facilities]
path = "facilities.csv"
crs = "{CRS}"
complete = true
[candidates]
path = "candidates.csv"
crs = "{CRS}"
[walking]
mode = "straight_line"
minutes = {district.minutes}
max_minutes = {district.max_minutes}
[circle]
pass_share = {district.pass_share}
[plan]
{plan}
{sizes}"""


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return f'"{value}"' if isinstance(value, str) else repr(value)
