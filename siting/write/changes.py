"""A comparison of two checks in words, and as files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from siting.domain.changes import CHECK_FIGURES, WHOLE, Changes, Measured
from siting.domain.intervals import ENDS
from siting.domain.scenario import FINE_TO_COARSE
from siting.domain.withheld import ROUNDED
from siting.listing import listed
from siting.text import LANGS, Lang, knows, say
from siting.text.numbers import UNKNOWN, between, number, signless_zero
from siting.version import SCHEMA_VERSION, __version__
from siting.write.geojson import plain, write_features
from siting.write.tables import write_table

# The main figures of the whole; land per person is that of the land basis.
_MAIN: Final = (
    "covered_share",
    "elderly_covered",
    "elderly_uncovered",
    "land_m2_per_resident",
    "land_m2_per_elderly",
    "land_gap_01_m2",
    "land_gap_02_m2",
    "residents",
    "elderly",
    "facilities_counted",
)
_WORTH: Final = ("least", "greatest", "mean")
_LAND_DIGITS: Final = 3


def part_text(key: str, lang: Lang) -> str:
    """Return the name of parts that are exchanged together.

    Examples
    --------
    >>> from siting.write.changes import part_text
    >>> part_text("people", "zh"), part_text("rules+settings", "en")
    ('人口', 'rules + settings')
    """
    return say("change.and", lang).join(say(f"change.part.{part}", lang) for part in key.split("+"))


def side_text(side: Measured, lang: Lang) -> str:
    """Return the title, the date and the planned year of one of the checks."""
    horizon = side.facts["horizon"]
    year = "" if horizon == "current" else say("change.side_year", lang, year=horizon)
    told = say("change.side_text", lang, title=side.facts["title"], date=side.facts["date"], year=year)
    return f"{told} {say('change.side_rounded', lang)}" if side.facts.get(ROUNDED) else told


def head_text(changes: Changes, lang: Lang) -> str:
    """Return which checks are compared."""
    return say("change.title", lang, old=side_text(changes.old, lang), new=side_text(changes.new, lang))


def value_text(figure: str, value: float) -> str:
    """Return a figure of the whole or of a place, in the form of the gap report's screen."""
    if not np.isfinite(value):
        return UNKNOWN
    if figure.startswith("covered_share"):
        return f"{100 * value:.1f}%"
    return number(value, _digits(figure))


def change_text(figure: str, value: float) -> str:
    """Return a change with its sign; of a share in percentage points.

    Examples
    --------
    >>> from siting.write.changes import change_text
    >>> change_text("covered_share", 0.0251), change_text("elderly", -1200.0), change_text("elderly", 0.0)
    ('+2.5', '-1,200', '0')
    """
    if not np.isfinite(value):
        return UNKNOWN
    if figure.startswith("covered_share"):
        return signless_zero(f"{100 * value:+z.1f}")
    return signless_zero(f"{value:+z,.{_digits(figure)}f}")


def _digits(figure: str) -> int:
    return _LAND_DIGITS if "_per_" in figure else 1 if figure == "minutes_to_nearest" else 0


def main_figures(changes: Changes) -> pd.DataFrame:
    """Return the rows of the main figures of the whole; land per elderly person only where that is the basis."""
    whole = changes.table[changes.table["level"] == WHOLE].set_index("figure")
    of_elderly = any(str(each.facts.get("land_basis", "")).startswith("elderly") for each in (changes.old, changes.new))
    hidden = "land_m2_per_resident" if of_elderly else "land_m2_per_elderly"
    return whole.loc[[figure for figure in _MAIN if figure in whole.index and figure != hidden]].reset_index()


def main_rows(changes: Changes) -> Iterator[tuple[str, str, str, str]]:
    """Yield each main figure: its key, before, after, change (of the end that is certain)."""
    whole = by_figure(changes.table[changes.table["level"] == WHOLE])
    for figure in main_figures(changes)["figure"]:
        texts = (figure_at(whole, figure, side) for side in ("before", "after"))
        yield (figure, *texts, change_text(figure, whole[figure]["change"]))


def by_figure(rows: pd.DataFrame) -> dict[str, Mapping[Any, Any]]:
    """Return the rows of one place, or of the whole, by figure."""
    return {str(row["figure"]): row for row in rows.to_dict("records")}


