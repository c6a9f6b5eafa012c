"""The workbook of a report: real tables that filter, print and keep texts as texts; the same bytes every time."""

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from siting.text import Lang, say
from siting.text.numbers import UNKNOWN
from siting.write.report.records import Cell, clean
from siting.write.report.tables import Chart, Sheet, Style, Styled
from siting.write.wrapping import width_of

# The longest text of a cell.
_LONGEST: Final = 32_767
_DAY: Final = dt.datetime(1980, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
_FONTS: Final[Mapping[Lang, str]] = {"zh": "宋体", "en": "Arial"}
_HEAD_FONTS: Final[Mapping[Lang, str]] = {"zh": "黑体", "en": "Arial"}
_INK, _RULE, _SHADE, _PALE = "#1F2A33", "#B8C0C6", "#DCE6EC", "#F3F6F8"
_NUMBERS: Final[Mapping[Style, str]] = {
    "count": "#,##0",
    "people": "#,##0",
    "area": "#,##0",
    "rate": "0.000",
    "share": "0.0%",
    "minutes": "0.0",
    "money": "#,##0",
    "year": "0",
    "number": "#,##0.###",
}
_CENTRED: Final = frozenset({"verdict", "date", "year"})
# Widths in characters of the default font: the least and the most of each form.
_WIDTHS: Final[Mapping[Style, tuple[int, int]]] = {
    "text": (6, 20), "long": (16, 36), "code": (6, 14), "verdict": (8, 12), "date": (11, 11),
}  # fmt: skip
_FIGURE: Final = (6, 13)
# A column of texts that has the page for itself.
_ALONE: Final = 110
# Colours of verdicts and of the other words that say how things stand: fill and ink.
_GOOD, _BAD, _OPEN, _NONE = (
    ("#DDF0E2", "#1E6B38"),
    ("#FBDAD7", "#A12622"),
    ("#FDF0CF", "#7A5A00"),
    ("#ECEEF0", "#5A646B"),
)
_COLOURS: Final = {
    "verdict.met": _GOOD,
    "verdict.gap": _BAD,
    "verdict.no_data": _OPEN,
    "verdict.not_applicable": _NONE,
    "report.action.build": _GOOD,
    "report.action.convert": _GOOD,
    "report.action.extend": _GOOD,
    "report.action.withdraw": _BAD,
    "funding.status.eligible": _GOOD,
    "funding.status.conditional": _OPEN,
    "funding.status.unknown": _NONE,
}
# The rows of a sheet: title, note, head; then the table.
_TITLE, _NOTE, _HEAD, _FIRST = 0, 1, 2, 3
# Columns of a table that still fit on a page of A4; wider ones are printed on A3.
_A4_CHARACTERS: Final = 130
_A3, _A4 = 8, 9
_CHART_ROWS: Final = 18
# A head has about as many lines; the tallest row that spreadsheets allow is 409 points.
_HEAD_LINES: Final = 3
_TALLEST: Final = 400
# Characters of a text that are measured.
_MEASURED: Final = 100
_NOTE_WIDTH: Final = 120
# Characters of the title that a footer shows.
_FOOTER: Final = 90
_LINE: Final = 15


def workbook_bytes(sheets: Sequence[Sheet], *, title: str, as_of: str, lang: Lang) -> tuple[bytes, dict[str, Any]]:
    """Return the workbook, and where each of its numbers comes from.

    Parameters
    ----------
    sheets : sequence of Sheet
        The tables, in their order.
    title, as_of : str
        What the contents sheet says above.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    tuple of bytes and dict
        The file; and by sheet and cell (``A1``) the pointer to its number.
    """
    page = BytesIO()
    book = Workbook(
        page,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": False,
        },
    )
    book.set_properties({"title": clean(title), "created": _DAY, "comments": clean(as_of)})
    writer = _Writer(book, lang)
    writer.contents(sheets, title, as_of)
    for sheet in sheets:
        writer.sheet(sheet)
    writer.charts(sheets)
    book.close()
    return page.getvalue(), writer.trace


