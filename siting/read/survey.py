"""The roles of the files of a folder in a scenario, each with the reason, or a question to the user."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from siting.domain.draft import Draft, Remark
from siting.domain.tables import (
    CANDIDATE_COLUMNS,
    FACILITY_COLUMNS,
    NETWORK_COLUMNS,
    PEOPLE_COLUMNS,
    RESIDENTIAL_COLUMNS,
    UNIT_COLUMNS,
    Column,
)
from siting.read.geometry.hints import gcj02_sign, web_map_named
from siting.read.ground.osm import counted as counted_words
from siting.read.ground.way_columns import ways_in
from siting.read.scenario import refuse_foreign_name
from siting.read.survey_files import looks
from siting.read.survey_layers import Look
from siting.read.survey_names import columns_of, has_place, levels_by_values, word_in
from siting.read.survey_people import people_of_units
from siting.read.survey_place import standards_of
from siting.read.survey_who import ELDERLY_AGES, FROM_AGE, OLD, PEOPLE, Counted, age_said, counted
from siting.read.tables.aliases import find_columns
from siting.text import texts

_LEVELS: Final = ("district", "street", "community", "planning", "city")
# Words of file and layer names, and the role that each indicates; the first match decides.
_AREAS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("exclude.farmland", ("农田", "farmland", "耕地保护")),
    ("exclude.ecology", ("生态保护", "生态红线", "生态", "ecolog")),
    ("exclude.flood", ("行洪", "洪水", "河道管理", "淹没", "flood")),
    ("exclude.growth", ("开发边界", "growth_boundary")),
    ("exclude.red_line", ("红线", "保护区", "protected")),
    ("residential_areas", ("居住区", "小区", "住宅", "residential", "estate")),
    ("land_use", ("用地现状", "用地规划", "土地利用", "land_use", "landuse", "规划用地")),
    ("water", ("水系", "水面", "水域", "河流", "湖", "water", "river", "lake")),
    ("green", ("绿地", "公园", "green", "park")),
    ("units.community", ("社区", "村界", "行政村", "communit", "village")),
    ("units.street", ("街道", "乡镇", "镇街", "街镇", "street", "town", "subdistrict")),
    ("units.planning", ("规划单元", "控规单元", "planning_unit", "planning")),
    ("units.district", ("区县", "县界", "区界", "district", "county")),
    ("units.city", ("市界", "city_boundary")),
)
_CLAUSES: Final = {
    "farmland": "永久基本农田",
    "ecology": "生态保护红线",
    "flood": "河道管理范围",
    "growth": "城镇开发边界",
    "red_line": "红线",
}
_SITES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("candidates", ("闲置", "候选", "candidate", "idle", "premises", "国有资源")),
    ("facilities", ("养老", "设施", "机构", "福利院", "facilit", "nursing_home", "elderly_care")),
)
_WAYS: Final = ("路网", "道路", "步行", "road", "walk", "street", "network", "ways", "highway", "osm")
# The names of OpenStreetMap's way column in exports, which may hold other lines too.
_CLASSES: Final = (
    "residential", "footway", "path", "steps", "pedestrian", "living_street", "service", "unclassified", "track",
    "primary", "secondary", "tertiary", "trunk", "motorway", "cycleway",
)  # fmt: skip
_OUR_WAYS: Final = next(column.choices for column in NETWORK_COLUMNS if column.key == "kind") or ()
_TERRAIN: Final = ("dem", "dsm", "高程", "elev", "terrain", "srtm", "aster", "alos", "height")
_PLANNED: Final = ("planned", "规划", "2035", "future")
# How names and metadata state the unit of people in a raster.
_UNITS: Final = (
    ("persons per km2", ("per_km2", "perkm2", "per km2", "_km2", "人每平方公里", "人/平方公里")),
    ("persons per ha", ("per_ha", "perha", "per ha", "ppha", "人每公顷", "人/公顷")),
    (
        "persons per cell",
        ("ppp", "ghspop", "ghs_pop", "per_cell", "per cell", "worldpop", "人每格", "人/格"),
    ),
)
_WORLDPOP: Final = re.compile(r"^[a-z]{3}_[fmt]_\d{1,3}_\d{4}", re.IGNORECASE)
_AGE: Final = re.compile(r"(?<!\d)(\d{1,3})(?!\d)")
_SEX: Final = re.compile(r"(?<=[_\-])([fmt])(?=[_\-])", re.IGNORECASE)
_OLDEST: Final = 110
# Words that mark a number in a name as an age.
_AGED: Final = ("age", "above", "plus", "elder", "岁", "老年")
# Every row has its own value of these; no default is possible.
_NAMES_OF_ROWS: Final = ("id", "name")
# The most common values, if a ledger has no column for them.
_USUAL: Final = {"tier": "station", "status": "existing"}
# A picture of elevations changes little from cell to cell; one of people has many empty cells and jumps.
_SMOOTH: Final = 0.35
_EMPTY: Final = 0.2


@dataclass
class _Taking:
    """A draft in progress: the first file for a role gets it, the others are reported."""

    folder: str
    filled: dict[str, object] = field(default_factory=dict)
    asked: dict[str, Remark] = field(default_factory=dict)
    remarks: dict[str, tuple[Remark, ...]] = field(default_factory=dict)
    rest: list[Remark] = field(default_factory=list)
    suggested: dict[str, object] = field(default_factory=dict)
    # Tables of the people of units that have one already.
    further: list[tuple[str, Look]] = field(default_factory=list)

    def take(self, section: str, look: Look, reason: Remark, columns: Sequence[Column] = ()) -> bool:
        """Give a layer its section; report it if another layer already has the section."""
        if section in self.remarks:
            self.rest.append(Remark("spare", {"file": look.title, "section": section}))
            return False
        self.remarks[section] = (Remark("taken", {"file": look.title}), reason)
        self.filled[f"{section}.path"] = look.path
        if look.several and look.layer is not None:
            self.filled[f"{section}.layer"] = look.layer
        self.ask_crs(section, look)
        mapping = columns_of(look.columns, columns, section) if columns else {}
        if _lacks_ids(look, columns, mapping):
            mapping = {"id": mapping.get("name", "name"), **mapping}
            self.remarks[section] += (Remark("ids_are_names", {"column": mapping["id"]}),)
        if mapping:
            self.filled[f"{section}.columns"] = mapping
        self.ask_columns(section, look, columns, mapping)
        return True

    def ask_columns(self, section: str, look: Look, columns: Sequence[Column], known: Mapping[str, str]) -> None:
        """Ask which of several columns is meant, and for the values of required columns that a layer lacks."""
        lacking = []
        for key, matches in find_columns(look.columns, [each.key for each in columns], known, section).items():
            if len(matches) > 1:
                self.asked[f"{section}.columns.{key}"] = Remark("ask_which", {"file": look.title, **_named_as(matches)})
                self.suggested[f"{section}.columns.{key}"] = matches[0]
            elif not matches and any(each.key == key and each.required for each in columns):
                lacking.append(key)
        for key in [key for key in lacking if key in _NAMES_OF_ROWS]:
            remark = Remark("ask_column", {"file": look.title, **_named_as(look.columns)})
            self.asked[f"{section}.columns.{key}"] = remark
            self.suggested[f"{section}.columns.{key}"] = next(iter(look.columns), key)
        if rest := [key for key in lacking if key not in _NAMES_OF_ROWS]:
            self.asked[f"{section}.defaults"] = Remark("ask_defaults", {"file": look.title, "keys": ", ".join(rest)})
            self.suggested[f"{section}.defaults"] = {key: _USUAL[key] for key in rest}

    def forget(self, section: str) -> None:
        """Take a section back."""
        del self.remarks[section]
        for known in (self.filled, self.asked, self.suggested):
            for key in [key for key in known if key.startswith(f"{section}.")]:
                del known[key]

    def ask_crs(self, section: str, look: Look) -> None:
        """Ask for the CRS of a layer that has none, or whose coordinates contradict it."""
        sign = gcj02_sign(" ".join(look.names), look.columns) if look.form != "raster" else None
        if sign is not None:
            self.asked[f"{section}.crs"] = Remark("ask_gcj02", {"file": look.title, "sign": sign})
            self.suggested[f"{section}.crs"] = "gcj02"
        elif not look.has_crs and (said := web_map_named(look.columns)) is not None:
            self.filled[f"{section}.crs"] = said[0]
            self.remarks[section] += (Remark("crs_from_head", {"said": said[1]}),)
        elif not look.has_crs:
            named = web_map_named(cell for row in look.rows for cell in row)
            if named is not None:
                self.asked[f"{section}.crs"] = Remark("ask_web_map", {"file": look.title, "said": named[1]})
                self.suggested[f"{section}.crs"] = named[0]
                return
            self.asked[f"{section}.crs"] = Remark("ask_crs", {"file": look.title})

    def tell_age(self, section: str, look: Look, age: int | None) -> None:
        """Fill in the age from which the elderly are counted, or ask for it."""
        if age is not None:
            self.filled[f"{section}.from_age"] = age
        else:
            self.asked[f"{section}.from_age"] = Remark("ask_from_age", {"file": look.title})

    def draft(self) -> Draft:
        """Return the findings; names of sections in the order in which they are written."""
        groups = {"units": ("units.",), "constraints_exclude": ("constraints.exclude.",), "basemap": ("basemap.",)}
        names = {
            group: tuple(
                dict.fromkeys(
                    section.removeprefix(start).partition(".")[0]
                    for start in starts
                    for section in self.remarks
                    if section.startswith(start)
                )
            )
            for group, starts in groups.items()
        }
        names["units_people"] = tuple(
            section.split(".")[1] for section in self.remarks if re.fullmatch(r"units\.\w+\.people", section)
        )
        order = {level: number for number, level in enumerate(_LEVELS)}
        names["units"] = tuple(sorted(names["units"], key=lambda level: order[level]))
        known = {group: found for group, found in names.items() if found}
        return Draft(self.filled, self.asked, self.remarks, known, tuple(self.rest), self.suggested)


def survey(folder: Path) -> Draft:
    """Examine the files of a folder and report the purpose of each.

    Parameters
    ----------
    folder : Path
        The user's folder; it need not exist.

    Returns
    -------
    Draft
        The same for the same files. Missing statements are asked for, never guessed: the CRS, the unit of a raster,
        whether the ledger is complete. Without any network or boundary, straight lines or the extent of the data are
        filled in, with a remark. Without data it is empty.
    """
    refuse_foreign_name(folder.resolve())
    taking = _Taking(folder.resolve().name)
    found = list(looks(folder))
    _rasters(taking, [look for look in found if look.form == "raster"])
    taking.rest += [look.why for look in found if look.why is not None]
    guided = {look.path for look in found if _is_guide(look)}
    found = [look for look in found if not _is_guide(look)]
    # An empty ledger form contains no information.
    blank = {look.path for look in found if look.path in guided and not _has_records(look)}
    taking.rest += [Remark("blank_form", {"file": path}) for path in sorted(blank)]
    found = [look for look in found if look.path not in blank]
    # Names take precedence over columns and values; tables that belong to a layer come after it.
    left = [look for look in found if look.form not in ("unknown", "raster")]
    for place in (_by_name, _by_content, _beside):
        left = [look for look in left if not place(taking, look)]
    taking.rest += [_left_over(look) for look in left]
    _finish(taking, found)
    return taking.draft()


def _lacks_ids(look: Look, columns: Sequence[Column], mapping: Mapping[str, str]) -> bool:
    """Tell whether a layer that needs ids has only names, all different."""
    required = any(column.key == "id" and column.required for column in columns)
    if not required or "id" in mapping or "id" in look.columns:
        return False
    names = look.column(mapping.get("name", "name").lower())
    return bool(names) and len(set(names)) == len(names)


def _is_guide(look: Look) -> bool:
    """Tell whether this is the second sheet of an empty ledger form, which only explains the first."""
    return look.form == "table" and look.layer in texts()["forms.guide"].values()


def _has_records(look: Look) -> bool:
    """Tell whether anything is written below the head."""
    return any(cell.strip() for row in look.rows for cell in row)


def _left_over(look: Look) -> Remark:
    """Report why a layer is not used."""
    if look.form == "table" and _of_estates(look):
        return Remark("without_polygons", {"file": look.title})
    return Remark("not_understood", {"file": look.title, "columns": _shown(look.columns)})


def _of_estates(look: Look) -> bool:
    return bool({"households", "provided_m2"} & _ours(look, RESIDENTIAL_COLUMNS, "residential_areas"))


def _ages(taking: _Taking, found: Sequence[Look]) -> bool:
    """Tell whether the residential areas have years of construction, but do not say which of them are old."""
    path = taking.filled.get("residential_areas.path")
    columns = [_ours(look, RESIDENTIAL_COLUMNS, "residential_areas") for look in found if look.path == path]
    return any("year_built" in each and "old_estate" not in each for each in columns)


def _named_as(columns: Sequence[str]) -> dict[str, str]:
    return {"columns": _shown(columns)}


def _shown(columns: Iterable[str]) -> str:
    return ", ".join(columns) or "–"


def _finish(taking: _Taking, found: Sequence[Look]) -> None:
    """Ask what only the user knows."""
    if not taking.remarks:
        return
    people = people_of_units(taking.filled, list(taking.remarks), found, taking.further)
    for section in people.moved:
        taking.forget(section)
    taking.filled.update(people.filled)
    taking.remarks.update(people.remarks)
    taking.asked.update(people.asked)
    taking.rest += people.rest
    standards = standards_of(found, taking.folder)
    taking.filled.update(standards.filled)
    taking.remarks.update(standards.remarks)
    # They are at the head of the file.
    here = "standards.place" in {**standards.asked, **standards.filled}
    coverage = {"standards.coverage": Remark("ask_coverage")} if here and _has_units_and_facilities(taking) else {}
    if here and _ages(taking, found):
        coverage["standards.old_estate_before_year"] = Remark("ask_old_estate")
    taking.asked = {**standards.asked, **coverage, **taking.asked}
    taking.suggested.update(standards.suggested)
    taking.filled["scenario.title"] = taking.folder
    if "facilities" in taking.remarks:
        taking.asked["facilities.complete"] = Remark("ask_complete")
    if "units.street" in taking.remarks and "units.district" not in taking.remarks:
        taking.filled["units.district.union_of"] = "street"
        taking.remarks["units.district"] = (Remark("district_of_streets"),)
    if not any(section.startswith("units.") for section in taking.remarks) and _has_places(taking):
        taking.filled["units.district.of_extent"] = True
        taking.remarks["units.district"] = (Remark("district_of_extent"),)
    if not {"network", "surface"} & taking.remarks.keys():
        taking.filled["walking.mode"] = "straight_line"
        taking.remarks["walking"] = (Remark("straight_without_network"),)


def _has_places(taking: _Taking) -> bool:
    """Tell whether there is a layer whose extent can replace a unit."""
    return bool({"residential_areas", "facilities"} & taking.remarks.keys())


def _has_units_and_facilities(taking: _Taking) -> bool:
    """Tell whether clauses on unit coverage will be judged, which have two interpretations."""
    return "facilities" in taking.remarks and bool({"units.street", "units.community"} & {*taking.remarks})


# --- layers and tables ------------------------------------------------------------------------------------------------


def _by_name(taking: _Taking, look: Look) -> bool:
    """Give a layer with geometry the role of its name; False if the name indicates none."""
    if look.form == "osm":
        return _taken(taking, "network", look, Remark("because_osm"))
    if look.form == "lines":
        word = word_in(" ".join(look.names), _WAYS)
        return word is not None and _take_ways(taking, look, Remark("because_lines", {"word": word}))
    if look.form == "table" and not has_place(look.columns):
        return False
    found = _named(look, _AREAS) if look.form == "polygons" else None
    if found is not None:
        return _take_area(taking, found[0], look, found[1])
    # Sites may be drawn as plots.
    site = _named(look, _SITES)
    return site is not None and _take_site(taking, site[0], look, site[1])


def _by_content(taking: _Taking, look: Look) -> bool:
    """Give a layer with geometry the role that its columns, or the names in it, indicate."""
    shown = Remark("because_columns", {"columns": _shown(look.columns)})
    if look.form == "lines":
        ways = _highways(look) or [word for word in look.column("kind") if word in _OUR_WAYS]
        return bool(ways) and _take_ways(taking, look, shown)
    if look.form == "polygons" and _area_by_content(taking, look, shown):
        return True
    if look.form == "table" and not has_place(look.columns):
        return False
    if {"capital_cost_cny", "rent_cny_per_year", "detached"} & _ours(look, CANDIDATE_COLUMNS, "candidates"):
        return _take_site(taking, "candidates", look, shown)
    if {"tier", "beds"} & _ours(look, FACILITY_COLUMNS, "facilities"):
        return _take_site(taking, "facilities", look, shown)
    return look.form != "polygons" and _take_points(taking, look, shown)


def _area_by_content(taking: _Taking, look: Look, shown: Remark) -> bool:
    """Give polygons the role of residential areas by their columns, or of a level of units by the names in them."""
    if _of_estates(look):
        return _take_area(taking, "residential_areas", look, shown)
    levels = levels_by_values(look.columns, look.rows)
    return bool(levels) and _take_area(
        taking, f"units.{levels[0][0]}", look, Remark("because_values", {"values": levels[0][1]})
    )


def _beside(taking: _Taking, look: Look) -> bool:
    """Give a table without geometry its role: the people of known units, or further columns of residential areas."""
    if look.form != "table":
        return False
    if _of_estates(look):
        return _take_attributes(taking, look)
    return _people_of_units(taking, look) or _sites_by_name(taking, look)


def _named(look: Look, roles: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[str, Remark] | None:
    for name in look.names:
        for role, words in roles:
            word = word_in(name, words)
            if word is not None:
                return role, Remark("because_name", {"word": word})
    return None


def _taken(taking: _Taking, section: str, look: Look, reason: Remark, columns: Sequence[Column] = ()) -> bool:
    """Use a layer, or report that another has its section; in both cases it is recognised."""
    taking.take(section, look, reason, columns)
    return True


def _take_ways(taking: _Taking, look: Look, reason: Remark) -> bool:
    """Use lines as the network; ask for the column of kinds if only values look like stairs, bridges and the like."""
    if taking.take("network", look, reason) and not find_columns(look.columns, ["highway"], {}, "network")["highway"]:
        _, alike = ways_in({name: Counter(look.column(name.lower())) for name in look.columns})
        if alike and not find_columns(look.columns, ["kind"], {}, "network")["kind"]:
            shown = "; ".join(f"{name}: {counted_words(words)}" for name, words in alike.items())
            taking.asked["network.columns.kind"] = Remark("ask_ways", {"file": look.title, "columns": shown})
            taking.suggested["network.columns.kind"] = next(iter(alike))
    return True


def _highways(look: Look) -> tuple[str, ...]:
    """Return the kind of lines of OpenStreetMap that were exported to a table, in its own words."""
    return look.column("highway") or tuple(word for word in look.column("fclass") if word in _CLASSES)


def _take_attributes(taking: _Taking, look: Look) -> bool:
    section = "residential_areas"
    if section not in taking.remarks or f"{section}.attributes" in taking.filled:
        return False
    taking.filled[f"{section}.attributes"] = look.path
    taking.asked[f"{section}.attributes_on"] = Remark("ask_attributes_on", {"file": look.title})
    return True


def _take_points(taking: _Taking, look: Look, reason: Remark) -> bool:
    """Use points with persons for the residents, the elderly or both, if there is no raster."""
    found = counted(look)
    planned = any(word_in(name, _PLANNED) for name in look.names)
    for who, each in found.items():
        section = f"population.planned_{who}" if planned else f"population.{who}"
        if not each.fits:
            taking.rest.append(Remark("bands_without_start", {"file": look.title, "ages": str(each.from_age)}))
            continue
        if not taking.take(section, look, reason):
            continue
        taking.filled[f"{section}.points"] = taking.filled.pop(f"{section}.path")
        if each.column != "people":
            taking.filled[f"{section}.columns"] = {"people": each.column}
        if who == "elderly":
            taking.tell_age(section, look, each.from_age)
        if not each.said:
            taking.remarks[section] += (Remark("who_unsaid", {"column": each.column}),)
    return bool(found)


def _take_area(taking: _Taking, role: str, look: Look, reason: Remark) -> bool:
    head, _, name = role.partition(".")
    if head == "units":
        taking.take(role, look, reason, UNIT_COLUMNS)
    elif head == "exclude":
        section = f"constraints.exclude.{name}"
        if taking.take(section, look, reason):
            taking.filled[f"{section}.clause"] = _CLAUSES[name]
            if name == "growth":
                taking.filled[f"{section}.side"] = "outside"
    elif role in ("water", "green"):
        if taking.take(f"basemap.{role}", look, reason):
            taking.filled[f"basemap.{role}.style"] = role
    elif role == "land_use":
        if taking.take("constraints.land_use", look, reason):
            taking.asked["constraints.land_use.allowed"] = Remark("ask_allowed")
    else:
        taking.take(role, look, reason, RESIDENTIAL_COLUMNS)
    return True


def _ours(look: Look, columns: Sequence[Column], group: str) -> set[str]:
    """Return our columns that a layer has, under any name."""
    return {column.key for column in columns if column.key in look.columns} | set(
        columns_of(look.columns, columns, group)
    )


def _take_site(taking: _Taking, role: str, look: Look, reason: Remark) -> bool:
    columns = FACILITY_COLUMNS if role == "facilities" else CANDIDATE_COLUMNS
    return _taken(taking, role, look, reason, columns)


def _sites_by_name(taking: _Taking, look: Look) -> bool:
    """Use a ledger without coordinates: its records are located by the names that they give."""
    for role, columns, telling in (
        ("candidates", CANDIDATE_COLUMNS, {"capital_cost_cny", "rent_cny_per_year", "detached"}),
        ("facilities", FACILITY_COLUMNS, {"tier", "beds"}),
    ):
        ours = _ours(look, columns, role)
        if telling & ours and {"residential_area", "community", "street", "address"} & ours:
            _take_site(taking, role, look, Remark("because_columns", {"columns": _shown(look.columns)}))
            taking.asked.pop(f"{role}.crs", None)
            return True
    return False


def _people_of_units(taking: _Taking, look: Look) -> bool:
    """Give a table without geometry its role: the people of a known level of units."""
    levels = [level for level, _ in levels_by_values(look.columns, look.rows)]
    by_name = _named(look, [each for each in _AREAS if each[0].startswith("units.")])
    if not levels and by_name is not None:
        levels = [by_name[0].removeprefix("units.")]
    level = next((level for level in levels if f"units.{level}" in taking.remarks), "")
    section = f"units.{level}.people"
    found = {who: each for who, each in counted(look).items() if each.said and _is_of_age(taking, who, each)}
    ours = _ours(look, PEOPLE_COLUMNS, section)
    if f"units.{level}" not in taking.remarks or not (found and {"id", "name"} & ours):
        return False
    if section in taking.remarks:
        taking.further.append((section, look))
        return True
    _taken(taking, section, look, Remark("because_columns", {"columns": _shown(look.columns)}), PEOPLE_COLUMNS)
    # A table of people has no coordinates.
    taking.asked.pop(f"{section}.crs", None)
    # By its name alone the column would count residents, but the file counts the elderly; or the name is not known.
    columns = {key: name for key, name in columns_of(look.columns, PEOPLE_COLUMNS, section).items() if key not in found}
    own = {who: each.column for who, each in found.items()}
    columns = {key: name for key, name in columns.items() if name not in own.values()}
    columns |= {who: name for who, name in own.items() if who != name}
    if columns:
        taking.filled[f"{section}.columns"] = dict(sorted(columns.items()))
    return True


def _is_of_age(taking: _Taking, who: str, each: Counted) -> bool:
    """Tell whether a table counts the same people as the source of the elderly that was found, if there is one."""
    if who != "elderly" or "population.elderly" not in taking.remarks:
        return each.fits
    return each.from_age in (None, taking.filled.get("population.elderly.from_age", ELDERLY_AGES[0]))


# --- rasters ----------------------------------------------------------------------------------------------------------


def _rasters(taking: _Taking, found: Sequence[Look]) -> None:
    banded = _bands(found)
    for pattern, bands in banded.items():
        _take_bands(taking, pattern, bands)
    grouped = {look.path for bands in banded.values() for look in bands.values()}
    chain = _chain([look for look in found if look.path not in grouped])
    if chain and "population.elderly" not in taking.remarks:
        _take_chain(taking, chain)
        grouped |= {look.path for look in chain}
    for look in found:
        if look.path not in grouped:
            _single(taking, look)


def _bands(found: Sequence[Look]) -> Mapping[str, Mapping[tuple[int, str], Look]]:
    """Group rasters whose names differ only in an age (and a sex): pattern → (age, sex) → raster."""
    groups: dict[str, dict[tuple[int, str], Look]] = {}
    for look in found:
        folder, slash, name = look.path.rpartition("/")
        for match in _AGE.finditer(name):
            if int(match[1]) > _OLDEST:
                continue
            pattern = f"{name[: match.start()]}{{age}}{name[match.end() :]}"
            sex = _SEX.search(pattern)
            if sex is not None:
                pattern = f"{pattern[: sex.start()]}{{sex}}{pattern[sex.end() :]}"
            key = (int(match[1]), sex[1].lower() if sex is not None else "")
            groups.setdefault(f"{folder}{slash}{pattern}", {})[key] = look
    several = {
        pattern: bands
        for pattern, bands in groups.items()
        if len({age for age, _ in bands}) > 1 and not word_in(pattern.lower(), _TERRAIN)
    }
    return dict(sorted(several.items(), key=lambda item: -len(item[1])))


def _take_bands(taking: _Taking, pattern: str, bands: Mapping[tuple[int, str], Look]) -> None:
    ages = sorted({age for age, _ in bands})
    first = next(iter(bands.values()))
    look = Look(pattern, "raster", has_crs=all(band.has_crs for band in bands.values()), unit=first.unit)
    reason = Remark("because_bands", {"ages": ", ".join(map(str, ages))})
    start = next((age for age in ELDERLY_AGES if age in ages), None)
    if start is not None:
        _take_people(taking, "elderly", look, reason, kind="pattern")
        if taking.filled.get("population.elderly.pattern") == pattern:
            taking.filled["population.elderly.from_age"] = start
    if ages[0] == 0:
        _take_people(taking, "residents", look, reason, kind="pattern")
    if start is None and ages[0] != 0:
        taking.rest.append(Remark("bands_without_start", {"file": pattern, "ages": ", ".join(map(str, ages))}))


def _chain(found: Sequence[Look]) -> list[Look]:
    """Return rasters whose names state consecutive ranges of age: 60 to 64, then 65 and above."""
    ranges = {}
    for look in found:
        ages = [int(age) for age in _AGE.findall(look.names[-1]) if int(age) <= _OLDEST]
        if ages and word_in(look.names[-1], _AGED):
            ranges[ages[0]] = (look, ages[1] if len(ages) > 1 else None)
    for start in ELDERLY_AGES:
        chain, age = [], start
        while age in ranges:
            look, last = ranges[age]
            chain.append(look)
            if last is None:
                return chain if len(chain) > 1 else []
            age = last + 1
    return []


def _take_chain(taking: _Taking, chain: Sequence[Look]) -> None:
    """Use rasters of ranges of age together."""
    section, first = "population.elderly", chain[0]
    files = ", ".join(look.path for look in chain)
    look = Look(files, "raster", has_crs=all(each.has_crs for each in chain), unit=first.unit)
    _take_people(taking, "elderly", look, Remark("because_ranges", {"files": files}), kind="bands")
    taking.filled[f"{section}.bands"] = tuple(each.path for each in chain)
    taking.filled[f"{section}.from_age"] = next(age for age in ELDERLY_AGES if str(age) in first.names[-1])


def _single(taking: _Taking, look: Look) -> None:
    """Give one raster its role, by its name or otherwise by its values."""
    name = look.names[-1]
    aged = FROM_AGE.search(name)
    age = int(aged["behind"] or aged["before"]) if aged else None
    if age is not None and age not in ELDERLY_AGES:
        taking.rest.append(Remark("bands_without_start", {"file": look.path, "ages": str(age)}))
        return
    if aged is not None and not word_in(name, _TERRAIN):
        _take_raster(taking, "elderly", look, Remark("because_name", {"word": aged[0]}))
        return
    for role, words in (("terrain", _TERRAIN), ("elderly", OLD), ("residents", PEOPLE)):
        word = word_in(name, words)
        if word is not None:
            _take_raster(taking, role, look, Remark("because_name", {"word": word}))
            return
    kind = _by_values(look.values)
    if kind is None:
        taking.rest.append(Remark("raster_unclear", {"file": look.path}))
    else:
        _take_raster(taking, kind, look, Remark("because_smooth" if kind == "terrain" else "because_sparse"))


def _take_raster(taking: _Taking, role: str, look: Look, reason: Remark) -> None:
    if role == "terrain":
        taking.take("terrain", look, reason)
        return
    who = f"planned_{role}" if word_in(look.names[-1], _PLANNED) else role
    _take_people(taking, who, look, reason)
    if role == "elderly" and taking.filled.get(f"population.{who}.path") == look.path:
        taking.tell_age(f"population.{who}", look, age_said(look.names[-1]))


def _by_values(picture: np.ndarray | None) -> str | None:
    """Distinguish elevations from people by how a picture of them changes; None if it is neither."""
    if picture is None or not np.isfinite(picture).any():
        return None
    known = picture[np.isfinite(picture)]
    spread = float(known.std())
    steps = np.abs(np.diff(picture, axis=1))
    jump = float(np.nanmean(steps)) if np.isfinite(steps).any() else np.inf
    empty = float(np.mean(known == 0))
    if spread > 0 and jump / spread < _SMOOTH and empty < _EMPTY:
        return "terrain"
    return "residents" if float(known.min()) >= 0 and empty >= _EMPTY and known.max() > 0 else None


def _take_people(taking: _Taking, who: str, look: Look, reason: Remark, kind: str = "path") -> None:
    section = f"population.{who}"
    if not taking.take(section, look, reason):
        return
    if kind != "path":
        taking.filled[f"{section}.{kind}"] = taking.filled.pop(f"{section}.path")
    unit, said = next(_unit(look), (None, ""))
    if unit is None:
        taking.asked[f"{section}.unit"] = Remark("ask_unit", {"file": look.path})
    else:
        taking.filled[f"{section}.unit"] = unit
        taking.remarks[section] += (Remark("unit_said", {"unit": unit, "word": said}),)


def _unit(look: Look) -> Iterator[tuple[str, str]]:
    """Yield the unit that the name or the metadata of a raster states, and the word for it."""
    name = look.path.rpartition("/")[2]
    for text in (look.unit.lower(), name.lower()):
        for unit, words in _UNITS:
            word = word_in(text, words)
            if word is not None:
                yield unit, word
    if _WORLDPOP.match(name.replace("{sex}", "f").replace("{age}", "60")):
        yield "persons per cell", name
