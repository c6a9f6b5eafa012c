"""Files that name other files or hosts, whatever they are called: GDAL goes by content, of packed files too."""

import re
from pathlib import Path
from typing import Final

from siting.read.sources.packed import head_of

_HEAD_BYTES: Final = 65_536
_MARKS: Final = b"\xef\xbb\xbf \t\r\n"
# GDAL runs a pipeline that a file holds, and reads what virtual datasets, descriptions of services and catalogues name.
# Some of its drivers look for their sign anywhere at the beginning of a file. A GeoTIFF may hold <GDALMetadata>.
_SIGNS: Final = re.compile(
    rb"gdal_streamed_alg|\"stac_(?:version|extensions)\""
    rb"|<\s*(?:OGRVRT|OGRWFS|OGRCSW|VRTDataset|GDAL_WMS|GDALTileIndex|WMS_|WMT_|WCS|WFS|OGCAPI|EEDA)",
    re.IGNORECASE,
)
# Formats that are XML by nature, and the elements that they begin with.
_ROOTS: Final = {
    ".kml": (b"kml",),
    **dict.fromkeys((".osm", ".osm.gz", ".osm.bz2"), (b"osm", b"osmchange")),
    ".shp.xml": (b"metadata", b"md_metadata", b"mi_metadata"),
}
_BEFORE_ROOT: Final = re.compile(rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>", re.DOTALL)
_ROOT: Final = re.compile(rb"\s*<(?:[\w.-]+:)?([\w.-]+)")


def points_elsewhere(path: Path) -> bool:
    """Tell whether a file may name other files or hosts: by its signs, or as XML that its ending does not promise.

    Parameters
    ----------
    path : pathlib.Path
        An ordinary file.
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
