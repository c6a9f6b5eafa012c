"""A file's columns become ours: matched by name, filled, translated, converted to our units and checked."""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from siting.domain.scenario import Layer
from siting.domain.tables import RELATIONS, RETIRED, Column
from siting.listing import first_of
from siting.read.geometry.pieces import some
from siting.read.log import LayerLog, listed, quoted
from siting.read.tables.aliases import PLACE_KEYS, find_columns, normalised
from siting.read.tables.cells import as_text, is_blank, mapped, plain, positions, row_labels
from siting.read.tables.codes import holds_codes
from siting.read.tables.converters import MOST, TEXT_DTYPE, Converted, Manner, converted
from siting.read.tables.cut_names import names_of, tell_doubts, whole_name
from siting.read.tables.measures import Factor, factors, units_of
from siting.read.tables.missing import missing_word
from siting.read.tables.near_names import nearly_known
from siting.read.tables.number_formats import Measured
from siting.read.tables.words import TRUTHS, choice_words, shown_choices, truth

DTYPES: Final = {
    "text": TEXT_DTYPE,
    "number": "float64",
    "integer": "Int64",
    "boolean": "boolean",
    "date": "datetime64[s]",
    "year": "Int64",
}
# The expected value for a refused cell, by the code of the fault.
_FORMS: Final = {
    "not_number": "12.5",
    "not_integer": "12",
    "decimal_comma": "12.5",
    "not_boolean": TRUTHS,
    "not_date": "2026-01-01",
    "not_year": "1998",
    "date_of_two_readings": "2026-01-01",
    "out_of_range": f"≤ {MOST:g}",
}

# These show a word as the scenario must write it.
_OF_CHOICES: Final = frozenset({"not_among_choices", "yes_without_kind"})
# Converted units are rounded: figures that differ by at most this are equal.
_ROUNDING: Final = 1e-9
# The most cells of a kind in a note.
_NAMED: Final = 3


@dataclass
class _Table:
    """One table in progress: the file's columns, the scenario's settings, and the findings."""

    raw: pd.DataFrame
    columns: Mapping[str, Column]
    source: Layer
    log: LayerLog
    # Our key → the file's column; "" if a fault of it is already reported.
    names: dict[str, str] = field(default_factory=dict)
    factors: dict[str, Factor] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    # For every special reading, and for words: what was read so → the cells, by their names if they have some.
    told: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)

    def tell(self, way: str, column: str, rows: Sequence[int], word: str = "") -> None:
        """Record the cells of a column with a special reading, by the positions of their rows."""
        what = f"{column} {word}".strip()
        self.told.setdefault(way, {}).setdefault(what, []).extend(self.cells(column, rows))

    def cells(self, column: str, rows: Iterable[int]) -> list[str]:
        """Return the names of cells; empty ones if the layer was not read from a sheet."""
        return [listed(self.log.cells_at(self.raw.index, position, column)) for position in rows]

    def field(self, key: str) -> str:
        """Return the name of a column in messages."""
        name = self.names.get(key)
        return f"{key} ({name})" if name and name != key else key


def empty_table(columns: Sequence[Column]) -> pd.DataFrame:
    """Return a table without rows that has all columns, indexed by ``id``."""
    table = pd.DataFrame({each.key: pd.Series(dtype=DTYPES[each.type]) for each in columns})
    return table.set_index("id")


