"""Where a standard holds: the districts of a scenario in its jurisdiction, by name or by code."""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from siting.domain.nouns import Inputs, Jurisdiction, Note
from siting.domain.scenario import FINE_TO_COARSE, Scenario
from siting.domain.standards import Clause, Standard
from siting.listing import listed

_DISTRICT: Final = "district"
# What precedes a district in its full name, and the endings of districts and counties.
_PARENTS: Final = re.compile(r"^.+?(?:省|自治区|市)(?=.)")
_ENDS: Final = ("区", "县", "旗")
# Names that name no particular place: 某区, 本区, 全区.
_NO_PLACE: Final = ("某", "本", "全", "该", "各")
# A code of administrative divisions (GB/T 2260, GB/T 10114): six digits for a district, more for its parts.
_CODE: Final = re.compile(r"(?a:\d{6})(?:(?a:\d{3}){0,2})")
_DIGITS: Final = 6
# Codes of streets and of communities begin with that of their district, which begins with that of a province.
_PARTS: Final = {
    "street": re.compile(r"(?a:\d{9})"),
    "community": re.compile(r"(?a:\d{12})"),
}
_PROVINCES: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]")


@dataclass(frozen=True)
class Grounds:
    """Where some sites are, as far as standards depend on it.

    ``beyond`` names, by standard, the sites in districts where it does not hold, ``compared`` the standards that are
    only for comparison, ``left_out`` the sites in the area that standards exclude (None: the area is unknown).
    """

    beyond: Mapping[str, frozenset[object]] = field(default_factory=dict)
    compared: frozenset[str] = frozenset()
    left_out: frozenset[object] | None = None

    def holds(self, standard: Standard, clause: Clause, site: object) -> bool:
        """Tell whether a clause holds at a site."""
        out = self.left_out if clause.without_excluded and self.left_out is not None else frozenset[object]()
        return site not in self.beyond.get(standard.id, ()) and site not in out


def grounds_of(law: Jurisdiction, inputs: Inputs, sites: gpd.GeoDataFrame, districts: pd.Series) -> Grounds:
    """Return where sites are, as far as standards depend on it.

    Parameters
    ----------
    law : Jurisdiction
        Which standards hold where.
    inputs : Inputs
        With the area that standards exclude, if it is given.
    sites : geopandas.GeoDataFrame
        Sites, indexed by id.
    districts : pandas.Series
        The district of each; blank if unknown.
    """
    area = inputs.exclude_area
    points = sites.geometry.representative_point().to_numpy()
    inside = None if area is None else shapely.contains(shapely.union_all(area.geometry.to_numpy()), points)
    return Grounds(
        {key: frozenset(sites.index[districts.isin(others).to_numpy()]) for key, others in law.elsewhere.items()},
        law.compared,
        None if inside is None else frozenset(sites.index[inside]),
    )


def of_district(standard: Standard) -> str | None:
    """Return the district or county that issued a standard; None for that of a city, a province or the country.

    Examples
    --------
    >>> from siting.domain.jurisdiction import of_district
    >>> from siting.read import standard
    >>> of_district(standard("yubei-2018-40")), of_district(standard("cq-2019-129"))
    ('渝北区', None)
    """
    name = standard.jurisdiction
    while (shorter := _PARENTS.sub("", name)) != name:
        name = shorter
    return name if name.endswith(_ENDS) and not name.endswith("自治区") and len(name) > 1 else None


def holds_in(standard: Standard, name: object, key: object) -> bool | None:
    """Tell whether a district's standard holds in a district with this name and code; None if neither tells.

    A name proves that it is another district if it is a name of a district or county (it ends with 区, 县 or 旗), a
    code if it is a code of administrative divisions.

    Examples
    --------
    >>> from siting.domain.jurisdiction import holds_in
    >>> from siting.read import standard
    >>> yubei = standard("yubei-2018-40")
    >>> holds_in(yubei, "重庆市渝北区", "d1"), holds_in(yubei, "江北区", "d2"), holds_in(yubei, "North", "d3")
    (True, False, None)
    >>> holds_in(yubei, "North", "500112"), holds_in(yubei, "North", "500105")
    (True, False)
    """
    own = of_district(standard)
    if own is None:
        return True
    called = name if isinstance(name, str) else ""
    if own[:2] in called:
        return True
    coded = standard.code and _CODE.fullmatch(str(key))
    if coded and str(key)[:_DIGITS] == standard.code:
        return True
    named = called.endswith(_ENDS) and len(called) > 1 and not called.startswith(_NO_PLACE)
    return False if named or coded else None


