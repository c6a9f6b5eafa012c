"""A progress bar for the terminal and the notebook."""

import sys
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

from siting.text import Lang, default_lang, say


class ProgressBar:
    """Shows the stages of long work; used as ``progress=`` of the public verbs.

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
        self._bar: tqdm[Any] | None = None
        self._stage = ""

    def __enter__(self) -> Self:
        """Return the bar itself; it shows with the first stage."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._close()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` parts of a stage are done."""
        bar = self._bar
        if bar is None or stage != self._stage or done < bar.n or total != bar.total:
            self._close()
            bar = self._open(stage, total)
        bar.update(done - bar.n)

    def _open(self, stage: str, total: int) -> "tqdm[Any]":
        told = say(f"progress.{stage}", self._lang)
        # Bars go to standard error, so that standard output holds results alone.
        bar: tqdm[Any] = tqdm(desc=told, total=total, file=sys.stderr, leave=False, disable=self._quiet)
        self._bar, self._stage = bar, stage
        return bar

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
