"""People of units from a separate table: joined by id, otherwise by name, never by guess."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import geopandas as gpd
import pandas as pd

from siting.domain.scenario import FINE_TO_COARSE, Layer, PeopleSource
from siting.domain.tables import PEOPLE_COLUMNS, PEOPLE_OF_UNITS_COLUMNS, Column
from siting.read.geometry.pieces import some
from siting.read.log import LayerLog, Log, listed
from siting.read.names import bare, same_place
from siting.read.sources.vectors import read_table
from siting.read.tables.aliases import find_columns
from siting.read.tables.cells import positions, row_labels
from siting.read.tables.codes import with_zeros
from siting.read.tables.columns import typed_table
from siting.read.tables.totals import differs, grand_total, is_total, without_totals
from siting.text.numbers import number

# Endings of names of places that contain other places.
_ENDINGS: Final = ("省", "市", "区", "县", "州", "盟", "旗")
_KEYS: Final = ("id", "name")
_FIGURES: Final = ("residents", "elderly")
# The figure of a unit may be blank.
_PEOPLE_OF_UNITS: Final = tuple(replace(column, required=False) for column in PEOPLE_OF_UNITS_COLUMNS)
# The age that the usual names of the elderly do not mean, and the section of names that do.
_OLDER: Final = 65
_USUAL: Final = "60"
_AGE_65: Final = "elderly_from_65"


def read_unit_people(source: Layer, log: LayerLog, from_age: int = 60) -> pd.DataFrame | None:
    """Read a table of the people of units.

    Parameters
    ----------
    source : Layer
        The scenario's settings of the table.
    log : LayerLog
        Takes the faults: of the file, of its columns (an id or a name, and residents or elderly, are required), of
        single cells.
    from_age : int
        The age from which the scenario counts the elderly: only a column of this age is recognised by a usual name.

    Returns
    -------
    pandas.DataFrame or None
        ``PEOPLE_COLUMNS``, row by row as in the file; None if nothing can be used.
    """
    raw = read_table(source, log)
    if raw is None:
        return None
    raw = without_totals(raw, source, log)
    names = [str(name) for name in raw.columns]
    source = source.model_copy(update={"columns": of_age(names, "elderly", source.columns, from_age, log)})
    found = find_columns(names, (*_KEYS, *_FIGURES), source.columns, log.key)
    for either in (_KEYS, _FIGURES):
        if not any(found[key] or source.columns.get(key) or key in source.defaults for key in either):
            log.fault("column_missing", field=listed(either), expected=listed(raw.columns))
            return None
    return _named_rows(raw, PEOPLE_COLUMNS, source, log)


def read_people_of_units(source: PeopleSource, who: str, log: LayerLog) -> pd.DataFrame | None:
    """Read the table that gives the residents, or the elderly, of units: ``population.WHO.attributes``.

    Parameters
    ----------
    source : PeopleSource
        Its ``level`` and ``attributes`` are given; ``columns`` may name ``id``, ``name`` and ``people``.
    who : {"residents", "elderly"}
        The people whose figures are sought by usual names.
    log : LayerLog
        As for :func:`read_unit_people`; its key is that of the people.

    Returns
    -------
    pandas.DataFrame or None
        ``id``, ``name``, ``people``, row by row as in the file; None if nothing can be used.
    """
    table = Layer(path=source.attributes, layer=source.layer, encoding=source.encoding, columns=source.columns)
    raw = read_table(table, log)
    if raw is None:
        return None
    names = [str(name) for name in raw.columns]
    given = of_age(names, "people", source.columns, source.from_age or 60, log)
    known = find_columns(names, _KEYS, given, f"units.{source.level}.people")
    figures = find_columns(names, ("people",), given, log.key)["people"]
    if not figures and "people" not in given and "planned" not in log.key:
        figures = find_columns(names, (who,), {}, f"units.{source.level}.people")[who]
    if not any(known.values()):
        log.fault("column_missing", field=listed(_KEYS), expected=listed(raw.columns))
        return None
    found = {key: matches[0] for key, matches in {**known, "people": figures}.items() if len(matches) == 1}
    if by_alias := [f"{name} → {key}" for key, name in found.items() if key not in given and name != key]:
        log.note("columns_by_alias", columns=listed(by_alias))
    table = table.model_copy(update={"columns": {**found, **given}})
    return _named_rows(without_totals(raw, table, log), _PEOPLE_OF_UNITS, table, log)


def of_age(names: Sequence[str], key: str, columns: Mapping[str, str], from_age: int, log: LayerLog) -> dict[str, str]:
    """Return the scenario's ``columns``, with the column of the elderly if they are counted from 65.

    The usual names of the elderly mean 60 and over. If the scenario counts from 65, only a column with 65, or without
    an age, is recognised by its name.

    Parameters
    ----------
    names : sequence of str
        The file's columns.
    key : {"elderly", "people"}
        The name of our column; for residents nothing is changed.
    columns : mapping of str to str
        The scenario's own.
    from_age : int
        60 or 65.
    log : LayerLog
        Its key is that of the layer; it takes ``columns_by_alias``.
    """
    found = dict(columns)
    if from_age != _OLDER or key in found or key in names or (key == "people" and "residents" in log.key):
        return found
    matches = [name for name in find_columns(names, ("elderly",), {}, _AGE_65)["elderly"] if _USUAL not in name]
    matches = [name for name in matches if str(_OLDER) in name] or matches
    if len(matches) == 1:
        found[key] = matches[0]
        log.note("columns_by_alias", columns=f"{matches[0]} → {key}")
    elif any(_USUAL in name for name in find_columns(names, (key,), {}, log.key)[key]):
        found[key] = ""
    return found


def _named_rows(raw: pd.DataFrame, columns: Sequence[Column], source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Return rows that name their unit, typed; None if the codes that name them are lost."""
    table, labels = typed_table(raw, columns, source, log)
    if any(fault.code == "code_lost_digits" and fault.layer == log.key for fault in log.log.faults.found):
        # Rows with lost codes match no unit; that is not reported again.
        return None
    _keep_total(columns, source, log)
    for position in positions(table[list(_KEYS)].isna().all(axis=1).to_numpy(dtype=bool)):
        log.fault("missing_value", row=labels[position], field=listed(_KEYS))
    return table


