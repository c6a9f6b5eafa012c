"""People as they may be passed on: small numbers hidden among their neighbours, the others rounded.

Every figure of a result that is to be shared is computed from these people. What they do not tell, no output can
tell (methods, definition 17).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.nouns import Demand, Floats, Inputs, Ints, Note, PeopleLayer, Raster
from siting.domain.scenario import FINE_TO_COARSE
from siting.domain.withheld import STEP, THRESHOLD, is_withheld, rounded
from siting.places.nesting import holding_units
from siting.places.people import WHO, groups_of

# The fewest cells that share a small number, and the fewest persons among them and up to the most there can be.
_FEWEST: Final = 3
# Sums that differ by less are the same figure from two sources, persons.
_SAME: Final = 0.5
# Notes of reading, and of bringing people onto the grid, that name people.
OF_PEOPLE: Final = frozenset(
    {
        "area_left_out",
        "calibrated_elderly",
        "calibrated_far_elderly",
        "calibrated_far_residents",
        "calibrated_residents",
        "cohorts_projected",
        "elderly_exceed_residents_by_cell",
        "elderly_few",
        "group_exceeds_elderly_by_cell",
        "invalid_left_out_with_people",
        "people_dense",
        "people_gridded",
        "people_grown",
        "people_outside",
        "people_points_repeated",
        "people_rows_left_out",
        "people_rows_unmatched",
        "people_sparse",
        "residential_across",
        "residential_outside",
        "residential_overlap",
        "residential_partly_outside",
        "slivers_mended",
        "units_across",
    }
)
_OWN: Final = tuple(f"own_{who}" for who in WHO)


def released(inputs: Inputs, demand: Demand) -> tuple[Inputs, Demand]:
    """Return inputs and demand with people that may be passed on.

    Parameters
    ----------
    inputs : Inputs
        The inputs of a scenario.
    demand : Demand
        Its people.

    Returns
    -------
    tuple of Inputs and Demand
        People of cells by :func:`released_counts`, in the order of units and along a Hilbert curve within them; own
        people of units and residential areas the same way, or as sums where they are sums. Rasters and layers of
        people, their digests, and notes that name people are gone. A residential area of fewer than five households or
        persons has its id as its name, candidates have no address.
    """
    shared = _demand(demand)
    frames = _with_own(inputs, demand, shared)
    estates = _named(frames.pop("residential_area"), shared)
    notes = tuple(note for note in inputs.notes if note.code not in OF_PEOPLE)
    found = replace(
        inputs,
        units=frames,
        residential_areas=estates,
        candidates=_without_address(inputs.candidates),
        digests=_digests(inputs, shared),
        layers={key: _facts(each) for key, each in inputs.layers.items()},
        notes=notes,
    )
    return found, replace(shared, notes=tuple(_kept(demand.notes, len(inputs.notes) - len(notes))))


def without_sources(inputs: Inputs) -> Inputs:
    """Return inputs whose rasters and layers of people are empty; what kind they are stays known.

    Parameters
    ----------
    inputs : Inputs
        The inputs of a scenario, whose people are on the grid already.

    Returns
    -------
    Inputs
        With NaN in place of people.
    """
    people = inputs.population
    emptied: dict[str, Any] = {who: _emptied(getattr(people, who)) for who in WHO}
    # Of groups only the names are asked for later.
    found = replace(people, **emptied, groups=dict.fromkeys(people.groups, 0.0), figures=None, growth=None)
    return replace(inputs, population=found)


def with_unseen(demand: Demand) -> Demand:
    """Return demand whose most unseen people are rounded up.

    Parameters
    ----------
    demand : Demand
        People of cells.

    Returns
    -------
    Demand
        With multiples of five as the most people where the grids do not reach.
    """
    unseen = {
        level: table.transform(lambda most: np.ceil(most / STEP) * STEP) for level, table in demand.unseen.items()
    }
    return replace(demand, unseen=unseen)


def released_counts(counts: Floats, parts: Ints) -> tuple[Floats, Ints]:
    """Return numbers of people that may be passed on, in place of the true ones.

    Numbers below five are put together with their neighbours of the same part, in groups of at least three with at
    least five persons as far as there are so many, and each gets the mean of its group. Then the running sum of
    groups and other numbers is rounded to the nearest five, and each gets the difference that it makes. So no sum of
    neighbours in the given order is wrong by more than five, nor the whole by more than 2.5.

    Whoever knows all released numbers knows of each true sum of a group only that it is less than five from the
    released one (of the first, less than 2.5), and of a number within a group nothing but that it is below five.

    Parameters
    ----------
    counts : ndarray
        Persons, in an order in which neighbours are near; NaN stays.
    parts : ndarray of int
        The part of each; equal ones stand together.

    Returns
    -------
    tuple of ndarray
        The released numbers; and the group of each, -1 for those that are in none.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.places.released import released_counts
    >>> found, groups = released_counts(np.array([1.0, 2.0, 4.0, 0.0, 31.0]), np.zeros(5, dtype=np.int64))
    >>> found.round(2).tolist(), groups.tolist()
    ([1.67, 1.67, 1.67, 0.0, 35.0], [0, 0, 0, -1, -1])
    """
    known = np.nan_to_num(counts)
    groups = _groups(known, parts, is_withheld(known))
    small = groups >= 0
    # Each group stands where its first number does; the other numbers stand where they are.
    firsts = np.unique(groups[small], return_index=True)[1]
    heads = np.flatnonzero(small)[firsts]
    items = known.copy()
    items[small] = 0.0
    items[heads] = np.bincount(groups[small], weights=known[small])
    steps = np.rint(np.cumsum(items) / STEP) * STEP
    told = np.diff(steps, prepend=0.0)
    sizes = np.bincount(groups[small]) if len(heads) else np.zeros(0)
    told[small] = (told[heads] / sizes)[groups[small]]
    return np.where(np.isnan(counts), np.nan, told), groups


def _groups(counts: Floats, parts: Ints, small: np.ndarray[Any, np.dtype[np.bool_]]) -> Ints:
    """Put small numbers into groups within their parts; what is left over joins the last group of its part."""
    groups = np.full(len(counts), -1, dtype=np.int64)
    rows = np.flatnonzero(small)
    number, start = -1, 0
    bounds = np.flatnonzero(np.diff(parts[rows])) + 1
    for part in np.split(rows, bounds):
        start, total, first = 0, 0.0, number
        for end, row in enumerate(part, start=1):
            total += counts[row]
            size = end - start
            if size >= _FEWEST and THRESHOLD <= total <= THRESHOLD * (size - 1):
                number += 1
                groups[part[start:end]] = number
                start, total = end, 0.0
        if start < len(part):
            number += number == first
            groups[part[start:]] = number
    return groups


def _demand(demand: Demand) -> Demand:
    """Return demand with released people; figures derived from them follow."""
    order, parts = _order(demand)
    cells = demand.cells.copy()
    elderly, residents = (cells[who].to_numpy(dtype=np.float64) for who in WHO[::-1])

    def told(counts: Floats) -> Floats:
        found = np.empty(len(counts))
        found[order] = released_counts(counts[order], parts)[0]
        return found

    new = {who: told(cells[who].to_numpy(dtype=np.float64)) for who in WHO}
    # Derived people are a fixed share of the others: released on their own they would tell more.
    if demand.elderly_derived:
        new["elderly"] = new["residents"] * _ratio(elderly, residents)
    if demand.residents_derived:
        new["residents"] = new["elderly"] * _ratio(residents, elderly)
    by_residents = np.array_equal(cells["basis"].to_numpy(dtype=np.float64), residents, equal_nan=True)
    new |= {name: told(cells[name].to_numpy(dtype=np.float64)) for name in groups_of(cells)}
    cells = cells.assign(**new, basis=new["residents" if by_residents else "elderly"])
    shared = replace(demand, cells=cells)
    shared = with_unseen(replace(shared, account=_account(shared)))
    return replace(shared, factors=_factors(shared))


def _ratio(of: Floats, to: Floats) -> float:
    total = float(np.nansum(to))
    return float(np.nansum(of)) / total if total > 0 else 0.0


def _order(demand: Demand) -> tuple[Ints, Ints]:
    """Return the order of cells (units from the coarsest to the finest, then a Hilbert curve), and their parts."""
    levels = [level for level in reversed(FINE_TO_COARSE) if level in demand.shares]
    homes = [_home(demand, level) for level in levels]
    points = gpd.GeoSeries(gpd.points_from_xy(demand.cells["x"], demand.cells["y"]))
    along = points.hilbert_distance().to_numpy(dtype=np.int64)
    order = np.lexsort((demand.cells.index.to_numpy(), along, *reversed(homes)))
    keys = np.column_stack(homes)[order] if homes else np.zeros((len(order), 1), dtype=np.int64)
    parts = np.concatenate([[0], np.cumsum((np.diff(keys, axis=0) != 0).any(axis=1))])[: len(order)]
    return order, parts.astype(np.int64)


def _home(demand: Demand, level: str) -> Ints:
    """Return the unit that holds most of each cell, by its row; -1 outside all."""
    shares = demand.shares[level].tocoo()
    home = np.full(len(demand.cells), -1, dtype=np.int64)
    ordered = np.lexsort((-shares.row, shares.data))
    # The last one written is the largest share, of equal ones the first unit.
    home[shares.col[ordered]] = shares.row[ordered]
    return home


def _account(shared: Demand) -> dict[str, float]:
    """Return the account of the released people: it adds up, and its steps are rounded."""
    found = {key: float(rounded(np.array([value]))[0]) for key, value in shared.account.items()}
    found |= {key: value for key, value in shared.account.items() if key.endswith("_moved_m")}
    inside = shared.cells["inside"].to_numpy()
    for who in WHO:
        people = float(np.nansum(shared.cells[who].to_numpy() * inside))
        if np.isnan(shared.account.get(f"{who}_inside", np.nan)):
            continue
        found[f"{who}_inside"] = float(rounded(np.array([people]))[0])
        found[f"{who}_outside"] = found[f"{who}_outside_units"] + found[f"{who}_outside_window"]
        changed = found[f"{who}_calibrated"] + found[f"{who}_grown"]
        found[f"{who}_read"] = found[f"{who}_inside"] + found[f"{who}_outside"] - changed
    return found


def _factors(shared: Demand) -> pd.DataFrame:
    """Return the calibration with rounded figures; the released sum of a unit's cells is what it was scaled to."""
    factors = shared.factors
    if factors.empty:
        return factors
    rows = factors.to_dict("records")
    after = []
    for row in rows:
        unit = shared.place_ids[row["level"]].get_indexer(pd.Index([row["unit"]]))[0]
        cells = np.nan_to_num(shared.cells[row["who"]].to_numpy())
        after.append(float((shared.shares[row["level"]][[unit]] @ cells)[0]))
    before = rounded(factors["before"].to_numpy(dtype=np.float64))
    return factors.assign(before=before, after=after, factor=after / np.where(before > 0, before, np.nan))


