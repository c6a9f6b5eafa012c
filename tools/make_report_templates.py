"""``python -m tools.make_report_templates``: make the templates of the volume of a report, in Chinese and English.

A template is a Word document with the words of docxtpl in it: ``{%p … %}`` repeats or leaves out paragraphs,
``{%tr … %}`` rows of tables, ``{{r … }}`` shows a text. ``docs/report.md`` lists the names.
"""

import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph

from siting.text import LANGS, Lang, say

if TYPE_CHECKING:
    from docx.document import Document

FOLDER: Final = Path(__file__).resolve().parents[1] / "siting" / "write" / "report" / "templates"
_DAY: Final = (1980, 1, 1, 0, 0, 0)
# Latin and East Asian fonts of text, heads and tables.
_FONTS: Final[dict[Lang, dict[str, tuple[str, str]]]] = {
    "zh": {"text": ("Times New Roman", "仿宋"), "head": ("Arial", "黑体"), "table": ("Times New Roman", "宋体")},
    "en": {"text": ("Times New Roman", "宋体"), "head": ("Arial", "黑体"), "table": ("Arial", "宋体")},
}
_INK: Final = RGBColor(0x1F, 0x2A, 0x33)
_SHADE: Final = "DCE6EC"
# The cells of each table: name in a row, key of its head, share of the width, and whether it holds a figure.
_Cells = Sequence[tuple[str, str, float, bool]]
DOCUMENTS: Final[_Cells] = (
    ("number", "number", 4, False), ("title", "title", 7, False), ("issuer", "issuer", 4, False),
    ("since", "since", 2.4, False),
)  # fmt: skip
PRESENT: Final[_Cells] = (
    ("name", "name", 2.7, False), ("residents", "residents", 2.1, True), ("elderly", "elderly", 2, True),
    ("institution", "institution", 2.3, True), ("centre", "centre", 1.6, True), ("station", "station", 1.7, True),
    ("beds", "beds", 1.6, True), ("share", "share", 2, True),
)  # fmt: skip
CLAUSES: Final[_Cells] = (
    ("source", "source", 3, False), ("name", "indicator", 2.7, False), ("level", "level", 2.3, False),
    ("amount", "amount", 2.2, False), ("measured", "measured", 2.8, False), ("verdict", "verdict", 2, False),
    ("reason", "finding", 3.6, False),
)  # fmt: skip
NEEDS: Final[_Cells] = (
    ("name", "name", 2.6, False), ("elderly", "elderly", 1.8, True), ("uncovered", "uncovered", 2, True),
    ("share", "share", 2.1, True), ("minutes", "minutes", 1.5, True), ("gap_01", "gap_01", 2.2, True),
    ("gap_02", "gap_02", 2.3, True), ("without", "without", 2.5, True), ("verdict", "verdict", 1.8, False),
)  # fmt: skip
COMMUNITIES: Final[_Cells] = tuple(cell for cell in NEEDS if cell[0] != "without")
TARGETS: Final[_Cells] = (
    ("name", "indicator", 2.8, False), ("basis", "basis", 2.5, False), ("source", "source", 3.3, False),
    ("required", "required", 2, True), ("now", "now", 2.2, True), ("verdict", "verdict", 2, False),
    ("after", "after", 2.2, True), ("verdict_after", "verdict", 2, False),
)  # fmt: skip
TARGETS_ALONE: Final[_Cells] = (*TARGETS[:4], ("now", "measured", 2.2, True), TARGETS[5])
STATIONS: Final[_Cells] = (
    ("rank", "rank", 1.4, True), ("name", "name", 3.7, False), ("community", "community", 2.6, False),
    ("new", "new", 1.9, True), ("share", "share_after", 1.8, True), ("floor", "floor", 1.8, True),
    ("tenure", "tenure", 1.5, False), ("cost", "cost", 2.2, True),
)  # fmt: skip
YEARS: Final[_Cells] = (
    ("year", "year", 1.3, True), ("stations", "opening", 1.7, True), ("names", "names", 4.2, False),
    ("elderly", "elderly", 1.9, True), ("covered", "covered", 1.9, True), ("without", "share_without", 1.9, True),
    ("share", "share_by_then", 1.5, True),
)  # fmt: skip
MONEY: Final[_Cells] = (
    ("year", "year", 1.3, True), ("budget", "budget", 2.4, True), ("cost", "cost", 2.4, True),
    ("subsidy", "subsidy", 2.4, True), ("subsidy_conditional", "subsidy_conditional", 2.4, True),
    ("net_cost", "net_cost", 2.4, True),
)  # fmt: skip
FUNDING: Final[_Cells] = (
    ("source", "source", 3.1, False), ("line", "line", 2.5, False), ("payer", "payer", 1.5, False),
    ("sites", "sites", 3.4, False), ("amounts", "amounts", 2, False), ("conditions", "conditions", 5, False),
)  # fmt: skip
LAYERS: Final[_Cells] = (
    ("name", "name", 4, False), ("file", "file", 4, False), ("rows", "rows", 2, True), ("crs", "crs", 5, False),
)  # fmt: skip
GAPS: Final[_Cells] = (
    ("rank", "rank", 1.4, True), ("name", "name", 3, False), ("unit", "unit", 2.3, False),
    ("uncovered", "uncovered", 2, True), ("minutes", "minutes", 1.5, True), ("nearest", "nearest", 2.8, False),
    ("remedies", "remedies", 3, False), ("premises", "premises", 2.4, False), ("verdict", "verdict", 2, False),
)  # fmt: skip