def _keep_total(columns: Sequence[Column], source: Layer, log: LayerLog) -> None:
    """Keep the values of the row that adds up all others, as the fact ``totals``; faults in it are not reported."""
    row = grand_total(source, log)
    if row is None:
        return
    figures = [column.key for column in columns if column.key not in _KEYS]
    stated, _ = typed_table(row, columns, source, Log().layer(log.key, source.called))
    log.fact(totals={key: float(stated[key].iloc[0]) for key in figures if stated[key].notna().all()})


def _check_total(rows: pd.DataFrame, used: pd.DataFrame, log: LayerLog) -> None:
    """Note if the rows that were read do not add up to the table's own total, nor those of units alone."""
    for key, stated in log.log.layers.get(log.key, {}).get("totals", {}).items():
        if all(differs(stated, each[key].dropna().tolist()) for each in (rows, used)):
            column = log.log.layers[log.key].get("matched", {}).get(key, key)
            told = {"stated": number(stated), "added": number(float(used[key].sum()))}
            log.note("people_total_differs", field=column, **told)


def with_people(
    level: str, units: gpd.GeoDataFrame, rows: pd.DataFrame, place: str | None, log: LayerLog
) -> gpd.GeoDataFrame:
    """Assign the people of a table to its units.

    A row belongs to the unit with its id, else to the only unit with its full name, else to the only one whose name
    differs by the word for its kind alone (as 凤鸣 does), if no other row may mean it. Rows of totals, rows without a
    unit and units without a row are noted; two rows for one unit are a fault, and so is a table without any row of a
    unit.

    Parameters
    ----------
    level : str
        Level of the units.
    units : geopandas.GeoDataFrame
        Units of that level, indexed by id.
    rows : pandas.DataFrame
        As returned by :func:`read_unit_people`.
    place : str or None
        Full name of the scenario's place: a row with its name or that of a parent is a total.
    log : LayerLog
        Takes the fault and the notes.

    Returns
    -------
    geopandas.GeoDataFrame
        The units with ``own_residents`` and ``own_elderly``, NaN if no row gives them.
    """
    figures = figures_by_unit(level, units, rows, place, log)
    if figures is None:
        return units
    return units.assign(**{f"own_{name}": figures[name].reindex(units.index).astype("float64") for name in _FIGURES})


