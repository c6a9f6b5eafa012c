"""People in raster files: one file, bands of age and sex found by a pattern, or files that are simply added up."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Raster
from siting.domain.scenario import PeopleSource
from siting.read.log import LayerLog, listed
from siting.read.people.rasters import (
    Around,
    Findings,
    Reading,
    as_persons,
    frozen,
    read_raster,
    same_grid,
    show_grid,
)

AGE_PLACE: Final = "{age}"
SEX_PLACE: Final = "{sex}"
DEFAULT_AGE: Final = 60
# The age from which bands have five years in every series that begins with infants.
_FIVE: Final = 5
# The widest step of a regular series; wider bands form series of their own kind.
_WIDEST_EVEN: Final = 10
_SEXES: Final = {"f": "f", "female": "f", "m": "m", "male": "m", "t": "t", "total": "t"}
_BOTH: Final = frozenset({"f", "m"})
_PLACES: Final = {
    AGE_PLACE: ("age", "[0-9]{1,3}"),
    SEX_PLACE: ("sex", "(?i:" + "|".join(sorted(_SEXES, key=len, reverse=True)) + ")"),
}

# The first age of each band, and its files.
Ladder = Mapping[int, tuple[Path, ...]]
# What is added up: name → age of the band → factor of its people.
Weights = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True)
class Bands:
    """Bands added up: ``sums`` by the names of the weights, and the people of each band, as read."""

    sums: Mapping[str, Raster]
    people: Mapping[int, float]


def read_people(
    source: PeopleSource, log: LayerLog, first_age: int = DEFAULT_AGE, around: Around | None = None
) -> Raster | None:
    """Read people in rasters as persons per cell.

    The source is a single file; or the listed files; or every file of the pattern whose ``{age}`` is at least
    ``from_age`` (``first_age`` if not stated), of both sexes. Bands are added up cell by cell; for a cell without data
    in some bands the others count. A density is multiplied by the true area of each cell on the ellipsoid.

    Parameters
    ----------
    source : PeopleSource
        The scenario's settings of the rasters.
    log : LayerLog
        Takes the faults of :func:`siting.read.people.rasters.read_raster`, :func:`find_bands` and :func:`add_bands`;
        notes which bands were added up.
    first_age : int
        Age from which bands count if the source states none: 60 for the elderly, 0 for all residents.
    around : Around, optional
        The area of the scenario; only that part of large files is read.

    Returns
    -------
    Raster or None
        Persons per cell; NaN if no file has data. None if nothing could be read.
    """
    if source.path is not None:
        raster = read_raster(source.path, reading_of(source, around), log)
        return None if raster is None else frozen(as_persons(raster, source.unit, log))
    first = source.from_age or first_age
    found = find_bands(source, first, log) if source.pattern is not None else _listed(source, log)
    if found is None:
        return None
    if source.pattern is not None:
        tell_bands(found, first, log)
    bands = add_bands(source, found, {"all": dict.fromkeys(found, 1.0)}, around, log)
    return bands.sums.get("all")


def reading_of(source: PeopleSource, around: Around | None) -> Reading:
    """Return how the rasters of a source are read."""
    return Reading(source.crs, source.nodata, around, "people", source.unit)


def _listed(source: PeopleSource, log: LayerLog) -> Ladder | None:
    """Return the listed files by number, sorted by name: the order of the list has no meaning."""
    files = sorted(source.bands)
    twice = sorted({file.name for file in files if files.count(file) > 1})
    if twice:
        log.fault("band_twice", field="bands", found=listed(twice))
        return None
    log.note("bands_added", count=len(files), files=listed(file.name for file in files))
    return {number: (file,) for number, file in enumerate(files)}


def find_bands(source: PeopleSource, first: int, log: LayerLog, lowest: int | None = None) -> Ladder | None:
    """Find the files of a pattern, and check that no band and no sex is missing among them.

    Parameters
    ----------
    source : PeopleSource
        Its ``pattern`` is given.
    first : int
        Age at which a band must begin.
    log : LayerLog
        Takes the faults ``no_age_band``, ``first_age_band_missing``, ``age_band_missing``, ``age_band_twice`` and
        ``sex_missing``; notes if there are totals beside both sexes.
    lowest : int, optional
        Age from which bands are needed, if younger people will reach ``first``.

    Returns
    -------
    mapping of int to tuple of Path, or None
        In ascending order of age: women's and men's file, or the total if there is neither.
    """
    pattern = source.pattern or ""
    start = first if lowest is None else lowest
    files = {age: by_sex for age, by_sex in age_files(pattern).items() if age >= start}
    if not files:
        log.fault("no_age_band", field="pattern", found=Path(pattern).name, expected=str(start))
        return None
    absent = [age for age in dict.fromkeys((start, first)) if age not in files]
    for age in absent:
        log.fault("first_age_band_missing", field="pattern", found=listed(files), expected=str(age))
    gaps = missing_ages(list(files))
    if gaps:
        log.fault("age_band_missing", field="pattern", found=listed(files), expected=listed(gaps))
    chosen = {age: _of_both_sexes(by_sex, log) for age, by_sex in files.items()}
    beside = [age for age, by_sex in files.items() if _BOTH | {"t"} <= set(by_sex)]
    if beside:
        log.note("totals_beside_sexes", count=len(beside), ages=listed(beside))
    if absent or gaps or not all(chosen.values()):
        return None
    return chosen


def age_files(pattern: str) -> Mapping[int, Mapping[str, tuple[Path, ...]]]:
    """Return the files that match a pattern, by age in ascending order and by sex.

    ``{age}`` stands for one to three digits, ``{sex}`` for f, m, t, female, male or total in any case; both only in
    the file's name. Without ``{sex}`` the sex is empty text.
    """
    wanted = re.compile(_expression(Path(pattern).name))
    folder = Path(pattern).parent
    found: dict[int, dict[str, tuple[Path, ...]]] = {}
    for file in _files_of(folder):
        match = wanted.fullmatch(file.name)
        if match:
            by_sex = found.setdefault(int(match["age"]), {})
            sex = _SEXES[match["sex"].lower()] if "sex" in wanted.groupindex else ""
            by_sex[sex] = (*by_sex.get(sex, ()), file)
    return dict(sorted(found.items()))


def _files_of(folder: Path) -> list[Path]:
    """Return the contents of a folder; empty if it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _expression(name: str) -> str:
    """Return a file name with placeholders as a regular expression; a repeated placeholder means the same value."""
    parts, seen = [], set()
    for part in re.split("({age}|{sex})", name):
        group, form = _PLACES.get(part, ("", ""))
        if not group:
            parts.append(re.escape(part))
        elif group in seen:
            parts.append(f"(?P={group})")
        else:
            parts.append(f"(?P<{group}>{form})")
            seen.add(group)
    return "".join(parts) if "age" in seen else "(?P<age>(?!))"