def typed_table(
    raw: pd.DataFrame, columns: Sequence[Column], source: Layer, log: LayerLog
) -> tuple[pd.DataFrame, list[str]]:
    """Return a layer's columns under our keys, converted and checked, and a name for each row.

    Parameters
    ----------
    raw : pandas.DataFrame
        The file's own columns, on a RangeIndex or on the numbers of a sheet's rows
        (:data:`siting.read.tables.cells.SHEET_ROWS`).
    columns : sequence of Column
        The required columns. The result has all of them, in this order; those that the file lacks are NA. Text is
        pandas' own text type, numbers float64, integers Int64, truth values boolean, dates datetime64[s].
    source : Layer or UnitLayer
        Tells which of the file's columns are meant (``columns``; otherwise they are recognised by our key or by an
        alias), their units (``column_units``), the meaning of their words (``values``), and the values for absent
        columns and blank cells (``defaults``, in our units).
    log : LayerLog
        Takes the faults, each with row and field; the notes on columns found by alias, converted values and special
        readings; and the facts ``matched`` and ``unused``.

    Returns
    -------
    table : pandas.DataFrame
        On the index of ``raw``.
    labels : list of str
        The id of each row; without one its number in the sheet (``A7``), or ``#`` and the number of the record.
    """
    work = _Table(raw, {each.key: each for each in columns}, source, log)
    _check_keys(work)
    _check_retired(work)
    _match(work)
    work.factors = factors(work.columns, work.names, source, log)
    given = {key: _cells(work, column) for key, column in work.columns.items()}
    work.labels = _labels(work, given)
    log.learn_rows(work.labels, raw.index, {key: name for key, name in work.names.items() if name})
    found = {}
    for key, column in work.columns.items():
        cells = given[key]
        empty = bool(cells.isna().all())
        absent = column.required and empty and not work.names.get(key)
        # A mapping to a missing column is already reported.
        if absent and key not in work.names:
            log.fault("column_missing", field=work.field(key), expected=listed(raw.columns))
        # Most ledgers lack most columns: there is nothing to read or report for these.
        blank = absent or (empty and not column.required and key not in source.values)
        found[key] = _blank(column, raw.index) if blank else _checked(work, cells, column)
    table = pd.DataFrame(found, index=raw.index)
    _check_relations(work, table)
    _tell_ways(work)
    return table, work.labels


def _blank(column: Column, index: pd.Index) -> pd.Series:
    """Return a column of unknown values."""
    return pd.Series(None, index=index, dtype=DTYPES[column.type])


def _check_keys(work: _Table) -> None:
    """Note a fault for each key that the scenario gives for a column that the layer does not have."""
    keys = list(work.columns)
    source = work.source
    sections: dict[str, Mapping[str, object]] = {
        "columns": source.columns,
        "defaults": source.defaults,
        "column_units": source.column_units,
        "values": source.values,
    }
    for section, given in sections.items():
        for key in given:
            if key not in keys and not (section == "columns" and key in PLACE_KEYS):
                near = difflib.get_close_matches(key, keys, n=1) or keys
                work.log.fault("unknown_column_key", field=f"{section}.{key}", found=key, expected=listed(near))


def _check_retired(work: _Table) -> None:
    """Note a fault for each column of the file with an outdated name that is not mapped."""
    mapped = set(work.source.columns.values())
    for name in map(str, work.raw.columns):
        now = [key for key in RETIRED.get(name, ()) if key in work.columns]
        if now and name not in mapped:
            work.log.fault("column_retired", field=name, expected=listed(now))


def _match(work: _Table) -> None:
    """Find the file's column of every key, and report how."""
    stated = work.source.columns
    names = [str(name) for name in work.raw.columns]
    found = find_columns(names, list(work.columns), stated, work.log.key)
    cut = names_of(names, list(work.columns), stated, work.log)
    doubted = tell_doubts(cut, found, work.log)
    by_alias, by_cut = [], []
    for key, matches in found.items():
        if key in doubted or not _is_one(work, key, matches):
            continue
        work.names[key] = matches[0]
        if (full := whole_name(cut, key, matches[0])) is not None:
            by_cut.append(f"{matches[0]} → {full} → {key}")
        elif matches[0] != key and key not in stated:
            by_alias.append(f"{matches[0]} → {key}")
    # A column with a reported fault is not reported again as missing.
    work.names.update(dict.fromkeys(doubted, ""))
    if by_alias:
        work.log.note("columns_by_alias", columns=listed(by_alias))
    if by_cut:
        work.log.note("columns_by_cut_name", columns=listed(by_cut))
    matched = {key: name for key, name in work.names.items() if name}
    placed = {each for key in PLACE_KEYS for each in find_columns(names, PLACE_KEYS, stated, work.log.key)[key]}
    used = {*matched.values(), *placed}
    unused = [name for name in names if name not in used]
    work.log.fact(matched=matched, unused=unused)
    lacking = [key for key in work.columns if key not in work.names and key not in stated]
    if near := nearly_known(unused, work.columns, lacking, work.log.key):
        work.log.note("columns_nearly_known", columns=listed(f"{name} → {key}?" for name, key in near.items()))


