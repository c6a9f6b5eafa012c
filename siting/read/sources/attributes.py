"""Selection of a layer's rows, and columns from another table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from siting.listing import first_of
from siting.read.log import LayerLog, listed, quoted
from siting.read.tables.cells import as_text, plain, positions, row_labels
from siting.read.tables.codes import codes_of, with_zeros

# The most names in one note; the count gives their number.
_LONGEST: Final = 20


def keys_of(cells: pd.Series) -> pd.Series:
    """Return cells as text without surrounding white space, codes restored; None for blanks.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.read.sources.attributes import keys_of
    >>> keys_of(pd.Series([500108.0, None])).tolist()
    ['500108', None]
    """
    found = codes_of(cells)
    # Cells that cannot be restored are compared unchanged.
    as_it_stands = [None if plain(cell) is None else as_text(plain(cell)) for cell in cells[found.spoiled].tolist()]
    values = found.values.copy()
    values[found.spoiled] = as_it_stands
    return values


def kept_rows(table: pd.DataFrame, wanted: Mapping[str, Sequence[str]], log: LayerLog) -> pd.DataFrame | None:
    """Return the rows that the scenario's ``rows`` select.

    Parameters
    ----------
    table : pandas.DataFrame
        A layer with its own columns.
    wanted : mapping of str to sequence of str
        Their column → values as text; a row needs one of the values in each of the columns.
    log : LayerLog
        Takes the note ``rows_left_out`` and the faults ``column_not_found`` and ``no_row_kept``. Values that differ
        from a column's only in leading zeros are accepted, and noted.

    Returns
    -------
    pandas.DataFrame or None
        None when a fault was noted.
    """
    lost = [name for name in wanted if name not in table.columns]
    for name in lost:
        log.fault("row_column_not_found", field=f"rows.{name}", found=name, expected=listed(table.columns))
    if lost:
        return None
    kept = pd.Series(data=True, index=table.index)
    for name, values in wanted.items():
        keys, named = keys_of(table[name]), [value.strip() for value in values]
        # A value that occurs in the column is used unchanged.
        there = set(keys.dropna())
        kept &= with_zeros(keys, [value for value in named if value not in there], log).isin(named)
    shown = "; ".join(f"{name} = {listed(values)}" for name, values in wanted.items())
    if not kept.any():
        found = "; ".join(f"{name} = {_shown(keys_of(table[name]).dropna().unique())}" for name in wanted)
        log.fault("no_row_kept", field="rows", found=found, expected=shown)
        return None
    left_out = int((~kept).sum())
    if left_out:
        log.note("rows_left_out", count=left_out, rows=shown)
    return table[kept]


def with_attributes(
    table: pd.DataFrame, other: pd.DataFrame, on: tuple[str, str], log: LayerLog
) -> pd.DataFrame | None:
    """Add the columns of another table to a layer's own.

    A column in both must be equal; if the layer's is completely blank, the other's is used.

    Parameters
    ----------
    table, other : pandas.DataFrame
        The layer, and the table.
    on : tuple of str
        The layer's column and the table's that join them, compared as text.
    log : LayerLog
        Takes the notes ``layer_without_attributes`` and ``attributes_without_layer``, and the faults
        ``attribute_column_not_found``, ``attributes_twice``, ``attributes_differ``, ``join_matches_nothing``.

    Returns
    -------
    pandas.DataFrame or None
        All rows of the layer in their order; None when a fault was noted.
    """
    ours, theirs = on
    for name, side in ((ours, table), (theirs, other)):
        if name not in side.columns:
            log.fault("attribute_column_not_found", field="attributes_on", found=name, expected=listed(side.columns))
            return None
    if not _is_sound(table[ours], ours, log) or not _is_sound(other[theirs], theirs, log):
        return None
    keys, rows = keys_of(table[ours]), keys_of(other[theirs])
    rows = with_zeros(rows, keys.dropna().unique(), log)
    twice = list(dict.fromkeys(rows[rows.duplicated() & rows.notna()]))
    labels = row_labels([None] * len(other), other.index)
    for key in twice:
        numbers = listed(label for label, row in zip(labels, rows, strict=True) if row == key)
        log.fault("attributes_twice", row=key, field=theirs, found=numbers)
    if twice:
        return None
    if not keys.isin(rows.dropna()).any():
        log.fault("join_matches_nothing", field="attributes_on", found=_shown(keys), expected=_shown(rows))
        return None
    _note_unmatched(keys, rows, log)
    beside = other.assign(**{theirs: rows}).dropna(subset=[theirs]).set_index(theirs)
    beside = beside.reindex(keys.to_numpy()).set_axis(table.index)
    return _joined(table, beside, log)


def _is_sound(cells: pd.Series, name: str, log: LayerLog) -> bool:
    """Tell whether no code of a column lost digits, and note the faults otherwise."""
    spoiled = codes_of(cells).spoiled
    numbers = row_labels([None] * len(cells), cells.index)
    for position in positions(spoiled.to_numpy(dtype=bool)):
        log.fault("code_lost_digits", row=numbers[position], field=name, found=quoted(cells.iloc[position]))
    return not spoiled.any()


def _note_unmatched(keys: pd.Series, rows: pd.Series, log: LayerLog) -> None:
    lone = keys[~keys.isin(rows.dropna())]
    if len(lone):
        log.note("layer_without_attributes", count=len(lone), names=_shown(lone.fillna("–")))
    spare = rows[~rows.isin(keys.dropna())]
    if len(spare):
        log.note("attributes_without_layer", count=len(spare), names=_shown(spare.fillna("–")))


def _joined(table: pd.DataFrame, beside: pd.DataFrame, log: LayerLog) -> pd.DataFrame | None:
    found = table.copy(deep=False)
    sound = True
    for name in beside.columns:
        if name in table.columns and not keys_of(table[name]).isna().all():
            both = pd.DataFrame({"ours": keys_of(table[name]), "theirs": keys_of(beside[name])}).dropna()
            if (both["ours"] != both["theirs"]).any():
                first = both[both["ours"] != both["theirs"]].iloc[0]
                log.fault("attributes_differ", field=name, found=first["ours"], expected=first["theirs"])
                sound = False
        else:
            found[name] = beside[name]
    return found if sound else None


def _shown(names: Iterable[object]) -> str:
    return listed(first_of([*dict.fromkeys(map(str, names))], _LONGEST))
