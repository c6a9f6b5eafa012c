"""Annual growth of the people of units, or of all people, as a factor until the horizon."""

from collections.abc import Mapping
from typing import Final, get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.nouns import Growth
from siting.domain.scenario import Level, Projection
from siting.domain.tables import GROWTH_COLUMNS
from siting.read.log import LayerLog, listed
from siting.read.sources.vectors import read_table
from siting.read.tables.cells import positions, row_labels
from siting.read.tables.codes import same_codes, with_zeros
from siting.read.tables.columns import typed_table

WHO: Final = ("residents", "elderly")
_RATES: Final = {who: f"{who}_growth" for who in WHO}
# A doubling within a year is 2 % written as 2.
_TOO_MUCH: Final = 1.0


def read_growth(
    source: Projection, horizon: int, units: Mapping[str, gpd.GeoDataFrame], log: LayerLog
) -> Growth | None:
    """Read the growth of people until the horizon.

    A row belongs to the unit with its id, otherwise to the only unit with its full name; all rows belong to units of
    one level, the one with most matches (the finest among equals). A row without id and name applies to all units
    without a row of their own, or whose row is blank.

    Parameters
    ----------
    source : Projection
        The scenario's settings of the table; ``base_year`` is not after the horizon.
    horizon : int
        Year to which people are projected.
    units : mapping of str to geopandas.GeoDataFrame
        Units by level, indexed by id, with ``name``.
    log : LayerLog
        Takes the faults of the file and of its columns and cells, ``growth_not_rate`` and ``growth_twice``; notes rows
        without a unit, and units without a row.

    Returns
    -------
    Growth or None
        Factors (1 + rate) to the power of the years. None if there is a fault.
    """
    faults = len(log.log.faults.found)
    raw = read_table(source, log)
    if raw is None:
        return None
    table, labels = typed_table(raw, GROWTH_COLUMNS, source, log)
    _check_rates(table, labels, raw, source, log)
    if len(log.log.faults.found) > faults:
        return None
    factors = pd.DataFrame({who: (1.0 + table[rate]) ** (horizon - source.base_year) for who, rate in _RATES.items()})
    everybody = table[["id", "name"]].isna().all(axis=1)
    level, unit = _units_of(table[~everybody], units, log)
    _check_twice(unit, everybody, log)
    if len(log.log.faults.found) > faults:
        return None
    if level is None and not everybody.any():
        log.fault("growth_of_nobody", found=listed(table["name"].fillna(table["id"])))
        return None
    lost = table.loc[unit.index[unit.isna()]]
    left_out = log.left_out(level or "")
    lost = lost[~(lost["id"].isin(left_out) | lost["name"].isin(left_out))]
    if len(lost):
        log.note("growth_rows_unmatched", count=len(lost), names=listed(sorted(lost["name"].fillna(lost["id"]))))
    log.note("growth_rates_read", base_year=source.base_year, horizon=horizon)
    general = factors[everybody].reset_index(drop=True)
    if level is None:
        return Growth(None, general)
    return Growth(level, _beside(factors.loc[unit.dropna().index], unit.dropna(), general, units[level], log))


def _check_rates(table: pd.DataFrame, labels: list[str], raw: pd.DataFrame, source: Projection, log: LayerLog) -> None:
    if not any(table[rate].notna().any() or rate in source.columns or rate in raw.columns for rate in _RATES.values()):
        log.fault("column_missing", field=listed(_RATES.values()), expected=listed(raw.columns))
    for rate in _RATES.values():
        for position in positions((table[rate] >= _TOO_MUCH).to_numpy(dtype=bool)):
            found = f"{table[rate].iloc[position]:g}"
            log.fault("growth_not_rate", row=labels[position], field=rate, found=found, expected="0.02")


def _units_of(
    rows: pd.DataFrame, units: Mapping[str, gpd.GeoDataFrame], log: LayerLog
) -> tuple[Level | None, pd.Series]:
    """Return the level to whose units most rows belong, and the unit of each row, NA if there is none."""
    best: tuple[Level | None, pd.Series] = (None, pd.Series(None, index=rows.index, dtype=object))
    for level in get_args(Level):  # from the finest on
        if level not in units:
            continue
        names = units[level]["name"].dropna()
        by_name = {name: key for key, name in names[~names.duplicated(keep=False)].items()}
        ids = set(units[level].index)
        meant = same_codes(rows["id"].tolist(), units[level].index)
        keys = [meant.get(key, key) if isinstance(key, str) else key for key in rows["id"]]
        found = [key if key in ids else by_name.get(name) for key, name in zip(keys, rows["name"], strict=True)]
        unit = pd.Series(found, index=rows.index, dtype=object)
        if unit.notna().sum() > best[1].notna().sum():
            best = level, unit
    if best[0] is not None:
        # Lost zeros are reported only for the level that counts.
        with_zeros(rows["id"], units[best[0]].index, log)
    return best


def _check_twice(unit: pd.Series, everybody: pd.Series, log: LayerLog) -> None:
    for key in dict.fromkeys(unit[unit.duplicated() & unit.notna()]):
        log.fault("growth_twice", row=str(key), found=_labels(unit == key))
    if everybody.sum() > 1:
        log.fault("growth_twice", found=_labels(everybody))


def _labels(rows: pd.Series) -> str:
    """Name the rows of a mask."""
    labels = np.array(row_labels([None] * len(rows), rows.index), dtype=object)
    return listed(labels[rows.to_numpy(dtype=bool)])


def _beside(
    own: pd.DataFrame, unit: pd.Series, general: pd.DataFrame, units: gpd.GeoDataFrame, log: LayerLog
) -> pd.DataFrame:
    """Assign the factors of rows to the units; units without a row have the general one."""
    found = own.set_index(pd.Index(unit.to_numpy(), dtype=units.index.dtype)).reindex(units.index)
    if len(general):
        found = found.fillna(general.iloc[0])
    lacking = found.index[found.isna().all(axis=1)]
    if len(lacking):
        log.note("growth_units_unmatched", count=len(lacking), names=listed(units["name"].reindex(lacking)))
    return found
