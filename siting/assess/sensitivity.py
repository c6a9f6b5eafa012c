"""How coverage depends on settings that no document specifies: the walker, slopes, the direction, the mode."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.domain.nouns import Demand
from siting.domain.scenario import Direction, Walking

Varied = Literal["walker_slope", "direction", "mode"]
Mode = Literal["network", "surface", "straight_line"]

# From the slowest to the fastest; another walker of the scenario comes in addition.
_WALKERS: Final = ("frail", "elder", "fit")
COLUMNS: Final = (
    "varied", "walker", "speed_m_s", "slope", "direction", "mode", "own", "elderly", "elderly_covered",
    "elderly_covered_high", "covered_share", "covered_share_high", "difference", "residents", "residents_covered",
    "note",
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """A compared setting of walking, and what it varies from the scenario's own."""

    varied: Varied
    walking: Walking


def settings_around(own: Walking, modes: Sequence[Mode]) -> list[Setting]:
    """Return the compared settings: one parameter at a time is varied; walkers and slope are combined.

    Parameters
    ----------
    own : Walking
        The scenario's setting.
    modes : sequence of str
        Modes with data, without straight lines.

    Returns
    -------
    list of Setting
        Each group contains the scenario's own setting. In straight lines slope and direction have no effect, and are
        not varied.
    """
    walkers = (*_WALKERS, *(() if own.walker in _WALKERS else (own.walker,)))
    straight = own.mode == "straight_line"
    slopes = (own.slope,) if straight else (True, False)
    directions: tuple[Direction, ...] = () if straight else get_args(Direction)
    lines: Mode = "straight_line"
    varied: list[tuple[Varied, dict[str, Any]]] = [
        *(("walker_slope", {"walker": walker, "slope": slope}) for slope in slopes for walker in walkers),
        *(("direction", {"direction": direction}) for direction in directions),
        *(("mode", {"mode": mode}) for mode in (*modes, lines)),
    ]
    return [Setting(what, own.model_copy(update=change)) for what, change in varied]


def covered_people(
    demand: Demand, inside: NDArray[np.bool_], covered: NDArray[np.bool_], perhaps: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """Count the people inside the units, and how many of them are covered.

    Parameters
    ----------
    demand : Demand
        The population cells.
    inside : ndarray of bool
        The cells in question: at least all that lie within a unit.
    covered : ndarray of bool
        Which of these cells are covered.
    perhaps : ndarray of bool, optional
        Which of them are covered if the facilities count of which this is unknown.

    Returns
    -------
    dict
        ``elderly``, ``elderly_covered``, ``elderly_covered_high``, ``covered_share`` and ``covered_share_high`` (of the
        elderly), ``residents``, ``residents_covered``; persons, NaN if unknown.
    """
    cells = demand.cells[inside]
    counts = {}
    for who in ("elderly", "residents"):
        people = (cells[who] * cells["inside"]).to_numpy(dtype=np.float64)
        known = bool(np.isfinite(people).any())
        counts[who] = float(np.nansum(people)) if known else np.nan
        counts[f"{who}_covered"] = float(np.nansum(people[covered])) if known else np.nan
        if who == "elderly":
            most = covered if perhaps is None else covered | perhaps
            counts["elderly_covered_high"] = float(np.nansum(people[most])) if known else np.nan
    elderly = counts["elderly"]
    shares = {"covered_share": "elderly_covered", "covered_share_high": "elderly_covered_high"}
    return {**counts, **{key: counts[of] / elderly if elderly > 0 else np.nan for key, of in shares.items()}}


def sensitivity_table(
    own: Walking,
    settings: Sequence[Setting],
    counts: Sequence[dict[str, float]],
    *,
    speeds: Sequence[float],
    hilly: bool,
) -> pd.DataFrame:
    """Return the settings and their coverage as a table.

    Parameters
    ----------
    own : Walking
        The scenario's setting.
    settings, counts, speeds
        The settings, the results of :func:`covered_people` for each, and the walker's speed on the flat in each, m/s.
    hilly : bool
        Whether there is terrain with elevations.

    Returns
    -------
    pandas.DataFrame
        One row for each setting, ``COLUMNS``: ``own`` marks the scenario's, ``difference`` is that of the share to the
        scenario's own, ``note`` is ``optimistic`` (straight lines), ``no_terrain`` (slope on, but walked as flat
        without elevations) or None.
    """
    rows = []
    for setting, count, speed in zip(settings, counts, speeds, strict=True):
        walking = setting.walking
        straight = walking.mode == "straight_line"
        flat = walking.slope and not hilly and not straight and setting.varied == "walker_slope"
        rows.append(
            {
                "varied": setting.varied,
                **{key: getattr(walking, key) for key in ("walker", "slope", "direction", "mode")},
                "speed_m_s": speed,
                "own": walking == own,
                **count,
                "note": "optimistic" if straight else "no_terrain" if flat else None,
            }
        )
    table = pd.DataFrame(rows)
    table["difference"] = table["covered_share"] - table.loc[table["own"], "covered_share"].iloc[0]
    table["note"] = table["note"].astype("object").where(table["note"].notna(), None)
    return table[list(COLUMNS)]
