"""The meaning of OpenStreetMap tags for pedestrians: one set of rules for ways, nodes and layers of lines.

A way is walked if all of these are true:

* ``highway`` is one of ``WALKED``; one of ``ON_INVITATION`` needs a sidewalk, or a permitting ``foot``; an unknown
value needs a permitting ``foot``; none of ``NEVER`` and ``ABSENT`` is walked; * it is no ``motorroad``, and no key of
``LIFECYCLE`` says that it does not exist; * ``foot`` does not forbid, and ``access`` does not unless ``foot`` permits
some (``customers``) or all.

``foot`` applies to pedestrians, ``access`` to everybody: the more specific tag counts. Case and spaces do not matter,
and in a list (``private;customers``) each part is read: it forbids if all parts do, and permits if one does.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from osmium.osm import TagList

from siting.domain.tables import LIFECYCLE

WALKED: Final = frozenset({
    "primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified",
    "residential", "living_street", "service", "road", "pedestrian", "track", "footway", "path", "bridleway",
    "cycleway", "steps", "crossing", "elevator",
})  # fmt: skip
ON_INVITATION: Final = frozenset({"trunk", "trunk_link", "busway"})
NEVER: Final = frozenset({
    "motorway", "motorway_link", "raceway", "bus_guideway", "escape", "emergency_bay", "corridor", "platform",
    "rest_area", "services", "via_ferrata", "ladder",
    # No value of OpenStreetMap: words for railways in tables of lines.
    "railway",
})  # fmt: skip
ABSENT: Final = frozenset({*LIFECYCLE, "no"})
# Values of these keys with which people still walk: minor construction, and a railway that shares the line.
_STILL_THERE: Final = frozenset({
    "no", "false", "minor", "widening", "railway", "rail", "tram", "light_rail", "subway", "monorail", "narrow_gauge",
})  # fmt: skip
SIDEWALK_KEYS: Final = ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")
SIDEWALK: Final = frozenset({"both", "left", "right", "yes"})
INVITED: Final = frozenset({"yes", "designated", "permissive", "official"})
REFUSED: Final = frozenset({
    "no", "private", "permit", "residents", "delivery", "agricultural", "forestry", "military", "emergency",
})  # fmt: skip
# Some people may walk, so ``access`` does not forbid it.
_SOME: Final = frozenset({"customers", "destination", "public"})
FOOT_REFUSED: Final = REFUSED | {"use_sidepath"}
# Nodes that cannot be passed unless their tags say so. All other barriers stop only vehicles, or have a gate.
SHUT_BARRIERS: Final = frozenset({
    "wall", "fence", "hedge", "city_wall", "retaining_wall", "wire_fence", "hedge_bank", "ditch",
})  # fmt: skip
# Restrictions by hour or by direction, which are not applied.
UNREAD_RULES: Final = ("foot:conditional", "access:conditional", "oneway:foot", "foot:forward", "foot:backward")

FOOTBRIDGE_WAYS: Final = frozenset({"footway", "path", "pedestrian", "cycleway", "living_street"})
PATH_WAYS: Final = frozenset({"footway", "path", "pedestrian", "track", "cycleway", "bridleway"})
# The direction of an escalator relative to its line; ``yes`` and ``reversible`` do not tell it.
CONVEYING: Final = {"forward": "escalator_forward", "backward": "escalator_backward"}
NO_TUNNEL: Final = frozenset({"no", "building_passage", "covered"})
# The outline of these is no way: as areas they do not say where people walk.
_NO_SQUARES: Final = frozenset({"steps", "elevator"})

Reason = Literal["road", "absent", "access", "area"]
REASONS: Final = get_args(Reason)
Tags = Mapping[str, str] | TagList


def refusal(tags: Tags) -> Reason | None:
    """Return why a way is not walked; None if it is.

    Examples
    --------
    >>> from siting.read.ground.osm_tags import refusal
    >>> refusal({"highway": "footway"}), refusal({"highway": "busway"}), refusal({"highway": "path", "foot": "no"})
    (None, 'road', 'access')
    """
    highway, foot = _word(tags, "highway"), tags.get("foot")
    invited = _any(foot, INVITED)
    if highway in ABSENT or not all(_word(tags, key) in {"", *_STILL_THERE} for key in LIFECYCLE):
        return "absent"
    if highway in NEVER or _word(tags, "motorroad") == "yes":
        return "road"
    sidewalk = highway in ON_INVITATION and any(_word(tags, key) in SIDEWALK for key in SIDEWALK_KEYS)
    if highway not in WALKED and not invited and not sidewalk:
        return "road"
    if _all(foot, FOOT_REFUSED) or (_all(tags.get("access"), REFUSED) and not _any(foot, INVITED | _SOME)):
        return "access"
    return "area" if _word(tags, "area") == "yes" and highway in _NO_SQUARES else None


def _word(tags: Tags, key: str) -> str:
    return (tags.get(key) or "").strip().lower()


def _parts(value: str | None) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in (value or "").split(";")) - {""}


def _any(value: str | None, words: frozenset[str]) -> bool:
    return not words.isdisjoint(_parts(value))


def _all(value: str | None, words: frozenset[str]) -> bool:
    parts = _parts(value)
    return bool(parts) and parts <= words


def is_known(highway: str) -> bool:
    """Tell whether there is a rule for a value of ``highway``."""
    value = highway.strip().lower()
    return any(value in values for values in (WALKED, ON_INVITATION, NEVER, ABSENT))


def bars(tags: Tags) -> bool:
    """Tell whether a node cannot be passed: a closed barrier, by the rule for ways.

    Examples
    --------
    >>> from siting.read.ground.osm_tags import bars
    >>> bars({"barrier": "gate"}), bars({"barrier": "gate", "locked": "yes"}), bars({"barrier": "wall", "foot": "yes"})
    (False, True, False)
    """
    barrier, foot, access = _word(tags, "barrier"), tags.get("foot"), tags.get("access")
    if barrier in {"", "no"} or _any(foot, INVITED | _SOME):
        return False
    if _all(foot, FOOT_REFUSED) or _all(access, REFUSED):
        return True
    return not _any(access, INVITED) and (_word(tags, "locked") == "yes" or barrier in SHUT_BARRIERS)


def kind(tags: Tags) -> str:
    """Return the kind of a way for a walker: one of the kinds of ``NETWORK_COLUMNS``."""
    highway = _word(tags, "highway")
    if highway == "steps":
        conveying = tags.get("conveying", "no")
        return "stairs" if conveying == "no" else CONVEYING.get(str(conveying), "escalator")
    if highway == "elevator":
        return "lift"
    if tags.get("bridge", "no") != "no":
        return "footbridge" if highway in FOOTBRIDGE_WAYS else "bridge"
    if tags.get("tunnel", "no") not in NO_TUNNEL:
        return "tunnel"
    if highway == "crossing" or tags.get("footway") == "crossing":
        return "crossing"
    return "path" if highway in PATH_WAYS else "street"
