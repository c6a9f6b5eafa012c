"""Which records lack data that a clause needs, in words."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from siting.listing import listed
from siting.text import Lang, knows, say


def lacking_text(
    checks: Iterable[Mapping[Any, Any]], lang: Lang, names: Mapping[object, str] = MappingProxyType({})
) -> str:
    """Return which column is blank for which records, for those checks that have no verdict because of it.

    Parameters
    ----------
    checks : iterable of mapping
        ``verdict``, ``kind``, ``reason`` and ``missing`` of each check.
    lang : {"zh", "en"}
        Language.
    names : mapping of object to str, optional
        What records are called (:func:`siting.domain.called.record_names`); the others by their ids.

    Returns
    -------
    str
        One sentence; empty if no record is known. Where no column is known, the reason stands instead.

    Examples
    --------
    >>> from siting.domain.lacking import lacking_text
    >>> check = {"verdict": "no_data", "kind": "social_facility_share", "reason": "records_missing"}
    >>> lacking_text([check | {"missing": ["F3: owner_kind"]}], "zh")
    '数据不足：F3 缺“投资（产权）性质”（owner_kind）。'
    >>> lacking_text([check | {"missing": ["F3", "F5"]}], "en")
    'Missing data: some records have no data (F3, F5).'
    """
    found: dict[tuple[str, str], dict[str, None]] = {}
    for check in checks:
        if check["verdict"] == "no_data":
            for entry in check["missing"]:
                record, column = parted(entry)
                why = ("column", column) if column else _why(check)
                found.setdefault(why, {})[record] = None
    called = {why: [names.get(record, record) for record in records] for why, records in found.items()}
    told = [_told(*why, listed(records), lang) for why, records in called.items()]
    return say("audit.lacking", lang, found=say("audit.join", lang).join(told)) if told else ""


def parted(entry: str) -> tuple[str, str]:
    """Return the record that an entry of ``missing`` names, and its blank column; without a known column, no column.

    Examples
    --------
    >>> from siting.domain.lacking import parted
    >>> parted("F3: owner_kind"), parted("F3")
    (('F3', 'owner_kind'), ('F3', ''))
    """
    record, _, column = entry.rpartition(": ")
    return (record, column) if record and knows(f"field.{column}") else (entry, "")


def _why(check: Mapping[Any, Any]) -> tuple[str, str]:
    # Units are open because of the facilities in them.
    in_units = check["kind"] == "unit_coverage" and check["reason"] == "records_missing"
    return ("units", "") if in_units else ("reason", str(check["reason"]))


def _told(what: str, key: str, ids: str, lang: Lang) -> str:
    if what == "column":
        return say("audit.lacks", lang, ids=ids, name=say(f"field.{key}", lang), key=key)
    if what == "units":
        return say("audit.lacks_in_units", lang, ids=ids)
    return say("audit.lacks_for", lang, ids=ids, reason=say(f"reason.{key}", lang))
