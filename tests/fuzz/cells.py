"""Cells of tables, heads and rows."""

import datetime as dt
from random import Random
from typing import Any, Final

from tests.fuzz.district import District, Table
from tests.fuzz.mutations import harmless, mutation

_NUMBERS: Final[tuple[Any, ...]] = (
    0,
    -1,
    1e308,
    -1e308,
    1e15,
    1.1e15,
    5e-324,
    2**53,
    2**63,
    2**64,
    10**40,
    float("nan"),
    float("inf"),
    float("-inf"),
    0.1 + 0.2,
    -0.0,
    65535,
    99999,
    1e-12,
    True,
)
_WORDS: Final[tuple[Any, ...]] = (
    "",
    " ",
    "/",
    "无",
    "—",
    "待定",
    "n/a",
    "nan",
    "null",
    "约 350",
    "300-400",
    "3亩",
    "1200 ft",
    "1，234",
    "12,5",
    "１２３",
    "三十二",
    "1e5",
    "0x10",
    "1_000",
    "50%",
    "¥100",
    "2019-09-01",
    "2026.1",
    "1/2/2026",
    "20260101",
    "46023",
    "昨天",
    "9999-12-31",
    "0001-01-01",
    "1677-01-01",
    "2262-04-12",
    "99999",
    "existing",
    "station",
    "Station ",
    "是",
    "否",
    "Y",
    "TRUE",
    "F1",
    "S1",
    "C00",
    "E1",
    "x" * 40_000,
    "a\nb",
    'a"b',
    "a;b\tc,d",
    "=1+1",
    '=HYPERLINK("x")',
    "+1",
    "-1",
    "@x",
    "#REF!",
    "#N/A",
    "<b>&amp;",
    "{{7*7}}",
    "\u200b",
    "\ufeff",
    "\u00a0",
    "\u202e",
    "\x07",
    "\x00",
    "\ud800",
    "𠀀",
    "ａ",
    "5.00199E+11",
    "500199001001.0",
    '="500199001001"',
    "合计",
    "小计",
    "inf",
    "-inf",
    "1e400",
    "九千九百九十九亿",
    "１，２３４．５",
    "一二三",
    "12 亩",
    "1.2.3",
    "--5",
    "1..2",
    "1e",
    "²",
    "½",
    "٣",
    "१२",
)
_OTHERS: Final[tuple[Any, ...]] = (None, [], {}, [1, 2], {"a": {"b": 1}}, True, False)


def _table(district: District, rng: Random) -> Table | None:
    found = [table for table in district.tables.values() if table.rows]
    return rng.choice(found) if found else None


def _cell(district: District, rng: Random) -> tuple[dict[str, Any], str] | None:
    table = _table(district, rng)
    row = None if table is None else rng.choice(table.rows)
    return (row, rng.choice(list(row))) if row else None


def _set(district: District, rng: Random, values: tuple[Any, ...]) -> bool | None:
    for _ in range(rng.choice((1, 1, 3))):
        cell = _cell(district, rng)
        if cell is None:
            return False
        cell[0][cell[1]] = rng.choice(values)
    return None


@mutation
def strange_number(district: District, rng: Random) -> bool | None:
    return _set(district, rng, _NUMBERS)


@mutation
def strange_word(district: District, rng: Random) -> bool | None:
    return _set(district, rng, _WORDS)


@mutation
def other_things(district: District, rng: Random) -> bool | None:
    moments = (dt.date(2020, 2, 29), dt.datetime(2020, 1, 1, 23, 59), dt.time(8, 30))  # noqa: DTZ001 - as workbooks give
    table = _table(district, rng)
    return _set(district, rng, _OTHERS if table is None or table.suffix != "xlsx" else (*_OTHERS, *moments[:2]))


