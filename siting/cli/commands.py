"""The commands: their arguments and actions."""

import datetime as dt
import platform
import re
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args, overload

import click

import siting
from siting.cli import studies as studying
from siting.cli import tell, tell_audit, tell_changes
from siting.cli.lines import tell as tell_text
from siting.cli.lines import tell_whole
from siting.cli.outputs import refuse
from siting.cli.screen import echo
from siting.cli.usage import Command, Group, Option
from siting.domain.levels import Level
from siting.domain.plan_models import PlanModel
from siting.errors import Fault, InputError
from siting.text import LANGS, Lang, say

if TYPE_CHECKING:
    from siting.domain.nouns import Assessment, Progress, Proposal
    from siting.domain.scenario import Scenario
    from siting.progress import ProgressBar
    from siting.write.endings import Result

EXIT_FAULTS: Final = 2
EXIT_GAP: Final = 3
EXIT_NO_PLAN: Final = 4
EXIT_REFUTED: Final = 5
EXIT_INTERRUPT: Final = 130

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
# Longitude and latitude; the comma may be a Chinese one.
_POINT: Final = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*[,，]\s*([-+]?\d+(?:\.\d+)?)")
# Arguments that are scenarios.
_SOURCES: Final = ("scenario", "old", "new")
_DEMO_FILES: Final = {"map": "map.html", "gaps": "gaps.geojson", "plan": "plan.geojson", "grid": "grid.tif"}
# The endings of a map in one page; any other name is that of a folder.
# What each file of a report is.
_REPORT_FILES: Final[dict[str, "Result"]] = {
    "workbook": "table",
    "volume": "volume",
    "web_volume": "page",
    "map": "page",
    "layers": "gaps",
    "shapefiles": "archive",
    "drawing": "drawing",
    "places": "gaps",
    "stations": "plan",
    "gaps": "gaps",
    "plan": "plan",
    "after": "gaps",
    "lists": "table",
    "trace": "table",
    "index": "page",
}


