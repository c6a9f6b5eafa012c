"""Slope: Tobler's ratio, stairs, spans, faults and voids of the terrain, by hand calculation."""

import math

import geopandas as gpd
import numpy as np
import pytest
from pyproj import Transformer

from siting.domain.nouns import Raster
from siting.domain.walkers import WALKERS
from siting.travel.slope import edge_seconds, sample_heights, tobler_ratio
from tests.helpers import CORNER, METRIC, X0, Y0, network, raster

ELDER = WALKERS["elder"]


def line(length: float, kind: str = "street") -> gpd.GeoDataFrame:
    """One edge running east from the corner."""
    return network([([(0.0, 0.0), (length, 0.0)], kind)]).edges


def ground(heights: list[float], cell: float = 30.0) -> Raster:
    """Heights at 0, cell, 2 cells … metres east of the corner, the same in three rows."""
    return raster([heights] * 3, cell, left=-cell / 2, bottom=-1.5 * cell)


def there_and_back(edges: gpd.GeoDataFrame, terrain: Raster | None) -> tuple[float, float, tuple[str, ...]]:
    seconds, notes = edge_seconds(edges, METRIC, terrain, ELDER)
    ahead, back = seconds.totals
    return float(ahead[0]), float(back[0]), tuple(note.code for note in notes)


@pytest.mark.parametrize(
    ("slope", "speed", "metres"),
    [(0.05, 0.67, 604), (0.08, 0.61, 544), (0.10, 0.56, 507), (0.15, 0.47, 426), (0.20, 0.40, 358)],
)
def test_uphill_speeds_of_the_published_table(slope: float, speed: float, metres: int) -> None:
    walked = 0.8 * tobler_ratio(np.array([slope]))[0]
    assert walked == pytest.approx(speed, abs=0.006)
    assert walked * 900 == pytest.approx(metres, abs=1)


@pytest.mark.parametrize("slope", [-0.4, -0.2, -0.1, -0.05, 0.0, 0.1, 0.4])
def test_ratio_is_toblers_capped_at_the_flat(slope: float) -> None:
    def tobler_km_h(s: float) -> float:
        return 6 * math.exp(-3.5 * abs(s + 0.05))

    expected = min(1.0, tobler_km_h(slope) / tobler_km_h(0.0))
    assert tobler_ratio(np.array([slope]))[0] == pytest.approx(expected, rel=1e-12)


def test_going_down_is_never_faster_than_the_flat() -> None:
    assert tobler_ratio(np.linspace(-0.45, 0.45, 901)).max() == 1.0
    ahead, back, _ = there_and_back(line(300.0), ground([100 - 1.5 * i for i in range(12)]))
    assert ahead == pytest.approx(300 / 0.8)
    assert back == pytest.approx(300 / (0.8 * math.exp(-0.175)))


def test_flat_without_terrain() -> None:
    assert there_and_back(line(100.0), None) == (125.0, 125.0, ())


def test_slope_is_measured_over_pieces_no_shorter_than_a_terrain_cell() -> None:
    # 100 m on 30 m cells: three pieces of 33.3 m; a hill of 3 m at 50 m is seen only as the pieces see it.
    seconds, _ = edge_seconds(line(100.0), METRIC, ground([0.0] * 6), ELDER)
    assert seconds.pieces.tolist() == [3]
    seconds, _ = edge_seconds(line(29.0), METRIC, ground([0.0] * 6), ELDER)
    assert seconds.pieces.tolist() == [1]


def test_position_along_an_edge_adds_its_pieces_up() -> None:
    # Pieces of 30 m: up 10 %, flat, down 10 %. To 45 m: one steep piece and half a flat one.
    seconds, _ = edge_seconds(line(90.0), METRIC, ground([0.0, 3.0, 3.0, 0.0]), ELDER)
    ahead, back = seconds.at(np.array([0]), np.array([45.0]))
    up, down = 30 / (0.8 * math.exp(-0.35)), 30 / 0.8
    assert ahead[0] == pytest.approx(up + 15 / 0.8)
    assert back[0] == pytest.approx(15 / 0.8 + down)
    assert seconds.totals[0][0] == pytest.approx(up + 30 / 0.8 + down)


def test_a_spike_beyond_45_percent_is_replaced_by_the_mean_of_the_edge() -> None:
    ahead, back, notes = there_and_back(line(90.0), ground([0.0, 20.0, 0.0, 0.0]))
    assert (ahead, back) == (pytest.approx(90 / 0.8), pytest.approx(90 / 0.8))
    assert notes == ("edges_too_steep",)


