"""The figures of every place, before the verdicts: people, minutes, coverage, land."""

from collections.abc import Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.assess.reach import LandReach
from siting.domain.called import place_names
from siting.domain.nouns import Access, Bools, Demand, Floats, Ints, Note, Times
from siting.domain.partly import shared_out
from siting.domain.requirements import weights
from siting.domain.scenario import FINE_TO_COARSE, LandBasis, Scenario
from siting.domain.withheld import rounded
from siting.listing import listed
from siting.text.numbers import between, number
from siting.units import SECONDS_PER_MINUTE

# If less than this share of the people is reached, a mean over those reached would mislead.
_LEAST_REACHED = 0.5
WHOLE = Demand.WHOLE
# Figures that differ by less than this share are equal.
_SAME = 1e-6


def people_figures(level: str, frame: gpd.GeoDataFrame, demand: Demand, basis: LandBasis) -> pd.DataFrame:
    """Count the people of places (methods, definitions 1 and 8).

    The grid is used if it covers a place completely. A residential area's own figures take precedence. A unit's figures
    in the scenario's table are used if the grid does not cover it completely; planned residents are an exception, since
    no table gives them.

    Returns
    -------
    pandas.DataFrame
        ``residents``, ``elderly``, ``basis`` (NaN if unknown) and the same with ``_high``, the most possible;
        ``grid_residents``, ``grid_elderly``; ``whole``: whether the grid covers the place completely, and
        ``grid_share``, how much of it; ``in_part``: whether the cells give the people except for a part that the
        scenario accepts; ``from_table``: whether a table of people is used.
    """
    shares, whole = demand.shares[level], demand.grid_share[level] >= WHOLE
    unseen = demand.unseen.get(level, pd.DataFrame(np.nan, index=frame.index, columns=["residents", "elderly"]))
    owns = _own_figures(level, frame, basis)
    # A table gives more than the part that is known.
    in_part = unseen.notna().any(axis=1) & ~owns.notna().any(axis=1)
    table = pd.DataFrame(
        {"whole": whole, "in_part": in_part, "from_table": False, "grid_share": demand.grid_share[level]},
        index=frame.index,
    )
    for name in ("residents", "elderly"):
        table[f"grid_{name}"] = np.where(whole | in_part, shares @ demand.cells[name].to_numpy(), np.nan)
        told = owns[name].notna() & (~table["whole"] if level != "residential_area" else True)
        apart = told if level == "residential_area" else told | _apart(level, owns[name], name, demand)
        table[name] = owns[name].where(apart, table[f"grid_{name}"])
        table[f"{name}_high"] = table[name] + unseen[name].where(in_part, 0.0)
        table["from_table"] |= told & (level != "residential_area")
    of = "elderly" if basis.startswith("elderly") else "residents"
    table["basis"], table["basis_high"] = table[of], table[f"{of}_high"]
    return table


def unseen_of_whole(
    units: Mapping[str, gpd.GeoDataFrame], demand: Demand, basis: LandBasis, *, gridded: bool
) -> dict[str, float] | None:
    """Return the most residents and elderly of the units beyond those in the cells; inf if unknown.

    For a grid, they live in the parts outside it that the scenario accepts; None if any unit extends farther, because
    then the whole has no upper end and consists of the people on the grid alone. They are counted at the coarsest level
    that covers the area of all levels, so that the whole and a single district have equal figures.
    """
    area = {level: float(frame.geometry.area.sum()) for level, frame in units.items()}
    holding = [each for each in FINE_TO_COARSE if each in area and area[each] >= max(area.values()) * (1.0 - _SAME)]
    if not holding:
        return None if gridded else dict.fromkeys(("residents", "elderly"), 0.0)
    level = holding[-1]
    people = people_figures(level, units[level], demand, basis)
    if gridded:
        accepted = people[people["in_part"]]
        if accepted.empty or not (people["in_part"] | people["whole"]).all():
            return None
        return {who: float((accepted[f"{who}_high"] - accepted[who]).sum()) for who in ("residents", "elderly")}
    return {who: _unseen_of(people, who, demand, level) for who in ("residents", "elderly")}


