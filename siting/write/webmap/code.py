"""The code of a page of the map: its styles and scripts, in the page or in files that the pages of a folder share."""

from collections.abc import Mapping
from importlib import resources
from typing import Final

from siting.write.html import Beside
from siting.write.webmap.inline import script, style

# The folder of the shared files, beside the pages.
ASSETS: Final = "assets"
_STYLES: Final = ("leaflet.css", "siting.css")
_SCRIPTS: Final = ("leaflet.js", "siting.js")
_PARTS: Final = ("canvas", "labels", "print", "find", "what_if", "page")
BESIDE: Final = Beside(tuple(f"{ASSETS}/{name}" for name in _STYLES), tuple(f"{ASSETS}/{name}" for name in _SCRIPTS))


def styles() -> tuple[str, ...]:
    """Return the style sheets of a page."""
    return style("leaflet/leaflet.css"), static("page.css")


def scripts() -> tuple[str, ...]:
    """Return the scripts of a page that are the same for all maps."""
    return script("leaflet/leaflet.js"), *(static(f"{name}.js") for name in _PARTS)


def shared_files() -> Mapping[str, str]:
    """Return the files that the pages of a folder share, by their addresses from the pages.

    Examples
    --------
    >>> from siting.write.webmap.code import shared_files
    >>> sorted(shared_files())
    ['assets/leaflet.css', 'assets/leaflet.js', 'assets/siting.css', 'assets/siting.js']
    """
    leaflet, *own = scripts()
    return dict(zip((*BESIDE.styles, *BESIDE.scripts), (*styles(), leaflet, "\n".join(own)), strict=True))


def static(name: str) -> str:
    """Return one of our own files for pages."""
    return (resources.files("siting.write.webmap") / "static" / name).read_text(encoding="utf-8")
