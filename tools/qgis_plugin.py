"""``python -m tools.qgis_plugin [FILE]``: make the plugin of QGIS as a zip to install (``out/siting_processing.zip``).

Texts and styles are taken from where they stand, so that a layer looks in QGIS as in the report's GeoPackage.
"""

import argparse
import json
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Final

from siting.domain.tables import PLACE_COLUMNS, PLAN_COLUMNS
from siting.text import LANGS
from siting.version import __version__
from siting.write.qgis_styles import style_of

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCE: Final = ROOT / "qgis"
NAME: Final = "siting_processing"
_STYLED: Final = {"places": PLACE_COLUMNS, "stations": PLAN_COLUMNS}
# The first moment that a zip can hold: the same sources give the same bytes.
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)


def contents() -> dict[str, str]:
    """Return the files of the plugin, by their path within it."""
    found = {
        each.name: each.read_text(encoding="utf-8")
        for each in sorted((SOURCE / NAME).iterdir())
        if each.suffix in {".py", ".txt", ".svg"}
    }
    found["metadata.txt"] = found["metadata.txt"].replace("version=0\n", f"version={__version__}\n")
    texts = tomllib.loads((SOURCE / "texts.toml").read_text(encoding="utf-8"))
    found["texts.json"] = json.dumps(texts, ensure_ascii=False, indent=1)
    for layer, columns in _STYLED.items():
        for lang in LANGS:
            found[f"styles/{layer}.{lang}.qml"] = style_of(layer, [each.key for each in columns], lang) or ""
    found["LICENSE"] = (ROOT / "LICENSE").read_text(encoding="utf-8")
    return found


def make(path: Path) -> None:
    """Write the zip.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in sorted(contents().items()):
            packed.writestr(zipfile.ZipInfo(f"{NAME}/{name}", _MOMENT), text, zipfile.ZIP_DEFLATED)


def main() -> int:
    """Write the zip and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=ROOT / "out" / f"{NAME}.zip")
    path = parser.parse_args().file
    make(path)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
