"""The version."""

from typing import Final

__version__: Final = "0.1.0"
# The version of the result files; it increases if a member is removed, or changes its meaning.
SCHEMA_VERSION: Final = 1
