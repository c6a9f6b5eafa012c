"""Ties that a solver leaves open: among choices that cover alike, the one whose candidates stand first."""

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.instance import CoveringInstance

# Sums of the same persons in another order differ by less than this share.
_NOISE = 1e-12


def settled(instance: CoveringInstance, chosen: Ints) -> Ints:
    """Exchange chosen candidates, one for one, for equals that stand before them.

    A candidate is an equal if, with the rest of the choice, it covers as many persons and costs no more. A solver
    returns any of the choices that cover alike; this makes preferred candidates, which stand first, come first.

    Parameters
    ----------
    instance : CoveringInstance
        The problem; its candidates stand in the order that breaks ties.
    chosen : Ints
        Candidates that keep to the limits.

    Returns
    -------
    Ints
        As many candidates, ascending, which cover no fewer persons together and keep to the limits. Where two had to be
        exchanged for two at once, they stay.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.instance import CoveringInstance
    >>> from siting.locate.ties import settled
    >>> covers = csr_array(np.array([[1, 1, 0], [0, 0, 1], [1, 1, 0]], dtype=bool))
    >>> settled(CoveringInstance(covers, np.array([3.0, 4.0, 9.0]), stations=2), np.array([1, 2])).tolist()
    [0, 1]
    """
    choice, before = sorted(chosen.tolist()), None
    while choice != before:
        before = choice
        for row in before:
            choice = _exchanged(instance, choice, row)
    return np.array(choice, dtype=np.int64)


def _exchanged(instance: CoveringInstance, choice: list[int], row: int) -> list[int]:
    """Return the choice with the first equal in place of a row, or as it is."""
    rest = [other for other in choice if other != row]
    left = instance.weights.copy()
    for other in rest:
        left[instance.people_of(other)] = 0.0
    gains = instance.covers[: row + 1] @ left
    equal = gains[:row] >= gains[row] * (1.0 - _NOISE)
    if instance.costs is not None:
        equal &= instance.costs[:row] <= instance.costs[row]
    equal[[other for other in rest if other < row]] = False
    least = instance.covered_by(choice)
    for other in np.flatnonzero(equal).tolist():
        exchanged = sorted([*rest, other])
        if instance.affords(exchanged) and instance.covered_by(exchanged) >= least:
            return exchanged
    return choice
