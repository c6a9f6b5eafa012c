"""Facilities that several communities share: which communities a facility serves well enough.

The check and the plans that must meet it both use this module, so that both use the same definition.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.domain import clauses
from siting.domain.nouns import Demand

# Streets have their own centre; a facility in one community may serve the communities around it.
SHARING_LEVEL: Final = "community"


def shared_with(within: csr_array, demand: Demand, shared_from: float) -> csr_array:
    r"""Return the communities that each site alone serves well enough to be their shared facility.

    With :math:`w_k` the elderly of cell k times its share in community u, and :math:`C_j` the circle of site j, u
    shares it if

    .. math:: \sum_{k \in C_j} w_k \ge s \sum_k w_k > 0

    which depends on the site alone, so that plans take it as given.

    Parameters
    ----------
    within : csr_array
        Shape (sites, cells): stored if a counting site reaches a cell within the cut-off of the circle; a stored zero
        is a real time.
    demand : Demand
        The population cells, with communities.
    shared_from : float
        :math:`s`, the least share (met within the tolerance of all clauses).

    Returns
    -------
    csr_array
        Shape (sites, communities): the share of the community's elderly, stored if it is large enough. Communities
        without elderly, or whose elderly cannot be located (:func:`knows_elderly`), have no entries.

    Notes
    -----
    No document defines sharing. 渝府办发〔2019〕129号, 二(一), is read as "at least one station, or served by a shared
    one".
    """
    shares = demand.shares[SHARING_LEVEL]
    weight = csr_array(shares.multiply(np.nan_to_num(demand.cells["elderly"].to_numpy())[None, :]))
    total = np.where(knows_elderly(demand), np.asarray(weight.sum(axis=1)).ravel(), 0.0)
    near = csr_array((np.ones(within.nnz), within.indices, within.indptr), shape=within.shape)
    near.sort_indices()
    found = csr_array(near @ weight.T)
    found.sort_indices()
    whole = total[found.indices]
    part = np.divide(found.data, whole, out=np.zeros(found.nnz), where=whole > 0)
    enough = part >= shared_from - clauses.slack(shared_from)
    row = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    return csr_array((np.minimum(part[enough], 1.0), (row[enough], found.indices[enough])), shape=found.shape)


def knows_elderly(demand: Demand) -> NDArray[np.bool_]:
    """Tell for which communities it is known where their elderly live.

    Parameters
    ----------
    demand : Demand
        The population cells, with communities.

    Returns
    -------
    ndarray of bool
        True if the grid covers a community completely; false throughout if no elderly are given.
    """
    whole = demand.grid_share[SHARING_LEVEL] >= Demand.WHOLE
    return np.asarray(whole & ~np.isnan(demand.cells["elderly"].to_numpy()).all())
