"""Set covering: the fewest stations, or the least money, for a share of all persons."""

from siting.locate.set_cover.covering import set_covering

__all__ = ["set_covering"]
