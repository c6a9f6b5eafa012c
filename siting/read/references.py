"""References of a ledger to ids of other layers, if one side lost leading zeros."""

from collections.abc import Hashable, Iterable, Mapping

import geopandas as gpd
import pandas as pd

from siting.read.log import LayerLog
from siting.read.tables.codes import with_zeros


def with_known_references(
    ledger: gpd.GeoDataFrame, places: Mapping[str, pd.DataFrame], parents: Iterable[Hashable], log: LayerLog
) -> gpd.GeoDataFrame:
    """Return a ledger with references written like the ids of the layers.

    A spreadsheet turns 0501 into 501. If no place has the referenced id, but one place has it with other leading zeros,
    the reference is corrected and a note is made.

    Parameters
    ----------
    ledger : geopandas.GeoDataFrame
        Facilities or candidates, indexed by id.
    places : mapping of str to pandas.DataFrame
        The places of each level (``street``, ``community``, ``residential_area`` …), indexed by id, with ``name``.
    parents : iterable
        The ids that ``parent_id`` may name.
    log : LayerLog
        Takes the note ``leading_zeros_lost``, one for each column.
    """
    known: dict[str, Iterable[Hashable]] = {"parent_id": parents}
    for level, frame in places.items():
        known[f"{level}_id"] = frame.index
        # These columns hold names as well, and a name of digits is no code.
        known[level] = [*frame.index, *frame["name"].dropna()]
    found = {
        column: with_zeros(ledger[column], ids, log).astype(ledger[column].dtype)
        for column, ids in known.items()
        if column in ledger
    }
    return ledger.assign(**found) if len(ledger) else ledger
