"""The sources of online tiles, for the page's content security policy."""

import re
from typing import Final
from urllib.parse import urlsplit

from siting.errors import Fault, InputError

_HOST: Final = re.compile(r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]+)?")
# Leaflet's placeholder of a mirror, at the start of a host.
_MIRROR: Final = "{s}."


def source(url: str) -> tuple[str, ...]:
    """Return the CSP sources of a URL template of tiles.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://`` with placeholders ``{z}``, ``{x}``, ``{y}`` and ``{s}``; or a path relative to the
        page.

    Returns
    -------
    tuple of str
        The host with its scheme; for a relative path the page's own.

    Raises
    ------
    InputError
        The template is neither of these, or its host is unknown.

    Examples
    --------
    >>> from siting.write.webmap.tiles import source
    >>> source("https://{s}.tiles.example/{z}/{x}/{y}.png"), source("tiles/{z}/{x}/{y}.png")
    (('https://*.tiles.example',), ("'self'", 'file:'))
    """
    parts = urlsplit(url.replace("\\", "/"))
    host = parts.netloc.replace(_MIRROR, "*.", 1) if parts.netloc.startswith(_MIRROR) else parts.netloc
    if not parts.scheme and not parts.netloc:
        return "'self'", "file:"
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise InputError([Fault(code="bad_tiles", found=url)])
    return (f"{parts.scheme}://{host}",)
