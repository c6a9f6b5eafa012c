"""The request for a plan, checked against the data: the sites to choose from, and every impossible request."""

import difflib
from collections.abc import Iterable
from typing import Final, get_args

import geopandas as gpd
import pandas as pd

from siting.domain.nouns import Inputs, Note
from siting.domain.plan_models import TRAITS, models_with
from siting.domain.requirements import linear_clauses, unfit_clauses
from siting.domain.scenario import Head, Level, PlanOptions, idle_settings
from siting.domain.tiers import in_circle
from siting.errors import Fault, Faults
from siting.places.candidates import preferred_layers
from siting.places.facilities import open_facilities
from siting.places.sizes import EXISTING, joined_sites, meant_for, sized_candidates, sized_facilities

_LAYER: Final = "plan"
# The most ids that are named one by one.
_TOLD: Final = 5
# Ids are short, so the cutoff is low: it finds C1 for C9.
_ALIKE: Final = 0.5


def plan_sites(inputs: Inputs, permitted: gpd.GeoDataFrame, options: PlanOptions | None = None) -> gpd.GeoDataFrame:
    """Return the sites from which a plan chooses: facilities that may change, then candidates, each in its sizes.

    Parameters
    ----------
    inputs : Inputs
        With generated candidates (:func:`siting.places.with_generated`).
    permitted : geopandas.GeoDataFrame
        The candidates outside excluded areas, with ``generated``.
    options : PlanOptions, optional
        The request; the scenario's own ``plan`` if absent.

    Returns
    -------
    geopandas.GeoDataFrame
        As returned by :func:`siting.places.joined_sites`, in the order that breaks ties. Named facilities that do not
        count at the horizon, or are in the surroundings, have no row.
    """
    asked = options or inputs.scenario.plan
    facilities = sized_facilities(
        _standing(inputs),
        inputs.sizes,
        upgradable=asked.upgradable,
        closable=asked.closing,
        existing_capacity=asked.existing_capacity,
    )
    preferred = preferred_layers(permitted, inputs.preferences)
    candidates = sized_candidates(permitted, inputs.sizes, capacity=asked.capacity, preferred=preferred)
    return joined_sites(facilities, candidates)


def plan_level(inputs: Inputs, options: PlanOptions | None = None) -> Level:
    """Return the level of units for shares and numbers by unit.

    Parameters
    ----------
    inputs : Inputs
        Its units tell which levels exist.
    options : PlanOptions, optional
        The request; the scenario's own ``plan`` if absent.

    Returns
    -------
    str
        ``plan.unit_level``, otherwise the finest given level.
    """
    asked = options or inputs.scenario.plan
    if asked.unit_level is not None:
        return asked.unit_level
    given: tuple[Level, ...] = get_args(Level)  # from the finest on
    return next(level for level in given if level in inputs.units)


def plan_faults(
    inputs: Inputs, refused: pd.DataFrame, sites: gpd.GeoDataFrame, options: PlanOptions | None = None
) -> tuple[Fault, ...]:
    """Return all faults of a request for a plan, checked against the data.

    Parameters
    ----------
    inputs : Inputs
        With generated candidates (:func:`siting.places.with_generated`).
    refused : pandas.DataFrame
        Candidates in excluded areas, from :func:`siting.places.screen_candidates`.
    sites : geopandas.GeoDataFrame
        The result of :func:`plan_sites` with the same options.
    options : PlanOptions, optional
        The request; the scenario's own ``plan`` if absent.

    Returns
    -------
    tuple of Fault
        Empty if the request can be tried; the optimiser finds whether it can be met.
    """
    asked = options or inputs.scenario.plan
    faults = Faults()
    _check_settings(asked, faults)
    _check_size(asked, faults)
    _check_candidates(asked, inputs, refused, faults)
    _check_facilities(asked, inputs, sites, faults)
    _check_names(asked, inputs, faults)
    _check_minutes(asked, inputs.scenario.walking.minutes, faults)
    _check_phases(asked, inputs.scenario.scenario, faults)
    _check_network(asked, faults)
    _check_robust(asked, inputs, faults)
    forbidden = sites["candidate_id"].isin(asked.forbidden) & ~sites["facility"]
    free = sites[~forbidden.to_numpy(dtype=bool)]
    if "capacity" in TRAITS[asked.model].settings:
        _check_capacity(asked, free, faults)
    if asked.asks_for_costs:
        _check_costs(free, faults)
    return tuple(faults.found)