def missing_ages(ages: list[int]) -> list[int]:
    """Return the missing ages of a series with regular steps.

    Steps are counted from age 5 on: below it series have 0 and 1, or 0 alone. A series whose smallest step is wider
    than ten years (0, 15, 60) has bands of its own kind, of which none can be called missing.

    Examples
    --------
    >>> from siting.read.people.bands import missing_ages
    >>> missing_ages([0, 1, 5, 10, 15]), missing_ages([60, 65, 75]), missing_ages([0, 15, 60])
    ([], [70], [])
    """
    even = [age for age in ages if age >= _FIVE]
    steps = [above - below for below, above in pairwise(even)]
    if not steps or min(steps) > _WIDEST_EVEN:
        return []
    # A band of 1 to 4 is followed by one from 5 on; after one of 0 to 14 that is not required.
    begin = _FIVE if 1 in ages else even[0]
    return sorted(set(range(begin, even[-1], min(steps))) - set(even))


def _of_both_sexes(by_sex: Mapping[str, tuple[Path, ...]], log: LayerLog) -> tuple[Path, ...]:
    """Choose the files of a band: women and men, otherwise the total; none, with a fault, if that is ambiguous."""
    doubled = [files for files in by_sex.values() if len(files) > 1]
    for files in doubled:
        log.fault("age_band_twice", field="pattern", found=listed(file.name for file in files))
    sexes = set(by_sex) & _BOTH
    if len(sexes) == 1:
        (sex,) = sexes
        alone = replace(log, file=by_sex[sex][0].name)
        alone.fault("sex_missing", field="pattern", found=sex, expected=next(iter(_BOTH - sexes)))
        return ()
    if doubled:
        return ()
    return tuple(by_sex[sex][0] for sex in sorted(sexes or by_sex))


