"""The same bytes of every result whatever the order of the records in the files."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import siting
from siting.results import Plan, Study
from siting.write.tables import write_table
from siting.write.webmap import write_map
from tests.conftest import ROUNDS
from tests.laws.folders import Kind, shuffle, write_district

Writes = Callable[[Path, Path], object]

# The digests of the files themselves, which do differ.
_DIGEST = re.compile(rb"\b[0-9a-f]{64}\b")


def studies(plan: Plan) -> Iterator[tuple[str, Study]]:
    yield "curve", plan.curve()
    if len(plan.stations):
        yield "order", plan.build_order()
        yield "alternatives", plan.alternatives(2)
        yield "stability", plan.stability()


def plans(scenario: Path, out: Path) -> Plan:
    """Write the plan of a scenario, and the report before it."""
    out.mkdir()
    plan = siting.propose(siting.read_scenario(scenario))
    plan.to_file(out / "plan.geojson")
    plan.before.to_file(out / "gaps.geojson")
    return plan


def everything(scenario: Path, out: Path) -> None:
    """Write every result of a scenario."""
    plan, read = plans(scenario, out), siting.read_scenario(scenario)
    siting.inspect(read, lang="en").to_file(out / "account.json")
    plan.before.to_file(out / "grid.tif")
    write_table(out / "audit.csv", plan.before.audit(), "zh")
    write_table(out / "facilities.csv", plan.before.funding(), "zh")
    write_table(out / "candidates.csv", plan.before.funding("candidate"), "zh")
    write_map(out / "map.html", plan.proposal.before, plan.proposal, lang="en")
    siting.explain(read, "e0").to_file(out / "explanation.geojson")
    plan.before.sensitivity().to_file(out / "sensitivity.csv", "en")
    for name, study in studies(plan):
        study.to_file(out / f"{name}.csv")


def written(out: Path) -> dict[str, bytes]:
    """Return what every file holds, without the digests of the inputs."""
    return {path.name: _DIGEST.sub(b"", path.read_bytes()) for path in sorted(out.iterdir())}


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize(("kind", "write"), [("split", everything), ("osm", plans), ("lines", plans)])
def test_the_order_of_records_changes_no_byte(tmp_path: Path, kind: Kind, write: Writes, seed: int) -> None:
    scenario = write_district(tmp_path, seed, kind)
    write(scenario, tmp_path / "one")
    shuffle(tmp_path, seed + 1)
    write(scenario, tmp_path / "other")
    one, other = written(tmp_path / "one"), written(tmp_path / "other")
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