def figures_by_unit(
    level: str, units: gpd.GeoDataFrame, rows: pd.DataFrame, place: str | None, log: LayerLog
) -> pd.DataFrame | None:
    """Return the rows of a table by the id of their unit; None, with a fault, if no row belongs to any unit.

    Parameters
    ----------
    level, units, rows, place, log
        See :func:`with_people`.
    """
    ids, names = set(units.index), units["name"].dropna()
    by_name = {name: key for key, name in names[~names.duplicated(keep=False)].items()}
    keys = zip(with_zeros(rows["id"], units.index, log), rows["name"], strict=True)
    unit = pd.Series([key if key in ids else by_name.get(name) for key, name in keys], index=rows.index, dtype=object)
    unit = _by_bare_names(rows, unit, names, level, log)
    labels = row_labels([None] * len(rows), rows.index)
    other = _other_level(log)
    for key in dict.fromkeys(unit[unit.duplicated() & unit.notna()]):
        where = some([labels[position] for position in positions((unit == key).to_numpy(dtype=bool))])
        if other is None:
            log.fault("people_twice", row=str(key), found=where)
        else:
            log.fault("people_of_other_level", row=str(key), found=where, expected=other)
    if unit.isna().all():
        named = rows["id"].fillna(rows["name"])
        log.fault(
            "join_matches_nothing", field=listed(_KEYS), found=some(list(named)), expected=some(list(units.index))
        )
        return None
    _note_others(rows[unit.isna()], place, log.left_out(level), log)
    lacking = units.index[~units.index.isin(unit.dropna())]
    if len(lacking):
        told = units["name"].reindex(lacking).fillna(pd.Series(lacking, index=lacking))
        log.note("people_units_unmatched", count=len(lacking), names=listed(told))
    found = rows.assign(unit=unit).dropna(subset="unit").drop_duplicates("unit").set_index("unit")
    if not unit.dropna().duplicated().any():
        _check_total(rows, found, log)
    return found


def _by_bare_names(rows: pd.DataFrame, unit: pd.Series, units: pd.Series, level: str, log: LayerLog) -> pd.Series:
    """Match rows whose names differ from those of units only by the word for a kind; they are noted.

    Only a row without an id is matched so, and only if no other unit and no other row may be meant. ``units`` holds the
    names of the units.
    """
    free = unit.isna() & rows["name"].notna() & rows["id"].isna()
    names = {row: str(rows["name"][row]) for row in rows.index[free] if not is_total(str(rows["name"][row]))}
    called, alike = dict(units.items()), dict[str, list[object]]()
    for key, name in called.items():
        alike.setdefault(bare(name, level), []).append(key)
    meant = {
        row: [key for key in alike.get(bare(name, level), ()) if same_place(name, called[key], level)]
        for row, name in names.items()
    }
    counts = Counter(keys[0] for keys in meant.values() if len(keys) == 1)
    taken = set(unit.dropna())
    found = {
        row: keys[0] for row, keys in meant.items() if len(keys) == 1 and counts[keys[0]] == 1 and keys[0] not in taken
    }
    if found:
        told = [f"{names[row]} → {called[key]}" for row, key in found.items()]
        log.note("people_rows_by_bare_name", count=len(found), names=listed(told))
    return unit.where(~unit.index.isin(list(found)), pd.Series(found, dtype=object))


def _other_level(log: LayerLog) -> str | None:
    """Return what to write if an unused column contains the names of another level; None if none does."""
    unused = log.log.layers.get(log.key, {}).get("unused", ())
    named = {level: find_columns(unused, ("name",), {}, f"units.{level}.people")["name"] for level in FINE_TO_COARSE}
    # 单元名称 and similar names indicate no level.
    counts = Counter(name for names in named.values() for name in names)
    of_units = log.key.startswith("units.")
    return next(
        (
            f"[units.{level}.people]" if of_units else f'level = "{level}"'
            for level, names in named.items()
            if any(counts[name] == 1 for name in names)
        ),
        None,
    )


def _note_others(rows: pd.DataFrame, place: str | None, left_out: Collection[str], log: LayerLog) -> None:
    """Note the rows that belong to no unit: totals, those of omitted units, and the others."""
    told = rows["name"].fillna(rows["id"])
    adds_up = rows["name"].map(lambda name: _is_whole(name, place)).astype(bool)
    totals = sorted(told[adds_up])
    if totals:
        log.note("people_total_rows", count=len(totals), names=listed(totals))
    gone = ~adds_up & (rows["id"].isin(left_out) | rows["name"].isin(left_out))
    if gone.any():
        log.note("people_rows_left_out", **_counted(rows[gone]))
    if (others := ~adds_up & ~gone).any():
        log.note("people_rows_unmatched", **_counted(rows[others]))


def _counted(rows: pd.DataFrame) -> dict[str, object]:
    """Return how many rows there are, their names and their people, for a note."""
    people = rows[[name for name in ("people", *_FIGURES) if name in rows]].astype("float64").sum(min_count=1).max()
    names = listed(sorted(rows["name"].fillna(rows["id"])))
    return {"count": len(rows), "names": names, "people": "?" if pd.isna(people) else f"{people:,.0f}"}


def _is_whole(name: object, place: str | None) -> bool:
    """Tell whether a row adds others up: by its words, or because it has the name of the place or a parent of it."""
    if not isinstance(name, str) or is_total(name):
        return isinstance(name, str)
    # 重庆市南岸区: its parent is 重庆市, and its short name is 南岸区.
    return place is not None and name.endswith(_ENDINGS) and (place.startswith(name) or place.endswith(name))
