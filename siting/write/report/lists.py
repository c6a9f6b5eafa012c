"""The lists of a report that are not in the gap report or the plan, as data for ``report.json``."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from siting.domain.nouns import Assessment, Proposal
from siting.domain.register import REGISTER
from siting.domain.scenario import Scenario
from siting.domain.tables import FACILITY_COLUMNS, RESIDENTIAL_COLUMNS
from siting.text import LANGS
from siting.write.account import LAYER_COLUMNS, layers_table
from siting.write.geojson import facts, plain, unlimited
from siting.write.report.filing import Filing

TIERS: Final = ("institution", "centre", "station")
_LEVELS: Final = ("city", "district", "planning", "street", "community", "residential_area")
_VERDICTS: Final = ("met", "gap", "no_data", "not_applicable")
_SHOWN: Final = (
    "id", "name", "tier", "status", "opens", "closes", "land_m2", "floor_area_m2", "beds", "nursing_beds", "operator",
    "operator_kind", "owner_kind", "tenure", "rating_kind", "rating", "med_link", "parent_id", "address",
)  # fmt: skip
_DATES: Final = frozenset(column.key for column in (*FACILITY_COLUMNS, *RESIDENTIAL_COLUMNS) if column.type == "date")
# What happens to a facility by its state, or by the plan.
_ACTION: Final = {"existing": "retain", "closing": "withdraw", "under_construction": "build", "planned": "build"}
_CHANGE: Final = {"close": "withdraw", "enlarge": "extend"}
_OF_ESTATES: Final = frozenset({"estate_provision", *REGISTER})
_LISTED: Final = ("gap", "no_data")


def report_lists(filing: Filing) -> dict[str, Any]:
    """Return the lists of a report.

    Parameters
    ----------
    filing : Filing
        The findings of one run.

    Returns
    -------
    dict
        For JSON: the facts of the run; ``counts`` (places by level and verdict, facilities by tier), ``units``
        (facilities in each unit), ``gap_list`` (residential areas that are not met, the most uncovered first),
        ``facilities``, ``audit``, ``funding``, ``estates`` (the register of new residential areas), ``layers``,
        ``settings`` and ``sensitivity``.
    """
    found = filing.assessment
    layers = {lang: _layers(found, lang) for lang in LANGS}
    return {
        "result": "report",
        **facts(found.inputs),
        "counts": _counts(found) | {"audit": _verdicts(filing.audit), "stations": _stations(filing.proposal)},
        "units": list(_units(found)),
        "gap_list": list(_gap_list(found, filing.nearest)),
        "facilities": list(_facilities(found, filing.proposal)),
        "audit": list(_audit(filing)),
        "funding": _rows(filing.funding),
        "estates": list(_estates(found)),
        "layers": layers,
        "settings": _settings(found.inputs.scenario),
        "sensitivity": _rows(filing.sensitivity),
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [_row(row) for row in table.to_dict("records")]


def _row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row for JSON: dates as days, and the names of the figures that have no limit."""
    days = {key: None if pd.isna(value) else value.date() for key, value in row.items() if key in _DATES}
    found: dict[str, Any] = plain({**row, **days})
    return found | unlimited(row)


def _counts(found: Assessment) -> dict[str, Any]:
    places, facilities = found.places, found.facilities
    levels = [level for level in _LEVELS if (places["level"] == level).any()]
    verdicts = {level: places.loc[places["level"] == level, "verdict"].value_counts() for level in levels}
    return {
        "places": {
            level: {"all": int(each.sum()), **{verdict: int(each.get(verdict, 0)) for verdict in _VERDICTS}}
            for level, each in verdicts.items()
        },
        "facilities": _of_facilities(facilities),
        "estates_new": int((places["kind"].eq("new") & (places["level"] == "residential_area")).sum()),
    }


def _verdicts(audit: pd.DataFrame) -> dict[str, int]:
    """Return how many rows of the audit have each verdict, without those for comparison."""
    decisive = audit["level"].notna() & ~audit["for_comparison"].eq(other=True)
    held = audit.loc[decisive, "verdict"].value_counts()
    return {"all": int(held.sum()), **{verdict: int(held.get(verdict, 0)) for verdict in _VERDICTS}}


def _audit(filing: Filing) -> Iterator[dict[str, Any]]:
    """Yield the rows of the audit; ``bound`` counts the places that a clause binds, by verdict."""
    for row in filing.audit.to_dict("records"):
        counts = {key: row[f"{key}_binding"] for key in ("places", *_VERDICTS)}
        yield _row(row) | {"bound": {key: 0 if pd.isna(count) else int(count) for key, count in counts.items()}}


def _stations(proposal: Proposal | None) -> int:
    return 0 if proposal is None else len(proposal.stations)


def _of_facilities(facilities: pd.DataFrame) -> dict[str, Any]:
    """Return how many facilities there are, and their beds as far as they are stated."""
    tiers = facilities["tier"].value_counts()
    beds = {name: plain(float(facilities[name].astype("Float64").fillna(0).sum())) for name in ("beds", "nursing_beds")}
    unsaid = int(facilities["beds"].isna().sum())
    return {"all": len(facilities), **{tier: int(tiers.get(tier, 0)) for tier in TIERS}, **beds, "beds_unsaid": unsaid}