def _is_one(work: _Table, key: str, matches: Sequence[str]) -> bool:
    """Tell whether exactly one column of the file is meant by a key; note a fault otherwise."""
    stated = work.source.columns.get(key)
    if len(matches) > 1:
        work.log.fault("two_columns_for_key", field=key, found=listed(matches), expected=key)
    elif not matches and stated:
        work.log.fault("column_not_found", field=key, found=stated, expected=listed(map(str, work.raw.columns)))
    if len(matches) > 1 or (not matches and stated):
        work.names[key] = ""
    return len(matches) == 1


def _labels(work: _Table, given: Mapping[str, pd.Series]) -> list[str]:
    """Name the rows for messages: by their ids as read, otherwise by their numbers."""
    ids = [None] * len(work.raw) if "id" not in given else _converted(work, given["id"], work.columns["id"]).values
    return row_labels(ids, work.raw.index)


def _cells(work: _Table, column: Column) -> pd.Series:
    """Return a column's cells as plain values; None for blanks, or words for "no value", without a default."""
    name, key = work.names.get(column.key), column.key
    raw = work.raw
    if name:
        cells = raw[name] if _is_plain(raw[name]) else _without_missing(work, mapped(raw[name], plain), column)
    else:
        cells = pd.Series([None] * len(raw), index=raw.index, dtype=object)
    default = work.source.defaults.get(key)
    return cells if default is None or not cells.isna().any() else cells.astype(object).where(cells.notna(), default)


def _without_missing(work: _Table, cells: pd.Series, column: Column) -> pd.Series:
    """Return cells with words for "no value" as blanks; these are counted.

    Texts other than ids keep such words, and so does a column that has them as choices.
    """
    if (column.type == "text" and not column.choices and not column.key.endswith("id")) or column.type == "boolean":
        return cells
    known = {_word(word) for word in work.source.values.get(column.key, {})}
    words = {cell: missing_word(cell) for cell in set(cells[cells.map(lambda cell: isinstance(cell, str))].tolist())}
    blank = {
        cell
        for cell, word in words.items()
        if word is not None and _word(cell) not in known and _choice(cell, column) not in column.choices
    }
    if not blank:
        return cells
    held = cells.map(lambda cell: isinstance(cell, str) and cell in blank).astype(bool)
    rows: dict[str, list[int]] = {}
    for position in positions(held.to_numpy(dtype=bool)):
        rows.setdefault(str(words[cells.iloc[position]]), []).append(position)
    for word, there in sorted(rows.items()):
        work.tell("missing", work.field(column.key), there, word)
    return cells.mask(held, None)


def _is_plain(cells: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells)


def _converted(work: _Table, cells: pd.Series, column: Column) -> Converted:
    """Return cells in the type of their column."""
    manner = Manner(
        work.factors.get(column.key), _filled(work, column.key), units_of(column), codes=holds_codes(column)
    )
    return converted(cells, column.type, manner)


def _checked(work: _Table, cells: pd.Series, column: Column) -> pd.Series:
    """Return a column converted to its type, NA for refused values."""
    read = _worded(work, cells, column)
    if read is None:
        return _blank(column, cells.index)
    found = _converted(work, read, column)
    values = found.values
    shown = work.field(column.key)
    for way, rows in found.told.items():
        if rows:
            work.tell(way, shown, rows)
    for code, wrong in _with_status(work, found.bad, cells).items():
        _tell(work, wrong, (code, shown, _expected(code, column)), cells)
    if column.required:
        _tell(work, cells.isna(), ("missing_value", shown, ""), cells)
    if column.choices:
        wrong = values.notna() & ~values.isin(column.choices)
        # In a column that allows `none`, a yes says that there is something, but not what.
        bare = wrong & values.map(lambda word: "none" in column.choices and truth(word) is True).astype(bool)
        _tell(work, bare, ("yes_without_kind", shown, shown_choices(column)), cells)
        _tell(work, wrong & ~bare, ("not_among_choices", shown, shown_choices(column)), cells)
        values = values.mask(wrong)
    return values if not column.limits else _within_limits(work, values, column, cells)


def _within_limits(work: _Table, values: pd.Series, column: Column, cells: pd.Series) -> pd.Series:
    """Return a column's numbers, NA for those outside its limits, which are reported."""
    wrong, shown = _beyond(values, column), work.field(column.key)
    large = wrong & (values > 0) & (column.unit == "m²")
    _tell(work, wrong & ~large, ("out_of_range", shown, column.limits), cells)
    factor = work.factors.get(column.key)
    unit = next((f" {word}" for word, each in units_of(column).items() if each == factor), "")
    for position in positions(large.to_numpy(dtype=bool)):
        work.log.fault(
            "area_too_large",
            row=work.labels[position],
            field=shown,
            found=f"{as_text(plain(cells.iloc[position]))}{unit} = {values.iloc[position]:,.0f} m²",
            expected=f"{column.maximum:,.0f} m²",
            cells=work.log.cells_at(values.index, position, shown),
        )
    return values.mask(wrong)


