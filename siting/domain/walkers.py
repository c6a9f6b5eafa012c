"""Who walks: named walkers with speeds and where these come from."""

from dataclasses import dataclass
from typing import Final

_STAIRS = "Fruin's women over 50, as PD 7974-6 quotes them: 0.485 m/s up, 0.595 m/s down, along the slope"


@dataclass(frozen=True)
class WalkerSpeeds:
    """Speeds of a walker in m/s: on the flat, and along the slope of stairs."""

    flat: float
    stairs_up: float
    stairs_down: float
    source: str


WALKERS: Final = {
    "elder": WalkerSpeeds(0.8, 0.485, 0.595, f"planning literature for the elderly, 0.8 to 1.0 m/s; stairs: {_STAIRS}"),
    "frail": WalkerSpeeds(
        0.6, 0.31, 0.31, "planning literature, frail: 0.5 to 0.6 m/s; stairs: NIST, mobility-impaired descent 0.31 m/s"
    ),
    "fit": WalkerSpeeds(1.0, 0.485, 0.595, f"Chinese junction code of 2012, crossings: 1.0 m/s; stairs: {_STAIRS}"),
}
