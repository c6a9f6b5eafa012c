"""Groups among the elderly: some of their bands of age, a share, or a raster of their own."""

from collections.abc import Iterator, Mapping

import numpy as np

from siting.domain.nouns import PeopleLayer, Raster
from siting.domain.scenario import GroupSource
from siting.read.log import LayerLog, listed
from siting.read.people.rasters import PEOPLE_VOIDS, Around, Reading, as_persons, frozen, read_raster, same_grid

# Sums of floats differ in their last digits.
_MORE = 1.0 + 1e-6


def group_bands(group: GroupSource, ages: list[int], log: LayerLog) -> list[int] | None:
    """Return the bands that make up a group by age.

    Parameters
    ----------
    group : GroupSource
        Its ``from_age`` is given.
    ages : list of int
        Ages at which the bands of the elderly begin, ascending; the last band is open.
    log : LayerLog
        Takes the fault ``group_ages_between_bands``.

    Returns
    -------
    list of int or None
        Ages of the bands; None if the group begins or ends within a band.
    """
    above = None if group.to_age is None else group.to_age + 1
    wanted = {"from_age": group.from_age, "to_age": above}
    astray = [key for key, age in wanted.items() if age is not None and age not in ages]
    for key in astray:
        log.fault("group_ages_between_bands", field=key, found=str(getattr(group, key)), expected=listed(ages))
    if astray:
        return None
    return [age for age in ages if age >= (group.from_age or 0) and (above is None or age < above)]


def read_group(group: GroupSource, around: Around | None, log: LayerLog) -> Raster | None:
    """Read the raster of a group as persons per cell; faults as for :func:`siting.read.people.rasters.read_raster`."""
    assert group.path is not None  # noqa: S101 - asked only of groups that have a raster
    how = Reading(group.crs, group.nodata, around, PEOPLE_VOIDS, people=True)
    raster = read_raster(group.path, how, log)
    if raster is None:
        return None
    found = frozen(as_persons(raster, group.unit, log))
    log.fact(people=float(np.nansum(found.values)))
    return found


def larger_groups(
    groups: Mapping[str, Raster | float], elderly: Raster | PeopleLayer | None
) -> Iterator[tuple[str, int | None]]:
    """Give the groups that hold more people than there are elderly.

    Yields
    ------
    tuple of str and int or None
        Name, and the number of cells with more of the group than elderly; where the two are not on one grid only their
        totals are compared, and the number is None.
    """
    if elderly is None:
        return
    for name, group in groups.items():
        if not isinstance(group, Raster):
            continue
        if isinstance(elderly, Raster) and same_grid(group.grid, elderly.grid):
            more = int((np.nan_to_num(group.values) > np.nan_to_num(elderly.values) * _MORE).sum())
            if more:
                yield name, more
        elif float(np.nansum(group.values)) > _total(elderly) * _MORE:
            yield name, None


def _total(people: Raster | PeopleLayer) -> float:
    return float(np.nansum(people.values) if isinstance(people, Raster) else people.frame["people"].sum())