class _Writer:
    """Writes sheets into a workbook, with each format made once."""

    def __init__(self, book: Workbook, lang: Lang) -> None:
        self.book, self.lang = book, lang
        self.trace: dict[str, dict[str, str]] = {}
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def contents(self, sheets: Sequence[Sheet], title: str, as_of: str) -> None:
        """Write the first sheet: what the others are, with links."""
        page = self.book.add_worksheet(_name("contents", self.lang))
        page.hide_gridlines(2)
        page.set_column(0, 0, 34)
        page.set_column(1, 1, 76)
        self._page(page, title, columns=110)
        page.set_row(_TITLE, 30)
        page.write_string(_TITLE, 0, _text(title), self._format(bold=True, size=16, heading=True, wrap=False))
        page.write_string(_NOTE, 0, _text(as_of), self._format(colour="#5A646B", wrap=False))
        heads = [say(f"report.head.{key}", self.lang) for key in ("sheet", "about")]
        for column, head in enumerate(heads):
            page.write_string(_HEAD, column, head, self._head())
        told = [(sheet.title, sheet.key) for sheet in sheets]
        any_chart = any(_can_be_drawn(sheet, chart) for sheet in sheets for chart in sheet.charts)
        told += [(_name("charts", self.lang), "charts")] if any_chart else []
        for row, (name, key) in enumerate(told, start=_FIRST):
            page.set_row(row, _LINE + 5)
            place = f"internal:'{name}'!A1"
            page.write_url(row, 0, place, self._format(border=True, link=True), string=name)
            page.write_string(row, 1, say(f"report.about.{key}", self.lang), self._format(border=True))
        last = _FIRST + len(told) + 1
        page.write_string(last, 0, say("report.note.sources", self.lang), self._format(colour="#5A646B", wrap=False))
        page.print_area(0, 0, last, 1)

    def sheet(self, sheet: Sheet) -> None:
        """Write a table."""
        page = self.book.add_worksheet(sheet.title)
        last, right = _FIRST + len(sheet.rows) - 1, len(sheet.heads) - 1
        widths = [_column_width(sheet, column) for column in range(right + 1)]
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        self._page(page, sheet.title, columns=sum(widths))
        self._top(page, sheet, widths)
        rows = {_FIRST + number: row for number, row in enumerate(sheet.rows)}
        for number, row in rows.items():
            page.set_row(number, _row_height(row, widths))
            self._row(page, sheet.title, number, row)
        # An unnamed table has a number in the file, which is the same every time.
        heads = [{"header": head, "header_format": self._head()} for head in _unlike(sheet.heads)]
        page.add_table(
            _HEAD, 0, last, right, {"columns": heads, "style": None, "name": f"table_{sheet.key}", "autofilter": True}
        )
        for number, row in enumerate(sheet.whole, start=last + 1):
            page.set_row(number, _row_height(row, widths))
            self._row(page, sheet.title, number, row, strong=True)
        page.freeze_panes(_FIRST, sheet.keep)
        page.repeat_rows(_HEAD)
        page.print_area(0, 0, last + len(sheet.whole), right)
        self._colour(page, sheet, last)

    def charts(self, sheets: Sequence[Sheet]) -> None:
        """Write the charts on a sheet of their own, from the cells of the tables."""
        drawn = [(sheet, chart) for sheet in sheets for chart in sheet.charts if _can_be_drawn(sheet, chart)]
        if not drawn:
            return
        page = self.book.add_worksheet(_name("charts", self.lang))
        page.hide_gridlines(2)
        self._page(page, _name("charts", self.lang), columns=110)
        page.set_portrait()
        page.fit_to_pages(1, 1)
        for number, (sheet, chart) in enumerate(drawn):
            page.insert_chart(number * (_CHART_ROWS + 1), 0, self._chart(sheet, chart))
        page.print_area(0, 0, len(drawn) * (_CHART_ROWS + 1), 13)

    def _chart(self, sheet: Sheet, chart: Chart) -> Any:  # noqa: ANN401 - XlsxWriter's charts share no public class
        drawn: Any = self.book.add_chart({"type": chart.kind})
        last = _FIRST + len(sheet.rows) - 1
        font = {"name": _FONTS[self.lang], "size": 9}
        category = sheet.keys.index(chart.category)
        where = "above" if chart.kind == "line" else "outside_end"
        labels = {"value": True, "num_format": _NUMBERS[chart.style], "font": font, "position": where}
        for key in chart.series:
            column = sheet.keys.index(key)
            drawn.add_series(
                {
                    "name": [sheet.title, _HEAD, column],
                    "categories": [sheet.title, _FIRST, category, last, category],
                    "values": [sheet.title, _FIRST, column, last, column],
                    "fill": {"color": "#3B6E8F"},
                    "line": {"color": "#3B6E8F", "width": 2 if chart.kind == "line" else 0.75},
                    "marker": {"type": "circle", "size": 5, "fill": {"color": "#3B6E8F"}},
                    "data_labels": labels,
                    "gap": 60,
                }
            )
        drawn.set_title({"name": chart.title, "name_font": {**font, "size": 12, "bold": True}, "overlay": False})
        drawn.set_legend({"none": True})
        lines = {"visible": True, "line": {"color": "#E3E7EA"}}
        value = {"num_format": "0%", "num_font": font, "major_gridlines": lines, "min": 0}
        # The first row is at the top, and the axis of values at the bottom.
        drawn.set_y_axis({"num_font": font, "reverse": True, "crossing": "max"} if chart.kind == "bar" else value)
        drawn.set_x_axis(value if chart.kind == "bar" else {"num_font": font})
        drawn.set_size({"width": 860, "height": _CHART_ROWS * 20})
        return drawn

    def _top(self, page: Worksheet, sheet: Sheet, widths: Sequence[int]) -> None:
        title = self._format(bold=True, size=14, heading=True, wrap=False)
        page.set_row(_TITLE, 26)
        page.write_string(_TITLE, 0, sheet.title, title)
        # As wide as a page that people look at; the note is not cut where the first columns are narrow.
        reach, total = 0, 0
        for reach, width in enumerate(widths):  # noqa: B007 - the last one counts
            total += width
            if total >= _NOTE_WIDTH:
                break
        note = self._format(colour="#5A646B")
        page.set_row(_NOTE, _LINE * max(1, math.ceil(width_of(sheet.note) / max(total, 1) * 1.1)))
        if reach > 0:
            page.merge_range(_NOTE, 0, _NOTE, reach, "", note)
        page.write_string(_NOTE, 0, sheet.note, note)
        lines = max(_lines(head, width) for head, width in zip(sheet.heads, widths, strict=True))
        page.set_row(_HEAD, _LINE * lines + 6)

    def _row(self, page: Worksheet, title: str, number: int, row: Sequence[Styled], *, strong: bool = False) -> None:
        for column, styled in enumerate(row):
            cell = Cell(say("report.whole", self.lang)) if strong and styled.style == "code" else styled.cell
            style: Any = cell.style or styled.style
            shown = self._cell_format(style, strong=strong)
            if cell.is_number:
                page.write_number(number, column, float(cell.value or 0), shown)
                if cell.path:
                    self.trace.setdefault(title, {})[_address(number, column)] = cell.path
            elif style == "date" and cell.value:
                day = dt.date.fromisoformat(str(cell.value)[:10])
                page.write_datetime(number, column, dt.datetime(day.year, day.month, day.day), shown)  # noqa: DTZ001
            else:
                page.write_string(number, column, _words(cell, style, self.lang), shown)

    def _cell_format(self, style: Style, *, strong: bool) -> Format:
        number = _NUMBERS.get(style)
        align = "right" if number else "center" if style in _CENTRED else "left"
        code = "yyyy-mm-dd" if style == "date" else number or "@"
        return self._format(border=True, align=align, number=code, bold=strong, fill=_PALE if strong else "")

    def _head(self) -> Format:
        return self._format(bold=True, border=True, align="center", fill=_SHADE, heading=True)

    def _format(  # noqa: PLR0913 - the properties of a cell
        self,
        *,
        bold: bool = False,
        size: int = 10,
        colour: str = _INK,
        fill: str = "",
        align: str = "left",
        number: str = "",
        border: bool = False,
        wrap: bool = True,
        heading: bool = False,
        link: bool = False,
    ) -> Format:
        wanted: dict[str, Any] = {
            "font_name": (_HEAD_FONTS if heading else _FONTS)[self.lang],
            "font_size": size,
            "font_color": "#1F5FA8" if link else colour,
            "bold": bold and not (heading and self.lang == "zh"),
            "align": align,
            "valign": "vcenter",
            "text_wrap": wrap,
        }
        # Room between a number and the text to its right.
        wanted |= {"indent": 1} if border and align == "left" else {}
        wanted |= {"underline": 1} if link else {}
        wanted |= {"bg_color": fill} if fill else {}
        wanted |= {"num_format": number} if number else {}
        wanted |= {"border": 1, "border_color": _RULE} if border else {}
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(wanted)
        return self._formats[key]

    def _page(self, page: Worksheet, title: str, *, columns: int) -> None:
        """Set the paper: landscape, as wide as one page, with title and page numbers."""
        page.set_landscape()
        page.set_paper(_A3 if columns > _A4_CHARACTERS else _A4)
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
        page.center_horizontally()
        # An ampersand begins a code in heads and feet.
        # The whole footer has at most 255 characters, and an ampersand takes two.
        short = title if len(title) <= _FOOTER else f"{title[: _FOOTER - 1]}…"
        page.set_footer(f"&L{_text(short).replace('&', '&&')}&R{say('report.page_of', self.lang)}")

    def _colour(self, page: Worksheet, sheet: Sheet, last: int) -> None:
        """Colour the words that say how things stand."""
        for column, style in enumerate(sheet.styles):
            if style != "verdict":
                continue
            held = {str(row[column].cell.value) for row in (*sheet.rows, *sheet.whole)}
            for key, (fill, ink) in _COLOURS.items():
                word = say(key, self.lang)
                if word in held:
                    shown = self.book.add_format({"bg_color": fill, "font_color": ink})
                    rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": shown}
                    page.conditional_format(_FIRST, column, last + len(sheet.whole), column, rule)


