"""The draft of a scenario before it is written: values found, questions, and the reasons for both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# Questions whose answer may be left out: without it a default holds, or what it concerns is not judged.
_OPTIONAL: Final = ("standards.coverage", "standards.old_estate_before_year")


@dataclass(frozen=True)
class Remark:
    """A remark on a choice: a code of the catalogue (``survey.CODE``) and its figures."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Draft:
    """The draft of a scenario.

    ``filled`` maps dotted keys to the found values (``units.street.path`` → ``streets.gpkg``). ``asked`` maps keys that
    only the user knows to the question, and ``suggested`` maps some of these to a likely answer. ``remarks`` maps the
    names of sections to the reasons for their values. ``names`` holds the found names by group of sections (``units``,
    ``constraints_exclude`` …). ``rest`` describes the files that are not used.
    """

    filled: Mapping[str, object] = field(default_factory=dict)
    asked: Mapping[str, Remark] = field(default_factory=dict)
    remarks: Mapping[str, tuple[Remark, ...]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rest: tuple[Remark, ...] = ()
    suggested: Mapping[str, object] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        """Whether any layer was recognised; standards are no layers."""
        return any(section != "standards" for section in self.remarks)

    @property
    def optional(self) -> tuple[str, ...]:
        """The keys of the questions that may be left open."""
        return tuple(key for key in self.asked if key in _OPTIONAL or key.endswith(".from_age"))

    @property
    def needed(self) -> tuple[str, ...]:
        """The keys of the questions that must be answered."""
        return tuple(key for key in self.asked if key not in self.optional)
