"""Many plans side by side: the curve of what more stations bring, the order in which to build, and other good plans.

Each takes the solver as a parameter, so that it works with every model and rule that the solver knows.
"""

from siting.locate.series.alternatives import Alternatives, alternatives, stability
from siting.locate.series.curve import coverage_curve
from siting.locate.series.optima import Optimum, Solver
from siting.locate.series.order import build_order

__all__ = ["Alternatives", "Optimum", "Solver", "alternatives", "build_order", "coverage_curve", "stability"]
