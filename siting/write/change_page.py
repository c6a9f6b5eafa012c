"""A comparison of two checks as one HTML page that needs no network."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

from siting.domain.changes import Changes
from siting.text import Lang, say
from siting.write import changes as words
from siting.write.account_page import png
from siting.write.change_figures import draw_changes
from siting.write.change_map import parts_of_page
from siting.write.html import document

STYLE: Final = """
body { font: 15px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif; margin: 2em auto;
  max-width: 64em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: .5em 0 1.5em; }
caption { text-align: left; font-weight: 600; padding: .3em 0; }
th, td { border-bottom: 1px solid #ccc; padding: .3em .8em; text-align: right; vertical-align: top; }
th.text, td.text { text-align: left; }
img { max-width: 100%; height: auto; }
"""
# The most rows of the tables of verdicts and of places; the files have all of them.
_MOST: Final = 30


def page(changes: Changes, lang: Lang) -> str:
    """Return a comparison as one page, the chart inlined; every text of the data is escaped.

    Parameters
    ----------
    changes : Changes
        The comparison.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    str
        HTML.
    """
    title = words.head_text(changes, lang)
    alt = escape(say("change.main_title", lang))
    picture = f'<p><img alt="{alt}" src="data:image/png;base64,{png(draw_changes(changes, lang, titled=False))}"></p>'
    drawn = parts_of_page(changes, lang)
    markup, styles, scripts = ("", (), ()) if drawn is None else drawn
    content = f"<h1>{escape(title)}</h1>\n{picture}\n{markup}\n{body(changes, lang)}"
    return document(lang=lang, title=title, body=content, styles=(*styles, STYLE), scripts=scripts)


def body(changes: Changes, lang: Lang) -> str:
    """Return the tables and notes of a comparison as a piece of HTML."""
    tables = [_table(*told) for told in tables_of(changes, lang, _MOST)]
    notes = "".join(f"<li>{escape(note)}</li>" for note in words.note_texts(changes, lang))
    return "\n".join([*tables, f"<ul>{notes}</ul>" if notes else ""])


def tables_of(changes: Changes, lang: Lang, most: int) -> Iterable[tuple[str, list[str], list[Sequence[str]], int]]:
    """Yield the first tables of a comparison: title, heads, rows, and how many columns are texts on the left.

    Parameters
    ----------
    changes : Changes
        The comparison.
    lang : {"zh", "en"}
        Language.
    most : int
        The most rows of verdicts and of places.

    Yields
    ------
    tuple
        Main figures; parts of those that change; what the order is worth; verdicts that changed; the largest changes.
    """

    def heads(*keys: str) -> list[str]:
        return [say(f"change.column.{key}", lang) for key in keys]

    def named(rows: Iterable[tuple[str, ...]]) -> list[Sequence[str]]:
        return [(words.figure_name(figure, lang), *rest) for figure, *rest in rows]

    yield (
        say("change.main_title", lang),
        heads("figure", "before", "after", "change"),
        named(words.main_rows(changes)),
        1,
    )
    parts = [words.part_text(key, lang) for key in changes.differ] if changes.is_split else []
    order = " → ".join(words.part_text(key, lang) for key in changes.keys)
    if rows := named(words.part_rows(changes)):
        yield say("change.parts_title", lang, order=order), [*heads("figure", "change"), *parts], rows, 1
    if changes.all_orders and (rows := named(words.worth_rows(changes, lang))):
        yield say("change.worth_title", lang), [*heads("figure"), *parts], rows, 1
    if rows := list(_verdict_rows(changes, lang)):
        keys = ("clause", "place", "verdict_before", "verdict_after", *(["turned_by"] * changes.is_split))
        yield say("change.verdicts_title", lang), heads(*keys), rows[:most], len(keys)
    level = words.level_of_places(changes)
    if level is not None and (rows := list(_place_rows(changes, lang))):
        keys = ("place", "before", "after", "change", *(["by"] * changes.is_split))
        yield say("change.places_title", lang, level=say(f"level.{level}", lang)), heads(*keys), rows[:most], 1


def _verdict_rows(changes: Changes, lang: Lang) -> Iterable[Sequence[str]]:
    for row in words.turned_groups(changes).to_dict("records"):
        level = say(f"level.{row['level']}", lang)
        many = row["count"] > 1
        place = f"{level} × {row['count']}" if many else f"{row['name']}"
        verdicts = [say(f"verdict.{row[key]}", lang) for key in ("verdict_before", "verdict_after")]
        by = say("change.list", lang).join(words.part_text(key, lang) for key in row["turned_by"])
        yield (say(f"clause_kind.{row['kind']}", lang), place, *verdicts, *([by] * changes.is_split))


def _place_rows(changes: Changes, lang: Lang) -> Iterable[Sequence[str]]:
    table = changes.table[changes.table["level"] == words.level_of_places(changes)]
    high = table[table["figure"] == "covered_share_high"].set_index("id")
    ends: dict[Any, Any] = high.to_dict("index")
    for row in words.largest(changes).to_dict("records"):
        rows = {"covered_share": row, "covered_share_high": ends.get(row["id"], row)}
        texts = [words.figure_at(rows, "covered_share", side) for side in ("before", "after")]
        texts.append(words.change_text("covered_share", row["change"]))
        by = words.largest_part(row, changes, lang)
        yield (str(row["name"]), *texts, *([by] * changes.is_split))


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    def cells(texts: Sequence[str], tag: str) -> str:
        kinds = [' class="text"' if at < left else "" for at in range(len(texts))]
        return "".join(f"<{tag}{kind}>{escape(text)}</{tag}>" for kind, text in zip(kinds, texts, strict=True))

    lines = "\n".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption>\n<tr>{cells(heads, 'th')}</tr>\n{lines}\n</table>"
