"""The algorithms: what they ask, the command that they call, and what is loaded afterwards."""

import os

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterPoint,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorLayer,
)

from .command import run
from .layers import given, show_gaps, show_package, show_plan
from .texts import say

# Layers of the project that may stand in for the scenario's: parameter, section, geometry.
_LAYERS = (
    ("FACILITIES", "facilities", QgsProcessing.TypeVectorPoint),
    ("CANDIDATES", "candidates", QgsProcessing.TypeVectorPoint),
    ("RESIDENTIAL_AREAS", "residential_areas", QgsProcessing.TypeVectorPolygon),
    ("COMMUNITIES", "units.community", QgsProcessing.TypeVectorPolygon),
    ("STREETS", "units.street", QgsProcessing.TypeVectorPolygon),
    ("NETWORK", "network", QgsProcessing.TypeVectorLine),
)
MODELS = ("mclp", "lscp", "p_median", "p_center", "fair", "compliance")
_WGS84 = QgsCoordinateReferenceSystem("EPSG:4326")


class _Algorithm(QgsProcessingAlgorithm):
    """What all share: the scenario, and layers of the project in place of its own."""

    key = ""
    layers = True

    def createInstance(self):
        """Return another one of the kind."""
        return type(self)()

    def name(self):
        """Return the name in commands."""
        return self.key

    def displayName(self):
        """Return the name in the toolbox."""
        return say(self.key)

    def shortHelpString(self):
        """Return the help."""
        return say(self.key + "_help")

    def initAlgorithm(self, config=None):
        """Declare the scenario, what the algorithm asks, and the layers."""
        self.addParameter(QgsProcessingParameterFile("SCENARIO", say("scenario"), extension="toml"))
        self.ask()
        for parameter, _, kind in _LAYERS if self.layers else ():
            label = say(parameter.lower())
            asked = QgsProcessingParameterVectorLayer(parameter, label, [kind], optional=True)
            asked.setFlags(asked.flags() | asked.FlagAdvanced)
            self.addParameter(asked)

    def ask(self):
        """Declare what this algorithm asks."""
        raise NotImplementedError

    def of_scenario(self, parameters, context):
        """Return the scenario, and the options of the layers in place of its own."""
        found = [self.parameterAsFile(parameters, "SCENARIO", context)]
        for parameter, section, _ in _LAYERS:
            layer = self.parameterAsVectorLayer(parameters, parameter, context)
            if layer is not None:
                found += ["--layer", given(layer, section, context)]
        return found

    def optional(self, parameters, context, name, option):
        """Return an option with a file, or nothing if none is given."""
        file = self.parameterAsFile(parameters, name, context)
        return [option, file] if file else []

    def target(self, parameters, context, name="OUTPUT"):
        """Return the file of an output, whose folder is there."""
        path = self.parameterAsFileOutput(parameters, name, context)
        if path:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        return path

    def ask_plan(self):
        """Declare an optional plan."""
        plan = QgsProcessingParameterFile("PLAN", say("plan"), extension="geojson", optional=True)
        self.addParameter(plan)


class Check(_Algorithm):
    """``siting check``."""

    key = "check"

    def ask(self):
        """Declare plan, sensitivity and output."""
        self.ask_plan()
        self.addParameter(QgsProcessingParameterFileDestination("OUTPUT", say("gaps"), "GeoJSON (*.geojson)"))

    def processAlgorithm(self, parameters, context, feedback):
        """Check, and load the places by level."""
        path = self.target(parameters, context)
        source = self.of_scenario(parameters, context)
        run(["check", *source, "-o", path, *self.optional(parameters, context, "PLAN", "--with")], feedback)
        show_gaps(path, context)
        return {"OUTPUT": path}


