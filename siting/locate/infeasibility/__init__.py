"""Why a request cannot be met, and the smallest number, money, capacity or minutes with which it can."""

from siting.locate.infeasibility.explain import Blocked, explain_infeasible

__all__ = ["Blocked", "explain_infeasible"]
