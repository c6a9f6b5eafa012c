"""The most people in the part of a unit outside the grids, by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from siting.places.unseen import unseen_people


def test_outside_the_grids_live_at_most_as_many_as_in_the_densest_part_of_the_unit() -> None:
    cells = pd.DataFrame({"residents": [10.0, 40.0, 99.0], "elderly": [2.0, 1.0, 9.0]})
    # Unit a: the first cell (100 m²) and half of the second (of 200 m²), which are 0.8 of it: 50 m² are outside.
    shares = {"street": csr_array([[1.0, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.5, 0.0]])}
    found = unseen_people(
        cells,
        shares,
        {"street": np.array([0.8, 1.0, 0.4])},
        {"street": pd.Index(["a", "whole", "hardly"])},
        np.array([100.0, 200.0, 100.0]),
        0.25,
    )["street"]
    # 20 residents on the 100 m² of the second cell, 2 elderly on the 100 m² of the first.
    assert found.loc["a"].to_dict() == {"residents": pytest.approx(10.0), "elderly": pytest.approx(1.0)}
    assert found.loc[["whole", "hardly"]].isna().all(axis=None)
