"""Gaps of parts do not add up to the gap of the whole: which figures differ, and why."""

import math
from collections.abc import Iterator

import pandas as pd

from siting.domain.nouns import Note
from siting.domain.totals import Totals
from siting.text.numbers import between, number

# Figures are shown in whole square metres.
_SHOWN_M2 = 0.5


def sums_notes(places: pd.DataFrame, cells: pd.DataFrame, totals: Totals) -> Iterator[Note]:
    """Return a note on why the gap of the whole, the sum of its streets and the sum of the cells differ.

    Surplus land in one street does not compensate another street's gap; cells are judged by land within reach, which
    crosses street borders. Each sum is told with the ends of its interval, at both minimum values.

    Parameters
    ----------
    places : pandas.DataFrame
        The units; there is a note if there are streets (otherwise communities) and the gap of each is known.
    cells : pandas.DataFrame
        Populated cells, with ``land_gap_01_m2`` and ``land_gap_02_m2``.
    totals : mapping
        The figures of the whole.
    """
    levels = places.index.get_level_values(0)
    part = next((level for level in ("street", "community") if (levels == level).any()), None)
    if part is None:
        return
    told: dict[str, str] = {}
    differ = False
    ends = {
        "01": (totals["land_gap_01_low_m2"], totals["land_gap_01_m2"]),
        "02": (totals["land_gap_02_low_m2"], totals["land_gap_02_m2"]),
    }
    for floor, whole in ends.items():
        low, high = f"land_gap_{floor}_low_m2", f"land_gap_{floor}_m2"
        parts = places.loc[[part], [low, high]]
        if parts.isna().any(axis=None):
            return
        sums = (float(parts[low].sum()), float(parts[high].sum()))
        of_cells = float(cells[high].sum())
        # If land is not completely known, cells have the largest possible gap.
        least = of_cells if totals["land_provided_m2"] == totals["land_provided_high_m2"] else math.nan
        differ |= any(
            abs(one - other) >= _SHOWN_M2 for one, other in (*zip(whole, sums, strict=True), (whole[1], of_cells))
        )
        told |= {
            f"whole_{floor}": between(*whole, number),
            f"parts_{floor}": between(*sums, number),
            f"cells_{floor}": between(least, of_cells, number),
        }
    if differ and part == "street":
        yield Note("gaps_do_not_add_up", told)
    elif differ:
        yield Note("gaps_of_communities_do_not_add_up", told)
