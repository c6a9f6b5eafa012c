"""Where a standard holds: the districts of a scenario that are of its jurisdiction, by name or by code."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from siting.domain.nouns import Inputs, Jurisdiction, Note
from siting.domain.partly import listed
from siting.domain.scenario import Scenario
from siting.domain.standards import Clause, Standard

_DISTRICT: Final = "district"
# What stands before a district in its full name, and how districts and counties end.
_PARENTS: Final = re.compile(r"^.+?(?:省|自治区|市)(?=.)")
_ENDS: Final = ("区", "县", "旗")
# Names of no place: 某区, 本区, 全区.
_NO_PLACE: Final = ("某", "本", "全", "该", "各")
# A code of administrative divisions (GB/T 2260, GB/T 10114): of a district six digits, then those of its parts.
_CODE: Final = re.compile(r"(?a:\d{6})(?:(?a:\d{3}){0,2})")
_DIGITS: Final = 6


@dataclass(frozen=True)
class Grounds:
    """Where some sites stand, as far as standards ask.

    ``beyond`` names, by standard, the sites in districts where it does not hold, ``compared`` the standards that are
    there for comparison, ``left_out`` the sites on the area that standards leave out (None: the area is not known).
    """

    beyond: Mapping[str, frozenset[object]] = field(default_factory=dict)
    compared: frozenset[str] = frozenset()
    left_out: frozenset[object] | None = None

    def holds(self, standard: Standard, clause: Clause, site: object) -> bool:
        """Tell whether a clause holds at a site."""
        out = self.left_out if clause.without_excluded and self.left_out is not None else frozenset[object]()
        return site not in self.beyond.get(standard.id, ()) and site not in out


def grounds_of(law: Jurisdiction, inputs: Inputs, sites: gpd.GeoDataFrame, districts: pd.Series) -> Grounds:
    """Tell where sites stand, as far as standards ask.

    Parameters
    ----------
    law : Jurisdiction
        Which standards hold where.
    inputs : Inputs
        With the area that standards leave out, if it is given.
    sites : geopandas.GeoDataFrame
        Sites, indexed by id.
    districts : pandas.Series
        The district of each; blank where it is not known.
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
    """Return the district or county whose standard it is; None for that of a city, a province or the country.

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
    """Tell whether a district's standard holds in a district of that name and code; None where neither tells.

    A name tells that it is another if it is one of a district or county (it ends with 区, 县 or 旗), a code if it is
    one of administrative divisions.

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
        Those in force.
    scenario : Scenario
        Its ``standards.place`` says where the units lie, where they do not.
    units : mapping of str to geopandas.GeoDataFrame
        Units of every level, with ``name``.
    holders : mapping of str to pandas.Series
        By level, the unit that holds each place.

    Returns
    -------
    Jurisdiction
        A standard holds in all districts of which nothing tells that they are others.
    """
    districts = units.get(_DISTRICT)
    compared, elsewhere, notes = set[str](), dict[str, frozenset[object]](), list[Note]()
    for standard in standards:
        if of_district(standard) is None:
            continue
        told: dict[object, bool | None] = (
            {} if districts is None else {key: holds_in(standard, name, key) for key, name in districts["name"].items()}
        )
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
    return Jurisdiction(frozenset(compared), elsewhere, _districts(units, holders), tuple(notes))


def _named(districts: gpd.GeoDataFrame | None, keys: Iterable[object]) -> str:
    names = {} if districts is None else districts["name"].to_dict()
    return listed(sorted(str(names.get(key, key)) for key in keys))


def _districts(units: Mapping[str, gpd.GeoDataFrame], holders: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Return the district of every place of every level: itself, or what holds it, directly or through others."""
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
