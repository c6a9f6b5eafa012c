"""Outputs are checked before any work: whether they can be written, and whether they would overwrite an input."""

import os
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from siting.errors import Fault, InputError

if TYPE_CHECKING:
    from siting.write.endings import Result


def refuse(outputs: Iterable[tuple["Result", Path | None]], inputs: Iterable[Path] = ()) -> None:
    """Refuse outputs that cannot be written, have an unsuitable ending, are the same file, or are an input.

    Parameters
    ----------
    outputs : iterable of (str, pathlib.Path or None)
        What a command will write, and where; None if it was not requested.
    inputs : iterable of pathlib.Path
        The files that it reads.

    Raises
    ------
    InputError
        The outputs that are refused, each cause once.
    """
    from siting.write.endings import refusal_of_ending
    from siting.write.files import refusal

    asked = [(result, path) for result, path in outputs if path is not None]
    wanted = [path for _, path in asked]
    read = list(inputs)
    faults = [Fault(code="output_is_dash", file=str(path)) for path in wanted if str(path) == "-"]
    named = [(result, path) for result, path in asked if str(path) != "-"]
    refused = {path: fault for _, path in named if (fault := refusal(path))}
    # A folder that cannot be written is one cause, however many files were to be written into it.
    causes = {(fault.code, fault.found or fault.file): fault for fault in reversed(refused.values())}
    faults += reversed(causes.values())
    suitable = [(result, path) for result, path in named if path not in refused]
    faults += [fault for result, path in suitable if (fault := refusal_of_ending(path, result))]
    twice = {str(other) for one, other in combinations(wanted, 2) if _is_same(one, other)}
    faults += [Fault(code="output_twice", file=name) for name in sorted(twice)]
    taken = [path for path in wanted if any(_is_same(path, each) for each in read)]
    faults += [Fault(code="output_is_input", file=str(path)) for path in taken]
    if faults:
        raise InputError(faults)


def _is_same(one: Path, other: Path) -> bool:
    """Tell whether two names are one file, with links resolved and the system's rule on upper and lower case."""
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return os.path.realpath(one) == os.path.realpath(other)
