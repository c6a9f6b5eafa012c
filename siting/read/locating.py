"""Records without coordinates are located by the residential area, community or street that they name.

A record is put at the centroid of its place or, if that lies outside, at the point of the place farthest from its edge
(the centre of the largest inscribed circle). The possible error is the distance to the farthest vertex.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from siting.domain.called import called
from siting.domain.scenario import PlacedLayer
from siting.read.log import LayerLog, listed
from siting.read.names import bare, held_names, normal
from siting.read.tables.cells import positions
from siting.read.tables.converters import TEXT_DTYPE

# From the largest to the smallest, with the column of each.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "street": ("street_id", "street"),
    "community": ("community_id", "community"),
    "residential_area": ("residential_area",),
}
LEVELS: Final = tuple(KEYS)
_WRITTEN: Final = (*(key for level in LEVELS for key in KEYS[level]), "address")
# A place belongs to a larger one that contains at least this share of its area: boundaries are drawn again each time.
_BELONGS: Final = 0.1

# For each level that a row names, the places that it may mean; empty if the name is unknown.
Named = Mapping[str, Sequence[int]]


@dataclass
class _Places:
    """The places of one level, found by id, by name, and by name without the word for its kind."""

    level: str
    frame: gpd.GeoDataFrame
    by_id: dict[str, list[int]] = field(default_factory=dict)
    by_name: dict[str, list[int]] = field(default_factory=dict)
    by_bare: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = self.frame["name"].to_numpy(dtype=object)
        shapes = self.frame.geometry.to_numpy()
        # Neither a missing shape nor an empty one has an area.
        solid = np.nan_to_num(shapely.area(shapes)) > 0
        for row, (key, name) in enumerate(zip(self.frame.index, names, strict=True)):
            if not solid[row]:
                continue
            self.by_id.setdefault(str(key).strip(), []).append(row)
            if not pd.isna(name) and normal(name):
                self.by_name.setdefault(normal(name), []).append(row)
                self.by_bare.setdefault(bare(name, self.level), []).append(row)

    def shape(self, row: int) -> BaseGeometry | None:
        """Return the area of a place; None if it has none."""
        found: BaseGeometry | None = self.frame.geometry.iloc[row]
        return None if found is None or found.is_empty or found.area == 0 else found

    def key(self, row: int) -> str:
        """Return the id of a place."""
        return str(self.frame.index[row])

    def find(self, text: str) -> Sequence[int]:
        """Return the places that a text may mean: by id, otherwise by name, otherwise without the word for its kind."""
        return (
            self.by_id.get(text.strip())
            or self.by_name.get(normal(text))
            or self.by_bare.get(bare(text, self.level))
            or ()
        )

    def in_address(self, address: str) -> Sequence[int]:
        """Return the places whose full name an address contains."""
        return [row for name in held_names(address, self.by_name) for row in self.by_name[name]]

    def near(self, text: str) -> list[str]:
        """Return the known names that are most similar to a text, with their ids."""
        names = difflib.get_close_matches(normal(text), list(self.by_name), n=3, cutoff=0.5)
        return [f"{self.frame['name'].iloc[row]} ({self.key(row)})" for name in names for row in self.by_name[name]]


def locate(
    frame: gpd.GeoDataFrame,
    units: Mapping[str, gpd.GeoDataFrame],
    residential_areas: gpd.GeoDataFrame,
    source: PlacedLayer,
    log: LayerLog,
) -> gpd.GeoDataFrame:
    """Locate the records without coordinates, and add the units of those that give only names.

    A record is located by its residential area, otherwise its community, otherwise its street: by id, by name, or by
    name without the word for its kind (社区, 街道, 小区), if that leaves one place. If there are several, the larger
    place that the record also names decides; a place outside it is rejected. If the columns give nothing, full names in
    ``address`` are used in the same way, the longest at each level.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        The layer's table in the working CRS; ``geometry`` is None where the file gives no coordinates, and empty where
        they cannot be read: such rows are left out, since their fault is told. Blank cells of
        ``community_id`` and ``street_id``, where there are such columns, are filled.
    units : mapping of str to geopandas.GeoDataFrame
        The scenario's units of each level, in the working CRS.
    residential_areas : geopandas.GeoDataFrame
        The scenario's residential areas, in the working CRS; may be empty.
    source : PlacedLayer
        Tells whether records that cannot be located are refused or left out.
    log : LayerLog
        Takes the faults ``not_placed`` and ``nothing_to_place_by``, and the notes ``located_by_names``,
        ``unplaced_left_out``, ``unit_ids_from_names``, ``named_units_unknown``, ``named_units_elsewhere``.

    Returns
    -------
    geopandas.GeoDataFrame
        The located rows, with ``located_by`` (``coordinates``, ``residential_area``, ``community`` or ``street``) and
        ``located_within_m`` (metres, 0 for coordinates) before ``geometry``.
    """
    known = {"residential_area": residential_areas, **{level: units.get(level) for level in ("community", "street")}}
    places = {level: _Places(level, there) for level in LEVELS if (there := known[level]) is not None and len(there)}
    rows = _texts(frame)
    named = [_named(texts, places) for texts in rows]
    shapes = frame.geometry.to_numpy().astype(object)
    given = ~shapely.is_missing(shapes)
    placing = _Placing(places, np.full(len(frame), None, dtype=object), np.zeros(len(frame)), shapes)
    placing.by[given] = "coordinates"
    lacking = positions(~given)
    still = [row for row in lacking if not placing.place(row, named[row])]
    by_address = [row for row in still if placing.place(row, _with_address(rows[row], named[row], places))]
    _tell_placed(frame, placing, by_address, log)
    filled = _with_unit_ids(frame, named, places, log)
    _tell_units(filled, rows, named, places, given, log)
    table = pd.DataFrame(filled.drop(columns="geometry"))
    table["located_by"] = pd.Series(placing.by.tolist(), index=table.index, dtype=TEXT_DTYPE)
    table["located_within_m"] = placing.within_m
    placed = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(placing.shapes, index=frame.index, crs=frame.crs))
    lost = placing.by == None  # noqa: E711 — elementwise
    if lost.any():
        _tell_lost(frame.index, rows, places, positions(lost), source, log)
    counts = pd.Series(placing.by[~lost]).value_counts()
    log.fact(located={str(how): int(count) for how, count in counts.items()})
    return gpd.GeoDataFrame(placed[~lost & ~shapely.is_empty(shapes)])


def _texts(frame: gpd.GeoDataFrame) -> list[dict[str, str]]:
    """Return what each row says about its place: key → text, without blanks."""
    columns = {key: frame[key].tolist() for key in _WRITTEN if key in frame}
    return [
        {key: str(cells[row]) for key, cells in columns.items() if not pd.isna(cells[row]) and str(cells[row]).strip()}
        for row in range(len(frame))
    ]


def _named(texts: Mapping[str, str], places: Mapping[str, _Places]) -> dict[str, Sequence[int]]:
    """Return the places that the columns of a row may mean, each within the larger ones that it names."""
    found: dict[str, Sequence[int]] = {}
    for level in places:
        given = [texts[key] for key in KEYS[level] if key in texts]
        if given:
            found[level] = next((rows for text in given if (rows := places[level].find(text))), ())
    return _narrowed(found, places)


def _with_address(texts: Mapping[str, str], named: Named, places: Mapping[str, _Places]) -> dict[str, Sequence[int]]:
    """Return the same with the places from the address, at levels for which the columns give nothing."""
    found = dict(named)
    for level in places:
        if level not in named and (rows := places[level].in_address(texts.get("address", ""))):
            found[level] = rows
    return _narrowed(found, places)


def _narrowed(named: Named, places: Mapping[str, _Places]) -> dict[str, Sequence[int]]:
    """Keep at each level the places that lie in the named places of the larger levels."""
    found: dict[str, Sequence[int]] = {}
    for level in (level for level in LEVELS if level in named):
        kept = list(named[level])
        for larger, holders in found.items():
            kept = [row for row in kept if any(_holds(places, larger, holder, level, row) for holder in holders)]
        found[level] = kept
    return found


def _holds(places: Mapping[str, _Places], larger: str, holder: int, level: str, row: int) -> bool:
    outer, inner = places[larger].shape(holder), places[level].shape(row)
    return outer is not None and inner is not None and outer.intersection(inner).area >= _BELONGS * inner.area


@dataclass
class _Placing:
    """The location of a layer's records in progress: the basis, the possible error and the point of each row."""

    places: Mapping[str, _Places]
    by: NDArray[np.object_]
    within_m: NDArray[np.float64]
    shapes: NDArray[np.object_]
    centres: dict[tuple[str, int], tuple[BaseGeometry, float]] = field(default_factory=dict)

    def place(self, row: int, named: Named) -> bool:
        """Locate a row by the smallest place that it names unambiguously; tell whether there is one."""
        for level in reversed(LEVELS):
            meant = named.get(level, ())
            if len(meant) == 1:
                self.by[row] = level
                self.shapes[row], self.within_m[row] = self._centre(level, meant[0])
                return True
        return False

    def _centre(self, level: str, row: int) -> tuple[BaseGeometry, float]:
        if (level, row) not in self.centres:
            area = self.places[level].frame.geometry.to_numpy()[row : row + 1]
            centre = shapely.centroid(area)
            if not shapely.contains(area, centre).all():
                centre = shapely.get_point(shapely.maximum_inscribed_circle(area), 0)
            corners = shapely.get_coordinates(area) - shapely.get_coordinates(centre)
            self.centres[level, row] = centre[0], float(np.hypot(*corners.T).max())
        return self.centres[level, row]


