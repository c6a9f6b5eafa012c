"""The people of the cells during derivation, calibration and growth, with exact totals."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from siting.domain.nouns import Floats

WHO = ("residents", "elderly")


@dataclass(frozen=True)
class People:
    """People of the cells, and of the area beyond them.

    ``cells`` holds ``residents``, ``elderly`` (NaN throughout if unknown) and ``group_NAME``; ``beyond`` holds the
    numbers of ``residents`` and ``elderly`` beyond the cells. ``derived`` maps derived people to their source:
    ``elderly`` to ``residents`` through a share, or the reverse. ``spill`` holds, of who is given by areas that are the
    units, the part of each cell that lies outside the units though nobody of it was given there: such people do not
    exist, and do not count in ``total``.
    """

    cells: pd.DataFrame
    beyond: Mapping[str, float]
    derived: Mapping[str, str]
    spill: Mapping[str, Floats] = field(default_factory=dict)

    def known(self, who: str) -> bool:
        """Tell whether the number of residents or elderly is known."""
        return bool(self.cells[who].notna().all()) and not np.isnan(self.beyond[who])

    def total(self, who: str) -> float:
        """Persons in all cells and beyond; NaN if unknown."""
        return float((self.cells[who].to_numpy() * (1.0 - self.spilled(who))).sum()) + self.beyond[who]

    def spilled(self, who: str) -> Floats | float:
        """Return ``spill`` of residents or elderly; derived people are where the people are that they derive from."""
        return self.spill.get(self.derived.get(who, who), 0.0)

    def with_cells(self, who: str, people: Floats) -> "People":
        """Return a copy with other residents or elderly in the cells; groups keep their share of the elderly."""
        changed = {who: people}
        if who == "elderly":
            before = self.cells[who].to_numpy()
            factor = np.divide(people, before, out=np.ones_like(people), where=before > 0)
            changed |= {name: self.cells[name].to_numpy() * factor for name in groups_of(self.cells)}
        return replace(self, cells=self.cells.assign(**changed))

    def with_beyond(self, who: str, people: float) -> "People":
        """Return a copy with other residents or elderly beyond the cells."""
        return replace(self, beyond={**self.beyond, who: people})


def groups_of(cells: pd.DataFrame) -> list[str]:
    """Return the names of the group columns."""
    return [name for name in cells.columns if str(name).startswith("group_")]


def derive(people: People, share: float | None) -> People:
    """Derive residents from elderly, or elderly from residents, through elderly ÷ residents.

    Parameters
    ----------
    people : People
        Unknown people (NaN throughout) are derived, and people that were derived before are derived again.
    share : float, optional
        Elderly ÷ residents; without it nothing is derived.

    Returns
    -------
    People
        Groups follow the elderly.
    """
    if share is None:
        return people
    for who, other, factor in (("residents", "elderly", 1 / share), ("elderly", "residents", share)):
        lacking = not people.known(who) or who in people.derived
        if lacking and people.known(other) and other not in people.derived:
            found = people.with_cells(who, people.cells[other].to_numpy() * factor)
            found = found.with_beyond(who, people.beyond[other] * factor)
            return replace(found, derived={who: other})
    return people
