"""Files that name other files or hosts, whatever their names: GDAL recognises content, also in packed files."""

import re
from pathlib import Path
from typing import Final

from siting.read.sources.packed import head_of

_HEAD_BYTES: Final = 65_536
_MARKS: Final = b"\xef\xbb\xbf \t\r\n"
# GDAL executes pipelines in a file, and reads what virtual datasets, service descriptions and catalogues name. Some
# drivers look for their signature anywhere at the beginning of a file. A GeoTIFF may contain <GDALMetadata>.
_SIGNS: Final = re.compile(
    rb"gdal_streamed_alg|\"stac_(?:version|extensions)\""
    rb"|<\s*(?:OGRVRT|OGRWFS|OGRCSW|VRTDataset|GDAL_WMS|GDALTileIndex|WMS_|WMT_|WCS|WFS|OGCAPI|EEDA)",
    re.IGNORECASE,
)
# Formats that are XML by definition, and their root elements.
_ROOTS: Final = {
    ".kml": (b"kml",),
    **dict.fromkeys((".osm", ".osm.gz", ".osm.bz2"), (b"osm", b"osmchange")),
    ".shp.xml": (b"metadata", b"md_metadata", b"mi_metadata"),
}
_BEFORE_ROOT: Final = re.compile(rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>", re.DOTALL)
_ROOT: Final = re.compile(rb"\s*<(?:[\w.-]+:)?([\w.-]+)")


def points_elsewhere(path: Path) -> bool:
    """Tell whether a file may name other files or hosts: by signatures, or as XML with another ending.

    Parameters
    ----------
    path : pathlib.Path
        A regular file.
    """
    head = head_of(path, _HEAD_BYTES)
    if _SIGNS.search(head):
        return True
    text = head.lstrip(_MARKS)
    if not text.startswith(b"<"):
        return False
    root = _ROOT.match(_BEFORE_ROOT.sub(b"", text))
    allowed = next((names for ending, names in _ROOTS.items() if path.name.lower().endswith(ending)), ())
    return root is None or root[1].lower() not in allowed
