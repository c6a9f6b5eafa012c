"""Premises near residential areas with a gap: those that a table of all times names, by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_array

from siting.assess.remedies import _times


@given(st.integers(0, 10**6))
@settings(max_examples=100)
def test_times_of_few_cells_are_those_of_the_whole_table(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sites, cells = rng.integers(1, 9, 2)
    table = np.where(rng.random((sites, cells)) < 0.4, rng.integers(0, 900, (sites, cells)), np.inf)
    site, cell = np.nonzero(np.isfinite(table))
    # A time of zero is a real time: it is stored.
    packed = csc_array((table[site, cell], (site, cell)), shape=table.shape)
    asked = rng.permutation(cells)[: rng.integers(0, cells + 1)]
    near, times = _times(packed, asked)
    reaching = np.flatnonzero(np.isfinite(table[:, asked]).any(axis=1))
    assert near.tolist() == reaching.tolist()
    np.testing.assert_array_equal(times, table[reaching][:, asked])