def build(lang: Lang) -> click.Group:
    """Return the commands, with their help in a language."""
    help_ = _Help(lang)
    scenario = click.Argument(["scenario"], type=_FILE)
    plan = help_.option("--with", "plan", key="with", type=_FILE)
    with_plan = help_.option("--with", "plan", key="with_funding", type=_FILE)

    def out(key: str) -> click.Option:
        return help_.option("-o", "--out", key=key, type=_FILE, required=True)

    gap_kinds = click.Choice(["any", "binding"])
    # The encodings of siting.write.shapefiles, which is slow to import.
    encodings = click.Choice(["utf-8", "gbk"])
    fail = help_.option("--fail-on-gap", key="fail_on_gap", is_flag=False, flag_value="any", type=gap_kinds)
    sensitivity = help_.option("--sensitivity", key="sensitivity", is_flag=True)
    models = click.Choice(get_args(PlanModel))
    wanted = [
        help_.option("--model", key="model", topic="plan", type=models),
        help_.option("--stations", key="stations", topic="plan", type=click.IntRange(min=0)),
        help_.option("--budget", key="budget", topic="plan", type=click.FloatRange(min=0)),
        help_.option("--robust", key="robust", topic="plan", type=click.Choice(["mean", "worst", "quantile"])),
        help_.option("--target", key="target", topic="plan", type=click.FloatRange(min=0, min_open=True, max=1)),
        help_.option("--start", "begun", key="start", topic="plan", type=_FILE),
        help_.option("--force", "forced", key="force", topic="sites", multiple=True, metavar="ID"),
        help_.option("--forbid", "forbidden", key="forbid", topic="sites", multiple=True, metavar="ID"),
        help_.option("--candidates", key="candidates", topic="sites", type=click.Choice(["generate"])),
        *(help_.option(f"--{name}", key=name, topic="studies", type=_FILE) for name in studying.STUDIES),
        help_.option("--curve-by", key="curve-by", topic="studies", type=click.Choice(get_args(studying.CurveBy))),
    ]
    demo_out = help_.option("-o", "--out", key="out_demo", type=_FOLDER, default=Path("out/demo"), show_default=True)
    commands = [
        help_.command(
            "new",
            _new,
            click.Argument(["folder"], type=_FOLDER),
            help_.option("--forms", key="forms", is_flag=True),
            help_.option("--date", "date", key="new_date", type=click.DateTime(["%Y-%m-%d"])),
        ),
        help_.command(
            "inspect",
            _inspect,
            scenario,
            help_.option("-o", "--out", key="out_inspect", type=_FILE),
            help_.option("--mark-up", "marked", key="mark_up", type=_FOLDER),
        ),
        help_.command(
            "check",
            _check,
            scenario,
            out("out_gaps"),
            help_.option("--grid", key="grid", type=_FILE),
            plan,
            fail,
            sensitivity,
        ),
        help_.command(
            "explain",
            _explain,
            scenario,
            click.Argument(["what"], metavar="ID", type=_Text()),
            help_.option("-o", "--out", key="out_explain", type=_FILE),
        ),
        help_.command(
            "compare",
            _compare,
            click.Argument(["old"], type=_FILE),
            click.Argument(["new"], type=_FILE),
            help_.option("-o", "--out", key="out_compare", type=_FILE, multiple=True),
            help_.option("--stated-order", key="stated_order", is_flag=True),
        ),
        help_.command(
            "audit",
            _audit,
            scenario,
            help_.option("-o", "--out", key="out_audit", type=_FILE),
            help_.option("--all", "whole", key="audit_all", is_flag=True),
            help_.option("--clause", "names", key="audit_clause", type=_Text(), multiple=True, metavar="ID"),
        ),
        help_.command(
            "funding", _funding, scenario, help_.option("-o", "--out", key="out_funding", type=_FILE), with_plan
        ),
        help_.command("propose", _propose, scenario, out("out_plan"), *wanted),
        help_.command(
            "report",
            _report,
            scenario,
            help_.option("-o", "--out", key="out_report", type=_FOLDER, required=True),
            help_.option("--with", "plan", key="with_report", type=_FILE),
            help_.option("--template", "template", key="template", type=_FILE),
            help_.option("--shp", "shapefiles", key="shp", is_flag=False, flag_value="utf-8", type=encodings),
            help_.option("--dxf", "drawing", key="dxf", is_flag=True),
        ),
        help_.command(
            "batch",
            _batch,
            click.Argument(["scenario"], metavar="SCENARIO|FOLDER", type=click.Path(path_type=Path)),
            help_.option("-o", "--out", key="out_batch", type=_FOLDER, required=True),
            help_.option("--by", key="by", type=click.Choice(get_args(Level))),
            help_.option("--stations", key="batch_stations", type=click.IntRange(min=0)),
            help_.option("--budget", key="batch_budget", type=click.FloatRange(min=0)),
            help_.option("--scheduler", key="scheduler", type=_Text(), metavar="tcp://HOST:PORT"),
            help_.option("--workers", key="workers", type=click.IntRange(min=1)),
            help_.option("--storage", key="storage", type=_Text(), metavar="FOLDER|URL"),
            fail,
        ),
        help_.command("verify", _verify, click.Argument(["plan"], metavar="PLAN", type=_FILE), scenario),
        help_.command(
            "map",
            _map,
            scenario,
            help_.option("-o", "--out", key="out_map", type=click.Path(path_type=Path), required=True),
            plan,
            help_.option("--tiles", key="tiles", type=_Text()),
            help_.option("--without-solver", "without_solver", key="without_solver", is_flag=True),
        ),
        help_.group(
            "standards",
            help_.command("list", _list_standards, key="standards_list"),
            help_.command("show", _show_standard, click.Argument(["key"], metavar="ID"), key="standards_show"),
            help_.command(
                "compare",
                _compare_standards,
                click.Argument(["one"], metavar="ID"),
                click.Argument(["other"], metavar="ID"),
                help_.option("--date", "date", key="standards_date", type=click.DateTime(["%Y-%m-%d"])),
                key="standards_compare",
            ),
            help_.command(
                "new",
                _new_standard,
                click.Argument(["file"], type=_FILE),
                help_.option("--from", "source", key="standards_from", metavar="ID"),
                key="standards_new",
            ),
        ),
        help_.command("demo", _demo, demo_out, help_.option("--files", key="files_demo", type=_FOLDER)),
    ]
    group = help_.group("siting", *commands)
    version = click.version_option(siting.__version__, prog_name="siting", help=say("cli.help.version", lang))
    return version(group)