def main() -> int:
    """Write the templates."""
    FOLDER.mkdir(exist_ok=True)
    for lang in LANGS:
        (FOLDER / f"volume.{lang}.docx").write_bytes(template(lang))
    return 0


def template(lang: Lang) -> bytes:
    """Return the template in a language: the same bytes every time."""
    page = _Template(lang)
    page.cover()
    page.chapter("basis", [("documents", "documents", DOCUMENTS)])
    page.chapter("present", [("streets", "present", PRESENT)])
    page.chapter("assessment", [("clauses", "clauses", CLAUSES)])
    page.chapter("needs", [("streets", "needs", NEEDS)])
    page.chapter(
        "targets",
        [("rows", "targets", TARGETS), ("rows", "targets", TARGETS_ALONE)],
        only=("targets.with_plan", "not targets.with_plan"),
    )
    page.chapter("layout", [("stations", "stations", STATIONS)])
    page.chapter("phases", [("years", "years", YEARS), ("money", "money", MONEY)])
    page.chapter("funding", [("lines", "funding", FUNDING)])
    page.chapter("method", [("layers", "layers", LAYERS)])
    page.notes()
    page.chapter("appendix", [("communities", "communities", COMMUNITIES), ("gaps", "gaps", GAPS)])
    page.figures()
    return page.content()


