"""The account of people, from the files to the cells (methods, definition 8)."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Note
from siting.places.gridding import Gridded
from siting.places.people import WHO, People

# Persons per person: rounding errors are far smaller.
_EVEN: Final = 1e-9

Persons = Mapping[str, float]


@dataclass(frozen=True)
class Account:
    """Residents and elderly after every step, persons; NaN if unknown.

    ``read`` is the number given, and ``read_outside`` how many of these are in no unit; ``calibrated`` and ``grown``
    are the changes by these steps; ``inside`` are in the units, ``outside_units`` in other cells, ``outside_window``
    beyond the cells; ``moved`` are in another cell than given.
    """

    read: Persons
    read_outside: Persons
    calibrated: Persons = field(default_factory=lambda: dict.fromkeys(WHO, 0.0))
    grown: Persons = field(default_factory=lambda: dict.fromkeys(WHO, 0.0))
    inside: Persons = field(default_factory=dict)
    outside_units: Persons = field(default_factory=dict)
    outside_window: Persons = field(default_factory=dict)
    moved: Persons = field(default_factory=dict)
    moved_m: Persons = field(default_factory=dict)

    @classmethod
    def of(cls, people: People) -> "Account":
        """Return the account of people as read, of which ``spill`` is in no cell."""
        inside = people.cells["inside"].to_numpy()
        outside = {
            who: float(people.cells[who].to_numpy() @ (1.0 - inside - people.spilled(who))) + people.beyond[who]
            for who in WHO
        }
        return cls(read={who: replace(people, spill={}).total(who) for who in WHO}, read_outside=outside)

    def calibrated_to(self, people: People) -> "Account":
        """Return the account after calibration."""
        return replace(self, calibrated={who: people.total(who) - self.read[who] for who in WHO})

    def grown_to(self, people: People) -> "Account":
        """Return the account after growth."""
        before = {who: self.read[who] + self.calibrated[who] for who in WHO}
        return replace(self, grown={who: people.total(who) - before[who] for who in WHO})

    def placed(self, people: People, gridded: Gridded) -> "Account":
        """Return the account with the people inside and outside the units.

        Raises
        ------
        AssertionError
            People were created or lost.
        """
        share = people.cells["inside"].to_numpy()
        cells = {who: people.cells[who].to_numpy() for who in WHO}
        # Derived people are where the people are from which they are derived.
        source = {who: people.derived.get(who, who) for who in WHO}
        ratio = {who: self.read[who] / self.read[source[who]] if self.read[source[who]] > 0 else 1.0 for who in WHO}
        found = replace(
            self,
            inside={who: float(cells[who] @ share) for who in WHO},
            outside_units={who: float(cells[who] @ (1.0 - share - people.spilled(who))) for who in WHO},
            outside_window=dict(people.beyond),
            moved={who: gridded.moved.get(source[who], np.nan) * ratio[who] for who in WHO},
            moved_m={who: gridded.moved_m.get(source[who], np.nan) for who in WHO},
        )
        found.check()
        return found

    def spread_to(self, before: People, after: People) -> "Account":
        """Return the account after people were moved within the units.

        Raises
        ------
        AssertionError
            People were created or lost.
        """
        share = before.cells["inside"].to_numpy()
        moved = {
            who: self.moved[who] + float(np.abs(after.cells[who].to_numpy() - before.cells[who].to_numpy()) @ share) / 2
            for who in WHO
        }
        found = replace(self, inside={who: float(after.cells[who].to_numpy() @ share) for who in WHO}, moved=moved)
        found.check()
        return found

    def outside_notes(self, derived: Container[str]) -> Iterator[Note]:
        """Return how many given (not derived) people live outside all units, if there is at least one person.

        They are counted as read: calibration and growth change people, and so the share outside.
        """
        for who in WHO:
            read, outside = self.read[who], self.read_outside[who]
            if who not in derived and outside >= 1.0:
                told = {"people": f"{outside:,.0f}", "read": f"{read:,.0f}", "share": f"{outside / read:.1%}"}
                yield Note("people_outside", {"layer": f"population.{who}", **told})

    def check(self) -> None:
        """Refuse an account that does not balance.

        Raises
        ------
        AssertionError
            read + calibrated + grown is not inside + outside.
        """
        for who in WHO:
            given = self.read[who] + self.calibrated[who] + self.grown[who]
            found = self.inside[who] + self.outside_units[who] + self.outside_window[who]
            if abs(given - found) > _EVEN * max(1.0, self.read[who], given):
                message = f"{who}: {given} persons were given, {found} were placed"
                raise AssertionError(message)

    def told(self) -> dict[str, float]:
        """Return the account as ``WHO_WHAT``; ``outside`` is the sum of both kinds."""
        account: dict[str, float] = {}
        for who in WHO:
            steps = {
                "read": self.read,
                "calibrated": self.calibrated,
                "grown": self.grown,
                "inside": self.inside,
                "outside": {who: self.outside_units[who] + self.outside_window[who]},
                "outside_units": self.outside_units,
                "outside_window": self.outside_window,
                "moved": self.moved,
                "moved_m": self.moved_m,
            }
            account |= {f"{who}_{name}": persons[who] for name, persons in steps.items()}
        return account
