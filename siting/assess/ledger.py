"""The counted figures of each kind of clause, from the ledger of facilities and from the units."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.measures import MEASURES, REST, SHARE, Span
from siting.domain.nouns import Bools, Floats, Ints
from siting.domain.scenario import Scenario
from siting.domain.standards import Clause

Figures = Mapping[str, Span]
_ENDLESS: Final = float("inf")
_SOCIAL: Final = ("public_private", "private")
# A cooperation counts if care is given inside or by contract; proximity without a contract does not.
_LINKED: Final = ("internal", "agreement")


@dataclass(frozen=True)
class Rows:
    """The facilities that one place counts, and what is missing about them.

    ``complete`` is false if the ledger may lack some facilities: then every count may be any number higher. ``counts``
    tells which rows count (blank: perhaps); None, all. ``unsaid`` names the column that leaves open whether a facility
    counts; it may be the parent of a row.
    """

    table: pd.DataFrame
    complete: bool
    counts: pd.Series | None = None
    unsaid: Mapping[str, str] = field(default_factory=dict)

    @property
    def may(self) -> Bools:
        """Which rows count or may count."""
        return self._ends(None)[1]

    def count(self, mask: pd.Series | None = None) -> Span:
        """Count rows; rows with an unknown mask may count."""
        sure, may = self._ends(mask)
        return self._open(float(sure.sum()), float(may.sum()))

    def add(self, column: str, mask: pd.Series | None = None) -> Span:
        """Add a column up; a blank may be any number, and a row with an unknown mask may count."""
        figures, (sure, may) = self._numbers(column), self._ends(mask)
        return self._open(float(np.nansum(figures[sure])), float(np.nan_to_num(figures[may], nan=_ENDLESS).sum()))

    def of_column(self, column: str, whole: str) -> Figures:
        """Return a column that is part of another, and the rest of that; a blank part is 0 up to the whole."""
        part, all_of = self._numbers(column), self._numbers(whole)
        most = np.where(np.isnan(part), np.nan_to_num(all_of, nan=_ENDLESS), part)
        least = np.clip(np.nan_to_num(all_of - part), 0.0, None)
        left = np.clip(np.nan_to_num(all_of - np.nan_to_num(part), nan=_ENDLESS), 0.0, None)
        return self._divided(column, (np.nan_to_num(part), most), (least, left))

    def of_mask(self, name: str, mask: pd.Series, column: str | None = None) -> Figures:
        """Return what the rows of a mask have of a column (without one: their number), and what the others have."""
        of = np.ones(len(self.table)) if column is None else self._numbers(column)
        least, most = np.nan_to_num(of), np.nan_to_num(of, nan=_ENDLESS)
        sure, may = ends(mask)
        # Where a mask excludes a row, nothing counts, not even of an unlimited figure.
        return self._divided(
            name,
            (np.where(sure, least, 0.0), np.where(may, most, 0.0)),
            (np.where(~may, least, 0.0), np.where(~sure, most, 0.0)),
        )

    def _divided(self, name: str, part: tuple[Floats, Floats], rest: tuple[Floats, Floats]) -> Figures:
        """Return part and rest of a whole, and the share of the part: each row has both, or does not count."""
        sure, may = self._ends(None)
        low, more = _least_part(part[0], rest[1], sure, may)
        less, high = _least_part(rest[0], part[1], sure, may)
        share = Span(low / (low + more) if low else 0.0, high / (high + less) if less else 1.0)
        return {
            name: self._open(float(part[0][sure].sum()), float(part[1][may].sum())),
            REST: self._open(float(rest[0][sure].sum()), float(rest[1][may].sum())),
            SHARE: share if self.complete else Span(0.0, 1.0),
        }

    def where(self, mask: pd.Series) -> "Rows":
        """Return some of the rows."""
        some = mask.to_numpy(dtype=bool)
        counts = None if self.counts is None else self.counts[some]
        return replace(self, table=self.table[some], counts=counts)

    def within(self, counts: pd.Series) -> "Rows":
        """Return the same rows, of which only those count for which the mask is true."""
        return replace(self, counts=counts if self.counts is None else counts & self.counts)

    def is_in(self, column: str, values: tuple[str, ...]) -> pd.Series:
        """Tell which rows hold one of the values; unknown if the column is blank."""
        return self.table[column].isin(values).astype("boolean").mask(self.table[column].isna())

    def _numbers(self, column: str) -> Floats:
        return np.asarray(self.table[column].to_numpy(dtype=np.float64, na_value=np.nan))

    def _ends(self, mask: pd.Series | None) -> tuple[Bools, Bools]:
        """Return which rows surely count, and which may count."""
        found = [each for each in (self.counts, mask) if each is not None]
        sure, may = np.ones(len(self.table), dtype=np.bool_), np.ones(len(self.table), dtype=np.bool_)
        for each in found:
            one, other = ends(each)
            sure, may = sure & one, may & other
        return sure, may

    def _open(self, low: float, high: float) -> Span:
        return Span(low, high if self.complete else _ENDLESS)


def _least_part(part: Floats, rest: Floats, sure: Bools, may: Bools) -> tuple[float, float]:
    """Return part and rest where the share of the part is least, over which rows that may count do count."""
    if np.isinf(rest[may]).any():
        return 0.0, _ENDLESS
    counted, left = float(part[sure].sum()), float(rest[sure].sum())
    perhaps = np.flatnonzero(may & ~sure & (part + rest > 0))
    shares = part[perhaps] / (part[perhaps] + rest[perhaps])
    for row in perhaps[np.argsort(shares, kind="stable")]:
        if part[row] * left >= counted * rest[row] and counted + left > 0:
            break
        counted, left = counted + float(part[row]), left + float(rest[row])
    return counted, left


def ends(mask: pd.Series) -> tuple[Bools, Bools]:
    """Return where a mask with blanks is surely true, and where it may be true.

    Examples
    --------
    >>> import pandas as pd
    >>> sure, may = ends(pd.Series([True, None, False], dtype="boolean"))
    >>> sure.tolist(), may.tolist()
    ([True, False, False], [True, True, False])
    """
    return mask.to_numpy(dtype=np.bool_, na_value=False), mask.to_numpy(dtype=np.bool_, na_value=True)


def figures_of(clause: Clause, rows: Rows) -> Figures:
    """Count the figures that a clause on the ledger compares, over the facilities of one place."""
    return _COUNTS[clause.kind](clause, _of_class(clause, rows))


def missing_of(clause: Clause, rows: Rows) -> list[str]:
    """Name each facility with a blank in a column that the clause needs, as ``id: column``.

    A facility of which it is unknown whether it counts is named with the column that leaves it open: a date, or its
    community. So is a parent of which this is unknown.
    """
    asked, columns = _of_class(clause, rows), _needed(clause)
    open_ones = np.zeros(len(asked.table), dtype=np.bool_) if asked.counts is None else asked.counts.isna().to_numpy()
    found: list[str] = []
    blanks = asked.table[columns].isna().to_numpy()
    for key, may, is_open, blank in zip(asked.table.index, asked.may, open_ones, blanks, strict=True):
        if may:
            named = [f"{key}: {column}" for column in compress(columns, blank)]
            if key in asked.unsaid:
                named.append(f"{key}: {asked.unsaid[key]}")
            found += named or [f"{key}: community_id"] * bool(is_open)
    if "parent_id" in columns:
        parents = asked.table["parent_id"][asked.may]
        found += [f"{parent}: {asked.unsaid[parent]}" for parent in parents.unique() if parent in asked.unsaid]
    return sorted(set(found))


def _of_class(clause: Clause, rows: Rows) -> Rows:
    """Return the facilities to which a clause applies, by their tier and the source of their funding."""
    tier = _TIERS.get(clause.of or "") or _TIERS.get(clause.kind)
    asked = rows if tier is None else rows.where(rows.table["tier"] == tier)
    asked = _described(clause, asked)
    return asked.within(asked.is_in("owner_kind", ("government",))) if clause.of == "government_invested" else asked


def _described(clause: Clause, rows: Rows) -> Rows:
    """Leave out proposed stations, which have no operator or contracts yet."""
    if "proposed" not in rows.table:
        return rows
    undecided = rows.table[[name for name in _needed(clause) if name != "beds"]].isna().any(axis=1)
    return rows.where(~(rows.table["proposed"] & undecided))


def _needed(clause: Clause) -> list[str]:
    """Name the columns of facilities that a clause needs."""
    return [*_NEEDED.get(clause.kind, ()), *_NEEDED_OF.get(clause.of or "", ())]


def _beds(_: Clause, rows: Rows) -> Figures:
    return {"beds": rows.add("beds")}


def _nursing(_: Clause, rows: Rows) -> Figures:
    return {**rows.of_column("nursing_beds", "beds"), "beds": rows.add("beds")}


def _operated(name: str, operators: tuple[str, ...]) -> Callable[[Clause, Rows], Figures]:
    def count(_: Clause, rows: Rows) -> Figures:
        return {**rows.of_mask(name, rows.is_in("operator_kind", operators), "beds"), "beds": rows.add("beds")}

    return count


def _counted_share(name: str, whole: str, mask: pd.Series, rows: Rows) -> Figures:
    return {**rows.of_mask(name, mask), whole: rows.count()}


def _social_facilities(_: Clause, rows: Rows) -> Figures:
    return _counted_share("social", "facilities", rows.is_in("operator_kind", _SOCIAL), rows)


def _led_stations(_: Clause, rows: Rows) -> Figures:
    led = rows.table["parent_tier"].isin(("institution", "centre")).astype("boolean")
    parent = rows.table["parent_id"]
    led = led.mask(parent.isna() | (led & parent.isin(list(rows.unsaid))))
    return _counted_share("led_and_social", "stations", led & rows.is_in("operator_kind", _SOCIAL), rows)


def _counted(clause: Clause, rows: Rows) -> Figures:
    of: dict[str | None, Callable[[], pd.Series]] = {
        "demonstration_centre": lambda: rows.table["demonstration"].astype("boolean") & _added(clause, rows.table),
        "disabled_destitute_home": lambda: rows.table["disabled_destitute"].astype("boolean"),
    }
    return {"count": rows.count(of[clause.of]() if clause.of in of else None)}


def _added(clause: Clause, table: pd.DataFrame) -> pd.Series:
    """Tell which facilities were added between the first year of the clause and its target year."""
    if clause.added_since is None and clause.target_year is None:
        return pd.Series(data=True, index=table.index, dtype="boolean")
    years = pd.to_datetime(table["opens"]).dt.year
    added = years.between(clause.added_since or -np.inf, clause.target_year or np.inf)
    return added.astype("boolean").mask(years.isna())


def _medical(_: Clause, rows: Rows) -> Figures:
    return _counted_share("integrated", "facilities", rows.is_in("med_link", _LINKED), rows)


def _staff(_: Clause, rows: Rows) -> Figures:
    found = rows.of_column("certified_staff", "staff")
    return {"certified": found["certified_staff"], REST: found[REST], SHARE: found[SHARE], "staff": rows.add("staff")}


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
# The tier to which a class or a kind applies.
_TIERS: Final[Mapping[str, str]] = {
    "institution_beds": "institution",
    "institutions": "institution",
    "centre": "centre",
    "station": "station",
    "demonstration_centre": "centre",
    "led_station_share": "station",
}
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "beds_total": ("beds",),
    "beds_per_1000": ("beds",),
    "nursing_share": ("beds", "nursing_beds"),
    "government_bed_share": ("beds", "operator_kind"),
    "social_bed_share": ("beds", "operator_kind"),
    "social_facility_share": ("operator_kind",),
    "led_station_share": ("parent_id", "operator_kind"),
    "medical_share": ("med_link",),
    "staff_share": ("staff", "certified_staff"),
}
_NEEDED_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "government_invested": ("owner_kind",),
    "demonstration_centre": ("demonstration", "opens"),
    "disabled_destitute_home": ("disabled_destitute",),
}
LEDGER_KINDS: Final = frozenset(_COUNTS)
UNIT_KINDS: Final = frozenset({"unit_coverage", "service_coverage", "university_share"})
assert set(MEASURES) >= LEDGER_KINDS | UNIT_KINDS  # noqa: S101 - a kind without a measure would never be judged


def by_place(
    facilities: gpd.GeoDataFrame,
    homes: pd.Series,
    places: pd.Index,
    scenario: Scenario,
    perhaps: pd.DataFrame,
    unsaid: Mapping[str, str] | None = None,
) -> Iterator[Rows]:
    """Yield the facilities of each place of a level, in the order of the places.

    ``perhaps`` lists which ``facility`` of the table may count in which ``unit``, in addition to those whose home is
    known; ``unsaid`` names the column that leaves it open.
    """
    tiers = facilities["tier"].to_dict()
    table = pd.DataFrame(facilities.drop(columns="geometry"))
    table["parent_tier"] = table["parent_id"].map(tiers)
    at_home, start = _by_home(homes.reindex(table.index), places)
    of_units = table.take(at_home)
    unknown = unsaid or {}
    nobody = Rows(of_units.iloc[:0], scenario.facilities.complete, unsaid=unknown)
    maybe = {unit: pd.Index(rows) for unit, rows in perhaps.groupby("unit")["facility"]}
    for place, low, high in zip(places, start[:-1], start[1:], strict=True):
        own, more = of_units.iloc[low:high], maybe.get(place)
        if more is None:
            # Most communities have no facility.
            yield nobody if low == high else Rows(own, scenario.facilities.complete, unsaid=unknown)
            continue
        both = own.index.append(more)
        counts = pd.Series([True] * len(own) + [pd.NA] * len(more), index=both, dtype="boolean")
        yield Rows(table.loc[both], scenario.facilities.complete, counts, unknown)


def _by_home(homes: pd.Series, places: pd.Index) -> tuple[Ints, Ints]:
    """Return the rows of facilities in units, unit by unit in the order of the places, and where each unit begins."""
    unit = places.get_indexer(pd.Index(homes))
    order = np.argsort(unit, kind="stable")
    rows = order[unit[order] >= 0].astype(np.int64)
    return rows, np.searchsorted(unit[rows], np.arange(len(places) + 1)).astype(np.int64)