def jurisdiction_of(
    standards: Iterable[Standard],
    scenario: Scenario,
    units: Mapping[str, gpd.GeoDataFrame],
    holders: Mapping[str, pd.Series],
) -> Jurisdiction:
    """Tell which standards hold in which districts of a scenario (methods, 15).

    Parameters
    ----------
    standards : iterable of Standard
        The standards in force.
    scenario : Scenario
        Its ``standards.place`` tells where the units are, if they do not tell it themselves.
    units : mapping of str to geopandas.GeoDataFrame
        Units of every level, with ``name``.
    holders : mapping of str to pandas.Series
        By level, the unit that contains each place.

    Returns
    -------
    Jurisdiction
        A standard holds in all districts that are not proved to be others. If no districts are given, the codes of
        streets and communities tell in which district they are.
    """
    districts, codes = units.get(_DISTRICT), _codes(holders)
    compared, elsewhere, notes = set[str](), dict[str, frozenset[object]](), list[Note]()
    for standard in standards:
        if of_district(standard) is None:
            continue
        told = _told(standard, districts, codes)
        others = frozenset(key for key, holds in told.items() if holds is False)
        values = {"standard": standard.number, "jurisdiction": standard.jurisdiction}
        if others and len(others) < len(told):
            elsewhere[standard.id] = others
            notes.append(Note("standard_in_part_of_districts", values | {"districts": _named(districts, others)}))
        elif scenario.standards.place is not None and scenario.standards.place.startswith(standard.jurisdiction):
            continue
        elif others:
            compared.add(standard.id)
            notes.append(Note("standard_of_another_district", values | {"districts": _named(districts, others)}))
        elif True not in told.values():
            notes.append(Note("standard_of_untold_district", values))
    district_of = codes if districts is None else _districts(units, holders)
    return Jurisdiction(frozenset(compared), elsewhere, district_of, tuple(notes))


def districts_of(law: Jurisdiction, homes: pd.DataFrame) -> pd.Series:
    """Return the district of sites, from the coarsest unit that tells it; blank if none does.

    Parameters
    ----------
    law : Jurisdiction
        With the district of every unit.
    homes : pandas.DataFrame
        The unit of each site, one column for each level.
    """
    found = pd.Series(None, index=homes.index, dtype="object")
    for level in (_DISTRICT, "street", "community"):
        if level in homes and level in law.district_of:
            found = found.where(found.notna(), homes[level].map(law.district_of[level]))
    return found


def _told(
    standard: Standard, districts: gpd.GeoDataFrame | None, codes: Mapping[str, pd.Series]
) -> dict[object, bool | None]:
    """Return for every district whether a standard holds there; if a district does not tell, its parts do."""
    if districts is None:
        known = pd.concat([pd.Series(dtype="object"), *codes.values()])
        told: dict[object, bool | None] = {
            code: holds_in(standard, None, code) for code in sorted(known.dropna().unique())
        }
        return told | ({None: None} if known.isna().any() else {})
    told = {key: holds_in(standard, name, key) for key, name in districts["name"].items()}
    return {
        key: holds_in(standard, None, codes[_DISTRICT].get(key)) if holds is None else holds
        for key, holds in told.items()
    }


def _codes(holders: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Return the district code of every place, from the codes of streets and communities; blank elsewhere.

    A place without its own code is in the district of all its parts that have one, otherwise in that of the unit that
    contains it.
    """
    found = {
        level: pd.Series([_code(level, key) for key in above.index], index=above.index, dtype="object")
        for level, above in holders.items()
    }
    given = [level for level in ("residential_area", *FINE_TO_COARSE) if level in found and level != "city"]
    pairs = list(itertools.pairwise(given))
    for fine, coarse in pairs:
        parts = found[fine].groupby(holders[fine])
        agreed = parts.first()[parts.nunique().eq(1)]
        found[coarse] = found[coarse].where(found[coarse].notna(), agreed.reindex(found[coarse].index))
    for fine, coarse in reversed(pairs):
        found[fine] = found[fine].where(found[fine].notna(), holders[fine].map(found[coarse]))
    return found


def _code(level: str, key: object) -> str | None:
    """Return the code of the district that the code of a street or a community begins with."""
    form, text = _PARTS.get(level), str(key)
    return text[:_DIGITS] if form and form.fullmatch(text) and _PROVINCES.match(text) else None


def _named(districts: gpd.GeoDataFrame | None, keys: Iterable[object]) -> str:
    names = {} if districts is None else districts["name"].to_dict()
    return listed(sorted(str(names.get(key, key)) for key in keys))


def _districts(units: Mapping[str, gpd.GeoDataFrame], holders: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Return the district of every place of every level: itself, or the unit that contains it at any depth."""
    known = pd.Index([]) if _DISTRICT not in units else units[_DISTRICT].index
    found = {}
    for level, above in holders.items():
        if level == _DISTRICT:
            found[level] = pd.Series(above.index, index=above.index, dtype="object")
            continue
        now = above
        for between in ("community", "street", "planning"):
            if between in units and between != level and now.isin(units[between].index).any():
                now = now.map(holders[between])
        found[level] = now.where(now.isin(known)).astype("object")
    return found
