"""How kernels are compiled."""

import signal
from typing import Any

import pytest
from numba.core import event

from siting import compiled as compiling


def test_ctrl_c_waits_until_numba_has_compiled() -> None:
    listener, moment = compiling._Undisturbed(), event.Event("numba:compile", event.EventStatus.START)
    before = signal.getsignal(signal.SIGINT)
    listener.on_start(moment)
    # One kernel takes in another.
    listener.on_start(moment)
    signal.raise_signal(signal.SIGINT)
    listener.on_end(moment)
    with pytest.raises(KeyboardInterrupt):
        listener.on_end(moment)
    assert signal.getsignal(signal.SIGINT) is before


def test_what_is_compiled_asks_the_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(compiling._Undisturbed, "on_start", lambda _, moment: heard.append(moment))
    monkeypatch.setattr(compiling._Undisturbed, "on_end", lambda _, moment: heard.append(moment))
    import numba

    assert numba.njit(lambda number: number + 1)(1) == 2
    assert heard