def _units(found: Assessment) -> Iterator[dict[str, Any]]:
    """Yield the facilities of each unit, and for units above communities the communities without any."""
    communities = found.inputs.units.get("community")
    equipped = set(found.facilities["home_community"].dropna()) if "home_community" in found.facilities else set()
    for level in found.inputs.units:
        homes = found.facilities.get(f"home_{level}")
        inside = {} if homes is None else dict(iter(found.facilities.groupby(homes, observed=True)))
        places = found.places[found.places["level"] == level]
        for key in places["id"]:
            row = {"level": level, "id": str(key), **_of_facilities(inside.get(key, found.facilities.iloc[:0]))}
            if communities is not None and level != "community":
                lower = found.places[(found.places["level"] == "community") & (found.places["unit_id"] == key)]
                if len(lower):
                    row |= {"communities": len(lower), "communities_without": int((~lower["id"].isin(equipped)).sum())}
            yield row


def _gap_list(found: Assessment, nearest: pd.Series) -> Iterator[dict[str, Any]]:
    """Yield the residential areas that are not met, those with the most uncovered people first."""
    places = found.places
    rows = places[(places["level"] == "residential_area") & places["verdict"].isin(_LISTED)]
    rows = rows.assign(worst=rows["elderly_uncovered"].astype("float64").fillna(-1.0), key=rows["id"].astype(str))
    rows = rows.sort_values(["worst", "key"], ascending=[False, True])
    names = found.facilities["name"]
    for rank, key in enumerate(rows["id"], start=1):
        facility = nearest.get(key)
        name = names.get(facility) if facility is not None else None
        yield plain({"rank": rank, "id": key, "nearest_id": facility, "nearest": None if pd.isna(name) else name})


def _facilities(found: Assessment, proposal: Proposal | None) -> Iterator[dict[str, Any]]:
    """Yield the facilities of the ledger and the proposed stations, with what becomes of each."""
    ledger = found.inputs.facilities
    ledger = ledger[~ledger["context"].astype("boolean").fillna(value=False)] if "context" in ledger else ledger
    changes = proposal.changes["action"].to_dict() if proposal is not None and len(proposal.changes) else {}
    undated = set() if found.undated is None else set(found.undated.index)
    homes = {level: found.facilities[f"home_{level}"].to_dict() for level in _homes(found)}
    for key, row in ledger.rename_axis(None).assign(id=ledger.index).to_dict("index").items():
        # Unknown if nothing tells whether it is open at the horizon.
        counted = None if key in undated else key in found.facilities.index
        at = {f"{level}_id": each.get(key) for level, each in homes.items()}
        action = _CHANGE.get(changes.get(key, ""), _ACTION[str(row["status"])])
        yield _row({name: row.get(name) for name in _SHOWN}) | plain({**at, "action": action, "counted": counted})
    if proposal is not None:
        for row in proposal.stations.to_dict("records"):
            action = "build" if row["generated"] else "convert"
            finest = {"unit_id": row["unit_id"], "action": action, "counted": False, "status": "proposed"}
            yield _row({name: row.get(name) for name in _SHOWN}) | plain(finest)


def _homes(found: Assessment) -> list[str]:
    return [level for level in ("street", "community") if f"home_{level}" in found.facilities]


def _estates(found: Assessment) -> Iterator[dict[str, Any]]:
    """Yield the new residential areas: what their premises must have, what they have, and what blocks acceptance."""
    areas = found.inputs.residential_areas
    checks = found.checks[(found.checks["level"] == "residential_area") & found.checks["kind"].isin(_OF_ESTATES)]
    by_place = dict(iter(checks.groupby(checks.index.get_level_values("id"), sort=False)))
    keys = [column.key for column in RESIDENTIAL_COLUMNS if column.key not in ("id", "residents", "elderly")]
    for key, row in areas[areas["status"] == "new"].rename_axis(None).to_dict("index").items():
        own = by_place.get(key, checks.iloc[:0])
        judged = own[own["verdict"] != "not_applicable"]
        yield _row({"id": key, **{name: row.get(name) for name in keys}}) | {"checks": _rows(judged)}


def _layers(found: Assessment, lang: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a language
    inputs = found.inputs
    table = layers_table(inputs.scenario, inputs.layers, inputs.notes, inputs, lang)[list(LAYER_COLUMNS)]
    rows = []
    for row in table.to_dict("records"):
        key = str(row["key"])
        held = {name: digest for name, digest in inputs.digests.items() if name == key or name.startswith(f"{key}[")}
        rows.append({**plain(row), "sha256": held})
    return rows


def _settings(scenario: Scenario) -> list[dict[str, Any]]:
    """Return the settings that decide, where they stand in the scenario."""
    sections = {
        "scenario": ("date", "horizon"),
        "standards": ("coverage",),
        "population": ("land_basis",),
        "walking": ("mode", "walker", "minutes", "max_minutes", "direction", "slope"),
        "circle": ("tiers", "pass_share", "villages", "shared_from"),
        "land": ("institution_minutes",),
        "provision": ("m2_per_100_households",),
        "facilities": ("complete",),
        "context": ("complete",),
    }
    return [
        {"section": section, "key": key, "value": plain(getattr(getattr(scenario, section), key))}
        for section, keys in sections.items()
        for key in keys
    ]
