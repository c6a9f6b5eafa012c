"""SplitMix64: random numbers for compiled loops, and hashes (Steele, Lea and Flood 2014)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from siting.compiled import compiled

State = NDArray[np.uint64]

# The step of the state; it also tells hashes of small numbers apart.
STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_BY_30, _BY_27, _BY_31 = np.uint64(30), np.uint64(27), np.uint64(31)
_HALF: Final = np.uint64(32)
_UNIT: Final = 2.0**-32


def random_state(seed: int) -> State:
    """Return the state of a random generator."""
    return np.array([seed % 2**64], dtype=np.uint64)


@compiled
def scattered(number: np.uint64) -> np.uint64:
    """Return a number scattered over 64 bits."""
    number = (number ^ (number >> _BY_30)) * _FIRST
    number = (number ^ (number >> _BY_27)) * _SECOND
    return number ^ (number >> _BY_31)


@compiled
def _bits(state: State) -> np.uint64:
    """Return the next 32 random bits."""
    state[0] += STEP
    return np.uint64(scattered(state[0]) >> _HALF)


@compiled
def draw(state: State, below: int) -> int:
    """Return a random whole number from 0 to below ``below``, which is at most 2³²."""
    return int(np.int64((_bits(state) * np.uint64(below)) >> _HALF))


@compiled
def uniform(state: State) -> float:
    """Return a random number between 0 and 1, never an end."""
    return float((np.float64(_bits(state)) + 0.5) * _UNIT)
