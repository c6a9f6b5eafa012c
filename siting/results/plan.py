"""The view of a plan."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import pandas as pd

from siting.domain.intervals import figure_text
from siting.domain.nouns import Blocked, Progress, Robustness, Stage
from siting.domain.withheld import ROUNDED
from siting.pipeline import Planned
from siting.results.page import WebPage
from siting.results.report import GapReport
from siting.results.study import Study
from siting.results.texts import with_plain_texts
from siting.text import Lang, default_lang
from siting.text.numbers import percent

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from siting.write.figures import Chart


class Plan:
    """The proposed stations, what is proved about them, and the check before and after.

    Parameters
    ----------
    planned : Planned
        The result of :func:`siting.propose`.

    Examples
    --------
    >>> import siting
    >>> plan = siting.propose(siting.read_scenario("data/sample/scenario.toml"), stations=3)
    >>> plan.after.totals["covered_share"] > plan.before.totals["covered_share"]
    True
    """

    def __init__(self, planned: Planned) -> None:
        self.planned = planned
        self.proposal = planned.proposal

    def __repr__(self) -> str:
        """Return title, status, stations, and the covered share before and after."""
        before, after = (figure_text("covered_share", each.totals, percent) for each in (self.before, self.after))
        title = self.proposal.before.inputs.scenario.scenario.title
        return f"<Plan {title}: {self.status}, {len(self.stations)} stations, {before} → {after} covered>"

    @property
    def stations(self) -> gpd.GeoDataFrame:
        """Proposed stations in rank order, in the working CRS: ``PLAN_COLUMNS`` of docs/gap-report.md."""
        return with_plain_texts(self.proposal.stations.reset_index(drop=True))

    @property
    def refused(self) -> pd.DataFrame:
        """Candidates in excluded areas, with the layer and the rule."""
        return self.proposal.refused.copy()

    @property
    def status(self) -> str:
        """``optimal`` only if proved, otherwise ``feasible``; or ``relaxed``, ``infeasible`` or ``unknown``."""
        return self.proposal.selection.status

    @property
    def objective(self) -> float:
        """The objective of the model's last stage: for ``mclp`` the elderly newly covered; NaN without a plan."""
        return self.proposal.selection.objective

    @property
    def bound(self) -> float:
        """The bound on all plans; infinite for a plan of another scenario."""
        return self.proposal.selection.bound

    @property
    def optimality_gap(self) -> float:
        """``|bound − objective| ÷ |objective|``."""
        return self.proposal.selection.optimality_gap

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The objectives of the model in order, each with its bound; none if no choice satisfies the request."""
        return self.proposal.selection.stages

    @property
    def changes(self) -> pd.DataFrame:
        """Facilities that the plan closes or enlarges, by id."""
        return self.proposal.changes.copy()

    @property
    def blocked(self) -> Blocked | None:
        """Why no choice satisfies the request, and the least changes that would allow one; None if there is a plan."""
        return self.proposal.blocked

    @property
    def shortfalls(self) -> pd.DataFrame | None:
        """What a relaxed plan leaves unmet, by clause and unit; None for other plans."""
        return None if self.proposal.shortfalls is None else self.proposal.shortfalls.copy()

    @property
    def phases(self) -> pd.DataFrame | None:
        """What opens in each phase and what it does (``docs/gap-report.md``); None for a plan without phases."""
        return None if self.proposal.phases is None else self.proposal.phases.copy()

    @property
    def robustness(self) -> Robustness | None:
        """What a robust plan does in populations that were not used to make it; None for other plans."""
        return self.proposal.robustness

    @property
    def links(self) -> pd.DataFrame | None:
        """The parent of each child in a network of tiers (``docs/gap-report.md``); None for other plans."""
        return None if self.proposal.links is None else self.proposal.links.copy()

    def notes(self, lang: Lang | None = None) -> list[str]:
        """Return notes on the sites, and on what the plan ignores.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        list of str
            Sentences; notes on the data are in ``before.notes()``.
        """
        from siting.write.naming import note_text

        return [note_text(note, lang or default_lang()) for note in self.proposal.notes]

    @property
    def before(self) -> GapReport:
        """The check without the plan."""
        return GapReport(self.proposal.before)

    @property
    def after(self) -> GapReport:
        """The check with the plan, measured in the same way."""
        return GapReport(self.proposal.after)

    def curve(
        self,
        by: Literal["stations", "budget"] = "stations",
        *,
        points: Sequence[float] | None = None,
        progress: Progress | None = None,
    ) -> Study:
        """Return the most elderly that each number of stations, or each amount of money, can cover.

        Parameters
        ----------
        by : {"stations", "budget"}, default "stations"
            The limited quantity.
        points : sequence of float, optional
            The limits; if absent, from 0 to full cover.
        progress : callable, optional
            Called as ``(stage, done, total)``.

        Returns
        -------
        Study
            One row for each limit, with the objective, its bound and the chosen candidates; see
            :func:`siting.locate.series.coverage_curve`.

        Raises
        ------
        siting.errors.InputError
            The curve is by money and a candidate has no cost; or no number (or amount) satisfies the rules of the
            request.

        Notes
        -----
        The service circle counts, whatever the model of the plan is. An infeasible request has a curve too, unless its
        rules conflict at every limit. After Ctrl-C ``table.attrs["interrupted"]`` is true, and points that were not
        reached have the values that follow from the others.
        """
        from siting.pipeline.studying import curve_of
        from siting.write.plan_figures import draw_curve

        found = curve_of(self.planned, by=by, points=points, progress=progress)
        costs = self.proposal.stations["cost_cny"]
        at = float(len(costs)) if by == "stations" else float(costs.sum())
        # The curve counts the same people as the check, unless there are weights or capacities.
        problem = self.planned.question.problem
        plain = problem.weights is None and problem.rules.capacity is None and self.proposal.changes.empty
        share = float(self.proposal.after.totals["covered_share"]) if plain and self.stages else None
        return self._study(
            "curve",
            found.drop(columns="chosen"),
            lambda lang: draw_curve(found, lang, by=by, plan_at=at, plan_share=share),
        )

    def build_order(self, progress: Progress | None = None) -> Study:
        """Return the order in which to build the stations, so that the first ones already cover as much as possible.

        Parameters
        ----------
        progress : callable, optional
            Called as ``(stage, done, total)``.

        Returns
        -------
        Study
            One row for each station, with the loss of each step against the best plan with as many stations; see
            :func:`siting.locate.series.build_order`. The service circle counts, whatever the model of the plan is.
            After Ctrl-C ``table.attrs["interrupted"]`` is true.

        Raises
        ------
        siting.errors.InputError
            There is no plan, or it has no stations.
        """
        from siting.pipeline.studying import names_of, order_of
        from siting.write.plan_figures import draw_order

        found, names = order_of(self.planned, progress=progress), names_of(self.planned)
        return self._study("build order", found.drop(columns="row"), lambda lang: draw_order(found, lang, names=names))

    def alternatives(
        self, count: int = 5, *, within: float = 0.01, differ: int = 1, progress: Progress | None = None
    ) -> Study:
        """Return other plans that are nearly as good.

        Parameters
        ----------
        count : int, default 5
            The number of alternatives.
        within : float, default 0.01
            How much worse they may be, relative to the objective.
        differ : int, default 1
            How many sites of each other plan they omit at least; a standing facility is not counted.
        progress : callable, optional
            Called as ``(stage, done, total)``.

        Returns
        -------
        Study
            One row for each plan, the plan itself first; see :func:`siting.locate.series.alternatives`. ``table.attrs``
            holds ``kept_in``, in how many of the other plans each proposed site stays, ``complete``, whether it is
            proved that there are no more, and ``interrupted``, whether Ctrl-C ended the search.

        Raises
        ------
        siting.errors.InputError
            There is no plan, or it has no stations.
        """
        from siting.pipeline.studying import alternatives_to, names_of
        from siting.write.plan_figures import draw_alternatives

        found = alternatives_to(self.planned, count=count, within=within, differ=differ, progress=progress)
        table, names = found.plans.drop(columns="chosen"), names_of(self.planned)
        kept = dict(zip(found.sites["candidate_id"], found.sites["kept_in"].tolist(), strict=True))
        table.attrs = {**table.attrs, "kept_in": kept, "complete": found.complete}
        return self._study("alternatives", table, lambda lang: draw_alternatives(found.plans, lang, names=names))

    def stability(self, progress: Progress | None = None) -> Study:
        """Tell at which walking speeds each proposed site is chosen too.

        Parameters
        ----------
        progress : callable, optional
            Called as ``(stage, done, total)``.

        Returns
        -------
        Study
            One row for each site; see :func:`siting.locate.series.stability`. Speeds are those of the walkers
            ``frail``, ``elder`` and ``fit``. After Ctrl-C ``table.attrs["interrupted"]`` is true, and speeds that were
            not reached have no column.

        Raises
        ------
        siting.errors.InputError
            There is no plan, or it has no stations.
        """
        from siting.pipeline.studying import names_of, stability_of
        from siting.write.plan_figures import draw_stability

        found, names = stability_of(self.planned, progress=progress), names_of(self.planned)
        table = found.drop(columns="row").rename(columns=str)
        table.attrs = dict(found.attrs)
        return self._study("stability", table, lambda lang: draw_stability(found, lang, names=names))

    def fairness(self) -> Study:
        """Return the covered share of each unit before and after.

        Returns
        -------
        Study
            ``id``, ``name``, ``elderly``, ``covered_share_before`` and ``covered_share_after`` of the units of
            ``plan.unit_level`` (the finest if the scenario names none). ``table.attrs["gini"]`` holds the Gini
            coefficients before and after; the chart is the Lorenz curve.
        """
        from siting.pipeline.evenness import gini_of, lorenz_of
        from siting.pipeline.studying import fairness_of
        from siting.write.plan_figures import draw_lorenz

        table = fairness_of(self.planned)
        table.attrs["gini"] = gini_of(table)
        return self._study("fairness", table, lambda lang: draw_lorenz(*lorenz_of(table), lang, gini=gini_of(table)))

    def study(
        self, name: str, progress: Progress | None = None, *, by: Literal["stations", "budget"] | None = None
    ) -> Study:
        """Return the curve, the order of building, the alternatives or the stability by name, for the command line.

        Parameters
        ----------
        name : {"curve", "order", "alternatives", "stability"}
            The name of the study.
        progress : callable, optional
            Called as ``(stage, done, total)``.
        by : {"stations", "budget"}, optional
            The limited quantity of a curve; if absent, money for a plan with only a budget, otherwise stations.

        Returns
        -------
        Study
            The result of :meth:`curve`, :meth:`build_order`, :meth:`alternatives` or :meth:`stability`.
        """
        if name == "curve":
            plan = self.planned.question.plan
            usual: Literal["stations", "budget"] = "stations"
            if plan.budget_cny is not None and plan.stations is None:
                usual = "budget"
            return self.curve(by or usual, progress=progress)
        if name == "stability":
            return self.stability(progress)
        return self.build_order(progress) if name == "order" else self.alternatives(progress=progress)

    @property
    def subsidies(self) -> Mapping[str, float]:
        """One-off money for the stations, yuan: ``subsidy_cny`` (eligible) and ``subsidy_conditional_cny``."""
        from siting.write.costs import plan_costs

        costs = plan_costs(self.proposal)
        return {name: costs[name] for name in ("subsidy_cny", "subsidy_conditional_cny")}

    def funding(self) -> pd.DataFrame:
        """Return the funding lines that the standards in force promise to the proposed stations.

        Returns
        -------
        pandas.DataFrame
            One row for each station and line; see :func:`siting.assess.funding.funding_lines`.
        """
        from siting.pipeline.paying import promised

        return promised(self.proposal.before, self.proposal.stations, "station")

    def plot(self, lang: Lang | None = None) -> "Figure":
        """Draw coverage as stations are added in rank order.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        matplotlib.figure.Figure
            It is displayed in a notebook; ``savefig`` saves it.
        """
        from siting.write.figures import draw_plan

        return draw_plan(self.proposal, lang or default_lang())

    def explore(self, lang: Lang | None = None) -> WebPage:
        """Return the interactive map with the plan, which needs no network.

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

        before, proposal = self.proposal.before, self.proposal
        return WebPage(map_html(before, proposal, lang=lang or default_lang(), what_if=what_if(before, proposal)))

    def to_file(self, path: str | Path) -> None:
        """Write the plan.

        Parameters
        ----------
        path : str or pathlib.Path
            File to write, replaced whole. ``.geojson`` or ``.json``: the plan in WGS84, which :func:`siting.read_plan`
            reads. ``.gpkg``: the layer ``stations``, and ``places``, ``units``, ``facilities`` and ``checks`` after the
            plan; ``.parquet``: the stations; both in the working CRS, metres.

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write.layers import save_plan

        save_plan(Path(path), self.proposal)

    def _study(self, name: str, table: pd.DataFrame, draw: "Callable[[Lang], Chart]") -> Study:
        """Return a study; its files say so if people are rounded."""
        if self.proposal.before.inputs.scenario.scenario.share:
            table.attrs[ROUNDED] = True
        return Study(table, draw, f"{name} of {self.proposal.before.inputs.scenario.scenario.title}")

    def _repr_html_(self) -> str:
        from siting.write.shown import stations_html

        return stations_html(self.stations, default_lang())
