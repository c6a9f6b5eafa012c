"""The facilities: facts decided by hand in a table, places found on the ground."""

from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from scipy import ndimage

from . import config
from .grid import Floats, stage_rng
from .network import Edge
from .people import People
from .zones import Community, Zones

PLAN = Path(__file__).with_name("facility_plan.csv")
ASSESSED = "2026-01-01"
ROADSIDE_M = 14.0
NAMES_STREET = ("F006", "F013")  # records that name their street themselves
NAMES_COMMUNITY = ("F022", "F033", "F041")  # records that name their community
WHOLE = (
    *("land_m2", "floor_area_m2", "building_floor_area_m2", "beds", "nursing_beds", "rating"),
    *(
        "lease_years",
        "new_beds",
        "construction_paid_city_cny",
        "construction_paid_district_cny",
        "rating_paid_district_cny",
        "staff",
        "certified_staff",
    ),
)


class Roadside:
    """Finds places beside the streets."""

    def __init__(self, edges: list[Edge]) -> None:
        """Index the edges that premises open on: streets only."""
        lines = [shapely.LineString(edge.points) for edge in edges if edge.kind == "street"]
        self._lines = lines
        self._tree = shapely.STRtree(lines)

    def beside(self, x: float, y: float, offset: float = ROADSIDE_M) -> tuple[float, float]:
        """Give a place beside the nearest street, on the side of the point."""
        point = shapely.Point(x, y)
        line = self._lines[int(self._tree.nearest(point))]
        foot = np.array(line.interpolate(line.project(point)).coords[0])
        away = np.array([x, y]) - foot
        size = float(np.hypot(*away))
        side = away / size if size > 1 else np.array([0.0, 1.0])
        moved = foot + side * min(offset, max(size, 8.0))
        return float(moved[0]), float(moved[1])


def _ranked(zones: Zones, people: People, street: int) -> list[tuple[Community, Floats]]:
    """List a street's communities by their elderly, each with the middle of its densest quarter."""
    x, y = people.grid.centres()
    close = ndimage.gaussian_filter(people.elderly.astype(float), 1.0)
    found = []
    for community in zones.communities:
        if community.street != street:
            continue
        held = shapely.contains_xy(community.ground.buffer(-40), x, y)
        best = int(np.argmax(np.where(held, close, -1.0)))
        place = np.array([x.ravel()[best], y.ravel()[best]])
        found.append((people.elderly[held].sum(), community, place))
    return [(community, place) for _, community, place in sorted(found, key=lambda item: -item[0])]


def _placed(plan: pd.DataFrame, zones: Zones, people: People, roadside: Roadside) -> Floats:
    """Place each facility: at a point, with another one, or in the community of a rank by elderly."""
    rng = stage_rng(50)
    ranks = [_ranked(zones, people, street) for street in range(len(config.STREETS))]
    places: dict[str, tuple[float, float]] = {}
    for code, street, spot in zip(plan["id"], plan["street"], plan["place"], strict=True):
        shift = rng.uniform(-110, 110, 2)
        if spot in places:
            x, y = places[spot]
            places[code] = (x + 6.0, y - 4.0)
        elif ":" in spot:
            x, y = (float(part) for part in spot.split(":"))
            places[code] = roadside.beside(x, y)
        else:
            community, middle = ranks[street][int(spot)]
            near = [roadside.beside(*(middle + part * shift)) for part in (1.0, 0.5, 0.0)]
            own = [place for place in near if community.ground.contains(shapely.Point(place))]
            places[code] = (own or near)[0]
    return np.array([places[code] for code in plan["id"]])


def _named(plan: pd.DataFrame, homes: list[Community]) -> pd.DataFrame:
    """Name stations and community operators by the community."""
    names: list[str] = []
    for name, here in zip(plan["name"], homes, strict=True):
        own = name if isinstance(name, str) else here.name + "养老服务站"
        names.append(own if own not in names else here.name + "第二养老服务站")
    operators = [
        operator.format(c=here.name) if isinstance(operator, str) else operator
        for operator, here in zip(plan["operator"], homes, strict=True)
    ]
    return plan.assign(name=names, operator=operators)


def home(zones: Zones, place: Floats) -> Community:
    """Find the community that holds a place."""
    point = shapely.Point(place)
    return min(zones.communities, key=lambda one: one.ground.distance(point))


def make_facilities(zones: Zones, people: People, edges: list[Edge]) -> tuple[pd.DataFrame, Floats]:
    """Make the table of facilities; also give their places in the frame."""
    plan = pd.read_csv(PLAN, dtype={"place": str})
    places = _placed(plan, zones, people, Roadside(edges))
    homes = [home(zones, place) for place in places]
    table = _named(plan, homes).drop(columns=["street", "place"])
    for column in WHOLE:
        table[column] = table[column].astype("Int64")
    table["street_id"] = [
        config.STREETS[one.street].code if code in NAMES_STREET else None
        for one, code in zip(homes, table["id"], strict=True)
    ]
    table["community_id"] = [
        one.code if code in NAMES_COMMUNITY else None for one, code in zip(homes, table["id"], strict=True)
    ]
    table["serves_community"] = table.pop("serves_community")
    for column in ("demonstration", "disabled_destitute", "serves_community"):
        table[column] = table[column].map({True: "true", False: "false"})
    return table, places


def serving(table: pd.DataFrame) -> pd.Series:
    """Tell the facilities that serve their surroundings at the assessment's date."""
    opened = table["opens"].isna() | (table["opens"] <= ASSESSED)
    staying = table["closes"].isna() | (table["closes"] > ASSESSED)
    near = table["tier"].isin(["centre", "station"]) | (table["serves_community"] == "true")
    return table["status"].isin(["existing", "closing"]) & opened & staying & near
