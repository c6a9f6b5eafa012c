"""A folder of messy Chinese files goes from `siting new` to the figures of the clean district in two edits."""

import difflib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import siting
from siting import pipeline
from siting.domain.nouns import Assessment
from siting.errors import InputError
from siting.read import read_scenario
from tests.messy import EDITS, M2_PER_MU, SITES, clean_folder, district, messy_folder, new_scenario

# Coordinates of the ledger are rounded to a centimetre, which moves walks by milliseconds.
MINUTES = 0.001


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The messy folder with its edited scenario."""
    found = messy_folder(tmp_path_factory.mktemp("区") / "示例区")
    new_scenario(found)
    return found


@pytest.fixture(scope="module")
def messy(folder: Path) -> Assessment:
    return pipeline.check(read_scenario(folder / "scenario.toml"))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    return pipeline.check(read_scenario(clean_folder(tmp_path_factory.mktemp("clean"))))


def test_no_more_than_two_lines_are_written_by_hand(folder: Path, tmp_path: Path) -> None:
    untouched = new_scenario(messy_folder(tmp_path / "示例区"), edits=())
    old, new = (file.read_text(encoding="utf-8").splitlines() for file in (untouched, folder / "scenario.toml"))
    changes = [line for line in difflib.ndiff(old, new) if line.startswith("+ ")]
    assert len(changes) == len(EDITS) == 2
    assert len(old) == len(new)
    # Both are asked for: as it was written the scenario says what it lacks.
    with pytest.raises(InputError) as told:
        read_scenario(untouched)
    assert [(fault.code, fault.field) for fault in told.value.faults] == [("missing_key", "facilities.complete")]
    # The planner gets both in one round.
    with pytest.raises(InputError) as told:
        siting.check(untouched)
    assert [fault.code for fault in told.value.faults] == ["missing_key", "missing_crs"]
    untouched.write_text("\n".join(old).replace("#complete = true", "complete = true"), encoding="utf-8")
    with pytest.raises(InputError) as told:
        pipeline.check(read_scenario(untouched))
    assert [(fault.code, fault.layer) for fault in told.value.faults] == [("missing_crs", "facilities")]


def test_places_have_the_figures_of_the_clean_district(messy: Assessment, clean: Assessment) -> None:
    for level in ("district", "street", "community", "residential_area"):
        wanted, found = clean.places.loc[level], messy.places.loc[level]
        if level == "residential_area":
            # Estates of the shapefile have no ids but their names.
            found = found.loc[wanted["name"]]
        assert len(found) == len(wanted)
        for column in wanted.select_dtypes("number"):
            close = MINUTES if column.startswith("minutes") else 1e-6
            assert found[column].to_numpy() == pytest.approx(wanted[column].to_numpy(), abs=close, nan_ok=True), column


def test_clauses_have_the_verdicts_of_the_clean_district(messy: Assessment, clean: Assessment) -> None:
    def told(case: Assessment) -> pd.DataFrame:
        names = case.places["name"].reset_index()
        names.columns = pd.Index(["level_", "id", "place"])
        checks = case.checks.rename_axis(["level_", "id"]).reset_index().merge(names, on=["level_", "id"])
        checks["place"] = checks["place"].where(checks["level_"] != "district", "")
        return checks.sort_values(["level_", "place", "clause_id"]).reset_index(drop=True)

    wanted, found = told(clean), told(messy)
    for column in ("level_", "place", "clause_id", "verdict", "reason", "binding"):
        assert found[column].tolist() == wanted[column].tolist(), column
    assert {"met", "gap"} <= set(wanted["verdict"])


def test_people_and_land_are_those_of_the_files_by_hand(messy: Assessment) -> None:
    made = district().communities.set_index("id")
    found = messy.places.loc["community"]
    for who in ("residents", "elderly"):
        assert found[who].to_numpy() == pytest.approx(made[who].to_numpy(), abs=1e-6)
    mu = np.zeros(6)
    for site in SITES:
        mu[site.community] += site.mu
    assert found["land_provided_m2"].to_numpy() == pytest.approx(mu * M2_PER_MU)
    # 0.6 + 4.5 亩 in the first community are 3,400 m².
    assert found["land_provided_m2"].iloc[0] == pytest.approx(3400.0)


def test_what_was_made_of_the_mess_is_told(messy: Assessment) -> None:
    told = {(note.code, note.values.get("layer")): note.values for note in messy.notes}
    assert told["total_rows_left_out", "facilities"]["count"] == 2
    assert told["calibrated_residents", "population.residents"]["count"] == 6
    located = next(values for (code, layer), values in told.items() if code.startswith("located") and layer)
    assert located["count"] == 3
