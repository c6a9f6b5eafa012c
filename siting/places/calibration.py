"""Calibration: people are scaled until every unit has exactly the number of its table (methods, definition 8)."""

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import MatrixRankWarning, spsolve

from siting.domain.called import place_names
from siting.domain.nouns import Demand, Floats, Ints, Note
from siting.domain.scenario import Level
from siting.listing import listed
from siting.places.people import WHO, People, derive

FACTOR_COLUMNS: Final = ("level", "unit", "who", "before", "after", "factor")
# A unit has its number if the difference is below this share of it.
_REACHED = 1e-9
_AIM = 1e-13
# A unit whose people in the grid are below this share of its number counts as empty: its cells get people evenly.
_EMPTY = 1e-3
# If a unit must have no people, cells with less than this share in it are border differences and keep their people.
_SLIVER = 1e-6
_MOST_STEPS = 80
_LONGEST_STEP = 4.0
_HALVINGS = 40
# Factors outside this range are named in a note.
_FAR = (0.5, 2.0)


@dataclass(frozen=True)
class Raked:
    """People after calibration.

    ``people`` are the persons per cell. ``empty`` tells which units had (almost) no people and were filled evenly.
    ``together`` lists units (positions) that no factors can separate, so that they have the sum of their numbers
    together. ``unmet`` tells which units could not get their number.
    """

    people: Floats
    empty: NDArray[np.bool_]
    together: tuple[tuple[int, ...], ...]
    unmet: NDArray[np.bool_]


def rake(shares: csr_array, people: Floats, targets: Floats) -> Raked:
    """Scale people so that every unit has its number.

    With S the share of each cell in each unit, P the people and T the numbers, the new people are P'_k = P_k · Π_u
    f_u^(S_uk), where the factors f solve Σ_k S_uk P'_k = T_u for every unit u. Among all patterns with these numbers it
    is the nearest to the old one (least relative entropy). No cell becomes negative, and cells of no unit keep their
    people. A unit whose number is 0 empties its cells. A unit with a number but (almost) no people first gets that
    number evenly over its cells.

    Units too small for the grid may share all their cells with others, so that no people satisfy all numbers. Such a
    unit is merged with the unit with which it shares most people, until factors exist.

    Parameters
    ----------
    shares : scipy.sparse.csr_array
        Shape (units, cells): share of the cell's area in the unit.
    people : ndarray
        Persons per cell.
    targets : ndarray
        Persons that each unit must have; NaN: its present number.

    Returns
    -------
    Raked
        Numbers are met within 1e-9 of themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.places.calibration import rake
    >>> shares = csr_array([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]])
    >>> (shares @ rake(shares, np.array([10.0, 10.0, 10.0]), np.array([30.0, 12.0])).people).round(9).tolist()
    [30.0, 12.0]
    """
    given = ~np.isnan(targets)
    before = shares @ people
    wanted = np.where(given, targets, before)
    nobody = np.asarray((shares[given & (wanted <= 0)] > _SLIVER).sum(axis=0)).ravel() > 0
    start = np.where(nobody, 0.0, people)
    empty = given & (wanted > 0) & (before <= _EMPTY * wanted)
    start = start + _evenly(shares, wanted, empty, ~nobody)
    settles = (wanted > 0) & (shares @ start > 0)
    found, groups, missed = _settle(shares[settles], start, wanted[settles])
    rows = np.flatnonzero(settles)
    together = tuple(tuple(rows[groups == each].tolist()) for each in np.unique(groups) if (groups == each).sum() > 1)
    unmet = given & (wanted > 0) & ~settles
    unmet[rows] = missed
    return Raked(found, empty & settles, together, unmet)


def _evenly(shares: csr_array, wanted: Floats, empty: NDArray[np.bool_], free: NDArray[np.bool_]) -> Floats:
    """Return the people that empty units need, with one density in all of their free cells."""
    rows = csr_array(shares[empty].multiply(free[None, :].astype(np.float64)))
    whole = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
    density = np.divide(wanted[empty], whole, out=np.zeros(len(whole)), where=whole > 0)
    return np.asarray(rows.T @ density, dtype=np.float64)


