"""Results that are computed once for the same network, sites and people: cached under the hash of all their inputs.

A key is the hash of the arrays themselves, of all settings, of the code of this package and of the versions of the
libraries: any change gives another key. The cache holds the network prepared for a walker, and the results of walks.
"""

import json
import platform
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Protocol

import geopandas as gpd
import numba
import numpy as np
import pandas as pd
import pyproj
import scipy
import shapely
from affine import Affine
from numpy.typing import NDArray

from siting import store
from siting.domain.nouns import Access, Floats, Grid, Network, Note, OpenGround, Progress, Raster, quiet
from siting.domain.scenario import Walking
from siting.domain.walkers import WalkerSpeeds
from siting.travel.access import Walked, reach_s, walk
from siting.travel.adding import Known, added
from siting.travel.network import WalkingNetwork, prepare_network
from siting.travel.open_ground import Surface, prepare_surface
from siting.travel.partition import PartRows, WalkPart
from siting.travel.slope import EdgeSeconds
from siting.travel.straight import StraightLines
from siting.travel.surface import CostSurface
from siting.travel.walks import Reach
from siting.travel.ways import Prepared
from siting.version import __version__


class Walker(Protocol):
    """Computes walks as :func:`siting.travel.access.walk` does."""

    def __call__(
        self,
        ways: Prepared,
        sites: gpd.GeoDataFrame,
        counting: NDArray[np.bool_],
        cells: pd.DataFrame,
        walking: Walking,
        *,
        cutoff_s: Floats | None = None,
        circles: bool = True,
        scale_s: float = 0.0,
    ) -> Walked:
        """Return the walks between sites and cells, by their rows."""
        ...


_FORMAT: Final = 1
_CLASSES: Final = {
    each.__name__: each
    for each in (
        WalkingNetwork,
        Surface,
        CostSurface,
        StraightLines,
        EdgeSeconds,
        Grid,
        Walked,
        Reach,
        WalkPart,
        PartRows,
    )
}
_LAYOUT: Final = "layout"


@dataclass(frozen=True)
class WalkingGround:
    """What people walk on, before it is prepared for a walker: a network, open ground, or None for straight lines."""

    ground: Network | OpenGround | None
    terrain: Raster | None
    speeds: WalkerSpeeds
    crs: pyproj.CRS

    def prepare(self) -> Prepared:
        """Prepare the network or surface."""
        if isinstance(self.ground, Network):
            return prepare_network(self.ground, self.terrain, self.speeds, self.crs)
        if self.ground is not None:
            return prepare_surface(self.ground, self.terrain, self.speeds)
        return StraightLines(self.speeds.flat)


