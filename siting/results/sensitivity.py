"""The view of a comparison of settings."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from siting.domain.scenario import Scenario
from siting.text import Lang, default_lang

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from siting.write.figures import Chart


class Sensitivity:
    """How coverage changes with what no document says: one row a setting.

    Parameters
    ----------
    scenario : Scenario
        The scenario whose settings are varied.
    table : pandas.DataFrame
        What :func:`siting.sensitivity` found.

    Examples
    --------
    >>> import siting
    >>> found = siting.sensitivity(siting.read_scenario("data/sample/scenario.toml"))
    >>> found.table.groupby("varied", sort=False).size().to_dict()
    {'walker_slope': 6, 'direction': 4, 'mode': 2}
    """

    def __init__(self, scenario: Scenario, table: pd.DataFrame) -> None:
        self.scenario, self._table = scenario, table

    @property
    def table(self) -> pd.DataFrame:
        """One row a setting; ``own`` marks the scenario's; see :func:`siting.assess.sensitivity.sensitivity_table`."""
        return self._table.copy()

    def plot(self, lang: Lang | None = None) -> "Figure":
        """Draw the share of the elderly covered under each setting.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        matplotlib.figure.Figure
            It shows itself in a notebook; ``savefig`` saves it.
        """
        return self._chart(lang or default_lang())

    def to_file(self, path: str | Path, lang: Lang | None = None) -> None:
        """Write the comparison.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole: ``.csv`` or ``.json`` (the table), or ``.png`` (the chart).
        lang : {"zh", "en"}, optional
            Language of the chart; that of the system if absent.

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() == ".png":
            from siting.write.account_files import write_map

            write_map(target, self._chart(lang or default_lang()))
        else:
            from siting.write.tables import write_table

            write_table(target, self._table)

    def _chart(self, lang: Lang) -> "Chart":
        from siting.write.figures import draw_sensitivity

        return draw_sensitivity(self._table, self.scenario.walking.minutes, lang)

    def _repr_html_(self) -> str:
        return str(self._table.to_html(index=False))
