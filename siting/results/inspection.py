"""The view of what reading found."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from siting.domain.nouns import Inputs, Note
from siting.domain.scenario import Scenario
from siting.text import Lang, default_lang, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from siting.errors import Fault
    from siting.pipeline.opening import Log
    from siting.write.figures import Chart


class Inspection:
    """What reading found of every layer of a scenario, whatever its faults.

    Parameters
    ----------
    scenario : Scenario
        What was read.
    log : Log
        The results of reading.
    inputs : Inputs or None
        The inputs; None if there is a fault.
    lang : {"zh", "en"}, optional
        Language of all texts; that of the system if absent.

    Examples
    --------
    >>> import siting
    >>> found = siting.inspect("data/sample/scenario.toml")
    >>> found.ok, int(found.layers.set_index("key").loc["facilities", "rows_used"])
    (True, 45)
    """

    def __init__(self, scenario: Scenario, log: "Log", inputs: Inputs | None = None, lang: Lang | None = None) -> None:
        self.scenario, self.log, self.inputs = scenario, log, inputs
        self.lang: Lang = lang or default_lang()

    def __repr__(self) -> str:
        """Return title, number of layers, faults and notes."""
        faults = len(self.log.faults.found)
        told = f"{len(self.log.layers)} layers, {faults} fault{'' if faults == 1 else 's'}, {len(self.log.notes)} notes"
        return f"<Inspection {self.scenario.scenario.title}: {told}>"

    @property
    def ok(self) -> bool:
        """Whether no fault was found."""
        return not self.log.faults.found

    @property
    def layers(self) -> pd.DataFrame:
        """One row for each layer: file, driver, encoding, CRS, rows, totals, extent (WGS84), matches and repairs."""
        return self._layers.copy()

    @cached_property
    def _layers(self) -> pd.DataFrame:
        from siting.write.account import layers_table

        told: list[Note | Fault] = [*self.log.notes, *self.log.faults.together()]
        return layers_table(self.scenario, self.log.layers, told, self.inputs, self.lang)

    @property
    def faults(self) -> pd.DataFrame:
        """One row for each fault: where it is, what was found and expected, what is wrong and what to do."""
        from siting.write.account import faults_table

        return faults_table(self.log.faults.together(), self.lang)

    @property
    def notes(self) -> list[str]:
        """What was repaired, left out or assumed, for all layers."""
        from siting.write.naming import note_text

        return [note_text(note, self.lang) for note in self.log.notes]

    @property
    def general_notes(self) -> list[str]:
        """The metric CRS of all measurements, and the notes that belong to no layer of :attr:`layers`."""
        from siting.write.account import general_notes

        crs = self.log.working_crs
        measured = [] if crs is None else [say("inspect.measured_in", self.lang, crs=crs)]
        return [*measured, *general_notes(self.log.notes, self.layers["key"], self.lang)]

    def plot(self) -> "Figure":
        """Draw the extent of the layers: the units as areas, ledgers as points, the extents of all others.

        Returns
        -------
        matplotlib.figure.Figure
            It shows itself in a notebook; ``savefig`` saves it.
        """
        return self._map()

    def to_file(self, path: str | Path) -> None:
        """Write the inspection.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole: ``.json`` (layers, faults and notes), ``.csv`` or ``.xlsx`` (one row for each
            layer, then one for each fault), ``.html`` (a page that needs no network) or ``.png`` (the map).

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write import account_files
        from siting.write.endings import ending_of

        target = Path(path)
        ending = ending_of(target, "account")
        if ending == ".png":
            account_files.write_map(target, self._map())
        elif ending in (".html", ".htm"):
            account_files.write_page(target, self._html())
        else:
            title = self.scenario.scenario.title
            account_files.write_account(target, title, self.layers, self.faults, self.general_notes, self.lang)

    def mark_up(self, folder: str | Path) -> list[Path]:
        """Write a copy of each workbook with faults in its cells: these are coloured and have comments.

        Parameters
        ----------
        folder : str or pathlib.Path
            The folder of the copies, ``NAME (marked).xlsx``; it is created if necessary, and existing copies are
            replaced. CSV files, workbooks in archives and workbooks without a fault are not copied.

        Returns
        -------
        list of pathlib.Path
            The copies. The first sheet of each lists its faults, one line for each kind and value, with a link to the
            first cell. Formulas and formats are kept, pictures and charts are not.

        Raises
        ------
        siting.errors.InputError
            A copy cannot be written.

        Examples
        --------
        >>> import siting
        >>> siting.inspect("data/sample/scenario.toml").mark_up("out/marked")
        []
        """
        from siting.pipeline.opening import workbooks_at_fault
        from siting.write.files import write_bytes
        from siting.write.marked import marked_up

        written: list[Path] = []
        stems: list[str] = []
        for path, book, faults in workbooks_at_fault(self.log):
            # Workbooks in different folders may have the same name.
            stem = path.stem if path.stem not in stems else f"{path.stem} {path.parent.name}"
            stems.append(stem if stem not in stems else f"{stem} {len(stems) + 1}")
            stem = stems[-1]
            target = Path(folder) / f"{say('inspect.marked.name', self.lang, stem=stem)}.xlsx"
            write_bytes(target, marked_up(book, faults, self.lang))
            written.append(target)
        return written

    def _map(self) -> "Chart":
        from siting.write.extent_map import draw_extents

        return draw_extents(self.layers, self.inputs, self.lang)

    def _html(self) -> str:
        from siting.write.account_page import page

        title = self.scenario.scenario.title
        return page(title, self.layers, self.faults, self.general_notes, self._map(), self.lang)

    def _repr_html_(self) -> str:
        from html import escape

        from siting.write.account_page import body

        return body(escape(self.scenario.scenario.title), self.layers, self.faults, self.general_notes, self.lang)