def _with_status(work: _Table, bad: Mapping[str, pd.Series], cells: pd.Series) -> Mapping[str, pd.Series]:
    """Distinguish, among cells that are no date, those with a word for the record's status."""
    status = work.columns.get("status")
    if status is None or "not_date" not in bad:
        return bad
    said = cells.map(lambda cell: isinstance(cell, str) and _choice(cell, status) in status.choices).astype(bool)
    return {**bad, "not_date": bad["not_date"] & ~said, "status_as_date": bad["not_date"] & said}


def _beyond(values: pd.Series, column: Column) -> pd.Series:
    """Tell which numbers are outside a column's limits."""
    wrong = pd.Series(False, index=values.index)  # noqa: FBT003 - the fill value
    if column.minimum is not None:
        wrong |= (values < column.minimum).fillna(value=False).astype(bool)
    if column.above is not None:
        wrong |= (values <= column.above).fillna(value=False).astype(bool)
    if column.maximum is not None:
        wrong |= (values > column.maximum).fillna(value=False).astype(bool)
    return wrong


def _check_relations(work: _Table, table: pd.DataFrame) -> None:
    """Note a fault for each row with two contradictory figures."""
    for relation in RELATIONS:
        if relation.part not in table or relation.whole not in table:
            continue
        part, whole = table[relation.part], table[relation.whole]
        if part.isna().all() or whole.isna().all():
            continue
        numeric = pd.api.types.is_numeric_dtype(part)
        if numeric:
            part, whole = (each.astype("Float64") for each in (part, whole))
            wrong = part > whole * (1 + _ROUNDING)
        else:
            wrong = part > whole
        for position in positions(wrong.fillna(value=False).to_numpy(dtype=bool)):
            found, expected = (_figure(each.iloc[position]) for each in (part, whole))
            work.log.fault(
                "more_than_whole" if numeric else "later_than_end",
                row=work.labels[position],
                cells=work.log.cells_at(table.index, position, work.field(relation.part)),
                field=work.field(relation.part),
                found=found,
                expected=f"{work.field(relation.whole)} = {expected}",
            )


def _figure(value: object) -> str:
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else f"{value:,.10g}"


def _expected(code: str, column: Column) -> str:
    """Return the correct form of a cell for messages."""
    return listed(units_of(column)) if code == "unit_of_cell" else _FORMS.get(code, "")


def _filled(work: _Table, key: str) -> pd.Series | None:
    """Tell which cells hold the default, which is in our unit."""
    if key not in work.factors or key not in work.source.defaults:
        return None
    return work.raw[work.names[key]].map(plain).isna()


def _worded(work: _Table, cells: pd.Series, column: Column) -> pd.Series | None:
    """Translate the file's words to ours: the scenario's ``values`` first, then common words for our choices.

    None if ``values`` gives a word that is no choice: its fault is reported, and not again for every row.
    """
    stated = work.source.values.get(column.key, {})
    wrong = {
        word: ours for word, ours in stated.items() if column.choices and _choice(ours, column) not in column.choices
    }
    for word, ours in wrong.items():
        where = f"values.{column.key}.{word}"
        work.log.fault("meaning_not_among_choices", field=where, found=quoted(ours), expected=shown_choices(column))
    if wrong:
        return None
    if not stated and (cells.isna() | cells.isin(column.choices)).all():
        return cells
    if not stated and not column.choices:
        return cells
    by_word: dict[str, object] = {_word(word): ours for word, ours in stated.items()}
    rows: dict[str, list[int]] = {}
    for position in positions(cells.notna().to_numpy(dtype=bool)):
        rows.setdefault(_key(cells.iloc[position]), []).append(position)
    ours_of = {word: by_word.get(word, _choice(word, column)) for word in rows}
    for word, there in rows.items():
        if word not in by_word and word != ours_of[word]:
            named = work.cells(work.field(column.key), there)
            work.words.setdefault(f"{word} → {ours_of[word]}", []).extend(named)

    def changed(cell: object) -> object:
        if is_blank(cell):
            return cell
        key = _key(cell)
        return ours_of[key] if key in by_word or ours_of[key] != key else cell

    return mapped(cells, changed)


