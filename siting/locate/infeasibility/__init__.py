"""Why a request cannot be met, and the smallest number, money, capacity or minutes with which it can."""

from siting.locate.infeasibility.explain import Blocked, explain_infeasible
from siting.locate.infeasibility.feasibility import LONGEST

__all__ = ["LONGEST", "Blocked", "explain_infeasible"]
