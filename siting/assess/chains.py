"""The earlier institutions of a chain: awards for chains count the institutions of one legal person."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from siting.domain.standards import Funding

Facts = Mapping[str, Any]

# If dates do not tell, existing institutions come before those under construction or planned.
_STANDS: Final = {"existing": 0, "closing": 0, "under_construction": 1, "planned": 1}


@dataclass(frozen=True)
class Earlier:
    """The number of earlier institutions of the same operator, at least and at most.

    ``unclear`` are those that may be among them, ``missing`` the columns whose blanks leave this open.
    """

    least: int
    most: int
    unclear: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def earlier_in_chain(facts: Sequence[Facts], funding: Funding) -> list[Earlier]:
    """Count for each site the institutions of its operator that opened earlier.

    Only institutions with a tier and operator kind that the award names count. A blank is not "no": an institution
    without an operator may belong to any operator, and of two institutions without dates, or with the same date, either
    may be the first.

    Parameters
    ----------
    facts : sequence of mapping
        The known columns of each site: ``id``, ``operator``, ``tier``, ``operator_kind``, ``status``, ``opens``; None
        if blank.
    funding : Funding
        The award.

    Returns
    -------
    list of Earlier
        In the order of the sites.

    Examples
    --------
    >>> from siting.assess.chains import earlier_in_chain
    >>> from siting.domain.standards import Funding
    >>> award = Funding(line="chain", payer="district", tiers=("institution",))
    >>> home = {"tier": "institution", "operator": "甲", "operator_kind": "private", "status": "existing"}
    >>> homes = [home | {"id": key, "opens": year} for key, year in (("a", 2019), ("b", 2021), ("c", None))]
    >>> [(each.least, each.most, each.unclear) for each in earlier_in_chain(homes, award)]
    [(0, 1, ('c',)), (1, 2, ('c',)), (0, 2, ('a', 'b'))]
    """
    # An institution that cannot be of the award's kind belongs to no chain.
    may = [row for row in facts if all(_is(row[name], allowed) is not False for name, allowed in _asked(funding))]
    by_operator: dict[str | None, list[Facts]] = {}
    for row in may:
        by_operator.setdefault(row["operator"], []).append(row)
    return [_before(row, may if row["operator"] is None else _kin(by_operator, row), funding) for row in facts]


def _asked(funding: Funding) -> tuple[tuple[str, Sequence[str]], ...]:
    return (("tier", funding.tiers), ("operator_kind", funding.operator_kinds))


def _kin(by_operator: Mapping[str | None, list[Facts]], row: Facts) -> list[Facts]:
    return [*by_operator.get(row["operator"], ()), *by_operator.get(None, ())]


def _is(value: str | None, allowed: Sequence[str]) -> bool | None:
    return None if value is None else not allowed or value in allowed


def _before(row: Facts, others: Sequence[Facts], funding: Funding) -> Earlier:
    """Count those of the others that came earlier."""
    least, unclear, missing = 0, [], dict[str, None]()
    for other in others:
        first = _opened_first(other, row)
        if other is row or first is False:
            continue
        blanks = [name for name, _ in _asked(funding) if other[name] is None]
        blanks += ["operator"] * (row["operator"] is None or other["operator"] is None)
        if first and not blanks:
            least += 1
            continue
        unclear.append(str(other["id"]))
        missing |= dict.fromkeys([*blanks, *(["opens"] if first is None else [])])
    return Earlier(least, least + len(unclear), tuple(sorted(unclear)), tuple(missing))


def _opened_first(one: Facts, other: Facts) -> bool | None:
    """Tell whether one opened before another, by date or otherwise by status; None if neither tells."""
    dates = one["opens"], other["opens"]
    if None not in dates:
        return None if dates[0] == dates[1] else bool(dates[0] < dates[1])
    stands = [_STANDS.get(each["status"] or "", math.nan) for each in (one, other)]
    return None if math.isnan(sum(stands)) or stands[0] == stands[1] else stands[0] < stands[1]
