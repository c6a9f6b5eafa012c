"""The account of all layers in words, one fact per line; also as one HTML page that needs no network."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pandas as pd

from siting.text import Lang, knows, say
from siting.write.account import FAULT_COLUMNS, SIDES
from siting.write.figures import Chart
from siting.write.html import document

_FIGURES: Final = ("people", "elderly", "land_m2", "floor_area_m2")
STYLE: Final = """
body { font: 15px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif; margin: 2em auto;
  max-width: 72em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; width: 100%; margin: 1em 0; }
th, td { border-bottom: 1px solid #ccc; padding: .35em .6em; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th { overflow-wrap: normal; }
td:first-child, td:nth-child(2) { min-width: 9em; } td:nth-child(3) { min-width: 8em; }
td:nth-child(6) { min-width: 15em; }
td.figure { text-align: right; white-space: nowrap; }
.bad { color: #a1262d; } .doubt { color: #8a5a00; } .key { color: #777; font-size: .85em; }
img { max-width: 100%; height: auto; }
"""


def source_text(row: Mapping[Any, Any], lang: Lang) -> str:
    """Return where a layer comes from: its file, layer and format."""
    file, layer = row["file"], row["layer"]
    # A layer with the same name as its file adds nothing.
    shown = (file, None if _given(file) and str(layer) == Path(str(file)).stem else layer, row["driver"])
    return " · ".join(str(part) for part in shown if _given(part)) or _none(lang)


def crs_text(row: Mapping[Any, Any], lang: Lang) -> str:
    """Return the CRS by its code if it has one, otherwise by its name."""
    if not _given(row["crs"]):
        return _none(lang)
    code, _, name = str(row["crs"]).partition(" ")
    return code if name and ":" in code else str(row["crs"])


def count_text(row: Mapping[Any, Any], lang: Lang) -> str:
    """Return how many records were read, or how large a grid is."""
    count = row["rows_used"] if _given(row["rows_used"]) else row["rows"]
    if _given(count):
        return f"{int(count):,}"
    return say("inspect.figure.grid", lang, **_sizes(row["shape"])) if _given(row["shape"]) else _none(lang)


def figure_texts(row: Mapping[Any, Any], lang: Lang) -> list[str]:
    """Return the totals of a layer."""
    return [say(f"inspect.figure.{name}", lang, value=f"{row[name]:,.0f}") for name in _FIGURES if _given(row[name])]


def fact_texts(row: Mapping[Any, Any], lang: Lang) -> list[str]:
    """Return what was found in a layer besides its totals, one fact per line."""
    return [*_reading(row, lang), *_columns(row, lang), *_ground(row, lang)]


def _reading(row: Mapping[Any, Any], lang: Lang) -> Iterator[str]:
    by = f"inspect.encoding_by.{row['encoding_by']}"
    if _given(row["encoding"]) and knows(by):
        yield say("inspect.fact.encoding", lang, value=row["encoding"], by=say(by, lang))
    elif _given(row["encoding"]):
        yield say("inspect.fact.encoding_plain", lang, value=row["encoding"])
    if row["crs_by"] == "scenario":
        yield say("inspect.fact.crs_by_scenario", lang)
    if _given(row["header_row"]) and int(row["header_row"]) > 1:
        yield say("inspect.fact.header_row", lang, value=int(row["header_row"]))
    if _given(row["rows"]) and _given(row["rows_used"]) and row["rows"] != row["rows_used"]:
        yield say("inspect.fact.rows_in_file", lang, value=f"{int(row['rows']):,}")
    if _given(row["rows_left_out"]) and int(row["rows_left_out"]):
        yield say("inspect.fact.rows_left_out", lang, value=f"{int(row['rows_left_out']):,}")


def _columns(row: Mapping[Any, Any], lang: Lang) -> Iterator[str]:
    renamed = {ours: theirs for ours, theirs in row["matched"].items() if theirs != ours}
    for name in ("matched", "unused", "total_rows", "ages", "kinds", "located"):
        if told := cell_text(name, renamed if name == "matched" else row[name], lang):
            yield say(f"inspect.fact.{name}", lang, value=told)


def cell_text(name: str, value: Any, lang: Lang) -> Any:  # noqa: ANN401 - any cell of the table
    """Return a cell with a list or a table of names as text; any other cell as it is.

    Parameters
    ----------
    name : str
        Column of the account.
    value : object
        The cell.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    object
        Whole sentences and pairs of names are separated by semicolons, other items by commas.

    Examples
    --------
    >>> from siting.write.account_page import cell_text
    >>> cell_text("matched", {"id": "XZQDM", "name": "名称"}, "zh"), cell_text("shape", [104, 124], "zh")
    ('XZQDM → id；名称 → name', '104 行 × 124 列')
    >>> cell_text("mended", ["One.", "Two."], "en"), cell_text("rows", 3, "en")
    ('One; Two.', 3)
    """
    if not isinstance(value, list | tuple | dict):
        return value
    comma, semicolon = (say(f"inspect.{mark}", lang) for mark in ("comma", "semicolon"))
    if isinstance(value, dict) and name == "matched":
        return semicolon.join(f"{theirs} → {ours}" for ours, theirs in value.items())
    if isinstance(value, dict):
        return comma.join(_counted(name, key, count, lang) for key, count in value.items() if count)
    if name in ("shape", "window") and value:
        return say("inspect.figure.grid", lang, **_sizes(value))
    if name in ("mended", "warnings"):
        # The last one keeps its full stop.
        return semicolon.join([*(text.rstrip("。.") for text in value[:-1]), *value[-1:]])
    return comma.join(map(str, value))


def _counted(name: str, key: str, count: int, lang: Lang) -> str:
    """Return how many edges are of a kind, or how many records were located in a way."""
    if name == "kinds":
        return f"{say(f'scenario_choice.kind.{key}', lang)} {count:,}"
    return say(f"inspect.located.{key}", lang, count=count) if knows(f"inspect.located.{key}") else f"{key} {count}"


def _ground(row: Mapping[Any, Any], lang: Lang) -> Iterator[str]:
    if _given(row["window"]) and _given(row["shape"]) and tuple(row["window"]) != tuple(row["shape"]):
        yield say("inspect.fact.window", lang, **_sizes(row["window"]))
    if _given(row["nodata"]):
        yield say("inspect.fact.nodata", lang, value=_short(row["nodata"]))
    if _given(row["west"]):
        yield say("inspect.fact.extent", lang, **{side: f"{row[side]:.4f}" for side in SIDES})


def page(
    title: str, layers: pd.DataFrame, faults: pd.DataFrame, notes: Iterable[str], figure: Chart, lang: Lang
) -> str:
    """Return the account as one HTML page, the map inlined; every text of the data is escaped.

    Parameters
    ----------
    title : str
        The head of the page.
    layers, faults : pandas.DataFrame
        The results of :func:`siting.write.account.layers_table` and :func:`siting.write.account.faults_table`.
    notes : iterable of str
        Notes that belong to no layer.
    figure : Chart
        The map of the extents of the layers.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    str
        HTML.
    """
    head = f"{say('inspect.title', lang)} · {title}"
    alt = escape(say("inspect.map_title", lang))
    picture = f'<p><img alt="{alt}" src="data:image/png;base64,{png(figure)}"></p>'
    content = "\n".join((body(escape(head), layers, faults, notes, lang), picture))
    return document(lang=lang, title=head, body=content, styles=(STYLE,))


def body(head: str, layers: pd.DataFrame, faults: pd.DataFrame, notes: Iterable[str], lang: Lang) -> str:
    """Return the account as a piece of HTML without the map; ``head`` is already HTML."""
    lines = [f"<h1>{head}</h1>"]
    if len(faults):
        lines.append(f'<p class="bad">{escape(say("inspect.faults", lang, count=len(faults)))}</p>')
        lines += _fault_rows(faults, lang)
    else:
        lines.append(f"<p>{escape(say('inspect.ok', lang))}</p>")
    heads = ("layer", "source", "crs", "rows", "figures", "detail")
    lines.append(
        f"<table><thead><tr>{_cells((say(f'inspect.column.{key}', lang) for key in heads), 'th')}</tr></thead>"
    )
    lines += [_layer_row(row, lang) for row in layers.to_dict("records")]
    lines.append("</table>")
    general = [f"<li>{escape(note)}</li>" for note in notes]
    if general:
        lines += [f"<p>{escape(say('inspect.general', lang))}</p>", "<ul>", *general, "</ul>"]
    return "\n".join(lines)


def _fault_rows(faults: pd.DataFrame, lang: Lang) -> Iterator[str]:
    # What was found and expected is given in words.
    keys = [key for key in FAULT_COLUMNS if key not in ("code", "found", "expected")]
    yield f"<table><thead><tr>{_cells((say(f'inspect.column.{key}', lang) for key in keys), 'th')}</tr></thead>"
    for row in faults[keys].to_dict("records"):
        yield f"<tr>{_cells(map(str, row.values()), 'td')}</tr>"
    yield "</table>"


def _layer_row(row: Mapping[Any, Any], lang: Lang) -> str:
    detail = [*(("", text) for text in (*fact_texts(row, lang), *row["mended"]))]
    detail += [("doubt", text) for text in row["warnings"]]
    name = f'{escape(row["name"])}<br><span class="key">{escape(row["key"])}</span>'
    crs = escape(str(row["crs"])) if _given(row["crs"]) else _none(lang)
    told = "<br>".join(f'<span class="{kind}">{escape(text)}</span>' for kind, text in detail)
    return (
        f"<tr><td>{name}</td><td>{escape(source_text(row, lang))}</td><td>{crs}</td>"
        f'<td class="figure">{escape(count_text(row, lang))}</td>'
        f'<td class="figure">{"<br>".join(map(escape, figure_texts(row, lang)))}</td><td>{told}</td></tr>'
    )


def _cells(texts: Iterable[str], tag: str) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)


def png(figure: Chart) -> str:
    """Return a figure as PNG in base64, to be inlined."""
    content = BytesIO()
    figure.savefig(content, format="png", dpi=110)
    return base64.b64encode(content.getvalue()).decode("ascii")


def _sizes(shape: Any) -> dict[str, str]:  # noqa: ANN401 - a pair of whole numbers
    rows, columns = shape
    return {"rows": f"{int(rows):,}", "columns": f"{int(columns):,}"}


def _short(value: Any) -> str:  # noqa: ANN401 - a number, or several of bands
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _given(value: Any) -> bool:  # noqa: ANN401 - any cell of the table
    """Tell whether a cell has a value; lists and pairs have one."""
    return value is not None and (isinstance(value, list | tuple | dict) or not pd.isna(value))


def _none(lang: Lang) -> str:
    return say("inspect.missing", lang)
