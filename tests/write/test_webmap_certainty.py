"""How sure verdicts are, in the popups."""

from pathlib import Path
from typing import Any

import pandas as pd

import siting
from siting.text import say
from siting.write.webmap import write_map
from siting.write.webmap.popups import checks_of

ERRORS = {"unit_error": 0.2, "cell_error": 0.3, "level": "community", "draws": 12}


def test_each_verdict_says_how_sure_it_is(browser: Any, sample: Path, tmp_path: Path) -> None:
    """Read back from the popups, the words are those of the table of certainty."""
    assessment = siting.check(siting.change(sample, population={"uncertainty": ERRORS})).assessment
    table = assessment.certainty
    assert table is not None
    told = pd.DataFrame(
        {"level": level, "id": key, "clause_id": row["clause_id"], "certainty": row["certainty"]}
        for (level, key), rows in checks_of(assessment).items()
        for row in rows
        if isinstance(row["certainty"], str)
    )
    columns = list(told.columns)
    assert sorted(told.to_numpy().tolist()) == sorted(table[columns].to_numpy().tolist())
    assert table["certainty"].nunique() == 3
    path = tmp_path / "map.html"
    write_map(path, assessment)
    page = browser.new_context(offline=True).new_page()
    page.goto(path.as_uri())
    page.wait_for_function("'ready' in document.body.dataset")
    text = page.evaluate(
        """() => Object.fromEntries(Object.keys(siting.data.popups).map((key) => [key,
            [...siting.popup(key).querySelectorAll(".clause .why")].map((node) => node.textContent).join("|")]))"""
    )
    for (level, key), rows in told.groupby(["level", "id"]):
        for word, count in rows["certainty"].value_counts().items():
            for lang in ("zh", "en"):
                assert text[f"{level}/{key}"].count(say(f"map.certainty.{word}", lang)) == count, (level, key)
    page.context.close()