def _can_be_drawn(sheet: Sheet, chart: Chart) -> bool:
    """Tell whether a sheet has the columns of a chart: those without any value are left out."""
    return bool(sheet.rows) and {chart.category, *chart.series} <= set(sheet.keys)


def _name(key: str, lang: Lang) -> str:
    return say(f"report.sheet.{key}", lang)


def _words(cell: Cell, style: Style, lang: Lang) -> str:
    """Return the text of a cell that holds no number; a figure that is unknown or without limit is a word."""
    if isinstance(cell.value, float) and math.isinf(cell.value):
        return say("table.unlimited", lang)
    if cell.value is None:
        return UNKNOWN if style in _NUMBERS else ""
    return _text(str(cell.value), lang)


def _text(text: str, lang: Lang = "zh") -> str:
    r"""Return a text that a cell can hold; lines stay lines."""
    told = "\n".join(clean(line) for line in text.split("\n"))
    if len(told.encode("utf-16-le")) // 2 <= _LONGEST:
        return told
    end = say("report.cut", lang)
    room = (_LONGEST - len(end)) * 2
    return told.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + end


def _unlike(heads: Sequence[str]) -> Iterator[str]:
    """Yield heads that differ, as a table needs them."""
    seen: dict[str, int] = {}
    for head in heads:
        seen[head] = seen.get(head, 0) + 1
        yield head if seen[head] == 1 else f"{head} {seen[head]}"


