"""The command line.

Exit codes: 0 done; 1 an internal fault; 2 the input or the call is wrong; 3 done, ``--fail-on-gap`` was given and there
is a gap; 4 no plan satisfies the request; 130 interrupted; 141 the reader of the output closed it. A traceback appears
only with ``--debug``.
"""

import gc
import re
import signal
import sys
import threading
from collections.abc import Sequence
from io import TextIOWrapper
from itertools import pairwise
from typing import Final

import click

from siting.characters import shown
from siting.cli import tell
from siting.cli.commands import build
from siting.cli.guarded import FLAG, is_guarded, lacks_memory, limit_memory, run_guarded
from siting.cli.screen import echo
from siting.cli.usage import usage_text
from siting.errors import Fault, InputError
from siting.files import can_name_a_file, written_files
from siting.text import LANGS, Lang, default_lang, say
from siting.threads import leave

EXIT_FAULT: Final = 1
EXIT_INPUT: Final = 2
EXIT_INTERRUPT: Final = 130
# The exit code of a command that SIGPIPE ends.
EXIT_PIPE: Final = 141
# The number of new objects between garbage collections; with Python's 700 they take a tenth of the time of a command.
_OBJECTS: Final = 50_000
_WEST: Final = re.compile(r"-\d+(\.\d+)?\s*[,，]")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    # A place west of Greenwich begins with a minus sign, but is no option.
    given = [f" {each}" if _WEST.match(each) else each for each in (sys.argv[1:] if arguments is None else arguments)]
    lang = _wanted_lang(given)
    # Tables are many small objects with few reference cycles.
    gc.set_threshold(_OBJECTS)
    _speak_utf8()
    end_as_interrupted()
    if is_guarded():
        limit_memory()
    with written_files() as whole:
        code, message = _outcome(given, lang)
    if message is not None:
        echo(message, err=True)
        if whole:
            tell.whole_files(whole, lang)
    if arguments is None:
        leave(code)
    sys.exit(code)


def _outcome(given: Sequence[str], lang: Lang) -> tuple[int, str | None]:
    """Run a command; return its exit code, and a message if it was ended early."""
    try:
        code = _run(given, lang)
    except InputError as error:
        return EXIT_INPUT, error.message(lang)
    except click.ClickException as error:
        return EXIT_INPUT, usage_text(error, lang)
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPT, say("cli.interrupted", lang)
    except Exception as error:
        if "--debug" in given:
            raise
        if lacks_memory(error):
            return EXIT_INPUT, say("cli.memory", lang, error=str(error).splitlines()[0] if str(error) else "")
        return EXIT_FAULT, say("cli.internal", lang, error=f"{type(error).__name__}: {error}")
    return code if isinstance(code, int) else 0, None


def _run(given: Sequence[str], lang: Lang) -> int | None:
    impossible = [Fault(code="impossible_name", file=shown(each)) for each in given if not can_name_a_file(each)]
    if impossible:
        raise InputError(impossible)
    if FLAG in given and not is_guarded():
        return run_guarded(given)
    out = sys.stdout
    try:
        code: int | None = build(lang).main(list(given), prog_name="siting", standalone_mode=False)
    except SystemExit:
        # If the reader closed the output, click replaces the stream and exits.
        if sys.stdout is not out:
            return EXIT_PIPE
        raise
    return code


def _wanted_lang(arguments: Sequence[str]) -> Lang:
    """Find the language before the commands are built, because their help uses it too."""
    words = " ".join(arguments).replace("--lang=", "--lang ").split()
    after = dict(pairwise(words)).get("--lang")
    return next((lang for lang in LANGS if lang == after), default_lang())


def end_as_interrupted() -> None:
    """Make SIGTERM and SIGHUP act like Ctrl-C: the best plan so far is written, and no partial file."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # An ignored signal stays ignored: nohup requires that.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


def _speak_utf8() -> None:
    """Use UTF-8 where a console (Windows, a bare locale) would fail on Chinese."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(encoding="utf-8", errors="replace")
