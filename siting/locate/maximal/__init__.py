"""Maximal covering of plain problems: so many stations, some kept, forced or forbidden, and nothing else.

A problem is reduced without loss (:mod:`siting.locate.reduction`); a greedy choice is bettered by exchanges
(:mod:`~siting.locate.maximal.search`) while Lagrangian prices lower the bound (:mod:`~siting.locate.maximal.bound`) and
show which rows are in no better choice, or in all (:mod:`~siting.locate.maximal.core`); what is left goes to the solver
(:mod:`~siting.locate.maximal.finish`).
"""

from siting.locate.maximal.covering import maximal_covering
from siting.locate.maximal.curve import CurvePoint, covering_curve

__all__ = ["CurvePoint", "covering_curve", "maximal_covering"]
