"""Studies of a plan on the command line: the curve, the order of building, alternatives, stability."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from siting.cli.screen import echo
from siting.domain.plan_models import TRAITS
from siting.errors import Fault, InputError
from siting.text import Lang, say
from siting.text.numbers import percent

if TYPE_CHECKING:
    from siting.progress import ProgressBar
    from siting.results import Plan, Study

# The available studies.
STUDIES: Final = ("curve", "order", "alternatives", "stability")
# Up to this many seconds a duration is given in seconds.
_MINUTES_FROM: Final = 120
# Studies that count people within the circle.
_BY_CIRCLE: Final = frozenset({"curve", "order"})

CurveBy = Literal["stations", "budget"]


@dataclass
class Outcome:
    """The results of the studies: files by study, refusals, and whether Ctrl-C ended them."""

    files: dict[str, Path] = field(default_factory=dict)
    refused: list[Fault] = field(default_factory=list)
    interrupted: bool = False


def refuse(studies: Mapping[str, Path], by: CurveBy | None) -> None:
    """Refuse options of a curve that is not requested."""
    if by is not None and "curve" not in studies:
        raise InputError([Fault(code="curve_by_without_curve", field="--curve-by")])


def write(
    plan: "Plan",
    studies: Mapping[str, Path],
    lang: Lang,
    *,
    by: CurveBy | None,
    bar: Callable[[], AbstractContextManager["ProgressBar"]],
    quiet: bool,
) -> Outcome:
    """Run the studies one after the other and write each as soon as it is done.

    A study that is not possible for the plan is noted, and the others are written. Ctrl-C ends the running study, which
    is written as far as it got, and the remaining ones.
    """
    outcome = Outcome()
    outcome.interrupted = plan.proposal.selection.stopped_by == "interrupt"
    for name, path in studies.items():
        if outcome.interrupted:
            _note("cli.study.left_out", lang, name, quiet=False)
            continue
        _tell_beforehand(plan, name, lang, quiet=quiet)
        try:
            with bar() as shown:
                study = plan.study(name, shown, by=by)
            study.to_file(path, lang)
        except InputError as error:
            outcome.refused += error.faults
            continue
        except KeyboardInterrupt:
            outcome.interrupted = True
            _note("cli.study.left_out", lang, name, quiet=False)
            continue
        outcome.files[name] = path
        outcome.interrupted = bool(study.table.attrs.get("interrupted"))
        if outcome.interrupted:
            _note("cli.study.part", lang, name, quiet=False)
        elif not quiet:
            _tell_proof(name, study, lang)
    return outcome


def _tell_beforehand(plan: "Plan", name: str, lang: Lang, *, quiet: bool) -> None:
    """Print how long a study may take, and what it counts if that is not the objective of the plan's model."""
    if name != "curve" and not len(plan.stations):
        # It will be refused immediately.
        return
    _note("cli.study.begins", lang, name, quiet=quiet, limit=_duration(plan, lang))
    asked = plan.planned.question.plan
    if name in _BY_CIRCLE and (not TRAITS[asked.model].by_circle or asked.robust is not None):
        _note("cli.study.by_circle", lang, name, quiet=quiet, model=asked.robust or asked.model)


def _tell_proof(name: str, study: "Study", lang: Lang) -> None:
    """Print the result of a study, and what it does not prove."""
    table = study.table
    if name == "curve":
        proved, unknown = ((table["status"] == status).sum() for status in ("optimal", "unknown"))
        _note("cli.study.curve_proved", lang, name, quiet=False, count=len(table), proved=proved, unknown=unknown)
    elif name == "order":
        worst = float(table["loss_share"].max(skipna=True)) if len(table) else 0.0
        _note("cli.study.order_loss", lang, name, quiet=False, loss=percent(worst))
    elif name == "stability":
        count, stays = len(table), int((table["stays_at"] == table.filter(regex=r"^\d").shape[1]).sum())
        _note("cli.study.stays", lang, name, quiet=False, count=count, stays=stays)
    else:
        key = "all_found" if table.attrs.get("complete") else "found"
        _note(f"cli.study.{key}", lang, name, quiet=False, count=len(table) - 1)


def _duration(plan: "Plan", lang: Lang) -> str:
    seconds = plan.planned.question.plan.time_limit_s
    if seconds < _MINUTES_FROM:
        return say("cli.study.seconds", lang, number=f"{seconds:g}")
    return say("cli.study.minutes", lang, number=f"{seconds / 60:.3g}")


def _note(key: str, lang: Lang, name: str, *, quiet: bool, **values: object) -> None:
    if not quiet:
        echo(say(key, lang, study=say(f"cli.file.{name}", lang), **values), err=True)


def told(faults: Iterable[Fault], lang: Lang) -> str:
    """Return refusals as a readable list, grouped by reason."""
    together: dict[str, Fault] = {}
    for fault in faults:
        one = together.setdefault(f"{fault.code} {fault.row}", fault)
        if one is not fault:
            together[f"{fault.code} {fault.row}"] = replace(one, found=f"{one.found}, {fault.found}")
    return InputError(together.values()).message(lang)