def plan_notes(inputs: Inputs, permitted: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> tuple[Note, ...]:
    """Return notes on the sites: missing data, and sizes that fit no candidate.

    Parameters
    ----------
    inputs : Inputs
        With generated candidates.
    permitted : geopandas.GeoDataFrame
        The candidates outside excluded areas.
    sites : geopandas.GeoDataFrame
        The result of :func:`plan_sites`.

    Returns
    -------
    tuple of Note
        ``generated_without_land``: generated candidates have no land or no cost; ``larger_sizes_only``: candidates too
        small for every size that is meant for them, which keep their own; ``sizes_for_nobody``: sizes whose ``for``
        names no existing candidate.
    """
    found = []
    made = sites[sites["generated"].to_numpy(dtype=bool)]
    bare = made["land_m2"].isna(), made["cost_cny"].isna()
    if (bare[0] | bare[1]).any():
        lacking = [int(made["candidate_id"][each].nunique()) for each in bare]
        found.append(Note("generated_without_land", {"without_land": lacking[0], "without_cost": lacking[1]}))
    offered = meant_for(permitted, inputs.sizes).any(axis=1)
    own = sites["candidate_id"][(sites["size"].isna() & ~sites["facility"]).to_numpy(dtype=bool)]
    small = permitted.index[offered & permitted.index.isin(own)]
    if len(small):
        found.append(Note("larger_sizes_only", {"count": len(small), "ids": _told(sorted(map(str, small)))}))
    if inputs.sizes is not None and len(inputs.candidates):
        # Checked against the whole ledger: a kind whose candidates are all in excluded areas still exists.
        serves = meant_for(inputs.candidates, inputs.sizes).any(axis=0) | (inputs.sizes["for"] == EXISTING).to_numpy()
        names = sorted(
            f"{size} ({offered_to})" for size, offered_to in inputs.sizes.loc[~serves, ["size", "for"]].to_numpy()
        )
        if names:
            found.append(Note("sizes_for_nobody", {"count": len(names), "names": _told(names)}))
    return tuple(found)


def _standing(inputs: Inputs) -> gpd.GeoDataFrame:
    """Return the facilities that count at the horizon and are not in the surroundings."""
    facilities = open_facilities(inputs.facilities, inputs.scenario.scenario)
    if "context" not in facilities:
        return facilities
    return facilities[~facilities["context"].fillna(value=False).to_numpy(dtype=bool)]


def _check_settings(asked: PlanOptions, faults: Faults) -> None:
    """Check that the model uses every setting that is given with it."""
    for name in idle_settings(asked) if "model" in asked.model_fields_set else ():
        models = ", ".join(models_with(name))
        faults.add("plan_setting_of_other_model", layer=_LAYER, field=name, found=asked.model, expected=models)


def _check_size(asked: PlanOptions, faults: Faults) -> None:
    bounds = TRAITS[asked.model].bounded_by
    if not bounds or any(getattr(asked, name) is not None for name in bounds):
        return
    if asked.budget_cny is None:
        faults.add("plan_without_size", layer=_LAYER)
    else:
        faults.add("plan_budget_alone", layer=_LAYER, field="stations", found=asked.model)


def _check_candidates(asked: PlanOptions, inputs: Inputs, refused: pd.DataFrame, faults: Faults) -> None:
    known = inputs.candidates.index
    if not len(known):
        faults.add("plan_no_candidates", layer="candidates")
    for key, named in (("forced", asked.forced), ("forbidden", asked.forbidden)):
        for name in _unknown(named, known):
            faults.add("plan_unknown_candidate", layer=_LAYER, field=key, found=name, expected=_near(name, known))
    for name in dict.fromkeys(each for each in asked.forced if each in asked.forbidden):
        faults.add("plan_forced_and_forbidden", layer=_LAYER, field="forced", found=name)
    for name in dict.fromkeys(each for each in asked.forced if each in refused.index):
        grounds = ", ".join(f"{row.layer} ({row.clause})" for row in refused.loc[[name]].itertuples())
        faults.add("plan_forced_on_excluded_ground", layer=_LAYER, field="forced", found=name, expected=grounds)


def _check_facilities(asked: PlanOptions, inputs: Inputs, sites: gpd.GeoDataFrame, faults: Faults) -> None:
    standing = _standing(inputs)
    known, counting = inputs.facilities.index, standing.index
    for key, named in (("closable", asked.closable), ("upgradable", asked.upgradable)):
        for name in _unknown(named, known):
            faults.add("plan_unknown_facility", layer=_LAYER, field=key, found=name, expected=_near(name, known))
        for name in _unknown(named, counting):
            if name in known:
                faults.add("plan_facility_not_counted", layer=_LAYER, field=key, found=name)
    serving = standing.index[in_circle(standing, inputs.scenario)]
    for name in _unknown([each for each in asked.closing if each in counting], serving):
        faults.add("plan_closable_serves_nobody", layer=_LAYER, field="closable", found=name)
    larger = sites["candidate_id"][(sites["facility"] & ~sites["standing"]).to_numpy(dtype=bool)]
    for name in dict.fromkeys(asked.upgradable):
        if name in counting and not (larger == name).any():
            faults.add("plan_upgrade_without_size", layer=_LAYER, field="upgradable", found=name)


def _check_names(asked: PlanOptions, inputs: Inputs, faults: Faults) -> None:
    """Check the names of groups and clauses, and the level of units."""
    clauses = [clause.id for _, clause in linear_clauses(inputs.standards)]
    groups = list(inputs.population.groups)
    for name in _unknown(asked.weights, groups):
        faults.add("plan_unknown_group", layer=_LAYER, field=f"weights.{name}", found=name, expected=_listed(groups))
    for name in unfit_clauses(inputs.standards, asked.clauses):
        faults.add("plan_unknown_clause", layer=_LAYER, field="clauses", found=name, expected=_near(name, clauses))
    _check_levels(asked, list(inputs.units), faults)


def _check_levels(asked: PlanOptions, given: list[str], faults: Faults) -> None:
    """Check the level of units, and the levels of clauses that are requested for one level (``ID@LEVEL``)."""
    levels = [("unit_level", asked.unit_level)] if asked.unit_level is not None else []
    named = [("clauses", level) for name in asked.clauses if (level := name.partition("@")[2])]
    for key, level in dict.fromkeys([*levels, *(each for each in named if each[1] != "residential_area")]):
        if level not in given:
            faults.add("plan_unknown_level", layer=_LAYER, field=key, found=level, expected=_listed(given))


def _check_minutes(asked: PlanOptions, minutes: float, faults: Faults) -> None:
    if asked.model == "p_median" and asked.beyond_minutes is not None and asked.beyond_minutes < minutes:
        found, least = f"{asked.beyond_minutes:g}", f"≥ {minutes:g}"
        faults.add("plan_beyond_below_minutes", layer=_LAYER, field="beyond_minutes", found=found, expected=least)


def _check_phases(asked: PlanOptions, head: Head, faults: Faults) -> None:
    """Check that phases are given with their model, that each has a limit, and that nothing else changes."""
    if asked.model != "phased":
        return
    if not asked.phases:
        faults.add("plan_without_phases", layer=_LAYER, field="phases")
        return
    _check_years(asked, head, faults)
    for phase in asked.phases:
        if phase.stations is None and phase.budget_cny is None:
            faults.add("plan_phase_without_limit", layer=_LAYER, field="phases", found=str(phase.year))
    for name in ("closable", "upgradable"):
        if getattr(asked, name):
            faults.add("plan_phases_with_changes", layer=_LAYER, field=name)


def _check_network(asked: PlanOptions, faults: Faults) -> None:
    """Check that no existing facility changes in a plan for a network."""
    for name in ("closable", "upgradable") if asked.model == "network" else ():
        if getattr(asked, name):
            faults.add("plan_network_with_changes", layer=_LAYER, field=name)


def _check_robust(asked: PlanOptions, inputs: Inputs, faults: Faults) -> None:
    """Check that a robust plan has stated errors, and nothing that it does not use."""
    if asked.robust is None:
        return
    if inputs.scenario.population.stated_errors is None:
        faults.add("plan_robust_without_uncertainty", layer=_LAYER, field="robust", found=asked.robust)
    for name in ("weights", "capacity", "existing_capacity", "closable", "upgradable"):
        if getattr(asked, name):
            faults.add("plan_robust_with", layer=_LAYER, field=name)


def _check_years(asked: PlanOptions, head: Head, faults: Faults) -> None:
    """Check that the years of phases ascend from that of the assessment to the horizon."""
    years, told = [phase.year for phase in asked.phases], {"layer": _LAYER, "field": "phases"}
    if sorted(set(years)) != years or years[0] < head.date.year:
        faults.add("plan_phases_not_ascending", **told, found=_listed(map(str, years)), expected=str(head.date.year))
    elif years[-1] != head.horizon:
        faults.add("plan_phases_beside_horizon", **told, found=str(years[-1]), expected=str(head.horizon))
    if asked.phases_until is not None and asked.phases_until < years[-1]:
        told["field"], until = "phases_until", str(asked.phases_until)
        faults.add("plan_phases_until_early", **told, found=until, expected=f"≥ {years[-1]}")


def _check_capacity(asked: PlanOptions, sites: gpd.GeoDataFrame, faults: Faults) -> None:
    """Check that all new sites have a capacity if any site has one."""
    limited = sites["capacity"].notna().to_numpy(dtype=bool)
    new = ~sites["standing"].to_numpy(dtype=bool)
    lacking = dict.fromkeys(sites["candidate_id"][new & ~limited].map(str))
    if lacking and (asked.existing_capacity is not None or limited.any()):
        faults.add("plan_capacity_missing", layer=_LAYER, field="capacity", found=_told(list(lacking)))


def _check_costs(sites: gpd.GeoDataFrame, faults: Faults) -> None:
    lacking = sites[sites["cost_cny"].isna().to_numpy(dtype=bool)].drop_duplicates("candidate_id")
    made = lacking["generated"].to_numpy(dtype=bool)
    for key in sorted(lacking["candidate_id"][~made].map(str)):
        faults.add("candidate_without_cost", row=key)
    if made.any():
        # All are missing for the same reason.
        faults.add("candidate_without_cost", row=_told(lacking["candidate_id"][made].map(str).tolist()))


def _unknown(named: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the unknown names, each once, in their order."""
    there = set(known)
    return [name for name in dict.fromkeys(named) if name not in there]


def _near(name: str, known: Iterable[str]) -> str:
    """Return the most similar known names, a dash if there is none."""
    return _listed(difflib.get_close_matches(name, sorted(set(map(str, known))), cutoff=_ALIKE))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "–"


def _told(names: list[str]) -> str:
    """Return the first names of a list, and how many there are in total if there are more."""
    more = f" … ({len(names)})" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more
