"""Layers of lines that bear the tags of OpenStreetMap: the rules of its files hold for them too.

Exports to tables keep ``highway`` (``fclass`` in some) as a column, often with ``foot``, ``access``, ``bridge`` and
``tunnel``. Other lines may stand in such a layer: rivers, railways, walls.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from siting.read.ground.osm import counted
from siting.read.ground.osm_tags import is_known, kind, refusal
from siting.read.log import LayerLog

_KEYS: Final = ("highway", "foot", "access", "bridge", "tunnel")
# How tables write yes and no.
_YES: Final = frozenset({"t", "true", "y", "1", "是"})
_NO: Final = frozenset({"f", "false", "n", "0", "否"})
_GRADE: Final = re.compile(r"^track_grade\d$")
_NONE: Final = "none"


def walked_lines(frame: gpd.GeoDataFrame, log: LayerLog) -> gpd.GeoDataFrame:
    """Leave out the lines on which nobody walks by their ``highway``, and give the others their ``kind``.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        The layer's table; returned as it is where no row gives ``highway``.
    log : LayerLog
        Takes the notes ``lines_left_out`` and ``osm_values_unknown``.

    Returns
    -------
    geopandas.GeoDataFrame
        A row that gives ``kind`` stays as it is; one that gives neither is no way where others give ``highway``.
    """
    if "highway" not in frame or frame["highway"].isna().all():
        return frame
    tags = pd.DataFrame({key: frame[key].map(_worded, na_action="ignore") for key in _KEYS})
    tags["highway"] = tags["highway"].str.replace(_GRADE, "track", regex=True)
    codes = tags.groupby(list(_KEYS), dropna=False, sort=False).ngroup()
    first = ~codes.duplicated()
    meanings = {code: _meaning(row) for code, row in zip(codes[first], tags[first].to_dict("records"), strict=True)}
    reason = codes.map({code: reason for code, (reason, _) in meanings.items()})
    found = codes.map({code: kind for code, (_, kind) in meanings.items()})
    own = frame["kind"].notna()
    walked = own | (reason == "")
    left = Counter(reason[~walked])
    if left:
        log.note(
            "lines_left_out",
            kept=int(walked.sum()),
            count=int((~walked).sum()),
            **{each: left.get(each, 0) for each in ("road", "access", "area", _NONE)},
        )
    unknown = Counter(value for value in tags["highway"][~walked].dropna() if not is_known(value))
    if unknown:
        log.note("osm_values_unknown", count=sum(unknown.values()), values=counted(unknown))
    return frame.assign(kind=frame["kind"].where(own, found.astype(frame["kind"].dtype)))[walked]


def _worded(value: str) -> str:
    word = value.strip().lower()
    return "yes" if word in _YES else "no" if word in _NO else word


def _meaning(row: Mapping[Any, Any]) -> tuple[str, str]:
    """Return why a line with some tags is not walked ("" where it is), and what it is to a walker."""
    tags = {str(key): value for key, value in row.items() if isinstance(value, str) and value}
    if "highway" not in tags:
        return _NONE, ""
    return refusal(tags) or "", kind(tags)
