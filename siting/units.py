"""Units of measure: constants with their meaning."""

from typing import Final

SECONDS_PER_MINUTE: Final = 60.0
M2_PER_HECTARE: Final = 10_000.0
M2_PER_KM2: Final = 1_000_000.0

PERSONS_PER_HECTARE: Final = "persons per ha"
PERSONS_PER_KM2: Final = "persons per km2"

# Area in m² to which a density's denominator refers.
DENSITY_AREA_M2: Final = {PERSONS_PER_HECTARE: M2_PER_HECTARE, PERSONS_PER_KM2: M2_PER_KM2}

# Width of an age band in population projections.
YEARS_PER_BAND: Final = 5