def _key(cell: object) -> str:
    return _word(as_text(cell))


def _word(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _choice(word: object, column: Column) -> object:
    """Return the choice that a word means, the word itself if none."""
    if not column.choices or word in column.choices:
        return word
    return choice_words(column).get(normalised(as_text(word)), word)


def _tell(work: _Table, rows: pd.Series, what: tuple[str, str, str], cells: pd.Series) -> None:
    code, shown, expected = what
    # A refused id cannot name a row.
    numbers = row_labels([None] * len(rows), rows.index) if code == "code_lost_digits" else work.labels
    for position in positions(rows.to_numpy(dtype=bool)):
        cell = cells.iloc[position]
        # A word is shown as the scenario must write it.
        seen = cell.text if isinstance(cell, Measured) else cell
        found = "" if pd.isna(cell) else quoted(as_text(cell) if code in _OF_CHOICES else seen)
        at = work.log.cells_at(rows.index, position, shown)
        work.log.fault(code, row=numbers[position], field=shown, found=found, expected=expected, cells=at)


def _tell_ways(work: _Table) -> None:
    """Note special readings, once for each layer."""
    if work.words:
        work.log.note("words_recognised", words=_counted(work.words))
    told = {way: _counted(cells) for way, cells in work.told.items()}
    if "missing" in told:
        work.log.note("missing_words", columns=told["missing"])
    _tell_numbers(told, work.log)
    _tell_dates(told, work.log)


def _counted(cells: Mapping[str, Sequence[str]]) -> str:
    """Return how often each thing was read, with the first cells if they have names: beds ×7 [C5, C6, C9, …]."""

    def shown(named: Sequence[str]) -> str:
        there = [cell for cell in named if cell]
        return f" [{listed(first_of(there, _NAMED))}]" if there else ""

    return listed(f"{what} ×{len(named)}{shown(named)}" for what, named in cells.items())


def _tell_numbers(told: Mapping[str, str], log: LayerLog) -> None:
    if "thousands" in told:
        log.note("numbers_with_separators", columns=told["thousands"])
    if "about" in told:
        log.note("numbers_about", columns=told["about"])
    if "unit" in told:
        log.note("numbers_with_units", columns=told["unit"])
    if "numeral" in told:
        log.note("numbers_in_words", columns=told["numeral"])
    if "code" in told:
        log.note("codes_restored", columns=told["code"])


def _tell_dates(told: Mapping[str, str], log: LayerLog) -> None:
    if "serial" in told:
        log.note("dates_counted_in_days", columns=told["serial"])
    if "period" in told:
        log.note("dates_without_day", columns=told["period"])
    if "time" in told:
        log.note("dates_with_time", columns=told["time"])
    if "zone" in told:
        log.note("dates_with_zone", columns=told["zone"])
    if "year" in told:
        log.note("years_of_dates", columns=told["year"])


def with_ids(table: pd.DataFrame, column: Column, log: LayerLog) -> pd.DataFrame:
    """Return a table indexed by its column ``id``.

    If ids are required or ``unique``, a repeated one is a fault. Otherwise missing or repeated ids are replaced by the
    number of the record; among unique ones only missing ids are.
    """
    ids = table["id"]
    if column.required or column.unique:
        # Messages number the rows as the file does.
        in_file = ids.sort_index()
        numbers = row_labels([None] * len(table), in_file.index)
        for value in sorted(set(ids[ids.duplicated() & ids.notna()])):
            there = positions((in_file == value).to_numpy(dtype=bool))
            rows = some([log.cells_of(numbers[position], "id") for position in there])
            log.fault("duplicate_id" if column.required else "people_record_twice", row=value, field="id", found=rows)
    numbered = pd.Series([str(position + 1) for position in range(len(table))], index=table.index, dtype=TEXT_DTYPE)
    if column.unique:
        ids = ids.where(ids.notna(), numbered)
    elif column.required:
        # The fault of a missing id is reported; until then messages name the row by its number.
        ids = ids.where(ids.notna(), pd.Series(numbers, index=in_file.index, dtype=TEXT_DTYPE))
    elif ids.isna().any() or ids.duplicated().any():
        ids = numbered
    return table.drop(columns="id").set_index(pd.Index(ids, name="id"))