class CachedTravel:
    """The network or surface, prepared at the first walk; results of walks are kept between runs.

    Parameters
    ----------
    ground : WalkingGround
        What people walk on; it is prepared only if a walk is not in the cache.
    progress : callable
        Called as ``("network", done, total)``.
    walker : callable, optional
        Computes walks that are not in the cache, as :func:`siting.travel.access.walk` does, which is used without it.
    """

    def __init__(self, ground: WalkingGround, progress: Progress = quiet, walker: Walker | None = None) -> None:
        self._ground, self._progress, self._walk = ground, progress, walker
        self._known: Known | None = None

    @cached_property
    def key(self) -> str:
        """The hash of all inputs."""
        return digest("ways", self._ground)

    @cached_property
    def ready(self) -> Prepared:
        """The prepared network or surface."""
        self._progress("network", 0, 1)
        kept = None if store.folder() is None else unpacked(store.load(self.key))
        found: Prepared = kept if isinstance(kept, WalkingNetwork) else self._ground.prepare()
        # Open ground is prepared faster than it could be read from the cache.
        if found is not kept and isinstance(found, WalkingNetwork) and store.folder() is not None:
            _keep(self.key, found)
        self._progress("network", 1, 1)
        return found

    def walk_to(
        self,
        sites: gpd.GeoDataFrame,
        counting: NDArray[np.bool_],
        cells: pd.DataFrame,
        walking: Walking,
        *,
        cutoff_s: Floats | None = None,
        circles: bool = True,
        progress: Progress = quiet,
    ) -> Access:
        """Compute the walks as :func:`siting.travel.walk_to` does, or return the cached result of the same walks."""
        off = store.folder() is None
        key = "" if off else self._key_of(sites, counting, cells, walking, cutoff_s, circles=circles)
        kept = None if off else unpacked(store.load(key))
        if isinstance(kept, Walked):
            progress("walk", 0, 1)
            walked = kept
        else:
            ways = self.ready
            progress("walk", 0, 1)
            walked = self._walked(ways, sites, counting, cells, walking, cutoff_s, circles=circles)
            if not off:
                _keep(key, walked)
        if circles:
            self._known = Known.of(walked, sites, counting, cells, walking, cutoff_s, circles=circles)
        progress("walk", 1, 1)
        return walked.access(sites, cells)

    def _walked(
        self,
        ways: Prepared,
        sites: gpd.GeoDataFrame,
        counting: NDArray[np.bool_],
        cells: pd.DataFrame,
        walking: Walking,
        cutoff_s: Floats | None,
        *,
        circles: bool,
    ) -> Walked:
        """Compute walks; those of sites whose walks are known, as of all facilities before a plan, are not repeated."""
        compute, known = self._walk or walk, self._known
        rows = None
        if known is not None:
            rows = known.rows_in(sites, counting, cells, walking, cutoff_s, circles=circles)
        if known is None or rows is None:
            return compute(ways, sites, counting, cells, walking, cutoff_s=cutoff_s, circles=circles)
        new = np.ones(len(sites), dtype=np.bool_)
        new[rows] = False
        own = None if cutoff_s is None else cutoff_s[new]
        longest = float(reach_s(counting, walking, cutoff_s)[1].max())
        more = compute(
            *(ways, sites[new], counting[new], cells, walking), cutoff_s=own, circles=circles, scale_s=longest
        )
        return added(known.walked, more, rows, sites, walking)

    def _key_of(
        self,
        sites: gpd.GeoDataFrame,
        counting: NDArray[np.bool_],
        cells: pd.DataFrame,
        walking: Walking,
        cutoff_s: Floats | None,
        *,
        circles: bool,
    ) -> str:
        places = [cells[name].to_numpy(dtype=np.float64) for name in ("x", "y", "half_diagonal_m")]
        xy = shapely.get_coordinates(sites.geometry.to_numpy())
        ids = list(map(str, sites.index))
        return digest(
            "walked", self.key, walking.model_dump(mode="json"), xy, ids, counting, cutoff_s, circles, *places
        )


def digest(*parts: Any) -> str:
    """Return the hash of arrays, numbers, texts, records and collections of them, and of the code that processes them.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.travel.cache import digest
    >>> digest(np.zeros(2)) == digest(np.zeros(2)), digest(np.zeros(2)) == digest(np.zeros(3))
    (True, False)
    """
    hash_ = blake2b(digest_size=32)
    _feed(hash_, (_code(), parts))
    return hash_.hexdigest()


def _plainly(part: Any) -> Any:  # noqa: ANN401 - any kind of input
    """Return a part as arrays, numbers, texts and lists of them."""
    if isinstance(part, Grid):
        return (tuple(part.transform), part.shape, part.crs)
    if isinstance(part, pyproj.CRS):
        return part.to_wkt()
    if isinstance(part, gpd.GeoDataFrame):
        shapes = shapely.get_coordinates(part.geometry.to_numpy(), return_index=True)
        rest = part.drop(columns=part.geometry.name)
        return (*shapes, *((str(name), column.to_numpy()) for name, column in rest.items()))
    if isinstance(part, dict):
        return ("dict", *part.items())
    if is_dataclass(part) and not isinstance(part, type):
        return tuple((field.name, getattr(part, field.name)) for field in fields(part))
    return list(part) if isinstance(part, np.ndarray) and part.dtype == object else part


def _feed(hash_: Any, part: Any) -> None:  # noqa: ANN401 - any kind of input
    """Hash a part; its kind and length come first, so that different parts never give the same bytes."""
    part = _plainly(part)
    if isinstance(part, np.ndarray):
        hash_.update(f"array {part.dtype.str} {part.shape};".encode())
        hash_.update(np.ascontiguousarray(part).data)
    elif isinstance(part, tuple | list):
        if part and all(isinstance(each, str) for each in part):
            # Many ids or kinds are hashed at once.
            text = json.dumps(part).encode()
            hash_.update(f"texts {len(text)};".encode() + text)
            return
        hash_.update(f"list {len(part)};".encode())
        for each in part:
            _feed(hash_, each)
    else:
        text = repr(part).encode()
        hash_.update(f"{type(part).__name__} {len(text)};".encode() + text)


