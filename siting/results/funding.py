"""The view of the funding that the documents promise."""

from pathlib import Path
from typing import Final, Literal

import pandas as pd

from siting.domain.nouns import Note
from siting.listing import listed
from siting.results.plan import Plan
from siting.results.report import GapReport
from siting.text import Lang, default_lang

What = Literal["facility", "candidate", "station"]
_SHOWN: Final = ("what", "site_id", "clause_id", "line", "payer", "status", "amount_cny", "missing")


class Funding:
    """The funding that the standards in force promise facilities, candidates and, with a plan, its stations.

    Parameters
    ----------
    report : GapReport
        The check of the scenario.
    plan : Plan, optional
        A plan of it.

    Examples
    --------
    >>> import siting
    >>> found = siting.funding("data/sample/scenario.toml")
    >>> found.lines["what"].unique().tolist()
    ['facility', 'candidate']
    """

    def __init__(self, report: GapReport, plan: Plan | None = None) -> None:
        self._title = report.assessment.inputs.scenario.scenario.title
        found = report.assessment
        self._kinds = found.inputs.candidates["kind"].to_dict()
        self._told = [note for note in found.notes if note.code == "premises_of_no_known_kind"]
        self._lines: dict[What, pd.DataFrame] = {kind: report.funding(kind) for kind in ("facility", "candidate")}
        if plan is not None:
            self._lines["station"] = plan.funding()

    def __repr__(self) -> str:
        """Return title, number of lines of each status, and what facilities are eligible for."""
        lines = self.lines
        counts = ", ".join(f"{(lines['status'] == status).sum():,} {status}" for status in _STATUSES)
        total = self.summary("facility")["eligible_cny"].sum()
        return f"<Funding {self._title}: {len(lines):,} lines ({counts}), facilities eligible for CNY {total:,.0f}>"

    @property
    def lines(self) -> pd.DataFrame:
        """One row for each site and line, ``what`` the site is, and the columns of :meth:`GapReport.funding`."""
        told = [table.assign(what=kind) for kind, table in self._lines.items()]
        return pd.concat([table for table in told if len(table)] or told[:1], ignore_index=True)

    def of(self, what: What) -> pd.DataFrame:
        """Return the lines of facilities, candidates or stations; empty without a plan.

        Parameters
        ----------
        what : {"facility", "candidate", "station"}
            Whose.

        Returns
        -------
        pandas.DataFrame
            One row for each site and line; lines of one ``group`` exclude one another.
        """
        return self._lines.get(what, self._lines["facility"].iloc[:0]).copy()

    def summary(self, what: What = "facility") -> pd.DataFrame:
        """Add up what each site is eligible for; of lines that exclude one another the largest counts.

        Parameters
        ----------
        what : {"facility", "candidate", "station"}
            Whose.

        Returns
        -------
        pandas.DataFrame
            By site; see :func:`siting.assess.funding.funding_summary`.
        """
        from siting.pipeline.paying import funding_summary

        return funding_summary(self.of(what))

    def notes(self, lang: Lang | None = None) -> list[str]:
        """Return notes on what leaves many lines open, each once.

        Parameters
        ----------
        lang : {"zh", "en"}, optional
            Language; that of the system if absent.

        Returns
        -------
        list of str
            Sentences.
        """
        from siting.write.naming import note_text

        return [note_text(note, lang or default_lang()) for note in self._notes()]

    def _notes(self) -> list[Note]:
        lines = self.of("candidate")
        open_kinds = lines["missing"].map(lambda missing: "kind" in missing)
        ids = lines.loc[open_kinds, "site_id"].unique().tolist()
        blank = [key for key in ids if pd.isna(self._kinds.get(key))]
        told = list(self._told)
        if blank:
            told.insert(0, Note("premises_without_kind", {"count": len(blank), "ids": listed(blank, before_mark=" ")}))
        return told

    def to_file(self, path: str | Path, lang: Lang | None = None) -> None:
        """Write the lines.

        Parameters
        ----------
        path : str or pathlib.Path
            ``.xlsx`` or ``.csv`` (in words) or ``.json`` (names of columns and codes), replaced whole.
        lang : {"zh", "en"}, optional
            Language of heads and words; that of the system if absent.

        Raises
        ------
        siting.errors.InputError
            Another ending, or the file cannot be written.
        """
        from siting.write.tables import write_table

        write_table(Path(path), self.lines, lang or default_lang())

    def _repr_html_(self) -> str:
        return str(self.lines[list(_SHOWN)].to_html(index=False))


_STATUSES: Final = ("eligible", "conditional", "unknown")
