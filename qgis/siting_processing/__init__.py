"""The plugin siting of QGIS: algorithms of Processing that call the installed command."""


def classFactory(iface):
    """Return the plugin."""
    from .plugin import SitingPlugin

    return SitingPlugin(iface)
