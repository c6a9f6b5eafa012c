"""The words of each row of a comparison of settings."""

from collections.abc import Mapping
from typing import Any

from siting.text import Lang, knows, say


def setting_text(row: Mapping[Any, Any], lang: Lang) -> str:
    """Return the words for the setting that a row of the comparison varies.

    Parameters
    ----------
    row : mapping
        A row of :attr:`siting.results.Sensitivity.table`.
    lang : {"zh", "en"}
        Language.
    """
    if row["varied"] == "walker_slope":
        slope = say("sensitivity.slope_on" if row["slope"] else "sensitivity.slope_off", lang)
        return say("sensitivity.joint", lang, one=walker_text(row, lang), other=slope)
    if row["varied"] == "direction":
        return say(f"direction.{row['direction']}", lang)
    return say(f"sensitivity.mode.{row['mode']}", lang)


def walker_text(row: Mapping[Any, Any], lang: Lang) -> str:
    """Return the walker of a row, by name and speed; a scenario's own walker has its name from the scenario."""
    key = f"walker.{row['walker']}"
    name = say(key, lang) if knows(key) else row["walker"]
    speed = row["speed_m_s"]
    return say(
        "sensitivity.walker", lang, walker=name, speed=f"{speed:.1f}" if round(speed, 1) == speed else f"{speed:g}"
    )


def note_text(row: Mapping[Any, Any], lang: Lang) -> str:
    """Return the remark on a row; empty without one."""
    notes = [say("sensitivity.own", lang)] if row["own"] else []
    if isinstance(row["note"], str):
        notes.append(say(f"sensitivity.note.{row['note']}", lang))
    return ("；" if lang == "zh" else "; ").join(notes)
