"""The request of a plan: the options of the scenario and of the call, merged and validated."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import ValidationError

from siting.domain.nouns import Note, Progress
from siting.domain.plan_models import SETTINGS_OF_MODELS, TRAITS
from siting.domain.scenario import PlanOptions, Scenario, idle_settings, with_lattice
from siting.errors import Faults, InputError
from siting.locate.problem import Effort
from siting.read.plan import PlanFile, read_plan
from siting.read.scenario import scenario_faults

# Steps of the progress bar during the proof: from no bound to an optimal one.
STEPS: Final = 1000


@dataclass(frozen=True)
class Start:
    """A plan's file from which the search starts, and where it lies."""

    file: PlanFile
    path: Path


@dataclass(frozen=True)
class Request:
    """What a call of ``propose`` asks: the scenario with a source of candidates, the options, and the start."""

    scenario: Scenario
    plan: PlanOptions
    start: Start | None = None


def request_of(
    scenario: Scenario,
    *,
    forced: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    candidates: Literal["generate"] | None = None,
    start: Path | None = None,
    options: dict[str, object],
) -> Request:
    """Return the request of a scenario and a call; ``options`` are keys of ``[plan]``.

    Raises
    ------
    InputError
        The file ``start`` is no plan; candidates are missing or given twice; an option is wrong for its model.
    """
    # The file is read here: a wrong one should not wait for the walks.
    begun = None if start is None else Start(read_plan(start).until(scenario.scenario.horizon), start)
    scenario = _with_candidates(scenario, candidates)
    named = _named(scenario.plan, _ids(forced), _ids(forbidden))
    return Request(scenario, merge_options(scenario.plan, **named, **options), begun)


def _with_candidates(scenario: Scenario, asked: Literal["generate"] | None) -> Scenario:
    """Return a scenario with a source of candidates."""
    faults = Faults()
    if asked is None and scenario.candidates is None:
        faults.add("plan_without_candidates")
    elif asked is not None and scenario.candidates is not None:
        faults.add("plan_candidates_given", field="candidates")
    faults.stop_if_any()
    return scenario if asked is None else with_lattice(scenario)


def _named(plan: PlanOptions, forced: tuple[str, ...], forbidden: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the forced and forbidden sites of the scenario and of the call; the call takes precedence."""
    return {
        "forced": tuple(dict.fromkeys([*(key for key in plan.forced if key not in forbidden), *forced])),
        "forbidden": tuple(dict.fromkeys([*(key for key in plan.forbidden if key not in forced), *forbidden])),
    }


def _ids(given: Iterable[str]) -> tuple[str, ...]:
    """Return ids as a tuple; a single string is one id, not a sequence of letters."""
    return (given,) if isinstance(given, str) else tuple(given)


def merge_options(plan: PlanOptions, **given: Any) -> PlanOptions:
    """Return the options of the scenario's plan, overridden by those of the call.

    A number of stations or a budget in the call replaces both of the scenario's. Another model that needs neither drops
    them too. Settings of the scenario that the call's model does not use are left out.
    """
    told = {name: value for name, value in given.items() if value is not None}
    model = told.get("model", plan.model)
    switches = model != plan.model
    unsized = switches and model in TRAITS and not TRAITS[model].bounded_by
    replaces = unsized or bool({"stations", "budget_cny"} & told.keys())
    size = {"stations": None, "budget_cny": None} if replaces else {}
    own = plan.model_dump(exclude_unset=True, exclude=_left_out(plan, model))
    # A setting of the call is validated against the model, whether the call or the scenario names the model.
    named = {"model": model} if switches or SETTINGS_OF_MODELS & told.keys() else {}
    try:
        return PlanOptions.model_validate({**own, **size, **told, **named})
    except ValidationError as error:
        raw = {"plan": told}
        wrong = [each | {"loc": ("plan", *each["loc"])} for each in error.errors(include_url=False)]
        raise InputError(scenario_faults(wrong, raw, "")) from error


def _left_out(plan: PlanOptions, model: str) -> set[str]:
    """Return the scenario's settings that the model does not use, if the scenario does not name that model itself."""
    named = next((each for each in TRAITS if each == model), None)
    if named is None or (named == plan.model and "model" in plan.model_fields_set):
        return set()
    return {*idle_settings(plan, named)}


def unused_settings(own: PlanOptions, plan: PlanOptions) -> tuple[Note, ...]:
    """Return a note on the settings of the scenario that the model does not use."""
    idle = [*_left_out(own, plan.model)]
    idle = sorted(idle) + (["closable"] if plan.closable and not plan.closing else [])
    return (Note("plan_settings_unused", {"names": ", ".join(idle), "model": plan.model}),) if idle else ()


def effort_of(plan: PlanOptions, progress: Progress | None = None) -> Effort:
    """Return when to stop; a progress bar shows how close the bound is."""
    effort = Effort(max_nodes=plan.max_nodes, time_limit_s=plan.time_limit_s, seed=plan.seed)
    if progress is None:
        return effort

    def told(objective: float, bound: float) -> None:
        apart = abs(bound - objective) / max(abs(objective), 1e-12)
        near = 1.0 - min(apart, 1.0) if np.isfinite(apart) else 0.0
        progress("solve", min(round(STEPS * near), STEPS - 1), STEPS)

    progress("solve", 0, STEPS)
    return replace(effort, report=told)
