"""What holds for any two districts: parts add up to the whole, equal ones change nothing, the way back undoes it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import siting
from siting.domain.parts import PARTS
from siting.domain.scenario import Scenario
from siting.results import Comparison
from tests.drawing import examples
from tests.laws.folders import write_district
from tests.laws.small_districts import district_of, request_of, written

# SITING_PAIRS=1000 compares as many pairs of small districts.
PAIRS = int(os.environ.get("SITING_PAIRS", str(examples(6))))
# A case takes seconds, so that shrinking one would take minutes.
ONCE = (Phase.explicit, Phase.generate)
LAND = "cq-2019-129/2-3-land"


@contextmanager
def small(seed: int) -> Iterator[Scenario]:
    """A small district; every other one has a land clause with another number."""
    with tempfile.TemporaryDirectory() as folder:
        district = district_of(seed)
        path = written(district, request_of(seed, district, "mclp"), Path(folder))
        rules = {"override": [{"clause": LAND, "number": 0.1 + seed % 7 / 10, "reason": "trial"}]} if seed % 2 else {}
        yield siting.change(path, standards=rules, circle={"pass_share": district.pass_share})


def parts_add_up(found: Comparison) -> None:
    """Require that parts, and their means over all orders, add up to the change wherever they are known."""
    table = found.table
    parts = table[[f"by_{key}" for key in found.changes.keys]]
    known = parts.notna().all(axis=1)
    assert (known == parts.notna().any(axis=1)).all()
    assert known[table["change"].notna() & table["only_in"].isna()].mean() > 0.9
    assert (parts.sum(axis=1) - table["change"])[known].abs().max() <= 1e-9
    means = table[[f"by_{key}_mean" for key in found.changes.keys]]
    whole = means.notna().all(axis=1)
    # Each mean is rounded to six decimals.
    assert (means.sum(axis=1) - table["change"])[whole].abs().max() <= 1e-6 * len(PARTS)
    for key in found.changes.keys:
        low, high = (table.loc[whole, f"by_{key}_{end}"] for end in ("least", "greatest"))
        assert (low <= table.loc[whole, f"by_{key}"]).all()
        assert (table.loc[whole, f"by_{key}"] <= high).all()


def is_opposite(found: Comparison, back: Comparison) -> None:
    """Require that the way back undoes every change, and every mean part."""
    keys = ["level", "id", "clause_id", "extent", "basis", "figure"]
    columns = ["change", *(f"by_{key}_mean" for key in found.changes.keys)]
    one, other = (each.table.set_index(keys)[columns] for each in (found, back))
    assert set(one.index) == set(other.index)
    there, here = one.to_numpy(), other.reindex(one.index).to_numpy()
    assert (np.isnan(there) == np.isnan(here)).all()
    assert np.nanmax(np.abs(there + here), initial=0.0) <= 1e-9


@settings(max_examples=PAIRS, phases=ONCE)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_small_districts(one: int, other: int) -> None:
    with small(one) as old, small(other) as new:
        found = siting.compare(old, new)
        parts_add_up(found)
        is_opposite(found, siting.compare(new, old))


@settings(max_examples=examples(6), phases=ONCE)
@given(st.integers(0, 10_000))
def test_equal_districts_change_nothing(seed: int) -> None:
    district = district_of(seed)
    with tempfile.TemporaryDirectory() as folder:
        old = written(district, request_of(seed, district, "mclp"), Path(folder) / "old")
        shutil.copytree(old.parent, Path(folder) / "new")
        found = siting.compare(old, Path(folder) / "new" / old.name)
    assert found.differ == ()
    known = found.table["before"].notna()
    assert (found.table.loc[known, ["change", *(f"by_{part}" for part in PARTS)]] == 0).all().all()
    assert found.verdicts.empty


@pytest.mark.parametrize("seeds", [(3, 8)])
def test_districts_of_which_all_parts_differ(seeds: tuple[int, int], tmp_path: Path) -> None:
    old, new = (write_district(_made(tmp_path / str(seed)), seed) for seed in seeds)
    changed = siting.change(new, walking={"minutes": 10}, standards={"coverage": "by_tier"})
    found = siting.compare(old, changed)
    assert found.differ == PARTS
    parts_add_up(found)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
