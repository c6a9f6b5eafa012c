"""The recipes of the cookbook and the cases of planning run as written, and their pages hold what they print."""

from pathlib import Path
from typing import get_args

import matplotlib.pyplot as plt

from siting.domain.plan_models import PlanModel
from tools.tutorial import COOKBOOK, PLANNING, printed_recipes


def test_the_page_is_as_the_recipes_print_today(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    # GeoPandas draws with pyplot, which keeps the figure.
    try:
        assert COOKBOOK.read_text(encoding="utf-8") == printed_recipes(COOKBOOK, folder), "run python -m tools.tutorial"
    finally:
        plt.close("all")
    for name in ("coverage.png", "map.html", "minutes.html", "gaps.gpkg", "places.gpkg", "stations.parquet"):
        assert (folder / name).stat().st_size > 1_000


def test_the_cases_of_planning_are_as_they_print_today(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    assert PLANNING.read_text(encoding="utf-8") == printed_recipes(PLANNING, folder), "run python -m tools.tutorial"


def test_each_model_has_its_case() -> None:
    heads = [line for line in PLANNING.read_text(encoding="utf-8").splitlines() if line.startswith("## ")]
    assert [model for model in get_args(PlanModel) if not any(head.startswith(f"## `{model}`") for head in heads)] == []