def figure_at(rows: Mapping[str, Mapping[Any, Any]], figure: str, side: str) -> str:
    """Return a figure before or after as text: a number, or its ends if it is known as an interval.

    Parameters
    ----------
    rows : mapping
        The rows of a place, or of the whole, by figure.
    figure : str
        The figure.
    side : {"before", "after"}
        Which.

    Examples
    --------
    >>> from siting.write.changes import figure_at
    >>> rows = {"land_gap_02_low_m2": {"before": 0.0}, "land_gap_02_m2": {"before": 29222.1}}
    >>> figure_at(rows, "land_gap_02_m2", "before")
    '≤ 29,222'
    """
    value = rows[figure][side]
    ends = ENDS.get(figure)
    if ends is None or not np.isfinite(value):
        return value_text(figure, value)
    # A second end that equals the first has no row.
    low, high = (rows.get(end, rows[figure])[side] for end in (ends.low, ends.high))
    return between(low, high, lambda end: value_text(figure, end), most=ends.most)


def part_rows(changes: Changes) -> Iterator[tuple[str, ...]]:
    """Yield each main figure that changes: its key, the whole change, and the part of each block that differs."""
    for row in _moving(changes):
        figure = str(row["figure"])
        parts = (change_text(figure, row[f"by_{key}"]) for key in changes.differ)
        yield (figure, change_text(figure, row["change"]), *parts)


def worth_rows(changes: Changes, lang: Lang) -> Iterator[tuple[str, ...]]:
    """Yield each main figure whose parts depend on the order, and their ends and mean over all orders."""
    for row in _moving(changes):
        figure = str(row["figure"])
        ends = [[change_text(figure, row[f"by_{key}_{name}"]) for name in _WORTH] for key in changes.differ]
        if any(least != greatest for least, greatest, _ in ends):
            yield (figure, *(_range(*end, lang=lang) for end in ends))


def _range(least: str, greatest: str, mean: str, *, lang: Lang) -> str:
    return least if least == greatest else say("change.range", lang, least=least, greatest=greatest, mean=mean)


def _moving(changes: Changes) -> Iterator[Mapping[Any, Any]]:
    """Yield the main figures of which the whole or a part is not zero."""
    if not changes.is_split:
        return
    for row in main_figures(changes).to_dict("records"):
        values = [row["change"], *(row[f"by_{key}"] for key in changes.differ)]
        if any(np.nan_to_num(value) for value in values):
            yield row


def turned(changes: Changes) -> pd.DataFrame:
    """Return the checks whose verdict changed: one row each; a check only in one of them has no other verdict."""
    rows = changes.table[changes.table["figure"] == "provided_low"]
    both = rows["verdict_before"].notna() & rows["verdict_after"].notna()
    return rows[both & (rows["verdict_before"] != rows["verdict_after"])]


def turned_groups(changes: Changes) -> pd.DataFrame:
    """Return in how many places verdicts changed, by kind of clause and level; binding ones and many places first."""
    found = turned(changes)
    # What is unknown to bind counts among what does not.
    found = found.assign(turned_by=found["verdict_by"].map(tuple), binding=found["binding"].eq(other=True))
    keys = ["kind", "level", "verdict_before", "verdict_after", "turned_by"]
    groups = found.groupby(keys, sort=False, dropna=False)
    table = groups.agg(count=("id", "nunique"), binding=("binding", "max"), name=("name", "first")).reset_index()
    return table.sort_values(["binding", "count"], ascending=False, kind="stable", ignore_index=True)


def level_of_places(changes: Changes) -> str | None:
    """Return the level of the units whose changes are shown: streets, otherwise the finest; None without units."""
    levels = {*changes.places.index.get_level_values("level")}
    return next((level for level in ("street", *FINE_TO_COARSE) if level in levels), None)


def largest(changes: Changes, figure: str = "covered_share") -> pd.DataFrame:
    """Return the units of a level whose figure changes, the largest change first."""
    table = changes.table
    rows = table[(table["level"] == level_of_places(changes)) & (table["figure"] == figure)]
    rows = rows[rows["change"].notna() & (rows["change"] != 0)]
    return rows.iloc[np.argsort(-rows["change"].abs().to_numpy(), kind="stable")]


