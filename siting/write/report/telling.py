"""What all chapters of the volume are made with: sentences, rows and figures of the records of a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from siting.domain.intervals import ENDS
from siting.text import Lang, say
from siting.write.report.passages import Passage, ends, figure, sentence, unmarked
from siting.write.report.records import Record, Records

# A title is added by the volume; ``paragraphs`` are passages, all other members tables.
Chapter = dict[str, Any]


@dataclass(frozen=True)
class Teller:
    """Makes sentences and rows in one language from the records of a run."""

    records: Records
    lang: Lang

    @property
    def comma(self) -> str:
        """What stands between the members of a list."""
        return say("report.volume.comma", self.lang)

    @cached_property
    def sites(self) -> Mapping[str, str]:
        """The names of facilities and proposed stations."""
        return {each.text("id"): each.text("name") for each in self.records.lists.each("facilities")}

    def chapter(self, paragraphs: Iterable[Passage | None], **tables: list[Any]) -> Chapter:
        """Return a chapter with the paragraphs that have something to tell."""
        return {"paragraphs": [each for each in paragraphs if each is not None], **tables}

    def row(self, **cells: "Passage | str") -> dict[str, Passage]:
        """Return the cells of a row of a table by name."""
        return {key: unmarked(cell) if isinstance(cell, str) else cell for key, cell in cells.items()}

    def tell(self, key: str, /, **values: "Passage | str") -> Passage:
        """Return a sentence of the volume."""
        return sentence(f"report.volume.say.{key}", self.lang, **values)

    def one(self, record: Record, key: str, form: str = "whole") -> Passage:
        """Return one figure."""
        return figure(record.cell(key), form)

    def ends(self, record: Record, key: str, form: str = "whole") -> Passage:
        """Return a figure that may be an interval."""
        pair = ENDS[key]
        return ends(record.cell(pair.low), record.cell(pair.high), form, most=pair.most)
