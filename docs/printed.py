"""Pages of the site that the program prints of itself."""

from pathlib import Path
from typing import Final

import click

from siting.cli.commands import build
from siting.text import LANGS, Lang
from siting.write.files import write_text

_HEADS: Final[dict[Lang, str]] = {"zh": "命令", "en": "Commands"}
_WIDTH: Final = 100


def print_commands(folder: Path) -> None:
    """Write a page with the help of all commands in each language.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the pages ``commands.zh.md`` and ``commands.en.md``.
    """
    for lang in LANGS:
        lines = [f"# {_HEADS[lang]}", ""]
        for context in _contexts(build(lang), "siting"):
            if context.command_path != "siting":
                lines += [f"## {context.command_path}", ""]
            lines += ["```text", context.get_help(), "```", ""]
        text = "\n".join(lines)
        page = folder / f"commands.{lang}.md"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            write_text(page, text)


def _contexts(command: click.Command, name: str, parent: click.Context | None = None) -> list[click.Context]:
    context = command.context_class(command, info_name=name, parent=parent, max_content_width=_WIDTH)
    found = [context]
    if isinstance(command, click.Group):
        for key in command.list_commands(context):
            below = command.get_command(context, key)
            if below is not None:
                found += _contexts(below, key, context)
    return found