def largest_part(row: Mapping[Any, Any], changes: Changes, lang: Lang) -> str:
    """Return the part that contributes most to a row's change; empty if it is not split."""
    parts = {key: abs(row[f"by_{key}"]) for key in changes.differ if f"by_{key}" in row}
    known = {key: value for key, value in parts.items() if np.isfinite(value) and value > 0}
    return part_text(max(known, key=known.__getitem__), lang) if known else ""


def note_texts(changes: Changes, lang: Lang) -> list[str]:
    """Return what must be known to read the comparison: what is not split and why, and what is only in one check."""
    notes = [say("warning.people_rounded", lang)] if _is_rounded(changes) else []
    if not changes.is_split:
        notes.append(say("change.no_split", lang))
    elif not changes.differ:
        notes.append(say("change.nothing", lang))
    elif same := [key for key in changes.keys if key not in changes.differ]:
        parts = say("change.list", lang).join(part_text(key, lang) for key in same)
        notes.append(say("change.same_parts", lang, parts=parts))
    if changes.why_together:
        joint = say("change.list", lang).join(part_text(key, lang) for key in changes.keys if "+" in key)
        first, *rest = (fault.message(lang) for fault in changes.why_together)
        why = first + (say("change.more_causes", lang, count=len(rest)) if rest else "")
        notes.append(say("change.together", lang, parts=joint, why=why))
    if changes.is_split and changes.differ and not changes.all_orders:
        notes.append(say("change.order_stated_only", lang))
    if changes.is_split and changes.differ and changes.all_orders and not [*worth_rows(changes, lang)]:
        notes.append(say("change.order_idle", lang))
    if turned(changes).empty:
        notes.append(say("change.verdicts_none", lang))
    bases = [str(each.facts.get("land_basis")) for each in (changes.old, changes.new)]
    if bases[0] != bases[1]:
        old, new = (say(f"basis.{basis}", lang) for basis in bases)
        notes.append(say("change.basis_differs", lang, old=old, new=new))
    if any(sign in text for row in main_rows(changes) for text in row[1:3] for sign in ("≥", "≤", "–")):
        notes.append(say("change.intervals", lang))
    return [*notes, *_only_in_one(changes, lang), *_unsplit(changes, lang)]


def _only_in_one(changes: Changes, lang: Lang) -> Iterator[str]:
    for side in ("old", "new"):
        rows = changes.places[changes.places["only_in"] == side]
        ids = rows.index.get_level_values("id")
        named = [f"{name} ({key})" for name, key in zip(rows["name"], ids, strict=True)]
        if named:
            places = listed(named, join=say("change.list", lang), before_mark="")
            yield say(f"change.only_in_{side}", lang, count=len(named), places=places)
    clauses = [set(each.checks.index.get_level_values("clause_id")) for each in (changes.old, changes.new)]
    if alone := sorted(clauses[0] ^ clauses[1]):
        yield say("change.clauses_only", lang, clauses=say("change.list", lang).join(alone))


def _unsplit(changes: Changes, lang: Lang) -> Iterator[str]:
    if not (changes.is_split and changes.differ):
        return
    parts = changes.table[[f"by_{key}" for key in changes.differ]].isna().any(axis=1)
    if count := int((parts & changes.table["change"].notna()).sum()):
        yield say("change.unsplit", lang, count=count)


def _is_rounded(changes: Changes) -> bool:
    """Tell whether the people of one of the checks are rounded, so that it may be passed on."""
    return any(side.facts.get(ROUNDED) for side in (changes.old, changes.new))


def worded_table(changes: Changes, lang: Lang) -> pd.DataFrame:
    """Return the table with the heads of its parts in words; what is the same in all orders is left out."""
    table = changes.table.assign(
        verdict_by=changes.table["verdict_by"].map(lambda keys: [part_text(key, lang) for key in keys])
    )
    same = [key for key in changes.keys if key not in changes.differ]
    idle = [f"by_{key}_{name}" for key in (changes.keys if not changes.all_orders else same) for name in _WORTH]
    heads = {f"by_{key}": say("change.worth.stated", lang, part=part_text(key, lang)) for key in changes.keys}
    for key in changes.keys:
        for name in _WORTH:
            heads[f"by_{key}_{name}"] = say(f"change.worth.{name}", lang, part=part_text(key, lang))
    return table.drop(columns=[name for name in idle if name in table]).rename(columns=heads)