@dataclass(frozen=True)
class _Source:
    """A scenario's file, and whether it is limited to its own folder."""

    path: Path
    untrusted: bool
    share: bool = False
    layers: tuple[str, ...] = ()

    def read(self, *outputs: tuple["Result", Path | None], plan: Path | None = None) -> "Scenario":
        """Read the scenario; outputs that cannot be written, or are inputs, are refused before any work."""
        from siting.pipeline.opening import named_files, read_whole

        found = self._asked(read_whole(self.path, untrusted=self.untrusted))
        refuse(outputs, (self.path, *named_files(found), *(() if plan is None else (plan,))))
        return found

    def side(self) -> tuple["Scenario | Path", tuple[Path, ...]]:
        """Return a scenario, or the file of a gap report, and all files that are read for it."""
        from siting.pipeline.opening import named_files, read_whole

        if siting.is_report(self.path):
            if self.share:
                raise InputError([Fault(code="share_of_report", file=str(self.path))])
            return self.path, (self.path,)
        found = self._asked(read_whole(self.path, untrusted=self.untrusted))
        return found, (self.path, *named_files(found))

    def _asked(self, scenario: "Scenario") -> "Scenario":
        """Return a scenario with the layers that are given instead, and results that may be passed on, if asked for."""
        from siting.cli.instead import with_layers
        from siting.domain.scenario import shared

        found = with_layers(scenario, self.layers, untrusted=self.untrusted)
        return shared(found) if self.share else found


def _reading(does: Callable[..., int | None]) -> Callable[..., int | None]:
    """Return a command that takes a scenario's file and options for reading it."""

    def run(
        *, untrusted: bool, no_cache: bool, share: bool = False, layers: tuple[str, ...] = (), **rest: Any
    ) -> int | None:
        from siting.pipeline.caching import cache_off, troubles

        sources = {name: _Source(rest.pop(name), untrusted, share, layers) for name in _SOURCES if name in rest}
        with cache_off() if no_cache else nullcontext(), troubles() as found:
            try:
                code = does(**sources, **rest)
                # The others say it themselves.
                if share and not rest["quiet"] and does not in (_check, _explain, _compare):
                    tell_text(say("warning.people_rounded", rest["lang"]))
                return code
            finally:
                if found and not rest["quiet"]:
                    tell.cache_trouble(found[0], rest["lang"])

    return run


class _Help:
    """Makes commands and options with their help in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def option(self, *names: str, key: str, topic: str = "", **settings: Any) -> click.Option:
        made = Option(list(names), help=say(f"cli.help.{key}", self.lang), **settings)
        made.topic = topic
        return made

    def command(self, name: str, does: Any, *params: click.Parameter, key: str | None = None) -> click.Command:  # noqa: ANN401
        """Return a command with the options of all commands."""
        shared = [
            self.option("--lang", key="lang", type=click.Choice(LANGS), default=self.lang),
            self.option("--quiet", key="quiet", is_flag=True),
            # Evaluated in main, which handles faults.
            self.option("--debug", key="debug", is_flag=True, expose_value=False),
        ]
        if any(param.name in _SOURCES for param in params):
            shared += [self.option(f"--{flag}", key=flag, is_flag=True) for flag in ("untrusted", "no-cache")]
            # What is read is told to whoever has the files.
            shared += [] if name == "inspect" else [self.option("--share", key="share", is_flag=True)]
            if any(param.name == "scenario" for param in params):
                shared.append(self.option("--layer", "layers", key="layer", multiple=True, metavar="KEY=FILE"))
            does = _reading(does)
        told = say(f"cli.help.{key or name}", self.lang)
        # Given as the short help too: otherwise click truncates it.
        options = [*params, *shared]
        made = Command(name, _CONTEXT, does, options, told, short_help=told)
        made.lang = self.lang
        return made

    def group(self, name: str, *commands: click.Command) -> click.Group:
        told = say(f"cli.help.{name}", self.lang)
        # Evaluated in main, before the commands are built; declared here so that it may precede the command's name too.
        lang = self.option("--lang", key="lang", type=click.Choice(LANGS), expose_value=False)
        made = Group(name, commands=commands, params=[lang], help=told, context_settings=_CONTEXT)
        made.lang = self.lang
        return made


class _Text(click.types.StringParamType):
    """Text; terminal bytes that are not valid text become the replacement character for such bytes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        return str(super().convert(value, param, ctx)).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


