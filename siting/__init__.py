"""siting: checks elderly-care facilities against planning standards and sites new community stations.

The public functions are :func:`read_scenario`, :func:`scenario`, :func:`change`, :func:`inspect`, :func:`check`,
:func:`audit`, :func:`batch`, :func:`compare`, :func:`explain`, :func:`sensitivity`, :func:`funding`, :func:`propose`,
:func:`read_plan` and :func:`standards`; :func:`progress_bar` shows their progress.
"""

from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from siting.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Literal

    from pandas import DataFrame

    from siting.domain.changes import Measured
    from siting.domain.nouns import Progress
    from siting.domain.plan_models import PlanModel
    from siting.domain.scenario import Level, Scenario
    from siting.domain.standards import Standard
    from siting.progress import ProgressBar
    from siting.results import (
        Batch,
        Comparison,
        Explanation,
        Funding,
        GapReport,
        Inspection,
        Plan,
        Sensitivity,
        Verification,
    )
    from siting.text import Lang

__all__ = [
    "Batch",
    "Comparison",
    "Explanation",
    "Fault",
    "Funding",
    "GapReport",
    "Grid",
    "InputError",
    "Inspection",
    "Plan",
    "Raster",
    "Scenario",
    "Sensitivity",
    "Standard",
    "Study",
    "Verification",
    "__version__",
    "audit",
    "batch",
    "change",
    "check",
    "compare",
    "explain",
    "funding",
    "inspect",
    "progress_bar",
    "propose",
    "read_plan",
    "read_scenario",
    "scenario",
    "sensitivity",
    "standards",
    "verify",
]