def _address(row: int, column: int) -> str:
    return str(xlsxwriter.utility.xl_rowcol_to_cell(row, column))


def _column_width(sheet: Sheet, column: int) -> int:
    """Return the width of a column: that of its texts and its head, within what its form allows."""
    style = sheet.styles[column]
    least, most = _WIDTHS.get(style, _FIGURE)
    if style == "long" and len(sheet.heads) == 1:
        most = _ALONE
    longest = max((width_of(_shown(row[column].cell, style)) for row in (*sheet.rows, *sheet.whole)), default=0)
    # A head is wrapped.
    head = math.ceil(width_of(sheet.heads[column]) / _HEAD_LINES) + 1
    return max(least, min(most, longest + 3), min(most, head))


def _shown(cell: Cell, style: Style) -> str:
    """Return a cell as it is read, for its width; a long text is measured in part."""
    if not cell.is_number:
        return "" if cell.value is None else str(cell.value)[:_MEASURED]
    value, form = float(cell.value or 0), cell.style or style
    decimals = {"rate": 3, "minutes": 1}.get(form, 0)
    return f"{value:.1%}" if form == "share" else f"{value:,.{decimals}f}"


def _row_height(row: Sequence[Styled], widths: Sequence[int]) -> int:
    """Return the height of a row whose texts are wrapped, points; LibreOffice and Excel show it alike."""
    texts = [("" if styled.cell.is_number else str(styled.cell.value or "")) for styled in row]
    lines = max(_lines(text[: _MEASURED * 10], width) for text, width in zip(texts, widths, strict=True))
    return min(_LINE * lines + 4, _TALLEST)


def _lines(text: str, width: int) -> int:
    return sum(max(1, math.ceil(width_of(line) / max(width - 1, 1))) for line in text.split("\n"))
