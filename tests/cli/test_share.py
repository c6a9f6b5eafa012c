"""Results that are passed on: what they say, and that no file tells more than the released people."""

import contextlib
import filecmp
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet
import pyogrio
import pytest
import rasterio

import siting
from siting.cli import main
from siting.domain.nouns import quiet
from siting.domain.scenario import shared
from siting.pipeline.ground import prepare
from siting.text import LANGS, say, texts
from tests.phased import PHASED

SAID = "people_rounded"


def run(*arguments: object) -> int:
    """Run a command; return its exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(each) for each in arguments])
    return int(left.value.code or 0)


def _copy(small: Path, folder: Path, people: np.ndarray) -> Path:
    """Copy a district, with other people in its raster."""
    shutil.copytree(small.parent, folder)
    with rasterio.open(folder / "residents.tif", "r+") as file:
        file.write(people, 1)
    # The figures of a table would scale the cells.
    text = (folder / "scenario.toml").read_text(encoding="utf-8")
    text = text.replace('[units.community.people]\npath = "people.csv"\n', "")
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    return folder / "scenario.toml"


@pytest.fixture(scope="module")
def twins(small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two districts, alike as released: in the second, two cells of fewer than five people have changed places."""
    folder = tmp_path_factory.mktemp("twins")
    with rasterio.open(small.parent / "residents.tif") as file:
        shape = file.read(1).shape
    people = np.random.default_rng(5).choice(
        [0.0, 1.0, 2.0, 3.0, 4.0, 18.0, 40.0], shape, p=[0.1, *[0.18] * 4, 0.1, 0.08]
    )
    one = _copy(small, folder / "one", people)
    released = prepare(shared(siting.read_scenario(one)), quiet).demand.cells["residents"]
    for number, other in _pairs(people.ravel(), released):
        swapped = people.copy().ravel()
        swapped[[number, other]] = swapped[[other, number]]
        two = _copy(small, folder / "two", swapped.reshape(shape))
        if prepare(shared(siting.read_scenario(two)), quiet).demand.cells["residents"].equals(released):
            return one, two
        shutil.rmtree(folder / "two")
    pytest.fail("no two cells are in one group")


def _pairs(people: np.ndarray, released: pd.Series) -> Iterator[tuple[int, int]]:
    small = [cell for cell in released.index if 0 < people[cell] < 5 and released[cell] % 5]
    for at, number in enumerate(small):
        for other in small[at + 1 :]:
            if released[number] == released[other] and people[number] != people[other]:
                yield number, other


def _outputs(scenario: Path, out: Path) -> None:
    """Write everything that the commands write, with --share."""
    out.mkdir()
    told = ("--share", "--quiet", "--lang", "en")
    files = {each: out / each for each in ("gaps.geojson", "gaps.gpkg", "gaps.parquet", "grid.tif", "plan.geojson")}
    check = ("check", scenario, *told)
    assert run(*check, "-o", files["gaps.geojson"], "--grid", files["grid.tif"], "--sensitivity") == 0
    for name in ("gaps.gpkg", "gaps.parquet"):
        assert run(*check, "-o", files[name]) == 0
    studies = [part for name in ("curve", "order", "alternatives") for part in (f"--{name}", out / f"{name}.csv")]
    assert run("propose", scenario, *told, "-o", files["plan.geojson"], *studies, "--stability", out / "s.png") == 0
    assert run("report", scenario, *told, "-o", out / "report", "--with", files["plan.geojson"], "--shp", "--dxf") == 0
    assert run("map", scenario, *told, "-o", out / "map.html", "--with", files["plan.geojson"]) == 0
    for name in ("audit.csv", "audit.json", "audit.xlsx"):
        assert run("audit", scenario, *told, "-o", out / name) == 0
    place = siting.check(scenario).places["id"].iloc[0]
    for name in ("explain.html", "explain.geojson"):
        assert run("explain", scenario, place, *told, "-o", out / name) == 0
    compared = [part for ending in ("csv", "geojson", "html", "json") for part in ("-o", out / f"compared.{ending}")]
    assert run("compare", scenario, scenario, *told, *compared) == 0


