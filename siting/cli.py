"""The command line: what a planner types."""

import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

import siting
from siting.errors import InputError
from siting.text import LANGS, Lang, default_lang, say

if TYPE_CHECKING:
    from rich.table import Table

    from siting.results import GapReport, Plan

EXIT_FAULT, EXIT_INPUT, EXIT_GAP, EXIT_NO_PLAN, EXIT_INTERRUPT = 1, 2, 3, 4, 130

_SCENARIO: Final = click.Path(path_type=Path)
_OUT: Final = click.Path(path_type=Path, dir_okay=False)
F = TypeVar("F", bound=Callable[..., Any])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    0 done; 1 an internal fault; 2 the input or the call is wrong; 3 done, ``--fail-on-gap`` was given and there is a gap;
    4 no plan satisfies the request; 130 interrupted. A traceback appears only with ``--debug``.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    lang = _wanted_lang(given)
    _speak_utf8()
    try:
        code = build(lang).main(given, prog_name="siting", standalone_mode=False)
    except InputError as error:
        code = _stop(error.message(lang), EXIT_INPUT)
    except click.ClickException as error:
        code = _stop(error.format_message(), EXIT_INPUT)
    except (click.Abort, KeyboardInterrupt):
        code = _stop(say("cli.interrupted", lang), EXIT_INTERRUPT)
    except Exception as error:
        if "--debug" in given:
            raise
        code = _stop(say("cli.internal", lang, error=f"{type(error).__name__}: {error}"), EXIT_FAULT)
    sys.exit(code if isinstance(code, int) else 0)


