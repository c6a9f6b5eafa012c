"""Sites by their sizes: what fits, what it counts and costs, in which order; and facilities that may change."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from siting.domain.tables import SIZE_COLUMNS
from siting.places import candidate_costs, counted_land, joined_sites, place_order, sized_candidates, sized_facilities
from siting.places.sizes import SITE_COLUMNS
from siting.read.tables.columns import DTYPES
from tests import helpers

Row = Mapping[str, Any]


def _sizes(*rows: Row) -> pd.DataFrame:
    """Return a table of sizes as reading leaves it."""
    return pd.DataFrame(
        {
            column.key: pd.Series([row.get(column.key) for row in rows], dtype=DTYPES[column.type])
            for column in SIZE_COLUMNS
        }
    )


def _candidates(*generated: str, **rows: Row) -> gpd.GeoDataFrame:
    """Return candidates from west to east, without a cost but where they give one; some are generated."""
    blank = {"capital_cost_cny": None, "tenure": None}
    table = helpers.candidates(
        {key: ((100.0 * i, 0.0), blank | dict(row)) for i, (key, row) in enumerate(rows.items())}
    )
    return table.assign(generated=table.index.isin(generated))


def _told(sites: gpd.GeoDataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns as plain values, None where nothing is given."""
    table = sites[["candidate_id", "size", *columns]].astype(object)
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in table.to_numpy()]


SMALL = {"size": "小型", "land_m2": 200.0, "floor_area_m2": 300.0, "capacity": 80, "beds": 10, "cost_cny": 1e6}
LARGE = {"size": "大型", "land_m2": 500.0, "floor_area_m2": 900.0, "capacity": 200, "tier": "centre", "cost_cny": 3e6}


def test_a_candidate_on_a_doubtful_plot_has_land_that_is_not_known() -> None:
    rows = {"a": {"land_m2": 3600.0, "floor_area_m2": 380.0}}
    assert _told(sized_candidates(_candidates(**rows), None), "land_m2") == [("a", None, None)]
    # It has at most its plot.
    tables = _sizes({"size": "fits", "land_m2": 3600.0}), _sizes({"size": "wide", "land_m2": 3601.0})
    fits, wide = (sized_candidates(_candidates(**rows), each)["size"] for each in tables)
    assert (fits.tolist(), wide.isna().tolist()) == (["fits"], [True])


def test_a_candidate_has_one_row_a_size_that_it_has_room_for() -> None:
    sites = sized_candidates(
        _candidates(
            unknown={},
            wide={"land_m2": 500.0, "floor_area_m2": 900.0},
            flat={"land_m2": 500.0, "floor_area_m2": 899.0},
            narrow={"land_m2": 499.0, "floor_area_m2": 900.0},
            tiny={"land_m2": 100.0, "floor_area_m2": 120.0, "capital_cost_cny": 7e5},
        ),
        _sizes(LARGE, SMALL),
        capacity=60,
    )
    assert _told(sites, "land_m2", "floor_area_m2", "capacity", "beds", "cost_cny", "tier") == [
        ("unknown", "小型", 200, 300, 80, 10, 1e6, "station"),
        ("unknown", "大型", 500, 900, 200, None, 3e6, "centre"),
        ("wide", "小型", 200, 300, 80, 10, 1e6, "station"),
        ("wide", "大型", 500, 900, 200, None, 3e6, "centre"),
        ("flat", "小型", 200, 300, 80, 10, 1e6, "station"),
        ("narrow", "小型", 200, 300, 80, 10, 1e6, "station"),
        # Too small for either: it keeps its own size, and the plan's capacity.
        ("tiny", None, 100, 120, 60, None, 7e5, "station"),
    ]
    assert sites["place"].tolist() == [0, 0, 1, 1, 2, 3, 4]
    assert sites.columns.tolist() == [*SITE_COLUMNS, "geometry"]
    assert sites.index.tolist() == list(range(7))
    assert sites["beds"].dtype == "Int64"
    assert not sites[["generated", "facility", "standing", "occupied"]].any(axis=None)


def test_room_is_land_as_it_is_counted() -> None:
    shared = {"land_m2": 1000.0, "floor_area_m2": 400.0, "building_floor_area_m2": 2000.0}
    by_far = {"floor_area_m2": 600.0, "far": 3.0}
    candidates = _candidates(shared=shared, by_far=by_far)
    assert counted_land(candidates.assign(site_id=None)).tolist() == [200, 200]
    fits, not_fits = _sizes({"size": "a", "land_m2": 200.0}), _sizes({"size": "a", "land_m2": 201.0})
    assert _told(sized_candidates(candidates, fits)) == [("shared", "a"), ("by_far", "a")]
    assert _told(sized_candidates(candidates, not_fits)) == [("shared", None), ("by_far", None)]


