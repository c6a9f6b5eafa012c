"""Walkers: named walkers with speeds, what they cannot use, and the sources of the figures."""

from dataclasses import dataclass
from typing import Final

# Assumptions; no document gives them. People stand on escalators, which run at 0.5 m/s along the slope.
ESCALATOR_M_S: Final = 0.5
LIFT_WAIT_S: Final = 30.0

_STAIRS = "Fruin's women over 50, as PD 7974-6 quotes them: 0.485 m/s up, 0.595 m/s down, along the slope"


@dataclass(frozen=True)
class WalkerSpeeds:
    """Speeds of a walker in m/s, what the walker cannot use, and seconds of waiting.

    Parameters
    ----------
    flat : float
        On the flat, m/s.
    stairs_up, stairs_down : float
        Along the slope of stairs, m/s; 0: stairs are not used in that direction.
    source : str
        The source of the figures.
    max_slope : float or None
        The steepest slope (rise over run, inclusive) off stairs; None: any.
    crossing_wait : float
        Seconds of waiting at each crossing.
    lift_wait : float
        Seconds of waiting at each lift.
    escalator : float or None
        Along the slope of an escalator, m/s; None: escalators are not used.
    """

    flat: float
    stairs_up: float
    stairs_down: float
    source: str
    max_slope: float | None = None
    crossing_wait: float = 0.0
    lift_wait: float = LIFT_WAIT_S
    escalator: float | None = ESCALATOR_M_S


WALKERS: Final = {
    "elder": WalkerSpeeds(0.8, 0.485, 0.595, f"planning literature for the elderly, 0.8 to 1.0 m/s; stairs: {_STAIRS}"),
    "frail": WalkerSpeeds(
        0.6, 0.31, 0.31, "planning literature, frail: 0.5 to 0.6 m/s; stairs: NIST, mobility-impaired descent 0.31 m/s"
    ),
    "fit": WalkerSpeeds(1.0, 0.485, 0.595, f"Chinese junction code of 2012, crossings: 1.0 m/s; stairs: {_STAIRS}"),
    "wheelchair": WalkerSpeeds(
        0.69,
        0.0,
        0.0,
        "manual wheelchair on the level, mean 0.69 m/s: Boyce, Shields and Silcock 1999; slope: GB 50763-2012, ramps "
        "for wheelchairs, 1:12 for rises up to 0.75 m; both as usually cited, not seen at first hand",
        max_slope=1 / 12,
        escalator=None,
    ),
}
