"""The p-median: sparse interchange, the Lagrangian bound, and the tree that proves."""

from siting.locate.median.stages import p_median

__all__ = ["p_median"]
