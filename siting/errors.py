"""What can go wrong with an input or a call, said so that a planner can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from siting.text import Lang, say

# Sections of a scenario that are no layers of data; faults in them stand under their name all the same.
_SECTIONS = frozenset({"plan"})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of an input: where it stands, what was found, what was expected.

    ``code`` names two texts of the catalogue: ``fault.CODE.what`` (may use ``found`` and ``expected``) and
    ``fault.CODE.advice`` (what to do).
    """

    code: str
    file: str | None = None
    layer: str | None = None
    row: str | None = None
    field: str | None = None
    found: str = ""
    expected: str = ""

    def message(self, lang: Lang | None = None) -> str:
        """Return the fault as one readable line: where, what, what to do."""
        where = [
            say(f"fault.where.{'section' if value in _SECTIONS and name == 'layer' else name}", lang, value=value)
            for name in ("file", "layer", "row", "field")
            if (value := getattr(self, name)) is not None
        ]
        what = say(f"fault.{self.code}.what", lang, found=self.found, expected=self.expected)
        advice = say(f"fault.{self.code}.advice", lang, found=self.found, expected=self.expected)
        return say("fault.line", lang, where=say("fault.where.join", lang).join(where), what=what, advice=advice)


class SitingError(Exception):
    """Base of the errors that siting raises on purpose."""


class InputError(SitingError):
    """The input or the call is wrong; carries every fault found, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.message())

    def message(self, lang: Lang | None = None) -> str:
        """Return all faults as a readable list."""
        head = say("fault.head", lang, count=len(self.faults))
        return "\n".join([head, *(f"  - {fault.message(lang)}" for fault in self.faults)])


@dataclass
class Faults:
    """Collects faults while reading goes on, so that all are told together."""

    found: list[Fault] = field(default_factory=list)

    def add(self, code: str, **where: str | None) -> None:
        """Note one fault."""
        self.found.append(Fault(code=code, **{key: value for key, value in where.items() if value is not None}))

    def stop_if_any(self) -> None:
        """Raise :class:`InputError` if a fault was noted."""
        if self.found:
            raise InputError(self.found)
