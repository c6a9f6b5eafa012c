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
    """Help in the user's language, in which a Chinese character takes two columns.

    Chinese lines are broken between characters.
    """

    lang: Lang = "en"

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is called."""
        super().write_usage(prog, args, say("cli.usage.heading.usage", self.lang) if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section; those of click are translated."""
        told = say("cli.usage.heading.commands", self.lang) if heading == "Commands" else heading
        self.write(f"{' ' * self.current_indent}{told}{'：' if self.lang == 'zh' else ':'}\n")

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
    """A context whose help is wrapped by columns, in the language of its command."""

    formatter_class = HelpFormatter

    def make_formatter(self) -> click.HelpFormatter:
        """Return a formatter in the language of the command."""
        made = super().make_formatter()
        if isinstance(made, HelpFormatter) and isinstance(self.command, Command | Group):
            made.lang = self.command.lang
        return made


class Option(click.Option):
    """An option; ``topic`` is the heading under which the help tells it, if not the usual one."""

    topic: str = ""


class Command(click.Command):
    """A command with such help."""

    context_class = Context
    lang: Lang = "en"

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by topic, those without one last."""
        _write_options(self, ctx, formatter, self.lang)


class Group(click.Group):
    """A group of commands with such help."""

    context_class = Context
    lang: Lang = "en"

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        _write_options(self, ctx, formatter, self.lang)
        self.format_commands(ctx, formatter)


def _write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter, lang: Lang) -> None:
    topics: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
        if record is not None:
            topics.setdefault(getattr(param, "topic", ""), []).append(_in_words(record, lang))
    for topic in sorted(topics, key=lambda each: (not each, [*topics].index(each))):
        with formatter.section(say(f"cli.usage.heading.{topic or 'options'}", lang)):
            formatter.write_dl(topics[topic])


def _in_words(record: tuple[str, str], lang: Lang) -> tuple[str, str]:
    """Return an option and its meaning with the words that click adds in the user's language."""
    term, meaning = record
    if "--help" in term:
        return term, say("cli.usage.show_help", lang)
    for remark in ("required", "default"):
        meaning = re.sub(rf"(?<=[\[ ]){remark}(?=[\]:;])", say(f"cli.usage.{remark}", lang), meaning)
    return term, meaning


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
