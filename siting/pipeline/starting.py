"""Sites that a plan's file names: to measure them again, and to start a search from them."""

from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siting.domain.nouns import Ints, Note
from siting.domain.plan_models import TRAITS
from siting.domain.withheld import rounded
from siting.errors import Faults
from siting.listing import listed
from siting.locate.incumbent import STARTED, feasible
from siting.locate.problem import Effort, Solution
from siting.pipeline.asking import Question
from siting.pipeline.ground import PreparedScenario
from siting.pipeline.requesting import Start
from siting.pipeline.standing import covered_by
from siting.read.plan import PlanFile


def refuse_plan(file: PlanFile, path: Path, ledger: pd.Index, refused: pd.DataFrame) -> None:
    """Refuse a plan whose candidates the ledger lacks, or whose sites are excluded."""
    faults = Faults()
    for key in file.candidates:
        if key not in ledger:
            faults.add("plan_names_unknown_candidate", file=str(path), found=key)
        elif key in refused.index:
            layers = ", ".join(refused.loc[[key], "layer"])
            faults.add("plan_names_refused_candidate", file=str(path), found=f"{key}: {layers}")
    faults.stop_if_any()


def sites_of_file(file: PlanFile, question: Question) -> Ints:
    """Return the sites that a plan's file names, in its order."""
    return sites_named(question, file.candidates, file.sizes)


def sites_named(question: Question, candidates: Iterable[str], named: Iterable[str | None]) -> Ints:
    """Return the sites of candidates and sizes, in their order; of a candidate with an unknown size the first."""
    ids, sizes = question.sites["candidate_id"], question.sites["size"].fillna("")
    found = []
    for key, size in zip(candidates, named, strict=True):
        rows = np.flatnonzero(ids == key)
        same = rows[(sizes.iloc[rows] == (size or "")).to_numpy()]
        found.append(int(same[0] if len(same) else rows[0]))
    return np.array(found, dtype=np.int64)


def stay_of_file(file: PlanFile, question: Question) -> Ints:
    """Return the sites of facilities that stay by a plan's file, unchanged or enlarged."""
    return sites_that_stay(question, {row["id"]: row for row in file.members.get("changes", [])})


def sites_that_stay(question: Question, changes: Mapping[str, Mapping[Hashable, Any]]) -> Ints:
    """Return the sites of facilities that stay, unchanged or enlarged; ``changes`` are rows of a plan by facility."""
    stay = []
    for site in np.flatnonzero(question.is_facility).tolist():
        row = question.sites.iloc[site]
        change = changes.get(str(row["candidate_id"]), {"action": "keep"})
        enlarged = change["action"] == "enlarge" and row["size"] == change["size"]
        if enlarged or (change["action"] == "keep" and row["standing"]):
            stay.append(site)
    return np.array(stay, dtype=np.int64)


def start_of(start: Start | None, ground: PreparedScenario, question: Question, *, sure: bool) -> Ints | None:
    """Return the sites of the problem that a plan's file opens, from which a search starts; None without a file.

    A plan that is for uncertain people (not ``sure``) starts from none: its objective is another one.

    Raises
    ------
    InputError
        ``plan_names_unknown_candidate``, ``plan_names_refused_candidate``; ``plan_start_places_stations``: a station of
        the file stands at a point that is no candidate; ``plan_start_model``: the model does not start from a choice.
    """
    if start is None:
        return None
    file, path = start.file, start.path
    faults = Faults()
    if not sure:
        faults.add("plan_start_doubt", field="--start")
    if not isinstance(question.model, STARTED) or TRAITS[question.plan.model].own_program:
        faults.add(
            "plan_start_model", field="--start", found=question.plan.model, expected="mclp, lscp, p_median, fair"
        )
    for station in file.placed:
        faults.add("plan_start_places_stations", file=str(path), found=station.id)
    faults.stop_if_any()
    refuse_plan(file, path, ground.inputs.candidates.index, ground.refused)
    chosen = np.concatenate([sites_of_file(file, question), stay_of_file(file, question)])
    return np.unique(question.problem_sites(chosen))


def compared_with_start(
    start: Start | None, question: Question, begun: Ints | None, solution: Solution, *, share: bool
) -> tuple[Note, ...]:
    """Return notes on what a plan changes of the choice from which its search started; none without either.

    ``begun`` are the sites of the problem in that choice. With ``share`` people are rounded.
    """
    if start is None or begun is None or not solution.stages:
        return ()
    effort = Effort()
    today = covered_by(question.circle, question.changeable, effort)
    people = [covered_by(question.circle, sites, effort) - today for sites in (begun, solution.chosen)]
    people = rounded(np.array(people)).tolist() if share else people
    facility = question.is_facility

    def named(sites: Ints) -> pd.Index:
        rows = question.sites_of(sites)
        ids: pd.Index = pd.Index(question.sites["candidate_id"].to_numpy(dtype=object)[rows[~facility[rows]]])
        return ids

    before, after = named(begun), named(solution.chosen)
    told = {
        "file": start.path.name,
        "before": f"{people[0]:,.0f}",
        "after": f"{people[1]:,.0f}",
        "stations": len(before),
        "kept": len(before.intersection(after)),
        "dropped": listed(before.difference(after).tolist()) or "–",
        "added": listed(after.difference(before).tolist()) or "–",
    }
    within = feasible(question.problem, question.model, begun)
    return (Note("plan_started", told), *(() if within else (Note("plan_start_outside", {"file": start.path.name}),)))
