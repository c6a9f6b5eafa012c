"""The first tables of a gap report and of a plan, for the terminal and notebooks."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

import pandas as pd

from siting.domain.intervals import figure_text
from siting.text import Lang, say
from siting.text.numbers import between, number, percent

# Columns of a gap report: their heads are under ``cli.column``.
GAP_KEYS: Final = ("unit", "residents", "elderly", "covered", "land", "gap_01", "gap_02", "verdict")
# Digits of land per person.
_LAND_DIGITS: Final = 3


def gap_rows(units: pd.DataFrame, totals: Mapping[str, Any], lang: Lang) -> Iterator[tuple[str, ...]]:
    """Yield the texts of ``GAP_KEYS`` of each unit of a table, and of the whole last.

    Parameters
    ----------
    units : pandas.DataFrame
        Units of a gap report.
    totals : mapping
        Its figures of the whole, with ``verdict``, None if the whole is not a single unit.
    lang : {"zh", "en"}
        Language.
    """
    per = "land_m2_per_elderly" if totals["land_basis"].startswith("elderly") else "land_m2_per_resident"
    rows: list[dict[Any, Any]] = units.to_dict("records")
    whole = "total_on_grid" if "grid_part" in totals["warnings"] else "total"
    for row in (*rows, {**totals, "name": say(f"cli.{whole}", lang)}):
        yield (
            str(row["name"]),
            figure_text("residents", row, number),
            figure_text("elderly", row, number),
            figure_text("covered_share", row, percent),
            figure_text(per, row, lambda value: number(value, _LAND_DIGITS)),
            figure_text("land_gap_01_m2", row, number),
            figure_text("land_gap_02_m2", row, number),
            say(f"verdict.{row['verdict']}", lang) if row["verdict"] else "",
        )


def required_text(totals: Mapping[str, Any], floor: str) -> str:
    """Return the land that the whole requires (``"01"``, ``"02"``): its people × the minimum, with interval ends.

    Examples
    --------
    >>> from siting.write.shown import required_text
    >>> totals = {"land_basis": "resident_current", "residents": 400.0, "land_required_01_m2": 40.0}
    >>> [required_text({**totals, "residents_high": most}, "01") for most in (400.0, 500.0)]
    ['40', '40–50']
    """
    people = "elderly" if totals["land_basis"].startswith("elderly") else "residents"
    required, known, most = (totals.get(key) for key in (f"land_required_{floor}_m2", people, f"{people}_high"))
    if required is None or not known or most is None:
        return number(required)
    return between(required, required * most / known, number)


def whole_text(totals: Mapping[str, Any], lang: Lang) -> str:
    """Return what a gap report found of the whole: people covered, facilities, land provided and required."""
    of_elderly = totals["land_basis"].startswith("elderly")
    around = totals["facilities_around"]
    told = {
        "covered": figure_text("elderly_covered", totals, number),
        "uncovered": figure_text("elderly_uncovered", totals, number),
        "facilities": number(totals["facilities_counted"]),
        "around": say("cli.facilities_around", lang, count=around) if around else "",
        "land": figure_text("land_provided_m2", totals, number),
    }
    required = {f"required_{floor}": required_text(totals, floor) for floor in ("01", "02")}
    return say(
        "cli.in_all", lang, **told, **required, per=say(f"cli.per.{'elderly' if of_elderly else 'person'}", lang)
    )


def estates_text(areas: pd.DataFrame, lang: Lang) -> str:
    """Return how many residential areas have a gap."""
    short, binding = (int((areas[key] == "gap").sum()) for key in ("verdict", "verdict_binding"))
    return say("cli.estates_short", lang, all=len(areas), count=short, binding=binding)


def verdict_of_whole(units: pd.DataFrame) -> str | None:
    """Return the verdict of the only district (or city) that is the whole; None if there are several, or none."""
    for level in ("district", "city"):
        verdicts = units.loc[units["level"] == level, "verdict"]
        if len(verdicts) == 1:
            return str(verdicts.iloc[0])
    return None


def station_keys(stations: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns of a table of stations: years, tiers, sizes and persons served only if they tell something."""
    tier = ("tier",) if len(set(stations["tier"])) > 1 else ()
    sized = ("size",) if stations["size"].notna().any() else ()
    served = ("served",) if stations["elderly_served"].notna().any() else ()
    opens = ("opens",) if stations["opens_year"].notna().any() else ()
    return ("rank", *opens, "name", "candidate", *tier, *sized, "tenure", "new", *served, "share", "cost")


def station_rows(stations: pd.DataFrame, lang: Lang) -> Iterator[tuple[str, ...]]:
    """Yield the texts of :func:`station_keys` of each station."""
    keys = station_keys(stations)
    for row in stations.to_dict("records"):
        told = {
            "rank": str(row["rank"]),
            "opens": "" if pd.isna(row["opens_year"]) else str(row["opens_year"]),
            "name": _text(row["name"]),
            "candidate": str(row["candidate_id"]),
            "tier": say(f"tier.{row['tier']}", lang),
            "size": _text(row["size"]),
            "tenure": say(f"tenure.{row['tenure']}", lang) if isinstance(row["tenure"], str) else "",
            "new": number(row["elderly_new"]),
            "served": number(row["elderly_served"]),
            "share": figure_text("covered_share_after", {str(key): value for key, value in row.items()}, percent),
            "cost": number(row["cost_cny"]),
        }
        yield tuple(told[key] for key in keys)


def gaps_html(units: pd.DataFrame, areas: pd.DataFrame, totals: Mapping[str, Any], title: str, lang: Lang) -> str:
    """Return a summary for a notebook: what was found of the whole, and the units of every level in a table.

    Parameters
    ----------
    units, areas : pandas.DataFrame
        Units of every level, and residential areas.
    totals : mapping
        Figures of the whole.
    title : str
        Title of the scenario.
    lang : {"zh", "en"}
        Language.
    """
    whole = {**totals, "verdict": verdict_of_whole(units)}
    levels = [*(say(f"level.{level}", lang) for level in units["level"]), ""]
    rows = [(level, *row) for level, row in zip(levels, gap_rows(units, whole, lang), strict=True)]
    told = [whole_text(totals, lang), *([estates_text(areas, lang)] if len(areas) else [])]
    head = f"<p><b>{escape(title)}</b></p>" + "".join(f"<p>{escape(line)}</p>" for line in told)
    table = _html(("level", *GAP_KEYS), rows, lang)
    return f'{head}<div style="max-height:30em;overflow:auto">{table}</div>'


def stations_html(stations: pd.DataFrame, lang: Lang) -> str:
    """Return the stations of a plan as a table for a notebook."""
    return _html(station_keys(stations), list(station_rows(stations, lang)), lang)


def _html(keys: tuple[str, ...], rows: list[tuple[str, ...]], lang: Lang) -> str:
    table = pd.DataFrame(rows, columns=[say(f"cli.column.{key}", lang) for key in keys], dtype="object")
    # Otherwise pandas truncates long texts.
    with pd.option_context("display.max_colwidth", None):
        return str(table.to_html(index=False))


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else "–"
