"""The view of a gap report."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.domain.intervals import figure_text
from siting.domain.nouns import Assessment, Progress
from siting.domain.tables import CHECK_COLUMNS, GRID_COLUMNS, PLACE_COLUMNS
from siting.domain.totals import Totals
from siting.results.page import WebPage
from siting.results.sensitivity import Sensitivity
from siting.results.texts import with_plain_texts
from siting.text import Lang, default_lang, say
from siting.text.numbers import number, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from siting.results.plan import Plan

_PLACE_KEYS: Final = [column.key for column in PLACE_COLUMNS]
_GRID_KEYS: Final = [column.key for column in GRID_COLUMNS]
_CHECK_KEYS: Final = [column.key for column in CHECK_COLUMNS]


class GapReport:
    """The gaps of a scenario's places.

    Parameters
    ----------
    assessment : Assessment
        The result of :func:`siting.check`.

    Examples
    --------
    >>> import siting
    >>> gaps = siting.check(siting.read_scenario("data/sample/scenario.toml"))
    >>> sorted(gaps.units["level"].unique())
    ['community', 'district', 'street']
    """

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment

    def __repr__(self) -> str:
        """Return title, places, elderly and covered share."""
        totals, count = self.totals, len(self.assessment.places)
        covered = figure_text("covered_share", totals, percent)
        title = self.assessment.inputs.scenario.scenario.title
        return f"<GapReport {title}: {number(count)} places, {number(totals['elderly'])} elderly, {covered} covered>"

    @property
    def places(self) -> gpd.GeoDataFrame:
        """Residential areas: one row each, ``PLACE_COLUMNS`` of docs/gap-report.md and the geometry."""
        return self._of_levels(residential=True)

    @property
    def units(self) -> gpd.GeoDataFrame:
        """Reporting units of every level, with the same columns."""
        return self._of_levels(residential=False)

    @property
    def grid(self) -> pd.DataFrame:
        """Populated cells inside the units, by cell number (row × columns + column); persons inside the units only."""
        return self.assessment.cells[_GRID_KEYS].copy()

    def grid_cells(self) -> gpd.GeoDataFrame:
        """Return :attr:`grid` with the polygon of each cell, in the CRS of :attr:`places`.

        Returns
        -------
        geopandas.GeoDataFrame
            The columns of :attr:`grid`, and polygons.

        Examples
        --------
        >>> import siting
        >>> cells = siting.check(siting.read_scenario("data/sample/scenario.toml")).grid_cells()
        >>> cells.geom_type.unique().tolist(), round(cells.area.median())
        (['Polygon'], 10000)
        """
        from siting.crs import transform_points

        found = self.assessment
        grid = found.demand.grid
        row, column = np.divmod(found.cells.index.to_numpy(), grid.shape[1])
        corners = []
        for down, right in ((0, 0), (0, 1), (1, 1), (1, 0)):
            east, south = column + right, row + down
            x = grid.transform.a * east + grid.transform.b * south + grid.transform.c
            y = grid.transform.d * east + grid.transform.e * south + grid.transform.f
            corners.append(np.column_stack(transform_points(x, y, grid.crs, found.inputs.crs)))
        shapes = shapely.polygons(np.stack(corners, axis=1))
        return gpd.GeoDataFrame(self.grid, geometry=shapes, crs=found.inputs.crs)

    @property
    def clauses(self) -> pd.DataFrame:
        """One row for each clause and place."""
        table = self.assessment.checks[_CHECK_KEYS].copy()
        table.insert(0, "id", self.assessment.checks.index.get_level_values("id"))
        return table.reset_index(drop=True)

    @property
    def certainty(self) -> pd.DataFrame | None:
        """How sure each verdict is, if the scenario states how wrong the people may be (``docs/gap-report.md``)."""
        return None if self.assessment.certainty is None else self.assessment.certainty.copy()

    @property
    def totals(self) -> Totals:
        """Figures of the whole."""
        return self.assessment.totals

    def audit(self) -> pd.DataFrame:
        """Return the audit: every clause in force at every level where it was judged, as a table.

        Returns
        -------
        pandas.DataFrame
            One row for each clause and level; see :func:`siting.assess.audit.audit_table`.
        """
        from siting.pipeline.checking import audit_table

        return audit_table(self.assessment)

    def funding(self, what: Literal["facility", "candidate"] = "facility") -> pd.DataFrame:
        """Return the funding lines that the standards in force promise.

        Parameters
        ----------
        what : {"facility", "candidate"}
            Facilities that count, or the ledger of candidates.

        Returns
        -------
        pandas.DataFrame
            One row for each site and line, with amount, status, conditions and quote; see
            :func:`siting.assess.funding.funding_lines`. Lines of one ``group`` exclude one another.
        """
        from siting.pipeline.paying import promised, sites_with_funding

        found = self.assessment
        return promised(found, sites_with_funding(found, what), what)

    def has_gap(self, *, binding: bool = False) -> bool:
        """Tell whether any check is a gap, without checks that are only for comparison.

        Parameters
        ----------
        binding : bool
            Consider only binding checks.

        Returns
        -------
        bool
            True if there is one.
        """
        # The worst verdict of each place over its checks, without those for comparison.
        return bool((self.assessment.places["verdict_binding" if binding else "verdict"] == "gap").any())

    def notes(self, lang: Lang | None = None) -> list[str]:
        """Return the warnings, and the notes on what was repaired, left out or assumed.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        list of str
            Sentences: warnings, then what may change a verdict, what was left out, how requirements were interpreted,
            and what was repaired.
        """
        from siting.domain.note_order import by_importance
        from siting.write.naming import note_text

        lang = lang or default_lang()
        warnings = [say(f"warning.{code}", lang) for code in self.totals["warnings"]]
        return warnings + [note_text(note, lang) for note in by_importance(self.assessment.notes)]

    def plot(self, lang: Lang | None = None) -> "Figure":
        """Draw land per person by street against both minimum values, and the elderly by minutes on foot.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        matplotlib.figure.Figure
            It is displayed in a notebook; ``savefig`` saves it.
        """
        from siting.write.figures import draw_gaps

        return draw_gaps(self.assessment, lang or default_lang())

    def sensitivity(self, progress: Progress | None = None) -> "Sensitivity":
        """Compare coverage under settings that no document specifies; see :func:`siting.sensitivity`.

        Parameters
        ----------
        progress : callable, optional
            Called as ``(stage, done, total)``.

        Returns
        -------
        Sensitivity
            Of the facilities that this report counts.
        """
        from siting import pipeline

        found = self.assessment
        table = pipeline.sensitivity_of(found.inputs, found.demand, found.facilities, progress)
        return Sensitivity(found.inputs.scenario, table)

    def explore(self, lang: Lang | None = None) -> WebPage:
        """Return the interactive map, which needs no network.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        WebPage
            It is displayed in a notebook; ``save`` saves it.
        """
        from siting.pipeline.what_if import what_if
        from siting.write.webmap import map_html

        page = map_html(self.assessment, lang=lang or default_lang(), what_if=what_if(self.assessment))
        return WebPage(page)

    def to_file(self, path: str | Path) -> None:
        """Write the gap report, or the checked grid.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole. ``.geojson`` or ``.json``: the gap report in WGS84. ``.gpkg``: the layers
            ``places``, ``units`` and ``facilities`` and the table ``checks``; ``.parquet``: places and units; both in
            the working CRS, metres. ``.tif``: the checked grid.

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write.endings import ending_of

        target = Path(path)
        if ending_of(target, "gaps", "grid") in (".tif", ".tiff"):
            from siting.write.grid import write_grid

            write_grid(target, self.assessment)
        else:
            from siting.write.layers import save_gaps

            save_gaps(target, self.assessment)

    def report(
        self,
        folder: str | Path,
        *,
        plan: "Plan | None" = None,
        template: str | Path | None = None,
        shapefiles: Literal["utf-8", "gbk"] | None = None,
        drawing: bool = False,
        lang: Lang | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Path]:
        """Write what a bureau files: workbook, volume, layers, map, data, and a page that links all of it.

        Parameters
        ----------
        folder : str or pathlib.Path
            It is made if it is missing; files of an earlier report are replaced, each whole.
        plan : siting.results.Plan, optional
            A plan of the same scenario: its stations are listed, and the gaps that remain with it.
        template : str or pathlib.Path, optional
            A Word document in place of our template of the volume; see ``docs/report.md``.
        shapefiles : {"utf-8", "gbk"}, optional
            Also write an archive of Shapefiles, with texts in this encoding.
        drawing : bool
            Also write a drawing (DXF).
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.
        progress : callable, optional
            Called as ``(stage, done, total)``.

        Returns
        -------
        dict of str to pathlib.Path
            The files, by what they are: ``index``, ``workbook``, ``layers`` …; see ``docs/report.md``.

        Raises
        ------
        siting.errors.InputError
            The plan is of another scenario, the template cannot be used, or a file cannot be written.

        Examples
        --------
        >>> import siting, tempfile
        >>> gaps = siting.check(siting.read_scenario("data/sample/scenario.toml"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = gaps.report(folder)
        >>> files["index"].name, files["workbook"].name
        ('index.html', 'tables.xlsx')
        """
        from siting.results.filed import file_report
        from siting.write.report import Asked

        planned = None if plan is None else plan.planned
        asked = Asked(shapefiles, drawing, None if template is None else Path(template))
        return file_report(
            Path(folder), self.assessment, planned, lang or default_lang(), asked=asked, progress=progress
        )

    def _of_levels(self, *, residential: bool) -> gpd.GeoDataFrame:
        places = self.assessment.places
        rows = (places["level"] == "residential_area") == residential
        return with_plain_texts(places.loc[rows, [*_PLACE_KEYS, "geometry"]].reset_index(drop=True))

    def _repr_html_(self) -> str:
        from siting.write.shown import gaps_html

        title = self.assessment.inputs.scenario.scenario.title
        return gaps_html(self.units, self.places, self.totals, title, default_lang())
