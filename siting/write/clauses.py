"""Clauses in words: numbers with their units, levels, force, and what a funding line pays."""

from collections.abc import Iterable, Iterator
from typing import Final

from siting.domain.standards import Award, Clause, ClauseLevel, Funding, Standard
from siting.text import Lang, knows, say
from siting.text.numbers import UNKNOWN, percent
from siting.text.numbers import number as number_text

SIGNS: Final = {"at_least": "≥ ", "at_most": "≤ "}
_PER_PERSON: Final = 3
# Figures without decimals; others have one decimal.
_WHOLE: Final = frozenset({"m2", "beds", "facilities", "people"})
_LIMITS: Final = ("new_beds_at_least", "beds_at_least", "beds_below")


def amount_text(clause: Clause, lang: Lang) -> str:
    """Return a clause's number with its sign and unit; blank where it has none.

    Examples
    --------
    >>> from siting.read import standard
    >>> from siting.write.clauses import amount_text
    >>> [amount_text(each, "en") for each in standard("cq-2019-129").clauses[:2]]
    ['≥ 230,000 beds', '≥ 60 %']
    """
    if clause.number is None:
        return ""
    sign = SIGNS[clause.comparison] if clause.comparison else ""
    if clause.unit == "share":
        return f"{sign}{clause.number * 100:g} %"
    number = f"{clause.number:,.10g}"
    return f"{sign}{number} {unit_text(clause.unit or '', number, lang)}".rstrip()


def measure_text(value: float, unit: str) -> str:
    """Return a figure of a check without its unit, in the same form for every output.

    Examples
    --------
    >>> from siting.write.clauses import measure_text
    >>> measure_text(0.389, "share"), measure_text(44533.333, "m2"), measure_text(20.136, "beds per 1000 elderly")
    ('38.9%', '44,533', '20.1')
    """
    if unit == "share":
        return percent(value)
    decimals = _PER_PERSON if unit == "m2 per person" else 0 if unit in _WHOLE or float(value).is_integer() else 1
    return number_text(value, decimals)


def unit_text(unit: str, number: str, lang: Lang) -> str:
    """Return the words of a unit after a number; a user's own unit is unchanged.

    Examples
    --------
    >>> from siting.write.clauses import unit_text
    >>> unit_text("facilities", "1", "en"), unit_text("facilities", "2", "en"), unit_text("m2", "2", "zh")
    ('facility', 'facilities', 'm²')
    """
    key = f"clause_unit.{unit}"
    return say(key, lang, number=number) if knows(key) else unit


def premises_text(remedies: object) -> str:
    """Return the ids of ``way:id``; a dash if none fits. The ways are already among the remedies.

    Examples
    --------
    >>> from siting.write.clauses import premises_text
    >>> premises_text("lease:C027;own:C099"), premises_text("none")
    ('C027, C099', '–')
    """
    return ", ".join(part.partition(":")[2] for part in str(remedies).split(";") if ":" in part) or UNKNOWN


def clause_reference(standards: Iterable[Standard], key: str, level: str, *, lang: Lang) -> str:
    """Return where a clause is, and the level at which it is required; its id if no standard has it."""
    found = (f"{each.number} {clause.article}" for each in standards for clause in each.clauses if clause.id == key)
    return f"{next(found, key)} {say(f'level.{level}', lang)}"


def class_text(clause: Clause, lang: Lang) -> str:
    """Return the whole or class that a clause counts; blank if its kind has only one."""
    return _word("clause_of", clause.of, lang) if clause.of else ""


def from_text(standard: Standard, lang: Lang) -> str:
    """Return since when a standard is in force: the day, otherwise the year of issue, otherwise "unknown".

    Examples
    --------
    >>> from siting.read import standard
    >>> from siting.write.clauses import from_text
    >>> [from_text(standard(key), "en") for key in ("cq-2019-129", "gb50180-2018", "yinchuan")]
    ['2019-12-30', '2018', 'unknown']
    """
    return str(standard.in_force or standard.issued_year or say("standard.from_unknown", lang))


