"""Facilities of which it is unknown whether they count, or in which of several units."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd


@dataclass(frozen=True)
class Perhaps:
    """Facilities that may count in units, in addition to those that surely do.

    ``facilities`` are those of which it is unknown whether they count at all: ``land_m2`` is 0, and ``land_high_m2``
    the most that they would count; ``homes`` are their units. ``at`` lists by level which ``facility`` may count in
    which ``unit``: these, and those whose location in a larger unit is not known exactly.
    """

    facilities: gpd.GeoDataFrame
    homes: pd.DataFrame
    at: Mapping[str, pd.DataFrame]

    @property
    def unsaid(self) -> Mapping[str, str]:
        """By facility that may count, the column that leaves it open; the others were located by their street alone."""
        dates = self.facilities["status"].eq("closing").map({True: "closes", False: "opens"})
        return dict(zip(self.facilities.index, dates, strict=True))

    def among(self, facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return facilities and those that may count."""
        return facilities if self.facilities.empty else pd.concat([facilities, self.facilities])


def perhaps_of(
    facilities: gpd.GeoDataFrame,
    homes: pd.DataFrame,
    undated: gpd.GeoDataFrame,
    undated_homes: pd.DataFrame,
    holders: Mapping[str, pd.Series],
) -> Perhaps:
    """Return where facilities may count, by the interval rule (methods, 10).

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        Facilities that count, perhaps with ``located_by``.
    homes : pandas.DataFrame
        Their units, one column for each level.
    undated : geopandas.GeoDataFrame
        Facilities of which it is unknown whether they still count.
    undated_homes : pandas.DataFrame
        The units in which they would count.
    holders : mapping of str to pandas.Series
        By level, the unit that contains each place.

    Returns
    -------
    Perhaps
        A facility that was located by its street alone may count in every community of the street.
    """
    found = {}
    for level in homes:
        own = undated_homes[level].dropna() if level in undated_homes else pd.Series(dtype="object")
        rows = [pd.DataFrame({"facility": own.index, "unit": own.to_numpy()})]
        if level == "community" and "street" in homes:
            rows += [_within_street(each, of, holders) for each, of in ((facilities, homes), (undated, undated_homes))]
        found[str(level)] = pd.concat(rows, ignore_index=True)
    return Perhaps(undated, undated_homes, found)


def _within_street(facilities: gpd.GeoDataFrame, homes: pd.DataFrame, holders: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return the communities of the street for facilities whose community is unknown."""
    columns = ["facility", "unit"]
    if "located_by" not in facilities or facilities.empty:
        return pd.DataFrame(columns=columns)
    vague = (facilities["located_by"] == "street").to_numpy(dtype=bool) & homes["community"].isna().to_numpy()
    streets = homes.loc[vague, "street"].dropna().rename_axis("facility").rename("street").reset_index()
    held = holders["community"].rename_axis("unit").rename("street").reset_index()
    return streets.merge(held, on="street")[columns]