def test_a_size_that_says_no_land_counts_the_candidates_own_for_its_floor_area() -> None:
    candidates = _candidates(
        shared={"land_m2": 1000.0, "floor_area_m2": 400.0, "building_floor_area_m2": 2000.0},
        by_far={"floor_area_m2": 600.0, "far": 3.0},
        own={"land_m2": 700.0, "floor_area_m2": 400.0},
    )
    sites = sized_candidates(candidates, _sizes({"size": "a", "floor_area_m2": 300.0}))
    assert sites["land_m2"].tolist() == [150, 100, 700]
    assert sites["floor_area_m2"].tolist() == [300, 300, 300]
    # Without floor area either, all is the candidate's own.
    own = sized_candidates(candidates, _sizes({"size": "a", "capacity": 9}))
    assert own["land_m2"].tolist() == [200, 200, 700]
    assert own["floor_area_m2"].tolist() == [400, 600, 400]


def test_units_of_two_tables_that_round_differently_still_fit() -> None:
    plot = 2 * 2000.0 / 3.0
    sites = sized_candidates(
        _candidates(a={"land_m2": plot}), _sizes({"size": "s", "land_m2": np.nextafter(plot, 9e9)})
    )
    assert _told(sites) == [("a", "s")]


@pytest.mark.parametrize(
    ("row", "generated", "offered"),
    [
        ({"kind": "idle_school"}, False, ["school", "all"]),
        ({"kind": "hotel"}, False, ["all"]),
        ({}, False, ["all"]),
        ({"kind": "generated"}, True, ["made", "all"]),
        # Words of ours that happen to be kinds of a ledger are none.
        ({"kind": "generated"}, False, ["all"]),
        ({"kind": "existing"}, False, ["all"]),
    ],
)
def test_sizes_are_offered_to_those_they_are_for(row: Row, generated: bool, offered: list[str]) -> None:  # noqa: FBT001
    candidates = _candidates(*(["C"] if generated else []), C=row)
    sizes = _sizes(
        {"size": "school", "for": "idle_school", "cost_cny": 1.0},
        {"size": "made", "for": "generated", "cost_cny": 2.0},
        {"size": "more", "for": "existing", "cost_cny": 3.0},
        {"size": "all", "cost_cny": 4.0},
    )
    sites = sized_candidates(candidates, sizes)
    assert sites["size"].tolist() == offered
    assert sites["generated"].tolist() == [generated] * len(offered)


def test_costs_are_fixed_plus_floor_area_and_rent_stands_beside_them() -> None:
    lease = {"tenure": "lease", "rent_cny_per_year": 1e4, "lease_years": 10.0, "floor_area_m2": 500.0}
    candidates = _candidates(
        owned={"tenure": "own", "capital_cost_cny": 9e5, "floor_area_m2": 500.0},
        leased=lease | {"capital_cost_cny": 9e5},
        no_rent=lease | {"rent_cny_per_year": None},
        no_floor={"capital_cost_cny": 9e5},
    )
    sizes = {
        "both": {"cost_cny": 1e6, "cost_cny_per_m2": 2000.0, "floor_area_m2": 100.0},
        "rate": {"cost_cny_per_m2": 1000.0},
        "fixed": {"cost_cny": 4e5},
        "free": {"cost_cny": 0.0},
        "silent": {"capacity": 5},
    }
    expected = {
        "both": [1.2e6, 1.3e6, np.nan, 1.2e6],
        "rate": [5e5, 6e5, np.nan, np.nan],  # a rate on a floor area that nobody knows is no cost
        "fixed": [4e5, 5e5, np.nan, 4e5],
        "free": [0, 1e5, np.nan, 0],
        "silent": [9e5, 1e6, np.nan, 9e5],
    }
    for name, row in sizes.items():
        found = sized_candidates(candidates, _sizes({"size": name, **row}))["cost_cny"].to_numpy()
        np.testing.assert_array_equal(found, expected[name], err_msg=name)


def test_without_sizes_candidates_are_as_they_were() -> None:
    candidates = _candidates(
        "G1", a={"land_m2": 300.0, "far": 2.0, "capital_cost_cny": 5e5}, G1={"kind": "generated"}, b={"far": 2.0}
    )
    for sizes in (None, _sizes()):
        sites = sized_candidates(candidates, sizes)
        assert sites["size"].isna().all()
        assert sites["candidate_id"].tolist() == ["a", "G1", "b"]
        np.testing.assert_array_equal(sites["land_m2"], counted_land(candidates.assign(site_id=None)))
        np.testing.assert_array_equal(sites["cost_cny"], candidate_costs(candidates))
        assert sites["capacity"].isna().all()


