"""Random edits of a scenario, and what the library measures of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siting import places
from siting.domain.nouns import Assessment, Inputs, quiet
from siting.domain.placed import PlacedStation
from siting.domain.what_if import WhatIf
from siting.pipeline.ground import PreparedScenario, measure, prepared
from siting.pipeline.laying_out import stations_of

PASS_SHARES = (0.25, 0.6, 0.75, 0.9, 1.0)


@dataclass(frozen=True)
class Edit:
    """A choice of options, a cut-off (its position), a share to be covered, and stations at points."""

    options: tuple[int, ...]
    minutes: int
    pass_share: float
    placed: tuple[PlacedStation, ...] = ()


def edits(found: WhatIf, count: int, seed: int) -> Iterator[Edit]:
    """Yield edits: each closes some facilities, opens some candidates, and may move the minutes."""
    random = np.random.default_rng(seed)
    minutes = np.sort(random.choice(len(found.reach.minutes), size=min(6, len(found.reach.minutes)), replace=False))
    minutes = np.union1d(minutes, [found.reach.own])
    sites = found.choices.sites["kind"].to_numpy()
    of_facility = sites[found.choices.options["site"]] == "facility"
    grown = found.choices.options.index[of_facility].difference(found.plans.today)
    # By today's option of a facility those in which it is larger.
    larger = {site: rows.index.to_numpy() for site, rows in found.choices.options.loc[grown].groupby("site")}
    for _ in range(count):
        stays = random.random() < 0.3
        closing = 0.0 if stays else random.uniform(0.05, 0.9)
        options = [each for each in found.plans.today if random.random() >= closing]
        rows = found.choices.options.reset_index(names="option")
        rows = rows[sites[rows["site"]] == "candidate"]
        candidates = rows["site"].unique()
        opening = random.choice(candidates, size=random.integers(0, min(40, len(candidates))), replace=False)
        options += [int(random.choice(rows.loc[rows["site"] == site, "option"])) for site in opening]
        options = [
            int(random.choice(larger[each])) if each in larger and random.random() < 0.6 else each for each in options
        ]
        yield Edit(tuple(sorted(options)), int(random.choice(minutes)), float(random.choice(PASS_SHARES)))


class Library:
    """The library's measurement of edits; a scenario at a cut-off is prepared once."""

    def __init__(self, inputs: Inputs, found: WhatIf) -> None:
        self.inputs, self.found = inputs, found
        self._prepared = cache(self._prepare)

    def _prepare(self, minutes: float) -> PreparedScenario:
        scenario = self.inputs.scenario
        most = max(minutes, scenario.walking.max_minutes)
        walking = scenario.walking.model_copy(update={"minutes": minutes, "max_minutes": most})
        return prepared(replace(self.inputs, scenario=scenario.model_copy(update={"walking": walking})), quiet)

    def measured(self, edit: Edit) -> Assessment:
        """Return the check of an edit."""
        ground = self._prepared(self.found.reach.minutes[edit.minutes])
        scenario = ground.inputs.scenario
        circle = scenario.circle.model_copy(update={"pass_share": edit.pass_share})
        inputs = replace(ground.inputs, scenario=scenario.model_copy(update={"circle": circle}))
        ground = replace(ground, inputs=inputs)
        return measure(ground, self._facilities(ground, edit), quiet, circles=False)

    def _facilities(self, ground: PreparedScenario, edit: Edit) -> gpd.GeoDataFrame:
        rows = self.found.choices.options.loc[list(edit.options)]
        sites = self.found.choices.sites.loc[rows["site"]]
        stands = set(sites.loc[(sites["kind"] == "facility").to_numpy(), "id"])
        facilities = ground.facilities[ground.facilities.index.astype(str).isin(stands)].drop(columns="plot")
        facilities = places.with_plots(facilities) if len(facilities) else ground.facilities.iloc[:0]
        facilities = places.changed_facilities(facilities, self._enlarged(rows, sites))
        sized = places.plan_sites(ground.inputs, ground.permitted)
        sized = sized[~sized["facility"]].reset_index(drop=True)
        first, last = len(self.found.plans.today), len(self.found.plans.today) + len(sized)
        chosen = sized.loc[[each - first for each in edit.options if first <= each < last]]
        stations = stations_of(ground, chosen)
        if edit.placed:
            stations = gpd.GeoDataFrame(pd.concat([stations, self._placed(ground, edit)]), crs=stations.crs)
        return places.with_stations(facilities, stations)

    def _enlarged(self, rows: pd.DataFrame, sites: gpd.GeoDataFrame) -> pd.DataFrame:
        """Return the facilities in a larger size, by id, with what the table of sizes says of each."""
        larger = (sites["kind"] == "facility").to_numpy() & ~rows.index.isin(self.found.plans.today)
        if not larger.any():
            return pd.DataFrame(columns=["action"])
        table = self.inputs.sizes
        assert table is not None
        named = table.set_index("size").loc[rows["size"][larger]]
        columns = ["tier", "land_m2", "floor_area_m2", "beds"]
        return named[columns].assign(action="enlarge").set_index(pd.Index(sites["id"].to_numpy()[larger]))

    def _placed(self, ground: PreparedScenario, edit: Edit) -> gpd.GeoDataFrame:
        inputs = places.with_placed(ground.inputs, edit.placed, "plan")
        own = inputs.candidates[inputs.candidates["by_plan"]]
        sized = places.plan_sites(inputs, own)
        return stations_of(replace(ground, inputs=inputs, permitted=own), sized[~sized["facility"]])


