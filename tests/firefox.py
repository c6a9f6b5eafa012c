"""Debian's Firefox for a smoke test, over its own wire (Marionette): a length, a colon, and JSON."""

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# How long Firefox may take to start.
START_S = 60.0
# Nothing leaves the machine: neither the page's requests nor the browser's own.
CUT_OFF = {
    "network.proxy.type": 1,
    **{f"network.proxy.{kind}": "127.0.0.1" for kind in ("http", "ssl")},
    **{f"network.proxy.{kind}_port": 9 for kind in ("http", "ssl")},
    "network.captive-portal-service.enabled": False,
    "app.update.auto": False,
}
# What the console holds of a page: its own errors and warnings, not those of the browser.
COMPLAINTS = """return Services.console.getMessageArray()
    .filter((told) => told instanceof Ci.nsIScriptError && told.sourceName.startsWith(arguments[0]))
    .map((told) => told.errorMessage);"""


class Firefox:
    """A session with a running Firefox.

    Parameters
    ----------
    wire : socket.socket
        Connected to its Marionette port.
    """

    def __init__(self, wire: socket.socket) -> None:
        self.wire, self.count = wire, 0
        self._read()
        self._ask("WebDriver:NewSession", {})

    def go(self, path: Path) -> None:
        """Open a file."""
        self._ask("WebDriver:Navigate", {"url": path.as_uri()})

    def run(self, script: str, *given: Any) -> Any:
        """Run a script in the page, and return what it returns."""
        return self._ask("WebDriver:ExecuteScript", {"script": script, "args": list(given)})["value"]

    def evaluate(self, function: str, given: Any = None) -> Any:
        """Call a function in the page, as Playwright does."""
        return self.run(f"return ({function})(arguments[0]);", given)

    def wait_for_timeout(self, milliseconds: float) -> None:
        """Wait, as Playwright does."""
        time.sleep(milliseconds / 1000)

    def screenshot(self) -> bytes:
        """Return a picture of what is seen, as Playwright does."""
        return base64.b64decode(self._ask("WebDriver:TakeScreenshot", {"full": False})["value"])

    def complaints(self, path: Path) -> list[str]:
        """Return the errors and warnings of a page, of the page's policy too."""
        self._ask("Marionette:SetContext", {"value": "chrome"})
        found: list[str] = self.run(COMPLAINTS, path.as_uri())
        self._ask("Marionette:SetContext", {"value": "content"})
        return found

    def fetched(self) -> list[str]:
        """Return what the page asked for beyond its own file, whether or not it came."""
        found: list[str] = self.run("return performance.getEntriesByType('resource').map(({ name }) => name);")
        return [url for url in found if not url.startswith(("data:", "blob:"))]

    def until(self, script: str, seconds: float = 30.0) -> None:
        """Wait until a script returns something true."""
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"not reached in {seconds} s: {script}"
            time.sleep(0.1)

    def picture(self, path: Path) -> None:
        """Write a picture of what is seen."""
        path.write_bytes(self.screenshot())

    def _ask(self, command: str, values: dict[str, Any]) -> dict[str, Any]:
        self.count += 1
        text = json.dumps([0, self.count, command, values]).encode()
        self.wire.sendall(f"{len(text)}:".encode() + text)
        _, _, error, result = self._read()
        assert error is None, error
        found: dict[str, Any] = result
        return found

    def _read(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            size += self.wire.recv(1)
        text, length = b"", int(size[:-1])
        while len(text) < length:
            text += self.wire.recv(length - len(text))
        return json.loads(text)


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Start Firefox with a profile of its own in a folder; skip the test where there is none."""
    found = shutil.which("firefox-esr")
    if found is None:
        pytest.skip("firefox-esr is absent")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"marionette.port": port, **CUT_OFF}
    lines = (f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in told.items())
    (folder / "user.js").write_text("".join(lines), encoding="utf-8")
    command = [
        found,
        "--headless",
        "--marionette",
        "--remote-allow-system-access",
        "--profile",
        str(folder),
        "--width",
        "1366",
        "--height",
        "768",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with _connected(port, process) as wire:
            yield Firefox(wire)
    finally:
        process.terminate()
        process.wait(20)


def _connected(port: int, process: "subprocess.Popen[bytes]") -> socket.socket:
    end = time.monotonic() + START_S
    while True:
        try:
            wire = socket.create_connection(("127.0.0.1", port), timeout=30)
        except OSError:
            assert process.poll() is None, "Firefox has ended"
            assert time.monotonic() < end, "Firefox does not answer"
            time.sleep(0.2)
        else:
            return wire
