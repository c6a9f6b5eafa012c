"""Plots that may contain more than the record tells, and records that may be on one plot."""

from typing import Final

import pandas as pd

# GB 50437-2007 (2018) pairs at most 44 m² of land with at least 35 m² of floor area for each bed: a FAR of 0.8. A plot
# twice as large, whose floor area is below 0.4 of it, may belong to a larger building: an assumption.
OWN_PLOT_FAR: Final = 0.4
# A FAR is rounded: a smaller difference from it does not prove that others share the plot (an assumption).
_ROUNDED: Final = 0.95
# The largest parcel of an institution with medical care (国土资厅发〔2014〕11号).
LARGE_PLOT_M2: Final = 50_000.0
# Apart from towers, no building has twenty times the floor area of its plot; GB 50180 allows 3.1 for residential
# blocks.
DENSE_FAR: Final = 20.0
# GB 50437-2007 (2018) requires 18 to 44 m² of land and at least 35 m² of floor area for each bed of an institution: ten
# times as much, or a tenth, is doubtful (an assumption).
LAND_A_BED_M2: Final = 440.0
FLOOR_A_BED_M2: Final = (3.5, 350.0)
# Records that are this close to each other may be the same, or be on one plot.
SAME_PLACE_M: Final = 5.0


def least_of_plot(records: pd.DataFrame) -> pd.Series:
    """Return the least share of the plot that each record surely counts for, from its own cells.

    A record is doubtful if it gives land and floor area, the floor area is less than ``OWN_PLOT_FAR`` of the land, and
    it gives neither the floor area of the building nor a floor area ratio: its share may be next to nothing. If it also
    gives a floor area ratio, its share may be only floor area ÷ FAR, if that is below 0.95 of the land: the ratio may
    be that of the existing buildings, or the permitted one.

    Parameters
    ----------
    records : pandas.DataFrame
        With ``land_m2``, ``floor_area_m2``, ``building_floor_area_m2`` and ``far``.

    Returns
    -------
    pandas.Series
        Between 0 and 1, on the index of the records; 1 without doubt.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.plots import least_of_plot
    >>> table = pd.DataFrame({"land_m2": [3600.0, 950.0, 3600.0, 600.0], "floor_area_m2": [380.0, 380.0, 380.0, 300.0],
    ...     "building_floor_area_m2": [None, None, 380.0, None], "far": [None, None, None, 2.0]})
    >>> least_of_plot(table).tolist()
    [0.0, 1.0, 1.0, 0.25]
    """
    land, floor, far = (pd.to_numeric(records[name]).astype("float64") for name in ("land_m2", "floor_area_m2", "far"))
    alone = records["building_floor_area_m2"].isna() & (floor > 0)
    small = floor < OWN_PLOT_FAR * land
    least = (floor / far / land).where(alone & ~small & far.notna() & (land > 0), 1.0)
    least = least.where(least < _ROUNDED, 1.0)
    return least.mask(alone & small & far.isna(), 0.0)


def doubtful_plots(records: pd.DataFrame) -> pd.Series:
    """Tell which records may have only a part of the plot that they give.

    Parameters
    ----------
    records : pandas.DataFrame
        As for :func:`least_of_plot`.

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
    return (least_of_plot(records) < 1.0).astype(bool)


def unsized_plots(records: pd.DataFrame) -> pd.Series:
    """Tell which records give the floor area of their building, or a FAR, but not their own floor area.

    Their plot may be shared, but it is not known in which proportion.

    Parameters
    ----------
    records : pandas.DataFrame
        As for :func:`least_of_plot`; facilities in use, not candidates, whose FAR is what may be built.

    Returns
    -------
    pandas.Series
        Bool, on the index of the records.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.plots import unsized_plots
    >>> table = pd.DataFrame({"land_m2": [600.0, 600.0, None], "floor_area_m2": [None, 300.0, None],
    ...     "building_floor_area_m2": None, "far": [2.0, 2.0, 2.0]})
    >>> unsized_plots(table).tolist()
    [True, False, False]
    """
    land, floor = (pd.to_numeric(records[name]).astype("float64") for name in ("land_m2", "floor_area_m2"))
    shared = records["building_floor_area_m2"].notna() | records["far"].notna()
    return ((land > 0) & floor.isna() & shared).astype(bool)


def one_plot_m(records: pd.DataFrame) -> pd.Series:
    """Return how far another record with the same land may be from each record and still be on its plot.

    Parameters
    ----------
    records : pandas.DataFrame
        With ``land_m2``.

    Returns
    -------
    pandas.Series
        Metres: the diagonal of a square as large as the plot (an assumption), at least ``SAME_PLACE_M``.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.plots import one_plot_m
    >>> one_plot_m(pd.DataFrame({"land_m2": [1800.0, None]})).tolist()
    [60.0, 5.0]
    """
    land = pd.to_numeric(records["land_m2"]).astype("float64").fillna(0.0)
    return ((2.0 * land) ** 0.5).clip(lower=SAME_PLACE_M)
