"""The order of the work: read → places → travel → assess → locate → travel, assess again.

Only this package knows the order of the other packages.
"""

from siting.pipeline.changing import compare as compare
from siting.pipeline.changing import measured_of as measured_of
from siting.pipeline.checking import audit as audit
from siting.pipeline.checking import check as check
from siting.pipeline.comparing import sensitivity as sensitivity
from siting.pipeline.comparing import sensitivity_of as sensitivity_of
from siting.pipeline.explaining import explain as explain
from siting.pipeline.inspecting import inspect as inspect
from siting.pipeline.planning import Planned as Planned
from siting.pipeline.planning import propose as propose
from siting.pipeline.rereading import check_with as check_with
from siting.pipeline.rereading import measure_plan as measure_plan
from siting.pipeline.verifying import verify as verify