_CONTEXT: Final = {"help_option_names": ["-h", "--help"]}


def _inspect(*, scenario: "_Source", out: Path | None, marked: Path | None, lang: Lang, quiet: bool) -> int:
    with _bar(lang, quiet=quiet) as bar:
        found = siting.inspect(scenario.read(("account", out)), lang=lang, progress=bar)
    if not quiet:
        tell.inspection(found)
    if out is not None:
        found.to_file(out)
    copies = None if marked is None else found.mark_up(marked)
    if not quiet:
        tell.files({"account": out}, lang)
        tell.marked(copies, lang)
    return 0 if found.ok else EXIT_FAULTS


def _check(
    *,
    scenario: "_Source",
    out: Path,
    grid: Path | None,
    plan: Path | None,
    fail_on_gap: str | None,
    sensitivity: bool,
    lang: Lang,
    quiet: bool,
) -> int:
    start = time.perf_counter()
    endings = {"sensitivity_table": "csv", "sensitivity_chart": "png"} if sensitivity else {}
    beside = {key: out.with_name(f"{out.stem}.sensitivity.{ending}") for key, ending in endings.items()}
    with _bar(lang, quiet=quiet) as bar:
        studies: list[tuple[Result, Path]] = [("study", path) for path in beside.values()]
        read = scenario.read(("gaps", out), ("grid", grid), ("run", _run_file(out)), *studies, plan=plan)
        gaps = siting.check(read, plan=plan, progress=bar)
        compared = gaps.sensitivity(bar) if sensitivity else None
    gaps.to_file(out)
    if grid is not None:
        gaps.to_file(grid)
    _log_run(out, start)
    if not quiet:
        tell.gaps(gaps, lang)
        tell.files({"gaps": out, "grid": grid}, lang)
    if compared is not None:
        for path in beside.values():
            compared.to_file(path, lang)
        if not quiet:
            tell.sensitivity(compared, lang)
            tell.files(beside, lang)
    return EXIT_GAP if fail_on_gap and gaps.has_gap(binding=fail_on_gap == "binding") else 0


def _explain(*, scenario: "_Source", what: str, out: Path | None, lang: Lang, quiet: bool) -> None:
    start = time.perf_counter()
    point = _POINT.fullmatch(what.strip())
    with _bar(lang, quiet=quiet) as bar:
        sought = what if point is None else (float(point[1]), float(point[2]))
        found = siting.explain(scenario.read(("explanation", out), ("run", _run_file(out))), sought, progress=bar)
    if out is not None:
        found.to_file(out, lang)
        _log_run(out, start)
    if not quiet:
        tell.explanation(found, lang)
        tell.files({"explanation": out}, lang)


def _compare(
    *, old: "_Source", new: "_Source", out: tuple[Path, ...], stated_order: bool, lang: Lang, quiet: bool
) -> None:
    start = time.perf_counter()
    with _bar(lang, quiet=quiet) as bar:
        sides, inputs = zip(*(each.side() for each in (old, new)), strict=True)
        results: list[tuple[Result, Path]] = [("comparison", path) for path in out]
        results += [("run", _run_file(path)) for path in out[:1]]
        refuse(results, [path for files in inputs for path in files])
        found = siting.compare(*sides, all_orders=not stated_order, progress=bar)
    for path in out:
        found.to_file(path, lang)
    if out:
        _log_run(out[0], start)
    if not quiet:
        tell_changes.changes(found, lang)
        for path in out:
            tell.files({"comparison": path}, lang)


def _audit(
    *, scenario: "_Source", out: Path | None, whole: bool, names: tuple[str, ...], lang: Lang, quiet: bool
) -> None:
    from siting.pipeline.opening import load_standards

    start = time.perf_counter()
    with _bar(lang, quiet=quiet) as bar:
        read = scenario.read(("table", out), ("run", _run_file(out)))
        documents = load_standards(read.standards, read.scenario.date)
        clauses = tell_audit.chosen(names, documents)
        table = siting.audit(read, progress=bar)
    if out is not None:
        from siting.write.tables import write_table

        write_table(out, table, lang)
        _log_run(out, start)
    if not quiet:
        if clauses:
            tell_audit.clauses(table, clauses, documents, lang)
        elif whole:
            tell_audit.everything(table, documents, lang)
        else:
            tell_audit.summary(table, documents, lang)
        tell.files({"audit": out}, lang)


