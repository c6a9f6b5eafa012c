"""The account of all layers as files."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pandas as pd

from siting.text import Lang
from siting.write.account_page import cell_text
from siting.write.figures import Chart
from siting.write.files import write_bytes, write_json, write_text
from siting.write.geojson import plain
from siting.write.tables import write_table

# Columns of faults only.
_OF_FAULTS: Final = ("sheet", "row", "cell", "field", "found", "expected")


def write_account(
    path: Path, title: str, layers: pd.DataFrame, faults: pd.DataFrame, notes: Sequence[str], lang: Lang
) -> None:
    """Write the account as JSON, CSV or XLSX, by the file's ending.

    Parameters
    ----------
    path : pathlib.Path
        ``.json`` holds ``title``, ``ok``, ``layers``, ``faults`` and ``notes``. ``.csv`` and ``.xlsx`` hold one row for
        each layer, with lists and tables of names in words, then one for each fault (its ``key`` is the layer's) and
        one for each note that belongs to no layer.
    title : str
        Name of the scenario.
    layers, faults : pandas.DataFrame
        The tables.
    notes : sequence of str
        Notes that belong to no layer.
    lang : {"zh", "en"}
        Language of heads and words in CSV and XLSX.

    Raises
    ------
    InputError
        Another ending, or the file cannot be written.
    """
    if path.suffix.lower() == ".json":
        account = {
            "title": title,
            "ok": faults.empty,
            "layers": [plain(row) for row in layers.to_dict("records")],
            "faults": [plain(row) for row in faults.to_dict("records")],
            "notes": list(notes),
        }
        write_json(path, account)
    else:
        write_table(path, _one_table(layers, faults, notes, lang), lang)


def write_map(path: Path, figure: Chart) -> None:
    """Write the map as PNG."""
    content = BytesIO()
    figure.savefig(content, format="png", dpi=150)
    write_bytes(path, content.getvalue())


def write_page(path: Path, html: str) -> None:
    """Write the page."""
    write_text(path, html)


def _one_table(layers: pd.DataFrame, faults: pd.DataFrame, notes: Sequence[str], lang: Lang) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {"what": "layer", **{key: cell_text(key, value, lang) for key, value in row.items()}}
        for row in plain_rows(layers)
    ]
    rows += [
        {"what": "fault", "key": row["layer"], "message": row["what"]}
        | {key: row[key] for key in ("file", *_OF_FAULTS, "advice")}
        for row in plain_rows(faults)
    ]
    rows += [{"what": "note", "message": note} for note in notes]
    columns = ["what", *layers.columns, *_OF_FAULTS, "message", "advice"]
    return pd.DataFrame(rows, columns=columns, dtype="object")


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON knows them."""
    return [plain({str(key): value for key, value in row.items()}) for row in table.to_dict("records")]
