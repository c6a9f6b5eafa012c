"""Groups among the elderly: one column of persons for each."""

from collections.abc import Mapping

import pandas as pd

from siting.domain.nouns import Raster


def with_groups(cells: pd.DataFrame, groups: Mapping[str, Raster | float]) -> pd.DataFrame:
    """Return the cells with a column ``group_NAME`` for every group that is a share of the elderly.

    Parameters
    ----------
    cells : pandas.DataFrame
        With ``elderly``; groups that were given cell by cell already have their columns.
    groups : mapping of str to Raster or float
        Groups by name.

    Returns
    -------
    pandas.DataFrame
        A copy; a share of unknown elderly is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.places.groups import with_groups
    >>> with_groups(pd.DataFrame({"elderly": [20.0, 10.0]}), {"disabled": 0.1})["group_disabled"].tolist()
    [2.0, 1.0]
    """
    shares = {
        f"group_{name}": cells["elderly"] * share for name, share in groups.items() if not isinstance(share, Raster)
    }
    return pd.concat([cells, pd.DataFrame(shares, index=cells.index)], axis=1)