def _funding(*, scenario: "_Source", out: Path | None, plan: Path | None, lang: Lang, quiet: bool) -> None:
    start = time.perf_counter()
    with _bar(lang, quiet=quiet) as bar:
        read = scenario.read(("table", out), ("run", _run_file(out)), plan=plan)
        found = siting.funding(read, plan=plan, progress=bar)
    if out is not None:
        found.to_file(out, lang)
        _log_run(out, start)
    if not quiet:
        tell.funding(found, lang)
        tell.files({"funding": out}, lang)


def _verify(*, scenario: "_Source", plan: Path, lang: Lang, quiet: bool) -> int:
    with _bar(lang, quiet=quiet) as bar:
        found = siting.verify(scenario.read(plan=plan), plan, progress=bar)
    if not quiet:
        tell.verification(found, lang)
    return 0 if found.holds else EXIT_REFUTED


def _propose(
    *,
    scenario: "_Source",
    out: Path,
    model: PlanModel | None,
    stations: int | None,
    budget: float | None,
    target: float | None,
    lang: Lang,
    quiet: bool,
    **more: Any,
) -> int:
    start = time.perf_counter()
    asked = {name: more[name] for name in studying.STUDIES if more[name] is not None}
    studying.refuse(asked, more["curve_by"])
    with _bar(lang, quiet=quiet) as bar:
        studies: list[tuple[Result, Path]] = [("study", path) for path in asked.values()]
        read = scenario.read(("plan", out), ("run", _run_file(out)), *studies)
        named = {name: more[name] for name in ("forced", "forbidden", "candidates", "robust")}
        plan = siting.propose(
            read,
            model=model,
            stations=stations,
            budget_cny=budget,
            share=target,
            **named,
            start=more["begun"],
            progress=bar,
        )
        plan.to_file(out)
    if not quiet:
        tell.plan(plan, lang)
    found = studying.write(plan, asked, lang, by=more["curve_by"], bar=lambda: _bar(lang, quiet=quiet), quiet=quiet)
    _log_run(out, start)
    if not quiet:
        tell.files({"plan": out, **found.files}, lang)
    if found.refused:
        echo(studying.told(found.refused, lang), err=True)
    if found.interrupted or plan.proposal.selection.stopped_by == "interrupt":
        return EXIT_INTERRUPT
    if plan.status in ("relaxed", "infeasible", "unknown"):
        return EXIT_NO_PLAN
    return EXIT_FAULTS if found.refused else 0


def _map(
    *,
    scenario: "_Source",
    out: Path,
    plan: Path | None,
    tiles: str | None,
    without_solver: bool,
    lang: Lang,
    quiet: bool,
) -> None:
    from siting.pipeline.what_if import what_if
    from siting.write.endings import all_endings
    from siting.write.webmap import write_map

    start = time.perf_counter()
    # A file of another kind is refused as everywhere; any other name is that of a folder.
    if out.is_dir() or out.suffix.lower() not in all_endings():
        _map_folder(scenario, out, plan, tiles, lang, quiet=quiet)
        _log_run(out / "map", start)
        return
    with _bar(lang, quiet=quiet) as bar:
        read = scenario.read(("page", out), ("run", _run_file(out)), plan=plan)
        assessment, proposal = _shown_on_map(read, plan, bar)
        page = what_if(assessment, proposal, bar)
        bar("map", 0, 1)
        write_map(out, assessment, proposal, lang=lang, tiles=tiles, what_if=page, solver=not without_solver)
        bar("map", 1, 1)
    _log_run(out, start)
    if not quiet:
        tell.files({"map": out}, lang)


def _shown_on_map(read: "Scenario", plan: Path | None, bar: "Progress") -> "tuple[Assessment, Proposal | None]":
    """Return the check that a map shows, and the plan."""
    if plan is None:
        return siting.check(read, progress=bar).assessment, None
    proposal = siting.read_plan(read, plan, progress=bar).proposal
    # The plan's own check tells nothing of how sure verdicts are.
    with_errors = read.population.stated_errors is not None
    return (siting.check(read, progress=bar).assessment if with_errors else proposal.before), proposal


