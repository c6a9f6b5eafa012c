"""Many places in one run: the units of one scenario, or a folder of scenarios, on the workers of a Dask scheduler."""

from pathlib import Path

from siting.domain.nouns import Progress, quiet
from siting.domain.scenario import Level, Scenario
from siting.errors import Fault, InputError
from siting.pipeline.batch.by_units import by_units
from siting.pipeline.batch.engine import connected
from siting.pipeline.batch.job import BatchResult as BatchResult
from siting.pipeline.batch.job import Job as Job
from siting.pipeline.batch.job import SharedPlan as SharedPlan
from siting.pipeline.batch.scenarios import of_scenarios, scenarios_in
from siting.pipeline.batch.storage import Storage


def batch(
    source: Scenario | Path, job: Job, by: Level | None, progress: Progress | None = None, *, untrusted: bool = False
) -> BatchResult:
    """Check the parts of a scenario (``by`` a level of its units), or every scenario of a folder.

    Raises
    ------
    InputError
        ``batch_by_missing``, ``batch_level``, ``batch_by_of_folder``, ``batch_no_scenarios``; faults of the
        inputs; one for each part that failed.
    """
    if job.stations is not None and job.budget is not None:
        raise InputError([Fault(code="batch_two_limits", field="--stations, --budget")])
    if isinstance(source, Scenario):
        if by is None:
            raise InputError([Fault(code="batch_by_missing", field="--by", expected=", ".join(source.units))])
        if by not in source.units:
            raise InputError([Fault(code="batch_level", field="--by", found=by, expected=", ".join(source.units))])
        with connected(job.scheduler, job.workers) as engine:
            Storage(job.work).refuse()
            return by_units(source, by, job, engine, progress or quiet)
    if by is not None:
        raise InputError([Fault(code="batch_by_of_folder", file=str(source), field="--by")])
    files = scenarios_in(source)
    with connected(job.scheduler, job.workers) as engine:
        return of_scenarios(files, job, engine, progress or quiet, untrusted=untrusted)