@pytest.fixture(scope="module")
def both(twins: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory, _walks: Path) -> tuple[Path, Path]:
    """All outputs of both districts."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITING_CACHE", str(_walks))
        for scenario, name in zip(twins, ("one", "two"), strict=True):
            _outputs(scenario, folder / name)
    return folder / "one", folder / "two"


def _names(folder: Path) -> set[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in files if not path.name.endswith(".run.json")}


def test_no_file_tells_which_of_two_cells_below_five_has_more(both: tuple[Path, Path]) -> None:
    one, two = both
    assert _names(one) == _names(two)
    assert len(_names(one)) > 25
    differ = [name for name in sorted(_names(one)) if not filecmp.cmp(one / name, two / name, shallow=False)]
    assert differ == []


def test_without_the_option_the_same_commands_tell_them_apart(twins: tuple[Path, Path], tmp_path: Path) -> None:
    """The test above can fail: the grid, at least, has every number."""
    for scenario, name in zip(twins, ("one", "two"), strict=True):
        out = ("-o", tmp_path / f"{name}.geojson", "--grid", tmp_path / f"{name}.tif")
        assert run("check", scenario, *out, "--quiet") == 0
    assert not filecmp.cmp(tmp_path / "one.tif", tmp_path / "two.tif", shallow=False)


def test_figures_of_people_are_multiples_of_five_and_none_is_below(both: tuple[Path, Path]) -> None:
    gaps = json.loads((both[0] / "gaps.geojson").read_text(encoding="utf-8"))
    keys = ("residents", "elderly", "elderly_covered", "elderly_uncovered")
    figures = [row["properties"][key] for row in gaps["features"] for key in keys]
    figures += [check["people"] for row in gaps["features"] for check in row["properties"]["checks"]]
    figures += [gaps["totals"][key] for key in keys]
    known = [each for each in figures if each is not None]
    assert known
    assert all(each % 5 == 0 for each in known)
    with rasterio.open(both[0] / "grid.tif") as file:
        persons = file.read([1, 2])
        assert file.tags()["PEOPLE"] == say("table.people_rounded", "en")
    assert not ((persons > 0) & (persons < 5)).any()
    assert (persons[persons > 0] % 5 == 0).all()


def test_every_output_says_so(both: tuple[Path, Path]) -> None:
    folder, told = both[0], say(f"warning.{SAID}", "en")
    for name in ("gaps.geojson", "plan.geojson"):
        assert SAID in [each["code"] for each in json.loads((folder / name).read_text(encoding="utf-8"))["warnings"]]
    for name in ("map.html", "report/index.html", "report/map.html", "explain.html", "compared.html"):
        assert told.split(":")[0] in (folder / name).read_text(encoding="utf-8"), name
    for name in ("audit.csv", "curve.csv", "order.csv", "alternatives.csv", "gaps.sensitivity.csv", "compared.csv"):
        table = pd.read_csv(folder / name)
        assert (table[say("table.column.people_rounded", "en")] == say("table.people_rounded", "en")).all(), name
    assert all(row["people_rounded"] for row in json.loads((folder / "audit.json").read_text(encoding="utf-8")))
    assert told in json.loads((folder / "explain.geojson").read_text(encoding="utf-8"))["text"]["en"]
    assert told in [
        each["en"] for each in json.loads((folder / "compared.geojson").read_text(encoding="utf-8"))["notes"]
    ]
    for name in ("gaps.gpkg", "report/layers.gpkg"):
        notes = pyogrio.read_dataframe(folder / name, layer="notes")
        assert notes["note"].tolist() == [say(f"warning.{SAID}", lang) for lang in LANGS]
    metadata = pyarrow.parquet.read_metadata(folder / "gaps.parquet").metadata
    assert b"people_rounded" in b"".join(metadata.values())
    assert gpd.read_parquet(folder / "gaps.parquet").shape[0] > 0
    with zipfile.ZipFile(folder / "report/volume.docx") as parts:
        assert told.split(":")[0] in parts.read("word/document.xml").decode("utf-8")
    book = openpyxl.load_workbook(folder / "report/tables.xlsx")
    assert any(told in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def test_the_screen_says_so(twins: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (("audit", twins[0]), ("check", twins[0], "-o", tmp_path / "g.geojson")):
        assert run(*command, "--share", "--lang", "zh") == 0
        assert say(f"warning.{SAID}", "zh")[:5] in capsys.readouterr().out


def test_a_finished_report_cannot_be_shared_afterwards(
    both: tuple[Path, Path], twins: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", both[0] / "gaps.geojson", twins[0], "--share", "--lang", "en") == 2
    assert say("fault.share_of_report.what", "en") in capsys.readouterr().err
    # One that was made for passing on is told as such.
    assert run("compare", both[0] / "gaps.geojson", both[1] / "gaps.geojson", "--lang", "en") == 0
    assert "for passing on" in capsys.readouterr().out


def test_a_plan_with_exact_people_loses_its_proof_and_its_objective(
    twins: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.geojson"
    assert run("propose", twins[0], "-o", plan, "--quiet") == 0
    assert run("report", twins[0], "--with", plan, "--share", "-o", tmp_path / "report", "--lang", "en") == 0
    capsys.readouterr()
    found = json.loads((tmp_path / "report/data/plan.geojson").read_text(encoding="utf-8"))
    assert found["certificate"] is None
    assert "plan_of_exact_people" in [each["code"] for each in found["notes"]]
    assert found["stages"][0]["bound"] is None


def test_names_of_estates_of_a_few_households_are_left_out(small: Path) -> None:
    scenario = siting.read_scenario(small)
    estates = gpd.read_file(small.parent / "residential_areas.gpkg")
    exact = siting.check(scenario).places.set_index("id")
    told = siting.check(shared(scenario)).places.set_index("id")
    few = told.index[told["residents"].isna()]
    assert (told.loc[few, "name"] == few).all()
    many = told.index[told["residents"] >= 50]
    assert len(many)
    assert (told.loc[many, "name"] == exact.loc[many, "name"]).all()
    assert len(estates)


# A number of people in a sentence: before a word for people, or behind one and before 人.
_TOLD = re.compile(
    r"(?<![\w.,])(\d[\d,]*(?:\.\d+)?)\s*"
    r"(?:名|人(?![均口员民/])|(?:more |newly )?(?:people|persons?|residents|elderly)\b)"
)
# The number of those that every sentence on rounding names.
_OF_RULE = "不足 5 人", "fewer than 5"


def _texts(file: Path) -> Iterator[str]:
    """Yield the texts of a file that people read."""
    if file.suffix in (".json", ".geojson"):
        yield from _strings(json.loads(file.read_text(encoding="utf-8")))
    elif file.suffix == ".html":
        yield re.sub(r"(?s)<style.*?</style>|<script.*?</script>|<[^>]*>", " ", file.read_text(encoding="utf-8"))
    elif file.suffix == ".xlsx":
        cells = (cell.value for page in openpyxl.load_workbook(file) for row in page.iter_rows() for cell in row)
        yield from (value for value in cells if isinstance(value, str))
    elif file.suffix == ".docx":
        with zipfile.ZipFile(file) as parts:
            yield re.sub(r"<[^>]*>", "", parts.read("word/document.xml").decode("utf-8").replace("</w:p>", "\n"))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _numbers(texts: Iterable[str]) -> list[float]:
    plain = (text.replace(_OF_RULE[0], "").replace(_OF_RULE[1], "") for text in texts)
    return [float(found.replace(",", "")) for text in plain for found in _TOLD.findall(text)]


@pytest.fixture(scope="module")
def of_sample(sample: Path, tmp_path_factory: pytest.TempPathFactory, _walks: Path) -> tuple[Path, dict[str, str]]:
    """What the commands write and print for the sample, with ``--share``; one language each."""
    out, screens = tmp_path_factory.mktemp("passed-on"), {}
    plan = out / "plan.geojson"
    studies = [part for name in ("curve", "order", "alternatives") for part in (f"--{name}", out / f"{name}.csv")]
    calls = {
        "check": ("check", sample, "-o", out / "gaps.geojson"),
        "propose": ("propose", sample, "-o", plan, *studies),
        "verify": ("verify", plan, sample),
        "report": ("report", sample, "-o", out / "report", "--with", plan),
        "map": ("map", sample, "-o", out / "map.html", "--with", plan),
        "explain": ("explain", sample, "R134", "-o", out / "explain.html"),
        "audit": ("audit", sample, "--all"),
        "funding": ("funding", sample),
        "compare": ("compare", sample, sample, "-o", out / "compared.html"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITING_CACHE", str(_walks))
        for name, call in calls.items():
            lang = "en" if name in ("check", "explain") else "zh"
            with contextlib.redirect_stdout(io.StringIO()) as screen:
                assert run(*call, "--share", "--lang", lang) == 0
            screens[name] = screen.getvalue()
    return out, screens


def test_no_sentence_tells_people_that_are_not_rounded(of_sample: tuple[Path, dict[str, str]]) -> None:
    out, screens = of_sample
    files = [path for path in out.rglob("*") if path.is_file() and not path.name.endswith((".run.json", "trace.json"))]
    told = {str(file.relative_to(out)): _numbers(_texts(file)) for file in files}
    # A line that is broken may part a number from its word.
    told |= {name: _numbers([re.sub(r"\n\s*", "", screen)]) for name, screen in screens.items()}
    assert {
        name: sorted({each for each in found if each % 5})
        for name, found in told.items()
        if any(each % 5 for each in found)
    } == {}
    speaking = {name for name, found in told.items() if found}
    assert speaking >= {
        "gaps.geojson",
        "plan.geojson",
        "map.html",
        "report/volume.docx",
        "propose",
        "verify",
        "explain",
    }


def test_studies_of_a_plan_round_people(of_sample: tuple[Path, dict[str, str]]) -> None:
    out, _ = of_sample
    columns = {"curve": ("newly_covered", "covered", "bound"), "order": ("gain", "cumulative", "best", "bound", "loss")}
    columns |= {"alternatives": ("objective", "bound")}
    heads = texts()
    for name, keys in columns.items():
        table = pd.read_csv(out / f"{name}.csv")
        for key in keys:
            named = (
                heads[f"{part}.{key}"]["zh"] for part in ("series.column", "table.column") if f"{part}.{key}" in heads
            )
            people = table[next(named)].dropna()
            assert len(people)
            assert (people % 5 == 0).all(), (name, key)


def test_the_objective_that_a_certificate_proves_stays_exact_in_the_file(
    of_sample: tuple[Path, dict[str, str]],
) -> None:
    plan = json.loads((of_sample[0] / "plan.geojson").read_text(encoding="utf-8"))
    assert plan["objective"] % 5
    assert abs(plan["objective"] - plan["features"][-1]["properties"]["elderly_cumulative"]) <= 2.5


def test_a_plan_with_phases_is_rounded(phased_sample: Path) -> None:
    scenario = siting.change(phased_sample / "scenario.toml", scenario={"share": True})
    plan = siting.propose(scenario, **PHASED)
    assert plan.objective % 5 == 0
    assert plan.bound == plan.objective
    assert all(value % 5 == 0 for value in plan.proposal.other_plans.values())
    assert plan.phases is not None
    assert (plan.phases[["elderly", "elderly_covered", "elderly_covered_without"]] % 5 == 0).all(axis=None)
