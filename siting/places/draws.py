"""Drawn populations: the people of each cell as they may be, by the errors that the scenario states."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from siting.domain.nouns import Demand, Floats, Ints
from siting.domain.scenario import FINE_TO_COARSE, Uncertainty
from siting.errors import Faults

# A spread of fewer factors says little.
_FEWEST_FACTORS: Final = 5
_PEOPLE: Final = ("residents", "elderly", "basis")


def draw_factors(demand: Demand, errors: Uncertainty, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield without end by how much the people of each cell differ from the given ones.

    A factor is the product of two log-normal numbers with mean 1: one for each unit of ``errors.level``, and one for
    each cell. A cell belongs to the unit with most of its area; cells outside all units have one number together.
    Within each unit whose people a table gives (``demand.factors``), the factors are divided by their mean, weighted by
    the elderly, so that its people stay as given.

    Parameters
    ----------
    demand : Demand
        The population cells.
    errors : Uncertainty
        The errors, with a number for ``unit_error`` (:func:`unit_error`).
    rng : numpy.random.Generator
        The source of the numbers.

    Yields
    ------
    ndarray
        Shape (cells,), positive.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.domain.scenario import Uncertainty
    >>> from siting.places.draws import log_normal
    >>> round(float(log_normal(np.random.default_rng(0), 0.2, 100_000).mean()), 2)
    1.0
    """
    levels = [errors.level] if errors.level is not None else [each for each in FINE_TO_COARSE if each in demand.shares]
    unit, units = _units(demand, levels[0])
    held = [_units(demand, level) for level in _held(demand)]
    people = np.nan_to_num(demand.cells["elderly"].to_numpy(dtype=np.float64))
    spread = unit_error(demand, errors)
    while True:
        factor = log_normal(rng, spread, units + 1)[unit] * log_normal(rng, errors.cell_error, len(unit))
        for of, count in held:
            total = np.bincount(of, weights=people, minlength=count + 1)
            drawn = np.bincount(of, weights=people * factor, minlength=count + 1)
            mean = np.divide(drawn, total, out=np.ones(count + 1), where=total > 0)
            # What lies outside all units has no figure to keep to.
            mean[count] = 1.0
            factor = factor / mean[of]
        yield factor


def log_normal(rng: np.random.Generator, error: float, count: int) -> Floats:
    """Return so many log-normal numbers with mean 1 and the given relative standard deviation."""
    variance = math.log1p(error * error)
    return np.asarray(np.exp(math.sqrt(variance) * rng.standard_normal(count) - variance / 2.0))


def unit_error(demand: Demand, errors: Uncertainty) -> float:
    """Return the relative error of units: as given, or how much the factors of the calibration spread.

    Raises
    ------
    siting.errors.InputError
        ``"calibration"`` is asked for, but a table gives the elderly of fewer than five units.
    """
    if errors.unit_error != "calibration":
        return errors.unit_error
    table = demand.factors
    factors = table.loc[table["who"] == "elderly", "factor"].dropna().to_numpy() if len(table) else np.zeros(0)
    if len(factors) < _FEWEST_FACTORS:
        faults, told = Faults(), {"layer": "population", "field": "uncertainty.unit_error"}
        faults.add("uncertainty_without_factors", **told, found=str(len(factors)), expected=f"≥ {_FEWEST_FACTORS}")
        faults.stop_if_any()
    return float(np.std(factors, ddof=1) / np.mean(factors))


def with_factors(demand: Demand, factor: Floats) -> Demand:
    """Return the population cells with their people, of all groups, multiplied by factors.

    Parameters
    ----------
    demand : Demand
        The population cells.
    factor : ndarray
        One for each cell, from :func:`draw_factors`.

    Returns
    -------
    Demand
        With other people; shares and the account stay.
    """
    cells = demand.cells
    names = [name for name in cells if name in _PEOPLE or str(name).startswith("group_")]
    return replace(demand, cells=cells.assign(**{str(name): cells[name].to_numpy() * factor for name in names}))


def _units(demand: Demand, level: str) -> tuple[Ints, int]:
    """Return the unit with most of each cell's area, and how many units there are; cells in none have that number."""
    shares = demand.shares[level].tocsc()
    count = shares.shape[0]
    largest = np.asarray(shares.argmax(axis=0)).ravel().astype(np.int64)
    somewhere = np.asarray(shares.sum(axis=0)).ravel() > 0
    return np.where(somewhere, largest, count), count


def _held(demand: Demand) -> tuple[str, ...]:
    """Return the levels at which tables give the elderly of units."""
    table = demand.factors
    return tuple(table.loc[table["who"] == "elderly", "level"].unique()) if len(table) else ()