def _unseen_of(people: pd.DataFrame, who: str, demand: Demand, level: str) -> float:
    cells = demand.cells[who].to_numpy()
    if np.isnan(cells).all():
        return 0.0
    told = people[f"{who}_high"].to_numpy() - demand.shares[level] @ np.nan_to_num(cells)
    more = np.where(np.isnan(told), np.inf, np.maximum(told, 0.0))
    return float(more[~people["whole"].to_numpy(dtype=bool)].sum())


def _apart(level: str, own: pd.Series, who: str, demand: Demand) -> pd.Series:
    """Tell which units have a figure that their cells cannot give: they are smaller than a cell (definition 8)."""
    factors = demand.factors
    if factors.empty or demand.account[f"{who}_grown"]:
        return pd.Series(data=False, index=own.index)
    rows = factors[(factors["level"] == level) & (factors["who"] == who)].set_index("unit")["after"].reindex(own.index)
    return (rows - own).abs() > _SAME * own.clip(lower=1.0)


def _own_figures(level: str, frame: gpd.GeoDataFrame, basis: LandBasis) -> pd.DataFrame:
    """Return the own people of places, NaN if none are given."""
    at_home = level == "residential_area"
    names = {who: who if at_home else f"own_{who}" for who in ("residents", "elderly")}
    known = at_home or basis != "resident_planned"
    return pd.DataFrame(
        {
            who: pd.to_numeric(frame[own]).astype("float64") if known and own in frame else np.nan
            for who, own in names.items()
        },
        index=frame.index,
    )


def grid_notes(figures: pd.DataFrame, *, gridded: bool, share: bool = False) -> Iterator[Note]:
    """Tell which places the grid does not cover completely, and which units have their people from a table.

    ``gridded`` tells whether any people come from a grid: otherwise unknown people are those of areas or of a table.
    ``figures`` holds ``level``, ``whole``, ``grid_share`` and ``from_table`` of the places of all levels. People are
    rounded with ``share``.
    """
    figures = figures.assign(called=place_names(figures))

    def people(ends: pd.Series) -> Floats:
        exact = ends.to_numpy(dtype=np.float64)
        return rounded(exact) if share else exact

    accepted = figures[figures["in_part"].to_numpy(dtype=bool)]
    if len(accepted):
        part = [
            f"{shared_out(*each)} {between(low, high, number)}"
            for *each, low, high in zip(
                *(accepted["called"], accepted["grid_share"]),
                *(people(accepted[end]) for end in ("basis", "basis_high")),
                strict=True,
            )
        ]
        yield Note("grid_part_accepted", {"count": len(part), "ids": listed(part)})
    rows = figures[~(figures["whole"] | figures["in_part"]).to_numpy(dtype=bool)]
    if len(rows):
        # Units come first, because residential areas are many.
        rows = rows.iloc[np.argsort(rows["level"] == "residential_area", kind="stable")]
        part = [shared_out(*each) for each in zip(rows["called"], rows["grid_share"], strict=True)]
        yield Note("grid_covers_part" if gridded else "people_cover_part", {"count": len(part), "ids": listed(part)})
    told = figures["called"][figures["from_table"].to_numpy(dtype=bool)]
    if len(told):
        yield Note("people_from_table", {"count": len(told), "ids": ", ".join(told)})


