"""Self-contained HTML pages: what they may run and fetch is stated in a Content-Security-Policy.

Data reach a page in one of two ways, and no template engine processes them: as escaped text in the markup, or as JSON
(:func:`as_json`), which the page's script shows as text nodes.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from siting.text import Lang

_LANG: Final[Mapping[Lang, str]] = {"zh": "zh-CN", "en": "en"}
# Character sequences that end a script or a style, or change how the rest of it is parsed.
_BREAKS: Final = re.compile(r"</(script|style)|<!--", re.IGNORECASE)
_UNSAFE: Final = "<>&\u2028\u2029"


@dataclass(frozen=True)
class Beside:
    """Files of our own beside a page, by their addresses from it: style sheets, and scripts that run before its own."""

    styles: Sequence[str] = ()
    scripts: Sequence[str] = ()


def document(
    *,
    lang: Lang,
    title: str,
    body: str,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    images: Iterable[str] = (),
    workers: bool = False,
    beside: Beside | None = None,
) -> str:
    r"""Return a page that runs its own scripts, shows its own styles and pictures, and fetches nothing.

    Parameters
    ----------
    lang : {"zh", "en"}
        Language of the page.
    title : str
        Plain text.
    body : str
        Markup; texts of the data are escaped in it. Attributes ``style`` and ``on…`` have no effect in the page.
    styles, scripts : sequence of str
        Style sheets, and scripts that run after the body is read, in this order.
    images : iterable of str
        CSP sources of pictures in addition to those inside the page (``data:``).
    workers : bool
        The page's scripts may start workers that they hold themselves, and WebAssembly.
    beside : Beside, optional
        Files beside the page. The policy lets in the elements that name them, by a nonce: from ``file:`` browsers can
        check no digest of another file. The nonce is the digest of the rest of the page, so nothing in it can tell it.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> from siting.write.html import document
    >>> page = document(lang="en", title="A & B", body="<p>Text</p>")
    >>> page.splitlines()[2].partition("content=")[2]
    '"default-src \'none\'; img-src data:; base-uri \'none\'; form-action \'none\'">'
    """
    styles, scripts = ([_closed(text) for text in texts] for texts in (styles, scripts))
    files = beside or Beside()
    nonce = _nonce(title, body, *styles, *scripts) if beside else ""
    policy = _policy(styles, scripts, images, workers=workers, nonce=nonce)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{_LANG[lang]}" class="{lang}"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            *(f'<link rel="stylesheet" nonce="{nonce}" href="{escape(each)}">' for each in files.styles),
            *(f"<style>{text}</style>" for text in styles),
            "</head><body>",
            body,
            *(f'<script nonce="{nonce}" src="{escape(each)}"></script>' for each in files.scripts),
            *(f"<script>{text}</script>" for text in scripts),
            "</body></html>",
            "",
        ]
    )


def as_json(data: Mapping[str, Any]) -> str:
    r"""Return data as JSON that no markup can break out of, for a script of type ``application/json``.

    Examples
    --------
    >>> from siting.write.html import as_json
    >>> print(as_json({"name": "</script>"}))
    {"name":"\u003c/script\u003e"}
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in _UNSAFE:
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _policy(
    styles: Sequence[str], scripts: Sequence[str], images: Iterable[str], *, workers: bool, nonce: str = ""
) -> str:
    parts = ["default-src 'none'"]
    files = [f"'nonce-{nonce}'"] if nonce else []
    kinds = (("script-src", [*files, *map(_digest, scripts)]), ("style-src", [*files, *map(_digest, styles)]))
    parts += [f"{kind} {' '.join(allowed)}" for kind, allowed in kinds if allowed]
    if workers:
        # A worker takes over the page's policy; its script is one of the page's own.
        parts[1] += " 'wasm-unsafe-eval'"
        parts.append("worker-src blob:")
    parts += [f"img-src {' '.join(['data:', *images])}", "base-uri 'none'", "form-action 'none'"]
    return "; ".join(parts)


def _nonce(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8")).hexdigest()[:32]


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _closed(text: str) -> str:
    """Return a script or style in the form that a browser parses; it must not close its own element."""
    if _BREAKS.search(text):
        message = "a script or style of a page may hold neither its own end nor '<!--'"
        raise ValueError(message)
    return text.replace("\r\n", "\n").replace("\r", "\n")