def write_changes_table(path: Path, changes: Changes, lang: Lang) -> None:
    """Write the table of a comparison as CSV, XLSX or JSON, by the file's ending."""
    table = changes.table.copy() if path.suffix.lower() == ".json" else worded_table(changes, lang)
    if _is_rounded(changes):
        table.attrs[ROUNDED] = True
    write_table(path, table, lang)


def write_changes(path: Path, changes: Changes) -> None:
    """Write a comparison as GeoJSON: a feature for each place of either check.

    Parameters
    ----------
    path : pathlib.Path
        File to write; it is replaced whole.
    changes : Changes
        The comparison. Each feature has ``level``, ``id``, ``name``, ``only_in``, for each figure ``FIGURE_before``,
        ``FIGURE_after`` and ``FIGURE_change``, its split in ``figures``, and ``checks``. The whole is in ``totals``.
    """
    places = dict(iter(changes.table.groupby(["level", "id"], sort=False)))
    nothing = changes.table.iloc[:0]
    properties = (
        {"level": level, "id": key, "name": plain(row.name_), "only_in": row.only_in}
        | _properties(places.get((level, key), nothing), changes)
        for (level, key), row in zip(
            changes.places.index, changes.places.rename(columns={"name": "name_"}).itertuples(), strict=True
        )
    )
    whole = changes.table[changes.table["level"] == WHOLE]
    members = {
        "siting": __version__,
        "schema_version": SCHEMA_VERSION,
        "old": dict(changes.old.facts),
        "new": dict(changes.new.facts),
        "split": changes.is_split,
        "order": [list(block) for block in changes.blocks],
        "differ": list(changes.differ),
        "all_orders": changes.all_orders,
        "notes": [
            dict(zip(LANGS, texts, strict=True))
            for texts in zip(*(note_texts(changes, lang) for lang in LANGS), strict=True)
        ],
        "totals": {row["figure"]: _figure(row, changes) for row in whole.to_dict("records")},
    }
    write_features(path, "comparison", members, changes.places, properties)


def _properties(rows: pd.DataFrame, changes: Changes) -> dict[str, Any]:
    of_check = rows["figure"].isin(CHECK_FIGURES)
    figures = {str(row["figure"]): row for row in rows[~of_check].to_dict("records")}
    flat = {f"{name}_{key}": plain(row[key]) for name, row in figures.items() for key in ("before", "after", "change")}
    checks: dict[tuple[Any, ...], dict[str, Any]] = {}
    told = ["clause_id", "standard_id", "kind", "basis", "extent", "binding", "unit", "only_in"]
    told += ["verdict_before", "verdict_after", "verdict_by"]
    for row in rows[of_check].to_dict("records"):
        key = (row["clause_id"], row["extent"], row["basis"])
        check = checks.setdefault(key, {name: _told(row[name]) for name in told} | {"figures": {}})
        check["figures"][row["figure"]] = _figure(row, changes)
    return flat | {
        "figures": {name: _figure(row, changes) for name, row in figures.items()},
        "checks": [*checks.values()],
    }


def _told(value: Any) -> Any:  # noqa: ANN401 - any cell
    return None if not isinstance(value, list) and pd.isna(value) else plain(value)


def _figure(row: Mapping[Any, Any], changes: Changes) -> dict[str, Any]:
    found = {key: plain(row[key]) for key in ("before", "after", "change")}
    if not changes.is_split:
        return found
    found["by"] = {key: plain(row[f"by_{key}"]) for key in changes.keys}
    if changes.all_orders:
        found |= {name: {key: plain(row[f"by_{key}_{name}"]) for key in changes.differ} for name in _WORTH}
    return found


def figure_name(figure: str, lang: Lang) -> str:
    """Return the name of a figure.

    Examples
    --------
    >>> from siting.write.changes import figure_name
    >>> figure_name("land_m2_per_resident", "en"), figure_name("elderly_covered", "en")
    ('land per resident', 'elderly covered')
    """
    return say(next(key for key in (f"change.figure.{figure}", f"field.{figure}") if knows(key)), lang)