def _map_folder(
    scenario: "_Source", out: Path, plan: Path | None, tiles: str | None, lang: Lang, *, quiet: bool
) -> None:
    """Draw a large area as a folder: an index, and a page for each part."""
    from siting.pipeline.parts import part_of, plan_part_of
    from siting.write.webmap import Cut, write_map_folder

    with _bar(lang, quiet=quiet) as bar:
        read = scenario.read(("page", out / "index.html"), ("run", _run_file(out / "map")), plan=plan)
        found, proposal = _shown_on_map(read, plan, bar)

        def told(done: int, total: int) -> None:
            bar("map", done, total)

        cut = Cut(part_of, plan_part_of)
        pages = write_map_folder(out, found, proposal, cut=cut, lang=lang, tiles=tiles, progress=told)
    if not quiet:
        tell.files({"map": pages[0]}, lang)


def _report(
    *, scenario: "_Source", out: Path, plan: Path | None, lang: Lang, quiet: bool, template: Path | None, **more: Any
) -> None:
    from siting.write.report import Asked, report_files
    from siting.write.report.volume import check_template

    start = time.perf_counter()
    run = out / "report"
    with _bar(lang, quiet=quiet) as bar:
        files = report_files(out, with_plan=plan is not None, asked=Asked(**more))
        outputs: list[tuple[Result, Path]] = [(_REPORT_FILES[key], path) for key, path in files.items()]
        read = scenario.read(*outputs, ("run", _run_file(run)), plan=plan)
        if template is not None:
            refuse(outputs, (template,))
            check_template(template)
        planned = None if plan is None else siting.read_plan(read, plan, progress=bar)
        gaps = siting.check(read, progress=bar) if planned is None else planned.before
        gaps.report(out, plan=planned, template=template, lang=lang, progress=bar, **more)
    _log_run(run, start)
    if not quiet:
        tell.files({"report": files["index"]}, lang)


def _batch(
    *,
    scenario: "_Source",
    out: Path,
    by: Level | None,
    stations: int | None,
    budget: float | None,
    fail_on_gap: str | None,
    lang: Lang,
    quiet: bool,
    **where: Any,
) -> int:
    from siting.pipeline.batch import Job, batch
    from siting.results import Batch
    from siting.write.tables import write_table

    start = time.perf_counter()
    table, run = out / "parts.csv", out / "batch"
    with _bar(lang, quiet=quiet) as bar:
        asked = Job(out, stations=stations, budget=budget, **where)
        outputs: list[tuple[Result, Path]] = [("table", table), ("run", _run_file(run))]
        if scenario.path.is_dir():
            refuse(outputs)
            found = Batch(batch(scenario.path, asked, by, bar, untrusted=scenario.untrusted))
        else:
            found = Batch(batch(scenario.read(*outputs), asked, by, bar))
    write_table(table, found.parts, lang)
    _log_run(run, start)
    if not quiet:
        tell.batch(found, lang)
        tell.files({"parts": table, "batch": out}, lang)
    gaps = found.report is not None and found.report.has_gap(binding=fail_on_gap == "binding")
    gaps = gaps or (found.report is None and bool(found.parts["places_with_gap"].sum()))
    return EXIT_GAP if fail_on_gap and gaps else 0


def _demo(*, out: Path, files: Path | None, lang: Lang, quiet: bool) -> None:
    if files is not None:
        _demo_files(files, lang, quiet=quiet)
        return
    from siting.pipeline.what_if import what_if
    from siting.write.webmap import write_map

    start = time.perf_counter()
    written = {name: out / file for name, file in _DEMO_FILES.items()}
    run = out / "demo"
    results: dict[str, Result] = {"map": "page", "gaps": "gaps", "plan": "plan", "grid": "grid"}
    refuse([*((results[name], path) for name, path in written.items()), ("run", _run_file(run))])
    with _bar(lang, quiet=quiet) as bar:
        plan = siting.propose(siting.read_scenario(sample_scenario()), progress=bar)
        plan.before.to_file(written["gaps"])
        plan.before.to_file(written["grid"])
        plan.to_file(written["plan"])
        page = what_if(plan.proposal.before, plan.proposal, bar)
        bar("map", 0, 1)
        write_map(written["map"], plan.proposal.before, plan.proposal, lang=lang, what_if=page)
        bar("map", 1, 1)
    _log_run(run, start)
    if not quiet:
        tell.gaps(plan.before, lang)
        tell.plan(plan, lang)
    tell.files(written, lang)