def _with_own(inputs: Inputs, demand: Demand, shared: Demand) -> dict[str, gpd.GeoDataFrame]:
    """Return residential areas and units with released own people.

    What is the sum of cells, or of the own people of finer units, is the sum of the released ones: two releases of one
    figure would tell more than each.
    """
    frames = {"residential_area": inputs.residential_areas}
    holders = holding_units({"residential_area": inputs.residential_areas, **inputs.units})
    parents = {level: _parents(holders, level, inputs.units) for level in holders}
    found = {"residential_area": _own_alone(inputs.residential_areas, WHO, parents["residential_area"])}
    finer: str | None = None
    for level in (each for each in FINE_TO_COARSE if each in inputs.units):
        frame = inputs.units[level].copy()
        for own in (name for name in _OWN if name in frame):
            who = own.removeprefix("own_")
            true = _floats(frame[own])
            told = _alone(true, parents[level])
            if finer is not None and own in frames[finer]:
                told = np.where(*_summed(true, told, frames[finer][own], found[finer][own], parents[finer]))
            of_cells = demand.shares[level] @ np.nan_to_num(demand.cells[who].to_numpy())
            same = np.abs(of_cells - true) <= _SAME
            frame[own] = np.where(same, shared.shares[level] @ np.nan_to_num(shared.cells[who].to_numpy()), told)
        frames[level], found[level] = inputs.units[level], frame
        finer = level
    return {level: found[level] for level in ("residential_area", *inputs.units)}


