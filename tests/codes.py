"""Codes of tables and scenarios, which no Chinese text shows to a person."""

import re
from typing import Any, Final, get_args

from siting.domain import scenario, standards, tables
from siting.domain.clauses import Verdict
from siting.domain.nouns import PlanStatus
from siting.domain.plan_models import PlanModel
from siting.domain.tables import REASON_CODES, Column
from siting.text import texts

# Units in which Chinese texts write figures.
_KEPT: Final = {"m", "Mbps"}
# Keys of a scenario stand in brackets behind the words: （circle.villages = false）, （population.elderly）.
_KEY: Final = re.compile(r"（[a-z0-9_]+(?:\.[a-z0-9_]+)*(?: = [^（）]*)?(?:，[^（）]*)?）")


def literals(kind: Any) -> set[str]:
    """The choices of a literal type, unions included."""
    found: set[str] = set()
    for each in get_args(kind):
        found |= {each} if isinstance(each, str) else literals(each)
    return found


def _choices() -> set[str]:
    columns = {
        column
        for value in vars(tables).values()
        if isinstance(value, tuple) and value and isinstance(value[0], Column)
        for column in value
    }
    return {choice for column in columns for choice in column.choices}


def _units() -> set[str]:
    return {key.removeprefix("clause_unit.") for key in texts() if key.startswith("clause_unit.")}


CODES: Final = (
    set(REASON_CODES)
    | _choices()
    | _units()
    | {
        code
        for kind in (
            Verdict,
            PlanStatus,
            PlanModel,
            scenario.Level,
            scenario.Tier,
            scenario.LandBasis,
            scenario.Direction,
            scenario.Walker,
            standards.Force,
            standards.ClauseKind,
            standards.Treatment,
            standards.Remedy,
        )
        for code in literals(kind)
    }
) - _KEPT
_FOUND: Final = re.compile(
    r"(?<![\w./{{-])(?:{})(?![\w./}}-])".format("|".join(map(re.escape, sorted(CODES, reverse=True))))
)


def codes_in(text: str) -> set[str]:
    """Return the codes that stand in a text as words of it, not as part of an id, a path or a key in brackets."""
    return set(_FOUND.findall(_KEY.sub("", text)))
