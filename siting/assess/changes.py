"""The change between two checks, split into the parts that were exchanged."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import factorial
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.changes import (
    CHECK_FIGURES,
    CHECK_KEYS,
    DECIMALS,
    FIGURE_KEYS,
    SECOND_ENDS,
    WHOLE,
    WHOLE_FIGURES,
    Changes,
    Measured,
    block_key,
)
from siting.domain.nouns import Floats
from siting.domain.parts import Part
from siting.errors import Fault

# What the order of exchange is worth: of each part the least and the greatest value, and the mean, over all orders.
WORTH: Final = ("least", "greatest", "mean")
# The column of a block's part.
BY: Final = "by_"
# Units of the figures of places and of the whole, as clauses name them.
_UNITS: Final[Mapping[str, str]] = {
    "residents": "people",
    "elderly": "people",
    "elderly_covered": "people",
    "elderly_uncovered": "people",
    "covered_share": "share",
    "minutes_to_nearest": "min",
    "land_provided_m2": "m2",
    "land_m2_per_resident": "m2 per person",
    "land_m2_per_elderly": "m2 per person",
    "land_gap_01_m2": "m2",
    "land_gap_02_m2": "m2",
    "land_gap_m2": "m2",
    "facilities_counted": "facilities",
}
_FIGURES: Final = (*WHOLE_FIGURES, *CHECK_FIGURES)
_LEVELS: Final = (WHOLE, "city", "district", "planning", "street", "community", "residential_area")
Blocks = tuple[tuple[Part, ...], ...]


def changes_table(found: Mapping[frozenset[str], Measured], blocks: Blocks, differ: Sequence[str]) -> pd.DataFrame:
    """Return the change of every figure, split into parts.

    Parameters
    ----------
    found : mapping of frozenset of str to Measured
        What was found with some blocks exchanged; nothing exchanged is the old check, all of ``differ`` the new one.
        Either all sets of blocks, or those along the stated order.
    blocks : tuple of tuple of str
        The parts that are exchanged together, in the stated order; empty if the change is not split.
    differ : sequence of str
        The blocks that differ, in the stated order.

    Returns
    -------
    pandas.DataFrame
        One row for each figure of a place, of the whole, or of a clause for a place, and each check without figures.
        ``level``, ``id``, ``name``, ``clause_id`` (blank for figures of places), ``kind``, ``basis``, ``extent``,
        ``binding``, ``figure``, ``unit``; ``only_in`` (``old``, ``new`` or None: in both); ``before``, ``after``,
        ``change``; for each block its part, ``by_BLOCK``, and ``by_BLOCK_least``, ``by_BLOCK_greatest`` and
        ``by_BLOCK_mean`` over all orders (NaN if only the stated order was evaluated); ``verdict_before``,
        ``verdict_after`` and ``verdict_by``, the blocks with which the verdict changes in the stated order.

        The parts of a row add up to ``change``; they are NaN if a figure is unknown, or has no limit, on the way.
    """
    old, new = found[frozenset()], found[frozenset(differ)]
    index = _rows(old, new)
    values = {exchanged: each.figures["value"].reindex(index).to_numpy() for exchanged, each in found.items()}
    table = pd.DataFrame({"before": values[frozenset()], "after": values[frozenset(differ)]}, index=index)
    table["change"] = _difference(values[frozenset(differ)], values[frozenset()])
    if blocks:
        table = table.join(_parts(values, [block_key(each) for each in blocks], differ, index))
    table = _with_checks(table, found, differ, split=bool(blocks and differ))
    return _described(table.reset_index(), old, new)


def _rows(old: Measured, new: Measured) -> pd.MultiIndex:
    """Return the figures to compare: known in either check; a second end only where it differs from the first."""
    both = pd.concat({"old": old.figures["value"], "new": new.figures["value"]}, axis="columns", sort=True)
    figure = both.index.get_level_values("figure")
    first = both.reset_index().assign(figure=figure.map(lambda name: SECOND_ENDS.get(name, "")))
    first = both.reindex(pd.MultiIndex.from_frame(first[list(FIGURE_KEYS)]))
    ones, others = both.to_numpy(), first.to_numpy()
    same = figure.isin([*SECOND_ENDS]) & ((ones == others) | (np.isnan(ones) & np.isnan(others))).all(axis=1)
    kept = (both.notna().any(axis=1) | (figure == "provided_low")).to_numpy() & ~same
    return pd.MultiIndex.from_tuples(both.index[kept], names=FIGURE_KEYS)


def _difference(after: Floats, before: Floats) -> Floats:
    """Return a difference; 0 if both are equal (also if both have no limit), NaN if it is not known."""
    with np.errstate(invalid="ignore"):
        found = np.where(after == before, 0.0, np.round(after - before, DECIMALS)) + 0.0
    return np.where(np.isfinite(found), found, np.nan)


def _parts(
    values: Mapping[frozenset[str], Floats], keys: Sequence[str], differ: Sequence[str], index: pd.MultiIndex
) -> pd.DataFrame:
    steps = [frozenset(differ[:count]) for count in range(len(differ) + 1)]
    parts = {key: _difference(values[steps[at + 1]], values[steps[at]]) for at, key in enumerate(differ)}
    known = np.isfinite([*parts.values()]).all(axis=0) if parts else np.isfinite(values[steps[0]])
    if not parts:
        known |= ~np.isnan(values[steps[0]])
    zero = np.where(known, 0.0, np.nan)
    table: dict[str, Floats] = {f"{BY}{key}": np.where(known, parts.get(key, zero), np.nan) for key in keys}
    every = len(values) == 2 ** len(differ)
    for key in keys:
        worth = _over_orders(values, key, differ) if every and key in differ else np.vstack([zero] * len(WORTH))
        if not every:
            worth = np.full_like(worth, np.nan)
        for name, row in zip(WORTH, worth, strict=True):
            table[f"{BY}{key}_{name}"] = np.where(known, row, np.nan)
    return pd.DataFrame(table, index=index)


def _over_orders(values: Mapping[frozenset[str], Floats], key: str, differ: Sequence[str]) -> Floats:
    """Return the least, the greatest and the mean change when a block is exchanged, over all orders.

    A block follows each set of others in some order; a set of ``s`` of ``n`` blocks comes first in ``s! (n - s - 1)!``
    of the ``n!`` orders, which gives the Shapley value as mean.
    """
    count = len(differ)
    before = [exchanged for exchanged in values if key not in exchanged]
    gains = np.array([_difference(values[each | {key}], values[each]) for each in before])
    weights = np.array([factorial(len(each)) * factorial(count - len(each) - 1) / factorial(count) for each in before])
    return np.vstack([gains.min(axis=0), gains.max(axis=0), np.round(weights @ gains, DECIMALS)])


def _with_checks(
    table: pd.DataFrame, found: Mapping[frozenset[str], Measured], differ: Sequence[str], *, split: bool
) -> pd.DataFrame:
    """Add what belongs to the check of a row, and its verdicts."""
    steps = [frozenset(differ[:count]) for count in range(len(differ) + 1)]
    keys = pd.MultiIndex.from_frame(table.reset_index()[list(CHECK_KEYS)])
    old, new = found[steps[0]].checks, found[steps[-1]].checks
    for name in ("standard_id", "kind", "basis", "binding", "unit"):
        ours, theirs = (each[name].astype("object").reindex(keys).to_numpy() for each in (new, old))
        table[name] = np.where(keys.isin(new.index), ours, theirs)
    verdicts = [found[step].checks["verdict"].reindex(keys).to_numpy(dtype=object) for step in steps if step in found]
    table["verdict_before"], table["verdict_after"] = verdicts[0], verdicts[-1]
    turned = [
        pd.Series(after).ne(pd.Series(before)) & ~(pd.isna(after) & pd.isna(before))
        for before, after in pairwise(verdicts)
    ]
    by = [[key for key, turn in zip(differ, turns, strict=True) if turn] for turns in zip(*turned, strict=True)]
    table["verdict_by"] = pd.Series(by if split else [[]] * len(keys), index=table.index, dtype="object")
    return table


def _described(table: pd.DataFrame, old: Measured, new: Measured) -> pd.DataFrame:
    """Add names and units, and tell which rows are only in one check; sort by level, then as in the new check."""
    names = pd.concat([new.places["name"], old.places["name"]])
    names = names[~names.index.duplicated()]
    where = pd.MultiIndex.from_frame(table[["level", "id"]])
    table["name"] = names.reindex(where).to_numpy()
    figures, checks = (pd.MultiIndex.from_frame(table[list(keys)]) for keys in (FIGURE_KEYS, CHECK_KEYS))
    of_check = table["figure"].isin(CHECK_FIGURES).to_numpy()
    there = [
        np.where(of_check, checks.isin(each.checks.index), figures.isin(each.figures.index)) for each in (old, new)
    ]
    table["only_in"] = np.select([~there[1], ~there[0]], ["old", "new"], default=None)  # type: ignore[call-overload]
    for keys in ("figure", "clause_id"):
        table[keys] = table[keys].astype("object")
    table["unit"] = table["unit"].where(
        of_check,
        table["figure"].map(lambda name: _UNITS[SECOND_ENDS.get(name, name)] if name not in CHECK_FIGURES else None),
    )
    ranks = {
        "level": pd.Series(range(len(_LEVELS)), index=list(_LEVELS)).reindex(table["level"]),
        "place": pd.Series(range(len(names)), index=names.index).reindex(where),
        "clause": pd.Series(range(len(table)), index=table.index).groupby(table["clause_id"]).transform("min"),
        "figure": pd.Series(range(len(_FIGURES)), index=list(_FIGURES)).reindex(table["figure"]),
    }
    columns = [table["turn"].to_numpy(), table["extent"].to_numpy(dtype=str)]
    figure, clause, place, level = (ranks[name].to_numpy() for name in ("figure", "clause", "place", "level"))
    table = table.iloc[np.lexsort([figure, *columns, clause, place, level])].reset_index(drop=True)
    first = ["level", "id", "name", "standard_id", "clause_id", "kind", "basis", "extent", "binding", "figure", "unit"]
    first += ["only_in", "before", "after", "change"]
    last = ["verdict_before", "verdict_after", "verdict_by"]
    parts = [name for name in table if name not in (*first, *last, "turn")]
    return table[[*first, *parts, *last]]


def places_of_both(old: Measured, new: Measured) -> gpd.GeoDataFrame:
    """Return the places of both checks, and in which they are."""
    alone = old.places[~old.places.index.isin(new.places.index)]
    places = pd.concat([new.places, alone])
    only = np.select(
        [~places.index.isin(new.places.index), ~places.index.isin(old.places.index)],
        ["old", "new"],
        default=None,  # type: ignore[call-overload]
    )
    return gpd.GeoDataFrame(places.assign(only_in=only), geometry="geometry", crs=new.places.crs)


def changes_of(
    found: Mapping[frozenset[str], Measured],
    blocks: Blocks = (),
    differ: Sequence[str] = (),
    why_together: tuple[Fault, ...] = (),
) -> Changes:
    """Return two checks compared; see :func:`changes_table`."""
    old, new = found[frozenset()], found[frozenset(differ)]
    return Changes(
        old=old,
        new=new,
        table=changes_table(found, blocks, differ),
        places=places_of_both(old, new),
        blocks=blocks,
        differ=tuple(differ),
        why_together=why_together,
        all_orders=bool(blocks) and len(found) == 2 ** len(differ),
    )