def test_edges_that_are_too_steep_are_named_by_place() -> None:
    steep, flat = ([(0.0, 0.0), (90.0, 0.0)], "street"), ([(90.0, 0.0), (400.0, 0.0)], "street")
    heights = ground([0.0, 20.0, *[0.0] * 13])
    (note,) = edge_seconds(network([flat, steep]).edges, METRIC, heights, ELDER)[1]
    lon, lat = Transformer.from_crs(METRIC, "EPSG:4326", always_xy=True).transform(X0 + 45, Y0)
    assert note.values == {"count": 1, "edges": f"{lon:.6f}, {lat:.6f}"}
    many = [([(0.0, 1.5 * row), (90.0, 1.5 * row)], "street") for row in range(-8, 8)]
    (note,) = edge_seconds(network(many).edges, METRIC, heights, ELDER)[1]
    assert note.values["count"] == 16
    assert note.values["edges"].count(";") == 10
    assert note.values["edges"].endswith("; …")


def test_a_mean_beyond_45_percent_is_clamped_there_in_both_directions() -> None:
    climb = there_and_back(line(90.0), ground([0.0, 30.0, 60.0, 90.0]))
    descent = there_and_back(line(90.0), ground([90.0, 60.0, 30.0, 0.0]))
    up, down = 90 / (0.8 * math.exp(-3.5 * 0.50 + 0.175)), 90 / (0.8 * math.exp(-3.5 * 0.40 + 0.175))
    assert climb[:2] == (pytest.approx(up), pytest.approx(down))
    assert descent[:2] == (pytest.approx(down), pytest.approx(up))


def test_only_the_faulty_piece_is_replaced() -> None:
    # Pieces: 10 % up, 60 % up (a fault), 40 % down; the edge's mean is 3 ÷ 30 = 10 %.
    ahead, _, _ = there_and_back(line(90.0), ground([0.0, 3.0, 21.0, 9.0]))
    ten, forty_down = math.exp(-0.35), math.exp(-3.5 * 0.35 + 0.175)
    assert ahead == pytest.approx(30 / 0.8 * (1 / ten + 1 / ten + 1 / forty_down))


def test_stairs_have_their_own_speed_along_the_slope() -> None:
    # 30 m of run and 15 m of rise are 33.541 m along; 0.485 m/s up, 0.595 m/s down; 50 % is no fault here.
    ahead, back, notes = there_and_back(line(30.0, "stairs"), ground([0.0, 15.0, 30.0]))
    assert (round(ahead, 3), round(back, 3), notes) == (69.157, 56.371, ())


@pytest.mark.parametrize("kind", ["bridge", "footbridge", "tunnel"])
def test_spans_keep_the_straight_grade_over_a_valley(kind: str) -> None:
    valley = ground([0.0, -4.0, -9.0, -14.0, -18.0, -20.0, -18.0, -14.0, -9.0, -4.0, 0.0, 0.0])
    assert there_and_back(line(300.0, kind), valley)[:2] == (pytest.approx(375.0), pytest.approx(375.0))
    assert min(there_and_back(line(300.0), valley)[:2]) > 400


def test_a_bridge_of_two_edges_keeps_the_straight_grade_over_a_valley() -> None:
    valley = ground([0.0, -4.0, -9.0, -14.0, -18.0, -20.0, -18.0, -14.0, -9.0, -4.0, 0.0, 0.0])
    halves = network([([(0, 0), (150, 0)], "bridge"), ([(150, 0), (300, 0)], "bridge")]).edges
    seconds, _ = edge_seconds(halves, METRIC, valley, ELDER)
    assert seconds.totals[0].sum() == pytest.approx(375.0)


@pytest.mark.parametrize("floor", [-30.0, np.nan])
def test_a_bridge_of_unequal_edges_climbs_evenly_from_bank_to_bank(floor: float) -> None:
    # The banks lie at 0 and 9 m: 3 % all along, whatever is known of the river between them.
    river = ground([0.0, 0.0, *[floor] * 7, 9.0, 9.0, 9.0])
    chain = [([(a, 0), (b, 0)], "bridge") for a, b in ((100, 0), (100, 150), (150, 300))]
    seconds, _ = edge_seconds(network(chain).edges, METRIC, river, ELDER)
    three = 0.8 * math.exp(-3.5 * 0.03)
    # The first edge is drawn downhill, from 100 m back to the bank.
    assert seconds.totals[0] == pytest.approx([100 / 0.8, 50 / three, 150 / three])
    assert seconds.totals[1] == pytest.approx([100 / three, 50 / 0.8, 150 / 0.8])


def test_where_bridges_fork_the_grades_balance() -> None:
    # Banks at 0, 0 and 12 m, each 100 m from the fork: it stands at 4 m.
    plane = raster([[0.0] * 9 if y < 130 else [12.0] * 9 for y in range(240, -270, -30)], 30.0, left=-135, bottom=-255)
    fork = [([(-100, 0), (0, 0)], "bridge"), ([(0, 0), (100, 0)], "bridge"), ([(0, 0), (0, 100)], "bridge")]
    seconds, _ = edge_seconds(network(fork).edges, METRIC, plane, ELDER)
    bank = float(sample_heights(plane, np.array([[0.0, 100.0]]) + CORNER, METRIC)[0])
    rise = bank / 3 / 100
    assert seconds.totals[0][0] == pytest.approx(100 / (0.8 * tobler_ratio(np.array([rise]))[0]))
    assert seconds.totals[0][2] == pytest.approx(100 / (0.8 * tobler_ratio(np.array([2 * rise]))[0]))


