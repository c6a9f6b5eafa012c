"""A report to be filed: what one run has found, gathered and written."""

from pathlib import Path
from typing import TYPE_CHECKING

from siting.domain.nouns import Assessment, Progress
from siting.errors import Fault, InputError
from siting.text import Lang

if TYPE_CHECKING:
    from siting.pipeline import Planned
    from siting.write.report import Asked


def file_report(
    folder: Path,
    assessment: Assessment,
    planned: "Planned | None",
    lang: Lang,
    *,
    asked: "Asked | None" = None,
    progress: Progress | None = None,
) -> dict[str, Path]:
    """Write the report on an assessment, and on a plan of it, into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is missing.
    assessment : Assessment
        The gap report.
    planned : Planned or None
        A plan of the same scenario.
    lang : {"zh", "en"}
        Language.
    asked : Asked, optional
        What is written besides, and from which template.
    progress : callable, optional
        Called as ``(stage, done, total)``.

    Returns
    -------
    dict
        The files, by what they are.

    Raises
    ------
    siting.errors.InputError
        The plan is of another scenario, the template cannot be used, or a file cannot be written.
    """
    from siting.pipeline.filing import filing_of
    from siting.write.report import write_report
    from siting.write.report.volume import check_template

    if planned is not None and not _is_same(assessment, planned.proposal.before):
        raise InputError([Fault(code="report_plan_of_other_scenario")])
    if asked is not None and asked.template is not None:
        check_template(asked.template)
    filing = filing_of(assessment, planned, progress)
    return write_report(folder, filing, lang, asked=asked, progress=progress)


def _is_same(one: Assessment, other: Assessment) -> bool:
    """Tell whether two assessments are of the same scenario and files."""
    from siting.domain.scenario import fingerprint

    marks = {fingerprint(each.inputs.scenario, each.inputs.digests) for each in (one, other)}
    return len(marks) == 1
