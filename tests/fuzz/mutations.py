"""Changes of a small district: each a named function that draws with a random generator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.fuzz.district import District

# Changes a district; False where there is nothing to change.
Change = Callable[[District, Random], bool | None]


@dataclass(frozen=True)
class Mutation:
    """A change, and whether figures stay the same under it."""

    change: Change
    same: bool

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"{self.change.__module__.rpartition('.')[2]}.{self.change.__name__}"


_KNOWN: Final[dict[str, list[Mutation]]] = {}
# Of so many runs one draws only what must change no figure.
_SAME: Final = 8


def mutation(change: Change) -> Change:
    """Take in a change after which anything may come out that is right, or our own fault."""
    _KNOWN.setdefault(change.__module__, []).append(Mutation(change, same=False))
    return change


def harmless(change: Change) -> Change:
    """Take in a change that means nothing: figures must stay."""
    _KNOWN.setdefault(change.__module__, []).append(Mutation(change, same=True))
    return change


def known() -> list[Mutation]:
    """Return all changes."""
    return [each for found in _kinds() for each in found]


def _kinds() -> list[list[Mutation]]:
    from tests.fuzz import cells, keys, networks, rasters, shapes  # noqa: F401 - each takes in its changes

    return list(_KNOWN.values())


def drawn_mutations(district: District, rng: Random, seed: int) -> Sequence[Mutation]:
    """Draw one to three changes and make them."""
    kinds = [[each for each in found if each.same or seed % _SAME] for found in _kinds()]
    made: list[Mutation] = []
    wanted = rng.choice((1, 1, 2, 2, 3))
    for _ in range(40):
        if len(made) == wanted:
            break
        drawn = rng.choice(rng.choice(kinds))
        if drawn.change(district, rng) is not False:
            made.append(drawn)
    return made
