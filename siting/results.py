"""Public views of an inspection, of a gap report and of a plan: they tabulate, plot, explore and save."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import geopandas as gpd
import pandas as pd

from siting.domain.explained import Explained
from siting.domain.nouns import Assessment, Inputs, Note, Progress, Proposal
from siting.domain.scenario import Scenario
from siting.domain.tables import CHECK_COLUMNS, PLACE_COLUMNS
from siting.text import Lang, default_lang, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from siting.errors import Fault
    from siting.read.log import Log
    from siting.write.figures import Chart

_PLACE_KEYS: Final = [column.key for column in PLACE_COLUMNS]
_CHECK_KEYS: Final = [column.key for column in CHECK_COLUMNS]


class WebPage:
    """A page that shows itself in a notebook and can be saved; it needs no network.

    Parameters
    ----------
    html : str
        The whole page.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        source = self.html.replace("&", "&amp;").replace('"', "&quot;")
        return f'<iframe srcdoc="{source}" style="width:100%;height:640px;border:0"></iframe>'

    def save(self, path: str | Path) -> None:
        """Write the page as one HTML file.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write; it is replaced whole.

        Raises
        ------
        siting.errors.InputError
            The file cannot be written.
        """
        from siting.write.files import write_text

        write_text(Path(path), self.html)


class Inspection:
    """What reading found of every layer of a scenario, whatever its faults.

    Parameters
    ----------
    scenario : Scenario
        What was read.
    log : Log
        What reading found on its way.
    inputs : Inputs or None
        What was read; None where there is a fault.
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

    @property
    def ok(self) -> bool:
        """Whether no fault was found."""
        return not self.log.faults.found

    @property
    def layers(self) -> pd.DataFrame:
        """One row a layer: file, driver, encoding, CRS, rows, totals, extent (WGS84), what was matched and mended."""
        return self._layers.copy()

    @cached_property
    def _layers(self) -> pd.DataFrame:
        from siting.write.account import layers_table

        told: list[Note | Fault] = [*self.log.notes, *self.log.faults.found]
        return layers_table(self.scenario, self.log.layers, told, self.inputs, self.lang)

    @property
    def faults(self) -> pd.DataFrame:
        """One row a fault: where it stands, what was found and expected, what is wrong and what to do."""
        from siting.write.account import faults_table

        return faults_table(self.log.faults.found, self.lang)

    @property
    def notes(self) -> list[str]:
        """What was mended, left out or assumed, of all layers."""
        from siting.write.account import note_text

        return [note_text(note, self.lang) for note in self.log.notes]

    @property
    def general_notes(self) -> list[str]:
        """The metric CRS in which all is measured, and the notes that belong to no layer of :attr:`layers`."""
        from siting.write.account import general_notes

        crs = self.log.working_crs
        measured = [] if crs is None else [say("inspect.measured_in", self.lang, crs=crs)]
        return [*measured, *general_notes(self.log.notes, self.layers["key"], self.lang)]

    def plot(self) -> "Figure":
        """Draw where the layers lie: the units as ground, ledgers as points, the extents of all others.

        Returns
        -------
        matplotlib.figure.Figure
            It shows itself in a notebook; ``savefig`` saves it.
        """
        return self._map()

    def to_file(self, path: str | Path) -> None:
        """Write the account.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole: ``.json`` (layers, faults and notes), ``.csv`` (a row a layer, then a row a
            fault), ``.html`` (a page that needs no network) or ``.png`` (the map).

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write import account_files

        target = Path(path)
        if target.suffix.lower() == ".png":
            account_files.write_map(target, self._map())
        elif target.suffix.lower() in (".html", ".htm"):
            account_files.write_page(target, self._html())
        else:
            title = self.scenario.scenario.title
            account_files.write_account(target, title, self.layers, self.faults, self.general_notes)

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


