"""Everything that a page needs to measure any choice of sites as the check does."""

from siting.pipeline.what_if.gathering import what_if as what_if

__all__ = ["what_if"]
