"""What the progress bar shows, and where."""

import io
import re

import pytest

from siting.progress import ProgressBar


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make standard error a terminal: in the test itself, for pytest sets the stream again before each."""
    found = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", found)
    return found


def test_stages_and_shares_are_shown_and_taken_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = terminal(monkeypatch)
    with ProgressBar("zh") as bar:
        bar("walk", 1, 4)
        bar("solve", 300, 1000)
        assert "求解" in _last(bar)
        assert "30%" in _last(bar)
        # A stage that begins again goes back.
        bar("solve", 0, 1000)
        assert "0%" in _last(bar)
    assert stream.getvalue().endswith("\x1b[2K")
    assert capsys.readouterr().out == ""


def _last(bar: ProgressBar) -> str:
    """Return what the bar draws now."""
    shown = bar._shown
    assert shown is not None
    console = shown[0].console
    with console.capture() as drawn:
        console.print(shown[0].get_renderable())
    return re.sub(r"\x1b\[[0-9;]*m", "", drawn.get())


def test_what_is_printed_beside_a_bar_goes_where_it_should(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = terminal(monkeypatch)
    with ProgressBar("en") as bar:
        bar("walk", 1, 4)
        print("a result")  # noqa: T201 - as a caller may
    assert capsys.readouterr().out == "a result\n"
    assert "a result" not in stream.getvalue()


def test_a_quiet_bar_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with ProgressBar("en", quiet=True) as bar:
        bar("walk", 1, 4)
    assert stream.getvalue() == ""


def test_nothing_is_shown_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar("en") as bar:
        bar("walk", 1, 4)
    assert capsys.readouterr().err.strip() == ""
