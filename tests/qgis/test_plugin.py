"""The plugin in QGIS itself: its algorithms write what the command writes, byte for byte, and load it with styles.

Skipped where QGIS is not installed; `.ci/run` installs Debian's and requires it (``SITING_REQUIRE=qgis``).
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from siting.cli import main
from tools.qgis_plugin import NAME, make

ROOT = Path(__file__).resolve().parents[2]
# Debian's wrapper gives an option that this program does not know.
_PROGRAMS = (Path("/usr/bin/qgis_process.bin"), Path("/usr/bin/qgis_process"))
# In a Python of QGIS: run an algorithm, and tell of the layers that it hands over, with their kinds of symbols.
_LOADER = """
import json, os, sys
sys.path[:0] = ["/usr/share/qgis/python", "/usr/share/qgis/python/plugins", sys.argv[1]]
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsProject
application = QgsApplication([], False)
application.initQgis()
from processing.core.Processing import Processing
Processing.initialize()
from siting_processing.plugin import SitingPlugin
plugin = SitingPlugin(None)
plugin.initProcessing()
context = QgsProcessingContext()
project = QgsProject.instance()
context.setProject(project)
asked = json.loads(sys.argv[3])
ids = {}
from qgis.core import QgsVectorLayer
for name, uri in asked.pop("project", {}).items():
    layer = QgsVectorLayer(uri, name, "ogr")
    assert layer.isValid(), uri
    subset = asked.pop("subset", "")
    if subset:
        assert layer.setSubsetString(subset)
    project.addMapLayer(layer)
    asked[name] = layer.id()
algorithm = QgsApplication.processingRegistry().createAlgorithmById("siting:" + sys.argv[2])
found, ok = algorithm.run(asked, context, QgsProcessingFeedback())
loaded = {}
for key, details in context.layersToLoadOnCompletion().items():
    layer = context.temporaryLayerStore().mapLayer(key)
    renderer = layer.renderer()
    categories = renderer.categories() if renderer.type() == "categorizedSymbol" else []
    colours = [each.symbol().color().name() for each in categories]
    loaded[layer.name()] = [layer.featureCount(), renderer.type(), colours, layer.attributeAlias(2)]
