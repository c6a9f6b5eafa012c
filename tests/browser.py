"""A real browser for the tests that need one."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")


def require_chromium() -> str:
    """Return the browser's path; skip the test where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is absent")
    return str(CHROMIUM)


@dataclass
class Heard:
    """What a page asked for and complained of."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def fetched(self) -> list[str]:
        """Requests for anything but the file itself and what lies inside it."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]


# The browser that a module of tests shares; it is opened and closed by `shared_browser`.
_shared: list[Any] = []


@contextmanager
def _launched() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    executable = require_chromium()
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def shared_browser() -> Iterator[Any]:
    """Keep one browser for all pages that are opened meanwhile."""
    with _launched() as browser:
        _shared.append(browser)
        yield browser
        _shared.pop()


@contextmanager
def opened(path: Path, *, width: int = 1440, height: int = 900):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Open a file in a browser that has no network; yield the page and what was heard of it."""
    with nullcontext(_shared[-1]) if _shared else _launched() as browser:
        context = browser.new_context(offline=True, viewport={"width": width, "height": height})
        page = context.new_page()
        heard = Heard()
        page.on("request", lambda request: heard.requests.append(request.url))
        page.on(
            "console", lambda told: heard.complaints.append(told.text) if told.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: heard.complaints.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_timeout(400)
        yield page, heard
        context.close()
