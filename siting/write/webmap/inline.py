"""Third-party scripts and styles inside the page: the vendored assets, as text that needs no other file."""

import base64
import hashlib
import mimetypes
import re
import tomllib
from functools import cache
from importlib import resources
from typing import Final

_CSS_URL: Final = re.compile(r"url\(\s*['\"]?([^'\")]*)['\"]?\s*\)")
_CSS_IMPORT: Final = re.compile(r"@import\b")
_SOURCE_MAP: Final = re.compile(
    r"^\s*(//[#@]\s*sourceMappingURL=.*|/\*[#@]\s*sourceMappingURL=.*?\*/)\s*$", re.MULTILINE
)
_END_OF_SCRIPT: Final = re.compile(r"</(script)", re.IGNORECASE)


class UnknownAssetError(ValueError):
    """The page requests something that is not among the vendored assets."""

    def __init__(self, url: str) -> None:
        super().__init__(f"the map would fetch {url!r}, which is not a vendored asset")


@cache
def manifest() -> dict[str, dict[str, str]]:
    """Return the manifest of the vendored assets: file → package, version, source, licence, sha256."""
    text = (_folder() / "MANIFEST.toml").read_text(encoding="utf-8")
    return {entry["file"]: entry for entry in tomllib.loads(text)["asset"]}


def asset(name: str) -> bytes:
    """Return the content of a vendored file.

    Raises
    ------
    UnknownAssetError
        The manifest does not list the file, or the file differs from the manifest.
    """
    entry = manifest().get(name)
    if entry is None:
        raise UnknownAssetError(name)
    content = (_folder() / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise UnknownAssetError(name)
    return content


def script(name: str) -> str:
    """Return a vendored script that can be put between the tags of a page.

    Raises
    ------
    UnknownAssetError
        The script is not among the vendored assets.

    Examples
    --------
    >>> from siting.write.webmap.inline import script
    >>> script("elsewhere.js")
    Traceback (most recent call last):
        ...
    siting.write.webmap.inline.UnknownAssetError: the map would fetch 'elsewhere.js', which is not a vendored asset
    """
    text = _SOURCE_MAP.sub("", asset(name).decode("utf-8"))
    # Within strings and patterns of JavaScript the added backslash changes nothing.
    return _END_OF_SCRIPT.sub(r"<\\/\1", text)


def style(name: str) -> str:
    """Return a vendored stylesheet with its pictures inside.

    Raises
    ------
    UnknownAssetError
        The stylesheet, or a file that it names, is not among the vendored assets.
    """
    text = _SOURCE_MAP.sub("", asset(name).decode("utf-8"))
    if _CSS_IMPORT.search(text):
        raise UnknownAssetError(name)
    folder = name.rpartition("/")[0]
    return _CSS_URL.sub(lambda found: f"url({_data_uri(folder, found[1])})", text)


def _data_uri(folder: str, url: str) -> str:
    if url.startswith(("#", "data:")):
        return url
    name = f"{folder}/{url}"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(asset(name)).decode('ascii')}"


def _folder() -> resources.abc.Traversable:
    return resources.files("siting.write.webmap") / "assets"
