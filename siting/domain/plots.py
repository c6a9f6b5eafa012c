"""Plots that are so large for the floor area on them that they may hold more than the record says."""

from typing import Final

import pandas as pd

# GB 50437-2007 (2018) pairs at most 44 m² of land with at least 35 m² of floor area a bed: a FAR of 0.8. A plot twice
# as large, with less than 0.4 of its area in floor, may be that of a larger building: an assumption.
OWN_PLOT_FAR: Final = 0.4


def doubtful_plots(records: pd.DataFrame) -> pd.Series:
    """Tell which records may hold but a part of the plot that they give.

    They give land and floor area, this less than ``OWN_PLOT_FAR`` of the land, and neither the floor area of the
    building nor a floor area ratio.

    Parameters
    ----------
    records : pandas.DataFrame
        With ``land_m2``, ``floor_area_m2``, ``building_floor_area_m2`` and ``far``.

    Returns
    -------
    pandas.Series
        Bool, on the index of the records.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.plots import doubtful_plots
    >>> table = pd.DataFrame({"land_m2": [3600.0, 950.0, 3600.0], "floor_area_m2": [380.0, 380.0, 380.0],
    ...     "building_floor_area_m2": [None, None, 380.0], "far": None})
    >>> doubtful_plots(table).tolist()
    [True, False, False]
    """
    land, floor = (pd.to_numeric(records[name]).astype("float64") for name in ("land_m2", "floor_area_m2"))
    unsaid = records["building_floor_area_m2"].isna() & records["far"].isna()
    return ((floor > 0) & (floor < OWN_PLOT_FAR * land) & unsaid).astype(bool)
