"""The scenario that ``siting new`` writes: every section and key explained, with required or found values filled in."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from siting.domain.draft import Draft, Remark
from siting.domain.tables import Column
from siting.errors import Fault
from siting.text import Lang, say
from siting.write.reference import NAME, Heading, Key, choice_text, column_text, headings, toml, unit_text
from siting.write.wrapping import wrapped

# The names that replace ``*``, in the order in which they are written.
_NAMES: Final = {
    "units": ("street", "community", "district"),
    "units_people": ("street",),
    "constraints_exclude": ("farmland",),
    "constraints_prefer": ("renewal",),
    "population_groups": ("aged_80",),
    "population_uncertainty_alternatives": ("worldpop",),
    "walkers": ("with_stick",),
    "surface_barriers": ("rivers",),
    "surface_over": ("bridges",),
    "basemap": ("water",),
}
# Values that are filled in, so that the file can be read unchanged; everything else is commented out.
_FILLED: Final[dict[str, object]] = {
    "scenario.date": dt.date(2026, 1, 1),
    "standards.place": "重庆市",
    "population.residents.path": "residents.tif",
    "population.residents.unit": "persons per cell",
    "population.elderly.pattern": "elderly_{age}.tif",
    "population.elderly.from_age": 60,
    "population.elderly.unit": "persons per cell",
    "units.street.path": "streets.gpkg",
    "units.community.path": "communities.gpkg",
    "units.district.union_of": "street",
    "facilities.path": "facilities.csv",
    "facilities.crs": "EPSG:4490",
    "facilities.complete": True,
    "network.path": "walk.gpkg",
}
# Those of them that are always filled in: they name no file and no place.
_DATE: Final = "scenario.date"
# Without these a scenario cannot be checked.
_NEEDED: Final = ("population", "units", "facilities")
# The placeholder after a commented key without a default.
_EXAMPLES: Final[dict[str, object]] = {
    "standards.ids": ("cq-2017-162", "cq-2019-129"),
    "standards.exclude_area.path": "liangjiang.gpkg",
    "standards.override.*.clause": "cq-2019-129/2-3-land",
    "standards.override.*.number": 0.25,
    "standards.override.*.reason": "本区专项规划要求更高",
    "population.elderly_share": 0.22,
    "population.land_basis": "resident_current",
    "population.calibrate": "street",
    "population.uncertainty.unit_error": 0.15,
    "population.uncertainty.level": "community",
    "population.uncertainty.alternatives.worldpop.path": "worldpop_60.tif",
    "plan.robust": "quantile",
    "population.projection.path": "growth.csv",
    "population.projection.base_year": 2020,
    "walkers.with_stick.flat_m_s": 0.7,
    "walkers.with_stick.max_slope": 0.15,
    "walkers.with_stick.escalator_m_s": 0.5,
    "walkers.with_stick.source": "……调查，2025",
    "population.groups.aged_80.from_age": 80,
    "population.groups.aged_80.to_age": 89,
    "population.groups.aged_80.share": 0.12,
    "population.groups.aged_80.path": "aged_80.tif",
    "population.groups.aged_80.unit": "persons per cell",
    "population.elderly.path": "elderly.tif",
    "population.planned_residents.path": "residents_2035.tif",
    "population.planned_elderly.path": "elderly_2035.tif",
    "units.district.path": "district.gpkg",
    "units.street.union_of": "community",
    "units.street.people.path": "street_people.csv",
    "units.community.union_of": "planning",
    "residential_areas.path": "residential_areas.gpkg",
    "candidates.path": "candidates.csv",
    "candidates.generate.spacing_m": 200,
    "constraints.exclude.farmland.path": "farmland.gpkg",
    "constraints.exclude.farmland.clause": "永久基本农田",
    "constraints.land_use.path": "land_use.gpkg",
    "constraints.land_use.allowed": ("A6", "R22"),
    "constraints.prefer.renewal.path": "renewal.gpkg",
    "context.facilities.path": "neighbours.csv",
    "surface.path": "land_cover.tif",
    "surface.factors": {"10": 0.7, "30": 0.9, "40": 0.8, "50": 1.0, "60": 0.9},
    "surface.cell_m": 10,
    "surface.barriers.rivers.path": "rivers.gpkg",
    "surface.over.bridges.path": "bridges.gpkg",
    "terrain.path": "dem.tif",
    "circle.shared_from": 0.9,
    "land.institution_minutes": 30,
    "provision.m2_per_100_households": 20,
    "provision.old_m2_per_100_households": 15,
    "standards.old_estate_before_year": 2000,
    "plan.stations": 12,
    "plan.budget_cny": 20_000_000,
    "plan.unit_share": 0.6,
    "plan.unit_level": "street",
    "plan.beyond_minutes": 45,
    "plan.capacity": 200,
    "plan.existing_capacity": 300,
    "plan.spacing_m": 300,
    "plan.most_per_unit": 3,
    "plan.links.within_m": 1500,
    "plan.links.most_children": 6,
    "plan.phases_until": 2035,
    "plan.phases.*.year": 2030,
    "plan.phases.*.stations": 4,
    "plan.phases.*.budget_cny": 8_000_000,
    "plan.max_nodes": 100_000,
    "plan.sizes.path": "sizes.csv",
    "basemap.water.path": "water.gpkg",
    "basemap.water.style": "water",
    "*.name": "某区",
    "*.layer": "layer_1",
    "*.crs": "EPSG:4490",
    "*.encoding": "gb18030",
    "*.pattern": "chn_{sex}_{age}_2020.tif",
    "*.from_age": 60,
    "*.bands": ("age60_64.tif", "age65above.tif"),
    "*.points": "h3.csv",
    "*.polygons": "blocks.gpkg",
    "population.residents.level": "community",
    "population.elderly.level": "community",
    "population.planned_residents.level": "community",
    "population.planned_elderly.level": "community",
    "*.nodata": -99999,
    "*.database": "postgresql://planner@localhost/district",
    "*.query": "select * from streets where district = '某区'",
    "*.header": 2,
    "*.attributes": "attributes.xlsx",
    "*.attributes_on": ("Layer", "图层"),
    "*.unit": "persons per cell",
}
# Sections that precede the similar layers: shared keys are explained at the first of the others.
_AHEAD: Final = ("standards_exclude_area",)
# Keys that all layers share and that are often needed.
_OFTEN: Final = ("path", "layer", "crs", "unit")
_WIDTH: Final = 100


def scenario_template(lang: Lang, draft: Draft | None = None, date: dt.date | None = None) -> str:
    """Return a scenario with every section and key explained.

    Without a draft, required keys have example values; optional keys are commented out (``#key = value``), with their
    default, or an example if there is none. With a draft, found values are filled in, each section tells why, and what
    only the user knows is a question before a commented key.

    Parameters
    ----------
    lang : {"zh", "en"}
        Language of the explanations.
    draft : Draft, optional
        The findings in the user's folder; a draft without findings counts as none.
    date : datetime.date, optional
        Date of the assessment; that of the example if absent.

    Returns
    -------
    str
        A TOML file; without a draft, or if no question is left, :func:`siting.read_scenario` accepts it.

    Examples
    --------
    >>> import tomllib
    >>> from siting.write.template import scenario_template
    >>> tomllib.loads(scenario_template("en"))["facilities"]["complete"]
    True
    """
    writer = _Writer(lang, _filled(draft, date), draft if draft is not None and draft.found else _rest_of(draft))
    # Shared keys of layers are explained once, at the first of them.
    blocks = ["\n".join(writer.head())]
    for heading in headings():
        blocks += ["\n".join(writer.section(heading, name)) for name in writer.names(heading.group)]
    return "\n\n".join(filter(None, [*blocks, "\n".join(writer.rest())])) + "\n"


def _rest_of(draft: Draft | None) -> Draft:
    """Return a draft that only lists the files that were not used."""
    return Draft() if draft is None else Draft(rest=draft.rest)


def _filled(draft: Draft | None, date: dt.date | None) -> Mapping[str, object]:
    """Return the filled-in values: the date, and the examples or the findings."""
    day = {_DATE: _FILLED[_DATE] if date is None else date}
    return (_FILLED if draft is None or not draft.found else dict(draft.filled)) | day


@dataclass
class _Writer:
    """Writes the sections one after the other, and remembers which keys are already explained."""

    lang: Lang
    filled: Mapping[str, object]
    draft: Draft
    explained: set[str] = field(default_factory=set)

    def head(self) -> Iterator[str]:
        yield from comment(say("scenario_template.head", self.lang))
        if self.draft.found:
            yield from comment(say("survey.head", self.lang))
            for code, keys in (("asked", self.draft.needed), ("optional", self.draft.optional)):
                if keys:
                    listed = say("inspect.comma", self.lang).join(keys)
                    yield from comment(say(f"survey.{code}", self.lang, keys=listed))
            if lacking := lacking_text(self.draft, self.lang):
                yield from comment(lacking)

    def rest(self) -> Iterator[str]:
        """List the files that were not used."""
        if self.draft.rest:
            yield from comment(say("survey.rest", self.lang))
            for remark in self.draft.rest:
                yield from comment(f"· {self.said(remark)}")

    def said(self, remark: Remark) -> str:
        return remark_text(remark, self.lang)

    def names(self, group: str) -> tuple[str, ...]:
        """Return the names that replace ``*``: those found, then those of the examples."""
        return tuple(dict.fromkeys((*self.draft.names.get(group, ()), *_NAMES.get(group, (NAME,)))))

    def section(self, heading: Heading, own: str) -> Iterator[str]:
        name = heading.name.replace(NAME, own)
        keys = [(key, f"{name}.{key.name}") for key in heading.keys if key.name != "columns"]
        optional = not any(key.required or key.name == "path" for key, _ in keys)
        active = optional or any(path in self.filled or path == "scenario.title" for _, path in keys)
        first = heading.group not in self.explained
        if first:
            self.explained.add(heading.group)
            lead = "" if active else say("scenario_template.optional", self.lang)
            yield from comment(lead + heading.text(self.lang))
        for remark in self.draft.remarks.get(name, ()):
            yield from comment(f"→ {self.said(remark)}")
        yield heading.line(own) if active else f"#{heading.line(own)}"
        yield from self.keys(keys)
        yield from self.columns(name, heading, whole=first)

    def columns(self, name: str, heading: Heading, *, whole: bool) -> Iterator[str]:
        """Yield the names of columns, and after them the open questions."""
        renamed = self.filled.get(f"{name}.columns", {})
        start = f"{name}.columns."
        asked = {path.removeprefix(start): each for path, each in self.draft.asked.items() if path.startswith(start)}
        if not isinstance(renamed, Mapping) or not (renamed or asked or (whole and heading.columns)):
            return
        yield from _columns(name, heading, renamed, self.lang, whole=whole, asked=tuple(asked))
        for key, remark in asked.items():
            yield from comment(f"？ {self.said(remark)}" if self.lang == "zh" else f"? {self.said(remark)}")
            yield f"#{key} = {toml(self.draft.suggested[f'{start}{key}'])}"

    def keys(self, keys: list[tuple[Key, str]]) -> Iterator[str]:
        told = False
        for key, path in keys:
            if key.group in _AHEAD and key.name not in (*_OFTEN, "empty") and path not in self.filled:
                continue
            if key.group in _AHEAD:
                yield self.line(key, path)
                continue
            asked = self.draft.asked.get(path)
            if key.text_key not in self.explained:
                self.explained.add(key.text_key)
                yield from comment(f"{key.name}{'：' if self.lang == 'zh' else ': '}{key.text(self.lang)}")
            elif asked is None and self.is_shared(key, path):
                continue
            elif not told:
                told = True
                yield from comment(say("scenario_template.same_as", self.lang))
            if asked is not None:
                yield from comment(f"？ {self.said(asked)}" if self.lang == "zh" else f"? {self.said(asked)}")
            yield self.line(key, path)

    def is_shared(self, key: Key, path: str) -> bool:
        """Tell whether a key is one that all layers have and few need."""
        shared = key.text_key == f"scenario_key.{key.fallback}.{key.name}"
        return shared and key.name not in _OFTEN and path not in self.filled

    def line(self, key: Key, path: str) -> str:
        if path in self.filled:
            return f"{key.name} = {toml(self.filled[path])}"
        if path == "scenario.title":
            return f"{key.name} = {toml(say('scenario_template.title', self.lang))}"
        if path in self.draft.suggested:
            return f"#{key.name} = {toml(self.draft.suggested[path])}"
        value = _EXAMPLES.get(path, _EXAMPLES.get(f"{NAME}.{key.name}")) if key.default is None else key.default
        if value is None:
            value = _FILLED.get(path)
        return f"#{key.name} = {toml(value)}"


def lacking_text(draft: Draft, lang: Lang) -> str | None:
    """Return which required sections were not found; None if all were."""
    lacking = [part for part in _NEEDED if not any(name.startswith(part) for name in draft.remarks)]
    return say("survey.lacking", lang, sections=say("inspect.comma", lang).join(lacking)) if lacking else None


def remark_text(remark: Remark, lang: Lang) -> str:
    """Return the text of a remark, in one line."""
    said = {
        name: value.message(lang) if isinstance(value, Fault) else str(value) for name, value in remark.values.items()
    }
    # Text from file names must not end the comment that contains it.
    values = {name: re.sub(r"[\x00-\x1f\x7f]+", " ", text) for name, text in said.items()}
    return say(f"survey.{remark.code}", lang, **values)


def _columns(
    name: str, heading: Heading, renamed: Mapping[str, str], lang: Lang, *, whole: bool, asked: Sequence[str]
) -> Iterator[str]:
    """Yield the names of columns: those found under another name, and at their first mention all names."""
    rows = [(column.key, _column_note(heading.group, column, lang)) for column in heading.columns]
    if heading.group in ("facilities", "candidates"):
        rows += [(key, say("scenario_template.coordinates", lang)) for key in ("lon", "lat")]
    if whole:
        yield from comment(say("scenario_template.columns", lang))
    rows = [(key, note) for key, note in rows if (whole or key in renamed) and key not in asked]
    yield f"{'' if renamed or asked else '#'}[{name}.columns]"
    width = max((len(key) for key, _ in rows), default=0)
    for key, note in rows:
        line = f"{'' if key in renamed else '#'}{key} = {toml(renamed.get(key, key))}"
        yield f"{line:<{2 * width + 6}}  # {note}"


def _column_note(group: str, column: Column, lang: Lang) -> str:
    facts = [say("scenario_template.required", lang)] if column.required else []
    facts += [unit_text(column, lang)] if column.unit else []
    if column.choices:
        chinese = (f"{choice} {choice_text(column, choice, lang)}" for choice in column.choices)
        facts.append("、".join(chinese) if lang == "zh" else ", ".join(column.choices))
    text = column_text(group, column, lang)
    if not facts:
        return text
    return f"{text}（{'；'.join(facts)}）" if lang == "zh" else f"{text} ({'; '.join(facts)})"


def comment(text: str) -> Iterator[str]:
    """Yield a text as lines of comment, wrapped."""
    for line in text.split("\n"):
        yield from (f"# {part}" for part in wrapped(line, _WIDTH))
