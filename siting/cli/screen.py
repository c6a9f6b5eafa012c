"""The only output to the terminal: texts of the data are printed as they are, and never control it."""

from typing import Final

import click

# A control character could move the cursor, rename the window or write to the clipboard.
_CONTROL: Final = {code: " " for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def plain(text: object) -> str:
    r"""Return a text with spaces in place of control characters; line ends and tabs stay.

    Examples
    --------
    >>> from siting.cli.screen import plain
    >>> plain("name\x1b[2J")
    'name [2J'
    """
    return str(text).translate(_CONTROL)


def echo(text: object = "", *, err: bool = False) -> None:
    """Print a line; ``err`` prints to the standard error."""
    click.echo(plain(text), err=err)