def _tell_placed(frame: gpd.GeoDataFrame, placing: _Placing, by_address: list[int], log: LayerLog) -> None:
    rows = positions(np.isin(placing.by.astype(str), LEVELS))
    if not rows:
        return
    farthest = max(rows, key=lambda row: float(placing.within_m[row]))
    log.note(
        "located_by_names",
        count=len(rows),
        **{level: int((placing.by == level).sum()) for level in LEVELS},
        address=len(by_address),
        ids=listed(frame.index[rows]),
        largest_m=round(float(placing.within_m[farthest])),
        largest=str(frame.index[farthest]),
    )


def _tell_lost(
    index: pd.Index,
    rows: list[dict[str, str]],
    places: Mapping[str, _Places],
    lost: list[int],
    source: PlacedLayer,
    log: LayerLog,
) -> None:
    """Refuse the rows without a place, or note that they are left out."""
    if source.unplaced == "leave_out":
        log.note("unplaced_left_out", count=len(lost), ids=listed(index[lost]))
        return
    # Wrong coordinates are not reported as missing too.
    told = log.misplaced()
    for row in (row for row in lost if str(index[row]) not in told):
        texts = rows[row]
        if not texts:
            expected = listed((*reversed(LEVELS), "address"))
            cells = log.cells_in(str(index[row]), _WRITTEN)
            log.fault("nothing_to_place_by", row=str(index[row]), field="geometry", expected=expected, cells=cells)
            continue
        near = [
            name
            for level, there in places.items()
            for key in KEYS[level]
            if key in texts
            for name in there.near(texts[key])
        ]
        log.fault(
            "not_placed",
            row=str(index[row]),
            field=listed(texts),
            found=listed(texts.values()),
            expected=listed(dict.fromkeys(near)) or "–",
            cells=log.cells_in(str(index[row]), texts),
        )