def circle_figures(
    shares: csr_array, people: pd.DataFrame, demand: Demand, access: Access, unsaid: Times | None = None
) -> pd.DataFrame:
    """Measure minutes and coverage of places (methods, definition 5).

    Parameters
    ----------
    shares : csr_array
        Share of each cell in each place.
    people : pandas.DataFrame
        The result of :func:`people_figures`.
    demand : Demand
        The population cells.
    access : Access
        Which cells are covered.
    unsaid : Times, optional
        Cells of the facilities of which it is not known whether they count.

    Returns
    -------
    pandas.DataFrame
        ``minutes_to_nearest`` (elderly-weighted mean) and ``minutes_p90`` over those reached, null if fewer than half
        are reached; ``reached_share``; ``covered_share``; ``elderly_covered``; ``elderly_uncovered``; ``reason``: why
        most of the uncovered are uncovered; ``elderly_perhaps``: the uncovered people that ``unsaid`` would cover, and
        ``unsaid``, the ids of these facilities.
    """
    elderly = demand.cells["elderly"].to_numpy()
    table = pd.DataFrame(index=people.index)
    names = ["reached_share", "covered_share", "elderly_covered", "elderly_uncovered"]
    table[["minutes_to_nearest", "minutes_p90", *names]] = np.nan
    table["reason"], table["elderly_perhaps"] = None, 0.0
    table["unsaid"] = [[] for _ in range(len(people))]
    if np.isnan(elderly).all():
        return table
    share_of = weights(shares, elderly)
    minutes = access.cells["seconds"].to_numpy() / SECONDS_PER_MINUTE
    reasons = access.cells["reason"].to_numpy()
    codes, causes = pd.factorize(reasons, sort=True)
    rows = [
        _circle_row(share_of.data[part], minutes[cells := share_of.indices[part]], codes[cells], causes)
        for part in (slice(*share_of.indptr[i : i + 2]) for i in range(share_of.shape[0]))
    ]
    keys = ["minutes_to_nearest", "minutes_p90", "reached_share", "covered_share", "reason"]
    table[keys] = pd.DataFrame(rows, index=table.index, columns=keys)
    covered = people["elderly"] * table["covered_share"]
    table["elderly_covered"] = covered.where(people["elderly"] != 0, 0.0)
    # People that may live beyond the grid may be uncovered, or covered.
    most = people["elderly_high"]
    table["covered_share"] = table["covered_share"].mask(people["in_part"] & (most > 0), covered / most)
    table["elderly_uncovered"] = most - table["elderly_covered"]
    if unsaid is not None:
        shared, table["unsaid"] = _perhaps(share_of, reasons != "covered", unsaid)
        table["elderly_perhaps"] = np.nan_to_num(people["elderly"].to_numpy()) * shared
    return table


def with_ends(figures: pd.DataFrame, *, complete: bool) -> pd.DataFrame:
    """Add how many people may be covered, by facilities that may count; all, if the ledger is incomplete."""
    covered, elderly, high = (figures[name] for name in ("elderly_covered", "elderly", "elderly_high"))
    seen = (covered + figures["elderly_perhaps"]).clip(upper=elderly) if complete else elderly.where(covered.notna())
    most = seen + (high - elderly)
    share = (most / high.where(high > 0)).where(covered.notna())
    return figures.assign(
        elderly_covered_high=most,
        elderly_uncovered_low=elderly - seen,
        # If nobody lives there, the share is a share of the area.
        covered_share_high=share.where(elderly > 0, figures["covered_share"]),
    )


def perhaps_covered(demand: Demand, unsaid: Times | None) -> Bools:
    """Tell which cells are reached by facilities of which it is not known whether they count."""
    near = np.zeros(len(demand.cells), dtype=np.bool_)
    if unsaid is not None:
        near[unsaid.cell] = True
    return near


def _perhaps(share_of: csr_array, uncovered: NDArray[np.bool_], unsaid: Times) -> tuple[Floats, list[list[str]]]:
    """Return the share of each place's weight that is uncovered but reached by some facilities, and which."""
    shape = (len(unsaid.site_ids), share_of.shape[1])
    reach = csr_array((uncovered[unsaid.cell].astype(np.float64), unsaid.cell, unsaid.start), shape=shape)
    near = np.asarray(reach.sum(axis=0)).ravel() > 0
    total = np.asarray(share_of.sum(axis=1)).ravel()
    share = np.divide(share_of @ near, total, out=np.zeros(len(total)), where=total > 0)
    touched = csr_array(share_of @ reach.T)
    touched.eliminate_zeros()
    ids = unsaid.site_ids.astype(str).to_numpy()
    starts = zip(touched.indptr[:-1], touched.indptr[1:], strict=True)
    return share, [sorted(ids[touched.indices[start:stop]].tolist()) for start, stop in starts]


def _circle_row(
    weight: Floats, minutes: Floats, codes: Ints, reasons: np.ndarray[tuple[int], np.dtype[np.object_]]
) -> tuple[float, float, float, float, str | None]:
    total = weight.sum()
    if total <= 0:
        return np.nan, np.nan, np.nan, np.nan, None
    reached = np.isfinite(minutes)
    reached_share = float(weight[reached].sum() / total)
    mean = p90 = np.nan
    if reached_share >= _LEAST_REACHED:
        mean = float(np.average(minutes[reached], weights=weight[reached]))
        order = np.argsort(minutes[reached], kind="stable")
        climbing = np.cumsum(weight[reached][order])
        at = np.searchsorted(climbing, 0.9 * climbing[-1] * (1 - 1e-12))
        p90 = float(minutes[reached][order][at])
    by_reason = np.bincount(codes, weights=weight, minlength=len(reasons))
    covered = reasons == "covered"
    covered_share = float(by_reason[covered].sum() / total)
    others = np.where(covered, 0.0, by_reason)
    why = str(reasons[others.argmax()]) if others.max() > 0 else None
    return mean, p90, reached_share, covered_share, why


