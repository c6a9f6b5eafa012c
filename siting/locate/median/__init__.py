"""The p-median: sparse interchange, the Lagrangian bound, and branch and bound."""

from siting.locate.median.solve import p_median

__all__ = ["p_median"]
