"""What messages call a record."""

from collections.abc import Iterable

import pandas as pd


def called(frame: pd.DataFrame, ids: Iterable[object]) -> list[str]:
    """Return the ids of records; where an id is a mere number, the record's name with the number behind it.

    Parameters
    ----------
    frame : pandas.DataFrame
        Records indexed by id, perhaps with ``name``.
    ids : iterable of object
        Ids; those that the frame does not have stay as they are.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.called import called
    >>> called(pd.DataFrame({"name": ["东路站", None, "南湖站"]}, index=["13", "14", "F7"]), ["13", "14", "F7", "99"])
    ['东路站 (13)', '14', 'F7', '99']
    """
    names = frame["name"] if "name" in frame else pd.Series(dtype="object")

    def of(key: object) -> str:
        name = names.get(key) if str(key).isdigit() else None
        return f"{name} ({key})" if isinstance(name, str) and name.strip() and name != key else str(key)

    return [of(key) for key in ids]