def _demo_files(folder: Path, lang: Lang, *, quiet: bool) -> None:
    """Copy the files of the sample district without its scenario, as a bureau has them before a first assessment."""
    from siting.write.files import whole_file

    left_out = {"scenario.toml", "README.md"}
    sources = [each for each in sorted(sample_scenario().parent.iterdir()) if each.name not in left_out]
    if there := [str(folder / each.name) for each in sources if (folder / each.name).exists()]:
        raise InputError([Fault(code="would_overwrite", file=file) for file in there])
    for source in sources:
        with whole_file(folder / source.name) as copy:
            copy.write(source.read_bytes())
    if not quiet:
        tell.files({"sample_files": folder}, lang)


def _new(*, folder: Path, forms: bool, date: dt.datetime | None, lang: Lang, quiet: bool) -> None:
    if forms:
        _new_forms(folder, lang, quiet=quiet)
        return
    from siting.write.files import write_text

    target = folder / "scenario.toml"
    if target.exists():
        raise InputError([Fault(code="would_overwrite", file=str(target))])
    from siting.pipeline.opening import survey
    from siting.write.template import scenario_template

    draft = survey(folder)
    day = _day(date)
    write_text(target, scenario_template(lang, draft, day))
    if not quiet:
        tell.survey(draft, day, lang)
        tell.files({"scenario": target}, lang)


def _new_forms(folder: Path, lang: Lang, *, quiet: bool) -> None:
    from siting.pipeline.opening import all_standards
    from siting.write.forms import write_forms

    for path in write_forms(folder, all_standards(), lang).values():
        if not quiet:
            tell.files({"forms": path}, lang)


def _list_standards(*, lang: Lang, **_: Any) -> None:
    from siting.pipeline.opening import elsewhere_standards

    tell.standards(siting.standards(), lang)
    tell_whole(f"\n{say('cli.elsewhere', lang)}")
    tell.standards(elsewhere_standards(), lang)


def _show_standard(*, key: str, lang: Lang, **_: Any) -> None:
    from siting.pipeline.opening import standard

    tell.standard(standard(key), lang)


def _compare_standards(*, one: str, other: str, date: dt.datetime | None, lang: Lang, **_: Any) -> None:
    from siting.pipeline.opening import compare, standard

    tell.comparison(compare(standard(one), standard(other), _day(date)), lang)


def _day(date: dt.datetime | None) -> dt.date:
    """Return the given day, otherwise today."""
    return (dt.datetime.now().astimezone() if date is None else date).date()


def _new_standard(*, file: Path, source: str | None, lang: Lang, quiet: bool) -> None:
    from siting.pipeline.opening import standard
    from siting.write.files import write_text
    from siting.write.standard_template import standard_from, standard_template

    if file.exists():
        raise InputError([Fault(code="would_overwrite", file=str(file))])
    write_text(file, standard_template(lang) if source is None else standard_from(standard(source), lang))
    if not quiet:
        tell.files({"standard": file}, lang)


def _bar(lang: Lang, *, quiet: bool) -> "ProgressBar":
    """Return a progress bar for a terminal; without output if it goes to a file."""
    return siting.progress_bar(lang, quiet=quiet or not sys.stderr.isatty())


def sample_scenario() -> Path:
    """Return the sample district's scenario: inside an installed package, or in a checkout."""
    package = Path(siting.__file__).parent
    for folder in (package / "sample", package.parent / "data" / "sample"):
        if (folder / "scenario.toml").is_file():
            return folder / "scenario.toml"
    message = "the sample district is missing from this installation"
    raise FileNotFoundError(message)


@overload
def _run_file(out: Path) -> Path: ...
@overload
def _run_file(out: Path | None) -> Path | None: ...
def _run_file(out: Path | None) -> Path | None:
    return None if out is None else out.with_name(f"{out.stem}.run.json")


def _log_run(out: Path, start: float) -> None:
    """Write seconds, date and machine in a file beside the result, never into the result."""
    from siting.write.files import write_json

    write_json(
        _run_file(out),
        {
            "siting": siting.__version__,
            "seconds": round(time.perf_counter() - start, 3),
            "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
    )
