"""What is kept between runs: found again when nothing changed, computed again when anything did, never a fault."""

import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

import siting
from siting import pipeline, store
from siting.domain.nouns import Assessment, Inputs, Network, OpenGround
from siting.results import GapReport
from siting.travel import cache
from tests.helpers import (
    at,
    box,
    candidates,
    check,
    facilities,
    inputs,
    network,
    raster,
    scenario,
    units,
    with_settings,
)

LINES = [([(0, 100), (900, 100)], "street"), ([(900, 100), (1800, 100)], "path"), ([(900, 100), (900, 900)], "stairs")]


def district() -> Inputs:
    """A street of 1.8 km with a flight of stairs, two stations, an institution and a candidate, on a slope."""
    return inputs(
        settings=scenario(),
        residents=raster(np.full((9, 18), 5.0)),
        elderly=raster(np.full((9, 18), 1.0)),
        places={"district": units({"D": box(0, 0, 1800, 900)})},
        ledger=facilities(
            {
                "a": ((100, 100), {}),
                "b": ((1500, 120), {}),
                # Who does not say whether it serves its community is walked to once more.
                "i": ((900, 150), {"tier": "institution", "serves_community": False}),
            }
        ),
        premises=candidates({"k": ((600, 110), {})}),
        streets=network(LINES),
        terrain=raster(np.add.outer(np.zeros(10), np.arange(20) * 5.0)),
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, empty."""
    monkeypatch.setenv("SITING_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was worked out and not found: the word ``walk`` or ``network`` each time."""
    told: list[str] = []

    def counted(what: str, does: Callable[..., Any], *given: Any, **named: Any) -> Any:
        told.append(what)
        return does(*given, **named)

    monkeypatch.setattr(cache, "walk", partial(counted, "walk", cache.walk))
    prepare = cache.WalkingGround.prepare
    monkeypatch.setattr(cache.WalkingGround, "prepare", lambda given: counted("network", prepare, given))
    return told


def written(found: Assessment, folder: Path) -> bytes:
    GapReport(found).to_file(folder / "gaps.geojson")
    return (folder / "gaps.geojson").read_bytes()


def test_a_second_run_works_nothing_out_and_says_the_same(home: Path, worked: list[str], tmp_path: Path) -> None:
    with store.cache_off():
        plain = written(check(district()), tmp_path)
    assert worked == ["network", "walk", "walk"]
    assert not home.exists()
    assert written(check(district()), tmp_path) == plain
    assert worked == ["network", "walk", "walk"] * 2
    assert written(check(district()), tmp_path) == plain
    assert worked == ["network", "walk", "walk"] * 2
    assert len(list(home.iterdir())) == 3


def streets(**columns: Any) -> Network:
    found = network(LINES)
    return replace(found, edges=found.edges.assign(**columns))


def bent() -> Network:
    """The same ends and lengths, another line."""
    found = network(LINES)
    shapes = found.edges.geometry.to_numpy().copy()
    first, last = shapely.get_coordinates(shapes[0])
    shapes[0] = shapely.LineString([first, (first + last) / 2 + [0.0, 1.0], last])
    return replace(found, edges=found.edges.set_geometry(gpd.GeoSeries(shapes, crs=found.edges.crs)))


def moved(given: Inputs) -> Inputs:
    return replace(given, facilities=given.facilities.set_geometry([at(101, 100), at(1500, 120), at(900, 150)]))


CHANGES: dict[str, Callable[[Inputs], Inputs]] = {
    "kind of an edge": lambda given: replace(given, network=streets(kind=["street", "path", "street"])),
    "length of an edge": lambda given: replace(given, network=streets(length_m=[901.0, 900.0, 800.0])),
    "shape of an edge": lambda given: replace(given, network=bent()),
    "one edge less": lambda given: replace(given, network=network(LINES[:2])),
    "heights": lambda given: replace(given, terrain=raster(np.add.outer(np.zeros(10), np.arange(20) * 6.0))),
    "place of the heights": lambda given: replace(given, terrain=raster(np.asarray(given.terrain.values), left=1.0)),
    "no heights": lambda given: replace(given, terrain=None),
    "slope": lambda given: with_settings(given, walking={"slope": False}),
    "walker": lambda given: with_settings(given, walking={"walker": "frail"}),
    "direction": lambda given: with_settings(given, walking={"direction": "both_ways"}),
    "minutes": lambda given: with_settings(given, walking={"minutes": 14.0}),
    "longest time": lambda given: with_settings(given, walking={"max_minutes": 59.0}),
    "limit of joining": lambda given: with_settings(given, walking={"attach_limit_m": 199.0}),
    "mode": lambda given: with_settings(given, walking={"mode": "straight_line"}),
    "a site moved": moved,
    "a site renamed": lambda given: replace(given, facilities=given.facilities.rename(index={"a": "z"})),
    "a site less": lambda given: replace(given, facilities=given.facilities.iloc[1:]),
    "who counts": lambda given: with_settings(given, circle={"tiers": ("centre",)}),
    "cut-off of institutions": lambda given: with_settings(given, land={"institution_minutes": 20.0}),
    "cells moved": lambda given: replace(
        given,
        population=replace(
            given.population,
            residents=raster(np.full((9, 18), 5.0), left=1.0),
            elderly=raster(np.full((9, 18), 1.0), left=1.0),
        ),
    ),
    "a cell more": lambda given: replace(
        given,
        population=replace(given.population, residents=raster(np.full((10, 18), 5.0)), elderly=None),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.usefixtures("home")
def test_a_change_of_any_input_is_walked_anew(worked: list[str], change: str) -> None:
    check(district())
    worked.clear()
    check(CHANGES[change](district()))
    assert "walk" in worked


@pytest.mark.usefixtures("home")
def test_the_network_outlives_a_change_of_sites(worked: list[str]) -> None:
    check(district())
    worked.clear()
    check(moved(district()))
    # The candidates' walk is found, the facilities' is not, and nobody measures the streets again.
    assert worked == ["walk"]


@pytest.mark.usefixtures("home")
def test_what_does_not_matter_to_walks_is_no_change(worked: list[str]) -> None:
    check(district())
    worked.clear()
    given = with_settings(district(), circle={"pass_share": 0.5})
    check(replace(given, facilities=given.facilities.assign(land_m2=100.0)))
    assert worked == []


@pytest.mark.usefixtures("home")
def test_another_version_or_another_code_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.digest("x")
    assert cache.digest("x") == before
    monkeypatch.setattr(cache, "_code", lambda: ("other",))
    assert cache.digest("x") != before


def test_unlike_parts_have_unlike_hashes() -> None:
    parts: list[Any] = [
        1, 1.0, True, None, "1", "", [], [1], [[1]], ["a", "b"], ["ab"], [["a"], "b"], ["a", 1], {"a": 1},
        np.zeros(2), np.zeros(3), np.zeros((1, 2)), np.zeros(2, np.float32), np.zeros(2, np.int64),
        np.array([0.0, -0.0]), np.array(["a", "b"], dtype=object), np.array([np.nan, 0.0]),
    ]  # fmt: skip
    found = [cache.digest(part) for part in parts]
    # A list and an array of the same texts are the same to those who use them.
    assert len(set(found)) == len(parts) - 1
    assert cache.digest(["a", "b"]) != cache.digest("a", "b")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "change",
    [
        lambda ground: replace(ground, slowness=ground.slowness * np.float32(1.5)),
        lambda ground: replace(ground, slopes_within=True),
        lambda ground: replace(ground, grid=raster(np.zeros((36, 72)), cell=25.0, left=1.0).grid),
    ],
)
def test_a_change_of_open_ground_is_walked_anew(worked: list[str], change: Callable[[OpenGround], OpenGround]) -> None:
    ground = OpenGround(raster(np.zeros((36, 72)), cell=25.0).grid, np.ones((36, 72), dtype=np.float32))
    settings = scenario(walking={"mode": "surface"}, surface={"path": "s.tif", "factors": {"1": 1.0}})
    given = replace(district(), scenario=settings, surface=ground)
    check(given)
    worked.clear()
    check(replace(given, network=None))
    assert worked == []
    check(replace(given, surface=change(ground)))
    assert worked == ["network", "walk", "walk"]


def _broken(path: Path) -> None:
    path.write_bytes(b"no archive")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _emptied(path: Path) -> None:
    with zipfile.ZipFile(path, "w"):
        pass


def _pickled(path: Path) -> None:
    np.savez(path, key=np.array(path.stem), layout=np.array([{"a": 1}], dtype=object))


def _of_another(path: Path) -> None:
    np.savez(path, key=np.array("another"), layout=np.zeros(1))


def _zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _lengthless(path: Path) -> None:
    path.write_bytes(b"")


def _open_to_others(path: Path) -> None:
    path.chmod(0o622)


def _of_another_form(path: Path) -> None:
    np.savez(path, key=np.array(path.stem), layout=np.frombuffer(b'{"record": "Walked", "parts": {}}', np.uint8))


SPOILS = [
    _zeroed,
    _lengthless,
    _open_to_others,
    _broken,
    _cut,
    _flipped,
    _emptied,
    _pickled,
    _of_another,
    _of_another_form,
]


@pytest.mark.parametrize("spoil", SPOILS)
def test_spoilt_files_are_worked_out_anew_and_mended(
    home: Path, worked: list[str], tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    plain = written(check(district()), tmp_path)
    for path in home.iterdir():
        spoil(path)
    worked.clear()
    assert written(check(district()), tmp_path) == plain
    assert worked == ["network", "walk", "walk"]
    worked.clear()
    assert written(check(district()), tmp_path) == plain
    assert worked == []


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SITING_CACHE", str(tmp_path / "file" / "cache"))
    assert check(district()).totals["elderly"] == 162.0
    monkeypatch.setenv("SITING_CACHE", str(tmp_path / "file"))
    assert check(district()).totals["elderly"] == 162.0


def test_any_flipped_byte_is_found_out_or_changes_nothing(home: Path) -> None:
    kept = {"a": np.arange(40.0), "b": np.array(["站", "x"])}
    store.keep("k", kept)
    content = (home / "k.npz").read_bytes()
    for byte in range(len(content)):
        (home / "k.npz").write_bytes(content[:byte] + bytes([content[byte] ^ 0x55]) + content[byte + 1 :])
        found = store.load("k")
        if found is not None:
            assert found.keys() == kept.keys(), byte
            assert all((found[name] == kept[name]).all() for name in kept), byte


def test_the_folder_and_its_files_are_the_users_alone(home: Path) -> None:
    store.keep("k", {"a": np.zeros(3)})
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "k.npz").stat().st_mode) == 0o600


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owners here")
def test_the_cache_of_another_user_is_neither_read_nor_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.keep("k", {"a": np.zeros(3)})
    if os.geteuid() == 0:
        # Files of root are believed: give these to somebody.
        for path in (home, home / "k.npz"):
            os.chown(path, 12345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert store.load("k") is None
    with store.troubles() as found:
        store.keep("other", {"a": np.zeros(3)})
    assert [(each.code, each.path) for each in found] == [("of_another", home)]
    assert [path.name for path in home.iterdir()] == ["k.npz"]


def test_a_folder_in_the_place_of_a_file_is_told(home: Path) -> None:
    (home / "k.npz" / "more").mkdir(parents=True)
    with store.troubles() as found:
        store.keep("k", {"a": np.zeros(3)})
    assert store.load("k") is None
    assert [(each.code, each.path) for each in found] == [("target_is_folder", home / "k.npz")]
    assert [path.name for path in home.iterdir()] == ["k.npz"]


def test_a_write_that_fails_leaves_nothing_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    store.keep("k", {"a": np.zeros(3)})
    assert list(home.iterdir()) == []


def test_objects_are_neither_kept_nor_read(home: Path) -> None:
    with pytest.raises(TypeError, match="objects"):
        store.keep("k", {"a": np.array([object()])})
    assert not home.exists()


def test_the_least_recently_used_go_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for age, key in enumerate(("new", "used", "old")):
        store.keep(key, {"a": np.zeros(1000)})
        os.utime(home / f"{key}.npz", (1e9 - age, 1e9 - age))
    (home / ".siting-left.draft").write_bytes(b"x")
    os.utime(home / ".siting-left.draft", (1e9, 1e9))
    assert store.load("old") is not None
    monkeypatch.setattr(store, "MOST_BYTES", int(3.5 * (home / "old.npz").stat().st_size))
    store.keep("last", {"a": np.zeros(1000)})
    assert sorted(path.name for path in home.iterdir()) == ["last.npz", "new.npz", "old.npz"]
    store.keep("huge", {"a": np.zeros(10_000)})
    assert store.load("huge") is None


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, ".cache/siting"),
        ("linux", {"XDG_CACHE_HOME": "/elsewhere"}, "/elsewhere/siting"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, ".cache/siting"),
        ("darwin", {}, "Library/Caches/siting"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/siting"),
        ("linux", {"SITING_CACHE": "/mine"}, "/mine"),
        ("linux", {"SITING_CACHE": "OFF"}, None),
    ],
)
def test_the_folder_is_the_platforms_or_the_users(
    platform: str, variables: dict[str, str], expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SITING_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert store.folder() == (None if expected is None else tmp_path / expected)
    with store.cache_off():
        assert store.folder() is None


def test_the_sample_is_the_same_to_the_byte(sample: Path, home: Path, tmp_path: Path) -> None:
    read = siting.read_scenario(sample)
    with store.cache_off():
        plain = written(pipeline.check(read), tmp_path)
    filled = written(pipeline.check(read), tmp_path)
    assert len(list(home.iterdir())) == 4
    assert plain == filled == written(pipeline.check(read), tmp_path)