class Propose(_Algorithm):
    """``siting propose``."""

    key = "propose"

    def ask(self):
        """Declare the request and the output."""
        models = [say("model_" + each) for each in MODELS]
        number = QgsProcessingParameterNumber.Integer
        amount = QgsProcessingParameterNumber.Double
        self.addParameter(QgsProcessingParameterEnum("MODEL", say("model"), models, optional=True))
        self.addParameter(
            QgsProcessingParameterNumber("STATIONS", say("number"), number, None, optional=True, minValue=0)
        )
        self.addParameter(QgsProcessingParameterNumber("BUDGET", say("budget"), amount, None, True, 0))
        self.addParameter(QgsProcessingParameterNumber("TARGET", say("share"), amount, None, True, 0, 1))
        self.addParameter(QgsProcessingParameterString("FORCE", say("force"), optional=True))
        self.addParameter(QgsProcessingParameterString("FORBID", say("forbid"), optional=True))
        self.addParameter(QgsProcessingParameterBoolean("GENERATE", say("generate"), False))
        self.addParameter(QgsProcessingParameterFileDestination("OUTPUT", say("plan"), "GeoJSON (*.geojson)"))

    def processAlgorithm(self, parameters, context, feedback):
        """Propose, and load the stations."""
        path = self.target(parameters, context)
        call = ["propose", *self.of_scenario(parameters, context), "-o", path]
        if parameters.get("MODEL") is not None:
            call += ["--model", MODELS[self.parameterAsEnum(parameters, "MODEL", context)]]
        if parameters.get("STATIONS") is not None:
            call += ["--stations", str(self.parameterAsInt(parameters, "STATIONS", context))]
        for name in ("BUDGET", "TARGET"):
            if parameters.get(name) is not None:
                call += ["--" + name.lower(), repr(self.parameterAsDouble(parameters, name, context))]
        for name in ("FORCE", "FORBID"):
            text = self.parameterAsString(parameters, name, context).replace("，", ",")
            call += [part for each in text.split(",") if each.strip() for part in ("--" + name.lower(), each.strip())]
        if self.parameterAsBool(parameters, "GENERATE", context):
            call += ["--candidates", "generate"]
        run(call, feedback)
        show_plan(path, context)
        return {"OUTPUT": path}


class Explain(_Algorithm):
    """``siting explain``."""

    key = "explain"

    def ask(self):
        """Declare the place, by name or on the map, and the page."""
        self.addParameter(QgsProcessingParameterString("PLACE", say("place"), optional=True))
        self.addParameter(QgsProcessingParameterPoint("POINT", say("point"), optional=True))
        self.addParameter(QgsProcessingParameterFileDestination("OUTPUT", say("page"), "HTML (*.html)"))

    def processAlgorithm(self, parameters, context, feedback):
        """Explain; the page is opened from the results."""
        place = self.parameterAsString(parameters, "PLACE", context).strip()
        if not place and parameters.get("POINT"):
            point = self.parameterAsPoint(parameters, "POINT", context, _WGS84)
            place = "%.7f,%.7f" % (point.x(), point.y())
        if not place:
            raise QgsProcessingException(say("no_place"))
        path = self.target(parameters, context)
        scenario, *options = self.of_scenario(parameters, context)
        run(["explain", scenario, place, "-o", path, *options], feedback)
        return {"OUTPUT": path}


class Report(_Algorithm):
    """``siting report``."""

    key = "report"

    def ask(self):
        """Declare plan, template and folder."""
        self.ask_plan()
        template = QgsProcessingParameterFile("TEMPLATE", say("template"), extension="docx", optional=True)
        self.addParameter(template)
        self.addParameter(QgsProcessingParameterFolderDestination("OUTPUT", say("folder")))

    def processAlgorithm(self, parameters, context, feedback):
        """Write all that is filed, and load its layers with their styles."""
        folder = self.parameterAsString(parameters, "OUTPUT", context)
        call = ["report", *self.of_scenario(parameters, context), "-o", folder]
        call += self.optional(parameters, context, "PLAN", "--with")
        run(call + self.optional(parameters, context, "TEMPLATE", "--template"), feedback)
        show_package(os.path.join(folder, "layers.gpkg"), context)
        return {"OUTPUT": folder}


class Compare(_Algorithm):
    """``siting compare``."""

    key = "compare"
    layers = False

    def initAlgorithm(self, config=None):
        """Declare both scenarios, the page and the table."""
        self.addParameter(QgsProcessingParameterFile("OLD", say("old")))
        self.addParameter(QgsProcessingParameterFile("NEW", say("new")))
        self.addParameter(QgsProcessingParameterFileDestination("OUTPUT", say("page"), "HTML (*.html)"))
        table = QgsProcessingParameterFileDestination("TABLE", say("table"), "Excel (*.xlsx)", optional=True)
        table.setCreateByDefault(False)
        self.addParameter(table)

    def processAlgorithm(self, parameters, context, feedback):
        """Compare; the page is opened from the results."""
        found = {name: self.target(parameters, context, name) for name in ("OUTPUT", "TABLE")}
        call = ["compare", *(self.parameterAsFile(parameters, name, context) for name in ("OLD", "NEW"))]
        for path in filter(None, found.values()):
            call += ["-o", path]
        run(call, feedback)
        return {name: path for name, path in found.items() if path}


ALGORITHMS = (Check, Propose, Explain, Report, Compare)
