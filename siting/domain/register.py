"""The register of new estates: the progress of housing and of its premises for elderly care, and its meaning."""

import datetime as dt
import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from siting.domain.measures import Span
from siting.domain.tables import STAGES

# The steps with dates: 同步验收, 同步交付.
_DATED: Final = ("accepted", "handed_over")
_STAGED: Final = ("housing_stage", "premises_stage")
# Any of these columns shows that a register is kept.
_COLUMNS: Final = (
    *_STAGED,
    *(f"{what}_{step}_on" for step in _DATED for what in ("housing", "premises")),
    "premises_parts",
)


def steps_behind(estate: Mapping[Any, Any]) -> tuple[Span, list[str]]:
    """Return by how many steps the premises of an estate are behind its housing, and the blanks that leave it open.

    The steps are planned, permitted, under construction, accepted and handed over; premises that are ahead are not
    behind (优先或同步). If both were accepted or handed over, a later date of the premises counts as one step.

    Parameters
    ----------
    estate : mapping
        A residential area: ``housing_stage``, ``premises_stage``, and the dates of acceptance and handover.

    Returns
    -------
    tuple of Span and list of str
        A blank stage may be any stage, a blank date any date; a date beyond the stated stage leaves the stage open.

    Examples
    --------
    >>> from siting.domain.register import steps_behind
    >>> steps_behind({"housing_stage": "accepted", "premises_stage": "under_construction"})
    (Span(low=1.0, high=1.0), [])
    >>> steps_behind({"housing_stage": "under_construction", "premises_stage": None})
    (Span(low=0.0, high=2.0), ['premises_stage'])
    """
    stages = [*itertools.product(_stages(estate, "housing_stage"), _stages(estate, "premises_stage"))]
    late = {step: _late(estate, step) for step in _DATED}
    found = [_behind(housing, premises, late) for housing, premises in stages]
    low, high = min(least for least, _ in found), max(most for _, most in found)
    if low == high:
        return Span.exactly(float(low)), []
    reached = max(min(each) for each in stages)
    unsaid = [name for name in _STAGED if len(_stages(estate, name)) > 1]
    days = [name for step in _DATED if reached >= STAGES.index(step) for name in _days(step) if _blank(estate, name)]
    return Span(float(low), float(high)), [*unsaid, *days]


def parts(estate: Mapping[Any, Any]) -> tuple[Span, list[str]]:
    """Return in how many separate parts the premises of an estate are; a blank may be any number.

    Examples
    --------
    >>> from siting.domain.register import parts
    >>> parts({"premises_parts": 2})
    (Span(low=2.0, high=2.0), [])
    """
    if _blank(estate, "premises_parts"):
        return Span(1.0, float("inf")), ["premises_parts"]
    return Span.exactly(float(estate["premises_parts"])), []


def was_finished(estate: Mapping[Any, Any], before: dt.date) -> tuple[bool | None, list[str]]:
    """Tell whether housing was accepted, or handed over, before a date: a document of that date does not apply to it.

    Returns
    -------
    tuple of bool or None, and list of str
        None if a blank date of a step that housing may have reached leaves it open; these columns.

    Examples
    --------
    >>> import datetime as dt
    >>> from siting.domain.register import was_finished
    >>> was_finished({"housing_accepted_on": "2016-01-01"}, dt.date(2025, 7, 15))
    (True, [])
    >>> was_finished({"housing_stage": "accepted"}, dt.date(2025, 7, 15))
    (None, ['housing_accepted_on'])
    """
    reached = max(_stages(estate, "housing_stage"))
    open_days: list[str] = []
    for step in _DATED:
        name = f"housing_{step}_on"
        if not _blank(estate, name):
            # What was accepted later was handed over later too.
            return (True, []) if _day(estate[name]).date() < before else (None if open_days else False, open_days)
        if reached >= STAGES.index(step):
            open_days.append(name)
    return (None if open_days else False), open_days


# What the register tells for each kind of clause that depends on it.
REGISTER: Final[Mapping[str, Callable[[Mapping[Any, Any]], tuple[Span, list[str]]]]] = {
    "estate_in_step": steps_behind,
    "estate_undivided": parts,
}


def is_kept(estates: pd.DataFrame) -> bool:
    """Tell whether a register is kept: whether any residential area states its progress.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.domain.register import is_kept
    >>> from siting.domain.tables import RESIDENTIAL_COLUMNS
    >>> estates = pd.DataFrame({column.key: [None] for column in RESIDENTIAL_COLUMNS})
    >>> is_kept(estates), is_kept(estates.assign(premises_parts=1))
    (False, True)
    """
    return bool(estates[list(_COLUMNS)].notna().to_numpy().any())


def _stages(estate: Mapping[Any, Any], name: str) -> range:
    """Return the possible stages; the date of a step shows that it was reached.

    A date beyond the stated stage contradicts it: either may be right.
    """
    what = name.partition("_")[0]
    told = [STAGES.index(step) for step in _DATED if not _blank(estate, f"{what}_{step}_on")]
    if _blank(estate, name):
        return range(max(told, default=0), len(STAGES))
    stage = STAGES.index(estate[name])
    return range(stage, max([stage, *told]) + 1)


def _behind(housing: int, premises: int, late: Mapping[str, bool | None]) -> tuple[int, int]:
    """Return the fewest and the most steps by which premises at one stage are behind housing at another."""
    days = [each for step, each in late.items() if min(housing, premises) >= STAGES.index(step)]
    behind = max(0, housing - premises)
    return max(behind, int(True in days)), max(behind, int(any(each is not False for each in days)))


def _days(step: str) -> tuple[str, str]:
    return f"housing_{step}_on", f"premises_{step}_on"


def _late(estate: Mapping[Any, Any], step: str) -> bool | None:
    """Tell whether the premises reached a step on a later date than the housing; None: a date is blank."""
    housing, premises = (None if _blank(estate, name) else _day(estate[name]) for name in _days(step))
    return None if housing is None or premises is None else premises > housing


def _day(value: object) -> dt.datetime:
    return pd.Timestamp(value).to_pydatetime()  # type: ignore[arg-type]


def _blank(estate: Mapping[Any, Any], name: str) -> bool:
    return bool(pd.isna(estate.get(name)))
