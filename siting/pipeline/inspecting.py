"""What reading finds, and where the people of the layers are."""

from siting.domain.note_order import CALIBRATED, by_importance
from siting.domain.nouns import Inputs, Progress
from siting.domain.scenario import Scenario
from siting.pipeline.ground import basis_of, demand_of
from siting.read import inspect_inputs
from siting.read.log import Log


def inspect(scenario: Scenario, progress: Progress) -> tuple[Inputs | None, Log]:
    """Read all layers of a scenario and report the findings, whatever the faults.

    Added is how many people are outside all units, and how people are calibrated.
    """
    inputs, log = inspect_inputs(scenario, progress)
    if inputs is not None:
        demand = demand_of(inputs, basis_of(inputs), progress)
        told = [note for note in demand.notes if note.code in ("people_outside", *CALIBRATED)]
        log.notes = by_importance([*log.notes, *told])
    return inputs, log