@mutation
def whole_column(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None:
        return False
    key, value = rng.choice(list(table.rows[0])), rng.choice((*_NUMBERS, *_WORDS, *_OTHERS))
    for row in table.rows:
        row[key] = value
    return None


@mutation
def known_column(district: District, rng: Random) -> bool | None:
    """Give a column that is known, with anything in it."""
    table = _table(district, rng)
    if table is None:
        return False
    key = rng.choice(
        (
            "opens",
            "closes",
            "far",
            "beds",
            "nursing_beds",
            "new_beds",
            "staff",
            "certified_staff",
            "rating",
            "parent_id",
            "site_id",
            "community_id",
            "community",
            "address",
            "lease_years",
            "rent_cny_per_year",
            "capital_cost_cny",
            "level",
            "highway",
            "bridge",
            "foot",
            "tenure",
            "status",
            "operator_kind",
            "residents",
            "elderly",
            "households",
            "year_built",
            "detached",
            "teaching_point",
            "served",
            "demonstration",
            "award_rating",
            "subsidy_paid_cny",
            "residential_area",
            "building_floor_area_m2",
            "wkt",
            "lon",
            "geometry",
            "kind",
            "adcode",
            "for",
            "cost_cny_per_m2",
            "用地面积（亩）",
        )
    )
    pool = rng.choice((_NUMBERS, _WORDS, ("F1", "F2", "S1", "C00", "一小区", "自身"), (1, 2, 3, None)))
    for row in table.rows:
        row[key] = rng.choice(pool)
    return None


@mutation
def lost_column(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None:
        return False
    key = rng.choice(list(table.rows[0]))
    for row in table.rows:
        row.pop(key, None)
    return None


@mutation
def head_twice(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None or table.suffix not in ("csv", "xlsx"):
        return False
    key = rng.choice(list(table.rows[0]))
    for row in table.rows:
        row[f"{key}\tagain"] = row[key]
    return None


@mutation
def strange_head(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None:
        return False
    old = rng.choice(list(table.rows[0]))
    new = rng.choice(
        (
            "",
            " ",
            "1",
            "geometry",
            "fid",
            "ogc_fid",
            "x" * 300,
            "a\nb",
            "\u200b",
            "序号",
            "名称",
            "nan",
            "None",
            "\ud800",
        )
    )
    table.rows[:] = [{new if key == old else key: each for key, each in row.items()} for row in table.rows]
    return None


@mutation
def row_twice(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None:
        return False
    at = rng.randrange(len(table.rows))
    table.rows.append(dict(table.rows[at]) | ({"id": "other"} if rng.random() < 0.4 else {}))
    if table.shapes is not None:
        table.shapes.append(table.shapes[at])
    return None


@mutation
def no_rows(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None:
        return False
    left = rng.choice((0, 0, 1))
    del table.rows[left:]
    if table.shapes is not None:
        del table.shapes[left:]
    return None


@mutation
def one_id(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None:
        return False
    for row in table.rows:
        row["id"] = rng.choice(("F1", "f1", "F1 ", 1, 1.0, "01", None))
    return None


@mutation
def many_columns(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None or table.suffix in ("shp", "xlsx"):
        return False
    for row in table.rows:
        row |= {f"列{at}": at for at in range(rng.choice((300, 2500)))}
    return None


@mutation
def many_rows(district: District, rng: Random) -> bool | None:
    """List the same places two hundred times under other ids."""
    table = _table(district, rng)
    if table is None or not table.rows:
        return False
    count = len(table.rows)
    table.rows[:] = [dict(table.rows[at % count]) | {"id": f"N{at}"} for at in range(200)]
    if table.shapes is not None:
        table.shapes[:] = [table.shapes[at % count] for at in range(200)]
    return None


@mutation
def places_in_cells(district: District, rng: Random) -> bool | None:
    """Give places in cells that are none, far away, or exchanged."""
    found = [
        table for table in district.tables.values() if table.shapes is None and table.rows and "x" in table.rows[0]
    ]
    if not found:
        return False
    row = rng.choice(rng.choice(found).rows)
    x, y = row.get("x"), row.get("y")
    row["x"], row["y"] = rng.choice(
        (
            (y, x),
            (None, None),
            (x, None),
            (0, 0),
            (1e308, y),
            (107.34, 29.65),
            ("107°20'", "29°39'"),
            (float("nan"), y),
            (float("inf"), y),
            ("436,100", y),
            (-436_100, y),
            (x, 90_000_000),
            (f"{x}m", y),
            (35_436_100, y),
        )
    )
    return None


@mutation
def raw_bytes(district: District, rng: Random) -> bool | None:
    """Put bytes into a CSV that no writer would."""
    found = [name for name, table in district.tables.items() if table.suffix == "csv"]
    if not found:
        return False
    name = rng.choice(found)
    change = rng.choice(
        (
            lambda raw: raw.replace(b"\n", b"\r"),
            lambda raw: raw.replace(b",", b";"),
            lambda raw: raw.replace(b",", b"\t"),
            lambda raw: raw + b'"',
            lambda raw: raw + b"\x00" * 20,
            lambda raw: raw.decode("utf-8", "replace").encode("utf-16"),
            lambda raw: raw.decode("utf-8", "replace").encode("gb18030"),
            lambda raw: b"sep=|\n" + raw.replace(b",", b"|"),
            lambda raw: raw + b"\xff\xfe",
            lambda _: b"",
            lambda _: b"\n\n\n",
            lambda raw: raw + b",,,,,,,,,,,,,\n" * 50,
            lambda raw: raw + b"," * 100_000 + b"\n",
            lambda raw: raw.replace(b"\n", b"\n\n"),
            lambda raw: b"\n" * 40 + raw,
            lambda raw: raw + "合计,,,\n".encode(),
            lambda raw: raw.split(b"\n")[0],
            lambda raw: raw + raw,
        )
    )
    district.afterwards.append(
        lambda folder: _rewritten(folder / f"{name}.csv", change),
    )
    return None


def _rewritten(path: Any, change: Any) -> None:
    path.write_bytes(change(path.read_bytes()))


# --- what means nothing ----------------------------------------------------------------------------------------------


@harmless
def shuffled_rows(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None:
        return False
    order = rng.sample(range(len(table.rows)), len(table.rows))
    table.rows[:] = [table.rows[at] for at in order]
    if table.shapes is not None:
        table.shapes[:] = [table.shapes[at] for at in order]
    return None


@harmless
def unused_column(district: District, rng: Random) -> bool | None:
    table = _table(district, rng)
    if table is None:
        return False
    for row in table.rows:
        row["备注说明"] = rng.choice((None, "x", "二〇二六年", "a, b"))
    return None


@harmless
def invisible_characters(district: District, rng: Random) -> bool | None:
    """Put what nobody sees into ids and words."""
    table = _table(district, rng)
    if table is None or table.suffix == "shp":
        return False
    for row in table.rows:
        for key, each in row.items():
            if isinstance(each, str) and rng.random() < 0.3:
                row[key] = rng.choice((f"{each}\u200b", f"\ufeff{each}", f" {each}", f"{each}\u3000", f"{each}\u00a0"))
    return None


@harmless
def full_width_digits(district: District, rng: Random) -> bool | None:
    return _numbers_as(
        district, rng, lambda each: f"{each:,}".translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    )


@harmless
def thousands(district: District, rng: Random) -> bool | None:
    return _numbers_as(district, rng, lambda each: f"{each:,}")


def _numbers_as(district: District, rng: Random, shown: Any) -> bool | None:
    found = [table for table in district.tables.values() if table.suffix in ("csv", "xlsx", "geojson")]
    if not found:
        return False
    for row in rng.choice(found).rows:
        for key in ("land_m2", "beds", "capital_cost_cny", "people", "residents"):
            if isinstance(row.get(key), int | float):
                row[key] = shown(row[key])
    return None


@harmless
def blank_rows(district: District, rng: Random) -> bool | None:
    found = [name for name, table in district.tables.items() if table.suffix == "csv"]
    if not found:
        return False
    name = rng.choice(found)
    extra = rng.choice((b"\n\n", b",,\n,,\n", b"\n , \n"))
    district.afterwards.append(lambda folder: _rewritten(folder / f"{name}.csv", lambda raw: raw + extra))
    return None


@harmless
def known_names(district: District, rng: Random) -> bool | None:
    """Call columns by their usual Chinese names."""
    found = [district.tables[key] for key in ("facilities", "candidates") if key in district.tables]
    if not found:
        return False
    names = {"name": "名称", "land_m2": "用地面积", "beds": "床位数"}
    table = rng.choice(found)
    table.rows[:] = [{names.get(key, key): each for key, each in row.items()} for row in table.rows]
    return None