@cache
def _code() -> tuple[str, ...]:
    """Return the other inputs of results: versions of this package and of libraries, the machine, the code itself."""
    versions = [each.__version__ for each in (numba, np, scipy, shapely, pyproj)]
    hash_ = blake2b(digest_size=16)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        hash_.update(path.read_bytes())
    libraries = (shapely.geos_version_string, pyproj.proj_version_str, platform.machine(), platform.system())
    return (str(_FORMAT), __version__, *versions, *libraries, hash_.hexdigest())


def _keep(key: str, record: WalkingNetwork | Walked) -> None:
    with suppress(TypeError):  # a record holds something that cannot be cached: it is computed each time
        store.keep(key, packed(record))


def packed(record: WalkingNetwork | Walked | WalkPart) -> dict[str, NDArray[Any]]:
    """Return a record as arrays without objects, from which :func:`unpacked` makes it again.

    Raises
    ------
    TypeError
        It holds something that such arrays cannot hold.
    """
    arrays: dict[str, NDArray[Any]] = {}
    layout = json.dumps(_pack(record, "0", arrays))
    return {**arrays, _LAYOUT: np.frombuffer(layout.encode(), dtype=np.uint8)}


def _pack(value: Any, name: str, arrays: dict[str, NDArray[Any]]) -> Any:  # noqa: ANN401, PLR0911 - a case each
    """Store the arrays of a record under names, and return its structure as JSON."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.ndarray) and all(isinstance(each, str) for each in value):
        arrays[name] = value.astype(np.str_)
        return {"texts": name}
    if isinstance(value, np.ndarray):
        shapes = shapely.to_wkb(value, include_srid=False)
        arrays[name] = np.frombuffer(b"".join(shapes), dtype=np.uint8)
        arrays[f"{name}-ends"] = np.cumsum([len(shape) for shape in shapes], dtype=np.int64)
        return {"shapes": name}
    if isinstance(value, pyproj.CRS):
        return {"crs": value.to_wkt()}
    if isinstance(value, Affine):
        return {"affine": [*value[:6]]}
    if isinstance(value, Note):
        return {"note": [value.code, _plain(value.values)]}
    if type(value).__name__ in _CLASSES:
        parts = {each: _pack(getattr(value, each), f"{name}.{each}", arrays) for each in _names_of(value)}
        return {"record": type(value).__name__, "parts": parts}
    if isinstance(value, tuple):
        return {"tuple": [_pack(each, f"{name}.{i}", arrays) for i, each in enumerate(value)]}
    return {"value": value}


def _names_of(record: Any) -> Iterable[str]:  # noqa: ANN401 - one of the classes
    return (each.name for each in fields(record)) if is_dataclass(record) else record._fields


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a note unchanged; figures that JSON would change are refused."""
    if any(type(value) not in (str, int, float, bool) for value in values.values()):
        message = "figures of a note that JSON would change"
        raise TypeError(message)
    return dict(values)


def unpacked(arrays: store.Arrays | None) -> Any:  # noqa: ANN401 - a record of one of the classes, or None
    """Return the cached record; None if it cannot be restored."""
    if arrays is None:
        return None
    try:
        return _record(json.loads(arrays[_LAYOUT].tobytes()), arrays)
    except Exception:  # noqa: BLE001 - a broken cache file may fail in any way, and is treated as missing
        return None


def _record(layout: Any, arrays: store.Arrays) -> Any:  # noqa: ANN401
    ((kind, said), *more) = layout.items()
    if kind == "record":
        parts = {name: _record(part, arrays) for name, part in dict(more)["parts"].items()}
        return _CLASSES[said](**parts)
    return _UNPACKED[kind](said, arrays)


def _shapes(name: str, arrays: store.Arrays) -> NDArray[np.object_]:
    content, ends = arrays[name].tobytes(), arrays[f"{name}-ends"].tolist()
    found = np.empty(len(ends), dtype=object)
    found[:] = shapely.from_wkb([content[low:high] for low, high in zip([0, *ends], ends, strict=False)])
    return found


_UNPACKED: Final[dict[str, Callable[[Any, store.Arrays], Any]]] = {
    "array": lambda name, arrays: arrays[name],
    "texts": lambda name, arrays: arrays[name].astype(object),
    "shapes": _shapes,
    "crs": lambda text, _: pyproj.CRS.from_wkt(text),
    "affine": lambda numbers, _: Affine(*numbers),
    "note": lambda said, _: Note(said[0], said[1]),
    "tuple": lambda parts, arrays: tuple(_record(part, arrays) for part in parts),
    "value": lambda value, _: value,
}