def _settle(shares: csr_array, people: Floats, wanted: Floats) -> tuple[Floats, Ints, NDArray[np.bool_]]:
    """Solve; if units do not reach their number, merge them with their neighbours and solve again."""
    groups = np.arange(len(wanted), dtype=np.int64)
    while True:
        labels, position = np.unique(groups, return_inverse=True)
        joins = csr_array((np.ones(len(groups)), (position, np.arange(len(groups)))), shape=(len(labels), len(groups)))
        merged = csr_array(joins @ shares)
        found, off = _solve(merged, people, np.asarray(joins @ wanted, dtype=np.float64))
        partner = _partners(merged, people)
        joined = np.flatnonzero(off & (partner >= 0))
        if not len(joined):
            return found, groups, off[position]
        for unit in joined:
            groups[groups == groups[position == unit][0]] = groups[position == partner[unit]][0]


def _partners(shares: csr_array, people: Floats) -> Ints:
    """Return for each unit the other unit with which it shares most people; -1 if there is none."""
    if shares.shape[0] == 0:
        return np.zeros(0, dtype=np.int64)
    common = csr_array(shares.multiply(people[None, :]) @ shares.T)
    common.setdiag(0.0)
    most = np.asarray(common.argmax(axis=1)).ravel().astype(np.int64)
    return np.where(common.max(axis=1).toarray().ravel() > 0, most, -1)


def _solve(shares: csr_array, people: Floats, wanted: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Find the logarithms of the factors by Newton's method, and tell which units do not reach their number."""
    if not len(wanted):
        return people, np.zeros(0, dtype=bool)
    logs = np.log(wanted / (shares @ people))

    def scaled(trial: Floats) -> Floats:
        return np.asarray(people * np.exp((shares.T @ trial).clip(-600.0, 600.0)), dtype=np.float64)

    for _ in range(_MOST_STEPS):
        now = scaled(logs)
        off = shares @ now - wanted
        if (np.abs(off) <= _AIM * wanted).all():
            break
        step = _step(csr_array(shares.multiply(now[None, :]) @ shares.T), off)
        further = _descend(logs, step, off, lambda trial: float(scaled(trial).sum() - wanted @ trial))
        if further is None:
            break
        logs = further
    found = scaled(logs)
    return found, np.abs(shares @ found - wanted) > _REACHED * wanted


def _step(curvature: csr_array, off: Floats) -> Floats:
    """Return Newton's step, limited to a length at which the exponential stays finite."""
    ridge = diags_array(1e-14 * curvature.diagonal() + 1e-300)
    with warnings.catch_warnings():
        # A singular system gives a step that is not finite; then each unit takes a step of its own.
        warnings.simplefilter("ignore", MatrixRankWarning)
        step = np.atleast_1d(spsolve((curvature + ridge).tocsc(), -off))
    if not np.isfinite(step).all():
        step = -off / np.maximum(curvature.diagonal(), 1e-300)
    return np.asarray(step * min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300)), dtype=np.float64)


def _descend(logs: Floats, step: Floats, off: Floats, height: Callable[[Floats], float]) -> Floats | None:
    """Take the step as far as it goes downhill; None if it does not."""
    here, slope = height(logs), float(off @ step)
    slack = 1e-14 * max(1.0, abs(here))
    for halving in range(_HALVINGS):
        trial = logs + step * 0.5**halving
        if height(trial) <= here + 1e-4 * slope * 0.5**halving + slack:
            return np.asarray(trial, dtype=np.float64)
    return None


def empty_units(units: gpd.GeoDataFrame, held: Floats) -> NDArray[np.bool_]:
    """Tell which units have a number in their table but (almost) no people in the grid.

    Parameters
    ----------
    units : geopandas.GeoDataFrame
        With ``own_residents``, ``own_elderly``, if a table gives them.
    held : ndarray
        Persons of each unit in the grid.
    """
    figures = [units[name].to_numpy(dtype=np.float64) for name in ("own_residents", "own_elderly") if name in units]
    empty = np.zeros(len(units), dtype=bool)
    for figure in figures:
        empty |= (figure > 0) & (held <= _EMPTY * figure)
    return empty


@dataclass(frozen=True)
class UnitsOf:
    """The units of one level with the numbers for calibration.

    ``frame`` holds ``own_residents`` and ``own_elderly`` (persons; NaN: the unit keeps its number). ``shares`` has
    shape (units, cells). ``grid_share`` is the share of each unit with known people; units that are not completely
    known keep their number. ``layers`` tells which layer gives the numbers of residents, and of elderly.
    """

    level: Level
    frame: gpd.GeoDataFrame
    shares: csr_array
    grid_share: Floats
    layers: Mapping[str, str]


@dataclass
class _Told:
    """What the notes of a calibration report."""

    rows: list[pd.DataFrame] = field(default_factory=list)
    blank: set[object] = field(default_factory=set)
    empty: set[object] = field(default_factory=set)
    unmet: set[object] = field(default_factory=set)
    together: set[str] = field(default_factory=set)
    layers: set[str] = field(default_factory=set)


