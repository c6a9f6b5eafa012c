"""The hallway: read → places → travel → assess → locate → travel, assess again.

Only this package knows the order of the rooms.
"""

from siting.pipeline.checking import audit, check
from siting.pipeline.comparing import sensitivity, sensitivity_of
from siting.pipeline.explaining import explain
from siting.pipeline.planning import Planned, measure_plan, propose

__all__ = ["Planned", "audit", "check", "explain", "measure_plan", "propose", "sensitivity", "sensitivity_of"]

# For a while, until everybody knows the new names.
from siting.pipeline.ground import in_circle as _in_circle  # noqa: F401
from siting.pipeline.ground import measure as _measure  # noqa: F401
from siting.pipeline.ground import prepare as _prepare  # noqa: F401
from siting.pipeline.ground import walk as _walk  # noqa: F401
