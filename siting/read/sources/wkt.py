"""Geometry in the cells of a table: WKT and WKB, also those of PostGIS and with true curves."""

import re
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray

from siting.files import temporary_folder

Shapes = NDArray[np.object_]

# Curves, which GDAL converts to lines; and surfaces that do not belong on a map.
_CURVES: Final = re.compile(r"\b(CIRCULARSTRING|COMPOUNDCURVE|CURVEPOLYGON|MULTICURVE|MULTISURFACE)\b", re.IGNORECASE)
_SURFACES: Final = re.compile(r"\b(TIN|TRIANGLE|POLYHEDRALSURFACE)\b", re.IGNORECASE)
_SRID: Final = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;\s*(.*)", re.IGNORECASE | re.DOTALL)
_HEX: Final = re.compile(r"0[01][0-9A-F]{16,}", re.IGNORECASE)
# The codes of WKB for unsupported geometry; PostGIS and ISO add flags and thousands for elevations and measures.
_WKB_TYPES: Final = {
    8: "CIRCULARSTRING", 9: "COMPOUNDCURVE", 10: "CURVEPOLYGON", 11: "MULTICURVE", 12: "MULTISURFACE",
    15: "POLYHEDRALSURFACE", 16: "TIN", 17: "TRIANGLE",
}  # fmt: skip


@dataclass(frozen=True)
class Geometries:
    """The geometries of cells: None if a cell is blank or was not read, with the unsupported type, if known.

    ``srids`` are the CRSs that the cells name, ``curves`` tells how many were converted to lines.
    """

    shapes: Shapes
    types: Sequence[str | None]
    srids: tuple[int, ...]
    curves: int


def read_geometries(cells: Sequence[object]) -> Geometries:
    """Read the geometries of cells with WKT, EWKT, WKB or EWKB (bytes or hexadecimal).

    Parameters
    ----------
    cells : sequence
        Text or bytes, None for blanks. Curves in WKT become lines whose vertices lie on the curve, 4° of arc apart.

    Examples
    --------
    >>> from siting.read.sources.wkt import read_geometries
    >>> found = read_geometries(["SRID=4490;POINT (106.5 29.5)", "TIN(((0 0,1 0,1 1,0 0)))", "POINT"])
    >>> found.shapes[0].wkt, found.srids, found.types
    ('POINT (106.5 29.5)', (4490,), [None, 'TIN', None])
    """
    shapes: Shapes = np.full(len(cells), None, dtype=object)
    types: list[str | None] = [None] * len(cells)
    srids = set()
    curved: dict[int, str] = {}
    plain: dict[int, str] = {}
    for at, cell in enumerate(cells):
        if cell is None:
            continue
        if (binary := _binary(cell)) is not None:
            shapes[at], types[at] = _from_wkb(binary)
            srids.add(0 if shapes[at] is None else int(shapely.get_srid(shapes[at])))
            continue
        text = str(cell)
        if named := _SRID.fullmatch(text):
            srids.add(int(named[1]))
            text = named[2]
        if surface := _SURFACES.search(text):
            types[at] = surface[1].upper()
        elif _CURVES.search(text):
            curved[at] = text
        else:
            plain[at] = text
    # Numbers too large for a float become infinite, which is reported when coordinates are checked.
    with np.errstate(all="ignore"):
        shapes[list(plain)] = shapely.from_wkt(list(plain.values()), on_invalid="ignore")
    linear = _linear(list(curved.values()))
    shapes[list(curved)] = linear
    for at, shape in zip(curved, linear, strict=True):
        found = _CURVES.search(curved[at])
        types[at] = found[1].upper() if shape is None and found is not None else None
    flat = np.asarray(shapely.force_2d(shapely.set_srid(shapes, 0)), dtype=object)
    return Geometries(flat, types, tuple(sorted(srids - {0})), int((~shapely.is_missing(linear)).sum()))


def _binary(cell: object) -> bytes | None:
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell)
    text = str(cell).strip()
    return bytes.fromhex(text) if len(text) % 2 == 0 and _HEX.fullmatch(text) else None


def _from_wkb(binary: bytes) -> tuple[object, str | None]:
    """Return the geometry of a WKB, or the name of the unsupported type."""
    try:
        return shapely.from_wkb(binary, on_invalid="ignore"), None
    except NotImplementedError:
        code = struct.unpack("<I" if binary[:1] == b"\x01" else ">I", binary[1:5])[0]
        return None, _WKB_TYPES.get((code & 0xFFFF) % 1000, "WKB")


def _linear(texts: Sequence[str]) -> Shapes:
    """Return curves as lines, None if GDAL cannot read them."""
    if not texts:
        return np.empty(0, dtype=object)
    with temporary_folder() as folder:
        file = folder / "curves.csv"
        pd.DataFrame({"wkt": texts}).to_csv(file, index=False)
        with warnings.catch_warnings():
            # Cells that GDAL cannot read become None, and are reported with their row.
            warnings.filterwarnings("ignore", "Ignoring invalid WKT", RuntimeWarning)
            table = pyogrio.read_dataframe(file, GEOM_POSSIBLE_NAMES="wkt", on_invalid="ignore", use_arrow=False)
    if not isinstance(table, gpd.GeoDataFrame):
        return np.full(len(texts), None, dtype=object)
    found = np.asarray(table.geometry.to_numpy(), dtype=object)
    for at in np.flatnonzero(shapely.get_type_id(found) == shapely.GeometryType.GEOMETRYCOLLECTION):
        # GDAL makes no lines of curves in a collection.
        found[at] = None if _CURVES.search(found[at].wkt) else found[at]
    return found
