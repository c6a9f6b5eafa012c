"""A progress bar for the terminal and the notebook."""

import importlib.util
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from siting.text import Lang, default_lang, say


class ProgressBar:
    """Shows the stages of long work; used as ``progress=`` of the public functions.

    Parameters
    ----------
    lang : {"zh", "en"}, optional
        Language of the stages.
    quiet : bool
        Show nothing.

    Examples
    --------
    >>> import siting
    >>> with siting.progress_bar(quiet=True) as bar:
    ...     gaps = siting.check(siting.read_scenario("data/sample/scenario.toml"), progress=bar)
    """

    def __init__(self, lang: Lang | None = None, *, quiet: bool = False) -> None:
        self._lang = lang or default_lang()
        self._quiet = quiet
        self._shown: tuple[Progress, TaskID] | None = None
        self._stage = ""

    def __enter__(self) -> Self:
        """Return the bar itself; it appears with the first stage."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bar."""
        if self._shown is not None:
            self._shown[0].stop()
            self._shown = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` parts of a stage are done."""
        progress, task = self._shown = self._shown or self._open()
        if stage != self._stage:
            self._stage = stage
            progress.reset(task, description=say(f"progress.{stage}", self._lang))
        progress.update(task, completed=done, total=total)

    def _open(self) -> tuple[Progress, TaskID]:
        # Bars go to standard error, so that standard output contains only results.
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
        # In a notebook a bar is a widget; without the widget package nothing can be shown.
        hidden = self._quiet or (console.is_jupyter and importlib.util.find_spec("ipywidgets") is None)
        progress = Progress(
            *(*columns, TimeElapsedColumn()),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=hidden,
        )
        progress.start()
        return progress, progress.add_task("")
