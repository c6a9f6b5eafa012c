"""The plugin and its provider."""

import os

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithms import ALGORITHMS
from .command import SETTING
from .texts import say


class SitingProvider(QgsProcessingProvider):
    """The algorithms, under one head."""

    def id(self):
        """Return the name by which QGIS knows the provider."""
        return "siting"

    def name(self):
        """Return the head in the toolbox."""
        return say("provider")

    def icon(self):
        """Return the icon."""
        return QIcon(os.path.join(os.path.dirname(__file__), "icon.svg"))

    def load(self):
        """Add the setting of the command, and the algorithms."""
        ProcessingConfig.settingIcons[self.name()] = self.icon()
        ProcessingConfig.addSetting(Setting(self.name(), SETTING, say("command"), "", valuetype=Setting.FILE))
        ProcessingConfig.readSettings()
        self.refreshAlgorithms()
        return True

    def unload(self):
        """Take the setting away."""
        ProcessingConfig.removeSetting(SETTING)

    def loadAlgorithms(self):
        """Add the algorithms."""
        for each in ALGORITHMS:
            self.addAlgorithm(each())


class SitingPlugin:
    """What QGIS loads."""

    def __init__(self, _iface):
        self.provider = None

    def initProcessing(self):
        """Add the provider; QGIS calls it without a window too."""
        self.provider = SitingProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self):
        """Add the provider in a window."""
        self.initProcessing()

    def unload(self):
        """Take the provider away."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
