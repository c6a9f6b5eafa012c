"""A progress bar for the terminal and the notebook."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from siting.text import Lang, default_lang, say


class ProgressBar:
    """Shows the stages of long work; used as ``progress=`` of the public verbs.

    Examples
    --------
    >>> import siting
    >>> with siting.progress_bar(quiet=True) as bar:
    ...     gaps = siting.check(siting.read_scenario("data/sample/scenario.toml"), progress=bar)
    """

    def __init__(self, lang: Lang | None = None, *, quiet: bool = False) -> None:
        self._lang = lang or default_lang()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        # Bars go to standard error, so that standard output holds results alone.
        self._bars = Progress(*columns, console=Console(file=sys.stderr), transient=True, disable=quiet)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Start the bars."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bars away."""
        self._bars.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` parts of a stage are done."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(say(f"progress.{stage}", self._lang))
        self._bars.update(self._tasks[stage], completed=done, total=total)
