"""People who cannot walk to any facility, by the names of their units."""

from typing import Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.assess.withholding import listed_people
from siting.domain.nouns import Access, Demand, Inputs, Note
from siting.domain.scenario import Level
from siting.listing import listed

# Smaller numbers are rounding errors: shares of cells along a border.
_FEWEST: Final = 0.5
_MOST_NAMED: Final = 20


def cut_off_notes(inputs: Inputs, demand: Demand, access: Access) -> tuple[Note, ...]:
    """Count the people that are cut off from every facility, or too far from any way, and their units.

    Parameters
    ----------
    inputs : Inputs
        Its finest level of units gives the names.
    demand : Demand
        Elderly are counted if they are known, otherwise residents.
    access : Access
        Tells for every cell why it is not covered.

    Returns
    -------
    tuple of Note
        ``people_cut_off``, ``people_beside_scraps`` and ``people_off_network``, each with the units with most of them
        first; a note is omitted if nobody is affected.
    """
    reason, scraps = access.cells["reason"].to_numpy(), access.cells["beside_scraps"].to_numpy(dtype=bool)
    cut_off, beside, off_network = (
        _by_unit(inputs, demand, cells) for cells in (reason == "cut_off", scraps, (reason == "off_network") & ~scraps)
    )
    return tuple(
        note
        for note in (
            Note("people_cut_off", cut_off) if cut_off else None,
            Note("people_beside_scraps", beside) if beside else None,
            Note("people_off_network", off_network) if off_network else None,
        )
        if note is not None
    )


def _by_unit(inputs: Inputs, demand: Demand, cells: NDArray[np.bool_]) -> dict[str, str]:
    """Return the people of some cells, and the units by name with their people; empty if there is nobody."""
    level = next(level for level in get_args(Level) if level in inputs.units)
    who = "elderly" if demand.cells["elderly"].notna().any() else "residents"
    people = np.where(cells, np.nan_to_num(demand.cells[who].to_numpy()), 0.0)
    by_unit = pd.Series(demand.shares[level] @ people, demand.place_ids[level])
    by_unit = listed_people(by_unit, share=inputs.scenario.scenario.share)
    by_unit = by_unit[by_unit >= _FEWEST].sort_values(ascending=False, kind="stable")
    if by_unit.empty:
        return {}
    names = inputs.units[level]["name"].reindex(by_unit.index).tolist()
    told = [f"{name} {number:,.0f}" for name, number in zip(names, by_unit, strict=True)]
    return {"people": f"{by_unit.sum():,.0f}", "names": listed(told, _MOST_NAMED)}
