"""What each row of a problem offers to clauses: where it counts, its land and beds, and whom it reaches."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from siting.domain.nouns import Bools, Floats


@dataclass(frozen=True)
class Offers:
    """What each row of a problem provides when it is open, as the check will count it; nothing for rows that stand.

    Parameters
    ----------
    homes : pandas.DataFrame
        Shape (rows, levels): the unit of each level in which each row counts, NA for none.
    land_m2, beds : ndarray
        Land as counted, and beds; NaN where unknown, which adds nothing that is known.
    tier : pandas.Series
        The tier of each row, on a RangeIndex; blank for rows that stand. Institutions reach their whole district with
        their land unless ``land.institution_minutes`` is set.
    within : csr_array
        Shape (rows, cells of the demand): stored where a row reaches a cell within its cut-off.
    in_circle : ndarray of bool
        Rows whose tier counts for the service circle.
    land_within : csr_array or None
        Likewise within the cut-off of each row's land, where ``land.institution_minutes`` is another than that of the
        circle; None: ``within``.
    """

    homes: pd.DataFrame
    land_m2: Floats
    beds: Floats
    tier: pd.Series
    within: csr_array
    in_circle: Bools
    land_within: csr_array | None = None

    def of(self, rows: Bools) -> "Offers":
        """Return the offers of some rows; the others offer nothing, to no place and to nobody.

        Parameters
        ----------
        rows : ndarray of bool
            Which rows; one a row.

        Returns
        -------
        Offers
            As many rows.
        """

        def kept(times: csr_array) -> csr_array:
            stored = np.repeat(rows, np.diff(times.indptr))
            start = np.concatenate([[0], np.cumsum(np.where(rows, np.diff(times.indptr), 0))])
            return csr_array((times.data[stored], times.indices[stored], start), shape=times.shape)

        return replace(
            self,
            homes=self.homes.where(pd.Series(rows, index=self.homes.index), axis=0),
            land_m2=np.where(rows, self.land_m2, np.nan),
            beds=np.where(rows, self.beds, np.nan),
            within=kept(self.within),
            in_circle=self.in_circle & rows,
            land_within=None if self.land_within is None else kept(self.land_within),
        )


def offers_of(
    sites: pd.DataFrame,
    homes: pd.DataFrame,
    within: csr_array,
    in_circle: Bools,
    *,
    standing: int,
    land_within: csr_array | None = None,
) -> Offers:
    """Return what sites offer, after some rows that stand and offer nothing more.

    Parameters
    ----------
    sites : pandas.DataFrame
        With ``tier``, ``land_m2`` and ``beds``, one row a site and size.
    homes : pandas.DataFrame
        Units in which each counts, in the same order, one column a level.
    within : csr_array
        Shape (sites, cells of the demand): stored where a site reaches a cell within its cut-off.
    in_circle : ndarray of bool
        Sites whose tier counts for the circle.
    standing : int
        Rows of the problem before those of the sites.
    land_within : csr_array, optional
        As ``within``, with the cut-off of their land, where that is another.

    Returns
    -------
    Offers
        One row a row of the problem.
    """
    blank = np.full(standing, np.nan)
    before = pd.DataFrame(None, index=range(standing), columns=homes.columns, dtype="object")
    land, beds = (pd.to_numeric(sites[name]).astype("float64").to_numpy() for name in ("land_m2", "beds"))
    none = np.zeros(standing, dtype=np.bool_)
    return Offers(
        homes=pd.concat([before, homes.astype("object")], ignore_index=True) if standing else homes,
        land_m2=np.concatenate([blank, land]),
        beds=np.concatenate([blank, beds]),
        tier=pd.Series([*[None] * standing, *sites["tier"]], dtype="object"),
        within=_below(within, standing),
        in_circle=np.concatenate([none, in_circle]),
        land_within=None if land_within is None else _below(land_within, standing),
    )


def _below(within: csr_array, standing: int) -> csr_array:
    """Return the same matrix below rows that reach nobody."""
    return csr_array(vstack([csr_array((standing, within.shape[1])), within], format="csr"))
