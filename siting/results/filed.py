"""A report to be filed: what one run has found, gathered and written."""

from pathlib import Path

from siting.domain.nouns import Assessment, Progress, Proposal
from siting.errors import Fault, InputError
from siting.text import Lang


def file_report(
    folder: Path,
    assessment: Assessment,
    proposal: Proposal | None,
    lang: Lang,
    *,
    template: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Path]:
    """Write the report on an assessment, and on a plan of it, into a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is missing.
    assessment : Assessment
        The gap report.
    proposal : Proposal or None
        A plan of the same scenario.
    lang : {"zh", "en"}
        Language.
    template : pathlib.Path, optional
        A template of the volume in place of ours.
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

    if proposal is not None and not _is_same(assessment, proposal.before):
        raise InputError([Fault(code="report_plan_of_other_scenario")])
    if template is not None:
        check_template(template)
    filing = filing_of(assessment, proposal, progress)
    return write_report(folder, filing, lang, template=template, progress=progress)


def _is_same(one: Assessment, other: Assessment) -> bool:
    """Tell whether two assessments are of the same scenario and files."""
    from siting.domain.scenario import fingerprint

    marks = {fingerprint(each.inputs.scenario, each.inputs.digests) for each in (one, other)}
    return len(marks) == 1
