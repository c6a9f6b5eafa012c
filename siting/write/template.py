"""The scenario that ``siting new`` writes: every section and key explained, what must be given filled in."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from siting.domain.tables import Column
from siting.text import Lang, say
from siting.write.reference import NAME, Heading, Key, choice_text, column_text, headings, toml, unit_text

# The names that stand for ``*``, in the order in which they are written.
_NAMES: Final = {
    "units": ("street", "community", "district"),
    "units_people": ("street",),
    "constraints_exclude": ("farmland",),
    "constraints_prefer": ("renewal",),
    "population_groups": ("aged_80",),
    "basemap": ("water",),
}
# What is filled in, so that the file can be read as it is; everything else is commented out.
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
# What stands behind a commented key that has no default.
_EXAMPLES: Final[dict[str, object]] = {
    "standards.ids": ("cq-2017-162", "cq-2019-129"),
    "standards.override.*.clause": "cq-2019-129/2-3-land",
    "standards.override.*.number": 0.25,
    "standards.override.*.reason": "本区专项规划要求更高",
    "population.elderly_share": 0.22,
    "population.land_basis": "resident_current",
    "population.calibrate": "street",
    "population.projection.path": "growth.csv",
    "population.projection.base_year": 2020,
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
    "constraints.exclude.farmland.path": "farmland.gpkg",
    "constraints.exclude.farmland.clause": "永久基本农田",
    "constraints.land_use.path": "land_use.gpkg",
    "constraints.land_use.allowed": ("A6", "R22"),
    "constraints.prefer.renewal.path": "renewal.gpkg",
    "context.facilities.path": "neighbours.csv",
    "terrain.path": "dem.tif",
    "land.institution_minutes": 30,
    "provision.m2_per_100_households": 20,
    "plan.stations": 12,
    "plan.budget_cny": 20_000_000,
    "plan.max_nodes": 100_000,
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
    "*.nodata": -99999,
    "*.database": "postgresql://planner@localhost/district",
    "*.query": "select * from streets where district = '某区'",
    "*.header": 2,
    "*.attributes": "attributes.xlsx",
    "*.attributes_on": ("Layer", "图层"),
    "*.unit": "persons per cell",
}
# Keys that all layers share and that are often needed.
_OFTEN: Final = ("path", "layer", "crs", "unit")
_WIDTH: Final = 100
# A word, or one character of a script without spaces with the punctuation that must not begin a line.
_WIDE: Final = r"\u2e80-\u9fff\uff00-\uffef“"
_TOKEN: Final = re.compile(rf"[{_WIDE}][，。、：；！？）”]*|[^\s{_WIDE}]+|\s+")


def scenario_template(lang: Lang) -> str:
    """Return a scenario with every section and key explained.

    What a scenario must give is filled with examples; optional keys are commented out (``#key = value``), with their
    default, or an example where there is none.

    Parameters
    ----------
    lang : {"zh", "en"}
        Language of the explanations.

    Returns
    -------
    str
        A TOML file that :func:`siting.read_scenario` accepts.

    Examples
    --------
    >>> import tomllib
    >>> from siting.write.template import scenario_template
    >>> tomllib.loads(scenario_template("en"))["facilities"]["complete"]
    True
    """
    explained: set[str] = set()
    # What all layers share is explained once, at the first of them.
    blocks = ["\n".join(comment(say("scenario_template.head", lang)))]
    for heading in headings():
        names = _NAMES.get(heading.group, (NAME,))
        blocks += ["\n".join(_section(heading, name, explained, lang)) for name in names]
    return "\n\n".join(blocks) + "\n"


def _section(heading: Heading, own: str, explained: set[str], lang: Lang) -> Iterator[str]:
    name = heading.name.replace(NAME, own)
    keys = [(key, f"{name}.{key.name}") for key in heading.keys if key.name != "columns"]
    optional = not any(key.required or key.name == "path" for key, _ in keys)
    active = optional or any(path in _FILLED or path == "scenario.title" for _, path in keys)
    first = heading.group not in explained
    if first:
        explained.add(heading.group)
        yield from comment(("" if active else say("scenario_template.optional", lang)) + heading.text(lang))
    yield heading.line(own) if active else f"#{heading.line(own)}"
    told = False
    for key, path in keys:
        if key.text_key not in explained:
            explained.add(key.text_key)
            yield from comment(f"{key.name}{'：' if lang == 'zh' else ': '}{key.text(lang)}")
        elif _is_shared(key, path):
            continue
        elif not told:
            told = True
            yield from comment(say("scenario_template.same_as", lang))
        yield _line(key, path, lang)
    if first and heading.columns:
        yield from _columns(name, heading, lang)


def _is_shared(key: Key, path: str) -> bool:
    """Tell whether a key is one that all layers take and few need."""
    shared = key.text_key == f"scenario_key.{key.fallback}.{key.name}"
    return shared and key.name not in _OFTEN and path not in _FILLED


def _line(key: Key, path: str, lang: Lang) -> str:
    if path == "scenario.title":
        return f"{key.name} = {toml(say('scenario_template.title', lang))}"
    if path in _FILLED:
        return f"{key.name} = {toml(_FILLED[path])}"
    value = _EXAMPLES.get(path, _EXAMPLES.get(f"{NAME}.{key.name}")) if key.default is None else key.default
    return f"#{key.name} = {toml(value)}"


def _columns(name: str, heading: Heading, lang: Lang) -> Iterator[str]:
    yield from comment(say("scenario_template.columns", lang))
    yield f"#[{name}.columns]"
    rows = [(column.key, _column_note(heading.group, column, lang)) for column in heading.columns]
    if heading.group in ("facilities", "candidates"):
        rows += [(key, say("scenario_template.coordinates", lang)) for key in ("lon", "lat")]
    width = max(len(key) for key, _ in rows)
    for key, note in rows:
        yield f"{f'#{key} = {toml(key)}':<{2 * width + 6}}  # {note}"


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
        yield from (f"# {part}" for part in _wrapped(line))


def _wrapped(text: str) -> Iterator[str]:
    """Cut a text into lines; Chinese may be cut between any two characters, other scripts between words."""
    line, width = "", 0
    for token in _TOKEN.findall(text):
        wide = _width_of(token)
        if width + wide > _WIDTH and line:
            yield line.rstrip()
            line, width = "", 0
            if token.isspace():
                continue
        line, width = line + token, width + wide
    if line:
        yield line.rstrip()


def _width_of(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