def test_the_better_placed_come_first_then_the_cheaper_the_smaller_and_the_name() -> None:
    candidates = _candidates("east", west={}, middle={}, east={"kind": "generated"})
    sizes = _sizes(
        {"size": "no cost"},
        {"size": "dear", "cost_cny": 2.0},
        {"size": "wide", "cost_cny": 1.0, "land_m2": 9.0},
        {"size": "slim b", "cost_cny": 1.0, "land_m2": 8.0},
        {"size": "slim a", "cost_cny": 1.0, "land_m2": 8.0},
    )
    preferred = pd.Series([["civic"], [], ["civic", "old"]], index=candidates.index)
    names = ["slim a", "slim b", "wide", "dear", "no cost"]
    for order in itertools.permutations(range(3)):
        for turned in (sizes, sizes.iloc[::-1].reset_index(drop=True)):
            rows = candidates.iloc[list(order)]
            sites = sized_candidates(rows, turned, preferred=preferred.iloc[list(order)])
            assert sites["candidate_id"].tolist() == ["east"] * 5 + ["west"] * 5 + ["middle"] * 5
            assert sites["size"].tolist() == names * 3
            assert sites.geometry.tolist() == candidates.geometry.loc[sites["candidate_id"]].tolist()


@pytest.mark.parametrize("seed", range(8))
def test_rows_are_those_of_every_pair_tried_one_by_one(seed: int) -> None:
    random = np.random.default_rng(seed)

    def some(*values: Any) -> Any:
        return values[random.integers(len(values))]

    rows = {
        f"C{i}": {
            "land_m2": some(None, 100.0, 300.0, 450.0),
            "floor_area_m2": some(None, 200.0, 500.0),
            "kind": some(None, "hotel", "shop"),
            "capital_cost_cny": some(None, 1e5, 2e5),
        }
        for i in range(12)
    }
    table = [
        {
            "size": f"s{i}",
            "for": some(None, "hotel", "generated", "existing"),
            "land_m2": some(None, 100.0, 400.0),
            "floor_area_m2": some(None, 200.0, 400.0),
            "cost_cny": some(None, 0.0, 3e5),
        }
        for i in range(5)
    ]
    expected = set()
    for key, row in rows.items():
        fitting = [
            size
            for size in table
            if size["for"] in (None, row["kind"])
            and not ((size["land_m2"] or 0) > (row["land_m2"] or np.inf))
            and not ((size["floor_area_m2"] or 0) > (row["floor_area_m2"] or np.inf))
        ]
        for size in fitting or [{}]:
            land = size.get("land_m2") or row["land_m2"]
            cost = size.get("cost_cny") if size.get("cost_cny") is not None else row["capital_cost_cny"]
            floor = size.get("floor_area_m2") or row["floor_area_m2"]
            expected.add((key, size.get("size"), land, floor, cost))
    sites = sized_candidates(_candidates(**rows), _sizes(*table))
    found = _told(sites, "land_m2", "floor_area_m2", "cost_cny")
    assert len(found) == len(expected)
    assert set(found) == expected


# --- facilities that may change ---------------------------------------------------------------------------------------


def _facilities(**rows: Row) -> gpd.GeoDataFrame:
    return helpers.facilities({key: ((100.0 * i, 0.0), row) for i, (key, row) in enumerate(rows.items())})


MORE = {"for": "existing"}


def test_a_facility_has_its_row_as_it_is_and_one_a_larger_size() -> None:
    facilities = _facilities(
        kept={"land_m2": 100.0},
        grows={"land_m2": 200.0, "floor_area_m2": 300.0, "beds": 20},
        closes={"land_m2": 300.0},
        either={"land_m2": 400.0, "tier": "centre"},
    )
    sizes = _sizes(
        {"size": "500", "land_m2": 500.0, "cost_cny": 2e6, "capacity": 90, **MORE},
        {"size": "same", "land_m2": 200.0, "cost_cny": 1.0, **MORE},
        {"size": "fewer beds", "land_m2": 900.0, "beds": 10, "cost_cny": 1.0, **MORE},
        {"size": "250", "land_m2": 250.0, "cost_cny_per_m2": 1000.0, **MORE},
        {"size": "new", "land_m2": 999.0, "cost_cny": 5.0},
    )
    sites = sized_facilities(
        facilities, sizes, upgradable=["grows", "either", "?"], closable=["closes", "either"], existing_capacity=50
    )
    assert _told(sites, "tier", "land_m2", "floor_area_m2", "beds", "capacity", "cost_cny", "standing", "occupied") == [
        ("grows", None, "station", 200, 300, 20, 50, 0, True, True),
        ("grows", "250", "station", 250, 300, 20, 50, 3e5, False, True),
        ("grows", "500", "station", 500, 300, 20, 90, 2e6, False, True),
        ("closes", None, "station", 300, None, None, 50, 0, True, False),
        ("either", None, "centre", 400, None, None, 50, 0, True, False),
        ("either", "fewer beds", "centre", 900, None, 10, 50, 1, False, False),
        ("either", "500", "centre", 500, None, None, 90, 2e6, False, False),
    ]
    assert sites["place"].tolist() == [0, 0, 0, 1, 2, 2, 2]
    assert sites["facility"].all()
    assert not sites["generated"].any()


