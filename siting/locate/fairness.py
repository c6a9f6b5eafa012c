"""How evenly units are served: the Lorenz curve and the Gini coefficient of their covered shares."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from siting.domain.nouns import Floats, Ints


def gini(shares: ArrayLike, people: ArrayLike) -> float:
    r"""Return the Gini coefficient of covered shares, each unit weighted with its people.

    Half the relative mean difference of two randomly drawn persons:

    .. math::

        G = \frac{\sum_i \sum_j p_i p_j \lvert s_i - s_j \rvert}{2 \, \bar s \, P^2}, \qquad
        P = \sum_i p_i, \quad \bar s = \frac{1}{P} \sum_i p_i s_i

    - :math:`s_i` is the covered share of unit i,
    - :math:`p_i` are its people.

    It is also 1 − 2 × the area under the Lorenz curve (:func:`lorenz`).

    Parameters
    ----------
    shares : array_like
        Covered share of each unit, finite and not negative; NaN where it is not known.
    people : array_like
        People of each unit, finite and not negative; NaN where they are not known.

    Returns
    -------
    float
        0 if all units have the same share; nearly 1 if few persons have everything. NaN if there are no people, if no
        person is covered, or if the share or the people of a unit are not known (the share of a unit without people may
        be unknown).

    Raises
    ------
    ValueError
        Shapes differ, or a number is negative or infinite.

    References
    ----------
    Gini, C. (1912). Variabilità e mutabilità; Sen, A. (1973). On Economic Inequality, chapter 2 (relative mean
    difference). Drezner, T., Drezner, Z. and Guyse, J. (2009). Equitable service by a facility: minimizing the Gini
    coefficient. Computers & Operations Research 36, 3240-3246.

    Examples
    --------
    One of two units with equal people is covered completely, the other not at all.

    >>> from siting.locate.fairness import gini
    >>> gini([1.0, 0.0], [100, 100]), gini([0.6, 0.6], [100, 900])
    (0.5, 0.0)
    """
    ordered = _ordered(shares, people)
    if ordered is None:
        return math.nan
    share, weight = ordered
    served, persons = share * weight, weight / math.fsum(weight)
    served /= math.fsum(served)
    # Twice the area between the diagonal and the curve, as a sum over pairs: each unit with all units of smaller share.
    less_persons, less_served = np.cumsum(persons) - persons, np.cumsum(served) - served
    # Rounding errors may give a value slightly below 0.
    return max(math.fsum(served * less_persons) - math.fsum(persons * less_served), 0.0)


def lorenz(shares: ArrayLike, people: ArrayLike) -> pd.DataFrame:
    r"""Return the Lorenz curve: the part of all covered people that live in the worst served part of the people.

    Units are sorted by ascending share. After unit k:

    .. math:: x_k = \frac{\sum_{i \le k} p_i}{P}, \qquad y_k = \frac{\sum_{i \le k} p_i s_i}{\sum_i p_i s_i}

    Parameters
    ----------
    shares, people : array_like
        See :func:`gini`.

    Returns
    -------
    pandas.DataFrame
        ``people_share`` (x) and ``served_share`` (y), from (0, 0) to (1, 1), with a row for each unit that has people,
        and ``unit``, its number (-1 at the origin). Empty where :func:`gini` is NaN.

    Raises
    ------
    ValueError
        Shapes differ, or a number is negative or infinite.

    References
    ----------
    Lorenz, M. O. (1905). Methods of measuring the concentration of wealth. Publications of the American Statistical
    Association 9, 209-219.

    Examples
    --------
    >>> from siting.locate.fairness import lorenz
    >>> lorenz([0.9, 0.3], [100, 100]).to_numpy().tolist()
    [[-1.0, 0.0, 0.0], [1.0, 0.5, 0.25], [0.0, 1.0, 1.0]]
    """
    share, weight = _checked(shares, people)
    units = _by_share(share, weight)
    served = np.cumsum(share[units] * weight[units])
    persons = np.cumsum(weight[units])
    if not units.size or served[-1] <= 0:
        units, served, persons = units[:0], served[:0], persons[:0]
        return pd.DataFrame({"unit": units, "people_share": persons, "served_share": served})
    return pd.DataFrame(
        {
            "unit": np.concatenate([[-1], units]),
            "people_share": np.concatenate([[0.0], persons / persons[-1]]),
            "served_share": np.concatenate([[0.0], served / served[-1]]),
        }
    )


def _checked(shares: ArrayLike, people: ArrayLike) -> tuple[Floats, Floats]:
    share, weight = np.asarray(shares, dtype=np.float64), np.asarray(people, dtype=np.float64)
    if share.shape != weight.shape or share.ndim != 1:
        message = f"shares {share.shape} and people {weight.shape} need one entry a unit"
        raise ValueError(message)
    lived_in = share[weight > 0]
    for numbers in (weight, lived_in):
        if np.any(np.isinf(numbers) | (numbers < 0)):
            message = "shares and people must be finite and not negative"
            raise ValueError(message)
    # If one unit is not known, no comparison with it is possible, so the result is unknown.
    known = not (np.isnan(weight).any() or np.isnan(lived_in).any())
    return (share, weight) if known else (share[:0], weight[:0])


def _by_share(share: Floats, weight: Floats) -> Ints:
    """Return the units that have people, by ascending share; ties by number."""
    units = np.flatnonzero(weight > 0)
    return np.asarray(units[np.argsort(share[units], kind="stable")], dtype=np.int64)


def _ordered(shares: ArrayLike, people: ArrayLike) -> tuple[Floats, Floats] | None:
    share, weight = _checked(shares, people)
    units = _by_share(share, weight)
    served = math.fsum(share[units] * weight[units])
    return (share[units], weight[units]) if served > 0 else None
