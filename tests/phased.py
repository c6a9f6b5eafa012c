"""The sample as a district whose elderly people grow, and a request for a plan with three phases."""

import shutil
from pathlib import Path
from typing import Any, Final

import pandas as pd

# The only candidates that are free before the middle of 2027.
FREE: Final = ("C103", "C179")
YEARS: Final = (2026, 2028, 2030)
PHASES: Final[list[dict[str, Any]]] = [
    {"year": 2026, "stations": 2},
    {"year": 2028, "budget_cny": 5_000_000},
    {"year": 2030, "stations": 1},
]
PHASED: Final[dict[str, Any]] = {
    "model": "phased",
    "phases": PHASES,
    "phases_until": 2034,
    "discount_rate": 0.03,
}


def write_phased_sample(sample: Path, there: Path) -> Path:
    """Copy the sample with elderly people who grow by 3 % a year, and few candidates that are free at once."""
    shutil.copytree(sample, there)
    (there / "growth.csv").write_text("id,name,residents_growth,elderly_growth\n,,0.0,0.03\n", encoding="utf-8")
    candidates = pd.read_csv(there / "candidates.csv", dtype=str)
    candidates["available_from"] = "2027-06-30"
    candidates.loc[candidates["id"].isin(FREE), "available_from"] = None
    candidates.to_csv(there / "candidates.csv", index=False)
    text = (there / "scenario.toml").read_text(encoding="utf-8")
    text = text.replace('horizon = "current"', "horizon = 2030")
    text += '\n[population.projection]\npath = "growth.csv"\nbase_year = 2025\n'
    (there / "scenario.toml").write_text(text, encoding="utf-8")
    return there
