"""What the ledger of facilities and the units themselves say: the counted figures behind each kind of clause."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.measures import MEASURES, Span
from siting.domain.scenario import Scenario
from siting.domain.standards import Clause

Figures = Mapping[str, Span]
_ENDLESS: Final = float("inf")
_SOCIAL: Final = ("public_private", "private")
# A link counts where care is given inside or by contract; a neighbour without a contract is none.
_LINKED: Final = ("internal", "agreement")
# How the documents name kinds of units, and what a layer may say for them.
_UNIT_WORDS: Final = {"乡镇": ("乡", "镇", "乡镇")}


@dataclass(frozen=True)
class Rows:
    """The facilities that one place counts, and what is missing of them.

    ``complete`` is false where the ledger may lack some: then every count may be any number more.
    """

    table: pd.DataFrame
    complete: bool

    def count(self, mask: pd.Series | None = None) -> Span:
        """Count rows; those of which the mask is unknown may count."""
        if mask is None:
            return self._open(len(self.table), len(self.table))
        return self._open(float((mask == True).sum()), float((mask == True).sum() + mask.isna().sum()))  # noqa: E712

    def add(self, column: str, mask: pd.Series | None = None) -> Span:
        """Add a column up; a blank may be any number, and a row of which the mask is unknown may count."""
        figures = pd.to_numeric(self.table[column]).astype("float64")
        sure = pd.Series(data=True, index=figures.index) if mask is None else mask == True  # noqa: E712
        may = sure if mask is None else sure | mask.isna()
        low = float(np.nansum(figures[sure.fillna(value=False).astype(bool)]))
        high = _ENDLESS if figures[may.astype(bool)].isna().any() else float(figures[may.astype(bool)].sum())
        return self._open(low, high)

    def part(self, column: str, whole: str) -> Span:
        """Add up a column that is part of another; where it is blank it may be nothing or the whole."""
        part = pd.to_numeric(self.table[column]).astype("float64")
        most = part.fillna(pd.to_numeric(self.table[whole]).astype("float64"))
        return self._open(float(np.nansum(part)), _ENDLESS if most.isna().any() else float(most.sum()))

    def where(self, mask: pd.Series) -> "Rows":
        """Return some of the rows."""
        return Rows(self.table[mask.fillna(value=False).astype(bool).to_numpy()], self.complete)

    def is_in(self, column: str, values: tuple[str, ...]) -> pd.Series:
        """Tell which rows hold one of the values; unknown where the column is blank."""
        return self.table[column].isin(values).astype("boolean").mask(self.table[column].isna())

    def _open(self, low: float, high: float) -> Span:
        return Span(low, high if self.complete else _ENDLESS)


def figures_of(clause: Clause, rows: Rows) -> Figures:
    """Count the figures that a clause of the ledger compares, over the facilities of one place."""
    return _COUNTS[clause.kind](clause, rows)


def missing_of(clause: Clause, rows: Rows) -> list[str]:
    """Name the facilities of which a column that the clause needs is blank."""
    columns = [name for name in _NEEDED.get(clause.kind, ()) if name in rows.table]
    blank = rows.table[columns].isna().any(axis=1) if columns else pd.Series(data=False, index=rows.table.index)
    return sorted(map(str, rows.table.index[blank.to_numpy(dtype=bool)]))


def _beds(_: Clause, rows: Rows) -> Figures:
    return {"beds": rows.add("beds")}


def _nursing(clause: Clause, rows: Rows) -> Figures:
    if clause.of == "institution_beds":
        rows = rows.where(rows.table["tier"] == "institution")
    return {"nursing_beds": rows.part("nursing_beds", "beds"), "beds": rows.add("beds")}


def _operated(name: str, operators: tuple[str, ...]) -> Callable[[Clause, Rows], Figures]:
    def count(_: Clause, rows: Rows) -> Figures:
        return {name: rows.add("beds", rows.is_in("operator_kind", operators)), "beds": rows.add("beds")}

    return count


def _social_facilities(clause: Clause, rows: Rows) -> Figures:
    if clause.of == "government_invested":
        rows = rows.where(rows.table["owner_kind"] == "government")
    return {"social": rows.count(rows.is_in("operator_kind", _SOCIAL)), "facilities": rows.count()}


def _led_stations(_: Clause, rows: Rows) -> Figures:
    stations = rows.where(rows.table["tier"] == "station")
    led = stations.table["parent_tier"].isin(("institution", "centre")).astype("boolean")
    return {
        "led_and_social": stations.count(led & stations.is_in("operator_kind", _SOCIAL)),
        "stations": stations.count(),
    }


def _counted(clause: Clause, rows: Rows) -> Figures:
    if clause.of == "demonstration_centre":
        rows = rows.where((rows.table["tier"] == "centre") & _opened_in_plan(clause, rows.table))
        return {"count": rows.count(rows.table["demonstration"].astype("boolean"))}
    return {"count": rows.count(rows.table["disabled_destitute"].astype("boolean"))}


def _opened_in_plan(clause: Clause, table: pd.DataFrame) -> pd.Series:
    """Tell which facilities were added from the year of the document (in its clause's id) to the target year."""
    first = int(clause.id.split("/")[0].split("-")[1])
    years = pd.to_datetime(table["opens"]).dt.year
    return years.between(first, clause.target_year or np.inf)


def _medical(clause: Clause, rows: Rows) -> Figures:
    if clause.of == "institutions":
        rows = rows.where(rows.table["tier"] == "institution")
    return {"integrated": rows.count(rows.is_in("med_link", _LINKED)), "facilities": rows.count()}


def _staff(_: Clause, rows: Rows) -> Figures:
    return {"certified": rows.part("certified_staff", "staff"), "staff": rows.add("staff")}


_COUNTS: Final[Mapping[str, Callable[[Clause, Rows], Figures]]] = {
    "beds_total": _beds,
    "beds_per_1000": _beds,
    "nursing_share": _nursing,
    "government_bed_share": _operated("government_beds", ("government",)),
    "social_bed_share": _operated("social_beds", _SOCIAL),
    "social_facility_share": _social_facilities,
    "led_station_share": _led_stations,
    "facility_count": _counted,
    "medical_share": _medical,
    "staff_share": _staff,
}
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "beds_total": ("beds",),
    "beds_per_1000": ("beds",),
    "nursing_share": ("beds", "nursing_beds"),
    "government_bed_share": ("beds", "operator_kind"),
    "social_bed_share": ("beds", "operator_kind"),
    "social_facility_share": ("operator_kind",),
    "led_station_share": ("operator_kind",),
    "facility_count": (),
    "medical_share": ("med_link",),
    "staff_share": ("staff", "certified_staff"),
}
LEDGER_KINDS: Final = frozenset(_COUNTS)
UNIT_KINDS: Final = frozenset({"unit_coverage", "service_coverage", "university_share"})
assert set(MEASURES) >= LEDGER_KINDS | UNIT_KINDS  # noqa: S101 - a kind without a measure would never be judged


def by_place(facilities: gpd.GeoDataFrame, homes: pd.Series, places: pd.Index, scenario: Scenario) -> Iterator[Rows]:
    """Yield the facilities of each place of a level, in the order of the places."""
    tiers = facilities["tier"].to_dict()
    table = pd.DataFrame(facilities.drop(columns="geometry"))
    table["parent_tier"] = table["parent_id"].map(tiers)
    groups = {unit: rows.index for unit, rows in homes.groupby(homes)}
    for place in places:
        yield Rows(table.loc[groups.get(place, table.index[:0])], scenario.facilities.complete)


def unit_words(clause: Clause) -> tuple[str, ...]:
    """Return the kinds of units of which a clause speaks, as a layer may name them."""
    return tuple(word for kind in clause.unit_kinds for word in _UNIT_WORDS.get(kind, (kind,)))
