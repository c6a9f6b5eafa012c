"""Figures of people in results that are passed on: rounded, and withheld below a threshold."""

import math
from dataclasses import replace
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Stage

# Persons below which a figure is withheld, and the step to which the others are rounded.
THRESHOLD: Final = 5
STEP: Final = 5
# What is left open about a withheld figure at least: the width of the interval that all published figures allow.
WIDTH: Final = 2.5


# Objectives of plans that count people, or the years of people.
COUNTED: Final = frozenset({"covered", "beyond", "elderly_years", "promised"})
# The attribute of tables whose people are rounded.
ROUNDED: Final = "people_rounded"


def is_withheld(persons: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Tell which figures of people are withheld; that nobody lives somewhere is not.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.domain.withheld import is_withheld
    >>> is_withheld(np.array([0.0, 0.4, 4.9, 5.0])).tolist()
    [False, True, True, False]
    """
    return np.asarray((persons > 0) & (persons < THRESHOLD))


def rounded(persons: Floats) -> Floats:
    """Return figures of people rounded to the step; what is unknown or without limit stays.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.domain.withheld import rounded
    >>> rounded(np.array([0.0, 7.4, 7.6, np.inf])).tolist()
    [0.0, 5.0, 10.0, inf]
    """
    return np.asarray(np.rint(persons / STEP) * STEP, dtype=np.float64)


def told(persons: float | None) -> float | None:
    """Return one figure of people as it is passed on: None if it is withheld or unknown.

    Examples
    --------
    >>> from siting.domain.withheld import told
    >>> told(3.0), told(0.0), told(1234.0)
    (None, 0.0, 1235.0)
    """
    if persons is None or np.isnan(persons) or 0 < persons < THRESHOLD:
        return None
    return float(rounded(np.array([persons]))[0])


def rounded_stage(stage: Stage) -> Stage:
    """Return an objective of a plan as it is told: people are rounded, the bound away from what it bounds.

    What is not proved does not look proved: its bound stays a step away.

    Examples
    --------
    >>> from siting.domain.nouns import Stage
    >>> from siting.domain.withheld import rounded_stage
    >>> rounded_stage(Stage("covered", "max", 1583.4, 1583.4))
    Stage(name='covered', sense='max', objective=1585.0, bound=1585.0)
    >>> rounded_stage(Stage("covered", "max", 1584.4, 1584.9)).bound
    1590.0
    """
    if stage.name not in COUNTED or math.isnan(stage.objective):
        return stage
    objective = float(rounded(np.array(stage.objective)))
    if stage.proved:
        return replace(stage, objective=objective, bound=objective)
    if not math.isfinite(stage.bound):
        return replace(stage, objective=objective)
    sign = 1 if stage.sense == "max" else -1
    bound = sign * STEP * math.ceil(sign * stage.bound / STEP)
    return replace(stage, objective=objective, bound=sign * max(sign * bound, sign * objective + STEP))
