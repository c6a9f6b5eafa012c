"""Tables fit a terminal of 80 columns, a Chinese letter taking two, and nothing of them is cut away."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import siting
from siting.assess.compare import compare
from siting.cli import tell, tell_audit, tell_changes
from siting.read import standard
from siting.results import Funding, Plan
from siting.text import LANGS, Lang
from siting.write.wrapping import width_of

pytestmark = pytest.mark.usefixtures("walks_once")

WINDOW = 80


@pytest.fixture(scope="module")
def tables(sample: Path, plan: Plan) -> dict[str, Callable[[Lang], None]]:
    """What tells a table, by command."""
    scenario = siting.read_scenario(sample)
    gaps, told = plan.before, siting.explain(scenario, "R001")
    compared = compare(standard("cq-2017-162"), standard("cq-2019-129"), dt.date(2026, 1, 1))
    paid, settings = Funding(gaps, plan), gaps.sensitivity()
    changes = siting.compare(
        scenario, siting.change(scenario, walking={"minutes": 12}, standards={"coverage": "by_tier"})
    )
    found = {lang: siting.inspect(scenario, lang=lang) for lang in LANGS}
    return {
        "check": lambda lang: tell.gaps(gaps, lang),
        "propose": lambda lang: tell.plan(plan, lang),
        "inspect": lambda lang: tell.inspection(found[lang]),
        "explain": lambda lang: tell.explanation(told, lang),
        "sensitivity": lambda lang: tell.sensitivity(settings, lang),
        "funding": lambda lang: tell.funding(paid, lang),
        "compare": lambda lang: tell.comparison(compared, lang),
        "audit": lambda lang: tell_audit.summary(gaps.audit(), gaps.assessment.inputs.standards, lang),
        "changes": lambda lang: tell_changes.changes(changes, lang),
    }


def tables_in(said: str) -> list[list[str]]:
    """Return the lines of each table: those around a line made of pieces, up to a sentence."""
    found, lines = [], said.splitlines()
    for at, line in enumerate(lines):
        if line.startswith("─") and not (found and line in found[-1]):
            first = at
            while first and re.search(r" {2,}", lines[first - 1]):
                first -= 1
            last = next(
                (row for row in range(at + 1, len(lines)) if width_of(lines[row]) != width_of(line)), len(lines)
            )
            found.append(lines[first:last])
    return found


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "name", ["check", "propose", "inspect", "explain", "sensitivity", "funding", "compare", "audit", "changes"]
)
def test_tables_fit_eighty_columns_and_lose_nothing(
    tables: dict[str, Callable[[Lang], None]],
    name: str,
    lang: Lang,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = {}
    for width in (None, WINDOW):
        monkeypatch.setattr("siting.cli.lines.window", lambda width=width: width)
        tables[name](lang)
        said[width] = tables_in(capsys.readouterr().out)
    assert len(said[WINDOW]) == len(said[None]) > 0
    for whole, narrow in zip(said[None], said[WINDOW], strict=True):
        assert max(map(width_of, narrow)) <= WINDOW
        letters = (sorted(re.sub(r"[\s─]", "", "".join(each))) for each in (whole, narrow))
        assert next(letters) == next(letters)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "name",
    ["check", "propose", "inspect", "explain", "funding", "compare", "audit", "changes", "list", "show", "verify"],
)
def test_every_line_fits_the_columns_that_are_stated_and_none_is_lost(
    tables: dict[str, Callable[[Lang], None]],
    plan: Plan,
    sample: Path,
    tmp_path: Path,
    name: str,
    lang: Lang,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "plan.geojson"
    plan.to_file(path)
    verified = siting.verify(sample, path) if name == "verify" else None
    others = {
        "list": lambda lang: tell.standards(siting.standards(), lang),
        "show": lambda lang: tell.standard(standard("cq-2019-129"), lang),
        "verify": lambda lang: tell.verification(verified, lang),
    }
    said = []
    for columns in ("", str(WINDOW)):
        monkeypatch.setenv("COLUMNS", columns)
        (tables | others)[name](lang)
        said.append(capsys.readouterr().out)
    whole, narrow = said
    assert max(map(width_of, narrow.splitlines())) <= WINDOW
    assert re.sub(r"[\s─]", "", narrow) == re.sub(r"[\s─]", "", whole) or name not in ("list", "show", "verify")
