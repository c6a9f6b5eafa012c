"""The names of records in messages."""

from collections.abc import Iterable, Mapping

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


def record_names(facilities: pd.DataFrame, areas: pd.DataFrame, units: Iterable[pd.DataFrame]) -> Mapping[object, str]:
    """Return what the records of a scenario are called in messages, by id; an id with two meanings stays as it is.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Facilities, as for :func:`called`.
    areas : pandas.DataFrame
        Residential areas, as for :func:`place_names`.
    units : iterable of pandas.DataFrame
        The units of each level, as for :func:`place_names`.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.called import record_names
    >>> sites = pd.DataFrame({"name": ["东路站"]}, index=["F1"])
    >>> areas = pd.DataFrame({"name": ["翠湖", "南湖"]}, index=["R1", "F1"])
    >>> record_names(sites, areas, [pd.DataFrame({"name": ["某区"]}, index=["district"])])
    {'R1': '翠湖', 'district': '某区'}
    """
    named: dict[object, set[str]] = {}
    sites = pd.Series(called(facilities, facilities.index), index=facilities.index, dtype="object")
    for names in (sites, *(place_names(frame) for frame in (areas, *units))):
        for key, name in names.items():
            named.setdefault(key, set()).add(str(name))
    return {key: next(iter(names)) for key, names in named.items() if len(names) == 1 and names != {str(key)}}


def place_names(frame: pd.DataFrame) -> pd.Series:
    """Return the names of places for messages: with the id if two have the same, the id alone if there is no name.

    Parameters
    ----------
    frame : pandas.DataFrame
        Units or residential areas indexed by id, perhaps with ``name``; shape (n, …).

    Returns
    -------
    pandas.Series
        Texts with the same index.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.called import place_names
    >>> place_names(pd.DataFrame({"name": ["新民村", "新民村", None]}, index=["7", "8", "9"])).tolist()
    ['新民村 (7)', '新民村 (8)', '9']
    """
    ids = pd.Series(frame.index.astype(str), index=frame.index, dtype="object")
    names = frame["name"].astype("object").where(frame["name"].notna(), ids) if "name" in frame else ids
    return names.where(~names.duplicated(keep=False) | (names == ids), names + " (" + ids + ")")