print("FOUND " + json.dumps([ok, loaded]))
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user of QGIS who has installed the zip, and the command in its own environment."""
    if not any(each.exists() for each in _PROGRAMS):
        pytest.skip("qgis is not installed")
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    plugins = home / ".local/share/QGIS/QGIS3/profiles/default/python/plugins"
    make(home / "plugin.zip")
    with zipfile.ZipFile(home / "plugin.zip") as packed:
        packed.extractall(plugins)
    command = home / "siting"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m siting "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "SITING_"))}
    found = {
        **kept,
        "HOME": str(home),
        # QGIS takes the first Python for its own, which must be that of the system.
        "PATH": "/usr/bin:/bin",
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "SITING_COMMAND": str(command),
        "SITING_CACHE": "off",
        # QGIS would mislead the command by these, were they not taken away.
        "GDAL_DATA": "/nowhere",
        "LANG": "C.UTF-8",
    }
    process(found, "plugins", "enable", NAME)
    return found


def process(surroundings: dict[str, str], *arguments: str, fails: bool = False) -> str:
    program = next(each for each in _PROGRAMS if each.exists())
    done = subprocess.run([str(program), *arguments], env=surroundings, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def command(*arguments: object) -> None:
    """Run the command itself, in this process."""
    with pytest.raises(SystemExit) as left:
        main([*map(str, arguments), "--lang", "en", "--quiet"])
    assert left.value.code == 0


def loaded(surroundings: dict[str, str], algorithm: str, **asked: Any) -> Any:
    plugins = Path(surroundings["HOME"]) / ".local/share/QGIS/QGIS3/profiles/default/python/plugins"
    call = ["/usr/bin/python3", "-c", _LOADER, str(plugins), algorithm, json.dumps(asked)]
    done = subprocess.run(call, env=surroundings, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    assert lines, done.stdout + done.stderr
    ok, found = json.loads(lines[0].removeprefix("FOUND "))
    assert ok, done.stdout + done.stderr
    return found


def test_the_zip_has_the_same_bytes_and_all_texts_in_both_languages(tmp_path: Path) -> None:
    make(tmp_path / "one.zip")
    make(tmp_path / "other.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        texts = json.loads(packed.read(f"{NAME}/texts.json"))
        code = "".join(packed.read(each).decode() for each in packed.namelist() if each.endswith(".py"))
    assert all(set(each) == {"zh", "en"} and all(each.values()) for each in texts.values())
    made = {f"{key}_help" for key in ("check", "propose", "explain", "report", "compare")}
    made |= {key for key in texts if key.startswith(("level_", "model_"))}
    asked = {key for key in texts if f'"{key}"' in code or f'"{key.upper()}"' in code}
    assert set(texts) - made - asked == set()


def test_algorithms_are_listed(surroundings: dict[str, str]) -> None:
    told = process(surroundings, "list")
    for name in ("check", "propose", "explain", "report", "compare"):
        assert f"siting:{name}" in told


def test_they_write_what_the_command_writes(surroundings: dict[str, str], small: Path, tmp_path: Path) -> None:
    scenario = f"--SCENARIO={small}"
    gaps, plan = tmp_path / "gaps.geojson", tmp_path / "plan.geojson"
    process(surroundings, "run", "siting:check", scenario, f"--OUTPUT={gaps}")
    process(surroundings, "run", "siting:propose", scenario, "--STATIONS=3", "--FORBID=p4, p5", f"--OUTPUT={plan}")
    process(surroundings, "run", "siting:explain", scenario, "--PLACE=e1", f"--OUTPUT={tmp_path / 'why.html'}")
    process(surroundings, "run", "siting:report", scenario, f"--PLAN={plan}", f"--OUTPUT={tmp_path / 'filed'}")
    process(
        surroundings, "run", "siting:compare", f"--OLD={gaps}", f"--NEW={gaps}", f"--OUTPUT={tmp_path / 'same.html'}"
    )
    own = tmp_path / "own"
    command("check", small, "-o", own / "gaps.geojson")
    command("propose", small, "-o", own / "plan.geojson", "--stations", 3, "--forbid", "p4", "--forbid", "p5")
    command("explain", small, "e1", "-o", own / "why.html")
    command("report", small, "-o", own / "filed", "--with", own / "plan.geojson")
    command("compare", gaps, gaps, "-o", own / "same.html")
    files = sorted(each.relative_to(own) for each in own.rglob("*") if each.is_file())
    assert len(files) > 12
    chosen = {each["properties"]["candidate_id"] for each in json.loads(plan.read_text())["features"]}
    assert chosen
    assert not chosen & {"p4", "p5"}
    differ = [str(each) for each in files if (own / each).read_bytes() != (tmp_path / each).read_bytes()]
    # The record of a run tells how long it took.
    assert [each for each in differ if not each.endswith(".run.json")] == []


def test_faults_of_the_input_are_told(surroundings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text("[walking]\nminute = 15\n", encoding="utf-8")
    call = ("run", "siting:check", f"--SCENARIO={tmp_path / 'scenario.toml'}", f"--OUTPUT={tmp_path / 'gaps.geojson'}")
    told = process(surroundings, *call, fails=True)
    assert "walking.minute" in told
    assert "Traceback" not in told
    assert not (tmp_path / "gaps.geojson").exists()
    missing = {**surroundings, "SITING_COMMAND": "/nowhere/siting"}
    assert "/nowhere/siting" in process(missing, *call, fails=True)


def test_results_are_loaded_with_their_styles(
    surroundings: dict[str, str], sample: Path, small: Path, tmp_path: Path
) -> None:
    found = loaded(surroundings, "check", SCENARIO=str(sample), OUTPUT=str(tmp_path / "gaps.geojson"))
    counts = {name: each[0] for name, each in found.items()}
    assert counts == {
        "district": 1,
        "streets and towns": 8,
        "communities and villages": 66,
        "residential areas": 250,
    }
    kinds = {(each[1], tuple(each[2])) for each in found.values()}
    assert len(kinds) == 1
    kind, colours = kinds.pop()
    assert kind == "categorizedSymbol"
    assert "#e5736b" in colours
    plan = loaded(surroundings, "propose", SCENARIO=str(small), STATIONS=3, OUTPUT=str(tmp_path / "plan.geojson"))
    assert plan["proposed stations"][0] == 3
    filed = loaded(surroundings, "report", SCENARIO=str(small), OUTPUT=str(tmp_path / "filed"))
    assert filed["unit_street"][:2] == [3, "categorizedSymbol"]
    assert filed["facilities"][1] == "categorizedSymbol"


def test_layers_of_the_project_stand_in_for_the_scenarios(
    surroundings: dict[str, str], small: Path, tmp_path: Path
) -> None:
    """A file is read by the command itself; a filtered layer is written as it is filtered."""
    # QGIS writes to a file that it filters.
    areas = Path(shutil.copy(small.parent / "residential_areas.gpkg", tmp_path))
    asked = {"SCENARIO": str(small), "project": {"RESIDENTIAL_AREAS": str(areas)}}
    loaded(surroundings, "check", **asked, OUTPUT=str(tmp_path / "whole.geojson"))
    command("check", small, "-o", tmp_path / "own.geojson", "--layer", f"residential_areas={areas}")
    assert (tmp_path / "whole.geojson").read_bytes() == (tmp_path / "own.geojson").read_bytes()
    subset = "\"id\" in ('e0', 'e2')"
    found = loaded(surroundings, "check", **asked, subset=subset, OUTPUT=str(tmp_path / "few.geojson"))
    assert found["residential areas"][0] == 2
