"""Ties are settled for whoever stands first, and nobody loses by it."""

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_array

from siting.locate.instance import CoveringInstance
from siting.locate.ties import settled


def _instance(seed: int, *, budget: bool) -> CoveringInstance:
    random = np.random.default_rng(seed)
    covers = csr_array(random.random((9, 14)) < 0.3)
    people = random.integers(1, 4, 14).astype(float)
    costs = random.integers(1, 4, 9).astype(float) if budget else None
    return CoveringInstance(covers, people, costs, stations=3, budget=7.0 if budget else None)


@pytest.mark.parametrize("budget", [False, True])
@pytest.mark.parametrize("seed", range(15))
def test_no_single_exchange_for_an_equal_that_stands_before_is_left(seed: int, *, budget: bool) -> None:
    instance = _instance(seed, budget=budget)
    choices = [list(choice) for choice in itertools.combinations(range(9), 3) if instance.affords(list(choice))]
    best = max(map(instance.covered_by, choices))
    for choice in (each for each in choices if instance.covered_by(each) == best):
        found = settled(instance, np.array(choice)).tolist()
        assert instance.covered_by(found) == best
        assert instance.affords(found)
        assert found <= choice
        for row, other in itertools.product(found, range(9)):
            exchanged = [*(each for each in found if each != row), other]
            dearer = budget and instance.costs is not None and instance.costs[other] > instance.costs[row]
            if other < row and other not in found and not dearer:
                assert instance.covered_by(exchanged) < best