# Parameters, results and exceptions of the functions, imported when they are used.
_NOUNS = {
    **dict.fromkeys(
        (
            "Batch",
            "Comparison",
            "Explanation",
            "Funding",
            "GapReport",
            "Inspection",
            "Plan",
            "Sensitivity",
            "Study",
            "Verification",
        ),
        "siting.results",
    ),
    **dict.fromkeys(("Grid", "Raster"), "siting.domain.nouns"),
    "Scenario": "siting.domain.scenario",
    "Standard": "siting.domain.standards",
    "Fault": "siting.errors",
    "InputError": "siting.errors",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes
    """Return a name of the public interface."""
    if name not in _NOUNS:
        message = f"module 'siting' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_NOUNS[name]), name)


def read_scenario(path: str | Path, *, untrusted: bool = False) -> "Scenario":
    """Read a scenario file.

    Parameters
    ----------
    path : str or pathlib.Path
        TOML file; see ``docs/scenario.md``. Relative paths in it start from its own folder.
    untrusted : bool
        Limit an untrusted scenario to files within its own folder, with links resolved, and refuse databases and
        formats that may refer to other files or hosts.

    Returns
    -------
    Scenario
        Frozen; layers are not yet read.

    Raises
    ------
    siting.errors.InputError
        With every fault of the file.

    Examples
    --------
    >>> import siting
    >>> siting.read_scenario("data/sample/scenario.toml").walking.minutes
    15.0
    """
    from siting.pipeline.opening import read_scenario as read

    return read(Path(path), untrusted=untrusted)


def _read(scenario: "Scenario | str | Path") -> "Scenario":
    """Return a given scenario, or read its file."""
    if not isinstance(scenario, str | Path):
        return scenario
    from siting.pipeline.opening import read_whole

    return read_whole(scenario)


def scenario(**sections: Any) -> "Scenario":
    """Return a scenario of settings and data in memory, checked like those of a file.

    Parameters
    ----------
    **sections : mapping, DataFrame or None
        By section, its keys, nested as in the file (``docs/scenario.md``). Every path may be replaced by a
        :class:`pandas.DataFrame`, a :class:`geopandas.GeoDataFrame` or a :class:`Raster`: instead of ``path``, or of
        all keys of a layer. They are copied. Messages and results call these sources ``memory.parquet`` and
        ``memory.tif``.

    Returns
    -------
    Scenario
        The same type as from :func:`read_scenario`.

    Raises
    ------
    siting.errors.InputError
        With every unknown, missing or wrong key, or every table that cannot be stored.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import siting
    >>> from shapely import Point, box
    >>> unit = gpd.GeoDataFrame({"id": ["D"], "name": ["D"]}, geometry=[box(107.34, 29.65, 107.35, 29.66)], crs=4490)
    >>> homes = gpd.GeoDataFrame({"people": [100]}, geometry=[Point(107.346, 29.654)], crs=4490)
    >>> ledger = gpd.GeoDataFrame(
    ...     {"id": ["F"], "tier": ["station"], "status": ["existing"]}, geometry=[Point(107.345, 29.655)], crs=4490
    ... )
    >>> made = siting.scenario(
    ...     scenario={"title": "Lakeside", "date": "2026-01-01"},
    ...     standards={"ids": ["cq-2017-162"]},
    ...     walking={"mode": "straight_line"},
    ...     units={"district": unit},
    ...     population={"residents": {"points": homes}},
    ...     facilities={"path": ledger, "complete": True},
    ... )
    >>> siting.check(made).totals["residents"]
    100.0
    """
    from siting.pipeline.opening import changed

    return changed(None, sections)


def change(scenario: "Scenario | str | Path", /, **sections: Any) -> "Scenario":
    """Return a scenario with other settings, checked like those of a file.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The result of :func:`read_scenario`, or the scenario's file; it is not changed.
    **sections : mapping or None
        By section, the keys to change, nested as in the file (``docs/scenario.md``); None removes a key, or a section.
        Tables and rasters in memory may replace files, as in :func:`scenario`.

    Returns
    -------
    Scenario
        A new one.

    Raises
    ------
    siting.errors.InputError
        With every unknown, missing or wrong key.

    Examples
    --------
    >>> import siting
    >>> slower = siting.change("data/sample/scenario.toml", walking={"walker": "frail"}, plan={"stations": 3})
    >>> slower.walking.walker, slower.plan.stations
    ('frail', 3)
    """
    from siting.pipeline.opening import changed

    return changed(_read(scenario), sections)


def inspect(
    scenario: "Scenario | str | Path", *, lang: "Lang | None" = None, progress: "Progress | None" = None
) -> "Inspection":
    """Read all layers of a scenario and report the findings, whatever their faults.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The result of :func:`read_scenario`, or the scenario's file.
    lang : {"zh", "en"}, optional
        Language of the texts; that of the system if absent.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    siting.results.Inspection
        ``.layers``, ``.faults`` (tables), ``.notes``, ``.ok``; ``.plot()``, ``.to_file()``.

    Raises
    ------
    siting.errors.InputError
        The scenario's own file is missing or wrong. Faults of the layers are part of the result.

    Examples
    --------
    >>> import siting
    >>> found = siting.inspect("data/sample/scenario.toml")
    >>> found.layers.set_index("key").loc["population.residents", "people"].round()
    np.float64(300000.0)
    """
    from siting.domain.nouns import quiet
    from siting.pipeline import inspect as found_in
    from siting.results import Inspection

    read = _read(scenario)
    inputs, log = found_in(read, progress or quiet)
    return Inspection(read, log, inputs, lang)


def check(
    scenario: "Scenario | str | Path", *, plan: "Plan | str | Path | None" = None, progress: "Progress | None" = None
) -> "GapReport":
    """Check a scenario's places against the standards in force.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The result of :func:`read_scenario`, or the scenario's file.
    plan : siting.results.Plan, str or pathlib.Path, optional
        A plan, or its GeoJSON; its stations are counted as if they existed.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    siting.results.GapReport
        ``.places``, ``.units``, ``.grid``, ``.clauses`` (tables), ``.totals``; ``.plot()``, ``.explore()``,
        ``.to_file()``.

    Raises
    ------
    siting.errors.InputError
        With every fault of the layers.

    Examples
    --------
    >>> import siting
    >>> gaps = siting.check(siting.read_scenario("data/sample/scenario.toml"))
    >>> gaps.totals["land_basis"]
    'resident_current'
    """
    from siting import pipeline
    from siting.results import GapReport

    read = _read(scenario)
    if plan is None:
        return GapReport(pipeline.check(read, progress))
    with _plan_file(plan) as path:
        return GapReport(pipeline.check_with(read, path, progress))


@contextmanager
def _plan_file(plan: "Plan | str | Path") -> "Iterator[Path]":
    """Return a plan's file; a plan in memory is written first, so that plans are read in one way only."""
    if isinstance(plan, str | Path):
        yield Path(plan)
        return
    with TemporaryDirectory(prefix="siting-") as folder:
        path = Path(folder) / "plan.geojson"
        plan.to_file(path)
        yield path


def compare(
    old: "Scenario | GapReport | str | Path",
    new: "Scenario | GapReport | str | Path",
    *,
    all_orders: bool = True,
    progress: "Progress | None" = None,
) -> "Comparison":
    """Compare two scenarios, and split every change into people, facilities, network, rules and settings.

    Parameters
    ----------
    old, new : Scenario, GapReport, str or pathlib.Path
        Two scenarios, or their files; or gap reports, or their GeoJSON. A gap report holds no inputs: what is compared
        with one is told before and after, and its change is not split.
    all_orders : bool
        Whether to tell what the order of exchange is worth: all combinations of the parts that differ are checked (at
        most 32), otherwise only those of the stated order (at most 6).
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    siting.results.Comparison
        ``.table`` (one row for each figure, with its parts), ``.totals``, ``.verdicts``, ``.places``; ``.notes()``,
        ``.plot()``, ``.to_file()``.

    Raises
    ------
    siting.errors.InputError
        With every fault of the layers, or if a file is no gap report.

    Examples
    --------
    >>> import siting
    >>> old = siting.read_scenario("data/sample/scenario.toml")
    >>> found = siting.compare(old, siting.change(old, walking={"minutes": 10}))
    >>> row = found.totals.loc["covered_share"]
    >>> float(row["change"]) == float(row["by_settings"]) < 0
    True
    """
    from siting import pipeline
    from siting.results import Comparison

    return Comparison(pipeline.compare(_side(old), _side(new), progress, all_orders=all_orders))


def _side(given: "Scenario | GapReport | str | Path") -> "Scenario | Measured":
    """Return a scenario, or what a gap report holds."""
    from siting.results import GapReport

    if isinstance(given, GapReport):
        from siting.pipeline import measured_of

        return measured_of(given.assessment)
    if isinstance(given, str | Path) and is_report(given):
        from siting.pipeline.opening import read_report

        return read_report(Path(given))
    return _read(given)


def is_report(path: str | Path) -> bool:
    """Tell by its ending whether a file of :func:`compare` is a gap report; all others are scenarios."""
    return Path(path).suffix.lower() in (".geojson", ".json")


def explain(
    scenario: "Scenario | str | Path", what: "str | tuple[float, float]", *, progress: "Progress | None" = None
) -> "Explanation":
    """Explain why a place is covered or not.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The result of :func:`read_scenario`, or the scenario's file.
    what : str or tuple of float
        Id of a residential area, unit, facility or candidate (``LEVEL/ID`` if ids of several kinds are equal), a unique
        name, or longitude and latitude (WGS84, degrees).
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    siting.results.Explanation
        ``.text()``, ``.reasons``, ``.route``, ``.candidates`` (tables); ``.to_file()``.

    Raises
    ------
    siting.errors.InputError
        With every fault of the layers, or if the name is unknown.

    Examples
    --------
    >>> import siting
    >>> told = siting.explain(siting.read_scenario("data/sample/scenario.toml"), (107.41, 29.71))
    >>> told.explained.subject.level
    'point'
    """
    from siting import pipeline
    from siting.results import Explanation

    return Explanation(pipeline.explain(_read(scenario), what, progress))


def sensitivity(scenario: "Scenario | str | Path", *, progress: "Progress | None" = None) -> "Sensitivity":
    """Compare coverage under settings that no document specifies: the walker, slopes, the direction, the mode.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The result of :func:`read_scenario`, or the scenario's file.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    siting.results.Sensitivity
        ``.table`` (one row for each setting); ``.plot()``, ``.to_file()``.

    Raises
    ------
    siting.errors.InputError
        With every fault of the layers.

    Examples
    --------
    >>> import siting
    >>> table = siting.sensitivity(siting.read_scenario("data/sample/scenario.toml")).table
    >>> table.loc[table["note"] == "optimistic", "mode"].tolist()
    ['straight_line']
    """
    from siting import pipeline
    from siting.results import Sensitivity

    read = _read(scenario)
    return Sensitivity(read, pipeline.sensitivity(read, progress))


def audit(scenario: "Scenario | str | Path", *, progress: "Progress | None" = None) -> "DataFrame":
    """Return what a check measures for each clause (指标达标对照表).

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The result of :func:`read_scenario`, or the scenario's file. At a planned horizon the present figures are beside
        the planned ones.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    pandas.DataFrame
        One row for each clause and level; see :func:`siting.assess.audit.audit_table`. At a planned horizon also
        ``current_low``, ``current_high`` and ``current_verdict``.

    Raises
    ------
    siting.errors.InputError
        With every fault of the layers.

    Examples
    --------
    >>> import siting
    >>> table = siting.audit(siting.read_scenario("data/sample/scenario.toml"))
    >>> table[table["clause_id"] == "cq-2019-129/2-3-land"]["verdict"].tolist()
    ['no_data', 'gap', 'gap', 'gap']
    """
    from siting import pipeline

    return pipeline.audit(_read(scenario), progress)


def funding(
    scenario: "Scenario | str | Path", *, plan: "Plan | str | Path | None" = None, progress: "Progress | None" = None
) -> "Funding":
    """List the funding that the standards in force promise, with every condition of their text.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The result of :func:`read_scenario`, or the scenario's file.
    plan : siting.results.Plan, str or pathlib.Path, optional
        A plan, or its GeoJSON; its stations are listed beside facilities and candidates.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    siting.results.Funding
        ``.lines``, ``.summary()`` (tables), ``.notes()``; ``.to_file()``.

    Raises
    ------
    siting.errors.InputError
        With every fault of the layers.

    Examples
    --------
    >>> import siting
    >>> found = siting.funding("data/sample/scenario.toml")
    >>> found.summary().loc["F008", "eligible_cny"]
    np.float64(1100000.0)
    """
    from siting.results import Funding

    if plan is None:
        return Funding(check(scenario, progress=progress))
    planned = read_plan(scenario, plan, progress=progress) if isinstance(plan, str | Path) else plan
    return Funding(planned.before, planned)


def propose(  # noqa: PLR0913 - all but one are keyword-only
    scenario: "Scenario | str | Path",
    *,
    model: "PlanModel | None" = None,
    stations: int | None = None,
    budget_cny: float | None = None,
    share: float | None = None,
    forced: "Iterable[str]" = (),
    forbidden: "Iterable[str]" = (),
    candidates: 'Literal["generate"] | None' = None,
    start: str | Path | None = None,
    progress: "Progress | None" = None,
    **options: Any,
) -> "Plan":
    """Propose community stations, and prove how good the proposal is.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The result of :func:`read_scenario`, or the scenario's file; it names candidates, or ``candidates`` is given.
        Its section ``[plan]`` has the settings of the plan; the arguments below take precedence.
    model : str, optional
        ``"mclp"`` (most elderly covered), ``"lscp"`` (fewest stations, or least cost, for a share of all),
        ``"p_median"`` (least walking), ``"p_center"`` (smallest worst walk), ``"fair"`` (greatest least share of the
        units), ``"compliance"`` (least cost such that clauses are met), ``"phased"`` (what to build in which year) or
        ``"network"`` (institutions, centres and stations together, each station with a parent).
    stations : int, optional
        The most stations. Together with ``budget_cny`` it replaces both of the scenario's. If neither is given and
        ``model`` is another one that needs none (``"lscp"``, ``"compliance"``), the scenario's are ignored.
    budget_cny : float, optional
        The largest cost, yuan (capital cost + lease years × rent).
    share : float, optional
        The share of all elderly to be covered (``"lscp"``), or counted in the worst walk (``"p_center"``).
    forced, forbidden : str or iterable of str
        Ids of candidates that must be built, or must not, in addition to those that the scenario names; if both name
        one, the argument takes precedence.
    candidates : {"generate"}, optional
        For a scenario without candidates: points of a lattice of 200 m in residential areas (otherwise in units) are
        the candidates.
    start : str or pathlib.Path, optional
        A plan's GeoJSON (of this function, or exported by the map): the search starts from its choice, so that the
        result is never worse within the same constraints, and a note compares both. For the models ``"mclp"``,
        ``"lscp"``, ``"p_median"`` and ``"fair"``.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.
    **options
        Any other key of ``[plan]`` (``docs/scenario.md``), for example ``capacity=600`` or ``spacing_m=500``.

    Returns
    -------
    siting.results.Plan
        ``.stations``, ``.status``, ``.stages``, ``.bound``, ``.optimality_gap``, ``.before`` and ``.after`` (gap
        reports). If no choice satisfies the request, ``.status`` is ``"infeasible"`` and ``.blocked`` tells why, and
        what would do.

    Raises
    ------
    siting.errors.InputError
        With every fault of the layers or of the call.

    Examples
    --------
    >>> import siting
    >>> plan = siting.propose(siting.read_scenario("data/sample/scenario.toml"), stations=3)
    >>> plan.status, len(plan.stations)
    ('optimal', 3)
    """
    from siting import pipeline
    from siting.results import Plan

    return Plan(
        pipeline.propose(
            _read(scenario),
            model=model,
            stations=stations,
            budget_cny=budget_cny,
            share=share,
            forced=forced,
            forbidden=forbidden,
            candidates=candidates,
            start=None if start is None else Path(start),
            progress=progress,
            **options,
        )
    )


def batch(
    source: "Scenario | str | Path",
    out: str | Path,
    *,
    by: "Level | None" = None,
    stations: int | None = None,
    budget_cny: float | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    storage: str | None = None,
    progress: "Progress | None" = None,
) -> "Batch":
    """Check many places in one run: the units of a scenario in parts, or every scenario of a folder, through Dask.

    The parts of one scenario give the figures of an undivided run: people, working CRS, network and standards are
    prepared before the split, and every part has the context of all walks that reach it. Scenarios of a folder are
    independent. Parts that an earlier run finished are not computed again.

    Parameters
    ----------
    source : Scenario, str or pathlib.Path
        A scenario or its file, or a folder with ``NAME.toml`` or ``NAME/scenario.toml``.
    out : str or pathlib.Path
        The folder of the results, made if it is missing: see ``docs/scale.md``.
    by : {"community", "street", "planning", "district", "city"}, optional
        The level whose units are the parts of a scenario; needed for one, and not for a folder.
    stations : int, optional
        Share out so many new stations over the parts, so that they newly cover most elderly; with a proved bound.
    budget_cny : float, optional
        Share out money instead, yuan.
    scheduler : str, optional
        The address of a running Dask scheduler, such as ``tcp://10.0.0.5:8786``. Its workers need this version, and the
        folders under the same names. Without it, processes of this machine.
    workers : int, optional
        The number of processes of this machine; that of its processors if absent.
    storage : str, optional
        Where inputs and results of walks of parts lie: a folder, or a URL of fsspec (``s3://…``); by default the folder
        ``work`` in ``out``.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    siting.results.Batch
        ``.parts`` (a table), ``.report`` and ``.plan`` (of one scenario), ``.shared``, ``.files``.

    Raises
    ------
    siting.errors.InputError
        Dask is not installed (``pip install "siting[dask]"``), no scheduler answers, faults of the inputs, or a fault
        for each part that failed.

    Examples
    --------
    >>> import siting
    >>> if __name__ == "__main__":  # workers are processes that import this file
    ...     found = siting.batch("data/sample/scenario.toml", "out/batch", by="street")  # doctest: +SKIP
    """
    from siting.pipeline.batch import Job
    from siting.pipeline.batch import batch as run
    from siting.results import Batch

    job = Job(Path(out), scheduler=scheduler, workers=workers, storage=storage, stations=stations, budget=budget_cny)
    if isinstance(source, str | Path):
        source = Path(source) if Path(source).is_dir() else _read(source)
    return Batch(run(source, job, by, progress))


def read_plan(scenario: "Scenario | str | Path", path: str | Path, *, progress: "Progress | None" = None) -> "Plan":
    """Read a plan that was written before, and measure it again in the same way.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The scenario for which the plan was made, or its file.
    path : str or pathlib.Path
        The plan's GeoJSON.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    siting.results.Plan
        With ``.before`` and ``.after``.

    Raises
    ------
    siting.errors.InputError
        The file is not a plan, or names candidates that the scenario lacks.
    """
    from siting import pipeline
    from siting.results import Plan

    return Plan(pipeline.measure_plan(_read(scenario), Path(path), progress))


def verify(
    scenario: "Scenario | str | Path", path: str | Path, *, progress: "Progress | None" = None
) -> "Verification":
    """Check the certificate of a plan against the scenario, without a solver.

    Parameters
    ----------
    scenario : Scenario, str or pathlib.Path
        The scenario for which the plan was made, or its file.
    path : str or pathlib.Path
        The plan's GeoJSON.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    siting.results.Verification
        ``.holds``, ``.objective``, ``.bound``, ``.sentences()``.

    Raises
    ------
    siting.errors.InputError
        The file is not a plan, has no certificate, or names candidates that the scenario lacks.

    Examples
    --------
    >>> import siting
    >>> siting.propose("data/sample/scenario.toml", stations=2).to_file("out/two.geojson")
    >>> found = siting.verify("data/sample/scenario.toml", "out/two.geojson")
    >>> found.holds, found.bound - found.objective < 0.01
    (True, True)
    """
    from siting import pipeline
    from siting.results import Verification

    return Verification(pipeline.verify(_read(scenario), Path(path), progress))


def standards() -> "tuple[Standard, ...]":
    """Return the standards of the catalogue.

    Returns
    -------
    tuple of Standard
        Oldest first.

    Examples
    --------
    >>> import siting
    >>> [one.number for one in siting.standards() if one.id.startswith("cq-")]
    ['渝府办发〔2017〕162号', '渝府办发〔2019〕129号', '渝民规〔2025〕7号']
    """
    from siting.pipeline.opening import all_standards

    return all_standards()


def progress_bar(lang: "Lang | None" = None, *, quiet: bool = False) -> "ProgressBar":
    """Return a progress bar for the terminal or the notebook, to be used in a ``with`` statement.

    Parameters
    ----------
    lang : {"zh", "en"}, optional
        Language of the stages.
    quiet : bool
        Show nothing.

    Returns
    -------
    siting.progress.ProgressBar
        To be passed as ``progress=``.
    """
    from siting.progress import ProgressBar

    return ProgressBar(lang, quiet=quiet)
