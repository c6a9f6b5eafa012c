"""Groups among the elderly: some of their bands of age, a share, or a raster of their own."""

import numpy as np

from siting.domain.nouns import Raster
from siting.domain.scenario import GroupSource
from siting.read.log import LayerLog, listed
from siting.read.people.rasters import Around, Reading, as_persons, frozen, read_raster


def group_bands(group: GroupSource, ages: list[int], log: LayerLog) -> list[int] | None:
    """Return the bands of a group that is defined by age.

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
    assert group.path is not None  # noqa: S101 - called only for groups with a raster
    how = Reading(group.crs, group.nodata, around, "people", group.unit)
    raster = read_raster(group.path, how, log)
    if raster is None:
        return None
    found = frozen(as_persons(raster, group.unit, log))
    log.fact(people=float(np.nansum(found.values)))
    return found