def test_missing_heights_are_interpolated_along_the_edge() -> None:
    slope = [3.0 * i for i in range(14)]
    void = [np.nan if i in (4, 5) else height for i, height in enumerate(slope)]
    whole, holed = there_and_back(line(330.0), ground(slope)), there_and_back(line(330.0), ground(void))
    assert holed[:2] == (pytest.approx(whole[0]), pytest.approx(whole[1]))
    assert holed[0] == pytest.approx(330 / (0.8 * math.exp(-0.35)))
    assert holed[2] == ()


def test_an_edge_without_any_height_is_walked_flat_and_told() -> None:
    ahead, back, notes = there_and_back(line(300.0), ground([np.nan] * 12))
    assert (ahead, back, notes) == (pytest.approx(375.0), pytest.approx(375.0), ("edges_without_height",))


def test_an_edge_that_leaves_the_terrain_keeps_its_last_height() -> None:
    # Heights end at 90 m: the first 90 m climb 10 %, the rest goes on level.
    ahead, _, notes = there_and_back(line(180.0), ground([0.0, 3.0, 6.0, 9.0]))
    assert ahead == pytest.approx(90 / (0.8 * math.exp(-0.35)) + 90 / 0.8)
    assert notes == ()


def test_heights_are_bilinear_between_cell_centres() -> None:
    terrain = raster([[0.0, 10.0], [20.0, 50.0]], 30.0)
    # Centres: (15, 45) 0, (45, 45) 10, (15, 15) 20, (45, 15) 50.
    xy = np.array([[15.0, 45.0], [30.0, 45.0], [30.0, 30.0], [45.0, 20.0]]) + CORNER
    assert sample_heights(terrain, xy, METRIC).tolist() == pytest.approx([0.0, 5.0, 20.0, 50 - 40 * 5 / 30])
    assert np.isnan(sample_heights(terrain, np.array([[X0 + 500, Y0]]), METRIC)).all()


@pytest.mark.parametrize("lost", ["bank", "first", "all"])
def test_a_span_whose_bank_has_no_height_makes_no_cliff(lost: str) -> None:
    # The ground lies level at 200 m; heights are not known at one end of a bridge of two edges, or at both.
    heights = [200.0] * 12
    if lost == "bank":
        heights[:3] = [np.nan] * 3
    elif lost == "first":
        heights[:6] = [np.nan] * 6
    else:
        heights = [np.nan] * 12
    halves = network([([(0, 0), (150, 0)], "bridge"), ([(150, 0), (300, 0)], "bridge")]).edges
    seconds, _ = edge_seconds(halves, METRIC, ground(heights), ELDER)
    assert seconds.totals[0].sum() == pytest.approx(375.0)
    assert seconds.totals[1].sum() == pytest.approx(375.0)


def test_terrain_with_many_voids_makes_no_cliffs() -> None:
    # A hill of at most 15 %, and 30 % of its cells without data.
    rng = np.random.default_rng(3)
    x, y = np.meshgrid(np.arange(40) * 30.0, np.arange(40) * 30.0)
    hill = 300 + 60 * np.sin(x / 400) * np.cos(y / 400)
    holed = np.where(rng.random(hill.shape) < 0.3, np.nan, hill)
    ends = rng.uniform(100, 1000, (60, 2, 2))
    kinds = ["street", "bridge", "stairs", "footbridge", "path", "tunnel"]
    edges = network([([tuple(a), tuple(b)], kinds[i % 6]) for i, (a, b) in enumerate(ends.tolist())]).edges
    whole, _ = edge_seconds(edges, METRIC, raster(hill[::-1], 30.0), ELDER)
    pierced, notes = edge_seconds(edges, METRIC, raster(holed[::-1], 30.0), ELDER)
    assert "edges_too_steep" not in {note.code for note in notes}
    for one, other in zip(whole.totals, pierced.totals, strict=True):
        assert other.sum() == pytest.approx(one.sum(), rel=0.1)
        # Level ground is the fastest, and no edge becomes a wall.
        assert (other >= edges["length_m"] / 0.8 * 0.999).all()
        assert (other / one < 1.6).all()


def test_a_ring_of_spans_keeps_what_is_known_of_it() -> None:
    corners = [(0, 0), (300, 0), (300, 60), (0, 60)]
    ring = network([([corners[i], corners[i - 3]], "footbridge") for i in range(4)])
    plane = raster([[200.0] * 7 + [np.nan] * 8] * 9, 30.0, left=-60, bottom=-75)
    seconds, notes = edge_seconds(ring.edges, METRIC, plane, ELDER)
    assert seconds.totals[0].sum() == pytest.approx(720 / 0.8)
    assert [note.code for note in notes] == ["edges_without_height"]
