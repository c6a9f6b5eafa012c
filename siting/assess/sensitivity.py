"""How coverage changes with what no document says: the walker, slopes, the direction, the mode."""

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

# From the slowest to the fastest; a scenario's other walker stands beside them.
_WALKERS: Final = ("frail", "elder", "fit")
COLUMNS: Final = (
    "varied", "walker", "speed_m_s", "slope", "direction", "mode", "own", "elderly", "elderly_covered", "covered_share",
    "difference", "residents", "residents_covered", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """A way of walking that is compared, and what it varies of the scenario's own."""

    varied: Varied
    walking: Walking


def settings_around(own: Walking, modes: Sequence[Mode]) -> list[Setting]:
    """Return the settings that are compared: one thing at a time is varied, and walkers and slope crosswise.

    Parameters
    ----------
    own : Walking
        The scenario's.
    modes : sequence of str
        Modes for which there is ground, straight lines apart.

    Returns
    -------
    list of Setting
        Each group holds the scenario's own. In straight lines neither slope nor direction counts, and they are not
        varied.
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


def covered_people(demand: Demand, inside: NDArray[np.bool_], covered: NDArray[np.bool_]) -> dict[str, float]:
    """Count the people inside the units, and those of them who are covered.

    Parameters
    ----------
    demand : Demand
        Where people are.
    inside : ndarray of bool
        The cells that were looked at: at least all that lie within a unit.
    covered : ndarray of bool
        Which of these cells are covered.

    Returns
    -------
    dict
        ``elderly``, ``elderly_covered``, ``covered_share`` (of the elderly), ``residents``, ``residents_covered``;
        persons, NaN where they are not known.
    """
    cells = demand.cells[inside]
    counts = {}
    for who in ("elderly", "residents"):
        people = (cells[who] * cells["inside"]).to_numpy(dtype=np.float64)
        known = bool(np.isfinite(people).any())
        counts[who] = float(np.nansum(people)) if known else np.nan
        counts[f"{who}_covered"] = float(np.nansum(people[covered])) if known else np.nan
    elderly = counts["elderly"]
    return {**counts, "covered_share": counts["elderly_covered"] / elderly if elderly > 0 else np.nan}


def sensitivity_table(
    own: Walking,
    settings: Sequence[Setting],
    counts: Sequence[dict[str, float]],
    *,
    speeds: Sequence[float],
    hilly: bool,
) -> pd.DataFrame:
    """Lay settings and what they cover out.

    Parameters
    ----------
    own : Walking
        The scenario's.
    settings, counts, speeds
        The settings, what :func:`covered_people` says of each, and the walker's speed on the flat in each, m/s.
    hilly : bool
        Whether there is terrain that says how steep it is.

    Returns
    -------
    pandas.DataFrame
        One row a setting, ``COLUMNS``: ``own`` marks the scenario's, ``difference`` is that of the share to the
        scenario's own, ``note`` is ``optimistic`` (straight lines), ``no_terrain`` (slope on, but walked as flat for
        want of heights) or None.
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
