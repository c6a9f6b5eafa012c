"""What commands and public verbs read: scenarios, standards and how they compare, folders, workbooks at fault."""

from siting.assess.compare import Comparison as Comparison
from siting.assess.compare import compare as compare
from siting.read import all_standards as all_standards
from siting.read import elsewhere_standards as elsewhere_standards
from siting.read import load_standards as load_standards
from siting.read import read_scenario as read_scenario
from siting.read import read_whole as read_whole
from siting.read import standard as standard
from siting.read.log import Log as Log
from siting.read.marking import workbooks_at_fault as workbooks_at_fault
from siting.read.report import read_report as read_report
from siting.read.scenario import changed as changed
from siting.read.survey import survey as survey
from siting.read.trust import named_files as named_files
