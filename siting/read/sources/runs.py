"""Text of a workbook with several formats in one cell: raised, lowered and struck-out letters."""

from typing import Final

from openpyxl.cell.rich_text import CellRichText, TextBlock

_RAISED: Final = str.maketrans("0123456789+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾")
_LOWERED: Final = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_POSITIONS: Final = {"superscript": _RAISED, "subscript": _LOWERED}


def text_of_runs(cell: object) -> object:
    """Return a cell with raised and lowered figures kept as such, and struck-out letters removed.

    Parameters
    ----------
    cell : object
        A cell's value; a value without several text formats is unchanged.

    Examples
    --------
    >>> from openpyxl.cell.rich_text import CellRichText, TextBlock
    >>> from openpyxl.cell.text import InlineFont
    >>> from siting.read.sources.runs import text_of_runs
    >>> text_of_runs(CellRichText("350", TextBlock(InlineFont(vertAlign="superscript"), "1")))
    '350¹'
    >>> text_of_runs(CellRichText(TextBlock(InlineFont(strike=True), "350"), "420")), text_of_runs(7)
    ('420', 7)
    """
    if not isinstance(cell, CellRichText):
        return cell
    return "".join(_shown(run) for run in cell)


def has_struck_runs(cell: object) -> bool:
    """Tell whether some of a cell's letters are struck out."""
    return isinstance(cell, CellRichText) and any(isinstance(run, TextBlock) and bool(run.font.strike) for run in cell)


def _shown(run: str | TextBlock) -> str:
    if not isinstance(run, TextBlock):
        return run
    text = str(run.text or "")
    if run.font.strike:
        return ""
    table = _POSITIONS.get(run.font.vertAlign or "")
    return text if table is None else text.translate(table)
