"""The hallway: read → places → travel → assess → locate → travel, assess again.

Only this package knows the order of the rooms.
"""

from siting.pipeline.checking import audit, check
from siting.pipeline.comparing import sensitivity, sensitivity_of
from siting.pipeline.explaining import explain
from siting.pipeline.planning import Planned, measure_plan, propose

__all__ = ["Planned", "audit", "check", "explain", "measure_plan", "propose", "sensitivity", "sensitivity_of"]
