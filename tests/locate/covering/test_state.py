"""The state of a choice, after any openings and closings, is what brute force finds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.covering.reduction import reduced
from siting.locate.covering.state import close_site, open_site, opened, shared, state_of
from siting.locate.problem import Problem
from tests.drawing import examples


@settings(max_examples=examples(25), deadline=None)
@given(seed=st.integers(0, 10**6), moves=st.lists(st.integers(0, 5), max_size=12))
def test_gains_lists_and_sums_are_those_of_the_open_sites(seed: int, moves: list[int]) -> None:
    rng = np.random.default_rng(seed)
    reach = rng.random((6, 9)) < 0.5
    reach[:, 0] = True
    cover = reduced(Problem(csr_array(reach * 60.0), rng.integers(1, 9, 9).astype(float)), dominated=False).cover
    cover = cover._replace(cost=rng.integers(1, 9, cover.sites).astype(float))
    covers = cover.matrix.toarray() > 0
    state, chosen = state_of(cover, np.zeros(0, dtype=np.int64), listed=True), set[int]()
    for move in moves:
        site = move % cover.sites
        (close_site if site in chosen else open_site)(cover, state, site)
        chosen ^= {site}
    times = covers[sorted(chosen)].sum(axis=0)
    assert opened(state).tolist() == sorted(chosen)
    assert sorted(state.missing[: state.size[1]].tolist()) == np.flatnonzero(times == 0).tolist()
    assert state.sums.tolist() == [cover.weight[times == 0].sum(), cover.cost[sorted(chosen)].sum()]
    for site in range(cover.sites):
        decides = covers[site] & (times == (1 if site in chosen else 0))
        assert state.gain[site] == cover.weight[decides].sum()
        for other in chosen - {site}:
            alone = covers[site] & covers[other] & (times == 1)
            if site not in chosen:
                assert shared(cover, state, site, other) == cover.weight[alone].sum()