def reach_figures(shares: csr_array, people: pd.DataFrame, demand: Demand, reach: LandReach) -> pd.DataFrame:
    """Measure land within reach of places: m² per person (low, high), and the facilities whose land is missing."""
    share_of = weights(shares, demand.cells["basis"].to_numpy())
    total = np.asarray(share_of.sum(axis=1)).ravel()
    table = pd.DataFrame(index=people.index)
    with np.errstate(invalid="ignore"):
        table["low"] = np.where(total > 0, (share_of @ reach.low) / total, np.nan)
        endless = np.isinf(reach.high)
        high = (share_of @ np.where(endless, 0.0, reach.high)) / total
        touched = (share_of @ endless.astype(float)) > 0
        table["high"] = np.where(touched, np.inf, np.where(total > 0, high, np.nan))
    lacking: list[list[str]] = [[] for _ in range(len(people))]
    for key, cells in reach.missing.items():
        hit = np.zeros(shares.shape[1])
        hit[cells] = 1.0
        for row in np.flatnonzero(share_of @ hit > 0):
            lacking[row].append(key)
    table["missing"] = pd.Series(lacking, index=people.index, dtype="object")
    return table


def open_land(facilities: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which facilities have land that is missing, or known only as an interval."""
    return (facilities["land_m2"] != facilities["land_high_m2"]).to_numpy(dtype=bool)


def within_figures(
    level: str,
    frame: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    homes: pd.DataFrame,
    scenario: Scenario,
    perhaps: pd.DataFrame,
) -> pd.DataFrame:
    """Add up the land within units: m² (low, high), and the facilities with unknown land (definition 2).

    ``perhaps`` lists which ``facility`` may count in which ``unit``, with the ``land_high_m2`` that it would count.
    """
    home = homes[level]
    names = {unit: sorted(map(str, group.index)) for unit, group in facilities[open_land(facilities)].groupby(home)}
    with_land = perhaps[perhaps["land_high_m2"] > 0]
    for unit, ids in with_land.groupby("unit")["facility"]:
        names[unit] = sorted({*names.get(unit, []), *map(str, ids)})
    table = pd.DataFrame(index=frame.index)
    for end, column in (("low", "land_m2"), ("high", "land_high_m2")):
        table[end] = facilities[column].groupby(home).sum().reindex(frame.index).fillna(0.0).astype("float64")
    table["high"] += perhaps.groupby("unit")["land_high_m2"].sum().reindex(frame.index).fillna(0.0).astype("float64")
    if not scenario.facilities.complete:
        table["high"] = np.inf
    table["missing"] = pd.Series([names.get(unit, []) for unit in frame.index], index=frame.index, dtype="object")
    return table


def group_totals(demand: Demand, access: Access) -> dict[str, dict[str, float]]:
    """Count each group inside the units, and how much of it is covered.

    Returns
    -------
    dict
        By the name of the group ``people`` and ``covered`` (persons) and ``covered_share`` (NaN if there is nobody);
        empty without groups.
    """
    inside = demand.cells["inside"].to_numpy()
    covered = inside * (access.cells["reason"] == "covered").to_numpy(dtype=np.float64)
    totals = {}
    for column in demand.cells.columns[demand.cells.columns.str.startswith("group_")]:
        persons = demand.cells[column].to_numpy()
        people, near = float(persons @ inside), float(persons @ covered)
        share = near / people if people > 0 else float("nan")
        totals[column.removeprefix("group_")] = {"people": people, "covered": near, "covered_share": share}
    return totals


def people_account(demand: Demand) -> dict[str, dict[str, float]]:
    """Return the account of residents and of elderly, step by step (methods, definition 8)."""
    steps: dict[str, dict[str, float]] = {"residents": {}, "elderly": {}}
    for key, persons in demand.account.items():
        who, _, step = key.partition("_")
        steps[who][step] = persons
    return steps