def _with_unit_ids(
    frame: gpd.GeoDataFrame, named: list[dict[str, Sequence[int]]], places: Mapping[str, _Places], log: LayerLog
) -> gpd.GeoDataFrame:
    """Fill blank ids of units from names that leave one unit."""
    filled, count, told = frame.copy(), 0, []
    for level in ("community", "street"):
        key = f"{level}_id"
        if key not in frame or level not in places:
            continue
        ids = frame[key].astype(object).to_numpy().copy()
        rows = [row for row in positions(pd.isna(ids)) if len(named[row].get(level, ())) == 1]
        for row in rows:
            ids[row] = places[level].key(named[row][level][0])
            told.append(f"{frame.index[row]} → {ids[row]}")
        filled[key] = pd.Series(ids, index=frame.index, dtype=frame[key].dtype)
        count += len(rows)
    if count:
        log.note("unit_ids_from_names", count=count, ids=listed(told))
    return filled


def _tell_units(
    frame: gpd.GeoDataFrame,
    rows: list[dict[str, str]],
    named: list[dict[str, Sequence[int]]],
    places: Mapping[str, _Places],
    given: NDArray[np.bool_],
    log: LayerLog,
) -> None:
    """Note the rows with coordinates that name an unknown unit, or a unit in which they do not lie."""
    unknown, elsewhere = [], []
    for row in positions(given):
        for level in ("street", "community"):
            text = rows[row].get(level)
            if level not in places or level not in named[row]:
                continue
            meant = named[row][level]
            told = f"{called(frame, [frame.index[row]])[0]} → {text or rows[row].get(f'{level}_id')}"
            if len(meant) == 1:
                area = places[level].shape(meant[0])
                if area is not None and not area.intersects(frame.geometry.iloc[row]):
                    elsewhere.append((row, told))
            elif text is not None and f"{level}_id" not in rows[row]:
                unknown.append(told)
    if unknown:
        log.note("named_units_unknown", count=len(unknown), ids=listed(unknown))
    if elsewhere:
        records = len({row for row, _ in elsewhere})
        log.note("named_units_elsewhere", count=records, ids=listed(told for _, told in elsewhere))