def calibrate(
    people: People, of: UnitsOf, elderly_share: float | None = None
) -> tuple[People, pd.DataFrame, tuple[Note, ...]]:
    """Scale people so that each unit of a level has exactly its given number.

    Given people are calibrated first. Derived people are derived again from them, and then calibrated to their own
    numbers, if there are any.

    Parameters
    ----------
    people : People
        Before calibration.
    of : UnitsOf
        The units and their numbers.
    elderly_share : float, optional
        Elderly ÷ residents, for derived people.

    Returns
    -------
    people : People
        Beyond the units, only cells on their border change; groups keep their share of the elderly.
    factors : pandas.DataFrame
        ``FACTOR_COLUMNS``, one row for each unit and who: persons before and after, and their ratio (NaN: nobody
        before).
    notes : tuple of Note
        The factors, and the units with special treatment.
    """
    told = _Told()
    notes: list[Note] = []
    units, shares, whole = of.frame, of.shares, of.grid_share >= Demand.WHOLE
    for who in sorted(WHO, key=lambda each: each in people.derived):
        own = units.get(f"own_{who}")
        if who in people.derived:
            people = derive(people, elderly_share)
        if own is None or not people.known(who) or own.isna().all():
            continue
        targets = own.where(whole).to_numpy(dtype=np.float64)
        before = people.cells[who].to_numpy()
        raked = rake(shares, before, targets)
        people = people.with_cells(who, raked.people)
        rows = _factors(of.level, units.index, who, shares @ before, shares @ raked.people)
        notes += _factor_notes(who, of, rows[~np.isnan(targets)])
        told.layers.add(of.layers[who])
        told.rows.append(rows)
        told.blank |= set(units.index[own.isna()])
        told.empty |= set(units.index[raked.empty])
        told.unmet |= set(units.index[raked.unmet])
        told.together |= {" + ".join(place_names(units).iloc[list(group)]) for group in raked.together}
    table = pd.concat(told.rows, ignore_index=True) if told.rows else pd.DataFrame(columns=list(FACTOR_COLUMNS))
    return people, table, (*notes, *_other_notes(told, units.index[~whole], place_names(units)))


def _factors(level: str, ids: pd.Index, who: str, before: Floats, after: Floats) -> pd.DataFrame:
    factor = np.divide(after, before, out=np.full(len(before), np.nan), where=before > 0)
    table = {"level": level, "unit": ids.to_numpy(), "who": who, "before": before, "after": after, "factor": factor}
    return pd.DataFrame(table, columns=list(FACTOR_COLUMNS))


def _factor_notes(who: str, of: UnitsOf, rows: pd.DataFrame) -> Iterable[Note]:
    known, layer = rows["factor"].dropna(), of.layers[who]
    far = rows[(rows["factor"] < _FAR[0]) | (rows["factor"] > _FAR[1])]
    figures: Mapping[str, object] = {
        "layer": layer,
        "level": of.level,
        "count": len(rows),
        "before": f"{rows['before'].sum():,.0f}",
        "after": f"{rows['after'].sum():,.0f}",
        "least": f"{known.min():.3f}",
        "median": f"{known.median():.3f}",
        "most": f"{known.max():.3f}",
        "far": len(far),
    }
    yield Note("calibrated_residents" if who == "residents" else "calibrated_elderly", figures)
    if len(far):
        called = place_names(of.frame)
        names = [f"{called[unit]} ×{factor:.2f}" for unit, factor in zip(far["unit"], far["factor"], strict=True)]
        more = {"layer": layer, "count": len(far), "units": ", ".join(names)}
        yield Note("calibrated_far_residents" if who == "residents" else "calibrated_far_elderly", more)


def _other_notes(told: _Told, part: pd.Index, called: pd.Series) -> Iterable[Note]:
    layer = ", ".join(sorted(told.layers))

    def values(ids: Iterable[object]) -> dict[str, object]:
        names = [str(called.get(each, each)) for each in sorted(ids, key=str)]
        return {"layer": layer, "count": len(names), "ids": listed(names)}

    if told.blank:
        yield Note("calibrated_without_figure", values(told.blank))
    if len(part) and told.layers:
        yield Note("calibrated_grid_part", values(part))
    if told.empty:
        yield Note("calibrated_empty", values(told.empty))
    if told.together:
        yield Note("calibrated_together", values(told.together))
    if told.unmet:
        yield Note("calibrated_unmet", values(told.unmet))
