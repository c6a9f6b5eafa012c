"""What names indicate: of files, of columns, and of the units in a layer."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from siting.domain.tables import Column
from siting.read.tables.aliases import PLACE_KEYS, find_columns

_ENDS: Final = (
    ("community", ("社区", "村", "居委会", "村委会")),
    ("street", ("街道", "街道办事处", "镇", "乡")),
    ("district", ("区", "县", "自治县")),
)
_MOST: Final = 0.6
_SHOWN: Final = 3


def word_in(text: str, words: Sequence[str]) -> str | None:
    """Return the first of the words that a text contains, None if it contains none.

    Examples
    --------
    >>> from siting.read.survey_names import word_in
    >>> word_in("streets.gpkg", ("街道", "street")), word_in("walk.gpkg", ("街道",))
    ('street', None)
    """
    return next((word for word in words if word in text), None)


def has_place(columns: Sequence[str]) -> bool:
    """Tell whether a table has columns of coordinates.

    Examples
    --------
    >>> from siting.read.survey_names import has_place
    >>> has_place(("id", "经度", "纬度")), has_place(("id", "lon"))
    (True, False)
    """
    found = find_columns(columns, PLACE_KEYS, {})
    return bool(found["wkt"]) or bool(found["lon"] and found["lat"])


def coordinates_in(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[float, float]]:
    """Return the coordinates in the columns of a table, east before north, without incomplete rows.

    Examples
    --------
    >>> from siting.read.survey_names import coordinates_in
    >>> coordinates_in(("id", "经度", "纬度"), (("1", "106.5", "29.5"), ("2", "", "")))
    [(106.5, 29.5)]
    """
    found = find_columns(columns, PLACE_KEYS, {})
    if len(found["lon"]) != 1 or len(found["lat"]) != 1:
        return []
    at = [list(columns).index(found[key][0]) for key in ("lon", "lat")]
    points = []
    for row in rows:
        try:
            x, y = (float(row[place]) for place in at)
        except (ValueError, IndexError):
            continue
        points.append((x, y))
    return points


def columns_of(theirs: Sequence[str], ours: Sequence[Column], group: str) -> dict[str, str]:
    """Return our keys that have another name in a layer: ours → theirs, without doubtful ones.

    Examples
    --------
    >>> from siting.domain.tables import UNIT_COLUMNS
    >>> from siting.read.survey_names import columns_of
    >>> columns_of(("XZQDM", "XZQMC"), UNIT_COLUMNS, "units.street")
    {'id': 'XZQDM', 'name': 'XZQMC'}
    """
    found = find_columns(theirs, [column.key for column in ours], {}, group)
    return {key: names[0] for key, names in found.items() if len(names) == 1 and names[0] != key}


def levels_by_values(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Return the levels of units whose names a column contains, each with some of them, the finest first.

    Only the columns with most different names count: the street of each community may be in another column, and only
    once if cells are merged.

    Examples
    --------
    >>> from siting.read.survey_names import levels_by_values
    >>> levels_by_values(("n",), (("南坪街道",), ("峡口镇",)))
    [('street', '南坪街道, 峡口镇')]
    """
    found: dict[str, tuple[int, str]] = {}
    for at in range(len(columns)):
        cells = [row[at].strip() for row in rows if len(row) > at and row[at].strip()]
        ends = Counter(level for cell in cells for level, words in _ENDS if cell.endswith(words))
        for level, count in ends.most_common(1):
            if count >= _MOST * len(cells):
                different = len({cell for cell in cells if cell.endswith(dict(_ENDS)[level])})
                if different > found.get(level, (0, ""))[0]:
                    found[level] = different, ", ".join(cells[:_SHOWN])
    most = max((different for different, _ in found.values()), default=0)
    return [(level, found[level][1]) for level, _ in _ENDS if level in found and found[level][0] == most]