def force_text(clause: Clause, lang: Lang) -> str:
    """Return a clause's force, with its target year."""
    force = say(f"force.{clause.force}", lang)
    return force if clause.target_year is None else f"{force} {clause.target_year}"


def level_text(level: ClauseLevel, lang: Lang) -> str:
    """Return the name of a level."""
    return say("clause_level.facility" if level == "facility" else f"level.{level}", lang)


def levels_text(clause: Clause, lang: Lang) -> str:
    """Return the levels of a clause, with its kinds of units."""
    join, kinds = ("、", "（{}）") if lang == "zh" else (", ", " ({})")
    levels = join.join(level_text(level, lang) for level in clause.levels)
    return levels + (kinds.format(join.join(clause.unit_kinds)) if clause.unit_kinds else "")


def bodies_text(lead: str, responsible: str, lang: Lang) -> str:
    """Return who is responsible, in the document's own words; blank if it names nobody.

    Examples
    --------
    >>> from siting.write.clauses import bodies_text
    >>> bodies_text("区民政局", "区财政局等", "en")
    'lead body: 区民政局; responsible bodies: 区财政局等'
    """
    told = [
        say(f"audit.{key}", lang, found=names) for key, names in (("lead", lead), ("responsible", responsible)) if names
    ]
    return ("；" if lang == "zh" else "; ").join(told)


def why_text(clause: Clause, lang: Lang) -> str:
    """Return why a clause is not computed; blank if it is."""
    return clause.why_zh if lang == "zh" else clause.why_en


def note_text(clause: Clause, lang: Lang) -> str:
    """Return the note upon a clause."""
    return clause.note_zh if lang == "zh" else clause.note_en


def award_text(award: Award, lang: Lang) -> str:
    """Return one rate of a funding line with its limits."""
    bounds = ((name, getattr(award, name)) for name in _LIMITS)
    limits = [say(f"award_limit.{name}", lang, number=f"{bound:g}") for name, bound in bounds if bound is not None]
    if award.rating_kind is not None:
        limits.insert(0, say(f"award_limit.{award.rating_kind}", lang, number=award.rating))
    paid = f"{award.cny:,.10g} {say(f'award_per.{award.per}', lang)}"
    return f"{paid}{_brackets(limits, lang)}"


def terms_text(funding: Funding, lang: Lang) -> str:
    """Return the limits of a funding line: cap, once only, lease, and the clauses to which it is related."""
    return ("；" if lang == "zh" else "; ").join(_terms(funding, lang))


def _terms(funding: Funding, lang: Lang) -> Iterator[str]:
    if funding.lease_years_at_least is not None:
        yield say("award_limit.lease_years", lang, number=f"{funding.lease_years_at_least:g}")
    if funding.cap_cny is not None:
        cap = "cap_lifelong" if funding.cap_per_site_lifelong else "cap"
        yield say(f"award_limit.{cap}", lang, number=f"{funding.cap_cny:,.10g}")
    if funding.once:
        yield say("award_limit.once", lang)
    if funding.mean_not_entitlement:
        yield say("award_limit.mean", lang)
    if funding.not_with is not None:
        yield say("award_limit.not_with", lang, line=say(f"funding_line.{funding.not_with}", lang))
    for name in ("adds_to", "excludes"):
        ids = getattr(funding, name)
        if ids:
            yield say(f"award_limit.{name}", lang, ids=("、" if lang == "zh" else ", ").join(ids))


def _brackets(words: list[str], lang: Lang) -> str:
    if not words:
        return ""
    return f"（{'，'.join(words)}）" if lang == "zh" else f" ({', '.join(words)})"


def _word(group: str, word: str, lang: Lang) -> str:
    """Return the text of a word of the data; a user's own word is unchanged."""
    key = f"{group}.{word}"
    return say(key, lang) if knows(key) else word
