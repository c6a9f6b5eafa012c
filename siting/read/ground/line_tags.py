"""Layers of lines with OpenStreetMap tags: the rules for its files apply to them too.

Exports to tables keep ``highway`` (``fclass`` in some) as a column, often with ``foot``, ``access``, ``bridge`` and
``tunnel``. Such a layer may contain other lines: rivers, railways, walls.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from siting.domain.tables import LIFECYCLE
from siting.read.ground.osm import counted
from siting.read.ground.osm_tags import REASONS, is_known, kind, refusal
from siting.read.log import LayerLog
from siting.read.tables.missing import missing_word
from siting.read.tables.words import truth

_KEYS: Final = ("highway", "foot", "access", "bridge", "tunnel", "motorroad", "sidewalk", *LIFECYCLE)
# Values that make a line a bridge or a tunnel, and values for neither.
_SPANS: Final = {
    "bridge": frozenset({
        "yes", "no", "viaduct", "aqueduct", "boardwalk", "cantilever", "covered", "low_water_crossing", "movable",
        "trestle", "suspension", "swing", "bascule", "pontoon", "桥", "桥梁", "天桥",
    }),
    "tunnel": frozenset({
        "yes", "no", "building_passage", "covered", "culvert", "avalanche_protector", "passage", "flooded", "隧道",
    }),
}  # fmt: skip
_GRADE: Final = re.compile(r"^track_grade\d$")
_NONE: Final = "none"


def walked_lines(frame: gpd.GeoDataFrame, log: LayerLog) -> gpd.GeoDataFrame:
    """Leave out the lines that are not walked because of their ``highway``, and set the ``kind`` of the others.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        The layer's table; unchanged if no row has ``highway``.
    log : LayerLog
        Takes the notes ``lines_left_out``, ``osm_values_unknown`` and ``spans_unknown``, and the fault
        ``no_walkable_line``.

    Returns
    -------
    geopandas.GeoDataFrame
        A row with ``kind`` is unchanged; a row with neither is no way if others have ``highway``.
    """
    if "highway" not in frame or frame["highway"].isna().all():
        return frame
    keys = [key for key in _KEYS if key in frame and (key in _SPANS or frame[key].notna().any())]
    tags = pd.DataFrame(
        {key: frame[key].map(_small if key == "highway" else _worded, na_action="ignore") for key in keys}
    )
    _settle_spans(tags, log)
    tags["highway"] = tags["highway"].str.replace(_GRADE, "track", regex=True)
    codes = tags.groupby(keys, dropna=False, sort=False).ngroup()
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
            **{each: left.get(each, 0) for each in (*REASONS, _NONE)},
        )
    unknown = Counter(value for value in tags["highway"][~walked].dropna() if not is_known(value))
    if unknown:
        log.note("osm_values_unknown", count=sum(unknown.values()), values=counted(unknown))
    if not walked.any():
        log.fault("no_walkable_line", found=counted(Counter(tags["highway"].dropna())))
    return frame.assign(kind=frame["kind"].where(own, found.astype(frame["kind"].dtype)))[walked]


def _small(value: str) -> str:
    return value.strip().lower()


def _worded(value: str) -> str | None:
    """Return a tag in lower case: yes and no as in tables, empty for words that mean no data."""
    if missing_word(value):
        return None
    said = truth(value)
    return _small(value) if said is None else "yes" if said else "no"


def _settle_spans(tags: pd.DataFrame, log: LayerLog) -> None:
    """Leave out unknown values of ``bridge`` and ``tunnel``, and note them."""
    odd: Counter[str] = Counter()
    for key, known in _SPANS.items():
        strange = tags[key].map(lambda cell, known=known: isinstance(cell, str) and known.isdisjoint(cell.split(";")))
        odd.update(f"{key} = {value}" for value in tags[key][strange.astype(bool)])
        tags[key] = tags[key].where(~strange.astype(bool), None)
    if odd:
        log.note("spans_unknown", count=sum(odd.values()), values=counted(odd))


def _meaning(row: Mapping[Any, Any]) -> tuple[str, str]:
    """Return why a line with some tags is not walked ("" if it is), and its kind for a walker."""
    tags = {str(key): value for key, value in row.items() if isinstance(value, str) and value}
    if "highway" not in tags:
        return _NONE, ""
    return refusal(tags) or "", kind(tags)