@pytest.mark.parametrize(
    ("tier", "size", "larger"),
    [
        ("station", {"tier": "centre"}, True),
        ("station", {"tier": "station"}, False),
        ("centre", {"tier": "station", "land_m2": 900.0}, False),
        ("centre", {"land_m2": 900.0}, True),
        ("institution", {"tier": "centre", "land_m2": 900.0}, False),
        ("institution", {"land_m2": 900.0}, True),
        ("station", {"land_m2": 900.0, "floor_area_m2": 10.0}, False),
        ("station", {"land_m2": 100.0, "beds": 5}, False),  # how many it has nobody knows
        ("station", {"beds": 5}, True),  # but a size that cannot be compared is the planner's word
    ],
)
def test_nothing_is_made_smaller(tier: str, size: Row, larger: bool) -> None:  # noqa: FBT001
    facilities = _facilities(F={"tier": tier, "land_m2": 100.0, "floor_area_m2": 100.0})
    sites = sized_facilities(facilities, _sizes({"size": "s", **size, **MORE}), upgradable=["F"])
    assert len(sites) == 1 + larger
    if larger:
        assert sites["tier"].tolist() == [tier, size.get("tier", tier)]


def test_land_of_a_shared_site_is_counted_among_all_its_facilities() -> None:
    facilities = _facilities(
        a={"land_m2": 600.0, "site_id": "S"}, b={"land_m2": 600.0, "site_id": "S"}, c={"land_m2": 50.0}
    )
    sites = sized_facilities(facilities, None, closable=["a"])
    assert _told(sites, "land_m2") == [("a", None, 300)]


def test_facilities_stand_before_candidates() -> None:
    facilities = sized_facilities(_facilities(F={}, E={}), None, closable=["E", "F"])
    candidates = sized_candidates(_candidates(C={}, D={}), None)
    both = joined_sites(facilities, candidates)
    assert both["candidate_id"].tolist() == ["F", "E", "C", "D"]
    assert both["place"].tolist() == [0, 1, 2, 3]
    assert both["facility"].tolist() == [True, True, False, False]
    assert both.dtypes.equals(candidates.dtypes)
    assert joined_sites(sized_facilities(_facilities(F={}), None), candidates) is candidates
    assert joined_sites(facilities, candidates.iloc[:0])["candidate_id"].tolist() == ["F", "E"]


def test_nothing_given_is_written_to() -> None:
    candidates, sizes = _candidates(a={"land_m2": 300.0}, b={}), _sizes(SMALL, LARGE, {"size": "m", **MORE})
    facilities = _facilities(F={"land_m2": 10.0})
    for table in (candidates, sizes, facilities):
        for name in table.columns:
            values = table[name].to_numpy()
            if values.flags.owndata:
                values.flags.writeable = False
    before = [pd.DataFrame(table).copy() for table in (candidates, sizes, facilities)]
    sized_candidates(candidates, sizes, capacity=3, preferred=pd.Series([[], ["x"]], index=candidates.index))
    sized_facilities(facilities, sizes, upgradable=["F"])
    for table, kept in zip((candidates, sizes, facilities), before, strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(table), kept)


def test_places_follow_the_order_of_places() -> None:
    spots: Sequence[tuple[float, float]] = [(5.0, 1.0), (0.0, 9.0), (5.0, 0.0), (0.0, 9.0)]
    table = helpers.candidates({f"C{i}": (spot, {}) for i, spot in enumerate(spots)}).assign(generated=False)
    sites = sized_candidates(table, None)
    assert sites["candidate_id"].tolist() == ["C1", "C3", "C2", "C0"]
    assert [table.index[row] for row in np.argsort(place_order(table))] == sites["candidate_id"].tolist()


def test_a_candidate_whose_ratio_leaves_its_plot_open_counts_what_is_sure() -> None:
    # 300 m² of floor at a FAR of 2.5 are 120 m² of land; the whole plot has 600.
    sites = _candidates(a={"land_m2": 600.0, "floor_area_m2": 300.0, "far": 2.5})
    assert sized_candidates(sites, None)["land_m2"].tolist() == [120.0]
