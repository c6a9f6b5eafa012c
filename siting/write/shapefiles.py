"""Layers as Shapefiles in one archive, for programs that read nothing newer."""

import csv
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Final, Literal, get_args
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import geopandas as gpd
import pandas as pd
import pyogrio

from siting.text import LANGS
from siting.write.files import whole_file
from siting.write.qgis_styles import aliases_of

Encoding = Literal["utf-8", "gbk"]
ENCODINGS: Final[tuple[Encoding, ...]] = get_args(Encoding)
# The format's limits, bytes.
_NAME: Final = 10
_TEXT: Final = 254
_DAY: Final = (1980, 1, 1, 0, 0, 0)
_FIELDS: Final = "fields.csv"


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Return a name of at most ten bytes for each column, without two alike.

    Parameters
    ----------
    keys : sequence of str
        Names of columns in letters, digits and underscores.

    Returns
    -------
    dict of str to str
        A name that is short enough stays; of the others the words are cut so that they fit together.

    Examples
    --------
    >>> from siting.write.shapefiles import short_names
    >>> short_names(["id", "elderly_uncovered_low", "land_gap_02_m2"])
    {'id': 'id', 'elderly_uncovered_low': 'eldeunclow', 'land_gap_02_m2': 'langap02m2'}
    """
    taken = {key for key in keys if len(key.encode()) <= _NAME}
    found: dict[str, str] = {}
    for key in keys:
        short = len(key.encode()) <= _NAME
        found[key] = key if short else next(name for name in _shorter(key) if name not in taken)
        taken.add(found[key])
    return found


def _shorter(key: str) -> Iterator[str]:
    """Yield names of at most ten bytes, the most telling first."""
    words = [word for word in re.sub(r"[^0-9A-Za-z_]", "", key).split("_") if word]
    # Numbers stay whole, and the other words get what is left, the first ones first.
    sizes = [len(word) if any(map(str.isdigit, word)) else 1 for word in words]
    while sum(sizes) < _NAME and (open_ := [at for at, word in enumerate(words) if sizes[at] < len(word)]):
        sizes[min(open_, key=lambda at: (sizes[at], at))] += 1
    told = "".join(word[:size] for word, size in zip(words, sizes, strict=True))[:_NAME]
    yield told
    for number in range(1, 10_000):
        yield f"{told[: _NAME - len(str(number))]}{number}"


def write_shapefiles(path: Path, layers: Mapping[str, pd.DataFrame], encoding: Encoding, day: str) -> None:
    """Write layers as an archive of Shapefiles, with a table of what their short names mean.

    Parameters
    ----------
    path : pathlib.Path
        ``.zip``; it is replaced whole, and holds the same bytes for the same input.
    layers : mapping of str to pandas.DataFrame
        Tables by name; those without geometry become tables of dBase. Layers without rows are left out: the format
        does not know what they would hold.
    encoding : {"utf-8", "gbk"}
        Of the texts, which the ``.cpg`` file names. A character that GBK lacks becomes a question mark.
    day : str
        ``YYYY-MM-DD``, which the tables bear in place of the clock's.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="siting-") as folder:
        aliases = list(_written(Path(folder), layers, encoding, day))
        rows = StringIO()
        table = csv.writer(rows, lineterminator="\r\n")
        table.writerow(["layer", "field", "column", *LANGS])
        table.writerows(aliases)
        (Path(folder) / _FIELDS).write_bytes(b"\xef\xbb\xbf" + rows.getvalue().encode())
        with whole_file(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                info = ZipInfo(part.name, _DAY)
                info.compress_type = ZIP_DEFLATED
                archive.writestr(info, part.read_bytes())


def _written(
    folder: Path, layers: Mapping[str, pd.DataFrame], encoding: Encoding, day: str
) -> Iterator[tuple[str, ...]]:
    """Write each layer; yield what its fields are called and mean."""
    for name, table in layers.items():
        if table.empty:
            continue
        keys = [str(key) for key in table.columns if key != "geometry"]
        short = short_names(keys)
        found = table.rename(columns=short)
        for column in found.columns:
            if pd.api.types.is_datetime64_any_dtype(found[column]):
                # GDAL would write moments as texts, with a time of day.
                found[column] = found[column].dt.strftime("%Y-%m-%d")
            elif column != "geometry" and pd.api.types.is_string_dtype(found[column]):
                found[column] = found[column].map(lambda text: _cut(text, encoding), na_action="ignore")
        options = {"DBF_DATE_LAST_UPDATE": day}
        ending = "shp" if isinstance(found, gpd.GeoDataFrame) else "dbf"
        pyogrio.write_dataframe(
            found,
            folder / f"{name}.{ending}",
            driver="ESRI Shapefile",
            encoding=encoding.upper(),
            layer_options=options,
            use_arrow=False,
        )
        told = [aliases_of(keys, lang) for lang in LANGS]
        yield from ((name, short[key], key, *(each.get(key, "") for each in told)) for key in keys)


def _cut(text: str, encoding: Encoding) -> str:
    """Return a text that the encoding has and the format holds, never cut within a character."""
    return text.encode(encoding, "replace")[:_TEXT].decode(encoding, "ignore")
