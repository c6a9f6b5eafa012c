"""The sizes in which sites may be built: one row for each size, read like any other table."""

from typing import Final

import numpy as np
import pandas as pd

from siting.domain.scenario import SizesTable
from siting.domain.tables import SIZE_COLUMNS
from siting.read.log import LayerLog, listed
from siting.read.sources.vectors import read_table
from siting.read.tables.cells import positions
from siting.read.tables.columns import typed_table

# Sizes of candidates and of existing facilities are separate.
_EXISTING: Final = "existing"


def read_sizes(source: SizesTable, log: LayerLog) -> pd.DataFrame | None:
    """Read the table of sizes.

    Parameters
    ----------
    source : SizesTable
        What the scenario says of the table.
    log : LayerLog
        Takes the faults: of the file, of its columns (``size`` is required) and cells (a size without a name, a
        negative number, an unknown tier); ``size_twice`` if one size would be offered twice to the same site.

    Returns
    -------
    pandas.DataFrame or None
        ``SIZE_COLUMNS``, in our units, by ``size`` and ``for``, on a RangeIndex. None if nothing is read.
    """
    raw = read_table(source, log)
    if raw is None:
        return None
    table, labels = typed_table(raw, SIZE_COLUMNS, source, log)
    _check_twice(table, labels, log)
    by = table[["size", "for"]].astype(object).fillna("")
    return table.iloc[np.lexsort((by["for"].to_numpy(dtype=str), by["size"].to_numpy(dtype=str)))].reset_index(
        drop=True
    )


def _check_twice(table: pd.DataFrame, labels: list[str], log: LayerLog) -> None:
    """Note a fault for each size that would be offered twice to some site; a blank ``for`` means all candidates."""
    offered_to = table["for"].astype(object).where(table["for"].notna(), "")
    for name in dict.fromkeys(table["size"].dropna()):
        rows = np.asarray((table["size"] == name).fillna(value=False), dtype=bool)
        meant = offered_to[rows].tolist()
        new = [each for each in meant if each != _EXISTING]
        if len(set(meant)) < len(meant) or ("" in new and len(new) > 1):
            log.fault("size_twice", row=str(name), field="size", found=listed(labels[at] for at in positions(rows)))
