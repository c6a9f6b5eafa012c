"""The standards of the catalogue: all, one, and those that a scenario's choice brings into force."""

import datetime as dt
import tomllib
from functools import cache
from importlib import resources

from siting.domain.scenario import StandardsChoice
from siting.domain.standards import Standard
from siting.errors import Fault, InputError
from siting.read.log import listed


@cache
def all_standards() -> tuple[Standard, ...]:
    """Return every standard of the catalogue, the earliest first."""
    found = [
        Standard.model_validate(tomllib.loads(entry.read_text(encoding="utf-8")))
        for entry in resources.files("siting").joinpath("catalogue").iterdir()
        if entry.name.endswith(".toml")
    ]
    return tuple(sorted(found, key=lambda each: (each.in_force, each.id)))


def standard(key: str) -> Standard:
    """Return one standard by its id.

    Parameters
    ----------
    key : str
        Its id in the catalogue.

    Returns
    -------
    Standard
        The standard with its clauses.

    Raises
    ------
    InputError
        The catalogue has no such standard; the message lists those there are.

    Examples
    --------
    >>> from siting.read import standard
    >>> standard("cq-2019-129").number
    '渝府办发〔2019〕129号'
    """
    for each in all_standards():
        if each.id == key:
            return each
    raise InputError([_unknown(key)])


def load_standards(choice: StandardsChoice, date: dt.date) -> tuple[Standard, ...]:
    """Return the standards that a scenario chooses, the earliest first.

    Parameters
    ----------
    choice : StandardsChoice
        Either ``place``, the full name of a place that begins with those of its parents (``重庆市南岸区``): every
        standard whose jurisdiction is the place or one of its parents and that is in force at ``date``. Or
        ``ids``: those standards, each of which must be in force at ``date``.
    date : datetime.date
        The moment that the scenario describes.

    Returns
    -------
    tuple of Standard
        In the order of their entry into force.

    Raises
    ------
    InputError
        An id does not exist, a named standard is not in force at the date, or none is in force at the place.
    """
    if choice.ids is not None:
        return _named(choice.ids, date)
    place = choice.place or ""
    found = tuple(each for each in all_standards() if place.startswith(each.jurisdiction) and each.applies(date))
    if not found:
        places = listed(sorted({each.jurisdiction for each in all_standards()}))
        fault = Fault(code="no_standard_in_force", field="standards.place", found=f"{place}, {date}", expected=places)
        raise InputError([fault])
    return found


def _named(ids: tuple[str, ...], date: dt.date) -> tuple[Standard, ...]:
    known = {each.id: each for each in all_standards()}
    faults = [_unknown(key) for key in ids if key not in known]
    faults += [
        Fault(
            code="standard_not_in_force",
            field="standards.ids",
            found=key,
            expected=f"{known[key].in_force} – {known[key].repealed or '…'}",
        )
        for key in ids
        if key in known and not known[key].applies(date)
    ]
    if not ids:
        faults.append(Fault(code="no_standard_in_force", field="standards.ids", found="[]", expected=listed(known)))
    if faults:
        raise InputError(faults)
    return tuple(each for each in all_standards() if each.id in ids)


def _unknown(key: str) -> Fault:
    there_are = listed(each.id for each in all_standards())
    return Fault(code="unknown_standard", field="standards.ids", found=key, expected=there_are)