class Explanation:
    """Why a place is covered or not: the nearest facility, the way to it, and the candidates that would cover it.

    Parameters
    ----------
    explained : Explained
        What :func:`siting.explain` found.

    Examples
    --------
    >>> import siting
    >>> told = siting.explain(siting.read_scenario("data/sample/scenario.toml"), "500199001002")
    >>> told.explained.subject.level
    'community'
    """

    def __init__(self, explained: Explained) -> None:
        self.explained = explained

    @property
    def reasons(self) -> pd.DataFrame:
        """People and cells of the place by reason (``covered`` among them); empty for points."""
        return self.explained.standing.reasons.copy()

    @property
    def route(self) -> gpd.GeoDataFrame | None:
        """Legs of the way that counts, in the order walked, working CRS; None where there is none."""
        route = self.explained.way.route
        return None if route is None else route.legs.copy()

    @property
    def candidates(self) -> pd.DataFrame:
        """Candidates that would cover the place, the best first; refused ones last, with the layer that refuses."""
        return self.explained.candidates.copy()

    def text(self, lang: Lang | None = None) -> str:
        """Return the explanation in sentences, a line each.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        str
            Plain text.
        """
        from siting.write.explanation import sentences

        return "\n".join(sentences(self.explained, lang or default_lang()))

    def to_file(self, path: str | Path, lang: Lang | None = None) -> None:
        """Write the explanation.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole: ``.geojson`` or ``.json`` (both languages), or ``.html`` (a page with a map
            that needs no network).
        lang : {"zh", "en"}, optional
            Language of the page; that of the system if absent.

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write.explanation import write_explanation

        write_explanation(Path(path), self.explained, lang or default_lang())

    def _repr_html_(self) -> str:
        from siting.write.explanation import body

        return body(self.explained, default_lang())


class GapReport:
    """Where a scenario's places fall short.

    Parameters
    ----------
    assessment : Assessment
        What :func:`siting.check` measured.

    Examples
    --------
    >>> import siting
    >>> gaps = siting.check(siting.read_scenario("data/sample/scenario.toml"))
    >>> sorted(gaps.units["level"].unique())
    ['community', 'district', 'street']
    """

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment

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
        return self.assessment.cells.copy()

    @property
    def clauses(self) -> pd.DataFrame:
        """One row a clause and place."""
        table = self.assessment.checks[_CHECK_KEYS].copy()
        table.insert(0, "id", self.assessment.checks.index.get_level_values("id"))
        return table.reset_index(drop=True)

    @property
    def totals(self) -> Mapping[str, Any]:
        """Figures of the whole."""
        return self.assessment.totals

    def audit(self) -> pd.DataFrame:
        """Return the audit: every clause in force at every level where it was judged, as a table.

        Returns
        -------
        pandas.DataFrame
            One row a clause and level; see :func:`siting.assess.audit.audit_table`.
        """
        from siting.assess.audit import audit_table

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
            One row a site and line, with amount, status, conditions and quote; see
            :func:`siting.assess.funding.funding_lines`. Lines of one ``group`` exclude one another.
        """
        from siting.assess.funding import funding_lines

        inputs = self.assessment.inputs
        sites = self.assessment.facilities if what == "facility" else inputs.candidates
        return funding_lines(inputs.standards, pd.DataFrame(sites.drop(columns="geometry")), what=what)

    def has_gap(self, *, binding: bool = False) -> bool:
        """Tell whether any check is a gap.

        Parameters
        ----------
        binding : bool
            Look at binding checks only.

        Returns
        -------
        bool
            True if there is one.
        """
        checks = self.assessment.checks
        gaps = checks["verdict"] == "gap"
        return bool((gaps & checks["binding"].astype(bool)).any() if binding else gaps.any())

    def notes(self, lang: Lang | None = None) -> list[str]:
        """Return what was mended, left out or assumed, and the warnings.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        list of str
            Sentences, warnings first.
        """
        lang = lang or default_lang()
        warnings = [say(f"warning.{code}", lang) for code in self.totals["warnings"]]
        return warnings + [say(f"note.{note.code}", lang, **note.values) for note in self.assessment.notes]

    def plot(self, lang: Lang | None = None) -> "Figure":
        """Draw land per person by street against both floors, and the elderly by minutes on foot.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        matplotlib.figure.Figure
            It shows itself in a notebook; ``savefig`` saves it.
        """
        from siting.write.figures import draw_gaps

        return draw_gaps(self.assessment, lang or default_lang())

    def sensitivity(self, progress: Progress | None = None) -> "Sensitivity":
        """Tell how coverage changes with what no document says; see :func:`siting.sensitivity`.

        Parameters
        ----------
        progress : callable, optional
            Told ``(stage, done, total)`` while work goes on.

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
        """Return the interactive map, which opens with no network.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        WebPage
            It shows itself in a notebook; ``save`` saves it.
        """
        from siting.write.webmap import map_html

        return WebPage(map_html(self.assessment, lang=lang or default_lang()))

    def to_file(self, path: str | Path) -> None:
        """Write the gap report as GeoJSON, or the checked grid.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole: ``.tif`` holds the checked grid, any other the gap report.

        Raises
        ------
        siting.errors.InputError
            The file cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() in (".tif", ".tiff"):
            from siting.write.grid import write_grid

            write_grid(target, self.assessment)
        else:
            from siting.write.geojson import write_gaps

            write_gaps(target, self.assessment)

    def _of_levels(self, *, residential: bool) -> gpd.GeoDataFrame:
        places = self.assessment.places
        rows = (places["level"] == "residential_area") == residential
        return places.loc[rows, [*_PLACE_KEYS, "geometry"]].reset_index(drop=True)

    def _repr_html_(self) -> str:
        keys = ["level", "id", "name", "residents", "elderly", "covered_share", "land_m2_per_resident", "verdict"]
        return str(self.units[keys].to_html(index=False))


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


