"""How many random examples tests draw."""

import os
from typing import Final

# CI has half an hour: it draws half as many as the desk.
_HALF: Final = bool(os.environ.get("SITING_REQUIRE"))


def examples(count: int) -> int:
    """Return how many examples a property is tried on, of so many at the desk; two at least."""
    return max(min(count, 2), count // 2) if _HALF else count