class _Template:
    """Writes one template."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self.document: Document = docx.Document()
        for paragraph in list(self.document.paragraphs):
            paragraph._element.getparent().remove(paragraph._element)  # noqa: SLF001 - python-docx has no other way
        self._styles()
        self._paper()

    def cover(self) -> None:
        """Write the cover and the contents."""
        for _ in range(5):
            self._plain("Cover line")
        self._repeat("line", "title")
        self._plain("Cover title", "{{r line }}")
        self._end("for")
        self._plain("Cover line", "{{r subject }}")
        for _ in range(9):
            self._plain("Cover line")
        for key in ("slot", "day"):
            self._plain("Cover line", say(f"report.volume.{key}", self.lang))
        self._break()
        self._plain("Contents head", say("report.volume.contents", self.lang))
        self._repeat("line", "contents")
        self._plain("Contents line", "{{r line }}")
        self._end("for")
        self._plain("Contents line", "{%p if figures %}")
        self._plain("Contents line", say("report.volume.chapter.figures", self.lang))
        self._end("if")
        self._break()

    def chapter(self, name: str, tables: Sequence[tuple[str, str, _Cells]], only: Sequence[str] = ()) -> None:
        """Write a chapter: its title, its paragraphs, its tables; left out if there is nothing to tell.

        ``only`` are the conditions under which the tables are shown, one each.
        """
        self._plain("Normal", f"{{%p if {name} %}}")
        self._plain("Heading 1", f"{{{{r {name}.title }}}}")
        self._repeat("line", f"{name}.paragraphs")
        self._plain("Body Text", "{{r line }}")
        self._end("for")
        for place, (rows, caption, cells) in enumerate(tables):
            condition = f"{name}.{rows} and {only[place]}" if only else f"{name}.{rows}"
            self._plain("Normal", f"{{%p if {condition} %}}")
            self._plain("Caption", say(f"report.volume.table.{caption}", self.lang))
            self._table(f"{name}.{rows}", cells)
            self._plain("Table end")
            self._end("if")
        self._end("if")

    def notes(self) -> None:
        """Write the notes on the data."""
        self._plain("Normal", "{%p if method.notes %}")
        self._plain("Caption", say("report.volume.table.notes", self.lang))
        self._repeat("line", "method.notes")
        self._plain("Note", "{{r line }}")
        self._end("for")
        self._end("if")

    def figures(self) -> None:
        """Write the figures, each with its caption."""
        self._plain("Normal", "{%p if figures %}")
        self._plain("Heading 1", say("report.volume.chapter.figures", self.lang))
        self._repeat("figure", "figures")
        self._plain("Picture", "{{ figure.image }}")
        self._plain("Figure caption", "{{r figure.caption }}")
        self._end("for")
        self._end("if")

    def content(self) -> bytes:
        """Return the file, without the time of writing."""
        page, fixed = BytesIO(), BytesIO()
        self.document.core_properties.title = ""
        self.document.core_properties.comments = ""
        self.document.save(page)
        with ZipFile(page) as parts, ZipFile(fixed, "w") as archive:
            for name in parts.namelist():
                info = ZipInfo(name, _DAY)
                info.compress_type = ZIP_DEFLATED
                archive.writestr(info, parts.read(name))
        return fixed.getvalue()

    def _plain(self, style: str, text: str = "") -> Paragraph:
        return self.document.add_paragraph(text, style=style)

    def _repeat(self, one: str, many: str) -> None:
        self._plain("Normal", f"{{%p for {one} in {many} %}}")

    def _end(self, what: str) -> None:
        self._plain("Normal", f"{{%p end{what} %}}")

    def _break(self) -> None:
        self._plain("Normal").add_run().add_break(WD_BREAK.PAGE)

    def _table(self, rows: str, cells: _Cells) -> None:
        """Write a table whose second row is repeated."""
        table = self.document.add_table(rows=4, cols=len(cells), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        self._widths(table, [cell[2] for cell in cells])
        head, start, row, end = table.rows
        for place, (name, key, _, is_figure) in enumerate(cells):
            self._cell(head.cells[place], say(f"report.volume.head.{key}", self.lang), "Table head", shade=True)
            style = "Table figure" if is_figure else "Table text"
            self._cell(row.cells[place], f"{{{{r row.{name} }}}}", style)
        self._cell(start.cells[0], f"{{%tr for row in {rows} %}}", "Table text")
        self._cell(end.cells[0], "{%tr endfor %}", "Table text")
        _mark(head._tr.get_or_add_trPr(), "w:tblHeader")  # noqa: SLF001
        for each in (head, row):
            _mark(each._tr.get_or_add_trPr(), "w:cantSplit")  # noqa: SLF001

    def _widths(self, table: Table, shares: Sequence[float]) -> None:
        section = self.document.sections[0]
        room = int(section.page_width or 0) - int(section.left_margin or 0) - int(section.right_margin or 0)
        for column, share in zip(table.columns, shares, strict=True):
            width = int(room * share / sum(shares))
            column.width = width
            for cell in column.cells:
                cell.width = width

    def _cell(self, cell: Any, text: str, style: str, *, shade: bool = False) -> None:  # noqa: ANN401
        cell.paragraphs[0].text = text
        cell.paragraphs[0].style = style
        if shade:
            fill = OxmlElement("w:shd")
            for key, value in (("val", "clear"), ("color", "auto"), ("fill", _SHADE)):
                fill.set(qn(f"w:{key}"), value)
            cell._tc.get_or_add_tcPr().append(fill)  # noqa: SLF001

    # --- paper and styles ---------------------------------------------------------------------------------------------

    def _paper(self) -> None:
        section = self.document.sections[0]
        section.orientation = WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(25)
        section.top_margin, section.bottom_margin = Mm(28), Mm(25)
        section.different_first_page_header_footer = True
        foot = section.footer.paragraphs[0]
        foot.style = "Footer"
        foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
            run = foot.add_run()
            if kind:
                part = OxmlElement("w:fldChar")
                part.set(qn("w:fldCharType"), kind)
            else:
                part = OxmlElement("w:instrText")
                part.text = text
            run._r.append(part)  # noqa: SLF001

    def _styles(self) -> None:
        zh = self.lang == "zh"
        text, small = (12.0, 9.0) if zh else (11.0, 8.0)
        self._style("Normal", "text", text, line=1.5)
        self._style("Body Text", "text", text, line=1.5, after=2, indent=2 * text if zh else 0, justify=True)
        self._style("Heading 1", "head", 16, before=18, after=8, keep=True)
        self._style("Caption", "head", 10.5, before=10, after=4, centre=True, keep=True)
        self._style("Footer", "table", 9)
        for name, look in {
            "Cover title": {"font": "head", "size": 26 if zh else 24, "after": 10, "centre": True},
            "Cover line": {"font": "text", "size": 14, "after": 4, "centre": True},
            "Contents head": {"font": "head", "size": 18, "after": 12, "centre": True},
            "Contents line": {"font": "text", "size": 13, "after": 4, "line": 1.4},
            "Table head": {"font": "head", "size": small, "centre": True, "keep": True, "before": 3, "after": 3},
            "Table text": {"font": "table", "size": small, "before": 1.5, "after": 1.5},
            "Table figure": {"font": "table", "size": small, "right": True, "before": 1.5, "after": 1.5},
            "Table end": {"font": "text", "size": 4},
            "Note": {"font": "table", "size": 9.5, "after": 3, "line": 1.2, "justify": True},
            "Picture": {"font": "text", "size": 9, "before": 8, "centre": True, "keep": True},
            "Figure caption": {"font": "head", "size": 10.5, "after": 10, "centre": True},
        }.items():
            self.document.styles.add_style(name, 1)
            self._style(name, **look)  # type: ignore[arg-type]

    def _style(  # noqa: PLR0913 - the properties of a style
        self,
        name: str,
        font: str,
        size: float,
        *,
        before: float = 0,
        after: float = 0,
        line: float = 1.0,
        indent: float = 0,
        centre: bool = False,
        right: bool = False,
        justify: bool = False,
        keep: bool = False,
    ) -> None:
        style: Any = self.document.styles[name]
        latin, asian = _FONTS[self.lang][font]
        style.font.name, style.font.size, style.font.color.rgb = latin, Pt(size), _INK
        style.font.bold = font == "head" and self.lang == "en"
        style.font.italic = False
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for key in list(fonts.attrib):
            if "heme" in key:  # asciiTheme … would win over the names
                del fonts.attrib[key]
        for key, value in (("ascii", latin), ("hAnsi", latin), ("eastAsia", asian), ("cs", latin)):
            fonts.set(qn(f"w:{key}"), value)
        form = style.paragraph_format
        form.space_before, form.space_after, form.line_spacing = Pt(before), Pt(after), line
        form.first_line_indent = Pt(indent) if indent else None
        form.keep_with_next = keep
        aligned = (
            (centre, WD_ALIGN_PARAGRAPH.CENTER),
            (right, WD_ALIGN_PARAGRAPH.RIGHT),
            (justify, WD_ALIGN_PARAGRAPH.JUSTIFY),
        )
        form.alignment = next((value for asked, value in aligned if asked), WD_ALIGN_PARAGRAPH.LEFT)


def _mark(properties: Any, name: str) -> None:  # noqa: ANN401 - an element
    properties.append(OxmlElement(name))


def names() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the tables of the chapters, and the cells of their rows, for the page that explains templates."""
    for table, cells in (
        ("basis.documents", DOCUMENTS), ("present.streets", PRESENT), ("assessment.clauses", CLAUSES),
        ("needs.streets", NEEDS), ("targets.rows", TARGETS), ("layout.stations", STATIONS), ("funding.lines", FUNDING),
        ("method.layers", LAYERS), ("appendix.communities", COMMUNITIES), ("appendix.gaps", GAPS),
    ):  # fmt: skip
        yield table, tuple(cell[0] for cell in cells)


if __name__ == "__main__":
    sys.exit(main())