def build(lang: Lang) -> click.Group:
    """Return the commands, with their help in a language."""

    def shared(command: F) -> F:
        for option in (
            click.option("--lang", type=click.Choice(LANGS), default=lang, help=say("cli.help.lang", lang)),
            click.option("--quiet", is_flag=True, help=say("cli.help.quiet", lang)),
            click.option("--debug", is_flag=True, help=say("cli.help.debug", lang)),
        ):
            command = option(command)
        return command

    def helped(key: str) -> dict[str, Any]:
        return {"help": say(f"cli.help.{key}", lang)}

    plan_option = click.option("--with", "plan", type=_SCENARIO, help=say("cli.help.with", lang))

    @click.group(**helped("siting"), context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(siting.__version__, prog_name="siting", help=say("cli.help.version", lang))
    def group() -> None:
        pass

    @group.command("new", **helped("new"))
    @click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
    @shared
    def new(folder: Path, **options: Any) -> None:
        _new(folder, options["lang"])

    @group.command("check", **helped("check"))
    @click.argument("scenario", type=_SCENARIO)
    @click.option("-o", "--out", type=_OUT, required=True, help=say("cli.help.out_gaps", lang))
    @click.option("--grid", type=_OUT, help=say("cli.help.grid", lang))
    @plan_option
    @click.option(
        "--fail-on-gap",
        is_flag=False,
        flag_value="any",
        type=click.Choice(["any", "binding"]),
        help=say("cli.help.fail_on_gap", lang),
    )
    @shared
    def check(**options: Any) -> int:
        return _check(**options)

    @group.command("propose", **helped("propose"))
    @click.argument("scenario", type=_SCENARIO)
    @click.option("-o", "--out", type=_OUT, required=True, help=say("cli.help.out_plan", lang))
    @click.option("--stations", type=click.IntRange(min=0), help=say("cli.help.stations", lang))
    @click.option("--budget", type=click.FloatRange(min=0), help=say("cli.help.budget", lang))
    @shared
    def propose(**options: Any) -> int:
        return _propose(**options)

    @group.command("map", **helped("map"))
    @click.argument("scenario", type=_SCENARIO)
    @click.option("-o", "--out", type=_OUT, required=True, help=say("cli.help.out_map", lang))
    @plan_option
    @click.option("--tiles", help=say("cli.help.tiles", lang))
    @shared
    def map_(**options: Any) -> None:
        _map(**options)

    @group.group("standards", **helped("standards"))
    def standards() -> None:
        pass

    @standards.command("list", **helped("standards_list"))
    @shared
    def standards_list(**_: Any) -> None:
        for standard in siting.standards():
            click.echo(f"{standard.id}  {standard.number}  {standard.in_force}  {standard.title}")

    @standards.command("show", **helped("standards_show"))
    @click.argument("standard_id", metavar="ID")
    @shared
    def standards_show(standard_id: str, **options: Any) -> None:
        _show_standard(standard_id, options["lang"])

    @group.command("demo", **helped("demo"))
    @click.option(
        "-o", "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("out/demo"), show_default=True,
        help=say("cli.help.out_demo", lang),
    )
    @shared
    def demo(**options: Any) -> None:
        _demo(**options)

    return group


def _check(
    scenario: Path, out: Path, grid: Path | None, plan: Path | None, fail_on_gap: str | None, lang: Lang, quiet: bool,
    debug: bool,
) -> int:
    start = time.perf_counter()
    with siting.progress_bar(lang, quiet=quiet) as bar:
        gaps = siting.check(siting.read_scenario(scenario), plan=plan, progress=bar)
    gaps.to_file(out)
    if grid is not None:
        gaps.to_file(grid)
    _log_run(out, start)
    if not quiet:
        _tell_gaps(gaps, lang)
        _tell_files({"gaps": out, "grid": grid}, lang)
    return EXIT_GAP if fail_on_gap and gaps.has_gap(binding=fail_on_gap == "binding") else 0


def _propose(
    scenario: Path, out: Path, stations: int | None, budget: float | None, lang: Lang, quiet: bool, debug: bool
) -> int:
    start = time.perf_counter()
    with siting.progress_bar(lang, quiet=quiet) as bar:
        plan = siting.propose(siting.read_scenario(scenario), stations=stations, budget_cny=budget, progress=bar)
    plan.to_file(out)
    _log_run(out, start)
    if not quiet:
        _tell_plan(plan, lang)
        _tell_files({"plan": out}, lang)
    if plan.proposal.selection.stopped_by == "interrupt":
        return EXIT_INTERRUPT
    return EXIT_NO_PLAN if plan.status in ("relaxed", "infeasible") else 0


def _map(
    scenario: Path, out: Path, plan: Path | None, tiles: str | None, lang: Lang, quiet: bool, debug: bool
) -> None:
    from siting.write.webmap import write_map

    start = time.perf_counter()
    with siting.progress_bar(lang, quiet=quiet) as bar:
        read = siting.read_scenario(scenario)
        if plan is None:
            assessment, proposal = siting.check(read, progress=bar).assessment, None
        else:
            proposal = siting.read_plan(read, plan, progress=bar).proposal
            assessment = proposal.before
        bar("map", 0, 1)
        write_map(out, assessment, proposal, lang=lang, tiles=tiles)
        bar("map", 1, 1)
    _log_run(out, start)
    if not quiet:
        _tell_files({"map": out}, lang)


def _demo(out: Path, lang: Lang, quiet: bool, debug: bool) -> None:
    from siting.write.webmap import write_map

    start = time.perf_counter()
    with siting.progress_bar(lang, quiet=quiet) as bar:
        plan = siting.propose(siting.read_scenario(sample_scenario()), progress=bar)
        gaps = plan.before
        files = {name: out / file for name, file in _DEMO_FILES.items()}
        gaps.to_file(files["gaps"])
        gaps.to_file(files["grid"])
        plan.to_file(files["plan"])
        bar("map", 0, 1)
        write_map(files["map"], plan.proposal.before, plan.proposal, lang=lang)
        bar("map", 1, 1)
    _log_run(out / "demo", start)
    if not quiet:
        _tell_gaps(gaps, lang)
        _tell_plan(plan, lang)
    _tell_files(files, lang)


_DEMO_FILES: Final = {"map": "map.html", "gaps": "gaps.geojson", "plan": "plan.geojson", "grid": "grid.tif"}


def sample_scenario() -> Path:
    """Return the sample district's scenario: inside an installed package, or in a checkout."""
    package = Path(siting.__file__).parent
    for folder in (package / "sample", package.parent / "data" / "sample"):
        if (folder / "scenario.toml").is_file():
            return folder / "scenario.toml"
    message = "the sample district is missing from this installation"
    raise FileNotFoundError(message)


def _new(folder: Path, lang: Lang) -> None:
    from siting.errors import Fault
    from siting.write.files import write_text
    from siting.write.template import scenario_template

    target = folder / "scenario.toml"
    if target.exists():
        raise InputError([Fault(code="would_overwrite", file=str(target))])
    write_text(target, scenario_template(lang))
    _tell_files({"scenario": target}, lang)


def _show_standard(key: str, lang: Lang) -> None:
    from siting.read import standard

    found = standard(key)
    click.echo(f"{found.number}  {found.title}\n{found.issuer} · {found.jurisdiction} · {found.in_force}\n")
    for clause in found.clauses:
        number = "" if clause.number is None else f"  {clause.number:g} {clause.unit}"
        kind, force = say(f"clause_kind.{clause.kind}", lang), say(f"force.{clause.force}", lang)
        click.echo(f"{clause.id}  {kind}{number}  [{force}]  {clause.article}\n  “{clause.quote}”")
        note = clause.note_zh if lang == "zh" else clause.note_en
        if note:
            click.echo(f"  {note}")


def _tell_gaps(gaps: "GapReport", lang: Lang) -> None:
    from rich.table import Table

    totals, head = gaps.totals, gaps.assessment.inputs.scenario.scenario
    units = gaps.units
    level = "street" if (units["level"] == "street").any() else units["level"].iloc[0]
    basis = say(f"basis.{totals['land_basis']}", lang)
    table = Table(title=f"{head.title} · {head.date} · {say('cli.basis', lang, basis=basis)}", title_justify="left")
    for key in ("unit", "residents", "elderly", "covered", "land", "gap_01", "gap_02", "verdict"):
        table.add_column(say(f"cli.column.{key}", lang), justify="left" if key in ("unit", "verdict") else "right")
    per = "land_m2_per_elderly" if totals["land_basis"].startswith("elderly") else "land_m2_per_resident"
    for row in units[units["level"] == level].to_dict("records"):
        table.add_row(
            str(row["name"]),
            _number(row["residents"]),
            _number(row["elderly"]),
            _percent(row["covered_share"]),
            _number(row[per], 3),
            _number(row["land_gap_01_m2"]),
            _number(row["land_gap_02_m2"]),
            say(f"verdict.{row['verdict']}", lang),
        )
    share = f"{gaps.assessment.inputs.scenario.circle.pass_share:.0%}"
    table.add_section()
    table.add_row(
        say("cli.total", lang),
        _number(totals["residents"]),
        _number(totals["elderly"]),
        _percent(totals["covered_share"]),
        _number(totals["land_m2_per_elderly" if per.endswith("elderly") else "land_m2_per_resident"], 3),
        _number(totals["land_gap_01_m2"]),
        _number(totals["land_gap_02_m2"]),
        "",
    )
    _print_table(table)
    for line in [*gaps.notes(lang), say("warning.pass_share", lang, share=share)]:
        click.echo(f"· {line}")


def _tell_plan(plan: "Plan", lang: Lang) -> None:
    from rich.table import Table

    table = Table(title=say("cli.plan_title", lang), title_justify="left")
    for key in ("rank", "name", "candidate", "tenure", "new", "share", "cost"):
        table.add_column(say(f"cli.column.{key}", lang), justify="left" if key in ("name", "tenure") else "right")
    for row in plan.stations.to_dict("records"):
        tenure = say(f"tenure.{row['tenure']}", lang) if isinstance(row["tenure"], str) else ""
        table.add_row(
            str(row["rank"]),
            str(row["name"]),
            str(row["candidate_id"]),
            tenure,
            _number(row["elderly_new"]),
            _percent(row["covered_share_after"]),
            _number(row["cost_cny"]),
        )
    _print_table(table)
    selection = plan.proposal.selection
    after = plan.after.totals
    click.echo(
        say(
            "cli.proof",
            lang,
            status=say(f"plan_status.{plan.status}", lang),
            objective=_number(plan.objective),
            bound=_number(plan.bound),
            gap=f"{plan.optimality_gap:.2%}",
            solver=selection.solver,
            stopped_by=selection.stopped_by,
        )
    )
    click.echo(say("cli.refused", lang, count=len(plan.refused.index.unique())))
    click.echo(
        say(
            "cli.before_after",
            lang,
            before=_percent(plan.before.totals["covered_share"]),
            after=_percent(after["covered_share"]),
        )
    )
    click.echo(say("cli.land_stays", lang, gap_01=_number(after["land_gap_01_m2"]), gap_02=_number(after["land_gap_02_m2"])))
    units = plan.after.units
    for row in units[(units["level"] == "street") & (units["land_gap_m2"] > 0)].to_dict("records"):
        click.echo(f"  {row['name']}  {_number(row['land_gap_m2'])} m²")


def _print_table(table: "Table") -> None:
    from rich.console import Console

    # Names are never cut: a pipe or a narrow window gets the width that the table needs.
    console = Console()
    console.print(table, width=max(console.width, console.measure(table).maximum), no_wrap=True, crop=False)


def _tell_files(files: dict[str, Path | None], lang: Lang) -> None:
    for key, path in files.items():
        if path is not None:
            click.echo(f"{say(f'cli.file.{key}', lang)}: {path}")


def _log_run(out: Path, start: float) -> None:
    """Write seconds, date and machine beside the result, never into it."""
    from siting.write.files import write_json

    write_json(
        out.with_name(f"{out.stem}.run.json"),
        {
            "siting": siting.__version__,
            "seconds": round(time.perf_counter() - start, 3),
            "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
    )


def _number(value: Any, decimals: int = 0) -> str:
    return "–" if value is None or value != value or value in (float("inf"),) else f"{value:,.{decimals}f}"  # noqa: PLR0124


def _percent(value: float) -> str:
    return "–" if value != value else f"{value:.1%}"  # noqa: PLR0124


def _wanted_lang(arguments: Sequence[str]) -> Lang:
    for lang in LANGS:
        if f"--lang={lang}" in arguments or ("--lang" in arguments and lang in arguments[arguments.index("--lang") + 1 :][:1]):
            return lang
    return default_lang()


def _speak_utf8() -> None:
    """Speak UTF-8 where a console (Windows, a bare locale) would fail on Chinese."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and (stream.encoding or "").lower() not in ("utf-8", "utf8"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _stop(message: str, code: int) -> int:
    click.echo(message, err=True)
    return code
