"""Networks that were read before: kept between runs under the hash of all that their reading depends on.

To read lines and join them takes longer than anything else in a check whose walks are kept.
"""

import json
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siting import store
from siting.domain.nouns import Network, Note
from siting.domain.scenario import NetworkLayer
from siting.read.log import Log
from siting.read.sources.files import parts, sha256
from siting.version import __version__

_FORMAT: Final = 1
# Keys of a layer that name other files, or a database: such a network is read each time.
_ELSEWHERE: Final = ("attributes", "database", "query")


def key_of(source: NetworkLayer, crs: CRS | None, bounds: object) -> str | None:
    """Return the hash of a network's file, settings, area, and of the code that reads it; None if it is not kept."""
    asked = source.model_dump(mode="json", exclude_none=True)
    if store.folder() is None or crs is None or source.path is None or any(asked.get(each) for each in _ELSEWHERE):
        return None
    try:
        files = {name: sha256(path) for name, path in parts(source.path).items()}
    except OSError:  # the reading tells what is wrong
        return None
    if not files:
        return None
    told = (_FORMAT, _code(), source.path.name, asked, files, crs.to_wkt(), bounds)
    return blake2b(repr(told).encode(), digest_size=32).hexdigest()


def load(key: str) -> tuple[Network, Log] | None:
    """Return a network that was kept, and what its reading told; None if there is none."""
    found = store.load(key)
    if found is None:
        return None
    try:
        told = json.loads(found["told"].tobytes())
        log = Log()
        log.notes = [Note(code, _loose(values)) for code, values in told["notes"]]
        log.digests = told["digests"]
        log.layers = _loose(told["layers"])
        return _network(found, told["crs"]), log
    except Exception:  # noqa: BLE001 - a broken cache file may fail in any way, and is treated as missing
        return None


def keep(key: str, network: Network, log: Log) -> None:
    """Keep a network and what its reading told, if both can be restored."""
    if log.faults.found or log.sheets or log.totals or network.edges.crs is None:
        return
    told = {
        "notes": [(note.code, _firm(note.values)) for note in log.notes],
        "digests": log.digests,
        "layers": _firm(log.layers),
        "crs": network.edges.crs.to_wkt(),
    }
    try:
        text = json.dumps(told)
    except TypeError:  # a fact that JSON does not hold
        return
    if _loose(json.loads(text)["layers"]) != log.layers:
        return
    kinds, kind = np.unique(network.edges["kind"].to_numpy(dtype=object).astype(str), return_inverse=True)
    form, xy, (start, *_) = shapely.to_ragged_array(network.edges.geometry.to_numpy())
    if form is not shapely.GeometryType.LINESTRING or list(network.edges.columns) != _COLUMNS:
        return
    store.keep(
        key,
        {
            "told": np.frombuffer(text.encode(), dtype=np.uint8),
            "node_xy": network.node_xy,
            "kinds": kinds,
            "kind": kind.astype(np.uint8),
            "xy": xy,
            "start": start,
            **{name: network.edges[name].to_numpy() for name in ("u", "v", "length_m")},
        },
    )


_COLUMNS: Final = ["u", "v", "kind", "length_m", "geometry"]


def _network(found: Mapping[str, NDArray[Any]], crs: str) -> Network:
    lines = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, found["xy"], (found["start"],))
    table = {
        "u": found["u"],
        "v": found["v"],
        "kind": pd.Series(found["kinds"][found["kind"]].astype(object), dtype="str"),
        "length_m": found["length_m"],
    }
    node_xy = found["node_xy"]
    node_xy.setflags(write=False)
    return Network(node_xy, gpd.GeoDataFrame(table, geometry=lines, crs=CRS.from_wkt(crs)))


def _firm(value: Any) -> Any:  # noqa: ANN401 - facts of any kind
    """Return facts as JSON holds them, tuples marked."""
    if isinstance(value, Mapping):
        return {str(key): _firm(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return {"": [_firm(each) for each in value]}
    return [_firm(each) for each in value] if isinstance(value, list) else value


def _loose(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return tuple(map(_loose, value[""])) if [*value] == [""] else {key: _loose(each) for key, each in value.items()}
    return [*map(_loose, value)] if isinstance(value, list) else value


@cache
def _code() -> tuple[str, ...]:
    """Return what reading depends on beside its inputs: versions and the code itself."""
    hash_ = blake2b(digest_size=16)
    package = Path(__file__).parents[2]
    for path in sorted([*package.glob("*.py"), *package.glob("read/**/*.py"), *package.glob("domain/*.py")]):
        hash_.update(path.read_bytes())
    packages = [version(name) for name in ("numpy", "pandas", "geopandas", "pyogrio", "osmium", "pyarrow")]
    return (__version__, *packages, shapely.geos_version_string, pyproj.proj_version_str, hash_.hexdigest())