def _own_alone(frame: gpd.GeoDataFrame, names: tuple[str, ...], parents: Ints) -> gpd.GeoDataFrame:
    if frame.empty:
        return frame
    own = {name: _alone(_floats(frame[name]), parents) for name in names if name in frame}
    return frame.assign(**own)


def _alone(true: Floats, parents: Ints) -> Floats:
    """Return released numbers of places that are in no other figure."""
    order = np.argsort(parents, kind="stable")
    told = np.empty(len(true))
    told[order] = released_counts(true[order], parents[order])[0]
    return told


def _summed(
    true: Floats, told: Floats, finer: pd.Series, finer_told: pd.Series, held: Ints
) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], Floats, Floats]:
    """Return which figures are sums of those of finer units, these sums as released, and the others."""
    values, new = _floats(finer), _floats(finer_told)
    inside = held >= 0
    sums, released_sums = (np.bincount(held[inside], each[inside], len(true)) for each in (values, new))
    return np.asarray(np.abs(sums - true) <= _SAME), np.asarray(released_sums, dtype=np.float64), told


def _floats(column: pd.Series) -> Floats:
    return np.asarray(pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _parents(holders: Mapping[str, pd.Series], level: str, units: Mapping[str, gpd.GeoDataFrame]) -> Ints:
    """Return for each place of a level the row of the next coarser unit that holds it; -1 if there is none."""
    coarser: list[str] = [each for each in FINE_TO_COARSE if each in units]
    after = dict(zip(["residential_area", *coarser], [*coarser, ""], strict=True))[level]
    if not after:
        return np.zeros(len(holders[level]), dtype=np.int64)
    return units[after].index.get_indexer(pd.Index(holders[level])).astype(np.int64)


def _named(estates: gpd.GeoDataFrame, shared: Demand) -> gpd.GeoDataFrame:
    """Return residential areas without the names and household numbers of those where hardly anybody lives."""
    if estates.empty:
        return estates
    few = np.zeros(len(estates), dtype=bool)
    for name in ("households", *WHO):
        if name in estates:
            few |= is_withheld(np.nan_to_num(_floats(estates[name])))
    of_cells = shared.shares["residential_area"] @ np.nan_to_num(shared.cells["residents"].to_numpy())
    few |= is_withheld(of_cells)
    found = estates.assign(name=estates["name"].where(~few, pd.Series(estates.index.astype(str), estates.index)))
    if "households" in found:
        found["households"] = found["households"].where(~is_withheld(_floats(found["households"])))
    return found


def _without_address(candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return candidates.assign(address=None) if "address" in candidates else candidates


def _digests(inputs: Inputs, shared: Demand) -> dict[str, str]:
    """Return the digests of files without people, and one of the released people in place of the others."""
    table = shared.cells[[*WHO, *groups_of(shared.cells)]]
    people = hashlib.sha256(np.ascontiguousarray(table.to_numpy(dtype=np.float64)).tobytes()).hexdigest()
    return {key: value for key, value in inputs.digests.items() if not _is_of_people(key)} | {"released": people}


def _is_of_people(key: str) -> bool:
    """Tell whether a file holds people: its digest would confirm what somebody guesses."""
    return key.startswith(("population", "residential_areas")) or (key.startswith("units.") and ".people" in key)


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    people = ("people", "elderly")
    kept = {name: value for name, value in facts.items() if name not in people}
    return kept | {
        name: float(rounded(np.array([float(facts[name])]))[0]) for name in people if facts.get(name) is not None
    }


def _kept(notes: tuple[Note, ...], before: int) -> Iterator[Note]:
    """Yield the notes that name no people, and one that others are left out, ``before`` of them from reading."""
    kept = [note for note in notes if note.code not in OF_PEOPLE]
    yield from kept
    if left := before + len(notes) - len(kept):
        yield Note("notes_of_people_left_out", {"count": left})


def _emptied(people: Raster | PeopleLayer | None) -> Raster | PeopleLayer | None:
    if isinstance(people, Raster):
        return replace(people, values=np.full_like(people.values, np.nan))
    if isinstance(people, PeopleLayer):
        return replace(people, frame=people.frame.assign(people=np.nan))
    return None