def told(assessment: Assessment) -> dict[str, Any]:
    """Return the figures and verdicts of a check that the page measures too."""
    found: dict[str, Any] = {"levels": {}}
    totals = assessment.totals
    found["whole"] = {
        "covered": totals["elderly_covered"],
        "share": totals["covered_share"],
        "low": totals["land_provided_m2"],
        "high": totals["land_provided_high_m2"],
        **{f"gap{name}": totals[f"land_gap_{name}_m2"] for name in ("01", "02")},
        **{f"least{name}": totals[f"land_gap_{name}_low_m2"] for name in ("01", "02")},
    }
    checks = assessment.checks
    for level in assessment.places.index.get_level_values(0).unique():
        rows = assessment.places.loc[level]
        names = {
            "covered": "elderly_covered",
            "uncovered": "elderly_uncovered",
            "share": "covered_share",
            "low": "land_provided_m2",
            "high": "land_provided_high_m2",
        }
        gaps = {name: f"land_gap{name}_m2" for name in ("_01", "_02", "")}
        columns = {key: rows[name].to_numpy(dtype=np.float64).tolist() for key, name in names.items()}
        columns |= {f"gap{key or '_own'}": rows[name].to_numpy(dtype=np.float64).tolist() for key, name in gaps.items()}
        if level == "residential_area":
            columns["each"] = rows["land_reach_m2_per_person"].to_numpy(dtype=np.float64).tolist()
        found["levels"][level] = columns
    of_circle = checks[checks["kind"] == "service_circle"]
    found["circle"] = [[level, key, verdict] for (level, key), verdict in of_circle["verdict"].items()]
    of_land = checks[(checks["kind"] == "land_per_person") & (checks["reason"] != "other_kind")]
    found["land"] = [
        [level, key, _floor(assessment, row["clause_id"]), row["verdict"]]
        for (level, key), row in zip(of_land.index, of_land.to_dict("records"), strict=True)
    ]
    of_units = checks[(checks["kind"] == "unit_coverage") & (checks["level"] == "district")]
    found["units"] = sorted(
        [row["clause_id"], row["basis"], row["provided_low"]]
        for row in of_units.to_dict("records")
        if row["basis"] != "units" and row["verdict"] != "not_applicable" and np.isfinite(row["provided_low"])
    )
    return found


def _floor(assessment: Assessment, clause_id: str) -> float:
    every = (clause for standard in assessment.inputs.standards for clause in standard.clauses)
    return next(float(clause.number or 0.0) for clause in every if clause.id == clause_id)
