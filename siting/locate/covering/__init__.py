"""Covering problems without special rules: sites may be kept, forced or forbidden, their number limited, nothing else.

On large problems money may be limited instead of the number (:mod:`~siting.locate.covering.budget`).

:mod:`~siting.locate.covering.mclp` covers most people with a number of sites, and
:mod:`~siting.locate.covering.curve` does so for many numbers. :mod:`~siting.locate.covering.lscp` covers a share with
the fewest or the cheapest sites, and :mod:`~siting.locate.covering.p_center` finds the smallest worst walk that way.

All of them share the lists of a covering instance (:mod:`~siting.locate.covering.instance`) and the state of a choice
(:mod:`~siting.locate.covering.state`). They reduce the problem exactly (:mod:`~siting.locate.covering.reduction`), find
an incumbent by greedy choice and local search (:mod:`~siting.locate.covering.local_search`), improve the bound with
Lagrangian multipliers (:mod:`~siting.locate.covering.lagrangian`), fix sites by their reduced costs, and leave the rest
to HiGHS (:mod:`~siting.locate.covering.exact`).
"""

from siting.locate.covering.curve import CurvePoint, covering_curve
from siting.locate.covering.lscp import set_covering
from siting.locate.covering.mclp import maximal_covering

__all__ = ["CurvePoint", "covering_curve", "maximal_covering", "set_covering"]
