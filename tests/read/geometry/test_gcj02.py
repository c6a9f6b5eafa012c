"""The shifted coordinates of web maps, against vectors that others published."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from siting.read.geometry import gcj02

# Two vectors come from a program that turns BD-09 back with the wave of pi instead of 3000 pi / 180, and GCJ-02 only
# approximately; they contradict all the others.
OTHER_FORMULA = "eviltransform_bd2wgs"
METRES = Geod(ellps="WGS84")

chinese_lon = st.floats(73.4, 135.1)
chinese_lat = st.floats(3.4, 53.6)


@pytest.fixture(scope="module")
def vectors(shared: Path) -> pd.DataFrame:
    found = pd.read_csv(shared / "realdata" / "gcj02" / "vectors.csv")
    assert len(found) == 670
    return found


WAYS = [
    ("wgs", "gcj", gcj02.gcj02_from_wgs84),
    ("gcj", "wgs", gcj02.wgs84_from_gcj02),
    ("gcj", "bd", gcj02.bd09_from_gcj02),
    ("bd", "gcj", gcj02.gcj02_from_bd09),
    ("bd", "wgs", gcj02.wgs84_from_bd09),
]


@pytest.mark.parametrize(("start", "end", "way"), WAYS)
def test_published_vectors(vectors: pd.DataFrame, start: str, end: str, way: gcj02.Way) -> None:
    known = vectors[vectors[f"{start}_lng"].notna() & vectors[f"{end}_lng"].notna()]
    known = known[known["name"] != OTHER_FORMULA]
    assert len(known) >= 664
    lon, lat = way(known[f"{start}_lng"].to_numpy(), known[f"{start}_lat"].to_numpy())
    tolerance = known["tol_deg"].to_numpy()
    assert (np.abs(lon - known[f"{end}_lng"]) <= tolerance).all()
    assert (np.abs(lat - known[f"{end}_lat"]) <= tolerance).all()


def test_the_two_vectors_left_out_follow_another_formula(vectors: pd.DataFrame) -> None:
    odd = vectors[vectors["name"] == OTHER_FORMULA]
    assert len(odd) == 2
    x, y = odd["bd_lng"].to_numpy() - 0.0065, odd["bd_lat"].to_numpy() - 0.006
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * np.pi)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * np.pi)
    lon, lat = radius * np.cos(angle), radius * np.sin(angle)
    shifted = gcj02.gcj02_from_wgs84(lon, lat)
    np.testing.assert_allclose(2 * lon - shifted[0], odd["wgs_lng"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(2 * lat - shifted[1], odd["wgs_lat"], rtol=0, atol=1e-6)


@given(lon=chinese_lon, lat=chinese_lat)
def test_there_and_back_is_less_than_a_centimetre(lon: float, lat: float) -> None:
    for there, back in (
        (gcj02.gcj02_from_wgs84, gcj02.wgs84_from_gcj02),
        (lambda x, y: gcj02.bd09_from_gcj02(*gcj02.gcj02_from_wgs84(x, y)), gcj02.wgs84_from_bd09),
        (gcj02.bd09_from_gcj02, gcj02.gcj02_from_bd09),
    ):
        x, y = back(*there(np.array([lon]), np.array([lat])))
        assert abs(x[0] - lon) < 1e-10
        assert abs(y[0] - lat) < 1e-10
        assert METRES.inv(lon, lat, x[0], y[0])[2] < 0.01


def test_there_and_back_over_all_of_the_box() -> None:
    rng = np.random.default_rng(7)
    west, south, east, north = gcj02.CHINA_BOX
    lon, lat = rng.uniform(west, east, 50_000), rng.uniform(south, north, 50_000)
    # Near 105 degrees the formula holds a square root that is steep.
    lon[:1000] = 105 + rng.uniform(-1e-9, 1e-9, 1000)
    # Corners and sides belong to the box.
    lon[1000:1004], lat[1000:1004] = [west, east, west, east], [south, south, north, north]
    x, y = gcj02.wgs84_from_gcj02(*gcj02.gcj02_from_wgs84(lon, lat))
    assert np.abs(x - lon).max() < 1e-10
    assert np.abs(y - lat).max() < 1e-10


def test_places_abroad_are_not_shifted() -> None:
    lon, lat = np.array([-51.2, 71.0, 106.0, 139.7]), np.array([-30.0, 40.0, 57.0, 35.7])
    for way in (gcj02.gcj02_from_wgs84, gcj02.wgs84_from_gcj02):
        x, y = way(lon, lat)
        assert (x == lon).all()
        assert (y == lat).all()


def test_at_the_border_what_can_come_from_inside_does() -> None:
    west, _, east, _ = gcj02.CHINA_BOX
    # Just inside the eastern border a place is carried across it; both it and the place outside lie there then.
    lon, lat = np.array([east - 1e-4]), np.array([35.0])
    across = gcj02.gcj02_from_wgs84(lon, lat)
    assert across[0][0] > east
    assert gcj02.gcj02_from_wgs84(*across) == across
    assert gcj02.wgs84_from_gcj02(*across)[0][0] == pytest.approx(lon[0], abs=1e-10)
    # Just inside the western border no place inside leads: it is taken as not shifted.
    lonely = np.array([west + 1e-4]), np.array([35.0])
    assert gcj02.wgs84_from_gcj02(*lonely) == lonely


def test_what_is_not_finite_stays_and_others_are_shifted_all_the_same() -> None:
    lon, lat = np.array([np.nan, np.inf, 106.55]), np.array([29.0, 29.0, 29.56])
    for _, _, way in WAYS:
        x, y = way(lon, lat)
        assert np.isnan(x[0])
        assert np.isinf(x[1])
        assert 100 < METRES.inv(x[2], y[2], 106.55, 29.56)[2] < 2000
