"""Series of plans: the coverage curve, the order of building, and alternative plans.

Each function takes the solver as a parameter, so it works with every model and rule that the solver supports.
"""

from siting.locate.series.alternatives import Alternatives, alternatives, stability
from siting.locate.series.curve import coverage_curve
from siting.locate.series.optima import Optimum
from siting.locate.series.order import build_order

__all__ = ["Alternatives", "Optimum", "alternatives", "build_order", "coverage_curve", "stability"]
