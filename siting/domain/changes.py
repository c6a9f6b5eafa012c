"""What a check found, in the form in which two checks are compared, and the result of the comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NotRequired, TypedDict, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.intervals import ENDS
from siting.domain.parts import Part
from siting.errors import Fault

Table = TypeVar("Table", bound=pd.DataFrame)
# The level of the figures of the whole.
WHOLE: Final = "whole"
# A check is known by these; ``turn`` numbers the checks of one clause for one place, because the basis may change.
CHECK_KEYS: Final = ("level", "id", "clause_id", "extent", "turn")
FIGURE_KEYS: Final = (*CHECK_KEYS, "figure")
# The figures of a place, and of the whole, with the other end of those that may be intervals.
_NAMED: Final = (
    "residents",
    "elderly",
    "elderly_covered",
    "covered_share",
    "elderly_uncovered",
    "minutes_to_nearest",
    "land_provided_m2",
    "land_m2_per_resident",
    "land_m2_per_elderly",
    "land_gap_01_m2",
    "land_gap_02_m2",
    "land_gap_m2",
)
# The second end of each figure, and the figure itself: the end is told where it differs.
SECOND_ENDS: Final[Mapping[str, str]] = {
    **{(ENDS[key].low if ENDS[key].low != key else ENDS[key].high): key for key in _NAMED if key in ENDS},
    "provided_high": "provided_low",
    "required_high": "required",
}
PLACE_FIGURES: Final = (*_NAMED, *(end for end, key in SECOND_ENDS.items() if key in _NAMED))
WHOLE_FIGURES: Final = (*PLACE_FIGURES, "facilities_counted")
CHECK_FIGURES: Final = ("required", "required_high", "provided_low", "provided_high", "shortfall")
# Figures are compared as gap reports write them.
DECIMALS: Final = 6


class CheckFacts(TypedDict):
    """Of which scenario a check is; ``people_rounded`` is ``"true"`` if its figures are released ones."""

    title: str
    date: str
    horizon: str
    land_basis: NotRequired[str]
    people_rounded: NotRequired[str]


@dataclass(frozen=True)
class Measured:
    """What one check found.

    ``facts`` says of which scenario. ``places`` is indexed by (level, id) and holds
    ``name`` and the geometry in WGS84. ``figures`` is indexed by ``FIGURE_KEYS`` and holds ``value`` (rounded to
    ``DECIMALS``, inf without a limit, NaN if unknown). ``checks`` is indexed by ``CHECK_KEYS`` and holds
    ``standard_id``, ``kind``, ``basis``, ``unit``, ``binding``, ``for_comparison`` and ``verdict``.
    """

    facts: CheckFacts
    places: gpd.GeoDataFrame
    figures: pd.DataFrame
    checks: pd.DataFrame


@dataclass(frozen=True)
class Changes:
    """Two checks compared.

    Parameters
    ----------
    old, new : Measured
        Both checks.
    table : pandas.DataFrame
        One row for each figure; see :func:`siting.assess.changes.changes_table`.
    places : geopandas.GeoDataFrame
        The places of both, indexed by (level, id): ``name``, ``only_in`` (``old``, ``new`` or None) and the geometry
        (WGS84, of ``new`` if the place is in both).
    blocks : tuple of tuple of str
        The parts that were exchanged together, in the order of exchange; empty if the change is not split.
    differ : tuple of str
        The blocks (:func:`block_key`) that differ between the two.
    why_together : tuple of Fault
        Why some parts could only be exchanged together.
    all_orders : bool
        Whether all orders of exchange were evaluated.
    """

    old: Measured
    new: Measured
    table: pd.DataFrame
    places: gpd.GeoDataFrame
    blocks: tuple[tuple[Part, ...], ...] = ()
    differ: tuple[str, ...] = ()
    why_together: tuple[Fault, ...] = ()
    all_orders: bool = False

    @property
    def is_split(self) -> bool:
        """Whether the change is split into parts."""
        return bool(self.blocks)

    @property
    def keys(self) -> tuple[str, ...]:
        """The column of each block, in the order of exchange."""
        return tuple(block_key(block) for block in self.blocks)


def block_key(block: tuple[Part, ...]) -> str:
    """Return the name of the column of parts that are exchanged together.

    Examples
    --------
    >>> from siting.domain.changes import block_key
    >>> block_key(("people",)), block_key(("rules", "settings"))
    ('people', 'rules+settings')
    """
    return "+".join(block)


def measured(
    facts: CheckFacts, places: gpd.GeoDataFrame, checks: pd.DataFrame, totals: Mapping[str, object]
) -> Measured:
    """Return the tables of a gap report in the form in which two of them are compared.

    Parameters
    ----------
    facts : mapping
        Of which scenario.
    places : geopandas.GeoDataFrame
        Indexed by (level, id), with the columns of places and geometry in WGS84.
    checks : pandas.DataFrame
        Indexed by (level, id), with the columns of checks.
    totals : mapping
        Figures of the whole.
    """
    places, checks = _by_text(places), _keyed(_by_text(checks))
    of_places = _long(places[[name for name in PLACE_FIGURES if name in places]].reset_index())
    of_checks = _long(checks.reset_index()[[*CHECK_KEYS, *CHECK_FIGURES]])
    whole = pd.DataFrame([{key: totals[key] for key in WHOLE_FIGURES if totals.get(key) is not None}])
    of_whole = _long(whole.assign(level=WHOLE, id=""))
    figures = pd.concat([of_whole, of_places, of_checks], ignore_index=True).set_index(list(FIGURE_KEYS))
    held = ["standard_id", "kind", "basis", "unit", "binding", "for_comparison", "verdict"]
    facts = {**facts, "land_basis": str(totals["land_basis"])}
    return Measured(facts, places[["name", "geometry"]], figures, checks[held])


def _by_text(table: Table) -> Table:
    """Return a table whose ids are texts, as in a file."""
    levels = table.index.get_level_values("level").astype("object")
    ids = pd.Index([str(key) for key in table.index.get_level_values("id")], dtype="object")
    return table.set_axis(pd.MultiIndex.from_arrays([levels, ids], names=["level", "id"]))


def _keyed(checks: pd.DataFrame) -> pd.DataFrame:
    """Index checks by ``CHECK_KEYS``."""
    table = checks.drop(columns=["level", "id"], errors="ignore").reset_index()
    table["turn"] = table.groupby(["level", "id", "clause_id", "extent"], sort=False).cumcount()
    return table.set_index(list(CHECK_KEYS))


def _long(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each figure, with all of ``FIGURE_KEYS``."""
    keys = [name for name in CHECK_KEYS if name in table]
    found = table.melt(keys, var_name="figure", value_name="value")
    found["value"] = pd.to_numeric(found["value"]).astype("float64").round(DECIMALS) + 0.0
    for name, blank in (("clause_id", ""), ("extent", ""), ("turn", 0)):
        if name not in found:
            found[name] = blank
    return found[[*FIGURE_KEYS, "value"]].astype({"id": "object", "value": np.float64})
