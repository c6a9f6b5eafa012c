"""Candidates beside ground that is permitted or preferred, and what preference does to a plan."""

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from shapely import Point, box

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Effort, MaximalCovering, Problem, Rules
from siting.locate.solve import solve
from siting.places import place_order, preferred_layers, screen_candidates, with_stations
from siting.places.candidates import candidate_costs
from tests.helpers import facilities

METRIC = "EPSG:4545"


def _points(**places: tuple[float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(index=list(places), geometry=[Point(place) for place in places.values()], crs=METRIC)


def _ground(*boxes: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[box(*corners) for corners in boxes], crs=METRIC)


def test_what_lies_beyond_the_permitted_ground_is_refused_its_border_is_not() -> None:
    premises = _points(within=(50, 50), border=(100, 50), corner=(100, 100), beyond=(100.01, 50), second=(250, 50))
    urban = {"urban": _ground((0, 0, 100, 100), (200, 0, 300, 100))}
    refused = screen_candidates(premises, urban, {"urban": "城镇开发边界"}, {"urban": "outside"})
    assert list(refused.itertuples(name=None)) == [("beyond", "urban", "城镇开发边界", "excluded_ground")]


def test_sides_stand_beside_each_other_in_the_order_of_the_candidates() -> None:
    premises = _points(a=(500, 50), b=(50, 50), c=(10, 10))
    ground = {"flood": _ground((40, 40, 60, 60)), "urban": _ground((0, 0, 100, 100))}
    clauses = {"flood": "河道", "urban": "城镇开发边界"}
    refused = screen_candidates(premises, ground, clauses, {"flood": "inside", "urban": "outside"})
    assert [(key, row.layer, row.clause) for key, row in refused.iterrows()] == [
        ("a", "urban", "城镇开发边界"),
        ("b", "flood", "河道"),
    ]


def test_without_permitted_ground_nothing_is_permitted() -> None:
    premises = _points(a=(0, 0), b=(1, 1))
    refused = screen_candidates(premises, {"urban": _ground()}, {"urban": "…"}, {"urban": "outside"})
    assert list(refused.index) == ["a", "b"]


def test_each_candidate_names_the_preferred_layers_on_which_it_stands() -> None:
    premises = _points(none=(500, 500), one=(10, 10), border=(100, 50), both=(90, 90))
    ground = {"civic": _ground((80, 80, 200, 200), (0, 0, 5, 5)), "old": _ground((0, 0, 100, 100))}
    assert preferred_layers(premises, ground).to_dict() == {
        "none": [],
        "one": ["old"],
        "border": ["old"],
        "both": ["civic", "old"],
    }
    assert preferred_layers(premises, {}).to_dict() == {key: [] for key in premises.index}
    assert len(preferred_layers(premises.iloc[:0], ground)) == 0


@pytest.mark.parametrize("order", list(itertools.permutations("abcd")))
def test_the_more_preferred_stand_first_then_place_decides(order: tuple[str, ...]) -> None:
    places = {"a": (0, 0), "b": (10, 0), "c": (10, 5), "d": (20, 0)}
    premises = _points(**{key: places[key] for key in order})
    layers = pd.Series({key: {"c": ["x"], "d": ["x", "y"]}.get(key, []) for key in order})
    ranks = place_order(premises, layers)
    assert [premises.index[row] for row in np.argsort(ranks)] == ["d", "c", "a", "b"]
    assert [premises.index[row] for row in np.argsort(place_order(premises))] == ["a", "b", "c", "d"]


def chosen_in_order(
    reach: np.ndarray[Any, np.dtype[np.bool_]], people: Floats, stations: int, order: Ints
) -> tuple[list[int], float, float]:
    """Rows chosen from candidates that stand in an order, by the rows of the caller; objective and bound."""
    rows = np.argsort(order)
    problem = Problem(csr_array(reach[rows] * 60.0), people, Rules(stations=stations))
    found = solve(problem, MaximalCovering(), Effort())
    assert found.status == "optimal"
    return sorted(rows[found.chosen].tolist()), found.objective, found.bound


def test_among_equals_the_preferred_is_chosen_and_nobody_loses() -> None:
    premises = _points(west=(0, 0), east=(100, 0), lone=(900, 0))
    # West and east reach the same people; the lone one reaches more than either.
    covers = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    people = np.array([30.0, 20.0, 70.0])
    ground = {"civic": _ground((90, -10, 110, 10))}
    for stations, without, with_ in ((1, ["lone"], ["lone"]), (2, ["lone", "west"], ["lone", "east"])):
        plain = chosen_in_order(covers, people, stations, place_order(premises))
        order = place_order(premises, preferred_layers(premises, ground))
        preferring = chosen_in_order(covers, people, stations, order)
        assert sorted(premises.index[plain[0]]) == without
        assert sorted(premises.index[preferring[0]]) == sorted(with_)
        assert preferring[1:] == plain[1:]


@pytest.mark.parametrize("seed", range(25))
def test_preference_never_costs_a_person_and_ties_go_to_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    # Every candidate has a twin that reaches the same people; the twin is preferred.
    covers = random.random((9, 30)) < 0.2
    people = random.integers(1, 50, 30).astype(float)
    places = random.uniform(0, 1000, (18, 2))
    premises = _points(**{f"c{i:02d}": tuple(place) for i, place in enumerate(places)})
    preferred = pd.Series([[], *([["civic"]] * 1)] * 9, index=premises.index)
    twins = np.repeat(covers, 2, axis=0)
    plain = chosen_in_order(twins, people, 4, place_order(premises))
    preferring = chosen_in_order(twins, people, 4, place_order(premises, preferred))
    assert preferring[1:] == plain[1:]
    assert all(row % 2 == 1 for row in preferring[0])


def test_a_lease_costs_its_years_of_rent_and_other_premises_cost_none() -> None:
    premises = pd.DataFrame(
        {
            "capital_cost_cny": [1000.0, 1000.0, 1000.0, np.nan],
            "rent_cny_per_year": [20.0, 20.0, np.nan, 20.0],
            "lease_years": [5, 5, 5, 5],
            "tenure": pd.array(["lease", "owned", pd.NA, "lease"], dtype="string"),
        },
        index=list("abcd"),
    )
    assert candidate_costs(premises).fillna(-1.0).to_dict() == {"a": 1100.0, "b": 1000.0, "c": 1000.0, "d": -1.0}


def test_a_station_that_a_plan_opens_is_planned_and_inside_the_district() -> None:
    there = facilities({"F1": ((0, 0), {"tier": "centre"})})
    there = there.assign(context=pd.array([True], dtype="boolean"))
    found = with_stations(there, _points(C1=(50, 50)).set_crs(there.crs, allow_override=True))
    assert found["context"].tolist() == [True, False]
    assert found["status"].tolist() == ["existing", "planned"]
    assert found["tier"].tolist() == ["centre", "station"]
