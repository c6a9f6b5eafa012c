"""The names of records in messages."""

from collections.abc import Iterable

import pandas as pd


def called(frame: pd.DataFrame, ids: Iterable[object]) -> list[str]:
    """Return the ids of records for messages; if an id is only a number, the record's name with the number after it.

    Parameters
    ----------
    frame : pandas.DataFrame
        Records indexed by id, perhaps with ``name``.
    ids : iterable of object
        Ids; ids that the frame does not have are unchanged.

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
