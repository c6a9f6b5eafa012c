"""Layers of the project as files for the command, and results as layers of the project."""

import os

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingUtils,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from .texts import language, say

_STYLES = os.path.join(os.path.dirname(__file__), "styles")
# How a gap report is shown: a layer for each level, those that are small on top.
_LEVELS = ("district", "street", "community", "residential_area")


def given(layer, name, context):
    """Return the option that gives a layer of the project instead of the scenario's.

    A layer that is a file is read by the command itself; what is filtered, edited or in memory is written first.
    """
    source = layer.source()
    plain = layer.providerType() == "ogr" and not layer.subsetString() and not layer.isEditable()
    path, _, rest = source.partition("|")
    parts = [part for part in rest.split("|") if part]
    if plain and os.path.exists(path) and all(part.startswith("layername=") for part in parts):
        return "%s=%s%s" % (name, path, "".join("|" + part for part in parts))
    target = QgsProcessingUtils.generateTempFilename(name.replace(".", "_") + ".gpkg")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", "layer"
    failed = QgsVectorFileWriter.writeAsVectorFormatV3(layer, target, context.transformContext(), options)
    if failed[0] != QgsVectorFileWriter.NoError:
        raise QgsProcessingException(failed[1])
    return "%s=%s" % (name, target)


def show_gaps(path, context):
    """Load a gap report: a layer for each level, with its style."""
    for level in _LEVELS:
        uri = "%s|subset=\"level\" = '%s'" % (path, level)
        _show(uri, say("level_" + level), "places", context, skip_empty=True)


def show_plan(path, context):
    """Load the stations of a plan, with their style."""
    _show(path, say("stations"), "stations", context)


def show_package(path, context):
    """Load all layers of a GeoPackage with the styles that it holds."""
    package = QgsVectorLayer(path, "package", "ogr")
    for each in package.dataProvider().subLayers():
        name = each.split("!!::!!")[1]
        layer = QgsVectorLayer("%s|layername=%s" % (path, name), name, "ogr")
        if layer.isValid() and layer.isSpatial():
            _hand_over(layer, context)


def _show(uri, name, style, context, skip_empty=False):
    layer = QgsVectorLayer(uri, name, "ogr")
    if not layer.isValid():
        raise QgsProcessingException(say("unreadable", file=uri))
    if skip_empty and layer.featureCount() == 0:
        return
    layer.loadNamedStyle(os.path.join(_STYLES, "%s.%s.qml" % (style, language())))
    _hand_over(layer, context)


def _hand_over(layer, context):
    project = context.project() or QgsProject.instance()
    details = QgsProcessingContext.LayerDetails(layer.name(), project, layer.name())
    context.temporaryLayerStore().addMapLayer(layer)
    context.addLayerToLoadOnCompletion(layer.id(), details)
