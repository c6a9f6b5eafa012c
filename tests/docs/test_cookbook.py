"""The recipes of the cookbook run as written, and its page holds what they print."""

from pathlib import Path

import matplotlib.pyplot as plt

from tools.tutorial import COOKBOOK, printed_cookbook


def test_the_page_is_as_the_recipes_print_today(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    # GeoPandas draws with pyplot, which keeps the figure.
    try:
        assert COOKBOOK.read_text(encoding="utf-8") == printed_cookbook(folder), "run python -m tools.tutorial"
    finally:
        plt.close("all")
    for name in ("coverage.png", "map.html", "minutes.html", "gaps.gpkg", "places.gpkg", "stations.parquet"):
        assert (folder / name).stat().st_size > 1_000