def tell_bands(found: Ladder, first: int, log: LayerLog) -> None:
    """Note which bands the people consist of."""
    counted = [age for age in found if age >= first]
    log.note("age_bands", ages=listed(counted), from_age=first, count=len(counted))
    paired = [age for age in counted if len(found[age]) > 1]
    if paired:
        log.note("sexes_added", count=len(paired), ages=listed(paired))
    log.fact(ages=counted)


def add_bands(source: PeopleSource, found: Ladder, weights: Weights, around: Around | None, log: LayerLog) -> Bands:
    """Add bands up, file by file, so that at most one of them is in memory beside the sums.

    Parameters
    ----------
    source : PeopleSource
        Tells how the files are read, and their unit.
    found : mapping of int to tuple of Path
        Age → files.
    weights : mapping
        What is added up: name → age → weight. Bands without a weight anywhere are not read.
    around : Around or None
        The area of the scenario.
    log : LayerLog
        Takes the faults of the files, each with its file, and ``bands_differ``.

    Returns
    -------
    Bands
        Persons per cell, each weighted sum on the grid of the first file; NaN if no counting band has data.
    """
    how, findings = reading_of(source, around), Findings()
    log.fact()  # the account names the layer by the scenario's words, not by its first file
    first: Raster | None = None
    sums: dict[str, Floats] = {}
    people: dict[int, float] = {}
    for age, part, file in _files(source, found, weights):
        band_log = replace(log, file=file.name)
        band = read_raster(file, how, band_log, part, findings)
        if band is None:
            continue
        first = first or band
        if not same_grid(first.grid, band.grid):
            band_log.fault("bands_differ", found=show_grid(band.grid), expected=show_grid(first.grid))
            continue
        values = as_persons(band, source.unit, band_log).values
        people[age] = people.get(age, 0.0) + float(np.nansum(values))
        for name, by_age in weights.items():
            if age in by_age:
                _add(sums, name, values, by_age[age])
    findings.tell(how, log)
    if first is None:
        return Bands({}, {})
    return Bands({name: frozen(Raster(first.grid, values)) for name, values in sums.items()}, people)


def _files(source: PeopleSource, found: Ladder, weights: Weights) -> Iterator[tuple[int, str, Path]]:
    """Yield the files that count: age, name of the part, file."""
    names = Counter(file.name for files in found.values() for file in files)
    for age, files in found.items():
        if any(age in by_age for by_age in weights.values()):
            for file in files:
                by_age = names[file.name] > 1 or (source.pattern is not None and len(files) == 1)
                yield age, str(age) if by_age else file.name, file


def _add(sums: dict[str, Floats], name: str, values: Floats, weight: float) -> None:
    """Add a weighted band to a sum; for a cell without data in one, the other counts."""
    if name not in sums:
        sums[name] = values * weight
        return
    total = sums[name]
    total[np.isnan(total) & ~np.isnan(values)] = 0.0
    total += np.nan_to_num(values) * weight
