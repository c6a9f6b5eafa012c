"""What each site of a problem offers to clauses: where it counts, its land and beds, and the cells that it reaches."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from siting.domain.nouns import Bools, Floats


@dataclass(frozen=True)
class Offers:
    """What each site of a problem provides if it is open, as the check counts it; standing facilities add nothing.

    Parameters
    ----------
    homes : pandas.DataFrame
        Shape (sites, levels): the unit of each level in which each site counts, NA for none.
    land_m2, beds : ndarray
        Land as counted, and beds; NaN if unknown, which adds nothing known.
    tier : pandas.Series
        The tier of each site, on a RangeIndex; blank for standing facilities. Institutions reach their whole district
        with their land unless ``land.institution_minutes`` is set.
    within : csr_array
        Shape (sites, cells of the demand): stored if a site reaches a cell within its cut-off.
    in_circle : ndarray of bool
        Sites whose tier counts for the service circle.
    land_within : csr_array or None
        The same within the cut-off of each site's land, if ``land.institution_minutes`` differs from the cut-off of the
        circle; None: ``within``.
    """

    homes: pd.DataFrame
    land_m2: Floats
    beds: Floats
    tier: pd.Series
    within: csr_array
    in_circle: Bools
    land_within: csr_array | None = None

    def of(self, sites: Bools) -> "Offers":
        """Return the offers of some sites; the other sites offer nothing.

        Parameters
        ----------
        sites : ndarray of bool
            Which sites; one entry for each site.

        Returns
        -------
        Offers
            With the same number of sites.
        """

        def kept(times: csr_array) -> csr_array:
            stored = np.repeat(sites, np.diff(times.indptr))
            start = np.concatenate([[0], np.cumsum(np.where(sites, np.diff(times.indptr), 0))])
            return csr_array((times.data[stored], times.indices[stored], start), shape=times.shape)

        return replace(
            self,
            homes=self.homes.where(pd.Series(sites, index=self.homes.index), axis=0),
            land_m2=np.where(sites, self.land_m2, np.nan),
            beds=np.where(sites, self.beds, np.nan),
            within=kept(self.within),
            in_circle=self.in_circle & sites,
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
    """Return what sites offer, preceded by standing facilities that offer nothing more.

    Parameters
    ----------
    sites : pandas.DataFrame
        With ``tier``, ``land_m2`` and ``beds``, one row for each site and size.
    homes : pandas.DataFrame
        Units in which each site counts, in the same order, one column for each level.
    within : csr_array
        Shape (sites, cells of the demand): stored if a site reaches a cell within its cut-off.
    in_circle : ndarray of bool
        Sites whose tier counts for the circle.
    standing : int
        Sites of the problem before those of ``sites``.
    land_within : csr_array, optional
        As ``within``, with the cut-off of their land, if that differs.

    Returns
    -------
    Offers
        One entry for each site of the problem.
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
    """Return the same matrix below empty rows for the standing facilities."""
    return csr_array(vstack([csr_array((standing, within.shape[1])), within], format="csr"))
