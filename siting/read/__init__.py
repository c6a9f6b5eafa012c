"""Files become domain objects: validation, reprojection, units, nodata and encodings are handled only here."""

from siting.read.behind import read_whole
from siting.read.inputs import inspect_inputs, read_inputs
from siting.read.scenario import read_scenario
from siting.read.standards import all_standards, elsewhere_standards, load_standards, standard

__all__ = [
    "all_standards",
    "elsewhere_standards",
    "inspect_inputs",
    "load_standards",
    "read_inputs",
    "read_scenario",
    "read_whole",
    "standard",
]
