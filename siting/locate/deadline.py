"""The stopping criterion of all searches: seconds, nodes and Ctrl-C, spent from one effort."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from types import TracebackType
from typing import Any, Final, Self, TypeVar, TypeVarTuple, Unpack

from siting.compiled import clock
from siting.locate.problem import Effort, Ended, Solution

# After Ctrl-C before the first plan, a search may improve its first plan for so many seconds.
_FIRST_PLAN_S: Final = 0.5

_Given = TypeVarTuple("_Given")
_Found = TypeVar("_Found", bound=Solution)


class Deadline:
    """An effort and the clock that runs on it, shared by all parts of a search; it stops while kernels are compiled.

    ``ended`` is the first reason for which the search must stop; None while it may continue.

    Parameters
    ----------
    effort : Effort
        When to stop.

    Examples
    --------
    >>> from siting.locate.deadline import Deadline
    >>> from siting.locate.problem import Effort
    >>> deadline = Deadline(Effort(max_nodes=10))
    >>> deadline.spend(4)
    >>> deadline.left().max_nodes, deadline.should_stop()
    (6, False)
    >>> deadline.stop("interrupt")
    >>> deadline.should_stop(), deadline.ended
    (True, 'interrupt')
    """

    def __init__(self, effort: Effort) -> None:
        self.effort = effort
        self.ended: Ended | None = None
        self._end, self._nodes = clock() + effort.time_limit_s, effort.max_nodes

    @property
    def seconds(self) -> float:
        """The seconds until the time limit."""
        return max(self._end - clock(), 0.0)

    def check(self) -> Ended | None:
        """Return why the search must stop now; None if it may continue."""
        if self.ended is None:
            if self.effort.interrupted is not None and self.effort.interrupted():
                self.ended = "interrupt"
            elif self.seconds <= 0:
                self.ended = "time"
        return self.ended

    def should_stop(self) -> bool:
        """Tell whether the search must stop now."""
        return self.check() is not None

    def stop(self, reason: Ended) -> None:
        """Make all parts stop."""
        self.ended = reason

    def spend(self, nodes: int) -> None:
        """Subtract nodes of branch and bound."""
        if self._nodes is not None:
            self._nodes = max(self._nodes - nodes, 0)

    def left(self, share: float = 1.0, report: Callable[[float, float], None] | None = None) -> Effort:
        """Return the remaining effort, with a share of its seconds; it reports nothing without ``report``."""
        return replace(self.effort, time_limit_s=self.seconds * share, max_nodes=self._nodes, report=report)


class Interruptible:
    """A part of a search that Ctrl-C ends, so that what it found so far is kept.

    ``interrupted`` tells, after the part, whether Ctrl-C ended it.

    Parameters
    ----------
    deadline : Deadline, optional
        Is stopped by Ctrl-C, and with it all other parts of the search.

    Examples
    --------
    >>> from siting.locate.deadline import Deadline, Interruptible
    >>> from siting.locate.problem import Effort
    >>> deadline, found = Deadline(Effort()), []
    >>> with Interruptible(deadline) as part:
    ...     found.append(1)
    ...     raise KeyboardInterrupt
    >>> found, part.interrupted, deadline.ended
    ([1], True, 'interrupt')
    """

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.interrupted = False
        self._deadline = deadline

    def __enter__(self) -> Self:
        """Begin the part."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """End the part; Ctrl-C goes no further."""
        if kind is None or not issubclass(kind, KeyboardInterrupt):
            return False
        self.interrupted = True
        if self._deadline is not None:
            self._deadline.stop("interrupt")
        return True


def keeps_first_plan(search: Callable[[Unpack[_Given], Effort], _Found]) -> Callable[[Unpack[_Given], Effort], _Found]:
    """Make a search that Ctrl-C ends before its first plan return that first plan with its bound.

    A second Ctrl-C ends it without a plan. The effort is the last argument of the search.

    Examples
    --------
    >>> from siting.locate.deadline import keeps_first_plan
    >>> from siting.locate.problem import Effort, Solution, nothing_found
    >>> presses = iter([True, False])
    >>> @keeps_first_plan
    ... def search(effort: Effort) -> Solution:
    ...     if next(presses):
    ...         raise KeyboardInterrupt
    ...     return nothing_found("time", "none")
    >>> search(Effort()).stopped_by
    'interrupt'
    """

    @wraps(search)
    def calm(*given: *tuple[*_Given, Effort]) -> _Found:
        again: Any = search
        *asked, effort = given
        with Interruptible() as part:
            found = search(*given)
        if not part.interrupted and (found.status != "unknown" or found.stopped_by != "interrupt"):
            return found
        seconds = min(effort.time_limit_s, _FIRST_PLAN_S)
        first: _Found = again(*asked, replace(effort, time_limit_s=seconds, report=None, interrupted=None))
        return replace(first, stopped_by="interrupt")

    return calm
