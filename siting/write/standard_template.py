"""The standard that ``siting standards new`` writes: every key explained, with an example clause."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from siting.domain.scenario import Section
from siting.domain.standards import Clause, Standard
from siting.text import Lang, say
from siting.write.reference import toml
from siting.write.template import comment

_KEY: Final = "my-standard"
# The example values; a text of the catalogue is copied.
_FILLED: Final[Mapping[str, object]] = {
    "id": _KEY,
    "jurisdiction": "重庆市",
    "in_force": dt.date(2026, 1, 1),
}
_FILLED_CLAUSE: Final[Mapping[str, object]] = {
    "id": f"{_KEY}/3-land",
    "kind": "land_per_person",
    "comparison": "at_least",
    "number": 0.25,
    "unit": "m2 per person",
    "levels": ("district",),
    "horizon": "planned",
    "force": "mandatory",
    "needs": ("land_m2", "residents", "status"),
}
_WORDED: Final = ("number", "title", "issuer", "source")
_WORDED_CLAUSE: Final = ("article", "quote")
# The placeholder after a commented key.
_EXAMPLES: Final[Mapping[str, object]] = {
    "code": "500112",
    "excludes": (),
    "issued": dt.date(2025, 12, 1),
    "issued_year": 2025,
    "repealed": dt.date(2030, 1, 1),
    "dating_zh": "",
    "dating_en": "",
    "unseen_zh": "",
    "unseen_en": "",
    "cites": (),
    "repeals": (),
    "follows": ("cq-2019-129",),
}
_EXAMPLES_CLAUSE: Final[Mapping[str, object]] = {
    "treatment": "computed",
    "why_zh": "",
    "why_en": "",
    "of": "facilities",
    "unit_kinds": ("街道",),
    "readings": ("any_facility", "by_tier"),
    "without_excluded": True,
    "lead": "区民政局",
    "responsible": "区规划自然资源局、区财政局等",
    "target_year": 2030,
    "added_since": 2026,
    "elderly_from": 60,
    "applies_to": "new",
    "urban": True,
    "remedies": ("purchase", "lease"),
    "premises": ("hotel", "public_rental"),
    "lists": ("parents",),
    "note_zh": "",
    "note_en": "",
    "conflicts_with": ("cq-2019-129/2-3-land",),
    "verified": "V",
    "source_note": "",
}
_BELOW: Final = ("clauses", "unclaused", "bodies", "funding", "examples")
_EXAMPLE: Final = """\
examples = [
  { given = { people = 90000, land_m2 = 22500 }, provided = 22500, required = 22500, shortfall = 0, verdict = "met" },
  { given = { people = 90000, land_m2 = 9000 }, provided = 9000, required = 22500, shortfall = 13500, verdict = "gap" },
]"""
_FUNDING: Final = """\
#[clauses.funding]
#line = "construction"
#payer = "district"
#tiers = ["institution"]
#operator_kinds = ["private"]
#tenure = "own"
#cap_cny = 5000000
#cap_per_site_lifelong = true
#awards = [{ cny = 10000, per = "new_bed", new_beds_at_least = 50 }]
#conditions_zh = ["…"]
#conditions_en = ["…"]"""
_BODIES: Final = """\
#[[bodies]]
#article = "…"
#lead = "…"
#responsible = "…\""""
_UNCLAUSED: Final = """\
#[[unclaused]]
#article = "…"
#quote = "…"
#reason = "principle\""""


def standard_template(lang: Lang) -> str:
    """Return the file of a standard with every key explained and one example clause.

    Parameters
    ----------
    lang : {"zh", "en"}
        Language of the explanations.

    Returns
    -------
    str
        TOML that a scenario may name unchanged under ``standards.files``.

    Examples
    --------
    >>> import tomllib
    >>> from siting.domain.standards import Standard
    >>> from siting.write.standard_template import standard_template
    >>> Standard.model_validate(tomllib.loads(standard_template("en"))).clauses[0].number
    0.25
    """
    filled = {**_FILLED, **_texts(_WORDED, lang)}
    clause = {**_FILLED_CLAUSE, **_texts(_WORDED_CLAUSE, lang)}
    blocks = (
        comment(say("standard_template.head", lang)),
        _keys(Standard.model_fields, "standard_key", filled, _EXAMPLES, lang),
        (*_explained("standard_key.clauses", "clauses", lang), "[[clauses]]", *_clause(clause, lang)),
        (*_explained("clause_key.funding", "funding", lang), _FUNDING),
        (*_explained("standard_key.unclaused", "unclaused", lang), _UNCLAUSED),
        (*_explained("standard_key.bodies", "bodies", lang), _BODIES),
    )
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def standard_from(source: Standard, lang: Lang) -> str:
    """Return the file of a user's own standard that contains all of another; missing values are to be filled in.

    Parameters
    ----------
    source : Standard
        A standard of the catalogue.
    lang : {"zh", "en"}
        Language of the explanations.

    Returns
    -------
    str
        TOML that a scenario may name unchanged under ``standards.files``; the ids begin with ``my-``.

    Examples
    --------
    >>> import tomllib
    >>> from siting.domain.standards import Standard
    >>> from siting.read import standard
    >>> from siting.write.standard_template import standard_from
    >>> Standard.model_validate(tomllib.loads(standard_from(standard("cq-2025-7"), "en"))).clauses[0].id
    'my-cq-2025-7/2-scope'
    """
    blocks = [tuple(comment(say("standard_template.copied", lang, id=source.id)))]
    blocks.append(tuple(_lines_of(source, below=("clauses", "unclaused", "bodies"), id=f"my-{source.id}")))
    for clause in source.clauses:
        lines = ["[[clauses]]", *_lines_of(clause, id=f"my-{clause.id}")]
        if not clause.quote:
            lines += [*comment(say("standard_template.fill", lang)), '#comparison = "at_least"', "#number = 0"]
        blocks.append(tuple(lines))
    blocks += [("[[unclaused]]", *_lines_of(each)) for each in source.unclaused]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _lines_of(section: Section, *, below: tuple[str, ...] = (), **other: object) -> Iterator[str]:
    """Yield the keys of a section that have values, some of them replaced."""
    said = section.model_dump(exclude_defaults=True, exclude_none=True, exclude=set(below))
    yield from (f"{name} = {toml(value)}" for name, value in {**said, **other}.items())


def _texts(keys: Iterable[str], lang: Lang) -> dict[str, object]:
    return {key: say(f"standard_template.{key}", lang) for key in keys}


def _clause(filled: Mapping[str, object], lang: Lang) -> Iterator[str]:
    yield from _keys(Clause.model_fields, "clause_key", filled, _EXAMPLES_CLAUSE, lang)
    yield from _explained("clause_key.examples", "examples", lang)
    yield _EXAMPLE


def _keys(
    fields: Iterable[str], group: str, filled: Mapping[str, object], examples: Mapping[str, object], lang: Lang
) -> Iterator[str]:
    for name in fields:
        if name in _BELOW:
            continue
        yield from _explained(f"{group}.{name}", name, lang)
        yield f"{name} = {toml(filled[name])}" if name in filled else f"#{name} = {toml(examples[name])}"


def _explained(key: str, name: str, lang: Lang) -> Iterator[str]:
    yield from comment(f"{name}{'：' if lang == 'zh' else ': '}{say(key, lang)}")
