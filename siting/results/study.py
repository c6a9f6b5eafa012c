"""The view of a table with a chart: studies of a plan, and comparisons of settings."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from siting.domain.withheld import ROUNDED
from siting.text import Lang, default_lang

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from siting.write.figures import Chart


class Study:
    """A table that can be drawn and saved.

    Parameters
    ----------
    table : pandas.DataFrame
        The results.
    draw : callable
        Called with a language, returns the chart.
    name : str, optional
        What was studied, and of which scenario.
    """

    def __init__(self, table: pd.DataFrame, draw: "Callable[[Lang], Chart]", name: str = "") -> None:
        self._found = table
        self._draw = draw
        self._name = name

    def __repr__(self) -> str:
        """Return what was studied, the number of rows, the columns, and whether the study was interrupted."""
        rows = f"{len(self._found)} row{'' if len(self._found) == 1 else 's'}"
        stopped = ", interrupted" if self._found.attrs.get("interrupted") else ""
        head = " ".join(filter(None, (type(self).__name__, self._name)))
        return f"<{head}: {rows} of {', '.join(map(str, self._found.columns))}{stopped}>"

    @property
    def table(self) -> pd.DataFrame:
        """The table."""
        return self._found.copy()

    def plot(self, lang: Lang | None = None) -> "Figure":
        """Draw the table.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        matplotlib.figure.Figure
            It is displayed in a notebook; ``savefig`` saves it.
        """
        return self._chart_of(lang or default_lang())

    def _chart_of(self, lang: Lang) -> "Chart":
        chart = self._draw(lang)
        if self._found.attrs.get(ROUNDED):
            from siting.write.figures import footnote

            footnote(chart, "warning.people_rounded", lang)
        return chart

    def to_file(self, path: str | Path, lang: Lang | None = None) -> None:
        """Write the table or the chart.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole: ``.csv``, ``.xlsx`` or ``.json`` (the table), or ``.png`` (the chart).
        lang : {"zh", "en"}, optional
            Language of the chart, heads and words; that of the system if absent.

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write.endings import ending_of

        target = Path(path)
        ending = ending_of(target, "study")
        if ending == ".png":
            from siting.write.account_files import write_map

            write_map(target, self._chart_of(lang or default_lang()))
        else:
            from siting.write.tables import write_table

            write_table(target, self._found, lang or default_lang())

    def _repr_html_(self) -> str:
        return str(self._found.map(_joined).to_html(index=False))


def _joined(cell: object) -> object:
    """Return a list of ids as text, for a cell of a spreadsheet."""
    return " ".join(map(str, cell)) if isinstance(cell, list) else cell
