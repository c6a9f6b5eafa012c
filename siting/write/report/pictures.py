"""The figures of a report as pictures: maps and charts, in the order of the volume."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

from matplotlib.backends.backend_agg import FigureCanvasAgg

from siting.domain.nouns import Proposal
from siting.text import Lang
from siting.write.figures import Chart, draw_gaps, draw_plan, draw_sensitivity
from siting.write.map_figures import draw_coverage, draw_density, draw_tiers
from siting.write.plan_figures import draw_curve, draw_lorenz, draw_phases
from siting.write.report.filing import Filing

# Dots per inch of a picture in the volume.
_DPI = 150


@dataclass(frozen=True)
class Picture:
    """A picture: what it shows (``report.volume.picture.KEY``), and its PNG."""

    key: str
    png: bytes


def pictures(filing: Filing, lang: Lang) -> list[Picture]:
    """Return the figures of a report; the same bytes for the same findings on the same machine.

    Parameters
    ----------
    filing : Filing
        The findings of one run.
    lang : {"zh", "en"}
        Language.
    """
    return [Picture(key, _png(draw())) for key, draw in _drawn(filing, lang)]


def _drawn(filing: Filing, lang: Lang) -> Iterator[tuple[str, Callable[[], Chart]]]:
    found, proposal = filing.assessment, filing.proposal
    if found.cells["elderly"].notna().any():
        yield "present", lambda: draw_density(found, lang)
    if len(found.facilities):
        yield "tiers", lambda: draw_tiers(found, lang, proposal)
    if found.cells["elderly"].notna().any():
        yield "circles", lambda: draw_coverage(found, lang)
        if proposal is not None and len(proposal.stations):
            yield "circles_after", lambda: draw_coverage(proposal.after, lang, proposal)
    yield "gaps", lambda: draw_gaps(found, lang)
    if proposal is not None and len(proposal.stations):
        yield "curve" if filing.curve is None else "best", lambda: _curve(filing, proposal, lang)
        phases = proposal.phases
        if phases is not None:
            yield "phases", lambda: draw_phases(phases, lang)
    lorenz = filing.lorenz
    if lorenz is not None:
        yield "lorenz", lambda: draw_lorenz(lorenz.before, lorenz.after, lang, gini=lorenz.gini)
    if filing.sensitivity["covered_share"].notna().any():
        minutes = found.inputs.scenario.walking.minutes
        yield "sensitivity", lambda: draw_sensitivity(filing.sensitivity, minutes, lang)


def _curve(filing: Filing, proposal: Proposal, lang: Lang) -> Chart:
    """Draw the most that each number of stations covers; where that is not known, the plan as it is built."""
    curve = filing.curve
    if curve is None:
        return draw_plan(proposal, lang)
    share = float(proposal.after.totals["covered_share"]) if curve.of_all else None
    return draw_curve(curve.table, lang, plan_at=float(len(proposal.stations)), plan_share=share)


def _png(chart: Chart) -> bytes:
    page = BytesIO()
    FigureCanvasAgg(chart)
    # The name and version of the program that drew it would differ from machine to machine.
    chart.savefig(page, format="png", dpi=_DPI, metadata={"Software": None})
    return page.getvalue()
