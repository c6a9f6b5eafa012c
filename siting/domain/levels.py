"""The levels of reporting units."""

from typing import Final, Literal

Level = Literal["community", "street", "planning", "district", "city"]
# Levels that nest, from the finest on.
FINE_TO_COARSE: Final[tuple[Level, ...]] = ("community", "street", "planning", "district", "city")
