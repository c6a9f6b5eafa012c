"""Gaps of parts do not add up to the gap of the whole: which figures differ, and why."""

import math
from collections.abc import Iterator

import pandas as pd

from siting.domain.nouns import Note
from siting.text.numbers import between, number

# Figures are shown in whole square metres.
_SHOWN_M2 = 0.5


def sums_notes(places: pd.DataFrame, cells: pd.DataFrame) -> Iterator[Note]:
    """Return a note on why the gap at 0.2 of the whole, the sum of its streets and the sum of the cells differ.

    Surplus land in one street does not compensate another street's gap; cells are judged by land within reach, which
    crosses street borders. Each sum is told with the ends of its interval.

    Parameters
    ----------
    places : pandas.DataFrame
        The units; there is a note if there is one district (or city) with streets (otherwise communities).
    cells : pandas.DataFrame
        Populated cells, with ``land_gap_02_m2``.
    """
    levels = places.index.get_level_values(0)
    whole = next((level for level in ("district", "city") if (levels == level).sum() == 1), None)
    part = next((level for level in ("street", "community") if (levels == level).any()), None)
    if whole is None or part is None:
        return
    ends = {level: places.loc[[level], ["land_gap_02_low_m2", "land_gap_02_m2"]] for level in (whole, part)}
    if any(table.isna().any(axis=None) for table in ends.values()):
        return
    sums = {level: table.sum() for level, table in ends.items()}
    of_cells = float(cells["land_gap_02_m2"].sum())
    figures = [float(each["land_gap_02_m2"]) for each in sums.values()] + [of_cells]
    if max(figures) - min(figures) >= _SHOWN_M2:
        told = {
            level: between(float(each["land_gap_02_low_m2"]), float(each["land_gap_02_m2"]), number)
            for level, each in sums.items()
        }
        # If land is not completely known, cells have the largest possible gap.
        row = places.loc[[whole]].iloc[0]
        least = of_cells if row["land_provided_m2"] == row["land_provided_high_m2"] else math.nan
        values = {"whole": told[whole], "parts": told[part], "cells": between(least, of_cells, number)}
        if part == "street":
            yield Note("gaps_do_not_add_up", values)
        else:
            yield Note("gaps_of_communities_do_not_add_up", values)
