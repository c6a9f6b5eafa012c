"""The view of a comparison of settings."""

from typing import TYPE_CHECKING

import pandas as pd

from siting.domain.scenario import Scenario
from siting.results.study import Study
from siting.text import Lang

if TYPE_CHECKING:
    from siting.write.figures import Chart


class Sensitivity(Study):
    """How coverage depends on settings that no document specifies, one row each; ``own`` marks the scenario's.

    The columns of ``table`` are those of :func:`siting.assess.sensitivity.sensitivity_table`.

    Parameters
    ----------
    scenario : Scenario
        The scenario whose settings are varied.
    table : pandas.DataFrame
        The result of :func:`siting.sensitivity`.

    Examples
    --------
    >>> import siting
    >>> found = siting.sensitivity(siting.read_scenario("data/sample/scenario.toml"))
    >>> found.table.groupby("varied", sort=False).size().to_dict()
    {'walker_slope': 6, 'direction': 4, 'mode': 2}
    """

    def __init__(self, scenario: Scenario, table: pd.DataFrame) -> None:
        self.scenario = scenario
        super().__init__(table, self._chart, f"of {scenario.scenario.title}")

    def _chart(self, lang: Lang) -> "Chart":
        from siting.write.figures import draw_sensitivity

        return draw_sensitivity(self.table, self.scenario.walking.minutes, lang)
