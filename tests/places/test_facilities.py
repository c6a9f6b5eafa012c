"""Which facilities count, their land, their unit; which candidates may be built."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from siting.domain.scenario import Head
from siting.places import counted_land, home_units, land_span, more_land, open_facilities, screen_candidates, with_plots
from siting.places.facilities import with_beds_of_stations
from tests.helpers import METRIC, box, candidates, facilities, units


def land(*rows: dict[str, Any]) -> list[float]:
    """Counted land of facilities, by hand below."""
    return counted_land(facilities({f"f{i}": ((0, 0), row) for i, row in enumerate(rows)})).tolist()


NAN = pytest.approx(np.nan, nan_ok=True)


def test_an_own_plot_counts_whole_whatever_stands_on_it() -> None:
    assert land({"land_m2": 800.0}, {"land_m2": 800.0, "floor_area_m2": 3000.0, "far": 2.0}) == [800.0, 800.0]


def test_a_shared_building_counts_its_share_of_the_plot() -> None:
    # 500 of 4,000 m² of floor: an eighth of the plot.
    assert land({"land_m2": 1600.0, "floor_area_m2": 500.0, "building_floor_area_m2": 4000.0}) == [200.0]


def test_a_share_never_exceeds_the_plot() -> None:
    assert land({"land_m2": 1600.0, "floor_area_m2": 5000.0, "building_floor_area_m2": 4000.0}) == [1600.0]


def test_without_a_plot_land_is_floor_area_divided_by_the_floor_area_ratio() -> None:
    assert land({"floor_area_m2": 350.0, "far": 2.5}) == [140.0]


def test_what_is_not_given_is_missing_and_never_zero() -> None:
    assert land({}) == [NAN]
    assert land({"floor_area_m2": 350.0}) == [NAN]
    assert land({"far": 2.5}) == [NAN]
    # In a shared building whose share is not known, not even the plot counts.
    assert land({"land_m2": 1600.0, "building_floor_area_m2": 4000.0}) == [NAN]
    assert land({"land_m2": 0.0}) == [0.0]


def test_facilities_of_one_site_that_give_its_whole_plot_count_it_once() -> None:
    whole = {"land_m2": 900.0, "site_id": "s"}
    assert land(whole, whole, whole, {"land_m2": 900.0}) == [300.0, 300.0, 300.0, 900.0]


def test_shares_of_one_site_add_up_at_most_to_its_plot() -> None:
    share = {"land_m2": 1000.0, "building_floor_area_m2": 1000.0, "site_id": "s"}
    assert land({**share, "floor_area_m2": 300.0}, {**share, "floor_area_m2": 200.0}) == [300.0, 200.0]
    assert land({**share, "floor_area_m2": 900.0}, {**share, "floor_area_m2": 600.0}) == pytest.approx([600.0, 400.0])


def test_a_plot_given_by_one_caps_a_neighbour_of_the_site_known_by_floor_area_only() -> None:
    plot, floor = {"land_m2": 500.0, "site_id": "s"}, {"floor_area_m2": 1000.0, "far": 2.0, "site_id": "s"}
    assert land(plot, floor) == [250.0, 250.0]


def test_a_site_may_be_named_like_a_facility() -> None:
    assert land({"land_m2": 100.0}, {"land_m2": 200.0, "site_id": "f0"}) == [100.0, 200.0]


def test_missing_land_adds_nothing_where_the_whole_plot_is_counted() -> None:
    assert land({"land_m2": 600.0, "site_id": "s"}, {"site_id": "s"}) == [600.0, 0.0]


def test_missing_land_stays_missing_where_part_of_the_plot_is_left() -> None:
    shared = {"land_m2": 600.0, "floor_area_m2": 100.0, "building_floor_area_m2": 200.0, "site_id": "s"}
    assert land(shared, {"site_id": "s"}) == [300.0, NAN]


def span(*rows: dict[str, Any], **at_most: float) -> list[list[float]]:
    """Least and most land of facilities, by hand below."""
    return land_span(facilities({f"f{i}": ((0, 0), row) for i, row in enumerate(rows)}), at_most).to_numpy().tolist()


def test_a_plot_of_more_than_two_and_a_half_times_the_floor_area_may_be_shared() -> None:
    # 3,600 m² of land, 380 m² of floor: of a building of 4,400 m² it would count 311 m², alone all of it.
    assert span({"land_m2": 3600.0, "floor_area_m2": 380.0}) == [[0.0, 3600.0]]
    assert span({"land_m2": 950.0, "floor_area_m2": 380.0}) == [[950.0, 950.0]]
    assert span({"land_m2": 950.5, "floor_area_m2": 380.0}) == [[0.0, 950.5]]


def test_the_floor_area_of_the_building_or_its_ratio_settles_a_doubtful_plot() -> None:
    plot = {"land_m2": 3600.0, "floor_area_m2": 380.0}
    assert span(plot | {"building_floor_area_m2": 380.0}) == [[3600.0, 3600.0]]
    assert span(plot | {"building_floor_area_m2": 7600.0}) == [[180.0, 180.0]]
    # A FAR of 2 means 7,200 m² of floor, of which 380 are a nineteenth part and 1/360.
    assert span(plot | {"far": 2.0}) == [[190.0, 190.0]]


def test_a_doubtful_plot_has_at_most_what_the_others_of_its_site_leave() -> None:
    one = {"land_m2": 3600.0, "floor_area_m2": 1100.0, "building_floor_area_m2": 4400.0, "site_id": "s"}
    other = {"land_m2": 3600.0, "floor_area_m2": 380.0, "site_id": "s"}
    assert span(one, other) == [[900.0, 900.0], [0.0, 2700.0]]
    assert span(one, other, other) == [[900.0, 900.0], [0.0, 1350.0], [0.0, 1350.0]]
    whole = {"land_m2": 3600.0, "site_id": "s"}
    assert span(whole, other) == [[3600.0, 3600.0], [0.0, 0.0]]


def test_a_ratio_beside_a_plot_leaves_open_how_much_of_it_counts() -> None:
    plot = {"land_m2": 600.0, "floor_area_m2": 300.0, "far": 2.5}
    # Floor area ÷ FAR is 120 m²: the ratio may be that of what stands on the plot, or what is permitted there.
    assert span(plot) == [[120.0, 600.0]]
    # So that neither the plot, nor the ratio, nor the floor area may be left blank and move a verdict.
    assert span(plot | {"land_m2": None}) == [[120.0, 120.0]]
    assert span(plot | {"far": None}) == [[600.0, 600.0]]
    assert span(plot | {"floor_area_m2": None}) == [[0.0, 600.0]]
    assert span(plot | {"far": 0.5}) == [[600.0, 600.0]]
    # 300 ÷ 0.53 = 566 m²; 300 ÷ 0.52 = 577 m², as much as the plot but for what is rounded.
    assert span(plot | {"far": 0.53}) == [[pytest.approx(566.04, abs=0.01), 600.0]]
    assert span(plot | {"far": 0.52}) == [[600.0, 600.0]]


def plots(*rows: tuple[float, dict[str, Any]]) -> list[list[float]]:
    """Least and most land of facilities that stand in a row, metres from its beginning."""
    ledger = with_plots(facilities({f"f{i}": ((x, 0), row) for i, (x, row) in enumerate(rows)}))
    return land_span(ledger, {}).to_numpy().tolist()


@pytest.mark.parametrize("sites", [(None, None), ("S", None), (None, "S")])
@pytest.mark.parametrize(("metres", "doubted"), [(5.0, True), (5.1, False)])
def test_neighbours_without_a_common_site_may_stand_on_one_plot(
    sites: tuple[str | None, str | None], metres: float, *, doubted: bool
) -> None:
    one, other = ({"land_m2": land, "site_id": site} for land, site in zip((900.0, 600.0), sites, strict=True))
    # On one plot, the larger one of 900 m², they count 540 and 360.
    expected = [[540.0, 900.0], [360.0, 600.0]] if doubted else [[900.0, 900.0], [600.0, 600.0]]
    assert plots((0.0, one), (metres, other)) == expected


def test_equal_plots_no_farther_apart_than_one_is_wide_may_be_one() -> None:
    # A square of 1,800 m² has a diagonal of 60 m.
    plot = {"land_m2": 1800.0}
    assert plots((0.0, plot), (60.0, plot)) == [[900.0, 1800.0], [900.0, 1800.0]]
    assert plots((0.0, plot), (60.1, plot)) == [[1800.0, 1800.0], [1800.0, 1800.0]]
    assert plots((0.0, plot), (60.0, {"land_m2": 1790.0})) == [[1800.0, 1800.0], [1790.0, 1790.0]]


def test_whoever_names_another_site_has_another_plot() -> None:
    one, other = {"land_m2": 900.0, "site_id": "S"}, {"land_m2": 900.0, "site_id": "T"}
    assert plots((0.0, one), (0.0, other)) == [[900.0, 900.0], [900.0, 900.0]]


def test_what_one_of_a_site_may_share_all_of_it_may() -> None:
    site = {"land_m2": 900.0, "site_id": "S"}
    # Two of a site count 450 each; with a third on the plot all count 300.
    assert plots((0.0, site), (30.0, site), (900.0, {"land_m2": 900.0}))[:2] == [[450.0, 450.0]] * 2
    assert plots((0.0, site), (30.0, site), (31.0, {"land_m2": 900.0})) == [[300.0, 450.0]] * 2 + [[300.0, 900.0]]


def test_records_placed_by_a_name_tell_nothing_of_their_plots() -> None:
    ledger = facilities({key: ((0, 0), {"land_m2": 900.0}) for key in "ab"})
    assert with_plots(ledger.assign(located_within_m=[0.0, 400.0]))["plot"].tolist() == ["a", "a"]
    assert with_plots(ledger.assign(located_within_m=400.0))["plot"].isna().all()


def test_shares_of_one_building_are_not_counted_twice_whatever_the_site() -> None:
    share = {"land_m2": 1000.0, "building_floor_area_m2": 1000.0, "floor_area_m2": 300.0}
    assert plots((0.0, share), (0.0, share)) == [[300.0, 300.0]] * 2


def test_missing_land_is_at_most_what_is_said_of_its_tier() -> None:
    assert span({}, {"tier": "centre"}, station=400.0) == [[NAN, 400.0], [NAN, np.inf]]


def test_another_record_of_the_site_takes_no_sure_land_away() -> None:
    sure = {"land_m2": 1500.0, "floor_area_m2": 1333.5, "far": 1.5, "site_id": "z"}
    other = {"land_m2": 1500.0, "floor_area_m2": 150.0, "site_id": "z"}
    assert span(sure) == [[pytest.approx(889.0), 1500.0]]
    # Together the site has the same: the second may share what is left of the plot.
    both = np.array(span(sure, other))
    assert both[:, 0].tolist() == [pytest.approx(889.0), 0.0]
    assert both[:, 1].sum() == pytest.approx(1500.0)
    assert (both[:, 1] >= both[:, 0]).all()


def test_what_may_open_on_a_common_site_adds_no_more_than_its_plot() -> None:
    ledger = facilities({key: ((0, 0), {"land_m2": 700.0, "site_id": "z"}) for key in "ab"})
    assert more_land(ledger.loc[["a"]], ledger.loc[["b"]], {}).tolist() == [0.0]
    larger = facilities({"c": ((0, 0), {"land_m2": 1000.0, "site_id": "z"}), "d": ((0, 0), {"land_m2": 50.0})})
    assert more_land(ledger.loc[["a"]], larger, {}).tolist() == [pytest.approx(300.0), 50.0]
    assert more_land(ledger, facilities({"e": ((0, 0), {})}), {}).tolist() == [np.inf]


# --- horizon ----------------------------------------------------------------------------------------------------------

CURRENT, PLANNED = Head(title="t", date="2026-01-01"), Head(title="t", date="2026-01-01", horizon=2030)


def is_open(head: Head, status: str, opens: str | None = None, closes: str | None = None) -> bool:
    dates = {"opens": None if opens is None else pd.Timestamp(opens), "closes": closes and pd.Timestamp(closes)}
    return len(open_facilities(facilities({"f": ((0, 0), {"status": status, **dates})}), head)) == 1


@pytest.mark.parametrize(
    ("status", "opens", "closes", "counts"),
    [
        ("existing", None, None, True),
        ("existing", "2026-01-01", None, True),
        ("existing", "2026-01-02", None, False),
        ("existing", None, "2026-01-01", False),
        ("existing", None, "2026-01-02", True),
        ("closing", None, None, True),
        ("closing", None, "2026-01-01", False),
        ("closing", None, "2026-06-30", True),
        ("under_construction", None, None, False),
        ("under_construction", "2025-01-01", None, False),
        ("planned", None, None, False),
    ],
)
def test_what_is_open_today(status: str, opens: str | None, closes: str | None, counts: bool) -> None:  # noqa: FBT001
    assert is_open(CURRENT, status, opens, closes) is counts


@pytest.mark.parametrize(
    ("status", "opens", "closes", "counts"),
    [
        ("existing", None, None, True),
        ("under_construction", None, None, False),
        ("planned", None, None, False),
        ("under_construction", "2026-06-01", None, True),
        ("planned", "2030-12-31", None, True),
        ("planned", "2031-01-01", None, False),
        ("existing", None, "2030-12-31", False),
        ("existing", None, "2031-01-01", True),
        ("closing", None, None, False),
        ("closing", None, "2030-12-31", False),
    ],
)
def test_what_is_open_at_a_planned_year(status: str, opens: str | None, closes: str | None, counts: bool) -> None:  # noqa: FBT001
    assert is_open(PLANNED, status, opens, closes) is counts


def test_rows_and_columns_of_open_facilities_stay_as_they_are() -> None:
    ledger = facilities(
        {"b": ((0, 0), {"tier": "institution"}), "x": ((0, 0), {"status": "planned"}), "a": ((5, 0), {"beds": 7})}
    )
    found = open_facilities(ledger, CURRENT)
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(ledger.loc[["b", "a"]]))


# --- home units -------------------------------------------------------------------------------------------------------

STREETS = units({"west": box(0, 0, 500, 500), "east": box(500, 0, 1000, 500), "lid": box(0, 400, 1000, 900)})


def home(place: tuple[float, float], **facts: Any) -> Any:
    found = home_units(facilities({"f": (place, facts)}), {"street": STREETS}).loc["f", "street"]
    return None if pd.isna(found) else found


def test_the_unit_that_a_facility_names_comes_first() -> None:
    assert home((10, 10), street_id="east") == "east"
    assert home((10, 10), community_id="east") == "west"


def test_else_the_unit_whose_interior_holds_it() -> None:
    assert home((10, 10)) == "west"
    assert home((990, 10)) == "east"


def test_on_a_border_the_first_by_code() -> None:
    assert home((500, 10)) == "east"
    assert home((0, 0)) == "west"


def test_an_interior_comes_before_a_border_with_an_earlier_code() -> None:
    # On the border of east and west, inside lid.
    assert home((500, 450)) == "lid"


def test_outside_every_unit_there_is_none() -> None:
    assert home((2000, 10)) is None


def test_each_facility_has_one_unit_whatever_the_order_of_units() -> None:
    ledger = facilities({f"f{i}": ((100.0 * i, 450.0), {}) for i in range(11)})
    one = home_units(ledger, {"street": STREETS})
    other = home_units(ledger, {"street": STREETS.iloc[::-1]})
    pd.testing.assert_frame_equal(one, other)
    assert len(one) == 11


def test_one_of_the_surroundings_is_at_home_nowhere() -> None:
    ledger = facilities({"own": ((10, 10), {}), "theirs": ((10, 10), {"street_id": "east"})})
    homes = home_units(ledger.assign(context=[False, True]), {"street": STREETS})
    assert homes["street"].notna().tolist() == [True, False]


def test_what_its_street_alone_has_placed_is_at_home_in_no_community() -> None:
    named = {"a": {}, "b": {}, "c": {"community_id": "east"}}
    ledger = facilities({key: ((10, 10), facts) for key, facts in named.items()})
    ledger = ledger.assign(located_by=["coordinates", "street", "street"])
    homes = home_units(ledger, {"street": STREETS, "community": STREETS})
    assert homes["street"].tolist() == ["west", "west", "east"]
    assert homes["community"].fillna("").tolist() == ["west", "", "east"]


def test_communities_add_up_to_streets_and_these_to_the_district_for_whoever_names_a_unit() -> None:
    communities = units(
        {
            f"{street}{j}": box(500 * i, 250 * j, 500 * i + 500, 250 * j + 250)
            for i, street in enumerate("ab")
            for j in (0, 1)
        }
    )
    given = {
        "district": units({"d": box(0, 0, 1000, 500), "e": box(1000, 0, 9000, 500)}),
        "street": units({"a": box(0, 0, 500, 500), "b": box(500, 0, 1000, 500), "far": box(1000, 0, 9000, 500)}),
        "community": communities,
    }
    ledger = facilities(
        {
            "inside": ((10, 10), {}),
            "beyond the border": ((10, -170), {"community_id": "a0"}),
            "both named": ((10, -170), {"community_id": "b1", "street_id": "b"}),
            "in the next street": ((10, 10), {"community_id": "b0"}),
            "in the next district": ((1100, 10), {"community_id": "b0"}),
        }
    )
    homes = home_units(ledger, given)
    assert list(homes) == list(given)
    assert homes["community"].tolist() == ["a0", "a0", "b1", "b0", "b0"]
    # The holders by the letters, not by geometry.
    assert homes["street"].tolist() == [community[0] for community in homes["community"]]
    assert set(homes["district"]) == {"d"}


def test_a_street_named_from_outside_counts_in_its_district_too() -> None:
    given = {"street": STREETS, "district": units({"d": box(0, 0, 1000, 900)})}
    ledger = facilities({"named": ((10, -170), {"street_id": "west"}), "unnamed": ((10, -170), {})})
    assert home_units(ledger, given)["district"].fillna("").tolist() == ["d", ""]


def test_within_the_unit_that_is_named_the_point_decides_above() -> None:
    # A planning unit may cut a street: most of lid lies in the south.
    given = {"street": STREETS, "planning": units({"south": box(0, 0, 1000, 800), "north": box(0, 800, 1000, 900)})}
    found = home_units(facilities({"f": ((10, 850), {"street_id": "lid"})}), given)
    assert found.loc["f", "planning"] == "north"


def test_no_facility_has_no_home() -> None:
    assert home_units(facilities({}), {"street": STREETS}).shape == (0, 1)


# --- candidates -------------------------------------------------------------------------------------------------------


def test_candidates_on_excluded_ground_are_refused_with_layer_and_rule() -> None:
    premises = candidates(
        {
            "free": ((900, 900), {}),
            "both": ((150, 150), {}),
            "border": ((100, 50), {}),
            "farm": ((10, 10), {}),
        }
    )
    ground = {
        "flood": units({"f": box(100, 0, 200, 200)}),
        "farmland": units({"a": box(0, 0, 50, 50), "b": box(120, 120, 180, 180), "c": box(140, 140, 160, 160)}),
        "empty": units({}),
    }
    refused = screen_candidates(premises, ground, {"flood": "河道管理范围", "farmland": "永久基本农田", "empty": "…"})
    assert list(refused.itertuples(name=None)) == [
        ("both", "flood", "河道管理范围", "excluded_ground"),
        ("both", "farmland", "永久基本农田", "excluded_ground"),
        ("border", "flood", "河道管理范围", "excluded_ground"),
        ("farm", "farmland", "永久基本农田", "excluded_ground"),
    ]


def test_nothing_is_refused_without_excluded_ground_or_candidates() -> None:
    premises = candidates({"a": ((0, 0), {})})
    assert list(screen_candidates(premises, {}, {}).columns) == ["layer", "clause", "reason"]
    assert len(screen_candidates(premises, {}, {})) == 0
    nobody = gpd.GeoDataFrame(candidates({}), crs=METRIC)
    assert len(screen_candidates(nobody, {"x": units({"f": box(0, 0, 1, 1)})}, {"x": "…"})) == 0


def test_a_station_without_a_number_of_beds_has_none_unless_it_gives_some() -> None:
    rows = [("station", None, None), ("station", None, 4), ("station", 6, None), ("centre", None, None)]
    table = pd.DataFrame(rows, columns=["tier", "beds", "nursing_beds"]).astype(
        {"beds": "Int64", "nursing_beds": "Int64"}
    )
    ledger = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy([0] * 4, [0] * 4))
    found = with_beds_of_stations(ledger)
    assert found["beds"].fillna(-1).tolist() == [0, -1, 6, -1]
    assert found["nursing_beds"].fillna(-1).tolist() == [0, 4, -1, -1]
