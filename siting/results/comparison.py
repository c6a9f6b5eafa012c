"""The view of two checks compared."""

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from siting.domain.changes import WHOLE, Changes
from siting.text import Lang, default_lang

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Comparison:
    """Two checks compared: every figure before and after, and the change split into parts.

    Parameters
    ----------
    changes : Changes
        The result of :func:`siting.compare`.

    Examples
    --------
    >>> import siting
    >>> old = siting.read_scenario("data/sample/scenario.toml")
    >>> found = siting.compare(old, siting.change(old, walking={"minutes": 10}))
    >>> found.differ
    ('settings',)
    """

    def __init__(self, changes: Changes) -> None:
        self.changes = changes

    def __repr__(self) -> str:
        """Return both titles and dates, and which parts differ."""
        from siting.write.changes import side_text

        sides = " → ".join(side_text(each, "en") for each in (self.changes.old, self.changes.new))
        differ = ", ".join(self.differ) if self.changes.is_split else "not split"
        return f"<Comparison {sides}: {differ or 'nothing differs'}>"

    @property
    def table(self) -> pd.DataFrame:
        """One row for each figure of the whole, of a place, or of a clause for a place.

        The columns are those of :func:`siting.assess.changes.changes_table`.
        """
        return self.changes.table.copy()

    @property
    def totals(self) -> pd.DataFrame:
        """The rows of the whole, by figure."""
        return self.changes.table[self.changes.table["level"] == WHOLE].set_index("figure")

    @property
    def verdicts(self) -> pd.DataFrame:
        """The checks whose verdict changed, with the parts with which it changes in the stated order."""
        from siting.write.changes import turned

        keys = ["level", "id", "name", "clause_id", "kind", "basis", "extent", "binding"]
        return turned(self.changes)[[*keys, "verdict_before", "verdict_after", "verdict_by"]].reset_index(drop=True)

    @property
    def places(self) -> gpd.GeoDataFrame:
        """The places of both checks, ``only_in`` tells those of one alone; WGS84."""
        return self.changes.places.reset_index()

    @property
    def differ(self) -> tuple[str, ...]:
        """The parts that differ, in the order of exchange; empty if the change is not split."""
        return self.changes.differ if self.changes.is_split else ()

    def notes(self, lang: Lang | None = None) -> list[str]:
        """Return what must be known to read the comparison.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        list of str
            Sentences: what is not split and why, what is only in one check.
        """
        from siting.write.changes import note_texts

        return note_texts(self.changes, lang or default_lang())

    def plot(self, lang: Lang | None = None) -> "Figure":
        """Draw the parts of the main figures, and a map of the change of spatial coverage.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        matplotlib.figure.Figure
            It is displayed in a notebook; ``savefig`` saves it.
        """
        from siting.write.change_figures import draw_changes

        return draw_changes(self.changes, lang or default_lang())

    def to_file(self, path: str | Path, lang: Lang | None = None) -> None:
        """Write the table, the places, a page or the chart.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole: ``.csv``, ``.xlsx`` or ``.json`` (the table), ``.geojson`` (the places with
            their changes, WGS84), ``.html`` (a page), ``.png`` (the chart).
        lang : {"zh", "en"}, optional
            Language of heads, words and the chart; that of the system if absent.

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write.change_files import write_comparison

        write_comparison(Path(path), self.changes, lang or default_lang())

    def _repr_html_(self) -> str:
        from siting.write.change_page import body

        return body(self.changes, default_lang())
