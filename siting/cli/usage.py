"""Help wrapped to the terminal, and errors of a call, in the user's language (click has only English)."""

import difflib
import re
from collections.abc import Iterable
from typing import Any, Final

import click

from siting.text import Lang, say
from siting.write.wrapping import width_of, wrapped

# The given value, with which click's own message begins or ends.
_FOUND: Final = re.compile(r"^(?P<found>.+?) is not |'(?P<named>[^']+)'|\((?P<extra>[^)]+)\)")
_BOUNDS: Final = re.compile(r"is not in the range (.+?)\.?$")
_EXTRA: Final = "unexpected extra argument"
_VALUE_MISSING: Final = "requires an argument"
_NO_COMMAND: Final = "No such command"
_PATHS: Final = {"is a directory": "is_folder", "is a file": "is_file"}
_KINDS: Final = {"integer": "integer", "integer range": "integer", "float": "number", "float range": "number"}


class HelpFormatter(click.HelpFormatter):
    """Help in which a Chinese character takes two columns, and Chinese lines are broken between characters."""

    def write_text(self, text: str) -> None:
        """Write paragraphs wrapped to the terminal."""
        for line in text.splitlines():
            self._write_wrapped(line, "")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms and their meanings, side by side if the term is short."""
        pairs = list(rows)
        column = min(max((width_of(term) for term, _ in pairs), default=0), col_max) + col_spacing
        for term, meaning in pairs:
            if width_of(term) + col_spacing > column:
                self.write(f"{' ' * self.current_indent}{term}\n")
                self._write_wrapped(meaning, " " * column)
            else:
                self._write_wrapped(meaning, term + " " * (column - width_of(term)))

    def _write_wrapped(self, text: str, before: str) -> None:
        margin, indent = " " * self.current_indent, width_of(before)
        lines = list(wrapped(text, self.width - len(margin) - indent)) or [""]
        for at, line in enumerate(lines):
            self.write(f"{margin}{' ' * indent if at or not before.strip() else before}{line}".rstrip() + "\n")


class Context(click.Context):
    """A context whose help is wrapped by columns."""

    formatter_class = HelpFormatter


class Command(click.Command):
    """A command with such help."""

    context_class = Context


class Group(click.Group):
    """A group of commands with such help."""

    context_class = Context


def usage_text(error: click.ClickException, lang: Lang) -> str:
    """Return what is wrong with a call, and where the help is.

    Parameters
    ----------
    error : click.ClickException
        The error of click.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    str
        One line; click's own words if it is none of the usual errors.
    """
    told = _told(error, lang) or error.format_message()
    context = getattr(error, "ctx", None)
    if context is None:
        return told
    return f"{told}\n{say('cli.usage.help', lang, command=context.command_path)}"


def _told(error: click.ClickException, lang: Lang) -> str:
    if isinstance(error, click.NoSuchOption):
        near = ", ".join(sorted(error.possibilities or ()))
        key = "no_option_near" if near else "no_option"
        return say(f"cli.usage.{key}", lang, found=error.option_name, near=near)
    if isinstance(error, click.MissingParameter):
        return _missing(error, lang)
    if isinstance(error, click.BadParameter):
        return _bad(error, lang)
    return _misused(error, lang)


def _missing(error: click.MissingParameter, lang: Lang) -> str:
    if error.param is None:
        return ""
    kind = "argument" if isinstance(error.param, click.Argument) else "option"
    return say(f"cli.usage.missing_{kind}", lang, name=_name(error.param))


def _bad(error: click.BadParameter, lang: Lang) -> str:
    if error.param is None:
        return ""
    key, expected = _wrong(error.param.type, error.message)
    return say(f"cli.usage.{key}", lang, name=_name(error.param), found=_given(error), expected=expected)


def _wrong(kind: "click.ParamType[Any]", message: str) -> tuple[str, str]:
    """Return what is wrong with a value of a kind, as a key, and what was expected."""
    if isinstance(kind, click.Choice):
        return "no_choice", ", ".join(map(str, kind.choices))
    if isinstance(kind, click.IntRange | click.FloatRange) and (bounds := _BOUNDS.search(message)):
        return "out_of_range", bounds[1]
    if kind.name in _KINDS:
        return f"no_{_KINDS[kind.name]}", ""
    if isinstance(kind, click.DateTime):
        return "no_date", ""
    if isinstance(kind, click.Path) and (found := next((each for each in _PATHS if each in message), None)):
        return _PATHS[found], ""
    return "bad_value", message


def _misused(error: click.ClickException, lang: Lang) -> str:
    """Return the words for errors that click describes only by its message."""
    if isinstance(error, click.BadOptionUsage) and _VALUE_MISSING in error.message:
        return say("cli.usage.no_value", lang, name=error.option_name)
    if _EXTRA in error.message:
        return say("cli.usage.extra", lang, found=_given(error))
    if error.message.startswith(_NO_COMMAND):
        known = getattr(getattr(error, "ctx", None), "command", None)
        names = sorted(known.commands) if isinstance(known, click.Group) else []
        found = _given(error)
        near = difflib.get_close_matches(found, names, n=1) or names
        return say("cli.usage.no_command", lang, found=found, expected=", ".join(near))
    return ""


def _name(param: click.Parameter) -> str:
    """Return the name of an option as it is typed, or of an argument as in the help."""
    return "/".join(param.opts) if isinstance(param, click.Option) else param.make_metavar(_CONTEXT)


def _given(error: click.ClickException) -> str:
    found = _FOUND.search(error.message)
    return "" if found is None else next(each for each in found.groups() if each).strip("'")


_CONTEXT: Final = click.Context(click.Command("siting"))
