"""Ageing of bands: how many of today's people of each band are in which band at the horizon."""

from collections.abc import Mapping

import numpy as np

from siting.domain.nouns import Floats
from siting.domain.scenario import Projection
from siting.domain.tables import COHORT_COLUMNS
from siting.read.log import LayerLog, listed
from siting.read.sources.vectors import read_table
from siting.read.tables.columns import typed_table
from siting.units import YEARS_PER_BAND


def read_stays(source: Projection, log: LayerLog) -> Mapping[int, float] | None:
    """Read the share of each band that is in the next one five years later.

    Parameters
    ----------
    source : Projection
        The scenario's settings of the table.
    log : LayerLog
        Takes the faults of the file and of its columns and cells, and ``cohort_age_twice``.

    Returns
    -------
    mapping of int to float, or None
        Age at which a band begins → share. None if there is a fault.
    """
    faults = len(log.log.faults.found)
    raw = read_table(source, log)
    if raw is None:
        return None
    table, _ = typed_table(raw, COHORT_COLUMNS, source, log)
    ages = table["age"]
    twice = sorted({int(age) for age in ages[ages.duplicated() & ages.notna()]})
    if twice:
        log.fault("cohort_age_twice", field="age", found=listed(twice))
    if len(log.log.faults.found) > faults:
        return None
    return {int(age): float(share) for age, share in zip(ages, table["stays"], strict=True)}


def youngest(first: int, years: int) -> int:
    """Return the age of the youngest band that contributes to the bands of ``first`` and over after some years.

    Examples
    --------
    >>> from siting.read.people.cohorts import youngest
    >>> youngest(60, 0), youngest(60, 9), youngest(60, 10)
    (60, 50, 50)
    """
    return first - YEARS_PER_BAND * -(-years // YEARS_PER_BAND)


def check_cohorts(ages: list[int], stays: Mapping[int, float], log: LayerLog) -> bool:
    """Tell whether bands are five years wide and each has its share; note the faults if not."""
    even = list(range(ages[0], ages[-1] + 1, YEARS_PER_BAND))
    if ages != even or ages[0] < YEARS_PER_BAND:
        log.fault("cohort_bands_uneven", field="method", found=listed(ages), expected=listed(even))
        return False
    lacking = [age for age in ages if age not in stays]
    if lacking:
        log.fault("cohort_age_missing", field="age", found=listed(stays), expected=listed(lacking))
    return not lacking


def cohort_weights(ages: list[int], stays: Mapping[int, float], years: int) -> Mapping[int, Mapping[int, float]]:
    """Return how today's bands contribute to those of the horizon.

    Every five years the surviving people of a band move to the next one; those of the open last band stay in it.
    Between two steps of five years people are interpolated linearly.

    Parameters
    ----------
    ages : list of int
        Ages at which the bands begin, five years apart, ascending; the last band is open.
    stays : mapping of int to float
        Age → share that is in the next band (of the last band: still in it) five years later.
    years : int
        Years from the bands to the horizon.

    Returns
    -------
    mapping of int to mapping
        Age of a band at the horizon → age of a band today → weight. Bands that would need people younger than
        ``ages[0]`` are left out.

    Examples
    --------
    >>> from siting.read.people.cohorts import cohort_weights
    >>> cohort_weights([55, 60, 65], {55: 0.9, 60: 0.8, 65: 0.5}, 5)
    {60: {55: 0.9}, 65: {60: 0.8, 65: 0.5}}
    """
    size = len(ages)
    step = np.zeros((size, size))
    for band, age in enumerate(ages):
        step[min(band + 1, size - 1), band] += stays[age]
    whole, part = divmod(years, YEARS_PER_BAND)
    before = np.linalg.matrix_power(step, whole)
    share = part / YEARS_PER_BAND
    mixed = before if not part else (1.0 - share) * before + share * (step @ before)
    # After each step the youngest band is empty, because the people who would enter it are unknown.
    empty = min(whole + (part > 0), size - 1)
    return {age: _filled(ages, mixed[band]) for band, age in enumerate(ages) if band >= empty}


def _filled(ages: list[int], row: Floats) -> Mapping[int, float]:
    return {age: float(weight) for age, weight in zip(ages, row, strict=True) if weight}
