"""Dask: tasks of many parts on processes of this machine, or on a running cluster."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from siting.errors import Fault, InputError
from siting.version import __version__

if TYPE_CHECKING:
    from distributed import Client

# A task whose worker died is repeated so many times on other workers.
_REPEATS: Final = 3
_CONNECT_S: Final = 30


@dataclass(frozen=True)
class Done:
    """The end of one task: what it returned, or why it failed."""

    name: str
    result: Any = None
    error: BaseException | None = None


class Engine(Protocol):
    """Runs a task for each part."""

    def each(self, task: Callable[..., Any], asked: Mapping[str, tuple[Any, ...]]) -> Iterator[Done]:
        """Run a task for each name with its arguments, and yield each end as it comes."""
        ...


@dataclass(frozen=True)
class DaskEngine:
    """Runs tasks on the workers of a Dask scheduler."""

    client: "Client"

    def each(self, task: Callable[..., Any], asked: Mapping[str, tuple[Any, ...]]) -> Iterator[Done]:
        """Run a task for each name with its arguments, and yield each end as it comes.

        A task is repeated if its worker dies; an error of the task itself is final.
        """
        from distributed import as_completed  # noqa: PLC0415 - an extra

        names = {}
        for name, given in asked.items():
            future = self.client.submit(task, *given, pure=False, key=f"{task.__name__}-{name}-{os.urandom(4).hex()}")
            names[future.key] = (name, future)
        try:
            for future in as_completed([future for _, future in names.values()]):  # type: ignore[no-untyped-call]
                name, _ = names.pop(future.key)
                error = future.exception()
                yield Done(name, error=error) if error is not None else Done(name, future.result())
                future.release()
        finally:
            self.client.cancel([future for _, future in names.values()])  # type: ignore[no-untyped-call]


@contextmanager
def connected(scheduler: str | None, workers: int | None) -> Iterator[Engine]:
    """Yield an engine: on a running cluster, or on processes of this machine that end with it.

    Parameters
    ----------
    scheduler : str or None
        The address of a running scheduler, such as ``tcp://10.0.0.5:8786``.
    workers : int or None
        The number of processes on this machine; the number of its processors if absent.

    Raises
    ------
    InputError
        ``batch_without_dask``; ``batch_no_scheduler``: nothing answers at the address, or it has no worker;
        ``batch_other_version``: a worker has another version of this package.
    """
    try:
        import dask  # noqa: PLC0415 - an extra
        import distributed  # noqa: PLC0415
    except ImportError:
        raise InputError([Fault(code="batch_without_dask")]) from None
    settings = {
        "distributed.scheduler.allowed-failures": _REPEATS,
        "distributed.comm.timeouts.connect": _CONNECT_S,
        # What it logs is for whoever runs the cluster, not for the reader of a screen.
        "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
    }
    with dask.config.set(settings):
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        if scheduler is None:
            with (
                distributed.LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=workers or os.cpu_count() or 1,
                    threads_per_worker=1,
                    processes=True,
                    # Any free port: the usual one may be taken, and is said to be so.
                    dashboard_address="127.0.0.1:0",
                ) as cluster,
                distributed.Client(cluster) as client,  # type: ignore[no-untyped-call]
            ):
                yield DaskEngine(client)
            return
        try:
            client = distributed.Client(scheduler, timeout=_CONNECT_S)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise InputError([Fault(code="batch_no_scheduler", found=scheduler, expected=str(error))]) from None
        with client:
            _check_workers(client, scheduler)
            yield DaskEngine(client)


def _check_workers(client: "Client", scheduler: str) -> None:
    """Refuse a cluster without workers, or with workers of another version."""
    try:
        client.wait_for_workers(1, timeout=_CONNECT_S)
    except TimeoutError:
        raise InputError([Fault(code="batch_no_workers", found=scheduler)]) from None
    versions = {address: version for address, version in client.run(_version).items() if version != __version__}
    if versions:
        found = ", ".join(f"{address}: {version}" for address, version in sorted(versions.items()))
        raise InputError([Fault(code="batch_other_version", found=found, expected=__version__)])


def _version() -> str:
    return __version__
