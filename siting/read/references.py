"""References of a ledger to other layers by id, where one side lost the zeros at their beginning."""

from collections.abc import Hashable, Iterable, Mapping

import geopandas as gpd
import pandas as pd

from siting.read.log import LayerLog
from siting.read.tables.codes import with_zeros


def with_known_references(
    ledger: gpd.GeoDataFrame, places: Mapping[str, pd.DataFrame], parents: Iterable[Hashable], log: LayerLog
) -> gpd.GeoDataFrame:
    """Return a ledger whose references are written as the layers write their ids.

    A spreadsheet makes 501 of 0501. A reference that no place bears, and that is the id of one place but for such
    zeros, is taken for it, and that is noted.

    Parameters
    ----------
    ledger : geopandas.GeoDataFrame
        Facilities or candidates, indexed by id.
    places : mapping of str to pandas.DataFrame
        The places of each level (``street``, ``community``, ``residential_area`` …), indexed by id, with ``name``.
    parents : iterable
        The ids that ``parent_id`` may name.
    log : LayerLog
        Takes the note ``leading_zeros_lost``, one a column.
    """
    known: dict[str, Iterable[Hashable]] = {"parent_id": parents}
    for level, frame in places.items():
        known[f"{level}_id"] = frame.index
        # These hold names as well, and a name of digits is no code.
        known[level] = [*frame.index, *frame["name"].dropna()]
    found = {
        column: with_zeros(ledger[column], ids, log).astype(ledger[column].dtype)
        for column, ids in known.items()
        if column in ledger
    }
    return ledger.assign(**found) if len(ledger) else ledger
