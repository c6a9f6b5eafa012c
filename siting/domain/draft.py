"""What is known of a scenario before anybody has written it: values found, questions, and the reasons for both."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Remark:
    """Something to tell of a choice: a code of the catalogue (``survey.CODE``) and its figures."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Draft:
    """A scenario to be written.

    ``filled`` maps dotted keys to the values found (``units.street.path`` → ``streets.gpkg``), ``asked`` those that
    only the planner knows to the question, ``suggested`` some of these to a likely answer, ``remarks`` the names of
    sections to why they are as they are. ``names`` holds, by group of sections (``units``, ``constraints_exclude`` …),
    the names that were found. ``rest`` tells of the files that were not taken.
    """

    filled: Mapping[str, object] = field(default_factory=dict)
    asked: Mapping[str, Remark] = field(default_factory=dict)
    remarks: Mapping[str, tuple[Remark, ...]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rest: tuple[Remark, ...] = ()
    suggested: Mapping[str, object] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        """Whether any layer was recognised; the standards are none."""
        return any(section != "standards" for section in self.remarks)