class Plan:
    """Proposed stations, what is proved of them, and the check before and after.

    Parameters
    ----------
    proposal : Proposal
        What :func:`siting.propose` found.

    Examples
    --------
    >>> import siting
    >>> plan = siting.propose(siting.read_scenario("data/sample/scenario.toml"), stations=3)
    >>> plan.after.totals["covered_share"] > plan.before.totals["covered_share"]
    True
    """

    def __init__(self, proposal: Proposal) -> None:
        self.proposal = proposal

    @property
    def stations(self) -> gpd.GeoDataFrame:
        """Proposed stations in rank order."""
        return self.proposal.stations.reset_index(drop=True)

    @property
    def refused(self) -> pd.DataFrame:
        """Candidates on excluded ground, with the layer and the rule."""
        return self.proposal.refused.copy()

    @property
    def status(self) -> str:
        """``optimal`` only when proved; else ``feasible``."""
        return self.proposal.selection.status

    @property
    def objective(self) -> float:
        """Elderly people newly covered."""
        return self.proposal.selection.objective

    @property
    def bound(self) -> float:
        """What no choice can exceed; infinite for a plan that was made for another scenario."""
        return self.proposal.selection.bound

    @property
    def optimality_gap(self) -> float:
        """|bound − objective| ÷ |objective|."""
        return self.proposal.selection.optimality_gap

    @property
    def before(self) -> GapReport:
        """The check without the plan."""
        return GapReport(self.proposal.before)

    @property
    def after(self) -> GapReport:
        """The check with the plan, by the same ruler."""
        return GapReport(self.proposal.after)

    def funding(self) -> pd.DataFrame:
        """Return the funding lines that the standards in force promise to the proposed stations.

        Returns
        -------
        pandas.DataFrame
            One row a station and line; see :func:`siting.assess.funding.funding_lines`.
        """
        from siting.assess.funding import funding_lines

        inputs, stations = self.proposal.before.inputs, self.proposal.stations
        return funding_lines(inputs.standards, pd.DataFrame(stations.drop(columns="geometry")), what="station")

    def plot(self, lang: Lang | None = None) -> "Figure":
        """Draw coverage as stations are added in rank order.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        matplotlib.figure.Figure
            It shows itself in a notebook; ``savefig`` saves it.
        """
        from siting.write.figures import draw_plan

        return draw_plan(self.proposal, lang or default_lang())

    def explore(self, lang: Lang | None = None) -> WebPage:
        """Return the interactive map with the plan, which opens with no network.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        WebPage
            It shows itself in a notebook; ``save`` saves it.
        """
        from siting.write.webmap import map_html

        return WebPage(map_html(self.proposal.before, self.proposal, lang=lang or default_lang()))

    def to_file(self, path: str | Path) -> None:
        """Write the plan as GeoJSON.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write; it is replaced whole.

        Raises
        ------
        siting.errors.InputError
            The file cannot be written.
        """
        from siting.write.geojson import write_plan

        write_plan(Path(path), self.proposal)

    def _repr_html_(self) -> str:
        keys = ["rank", "candidate_id", "name", "unit_id", "elderly_new", "covered_share_after", "cost_cny"]
        return str(self.stations[keys].to_html(index=False))
