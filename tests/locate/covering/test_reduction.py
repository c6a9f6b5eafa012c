"""The reduction loses nothing: checked against all choices of tiny problems, and by hand."""

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.covering.instance import CoveringInstance
from siting.locate.covering.reduction import dominated_sites, implied_groups, reduced, restricted
from siting.locate.problem import Problem, Rules
from tests.drawing import examples


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    sites, points = draw(st.integers(0, 6)), draw(st.integers(0, 9))
    cells = draw(st.lists(st.booleans(), min_size=sites * points, max_size=sites * points))
    people = draw(st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, 7.0]), min_size=points, max_size=points))
    flags = [draw(st.lists(st.sampled_from([False, False, True]), min_size=sites, max_size=sites)) for _ in range(3)]
    rules = Rules(
        **dict(zip(("kept", "forced", "forbidden"), (np.array(each, dtype=bool) for each in flags), strict=True))
    )
    # A stored zero is a real time.
    times = csr_array(np.array(cells, dtype=float).reshape(sites, points))
    times.data[:] = 0.0
    return Problem(times, np.array(people), rules)


@settings(max_examples=examples(25), deadline=None)
@given(problem=problems(), dominated=st.booleans())
def test_every_choice_of_free_rows_covers_as_much_as_before(problem: Problem, *, dominated: bool) -> None:
    found = reduced(problem, dominated=dominated)
    kept = problem.reached_by(np.zeros(0, dtype=np.int64))
    forced = found.forced
    assert found.base == math.fsum(problem.people[problem.reached_by(forced) & ~kept])
    cover = found.cover.matrix.toarray() > 0
    for size in range(3):
        for chosen in combinations(range(len(found.sites)), size):
            newly = problem.reached_by(np.concatenate([forced, found.sites[list(chosen)]])) & ~kept
            here = found.cover.weight[cover[list(chosen)].any(axis=0)].sum() if chosen else 0.0
            assert found.base + here == pytest.approx(math.fsum(problem.people[newly]))


@settings(max_examples=examples(25), deadline=None)
@given(problems())
def test_what_is_dropped_is_covered_by_what_stays(problem: Problem) -> None:
    found, everything = reduced(problem), reduced(problem, dominated=False)
    assert set(found.sites) <= set(everything.sites)
    reach = everything.cover.matrix.toarray() > 0
    stays = np.isin(everything.sites, found.sites)
    for site in np.flatnonzero(~stays):
        assert any(not (reach[site] & ~reach[other]).any() for other in np.flatnonzero(stays))
    for site, other in combinations(np.flatnonzero(stays), 2):
        assert (reach[site] & ~reach[other]).any()
        assert (reach[other] & ~reach[site]).any()
    # No two groups have the same rows.
    columns = found.cover.matrix.toarray().T
    assert len({tuple(column) for column in columns}) == len(columns)
    assert sum(found.cover.weight) == pytest.approx(
        sum(problem.people[each] for each in np.flatnonzero(found.group_of >= 0))
    )


def test_the_order_of_points_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    reach = (rng.random((12, 300)) < 0.2).astype(float)
    people = rng.random(300)
    order = rng.permutation(300)
    one = reduced(Problem(csr_array(reach), people))
    other = reduced(Problem(csr_array(reach[:, order]), people[order]))
    assert [each.tobytes() for each in one.cover] == [each.tobytes() for each in other.cover]
    assert (one.group_of[order] == other.group_of).all()


def test_of_rows_that_reach_the_same_the_lowest_stays() -> None:
    reach = csr_array(np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [0, 0, 1]]))
    found = reduced(Problem(reach, np.ones(3)))
    assert found.sites.tolist() == [2, 4]
    assert found.cover.weight.tolist() == [2.0, 1.0]


def test_both_directions_say_the_same_in_ascending_order() -> None:
    rng = np.random.default_rng(1)
    found = reduced(Problem(csr_array((rng.random((20, 200)) < 0.1).astype(float)), np.ones(200)))
    cover = found.cover
    other_way = csr_array(
        (np.ones(len(cover.site)), cover.site, cover.group_start), shape=found.cover.matrix.shape[::-1]
    )
    assert (found.cover.matrix.toarray() == other_way.toarray().T).all()
    for start, item in ((cover.start, cover.group), (cover.group_start, cover.site)):
        for begin, end in pairwise(start):
            assert (np.diff(item[begin:end]) > 0).all()


def test_groups_that_no_longer_count_and_rows_that_go_leave_the_rest_as_it_is() -> None:
    reach = csr_array(np.array([[1.0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]))
    cover = reduced(Problem(reach, np.array([1.0, 2, 4, 8])), dominated=False).cover
    left, label = restricted(cover, np.array([0, 2]), cover.weight != 1.0)
    assert sorted(left.weight) == [2.0, 12.0]
    assert left.start.tolist() == [0, 1, 2]
    assert label[cover.weight == 1.0].tolist() == [-1]


def test_dominated_rows_are_those_part_of_another() -> None:
    reach = csr_array(np.array([[1.0, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]]))
    cover = reduced(Problem(reach, np.ones(3)), dominated=False).cover
    assert dominated_sites(cover).tolist() == [True, False, False, True]


@pytest.mark.parametrize(("slack", "implied"), [(0.0, True), (2.0, True), (4.0, False)])
def test_a_group_is_implied_only_by_one_that_must_be_covered(slack: float, implied: bool) -> None:  # noqa: FBT001
    # The sites of the first and of the third group (1 and 3 people) cover the second too. A group may stay uncovered if
    # it weighs no more than the slack.
    reach = csr_array(np.array([[1.0, 1, 0], [0, 1, 1]]))
    cover = reduced(Problem(reach, np.array([1.0, 5, 3])), dominated=False).cover
    order = [cover.weight.tolist().index(weight) for weight in (1.0, 5.0, 3.0)]
    found = implied_groups(CoveringInstance(cover, slack, whole=True))
    assert found[order].tolist() == [False, implied, False]
