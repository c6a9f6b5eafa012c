"""What a batch is asked to do, and what it found."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from siting.domain.nouns import Assessment
from siting.pipeline.planning import Planned

# The stage of progress that counts parts.
STAGE: Final = "parts"
WORK: Final = "work"
PARTS: Final = "parts"
# The columns of the table of parts.
COLUMNS: Final = (
    "part",
    "name",
    "residents",
    "elderly",
    "elderly_covered",
    "covered_share",
    "places",
    "places_with_gap",
    "stations",
)


@dataclass(frozen=True)
class Job:
    """Where a batch runs, and what it is asked to plan.

    Parameters
    ----------
    out : pathlib.Path
        The folder of the results.
    scheduler : str or None
        The address of a running Dask scheduler; None: processes of this machine.
    workers : int or None
        Their number; that of the processors if absent.
    storage : str or None
        Where inputs and results of parts lie: a folder or a URL of fsspec; ``work`` within ``out`` if absent.
    stations, budget : int or float or None
        Share out so many new stations, or so much money (yuan), over the parts; None: no plan.
    """

    out: Path
    scheduler: str | None = None
    workers: int | None = None
    storage: str | None = None
    stations: int | None = None
    budget: float | None = None

    @property
    def plans(self) -> bool:
        """Whether stations or money are shared out."""
        return self.stations is not None or self.budget is not None

    @property
    def work(self) -> str:
        """Where inputs and results of parts lie."""
        return self.storage or str((self.out / WORK).resolve())

    def folder_of(self, name: str) -> Path:
        """Return the folder of a part's results."""
        return (self.out / PARTS / name).resolve()


@dataclass(frozen=True)
class SharedPlan:
    """What stations over parts achieve together: people newly covered, and the proved bound.

    ``price`` is the Lagrangian multiplier: the persons that one more station, or one more yuan, adds.
    """

    stations: int
    objective: float
    bound: float
    price: float
    by_money: bool = False

    @property
    def gap(self) -> float:
        """(bound − objective) ÷ objective; 0 if both are equal."""
        above = max(self.bound - self.objective, 0.0)
        return above / self.objective if self.objective > 0 else above


@dataclass(frozen=True)
class BatchResult:
    """What a batch found: a table of its parts, and the files that were written.

    ``assessment`` and ``planned`` are those of the whole if it is one scenario.
    """

    parts: pd.DataFrame
    files: Sequence[Path] = ()
    assessment: Assessment | None = None
    planned: Planned | None = None
    plan: SharedPlan | None = None
