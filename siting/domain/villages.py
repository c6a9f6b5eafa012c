"""Villages, where a clause on communities is reported but does not bind."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.domain.scenario import Scenario
from siting.domain.standards import Clause
from siting.domain.unit_kinds import are_of_kind

_VILLAGE: Final = "村"


def are_villages(kinds: pd.Series) -> pd.Series:
    """Tell which units are villages, by their kind; blank if they have none.

    Examples
    --------
    >>> from siting.domain.villages import are_villages
    >>> are_villages(pd.Series(["社区", "村", None])).tolist()
    [False, True, <NA>]
    """
    return are_of_kind(kinds, _VILLAGE)


def in_villages(holders: pd.Series, communities: pd.DataFrame | None) -> pd.Series:
    """Tell which places are in villages.

    Parameters
    ----------
    holders : pandas.Series
        Id of the community that holds most of each place.
    communities : pandas.DataFrame or None
        Communities by id, with ``kind``; if none has a kind, all are communities, and the same without a layer.

    Returns
    -------
    pandas.Series
        Blank if the community, or its kind, is unknown.

    Examples
    --------
    >>> from siting.domain.villages import in_villages
    >>> communities = pd.DataFrame({"kind": ["社区", "村", None]}, index=["a", "b", "c"])
    >>> in_villages(pd.Series(["a", "b", "c", None]), communities).tolist()
    [False, True, <NA>, <NA>]
    >>> in_villages(pd.Series(["a", None]), communities.assign(kind=None)).tolist()
    [False, False]
    """
    if communities is None or not communities["kind"].notna().any():
        return pd.Series(data=False, index=holders.index, dtype="boolean")
    return holders.map(are_villages(communities["kind"])).astype("boolean")


def spared(clause: Clause, kinds: pd.Series, scenario: Scenario) -> NDArray[np.bool_]:
    """Tell in which units a clause is reported but does not bind, because they are villages.

    Parameters
    ----------
    clause : Clause
        The service circle is a circle of communities (社区居家养老服务圈); other clauses have no exception here.
    kinds : pandas.Series
        The kind of each unit, shape (n,); a unit without a kind is no village here (:func:`perhaps_spared`).
    scenario : Scenario
        Its ``circle.villages`` makes the circle binding in villages too.

    Returns
    -------
    ndarray of bool
        Shape (n,).

    Notes
    -----
    渝府办发〔2019〕129号 requires points of mutual help in villages, 二（二）, and the circle in communities, 二（九）.

    Examples
    --------
    >>> import siting
    >>> from siting.read import standard
    >>> circle = next(each for each in standard("cq-2019-129").clauses if each.kind == "service_circle")
    >>> scenario = siting.read_scenario("data/sample/scenario.toml")
    >>> spared(circle, pd.Series(["社区", "村", None]), scenario).tolist()
    [False, True, False]
    """
    if clause.kind != "service_circle" or _VILLAGE in clause.unit_kinds or scenario.circle.villages:
        return np.zeros(len(kinds), dtype=np.bool_)
    return are_villages(kinds).to_numpy(dtype=np.bool_, na_value=False)


def perhaps_spared(clause: Clause, kinds: pd.Series, scenario: Scenario) -> NDArray[np.bool_]:
    """Tell in which units it is unknown whether a clause binds, because they may be villages.

    Parameters
    ----------
    clause : Clause
        As for :func:`spared`.
    kinds : pandas.Series
        The kind of each unit of a level, shape (n,); if none has a kind, all are communities.
    scenario : Scenario
        As for :func:`spared`.

    Returns
    -------
    ndarray of bool
        Shape (n,).

    Examples
    --------
    >>> import siting
    >>> from siting.read import standard
    >>> circle = next(each for each in standard("cq-2019-129").clauses if each.kind == "service_circle")
    >>> scenario = siting.read_scenario("data/sample/scenario.toml")
    >>> perhaps_spared(circle, pd.Series(["社区", "村", None]), scenario).tolist()
    [False, False, True]
    """
    # Whether the clause has an exception for villages at all.
    asked = bool(spared(clause, pd.Series([_VILLAGE]), scenario)[0]) and bool(kinds.notna().any())
    return kinds.isna().to_numpy(dtype=np.bool_) & np.bool_(asked)
