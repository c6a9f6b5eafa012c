"""Public views of an inspection, a gap report and a plan, with tables, charts, maps and files."""

from siting.results.batch import Batch
from siting.results.comparison import Comparison
from siting.results.explanation import Explanation
from siting.results.funding import Funding
from siting.results.inspection import Inspection
from siting.results.page import WebPage
from siting.results.plan import Plan
from siting.results.report import GapReport
from siting.results.sensitivity import Sensitivity
from siting.results.study import Study
from siting.results.verification import Verification

__all__ = [
    "Batch",
    "Comparison",
    "Explanation",
    "Funding",
    "GapReport",
    "Inspection",
    "Plan",
    "Sensitivity",
    "Study",
    "Verification",
    "WebPage",
]
