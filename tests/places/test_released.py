"""What released people tell of the true ones, by linear programs of somebody who knows all of them and the method."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import linprog

import siting
from siting.domain.nouns import Floats, Ints, quiet
from siting.domain.withheld import STEP, THRESHOLD, WIDTH
from siting.pipeline.ground import basis_of, demand_of
from siting.places import holding_units, released
from siting.places.released import OF_PEOPLE, released_counts
from siting.read import read_inputs
from siting.text import texts
from tests.laws.folders import write_district

COUNTS = st.one_of(st.integers(0, 12).map(float), st.floats(0, 9, allow_subnormal=False).map(lambda x: round(x, 3)))


@st.composite
def _drawn(draw: st.DrawFn) -> tuple[Floats, Ints]:
    counts = draw(arrays.arrays(np.float64, st.integers(1, 14), elements=COUNTS))
    steps = draw(arrays.arrays(np.int64, len(counts), elements=st.integers(0, 4)))
    # A new part begins seldom.
    return counts, np.cumsum(steps == 0)


def _known(counts: Floats, told: Floats, groups: Ints) -> dict[str, object]:
    """Return what the released numbers tell: bounds of every number, and of every running sum of groups and numbers."""
    small = groups >= 0
    bounds = [(0.0, float(THRESHOLD)) if each else (0.0, 0.0) if value == 0 else (float(THRESHOLD), None)
              for each, value in zip(small, counts, strict=True)]  # fmt: skip
    rows, limits, members = [], [], np.zeros(len(counts))
    seen: set[int] = set()
    running = 0.0
    for at, group in enumerate(groups.tolist()):
        if group in seen:
            continue
        seen |= {group} - {-1}
        inside = groups == group if group >= 0 else np.arange(len(counts)) == at
        members = members + inside
        running += float(told[inside].sum())
        for sign in (1.0, -1.0):
            rows.append(sign * members)
            limits.append(sign * running + STEP / 2)
    return {"A_ub": np.array(rows), "b_ub": np.array(limits) + 1e-9, "bounds": bounds, "method": "highs"}


@given(_drawn())
def test_nobody_narrows_a_small_number_to_less_than_the_stated_width(drawn: tuple[Floats, Ints]) -> None:
    counts, parts = drawn
    told, groups = released_counts(counts, parts)
    known = _known(counts, told, groups)
    # What is known is true.
    assert (np.asarray(known["A_ub"]) @ counts <= np.asarray(known["b_ub"])).all()
    for at in np.flatnonzero(groups >= 0):
        aim = np.eye(len(counts))[at]
        least, most = (linprog(sign * aim, **known) for sign in (1.0, -1.0))
        assert least.status == most.status == 0
        assert -most.fun - least.fun >= WIDTH - 1e-6, (counts, told, at)


@given(_drawn())
def test_released_numbers_are_near_in_sums_and_hide_single_ones(drawn: tuple[Floats, Ints]) -> None:
    counts, parts = drawn
    told, groups = released_counts(counts, parts)
    assert abs(told.sum() - counts.sum()) <= STEP / 2 + 1e-9
    assert ((groups >= 0) == ((counts > 0) & (counts < THRESHOLD))).all()
    large = counts >= THRESHOLD
    assert (np.abs(told - counts)[large] < STEP + 1e-9).all()
    assert (told[large] % STEP == 0).all()
    assert (told[counts == 0] == 0).all()
    for group in range(groups.max() + 1):
        assert np.ptp(told[groups == group]) == 0
        assert len(set(parts[groups == group].tolist())) == 1


def test_unknown_people_stay_unknown() -> None:
    told, groups = released_counts(np.array([np.nan, 3.0, np.nan]), np.zeros(3, dtype=np.int64))
    assert np.isnan(told).tolist() == [True, False, True]
    assert groups.tolist() == [-1, 0, -1]


def test_three_neighbours_with_five_persons_share_what_they_have() -> None:
    told, groups = released_counts(np.array([1.0, 1.0, 1.0, 1.0, 2.0, 4.0]), np.zeros(6, dtype=np.int64))
    # The first three have three persons only: two more join, who have six together; the last one joins them.
    assert groups.tolist() == [0] * 6
    assert told == pytest.approx([10 / 6] * 6)


def test_every_note_of_the_data_that_names_people_is_left_out() -> None:
    """A new note with a number of people fails here until it is left out, or stands among those made afterwards."""
    words = ("{people}", "{residents}", "{elderly}", "{before}", "{residents_before}", "{density}", "{read}")
    told = {
        key.removeprefix("note.")
        for key, text in texts().items()
        if key.startswith("note.") and any(word in text["zh"] for word in words)
    }
    # Made from released people.
    afterwards = {"own_people_differ", "people_cut_off", "people_beside_scraps", "people_off_network"}
    afterwards |= {"people_beyond_reach", "people_withheld", "plan_started"}
    assert told - afterwards <= OF_PEOPLE


def test_own_people_that_are_sums_are_sums_as_released(tmp_path: Path) -> None:
    """Two releases of one figure would tell more than each: a street has what its communities have together."""
    scenario = siting.read_scenario(write_district(tmp_path, 7))
    given = read_inputs(siting.change(scenario, population={"calibrate": "none"}))
    demand = demand_of(given, basis_of(given), quiet)
    own = pd.Series([3.0, 2.0, 80.0, 1.0, 4.0, 51.0], given.units["community"].index)
    streets = holding_units({level: given.units[level] for level in ("community", "street")})["community"]
    frames = {
        **given.units,
        "community": given.units["community"].assign(own_residents=own),
        "street": given.units["street"].assign(own_residents=own.groupby(streets).sum(), own_elderly=float("nan")),
    }
    shared = released(replace(given, units=frames), demand)[0].units
    told = shared["community"]["own_residents"]
    small = own < THRESHOLD
    assert (told[small] != own[small]).all()
    assert (told[~small] % STEP == 0).all()
    assert abs(told.sum() - own.sum()) <= STEP / 2
    assert shared["street"]["own_residents"].tolist() == pytest.approx(told.groupby(streets).sum().tolist())


def test_files_with_people_leave_one_digest_of_what_is_released(tmp_path: Path) -> None:
    scenario = siting.read_scenario(write_district(tmp_path, 7))
    given = read_inputs(scenario)
    found, shared = released(given, demand_of(given, basis_of(given), quiet))
    gone = set(given.digests) - set(found.digests)
    assert gone == {"population.residents", "population.elderly", "units.community.people", "residential_areas"}
    assert set(found.digests) - set(given.digests) == {"released"}
    assert [note.code for note in (*found.notes, *shared.notes)].count("notes_of_people_left_out") == 1


def test_a_group_is_closed_as_soon_as_its_numbers_cannot_be_told_from_one_another() -> None:
    # Three halves of the threshold are more than one threshold and less than two: enough for a group.
    _, groups = released_counts(np.full(6, THRESHOLD / 2), np.zeros(6, dtype=np.int64))
    assert groups.tolist() == [0, 0, 0, 1, 1, 1]
