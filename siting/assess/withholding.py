"""Results that are passed on: people rounded, small figures withheld, and others with them that would give them away.

The people are those that may be passed on already (:mod:`siting.places.released`). Here nothing is computed but what
is shown of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.explained import Explained
from siting.domain.nouns import Assessment, Note, Proposal
from siting.domain.scenario import FINE_TO_COARSE
from siting.domain.totals import Totals
from siting.domain.withheld import ROUNDED, STEP, is_withheld, rounded, rounded_stage, told

_WHO: Final[tuple[Literal["residents", "elderly"], ...]] = ("residents", "elderly")
# What a place shows of its people; withheld together.
_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "residents": ("residents", "residents_high", "land_m2_per_resident", "land_high_m2_per_resident"),
    "elderly": (
        "elderly",
        "elderly_high",
        "elderly_covered",
        "elderly_covered_high",
        "elderly_uncovered",
        "elderly_uncovered_low",
        "covered_share",
        "covered_share_high",
        "land_m2_per_elderly",
        "land_high_m2_per_elderly",
    ),
}
# Land that is computed from the people of the land basis.
_LAND: Final = (
    "land_required_01_m2",
    "land_gap_01_m2",
    "land_gap_01_low_m2",
    "land_required_02_m2",
    "land_gap_02_m2",
    "land_gap_02_low_m2",
    "land_required_m2",
    "land_gap_m2",
    "land_gap_low_m2",
)
_REACHED: Final = ("land_provided_m2", "land_provided_high_m2")
_PERSONS: Final = ("residents", "residents_high", "elderly", "elderly_high", "elderly_covered", "elderly_covered_high")
_TOTALS: Final = (*_PERSONS, "basis_people", "people_outside", "people_read")
_AMOUNTS: Final = (
    "required",
    "required_high",
    "provided_low",
    "provided_high",
    "shortfall",
    "shortfall_low",
    "shortfall_high",
    "people",
)
_OF_PEOPLE: Final = frozenset({"land_per_person", "service_circle"})
_OF_PHASES: Final = ("elderly", "elderly_covered_without", "elderly_covered")
_ROBUST: Final = ("promised", "at_least", "mean", "worst", "given_at_least", "given_mean")
_STATIONS: Final = ("elderly_new", "elderly_cumulative", "elderly_served")
# The node of the whole.
_WHOLE: Final = ("", "")
Node = tuple[str, str]


def withheld_report(assessment: Assessment) -> Assessment:
    """Return a gap report as it is passed on.

    Parameters
    ----------
    assessment : Assessment
        Computed from released people.

    Returns
    -------
    Assessment
        Figures of people are multiples of five; those below five are unknown, and with them all that hangs on them.
        Verdicts stay.
    """
    totals = assessment.totals
    hidden: dict[str, pd.Series] = {who: withheld_places(assessment.places, who, totals.get(who)) for who in _WHO}
    outside = assessment.outside
    return replace(
        assessment,
        places=_places(assessment.places, hidden),
        checks=_checks(assessment.checks, hidden, by_elderly=_by_elderly(assessment)),
        cells=_cells(assessment.cells, by_elderly=_by_elderly(assessment)),
        totals=_totals(totals, hidden),
        notes=(*assessment.notes, *_notes(hidden)),
        outside=None if outside is None else withheld_report(outside),
    )


def withheld_plan(proposal: Proposal) -> Proposal:
    """Return a plan as it is passed on: both gap reports, and the people of its stations and its phases rounded.

    Objectives that a certificate may prove stay as they are: it proves exact sums.
    """
    stations = proposal.stations.assign(
        **{name: _shown(proposal.stations[name]) for name in _STATIONS if name in proposal.stations}
    )
    before, after = (withheld_report(each) for each in (proposal.before, proposal.after))
    phases = None if proposal.phases is None else withheld_table(proposal.phases, _OF_PHASES)
    robust = proposal.robustness
    if robust is not None:
        figures = _shown(pd.Series([getattr(robust, name) for name in _ROBUST]))
        robust = replace(robust, **dict(zip(_ROBUST, figures.tolist(), strict=True)))
    found = replace(
        proposal,
        stations=gpd.GeoDataFrame(stations),
        phases=phases,
        robustness=robust,
        before=before,
        after=after,
    )
    return found if phases is None else _phased(found)


def _phased(proposal: Proposal) -> Proposal:
    """Return a plan with phases whose objective, and those of the other plans, are rounded."""
    stages = tuple(map(rounded_stage, proposal.selection.stages))
    first = _number(proposal.selection.first_objective)
    others = {name: _number(value) for name, value in proposal.other_plans.items()}
    return replace(
        proposal, selection=replace(proposal.selection, stages=stages, first_objective=first), other_plans=others
    )


def listed_people(people: pd.Series, *, share: bool) -> pd.Series:
    """Return people of units for a note that lists them; with ``share`` rounded, and without those below five.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.assess.withholding import listed_people
    >>> listed_people(pd.Series({"a": 108.2, "b": 3.0}), share=True).to_dict()
    {'a': 110.0}
    """
    return _shown(people).dropna() if share else people


def withheld_table(table: pd.DataFrame, persons: tuple[str, ...]) -> pd.DataFrame:
    """Return a table with some columns of people as they are passed on."""
    found = table.assign(**{name: _shown(table[name]) for name in persons if name in table})
    found.attrs[ROUNDED] = True
    return found


def withheld_explanation(found: Explained) -> Explained:
    """Return an explanation as it is passed on: people are multiples of five, and unknown below five."""
    standing = found.standing
    of_spot = told(standing.spot.people)
    counts = ("people_here", "people_new")
    return replace(
        found,
        standing=replace(
            standing,
            people=_scaled(standing.people),
            uncovered=_scaled(standing.uncovered),
            reasons=withheld_table(standing.reasons, ("people",)),
            spot=replace(standing.spot, people=float("nan") if of_spot is None else of_spot),
        ),
        candidates=withheld_table(found.candidates, counts),
        perhaps=withheld_table(found.perhaps, counts),
    )


def withheld_places(places: pd.DataFrame, who: str, whole: float | None = None) -> pd.Series:
    """Tell which places withhold a figure of people.

    Those below five do. In no sum of a unit and its parts one figure is withheld alone: the smallest other part is too,
    or the unit. Nor do the rounded figures give one away: all ends of what they allow are multiples of 2.5, and their
    intervals are at least five wide, so that at least 2.5 of the five persons stay open.

    Parameters
    ----------
    places : pandas.DataFrame
        Indexed by (level, id), with ``unit_id`` and the figure.
    who : str
        ``residents`` or ``elderly``.
    whole : float, optional
        The figure of the whole.

    Returns
    -------
    pandas.Series
        On the index of ``places``, bool; ``attrs["whole"]`` tells whether the figure of the whole is withheld too.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.assess.withholding import withheld_places
    >>> keys = [("street", "A"), ("community", "A1"), ("community", "A2"), ("community", "A3")]
    >>> index = pd.MultiIndex.from_tuples(keys, names=["level", "id"])
    >>> table = pd.DataFrame({"unit_id": [None, "A", "A", "A"], "residents": [343.0, 300.0, 40.0, 3.0]}, index=index)
    >>> withheld_places(table, "residents").tolist()
    [False, False, True, True]
    """
    tree = _tree_of(places, who, whole)
    hidden = {node for node, value in tree.values.items() if is_withheld(np.array(value))}
    while (more := _alone(tree, hidden)) is not None:
        hidden.add(more)
    rows = [(str(level), str(key)) in hidden for level, key in places.index]
    found = pd.Series(rows, places.index, dtype="bool")
    found.attrs["whole"] = _WHOLE in hidden
    return found


@dataclass(frozen=True)
class _Tree:
    """Places under the units whose figures are the sums of theirs; ``rest`` are units with people beyond the parts."""

    values: Mapping[Node, float]
    parts: Mapping[Node, tuple[Node, ...]]
    rest: frozenset[Node]


def _tree_of(places: pd.DataFrame, who: str, whole: float | None) -> _Tree:
    levels = [each for each in ("residential_area", *FINE_TO_COARSE) if each in places.index.get_level_values(0)]
    values = {
        (str(level), str(key)): float(value)
        for (level, key), value in zip(places.index, places[who].astype("float64"), strict=True)
    }
    values = {node: value for node, value in values.items() if not np.isnan(value)}
    parts: dict[Node, list[Node]] = {}
    for (level, key), unit in zip(places.index, places["unit_id"], strict=True):
        above = levels[levels.index(level) + 1 :]
        node = (str(level), str(key))
        if node in values and above and isinstance(unit, str) and (above[0], unit) in values:
            parts.setdefault((above[0], unit), []).append(node)
    if whole is not None and not np.isnan(whole):
        values[_WHOLE] = float(whole)
        parts[_WHOLE] = [node for node in values if node[0] == levels[-1]]
    rest, kept = set(), {}
    for unit, held in parts.items():
        more = values[unit] - sum(values[node] for node in held)
        if held[0][0] == "residential_area":
            rest.add(unit)
        # What does not add up tells nothing of its parts.
        if abs(more) <= STEP / 10 or unit in rest:
            kept[unit] = tuple(held)
    return _Tree(values, kept, frozenset(rest))


def _alone(tree: _Tree, hidden: set[Node]) -> Node | None:
    """Return the figure to withhold with one that is alone in a sum: the smallest other part, or the unit."""
    for unit, parts in sorted(tree.parts.items()):
        if unit in tree.rest:
            continue
        gone = [node for node in (unit, *parts) if node in hidden]
        if len(gone) == 1:
            others = [node for node in parts if node not in hidden and tree.values[node] > 0]
            if others:
                return min(others, key=lambda node: (tree.values[node], node))
            # Without other people the unit and the part are one figure.
            if unit not in hidden:
                return unit
    return None


def _by_elderly(assessment: Assessment) -> bool:
    return str(assessment.totals["land_basis"]).startswith("elderly")


def _places(places: gpd.GeoDataFrame, hidden: Mapping[str, pd.Series]) -> gpd.GeoDataFrame:
    found = places.copy()
    for name in _PERSONS:
        if name in found:
            found[name] = _rounded(found[name])
    found["elderly_uncovered"] = found["elderly_high"] - found["elderly_covered"]
    found["elderly_uncovered_low"] = found["elderly"] - found["elderly_covered_high"]
    found["elderly_uncovered_low"] = found["elderly_uncovered_low"].clip(lower=0.0)
    elderly_basis = found["land_basis"].astype(str).str.startswith("elderly").to_numpy(dtype=bool)
    for who, rows in hidden.items():
        gone = rows.to_numpy(dtype=bool)
        found.loc[gone, [name for name in (*_SHOWN[who], f"grid_{who}") if name in found]] = np.nan
        of_basis = gone & (elderly_basis == (who == "elderly"))
        found.loc[of_basis, list(_LAND)] = np.nan
        found.loc[of_basis & (found["land_method"] == "reach").to_numpy(dtype=bool), list(_REACHED)] = np.nan
    return found


def _checks(checks: pd.DataFrame, hidden: Mapping[str, pd.Series], *, by_elderly: bool) -> pd.DataFrame:
    found = checks.copy()
    found["people"] = _rounded(found["people"])
    at = pd.MultiIndex.from_arrays([found.index.get_level_values(each) for each in ("level", "id")])
    kinds = found["kind"].to_numpy()
    for kind in _OF_PEOPLE:
        who = "elderly" if by_elderly or kind == "service_circle" else "residents"
        gone = hidden[who].reindex(at).fillna(value=False).to_numpy(dtype=bool) & (kinds == kind)
        found.loc[gone, list(_AMOUNTS)] = np.nan
    for rows in hidden.values():
        found.loc[rows.reindex(at).fillna(value=False).to_numpy(dtype=bool), "people"] = np.nan
    return found


def _cells(cells: pd.DataFrame, *, by_elderly: bool) -> pd.DataFrame:
    found = cells.copy()
    for who in _WHO:
        gone = is_withheld(found[who].to_numpy(dtype=np.float64))
        found[who] = _rounded(found[who]).mask(gone)
        if by_elderly == (who == "elderly"):
            found.loc[gone, ["land_gap_01_m2", "land_gap_02_m2"]] = np.nan
    return found


def _notes(hidden: Mapping[str, pd.Series]) -> tuple[Note, ...]:
    counts = {who: int(rows.sum()) for who, rows in hidden.items()}
    return (Note("people_withheld", counts),) if any(counts.values()) else ()


def _totals(totals: Totals, hidden: Mapping[str, pd.Series]) -> Totals:
    found: dict[str, Any] = {**totals}
    found |= {name: _number(found[name]) for name in _TOTALS if name in found}
    if "elderly_high" in found:
        found["elderly_uncovered"] = found["elderly_high"] - found["elderly_covered"]
        found["elderly_uncovered_low"] = max(found["elderly"] - found["elderly_covered_high"], 0.0)
    found["uncovered_by_reason"] = {key: _number(each) for key, each in totals["uncovered_by_reason"].items()}
    for who, rows in hidden.items():
        if rows.attrs["whole"]:
            found |= {name: np.nan for name in _SHOWN[who] if name in found}
    found["groups"] = {
        name: {key: value if key == "covered_share" else _number(value) for key, value in each.items()}
        for name, each in totals["groups"].items()
    }
    return cast("Totals", found)


def _number(value: float) -> float:
    return float(rounded(np.array(float(value))))


def _rounded(values: pd.Series) -> pd.Series:
    return pd.Series(rounded(values.to_numpy(dtype=np.float64, na_value=np.nan)), values.index, name=values.name)


def _shown(values: pd.Series) -> pd.Series:
    """Return figures of people rounded, and unknown where they are below five."""
    persons = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return _rounded(values).mask(is_withheld(persons))


def _scaled(people: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return people by cell whose sum is rounded; unknown if it is below five."""
    total = float(people.sum())
    if is_withheld(np.array(total)):
        return np.full_like(people, np.nan)
    return people * (_number(total) / total) if total > 0 else people
