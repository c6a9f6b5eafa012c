"""The parts of a scenario that are exchanged one by one when two scenarios are compared."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, get_args

from siting.domain.scenario import PATH_KEYS, Scenario

Part = Literal["people", "facilities", "network", "rules", "settings"]
# The stated order of exchange: first what is there (people, what serves them, the ways between), then what is asked.
PARTS: Final[tuple[Part, ...]] = get_args(Part)
# The part of each section, and of keys that belong to another part than their section. Sections that are not named
# (candidates, constraints, plan, base map) change no figure of a check.
_PART_OF: Final[Mapping[str, Part]] = {
    "population": "people",
    "units": "people",
    "residential_areas": "people",
    "facilities": "facilities",
    "context": "facilities",
    # The day decides which facilities of a ledger exist; the documents in force are those of the rules' own day.
    "scenario.date": "facilities",
    "network": "network",
    "surface": "network",
    "terrain": "network",
    "walking.mode": "network",
    "standards": "rules",
    "scenario": "settings",
    "population.land_basis": "settings",
    "walking": "settings",
    "walkers": "settings",
    "circle": "settings",
    "land": "settings",
    "provision": "settings",
}


def part_of(key: str) -> Part | None:
    """Return the part to which a dotted key of a scenario belongs; None if no figure depends on it.

    Examples
    --------
    >>> from siting.domain.parts import part_of
    >>> part_of("population.residents"), part_of("population.land_basis"), part_of("basemap.water")
    ('people', 'settings', None)
    """
    names = key.split(".")
    known = (".".join(names[:length]) for length in range(len(names), 0, -1))
    return next((_PART_OF[each] for each in known if each in _PART_OF), None)


def mixed(old: Mapping[str, Any], new: Mapping[str, Any], exchanged: Collection[Part]) -> dict[str, Any]:
    """Return the sections of a scenario with some parts of another one.

    Parameters
    ----------
    old, new : mapping
        Sections, as :meth:`Scenario.model_dump` gives them.
    exchanged : collection of str
        The parts taken from ``new``; all others are those of ``old``.

    Returns
    -------
    dict
        Only sections that belong to a part.

    Examples
    --------
    >>> from siting.domain.parts import mixed
    >>> old = {"walking": {"mode": "network", "minutes": 15}, "network": {"path": "a.gpkg"}}
    >>> new = {"walking": {"mode": "straight_line", "minutes": 10}, "plan": {"stations": 3}}
    >>> found = mixed(old, new, {"settings"})
    >>> found["walking"], found["network"]
    ({'minutes': 10, 'mode': 'network'}, {'path': 'a.gpkg'})
    """

    def source(key: str) -> Mapping[str, Any]:
        return new if _PART_OF[key] in exchanged else old

    found: dict[str, Any] = {}
    for section in (key for key in _PART_OF if "." not in key):
        if section in source(section):
            value = source(section)[section]
            found[section] = dict(value) if isinstance(value, Mapping) else value
    for section, key in (each.split(".") for each in _PART_OF if "." in each):
        given = source(f"{section}.{key}").get(section, {})
        inner = {name: value for name, value in found.get(section, {}).items() if name != key}
        found[section] = inner | ({key: given[key]} if key in given else {})
    return found


def request_of(scenario: Scenario, part: Part, *, files: bool = False) -> dict[str, Any]:
    """Return the keys of a part with their values, defaults written out; the names of files only if asked for."""
    dumped = scenario.model_dump(mode="json", exclude={"scenario": {"title"}})
    found: dict[str, Any] = {}
    for section, value in dumped.items():
        keys = value if isinstance(value, dict) else {}
        own = {key: inner for key, inner in keys.items() if part_of(f"{section}.{key}") == part}
        if own or (part_of(section) == part and not keys):
            found[section] = own or value if files else _without_files(own or value)
    return found


def _without_files(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return which keys name files, without the names: equal files may have different names."""
    if isinstance(value, dict):
        return {key: (inner is None if key in PATH_KEYS else _without_files(inner)) for key, inner in value.items()}
    return value
