"""What the commands tell in the terminal."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from siting.text import Lang, say

if TYPE_CHECKING:
    from rich.table import Table

    from siting.domain.standards import Standard
    from siting.results import GapReport, Plan

_TEXT_COLUMNS: Final = ("unit", "verdict", "name", "tenure")


def gaps(report: "GapReport", lang: Lang) -> None:
    """Tell a gap report: a row a street (or the level that there is), the whole, warnings and notes."""
    totals, scenario = report.totals, report.assessment.inputs.scenario
    units = report.units
    level = "street" if (units["level"] == "street").any() else units["level"].iloc[0]
    basis = say(f"basis.{totals['land_basis']}", lang)
    title = f"{scenario.scenario.title} · {scenario.scenario.date} · {say('cli.basis', lang, basis=basis)}"
    keys = ("unit", "residents", "elderly", "covered", "land", "gap_01", "gap_02", "verdict")
    table = _table(title, keys, lang)
    per = "land_m2_per_elderly" if totals["land_basis"].startswith("elderly") else "land_m2_per_resident"
    lacking = _lacking_land(report, level)
    rows: list[dict[Any, Any]] = units[units["level"] == level].to_dict("records")
    whole: dict[Any, Any] = {**totals, "id": None, "name": say("cli.total", lang), "verdict": None}
    for row in (*rows, whole):
        if row is whole:
            table.add_section()
        # Where land is missing, what is known is the least there is, and the gap the most.
        least, most = ("≥ ", "≤ ") if row["id"] in lacking else ("", "")
        table.add_row(
            str(row["name"]),
            number(row["residents"]),
            number(row["elderly"]),
            percent(row["covered_share"]),
            least + number(row[per], 3),
            _gap(row["land_gap_01_m2"], most),
            _gap(row["land_gap_02_m2"], most),
            say(f"verdict.{row['verdict']}", lang) if row["verdict"] else "",
        )
    _print(table)
    share = say("warning.pass_share", lang, share=f"{scenario.circle.pass_share:.0%}")
    for line in (*report.notes(lang), share):
        click.echo(f"· {line}")


def plan(found: "Plan", lang: Lang) -> None:
    """Tell a plan: its stations, what is proved, before and after, and the land gap that stays."""
    table = _table(say("cli.plan_title", lang), ("rank", "name", "candidate", "tenure", "new", "share", "cost"), lang)
    for row in found.stations.to_dict("records"):
        table.add_row(
            str(row["rank"]),
            row["name"] if isinstance(row["name"], str) else "–",
            str(row["candidate_id"]),
            say(f"tenure.{row['tenure']}", lang) if isinstance(row["tenure"], str) else "",
            number(row["elderly_new"]),
            percent(row["covered_share_after"]),
            number(row["cost_cny"]),
        )
    _print(table)
    click.echo(_proof(found, lang))
    click.echo(say("cli.refused", lang, count=found.refused.index.nunique()))
    before, after = found.before.totals, found.after.totals
    shares = {"before": percent(before["covered_share"]), "after": percent(after["covered_share"])}
    click.echo(say("cli.before_after", lang, **shares))
    most = "≤ " if after["land_missing"] else ""
    stays = {f"gap_{floor}": _gap(after[f"land_gap_{floor}_m2"], most) for floor in ("01", "02")}
    click.echo(say("cli.land_stays", lang, **stays))
    units, lacking = found.after.units, _lacking_land(found.after, "street")
    for row in units[(units["level"] == "street") & (units["land_gap_m2"] > 0)].to_dict("records"):
        click.echo(f"  {row['name']}  {_gap(row['land_gap_m2'], '≤ ' if row['id'] in lacking else '')} m²")


def files(written: Mapping[str, Path | None], lang: Lang) -> None:
    """Tell where the results lie."""
    for key, path in written.items():
        if path is not None:
            click.echo(f"{say(f'cli.file.{key}', lang)}: {path}")


def standards(found: "Iterable[Standard]") -> None:
    """List standards, a line each."""
    for one in found:
        click.echo(f"{one.id}  {one.number}  {one.in_force}  {one.title}")


def standard(one: "Standard", lang: Lang) -> None:
    """Show a standard's clauses with their quotes."""
    click.echo(f"{one.number}  {one.title}\n{one.issuer} · {one.jurisdiction} · {one.in_force}\n")
    for clause in one.clauses:
        amount = "" if clause.number is None else f"  {clause.number:g} {clause.unit}"
        kind, force = say(f"clause_kind.{clause.kind}", lang), say(f"force.{clause.force}", lang)
        click.echo(f"{clause.id}  {kind}{amount}  [{force}]  {clause.article}\n  “{clause.quote}”")
        note = clause.note_zh if lang == "zh" else clause.note_en
        if note:
            click.echo(f"  {note}")


def number(value: float | None, decimals: int = 0) -> str:
    """Return a number with thousands separators; a dash for what is unknown."""
    return "–" if value is None or not math.isfinite(value) else f"{value:,.{decimals}f}"


def percent(value: float) -> str:
    """Return a share as a percentage; a dash for what is unknown."""
    return "–" if math.isnan(value) else f"{value:.1%}"


def _gap(value: float, sign: str) -> str:
    """Return a gap; with missing land it is the most that there is, and no gap stays none."""
    return number(value) if value == 0 else sign + number(value)


def _lacking_land(report: "GapReport", level: str) -> set[str | None]:
    """Return the units of a level in which facilities lack their land; None stands for the whole."""
    checks = report.clauses
    lacking = checks[(checks["kind"] == "land_per_person") & checks["missing"].map(bool)]
    whole: set[str | None] = {None} if report.totals["land_missing"] else set()
    return whole | set(lacking.loc[lacking["level"] == level, "id"])


def _proof(found: "Plan", lang: Lang) -> str:
    selection = found.proposal.selection
    return say(
        "cli.proof",
        lang,
        status=say(f"plan_status.{found.status}", lang),
        objective=number(found.objective),
        bound=number(found.bound),
        gap=f"{found.optimality_gap:.2%}",
        solver=selection.solver,
        stopped_by=selection.stopped_by,
    )


def _table(title: str, keys: Iterable[str], lang: Lang) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for key in keys:
        justify: Literal["left", "right"] = "left" if key in _TEXT_COLUMNS else "right"
        table.add_column(say(f"cli.column.{key}", lang), justify=justify, no_wrap=True)
    return table


def _print(table: "Table") -> None:
    from rich.console import Console

    # Names are never cut: a pipe or a narrow window gets the width that the table needs.
    needed = Console(width=1000).measure(table).maximum
    Console(width=max(Console().width, needed)).print(table)
