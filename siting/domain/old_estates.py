"""Which residential areas are old (老旧小区): from the data, otherwise from the year in which they were built."""

from typing import Final

import pandas as pd

from siting.domain.scenario import Scenario
from siting.domain.standards import Clause

# The values of ``of`` for clauses on old or other residential areas.
OLD: Final = "old_estates"


def old_estates(areas: pd.DataFrame, scenario: Scenario) -> pd.Series:
    """Tell which residential areas are old; unknown if neither ``old_estate`` nor the rule of the scenario tells.

    Parameters
    ----------
    areas : pandas.DataFrame
        ``old_estate``, ``year_built`` and ``status``. A new one is not old, unless the data say so.
    scenario : Scenario
        ``standards.old_estate_before_year``: those built before it are old. No document states a year.

    Returns
    -------
    pandas.Series
        Boolean, NA if unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> import siting
    >>> from siting.domain.old_estates import old_estates
    >>> scenario = siting.read_scenario("data/sample/scenario.toml")
    >>> rule = scenario.standards.model_copy(update={"old_estate_before_year": 2000})
    >>> areas = pd.DataFrame({"old_estate": [True, None, None, None], "year_built": [2010, 1999, 2000, None]})
    >>> areas["status"] = "existing"
    >>> old_estates(areas, scenario.model_copy(update={"standards": rule})).tolist()
    [True, True, False, <NA>]
    """
    told = areas["old_estate"].astype("boolean")
    before = scenario.standards.old_estate_before_year
    years = pd.to_numeric(areas["year_built"]).astype("Float64")
    by_rule = (years < before) if before is not None else pd.Series(pd.NA, index=areas.index, dtype="boolean")
    by_rule = by_rule.astype("boolean").mask(areas["status"].eq("new").fillna(value=False), other=False)
    return told.fillna(by_rule)


def is_told(areas: pd.DataFrame, scenario: Scenario) -> bool:
    """Tell whether anything tells which residential areas are old."""
    return scenario.standards.old_estate_before_year is not None or bool(areas["old_estate"].notna().any())


def asks_for_old(clause: Clause) -> bool:
    """Tell whether a clause applies only to old residential areas."""
    return clause.of == OLD
