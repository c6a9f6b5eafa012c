"""The version, once."""

from typing import Final

__version__: Final = "0.1.0"
# Of the result files; it rises when a member goes, or means something else.
SCHEMA_VERSION: Final = 1
