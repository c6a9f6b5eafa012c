"""What the page needs from outside, put inside: every script and style comes from the vendored assets."""

import base64
import hashlib
import mimetypes
import re
import tomllib
from functools import cache
from importlib import resources
from typing import Final

# How a page names a vendored file until it is put in its place.
SCHEME: Final = "asset:"

_SCRIPT: Final = re.compile(r'<script\b[^>]*\bsrc="([^"]*)"[^>]*>\s*</script>')
_STYLE: Final = re.compile(r'<link\b[^>]*\brel="stylesheet"[^>]*\bhref="([^"]*)"[^>]*>')
_CSS_URL: Final = re.compile(r"url\(\s*['\"]?([^'\")]*)['\"]?\s*\)")
_CSS_IMPORT: Final = re.compile(r"@import\b")
_SOURCE_MAP: Final = re.compile(
    r"^\s*(//[#@]\s*sourceMappingURL=.*|/\*[#@]\s*sourceMappingURL=.*?\*/)\s*$", re.MULTILINE
)
_END_OF_SCRIPT: Final = re.compile(r"</(script)", re.IGNORECASE)
# Whatever makes a browser fetch; an <a href> does not.
_FETCHED: Final = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object|link|image|use)\b[^>]*?\b(?:src|href|data|xlink:href|srcset)="
    r"[\"']?([^\"'\s>]+)",
    re.IGNORECASE,
)


class UnknownAssetError(ValueError):
    """The page asks for something that is not among the vendored assets."""

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
        The manifest does not list the file, or the file is not what the manifest says.
    """
    entry = manifest().get(name)
    if entry is None:
        raise UnknownAssetError(name)
    content = (_folder() / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise UnknownAssetError(name)
    return content


def inline(page: str) -> str:
    """Replace each script and stylesheet link by the vendored file that it names.

    Raises
    ------
    UnknownAssetError
        A script, stylesheet, image or font would be fetched from anywhere.

    Examples
    --------
    >>> from siting.write.webmap.inline import inline
    >>> inline('<script src="somewhere/else.js"></script>')
    Traceback (most recent call last):
        ...
    siting.write.webmap.inline.UnknownAssetError: the map would fetch 'somewhere/else.js', which is not a vendored asset
    """
    for url in _FETCHED.findall(page):
        if not url.startswith((SCHEME, "data:", "#")):
            raise UnknownAssetError(url)
    page = _SCRIPT.sub(lambda found: f"<script>{_script(found[1])}</script>", page)
    return _STYLE.sub(lambda found: f"<style>{_style(found[1])}</style>", page)


def _script(url: str) -> str:
    text = asset(_name(url)).decode("utf-8")
    return _END_OF_SCRIPT.sub(r"<\\/\1", _SOURCE_MAP.sub("", text))


def _style(url: str) -> str:
    name = _name(url)
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


def _name(url: str) -> str:
    if not url.startswith(SCHEME):
        raise UnknownAssetError(url)
    return url.removeprefix(SCHEME)


def _folder() -> resources.abc.Traversable:
    return resources.files("siting.write.webmap") / "assets"
